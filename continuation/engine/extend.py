"""Asking a finished branch for more: solutions at a value, more points at its ends."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.ground.names import check_numbers, suggest
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, Status
from continuation.results.counts import step_counts

SAME = 1e-8  # solutions nearer than this, relative, are one


def need_problem(branch, problem=None):
    """The problem of a branch, or the one given instead (a loaded branch has none unless it was made from text)."""
    problem = problem or branch.problem
    if problem is None:
        raise ValueError(
            f"this branch was loaded from a file without its problem {branch.problem_name!r}: give it (`problem=`)"
        )
    if tuple(problem.states) != tuple(branch.state_names):
        raise ValueError(f"problem: wanted the states {list(branch.state_names)}, got {list(problem.states)}")
    if len(problem.unknown_names) != branch.unknowns.shape[1] - 1:
        wanted, got = branch.unknowns.shape[1] - 1, list(problem.unknown_names)
        raise ValueError(f"problem: wanted {wanted} unknowns beside the varied parameter, got {got}")
    return problem


def solutions_at(branch, value) -> list:
    """Solutions where one column (a state or the varied parameter) has a value; see `Branch.at`."""
    if len(value) != 1:
        raise ValueError(f"at: wanted one name and its value, as at({branch.vary[0]}=...), got {sorted(value)}")
    (name, target), problem = next(iter(value.items())), need_problem(branch)
    target = check_numbers(f"at({name}=...)", target, 0)
    names = [*branch.state_names, *branch.vary]
    if name not in names:
        raise ValueError(f"at: no state or varied parameter named {name!r}; this branch has {suggest(name, names)}")
    column = shown_column(problem, branch, names.index(name))
    points = []
    for row, x in crossings(branch, column, target):
        x = polish(problem, branch, x, column, target)
        apart = [np.max(np.abs(x - other)) > SAME * (1 + np.max(np.abs(x))) for _, other in points]
        if x is not None and all(apart):
            points.append((row, x))
    return [_point(problem, branch, row, x) for row, x in points]


class Column(NamedTuple):
    """What is shown under a name as an affine function of the unknowns: ``row @ x + constant``."""

    row: np.ndarray  # (N,)
    constant: float

    def of(self, unknowns):
        """Values at unknowns (..., N)."""
        place = np.flatnonzero(self.row)
        return unknowns[..., place] @ self.row[place] + self.constant

    def put(self, x, target):
        """Move x (N,) in place by the least that gives the value `target`."""
        place = np.flatnonzero(self.row)
        if len(place) == 1:
            x[place] = (target - self.constant) / self.row[place]
        else:
            x += (target - self.of(x)) / (self.row @ self.row) * self.row


def shown_column(problem, branch, k) -> Column:
    """Column k of the states followed by the varied parameters."""
    size = branch.unknowns.shape[1]
    states, varied = problem.columns(np.vstack([np.zeros(size), np.eye(size)]))
    values = np.column_stack([states, varied])[:, k]
    return Column(values[1:] - values[0], float(values[0]))


def crossings(branch, column, target):
    """Rows and interpolated unknowns where a column passes `target`."""
    gap = column.of(branch.unknowns) - target
    for row in range(len(branch)):
        if gap[row] == 0.0:
            yield row, branch.unknowns[row].copy()
        elif row + 1 < len(branch) and gap[row] * gap[row + 1] < 0:
            yield row, interpolated(branch, row, column, target)


def interpolated(branch, row, column, target):
    """Point of the cubic Hermite interpolant behind a row where a column equals `target` (bisection)."""
    a, b = branch.unknowns[row], branch.unknowns[row + 1]
    length = np.sqrt(np.sum(branch.weights * (b - a) ** 2))
    ta, tb = length * branch.tangents[row], length * branch.tangents[row + 1]

    def curve(s):
        return a + s * s * (3 - 2 * s) * (b - a) + s * (1 - s) * ((1 - s) * ta - s * tb)

    low, high, rising = 0.0, 1.0, column.of(b) > column.of(a)
    for _ in range(50):
        middle = 0.5 * (low + high)
        above = column.of(curve(middle)) > target
        low, high = (low, middle) if above == rising else (middle, high)
    return curve(0.5 * (low + high))


def polish(problem, branch, x, column, target):
    """Newton at a fixed column, of least norm where that is singular (a fold at the value)."""
    p, active = problem.parameter_values(branch.parameters), problem.index_of(branch.vary[0])
    for _ in range(12):
        p[active] = x[-1]
        rhs = np.append(-evaluate(problem, x[:-1], p), target - column.of(x))
        matrix = np.vstack([extended_jacobian(problem, x, p, active), column.row])
        step = np.linalg.lstsq(matrix, rhs, rcond=1e-12)[0]
        x = x + step
        if np.max(np.abs(step)) <= 1e-15 * (1 + np.max(np.abs(x))):
            break
    column.put(x, target)
    return x


def _point(problem, branch, row, x):
    """`Point` at corrected unknowns on a row or between it and the next, where the step's count holds."""
    near = branch.point(row)
    if row + 1 < len(branch) and np.max(np.abs(x - branch.unknowns[row])) > SAME * (1 + np.max(np.abs(x))):
        near = replace(near, unstable=int(step_counts(branch)[row]), nullity=0)
    states, varied = problem.columns(x[None])
    values = {**near.parameters, **dict(zip(branch.vary, varied[0].tolist()))}
    p = problem.parameter_values(values)
    outputs = {name: float(g(x[:-1].copy(), p)) for name, g in problem.outputs.items()}
    return replace(near, state=states[0].copy(), parameters=values, outputs=outputs, unknowns=x)


def extended(branch, problem=None, *, max_points=None, span=None, settings=None, progress=False):
    """Go on from every end of a branch that can go on.

    Parameters
    ----------
    branch : Branch
    problem : Problem, optional
        For a branch loaded from a file.
    max_points : int, optional
        Points to add at each end; default: as many as the settings allow one direction.
    span : (low, high), optional
        New limits; default: those of the branch.
    settings : Settings, optional
    progress : bool

    Returns
    -------
    Branch
        The old rows with the new ones before and behind.

    Raises
    ------
    ValueError
        No end can go on: the branch is closed, or ends at limits that `span` does not widen.
    """
    from continuation.engine.follow import continued
    from continuation.engine.request import Wishes, check_span

    problem = need_problem(branch, problem)
    span = branch.span if span is None else check_span(span)
    settings = _with_points(settings or branch.settings, max_points)
    wishes, longer = Wishes(branch.vary[0], span, settings), branch
    for sign, row in ((1, -1), (-1, 0)):
        status = branch.ends[0 if row == 0 else 1]
        if can_go_on(branch, status, row, sign, span):
            piece = continued(problem, branch, (row, sign), wishes, progress)
            if sign > 0:
                longer = joined(longer, piece, longer.start)
            else:
                longer = joined(piece, longer, len(piece) - 1 + longer.start)
    if longer is branch:
        raise ValueError(f"extend: no end can go on ({', '.join(s.name for s in branch.ends)}); widen `span`?")
    return replace(longer, span=span, settings=settings, problem=problem)


def _with_points(settings, max_points) -> Settings:
    """Settings with another number of points (the row that is there counts as one)."""
    return settings if max_points is None else replace(settings, max_points=max_points + 1)


def can_go_on(branch, status, row, sign, span) -> bool:
    """Whether an end leads on inside the span."""
    if status is Status.CLOSED:
        return False
    value, slope = branch.unknowns[row, -1], sign * branch.tangents[row, -1]
    return span[0] < value < span[1] or (value <= span[0] and slope > 0) or (value >= span[1] and slope < 0)


def joined(first, second, start):
    """One branch of two that share a row: the last of `first`, the first of `second`; `start` is its start's row."""
    shift = len(first) - 1
    stack = {
        name: np.concatenate([getattr(first, name), getattr(second, name)[1:]])
        for name in ("unknowns", "states", "varied", "tangents", "unstable", "nullity", "residuals")
    }
    for array in stack.values():
        array.flags.writeable = False
    keep = [p for p in first.special if not (p.kind is Kind.END and p.index == shift)]
    here = {p.kind for p in keep if p.index == shift}
    new = [p for p in second.special if p.index > 0 or (p.kind is not Kind.END and p.kind not in here)]
    moved = keep + [p.moved(index=p.index + shift) for p in new]
    return replace(
        first,
        **stack,
        outputs={name: np.concatenate([c, second.outputs[name][1:]]) for name, c in first.outputs.items()},
        special=relabelled(moved),
        ends=(first.ends[0], second.ends[1]),
        effort=added(first.effort, second.effort),
        start=start,
    )


def relabelled(points) -> tuple:
    """Points numbered anew by kind."""
    numbers, out = {}, []
    for point in points:
        numbers[point.kind] = numbers.get(point.kind, 0) + 1
        out.append(point.moved(label=f"{point.kind.label}{numbers[point.kind]}"))
    return tuple(out)


def added(a, b) -> dict:
    """Sum of two records of work."""
    return {
        key: added(a.get(key, {}), b.get(key, {})) if key == "rejections" else a.get(key, 0) + b.get(key, 0)
        for key in {**a, **b}
    }
