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
from continuation.compiled.calls.kernel import fusing, internal
from continuation.compiled.matrices import eigen
from continuation.compiled.matrices.extremes import power_to_one
from continuation.compiled.matrices.linalg import LAPACK, lapack_table
from continuation.compiled.matrices.similarity import balance

EPSILON = 2.0**-52
# Bound of the condition up to which maps are multiplied: a group loses that many roundings.  Ten times more loses a
# digit of the least multipliers, ten times less makes every further round dearer.
GROUPED = 1e3
# Bound of the condition of a block's whole product up to which it is as good as its maps: 1e-12 of a multiplier.
# Ten times more loses a digit, ten times less sends blocks round again that are no better afterwards.
SETTLED = 1e4
# Block of W, in roundings a row, that is dropped.  Ten times less may lie below what rounding leaves there, ten times
# more is an error ten times larger.
DROPPED = 16.0 * EPSILON
# Rounds of a block before it is asked whether they still help, and how much its least part of W must shrink in one.
# From a ratio of neighbours of 1e2 on W has converged by then.
PATIENCE, SHRINKING = 8, 0.9
MOST_ROUNDS = 100  # enough for neighbours that differ by a factor of 1.4
ATTEMPTS = 2  # from the coordinates as they are, and turned
GOLDEN = 0.6180339887498949  # its multiples, modulo 1, have no pattern
SMALL, LARGE = 2.0**-10, 2.0**10  # size of a group's largest entry; outside it is brought to 1
PLAIN = 1000  # powers of two up to this are numbers with all their digits
ALIKE = 1e-9  # moduli that differ by less count as equal where they are put in order

N_STATES, N_MAPS, MAPS, LAPACK_TABLE, INTS, SCRATCH, TABLE = range(7)  # data of `multipliers`
FRAME, CARRIED, PRODUCT, MAP, GROUPS = range(5)  # matrices in the scratch; a group for each map, then the vectors
REFLECTION, ROW, SCALING, REAL, IMAGINARY, MARKS, VECTORS = range(7)


def scratch_size(n: int, intervals: int) -> int:
    """Floats that `find_multipliers` works in, for `intervals` maps of `n` states."""
    return (GROUPS + intervals) * n * n + VECTORS * (n + 1) + 8 * n + 8


@internal
def square(scratch, n, index):
    """View of a matrix of the scratch (n, n)."""
    return doubles(scratch + 8 * index * n * n, (n, n))


@internal
def eigen_work(scratch, n, intervals):
    """View of what is left of the scratch for LAPACK (8 n + 8,)."""
    return doubles(scratch + 8 * ((GROUPS + intervals) * n * n + VECTORS * (n + 1)), 8 * n + 8)


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


@fusing
def multiply_frame(a, q, z, first, end, lowest):
    """``z = a q`` in a block; rows of `a` begin at the diagonal, or, while `lowest` is 0, at the block's start."""
    for r in range(first, end):
        start, c = max(first, r * lowest), first
        while c + 4 <= end:  # four sums in registers
            s, t, u, v = 0.0, 0.0, 0.0, 0.0
            for k in range(start, end):
                factor = a[r, k]
                s += factor * q[k, c]
                t += factor * q[k, c + 1]
                u += factor * q[k, c + 2]
                v += factor * q[k, c + 3]
            z[r, c], z[r, c + 1], z[r, c + 2], z[r, c + 3] = s, t, u, v
            c += 4
        while c < end:
            s = 0.0
            for k in range(start, end):
                s += a[r, k] * q[k, c]
            z[r, c] = s
            c += 1


@internal
def copy_block(a, out, first, end):
    """Copy a block of `a` to `out`."""
    for i in range(first, end):
        for j in range(first, end):
            out[i, j] = a[i, j]


@internal
def reflection_of(z, k, end):
    """Householder vector of column k from the diagonal down: (new diagonal, its tau); entries below become the vector.

    Of any size: where squares would not be numbers, the column is measured in a unit of its own.
    """
    head, norm2 = z[k, k], 0.0
    for i in range(k + 1, end):
        norm2 += z[i, k] * z[i, k]
    total, unit = head * head + norm2, 1.0
    if not (norm2 > 1e-200 and total < 1e200):
        largest = 0.0
        for i in range(k + 1, end):
            largest = max(largest, abs(z[i, k]))
        if largest == 0.0:
            return head, 0.0
        unit = power_to_one(max(largest, abs(head)))
        head, total = unit * head, unit * head * (unit * head)
        for i in range(k + 1, end):
            total += unit * z[i, k] * (unit * z[i, k])
    beta = -math.copysign(math.sqrt(total), head)
    inverse = unit / (head - beta)
    for i in range(k + 1, end):
        z[i, k] *= inverse
    return beta / unit, (beta - head) / beta


@fusing
def reflect(z, k, tau, target, start, end):
    """Apply the reflection in column k of `z` to columns `start` ... of `target`, rows k ..."""
    c = start
    while c + 4 <= end:
        s, t, u, v = target[k, c], target[k, c + 1], target[k, c + 2], target[k, c + 3]
        for i in range(k + 1, end):
            factor = z[i, k]
            s += factor * target[i, c]
            t += factor * target[i, c + 1]
            u += factor * target[i, c + 2]
            v += factor * target[i, c + 3]
        s, t, u, v = tau * s, tau * t, tau * u, tau * v
        target[k, c] -= s
        target[k, c + 1] -= t
        target[k, c + 2] -= u
        target[k, c + 3] -= v
        for i in range(k + 1, end):
            factor = z[i, k]
            target[i, c] -= factor * s
            target[i, c + 1] -= factor * t
            target[i, c + 2] -= factor * u
            target[i, c + 3] -= factor * v
        c += 4
    while c < end:
        s = target[k, c]
        for i in range(k + 1, end):
            s += z[i, k] * target[i, c]
        s *= tau
        target[k, c] -= s
        for i in range(k + 1, end):
            target[i, c] -= z[i, k] * s
        c += 1


@internal
def carry_frame(a, q, z, taus, first, end, lowest):
    """Carry the frame `q` through the map `a` in a block, ``a q = new q R``: R replaces `a`, the new frame `q`."""
    multiply_frame(a, q, z, first, end, lowest)
    for k in range(first, end - 1):
        z[k, k], taus[k] = reflection_of(z, k, end)
        if taus[k] != 0.0:
            reflect(z, k, taus[k], z, k + 1, end)
    for r in range(first, end):
        for c in range(first, end):
            a[r, c] = z[r, c] if c >= r else 0.0
            q[r, c] = 1.0 if c == r else 0.0
    for k in range(end - 2, first - 1, -1):
        if taus[k] != 0.0:
            reflect(z, k, taus[k], q, k, end)


@fusing
def multiply_triangular(a, b, out, first, end):
    """``out = a b`` of upper triangular blocks; returns the largest absolute entry."""
    largest = 0.0
    for r in range(first, end):
        for c in range(r, end):
            out[r, c] = 0.0
        for k in range(r, end):
            factor = a[r, k]
            for c in range(k, end):
                out[r, c] += factor * b[k, c]
        for c in range(r, end):
            largest = max(largest, abs(out[r, c]))
    return largest


@internal
def rescale(a, largest, first, end):
    """Bring the largest entry of an upper triangular block to about 1; returns the power of two that was taken out."""
    unit = power_to_one(largest)
    for r in range(first, end):
        for c in range(r, end):
            a[r, c] *= unit
    return 1 - math.frexp(unit)[1]


@internal
def condition_bound(a, solution, first, end):
    """Bound of the condition of an upper triangular block in the maximum norm, from its comparison matrix.

    ``|A^-1| <= M(A)^-1`` (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed., SIAM 2002, 8.3): one
    triangular solve.  Infinite or NaN of a singular block.
    """
    norm, inverse = 0.0, 0.0
    for r in range(end - 1, first - 1, -1):
        size, right = abs(a[r, r]), 1.0
        for c in range(r + 1, end):
            size += abs(a[r, c])
            right += abs(a[r, c]) * solution[c]
        solution[r] = right / abs(a[r, r])
        norm, inverse = max(norm, size), max(inverse, solution[r])
    return norm * inverse


@internal
def take_map(m, d, a, columns):
    """Write the map ``D^-1 m D`` into `a`; returns a bound of its condition, infinite unless it is near the identity.

    With ``|a - 1| <= g < 1`` that is ``(1 + g) / (1 - g)``; g squared is the product of the norms by rows and columns.
    """
    n, rows, most = m.shape[0], 0.0, 0.0
    for j in range(n):
        columns[j] = 0.0
    for i in range(n):
        total = 0.0
        for j in range(n):
            a[i, j] = m[i, j] * (d[j] / d[i])
            size = abs(a[i, j] - (1.0 if i == j else 0.0))
            total += size
            columns[j] += size
        rows = max(rows, total)
    for j in range(n):
        most = max(most, columns[j])
    gap = math.sqrt(rows) * math.sqrt(most)
    return (1.0 + gap) / (1.0 - gap) if gap < 1.0 else math.inf


@internal
def close_group(scratch, n, vectors, place, bound):
    """Carry the frame through the matrix behind group `place`, and multiply that group by it if both are harmless.

    Returns (last group, bound of its condition, power of two taken out).
    """
    q, z, product = square(scratch, n, FRAME), square(scratch, n, CARRIED), square(scratch, n, PRODUCT)
    a, row = square(scratch, n, GROUPS + place + 1), vectors[ROW]
    carry_frame(a, q, z, vectors[REFLECTION], 0, n, 0)
    if bound < GROUPED:
        group = square(scratch, n, GROUPS + place)
        largest = multiply_triangular(a, group, product, 0, n)
        together = condition_bound(product, row, 0, n)
        if together < GROUPED:
            exponent = 0 if SMALL < largest < LARGE else rescale(product, largest, 0, n)
            copy_block(product, group, 0, n)
            return place, together, exponent
    bound = condition_bound(a, row, 0, n)
    if not bound < GROUPED:
        return place + 1, math.inf, 0
    largest = 0.0
    for i in range(n):
        for j in range(i, n):
            largest = max(largest, abs(a[i, j]))
    return place + 1, bound, rescale(a, largest, 0, n)


@internal
def first_round(maps, scratch, vectors):
    """Carry a frame through all maps and multiply them in groups; returns (number of groups, power of two taken out).

    Maps near the identity are multiplied as they are, what the frame makes of them afterwards.  The frame begins as the
    identity, in units that balance the states: graded and triangular maps stay what they are.
    """
    n = maps.shape[1]
    q, z = square(scratch, n, FRAME), square(scratch, n, CARRIED)
    a, d = square(scratch, n, MAP), vectors[SCALING]
    for i in range(n):
        for j in range(n):
            q[i, j] = 1.0 if i == j else 0.0
    place, bound, loose, exponent = -1, math.inf, math.inf, 0
    for k in range(maps.shape[0]):
        own = take_map(maps[k], d, a, vectors[ROW])
        if loose * own < GROUPED:
            multiply_frame(a, square(scratch, n, GROUPS + place + 1), z, 0, n, 0)
            copy_block(z, square(scratch, n, GROUPS + place + 1), 0, n)
            loose *= own
            continue
        if k > 0:
            place, bound, more = close_group(scratch, n, vectors, place, bound)
            exponent += more
        copy_block(a, square(scratch, n, GROUPS + place + 1), 0, n)
        loose = own
    place, bound, more = close_group(scratch, n, vectors, place, bound)
    return place + 1, exponent + more


@internal
def next_round(scratch, n, count, vectors, first, end):
    """Carry the frame of a block once more round the cycle: the last frame is the next first one, and the next W."""
    q, z = square(scratch, n, FRAME), square(scratch, n, CARRIED)
    for g in range(count):
        carry_frame(square(scratch, n, GROUPS + g), q, z, vectors[REFLECTION], first, end, 1)


@internal
def turned_round(scratch, n, count, vectors, first, end):
    """`next_round` from a frame that none of the block's invariant subspaces lies along, whatever its coordinates.

    From ``W H`` where H reflects, so that ``(W H)' W Q = H Q`` closes the cycle.
    """
    q, z, h = square(scratch, n, FRAME), square(scratch, n, CARRIED), square(scratch, n, PRODUCT)
    v, size = vectors[REAL], 0.0
    for i in range(first, end):
        v[i] = 1.0 + GOLDEN * (i - first) - math.floor(GOLDEN * (i - first))
        size += v[i] * v[i]
    for i in range(first, end):
        for j in range(first, end):
            h[i, j] = (1.0 if i == j else 0.0) - 2.0 * v[i] * v[j] / size
    multiply_frame(q, h, z, first, end, 0)
    copy_block(z, q, first, end)
    next_round(scratch, n, count, vectors, first, end)
    multiply_frame(h, q, z, first, end, 0)
    copy_block(z, q, first, end)


@internal
def multiply_groups(scratch, n, count, first, end):
    """Product of all groups in a block, its largest entry about 1; returns the power of two taken out.

    It is in the matrix PRODUCT; CARRIED is overwritten.
    """
    p, z = square(scratch, n, PRODUCT), square(scratch, n, CARRIED)
    exponent = 0
    for r in range(first, end):
        for c in range(r, end):
            p[r, c] = 1.0 if r == c else 0.0
    for g in range(count):
        largest = multiply_triangular(square(scratch, n, GROUPS + g), p, z, first, end)
        exponent += rescale(z, largest, first, end)
        for r in range(first, end):
            for c in range(r, end):
                p[r, c] = z[r, c]
    return exponent


@internal
def mark_splits(w, marks, first, end):
    """Mark where the block of W that couples what is above to what is below vanishes; (whether any, least such, where).

    ``marks[k]`` is 1 where a block begins.
    """
    limit, least, where, found = DROPPED * (end - first), math.inf, first, False
    for k in range(first + 1, end):
        total = 0.0
        for i in range(k, end):
            for j in range(first, k):
                total += w[i, j] * w[i, j]
        size = math.sqrt(total)
        if size < least:
            least, where = size, k
        if size <= limit:
            marks[k], found = 1.0, True
    return found, least, where


@internal
def condition_of(scratch, n, count, vectors, first, end):
    """Bound of the condition of a block's product, which is left in the matrix PRODUCT."""
    multiply_groups(scratch, n, count, first, end)
    return condition_bound(square(scratch, n, PRODUCT), vectors[ROW], first, end)


@internal
def divide(scratch, n, count, vectors, first, end):
    """Go round until a block is settled (False) or a part of it split off, which is marked (True).

    Where rounds no longer help, be it that moduli are equal or that rounding hides the rest, the block is split where
    the least is lost, unless its product loses less.
    """
    w, marks = square(scratch, n, FRAME), vectors[MARKS]
    for attempt in range(ATTEMPTS):
        last = math.inf
        for turn in range(MOST_ROUNDS):
            bound = condition_of(scratch, n, count, vectors, first, end)
            if bound <= SETTLED:
                return False
            found, least, where = mark_splits(w, marks, first, end)
            if found:
                return True
            stalled = turn >= PATIENCE and least > SHRINKING * last
            if stalled or turn == MOST_ROUNDS - 1:
                break
            last = least
            next_round(scratch, n, count, vectors, first, end)
        if attempt < ATTEMPTS - 1:
            turned_round(scratch, n, count, vectors, first, end)
        elif not least > EPSILON * bound:
            marks[where] = 1.0
            return True
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
        a = square(scratch, n, GROUPS + g)
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
    w = square(scratch, n, FRAME)
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
    if by_entries < by_determinant:
        discriminant = half * half + upper * lower
    else:
        discriminant = mean * mean - shifted
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
    w, p, size = square(scratch, n, FRAME), square(scratch, n, PRODUCT), end - first
    exponent += multiply_groups(scratch, n, count, first, end)
    a = doubles(scratch + 8 * CARRIED * n * n, (size, size))
    for i in range(size):
        for j in range(size):
            total = 0.0
            for k in range(j + 1):
                total += w[first + i, first + k] * p[first + k, first + j]
            a[i, j] = total
    wr, wi = vectors[REAL][:size], vectors[IMAGINARY][:size]
    if not eigen.eigenvalues(lapack, a, wr, wi, eigen_work(scratch, n, intervals), ints):
        return False
    for i in range(size):
        logs[first + i] = scaled_log(math.hypot(wr[i], wi[i]), exponent)
        angles[first + i] = math.atan2(wi[i], wr[i]) if wi[i] != 0.0 else (math.pi if wr[i] < 0.0 else 0.0)
    return True


@internal
def write_one(scratch, n, count, first, exponent, logs, angles):
    """The multiplier of a block of one row."""
    mantissa, power = math.frexp(square(scratch, n, FRAME)[first, first])
    for g in range(count):
        mantissa, power = times_number(mantissa, power, square(scratch, n, GROUPS + g)[first, first])
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
    scratch : address of `scratch_size` floats, all overwritten
    maps : (N, n, n) with entries up to 1e300, ``u_{i+1} = M_i u_i``
    logs, angles : (n,) out; larger moduli first, those that agree to 1e-9 by the size of their angles; conjugate pairs
        side by side, the positive angle first; a multiplier of exactly zero is -inf

    Returns False where a map is not finite or LAPACK fails.  The error of a multiplier is that of rounding the maps: a
    few roundings times the condition of a map, over the cosine of the angle between its left and right vector there.
    A map that is singular but for rounding leaves the modulus that rounding makes of it.

    Cost: ``5 N n**3`` operations for the first round, less for the others; nothing is allocated.
    """
    n, intervals = maps.shape[1], maps.shape[0]
    vectors = doubles(scratch + 8 * (GROUPS + intervals) * n * n, (VECTORS, n + 1))
    total, marks = square(scratch, n, CARRIED), vectors[MARKS]
    if not add_sizes(maps, total):
        return False
    balance(total, vectors[SCALING][:n])
    count, exponent = first_round(maps, scratch, vectors)
    for k in range(n + 1):
        marks[k] = 1.0 if k == 0 or k == n else 0.0
    first, end = 0, n
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
    """`find_multipliers` with its arguments in the table `data`; logarithms to `u`, angles to `p`; `out` is not used."""
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
    >>> logs, angles = multipliers_of([[[0, 1e-200], [2, 0]], [[1e-200, 0], [0, -1]]])
    >>> logs / np.log(10), angles
    (array([...]), array([...]))
    """
    maps = np.ascontiguousarray(maps, dtype=float)
    if maps.ndim != 3 or maps.shape[1] != maps.shape[2] or 0 in maps.shape:
        raise ValueError(f"maps has shape {maps.shape}, expected (N, n, n) with N, n > 0")
    intervals, n = maps.shape[:2]
    logs, angles = np.full(n, np.nan), np.full(n, np.nan)
    ints, scratch = np.zeros(4, np.int32), np.zeros(scratch_size(n, intervals))
    arrays = (maps, lapack_table(), ints, scratch)
    data = np.array([n, intervals, *map(address_of, arrays)], np.int64)
    if call_from_python(multipliers, address_of(data), logs, angles) != OK:
        logs[:], angles[:] = np.nan, np.nan
    return logs, angles
