"""Cutting branches, turning them round and joining their halves."""

from dataclasses import replace

import numpy as np

from continuation.branch import Branch, SpecialPoint
from continuation.engine.extend import joined, relabelled
from continuation.ground.status import Kind, Status

ROWS = ("unknowns", "states", "varied", "tangents", "unstable", "nullity", "residuals")


def turned(branch) -> Branch:
    """The same branch with its rows in the opposite order.

    Examples
    --------
    >>> from continuation import Problem, trace
    >>> line = trace(Problem.from_expressions({"x": "x - mu"}, {"mu": 0}), [0.0], "mu", (0, 1))
    >>> turned(line).parameter[0], turned(turned(line)).parameter[0]
    (np.float64(1.0), np.float64(0.0))
    """
    last = len(branch) - 1
    arrays = {name: getattr(branch, name)[::-1].copy() for name in ROWS}
    arrays["tangents"] *= -1
    special = [
        replace(
            point,
            index=last - point.index,
            tangent=None if point.tangent is None else -point.tangent,
            bracket=None if point.bracket is None else point.bracket[::-1].copy(),
        )
        for point in reversed(branch.special)
    ]
    return rebuilt(
        branch,
        arrays,
        special=relabelled(special),
        ends=branch.ends[::-1],
        start=last - branch.start,
        outputs={name: column[::-1].copy() for name, column in branch.outputs.items()},
    )


def cut(branch, rows: int, status) -> Branch:
    """The first `rows` rows; `status` says why it ends there."""
    arrays = {name: getattr(branch, name)[:rows].copy() for name in ROWS}
    first_end = next(point for point in branch.special if point.kind is Kind.END)
    kept = [point for point in branch.special if point.index < rows and point.kind is not Kind.END]
    special = [first_end, *kept, end_at(branch, rows - 1)]
    return rebuilt(
        branch,
        arrays,
        special=relabelled(special),
        ends=(branch.ends[0], status),
        start=min(branch.start, rows - 1),
        outputs={name: column[:rows].copy() for name, column in branch.outputs.items()},
    )


def closed(branch, row: int) -> Branch:
    """A branch that returned to its first row not long before `row`, cut there and closed."""
    gaps = np.max(np.abs(branch.unknowns[2 : row + 2] - branch.unknowns[0]), axis=1)
    nearest = 2 + int(np.argmin(gaps))
    if np.min(gaps) <= 1e-6 * (1 + np.max(np.abs(branch.unknowns[0]))):
        ended = cut(branch, nearest + 1, Status.CLOSED)
    else:
        ended = lengthened(cut(branch, beyond(branch, row), Status.CLOSED))
    arrays = {name: getattr(ended, name).copy() for name in ROWS}
    for name in ("unknowns", "states", "varied", "tangents", "residuals"):
        arrays[name][-1] = arrays[name][0]
    special = [replace(point, residual=float(arrays["residuals"][point.index])) for point in ended.special]
    return rebuilt(ended, arrays, special=tuple(special), ends=(Status.CLOSED, Status.CLOSED))


def beyond(branch, row) -> int:
    """Number of rows up to `row` + 1 that have not passed the first row yet."""
    ahead = np.sum(branch.weights * branch.tangents[0] * (branch.unknowns[: row + 2] - branch.unknowns[0]), axis=1)
    return int(np.flatnonzero(ahead[: row + 2] <= 0)[-1]) + 1


def lengthened(branch) -> Branch:
    """The branch with its first row again behind its last."""
    arrays = {name: np.concatenate([getattr(branch, name), getattr(branch, name)[:1]]) for name in ROWS}
    special = [p for p in branch.special if not (p.kind is Kind.END and p.index == len(branch) - 1)]
    outputs = {name: np.append(column, column[0]) for name, column in branch.outputs.items()}
    longer = rebuilt(branch, arrays, outputs=outputs)
    return replace(longer, special=relabelled([*special, end_at(longer, len(longer) - 1)]))


def ring(branch) -> Branch:
    """A branch whose ends have met, closed."""
    return replace(lengthened(branch), ends=(Status.CLOSED, Status.CLOSED))


def end_at(branch, row) -> SpecialPoint:
    """The special point that an end on a row is."""
    values = vars(branch.point(row))
    return SpecialPoint(**values, vary=branch.vary, index=row, kind=Kind.END, residual=float(branch.residuals[row]))


def rebuilt(branch, arrays, **changes) -> Branch:
    """The branch with other rows, read-only."""
    for array in [*arrays.values(), *changes.get("outputs", {}).values()]:
        array.flags.writeable = False
    return replace(branch, **arrays, **changes)


def two_halves(half, other, end) -> Branch:
    """One branch of a half-branch and the one that left the same point the opposite way at its `end` (0 or -1)."""
    if end == 0:
        return joined(turned(half), other, len(half) - 1)
    return joined(other, half, len(other) - 1)
