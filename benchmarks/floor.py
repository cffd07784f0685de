"""The least a trace can cost: its residuals, Jacobians, factorisations and spectra in one bare compiled loop.

The loop calls the engine's own kernels at their addresses, on the rows of a finished branch, as often as the
trace did.  It predicts nothing, tests nothing and stores nothing.
"""

import math

import numpy as np

from continuation.compiled.calls.arrays import doubles
from continuation.compiled.calls.interface import OK, call, callback
from continuation.compiled.calls.kernel import kernel
from continuation.compiled.dense.spectrum import count_spectrum
from continuation.compiled.state.trace_state import COUNTS

WORK = ("residuals", "jacobians", "factorisations", "spectra")


@callback
def spectrum(w, u, p, out):
    """Counts from the spectrum of the F_u in the workspace."""
    counts = doubles(out, COUNTS)
    for j in range(COUNTS):
        counts[j] = 0.0
    count_spectrum(w, counts, math.inf)
    return OK


@kernel
def bare_loop(operations, times, points, p, active, work):
    """Call each of the four operations ``times[k, 0]`` times a row, once more on the first ``times[k, 1]`` rows.

    operations : (4, 2) addresses and data; points : (x, border) of each row; work : rhs, solutions, F.
    Returns how many calls failed.
    """
    xs, borders = points
    rhs, solutions, f = work
    failed = 0
    for i in range(xs.shape[0]):
        x = xs[i]
        p[active] = x[x.shape[0] - 1]
        for _ in range(times[0, 0] + (i < times[0, 1])):
            failed += call(operations[0, 0], operations[0, 1], x, p, f) != OK
        for _ in range(times[1, 0] + (i < times[1, 1])):
            failed += call(operations[1, 0], operations[1, 1], x, p, f) != OK
        for _ in range(times[2, 0] + (i < times[2, 1])):
            failed += call(operations[2, 0], operations[2, 1], borders[i], rhs, solutions) != OK
        for _ in range(times[3, 0] + (i < times[3, 1])):
            failed += call(operations[3, 0], operations[3, 1], x, p, f) != OK
    return failed


class Floor:
    """The bare loop on a branch's rows, ready to run: call it to do the branch's work once.

    Parameters
    ----------
    problem : Problem
        With a dense Jacobian.
    branch : Branch
        Its `effort` says how often, its rows say where.
    """

    def __init__(self, problem, branch):
        p = problem.parameter_values(branch.parameters)
        active = problem.index_of(branch.vary[0])
        made = self._made = problem.operations(p, active)
        asked = [(c.address, c.data) for c in (made.residual, made.linearise, made.solve)]
        counts, rows = [branch.effort[name] for name in WORK], len(branch)
        size = branch.unknowns.shape[1]
        rhs = np.concatenate([1e-8 * np.cos(np.arange(size)), np.eye(size)[-1]])
        self._arguments = (
            np.array([*asked, (spectrum.address, made.monitor.data)], np.int64),
            np.array([divmod(count, rows) for count in counts], np.int64),
            (branch.unknowns.copy(), branch.weights * branch.tangents),
            p,
            active,
            (rhs, np.zeros(2 * size + 2), np.zeros(max(size, COUNTS))),
        )

    def done(self) -> dict:
        """Jacobians, factorisations and spectra computed so far, as the kernels count them."""
        return dict(zip(WORK[1:], self._made.effort.tolist()))

    def __call__(self) -> int:
        """Do it; returns the number of calls that failed."""
        return bare_loop(*self._arguments)

    def only(self, part: str) -> int:
        """Do one of `WORK` alone, as often as the branch did."""
        operations, times, *rest = self._arguments
        chosen = np.zeros_like(times)
        chosen[WORK.index(part)] = times[WORK.index(part)]
        return bare_loop(operations, chosen, *rest)
