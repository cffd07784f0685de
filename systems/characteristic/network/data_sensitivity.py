"""How a solution moves with the data: dC/dS_N and dC/dQ_N by the implicit function theorem, and what samples do."""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from systems.characteristic.equation import residual_and_jacobian
from systems.characteristic.matrix_checks import check_square
from systems.number_checks import check_count

SINGULAR = 1e-10  # smallest over largest singular value of DG where C isn't isolated
ROUNDING = 1e-12  # of the largest eigenvalue: a covariance may have negative ones as small


class Sensitivity(NamedTuple):
    """Derivatives of the solution C, row by row: columns are the directions in which an entry of S or Q grows."""

    by_S: np.ndarray
    by_Q: np.ndarray

    def change(self, dS, dQ) -> np.ndarray:
        """Return the first-order change (d, d) of C for changes of S and Q."""
        d = len(dS)
        return (self.by_S @ np.ravel(dS) + self.by_Q @ np.ravel(dQ)).reshape(d, d)


def sensitivity(point) -> Sensitivity:
    """Differentiate the solution of ``lam C = F' (R - F) S + F' Q`` by S and Q at Q = 0.

    ``DG dC = F' (R - F) dS + F' dQ``.

    Parameters
    ----------
    point : CriticalPoint

    Returns
    -------
    Sensitivity
        Of shapes (d^2, d^2).

    Raises
    ------
    ValueError
        DG is singular there: a fold, a branch point, or a circle of solutions.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), section 4, open problem (ii).

    Examples
    --------
    At lam = 0 and d = 1, ``e^C = R + Q / S``: ``dC/dQ = 1 / (R S)``, and S alone moves nothing:

    >>> from systems.characteristic.critical_point import CriticalPoint
    >>> found = sensitivity(CriticalPoint([[np.log(2.0)]], [[2.0]], 0.0, [[0.5]]))
    >>> round(found.by_Q.item(), 12), round(abs(found.by_S.item()), 12)
    (1.0, 0.0)
    """
    d, F = len(point.C), point.final_map
    _, DG = residual_and_jacobian(point.C, point.lam, point.R, point.S, point.T)
    sigma = np.linalg.svd(DG, compute_uv=False)
    if sigma[-1] <= SINGULAR * sigma[0]:
        raise ValueError(
            f"point: DG is singular (singular values from {sigma[0]:.3g} to {sigma[-1]:.3g}): the solution is a fold, "
            "a branch point or one of a circle, and no function of the data"
        )
    eye = np.eye(d)
    factor = scipy.linalg.lu_factor(DG)
    by_S = scipy.linalg.lu_solve(factor, np.kron(F.T @ (point.R - F), eye))
    return Sensitivity(by_S, scipy.linalg.lu_solve(factor, np.kron(F.T, eye)))


def predicted_covariance(point, noise, count) -> np.ndarray:
    """Predict the covariance (d^2, d^2) of C over samples of `count` Gaussian inputs and noise, to order 1/count.

    ``dS = S_N - S`` and ``dQ = Q_N`` are uncorrelated; ``cov(S_N) = (S_ik S_jl + S_il S_jk) / count``,
    ``cov(Q_N) = noise_ik S_jl / count``.

    Examples
    --------
    For d = 1 at lam = 0: the variance of ``log(R + Q / S)``, ``noise / (R^2 S count)``:

    >>> from systems.characteristic.critical_point import CriticalPoint
    >>> point = CriticalPoint([[np.log(2.0)]], [[2.0]], 0.0, [[0.5]])
    >>> round(predicted_covariance(point, [[0.1]], 100).item(), 12)
    0.0005
    """
    found, S = sensitivity(point), point.S
    d, count = len(S), check_count("predicted_covariance(count=...)", count)
    noise = check_square("noise", noise, d)
    of_S = (np.einsum("ik,jl->ijkl", S, S) + np.einsum("il,jk->ijkl", S, S)).reshape(d * d, d * d)
    of_Q = np.einsum("ik,jl->ijkl", noise, S).reshape(d * d, d * d)
    return (found.by_S @ of_S @ found.by_S.T + found.by_Q @ of_Q @ found.by_Q.T) / count


def sample_moments(point, noise, count, seed=0):
    """Draw ``S_N`` and ``Q_N`` of `count` Gaussian inputs of covariance S and noise of covariance `noise`.

    Examples
    --------
    >>> from systems.characteristic.critical_point import CriticalPoint
    >>> S, Q = sample_moments(CriticalPoint(np.zeros((2, 2)), np.eye(2), 0.0), np.zeros((2, 2)), 7)
    >>> bool((S == S.T).all()), bool((Q == 0).all())
    (True, True)
    """
    rng, d = np.random.default_rng(seed), len(point.S)
    noise = check_square("noise", noise, d)
    values, vectors = scipy.linalg.eigh(noise)
    if values[0] < -ROUNDING * max(values[-1], 0.0):
        raise ValueError(f"noise: wanted a positive semidefinite matrix, got one with the eigenvalue {values[0]:.3g}")
    X = np.linalg.cholesky(point.S) @ rng.normal(size=(d, count))
    xi = (vectors * np.sqrt(np.maximum(values, 0.0))) @ rng.normal(size=(d, count))
    S = X @ X.T / count
    return (S + S.T) / 2, xi @ X.T / count
