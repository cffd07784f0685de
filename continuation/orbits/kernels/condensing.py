"""Condensing: in each interval the stages are eliminated, eight intervals side by side.

The Newton correction v of an orbit solves ``v' = h T F_u v + h F dT + h T F_p dp + r``.  With its derivatives k at the
Gauss points as unknowns (stages), ``v = v_0 + A k`` there, this is ``(I - h T J A) k = h T J v_0 + h F dT + h T F_p dp
+ r``: the identity and something small, so that elimination needs no exchanges of rows unless an interval is too long
for its orbit; then lanes are eliminated again, one at a time, with exchanges.
"""

from continuation.compiled.calls.arrays import new_doubles
from continuation.compiled.calls.kernel import internal
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.lanes import add, larger, load, minus, modulus, over, plus, spread, store, times

# Factors of an elimination without exchanges beyond which it is done again with them: 54 was met beside a homoclinic
# orbit without harm; ten times more loses three digits, ten times less does twice the work along canards.
MOST = 100.0
DT, DP, SIDE = range(3)  # columns behind the n of u


@internal
def fill(w, g):
    """Write the stage equations of group g, and h T J, h F, h T F_p as their sides, in lanes."""
    n, m, _, _ = T.sizes(w)
    nm = n * m
    wide = nm + n + 4
    stages, jacobians = T.lanes_of(w, T.STAGES, g, nm * wide), T.lanes_of(w, T.JACOBIANS, g, nm * n)
    slants = T.lanes_of(w, T.SLANTS, g, nm * 2)
    inner, zero = T.array(w, T.INNER, (m, m)), spread(0.0)
    for row in range(nm):
        j = row // n
        for q in range(m):
            factor = spread(inner[j, q])
            for c in range(n):
                store(stages, row * wide + q * n + c, minus(zero, factor, load(jacobians, row * n + c)))
        store(stages, row * wide + row, add(spread(1.0), load(stages, row * wide + row)))
        for c in range(n):
            store(stages, row * wide + nm + c, load(jacobians, row * n + c))
        store(stages, row * wide + nm + n + DT, load(slants, 2 * row))
        store(stages, row * wide + nm + n + DP, load(slants, 2 * row + 1))


@internal
def fill_sides(w, g, rhs):
    """Write the two right-hand sides of group g behind its stage equations."""
    n, m, intervals, groups = T.sizes(w)
    nm, places = n * m, T.places(w)
    size = intervals * nm + 2
    stages = T.array(w, T.STAGES, (groups, nm, nm + n + 4, 8))
    for lane in range(8):
        i = places[g, lane]
        for row in range(nm):
            for side in range(2):
                value = rhs[side * size + i * nm + row] if i >= 0 else 0.0
                stages[g, row, nm + n + SIDE + side, lane] = value


@internal
def eliminate(stages, nm, wide):
    """Factor the leading nm columns in lanes and apply the factors to the others; returns the largest factor in each.

    Pivots are kept as their inverses.  Rows are changed by four pivots at a time: entries are moved a quarter as often.
    """
    most, one = spread(0.0), spread(1.0)
    for first in range(0, nm, 4):
        last = min(first + 4, nm)
        for k in range(first, last):
            inverse = over(one, load(stages, k * wide + k))
            store(stages, k * wide + k, inverse)
            for i in range(k + 1, nm):
                factor = times(load(stages, i * wide + k), inverse)
                store(stages, i * wide + k, factor)
                most = larger(most, modulus(factor))
                for j in range(k + 1, wide if i < last else last):
                    store(stages, i * wide + j, minus(load(stages, i * wide + j), factor, load(stages, k * wide + j)))
        for i in range(last, nm - 1, 2):
            subtract_from_two(stages, i, first, wide)
        if (nm - last) % 2 == 1:
            subtract_from_one(stages, nm - 1, first, wide)
    return most


@internal
def subtract_from_one(stages, i, k, wide):
    """Change row i behind column k + 3 by the four pivots from k on."""
    at = i * wide
    a, b, c, d = load(stages, at + k), load(stages, at + k + 1), load(stages, at + k + 2), load(stages, at + k + 3)
    for j in range(k + 4, wide):
        value = minus(load(stages, at + j), a, load(stages, k * wide + j))
        value = minus(value, b, load(stages, (k + 1) * wide + j))
        value = minus(value, c, load(stages, (k + 2) * wide + j))
        store(stages, at + j, minus(value, d, load(stages, (k + 3) * wide + j)))


@internal
def subtract_from_two(stages, i, k, wide):
    """Change rows i and i + 1 behind column k + 3 by the four pivots from k on."""
    at, to = i * wide, i * wide + wide
    a, b, c, d = load(stages, at + k), load(stages, at + k + 1), load(stages, at + k + 2), load(stages, at + k + 3)
    e, f, g, h = load(stages, to + k), load(stages, to + k + 1), load(stages, to + k + 2), load(stages, to + k + 3)
    for j in range(k + 4, wide):
        pivot = load(stages, k * wide + j)
        first, second = minus(load(stages, at + j), a, pivot), minus(load(stages, to + j), e, pivot)
        pivot = load(stages, (k + 1) * wide + j)
        first, second = minus(first, b, pivot), minus(second, f, pivot)
        pivot = load(stages, (k + 2) * wide + j)
        first, second = minus(first, c, pivot), minus(second, g, pivot)
        pivot = load(stages, (k + 3) * wide + j)
        store(stages, at + j, minus(first, d, pivot))
        store(stages, to + j, minus(second, h, pivot))


@internal
def forward(stages, nm, first, wide):
    """Apply the factors to the columns from `first` on."""
    for k in range(nm):
        for i in range(k + 1, nm):
            factor = load(stages, i * wide + k)
            for j in range(first, wide):
                store(stages, i * wide + j, minus(load(stages, i * wide + j), factor, load(stages, k * wide + j)))


@internal
def backward(stages, nm, first, wide):
    """Substitute back in the columns from `first` on: four at a time, what is left singly."""
    behind = wide - (wide - first) % 4
    for k in range(nm - 1, -1, -1):
        inverse = load(stages, k * wide + k)
        for c in range(first, behind, 4):
            at = k * wide + c
            x, y = load(stages, at), load(stages, at + 1)
            z, u = load(stages, at + 2), load(stages, at + 3)
            for j in range(k + 1, nm):
                factor, to = load(stages, k * wide + j), j * wide + c
                x, y = minus(x, factor, load(stages, to)), minus(y, factor, load(stages, to + 1))
                z, u = minus(z, factor, load(stages, to + 2)), minus(u, factor, load(stages, to + 3))
            store(stages, at, times(x, inverse))
            store(stages, at + 1, times(y, inverse))
            store(stages, at + 2, times(z, inverse))
            store(stages, at + 3, times(u, inverse))
        for c in range(behind, wide):
            value = load(stages, k * wide + c)
            for j in range(k + 1, nm):
                value = minus(value, load(stages, k * wide + j), load(stages, j * wide + c))
            store(stages, k * wide + c, times(value, inverse))


@internal
def eliminate_singly(w, g):
    """Solve the stage equations of group g, filled anew, one lane at a time with exchanges of rows; for rare use."""
    n, m, _, groups = T.sizes(w)
    nm, wide = n * m, n * m + n + 4
    stages, a = T.array(w, T.STAGES, (groups, nm, wide, 8)), new_doubles((nm, wide))
    for lane in range(8):
        for row in range(nm):
            for c in range(wide):
                a[row, c] = stages[g, row, c, lane]
        solve_with_exchanges(a)
        for row in range(nm):
            for c in range(nm, wide):
                stages[g, row, c, lane] = a[row, c]


@internal
def solve_with_exchanges(a):
    """Solve ``a[:, :k] x = a[:, k:]`` in place of the latter, k being the number of rows."""
    k, wide = a.shape
    for c in range(k):
        best = c
        for i in range(c + 1, k):
            if abs(a[i, c]) > abs(a[best, c]):
                best = i
        if best != c:
            for j in range(c, wide):
                a[c, j], a[best, j] = a[best, j], a[c, j]
        for i in range(c + 1, k):
            factor = a[i, c] / a[c, c]
            if factor != 0.0:
                for j in range(c + 1, wide):
                    a[i, j] -= factor * a[c, j]
    for c in range(k - 1, -1, -1):
        for j in range(k, wide):
            for i in range(c + 1, k):
                a[c, j] -= a[c, i] * a[i, j]
            a[c, j] /= a[c, c]


@internal
def solve_stages(w, g, rhs):
    """Solve the stage equations of group g for all that they depend on; what is factored is not factored again."""
    n, m, _, _ = T.sizes(w)
    nm, wide = n * m, n * m + n + 4
    stages, lane_array = T.lanes_of(w, T.STAGES, g, nm * wide), T.lanes_of(w, T.SPARE, 0, 1)
    if T.flags(w)[T.FACTORED] == 1 and T.singles(w)[g] == 0:
        fill_sides(w, g, rhs)
        forward(stages, nm, nm + n + SIDE, wide)
        backward(stages, nm, nm + n + SIDE, wide)
        return
    fill(w, g)
    fill_sides(w, g, rhs)
    store(lane_array, 0, eliminate(stages, nm, wide))
    safe = True
    for lane in range(8):
        safe = safe and lane_array[lane] <= MOST
    T.singles(w)[g] = 0 if safe else 1
    if safe:
        backward(stages, nm, nm, wide)
    else:
        fill(w, g)
        fill_sides(w, g, rhs)
        eliminate_singly(w, g)


@internal
def make_maps(w, g):
    """Write what the intervals of group g make of u, T, p and the sides: ``u + sum of quadrature weights times k``."""
    n, m, _, _ = T.sizes(w)
    nm, wide = n * m, n * m + n + 4
    stages, maps = T.lanes_of(w, T.STAGES, g, nm * wide), T.lanes_of(w, T.MAPS, g, n * (n + 4))
    quadrature = T.array(w, T.QUADRATURE, m)
    for k in range(n):
        for c in range(n + 4):
            value = spread(1.0 if c == k else 0.0)
            for q in range(m):
                value = plus(value, spread(quadrature[q]), load(stages, (q * n + k) * wide + nm + c))
            store(maps, k * (n + 4) + c, value)


@internal
def make_borders(w, g, row):
    """Write what the phase condition and the functional `row` are of group g's u, T, p and sides."""
    n, m, intervals, groups = T.sizes(w)
    nm, wide, places = n * m, n * m + n + 4, T.places(w)
    stages, spare = T.lanes_of(w, T.STAGES, g, nm * wide), T.lanes_of(w, T.SPARE, 0, nm)
    borders, outer = T.lanes_of(w, T.BORDERS, g, 2 * (n + 4)), T.array(w, T.OUTER, (m + 1, m))
    phase, lanes = T.array(w, T.PHASE, intervals * nm), T.array(w, T.SPARE, (nm, 8))
    for e in range(2):
        functional = phase if e == 0 else row
        for lane in range(8):
            i = places[g, lane]
            for k in range(nm):
                lanes[k, lane] = functional[i * nm + k] if i >= 0 else 0.0
        for c in range(n + 4):
            value = spread(0.0)
            if c < n:
                for v in range(m):
                    value = add(value, load(spare, v * n + c))
            store(borders, e * (n + 4) + c, value)
        for q in range(m):
            for k in range(n):
                factor = spread(0.0)
                for v in range(1, m):
                    factor = plus(factor, spread(outer[v, q]), load(spare, v * n + k))
                for c in range(n + 4):
                    at = e * (n + 4) + c
                    value = plus(load(borders, at), factor, load(stages, (q * n + k) * wide + nm + c))
                    store(borders, at, value)


@internal
def condense(w, row, rhs):
    """Maps and borders of all intervals; row (N,), rhs (2 N,) as for `solve`."""
    for g in range(T.sizes(w)[3]):
        solve_stages(w, g, rhs)
        make_maps(w, g)
        make_borders(w, g, row)
    T.flags(w)[T.FACTORED] = 1
