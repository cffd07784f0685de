"""Test functions and stability of an accepted orbit, from the factorisation that accepted it.

All of them are functions of the monodromy matrix, not of the mesh: their signs may be compared where it has moved.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, int32s, integers, part
from continuation.compiled.calls.interface import NONFINITE, OK, call, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.matrices import linalg
from continuation.compiled.state.messages import DETERMINANT, EXPONENT, SOLVED
from continuation.compiled.state.trace_state import COUNTS, NULLITY, UNSTABLE, VANISHED
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.collocation import node_weight
from continuation.orbits.kernels.floquet import find_multipliers
from continuation.orbits.kernels.merging import determinant

# Test functions, in the order of `Operations.tests`; those of the user's zeros come behind them.
FOLD, BRANCH, DOUBLING, TORUS, AMPLITUDE, FIRST_ZERO = range(6)
LARGEST, LEAST, MEAN, ZERO_KINDS = range(4)  # of each of the user's zeros along an orbit
REFINED = 8  # iterations of Newton's method for an extremum, from the best of the nodes and points between them
BETWEEN = 4  # points of an interval from one node to the next that are tried first
# Moduli this near to 1 are taken for 1 where no test function says more: pairs of conservative problems rest there, but
# for the error of the mesh, which the trivial multiplier shows; beyond the second bound that says nothing any more.
NEUTRAL, MOST_NEUTRAL = 1e-7, 1e-3
BESIDE_ONE = 1e-2  # distance from 1 within which a multiplier may be the trivial one, or its pair with the critical one
# Part of the reference's amplitude below which an orbit is next to a Hopf point: there it is no fold, whatever rounding
# makes of its tangent, and no reference itself.
TINY = 0.05
# Part of the parameter in a unit tangent, in its unit, below which it is what rounding leaves: no sign.
LEVEL = 1e-13
# Logarithm of a modulus below which it is corrected, and its distance from the next: ten times smaller moduli are off
# by the error of the mesh, larger ones are as good as the others.
SMALL, APART = -4.0, 1.0
# Difference of the logarithms of two products of multipliers that are the same by a symmetry: equal multipliers are
# known to 1e-9, next to the trivial one to 1e-5; of others nothing is lost where it is larger.
ALIKE = 1e-4


@internal
def count_tests(w):
    """K, how many test functions there are."""
    return FIRST_ZERO + ZERO_KINDS * fixed(w, T.ZEROS)


@internal
def gather_maps(w):
    """(L, n, n) maps of the intervals in order."""
    n, _, intervals, groups = T.sizes(w)
    maps, out, places = (
        T.array(w, T.MAPS, (groups, n, n + 4, 8)),
        T.array(w, T.MONODROMY, (intervals, n, n)),
        T.places(w),
    )
    for g in range(groups):
        for lane in range(8):
            i = places[g, lane]
            if i >= 0:
                for k in range(n):
                    for c in range(n):
                        out[i, k, c] = maps[g, k, c, lane]
    return out


@internal
def nearest_to_one(logs, angles, real):
    """Index of the multiplier nearest to 1, of all or of the positive ones; -1 if there is none."""
    best, place = math.inf, -1
    for k in range(logs.shape[0]):
        gap = math.hypot(logs[k], angles[k])
        if gap < best and (angles[k] == 0.0 or not real):
            best, place = gap, k
    return place


@internal
def trivial_last(logs, angles):
    """Move the multiplier nearest to 1 behind the others, which keep their order.

    Beside a fold it may make a pair with the one that passes 1, by rounding: then that one is the pair's product.
    """
    n, place, alone = logs.shape[0], nearest_to_one(logs, angles, False), nearest_to_one(logs, angles, True)
    if angles[place] != 0.0:
        if alone >= 0 and abs(logs[alone]) <= BESIDE_ONE:
            place = alone
        elif math.hypot(logs[place], angles[place]) <= BESIDE_ONE:
            for k in range(n):
                if k != place and angles[k] == -angles[place] and logs[k] == logs[place]:
                    logs[k], angles[k] = 2.0 * logs[k], 0.0
                    logs[place] = angles[place] = 0.0
    log, angle = logs[place], angles[place]
    for k in range(place, n - 1):
        logs[k], angles[k] = logs[k + 1], angles[k + 1]
    logs[n - 1], angles[n - 1] = log, angle


@internal
def correct_smallest(w, logs, angles):
    """Make the smallest modulus what the others leave: all logarithms add up to the integral of tr F_u (Liouville).

    A strong contraction within one interval is beyond polynomials; the trace is not.  In the plane the only multiplier
    beside the trivial one is told by it whatever the orbit does: along a canard the maps expand beyond all digits.
    """
    n, m, _, groups = T.sizes(w)
    smallest, before = n - 2, n - 3
    if smallest < 0:
        return
    if n > 2:
        if logs[smallest] > SMALL or (angles[smallest] != 0.0 and abs(angles[smallest]) < math.pi):
            return
        if before >= 0 and logs[before] < logs[smallest] + APART:
            return
    jacobians, quadrature = T.array(w, T.JACOBIANS, (groups, n * m, n, 8)), T.array(w, T.QUADRATURE, m)
    total = 0.0
    for g in range(groups):
        for j in range(m):
            for k in range(n):
                for lane in range(8):
                    total += quadrature[j] * jacobians[g, j * n + k, k, lane]
    for k in range(n):
        if k != smallest and n > 2:
            total -= logs[k]
    if before < 0 or total < logs[before]:
        logs[smallest], negative = total, 0
        for k in range(n):
            negative += k != smallest and n > 2 and abs(angles[k]) == math.pi
        angles[smallest] = math.pi if negative % 2 == 1 else 0.0  # the product of all is positive


@internal
def write_spectrum(w, mesh, logs, angles):
    """Write the mesh (L,) and the multipliers of the orbit that was factored last, the trivial one last; if it can."""
    intervals = fixed(w, T.INTERVALS)
    h = T.array(w, T.MESH, intervals)
    for i in range(intervals):
        mesh[i] = h[i]
    lapack, ints = integers(fixed(w, T.LAPACK), len(linalg.LAPACK)), int32s(fixed(w, T.INTS), 8)
    if not find_multipliers(lapack, ints, fixed(w, T.FLOQUET), gather_maps(w), logs, angles):
        return False
    trivial_last(logs, angles)
    correct_smallest(w, logs, angles)
    return True


@internal
def parity(w):
    """Sign of the product of all ``mu - 1`` but the trivial one's: that of the equations' determinant at fixed p."""
    n = fixed(w, T.STATES)
    whole = T.array(w, T.WHOLE, (n + 2, 2 * n + 4))
    square = doubles(fixed(w, T.CLOSING), (n + 1, n + 1))
    sides, ints = T.array(w, T.SIDES, 2 * (n + 2)), int32s(fixed(w, T.INTS), 8)
    for k in range(n + 1):
        for c in range(n):
            square[k, c] = whole[k, c] + whole[k, n + c]
        square[k, n] = whole[k, 2 * n]
        sides[k] = sides[n + 1 + k] = 0.0
    lapack, pivots = integers(fixed(w, T.LAPACK), len(linalg.LAPACK)), int32s(fixed(w, T.PIVOTS), n + 2)
    _, mantissa, _ = linalg.solve_two(lapack, square, pivots, ints, sides)
    return -math.copysign(1.0, mantissa) * math.copysign(1.0, T.array(w, T.GROWTH, 2)[0])


@internal
def neutral_band(logs):
    """Logarithm of a modulus below which a multiplier may lie on the unit circle, the trivial one being the last."""
    return max(NEUTRAL, min(abs(logs[logs.shape[0] - 1]), MOST_NEUTRAL))


@internal
def count_outside(w, logs, angles):
    """How many multipliers but the last, the trivial one, lie outside the unit circle.

    Whether an odd number of real ones does beyond 1 is told by the determinant at fixed p, which vanishes at folds and
    branch points of these very equations; where the multipliers say otherwise the one nearest to 1 is across.
    """
    others, count, real, nearest = logs.shape[0] - 1, 0, 0, -1
    neutral = neutral_band(logs)
    for k in range(others):
        outside = logs[k] > neutral
        count += outside
        if angles[k] == 0.0:
            real += outside
            if nearest < 0 or abs(logs[k]) < abs(logs[nearest]):
                nearest = k
    odd = parity(w) * (-1.0 if others % 2 == 1 else 1.0) < 0.0
    if odd != (real % 2 == 1) and nearest >= 0 and (others > 1 or abs(logs[nearest]) <= BESIDE_ONE):
        count += -1 if logs[nearest] > neutral else 1
    return count


@internal
def is_paired(angles, i, j):
    """Whether two multipliers are conjugate, or both real and of one sign."""
    return angles[i] == -angles[j] if abs(angles[i]) < math.pi else angles[i] == angles[j]


@internal
def is_doubled(logs, angles, log, i, j):
    """Whether two multipliers are real and an even number of such pairs have their product."""
    if angles[i] != angles[j] or not is_paired(angles, i, j):
        return False
    count = 0
    for k in range(logs.shape[0] - 1):
        for m in range(k):
            real = angles[k] == angles[m] and is_paired(angles, k, m)
            count += real and abs(logs[k] + logs[m] - log) <= ALIKE
    return count % 2 == 0


@internal
def torus_test(logs, angles):
    """A continuous function that changes sign where the product of two multipliers passes 1.

    That are a complex pair on the unit circle, or real ones mu and 1/mu.  The trivial one is left out, and where a
    symmetry makes multipliers equal products of real ones that are 1 in even numbers: they change no sign.
    """
    others, least, sign = logs.shape[0] - 1, math.inf, 1.0
    for i in range(others):
        for j in range(i):
            log, turns = logs[i] + logs[j], (angles[i] + angles[j]) / (2.0 * math.pi)
            angle = 2.0 * math.pi * (turns - math.floor(turns + 0.5))
            if math.hypot(log, angle) < least and not is_doubled(logs, angles, log, i, j):
                least = math.hypot(log, angle)
            if is_paired(angles, i, j) and log > 0.0:
                sign = -sign
    return sign * least if least < math.inf else 1.0


@internal
def amplitude_test(w, u):
    """Part of the reference in an orbit, both without their means: it passes zero where orbits shrink to a point."""
    n, m, intervals, _ = T.sizes(w)
    reference, metric = T.array(w, T.REFERENCE, intervals * n * m), T.array(w, T.METRIC, n)
    along, squared = 0.0, 0.0
    for k in range(n):
        mean = 0.0
        for i in range(intervals):
            for q in range(m):
                mean += node_weight(w, i, q) * reference[(i * m + q) * n + k]
        for i in range(intervals):
            for q in range(m):
                at = (i * m + q) * n + k
                swing = node_weight(w, i, q) * metric[k] * (reference[at] - mean)
                along += swing * (u[at] - mean)
                squared += swing * (reference[at] - mean)
    return along / squared if squared > 0.0 else 1.0


@internal
def evaluate_along(w, which, u, p, values):
    """Values (L m,) of one of the vector field's zeros at the nodes of the orbit u (L m n,); a status."""
    n, base, status = fixed(w, T.STATES), fixed(w, T.BASE), OK
    zeros = D.zeros(base)
    for k in range(values.shape[0]):
        if status == OK:
            status = call(zeros[2 * which], zeros[2 * which + 1], part(u, k * n, n), p, part(values, k, 1))
    return status


@internal
def value_at(w, coefficients, s, order):
    """A polynomial's value at s, or that of its derivative of the order asked for."""
    total = 0.0
    for k in range(fixed(w, T.DEGREE), order - 1, -1):
        factor = 1.0
        for j in range(order):
            factor *= k - j
        total = total * s + factor * coefficients[k]
    return total


@internal
def largest_between(w, values, i, sign, coefficients):
    """Largest value of `sign` times the polynomial on the interval i."""
    m, count = fixed(w, T.DEGREE), values.shape[0]
    powers = T.array(w, T.POWERS, (m + 1, m + 1))
    for k in range(m + 1):
        coefficients[k] = 0.0
        for q in range(m + 1):
            coefficients[k] += sign * powers[k, q] * values[(i * m + q) % count]
    best, s = -math.inf, 0.0
    for k in range(BETWEEN * m + 1):
        value = value_at(w, coefficients, k / (BETWEEN * m), 0)
        if value > best:
            best, s = value, k / (BETWEEN * m)
    for _ in range(REFINED):
        slope, bend = value_at(w, coefficients, s, 1), value_at(w, coefficients, s, 2)
        step = -slope / bend if bend < 0.0 else 0.0
        s = min(max(s + min(max(step, -0.25 / m), 0.25 / m), 0.0), 1.0)
    return max(best, value_at(w, coefficients, s, 0))


@internal
def largest_of(w, values, sign, coefficients):
    """Largest value of `sign` times the piecewise polynomial: from the intervals on both sides of the best node."""
    m, intervals, best, at = fixed(w, T.DEGREE), fixed(w, T.INTERVALS), -math.inf, 0
    for k in range(values.shape[0]):
        if sign * values[k] > best:
            best, at = sign * values[k], k
    before = (at // m + intervals - 1) % intervals
    best = max(best, largest_between(w, values, at // m, sign, coefficients))
    return max(best, largest_between(w, values, before, sign, coefficients))


@internal
def mean_of(w, values):
    """Mean over the period."""
    m, total = fixed(w, T.DEGREE), 0.0
    for i in range(fixed(w, T.INTERVALS)):
        for q in range(m):
            total += node_weight(w, i, q) * values[i * m + q]
    return total


@internal
def write_extremes(w, u, p, phi):
    """Write the largest, least and mean value of each of the user's zeros (ZERO_KINDS each) into phi; a status."""
    n, m, intervals, _ = T.sizes(w)
    values, status = T.array(w, T.OTHER, intervals * m), OK
    coefficients = T.array(w, T.EXTREME, m + 1)
    for which in range(fixed(w, T.ZEROS)):
        if status == OK:
            status = evaluate_along(w, which, u, p, values)
        phi[ZERO_KINDS * which + LARGEST] = largest_of(w, values, 1.0, coefficients)
        phi[ZERO_KINDS * which + LEAST] = -largest_of(w, values, -1.0, coefficients)
        phi[ZERO_KINDS * which + MEAN] = mean_of(w, values)
    return status


@callback
def monitor(w, point, p, out):
    """Test functions, the mesh, the multipliers and the counts of an accepted orbit.

    out : test functions and their exponents (K each); lengths of the mesh (L,), logarithms of the multipliers'
    moduli and their angles (n each), the trivial one last; then the counts.
    """
    n, m, intervals, _ = T.sizes(w)
    size, tests = intervals * n * m + 2, count_tests(w)
    x, phi = doubles(point, 2 * size + SOLVED), doubles(out, 2 * tests + intervals + 2 * n + COUNTS)
    for k in range(2 * tests):
        phi[k] = 0.0
    logs, angles = part(phi, 2 * tests + intervals, n), part(phi, 2 * tests + intervals + n, n)
    counts = part(phi, 2 * tests + intervals + 2 * n, COUNTS)
    if not write_spectrum(w, part(phi, 2 * tests, intervals), logs, angles):
        return NONFINITE
    phi[BRANCH], phi[tests + BRANCH] = x[2 * size + DETERMINANT], x[2 * size + EXPONENT]
    phi[DOUBLING] = 1.0  # in the plane the multiplier is positive
    if n > 2:
        phi[DOUBLING], phi[tests + DOUBLING] = determinant(w, 1.0, -1.0)
    phi[TORUS] = torus_test(logs, angles)
    phi[AMPLITUDE] = amplitude_test(w, part(x, 0, size - 2))
    if abs(phi[AMPLITUDE]) >= TINY:
        phi[FOLD] = math.copysign(1.0, phi[AMPLITUDE]) * x[2 * size - 1]  # at a Hopf point both signs change: no fold
    if abs(x[2 * size - 1]) * math.sqrt(T.array(w, T.PRODUCT, size)[size - 1]) <= LEVEL:
        phi[FOLD] = 0.0
    counts[UNSTABLE], counts[NULLITY], counts[VANISHED] = count_outside(w, logs, angles), 0.0, 0.0
    if not math.isfinite(phi[DOUBLING] + phi[TORUS] + phi[AMPLITUDE]):
        return NONFINITE
    own = doubles(p, fixed(w, T.PARAMETERS))
    return write_extremes(w, part(x, 0, size - 2), own, part(phi, FIRST_ZERO, tests - FIRST_ZERO))
