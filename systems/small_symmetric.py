"""Eigenvalues and eigenvectors of small symmetric matrices, compiled, by Jacobi's method.

Rotations of two rows and columns make one entry after the other zero; what is off the diagonal shrinks quadratically.
G. H. Golub, C. F. Van Loan, *Matrix Computations*, section 8.5.  Written out, as
numba takes seconds to compile its calls of LAPACK.
"""

import numpy as np

from continuation.compiled.calls.kernel import kernel

ROUNDING = 1e-32  # squared: what is left off the diagonal, relative to the diagonal, when it is done
SWEEPS = 40  # Jacobi's method converges quadratically: 6 or 7 are usual


@kernel
def eigen(a):
    """Eigenvalues (n,) and eigenvectors (columns) of a symmetric matrix, by Jacobi's rotations."""
    n = a.shape[0]
    a = a.copy()
    v = np.eye(n)
    for _ in range(SWEEPS):
        off = total = 0.0
        for i in range(n):
            total += a[i, i] * a[i, i]
            for j in range(i):
                off += a[i, j] * a[i, j]
        if not off > ROUNDING * total:
            break
        for i in range(1, n):
            for j in range(i):
                rotate(a, v, i, j)
    return np.diag(a).copy(), v


@kernel
def rotate(a, v, i, j):
    """Make ``a[i, j]`` zero by a rotation of rows and columns (Golub & Van Loan, algorithm 8.5.1), which v takes on."""
    if a[i, j] == 0.0:
        return
    slope = (a[j, j] - a[i, i]) / (2.0 * a[i, j])
    t = 1.0 / (abs(slope) + np.sqrt(1.0 + slope * slope))
    if slope < 0.0:
        t = -t
    c = 1.0 / np.sqrt(1.0 + t * t)
    s = t * c
    for k in range(a.shape[0]):
        x, y = a[k, i], a[k, j]
        a[k, i], a[k, j] = c * x - s * y, s * x + c * y
        x, y = v[k, i], v[k, j]
        v[k, i], v[k, j] = c * x - s * y, s * x + c * y
    for k in range(a.shape[0]):
        x, y = a[i, k], a[j, k]
        a[i, k], a[j, k] = c * x - s * y, s * x + c * y


@kernel
def eigenvalues(matrix):
    """Return the eigenvalues (n,) of a symmetric matrix (n, n), in no order."""
    return eigen(matrix)[0]
