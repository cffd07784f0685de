"""The network of N layers, ``X_{k+1} = X_k + (T/N) A_k X_k``: its cost, gradient, Hessian and critical points."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from continuation.ground.status import StartError
from systems.characteristic.matrix_checks import check_given, check_square, on_one_thread
from systems.number_checks import check_count, check_positive

FLAT = 1e-9  # of the largest curvature: along flatter directions (circles of solutions) Newton's method takes no step
SETTLED = 1e-11  # relative: a step as small is rounding
FAR = 1e6  # weights as large: Newton's method has run away


@dataclass(frozen=True, eq=False)
class LayeredNetwork:
    """Weights A (N, d, d) of a residual linear network; its cost tends to J as N grows.

    ``J_N = (lam T / 2N) sum |A_k|^2 + tr((F - R) S (F - R)') / 2``, ``F = (I + h A_N) ... (I + h A_1)``, ``h = T/N``.

    Parameters
    ----------
    R, S : (d, d) arrays
        As for `characteristic_equation`.
    lam, T : float
    layers : int
        N.

    Examples
    --------
    One layer and d = 1: ``J = lam A**2 / 2 + (1 + A - R)**2 / 2``:

    >>> network = LayeredNetwork([[3.0]], lam=1.0, layers=1)
    >>> network.cost([[[1.0]]]), network.gradient([[[1.0]]]).item()
    (1.0, 0.0)
    """

    R: np.ndarray
    S: np.ndarray | None = None
    lam: float = 0.0
    T: float = 1.0
    layers: int = 50

    def __post_init__(self):
        _, *checked = check_given("LayeredNetwork", R=self.R, S=self.S, lam=self.lam, T=self.T)
        for name, value in zip(("R", "S", "lam", "T"), checked):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "layers", check_count("LayeredNetwork(layers=...)", self.layers))

    @property
    def times(self) -> np.ndarray:
        """(N,) middle of each layer."""
        return (np.arange(self.layers) + 0.5) * self.T / self.layers

    def weights(self, A) -> np.ndarray:
        """Return weights (N, d, d) from such an array or from a flat one."""
        d = len(self.R)
        A = np.asarray(A, float)
        if A.size != self.layers * d * d:
            raise ValueError(f"A: wanted weights {(self.layers, d, d)}, got shape {A.shape}")
        return A.reshape(self.layers, d, d)

    def passes(self, A):
        """Return maps from the input to each layer (N + 1, d, d), and from behind each to the output (N, d, d)."""
        A, d, h = self.weights(A), len(self.R), self.T / self.layers
        forward, backward = [np.eye(d)], [np.eye(d)]
        for k in range(self.layers):
            forward.append(forward[-1] + h * A[k] @ forward[-1])
            last = A[self.layers - 1 - k]
            backward.append(backward[-1] + h * backward[-1] @ last)
        return np.array(forward), np.array(backward[-2::-1])

    def cost(self, A) -> float:
        """Compute J_N, without the constant of the noise."""
        A = self.weights(A)
        gap = self.passes(A)[0][-1] - self.R
        return float(0.5 * self.lam * self.T * np.mean(np.sum(A**2, axis=(1, 2))) + 0.5 * np.sum((gap @ self.S) * gap))

    def gradient(self, A) -> np.ndarray:
        """Return the gradient (N, d, d) in L2, N / T times the partial derivatives: ``lam A_k - E[Y_{k+1} X_k']``."""
        A = self.weights(A)
        forward, backward = self.passes(A)
        error = (self.R - forward[-1]) @ self.S
        pulled = np.swapaxes(backward, 1, 2) @ error @ np.swapaxes(forward[:-1], 1, 2)
        return self.lam * A - pulled

    def hessian(self, A) -> np.ndarray:
        """Return the Hessian (N d^2, N d^2) in L2, the form of J_N for V normalised by ``(T/N) sum |V_k|^2``."""
        A, h = self.weights(A), self.T / self.layers
        d, N = len(self.R), self.layers
        forward, backward = self.passes(A)
        root = np.linalg.cholesky(self.S)
        moved = np.einsum("kai,kjb->kijab", backward, forward[:-1] @ root).reshape(N * d * d, d * d)
        out = h * moved @ moved.T
        pull = (forward[-1] - self.R) @ self.S
        for k in range(N):
            between, left = np.eye(d), backward[k].T @ pull  # M_{k-1} ... M_{j+1}
            for j in range(k - 1, -1, -1):
                block = h * np.einsum("ab,cd->acdb", left @ forward[j].T, between).reshape(d * d, d * d)
                rows, columns = slice(k * d * d, (k + 1) * d * d), slice(j * d * d, (j + 1) * d * d)
                out[rows, columns] += block
                out[columns, rows] += block.T
                between = between + h * between @ A[j]
        return out + self.lam * np.eye(N * d * d)

    @on_one_thread
    def critical_point(self, A, iterations=20) -> np.ndarray:
        """Find weights (N, d, d) at which the gradient vanishes, by Newton's method from A, least-norm corrections.

        Raises
        ------
        StartError
            The gradient didn't fall to rounding.
        """
        A = self.weights(A).copy()
        for _ in range(iterations):
            g = self.gradient(A).ravel()
            values, vectors = scipy.linalg.eigh(self.hessian(A))
            kept = np.abs(values) > FLAT * np.abs(values).max()
            step = vectors[:, kept] @ ((vectors[:, kept].T @ g) / values[kept])
            A -= step.reshape(A.shape)
            if not np.isfinite(A).all() or np.abs(A).max() > FAR:
                break
            if np.abs(step).max() <= SETTLED * (1 + np.abs(A).max()):
                return A
        raise StartError(f"A: no critical point of {self.layers} layers was reached in {iterations} iterations")


def start_weights(C, T, layers) -> np.ndarray:
    """Return the weights (N, d, d) ``A_t = e^{2tW} C e^{-2tW}`` at the middles of N layers.

    Examples
    --------
    >>> start_weights(np.zeros((2, 2)), 1.0, 3).shape
    (3, 2, 2)
    """
    C = check_square("C", C)
    h = check_positive("start_weights(T=...)", T) / check_count("start_weights(layers=...)", layers)
    turn, at = scipy.linalg.expm(h * (C - C.T)), scipy.linalg.expm(0.5 * h * (C - C.T))
    out = []
    for _ in range(layers):
        out.append(at @ C @ at.T)
        at = turn @ at
    return np.array(out)
