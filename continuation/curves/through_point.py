"""From a special point and two names to the curve that leads through it and a start on it."""

from dataclasses import replace

import numpy as np

from continuation.curves.codim2 import onto_curve, tangent_of
from continuation.curves.special_curve import SpecialCurve
from continuation.curves.unknowns import unknowns_of
from continuation.equations.derivatives import state_jacobian
from continuation.equations.measures.measure import measured_like
from continuation.ground.arguments import check_problem, shown
from continuation.ground.later import later
from continuation.ground.names import suggest
from continuation.ground.points import Point, SpecialPoint
from continuation.ground.status import Kind
from continuation.kinds import registry
from continuation.results.request import check_span

# Who makes curves of other special points than those of equilibria.
CURVES = {"periodic orbits": later("continuation.orbits.cycle_curves.curve_starts")}
# How far from a point with a second condition its curves start, relative to 1 + |x|.  Ten times smaller comes near
# what differences leave of the test function's sign there, and the point is not listed; ten times larger may step over
# a neighbour.
BESIDE = 1e-4
# Product of the unit null vectors of F_u below which zero is a double eigenvalue.  It grows as the distance from the
# Bogdanov-Takens point: ten times either way only moves that distance.
DOUBLE = 1e-6
# Unfolding along the tangent, relative to the change of the parameters, beyond which a branch point is lost when both
# vary.  Ten times smaller comes near what differences leave of it, ten times larger follows what is none.
PERSISTS = 1e-5


def curve_through(problem, point, vary, span, curve=None):
    """Arguments of a trace in two parameters as those of one in the first: (curve, start, name, limits by name).

    `curve` is the kind of curve wanted, where several lead through the point.  Where the point has a second condition
    (a cusp, say) the start lies a little beside it on the curve, so that the trace meets the point and lists it.

    Raises
    ------
    ValueError
        Names that are none or the same, limits that are none, a point that has no curve, was not located or has
        other states.
    """
    check_problem(problem)
    names = check_pair(problem, vary)
    limits = check_limits(problem, span, names)
    if problem.special_curves in CURVES:
        made, start = CURVES[problem.special_curves].curve_and_start(problem, point, names, curve, limits)
        return made, start, names[0], limits
    kind = check_point(problem, point, curve)
    problem = measured_like(problem, point, names[0])
    p = problem.parameter_values({k: v for k, v in point.parameters.items() if k in problem.parameters})
    x = unknowns_of(problem, kind, point, names, p)
    made = SpecialCurve(problem, kind, names, x, p)
    if made.shape.unfolded:
        refuse_lost(made, point, x, p)
    if has_second_condition(problem, kind, point, p):
        x = beside(made, x, p, limits[names[0]], limits[names[1]])
        point = replace(point, state=made.columns(x[None])[0][0])
        p = made.parameters_at(x, p)
        if made.shape.variant:  # told where nothing degenerates
            made = made.near(x, p)
    start = Point(point.state, dict(zip(problem.parameters, p.tolist())), problem.states, unknowns=x)
    return made, start, names[0], limits


def check_pair(problem, vary) -> tuple:
    """Two names of parameters of the problem."""
    names = tuple(vary) if isinstance(vary, (tuple, list)) else ()
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(f"vary: wanted the name of one parameter or of two, as ('p', 'q'), got {shown(vary)}")
    for name in names:
        if name not in problem.parameters:
            raise ValueError(f"vary: no parameter named {name!r}; this problem has {suggest(name, problem.parameters)}")
    if names[0] == names[1]:
        raise ValueError(f"vary: wanted two different parameters, got {names[0]!r} twice")
    return names


def check_limits(problem, span, names) -> dict:
    """(low, high) of each parameter, unlimited where nothing is said, then of the states and outputs named."""
    unlimited = (-np.inf, np.inf)
    if isinstance(span, tuple) and span == unlimited:
        span = {}
    if not isinstance(span, dict):
        example = f"{{{names[0]!r}: (low, high), {names[1]!r}: (low, high)}}"
        raise ValueError(f"span: wanted limits by name for two parameters, as {example}, got {shown(span)}")
    known = (*names, *problem.states, *problem.outputs)
    for name in span:
        if name in problem.parameters and name not in names:
            raise ValueError(f"span: {name!r} is not varied; wanted limits of {names[0]!r} and {names[1]!r}")
        if name not in known:
            raise ValueError(f"span: nothing named {name!r} can have limits; this problem has {suggest(name, known)}")
    checked = {name: check_span(pair, f"span[{name!r}]") for name, pair in span.items()}
    return {name: checked.get(name, unlimited) for name in (*names, *checked)}


def check_point(problem, point, curve) -> Kind:
    """Kind of the curve to follow through a point."""
    if not isinstance(point, SpecialPoint):
        wanted = "wanted a special point of a branch (a fold, branch point or Hopf point) for two parameters"
        raise ValueError(f"start: {wanted}, got {type(point).__name__}")
    if tuple(point.state_names) != tuple(problem.states):
        raise ValueError(f"start: has the states {list(point.state_names)}; this problem has {list(problem.states)}")
    kinds = registry.of(point.kind).curves
    if is_turn(point):
        kinds = (Kind.BRANCH_POINT, Kind.FOLD)
    if not kinds:
        raise ValueError(f"start: curves lead through folds, branch points and Hopf points, got {point.label}")
    if curve is not None and not (isinstance(curve, Kind) and curve in kinds):
        raise ValueError(
            f"curve: wanted one of {[kind.name for kind in kinds]} through {point.label}, got {shown(curve)}"
        )
    if not point.located:
        raise ValueError(f"start: {point.label} was not located; trace again with smaller steps around its bracket")
    return curve or kinds[0]


def has_second_condition(problem, kind, point, p) -> bool:
    """Whether a test function of the curve vanishes at the point: it would say nothing in the row of the start."""
    if (
        kind is Kind.FOLD and point.kind is Kind.FOLD and not is_turn(point)
    ):  # it may be a Bogdanov-Takens point that no curve told of
        unknowns = problem.point_unknowns(point, point.vary[0])[:-1]
        left, _, right = np.linalg.svd(state_jacobian(problem, unknowns, p))
        return abs(left[:, -1] @ right[-1]) <= DOUBLE
    return is_turn(point) or point.kind in registry.of(kind).shape.second_conditions


def is_turn(point) -> bool:
    """Whether a curve of branch points turns there: it is called a fold, but no fold of the problem."""
    return point.kind is Kind.FOLD and len(point.vary) > 1


def beside(curve, x, p, first, second) -> np.ndarray:
    """A point of the curve a little beside x, x itself where there is none within the limits of both parameters."""
    table = curve.functions["residual"].table
    step = BESIDE * (1 + np.linalg.norm(x)) * tangent_of(table, x, p)
    for guess in (x + step, x - step):
        y = onto_curve(table, guess, p)
        inside = first[0] <= y[-1] <= first[1] and second[0] <= y[-2] <= second[1]
        if inside and np.linalg.norm(y - guess) <= 0.5 * np.linalg.norm(step):
            return y
    return x


def refuse_lost(curve, point, x, p):
    """Raise where a branch point does not persist when the second parameter changes."""
    tangent = np.linalg.svd(curve.functions["residual"].table.derivative_at(x, p))[2][-1]
    if abs(tangent[-3]) > PERSISTS * np.linalg.norm(tangent[[-2, -1]]):
        raise ValueError(
            f"start: {point.label} is no branch point any more when {curve.vary[1]!r} changes: it takes a third "
            "parameter (or a symmetry) to keep one; the folds beside it can be followed instead"
        )
