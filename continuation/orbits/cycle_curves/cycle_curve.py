"""Curves of folds, period doublings and Neimark-Sacker points of periodic orbits, each a problem like any other."""

import copy

import numpy as np

from continuation.ground.status import Kind, StartError, Status
from continuation.orbits.cycle_curves.cycle_curve_operations import COUNTS, CurveEquations, curve_operations
from continuation.orbits.periodic import PeriodicOrbits
from continuation.orbits.profiles.layout import ProfileLayout

EVEN_ROWS = 4  # rows of which one where the orbits have shrunk to a point is extrapolated
WORDS = {Kind.FOLD: "folds", Kind.PERIOD_DOUBLING: "period doublings", Kind.NEIMARK_SACKER: "Neimark-Sacker points"}


class CycleCurve(PeriodicOrbits):
    """The curve of folds, period doublings or Neimark-Sacker points of periodic orbits in two parameters.

    Its unknowns are those of the orbits, ``kappa = cos theta`` on a curve of Neimark-Sacker points with the multipliers
    ``exp(+-i theta)``, then the second and the first of `vary`.  Its equations are the orbits' and one or two scalars
    that vanish where they have that multiplier: see `continuation.orbits.cycle_curves.cycle_scalars`.

    Parameters
    ----------
    cycles : PeriodicOrbits
        On the mesh of a point of the curve.
    kind : Kind
        FOLD, PERIOD_DOUBLING or NEIMARK_SACKER.
    vary : (str, str)
    second : float
        Weight of the second parameter in the inner product.
    """

    def __init__(self, cycles, kind, vary, second):
        vars(self).update(vars(copy.copy(cycles)))
        self.cycles, self.borders = cycles, None
        self.kind, self.vary, self.second = kind, tuple(vary), float(second)
        self.name = f"{cycles.base.name}, {WORDS[kind]} of periodic orbits"

    watched_end = "long period on a curve"

    # Unknowns and columns

    @property
    def auxiliary(self) -> tuple:
        """Names of the unknowns between the period and the parameters."""
        return ("kappa",) if self.kind is Kind.NEIMARK_SACKER else ()

    @property
    def unknown_names(self) -> tuple:
        """Those of the orbits, then the auxiliary one and the second parameter."""
        return (*super().unknown_names, *self.auxiliary, self.vary[1])

    @property
    def row_layout(self) -> ProfileLayout:
        """How a row's unknowns and context make an orbit."""
        return super().row_layout._replace(more=len(self.auxiliary) + 1)

    source = None  # text tells the equations of the orbits, not the curve

    def own_weights(self) -> np.ndarray:
        """(N,) the orbits', 1 for kappa, the second parameter's."""
        w = super().own_weights()
        return np.array([*w[:-1], *(1.0 for _ in self.auxiliary), self.second, w[-1]])

    def columns(self, unknowns):
        """Largest values of the states (m, n), and both parameters in the order of `vary`."""
        return self.profile_extrema(unknowns)[1], unknowns[:, [-1, -2]]

    def varied_names(self, vary) -> tuple:
        """Both parameters."""
        return self.vary

    def parameters_at(self, x, p) -> np.ndarray:
        """Values of all parameters, both varied ones as in the unknowns x."""
        p = np.array(p, float)
        p[self.index_of(self.vary[0])], p[self.index_of(self.vary[1])] = x[-1], x[-2]
        return p

    def row_outputs(self, rows) -> dict:
        """Those of the orbits, and the angle of the pair on a curve of Neimark-Sacker points."""
        found = super().row_outputs(rows)
        if self.auxiliary:
            found["theta"] = np.arccos(np.clip(rows.unknowns[:, -3], -1.0, 1.0))
        return found

    def polish(self, unknowns, kinds, begun):
        """Points at which orbits shrink to a point are extrapolated: all is even in the amplitude there."""
        for row, kind in kinds.items():
            inside = range(row + 1, row + 1 + EVEN_ROWS) if row < EVEN_ROWS else range(row - 1, row - 1 - EVEN_ROWS, -1)
            rows = [k for k in inside if k < len(unknowns) and k not in kinds]
            if kind is Kind.HOPF and len(rows) > 1:
                unknowns[row] = self.shrunk(unknowns[rows])

    def shrunk(self, unknowns) -> np.ndarray:
        """(N,) the unknowns where the amplitude is zero, by a polynomial in its square through some rows (m, N)."""
        least, most = self.profile_extrema(unknowns)
        squares = np.sum(self.metric * (most - least) ** 2, axis=1)
        others = [np.delete(squares, k) for k in range(len(squares))]
        shares = np.array([np.prod(rest / (rest - own)) for own, rest in zip(squares, others)])
        if not np.all(np.isfinite(shares)):
            return unknowns[0]
        means = shares @ unknowns[:, : self.period_at].reshape(len(unknowns), -1, len(self.base.states)).mean(axis=1)
        return np.concatenate([np.tile(means, self.intervals * self.degree), shares @ unknowns[:, self.period_at :]])

    # For the engine and for those who ask like it

    @property
    def count_kind(self):
        """What a change of the number of multipliers outside the unit circle is, unless something else explains it."""
        return COUNTS[self.kind]

    @property
    def orbits(self):
        """The problem of the orbits, in one parameter."""
        return self.cycles

    def operations(self, p, active):
        """Operations of one trace, with tables of their own."""
        return curve_operations(self, p, active)

    def corrector(self, p, active) -> CurveEquations:
        """Newton's method on the equations of the curve, bordered as the curve remembers."""
        return CurveEquations(self, p, active)

    def at_row(self, rows, row, vary):
        """The curve on the mesh of a row, in its branch's inner product, bordered there.

        Raises
        ------
        StartError
            The equations are singular on that row.
        """
        curve = copy.copy(self)
        curve.second = float(rows.weights[-2])
        other, x = super(CycleCurve, curve).at_row(rows, row, vary), rows.unknowns[row]
        other.cycles = self.cycles.at_orbit(other.mesh, other.reference, other.period, other.base)
        if CurveEquations.bordered_at(other, x, other.parameter_values(rows.parameters_at(row)), other.index_of(vary)):
            return other
        raise StartError(f"{self.name}: the equations of the curve are singular on row {rows.place(row)}")

    def status_behind(self, start) -> Status:
        """Why a curve has nothing behind its start: the orbits shrink to a point of the equilibria."""
        return Status.STOPPED if start.origin is None else Status.HOPF
