"""What the engine asks of a curve of special points, see `continuation.compiled.curves.augmented`."""

import importlib

import numpy as np
import scipy.linalg

from continuation.compiled.calls.interface import OK, Callback, address_of, call_callback
from continuation.compiled.dense import dense
from continuation.compiled.dense import workspace as D
from continuation.curves.codim2 import refiner
from continuation.equations.derivatives import state_jacobian
from continuation.equations.measures.measure import with_measure
from continuation.equations.operations import SOLVERS, Operations, Test, dense_table
from continuation.ground import canonical
from continuation.ground.status import Kind

# What equations that are no flow have on their curves: nothing that asks where eigenvalues are but zero.
WITHOUT_FLOW = (Kind.CUSP, Kind.FOLD, Kind.BRANCH_POINT, Kind.DEGENERATE_BRANCH_POINT)


class CurveTable:
    """The table of `continuation.compiled.curves.augmented` and everything that it holds addresses of."""

    def __init__(self, curve, k, active):
        base, (one, other) = curve.base, (curve.index_of(name) for name in curve.vary)
        self.base, self.second = dense_table(base, k, one), dense_table(in_units_of_second(curve), k, other)
        sizes = (len(curve.unknown_names), k, active, D.NO_FLOW, 0, False)
        self.own = D.DenseTable(sizes, {}, {index: f.address for index, f in SOLVERS.items()}, [])
        self.borders = borders_at(curve, curve.guess.unknowns, curve.guess.parameters)
        tables = [t.address for t in (self.base, self.second, self.own)]
        self.remembered = np.zeros(1)
        numbers = [*tables, other, len(curve.shape.auxiliary), address_of(self.borders), curve.variant]
        numbers.append(address_of(self.remembered))
        self.numbers, self.curve = np.array(numbers, np.int64), curve
        module = importlib.import_module(f"continuation.compiled.curves.{curve.shape.module}")
        self.residual, self.linearise, self.monitor = (
            Callback(getattr(module, f"{curve.shape.prefix}_{name}").address, address_of(self.numbers), (self,))
            for name in ("residual", "linearise", "monitor")
        )

    def value_at(self, x, p) -> np.ndarray:
        """(N - 1,) the curve's equations at the unknowns x; NaN where they can't be evaluated."""
        out = np.empty(len(x) - 1)
        ok = call_callback(self.residual, x, np.array(p, float), out) == OK
        return out if ok else np.full(len(out), np.nan)

    def derivative_at(self, x, p) -> np.ndarray:
        """(N - 1, N) derivative of the curve's equations at the unknowns x; NaN where it can't be had."""
        ok = call_callback(self.linearise, x, np.array(p, float), np.empty(1)) == OK
        return np.column_stack([self.own.jacobian, self.own.derivative]) * (1.0 if ok else np.nan)


def in_units_of_second(curve):
    """The base problem with the unit of the second parameter in place of the first's."""
    measure = curve.base.measure
    if measure is None:
        return curve.base
    unit = 2.0 ** np.round(np.log2(curve.second_magnitude))
    return with_measure(curve.base, measure._replace(units=np.append(measure.units[:-1], unit)))


def curve_operations(curve, p: np.ndarray, active: int) -> Operations:
    """Operations of a `SpecialCurve`, with tables of its own."""
    table, shape = CurveTable(curve, len(p), active), curve.shape
    flow = curve.base.stability == "flow"
    kinds = shape.tests if flow else [kind if kind in WITHOUT_FLOW else None for kind in shape.tests]
    limits = ((curve.size, 0.0, np.inf),) if shape.follows_pair else ()  # kappa = omega**2 stays positive
    return Operations(
        residual=table.residual,
        linearise=table.linearise,
        solve=Callback(dense.solve.address, table.own.address, (table,)),
        monitor=table.monitor,
        refine=refiner(curve, table, len(p)),
        weights=curve.inner_weights(),
        p=p,
        active=active,
        tests=tuple(Test(kind) for kind in kinds),
        counts=shape.counts if flow else None,
        limits=limits,
        table=table.own,
        effort=table.own.effort,
    )


def borders_at(curve, x, p) -> np.ndarray:
    """(2, n) unit left and right border of the base problem's F_u at the unknowns x."""
    n = curve.size
    a = state_jacobian(curve.base, x[:n], curve.parameters_at(x, p))
    if curve.shape.follows_pair and x[n] > 0.0:
        values, left, right = scipy.linalg.eig(a, left=True)
        k = int(np.argmin(np.abs(values - 1j * np.sqrt(x[n]))))
        pair = np.array([canonical.turned(left[:, k]).real, canonical.turned(right[:, k]).real])
    else:
        u, _, vt = np.linalg.svd(a)
        pair = np.array([canonical.signed(u[:, -1]), canonical.signed(vt[-1])])
    return pair / np.linalg.norm(pair, axis=1)[:, None]
