"""What follows from a solution C: weights, states and costates along the depth; the gradient and its lower bound."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import expm

from systems.characteristic.equation import residual_and_jacobian
from systems.characteristic.matrix_checks import check_covariance, check_given, check_square
from systems.characteristic.morse.index import Index, morse_index
from systems.number_checks import check_positive

NODES = 8  # Gauss points in each layer


@dataclass(frozen=True, eq=False)
class CriticalPoint:
    """A solution C of the characteristic equation and the network it stands for.

    Parameters
    ----------
    C, R : (d, d) arrays
        C should solve the equation (`residual` says how well it does); nothing here needs it to.
    lam : float
    S : (d, d) array, optional
    T : float

    Notes
    -----
    Matrices act on column vectors: ``X_t = flow(t) X_0`` and ``Y_t = costate(t) (Z - X_T)``.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), equations (7)-(9), (15)-(18); X_t corrected: ``e^{2tW} e^{tC'} X_0``.

    Examples
    --------
    Example 2 of the paper: C is nilpotent, the weights turn:

    >>> point = CriticalPoint([[0, 0], [np.pi / 2, 0]], [[0, -1], [1, np.pi / 2]], lam=0.0)
    >>> abs(point.residual).max() < 1e-15
    np.True_
    >>> (point.weights(0.5) * 4 / np.pi).round(12) + 0.0
    array([[-1., -1.],
           [ 1.,  1.]])
    """

    C: np.ndarray
    R: np.ndarray
    lam: float
    S: np.ndarray | None = None
    T: float = 1.0

    def __post_init__(self):
        checked = check_given("CriticalPoint", C=self.C, R=self.R, S=self.S, lam=self.lam, T=self.T)
        for name, value in checked._asdict().items():
            object.__setattr__(self, name, value)

    def weights(self, t) -> np.ndarray:
        """Return the weights ``A_t = e^{2tW} C e^{-2tW}`` (d, d), W the skew part of C."""
        turn = expm(t * (self.C - self.C.T))
        return turn @ self.C @ turn.T

    def flow(self, t) -> np.ndarray:
        """Return the matrix ``Phi_t = e^{2tW} e^{tC'}`` that takes X_0 to X_t."""
        return expm(t * (self.C - self.C.T)) @ expm(t * self.C.T)

    def costate(self, t) -> np.ndarray:
        """Return the matrix ``e^{2tW} e^{(T-t)C} e^{-2TW}`` that takes ``Z - X_T`` to ``Y_t``."""
        spin = self.C - self.C.T
        return expm(t * spin) @ expm((self.T - t) * self.C) @ expm(-self.T * spin)

    @property
    def final_map(self) -> np.ndarray:
        """F, which takes X_0 to X_T."""
        return self.flow(self.T)

    @property
    def residual(self) -> np.ndarray:
        """``G = lam C - F' (R - F) S``."""
        return residual_and_jacobian(self.C, self.lam, self.R, self.S, self.T)[0]

    @property
    def cost(self) -> float:
        """``J = (lam T / 2) tr(C'C) + tr((F - R) S (F - R)') / 2``."""
        gap = self.final_map - self.R
        return float(0.5 * self.lam * self.T * np.sum(self.C**2) + 0.5 * np.sum((gap @ self.S) * gap))

    @property
    def index(self) -> Index:
        """Morse index and nullity; see `morse_index`."""
        return morse_index(self.C, self.lam, self.S, self.T)

    def gradient(self, t) -> np.ndarray:
        """Return the gradient (10) of J at time t: ``lam A_t - E[Y_t X_t']``, zero for all t where G = 0."""
        return self.lam * self.weights(t) - self.costate(t) @ (self.R - self.final_map) @ self.S @ self.flow(t).T


class Bound(NamedTuple):
    """Both sides of (14), and the right one without the square root (as printed), which is none."""

    left: float
    right: float
    printed: float


def gradient_bound(A, R, S=None, T=1.0) -> Bound:
    """Compute both sides of the bound (14) on the gradient at lam = 0, for weights constant on N equal layers.

    ``|grad J|^2 >= T exp(-2 int |A_t| dt) lmin(S) (J - J*)`` with the Frobenius norm ``|A| = sqrt(tr A'A)``.

    Parameters
    ----------
    A : (N, d, d) array
        Any weights, optimal or not.
    R, S, T
        As for `characteristic_equation`.

    Returns
    -------
    Bound
        ``left`` is exact up to Gauss quadrature in each layer; ``printed`` has ``tr(A'A)`` in the exponent.

    Raises
    ------
    ValueError
        Shapes, S not positive definite, T not positive.

    Examples
    --------
    At A = 0 and d = 1 the gradient is ``1 - R``, the bound ``(1 - R)**2 / 2``:

    >>> print("{:.12f} {:.12f}".format(*gradient_bound(np.zeros((1, 1, 1)), [[3.0]])))
    4.000000000000 2.000000000000
    """
    A = np.asarray(A, float)
    if A.ndim != 3 or A.shape[1] != A.shape[2] or not len(A):
        raise ValueError(f"A: wanted weights (N, d, d), got shape {A.shape}")
    d = A.shape[1]
    R, T = check_square("R", R, d), check_positive("gradient_bound(T=...)", T)
    S, h = check_covariance(S, d), T / len(A)
    maps = [np.eye(d)]
    for a in A:
        maps.append(expm(h * a) @ maps[-1])
    F, left = maps[-1], 0.0
    nodes, shares = np.polynomial.legendre.leggauss(NODES)
    for a, before in zip(A, maps):  # the integrand jumps between layers only
        for x, share in zip(nodes, shares):
            phi = expm(0.5 * h * (1 + x) * a) @ before
            left += 0.5 * h * share * np.sum((np.linalg.solve(phi.T, F.T) @ (R - F) @ S @ phi.T) ** 2)
    squares = np.sum(A**2, axis=(1, 2))
    factor = T * np.linalg.eigvalsh(S)[0] * 0.5 * np.sum(((F - R) @ S) * (F - R))
    root, plain = np.exp(-2 * h * np.sum(np.sqrt(squares))), np.exp(-2 * h * np.sum(squares))
    return Bound(float(left), float(factor * root), float(factor * plain))
