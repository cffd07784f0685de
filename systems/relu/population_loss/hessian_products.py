"""Products of the Hessian with vectors, in matrix products of K x K with K x d: no Hessian is formed."""

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.population_loss.population import Network, check_students, openings


class HessianProduct:
    """The Hessian of the loss at W as a linear map: ``HessianProduct(W, net)(U)`` for U (K, d).

    Parameters
    ----------
    W : (K, d) array
    net : Network

    Raises
    ------
    ValueError
        As for `gradient`.

    Notes
    -----
    Making it costs the angles, ``K (K + L)``; a product costs five matrix products, ``4 K^2 d + 2 K L d``
    multiplications, and some passes over K x (K + L) arrays.  No array is larger than that.

    Of a pair of units the Hessian is ``A u u' - B v v'``, u and v sum and difference of their unit vectors.  A and B
    have poles where u or v vanish, but multiply ``u.U`` and ``v.U``, which vanish with them: the coefficients of the
    units themselves stay bounded, and rounding stays rounding.

    Examples
    --------
    >>> from systems.relu.population_loss.population import network
    >>> product = HessianProduct([[1.0, 0.0]], network([[1.0, 0.0]], 1))
    >>> product([[3.0, 4.0]])
    array([[1.5, 2. ]])
    """

    def __init__(self, W, net: Network):
        W = check_students(W, net)
        self.shape, size = W.shape, len(W)
        both, signs = np.vstack([W, net.teachers]), np.append(net.a, -net.b)
        lengths = np.linalg.norm(both, axis=1)
        self.units = both / np.where(lengths > 0, lengths, 1.0)[:, None]
        less, more = openings(self.units[:size], self.units)
        less[np.arange(size), np.arange(size)] = 0.0
        self.cosine, sine = 0.25 * (more**2 - less**2), 0.5 * less * more
        factor = (1 - net.alpha) ** 2 / (2 * np.pi) * net.a[:, None] * signs
        bend = factor * lengths / lengths[:size, None]
        self.radial = (bend * sine).sum(axis=1)
        self.diagonal = self.radial + net.lam
        self.normal = _quotient(bend, sine)  # of (y - cos x) ((y - cos x).U), which is of order sine
        self._mix(net, factor[:, :size], less[:, :size], more[:, :size])

    def _mix(self, net, factor, less, more):
        """Coefficients of the pairs of students."""
        factor = factor - np.diag(np.diag(factor))
        self.along, self.across = factor * 0.5 * _quotient(less, more), factor * 0.5 * _quotient(more, less)
        own = net.a**2 * 0.5 * (1 + net.alpha**2)
        self.mass = net.alpha * np.outer(net.a, net.a) * (1 - np.eye(len(own))) + np.diag(own)
        self.mass += factor * 2 * np.arctan2(more, less)

    def __call__(self, U) -> np.ndarray:
        """H U (K, d)."""
        U = np.asarray(U, float)
        if U.shape != self.shape:
            raise ValueError(f"U: wanted the shape {self.shape}, got {U.shape}")
        size = len(U)
        dots = U @ self.units.T  # [j, k]: U_j . e_k
        coefficients, here = _coefficients(dots, self.cosine, self.normal, self.along, self.across)
        here -= self.radial * np.diag(dots)
        return (
            self.mass @ U + coefficients @ self.units + here[:, None] * self.units[:size] + self.diagonal[:, None] * U
        )

    def matvec(self, u) -> np.ndarray:
        """Return H u for a flat vector (K d,)."""
        return self(np.reshape(u, self.shape)).ravel()


@kernel
def _coefficients(dots, cosine, normal, along, across):
    """Return the factors (K, K + L) of all unit vectors in H U, and the further ones (K,) of the students' own."""
    size, count = dots.shape
    out, here = np.empty((size, count)), np.zeros(size)
    for j in range(size):
        own = dots[j, j]
        for k in range(count):
            bent = normal[j, k] * (dots[j, k] - cosine[j, k] * own)
            out[j, k] = bent
            here[j] -= bent * cosine[j, k]
        for k in range(size):  # A (x + y) ((x + y).U_k) - B (x - y) ((x - y).U_k)
            plus = along[j, k] * (dots[k, j] + dots[k, k])
            minus = across[j, k] * (dots[k, j] - dots[k, k])
            out[j, k] += plus + minus
            here[j] += plus - minus
    return out, here


def _quotient(a, b):
    """``a / b``, zero where b is."""
    return np.divide(a, b, out=np.zeros_like(b), where=b > 0)
