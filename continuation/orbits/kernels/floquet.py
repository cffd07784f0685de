"""Floquet multipliers of a cycle from the maps of its mesh intervals, whatever their size.

The monodromy matrix ``M_{N-1} ... M_0`` itself knows only multipliers within 1e16 of the largest.  So orthogonal
frames are carried round the cycle, ``M_i Q_i = Q_{i+1} R_i`` (discrete QR; Dieci, Russell and Van Vleck, SIAM J.
Numer. Anal. 34, 1997; Lust, Int. J. Bifurcation Chaos 11, 2001): seen from them the cycle is upper triangular, but for
the orthogonal ``W = Q_0' Q_N`` that closes it.  This is simultaneous iteration, W tends to block triangular form, and
every block of W that vanishes to rounding splits the problem as exactly as rounding one of the maps would.

A block is done where its own product is too well conditioned for any digit of a multiplier to be lost in it, and where
it is 2 x 2: the determinant, a product of diagonals, is exact whatever their range.  Others go round again, as a ladder
of multipliers does that has no wide gap.  Maps are multiplied in groups whose condition stays small: most of the work
is the first round.
"""

import math

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, int32s, integers
from continuation.compiled.calls.interface import NONFINITE, OK, address_of, call_from_python, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices import eigen
from continuation.compiled.matrices.linalg import LAPACK, lapack_table
from continuation.compiled.matrices.similarity import balance
from continuation.orbits.kernels import frames

# Bound of the condition of a block's whole product up to which it is as good as its maps: 1e-12 of a multiplier.
# Ten times more loses a digit, ten times less sends blocks round again that are no better afterwards.
SETTLED = 1e4
# Block of W, in roundings a row, that is dropped.  Ten times less may lie below what rounding leaves there, ten times
# more is an error ten times larger.
DROPPED = 16.0 * 2.0**-52
# Rounds of a block before it is asked whether they still help, and how much its least part of W must shrink in one.
# From a ratio of neighbours of 1e2 on W has converged by then.
PATIENCE, SHRINKING = 8, 0.9
MOST_ROUNDS = 100  # enough for neighbours that differ by a factor of 1.4
ATTEMPTS = 2  # from the coordinates as they are, and turned
PLAIN = 1000  # powers of two up to this are numbers with all their digits
ALIKE = 1e-9  # moduli that differ by less count as equal where they are put in order
N_STATES, N_MAPS, MAPS, LAPACK_TABLE, INTS, SCRATCH, TABLE = range(7)  # data of `multipliers`


@internal
def add_sizes(maps, total):
    """Sum of the absolute values of all maps into `total`; returns whether it is finite."""
    n = total.shape[0]
    for i in range(n):
        for j in range(n):
            total[i, j] = 0.0
    for k in range(maps.shape[0]):
        for i in range(n):
            for j in range(n):
                total[i, j] += abs(maps[k, i, j])
    return eigen.is_finite(total)


@internal
def mark_splits(w, marks, first, end):
    """Mark where the part of W that couples what is above to what is below vanishes; (whether any, the least such).

    ``marks[k]`` is 1 where a block begins.
    """
    limit, least, found = DROPPED * (end - first), math.inf, False
    for k in range(first + 1, end):
        total = 0.0
        for i in range(k, end):
            for j in range(first, k):
                total += w[i, j] * w[i, j]
        size = math.sqrt(total)
        least = min(least, size)
        if size <= limit:
            marks[k], found = 1.0, True
    return found, least


@internal
def divide(scratch, n, count, vectors, first, end):
    """Go round until a part of the block splits off, which is marked (True), or its product may be used (False).

    That is so where it is settled and where rounds no longer help, as moduli are equal.  Before that they start anew,
    turned: frames along the axes never leave the subspaces of parts of the state that do not act on each other.
    """
    w, marks = frames.square(scratch, n, frames.FRAME), vectors[frames.MARKS]
    for attempt in range(ATTEMPTS):
        if attempt > 0:
            frames.turned_round(scratch, n, count, vectors, first, end)
        last = math.inf
        for turn in range(MOST_ROUNDS):
            if frames.condition_of(scratch, n, count, vectors, first, end) <= SETTLED:
                return False
            found, least = mark_splits(w, marks, first, end)
            if found:
                return True
            if turn >= PATIENCE and least > SHRINKING * last:
                break
            last = least
            frames.next_round(scratch, n, count, vectors, first, end)
    return False


@internal
def scaled_log(mantissa, exponent):
    """``log|mantissa 2**exponent|``, to the last bit where that is a number near 1."""
    if mantissa == 0.0:
        return -math.inf
    fraction, power = math.frexp(abs(mantissa))
    power += exponent
    if abs(power) < PLAIN:
        return math.log(math.ldexp(fraction, power))
    return math.log(fraction) + power * math.log(2.0)


@internal
def times_number(mantissa, exponent, factor):
    """``mantissa 2**exponent`` times a number, the mantissa in [1/2, 1) or zero."""
    fraction, power = math.frexp(factor)
    mantissa, more = math.frexp(mantissa * fraction)
    return mantissa, exponent + power + more


@internal
def at_exponent(mantissa, exponent, common):
    """``mantissa 2**exponent`` in units of ``2**common``, which is not much smaller."""
    return math.ldexp(mantissa, max(exponent - common, -2 * PLAIN)) if mantissa != 0.0 else 0.0


@internal
def product_of_two(scratch, n, count, first):
    """Product of the groups in a 2 x 2 block: p, q, r of [[p, q], [0, r]], a mantissa and a power of two each.

    Each has its own power, so that none vanishes beside another that is the larger one only for a part of the cycle.
    """
    p, pe, q, qe, r, re = 0.5, 1, 0.0, 0, 0.5, 1
    for g in range(count):
        a = frames.square(scratch, n, frames.GROUPS + g)
        q, qe = times_number(q, qe, a[first, first])
        s, se = times_number(r, re, a[first, first + 1])
        top = qe if s == 0.0 else (se if q == 0.0 else max(qe, se))
        q, more = math.frexp(at_exponent(q, qe, top) + at_exponent(s, se, top))
        qe = top + more
        p, pe = times_number(p, pe, a[first, first])
        r, re = times_number(r, re, a[first + 1, first + 1])
    return p, pe, q, qe, r, re


@internal
def write_two(scratch, n, count, first, exponent, logs, angles):
    """Multipliers of a 2 x 2 block.

    The discriminant is that of the trace and the determinant, whose product of diagonals is exact, or that of the
    entries, where the multipliers are almost equal: whichever sums up smaller terms.
    """
    w = frames.square(scratch, n, frames.FRAME)
    a, b, c, d = w[first, first], w[first, first + 1], w[first + 1, first], w[first + 1, first + 1]
    p, pe, q, qe, r, re = product_of_two(scratch, n, count, first)
    det, power = math.copysign(1.0, a * d - b * c) * p * r, pe + re
    common = max(pe if p != 0.0 else re, re if r != 0.0 else pe)
    common = max(common, qe) if q != 0.0 else common
    p, q, r = at_exponent(p, pe, common), at_exponent(q, qe, common), at_exponent(r, re, common)
    mean = 0.5 * (a * p + c * q + d * r)
    half, upper, lower = 0.5 * (a * p - (c * q + d * r)), a * q + b * r, c * p
    shifted = at_exponent(det, power, 2 * common)
    most = abs(a * p) + abs(c * q) + abs(d * r)
    by_entries = abs(half) * most + 2.0 * (abs(a * q) + abs(b * r)) * abs(lower)
    by_determinant = abs(mean) * most + abs(shifted)
    entries = by_entries < by_determinant
    discriminant = half * half + upper * lower if entries else mean * mean - shifted
    total = scaled_log(det, power + 2 * exponent)
    if discriminant < 0.0 and det > 0.0:
        logs[first] = logs[first + 1] = 0.5 * total
        angles[first] = math.atan2(math.sqrt(-discriminant), mean)
        angles[first + 1] = -angles[first]
        return
    larger = mean + math.copysign(math.sqrt(max(discriminant, 0.0)), mean)
    logs[first] = scaled_log(larger, common + exponent)
    logs[first + 1] = total - logs[first] if det != 0.0 and larger != 0.0 else -math.inf
    angles[first] = math.pi if larger < 0.0 else 0.0
    angles[first + 1] = math.pi if larger * det < 0.0 else 0.0


@internal
def write_several(lapack, ints, scratch, intervals, n, count, vectors, first, end, exponent, logs, angles):
    """Multipliers of a larger block, or of a single one: eigenvalues of W times the product; False where LAPACK fails.

    LAPACK balances the product, which helps where it is graded.
    """
    w, p, size = frames.square(scratch, n, frames.FRAME), frames.square(scratch, n, frames.PRODUCT), end - first
    exponent += frames.multiply_groups(scratch, n, count, first, end)
    a = doubles(scratch + 8 * frames.CARRIED * n * n, (size, size))
    for i in range(size):
        for j in range(size):
            total = 0.0
            for k in range(j + 1):
                total += w[first + i, first + k] * p[first + k, first + j]
            a[i, j] = total
    wr, wi = vectors[frames.REAL][:size], vectors[frames.IMAGINARY][:size]
    if not eigen.eigenvalues(lapack, a, wr, wi, frames.eigen_work(scratch, n, intervals), ints):
        return False
    for i in range(size):
        logs[first + i] = scaled_log(math.hypot(wr[i], wi[i]), exponent)
        angles[first + i] = math.atan2(wi[i], wr[i]) if wi[i] != 0.0 else (math.pi if wr[i] < 0.0 else 0.0)
    return True


@internal
def write_one(scratch, n, count, first, exponent, logs, angles):
    """The multiplier of a block of one row."""
    mantissa, power = math.frexp(frames.square(scratch, n, frames.FRAME)[first, first])
    for g in range(count):
        mantissa, power = times_number(mantissa, power, frames.square(scratch, n, frames.GROUPS + g)[first, first])
    logs[first] = scaled_log(mantissa, power + exponent)
    angles[first] = math.pi if mantissa < 0.0 else 0.0


@internal
def comes_before(logs, angles, i, log, angle):
    """Whether multiplier i comes before that of this logarithm and angle: by modulus, equal ones by angle."""
    if logs[i] == log or abs(logs[i] - log) <= ALIKE:
        return abs(angles[i]) <= abs(angle) + ALIKE
    return logs[i] > log


@internal
def put_in_order(logs, angles):
    """Sort by insertion: the larger moduli first; a pair stays together, since both compare alike with all others."""
    for k in range(1, logs.shape[0]):
        log, angle, i = logs[k], angles[k], k - 1
        while i >= 0 and not comes_before(logs, angles, i, log, angle):
            logs[i + 1], angles[i + 1] = logs[i], angles[i]
            i -= 1
        logs[i + 1], angles[i + 1] = log, angle


@internal
def find_multipliers(lapack, ints, scratch, maps, logs, angles):
    """Multipliers of ``M_{N-1} ... M_0``: natural logarithms of their moduli and their angles in (-pi, pi].

    lapack, ints : LAPACK's table and four int32 to talk to it
    scratch : address of `frames.scratch_size` floats, all overwritten
    maps : (N, n, n) with entries up to 1e300, ``u_{i+1} = M_i u_i``
    logs, angles : (n,) out; larger moduli first, those that agree to 1e-9 by the size of their angles; conjugate pairs
        side by side, the positive angle first; a multiplier of exactly zero is -inf

    Returns False where a map is not finite or LAPACK fails.  The error of a multiplier is that of rounding the maps: a
    few roundings times the condition of a map, over the cosine of the angle between its left and right vector there.
    A map that is singular but for rounding leaves the modulus that rounding makes of it.

    Cost: ``5 N n**3`` operations for the first round, less for the others; nothing is allocated.
    """
    n, intervals = maps.shape[1], maps.shape[0]
    vectors = frames.vectors_of(scratch, n, intervals)
    total, marks = frames.square(scratch, n, frames.CARRIED), vectors[frames.MARKS]
    if not add_sizes(maps, total):
        return False
    balance(total, vectors[frames.SCALING][:n])
    count, exponent = frames.first_round(maps, scratch, vectors)
    for k in range(n + 1):
        marks[k] = 1.0 if k == 0 or k == n else 0.0
    first, end = np.int64(0), n  # a number of no type of its own: all that is called is compiled once
    while first < n:
        end = first + 1
        while marks[end] == 0.0:
            end += 1
        if end - first == 1:
            write_one(scratch, n, count, first, exponent, logs, angles)
        elif end - first == 2:
            write_two(scratch, n, count, first, exponent, logs, angles)
        elif divide(scratch, n, count, vectors, first, end):
            continue
        elif not write_several(lapack, ints, scratch, intervals, n, count, vectors, first, end, exponent, logs, angles):
            return False
        first = end
    put_in_order(logs, angles)
    return True


@callback
def multipliers(data, u, p, out):
    """`find_multipliers` of the table `data`: logarithms to `u`, angles to `p`, nothing to `out`."""
    n, intervals = fixed(data, N_STATES), fixed(data, N_MAPS)
    maps = doubles(fixed(data, MAPS), (intervals, n, n))
    lapack, ints = integers(fixed(data, LAPACK_TABLE), len(LAPACK)), int32s(fixed(data, INTS), 4)
    done = find_multipliers(lapack, ints, fixed(data, SCRATCH), maps, doubles(u, n), doubles(p, n))
    return OK if done else NONFINITE


def multipliers_of(maps):
    """Compute the Floquet multipliers of a cycle from the maps of its mesh intervals, of any size.

    Parameters
    ----------
    maps : array_like, shape (N, n, n)
        ``u_{i+1} = M_i u_i`` round the cycle; the monodromy matrix is ``M_{N-1} ... M_0``.

    Returns
    -------
    logs : ndarray, shape (n,)
        Natural logarithms of the moduli, larger ones first; -inf: the multiplier is zero.
    angles : ndarray, shape (n,)
        In (-pi, pi]; conjugate pairs side by side, the positive angle first.  All are NaN where a map is not finite.

    Raises
    ------
    ValueError
        If `maps` has another shape.

    Notes
    -----
    Relative errors are those of rounding the maps, also of multipliers that differ by hundreds of powers of ten.
    Cost: ``5 N n**3`` operations or somewhat more.

    Examples
    --------
    >>> logs, angles = multipliers_of([np.diag([1e200, 1e-200]), np.diag([1e200, -1e-200])])
    >>> (logs / np.log(10)).round(12), (angles / np.pi).round(12)
    (array([ 400., -400.]), array([0., 1.]))
    """
    maps = np.ascontiguousarray(maps, dtype=float)
    if maps.ndim != 3 or maps.shape[1] != maps.shape[2] or 0 in maps.shape:
        raise ValueError(f"maps has shape {maps.shape}, expected (N, n, n) with N, n > 0")
    intervals, n = maps.shape[:2]
    logs, angles = np.full(n, np.nan), np.full(n, np.nan)
    ints, scratch = np.zeros(4, np.int32), np.zeros(frames.scratch_size(n, intervals))
    arrays = (maps, lapack_table(), ints, scratch)
    data = np.array([n, intervals, *map(address_of, arrays)], np.int64)
    if call_from_python(multipliers, address_of(data), logs, angles) != OK:
        logs[:], angles[:] = np.nan, np.nan
    return logs, angles
