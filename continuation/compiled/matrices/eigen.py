"""Eigenvalues of dense matrices: counts by Sturm sequences for symmetric ones, LAPACK for general ones.

By Sylvester's law of inertia the pivots of ``T - shift`` have as many signs + as T has eigenvalues above the shift
(Golub and Van Loan, *Matrix Computations*, 4th ed., 8.4), so that a count costs O(n) once T is tridiagonal.
"""

import math

from continuation.compiled.calls.arrays import new_doubles, new_int32s
from continuation.compiled.calls.interface import call_pointers
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices.extremes import geometric_mean, largest_entry, power_to_one, unit_of
from continuation.compiled.matrices.linalg import GEEV, svd

NO_VECTORS, VECTORS = ord("N"), ord("V")  # letters that LAPACK is told
# Asymmetry below this, relative to the largest entry, is rounding: ten times less and symmetric problems are treated as
# general ones, at ten times the cost; far more and small pairs of complex eigenvalues are not seen.
SYMMETRIC_TO = 1e-12
SIMILAR_TO = 1e-11  # the same for entries that a diagonal scaling makes equal, relative to these: two more roundings
EXTREME = 1e140  # scalings beyond this, or below its inverse, are not used
# Entries of a column below this, of a matrix whose largest entry is about 1, are left out of its reflection: their
# squares would underflow.  They move eigenvalues by less than 1e-100 of the largest; any value from 1e-130 to 1e-20
# that rounding does not see does the same.
FAINT = 1e-100
PIVOT = 1e-300  # stands for a pivot that vanishes, of a matrix whose largest entry is about 1
HALVINGS = 64  # of a ratio, most that a gap takes: 13 lead from 1e9 to a tenth, 20 from 1e300


@internal
def is_finite(a):
    """Whether every entry of `a` is a number."""
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            if not abs(a[i, j]) < math.inf:
                return False
    return True


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
def scaling_to_symmetric(a, d, queue):
    """Find a diagonal D > 0 that makes ``D^{-1} A D`` symmetric, into `d`; False where there is none.

    A discretised convection has one.  ``d[j] / d[i] = sqrt(a_ji / a_ij)`` along every path through the matrix;
    `queue` (n,) holds the rows to visit.
    """
    n = a.shape[0]
    for i in range(n):
        d[i] = 0.0
    for root in range(n):
        if d[root] != 0.0:
            continue
        d[root], queue[0], at, end = 1.0, root, 0, 1
        while at < end:
            i = queue[at]
            at += 1
            for j in range(n):
                if j == i or (a[i, j] == 0.0 and a[j, i] == 0.0):
                    continue
                if not (a[i, j] > 0.0 and a[j, i] > 0.0 or a[i, j] < 0.0 and a[j, i] < 0.0):
                    return False
                ratio = math.sqrt(a[j, i] / a[i, j])
                if d[j] == 0.0:
                    d[j] = d[i] * ratio
                    queue[end] = j
                    end += 1
                    if not (d[j] < EXTREME and d[j] * EXTREME > 1.0):
                        return False
                elif not abs(d[j] - d[i] * ratio) <= SIMILAR_TO * d[j]:
                    return False
    return True


@internal
def tridiagonalise(a, d, e, v):
    """Reduce the symmetric `a` (overwritten, lower triangle used) to diagonal `d` and off-diagonal `e`[1:].

    Householder reflections (Golub and Van Loan, Matrix Computations, 8.3.1) of the matrix in units of its largest
    entry, so that no square overflows and what underflows is nothing beside the others.
    """
    n, unit = a.shape[0], 0.0
    for i in range(n):
        for j in range(i + 1):
            unit = max(unit, abs(a[i, j]))
    unit = power_to_one(unit)
    for i in range(n):
        for j in range(i + 1):
            a[i, j] *= unit
    for k in range(n - 2):
        norm2, largest, head = 0.0, 0.0, a[k + 1, k]
        for i in range(k + 2, n):
            norm2 += a[i, k] * a[i, k]
            largest = max(largest, abs(a[i, k]))
        if largest < FAINT:
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
        d[i] = a[i, i] / unit
        if i > 0:
            e[i] /= unit


@internal
def count_above(d, e, shift):
    """Eigenvalues of a symmetric tridiagonal matrix above `shift` (Sturm count); NaN of one that is not finite."""
    largest = abs(shift)
    for i in range(d.shape[0]):
        largest = max(largest, abs(d[i]))
        if i > 0:
            largest = max(largest, abs(e[i]))
    unit = unit_of(largest)
    count, q = 0.0, 1.0
    for i in range(d.shape[0]):
        q = unit * d[i] - unit * shift - ((unit * e[i]) * (unit * e[i]) / q if i > 0 else 0.0)
        if q == 0.0:
            q = -PIVOT
        if q > 0.0:
            count += 1.0
        elif not q < 0.0:
            return math.nan
    return count


@internal
def gap_around_zero(d, e, least, most):
    """Number that no eigenvalue of a symmetric tridiagonal matrix is below in size, within a tenth of the largest such.

    0 where an eigenvalue is smaller than `least` or nothing can be counted; `most` bounds all of them.
    """
    count = count_above(d, e, least)
    if not (least > 0.0 and count_above(d, e, -least) == count):
        return 0.0
    low, high = least, 2.0 * most
    for _ in range(HALVINGS):
        if not high > 1.1 * low:
            break
        middle = geometric_mean(low, high)
        if count_above(d, e, middle) == count and count_above(d, e, -middle) == count:
            low = middle
        else:
            high = middle
    return low


@internal
def work_size(n):
    """Floats for `eigenvalues` to work in: LAPACK wants 4 n."""
    return 8 * n + 8


@internal
def eigenvalues_of_two(a, wr, wi):
    """`eigenvalues` of a 2 x 2 matrix, from the formula for the roots of a quadratic, in units of its largest entry."""
    unit = unit_of(largest_entry(a))
    p, q, r, s = unit * a[0, 0], unit * a[0, 1], unit * a[1, 0], unit * a[1, 1]
    half, mean = 0.5 * (p - s), 0.5 * (p + s)
    disc = half * half + q * r
    if disc < 0.0:
        wr[0] = wr[1] = mean / unit
        wi[0] = math.sqrt(-disc) / unit
        wi[1] = -wi[0]
        return True
    large = mean + math.copysign(math.sqrt(disc), mean)
    wr[0], wi[0], wi[1] = large / unit, 0.0, 0.0
    wr[1] = (p * s - q * r) / large / unit if large != 0.0 else 0.0
    return True


@internal
def eigenvalues(lapack, a, wr, wi, work, ints):
    """Eigenvalues of `a` (overwritten) into wr + i wi; `work`: see `work_size`.  False on failure, as of a NaN."""
    n = a.shape[0]
    if not is_finite(a):
        return False
    if n == 1:
        wr[0], wi[0] = a[0, 0], 0.0
        return True
    if n == 2:
        return eigenvalues_of_two(a, wr, wi)
    unit = scale_to_safe(a)
    ints[0], ints[1], ints[2], ints[3] = n, 0, work.shape[0], NO_VECTORS
    call_pointers(
        lapack[GEEV], (ints[3:], ints[3:], ints, a, ints, wr, wi, work, ints, work, ints, work, ints[2:], ints[1:])
    )
    for i in range(n):
        wr[i], wi[i] = wr[i] / unit, wi[i] / unit
    return ints[1] == 0


@internal
def scale_to_safe(a):
    """Multiply `a` by its unit, which is returned: some versions of LAPACK's geev undo their own scaling wrongly."""
    unit = unit_of(largest_entry(a))
    if unit != 1.0:
        for i in range(a.shape[0]):
            for j in range(a.shape[1]):
                a[i, j] *= unit
    return unit


@internal
def eigenvector_condition_of_two(a, wr, wi):
    """`eigenvector_condition` of a 2 x 2 matrix with these eigenvalues, from its Schur form [[l1, g], [0, l2]]."""
    unit = unit_of(largest_entry(a))
    norms = (unit * a[0, 0]) ** 2 + (unit * a[0, 1]) ** 2 + (unit * a[1, 0]) ** 2 + (unit * a[1, 1]) ** 2
    own = (unit * wr[0]) ** 2 + (unit * wi[0]) ** 2 + (unit * wr[1]) ** 2 + (unit * wi[1]) ** 2
    gap = unit * math.hypot(wr[0] - wr[1], wi[0] - wi[1])
    coupling = math.sqrt(max(norms - own, 0.0))
    if coupling == 0.0:
        return 1.0
    return math.sqrt(1.0 + coupling * coupling / (gap * gap)) + coupling / gap if gap > 0.0 else math.inf


@internal
def eigenvector_condition(lapack, a, wr, wi):
    """Condition number (2-norm) of the unit eigenvectors of the transpose of `a` (overwritten); infinite on failure.

    They bound the eigenvalues of `a` as well as its own do.  A pair x +- i y enters as sqrt(2) (x, y): a unitary
    change of the complex columns.  `wr`, `wi`: eigenvalues.
    """
    n = a.shape[0]
    if not is_finite(a):
        return math.inf
    if n <= 2:
        return 1.0 if n == 1 else eigenvector_condition_of_two(a, wr, wi)
    scale_to_safe(a)
    v, work = new_doubles((n, n)), new_doubles(8 * n + 64)
    ints = new_int32s(5)
    ints[0], ints[2], ints[3], ints[4] = n, work.shape[0], NO_VECTORS, VECTORS  # left, right (of a')
    call_pointers(
        lapack[GEEV], (ints[3:], ints[4:], ints, a, ints, wr, wi, work, ints, v, ints, work, ints[2:], ints[1:])
    )
    if ints[1] != 0:
        return math.inf
    for i in range(n):
        if wi[i] != 0.0:
            for j in range(n):
                v[i, j] *= math.sqrt(2.0)
    _, sigma, _ = svd(lapack, v)
    return sigma[0] / sigma[n - 1] if sigma[n - 1] > 0.0 else math.inf
