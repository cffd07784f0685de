"""Factors that are used more than once, also transposed, and the norms of operators that they are part of.

The engine's own solvers (`continuation.compiled.matrices.linalg`) overwrite what they factorise.
"""

import math

from continuation.compiled.calls.interface import call_pointers
from continuation.compiled.calls.kernel import fusing, internal, summing
from continuation.compiled.matrices.linalg import AS_IT_STANDS, GETRF, GETRS, LARGE, TRANSPOSED

# Rounds of the power method for a norm: from a generic vector one shows the size, three all but some per cent of it.
ROUNDS = 3


@fusing
def eliminate_in_place(a, pivots):
    """Factors of `a` in its place, by rows; False where a pivot is zero or not finite."""
    n = a.shape[0]
    for k in range(n):
        best, row = abs(a[k, k]), k
        for i in range(k + 1, n):
            if abs(a[i, k]) > best:
                best, row = abs(a[i, k]), i
        pivots[k] = row
        if not (best > 0.0 and best < math.inf):
            return False
        if row != k:
            for j in range(n):
                a[k, j], a[row, j] = a[row, j], a[k, j]
        inverse = 1.0 / a[k, k]
        for i in range(k + 1, n):
            factor = a[i, k] * inverse
            a[i, k] = factor
            if factor != 0.0:
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
    return True


@internal
def factor(lapack, a, pivots, ints):
    """Overwrite `a` (n, n) by its factors, large ones by LAPACK; False where it is singular."""
    n = a.shape[0]
    if n < LARGE:
        return eliminate_in_place(a, pivots)
    ints[0], ints[1] = n, 0
    call_pointers(lapack[GETRF], (ints, ints, a, ints, pivots, ints[1:]))  # which sees the transpose
    return ints[1] == 0


@internal
def solve_large(lapack, a, pivots, ints, b, letter):
    """Let LAPACK solve in place of `b`."""
    ints[0], ints[1], ints[2], ints[3] = a.shape[0], 0, 1, letter
    call_pointers(lapack[GETRS], (ints[3:], ints, ints[2:], a, ints, pivots, b, ints, ints[1:]))


@fusing
def solve_small(a, pivots, b):
    """Solve in place of `b` with the factors of `eliminate_in_place`."""
    n = a.shape[0]
    for k in range(n):
        b[k], b[pivots[k]] = b[pivots[k]], b[k]
    for i in range(n):
        total = b[i]
        for j in range(i):
            total -= a[i, j] * b[j]
        b[i] = total
    for i in range(n - 1, -1, -1):
        total = b[i]
        for j in range(i + 1, n):
            total -= a[i, j] * b[j]
        b[i] = total / a[i, i]


@fusing
def solve_small_transposed(a, pivots, b):
    """The same with the transpose."""
    n = a.shape[0]
    for i in range(n):
        b[i] /= a[i, i]
        for j in range(i + 1, n):
            b[j] -= a[i, j] * b[i]
    for i in range(n - 1, -1, -1):
        for j in range(i):
            b[j] -= a[i, j] * b[i]
    for k in range(n - 1, -1, -1):
        b[k], b[pivots[k]] = b[pivots[k]], b[k]


@internal
def solve(lapack, a, pivots, ints, b):
    """Solve ``a x = b`` in place of `b` with the factors of `a`."""
    if a.shape[0] < LARGE:
        solve_small(a, pivots, b)
    else:
        solve_large(lapack, a, pivots, ints, b, TRANSPOSED)


@internal
def solve_transposed(lapack, a, pivots, ints, b):
    """Solve ``a' x = b`` in place of `b` with the factors of `a`."""
    if a.shape[0] < LARGE:
        solve_small_transposed(a, pivots, b)
    else:
        solve_large(lapack, a, pivots, ints, b, AS_IT_STANDS)


@summing
def length(x):
    """Euclidean length; infinite where an entry is not finite."""
    total = 0.0
    for j in range(x.shape[0]):
        total += x[j] * x[j]
    return math.sqrt(total) if total < math.inf else math.inf


@summing
def multiply(d, x, y):
    """Write ``d x`` into `y`."""
    for i in range(d.shape[0]):
        total = 0.0
        for j in range(d.shape[1]):
            total += d[i, j] * x[j]
        y[i] = total


@summing
def multiply_transposed(d, y, x):
    """Write ``d' y`` into `x`."""
    for j in range(d.shape[1]):
        x[j] = 0.0
    for i in range(d.shape[0]):
        for j in range(d.shape[1]):
            x[j] += d[i, j] * y[i]


@internal
def norm_of_quotient(lapack, a, pivots, ints, d, x, y):
    """Estimate the 2-norm of ``a**-1 d`` from factors of `a`; `x`, `y` are scratch.

    The power method: from below, some per cent short unless singular values lie close together.
    """
    n, norm = a.shape[0], 0.0
    for j in range(n):
        x[j] = math.cos(1.0 + 2.0 * j * math.sqrt(j))
    for k in range(ROUNDS):
        size = length(x)
        if size == 0.0 or size == math.inf:
            return max(norm, size)
        for j in range(n):
            x[j] /= size
        multiply(d, x, y)
        solve(lapack, a, pivots, ints, y)
        norm = max(norm, length(y))
        if k + 1 < ROUNDS:
            solve_transposed(lapack, a, pivots, ints, y)
            multiply_transposed(d, y, x)
    return norm
