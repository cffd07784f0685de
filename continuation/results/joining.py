"""Branches put together, turned round and cut."""

from dataclasses import replace

import numpy as np

from continuation.ground.points import SpecialPoint
from continuation.ground.status import Kind, Status
from continuation.results.remarks import cut_remarks, joined_remarks, reversed_remarks

SAME = 1e-6  # relative to 1 + |x|: a row that is the first again; steps are larger, corrections smaller


def join_branches(first, second, start):
    """One branch of two that share a row: the last of `first`, the first of `second`; `start` is its start's row."""
    shift = len(first) - 1
    keep = [p for p in first.special if not (p.kind is Kind.END and p.index == shift)]
    here = {p.kind for p in keep if p.index == shift}
    new = [p for p in second.special if p.index > 0 or (p.kind is not Kind.END and p.kind not in here)]
    moved = keep + [p.moved(index=p.index + shift) for p in new]
    return first.along(
        lambda a, b: np.concatenate([a, b[1:]]),
        second,
        special=number_points(moved),
        ends=(first.ends[0], second.ends[1]),
        effort=add_effort(first.effort, second.effort),
        start=start,
        remarks=joined_remarks(first.remarks, second.remarks, shift),
    )


def number_points(points) -> tuple:
    """Points numbered anew by kind."""
    numbers, out = {}, []
    for point in points:
        numbers[point.kind] = numbers.get(point.kind, 0) + 1
        out.append(point.moved(label=f"{point.kind.label}{numbers[point.kind]}"))
    return tuple(out)


def add_effort(a, b) -> dict:
    """Sum of two records of work."""
    return {
        key: add_effort(a.get(key, {}), b.get(key, {})) if key == "rejections" else a.get(key, 0) + b.get(key, 0)
        for key in {**a, **b}
    }


def reverse_branch(branch):
    """The same branch with its rows in the opposite order.

    Examples
    --------
    >>> from continuation import Problem, trace
    >>> line = trace(Problem.from_expressions({"x": "x - mu"}, {"mu": 0}), [0.0], "mu", (0, 1))
    >>> float(reverse_branch(line).parameter[0]), float(reverse_branch(reverse_branch(line)).parameter[0])
    (1.0, 0.0)
    """
    last = len(branch) - 1
    special = [
        point.moved(
            index=last - point.index,
            tangent=None if point.tangent is None else -point.tangent,
            bracket=None if point.bracket is None else point.bracket[::-1].copy(),
        )
        for point in reversed(branch.special)
    ]
    back = branch.along(
        lambda array: array[::-1].copy(),
        special=number_points(special),
        ends=branch.ends[::-1],
        start=last - branch.start,
        remarks=reversed_remarks(branch.remarks, last),
    )
    connections = np.append(-1, back.connections[:-1])  # with the row before, which was the one behind
    return replace(back, tangents=_freeze(-back.tangents), connections=_freeze(connections))


def cut_branch(branch, rows: int, status):
    """The first `rows` rows; `status` says why it ends there."""
    first_end = next(point for point in branch.special if point.kind is Kind.END)
    kept = [point for point in branch.special if point.index < rows and point.kind is not Kind.END]
    return branch.along(
        lambda array: array[:rows].copy(),
        special=number_points([first_end, *kept, make_end(branch, rows - 1)]),
        ends=(branch.ends[0], status),
        start=min(branch.start, rows - 1),
        remarks=cut_remarks(branch.remarks, rows),
    )


def close_branch(branch, row: int):
    """A branch that returned to its first row not long before `row`, cut there and closed."""
    gaps = np.max(np.abs(branch.unknowns[2 : row + 2] - branch.unknowns[0]), axis=1)
    nearest = 2 + int(np.argmin(gaps))
    if np.min(gaps) <= SAME * (1 + np.max(np.abs(branch.unknowns[0]))):
        ended = cut_branch(branch, nearest + 1, Status.CLOSED)
    else:
        ended = repeat_first_row(cut_branch(branch, _rows_before_the_first(branch, row), Status.CLOSED))
    names = ("unknowns", "states", "varied", "tangents", "residuals")
    arrays = {name: _freeze(np.concatenate([getattr(ended, name)[:-1], getattr(ended, name)[:1]])) for name in names}
    special = [replace(point, residual=float(arrays["residuals"][point.index])) for point in ended.special]
    return replace(ended, **arrays, special=tuple(special), ends=(Status.CLOSED, Status.CLOSED))


def _rows_before_the_first(branch, row) -> int:
    """Number of rows up to `row` + 1 that have not passed the first row yet."""
    ahead = np.sum(branch.weights * branch.tangents[0] * (branch.unknowns[: row + 2] - branch.unknowns[0]), axis=1)
    return int(np.flatnonzero(ahead[: row + 2] <= 0)[-1]) + 1


def repeat_first_row(branch):
    """The branch with its first row again behind its last."""
    special = [p for p in branch.special if not (p.kind is Kind.END and p.index == len(branch) - 1)]
    longer = branch.along(lambda array: np.concatenate([array, array[:1]]))
    return replace(longer, special=number_points([*special, make_end(longer, len(longer) - 1)]))


def join_ends(branch):
    """A branch whose ends have met, closed."""
    return replace(repeat_first_row(branch), ends=(Status.CLOSED, Status.CLOSED))


def make_end(branch, row) -> SpecialPoint:
    """The special point that an end on a row is."""
    values = vars(branch.point(row))
    return SpecialPoint(**values, vary=branch.vary, index=row, kind=Kind.END, residual=float(branch.residuals[row]))


def join_halves(half, other, end):
    """One branch of a half-branch and the one that left the same point the opposite way at its `end` (0 or -1)."""
    if end == 0:
        return join_branches(reverse_branch(half), other, len(half) - 1)
    return join_branches(other, half, len(other) - 1)


def _freeze(array):
    """The array, read-only from now on."""
    array.flags.writeable = False
    return array
