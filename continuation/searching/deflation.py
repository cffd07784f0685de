"""Newton's method with known solutions deflated: from one guess to a solution that is none of them."""

import math
from typing import NamedTuple

import numpy as np
from scipy.linalg.lapack import dgesv

from continuation.equations.bordered import solve_bordered
from continuation.equations.derivatives import state_jacobian
from continuation.equations.solved import TERMS, lengths_of, vanishes
from continuation.ground.arguments import shown

ITERATIONS = 30  # of one attempt
CLOSE = 1e-6  # relative: after a correction so small Newton's method without deflation needs two more
OWN = 1e-2  # of the distance to the nearest known solution: a longer correction may still end at that one
TOUCH = 1e-9  # relative distance to a known solution; nearer, the deflation's pole is lost in rounding
DECREASE = 1e-2  # of the logarithm of the merit, for a full step (Armijo); larger ones refuse good steps early
STRONGEST = 8.0  # of the powers that a pole is given: the multiplicity of a solution that is kept off
HALVINGS = 4  # a damping below 1/8 is better spent on another guess
EXACT = 1e-14  # corrections below this, relative to the size of things, are rounding
REACH = 5.0  # lengths of the search that a step enlarged by deflation may go; farther off it finds nothing


class SquareSystem:
    """F and F_u (``n``, ``n`` by ``n``) of a problem at fixed p, without the checks of `Problem`.

    An arithmetic mistake that a plain Python function raises counts as NaN; `error` keeps the first.
    """

    def __init__(self, problem, p):
        self.problem, self.p, self.error = problem, np.array(p, float), None
        self.function, self.derivative = problem.functions["residual"], problem.functions.get("jacobian")
        self.size = len(problem.unknown_names)
        self.blank, self.square = np.full(self.size, np.nan), np.full((self.size, self.size), np.nan)

    def residual(self, u) -> np.ndarray:
        """F (n,), NaN where it has no value."""
        out = self.blank.copy()
        try:
            self.function(u, self.p, out)
        except (ArithmeticError, ValueError) as error:
            return self._record_failure(error, out)
        return out

    def jacobian(self, u) -> np.ndarray:
        """F_u (n, n) as given or by differences."""
        out = self.square.copy()
        try:
            if self.derivative is None:
                return state_jacobian(self.problem, u, self.p)
            self.derivative(u, self.p, out)
        except (ArithmeticError, ValueError) as error:
            return self._record_failure(error, out)
        return out

    def _record_failure(self, error, out):
        """NaN everywhere; the error is kept for the report."""
        self.error = self.error or error
        out[:] = np.nan
        return out


def check_problem(problem):
    """Raise where there is no residual to evaluate."""
    if isinstance(problem, type) or "residual" not in getattr(problem, "functions", {}):
        raise ValueError(f"problem: wanted a Problem with a residual, got {shown(problem)}")


class Deflation:
    """The factor ``M(u) = prod_i (|(u - u_i) / length|**-power + shift)`` (Farrell, Birkisson and Funke 2015).

    Parameters
    ----------
    weights : (n,) array
        Of the norm ``|v|**2 = sum w_j v_j**2``.
    power : float
        Order of the poles; 2 also keeps Newton off a double solution.
    shift : float
        Value of a factor far away; positive, else the product of F with M vanishes at infinity.
    """

    def __init__(self, weights, power=2.0, shift=1.0):
        self.weights, self.power, self.shift = weights, power, shift
        self.known, self.powers, self.length = np.empty((0, len(weights))), np.empty(0), 1.0
        self.squared, self.unit = power == 2.0, 1.0

    def add(self, solutions):
        """Deflate also the rows (k, n)."""
        self.known = np.vstack([self.known, solutions])
        self.powers = np.append(self.powers, np.full(len(solutions), self.power))

    def strengthen(self, u):
        """Raise the power of the pole nearest u (n,) by 1: a solution of higher multiplicity still attracts."""
        nearest = int(np.argmin(self.look(u)[1]))
        self.powers[nearest] = min(self.powers[nearest] + 1.0, STRONGEST)
        self.squared = False

    def size(self, u) -> float:
        """What lengths near u (n,) are compared with: ``unit + |u|``."""
        return self.unit + self.norm(u)

    def norm(self, v) -> float:
        """|v| (n,) in the inner product."""
        return math.sqrt(self.weights @ (v * v))

    def look(self, u):
        """Differences (m, n) to the known solutions and squares (m,) of their norms."""
        gaps = u - self.known
        return gaps, (gaps * gaps) @ self.weights

    def logarithm(self, squares) -> float:
        """Log M from the squares of the distances."""
        return float(np.add.reduce(np.log(1.0 / self._to_powers(squares) + self.shift)))

    def slope(self, gaps, squares, step) -> float:
        """Derivative of log M along `step` (n,)."""
        away = 1.0 + self.shift * self._to_powers(squares)
        return -float(np.add.reduce(self.powers * (gaps @ (self.weights * step)) / (squares * away)))

    def _to_powers(self, squares):
        """Distances in lengths, to the power."""
        scaled = squares * self.length**-2
        return scaled if self.squared else scaled ** (0.5 * self.powers)


class Attempt(NamedTuple):
    """Where Newton came from one guess, in how many iterations, and ``""`` or why it failed."""

    u: np.ndarray
    iterations: int
    failure: str


def deflated_newton(
    equations: SquareSystem, deflation: Deflation, guess, iterations=ITERATIONS, damped=True
) -> Attempt:
    """Solve ``M(u) F(u) = 0`` from `guess` (n,) by damped Newton.

    The correction of the deflated system is a multiple ``tau`` of that of F (rank-one formula), with
    ``1 / tau = 1 - d(log M)/du step``: one linear solve of order n an iteration.  Along it ``log |M F|`` falls with
    slope -1 whatever M is; steps are halved until it does fall, or taken in full where `damped` is false (which
    strays further, and finds what lies behind a hill of ``|M F|``).

    Returns
    -------
    Attempt
        Converged to about 1e-6 relative, and nearer to a solution of its own than to a known one; or a failure:
        ``"nonfinite"``, ``"singular"`` (no correction), ``"known"`` (ran into a known solution), ``"stuck"`` (no
        damped step lowers the merit) or ``"slow"`` (iterations used up).
    """
    with np.errstate(all="ignore"):
        f = equations.residual(guess)
        if not np.isfinite(f).all():
            return Attempt(guess, 0, "nonfinite")
        halvings = HALVINGS if damped else 0
        return _iterate(equations, deflation, np.array(guess, float), f, iterations, halvings)


def _iterate(equations, deflation, u, f, iterations, halvings) -> Attempt:
    """Corrections from u, where F is f, until one is small or something fails; damped where `halvings` are allowed."""
    rows = None
    for k in range(1, iterations + 1):
        a = equations.jacobian(u)
        step = find_step(a, f) if f.any() else 0.0 * f
        if step is None:
            return Attempt(u, k, "singular" if np.isfinite(a).all() and np.isfinite(f).all() else "nonfinite")
        rows = row_scales(a) if rows is None else rows
        gaps, squares = deflation.look(u)
        size, nearest = deflation.norm(step), math.sqrt(squares.min()) if len(squares) else math.inf
        tiny = deflation.size(u)
        if size <= CLOSE * tiny and size <= OWN * nearest:
            return Attempt(u + step, k, "")
        if nearest <= TOUCH * tiny:
            return Attempt(u, k, "known")
        step = _stretch(deflation, step, size, deflation.slope(gaps, squares, step))
        if halvings == 0:
            u = u + step
            f = equations.residual(u)
        else:
            merit = deflation.logarithm(squares) + _log_norm(rows * f)
            u, f = _damp(equations, deflation, u, step, merit, rows)
        if f is None:
            return Attempt(u, k, "stuck")
    return Attempt(u, iterations, "slow")


def correct_solution(equations: SquareSystem, deflation: Deflation, u):
    """The solution next to u (n,) to rounding, by plain Newton; None where that is not fast (singular F_u)."""
    with np.errstate(all="ignore"):
        for _ in range(6):
            step = find_step(equations.jacobian(u), equations.residual(u))
            if step is None:
                return None
            u = u + step
            if deflation.norm(step) <= EXACT * deflation.size(u):
                return u if solves(equations, u) else None
    return None


def solves(equations: SquareSystem, u, terms=TERMS) -> bool:
    """Whether F vanishes at u to this fraction of its terms."""
    return vanishes(equations.residual, equations.jacobian, u, lengths_of(equations.problem, len(u)), terms=terms)


def find_step(a, f):
    """Solve ``a step = -f``; of least norm where `a` is singular, None where it is not finite."""
    _, _, step, failed = dgesv(a, -f)
    if failed == 0 and np.isfinite(step).all():
        return step
    if not (np.isfinite(a).all() and np.isfinite(f).all() and a.any()):
        return None
    return solve_bordered(a, -f)


def row_scales(a) -> np.ndarray:
    """(n,) factors that bring the rows of a Jacobian to one size, so that the units of equations don't matter."""
    largest = np.abs(a).max(axis=1)
    return 1.0 / np.where(largest > 0.0, largest, largest.max() or 1.0)


def _log_norm(v) -> float:
    """Logarithm of |v|; minus infinity at zero."""
    square = float(v @ v)
    return 0.5 * math.log(square) if square > 0.0 else -math.inf if square == 0.0 else math.nan


def _stretch(deflation, step, size, slope):
    """The correction of the deflated system, not longer than the search is wide (or than that of F)."""
    remainder = 1.0 - slope
    longest = max(1.0, REACH * deflation.length / size) if size > 0.0 else 1.0
    tau = 1.0 / remainder if abs(remainder) * longest > 1.0 else math.copysign(longest, remainder)
    return tau * step


def _damp(equations, deflation, u, step, merit, rows):
    """First of the halved steps that lowers ``log |M F|``, `merit` at u, enough: the new u and F, None for none."""
    damping = 1.0
    for _ in range(HALVINGS):
        trial = u + damping * step
        f = equations.residual(trial)
        if deflation.logarithm(deflation.look(trial)[1]) + _log_norm(rows * f) <= merit - DECREASE * damping:
            return trial, f
        damping *= 0.5
    return u, None
