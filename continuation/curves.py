"""Curves of folds, branch points and Hopf points in two parameters, each a `Problem` like any other."""

import functools
from dataclasses import dataclass

import numpy as np

from continuation.branch import Point, SpecialPoint
from continuation.derivatives import state_jacobian
from continuation.names import suggest
from continuation.problem import Problem
from continuation.status import Kind

LOST = 1e-6  # unfolding, relative to F_u, beyond which points are no branch points
PERSISTS = 1e-5  # unfolding along the unit tangent beyond which a branch point is lost when both parameters vary
SIMPLE = 1e-6  # singular values of F_u below this fraction of the largest belong to its kernel
CURVED = (Kind.FOLD, Kind.BRANCH_POINT, Kind.HOPF)
ON_CURVE = {Kind.CUSP: Kind.FOLD, Kind.BAUTIN: Kind.HOPF}  # points that lie on curves of one kind only


@dataclass(frozen=True)
class Shape:
    """What tells the curves of one kind from another."""

    auxiliary: tuple  # names of the unknowns between the states and the second parameter
    tests: tuple  # kinds of the test functions of its monitor, None: it only hints
    counts: Kind | None  # what a change of the unstable count is
    module: str  # in `continuation.compiled`, and what its callbacks begin with
    prefix: str


SHAPES = {
    Kind.FOLD: Shape((), (Kind.CUSP, Kind.BOGDANOV_TAKENS, None), Kind.ZERO_HOPF, "fold_curve", "fold"),
    Kind.BRANCH_POINT: Shape(("unfolding",), (None, Kind.BOGDANOV_TAKENS, None), Kind.ZERO_HOPF, "branch_curve", "branch"),
    Kind.HOPF: Shape(
        ("kappa",), (Kind.BOGDANOV_TAKENS, Kind.BAUTIN, Kind.ZERO_HOPF, None), Kind.HOPF_HOPF, "hopf_curve", "hopf"
    ),
}


class SpecialCurve(Problem):
    """The curve of folds, branch points or Hopf points of a problem in two parameters.

    Its unknowns are (u, auxiliary ones, q, p) with p, q the first and second of `vary`; the auxiliary ones are
    stored, not shown: ``kappa = omega**2`` on a Hopf curve, on a curve of branch points an unfolding that must stay
    zero.  Equations: minimally augmented systems, see `continuation.compiled.fold_curve` and its neighbours.

    Parameters
    ----------
    base : Problem
    kind : Kind
        FOLD, BRANCH_POINT or HOPF.
    vary : (str, str)
    limits : (low, high)
        Of the second parameter.
    guess : (N,) and (k,) arrays
        Unknowns and parameters of a point near the curve: borders of the matrices are made there.
    """

    def __init__(self, base, kind, vary, limits, guess):
        self.base, self.kind, self.vary, self.limits, self.shape = base, kind, tuple(vary), limits, SHAPES[kind]
        self.states, self.parameters, self.constants = base.states, base.parameters, base.constants
        self.symmetric, self.stability, self.weights = False, base.stability, None
        self.name = f"{base.name}, {kind.name.lower().replace('_', ' ')} curve"
        self.zeros = {}
        n = len(base.states)
        self.outputs = {name: _on_states(g, n) for name, g in base.outputs.items()}
        self.guess = tuple(np.array(part, float) for part in guess)
        self.functions = {"residual": CurveFunction(self)}

    def all_functions(self) -> list:
        """Every `Function` of the base problem."""
        return self.base.all_functions()

    # Unknowns and columns

    @property
    def unknown_names(self) -> tuple:
        """States, auxiliary unknowns, second parameter."""
        return (*self.states, *self.shape.auxiliary, self.vary[1])

    def unknown_values(self, state) -> np.ndarray:
        """Unknowns of a point of the curve, or the numbers themselves."""
        if isinstance(state, Point):
            return self.point_unknowns(state, self.vary[0])[:-1]
        values = np.array(state, float)
        if values.shape != (len(self.unknown_names),):
            raise ValueError(f"start: wanted {len(self.unknown_names)} values {list(self.unknown_names)}, got {state!r}")
        return values

    def point_unknowns(self, point, vary) -> np.ndarray:
        """Unknowns of a point: as stored by this curve, else from its state and parameters."""
        if point.unknowns is not None and len(point.unknowns) == len(self.unknown_names) + 1:
            return point.unknowns.copy()
        return unknowns_of(self.base, self.kind, point, self.vary, self.base.parameter_values(point.parameters))

    def columns(self, unknowns):
        """States, and both parameters in the order of `vary`."""
        return unknowns[:, : len(self.states)], unknowns[:, [-1, -2]]

    def varied_names(self, vary) -> tuple:
        """Both parameters."""
        return self.vary

    def inner_weights(self) -> np.ndarray:
        """(N,): those of the base problem, the first parameter's for both; kappa in units of its first value."""
        w = self.base.inner_weights()
        auxiliary = [w[0] / max(1.0, abs(self.guess[0][len(self.states)])) ** 2 for _ in self.shape.auxiliary]
        return np.array([*w[:-1], *auxiliary, w[-1], w[-1]])

    def remarks(self, branch) -> list:
        """Say so where branch points were lost on the way."""
        if self.kind is not Kind.BRANCH_POINT:
            return []
        row = int(np.argmax(np.abs(branch.unknowns[:, -3])))
        x, p = branch.unknowns[row], self.parameter_values(branch.parameters)
        worst = abs(x[-3])
        if worst <= LOST * np.max(np.abs(self.stability_matrix(x, self.parameters_at(x, p)))):
            return []
        return [f"no branch points any more: the equations had to be unfolded by {worst:.3g} at row {row}"]

    # For the engine and for those who ask like it

    def operations(self, p, active):
        """Operations of one trace, with tables of their own."""
        from continuation.curve_operations import curve_operations

        return curve_operations(self, p, active)

    def near(self, x, p):
        """The same curve with borders that fit the unknowns x: where its functions are to be evaluated."""
        return SpecialCurve(self.base, self.kind, self.vary, self.limits, (x, p))

    def stability_matrix(self, x, p) -> np.ndarray:
        """F_u of the base problem."""
        return state_jacobian(self.base, x[: len(self.states)], p)


    def parameters_at(self, x, p) -> np.ndarray:
        """p with both parameters as in the unknowns x."""
        p = np.array(p, float)
        p[self.index_of(self.vary[0])], p[self.index_of(self.vary[1])] = x[-1], x[-2]
        return p


def _on_states(function, n):
    """An output of the base problem as a function of the curve's unknowns."""
    return lambda unknowns, p: function(unknowns[:n], p)


def curve_through(problem, point, vary, span):
    """Arguments of a trace in two parameters as those of one in the first: (curve, start, name, span).

    Raises
    ------
    ValueError
        Names that are none or the same, limits that are none, a point that has no curve or was not located.
    """
    names = check_pair(problem, vary)
    limits = check_limits(span, names)
    kind = check_point(point)
    p = problem.parameter_values({k: v for k, v in point.parameters.items() if k in problem.parameters})
    x = unknowns_of(problem, kind, point, names, p)
    curve = SpecialCurve(problem, kind, names, limits[names[1]], (x, p))
    if kind is Kind.BRANCH_POINT:
        refuse_lost(curve, point, x, p)
    start = Point(point.state, dict(zip(problem.parameters, p.tolist())), problem.states, unknowns=x)
    return curve, start, names[0], limits[names[0]]


def check_pair(problem, vary) -> tuple:
    """Two names of parameters of the problem."""
    names = tuple(vary) if isinstance(vary, (tuple, list)) else ()
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise ValueError(f"vary: wanted the name of one parameter or of two, as ('p', 'q'), got {vary!r}")
    for name in names:
        if name not in problem.parameters:
            raise ValueError(f"vary: no parameter named {name!r}; this problem has {suggest(name, problem.parameters)}")
    if names[0] == names[1]:
        raise ValueError(f"vary: wanted two different parameters, got {names[0]!r} twice")
    return names


def check_limits(span, names) -> dict:
    """(low, high) of each parameter; unlimited where nothing is said."""
    from continuation.wishes import check_span

    unlimited = (-np.inf, np.inf)
    if isinstance(span, tuple) and span == unlimited:
        span = {}
    if not isinstance(span, dict):
        example = f"{{{names[0]!r}: (low, high), {names[1]!r}: (low, high)}}"
        raise ValueError(f"span: wanted limits by name for two parameters, as {example}, got {span!r}")
    for name in span:
        if name not in names:
            raise ValueError(f"span: {name!r} is not varied; wanted limits of {names[0]!r} and {names[1]!r}")
    return {name: check_span(span[name]) if name in span else unlimited for name in names}


def check_point(point) -> Kind:
    """Kind of the curve through a point."""
    if not isinstance(point, SpecialPoint):
        wanted = "wanted a special point of a branch (a fold, branch point or Hopf point) for two parameters"
        raise ValueError(f"start: {wanted}, got {type(point).__name__}")
    kind = ON_CURVE.get(point.kind, point.kind)
    if kind not in CURVED:
        raise ValueError(f"start: curves lead through folds, branch points and Hopf points, got {point.label}")
    if not point.located:
        raise ValueError(f"start: {point.label} was not located; trace again with smaller steps around its bracket")
    return kind


def unknowns_of(problem, kind, point, names, p) -> np.ndarray:
    """(N,) unknowns (u, auxiliary, q, p) of the curve at a point."""
    u = np.array(point.state, float)
    a = state_jacobian(problem, u, p)
    if kind is Kind.HOPF:
        auxiliary = [hopf_frequency(point, a) ** 2]
    else:
        auxiliary = [0.0] if kind is Kind.BRANCH_POINT else []
        refuse_kernel(point, a)
    return np.array([*u, *auxiliary, p[problem.index_of(names[1])], p[problem.index_of(names[0])]])


def hopf_frequency(point, a) -> float:
    """Imaginary part of the pair of `a` on the imaginary axis."""
    values = np.linalg.eigvals(a)
    pairs = values[values.imag > 0]
    if not len(pairs):
        raise ValueError(f"start: F_u has no complex eigenvalues at {point.label}: it is no Hopf point of this problem")
    return float(pairs[np.argmin(np.abs(pairs.real))].imag)


def refuse_kernel(point, a):
    """Raise where the kernel of F_u has more than one dimension, or none."""
    sigma = np.linalg.svd(a, compute_uv=False)
    dimension = int(np.sum(sigma <= SIMPLE * sigma[0])) if len(sigma) > 1 else 1
    if dimension != 1:
        raise ValueError(
            f"start: the kernel of F_u at {point.label} has dimension {dimension}, singular values down to "
            f"{sigma[-1]:.3g}; curves are followed where it has dimension 1"
        )


def refuse_lost(curve, point, x, p):
    """Raise where a branch point does not persist when the second parameter changes."""
    tangent = np.linalg.svd(curve.functions["residual"].table.derivative_at(x, p))[2][-1]
    if abs(tangent[-3]) > PERSISTS * np.linalg.norm(tangent[[-2, -1]]):
        raise ValueError(
            f"start: {point.label} is no branch point any more when {curve.vary[1]!r} changes: it takes a third "
            "parameter (or a symmetry) to keep one; the folds beside it can be followed instead"
        )


class CurveFunction:
    """The curve's residual as a function of its unknowns and p, for those who evaluate it point by point."""

    def __init__(self, curve):
        self.curve, self.error, self.name = curve, None, curve.name

    @functools.cached_property
    def table(self):
        """Table of its own, with borders that fit the curve's guess."""
        from continuation.curve_operations import CurveTable

        return CurveTable(self.curve, len(self.curve.guess[1]), self.curve.index_of(self.curve.vary[0]))

    def __call__(self, unknowns, p, out):
        out[:] = self.table.value_at(np.append(unknowns, p[self.curve.index_of(self.curve.vary[0])]), p)

    python = __call__
