"""Special points of a branch of orbits: the zero of a test function along the branch, from a guess nearby.

A secant method whose every value is that of an orbit corrected across the branch, with steps that grow fourfold at
most.  At branch points and Hopf points the equations are singular: the zero is extrapolated along the branch from
orbits beside it, by its tangents, which leaves an error of the fourth order in their distance.
"""

import math

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, new_doubles, part
from continuation.compiled.calls.interface import APART, NONFINITE, OK, SINGULAR, call, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense.unfolding import find_gap
from continuation.compiled.state.messages import (
    ASKED,
    ASKED_KIND,
    DETERMINANT,
    EXPONENT,
    FOUND,
    FOUND_ERROR,
    FOUND_EXPECTED,
    FOUND_KIND,
    FOUND_NULLITY,
    FOUND_RESIDUAL,
    FOUND_TURNS,
    SOLVED,
)
from continuation.compiled.state.trace_state import COUNTS, KINDS
from continuation.orbits.kernels import monitoring as W
from continuation.orbits.kernels import table as T

KIND_OF_TEST = (
    KINDS.index("FOLD"),
    KINDS.index("BRANCH_POINT"),
    KINDS.index("PERIOD_DOUBLING"),
    KINDS.index("NEIMARK_SACKER"),
    KINDS.index("HOPF"),
)
NEWTON = 10
# Last correction of an orbit, and last change of the place of a zero, relative to 1 + |x|: rounding of the equations.
EXACT, PLACED = 1e-12, 1e-11
VOUCHED = 1e-14  # error of a location beside states of one unit; it grows with the ratio of their units
STALLED = 1e-7  # corrections that no longer shrink are rounding below this
# Distance from a singular point, relative to 1 + |x|, at which its place is extrapolated: nearer, rounding of the
# orbits is divided by it; ten times farther, the fourth order shows.
BESIDE = 1e-5
FAR = 1e-3  # the same at Hopf points, near which orbits are known to rounding over their size
FIRST = 1e-3  # first step of the secant method, relative to 1 + |x|
WIDER = 2  # how often the search begins four times farther from a singular point, where no orbit is to be had
STEPS = 40
# What the equations leave at a branch point, of what they leave at orbits beside it, and in the units of the states:
# ten times less and rounding refuses branch points, ten times more and families 1e-5 apart are said to cross.
LEFT_OVER, ROUNDED = 30.0, 64.0 * 2.2e-16


@internal
def inner(weights, a, b):
    """Inner product."""
    total = 0.0
    for j in range(weights.shape[0]):
        total += weights[j] * a[j] * b[j]
    return total


@internal
def extent(w, weights, x):
    """1 + |x| without the constants about which the states move: steps are measured by what orbits do, not where."""
    n, m, intervals, _ = T.sizes(w)
    squared = 0.0
    for j in range(weights.shape[0]):
        moving = x[j] - x[j % n] if j < intervals * n * m else x[j]
        squared += weights[j] * moving * moving
    return 1.0 + math.sqrt(squared)


@internal
def orbit_at(w, start, direction, weights, s, p, x, z, det):
    """Correct the orbit at ``start + s direction`` across the direction (a unit one), into x.

    z : (N,) its unit tangent; det : (2,) mantissa and exponent of the determinant.  Returns a status.
    """
    size = weights.shape[0]
    row, rhs, out, f = new_doubles(size), new_doubles(2 * size), new_doubles(2 * size + SOLVED), new_doubles(size)
    value, before = 0.0, math.inf
    for j in range(size):
        row[j] = weights[j] * direction[j]
        x[j] = start[j] + s * direction[j]
        value += row[j] * x[j]
    for _ in range(NEWTON):
        p[fixed(w, T.ACTIVE)] = x[size - 1]
        status = call(fixed(w, T.RESIDUAL), w, x, p, f)
        if status == OK:
            status = call(fixed(w, T.LINEARISE), w, x, p, f[size - 1 :])
        gap = value
        for j in range(size):
            gap -= row[j] * x[j]
            rhs[j], rhs[size + j] = -f[j], 0.0
        rhs[size - 1], rhs[2 * size - 1] = gap, 1.0
        if status == OK:
            status = call(fixed(w, T.SOLVE), w, row, rhs, out)
        if status != OK:
            return status
        squared, scale = inner(weights, part(out, 0, size), part(out, 0, size)), 0.0
        for j in range(size):
            x[j] += out[j]
        scale = 1.0 + math.sqrt(inner(weights, x, x))
        change = math.sqrt(squared)
        if change <= EXACT * scale or change <= STALLED * scale and change > 0.25 * before:
            tangent = part(out, size, size)
            length = math.sqrt(inner(weights, tangent, tangent))
            for j in range(size):
                z[j] = tangent[j] / length
            det[0], det[1] = out[2 * size + DETERMINANT] * length, out[2 * size + EXPONENT]
            return OK
        before = change
    return SINGULAR


@internal
def test_at(w, test, tests, x, z, det, p, watched):
    """Value of a test function at an orbit whose equations were factored last, as mantissa and exponent; a status."""
    size = x.shape[0]
    message = new_doubles(2 * size + SOLVED)
    for j in range(size):
        message[j], message[size + j] = x[j], z[j]
    message[2 * size + DETERMINANT], message[2 * size + EXPONENT] = det[0], det[1]
    status = call(fixed(w, T.MONITOR), w, message, p, watched)
    return status, watched[test], watched[tests + test]


@internal
def blend(a, b, from_a, from_b, length, sigma, x, direction):
    """Point at `sigma` of the cubic through a and b with these tangents, and its derivative; outside [0, 1] as well."""
    r = sigma * sigma * (3.0 - 2.0 * sigma)
    ta, tb = sigma * (1.0 - sigma) * (1.0 - sigma) * length, -sigma * sigma * (1.0 - sigma) * length
    dr, da = 6.0 * sigma * (1.0 - sigma) / length, (1.0 - sigma) * (1.0 - 3.0 * sigma)
    db = sigma * (3.0 * sigma - 2.0)
    for j in range(x.shape[0]):
        rise = b[j] - a[j]
        x[j] = a[j] + r * rise + ta * from_a[j] + tb * from_b[j]
        direction[j] = dr * rise + da * from_a[j] + db * from_b[j]


@internal
def first_orbit(w, guess, direction, weights, singular, p, a, za, det):
    """An orbit beside the guess to begin with, into a, and where another is to be sought: (status, sa, sb).

    Where the equations are singular at what is sought the guess itself may be so near to it that no orbit is to be had.
    """
    first = FIRST * extent(w, weights, guess)
    sa, sb = -first if singular else 0.0, first
    status = orbit_at(w, guess, direction, weights, sa, p, a, za, det)
    for _ in range(WIDER):
        if status != OK and singular:
            sa, sb = 4.0 * sa, 4.0 * sb
            status = orbit_at(w, guess, direction, weights, sa, p, a, za, det)
    return status, sa, sb


@internal
def find_zero(w, test, tests, beside, guess, direction, weights, p, kept, watched):
    """Secant method for the zero of a test function along the branch.

    tests : how many there are
    beside : distance, in units of `extent`, from which the zero is extrapolated where the equations are singular; 0:
        they are not
    kept : (6, N) scratch; the zero and its tangent are left in its last rows.  Returns (status, error).
    """
    det, a, b, za, zb = new_doubles(2), kept[0], kept[1], kept[2], kept[3]
    scale, singular = 1.0 + math.sqrt(inner(weights, guess, guess)), beside > 0.0
    enough = beside * extent(w, weights, guess) if singular else PLACED * scale
    # Steps converge so fast that the last would lead to a singular point itself: they go beyond it, so that in the end
    # it lies half way between two orbits.
    aside = 0.5 * enough if singular else 0.0
    status, sa, sb = first_orbit(w, guess, direction, weights, singular, p, a, za, det)
    fa, power = 0.0, 0.0
    if status == OK:
        status, fa, power = test_at(w, test, tests, a, za, det, p, watched)
    if status != OK:
        return status, 0.0
    for _ in range(STEPS):
        status = orbit_at(w, guess, direction, weights, sb, p, b, zb, det)
        if status != OK:
            sb = 0.5 * (sa + sb)
            if abs(sb - sa) <= enough:
                return status, 0.0
            continue
        status, fb, exponent = test_at(w, test, tests, b, zb, det, p, watched)
        if status != OK:
            return status, 0.0
        fb *= 2.0 ** max(min(exponent - power, 900.0), -900.0)
        step = fb * (sb - sa) / (fb - fa)
        if not abs(step) < math.inf:
            return NONFINITE, 0.0
        if abs(step) <= enough and (not singular or abs(sb - sa) <= 4.0 * enough) or fb == 0.0:
            place_zero(a, b, za, zb, weights, sb - sa, fa / (fa - fb), kept[4], kept[5])
            return OK, max(abs(step) * (beside if singular else 1.0) / scale, EXACT)
        if abs(step) > 4.0 * abs(sb - sa):
            step = math.copysign(4.0 * abs(sb - sa), step)
        for j in range(weights.shape[0]):
            a[j], za[j] = b[j], zb[j]
        sa, fa, sb = sb, fb, sb - step - math.copysign(aside, step)
    return SINGULAR, 0.0


@internal
def place_zero(a, b, za, zb, weights, way, sigma, x, direction):
    """Write the point at `sigma` between two orbits, `way` apart along the guess's tangent, and its tangent."""
    chord = 0.0
    for j in range(weights.shape[0]):
        chord += weights[j] * (b[j] - a[j]) * (b[j] - a[j])
    if chord > 0.0:
        blend(a, b, za, zb, math.copysign(math.sqrt(chord), way), sigma, x, direction)
    else:
        for j in range(weights.shape[0]):
            x[j], direction[j] = b[j], zb[j]


@internal
def largest_residual(w, x, p):
    """Largest component of the equations at x, the phase condition left out; NaN where they have no value."""
    size, f, largest = x.shape[0], new_doubles(x.shape[0]), 0.0
    p[fixed(w, T.ACTIVE)] = x[size - 1]
    if call(fixed(w, T.RESIDUAL), w, x, p, f) != OK:
        return math.nan
    for j in range(size - 2):
        largest = max(largest, abs(f[j]))
    return largest


@internal
def spread_of_units(w):
    """Ratio of the largest unit of a state to the least: reductions mix the states, and lose as many digits."""
    n, least, most = fixed(w, T.STATES), math.inf, 0.0
    metric = T.array(w, T.METRIC, n)
    for k in range(n):
        least, most = min(least, metric[k]), max(most, metric[k])
    return math.sqrt(most / least)


@internal
def left_over(w, x, p):
    """Largest component of the equations at x in the units of the states, the phase condition left out."""
    n, size, f, largest = fixed(w, T.STATES), x.shape[0], new_doubles(x.shape[0]), 0.0
    metric = T.array(w, T.METRIC, n)
    p[fixed(w, T.ACTIVE)] = x[size - 1]
    if call(fixed(w, T.RESIDUAL), w, x, p, f) != OK:
        return math.nan
    for j in range(size - 2):
        largest = max(largest, abs(f[j]) * math.sqrt(n * metric[j % n]))
    return largest


@internal
def write_second(w, x, p, z, h, factor, out):
    """Add `factor` times the second derivative of the equations along z, differenced with step h, to `out`."""
    size, y, f = x.shape[0], new_doubles(x.shape[0]), new_doubles(x.shape[0])
    for sign in range(-1, 2):
        for j in range(size):
            y[j] = x[j] + sign * h * z[j]
        p[fixed(w, T.ACTIVE)] = y[size - 1]
        weight = (factor if sign != 0 else -2.0 * factor) / (h * h)
        if call(fixed(w, T.RESIDUAL), w, y, p, f) != OK:
            weight = math.nan
        for j in range(size - 1):
            out[j] += weight * f[j]


@internal
def write_slope(w, x, p, z, h, out):
    """Write the derivative of the equations along z, differenced with step h, into `out`."""
    size, y, f = x.shape[0], new_doubles(x.shape[0]), new_doubles(x.shape[0])
    for j in range(size):
        out[j] = 0.0
    for sign in range(-1, 2, 2):
        for j in range(size):
            y[j] = x[j] + sign * h * z[j]
        p[fixed(w, T.ACTIVE)] = y[size - 1]
        weight = 0.5 * sign / h
        if call(fixed(w, T.RESIDUAL), w, y, p, f) != OK:
            weight = math.nan
        for j in range(size - 1):
            out[j] += weight * f[j]


@internal
def write_null_vector(w, row, weights, t, sides, solution, z):
    """Unit null vector across t of the equations that were linearised last, up to an error of their smallest part."""
    n, size, along = fixed(w, T.STATES), t.shape[0], 0.0
    metric = T.array(w, T.METRIC, n)
    for j in range(size - 1):
        sides[j], sides[size + j] = math.cos(1.0 + 2.0 * j**1.5) / math.sqrt(n * metric[j % n]), 0.0
    sides[size - 1] = sides[2 * size - 1] = 0.0
    status = call(fixed(w, T.SOLVE), w, row, sides, solution)
    for j in range(size):
        along += row[j] * solution[j]
    for j in range(size):
        z[j] = solution[j] - along * t[j]
    length = math.sqrt(inner(weights, z, z))
    for j in range(size):
        z[j] /= length
    return status


@internal
def find_way_across(w, x, t, weights, p, way):
    """Write the shortest way between two families that pass each other near x into `way`, and move x half way between.

    Returns False where none is found.

    As `continuation.compiled.dense.unfolding` says; a nearly singular system makes of each side the same large multiple
    of its part along the left null vector, which is all that is needed of it.
    """
    size = x.shape[0]
    row, sides, solution, kernel = (
        new_doubles(size),
        new_doubles(2 * size),
        new_doubles(2 * size + SOLVED),
        new_doubles((2, size)),
    )
    both, parts, q = new_doubles(size), new_doubles(6), new_doubles((2, 2))
    for j in range(size):
        row[j], kernel[0, j] = weights[j] * t[j], t[j]
    p[fixed(w, T.ACTIVE)] = x[size - 1]
    status = call(fixed(w, T.LINEARISE), w, x, p, both)
    if status == OK:
        status = write_null_vector(w, row, weights, t, sides, solution, kernel[1])
    h = FIRST * extent(w, weights, x)
    for pair in range(3):
        for j in range(2 * size):
            sides[j] = 0.0
        if pair == 0:
            p[fixed(w, T.ACTIVE)] = x[size - 1]
            call(fixed(w, T.RESIDUAL), w, x, p, sides)
            write_second(w, x, p, kernel[1], h, 1.0, part(sides, size, size))
        elif pair == 1:
            for k in range(2):
                write_slope(w, x, p, kernel[k], h, part(sides, k * size, size))
        else:
            for sign in range(-1, 2, 2):
                for j in range(size):
                    both[j] = t[j] + sign * kernel[1, j]
                write_second(w, x, p, both, h, 0.25 * sign, part(sides, 0, size))
            write_second(w, x, p, t, h, 1.0, part(sides, size, size))
        sides[size - 2] = sides[size - 1] = sides[2 * size - 2] = sides[2 * size - 1] = 0.0
        if status == OK:
            status = call(fixed(w, T.SOLVE), w, row, sides, solution)
        for side in range(2):
            for j in range(size):
                parts[2 * pair + side] += weights[j] * kernel[1, j] * solution[side * size + j]
    q[1, 1], q[0, 1], q[1, 0], q[0, 0] = parts[1], parts[4], parts[4], parts[5]
    det = q[0, 0] * q[1, 1] - q[0, 1] * q[0, 1]
    along = (q[0, 1] * parts[3] - q[1, 1] * parts[2]) / det  # to where the quadratic form has its saddle
    across = (q[0, 1] * parts[2] - q[0, 0] * parts[3]) / det
    if not (status == OK and abs(along) + abs(across) <= h):
        return False
    for j in range(size):
        x[j] += along * kernel[0, j] + across * kernel[1, j]
    return find_gap(parts[0] + 0.5 * (parts[2] * along + parts[3] * across), q, kernel, way)


@callback
def refine(w, request, parameters, out):
    """Locate a special point near a guess, as the engine asks for it; see `Operations.refine`."""
    n, m, intervals, _ = T.sizes(w)
    size = intervals * n * m + 2
    asked, found = doubles(request, 2 * size + ASKED), doubles(out, 2 * size + FOUND)
    p, weights, kept = new_doubles(fixed(w, T.PARAMETERS)), new_doubles(size), new_doubles((6, size))
    tests, test = W.count_tests(w), np.int64(-1)  # no literal: see `frames`
    watched = new_doubles(2 * tests + intervals + 2 * n + COUNTS)
    given = doubles(parameters, fixed(w, T.PARAMETERS))
    for k in range(p.shape[0]):
        p[k] = given[k]
    for k in range(W.FIRST_ZERO):
        if KIND_OF_TEST[k] == int(asked[2 * size + ASKED_KIND]):
            test = k
    if test < 0:
        return SINGULAR
    engines = T.array(w, T.PRODUCT, size)
    for j in range(size):
        weights[j] = engines[j]
    guess, direction = part(asked, 0, size), new_doubles(size)
    for j in range(size):
        direction[j] = asked[size + j]
    beside = FAR if test == W.AMPLITUDE else (BESIDE if test == W.BRANCH else 0.0)
    status, error = find_zero(w, test, tests, beside, guess, direction, weights, p, kept, watched)
    if status != OK:
        return status
    for j in range(size):
        found[j], found[size + j] = kept[4, j], kept[5, j]
    if test == W.BRANCH:
        usual = max(left_over(w, kept[0], p), left_over(w, kept[1], p))
        if not left_over(w, kept[4], p) <= max(LEFT_OVER * usual, ROUNDED):
            passes = find_way_across(w, kept[4], kept[5], weights, p, part(found, size, size))
            for j in range(size):
                found[j] = kept[4, j]
            return APART if passes else SINGULAR
    behind = 2 * size
    found[behind + FOUND_KIND] = asked[behind + ASKED_KIND]
    found[behind + FOUND_NULLITY] = 2.0 if test == W.TORUS else 1.0
    found[behind + FOUND_ERROR] = max(error, VOUCHED * spread_of_units(w))
    found[behind + FOUND_RESIDUAL] = largest_residual(w, kept[4], p)
    found[behind + FOUND_EXPECTED] = math.nan
    found[behind + FOUND_TURNS] = 1.0 if test == W.FOLD else 0.0
    if test == W.BRANCH and not kept[2, size - 1] * kept[3, size - 1] > 0.0:
        found[behind + FOUND_TURNS] = math.nan  # between orbits on both sides, next to the point, the parameter turns
    return OK
