"""Dense linear systems without allocation, with a determinant that can't overflow, and singular values.

LAPACK is called at integer addresses: `LAPACK` names its routines in the order of the table that `lapack_table`
returns.  Both it and the loops here pivot by rows: the scale of a column, a parameter's unit say, does not matter.
"""

import functools
import math

import numpy as np

from continuation.compiled.calls.arrays import new_doubles, new_int32s, part
from continuation.compiled.calls.interface import call_pointers
from continuation.compiled.calls.kernel import fusing, internal, summing

AS_IT_STANDS, TRANSPOSED, ALL_VECTORS = ord("N"), ord("T"), ord("A")  # letters that LAPACK is told
LAPACK = ("dgetrf", "dgetrs", "dgeev", "dgesdd", "zgetrf", "zgetrs")
GETRF, GETRS, GEEV, GESDD, ZGETRF, ZGETRS = range(6)
LARGE, MEDIUM = 32, 200  # orders from which LAPACK is faster than the loops: for full matrices, for all
HUGE, TINY = 1e100, 1e-100  # mantissas beyond these are normalised: few next factors can overflow them
LEAST = 2.3e-308  # the least number that has all its digits


@functools.cache
def lapack_table() -> np.ndarray:
    """Addresses of the routines in `LAPACK`, from scipy's own library."""
    from numba.extending import get_cython_function_address as address

    return np.array([address("scipy.linalg.cython_lapack", name) for name in LAPACK], dtype=np.int64)


@internal
def transpose(a):
    """Transpose the square `a` in place."""
    for i in range(a.shape[0]):
        for j in range(i):
            a[i, j], a[j, i] = a[j, i], a[i, j]


@internal
def times(mantissa, exponent, factor):
    """Multiply ``mantissa * 2**exponent`` by a factor without overflow or underflow."""
    product = mantissa * factor
    size = abs(product)
    if size > HUGE or size < TINY:
        if not (LEAST <= size < np.inf):  # it has lost its digits: factor by factor
            mantissa, power = math.frexp(mantissa)
            exponent += power
            factor, power = math.frexp(factor)
            exponent += power
            product = mantissa * factor
        product, power = math.frexp(product)
        exponent += power
    return product, exponent


@fusing
def eliminate(a, x, y):
    """Solve ``a x = x`` and ``a y = y`` in place by elimination with row exchanges; zeros are passed over.

    `a` is overwritten.  Returns (whether all pivots are nonzero and finite, determinant as mantissa, exponent).
    """
    n, mantissa, exponent = a.shape[0], 1.0, 0.0
    for k in range(n):
        best, row = abs(a[k, k]), k
        for i in range(k + 1, n):
            size = abs(a[i, k])
            if size > best:
                best, row = size, i
        if not (best > 0.0 and best < np.inf):
            return False, 0.0, 0.0
        if row != k:
            for j in range(k, n):
                a[k, j], a[row, j] = a[row, j], a[k, j]
            x[k], x[row] = x[row], x[k]
            y[k], y[row] = y[row], y[k]
            mantissa = -mantissa
        mantissa, exponent = times(mantissa, exponent, a[k, k])
        inverse = 1.0 / a[k, k]
        if not abs(inverse) < np.inf:
            return False, 0.0, 0.0
        a[k, k] = inverse
        for i in range(k + 1, n):
            factor = a[i, k] * inverse
            if factor != 0.0:
                for j in range(k + 1, n):
                    a[i, j] -= factor * a[k, j]
                x[i] -= factor * x[k]
                y[i] -= factor * y[k]
    for k in range(n - 1, -1, -1):
        to_x, to_y = x[k], y[k]
        for j in range(k + 1, n):
            to_x -= a[k, j] * x[j]
            to_y -= a[k, j] * y[j]
        x[k], y[k] = to_x * a[k, k], to_y * a[k, k]
    return True, mantissa, exponent


@fusing
def solve_three(a, b, row, given, x):
    """`eliminate` for ``[a b; row]`` with a 2 x 2 `a`: no loops, so that the whole system stays in registers.

    given, x : two right-hand sides, one after the other, and their solutions.
    """
    p0, p1, p2, p3, p4 = a[0, 0], a[0, 1], b[0], given[0], given[3]
    q0, q1, q2, q3, q4 = a[1, 0], a[1, 1], b[1], given[1], given[4]
    r0, r1, r2, r3, r4 = row[0], row[1], row[2], given[2], given[5]
    sign = 1.0
    if abs(q0) > abs(p0):
        p0, p1, p2, p3, p4, q0, q1, q2, q3, q4, sign = q0, q1, q2, q3, q4, p0, p1, p2, p3, p4, -sign
    if abs(r0) > abs(p0):
        p0, p1, p2, p3, p4, r0, r1, r2, r3, r4, sign = r0, r1, r2, r3, r4, p0, p1, p2, p3, p4, -sign
    first = 1.0 / p0
    g, h = q0 * first, r0 * first
    q1, q2, q3, q4 = q1 - g * p1, q2 - g * p2, q3 - g * p3, q4 - g * p4
    r1, r2, r3, r4 = r1 - h * p1, r2 - h * p2, r3 - h * p3, r4 - h * p4
    if abs(r1) > abs(q1):
        q1, q2, q3, q4, r1, r2, r3, r4, sign = r1, r2, r3, r4, q1, q2, q3, q4, -sign
    second = 1.0 / q1
    h = r1 * second
    r2, r3, r4 = r2 - h * q2, r3 - h * q3, r4 - h * q4
    third = 1.0 / r2
    x[2], x[5] = r3 * third, r4 * third
    x[1], x[4] = (q3 - q2 * x[2]) * second, (q4 - q2 * x[5]) * second
    x[0], x[3] = (p3 - p2 * x[2] - p1 * x[1]) * first, (p4 - p2 * x[5] - p1 * x[4]) * first
    mantissa, exponent = times(sign, 0.0, p0)
    mantissa, exponent = times(mantissa, exponent, q1)
    mantissa, exponent = times(mantissa, exponent, r2)
    least, most = min(abs(p0), abs(q1), abs(r2)), abs(p0) + abs(q1) + abs(r2)
    return least > 0.0 and most < np.inf, mantissa, exponent


@summing
def is_full(a):
    """Whether more than one entry of `a` in four is not zero."""
    count = 0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            count += a[i, j] != 0.0
    return 4 * count > a.shape[0] * a.shape[1]


@internal
def solve_two(lapack, a, pivots, ints, b):
    """Solve ``a x = b`` for two right-hand sides, one after the other in `b` (2 n,), in place; `a` is overwritten.

    Small matrices, and those of up to `MEDIUM` rows that are mostly zeros, by `eliminate`, others by LAPACK: it is
    given the transpose, so that both pivot by rows.  `ints` are four int32 to talk to it.  Returns as `eliminate`.
    """
    n = a.shape[0]
    if n < LARGE or (n < MEDIUM and not is_full(a)):
        return eliminate(a, part(b, 0, n), part(b, n, n))
    transpose(a)
    ints[0], ints[1], ints[2], ints[3] = n, 0, 2, AS_IT_STANDS
    call_pointers(lapack[GETRF], (ints, ints, a, ints, pivots, ints[1:]))
    if ints[1] != 0:
        return False, 0.0, 0.0
    call_pointers(lapack[GETRS], (ints[3:], ints, ints[2:], a, ints, pivots, b, ints, ints[1:]))
    mantissa, exponent = 1.0, 0.0
    for k in range(n):
        factor = a[k, k] if pivots[k] == k + 1 else -a[k, k]
        mantissa, exponent = times(mantissa, exponent, factor)
    return True, mantissa, exponent


@internal
def solve_complex(lapack, a, pivots, ints, b):
    """Solve the complex ``a x = b`` in place of `b` (`a` is overwritten); False where `a` is singular."""
    ints[0], ints[1], ints[2], ints[3] = a.shape[0], 0, 1, TRANSPOSED  # LAPACK sees a'
    call_pointers(lapack[ZGETRF], (ints, ints, a, ints, pivots, ints[1:]))
    if ints[1] != 0:
        return False
    call_pointers(lapack[ZGETRS], (ints[3:], ints, ints[2:], a, ints, pivots, b, ints, ints[1:]))
    return True


@internal
def invert_complex(lapack, a, pivots, ints, out):
    """Write the inverse of the complex `a` (overwritten) into `out`, all zeros on entry; False where it is singular."""
    n = a.shape[0]
    for i in range(n):
        out[i, i] = 1.0
    ints[0], ints[1], ints[2], ints[3] = n, 0, n, AS_IT_STANDS  # LAPACK sees a', whose inverse it stores by columns
    call_pointers(lapack[ZGETRF], (ints, ints, a, ints, pivots, ints[1:]))
    if ints[1] != 0:
        return False
    call_pointers(lapack[ZGETRS], (ints[3:], ints, ints[2:], a, ints, pivots, out, ints, ints[1:]))
    return True


@summing
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
def svd(lapack, a):
    """Return (u, s, vt) of the (m, n) matrix `a`, all vectors; allocates, for rare use."""
    m, n = a.shape
    u, s, vt = new_doubles((m, m)), new_doubles(min(m, n)), new_doubles((n, n))
    small, large = min(m, n), max(m, n)
    work = new_doubles(8 * small * small + 8 * small + 8 * large + 64)
    iwork = new_int32s(8 * small)
    ints = new_int32s(5)
    ints[0], ints[1], ints[2], ints[3] = n, m, work.shape[0], ALL_VECTORS  # LAPACK sees a'
    copy = a.copy()
    call_pointers(
        lapack[GESDD],
        (ints[3:], ints, ints[1:], copy, ints, s, vt, ints, u, ints[1:], work, ints[2:], iwork, ints[4:]),
    )
    return u, s, vt
