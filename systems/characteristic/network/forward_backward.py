"""The forward-backward algorithm (11)-(13): gradient descent on N layers, full batch or stochastic."""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from continuation.compiled.calls.kernel import kernel
from systems.number_checks import check_count, check_positive

CHUNK = 200  # passes between looks at the gradient: entering compiled code for each would cost more than a pass
LARGEST = 1e6  # weights beyond this have diverged


class Training(NamedTuple):
    """How a run of the algorithm ended.

    Attributes
    ----------
    weights : (N, d, d) array
    gradient : float
        L2 norm of the full gradient at the end.
    steps : int
    distances : (k,) array
        L2 distance from the reference after each `every` steps; empty without a reference.
    ended : str
        ``"converged"``, ``"steps"`` or ``"diverged"``.
    """

    weights: np.ndarray
    gradient: float
    steps: int
    distances: np.ndarray
    ended: str


def samples_of(network, count, noise=0.0, seed=0):
    """Draw inputs X (d, m) with covariance S, Gaussian, and outputs ``Z = R X + noise * xi``.

    Examples
    --------
    >>> from systems.characteristic.network.layered_network import LayeredNetwork
    >>> X, Z = samples_of(LayeredNetwork(2 * np.eye(3)), 5)
    >>> X.shape, bool((Z == 2 * X).all())
    ((3, 5), True)
    """
    rng, m = np.random.default_rng(seed), check_count("samples_of(count=...)", count)
    d = len(network.R)
    X = np.linalg.cholesky(network.S) @ rng.normal(size=(d, m))
    return X, network.R @ X + noise * rng.normal(size=(d, m))


def population(network):
    """Make d inputs whose second moments are S exactly, and outputs without noise: a population's full batch."""
    X = np.sqrt(len(network.R)) * scipy.linalg.sqrtm(network.S).real
    return X, network.R @ X


def learn(network, start, rate, steps, *, data=None, batch=None, tolerance=1e-10, seed=0, reference=None):
    """Run ``A <- A - rate (lam A - E[Y X'])`` with forward passes for X and backward passes for Y.

    Parameters
    ----------
    network : LayeredNetwork
    start : (N, d, d) array
    rate : float
        Learning rate; full batches are stable below 2 over the largest eigenvalue of the Hessian in L2.
    steps : int
        Most updates.
    data : (X, Z), optional
        Inputs and outputs (d, m); default: `population`, so that the expectation is exact.
    batch : int, optional
        Samples drawn, with replacement, for each update; default: all of them, each once.
    tolerance : float
        Full batches end where the L2 norm of the gradient is below it.
    seed : int
        Of the batches.
    reference : (N, d, d) array, optional
        Weights the distance from which is recorded every 200 steps.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        Shapes; numbers out of range.

    Notes
    -----
    Cost: ``O(N d^2 batch)`` an update, compiled.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), equations (11)-(13).

    Examples
    --------
    One layer, d = 1, lam = 1: the minimum of ``A^2 / 2 + (1 + A - 3)^2 / 2`` is at 1:

    >>> from systems.characteristic.network.layered_network import LayeredNetwork
    >>> network = LayeredNetwork([[3.0]], lam=1.0, layers=1)
    >>> result = learn(network, np.zeros((1, 1, 1)), 0.4, 1000)
    >>> round(result.weights.item(), 9), result.ended
    (1.0, 'converged')
    """
    A = network.weights(start).copy()
    rate, steps = check_positive("learn(rate=...)", rate), check_count("learn(steps=...)", steps)
    X, Z = (np.ascontiguousarray(a, float) for a in (population(network) if data is None else data))
    if X.ndim != 2 or X.shape != Z.shape or len(X) != len(network.R):
        raise ValueError(f"data: wanted inputs and outputs ({len(network.R)}, m), got {X.shape} and {Z.shape}")
    reference = None if reference is None else network.weights(reference)
    h, rng = network.T / network.layers, np.random.default_rng(seed)
    # one row of sample numbers an update: all of them, or a batch
    everything, distances, done, ended = np.arange(X.shape[1])[None], [], 0, "steps"
    while done < steps:
        count = min(CHUNK, steps - done)
        if batch is None:
            rows = np.repeat(everything, count, axis=0)
        else:
            rows = rng.integers(X.shape[1], size=(count, check_count("learn(batch=...)", batch)))
        norm = _updates(A, X, Z, rows, network.lam, h, rate)
        done += count
        if reference is not None:
            distances.append(np.sqrt(h * np.sum((A - reference) ** 2)))
        if not np.abs(A).max() < LARGEST:
            ended = "diverged"
            break
        if batch is None and norm < tolerance:
            ended = "converged"
            break
    norm = _updates(A.copy(), X, Z, everything, network.lam, h, rate)
    return Training(A, float(norm), done, np.array(distances), ended)


@kernel
def _updates(A, X, Z, rows, lam, h, rate):
    """Update A in place once for each row of sample numbers; the L2 norm of the last gradient."""
    N, d, m = A.shape[0], A.shape[1], rows.shape[1]
    x, y, total = np.empty((N + 1, d, m)), np.empty((d, m)), 0.0
    before = np.empty((d, m))
    for step in range(rows.shape[0]):
        for i in range(d):
            for s in range(m):
                x[0, i, s] = X[i, rows[step, s]]
        for k in range(N):
            for i in range(d):
                for s in range(m):
                    x[k + 1, i, s] = x[k, i, s]
                for j in range(d):
                    for s in range(m):
                        x[k + 1, i, s] += h * A[k, i, j] * x[k, j, s]
        for i in range(d):
            for s in range(m):
                y[i, s] = Z[i, rows[step, s]] - x[N, i, s]
        total = 0.0
        for k in range(N - 1, -1, -1):
            before[:] = y
            for i in range(d):
                for j in range(d):
                    g = lam * A[k, i, j]
                    for s in range(m):
                        g -= before[i, s] * x[k, j, s] / m
                        y[j, s] += h * A[k, i, j] * before[i, s]
                    total += h * g * g
                    A[k, i, j] -= rate * g
    return np.sqrt(total)
