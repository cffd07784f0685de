"""Solutions of a finished branch at a value of one of its columns."""

import logging
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from continuation.equations.bordered import solve_bordered
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.equations.measures.measure import measured, units_of
from continuation.equations.solved import is_solution
from continuation.ground.arguments import check_problem
from continuation.ground.names import check_numbers, suggest
from continuation.orbits.passing import orbits_at
from continuation.orbits.profiles.layout import describe_layout
from continuation.results.counts import step_counts
from continuation.results.interpolation import interpolate_cubic

logger = logging.getLogger("continuation")

HALVINGS = 50  # of a step: more than the digits of a float
ITERATIONS = 12  # of Newton's method: from the interpolant three are enough, at folds and kernels it halves the error
# Part of a step's chord by which a solution may leave the interpolant, off by 1e-3 of it where steps turn most: ten
# times more takes points of other branches, ten times less refuses those of bent pieces.
LEAVES = 0.1
SAME = 1e-8  # relative: a solution at a fold is exact to the root of rounding, and met from both sides


def need_problem(branch, problem=None):
    """The problem of a branch, or the one given instead (a loaded branch has none unless it was made from text)."""
    problem = branch.problem if problem is None else check_problem(problem)
    if problem is None:
        raise ValueError(
            f"this branch was loaded from a file without its problem {branch.problem_name!r}: give it (`problem=`)"
        )
    if tuple(problem.states) != tuple(branch.state_names):
        raise ValueError(f"problem: wanted the states {list(branch.state_names)}, got {list(problem.states)}")
    if problem.row_layout != branch.layout:
        raise ValueError(f"problem: wanted {describe_layout(branch.layout)}, got {describe_layout(problem.row_layout)}")
    if len(problem.unknown_names) != branch.unknowns.shape[1] - 1:
        wanted, got = branch.unknowns.shape[1] - 1, list(problem.unknown_names)
        raise ValueError(f"problem: wanted {wanted} unknowns beside the varied parameter, got {got}")
    return problem


def solutions_at(branch, value) -> list:
    """Solutions where one column (a state or the varied parameter) has a value; see `Branch.at`."""
    if len(value) != 1:
        raise ValueError(f"at: wanted one name and its value, as at({branch.vary[0]}=...), got {sorted(value)}")
    if branch.layout is not None:
        return orbits_at(branch, need_problem(branch), *next(iter(value.items())))
    (name, target), problem = next(iter(value.items())), measured(need_problem(branch), branch.weights)
    target = check_numbers(f"at({name}=...)", target, 0)
    names = [*branch.state_names, *branch.vary]
    if name not in names:
        raise ValueError(f"at: no state or varied parameter named {name!r}; this branch has {suggest(name, names)}")
    column = shown_column(problem, branch, names.index(name))
    points, units = [], units_of(branch.weights)
    for row, guess in crossings(branch, column, target):
        x = polish(problem, branch, guess, column, target)
        if x is None or not is_near(branch, row, guess, x):
            x = bisect_between(problem, branch, row, column, target)
        if x is None:
            logger.warning("at(%s=%g): the solution next to row %d could not be corrected", name, target, row)
        elif not any(is_same(x, other, units) for _, other in points):
            points.append((row, x))
    return [_point(problem, branch, row, x) for row, x in points]


def is_same(x, other, units) -> bool:
    """Whether two solutions are one."""
    return bool(np.max(np.abs(x - other) / units) <= SAME * (1 + np.max(np.abs(x) / units)))


def is_near(branch, row, guess, x) -> bool:
    """Whether a solution lies where the branch's interpolant behind a row passes, as long as that step is."""
    other = row + 1 if row + 1 < len(branch) else row - 1
    chord, moved = (branch.unknowns[max(other, 0)] - branch.unknowns[row], x - guess)
    chord, moved, size = (np.sqrt(np.sum(branch.weights * d * d)) for d in (chord, moved, x))
    return bool(moved <= LEAVES * chord + SAME * (1 + size))


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
    low, high, rising = 0.0, 1.0, column.of(branch.unknowns[row + 1]) > column.of(branch.unknowns[row])
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        above = column.of(interpolate_step(branch, row, middle)[0]) > target
        low, high = (low, middle) if above == rising else (middle, high)
    return interpolate_step(branch, row, 0.5 * (low + high))[0]


def polish(problem, branch, x, column, target):
    """Newton at a fixed column, of least norm where that is singular (a fold at the value); None for no solution."""
    x = settle(problem, branch, x, column.row, target - column.constant)
    if x is None:
        return None
    column.put(x, target)
    p, active = problem.parameter_values(branch.parameters), problem.index_of(branch.vary[0])
    return x if is_solution(problem.near(x, p), x, p, active) else None


def settle(problem, branch, x, row, value):
    """Newton's method on F = 0 and ``row @ x = value``, of least norm; None where it can't go on."""
    p, active = problem.parameter_values(branch.parameters), problem.index_of(branch.vary[0])
    units = units_of(branch.weights)
    for _ in range(ITERATIONS):
        p[active] = x[-1]
        rhs = np.append(-evaluate(problem, x[:-1], p), value - row @ x)
        matrix = np.vstack([extended_jacobian(problem, x, p, active), row]) * units
        if not (np.all(np.isfinite(rhs)) and np.all(np.isfinite(matrix))):
            return None
        if np.any(units != 1.0):
            alike = np.max(np.abs(matrix[:-1])) / np.max(np.abs(matrix[-1]))
            matrix[-1], rhs[-1] = alike * matrix[-1], alike * rhs[-1]
        step = solve_bordered(matrix, rhs)
        x = x + units * step
        if np.max(np.abs(step)) <= 1e-15 * (1 + np.max(np.abs(x) / units)):
            break
    return x


def bisect_between(problem, branch, row, column, target):
    """The solution behind a row where a column has a value, by bisection along the branch; None where there is none.

    Slow, but not led astray where that column says nothing of the branch: at folds in it, beside larger kernels.
    """
    if row + 1 == len(branch):
        return None
    (low, x), high, rising = (0.0, branch.unknowns[row]), 1.0, column.of(branch.unknowns[row + 1]) > target
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        y, along = interpolate_step(branch, row, middle)
        covector = branch.weights * along
        made = settle(problem, branch, y, covector, covector @ y)
        if made is None:
            return None
        low, high, x = (low, middle, x) if (column.of(made) > target) == rising else (middle, high, made)
    return polish_from(problem, branch, row, x, column, target)


def polish_from(problem, branch, row, x, column, target):
    """`polish` from the end of a bisection, whose point it may not leave."""
    moved = x.copy()
    column.put(moved, target)
    for y in (polish(problem, branch, x, column, target), moved):
        p, active = problem.parameter_values(branch.parameters), problem.index_of(branch.vary[0])
        stays = y is not None and is_same(y, x, units_of(branch.weights))
        if stays and is_solution(problem.near(y, p), y, p, active):
            return y
    return None


def interpolate_step(branch, row, sigma):
    """Point of the cubic Hermite interpolant behind a row, and its derivative along the step."""
    a, b = branch.unknowns[row], branch.unknowns[row + 1]
    length = np.sqrt(np.sum(branch.weights * (b - a) ** 2))
    return interpolate_cubic(a, b, length * branch.tangents[row], length * branch.tangents[row + 1], sigma)


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
