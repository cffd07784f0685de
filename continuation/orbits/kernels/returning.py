"""The start of a branch as the trace sees it: on the current mesh, in the phase that the current orbit would give it.

The engine tells that a branch has closed by coming to its start again.  Orbits come back on another mesh, and shifted
in time: going round a closed curve of orbits the phase condition, which keeps neighbours in phase, need not lead back
to the phase it began with.  So the start is laid on the mesh anew, shifted to the phase nearest to the current orbit's,
and near the end corrected: then it solves the very equations that the trace solves.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_doubles, part
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.locating import inner, orbit_at

# Distance of period and parameters from the start's, in units of what they change in a step, within which the start is
# looked for: until it is looked for again, three steps on usually, a step grows eightfold at most.
NEAR = 20.0
SHIFTS = 4  # tried for each interval: the phase is searched from the best of them
SECANTS = 12  # steps of the search, at most; what they leave is corrected with the orbit
PHASED = 1e-13  # last change of a shift, of a period


@internal
def interpolate(w, source, old, target, new, shift):
    """Values at the nodes of another mesh of the piecewise polynomial with values `source` on the mesh `old`.

    source, target : (L n m,); old, new : (L,) lengths; shift : of a period, in [0, 1), by which it is read later.
    """
    n, m, intervals, _ = T.sizes(w)
    nm, powers, nodes = n * m, T.array(w, T.POWERS, (m + 1, m + 1)), T.array(w, T.NODES_AT, m + 1)
    i, begin, at = 0, 0.0, shift
    for j in range(intervals):
        for v in range(m):
            place = at + nodes[v] * new[j]
            while i + 1 < intervals and place > begin + old[i]:
                begin += old[i]
                i += 1
            if i + 1 == intervals and place > 1.0 and shift > 0.0:
                i, begin, at, place = 0, 0.0, at - 1.0, place - 1.0
                while i + 1 < intervals and place > begin + old[i]:
                    begin += old[i]
                    i += 1
            s = min(max((place - begin) / old[i], 0.0), 1.0)
            last = 0 if i + 1 == intervals else (i + 1) * nm
            for k in range(n):
                total = 0.0
                for c in range(m, -1, -1):
                    coefficient = powers[c, m] * source[last + k]
                    for q in range(m):
                        coefficient += powers[c, q] * source[i * nm + q * n + k]
                    total = total * s + coefficient
                target[j * nm + v * n + k] = total
        at += new[j]


@internal
def is_near(w, left, previous, start, weights):
    """Whether period and parameters say that the start may be a few steps ahead; to a Hopf point no branch returns."""
    n, m, intervals, _ = T.sizes(w)
    count, size, step, gap, constant = intervals * n * m, fixed(w, T.UNKNOWNS), 0.0, 0.0, True
    for j in range(count):
        constant = constant and start[j] == start[j % n]
    if constant:
        return False
    for j in range(size):
        step += weights[j] * (left[j] - previous[j]) * (left[j] - previous[j])
    for j in range(count, size):
        gap += weights[j] * (left[j] - start[j]) * (left[j] - start[j])
    return gap <= NEAR * NEAR * step


@internal
def out_of_phase(w, first, old, new, shift, target):
    """What the phase condition says of the shifted start, which is left in `target`."""
    n, m, intervals, _ = T.sizes(w)
    phase, total = T.array(w, T.PHASE, intervals * n * m), 0.0
    interpolate(w, first, old, target, new, shift - math.floor(shift))
    for k in range(intervals * n * m):
        total += phase[k] * (target[k] - target[k % n])
    return total


@internal
def find_shift(w, first, old, left, weights, new, target):
    """The shift of a period with which the start is nearest to an orbit: there the phase condition holds."""
    n, m, intervals, _ = T.sizes(w)
    count, tries, most, best = intervals * n * m, SHIFTS * intervals, -math.inf, 0.0
    for k in range(tries):
        interpolate(w, first, old, target, new, k / tries)
        overlap = 0.0
        for j in range(count):
            overlap += weights[j] * target[j] * left[j]
        if overlap > most:
            most, best = overlap, k / tries
    a, b = best, best + 0.5 / tries
    fa, fb = out_of_phase(w, first, old, new, a, target), out_of_phase(w, first, old, new, b, target)
    for _ in range(SECANTS):
        if fa == fb:
            break
        c = b - fb * (b - a) / (fb - fa)
        if not abs(c - best) <= 1.0 / tries:
            return best
        a, fa, b = b, fb, c
        fb = out_of_phase(w, first, old, new, b, target)
        if abs(b - a) <= PHASED:
            break
    return b


@internal
def bring_start(w, start, first, old, left, new, shifting):
    """Write the start, kept on the mesh `old`, into its record: on the current mesh, and in phase where that is asked.

    first : (2 N,) orbit and tangent as they were at the start.
    """
    n, m, intervals, _ = T.sizes(w)
    count, size = intervals * n * m, fixed(w, T.UNKNOWNS)
    weights, target, shift = T.array(w, T.PRODUCT, size), T.array(w, T.OTHER, count), 0.0
    if shifting:
        shift = find_shift(w, part(first, 0, count), old, left, weights, new, target)
    for side in (0, size):
        interpolate(w, part(first, side, count), old, target, new, shift - math.floor(shift))
        for k in range(count):
            start[side + k] = target[k]
        for k in range(count, size):
            start[side + k] = first[side + k]
    if shifting:
        correct_start(w, start, weights)


@internal
def correct_start(w, start, weights):
    """Make the start's record a solution on the current mesh and in the current phase; as it is where that fails."""
    n, m, intervals, _ = T.sizes(w)
    count = intervals * n * m
    size, parameters = fixed(w, T.UNKNOWNS), fixed(w, T.PARAMETERS)
    known = T.array(w, T.FIELD_AT, count + 1 + parameters)
    p, x, z, det, direction = (
        new_doubles(parameters),
        new_doubles(size),
        new_doubles(size),
        new_doubles(2),
        new_doubles(size),
    )
    for k in range(parameters):  # all but the varied one stay what they are in a trace
        p[k] = known[count + 1 + k]
    tangent = part(start, size, size)
    length = math.sqrt(inner(weights, tangent, tangent))
    if not 0.0 < length < math.inf:
        return
    for j in range(size):
        direction[j] = tangent[j] / length
    status = orbit_at(w, part(start, 0, size), direction, weights, 0.0, p, x, z, det)
    along = inner(weights, z, direction)
    if status != OK or along == 0.0:
        return
    for j in range(size):
        start[j], tangent[j] = x[j], math.copysign(1.0, along) * z[j]
