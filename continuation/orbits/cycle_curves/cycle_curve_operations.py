"""What the engine asks of a curve of special points of periodic orbits, and Newton's method on the same equations."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.interface import FAILED, OK, Callback, python_callback
from continuation.compiled.state.trace_state import KINDS, width
from continuation.equations.operations import Operations, Test, dense_table
from continuation.ground.status import Kind, Status
from continuation.orbits import forms
from continuation.orbits.cycle_curves import curve_table, curve_watching, cycle_equations
from continuation.orbits.forms import CriticalOrbit
from continuation.orbits.kernels import remeshing
from continuation.orbits.kernels import table as T
from continuation.orbits.orbit_operations import OrbitEquations, orbit_table

CRITICAL = {
    Kind.FOLD: curve_table.FOLD,
    Kind.PERIOD_DOUBLING: curve_table.DOUBLING,
    Kind.NEIMARK_SACKER: curve_table.TORUS,
}
THIRD = 3  # order of the derivatives that normal forms need


class Coefficient(NamedTuple):
    """A coefficient of a normal form that is followed along a curve: the form, its name there, what its zeros are."""

    form: Callable
    name: str
    vanishing: Kind


COEFFICIENTS = {
    Kind.PERIOD_DOUBLING: Coefficient(forms.period_doubling, "c", Kind.DEGENERATE_DOUBLING),
    Kind.NEIMARK_SACKER: Coefficient(forms.neimark_sacker, "d", Kind.CHENCINER),
}
TESTS = {  # in the order of `curve_watching`
    Kind.FOLD: (Kind.CUSP_OF_CYCLES, Kind.RESONANCE_ONE, Kind.FOLD_FLIP, Kind.FOLD_TORUS, Kind.HOPF),
    Kind.PERIOD_DOUBLING: (
        Kind.RESONANCE_TWO,
        Kind.FOLD_FLIP,
        Kind.FLIP_TORUS,
        Kind.DEGENERATE_DOUBLING,
        Kind.DEGENERATE_DOUBLING,
        Kind.HOPF,
    ),
    Kind.NEIMARK_SACKER: (
        Kind.RESONANCE_ONE,
        Kind.RESONANCE_TWO,
        Kind.RESONANCE_THREE,
        Kind.RESONANCE_FOUR,
        Kind.FOLD_TORUS,
        Kind.FLIP_TORUS,
        Kind.DOUBLE_TORUS,
        Kind.CHENCINER,
        Kind.CHENCINER,
        Kind.HOPF,
    ),
}
# What a change of the count is.  The test function of that kind only hints: it vanishes where real multipliers have the
# product 1 too.
COUNTS = {
    Kind.FOLD: Kind.FOLD_TORUS,
    Kind.PERIOD_DOUBLING: Kind.FLIP_TORUS,
    Kind.NEIMARK_SACKER: Kind.DOUBLE_TORUS,
}
ROUNDS = 3  # of inverse iteration for the borders: one gains all digits of the location, two the rest


CALLBACKS = {
    "residual": cycle_equations.curve_residual,
    "linearise": cycle_equations.curve_linearise,
    "solve": cycle_equations.curve_solve,
    "monitor": curve_watching.curve_monitor,
    "refine": curve_watching.curve_refine,
    "adapt": curve_watching.curve_adapt,
}


def make_table(curve, k, active) -> curve_table.CurveTable:
    """Tables of a curve, its borders still generic; `k` entries of p."""
    orbits = orbit_table(curve, k, active)
    second = dense_table(curve.base, k, curve.index_of(curve.vary[1]))
    addresses = {
        T.RESIDUAL: CALLBACKS["residual"].address,
        T.LINEARISE: CALLBACKS["linearise"].address,
        T.SOLVE: CALLBACKS["solve"].address,
        T.MONITOR: CALLBACKS["monitor"].address,
        T.WIDTH: width(len(curve.unknown_names) + 1, len(TESTS[curve.kind]), curve.context),
        curve_table.ADAPT: remeshing.adapt.address,
    }
    kinds = [KINDS.index(kind.name) for kind in TESTS[curve.kind]]
    made = curve_table.CurveTable(
        orbits, second, curve.index_of(curve.vary[1]), CRITICAL[curve.kind], kinds, curve.inner_weights(), addresses
    )
    if curve.kind in COEFFICIENTS and curve.base.smoothness >= THIRD:
        made.coefficient = coefficient_callback(curve, made, k, active)
        made.table[curve_table.COEFFICIENT] = made.coefficient.address
    return made


def coefficient_callback(curve, table, k, active):
    """The coefficient of the normal form at a point on the table's mesh, as a callback; `k` entries of p.

    Where it has none, and the form does not say that the point is degenerate, the curve is told why.
    """
    wanted = COEFFICIENTS[curve.kind]
    at, mesh = curve.period_at, table.arrays[T.MESH]

    def coefficient(y, p, out):
        orbit = CriticalOrbit(curve.base, p, active, mesh, y[:at].reshape(-1, len(curve.base.states)).copy(), y[at])
        try:
            with np.errstate(all="ignore"):
                found = wanted.form(orbit)
        except Exception as error:  # whatever a function does beside the orbits; none may leave a callback
            missed(f"{type(error).__name__}: {error}")
            return FAILED
        out[0] = found.get(wanted.name, np.nan)
        if not np.isfinite(out[0]) and "degenerate" not in found:
            missed("it is no number")
        return OK

    def missed(reason):
        curve.unavailable[reason] = curve.unavailable.get(reason, 0) + 1

    return python_callback(coefficient, (len(curve.unknown_names) + 1, k, 1))


def curve_operations(curve, p: np.ndarray, active: int, table=None) -> Operations:
    """Operations of one trace of a `CycleCurve`, its borders those that the curve remembers."""
    if table is None:
        table = make_table(curve, len(p), active)
        curve.borders.write(table)
    own = {name: Callback(f.address, table.address, (table,)) for name, f in CALLBACKS.items()}
    at = curve.period_at + 1
    return Operations(
        **own,
        weights=curve.inner_weights(),
        p=p,
        active=active,
        tests=tuple(Test(None if kind is COUNTS[curve.kind] else kind) for kind in TESTS[curve.kind]),
        counts=COUNTS[curve.kind],
        limits=((at, -1.0, 1.0),) if curve.auxiliary else (),
        ends={Kind.HOPF: Status.HOPF},
        order=len(curve.metric),
        context=curve.context,
        effort=table.base.effort,
    )


class Borders(NamedTuple):
    """What borders the matrices of a curve where it begins: see `curve_table`."""

    along: np.ndarray
    pair: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def write(self, table):
        """Write them into a table."""
        a = table.arrays
        weights = np.append(a[T.PRODUCT][: len(self.along) - 1], 1.0)
        a[curve_table.ALONG][:], a[curve_table.NEXT_PAIR][:] = self.along, self.pair
        a[curve_table.PAIR][:] = self.pair
        a[curve_table.ROW][:] = a[curve_table.NEXT_ROW][:] = self.along * weights
        a[curve_table.LEFT_BORDERS][:], a[curve_table.RIGHT_BORDERS][:] = self.left, self.right

    @classmethod
    def of(cls, table):
        """Those that a table would use next."""
        a = table.arrays
        names = curve_table.ALONG, curve_table.NEXT_PAIR, curve_table.LEFT_BORDERS, curve_table.RIGHT_BORDERS
        return cls(*(a[name].copy() for name in names))


class CurveEquations(OrbitEquations):
    """The equations of a curve as numpy sees them."""

    def __init__(self, curve, p, active):
        self.cycles, self.table = curve, make_table(curve, len(p), active)
        curve.borders.write(self.table)
        self.operations = curve_operations(curve, np.array(p, float), active, self.table)
        self.weights = self.operations.weights

    def renew(self, x, tangent):
        """Make the borders those of the point x: what is found there with the ones that are."""
        o, a = self.operations, self.table.arrays
        o.p[o.active] = x[-1]
        found = self.solve(x, self.weights * tangent, np.append(np.zeros(len(x) - 1), 1.0))
        if found is None:
            return False
        right, left = (a[k].copy() for k in (curve_table.RIGHT_NODES, curve_table.LEFT_NODES))
        along = a[curve_table.RESPONSES][1].copy()
        weights = np.append(self.weights[: len(along) - 1], 1.0)
        borders = Borders(
            along / np.sqrt(np.sum(weights * along**2)),
            self.cycles.borders.pair,
            -left / np.linalg.norm(left),
            right / np.linalg.norm(right),
        )
        if not all(np.all(np.isfinite(part)) for part in borders):
            return False
        self.cycles.borders = borders
        borders.write(self.table)
        return True

    @classmethod
    def bordered_at(cls, curve, x, p, active):
        """The equations with borders made for the point x (N,) of the curve, which remembers them; None: in vain."""
        n, intervals = len(curve.base.states), curve.intervals
        generic = generic_row(2 * intervals * n + curve.period_at + 2)
        left, right, along = np.split(generic, [intervals * n, 2 * intervals * n])
        weights = np.append(curve.inner_weights()[: curve.period_at + 1], 1.0)
        curve.borders = Borders(
            along / np.sqrt(np.sum(weights * along**2)),
            np.array([1.0, 0.0, 0.0, 1.0]),
            left.reshape(intervals, n) / np.sqrt(intervals * n),
            right.reshape(intervals, n) / np.sqrt(intervals * n),
        )
        equations = cls(curve, p, active)
        row = generic_row(len(x))
        if all(equations.renew(x, row / np.sqrt(equations.weights)) for _ in range(ROUNDS)):
            return equations
        return None


def generic_row(size) -> np.ndarray:
    """(size,) numbers that no equations know of."""
    return np.cos(1.0 + 2.0 * np.arange(size) ** 1.5)
