"""The flow u' = F(u, p) integrated: with a budget, in units of an orbit, and with its derivative."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy import integrate
from scipy.integrate import OdeSolution

from continuation.equations.derivatives import state_jacobian
from continuation.ground.interrupts import raise_if_heard

METHODS = ("LSODA", "Radau", "BDF", "DOP853", "RK45", "RK23")  # of scipy.integrate
IMPLICIT = ("LSODA", "Radau", "BDF")
SELDOM = 64  # evaluations after which a Ctrl-C that somebody else notes is looked for: 2 ms
KEPT = 30_000  # steps of one run whose interpolants are kept: 10 kB each with 10 states
# Integral of |F_u| over a period up to which an explicit method of order 8 is taken: it is the more accurate one.  With
# spikes or stiffness it costs six times as much as LSODA (Hindmarsh-Rose bursts: 35,000 evaluations against 6,000).
STIFF = 300.0
FINE = {"DOP853": 1e-12, "LSODA": 1e-11}  # relative tolerances of what is to be accurate; a tenth of them absolute


class Spent(Exception):
    """So many evaluations were enough."""


class Flow:
    """F at fixed parameters, every evaluation counted; `left` of them are allowed."""

    def __init__(self, problem, p, left):
        self.problem, self.p, self.left = problem, p, left

    def rate(self, _, u) -> np.ndarray:
        """F (n,); NaN where plain Python has no value."""
        self._count()
        out = np.full(len(u), np.nan)
        try:
            self.problem.functions["residual"](u.copy(), self.p, out)
        except (ArithmeticError, ValueError):
            out[:] = np.nan
        return out

    def slope(self, _, u) -> np.ndarray:
        """F_u (n, n); NaN where plain Python has no value."""
        self._count()
        try:
            if "jacobian" not in self.problem.functions:
                return state_jacobian(self.problem, u, self.p)
            out = np.full((len(u), len(u)), np.nan)
            self.problem.functions["jacobian"](u.copy(), self.p, out)
            return out
        except (ArithmeticError, ValueError):
            return np.full((len(u), len(u)), np.nan)

    def _count(self):
        self.left -= 1
        if self.left < 0:
            raise Spent
        if self.left % SELDOM == 0:
            raise_if_heard()


class Path(NamedTuple):
    """Steps of an integration, the last `KEPT`: ``times`` (k,), ``states`` (k, n), an interpolant between each two.

    ``complete`` is false where it could not go on, or was told to stop.
    """

    times: np.ndarray
    states: np.ndarray
    pieces: list
    complete: bool

    def __call__(self, t) -> np.ndarray:
        """States (k, n) at times (k,)."""
        return OdeSolution(self.times, self.pieces)(np.asarray(t, float)).T


def run(rate, span, u, method, rtol, atol, jac=None, band=None, leaves=None, dense=True, most=None) -> Path:
    """Integrate over a span, until ``leaves(u)`` or a failure, or for so many steps at `most`.

    ``jac`` is used by implicit methods; with ``band``, its half bandwidth, LSODA takes it in packed form.  Not `dense`:
    without interpolants, which cost three evaluations a step.
    """
    options = {"rtol": rtol, "atol": atol}
    if method in IMPLICIT and jac is not None:
        options["jac"] = jac
    if band is not None and method == "LSODA":
        options |= {"lband": band, "uband": band}
    times, states, pieces, complete = [span[0]], [np.array(u, float)], [], True
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # its words about a failure are repeated by what it returns
        solver = getattr(integrate, method)(rate, span[0], states[0], span[1], **options)
        while solver.status == "running" and (most is None or len(times) <= most):
            try:
                solver.step()
            except (ValueError, np.linalg.LinAlgError):  # of scipy, about a Jacobian that is not finite
                complete = False
                break
            if solver.status == "failed" or not np.all(np.isfinite(solver.y)) or not solver.t > times[-1]:
                complete = False
                break
            times.append(solver.t)
            states.append(solver.y.copy())
            if dense:
                pieces.append(solver.dense_output())
            if len(times) > 2 * KEPT:
                times, states, pieces = times[KEPT:], states[KEPT:], pieces[KEPT:]
            if leaves is not None and leaves(solver.y):
                complete = False
                break
    return Path(np.array(times), np.array(states), pieces, complete)


class Scaled(NamedTuple):
    """A flow in the units of an orbit: ``u = center + scale w`` and ``t = unit tau``; most is of order one there."""

    flow: Flow
    center: np.ndarray
    scale: np.ndarray
    unit: float
    method: str = "DOP853"  # integrates the flow to `FINE`

    def inward(self, u) -> np.ndarray:
        """Scaled states of states (..., n)."""
        return (u - self.center) / self.scale

    def outward(self, w) -> np.ndarray:
        """States of scaled states (..., n)."""
        return self.center + self.scale * w

    def rate(self, t, w) -> np.ndarray:
        """The rate dw/dtau (n,)."""
        return self.unit * self.flow.rate(t, self.outward(w)) / self.scale

    def slope(self, t, w) -> np.ndarray:
        """Its derivative (n, n)."""
        return self.unit * self.flow.slope(t, self.outward(w)) * self.scale / self.scale[:, None]

    def steepness(self, states) -> np.ndarray:
        """Largest sums of a column's moduli of the slope at scaled states (k, n)."""
        return np.array([np.linalg.norm(self.slope(0.0, w), 1) for w in states])

    def follow(self, w, span, dense=True) -> Path:
        """Integrate from a scaled state."""
        rtol = FINE[self.method]
        return run(self.rate, span, w, self.method, rtol, 0.1 * rtol, self.slope, dense=dense)

    def follow_with_slope(self, w, span) -> tuple:
        """Integrate from a scaled state; None if that fails.

        Gives the last state (n,), its derivative by the first (n, n) and the logarithm of the determinant of that
        (Liouville: the integral of the trace of F_u).  The variational equations ride along.  An implicit method is
        told only the blocks of F_u: its own Newton iteration then needs one round more for the variations, and its
        matrix stays a band.
        """
        n, size = len(w), len(w) * (len(w) + 1)

        def rate(t, z):
            a = self.slope(t, z[:n])
            return np.concatenate([self.rate(t, z[:n]), (z[n:size].reshape(n, n) @ a.T).ravel(), [np.trace(a)]])

        def blocks(t, z):
            a, packed = self.slope(t, z[:n]), np.zeros((2 * n - 1, size + 1))
            rows, columns = np.indices((n, n))
            for k in range(n + 1):
                packed[rows - columns + n - 1, k * n + columns] = a
            return packed

        start, rtol = np.concatenate([w, np.eye(n).ravel(), [0.0]]), FINE[self.method]
        path = run(rate, span, start, self.method, rtol, 0.1 * rtol, blocks, n - 1, dense=False)
        if not path.complete:
            return None
        last = path.states[-1]
        return last[:n], last[n:size].reshape(n, n).T, float(last[size])


def suitable_method(steepness) -> str:
    """The method for an orbit with this integral of |F_u| over its period."""
    return "DOP853" if steepness <= STIFF else "LSODA"
