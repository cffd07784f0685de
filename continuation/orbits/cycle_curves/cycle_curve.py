"""Curves of folds, period doublings and Neimark-Sacker points of periodic orbits, each a problem like any other."""

import copy

import numpy as np

from continuation.ground.status import Kind, StartError, Status
from continuation.orbits.cycle_curves.cycle_curve_operations import (
    COEFFICIENTS,
    COUNTS,
    THIRD,
    CurveEquations,
    curve_operations,
)
from continuation.orbits.periodic import PeriodicOrbits
from continuation.orbits.profiles.layout import ProfileLayout

# Rows from which one where the orbits have shrunk to a point is extrapolated: polynomials of a higher degree follow
# what is left of rounding in small amplitudes.
EVEN_ROWS = 4
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

    Attributes
    ----------
    cycles : PeriodicOrbits
        The orbits in one parameter.
    borders : Borders
        Of its matrices where it begins; made by `CurveEquations.bordered_at`.
    unavailable : dict
        Why normal forms could not be had while it was traced -> how often.
    """

    def __init__(self, cycles, kind, vary, second):
        self.cycles, self.borders, self.unavailable = cycles, None, {}
        self.kind, self.vary, self.second = kind, tuple(vary), float(second)
        super().__init__(cycles.base, cycles.intervals, cycles.degree)
        self.mesh, self.reference, self.period = cycles.mesh, cycles.reference, cycles.period
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

    def zeros_along(self) -> dict:
        """None: the user's zeros are watched along branches, as on curves of equilibria."""
        return {}

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
        for row in [row for row, kind in kinds.items() if kind is Kind.HOPF]:
            inside = range(row + 1, len(unknowns)) if row == 0 else range(row - 1, -1, -1)  # the curve ends there
            rows = [k for k in inside if k not in kinds][:EVEN_ROWS]
            unknowns[row] = self.shrunk(unknowns[rows] if len(rows) > 1 else unknowns[[row]])

    def shrunk(self, unknowns) -> np.ndarray:
        """(N,) the unknowns where the amplitude is zero, by a polynomial in its square through some rows (m, N).

        Of a state the middle between its extrema is even in the amplitude on any mesh.
        """
        least, most = self.profile_extrema(unknowns)
        squares = np.sum(self.metric * (most - least) ** 2, axis=1)
        others = [np.delete(squares, k) for k in range(len(squares))]
        with np.errstate(all="ignore"):
            shares = np.array([np.prod(rest / (rest - own)) for own, rest in zip(squares, others)])
        if not np.all(np.isfinite(shares)):  # several of one amplitude: the smallest
            shares = np.arange(len(squares)) == np.argmin(squares)
        middle = shares @ (0.5 * (least + most))
        return np.concatenate([np.tile(middle, self.intervals * self.degree), shares @ unknowns[:, self.period_at :]])

    def remarks(self, branch) -> list:
        """Those of the orbits, and which points may be missing for want of a normal form."""
        if self.kind not in COEFFICIENTS:
            return super().remarks(branch)
        label, smoothness = COEFFICIENTS[self.kind].vanishing.label, self.base.smoothness
        lacking = f"{label} points were not looked for: F has no third derivatives (smoothness={smoothness})"
        return [
            *super().remarks(branch),
            *([lacking] if smoothness < THIRD else []),
            *(
                f"{label} points may be missing: {count} times there was no normal form ({reason})"
                for reason, count in sorted(self.unavailable.items())
            ),
        ]

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
        self.base.check_varied(p, self.vary)
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
        other.unavailable = {}
        other.cycles = self.cycles.at_orbit(other.mesh, other.reference, other.period, other.base)
        if CurveEquations.bordered_at(other, x, other.parameter_values(rows.parameters_at(row)), other.index_of(vary)):
            return other
        raise StartError(f"{self.name}: the equations of the curve are singular on row {rows.place(row)}")

    def status_behind(self, start) -> Status:
        """Why a curve has nothing behind its start: the orbits shrink to a point of the equilibria."""
        return Status.STOPPED if start.origin is None else Status.HOPF
