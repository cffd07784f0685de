"""From what the user calls a start to a point on the branch with its tangent."""

import numpy as np

from continuation.engine.run import ILL, correct_at_parameter, correct_nearby, make_state, tangent_at
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.equations.newton import solve_damped
from continuation.ground import canonical
from continuation.ground.points import Point, SpecialPoint, Start
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, StartError, Status
from continuation.results.request import Steps

# Parameter part of a unit tangent below which its sign is rounding: starts are exact to some 1e-12.  Ten times more and
# starts so near a fold begin in a direction of convention, ten times less and the sign of a start on a fold is noise.
NEAR_FOLD = 1e-9
RANK = 1e-9  # singular values below this fraction of the largest are zero: differences are exact to 1e-10 or so
NUDGE = 1e-3  # how far away, relative to 1 + |x|, a rank defect is looked for again: clear of RANK, still nearby


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
        return _check_switched(start, vary, span)
    if isinstance(start, SpecialPoint) and start.kind is Kind.BRANCH_POINT:
        raise StartError(f"start: {start.label} is a branch point; take a start of switch(problem, point)")
    values = {name: v for name, v in start.parameters.items() if name in problem.parameters} if _is_point(start) else {}
    p = problem.parameter_values({**values, **(parameters or {})})
    u = problem.unknown_values(start)
    check_functions(problem, u, p, active)
    check_inside(vary, p[active], span)
    operations = problem.operations(p.copy(), active)
    state = make_state(operations, span, Steps(1.0, 1.0, 1.0), Settings(newton_iterations=25))
    x = np.append(u, p[active])
    if not (correct_at_parameter(state, x) or correct_nearby(state, x)):
        x[:-1] = solve_damped(problem, u, p)
    ok, tangent, condition = tangent_at(state, x)
    if not ok or condition > ILL:
        refuse_defect(problem, x, p, active)
    if not ok:
        raise StartError("the bordered matrix is singular at the start; try a start a little away", Status.SINGULAR)
    return Start(x, orient(tangent), p, vary, problem=problem)


def vanishing_zeros(problem, begun: Start) -> set:
    """Names of the user's test functions that vanish at the start: their zero is there to rounding, at any scale."""
    u, p, n = begun.x[:-1].copy(), begun.p.copy(), len(begun.x) - 1
    step = NUDGE * (1 + np.linalg.norm(begun.x)) * begun.tangent
    moved, beyond = u + step[:n], p.copy()
    beyond[begun.active] += step[-1]
    zeros = getattr(problem, "zeros", {})
    return {name for name, g in zeros.items() if abs(g(u, p)) <= NEAR_FOLD * abs(g(moved, beyond) - g(u, p))}


def silent_tests(problem, begun: Start, tests) -> np.ndarray:
    """(K,) mask of the test functions that vanish at the start, the fold's tangent component among them."""
    names = vanishing_zeros(problem, begun)
    at_fold = abs(begun.tangent[-1]) <= NEAR_FOLD
    return np.array([test.kind is Kind.FOLD and at_fold or test.name in names for test in tests], bool)


def _is_point(start) -> bool:
    return isinstance(start, Point)


def _check_switched(start: Start, vary, span) -> Start:
    """A start of `switch`, if it fits this trace."""
    if start.vary != vary:
        raise ValueError(f"vary: this start continues in {start.vary!r}, got {vary!r}")
    check_inside(vary, start.x[-1], span)
    return start


def check_inside(vary, value, span):
    """Raise where the start lies outside the span."""
    low, high = span
    slack = 1e-9 * (1 + abs(value))
    if not low - slack <= value <= high + slack:
        raise ValueError(f"span: ({low:g}, {high:g}) leaves out the start, where {vary} = {value:g}")


def orient(tangent: np.ndarray) -> np.ndarray:
    """The tangent along which the parameter increases; at a fold, the first of the largest components does."""
    if abs(tangent[-1]) <= NEAR_FOLD:
        return canonical.signed(tangent)
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
    nudged = x + NUDGE * (1 + np.abs(x)) * np.cos(np.arange(1, len(x) + 1))
    left = np.linalg.svd(extended_jacobian(problem, x, p, active))[0][:, -1]
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


def count_rank_defect(problem, x, p, active) -> int:
    """By how much the rank of [F_u F_p] falls short of n."""
    sigma = np.linalg.svd(extended_jacobian(problem, x, p, active), compute_uv=False)
    return int(np.sum(sigma <= RANK * max(sigma[0], 1e-300)))
