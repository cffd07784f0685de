"""Second order: the Morse index of the cost at a critical point, in four ways.

The index of the functional J over all weights ``A_t`` isn't the number of negative eigenvalues of anything made of DG
alone: extremals of the same start and end add to it (conjugate points).
"""

import math
from typing import NamedTuple

import numpy as np
import scipy.linalg
import scipy.optimize

from systems.characteristic.checks import covariance, one_thread, positive, square_matrix, weight_decay, whole
from systems.characteristic.equation import residual_and_jacobian
from systems.characteristic.index_kernels import index_and_nullity
from systems.characteristic.layers import LayeredNetwork, start_weights

SAMPLES = 64  # of a smallest singular value, for each half turn of the fastest direction
NEAR, SMALL = 1e-2, 1e-2  # a zero at t: this many samples beside t the singular value is larger, by 1 / SMALL


class Index(NamedTuple):
    """Numbers of negative and of zero eigenvalues of the second variation."""

    index: int
    nullity: int


def morse_index(C, lam, S=None, T=1.0) -> Index:
    """Count the negative and the zero eigenvalues of the second variation of J at a critical point.

    Parameters
    ----------
    C : (d, d) array
        Solution of the characteristic equation.  (Elsewhere the numbers have no meaning.)
    lam : float
        At least 0.  At 0, where the second variation is that of the misfit alone, the index is the one for small
        positive lam, and the nullity counts the directions undecided in first order.
    S : (d, d) array, optional
    T : float

    Returns
    -------
    Index
        ``index`` (0: a minimum, strict unless there is a ``nullity``) and ``nullity``, which counts directions along
        circles of solutions too.

    Raises
    ------
    ValueError
        Shapes, S not positive definite, lam negative, T not positive.

    Notes
    -----
    Broken extremals (Morse): on pieces so short that each place is reached by one extremal only, J is a function of
    the places between them, and its Hessian has the index of the second variation.  All pieces are alike in a turning
    frame, so that pairs of them are merged ``m = log2(11 T |C|)`` times; eigenvalues of Schur complements are counted,
    no zero of a determinant is searched, so double and nearly equal conjugate times are no special case.  Exact up
    to rounding.  Cost: ``O(m d^6)``, 30 us for d = 2.

    References
    ----------
    J. Milnor, *Morse Theory*, 1963, sections 15 and 16.

    Examples
    --------
    A rotation by 3/4 of a turn backwards, where a quarter forwards would do, is no minimum:

    >>> w = -1.5 * np.pi
    >>> morse_index([[0, -w], [w, 0]], lam=1e-6)
    Index(index=2, nullity=0)
    """
    C, lam, S, T = _checked(C, lam, S, T)
    return Index(*(int(k) for k in index_and_nullity(C, lam, S, T)))


@one_thread
def index_of_layers(C, lam, R, S=None, T=1.0, layers=48) -> np.ndarray:
    """Eigenvalues of the Hessian of J_N at the critical point of N layers next to C (the first of three ways).

    Returns
    -------
    (N d^2,) array
        Ascending; for large N as many are negative as `morse_index` says.  A zero mode of a circle stays zero.

    Raises
    ------
    ValueError
        Bad arguments; StartError (a ValueError) where no critical point of N layers is near.
    """
    network = LayeredNetwork(R, S, lam, T, layers)
    A = network.critical_point(start_weights(C, T, layers))
    return scipy.linalg.eigvalsh(network.hessian(A))


@one_thread
def second_variation(C, lam, S=None, T=1.0, layers=96) -> np.ndarray:
    """Matrix of the second variation of J for directions V constant on N layers (the first way without its layers).

    ``lam int |V|^2 - 2 lam int int_{s<t} tr(C' B_t B_s) + |F int B S^{1/2}|^2``, ``B_t = Phi_t^{-1} V_t Phi_t``, at the
    weights of the continuous network, by the midpoint rule.

    Returns
    -------
    (N d^2, N d^2) array
        Symmetric, for V normalised in L2; its eigenvalues are those of the second variation up to ``O(1/N^2)``, the
        zero mode of a circle too.

    Examples
    --------
    At C = 0 and d = 1: ``lam |V|^2 + (int V)^2``:

    >>> np.linalg.eigvalsh(second_variation([[0.0]], 0.5, layers=4)).round(12)
    array([0.5, 0.5, 0.5, 1.5])
    """
    C, lam, S, T = _checked(C, lam, S, T)
    d, h = len(C), T / whole("second_variation(layers=...)", layers)
    moved = []
    for t in (np.arange(layers) + 0.5) * h:
        phi = scipy.linalg.expm(t * (C - C.T)) @ scipy.linalg.expm(t * C.T)
        moved.append(np.kron(np.linalg.inv(phi), phi.T))
    M = np.array(moved)
    pair = np.einsum("ba,ce->bcea", C, np.eye(d)).reshape(d * d, d * d)  # tr(C' X Y) = x' pair y
    both = np.einsum("kai,ab,lbj->kilj", M, pair, M, optimize=True)
    order = np.sign(np.subtract.outer(np.arange(layers), np.arange(layers))) + 1.0  # 2 for k > l, 1 for k = l, else 0
    size = layers * d * d
    both = (0.5 * both * order[:, None, :, None]).reshape(size, size)
    F = scipy.linalg.expm(T * (C - C.T)) @ scipy.linalg.expm(T * C.T)
    reach = np.kron(F, np.linalg.cholesky(S).T) @ M.transpose(1, 0, 2).reshape(d * d, size)
    return lam * np.eye(size) - lam * h * (both + both.T) + h * reach.T @ reach


class Crossing(NamedTuple):
    """A time at which a matrix is singular, and by how much its rank falls."""

    time: float
    dimension: int


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
    C, _, _, T = _checked(C, 0.0, None, T)
    return _crossings(lambda t: end_map_derivative(C, t) / t if t > 0 else np.eye(len(C) ** 2), C, T)


def focal_times(C, lam, R, S=None, T=1.0) -> list[Crossing]:
    """Find the times 0 < s < T from which the rest of the way has a degenerate critical point (the second way).

    ``DG_s``, the Jacobian at ``C = A_s`` for the data ``(R Phi_s^{-1}, Phi_s S Phi_s', T - s)``, is singular there;
    the Morse index is the sum of the dimensions of the kernels.
    """
    C, lam, S, T = _checked(C, lam, S, T)
    R = square_matrix("R", R, len(C))

    def rest(s):
        turn = scipy.linalg.expm(s * (C - C.T))
        phi = turn @ scipy.linalg.expm(s * C.T)
        data = (R @ np.linalg.inv(phi), phi @ S @ phi.T, T - s)
        return residual_and_jacobian(turn @ C @ turn.T, lam, *data)[1] / max(lam, 1e-300)

    return _crossings(rest, C, T)


def index_by_focal_times(C, lam, R, S=None, T=1.0) -> int:
    """Morse index as the sum of the dimensions at the `focal_times` (lam > 0)."""
    weight_decay("index_by_focal_times(lam=...)", lam, least=1e-300)
    return sum(crossing.dimension for crossing in focal_times(C, lam, R, S, T))


def index_by_conjugate_times(C, lam, R, S=None, T=1.0) -> int:
    """Morse index as conjugate times before T and negative eigenvalues of ``P_T' DG`` (lam > 0, T not conjugate)."""
    weight_decay("index_by_conjugate_times(lam=...)", lam, least=1e-300)
    C, lam, S, T = _checked(C, lam, S, T)
    inside = sum(crossing.dimension for crossing in conjugate_times(C, T))
    hessian = end_map_derivative(C, T).T @ residual_and_jacobian(C, lam, R, S, T)[1]
    values = scipy.linalg.eigvalsh((hessian + hessian.T) / 2)
    return inside + int(np.sum(values < -1e-9 * np.abs(values).max()))


def end_map_derivative(C, t) -> np.ndarray:
    """``P_t`` (d^2, d^2), row by row: the change ``F_t^{-1} dF_t``, seen from the start, when C changes.

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


def _checked(C, lam, S, T):
    """The arguments as arrays and floats."""
    C = square_matrix("C", C)
    return C, weight_decay("lam", lam), covariance(S, len(C)), positive("T", T)


@one_thread
def _crossings(matrix, C, T) -> list[Crossing]:
    """Zeros of the smallest singular value of ``matrix(t)`` in (0, T), with multiplicities."""
    fastest = np.abs(np.linalg.eigvals(C)).max() + np.linalg.norm(C - C.T, 2)
    grid = np.linspace(0.0, T, SAMPLES + math.ceil(SAMPLES * T * fastest / math.pi) + 1)

    def sigma(t):
        values = np.linalg.svd(matrix(t), compute_uv=False)
        return values / values[0]

    values, found = np.array([sigma(t)[-1] for t in grid]), []
    for k in range(1, len(grid) - 1):
        if values[k] <= values[k - 1] and values[k] < values[k + 1]:
            bounds = (grid[k - 1], grid[k + 1])
            best = scipy.optimize.minimize_scalar(
                lambda t: sigma(t)[-1], bounds=bounds, method="bounded", options={"xatol": 1e-12 * T}
            ).x
            dimension = _vanishing(sigma, best, NEAR * (grid[1] - grid[0]))
            if dimension:
                found.append(Crossing(float(best), dimension))
    return found


def _vanishing(sigma, t, step) -> int:
    """Number of singular values that vanish at t: there they are far smaller than a step before and after."""
    here = sigma(t)
    return int(np.sum(here < SMALL * np.minimum(sigma(t - step), sigma(t + step))))
