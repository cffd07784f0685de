"""Second order: the Morse index of the cost at a critical point, by broken extremals and by layers.

The index of the functional J over all weights ``A_t`` isn't the number of negative eigenvalues of anything made of DG
alone: extremals of the same start and end add to it (conjugate points); see `systems.characteristic.morse.crossings`.
"""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from systems.characteristic.kernels.index_kernels import index_and_nullity
from systems.characteristic.matrix_checks import check_given, on_one_thread
from systems.characteristic.network.layered_network import LayeredNetwork, start_weights
from systems.number_checks import check_count


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
    C, _, S, lam, T = check_given(C=C, S=S, lam=lam, T=T)
    return Index(*(int(k) for k in index_and_nullity(C, lam, S, T)))


@on_one_thread
def index_of_layers(C, lam, R, S=None, T=1.0, layers=48) -> np.ndarray:
    """Return the eigenvalues of the Hessian of J_N at the critical point of N layers next to C (the first way).

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


@on_one_thread
def second_variation(C, lam, S=None, T=1.0, layers=96) -> np.ndarray:
    """Return the matrix of the second variation of J for directions V that are constant on N layers.

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
    C, _, S, lam, T = check_given(C=C, S=S, lam=lam, T=T)
    d, h = len(C), T / check_count("second_variation(layers=...)", layers)
    moved = []
    for t in (np.arange(layers) + 0.5) * h:
        phi = scipy.linalg.expm(t * (C - C.T)) @ scipy.linalg.expm(t * C.T)
        moved.append(np.kron(np.linalg.inv(phi), phi.T))
    M = np.array(moved)
    pair = np.einsum("ba,ce->bcea", C, np.eye(d)).reshape(d * d, d * d)  # tr(C' X Y) = x' pair y
    # the double integral over s < t, symmetrised
    both = np.einsum("kai,ab,lbj->kilj", M, pair, M, optimize=True)
    order = np.sign(np.subtract.outer(np.arange(layers), np.arange(layers))) + 1.0  # 2 for k > l, 1 for k = l, else 0
    size = layers * d * d
    both = (0.5 * both * order[:, None, :, None]).reshape(size, size)
    F = scipy.linalg.expm(T * (C - C.T)) @ scipy.linalg.expm(T * C.T)
    reach = np.kron(F, np.linalg.cholesky(S).T) @ M.transpose(1, 0, 2).reshape(d * d, size)
    return lam * np.eye(size) - lam * h * (both + both.T) + h * reach.T @ reach
