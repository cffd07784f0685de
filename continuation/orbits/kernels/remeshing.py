"""Another mesh for the same orbit, and the phase condition anew, between accepted points.

Intervals are laid so that each has an equal share of ``|u^(m+1)|**(1/(m+1))``, the local error of a polynomial of
degree m (de Boor, *A Practical Guide to Splines*, chapter XII), as the jumps of the m-th derivative show it.  Profiles
are carried over by their own polynomials.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, new_doubles, part
from continuation.compiled.calls.interface import OK, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.state.messages import MOVED, MOVED_BACK, MOVED_HELD, MOVED_LEFT, MOVED_PREVIOUS, MOVED_START
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.collocation import node_weight, set_reference
from continuation.orbits.kernels.monitoring import TINY, amplitude_test
from continuation.orbits.kernels.returning import bring_start, interpolate, is_near

FLOOR = 0.1  # part of the mean that is added to the error's density: no interval is longer than about eleven mean ones
# How unequal the shares of the intervals may be before the mesh is moved at all: nearer 1 and it moves for rounding.
UNEQUAL = 1.3
SWEEPS = 2  # of smoothing of the density: jumps of neighbours differ by chance
# Range of a state along an orbit, relative to its unit and its values, below which it is constant but for rounding, of
# which a mesh must know nothing.
CONSTANT = 1e-9


@internal
def measure_error(w, u, density):
    """Density of the local error of an orbit on each interval, by time, for the whole period 1; returns its mean."""
    n, m, intervals, _ = T.sizes(w)
    nm, top, h = n * m, T.array(w, T.TOP, m + 1), T.array(w, T.MESH, intervals)
    high, jumps, metric = new_doubles((intervals, n)), new_doubles(intervals), T.array(w, T.METRIC, n)
    for k in range(n):
        least, most = math.inf, -math.inf
        for q in range(intervals * m):
            least, most = min(least, u[q * n + k]), max(most, u[q * n + k])
        size = 1.0 / math.sqrt(n * metric[k]) + max(abs(least), abs(most))
        scale = 1.0 / (most - least) if most - least > CONSTANT * size else 0.0
        for i in range(intervals):
            last = 0 if i + 1 == intervals else (i + 1) * nm
            total = top[m] * u[last + k]
            for q in range(m):
                total += top[q] * u[i * nm + q * n + k]
            high[i, k] = scale * total / h[i] ** m
    for i in range(intervals):
        before = intervals - 1 if i == 0 else i - 1
        for k in range(n):
            jumps[i] = max(jumps[i], abs(high[i, k] - high[before, k]) / (0.5 * (h[i] + h[before])))
    mean = 0.0
    for i in range(intervals):
        behind = 0 if i + 1 == intervals else i + 1
        density[i] = (0.5 * (jumps[i] + jumps[behind])) ** (1.0 / (m + 1))
        mean += h[i] * density[i]
    return mean


@internal
def lay_mesh(w, u, new):
    """Lengths of a mesh that suits the orbit u; False where the old one does too."""
    n, m, intervals, _ = T.sizes(w)
    h, density, smooth = T.array(w, T.MESH, intervals), new_doubles(intervals), new_doubles(intervals)
    mean = measure_error(w, u, density)
    if not 0.0 < mean < math.inf:
        return False
    for _ in range(SWEEPS):
        for i in range(intervals):
            behind, before = 0 if i + 1 == intervals else i + 1, intervals - 1 if i == 0 else i - 1
            smooth[i] = 0.25 * (density[before] + 2.0 * density[i] + density[behind])
        for i in range(intervals):
            density[i] = smooth[i]
    total, most = 0.0, 0.0
    for i in range(intervals):
        density[i] += FLOOR * mean
        total += h[i] * density[i]
        most = max(most, h[i] * density[i])
    if most * intervals <= UNEQUAL * total:
        return False
    i, done, begin, last = 0, 0.0, 0.0, 0.0
    for j in range(1, intervals):
        wanted = total * j / intervals
        while i + 1 < intervals and done + h[i] * density[i] < wanted:
            done += h[i] * density[i]
            begin += h[i]
            i += 1
        end = begin + (wanted - done) / density[i]
        new[j - 1], last = end - last, end
    new[intervals - 1] = 1.0 - last
    return True


@internal
def weigh_nodes(w, weights):
    """Write the inner product's weights of the values at the nodes (those of T and p stay)."""
    n, m, intervals, _ = T.sizes(w)
    metric = T.array(w, T.METRIC, n)
    for i in range(intervals):
        for q in range(m):
            weight = node_weight(w, i, q)
            for k in range(n):
                weights[(i * m + q) * n + k] = metric[k] * weight


@internal
def carry(w, record, old, new):
    """Carry a record's orbit and tangent over to another mesh."""
    n, m, intervals, _ = T.sizes(w)
    count, target = intervals * n * m, T.array(w, T.OTHER, intervals * n * m)
    for first in (0, fixed(w, T.UNKNOWNS)):
        profile = part(record, first, count)
        interpolate(w, profile, old, target, new, 0.0)
        for k in range(count):
            profile[k] = target[k]


@internal
def remember_start(w, start, h):
    """Keep the start as it is on the mesh that it came with, from which it is always carried over."""
    intervals, both = fixed(w, T.INTERVALS), 2 * fixed(w, T.UNKNOWNS)
    first = T.array(w, T.FIRST, both + intervals)
    for k in range(both):
        first[k] = start[k]
    for i in range(intervals):
        first[both + i] = h[i]
    T.flags(w)[T.STARTED] = 1


@internal
def record_in(slots, index, width):
    """The record in one of the engine's slots."""
    first = int(index) * width
    return part(doubles(slots, first + width), first, width)


@callback
def adapt(w, slots, weights, request):
    """Move the mesh if that is due and make the orbit in LEFT the reference of the phase.

    The records in the slots asked for, and the weights, follow the mesh; that of the start also follows the phase.
    """
    n, m, intervals, _ = T.sizes(w)
    count, asked = intervals * n * m, doubles(request, MOVED)
    width = fixed(w, T.WIDTH)
    h, former = T.array(w, T.MESH, intervals), T.array(w, T.FORMER, intervals)
    left = record_in(slots, asked[MOVED_LEFT], width)
    if asked[MOVED_BACK] == 1.0:
        for i in range(intervals):
            h[i] = former[i]
        weigh_nodes(w, T.array(w, T.PRODUCT, count + 2))
        if T.flags(w)[T.RENEWED] == 1:
            set_reference(w, left)
        return OK
    new, start = new_doubles(intervals), record_in(slots, asked[MOVED_START], width)
    for i in range(intervals):
        former[i] = h[i]
    T.flags(w)[T.RENEWED] = 1 if abs(amplitude_test(w, left)) >= TINY else 0
    if T.flags(w)[T.RENEWED] == 0:
        return OK
    if T.flags(w)[T.STARTED] == 0:
        remember_start(w, start, h)
    moves, near = asked[MOVED_HELD] == 0.0 and lay_mesh(w, left, new), False
    if asked[MOVED_PREVIOUS] >= 0.0:
        previous = record_in(slots, asked[MOVED_PREVIOUS], width)
        near = is_near(w, left, previous, start, T.array(w, T.PRODUCT, fixed(w, T.UNKNOWNS)))
        if moves:
            carry(w, previous, h, new)
    if moves:
        carry(w, left, h, new)
        for i in range(intervals):
            h[i] = new[i]
        weigh_nodes(w, doubles(weights, count + 2))
        weigh_nodes(w, T.array(w, T.PRODUCT, count + 2))
    set_reference(w, left)
    if moves or near:
        both = 2 * fixed(w, T.UNKNOWNS)
        first = T.array(w, T.FIRST, both + intervals)
        bring_start(w, start, first, part(first, both, intervals), left, h, near)
    return OK
