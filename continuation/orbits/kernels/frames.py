"""Orthogonal frames carried round a cycle, and maps multiplied in groups: the work of Floquet multipliers.

Seen from frames with ``M_i Q_i = Q_{i+1} R_i`` the maps are upper triangular, and ``W = Q_0' Q_N`` closes the cycle.
All matrices are in one scratch array: W, which is the last frame too, in FRAME; a group of maps each from GROUPS on,
upper triangular; a block of them is that of rows and columns ``first`` ... ``end - 1``.

Integers are handed on as ``np.int64(0)``: numba compiles a function once more for every number that stands in a call.
"""

import math

import numpy as np

from continuation.compiled.calls.arrays import doubles
from continuation.compiled.calls.kernel import fusing, internal
from continuation.compiled.matrices.extremes import power_to_one

# Bound of the condition up to which maps are multiplied: a group loses that many roundings.  Ten times more loses a
# digit of the least multipliers, ten times less makes every further round dearer.
GROUPED = 1e3
GOLDEN = 0.6180339887498949  # its multiples, modulo 1, have no pattern
SMALL, LARGE = 2.0**-10, 2.0**10  # size of a group's largest entry; outside it is brought to 1
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
def vectors_of(scratch, n, intervals):
    """View of the vectors of the scratch (VECTORS, n + 1)."""
    return doubles(scratch + 8 * (GROUPS + intervals) * n * n, (VECTORS, n + 1))


@internal
def eigen_work(scratch, n, intervals):
    """View of what is left of the scratch for LAPACK (8 n + 8,)."""
    return doubles(scratch + 8 * ((GROUPS + intervals) * n * n + VECTORS * (n + 1)), 8 * n + 8)


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
    begin, whole = np.int64(0), np.int64(0)
    carry_frame(a, q, z, vectors[REFLECTION], begin, n, whole)
    if bound < GROUPED:
        group = square(scratch, n, GROUPS + place)
        largest = multiply_triangular(a, group, product, begin, n)
        together = condition_bound(product, row, begin, n)
        if together < GROUPED:
            exponent = 0 if SMALL < largest < LARGE else rescale(product, largest, begin, n)
            copy_block(product, group, begin, n)
            return place, together, exponent
    bound = condition_bound(a, row, begin, n)
    if not bound < GROUPED:
        return place + 1, math.inf, 0
    largest = 0.0
    for i in range(n):
        for j in range(i, n):
            largest = max(largest, abs(a[i, j]))
    return place + 1, bound, rescale(a, largest, begin, n)


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
    begin, whole, place, bound, loose, exponent = np.int64(0), np.int64(0), np.int64(-1), math.inf, math.inf, 0
    for k in range(maps.shape[0]):
        own = take_map(maps[k], d, a, vectors[ROW])
        if loose * own < GROUPED:
            multiply_frame(a, square(scratch, n, GROUPS + place + 1), z, begin, n, whole)
            copy_block(z, square(scratch, n, GROUPS + place + 1), begin, n)
            loose *= own
            continue
        if k > 0:
            place, bound, more = close_group(scratch, n, vectors, place, bound)
            exponent += more
        copy_block(a, square(scratch, n, GROUPS + place + 1), begin, n)
        loose = own
    place, bound, more = close_group(scratch, n, vectors, place, bound)
    return place + 1, exponent + more


@internal
def next_round(scratch, n, count, vectors, first, end):
    """Carry the frame of a block once more round the cycle: the last frame is the next first one, and the next W."""
    q, z, diagonal = square(scratch, n, FRAME), square(scratch, n, CARRIED), np.int64(1)
    for g in range(count):
        carry_frame(square(scratch, n, GROUPS + g), q, z, vectors[REFLECTION], first, end, diagonal)


@internal
def turned_round(scratch, n, count, vectors, first, end):
    """`next_round` from a frame that none of the block's invariant subspaces lies along, whatever its coordinates.

    From ``W H`` where H reflects, so that ``(W H)' W Q = H Q`` closes the cycle.
    """
    q, z, h = square(scratch, n, FRAME), square(scratch, n, CARRIED), square(scratch, n, PRODUCT)
    v, size, whole = vectors[REAL], 0.0, np.int64(0)
    for i in range(first, end):
        v[i] = 1.0 + GOLDEN * (i - first) - math.floor(GOLDEN * (i - first))
        size += v[i] * v[i]
    for i in range(first, end):
        for j in range(first, end):
            h[i, j] = (1.0 if i == j else 0.0) - 2.0 * v[i] * v[j] / size
    multiply_frame(q, h, z, first, end, whole)
    copy_block(z, q, first, end)
    next_round(scratch, n, count, vectors, first, end)
    multiply_frame(h, q, z, first, end, whole)
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
def condition_of(scratch, n, count, vectors, first, end):
    """Bound of the condition of a block's product, which is left in the matrix PRODUCT."""
    multiply_groups(scratch, n, count, first, end)
    return condition_bound(square(scratch, n, PRODUCT), vectors[ROW], first, end)
