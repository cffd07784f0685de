"""The Morse index by times at which a matrix is singular: conjugate and focal times, found all together.

Both are nonlinear eigenvalue problems ``M(t) v = 0`` with M analytic in t.  On short intervals M is a Chebyshev
polynomial to rounding, and *all* its eigenvalues are those of a linear pencil (the colleague pencil): double ones and
ones that nearly meet are no special case, and none is searched for.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy.linalg

from systems.characteristic.equation import residual_and_jacobian
from systems.characteristic.matrix_checks import check_given, on_one_thread
from systems.number_checks import check_number

DEGREE = 10  # of the polynomial on one interval
EXACT = 1e-10  # last coefficients, relative to the largest, of a polynomial that is the matrix
REAL = 1e-5  # imaginary part, relative to the interval, of an eigenvalue that is real but for rounding
EDGE = 1e-7  # of T: times as near to 0 or T are these ends
MERGED = 1e-6  # of T: times as near to each other are listed as one
SPLIT = 0.4372  # where intervals are halved: no fraction that symmetric problems have
GAIN = 0.03  # a halving that lowers those coefficients by less has met rounding
ZERO = 1e-9  # of the largest eigenvalue of a form: smaller ones aren't negative
FINITE = 1e-14  # of the pencil's parts: eigenvalues beyond are infinite ones, of a last coefficient that is singular
TINY = 1e-300  # in place of lam = 0: the division by lam only sets a scale


class Crossing(NamedTuple):
    """A time at which a matrix is singular, and by how much its rank falls."""

    time: float
    dimension: int


def _above_zero(value) -> bool:
    """Whether a weight decay is positive: at 0 the two forms vanish with it."""
    return 0 < value < math.inf


def conjugate_times(C, T=1.0) -> list[Crossing]:
    """Find the times 0 < t < T at which an extremal next to that of C meets it again: ``P_t`` singular.

    ``P_t[V] = F_t^{-1} dF_t[V]`` with ``F_t = e^{t(C - C')} e^{tC'}``.  The third way to the index is the sum of their
    dimensions and the number of negative eigenvalues of ``P_T' DG``: `index_by_conjugate_times`.

    Examples
    --------
    Half a turn is reached in both senses:

    >>> [(round(time, 6), dimension) for time, dimension in conjugate_times([[0, -4 * np.pi], [4 * np.pi, 0]])]
    [(0.25, 2), (0.5, 2), (0.75, 2)]
    """
    C, _, _, _, T = check_given(C=C, T=T)
    return _crossings(lambda t: end_map_derivative(C, t) / t if t > 0 else np.eye(len(C) ** 2), C, T)


def focal_times(C, lam, R, S=None, T=1.0) -> list[Crossing]:
    """Find the times 0 < s < T from which the rest of the way has a degenerate critical point (the second way).

    ``DG_s``, the Jacobian at ``C = A_s`` for the data ``(R Phi_s^{-1}, Phi_s S Phi_s', T - s)``, is singular there;
    the Morse index is the sum of the dimensions of the kernels.
    """
    C, R, S, lam, T = check_given(C=C, R=R, S=S, lam=lam, T=T)

    def rest(s):
        turn = scipy.linalg.expm(s * (C - C.T))
        phi = turn @ scipy.linalg.expm(s * C.T)
        data = (R @ np.linalg.inv(phi), phi @ S @ phi.T, T - s)
        return residual_and_jacobian(turn @ C @ turn.T, lam, *data)[1] / max(lam, TINY)

    return _crossings(rest, C, T)


def index_by_focal_times(C, lam, R, S=None, T=1.0) -> int:
    """Compute the Morse index as the sum of the dimensions at the `focal_times` (lam > 0)."""
    check_number("index_by_focal_times(lam=...)", lam, _above_zero, "a number above 0")
    return sum(crossing.dimension for crossing in focal_times(C, lam, R, S, T))


def index_by_conjugate_times(C, lam, R, S=None, T=1.0) -> int:
    """Compute the Morse index by conjugate times before T and the signs of ``P_T' DG`` (lam > 0, T not conjugate)."""
    check_number("index_by_conjugate_times(lam=...)", lam, _above_zero, "a number above 0")
    C, R, S, lam, T = check_given(C=C, R=R, S=S, lam=lam, T=T)
    inside = sum(crossing.dimension for crossing in conjugate_times(C, T))
    hessian = end_map_derivative(C, T).T @ residual_and_jacobian(C, lam, R, S, T)[1]
    values = scipy.linalg.eigvalsh((hessian + hessian.T) / 2)
    return inside + int(np.sum(values < -ZERO * np.abs(values).max()))


def end_map_derivative(C, t) -> np.ndarray:
    """Compute ``P_t`` (d^2, d^2), row by row: the change ``F_t^{-1} dF_t``, seen from the start, when C changes.

    Examples
    --------
    For d = 1, ``F = e^{tC}``:

    >>> end_map_derivative(np.array([[0.7]]), 0.5).round(12)
    array([[0.5]])
    """
    d = len(C)
    F = scipy.linalg.expm(t * (C - C.T)) @ scipy.linalg.expm(t * C.T)
    pulled = residual_and_jacobian(C, 0.0, F, np.eye(d), t)[1].reshape(d, -1)  # F' dF[V], as R - F vanishes
    return np.linalg.solve(F, np.linalg.solve(F.T, pulled)).reshape(d * d, d * d)


@on_one_thread
def _crossings(matrix, C, T) -> list[Crossing]:
    """Times in (0, T) at which ``matrix(t)`` is singular, ascending, with the dimensions of the kernels."""
    fastest = np.abs(np.linalg.eigvals(C)).max() + np.linalg.norm(C - C.T, 2)
    count = 1 + math.ceil(2 * T * fastest / math.pi)
    ends = T * np.clip((np.arange(count + 1) - SPLIT) / (count - 1 if count > 1 else 1), 0, 1) if count > 1 else [0, T]
    times = []
    for low, high in zip(ends[:-1], ends[1:]):
        if high > low:
            times += _real_eigenvalues(matrix, low, high, math.inf)
    found = []
    for t in sorted(t for t in times if EDGE * T < t < (1 - EDGE) * T):
        if found and t - found[-1].time <= MERGED * T:
            found[-1] = Crossing(found[-1].time, found[-1].dimension + 1)
        else:
            found.append(Crossing(float(t), 1))
    return found


def _real_eigenvalues(matrix, low, high, before) -> list[float]:
    """Times between low and high at which the matrix is singular, each as often as the dimension of the kernel.

    Halved until the polynomial is exact, or no better than the one `before` (its last coefficients).
    """
    nodes = np.cos(np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1))
    values = np.array([matrix(low + (high - low) * (1 + x) / 2) for x in nodes])
    best = values[np.argmin([np.linalg.cond(value) for value in values])]
    coefficients = np.tensordot(_transform(), np.linalg.solve(best, values), 1)  # scaled alike in all directions
    sizes = np.abs(coefficients).max(axis=(1, 2))
    tail = sizes[-2:].max() / sizes.max()
    if EXACT < tail < GAIN * before:
        middle = low + SPLIT * (high - low)
        halves = (low, middle), (middle, high)
        return [t for half in halves for t in _real_eigenvalues(matrix, *half, tail)]
    x = _pencil_eigenvalues(coefficients)
    x = x[(np.abs(x.imag) < REAL) & (x.real > -1) & (x.real <= 1)].real
    return [low + (high - low) * (1 + value) / 2 for value in x]


def _transform() -> np.ndarray:
    """Matrix from values at the nodes to Chebyshev coefficients."""
    angles = np.pi * (np.arange(DEGREE + 1) + 0.5) / (DEGREE + 1)
    rows = 2 / (DEGREE + 1) * np.cos(np.outer(np.arange(DEGREE + 1), angles))
    rows[0] /= 2
    return rows


def _pencil_eigenvalues(coefficients) -> np.ndarray:
    """Finite x at which ``sum A_k T_k(x)`` is singular: with ``t_j = T_j v``, ``2 x t_j = t_{j+1} + t_{j-1}``."""
    n, size = coefficients.shape[1], coefficients.shape[1] * DEGREE
    left, right = np.kron(np.diag([1.0] + [2.0] * (DEGREE - 1)), np.eye(n)), np.zeros((size, size))
    for j in range(DEGREE - 1):
        rows = slice(j * n, (j + 1) * n)
        right[rows, (j + 1) * n : (j + 2) * n] = np.eye(n)
        if j:
            right[rows, (j - 1) * n : j * n] = np.eye(n)
    last = slice(size - n, size)
    left[last, last] = 2 * coefficients[DEGREE]
    right[last] = -np.concatenate(list(coefficients[:DEGREE]), axis=1)
    right[last, size - 2 * n : size - n] += coefficients[DEGREE]
    a, b = scipy.linalg.eigvals(right, left, homogeneous_eigvals=True)
    finite = np.abs(b) > FINITE * np.abs(a)
    return a[finite] / b[finite]
