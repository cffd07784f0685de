"""Curves of folds, branch points and Hopf points in two parameters, each a `Problem` like any other."""

import functools
from typing import NamedTuple

import numpy as np

from continuation.curves.curve_operations import CurveTable, curve_operations
from continuation.curves.unknowns import unknowns_of
from continuation.derived.composed import ComposedFunction
from continuation.equations.equations import Equations
from continuation.equations.measures.magnitudes import magnitude_of_parameter
from continuation.ground.points import Point
from continuation.kinds import registry

# Unfolding, relative to the largest entry of F_u, beyond which points are no branch points.  Ten times smaller comes
# near what differences leave of the unfolding, ten times larger keeps silent on points that are off by 1e-5.
LOST = 1e-6


class Guess(NamedTuple):
    """A point near a curve: its unknowns (N,) and the parameters and constants (k,)."""

    unknowns: np.ndarray
    parameters: np.ndarray


class SpecialCurve(Equations):
    """The curve of folds, branch points or Hopf points of a problem in two parameters.

    Its unknowns are (u, auxiliary ones, q, p) with p, q the first and second of `vary`; the auxiliary ones are
    stored, not shown: ``kappa = omega**2`` on a Hopf curve, on a curve of branch points an unfolding that must stay
    zero.  Equations: minimally augmented systems, see `continuation.compiled.curves.fold_curve` and its neighbours.

    Parameters
    ----------
    base : Problem
    kind : Kind
        FOLD, BRANCH_POINT or HOPF.
    vary : (str, str)
    x, p : (N,) and (k,) arrays
        Unknowns and parameters of a point near the curve: borders of the matrices are made there.
    """

    def __init__(self, base, kind, vary, x, p):
        self.base, self.kind, self.vary = base, kind, tuple(vary)
        self.shape = registry.of(kind).shape
        self.guess = Guess(np.array(x, float), np.array(p, float))
        n, k = len(base.unknown_names), len(p)
        super().__init__(
            CurveFunction(self),
            base.states,
            base.parameters,
            outputs={name: _on_states(g, n, k) for name, g in base.outputs.items()},
            constants=base.constants,
            stability=base.functions.get("stability", base.stability),
            symmetry=base.symmetry,
            smoothness=base.smoothness,
            compiled=False,
            name=f"{base.name}, {kind.name.lower().replace('_', ' ')} curve",
            unknown_names=(*base.unknown_names, *self.shape.auxiliary, self.vary[1]),
        )

    def all_functions(self) -> list:
        """Every `Function` of the base problem."""
        return self.base.all_functions()

    # Unknowns and columns

    adapts = False  # its base has been measured where it begins

    @property
    def size(self) -> int:
        """Number of unknowns of the base problem beside its parameter."""
        return len(self.base.unknown_names)

    def unknown_values(self, state) -> np.ndarray:
        """Unknowns of a point of the curve, or the numbers themselves."""
        if isinstance(state, Point):
            return self.point_unknowns(state, self.vary[0])[:-1]
        values = np.array(state, float)
        if values.shape != (len(self.unknown_names),):
            raise ValueError(
                f"start: wanted {len(self.unknown_names)} values {list(self.unknown_names)}, got {state!r}"
            )
        return values

    def point_unknowns(self, point, vary) -> np.ndarray:
        """Unknowns of a point: as stored by this curve, else from its state and parameters."""
        if point.unknowns is not None and len(point.unknowns) == len(self.unknown_names) + 1:
            return point.unknowns.copy()
        return unknowns_of(self.base, self.kind, point, self.vary, self.base.parameter_values(point.parameters))

    def columns(self, unknowns):
        """States, and both parameters in the order of `vary`."""
        base = np.column_stack([unknowns[:, : self.size], unknowns[:, -1]])
        return self.base.columns(base)[0], unknowns[:, [-1, -2]]

    def state_weights(self):
        """Those of the base problem."""
        return self.base.state_weights()

    def varied_names(self, vary) -> tuple:
        """Both parameters."""
        return self.vary

    def own_weights(self) -> np.ndarray:
        """(N,): those of the base problem, the first parameter's for both; kappa in units of its first value.

        Where the base's magnitudes were found or given, the second parameter has its own.
        """
        w = self.base.inner_weights()
        second = w[-1] if self.base.measure is None else self.second_magnitude**-2.0
        auxiliary = [w[0] / max(1.0, abs(self.guess.unknowns[self.size])) ** 2 for _ in self.shape.auxiliary]
        return np.array([*w[:-1], *auxiliary, second, w[-1]])

    @property
    def second_magnitude(self) -> float:
        """Typical magnitude of the second parameter: its value where the curve was begun, 1 where that is zero."""
        return magnitude_of_parameter(self.guess.unknowns[-2], (-np.inf, np.inf))

    def remarks(self, branch) -> list:
        """Say so where branch points were lost on the way."""
        if not self.shape.unfolded:
            return []
        row = int(np.argmax(np.abs(branch.unknowns[:, -3])))
        p, worst = self.parameter_values(branch.parameters), abs(branch.unknowns[row, -3])
        rows = branch.unknowns[[0, row, -1]]  # F_u may vanish in one of them
        if worst <= LOST * max(np.max(np.abs(self.stability_matrix(x, self.parameters_at(x, p)))) for x in rows):
            return []
        return [f"no branch points any more: the equations had to be unfolded by {worst:.3g} at row {row}"]

    # For the engine and for those who ask like it

    @functools.cached_property
    def variant(self) -> int:
        """Which of the curves of its kind this is, see `CurveShape`."""
        return 0 if self.shape.variant is None else self.shape.variant(self, *self.guess)

    def operations(self, p, active):
        """Operations of one trace, with tables of their own."""
        self.base.check_varied(p, self.vary)
        return curve_operations(self, p, active)

    def near(self, x, p):
        """The same curve with borders that fit the unknowns x: where its functions are to be evaluated."""
        return SpecialCurve(self.base, self.kind, self.vary, x, p)

    @property
    def vector_field(self):
        """The base problem."""
        return self.base

    def stability_matrix(self, x, p) -> np.ndarray:
        """F_u of the base problem."""
        return self.base.stability_matrix(np.append(x[: self.size], x[-1]), p)

    def parameters_at(self, x, p) -> np.ndarray:
        """Values of all parameters, both varied ones as in the unknowns x."""
        p = np.array(p, float)
        p[self.index_of(self.vary[0])], p[self.index_of(self.vary[1])] = x[-1], x[-2]
        return p


def _on_states(output, n, k):
    """An output of the base problem as a function of the curve's unknowns, of which it takes the first n."""

    def make(g):
        return lambda unknowns, p: g(unknowns[:n], p)

    return ComposedFunction([output], make, None, (n, k))


class CurveFunction:
    """The curve's residual as a function of its unknowns and p, for those who evaluate it point by point."""

    def __init__(self, curve):
        self.curve, self.error, self.dispatcher, self.name = curve, None, None, "curve"

    @functools.cached_property
    def table(self):
        """Table of its own, with borders that fit the curve's guess."""
        return CurveTable(self.curve, len(self.curve.guess.parameters), self.curve.index_of(self.curve.vary[0]))

    def __call__(self, unknowns, p, out):
        """Write the curve's equations at (unknowns, p) into `out`; NaN where they can't be evaluated.

        Compiled for double precision: arrays of another kind are refused, their memory means something else.
        """
        if np.asarray(unknowns).dtype != np.float64:
            raise TypeError(f"unknowns: wanted an array of float64, got {np.asarray(unknowns).dtype}")
        out[:] = self.table.value_at(np.append(unknowns, p[self.curve.index_of(self.curve.vary[0])]), p)

    python = as_written = __call__
