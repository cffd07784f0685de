"""Solutions of a finished branch at a value of one of its columns."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from continuation.equations.bordered import solve_bordered
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.equations.scales import units_of
from continuation.ground.names import check_numbers, suggest
from continuation.results.counts import step_counts
from continuation.results.interpolation import interpolate_cubic

SAME = 1e-8  # relative: a solution at a fold is exact to the root of rounding, and met from both sides


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
    points, units = [], units_of(branch.weights)
    for row, x in crossings(branch, column, target):
        x = polish(problem, branch, x, column, target)
        apart = [not is_same(x, other, units) for _, other in points]
        if x is not None and all(apart):
            points.append((row, x))
    return [_point(problem, branch, row, x) for row, x in points]


def is_same(x, other, units) -> bool:
    """Whether two solutions are one."""
    return bool(np.max(np.abs(x - other) / units) <= SAME * (1 + np.max(np.abs(x) / units)))


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
            yield row, interpolate_at(branch, row, column, target)


def interpolate_at(branch, row, column, target):
    """Point of the cubic Hermite interpolant behind a row where a column equals `target` (bisection)."""
    a, b = branch.unknowns[row], branch.unknowns[row + 1]
    length = np.sqrt(np.sum(branch.weights * (b - a) ** 2))
    ta, tb = length * branch.tangents[row], length * branch.tangents[row + 1]

    low, high, rising = 0.0, 1.0, column.of(b) > column.of(a)
    for _ in range(50):
        middle = 0.5 * (low + high)
        above = column.of(interpolate_cubic(a, b, ta, tb, middle)[0]) > target
        low, high = (low, middle) if above == rising else (middle, high)
    return interpolate_cubic(a, b, ta, tb, 0.5 * (low + high))[0]


def polish(problem, branch, x, column, target):
    """Newton at a fixed column, of least norm where that is singular (a fold at the value)."""
    p, active = problem.parameter_values(branch.parameters), problem.index_of(branch.vary[0])
    units = units_of(branch.weights)
    for _ in range(12):
        p[active] = x[-1]
        rhs = np.append(-evaluate(problem, x[:-1], p), target - column.of(x))
        matrix = np.vstack([extended_jacobian(problem, x, p, active), column.row]) * units
        alike = np.max(np.abs(matrix[:-1])) / np.max(np.abs(matrix[-1])) if np.any(units != 1.0) else 1.0
        matrix[-1], rhs[-1] = alike * matrix[-1], alike * rhs[-1]
        step = solve_bordered(matrix, rhs)
        x = x + units * step
        if np.max(np.abs(step)) <= 1e-15 * (1 + np.max(np.abs(x) / units)):
            break
    column.put(x, target)
    return x


def _point(problem, branch, row, x):
    """`Point` at corrected unknowns on a row or between it and the next, where the step's count holds."""
    near = branch.point(row)
    if row + 1 < len(branch) and not is_same(x, branch.unknowns[row], units_of(branch.weights)):
        near = replace(near, unstable=int(step_counts(branch)[row]), nullity=0)
    states, varied = problem.columns(x[None])
    values = {**near.parameters, **dict(zip(branch.vary, varied[0].tolist()))}
    p = problem.parameter_values(values)
    outputs = {name: float(g(x[:-1].copy(), p)) for name, g in problem.outputs.items()}
    return replace(near, state=states[0].copy(), parameters=values, outputs=outputs, unknowns=x)
