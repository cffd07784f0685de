"""Eigenvalues of small symmetric matrices, compiled."""

import math

import numpy as np

from continuation.compiled import kernel

SWEEPS = 30  # Jacobi's method converges quadratically: 6 or 7 are usual


@kernel
def _rotate(a, i, l):
    """Make ``a[i, l]`` zero by a rotation of rows and columns i and l (Golub & Van Loan, algorithm 8.5.1)."""
    half = 0.5 * (a[l, l] - a[i, i]) / a[i, l]
    t = math.copysign(1.0, half) / (abs(half) + math.hypot(1.0, half))
    c = 1.0 / math.sqrt(1.0 + t * t)
    s = t * c
    for k in range(a.shape[0]):
        x, y = a[k, i], a[k, l]
        a[k, i], a[k, l] = c * x - s * y, s * x + c * y
    for k in range(a.shape[0]):
        x, y = a[i, k], a[l, k]
        a[i, k], a[l, k] = c * x - s * y, s * x + c * y


@kernel
def eigenvalues(matrix):
    """Return the eigenvalues (n,) of a symmetric matrix (n, n), in no order, by Jacobi's method."""
    a, n = matrix.copy(), matrix.shape[0]
    for _ in range(SWEEPS):
        largest = rest = 0.0
        for i in range(n):
            largest = max(largest, abs(a[i, i]))
            for l in range(i):
                rest = max(rest, abs(a[i, l]))
        if not rest > 1e-17 * largest:
            break
        for i in range(n):
            for l in range(i):
                if a[i, l] != 0.0:
                    _rotate(a, i, l)
    return np.diag(a).copy()
