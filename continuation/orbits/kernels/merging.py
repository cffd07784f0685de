"""Reduction: the nodes between intervals are eliminated, first along the eight chunks side by side, then between them.

A *segment* of the orbit is n equations ``P v_left + Q v_right + t dT + q dp + r = 0`` and two functionals in the same
unknowns, the borders.  Two segments with a node in common are merged by Householder reflections of the equations that
hold this node, which is stable in either direction of time; the upper rows say how the node follows from the ends.
The last segment, closed with ``v_right = v_left``, is the system of order n + 2 that is solved.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, int32s, integers
from continuation.compiled.calls.interface import NONFINITE, OK, SINGULAR, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices import linalg
from continuation.compiled.state.messages import DETERMINANT, EXPONENT
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.condensing import condense
from continuation.orbits.kernels.lanes import (
    add,
    against,
    load,
    minus,
    over,
    plus,
    root,
    spread,
    store,
    times,
)

# Columns of what is merged: the common node, the left and the right end, then T, p and two sides: n, n, n, 4.


@internal
def begin_segments(w):
    """Make the first group of intervals the chunks so far."""
    n = fixed(w, T.STATES)
    segment, maps = T.lanes_of(w, T.SEGMENT, 0, (n + 2) * (2 * n + 4)), T.lanes_of(w, T.MAPS, 0, n * (n + 4))
    borders, wide = T.lanes_of(w, T.BORDERS, 0, 2 * (n + 4)), 2 * n + 4
    for k in range(n + 2):
        for c in range(n):
            value = load(maps, k * (n + 4) + c) if k < n else load(borders, (k - n) * (n + 4) + c)
            store(segment, k * wide + c, value)
            store(segment, k * wide + n + c, spread(-1.0 if c == k else 0.0))
        for c in range(4):
            value = load(maps, k * (n + 4) + n + c) if k < n else load(borders, (k - n) * (n + 4) + n + c)
            store(segment, k * wide + 2 * n + c, value)


@internal
def place_side_by_side(w, g):
    """Write the chunks so far and the intervals of group g into the array that is merged."""
    n = fixed(w, T.STATES)
    wide, old = 3 * n + 4, 2 * n + 4
    segment, maps = T.lanes_of(w, T.SEGMENT, 0, (n + 2) * old), T.lanes_of(w, T.MAPS, g, n * (n + 4))
    borders, both = T.lanes_of(w, T.BORDERS, g, 2 * (n + 4)), T.lanes_of(w, T.MERGING, 0, (2 * n + 2) * wide)
    zero = spread(0.0)
    for k in range(n):
        for c in range(n):
            store(both, k * wide + c, load(segment, k * old + n + c))
            store(both, k * wide + n + c, load(segment, k * old + c))
            store(both, k * wide + 2 * n + c, zero)
            store(both, (n + k) * wide + c, load(maps, k * (n + 4) + c))
            store(both, (n + k) * wide + n + c, zero)
            store(both, (n + k) * wide + 2 * n + c, spread(-1.0 if c == k else 0.0))
        for c in range(4):
            store(both, k * wide + 3 * n + c, load(segment, k * old + 2 * n + c))
            store(both, (n + k) * wide + 3 * n + c, load(maps, k * (n + 4) + n + c))
    for e in range(2):
        row, given, before = (2 * n + e) * wide, e * (n + 4), (n + e) * old
        for c in range(n):
            store(both, row + c, add(load(segment, before + n + c), load(borders, given + c)))
            store(both, row + n + c, load(segment, before + c))
            store(both, row + 2 * n + c, zero)
        for c in range(4):
            store(both, row + 3 * n + c, add(load(segment, before + 2 * n + c), load(borders, given + n + c)))


@internal
def reflect_one(both, n, c, j, head, factor):
    """Reflect column j by the vector that column c holds, its first entry being `head`."""
    wide = 3 * n + 4
    along = times(head, load(both, c * wide + j))
    for r in range(c + 1, 2 * n):
        along = plus(along, load(both, r * wide + c), load(both, r * wide + j))
    along = times(along, factor)
    store(both, c * wide + j, minus(load(both, c * wide + j), along, head))
    for r in range(c + 1, 2 * n):
        store(both, r * wide + j, minus(load(both, r * wide + j), along, load(both, r * wide + c)))


@internal
def reflect_four(both, n, c, j, head, factor):
    """`reflect_one` for four columns from j on."""
    wide, at = 3 * n + 4, c * (3 * n + 4) + j
    x, y = times(head, load(both, at)), times(head, load(both, at + 1))
    z, u = times(head, load(both, at + 2)), times(head, load(both, at + 3))
    for r in range(c + 1, 2 * n):
        own, to = load(both, r * wide + c), r * wide + j
        x, y = plus(x, own, load(both, to)), plus(y, own, load(both, to + 1))
        z, u = plus(z, own, load(both, to + 2)), plus(u, own, load(both, to + 3))
    x, y, z, u = times(x, factor), times(y, factor), times(z, factor), times(u, factor)
    store(both, at, minus(load(both, at), x, head))
    store(both, at + 1, minus(load(both, at + 1), y, head))
    store(both, at + 2, minus(load(both, at + 2), z, head))
    store(both, at + 3, minus(load(both, at + 3), u, head))
    for r in range(c + 1, 2 * n):
        own, to = load(both, r * wide + c), r * wide + j
        store(both, to, minus(load(both, to), x, own))
        store(both, to + 1, minus(load(both, to + 1), y, own))
        store(both, to + 2, minus(load(both, to + 2), z, own))
        store(both, to + 3, minus(load(both, to + 3), u, own))


@internal
def merge_lanes(both, n):
    """Triangularise the common node's columns of the equations, and eliminate it from the borders."""
    wide = 3 * n + 4
    for c in range(n):
        squared = spread(0.0)
        for r in range(c, 2 * n):
            value = load(both, r * wide + c)
            squared = plus(squared, value, value)
        pivot = load(both, c * wide + c)
        length = against(root(squared), pivot)
        head = add(pivot, times(spread(-1.0), length))
        factor, rest = over(spread(-1.0), times(length, head)), (wide - c - 1) % 4
        for j in range(c + 1, c + 1 + rest):
            reflect_one(both, n, c, j, head, factor)
        for j in range(c + 1 + rest, wide, 4):
            reflect_four(both, n, c, j, head, factor)
        store(both, c * wide + c, length)
    for r in range(2 * n, 2 * n + 2):
        for c in range(n):
            factor = over(load(both, r * wide + c), load(both, c * wide + c))
            for j in range(c + 1, wide):
                store(both, r * wide + j, minus(load(both, r * wide + j), factor, load(both, c * wide + j)))


@internal
def keep_lanes(w, g):
    """Keep how the common nodes follow from the ends, and make what is left the chunks so far."""
    n = fixed(w, T.STATES)
    wide, old = 3 * n + 4, 2 * n + 4
    segment, both = T.lanes_of(w, T.SEGMENT, 0, (n + 2) * old), T.lanes_of(w, T.MERGING, 0, (2 * n + 2) * wide)
    kept = T.lanes_of(w, T.KEPT, g, n * wide)
    for k in range(n * wide):
        store(kept, k, load(both, k))
    for k in range(n + 2):
        for c in range(old):
            store(segment, k * old + c, load(both, (n + k) * wide + n + c))


@internal
def merge(both, n):
    """`merge_lanes` for one pair, both (2 n + 2, 3 n + 4)."""
    wide = 3 * n + 4
    for c in range(n):
        squared = 0.0
        for r in range(c, 2 * n):
            squared += both[r, c] * both[r, c]
        length = -math.sqrt(squared) if both[c, c] > 0.0 else math.sqrt(squared)
        head = both[c, c] - length
        factor = -1.0 / (length * head)
        for j in range(c + 1, wide):
            along = head * both[c, j]
            for r in range(c + 1, 2 * n):
                along += both[r, c] * both[r, j]
            along *= factor
            both[c, j] -= along * head
            for r in range(c + 1, 2 * n):
                both[r, j] -= along * both[r, c]
        both[c, c] = length
    for r in range(2 * n, 2 * n + 2):
        for c in range(n):
            factor = both[r, c] / both[c, c]
            for j in range(c + 1, wide):
                both[r, j] -= factor * both[c, j]


@internal
def join(w):
    """Merge the eight chunks, one after the other, into the segment that is the whole orbit."""
    n = fixed(w, T.STATES)
    wide, old = 3 * n + 4, 2 * n + 4
    segment, whole = T.array(w, T.SEGMENT, (n + 2, old, 8)), T.array(w, T.WHOLE, (n + 2, old))
    both, joints = T.array(w, T.JOINING, (2 * n + 2, wide)), T.array(w, T.JOINTS, (8, n, wide))
    for k in range(n + 2):
        for c in range(old):
            whole[k, c] = segment[k, c, 0]
    for lane in range(1, 8):
        for k in range(n + 2):
            upper, lower = k if k < n else n + k, n + k
            for c in range(n):
                if k < n:
                    both[upper, c], both[upper, n + c], both[upper, 2 * n + c] = whole[k, n + c], whole[k, c], 0.0
                    both[lower, c], both[lower, n + c] = segment[k, c, lane], 0.0
                else:
                    both[lower, c], both[lower, n + c] = whole[k, n + c] + segment[k, c, lane], whole[k, c]
                both[lower, 2 * n + c] = segment[k, n + c, lane]
            for c in range(4):
                if k < n:
                    both[upper, 3 * n + c], both[lower, 3 * n + c] = whole[k, 2 * n + c], segment[k, 2 * n + c, lane]
                else:
                    both[lower, 3 * n + c] = whole[k, 2 * n + c] + segment[k, 2 * n + c, lane]
        merge(both, n)
        for k in range(n):
            for c in range(wide):
                joints[lane, k, c] = both[k, c]
        for k in range(n + 2):
            for c in range(old):
                whole[k, c] = both[n + k, n + c]


@internal
def measure_growth(w):
    """Keep the determinant of all nodes' triangles, as mantissa and exponent: it is 1 over that of -Q.

    A merge turns ``[Q_a 0; P_b Q_b]`` by n reflections into ``[R U; 0 Q]``, and Q is -1 to begin with.
    """
    n, _, _, groups = T.sizes(w)
    kept, joints = T.array(w, T.KEPT, (groups, n, 3 * n + 4, 8)), T.array(w, T.JOINTS, (8, n, 3 * n + 4))
    mantissa, exponent = 1.0, 0.0
    for k in range(n):
        for g in range(1, groups):
            for lane in range(8):
                mantissa, exponent = linalg.times(mantissa, exponent, kept[g, k, k, lane])
        for lane in range(1, 8):
            mantissa, exponent = linalg.times(mantissa, exponent, joints[lane, k, k])
    growth = T.array(w, T.GROWTH, 2)
    growth[0], growth[1] = mantissa, exponent


@internal
def determinant(w, upper, lower):
    """Determinant of ``upper P + lower Q`` of the whole orbit over that of -Q: mantissa and exponent, 0 if singular."""
    n = fixed(w, T.STATES)
    whole, square = T.array(w, T.WHOLE, (n + 2, 2 * n + 4)), T.array(w, T.SQUARE, (n, n))
    sides, ints = T.array(w, T.SIDES, 2 * (n + 2)), int32s(fixed(w, T.INTS), 8)
    for k in range(n):
        for c in range(n):
            square[k, c] = upper * whole[k, c] + lower * whole[k, n + c]
    for k in range(2 * n):
        sides[k] = 0.0
    lapack, pivots = integers(fixed(w, T.LAPACK), len(linalg.LAPACK)), int32s(fixed(w, T.PIVOTS), n + 2)
    _, mantissa, exponent = linalg.solve_two(lapack, square, pivots, ints, sides)
    growth = T.array(w, T.GROWTH, 2)
    return mantissa * growth[0], exponent + growth[1]


@internal
def close(w, row, rhs):
    """Solve the closed system for v at the first node, dT and dp of both sides: (2 (n + 2),) `sides`.

    Returns (done, mantissa, exponent) of its determinant, over that of -Q: it depends on the monodromy matrix alone.
    """
    n, m, intervals, _ = T.sizes(w)
    size = intervals * n * m + 2
    whole, closing = T.array(w, T.WHOLE, (n + 2, 2 * n + 4)), T.array(w, T.CLOSING, (n + 2, n + 2))
    sides, ints = T.array(w, T.SIDES, 2 * (n + 2)), int32s(fixed(w, T.INTS), 8)
    growth = T.array(w, T.GROWTH, 2)
    for k in range(n + 2):
        for c in range(n):
            closing[k, c] = whole[k, c] + whole[k, n + c]
        closing[k, n], closing[k, n + 1] = whole[k, 2 * n], whole[k, 2 * n + 1]
        sides[k], sides[n + 2 + k] = -whole[k, 2 * n + 2], -whole[k, 2 * n + 3]
    closing[n + 1, n] += row[size - 2]
    closing[n + 1, n + 1] += row[size - 1]
    for e in range(2):
        sides[n + e] += rhs[size - 2 + e]
        sides[2 * n + 2 + e] += rhs[2 * size - 2 + e]
    lapack, pivots = integers(fixed(w, T.LAPACK), len(linalg.LAPACK)), int32s(fixed(w, T.PIVOTS), n + 2)
    done, mantissa, exponent = linalg.solve_two(lapack, closing, pivots, ints, sides)
    return done, mantissa * growth[0], exponent + growth[1]


@internal
def find_ends(w):
    """Write v at both ends of every chunk, for both sides, into the first and the last of its nodes."""
    n, _, _, groups = T.sizes(w)
    nodes, sides = T.array(w, T.NODES, (2, groups + 1, n, 8)), T.array(w, T.SIDES, 2 * (n + 2))
    for side in range(2):
        for k in range(n):
            nodes[side, 0, k, 0] = nodes[side, groups, k, 7] = sides[side * (n + 2) + k]
    find_joints(w)


@internal
def find_joints(w):
    """Write v at the ends between the chunks from those of the whole orbit, for both sides."""
    n, _, _, groups = T.sizes(w)
    wide = 3 * n + 4
    nodes, joints = T.array(w, T.NODES, (2, groups + 1, n, 8)), T.array(w, T.JOINTS, (8, n, wide))
    sides = T.array(w, T.SIDES, 2 * (n + 2))
    for side in range(2):
        first = side * (n + 2)
        for lane in range(7, 0, -1):
            for k in range(n - 1, -1, -1):
                value = joints[lane, k, 3 * n] * sides[first + n] + joints[lane, k, 3 * n + 1] * sides[first + n + 1]
                value += joints[lane, k, 3 * n + 2 + side]
                for c in range(n):
                    value += joints[lane, k, n + c] * sides[first + c]
                    value += joints[lane, k, 2 * n + c] * nodes[side, groups, c, lane]
                for c in range(k + 1, n):
                    value += joints[lane, k, c] * nodes[side, 0, c, lane]
                nodes[side, 0, k, lane] = nodes[side, groups, k, lane - 1] = -value / joints[lane, k, k]


@internal
def find_nodes(w):
    """Write v at the nodes between the intervals of all chunks, from those at their ends."""
    n, _, _, groups = T.sizes(w)
    wide, sides = 3 * n + 4, T.array(w, T.SIDES, 2 * (n + 2))
    for side in range(2):
        nodes = T.lanes_of(w, T.NODES, side, (groups + 1) * n)
        period, parameter = spread(-sides[side * (n + 2) + n]), spread(-sides[side * (n + 2) + n + 1])
        for g in range(groups - 1, 0, -1):
            kept = T.lanes_of(w, T.KEPT, g, n * wide)
            for k in range(n - 1, -1, -1):
                at = k * wide
                value = times(spread(-1.0), load(kept, at + 3 * n + 2 + side))
                value = plus(value, load(kept, at + 3 * n), period)
                value = plus(value, load(kept, at + 3 * n + 1), parameter)
                for c in range(n):
                    value = minus(value, load(kept, at + n + c), load(nodes, c))
                    value = minus(value, load(kept, at + 2 * n + c), load(nodes, (g + 1) * n + c))
                for c in range(k + 1, n):
                    value = minus(value, load(kept, at + c), load(nodes, g * n + c))
                store(nodes, g * n + k, over(value, load(kept, at + k)))


@internal
def find_inside(w, g, side):
    """Correction of group g at its nodes, in lanes: v at the first one and, by the stages, at the others."""
    n, m, _, groups = T.sizes(w)
    nm, wide = n * m, n * m + n + 4
    stages, spare = T.lanes_of(w, T.STAGES, g, nm * wide), T.lanes_of(w, T.SPARE, 0, nm)
    nodes, sides = T.lanes_of(w, T.NODES, side, (groups + 1) * n), T.array(w, T.SIDES, 2 * (n + 2))
    inside, outer = T.lanes_of(w, T.INSIDE, 0, nm), T.array(w, T.OUTER, (m + 1, m))
    period, parameter = spread(sides[side * (n + 2) + n]), spread(sides[side * (n + 2) + n + 1])
    for row in range(nm):
        at = row * wide + nm
        value = load(stages, at + n + 2 + side)
        value = plus(value, load(stages, at + n), period)
        value = plus(value, load(stages, at + n + 1), parameter)
        for c in range(n):
            value = plus(value, load(stages, at + c), load(nodes, g * n + c))
        store(spare, row, value)
    for k in range(n):
        first = load(nodes, g * n + k)
        store(inside, k, first)
        for v in range(1, m):
            value = first
            for q in range(m):
                value = plus(value, spread(outer[v, q]), load(spare, q * n + k))
            store(inside, v * n + k, value)


@internal
def write_solution(w, out):
    """Write both corrections at all nodes, dT and dp (2 N,)."""
    n, m, intervals, groups = T.sizes(w)
    nm, places = n * m, T.places(w)
    size = intervals * nm + 2
    inside, sides = T.array(w, T.INSIDE, (nm, 8)), T.array(w, T.SIDES, 2 * (n + 2))
    for side in range(2):
        first = side * size
        out[first + size - 2], out[first + size - 1] = sides[side * (n + 2) + n], sides[side * (n + 2) + n + 1]
        for g in range(groups):
            find_inside(w, g, side)
            for lane in range(8):
                i = places[g, lane]
                if i >= 0:
                    at = first + i * nm
                    for k in range(nm):
                        out[at + k] = inside[k, lane]


@internal
def merge_all(w):
    """Make of all intervals' maps and borders the one segment that is the whole orbit."""
    n, _, _, groups = T.sizes(w)
    both = T.lanes_of(w, T.MERGING, 0, (2 * n + 2) * (3 * n + 4))
    begin_segments(w)
    for g in range(1, groups):
        place_side_by_side(w, g)
        merge_lanes(both, n)
        keep_lanes(w, g)
    join(w)
    measure_growth(w)


@callback
def solve(w, functional, given, solutions):
    """Solve the bordered Newton equations for two right-hand sides, as `dense.solve` does for a dense problem."""
    n, m, intervals, _ = T.sizes(w)
    size = intervals * n * m + 2
    row, rhs, out = doubles(functional, size), doubles(given, 2 * size), doubles(solutions, 2 * size + 2)
    condense(w, row, rhs)
    merge_all(w)
    done, out[2 * size + DETERMINANT], out[2 * size + EXPONENT] = close(w, row, rhs)
    if not done:
        return SINGULAR
    find_ends(w)
    find_nodes(w)
    write_solution(w, out)
    total = 0.0
    for j in range(2 * size):
        total += out[j]
    return OK if math.isfinite(total) else NONFINITE
