"""From what the user calls a start to a point on the branch with its tangent."""

import numpy as np

from continuation.derived.conserved.totals import refusal_of
from continuation.engine.run import ILL, correct_at_parameter, correct_nearby, make_state, tangent_at
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.equations.measures.magnitudes import weights_at
from continuation.equations.measures.measure import Measure, measure_of, measured
from continuation.equations.newton import solve_damped
from continuation.ground import canonical
from continuation.ground.arguments import check_mapping
from continuation.ground.points import Point, SpecialPoint, Start
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, StartError, Status
from continuation.results.request import Steps

# Parameter part of a unit tangent below which its sign is rounding: starts are exact to some 1e-12.  Ten times more and
# starts so near a fold begin in a direction of convention, ten times less and the sign of a start on a fold is noise.
NEAR_FOLD = 1e-9
RANK = 1e-9  # singular values below this fraction of the largest are zero: differences are exact to 1e-10 or so
SWEEPS = 3  # of rows and columns made alike in turn: one does it but for matrices with many zeros
# How far a start may be corrected, relative to 1 + |x|, without a word.  Ten times less and values read off a plot are
# remarked on, ten times more and another branch than the one that was meant goes unnoticed.
MOVED = 0.1
ROUNDED = 1e-9  # correction, relative as well, of what was a solution to rounding
NUDGE = 1e-3  # how far away, relative to units and |x|, a rank defect is looked for again: clear of RANK, still nearby


def start_from(problem, start, vary, parameters, span) -> Start:
    """Correct `start` and find the branch's tangent there.

    Raises
    ------
    ValueError
        Shapes, names or values that can't be used; a span that leaves the start out.
    StartError
        No solution near, a branch point, or dependent equations.
    """
    active = problem.index_of(vary)
    if isinstance(start, Start):
        refuse_other_problem(problem, start)
        return _check_switched(start, vary, span)
    if isinstance(start, SpecialPoint) and start.kind is Kind.BRANCH_POINT:
        raise StartError(f"start: {start.label} is a branch point; take a start of switch(problem, point)")
    u, p = values_at(problem, start, parameters)
    check_functions(problem, u, p, active)
    check_inside(vary, p[active], span)
    operations = problem.operations(p.copy(), active)
    state = make_state(operations, span, Steps(1.0, 1.0, 1.0), Settings(newton_iterations=25))
    x, measure = np.append(u, p[active]), measure_of(problem)
    if not correct_start(state, x, measure):
        refuse_conserved(problem, x[:-1], p)
        x[:-1] = solve_damped(problem, u, p)
    ok, tangent, condition = tangent_at(state, x, measure)
    if not ok or condition > ILL:
        refuse_defect(problem, x, p, active)
    if not ok:
        raise StartError("the bordered matrix is singular at the start; try a start a little away", Status.SINGULAR)
    return Start(x, orient(tangent, measure), p, vary, problem=problem, moved=words_on_move(problem, u, x[:-1]))


def correct_start(state, x, measure) -> bool:
    """Correct x = (u, p) in place at fixed p, or with the least change; False where neither converges.

    The latter also where x is a solution to rounding and Newton's method at fixed p leads away from it: on a line of
    solutions at one value of p what rounding has made of p has its own solution, far along the line or nowhere.
    """
    fixed, near = x.copy(), x.copy()
    met, units = correct_at_parameter(state, fixed), measure.units
    if met and share_moved(fixed, x, units) <= MOVED:
        x[:] = fixed
        return True
    if correct_nearby(state, near, measure) and (not met or share_moved(near, x, units) <= ROUNDED):
        x[:] = near
        return True
    if met:
        x[:] = fixed
    return met


def share_moved(x, given, units) -> float:
    """Distance of x from what was given, relative to 1 + |given| in these units."""
    return float(np.linalg.norm((x - given) / units) / (1.0 + np.linalg.norm(given / units)))


def words_on_move(problem, given, x) -> str:
    """Say how far the unknowns x (n,) of a start are from those given, where that is more than `MOVED`; else ``""``."""
    units = measure_of(problem).units[:-1]
    gaps, share = np.abs(x - given) / units, share_moved(x, given, units)
    if not share > MOVED:
        return ""
    k = canonical.first_largest(gaps)
    return (
        f"the start is {100 * share:.2g} % of its size 1 + |x| from the state that was given: the solution "
        f"found has {problem.unknown_names[k]} = {x[k]:.6g}, not {given[k]:.6g}; is it the one that was meant?"
    )


def values_at(problem, start, parameters) -> tuple:
    """Unknowns (n,) and parameters with constants (k,) that a start means, before it is corrected."""
    values = {name: v for name, v in start.parameters.items() if name in problem.parameters} if _is_point(start) else {}
    given = check_mapping("parameters", parameters)
    p = problem.parameter_values({**values, **problem.implied_parameters(start), **given})
    return problem.unknown_values(start), p


def measured_at(problem, start, vary, parameters, span):
    """The problem with the inner product of a trace from `start`: that of a start of `switch`, else as found there."""
    active = problem.index_of(vary)
    if isinstance(start, Start):
        weights = problem.inner_weights() if start.problem is None else start.problem.inner_weights()
        return measured(problem, weights, start.p, start.x, active) if len(weights) == len(start.x) else problem
    if not (problem.adapts or problem.weights is not None):
        return problem
    u, p = values_at(problem, start, parameters)
    weights = weights_at(problem, u, p, active, span)
    return measured(problem, weights, p, np.append(u, p[active]), active)


def vanishing_zeros(problem, begun: Start) -> set:
    """Names of the user's test functions that vanish at the start: their zero is there to rounding, at any scale."""
    u, p, n = begun.x[:-1].copy(), begun.p.copy(), len(begun.x) - 1
    step = NUDGE * (1 + np.linalg.norm(begun.x / measure_of(problem).units)) * begun.tangent
    moved, beyond = u + step[:n], p.copy()
    beyond[begun.active] += step[-1]
    zeros = getattr(problem, "zeros", {})
    return {name for name, g in zeros.items() if abs(g(u, p)) <= NEAR_FOLD * abs(g(moved, beyond) - g(u, p))}


def silent_tests(problem, begun: Start, tests) -> np.ndarray:
    """(K,) mask of the test functions that vanish at the start, the fold's tangent component among them."""
    names = vanishing_zeros(problem, begun)
    at_fold = abs(begun.tangent[-1]) * np.sqrt(problem.inner_weights()[-1]) <= NEAR_FOLD
    return np.array([test.kind is Kind.FOLD and at_fold or test.name in names for test in tests], bool)


def _is_point(start) -> bool:
    return isinstance(start, Point)


def _check_switched(start: Start, vary, span) -> Start:
    """A start of `switch`, if it fits this trace."""
    if start.vary != vary:
        raise ValueError(f"vary: this start continues in {start.vary!r}, got {vary!r}")
    check_inside(vary, start.x[-1], span)
    return start


def refuse_other_problem(problem, start: Start):
    """Raise where a start of `switch` has other states or parameters than the problem, or is an orbit of it."""
    own = start.problem
    if own is None or (own.states == problem.states and list(own.parameters) == list(problem.parameters)):
        return
    of_cycles = own.vector_field is not own and own.vector_field.states == problem.states
    hint = "; trace(periodic_orbits(problem), start, vary) follows it" if of_cycles else ""
    raise ValueError(
        f"start: wanted one of {problem.name} in {list(problem.states)}, got one of {own.name} in "
        f"{list(own.states)}{hint}"
    )


def check_inside(vary, value, span):
    """Raise where the start lies outside the span."""
    low, high = span
    slack = 1e-9 * (min(1.0, high - low) + abs(value))
    if not low - slack <= value <= high + slack:
        raise ValueError(f"span: ({low:g}, {high:g}) leaves out the start, where {vary} = {value:g}")


def orient(tangent: np.ndarray, measure: Measure) -> np.ndarray:
    """The tangent along which the parameter increases; at a fold, the first of the largest components does."""
    if abs(tangent[-1]) * np.sqrt(measure.weights[-1]) <= NEAR_FOLD:
        return canonical.signed(tangent / measure.units) * measure.units
    return tangent if tangent[-1] > 0 else -tangent


def check_functions(problem, u, p, active):
    """Evaluate the problem's functions once as Python: mistakes show with the user's own traceback.

    Raises whatever the function raises; StartError where entries stay unwritten or not finite.
    """
    functions = problem.functions
    if "residual" not in functions:
        return
    n, given = len(u), (u.copy(), p.copy())
    shapes = {"residual": (n,), "jacobian": (n, n), "parameter_derivative": (n,)}
    for key, shape in shapes.items():
        if key not in functions:
            continue
        out = np.full(shape, np.nan)
        arguments = (*given, active, out) if key == "parameter_derivative" else (*given, out)
        with np.errstate(all="ignore"):
            functions[key].as_written(*arguments)
        if not np.all(np.isfinite(out)):
            if words := problem.blame(u, p):
                raise StartError(f"the equations are not finite at the start: {words}; give another", Status.NONFINITE)
            where = np.argwhere(~np.isfinite(out))[0]
            names = ", ".join(problem.unknown_names[i] for i in where)
            raise StartError(
                f"{functions[key].name} ({key}) leaves out{where.tolist()} ({names}) = {out[tuple(where)]} at the "
                f"start {u.tolist() if n <= 8 else ''}: not finite, or never written",
                Status.NONFINITE,
            )
    if np.any(given[0] != u) or np.any(given[1] != p):
        raise ValueError(f"{problem.name} changes its arguments u or p; it may write to out only")


def refuse_defect(problem, x, p, active):
    """Raise where [F_u F_p] has less than full rank at x, telling a branch point from dependent equations."""
    if "residual" not in problem.functions or len(x) > 1500:
        return
    if count_rank_defect(problem, x, p, active) == 0:
        return
    refuse_conserved(problem, x[:-1], p)
    nudged = nudge(problem, x)
    left = np.linalg.svd(scaled_jacobian(problem, x, p, active))[0][:, -1]
    row = problem.unknown_names[canonical.first_largest(np.abs(left))]
    if count_rank_defect(problem, nudged, p, active) > 0 and np.all(np.isfinite(evaluate(problem, nudged[:-1], p))):
        raise StartError(
            f"[F_u F_p] is rank-deficient at the start and around it: an equation is missing, repeated or does not "
            f"depend on the unknowns (look at the equation of {row!r})",
            Status.SINGULAR,
        )
    raise StartError(
        "the start is a branch point: several branches pass through it; trace one of them from a point a little "
        "away and use switch(problem, point) at the branch point it finds",
        Status.SINGULAR,
    )


def refuse_conserved(problem, u, p):
    """Raise where the problem conserves sums of states, naming them."""
    if words := refusal_of(problem, p, u):
        raise StartError(words, Status.SINGULAR)


def count_rank_defect(problem, x, p, active) -> int:
    """By how much the rank of [F_u F_p] falls short of n."""
    sigma = np.linalg.svd(scaled_jacobian(problem, x, p, active), compute_uv=False)
    return int(np.sum(sigma <= RANK * max(sigma[0], 1e-300)))


def nudge(problem, x) -> np.ndarray:
    """A generic point beside x."""
    return x + NUDGE * (measure_of(problem).units + np.abs(x)) * np.cos(np.arange(1, len(x) + 1))


def scaled_jacobian(problem, x, p, active) -> np.ndarray:
    """[F_u F_p] (n, n + 1) at x, rows and columns over their sizes at x or beside it, whichever is larger.

    So a row that vanishes at x only stays small, while one in small units does not.
    """
    at, beside = (extended_jacobian(problem, y, p, active) for y in (x, nudge(problem, x)))
    most = np.maximum(np.abs(at), np.where(np.isfinite(beside), np.abs(beside), 0.0))
    rows, columns = np.ones(len(at)), np.ones(len(x))
    for _ in range(SWEEPS):
        rows = nonzero(np.max(most / columns, axis=1))
        columns = nonzero(np.max(most / rows[:, None], axis=0))
    return at / rows[:, None] / columns


def nonzero(sizes) -> np.ndarray:
    """The sizes, 1 in place of those that are zero."""
    return np.where(sizes > 0.0, sizes, 1.0)
