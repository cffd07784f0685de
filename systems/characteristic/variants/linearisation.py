"""DG as an operator for large d: products with DG and its transpose in O(d^3)."""

import numpy as np
from scipy.linalg import expm, expm_frechet
from scipy.sparse.linalg import LinearOperator

from systems.characteristic.matrix_checks import check_given


def linearisation(C, lam, R, S=None, T=1.0) -> LinearOperator:
    """Return DG at C as a linear operator on matrices row by row.

    Parameters
    ----------
    C, R : (d, d) arrays
    lam : float
    S : (d, d) array, optional
    T : float

    Returns
    -------
    LinearOperator
        Of shape (d^2, d^2), with ``matvec`` and ``rmatvec``; nothing of size d^4 is made.

    Raises
    ------
    ValueError
        Shapes, S not positive definite, lam negative, T not positive.

    Notes
    -----
    ``DG[V] = lam V - dF[V]' (R - F) S + F' dF[V] S``, ``dF[V] = L(T(C - C'), T(V - V')) E2 + E1 L(TC', TV')`` with L
    the Frechet derivative of the exponential: two of them for each product, about 60 products of (d, d) matrices.

    References
    ----------
    A. H. Al-Mohy, N. J. Higham, SIAM J. Matrix Anal. Appl. 30 (2009) 1639-1657, doi:10.1137/080716426.

    Examples
    --------
    For d = 1: ``DG = lam - e^C (R - 2 e^C)``:

    >>> linearisation([[0.0]], 0.5, [[3.0]]).matvec([1.0])
    array([-0.5])
    """
    C, R, S, lam, T = check_given("linearisation", C=C, R=R, S=S, lam=lam, T=T)
    d = len(C)
    spin, stretch = T * (C - C.T), T * C.T
    E1, E2 = expm(spin), expm(stretch)
    F = E1 @ E2
    B = (R - F) @ S

    def product(v):
        V = np.reshape(v, (d, d))
        dF = _frechet(spin, T * (V - V.T)) @ E2 + E1 @ _frechet(stretch, T * V.T)
        return (lam * V - dF.T @ B + F.T @ dF @ S).ravel()

    def transposed(w):
        W = np.reshape(w, (d, d))
        M = F @ W @ S - B @ W.T
        first, second = _frechet(spin.T, M @ E2.T), _frechet(stretch.T, E1.T @ M)
        return (lam * W + T * (first - first.T + second.T)).ravel()

    return LinearOperator((d * d, d * d), matvec=product, rmatvec=transposed, dtype=float)


def _frechet(A, E):
    """Derivative of expm at A in the direction E."""
    return expm_frechet(A, E, compute_expm=False, check_finite=False)
