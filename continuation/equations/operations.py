"""The five things the engine asks of a problem, and how a dense problem answers them."""

from dataclasses import dataclass, field

import numpy as np

from continuation.compiled.calls.interface import NOTHING, Callback
from continuation.compiled.dense import dense, workspace
from continuation.compiled.dense.refine import refine
from continuation.equations.measures.measure import measure_of
from continuation.ground.status import Kind


@dataclass(frozen=True)
class Test:
    """One test function of `monitor`: the kind its sign change means (None: it only hints) and its name."""

    kind: Kind | None
    name: str = ""


@dataclass(frozen=True)
class Operations:
    """What one trace calls; made anew for each trace, so that traces of one problem can run side by side.

    Parameters
    ----------
    residual : Callback
        ``(u, p) -> F`` (n,).
    linearise : Callback
        ``(u, p)``; keeps the derivatives for itself.
    solve : Callback
        ``(row (N,), two right-hand sides (2 N,)) -> solutions (2 N,), mantissa, exponent`` of the determinant of
        ``[F_u F_p; row]`` (a problem without one gives 1, 0).  Asked again for other sides after one `linearise`.
    monitor : Callback
        ``(x (N,), tangent (N,), mantissa, exponent; p) -> test functions (K,), their exponents (K,), unstable,
        nullity, lost`` where lost = 1 says that rounding hides F_u.
    weights : (N,) array
        Inner product.
    p : array
        Parameters, the varied one at index `active`; the engine writes that entry.
    tests : tuple of Test
        The K test functions.
    refine : Callback
        Optional: ``(x, tangent, kind, change of count; p) -> x, tangent, kind, nullity, error, residual`` from an
        extended system of the problem's own; without it a sign change is located by its bracket.
    """

    residual: Callback
    linearise: Callback
    solve: Callback
    monitor: Callback
    weights: np.ndarray
    p: np.ndarray
    active: int
    tests: tuple
    refine: Callback = NOTHING
    adapt: Callback = NOTHING  # optional: other unknowns for the same curve, see `continuation.compiled.loop.moving`
    ends: dict = field(default_factory=dict)  # kind of point at which a branch ends -> how its end is called
    order: int = 0  # of the matrices that LAPACK is given; 0: the number of unknowns
    context: int = 0  # floats that `monitor` writes between the exponents and the counts, kept in every record
    counts: Kind | None = Kind.HOPF  # what a change of the unstable count means
    grows: str = ""  # whether weights change with states that outgrow their units: "each" for itself, or "together"
    smoothness: int = 3  # how often F can be differentiated
    table: workspace.DenseTable | None = None  # where `linearise` leaves F_u and F_p, if it does so densely
    limits: tuple = ()  # of (index of an unknown, least, largest value): the branch ends there
    effort: np.ndarray = field(default_factory=lambda: np.zeros(3, np.int64))  # Jacobians, factorisations, spectra

    @property
    def kinds(self) -> frozenset:
        """Kinds of special points that can be reported."""
        corners = {Kind.CORNER} if self.smoothness < 3 else set()
        return frozenset({test.kind for test in self.tests} | {self.counts} | corners) - {None}

    @property
    def size(self) -> int:
        """Number of unknowns N, the active parameter included."""
        return len(self.weights)


SOLVERS = {
    workspace.LINEARISE: dense.linearise,
    workspace.REAL_SOLVER: dense.solve_square,
    workspace.COMPLEX_SOLVER: dense.solve_complex_square,
}


def stability_code(problem) -> int:
    """The engine's number of what `stability` says."""
    return {"flow": workspace.FLOW, None: workspace.NO_FLOW}.get(problem.stability, workspace.COUNTED)


def dense_table(problem, k: int, active: int) -> workspace.DenseTable:
    """Workspace of a problem with `k` entries of p, the one at index `active` varied."""
    n, functions, stability = len(problem.unknown_names), problem.functions, stability_code(problem)
    callbacks = {workspace.RESIDUAL: functions["residual"].callback(n, k)}
    for index, name in ((workspace.JACOBIAN, "jacobian"), (workspace.DERIVATIVE, "parameter_derivative")):
        if name in functions:
            callbacks[index] = functions[name].callback(n, k, active)
    if stability == workspace.COUNTED:
        callbacks[workspace.COUNTER] = functions["stability"].callback(n, k)
    zeros = [zero.callback(n, k) for zero in problem.zeros.values()]
    sizes = (n, k, active, stability, len(zeros), problem.symmetric)
    own, (_, units, rows) = {index: f.address for index, f in SOLVERS.items()}, measure_of(problem)
    return workspace.DenseTable(sizes, callbacks, own, zeros, units, rows)


def dense_operations(problem, p: np.ndarray, active: int) -> Operations:
    """Operations of a problem with a dense Jacobian: `continuation.compiled.dense.dense` and `refine`."""
    table = dense_table(problem, len(p), active)
    tests = (Test(Kind.FOLD), Test(Kind.BRANCH_POINT), Test(None), *(Test(Kind.USER, name) for name in problem.zeros))
    return Operations(
        residual=table.callbacks[workspace.RESIDUAL],
        linearise=Callback(dense.linearise.address, table.address, (table,)),
        solve=Callback(dense.solve.address, table.address, (table,)),
        monitor=Callback(dense.monitor.address, table.address, (table,)),
        refine=Callback(refine.address, table.address, (table,)),
        weights=problem.inner_weights(),
        p=p,
        active=active,
        tests=tests,
        counts=problem.count_kind,
        table=table,
        grows="" if problem.scales or not problem.adapts else ("together" if problem.symmetry else "each"),
        effort=table.effort,
    )
