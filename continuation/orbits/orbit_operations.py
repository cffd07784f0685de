"""What the engine asks of periodic orbits, and Newton's method on the same compiled equations for their starts."""

import functools
import sys

import numpy as np

from continuation.compiled.calls.interface import OK, Callback, call_callback, call_from_python
from continuation.compiled.calls.kernel import folder_of
from continuation.compiled.state.messages import MOVED, MOVED_LEFT, MOVED_PREVIOUS, MOVED_START, SOLVED
from continuation.compiled.state.trace_state import width
from continuation.equations.operations import Operations, Test, dense_table
from continuation.ground.status import Kind, Status
from continuation.orbits.kernels import collocation, locating, merging, monitoring, remeshing
from continuation.orbits.kernels import table as T
from continuation.orbits.profiles.profile import extent

OWN_TESTS = (
    Test(Kind.FOLD),
    Test(Kind.BRANCH_POINT),
    Test(Kind.PERIOD_DOUBLING),
    Test(None),  # the count tells Neimark-Sacker points from neutral saddles, where it vanishes too
    Test(Kind.HOPF),
)
ITERATIONS = 12  # of Newton's method from a start
CONVERGED = 1e-11  # last correction, relative to 1 + |x|: beyond it rounding of the equations is all there is
SMALL = 1e-6  # corrections that stop shrinking below this, relative to 1 + |x|, are rounding of stiff equations


def tests_of(cycles) -> tuple:
    """Test functions of a `PeriodicOrbits` problem: of its special points, then of the zeros along an orbit."""
    return (*OWN_TESTS, *(Test(Kind.USER, name) for name in cycles.zeros))


@functools.cache
def prepare_orbits():
    """Compile what follows orbits if the cache lacks it, once, and say so on standard error."""
    folder = folder_of(collocation.__name__)
    if not folder.exists():
        sys.stderr.write(f"pseudoarc: compiling the equations of periodic orbits beside {folder}, once (about 20 s)\n")
    for function in CALLBACKS.values():
        function.address  # noqa: B018


def orbit_operations(cycles, p: np.ndarray, active: int, table=None) -> Operations:
    """Operations of one trace of a `PeriodicOrbits` problem, with tables of its own unless they are given."""
    prepare_orbits()
    table = orbit_table(cycles, len(p), active) if table is None else table
    own = {name: Callback(f.address, table.address, (table,)) for name, f in CALLBACKS.items()}
    return Operations(
        **own,
        weights=cycles.inner_weights(),
        p=p,
        active=active,
        tests=tests_of(cycles),
        counts=Kind.NEIMARK_SACKER,
        ends={Kind.HOPF: Status.HOPF},
        order=len(cycles.metric),
        context=cycles.context,
        effort=table.base.effort,
    )


CALLBACKS = {
    "residual": collocation.residual,
    "linearise": collocation.linearise,
    "solve": merging.solve,
    "monitor": monitoring.monitor,
    "refine": locating.refine,
    "adapt": remeshing.adapt,
}


def orbit_table(cycles, k: int, active: int) -> T.OrbitTable:
    """Tables of a `PeriodicOrbits` problem on its mesh, the phase measured against its reference."""
    base, sizes = dense_table(cycles.base, k, active), {"degree": cycles.degree, "parameters": k, "active": active}
    table = T.OrbitTable(base, cycles.mesh, cycles.metric, cycles.inner_weights(), **sizes)
    table.table[T.ZEROS] = len(cycles.base.zeros)
    table.table[T.WIDTH] = width(int(table.table[T.UNKNOWNS]), len(tests_of(cycles)), cycles.context)
    for index, name in (
        (T.RESIDUAL, "residual"),
        (T.LINEARISE, "linearise"),
        (T.SOLVE, "solve"),
        (T.MONITOR, "monitor"),
    ):
        table.table[index] = CALLBACKS[name].address
    # What it turns with matters, not where: of large means rounding is all that differences would leave.
    swing = np.ascontiguousarray(cycles.reference - np.mean(cycles.reference, axis=0))
    call_from_python(collocation.refer, table.address, swing.ravel())
    return table


class OrbitEquations:
    """The collocation equations as numpy sees them: values, bordered solutions, Newton's method.

    Parameters
    ----------
    cycles : PeriodicOrbits
        With the mesh and the reference that count.
    p : (k,) array
        All parameters and constants.
    active : int
        Index of the one that is varied.
    """

    def __init__(self, cycles, p, active):
        self.cycles, self.table = cycles, orbit_table(cycles, len(p), active)
        self.operations = orbit_operations(cycles, np.array(p, float), active, self.table)
        self.weights = self.operations.weights

    def value(self, x) -> np.ndarray:
        """(N - 1,) the equations at x (N,); NaN where they have no value."""
        o, out = self.operations, np.empty(len(x) - 1)
        o.p[o.active] = x[-1]
        ok = call_callback(o.residual, np.ascontiguousarray(x[:-1]), o.p, out) == OK
        return out if ok else np.full(len(out), np.nan)

    def solve(self, x, row, right, other=None) -> tuple:
        """Solve ``F_x v = right[:-1], <row, v> = right[-1]`` at x for two right-hand sides; None where it is singular.

        Returns (v, other v, determinant as mantissa, exponent).
        """
        o, size = self.operations, len(x)
        sides, out = np.concatenate([right, np.zeros(size) if other is None else other]), np.empty(2 * size + SOLVED)
        o.p[o.active] = x[-1]
        if call_callback(o.linearise, np.ascontiguousarray(x[:-1]), o.p, np.zeros(1)) != OK:
            return None
        if call_callback(o.solve, np.array(row, float), sides, out) != OK:
            return None
        return out[:size].copy(), out[size : 2 * size].copy(), out[2 * size], out[2 * size + 1]

    def correct(self, x, row) -> tuple:
        """Newton's method from x on the plane ``<row, y> = <row, x>``.

        Returns
        -------
        (y, tangent)
            The solution, and the unit tangent of its branch; (None, None) where there is none.
        """
        value, before = row @ x, np.inf
        y, unit = x.copy(), np.zeros(len(x))
        unit[-1] = 1.0
        for _ in range(ITERATIONS):
            f = self.value(y)
            found = self.solve(y, row, np.append(-f, value - row @ y), unit) if np.all(np.isfinite(f)) else None
            if found is None:
                return None, None
            step, tangent = found[:2]
            y += step
            size, scale = self.length(step), 1 + self.length(y)
            if size <= CONVERGED * scale or (size <= SMALL * scale and size > 0.5 * before):
                return y, tangent / self.length(tangent)
            before = size
        return None, None

    def moved(self, x, tangent) -> tuple:
        """The problem on a mesh that suits the orbit x better, with x and its tangent there, not yet corrected."""
        size, places = len(x), np.zeros(MOVED)
        places[[MOVED_PREVIOUS, MOVED_LEFT, MOVED_START]] = -1, 0, 1
        slots = np.zeros((2, width(size, len(tests_of(self.cycles)), self.cycles.context)))
        slots[:, :size], slots[:, size : 2 * size] = x, tangent
        weights = self.weights.copy()
        call_callback(self.operations.adapt, slots.ravel(), weights, places)
        y = slots[0, :size].copy()
        other = self.cycles.at_orbit(self.table.arrays[T.MESH], y[:-2].reshape(-1, len(self.cycles.metric)), y[-2])
        return other, y, slots[0, size : 2 * size].copy()

    def extent(self, x) -> float:
        """1 + |x| without the constants about which the states move."""
        return extent(x, self.weights, len(self.cycles.metric), self.cycles.period_at)

    def length(self, v) -> float:
        """Length in the inner product."""
        return float(np.sqrt(np.sum(self.weights * v * v)))
