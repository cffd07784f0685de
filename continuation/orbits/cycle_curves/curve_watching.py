"""Test functions, multipliers and counts of an accepted point of a curve, and the borders for those that follow."""

import math

from continuation.compiled.calls.arrays import doubles, fixed, integers, new_doubles, part
from continuation.compiled.calls.interface import NONFINITE, OK, SINGULAR, call, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices import linalg
from continuation.compiled.state.messages import (
    ASKED,
    ASKED_KIND,
    FOUND,
    FOUND_ERROR,
    FOUND_EXPECTED,
    FOUND_KIND,
    FOUND_NULLITY,
    FOUND_RESIDUAL,
    FOUND_TURNS,
    SOLVED,
)
from continuation.compiled.state.trace_state import COUNTS, NULLITY, UNSTABLE, VANISHED
from continuation.orbits.cycle_curves import curve_table as K
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.locating import FAR, extent, find_zero, largest_residual
from continuation.orbits.kernels.merging import determinant
from continuation.orbits.kernels.monitoring import (
    amplitude_test,
    neutral_band,
    torus_test,
    write_spectrum,
)
from continuation.orbits.kernels.returning import interpolate

# Test functions on a curve of folds; on all curves the last one is that of `monitoring`, which vanishes where orbits
# shrink to a point.
CUSP, ONE, FOLD_FLIP, FOLD_TORUS, FOLD_TESTS = range(5)
TWO, FLIP_FOLD, FLIP_TORUS, FLIP_FORM, FLIP_POLE, DOUBLING_TESTS = range(6)  # of period doublings
AT_ONE, AT_TWO, AT_THREE, AT_FOUR, TORUS_FOLD, TORUS_FLIP, TWO_TORI, TORUS_FORM, TORUS_POLE = range(9)  # of tori

# Distance of kappa from 1 and -1, where the curve ends, that is rounding of its last point; the test of a point that
# must not be missed for that.  Ten times less and it is, ten times more changes nothing.
AT_END = 1e-13
# Distance of kappa from 1 and -1 within which the determinant of the monodromy problem there, which has the critical
# pair for a factor, says nothing of the other multipliers: rounding of 1e-13 or so is its fifth digit at this distance.
# Ten times less and false points appear at the end of a curve, ten times more hides points within 1e-3 of its angle.
PAIRED = 1e-8


@internal
def drop_nearest(logs, angles, count, angle):
    """Move the multiplier nearest ``exp(i angle)`` of the first `count` behind the others of these."""
    best, place = math.inf, 0
    for k in range(count):
        turns = (angles[k] - angle) / (2.0 * math.pi)
        gap = math.hypot(logs[k], 2.0 * math.pi * (turns - math.floor(turns + 0.5)))
        if gap < best:
            best, place = gap, k
    log, kept = logs[place], angles[place]
    for k in range(place, count - 1):
        logs[k], angles[k] = logs[k + 1], angles[k + 1]
    logs[count - 1], angles[count - 1] = log, kept


@internal
def drop_critical(c, y, logs, angles):
    """Move the multipliers that the curve follows behind the others; returns how many others there are."""
    others, critical = logs.shape[0] - 1, fixed(c, K.CRITICAL)
    if critical == K.TORUS:
        theta = math.acos(max(min(y[K.count_orbit(c) + 1], 1.0), -1.0))
        drop_nearest(logs, angles, others, theta)
        drop_nearest(logs, angles, others - 1, -theta)
        return others - 2
    drop_nearest(logs, angles, others, 0.0 if critical == K.FOLD else math.pi)
    return others - 1


@internal
def determinant_at_one(w, sign):
    """`sign` times the determinant of the monodromy problem at 1 without the trivial multiplier, and its exponent."""
    n = fixed(w, T.STATES)
    whole, square = T.array(w, T.WHOLE, (n + 2, 2 * n + 4)), new_doubles((n + 1, n + 1))
    for k in range(n + 1):
        for j in range(n):
            square[k, j] = whole[k, j] + whole[k, n + j]
        square[k, n] = whole[k, 2 * n]
    _, mantissa, exponent = linalg.eliminate(square, new_doubles(n + 1), new_doubles(n + 1))
    growth = T.array(w, T.GROWTH, 2)
    return sign * mantissa * growth[0], exponent + growth[1]


@internal
def without_pair(c, mantissa, exponent, share, entry):
    """A determinant without the factor, `share`, that it has of the critical pair; the last one where that vanishes."""
    found = T.array(c, K.FOUND, K.FOUND_ENTRIES)
    if share > PAIRED:
        found[entry], found[entry + 1] = mantissa / share, exponent
    return found[entry], found[entry + 1]


@internal
def write_form(c, y, p, phi, first, by):
    """Tests of the normal form's coefficient, as ``x / (1 + |x|)``: itself, and times the sign of the test `by`.

    Where another multiplier passes 1 the coefficient changes its sign through infinity, unless the parts of the state
    do not act on each other: one of the two changes its sign there, and both where the coefficient vanishes.  Where a
    second multiplier passes -1 on a curve of doublings it always does, with the product of the left and the right null
    vector by which it is divided, so that it is taken times the sign of that.  Where it can't be had, at resonances, it
    is the last one.
    """
    found, value = T.array(c, K.FOUND, K.FOUND_ENTRIES), new_doubles(1)
    if fixed(c, K.COEFFICIENT) == 0:
        phi[first] = phi[first + 1] = 1.0
        return
    status = call(fixed(c, K.COEFFICIENT), fixed(c, K.COEFFICIENT_DATA), y, p, value)
    if status == OK and math.isfinite(value[0]):
        sign = math.copysign(1.0, found[K.DOUBLE]) if fixed(c, K.CRITICAL) == K.DOUBLING else 1.0
        found[K.REMEMBERED] = sign * value[0] / (1.0 + abs(value[0]))
    phi[first] = found[K.REMEMBERED]
    phi[first + 1] = math.copysign(1.0, phi[by]) * found[K.REMEMBERED] if phi[by] != 0.0 else 0.0


@internal
def write_tests(c, y, p, logs, angles, others, phi):
    """Test functions (TESTS mantissas, TESTS exponents) of the curve.

    Where orbits shrink to a point and grow again, half a period later, those that are odd keep their sign.
    """
    w, tests, critical = fixed(c, K.ORBITS), fixed(c, K.TESTS), fixed(c, K.CRITICAL)
    found, amplitude = T.array(c, K.FOUND, K.FOUND_ENTRIES), amplitude_test(w, y)
    odd = math.copysign(1.0, amplitude)
    torus = torus_test(part(logs, 0, others + 1), part(angles, 0, others + 1))
    if critical == K.FOLD:
        phi[CUSP], phi[ONE], phi[FOLD_TORUS] = odd * found[K.BEND], found[K.DOUBLE], torus
        phi[FOLD_FLIP], phi[tests + FOLD_FLIP] = determinant(w, 1.0, -1.0)
    elif critical == K.DOUBLING:
        phi[TWO], phi[FLIP_TORUS] = found[K.DOUBLE], torus
        phi[FLIP_FOLD], phi[tests + FLIP_FOLD] = determinant_at_one(w, odd)
        write_form(c, y, p, phi, FLIP_FORM, FLIP_FOLD)
    else:
        kappa = y[K.count_orbit(c) + 1]
        phi[AT_ONE], phi[AT_TWO], phi[AT_THREE], phi[AT_FOUR] = 1.0 - kappa, kappa + 1.0, kappa + 0.5, kappa
        if abs(phi[AT_ONE]) <= AT_END:
            phi[AT_ONE] = 0.0
        if abs(phi[AT_TWO]) <= AT_END:
            phi[AT_TWO] = 0.0
        mantissa, exponent = determinant_at_one(w, odd)
        phi[TORUS_FOLD], phi[tests + TORUS_FOLD] = without_pair(c, mantissa, exponent, 1.0 - kappa, K.LAST_FOLD)
        mantissa, exponent = determinant(w, 1.0, -1.0)
        phi[TORUS_FLIP], phi[tests + TORUS_FLIP] = without_pair(c, mantissa, exponent, 1.0 + kappa, K.LAST_FLIP)
        phi[TWO_TORI] = torus
        write_form(c, y, p, phi, TORUS_FORM, TORUS_FOLD)
    phi[tests - 1] = amplitude


@internal
def write_unit(source, sign, target):
    """Write a vector, times +-1, made a unit vector, unless it is zero or not finite."""
    count = source.shape[0]
    squared = 0.0
    for k in range(count):
        squared += source[k] * source[k]
    if 0.0 < squared < math.inf:
        for k in range(count):
            target[k] = sign * source[k] / math.sqrt(squared)


@internal
def renew_borders(c, tangent):
    """Make the vectors of this point the borders of the next, and its curve's direction the one not bordered by."""
    n, intervals, size = fixed(c, T.STATES), fixed(c, T.INTERVALS), fixed(c, T.UNKNOWNS)
    own, weights = K.count_orbit(c) + 2, T.array(c, T.PRODUCT, size)
    write_unit(T.array(c, K.RIGHT_NODES, intervals * n), 1.0, T.array(c, K.RIGHT_BORDERS, intervals * n))
    write_unit(T.array(c, K.LEFT_NODES, intervals * n), -1.0, T.array(c, K.LEFT_BORDERS, intervals * n))  # -b'w = 1
    responses, along = T.array(c, K.RESPONSES, 2 * own), T.array(c, K.ALONG, own)
    squared = 0.0
    for j in range(own):
        weight = weights[j] if j < own - 1 else 1.0
        squared += weight * responses[own + j] * responses[own + j]
    if 0.0 < squared < math.inf:
        for j in range(own):
            along[j] = responses[own + j] / math.sqrt(squared)
    write_row(c)
    by_p, by_q = weights[size - 1], weights[size - 2]
    p, q = tangent[size - 1], tangent[size - 2]
    length = math.sqrt(by_p * p * p + by_q * q * q)
    if length > 1e-6:  # nothing is told by parameters that do not change, as at a cusp
        pair = T.array(c, K.NEXT_PAIR, 4)
        pair[2], pair[3] = p / length, q / length
        pair[0], pair[1] = -math.sqrt(by_q / by_p) * pair[3], math.sqrt(by_p / by_q) * pair[2]


@internal
def write_row(c):
    """Make the functional of ALONG that borders the orbits' system next."""
    own, weights = K.count_orbit(c) + 2, T.array(c, T.PRODUCT, fixed(c, T.UNKNOWNS))
    along, row = T.array(c, K.ALONG, own), T.array(c, K.NEXT_ROW, own)
    for j in range(own):
        row[j] = along[j] * (weights[j] if j < own - 1 else 1.0)


@callback
def curve_monitor(c, point, parameters, out):
    """Test functions, the mesh, the multipliers and the counts of an accepted point, as `monitoring.monitor` does."""
    w, tests = fixed(c, K.ORBITS), fixed(c, K.TESTS)
    n, m, intervals, _ = T.sizes(w)
    size = fixed(c, T.UNKNOWNS)
    y, p = doubles(point, 2 * size + SOLVED), doubles(parameters, fixed(c, T.PARAMETERS))
    phi = doubles(out, 2 * tests + intervals + 2 * n + COUNTS)
    for k in range(2 * tests):
        phi[k] = 0.0
    status = call(fixed(c, T.LINEARISE), c, y, p, y)
    if status != OK:
        return NONFINITE if status == SINGULAR else status
    logs, angles = part(phi, 2 * tests + intervals, n), part(phi, 2 * tests + intervals + n, n)
    counts = part(phi, 2 * tests + intervals + 2 * n, COUNTS)
    if not write_spectrum(w, part(phi, 2 * tests, intervals), logs, angles):
        return NONFINITE
    others_logs, others_angles = logs.copy(), angles.copy()
    others = drop_critical(c, y, others_logs, others_angles)
    write_tests(c, y, p, others_logs, others_angles, others, phi)
    counts[UNSTABLE], counts[NULLITY], counts[VANISHED] = 0.0, 0.0, 0.0
    neutral = neutral_band(logs)
    for k in range(others):
        counts[UNSTABLE] += 1.0 if others_logs[k] > neutral else 0.0
    renew_borders(c, part(y, size, size))
    total = 0.0
    for k in range(2 * tests):
        total += phi[k]
    return OK if math.isfinite(total) else NONFINITE


@callback
def curve_refine(c, request, parameters, out):
    """Locate a special point of the curve near a guess: a secant method along it, as for branches."""
    n, tests = fixed(c, T.STATES), fixed(c, K.TESTS)
    size, intervals = fixed(c, T.UNKNOWNS), fixed(c, T.INTERVALS)
    asked, found = doubles(request, 2 * size + ASKED), doubles(out, 2 * size + FOUND)
    p, weights, kept = new_doubles(fixed(c, T.PARAMETERS)), new_doubles(size), new_doubles((6, size))
    watched, test, kinds = new_doubles(2 * tests + intervals + 2 * n + COUNTS), -1, integers(fixed(c, K.KINDS), tests)
    given, product = doubles(parameters, fixed(c, T.PARAMETERS)), T.array(c, T.PRODUCT, size)
    for k in range(p.shape[0]):
        p[k] = given[k]
    for k in range(tests):
        if kinds[k] == int(asked[2 * size + ASKED_KIND]):
            test = k
    if test < 0:
        return SINGULAR
    direction = new_doubles(size)
    for j in range(size):
        weights[j], direction[j] = product[j], asked[size + j]
    guess, behind = part(asked, 0, size), 2 * size
    beside, reach = 0.0, 2.0 * FAR * extent(c, weights, guess)
    if test == tests - 1:  # no orbit can be had where it has shrunk to a point: begin clearly before that
        beside = FAR
        for j in range(size):
            guess[j] -= reach * direction[j]
    status, error = find_zero(c, test, tests, beside, guess, direction, weights, p, kept, watched)
    if status != OK:
        return status
    for j in range(size):
        found[j], found[size + j] = kept[4, j], kept[5, j]
    found[behind + FOUND_KIND], found[behind + FOUND_NULLITY] = asked[behind + ASKED_KIND], 1.0
    found[behind + FOUND_ERROR], found[behind + FOUND_RESIDUAL] = error, largest_residual(c, kept[4], p)
    found[behind + FOUND_EXPECTED] = found[behind + FOUND_TURNS] = math.nan
    return OK


@internal
def carry_borders(c, old, new, borders):
    """Carry vectors at the nodes between the intervals over to another mesh, linearly in time."""
    n, intervals = fixed(c, T.STATES), fixed(c, T.INTERVALS)
    kept, i, begin, at = borders.copy(), 0, 0.0, 0.0
    for j in range(intervals):
        while i + 1 < intervals and at > begin + old[i]:
            begin += old[i]
            i += 1
        s = min(max((at - begin) / old[i], 0.0), 1.0)
        behind = 0 if i + 1 == intervals else i + 1
        for k in range(n):
            borders[j, k] = (1.0 - s) * kept[i, k] + s * kept[behind, k]
        at += new[j]


@callback
def curve_adapt(c, slots, weights, request):
    """Move the mesh by the orbits' own `adapt`, and carry the borders over where it has moved."""
    n, m, intervals, _ = T.sizes(c)
    count, h = intervals * n * m, T.array(c, T.MESH, intervals)
    old, moved = h.copy(), False
    status = call(fixed(c, K.ADAPT), c, doubles(slots, 1), doubles(weights, 1), doubles(request, 1))
    for i in range(intervals):
        moved = moved or old[i] != h[i]
    if moved:
        along, target = T.array(c, K.ALONG, count + 2), new_doubles(count)
        interpolate(c, part(along, 0, count), old, target, h, 0.0)
        for k in range(count):
            along[k] = target[k]
        carry_borders(c, old, h, T.array(c, K.RIGHT_BORDERS, (intervals, n)))
        carry_borders(c, old, h, T.array(c, K.LEFT_BORDERS, (intervals, n)))
        write_row(c)
    return status
