"""Dense linear algebra without allocation: LU with a determinant that can't overflow, spectra, singular values.

Small matrices are factored by the loops here, large ones by LAPACK, called at integer addresses (`LAPACK`
names them in the order of the table that `lapack_table` returns).  Large matrices are handed to it column by
column (`transpose` turns them), so that both pivot by rows: the scale of a column, a parameter's unit say, does
not matter.
"""

import functools
import math

import numpy as np

from continuation.compiled.arrays import new_doubles, new_int32s
from continuation.compiled.interface import call_pointers
from continuation.compiled.kernel import internal

LAPACK = ("dgetrf", "dgetrs", "dgeev", "dgesdd", "zgetrf", "zgetrs")
GETRF, GETRS, GEEV, GESDD, ZGETRF, ZGETRS = range(6)
LARGE = 32  # from this order on LAPACK is faster than the loops
HUGE, TINY = 1e100, 1e-100


@functools.cache
def lapack_table() -> np.ndarray:
    """Addresses of the routines in `LAPACK`, from scipy's own library."""
    from numba.extending import get_cython_function_address as address

    return np.array([address("scipy.linalg.cython_lapack", name) for name in LAPACK], dtype=np.int64)


@internal
def lu_small(a, pivots):
    """Factor `a` in place with partial pivoting; False where a pivot is zero or not finite."""
    n = a.shape[0]
    for k in range(n):
        best, row = abs(a[k, k]), k
        for i in range(k + 1, n):
            if abs(a[i, k]) > best:
                best, row = abs(a[i, k]), i
        pivots[k] = row + 1
        if not (best > 0.0 and best < np.inf):
            return False
        if row != k:
            for j in range(n):
                a[k, j], a[row, j] = a[row, j], a[k, j]
        scale = 1.0 / a[k, k]
        for i in range(k + 1, n):
            factor = a[i, k] * scale
            a[i, k] = factor
            if factor != 0.0:
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
    return True


@internal
def lu_small_solve(a, pivots, b):
    """Solve in place with the factors of `lu_small`."""
    n = a.shape[0]
    for k in range(n):
        row = pivots[k] - 1
        b[k], b[row] = b[row], b[k]
        for j in range(k):
            b[k] -= a[k, j] * b[j]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            b[k] -= a[k, j] * b[j]
        b[k] /= a[k, k]


@internal
def transpose(a):
    """Transpose the square `a` in place."""
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j], a[j, i] = a[j, i], a[i, j]


@internal
def lu_factor(lapack, a, pivots, ints):
    """Factor `a` (transposed where large) in place; `ints` are four int32 to talk to LAPACK."""
    n = a.shape[0]
    if n < LARGE:
        return lu_small(a, pivots)
    ints[0], ints[1] = n, 0
    call_pointers(lapack[GETRF], (ints, ints, a, ints, pivots, ints[1:]))
    return ints[1] == 0


@internal
def lu_solve(lapack, a, pivots, ints, b):
    """Solve in place with the factors of `lu_factor` of the same order."""
    n = a.shape[0]
    if n < LARGE:
        lu_small_solve(a, pivots, b)
        return
    ints[0], ints[1], ints[2], ints[3] = n, 0, 1, 78  # 78 is "N": as it stands
    call_pointers(lapack[GETRS], (ints[3:], ints, ints[2:], a, ints, pivots, b, ints, ints[1:]))


@internal
def solve_complex(lapack, a, pivots, ints, b):
    """Solve the complex ``a x = b`` in place of `b` (`a` is overwritten); False where `a` is singular."""
    ints[0], ints[1], ints[2], ints[3] = a.shape[0], 0, 1, 84  # 84 is "T": LAPACK sees a'
    call_pointers(lapack[ZGETRF], (ints, ints, a, ints, pivots, ints[1:]))
    if ints[1] != 0:
        return False
    call_pointers(lapack[ZGETRS], (ints[3:], ints, ints[2:], a, ints, pivots, b, ints, ints[1:]))
    return True


@internal
def determinant(a, pivots):
    """Determinant from LU factors as (mantissa, exponent): ``mantissa * 2**exponent``."""
    mantissa, exponent = 1.0, 0.0
    for k in range(a.shape[0]):
        mantissa *= a[k, k]
        if pivots[k] != k + 1:
            mantissa = -mantissa
        size = abs(mantissa)
        if size > HUGE or size < TINY:
            mantissa, power = math.frexp(mantissa)
            exponent += power
    return mantissa, exponent


@internal
def is_symmetric(a, tolerance):
    """Whether ``|a - a'|`` stays below `tolerance` times the largest entry."""
    n, largest, difference = a.shape[0], 0.0, 0.0
    for i in range(n):
        largest = max(largest, abs(a[i, i]))
        for j in range(i):
            largest = max(largest, abs(a[i, j]))
            difference = max(difference, abs(a[i, j] - a[j, i]))
    return difference <= tolerance * largest


@internal
def scale_of(a):
    """Largest absolute row sum."""
    largest = 0.0
    for i in range(a.shape[0]):
        total = 0.0
        for j in range(a.shape[1]):
            total += abs(a[i, j])
        largest = max(largest, total)
    return largest


@internal
def largest_entry(a):
    """Largest absolute value in the matrix `a`."""
    largest = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            largest = max(largest, abs(a[i, j]))
    return largest


@internal
def tridiagonalise(a, d, e, v):
    """Reduce the symmetric `a` (overwritten, lower triangle used) to diagonal `d` and off-diagonal `e`[1:].

    Householder reflections (Golub and Van Loan, Matrix Computations, 8.3.1).
    """
    n = a.shape[0]
    for k in range(n - 2):
        norm2 = 0.0
        for i in range(k + 2, n):
            norm2 += a[i, k] * a[i, k]
        head = a[k + 1, k]
        if norm2 == 0.0:
            e[k + 1] = head
            continue
        alpha = -math.copysign(math.sqrt(head * head + norm2), head)
        e[k + 1] = alpha
        first = head - alpha
        beta = 1.0 / (alpha * alpha - head * alpha)  # 2 / |v|^2 with v = (first, a[k+2:, k])
        a[k + 1, k] = first
        inner = 0.0
        for i in range(k + 1, n):
            total = 0.0
            for j in range(k + 1, i + 1):
                total += a[i, j] * a[j, k]
            for j in range(i + 1, n):
                total += a[j, i] * a[j, k]
            v[i] = beta * total
            inner += v[i] * a[i, k]
        half = 0.5 * beta * inner
        for i in range(k + 1, n):
            v[i] -= half * a[i, k]
        for i in range(k + 1, n):
            for j in range(k + 1, i + 1):
                a[i, j] -= a[i, k] * v[j] + v[i] * a[j, k]
    if n > 1:
        e[n - 1] = a[n - 1, n - 2]
    for i in range(n):
        d[i] = a[i, i]


@internal
def count_above(d, e, shift):
    """Eigenvalues of a symmetric tridiagonal matrix above `shift` (Sturm count)."""
    count, q = 0, 1.0
    for i in range(d.shape[0]):
        q = d[i] - shift - (e[i] * e[i] / q if i > 0 else 0.0)
        if q == 0.0:
            q = -1e-300
        if q > 0.0:
            count += 1
    return count


@internal
def eigenvalues(lapack, a, wr, wi, work, ints):
    """Eigenvalues of `a` (overwritten) into wr + i wi; `work` has at least 4 n entries.  False on failure."""
    n = a.shape[0]
    if n == 1:
        wr[0], wi[0] = a[0, 0], 0.0
        return True
    if n == 2:
        half = 0.5 * (a[0, 0] - a[1, 1])
        mean = 0.5 * (a[0, 0] + a[1, 1])
        disc = half * half + a[0, 1] * a[1, 0]
        if disc < 0.0:
            root = math.sqrt(-disc)
            wr[0], wi[0], wr[1], wi[1] = mean, root, mean, -root
            return True
        large = mean + math.copysign(math.sqrt(disc), mean)
        wr[0], wi[0], wi[1] = large, 0.0, 0.0
        wr[1] = (a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]) / large if large != 0.0 else 0.0
        return True
    ints[0], ints[1], ints[2], ints[3] = n, 0, work.shape[0], 78  # 78 is "N": no vectors
    call_pointers(
        lapack[GEEV], (ints[3:], ints[3:], ints, a, ints, wr, wi, work, ints, work, ints, work, ints[2:], ints[1:])
    )
    return ints[1] == 0


@internal
def svd(lapack, a):
    """Return (u, s, vt) of the (m, n) matrix `a`, all vectors; allocates, for rare use."""
    m, n = a.shape
    u, s, vt = new_doubles((m, m)), new_doubles(min(m, n)), new_doubles((n, n))
    small, large = min(m, n), max(m, n)
    work = new_doubles(8 * small * small + 8 * small + 8 * large + 64)
    iwork = new_int32s(8 * small)
    ints = new_int32s(5)
    ints[0], ints[1], ints[2], ints[3] = n, m, work.shape[0], 65  # 65 is "A": all vectors; LAPACK sees a'
    copy = a.copy()
    call_pointers(
        lapack[GESDD],
        (ints[3:], ints, ints[1:], copy, ints, s, vt, ints, u, ints[1:], work, ints[2:], iwork, ints[4:]),
    )
    return u, s, vt
