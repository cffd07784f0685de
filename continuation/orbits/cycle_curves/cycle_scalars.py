"""The curve's own equations, that a multiplier is 1, -1 or on the unit circle, and their derivatives.

The border's unknown g of the monodromy problem bordered at sigma (see `twisted`) vanishes where sigma is a multiplier.
For folds sigma = 1, for period doublings -1.  For a pair ``exp(+-i theta)`` the equations are the even and the odd part
of g in theta, ``(g(s) + g(s*)) / 2`` and ``(g(s) - g(s*)) / (s* - s)`` at ``s = kappa + sqrt(kappa**2 - 1)`` and
s* = 1/s, as functions of ``kappa = cos theta``.  With X and Y the inverses of the bordered problem at s and s*, and E
its derivative by sigma, the second is the divided difference ``e' X E Y e``, so that nothing is divided by sin theta:
both are regular at 1:1 and 1:2 resonances, where kappa = 1 and -1, and beyond, where the pair is real (s, 1/s).

The derivative of ``e' X e`` is ``-w' dB v`` with the right and the left vector v and w.  Only the stage equations of
the Gauss points depend on the unknowns, ``dB = -(d(h T F_u) V + d(h F) tau)``, V being the right vector there.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_complexes, new_doubles
from continuation.compiled.calls.interface import OK, SINGULAR
from continuation.compiled.calls.kernel import internal
from continuation.compiled.curves import augmented as C
from continuation.orbits.cycle_curves import curve_table as K
from continuation.orbits.cycle_curves.twisted import (
    fill_adjoint,
    fill_right,
    find_all,
    product,
    put_side,
    solve_twisted,
)
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.collocation import state_at
from continuation.orbits.kernels.condensing import solve_with_exchanges

EVEN, ODD = range(2)
# Slots of RIGHT_AT and LEFT_AT: real and imaginary part of the vector at s, or where the pair is real, the vectors at s
# and at s*; then the same of ``X E Y e`` and ``e' X E Y``.
FIRST, SECOND, CROSS, CROSS_TOO, SLOTS = range(5)


@internal
def multiplier(c, y):
    """The multiplier sigma that the curve follows, and the other one of its pair."""
    critical = fixed(c, K.CRITICAL)
    if critical == K.FOLD:
        return complex(1.0, 0.0), complex(1.0, 0.0)
    if critical == K.DOUBLING:
        return complex(-1.0, 0.0), complex(-1.0, 0.0)
    kappa = y[K.count_orbit(c) + 1]
    if abs(kappa) > 1.0:
        root = math.sqrt(kappa * kappa - 1.0)
        return complex(kappa + root, 0.0), complex(kappa - root, 0.0)
    root = math.sqrt(1.0 - kappa * kappa)
    return complex(kappa, root), complex(kappa, -root)


@internal
def solve_pair(s, one, two, done, first):
    """Solutions at sigma = `one` and `two` (conjugates, or two real numbers), put as the two sides.

    Returns (done, solution at one, solution at two); `first`: whether only the real one at `one` is asked for.
    """
    n = fixed(s, T.STATES)
    nothing = new_complexes(n)
    ok, x = solve_twisted(s, one, nothing, 1.0)
    y = x.copy()
    put_side(s, 0, x, one, nothing, False)
    if one.imag != 0.0:
        for k in range(n + 2):
            y[k] = x[k].conjugate()
        put_side(s, 1, x, one, nothing, True)
    elif first:
        put_side(s, 1, x, one, nothing, True)
    else:
        too, y = solve_twisted(s, two, nothing, 1.0)
        ok = ok and too
        put_side(s, 1, y, two, nothing, False)
    return done and ok, x, y


@internal
def solve_cross(s, sigma, from_vector):
    """``X E`` of a vector, as the two sides, with shift: (done, solution)."""
    n = fixed(s, T.STATES)
    shift = new_complexes(n)
    for k in range(n):
        shift[k] = from_vector[k]
    done, x = solve_twisted(s, sigma, shift, 0.0)
    put_side(s, 0, x, sigma, shift, False)
    put_side(s, 1, x, sigma, shift, True)
    return done, x


@internal
def values_of_scalars(c, y, out):
    """The curve's own equations into out (1 or 2); needs the orbits' condensed intervals."""
    s, (one, two) = fixed(c, K.RIGHT), multiplier(c, y)
    fill_right(c)
    n, single = fixed(c, T.STATES), fixed(c, K.CRITICAL) != K.TORUS
    done, x, z = solve_pair(s, one, two, True, single)
    out[EVEN] = 0.5 * (x[n + 1] + z[n + 1]).real
    if not single:
        too, cross = solve_cross(s, one, z)
        out[ODD] = cross[n + 1].real
        done = done and too
    return OK if done else SINGULAR


@internal
def keep_right(c, slot):
    """Right vectors at the Gauss points, of both sides of the right problem, into two slots."""
    w, s = fixed(c, K.ORBITS), fixed(c, K.RIGHT)
    n, m, _, groups = T.sizes(w)
    nm, wide = n * m, n * m + n + 4
    stages, nodes = T.array(w, T.STAGES, (groups, nm, wide, 8)), K.nodes_of(s)
    out, inner = T.array(c, K.RIGHT_AT, (4, groups, nm, 8)), T.array(w, T.INNER, (m, m))
    sides, period, rate = T.array(s, T.SIDES, 2 * (n + 2)), T.array(c, K.RIGHT_PERIOD, 4), new_doubles((nm, 8))
    for side in range(2):
        tau = sides[side * (n + 2) + n]
        period[slot + side] = tau
        for g in range(groups):
            for row in range(nm):
                for lane in range(8):
                    rate[row, lane] = stages[g, row, nm + n, lane] * tau
                for k in range(n):
                    for lane in range(8):
                        rate[row, lane] += stages[g, row, nm + k, lane] * nodes[side, g, k, lane]
            for row in range(nm):
                j, k = row // n, row % n
                for lane in range(8):
                    total = nodes[side, g, k, lane]
                    for q in range(m):
                        total += inner[j, q] * rate[q * n + k, lane]
                    out[slot + side, g, row, lane] = total


@internal
def keep_left(c, slot):
    """Left vectors at the Gauss points, of both sides of the adjoint problem, into two slots.

    They solve the transposed stage equations, with what the interval's map and the phase condition make of the stages.
    """
    w, s = fixed(c, K.ORBITS), fixed(c, K.ADJOINT)
    n, m, intervals, groups = T.sizes(w)
    nm, wide = n * m, n * m + n + 4
    outer = T.array(w, T.OUTER, (m + 1, m))
    quadrature, phase = T.array(w, T.QUADRATURE, m), T.array(w, T.PHASE, intervals * nm)
    sides, nodes, places = T.array(s, T.SIDES, 2 * (n + 2)), K.nodes_of(s), T.places(w)
    stages, place_of = T.array(w, T.STAGES, (groups, nm, wide, 8)), K.place_of(c)
    for side in range(2):
        psi = sides[side * (n + 2) + n]
        for g in range(groups):
            d = T.lanes_of(c, K.LEFT_AT, (slot + side) * groups + g, nm)
            for lane in range(8):
                i = places[g, lane]
                place = place_of[intervals - 1 - i] if i >= 0 else 0
                for row in range(nm):
                    q, k, total = row // n, row % n, 0.0
                    if i >= 0:
                        total = quadrature[q] * nodes[side, place // 8, k, place % 8]
                        for v in range(1, m):
                            total -= psi * outer[v, q] * phase[i * nm + v * n + k]
                    d[row * 8 + lane] = total
            if T.singles(w)[g] == 0:
                transposed_lanes(stages, g, d, nm)
            else:
                transposed_singly(w, g, d)


@internal
def transposed_lanes(stages, g, d, nm):
    """Solve the transposed stage equations of group g in place of d, by the factors of the elimination."""
    for k in range(nm):
        for j in range(k):
            for lane in range(8):
                d[k * 8 + lane] -= stages[g, j, k, lane] * d[j * 8 + lane]
        for lane in range(8):
            d[k * 8 + lane] *= stages[g, k, k, lane]
    for k in range(nm - 1, -1, -1):
        for i in range(k + 1, nm):
            for lane in range(8):
                d[k * 8 + lane] -= stages[g, i, k, lane] * d[i * 8 + lane]


@internal
def transposed_singly(w, g, d):
    """The same for a group whose lanes were eliminated one by one, whose factors were not kept; for rare use."""
    n, m, _, groups = T.sizes(w)
    nm = n * m
    jacobians, inner, a = (
        T.array(w, T.JACOBIANS, (groups, nm, n, 8)),
        T.array(w, T.INNER, (m, m)),
        new_doubles((nm, nm + 1)),
    )
    for lane in range(8):
        for row in range(nm):
            for q in range(m):
                for k in range(n):
                    a[q * n + k, row] = -inner[row // n, q] * jacobians[g, row, k, lane]
            a[row, nm] = d[row * 8 + lane]
        for row in range(nm):
            a[row, row] += 1.0
        solve_with_exchanges(a)
        for row in range(nm):
            d[row * 8 + lane] = a[row, nm]


@internal
def keep_nodes(s, out, backwards):
    """First side at the nodes between the intervals, in order of the intervals."""
    n, _, intervals, groups = T.sizes(s)
    nodes, places = K.nodes_of(s), T.places(s)
    for g in range(groups):
        for lane in range(8):
            i = places[g, lane]
            if i >= 0:
                for k in range(n):
                    out[intervals - 1 - i if backwards else i, k] = nodes[0, g, k, lane]


@internal
def find_vectors(c, y):
    """All right and left vectors at the Gauss points, and the derivatives of the curve's equations by kappa.

    Needs the orbits' condensed intervals.  Returns a status.
    """
    n, intervals = fixed(c, T.STATES), fixed(c, T.INTERVALS)
    s, a, (one, two), found = (
        fixed(c, K.RIGHT),
        fixed(c, K.ADJOINT),
        multiplier(c, y),
        T.array(c, K.FOUND, K.FOUND_ENTRIES),
    )
    single, rows = fixed(c, K.CRITICAL) != K.TORUS, K.gradients(c)
    fill_right(c)
    fill_adjoint(c)
    done, v, z = solve_pair(s, one, two, True, single)
    find_all(s)
    keep_right(c, FIRST)
    keep_nodes(s, T.array(c, K.RIGHT_NODES, (intervals, n)), False)
    done, w, u = solve_pair(a, one, two, done, single)
    find_all(a)
    keep_left(c, FIRST)
    keep_nodes(a, T.array(c, K.LEFT_NODES, (intervals, n)), True)
    found[K.DOUBLE] = 0.5 * (product(w, v) + product(u, z)).real
    if single:
        return OK if done else SINGULAR
    ok, cross = solve_cross(s, one, z)
    find_all(s)
    keep_right(c, CROSS)
    too, left = solve_cross(a, two, w)
    find_all(a)
    keep_left(c, CROSS)
    at, kappa = K.count_orbit(c) + 1, y[K.count_orbit(c) + 1]
    rows[EVEN, at] = kappa * (product(left, v) + product(u, cross)).real - found[K.DOUBLE]
    rows[ODD, at] = 2.0 * kappa * product(left, cross).real - (product(w, cross) + product(left, z)).real
    return OK if done and ok and too else SINGULAR


@internal
def list_terms(c, y, terms):
    """Which left slot goes with which right one in which equation, and its factor: (count, terms (6, 4))."""
    if fixed(c, K.CRITICAL) != K.TORUS:
        set_term(terms, 0, EVEN, FIRST, FIRST, 1.0)
        return 1
    if abs(y[K.count_orbit(c) + 1]) > 1.0:
        set_term(terms, 0, EVEN, FIRST, FIRST, 0.5)
        set_term(terms, 1, EVEN, SECOND, SECOND, 0.5)
        set_term(terms, 2, ODD, FIRST, CROSS, 1.0)
        set_term(terms, 3, ODD, CROSS, SECOND, 1.0)
        return 4
    set_term(terms, 0, EVEN, FIRST, FIRST, 1.0)
    set_term(terms, 1, EVEN, SECOND, SECOND, -1.0)
    set_term(terms, 2, ODD, FIRST, CROSS, 1.0)
    set_term(terms, 3, ODD, SECOND, CROSS_TOO, -1.0)
    set_term(terms, 4, ODD, CROSS, FIRST, 1.0)
    set_term(terms, 5, ODD, CROSS_TOO, SECOND, 1.0)
    return 6


@internal
def set_term(terms, k, equation, left, right, factor):
    """Write one term."""
    terms[k, 0], terms[k, 1], terms[k, 2], terms[k, 3] = equation, left, right, factor


@internal
def find_gradients(c, y, p):
    """Derivatives of the curve's own equations by all unknowns but kappa; needs `find_vectors`."""
    w, rows, size, count = fixed(c, K.ORBITS), K.gradients(c), fixed(c, T.UNKNOWNS), K.count_orbit(c)
    n, m, _, groups = T.sizes(w)
    places, found, tau = T.places(w), T.array(c, K.FOUND, K.FOUND_ENTRIES), T.array(c, K.RIGHT_PERIOD, 4)
    terms, used, point, bent = new_doubles((6, 4)), new_doubles(4), new_doubles(n + 2), new_doubles((4, n, n + 2))
    number = list_terms(c, y, terms)
    for t in range(number):
        used[int(terms[t, 2])] = 1.0
    for e in range(2):
        for j in range(size):
            if j != count + 1 or fixed(c, K.CRITICAL) != K.TORUS:
                rows[e, j] = 0.0
    found[K.BEND] = 0.0
    point[n], point[n + 1] = y[size - 2], y[size - 1]
    for g in range(groups):
        for lane in range(8):
            if places[g, lane] < 0:
                continue
            for j in range(m):
                state_at(w, y, places[g, lane], j, point)
                bend_along(c, g, lane, j, point, p, used, bent)
                for t in range(number):
                    add_term(c, y, g, lane, j, terms[t], bent)
    found[K.BEND] += rows[EVEN, count] * tau[FIRST]


@internal
def bend_along(c, g, lane, j, point, p, used, bent):
    """Derivatives of F_u V by (u, q, p) at one Gauss point, for each right vector V in use, into bent (4, n, n + 2)."""
    n, m, _, groups = T.sizes(fixed(c, K.ORBITS))
    right, direction = T.array(c, K.RIGHT_AT, (4, groups, n * m, 8)), new_doubles(n + 2)
    for slot in range(4):
        if used[slot] != 0.0:
            for k in range(n):
                direction[k] = right[slot, g, j * n + k, lane]
            made = C.differentiate_along(fixed(c, K.LOCAL), point, p, direction)
            for k in range(n):
                for q in range(n + 2):
                    bent[slot, k, q] = made[k, q]


@internal
def add_term(c, y, g, lane, j, term, bent):
    """Add what one Gauss point and one term, as of `list_terms`, give to the derivatives."""
    w, e, a, b = fixed(c, K.ORBITS), int(term[0]), int(term[1]), int(term[2])
    n, m, intervals, groups = T.sizes(w)
    nm, size, count, i = n * m, fixed(c, T.UNKNOWNS), K.count_orbit(c), T.places(w)[g, lane]
    rows, period, h = K.gradients(c), y[count], T.array(w, T.MESH, intervals)
    jacobians, columns = T.array(w, T.JACOBIANS, (groups, nm, n, 8)), T.array(c, K.COLUMNS, (2, groups, nm, 8))
    right, left = T.array(c, K.RIGHT_AT, (4, groups, nm, 8)), T.array(c, K.LEFT_AT, (4, groups, nm, 8))
    tau, values = T.array(c, K.RIGHT_PERIOD, 4), T.array(w, T.VALUES, (m, m + 1))
    rho, by_period, last = new_doubles(n + 2), 0.0, 0 if i + 1 == intervals else (i + 1) * nm
    for k in range(n):
        row = j * n + k
        weight = term[3] * left[a, g, row, lane]
        for q in range(n + 2):
            rho[q] += weight * h[i] * period * bent[b, k, q]
        for q in range(n):
            rho[q] += weight * tau[b] * jacobians[g, row, q, lane] / period
            by_period += weight * jacobians[g, row, q, lane] * right[b, g, j * n + q, lane] / period
        rho[n] += weight * tau[b] * columns[1, g, row, lane] / period
        rho[n + 1] += weight * tau[b] * columns[0, g, row, lane] / period
    for k in range(n):
        for q in range(m):
            rows[e, i * nm + q * n + k] += values[j, q] * rho[k]
        rows[e, last + k] += values[j, m] * rho[k]
        if e == EVEN:
            T.array(c, K.FOUND, K.FOUND_ENTRIES)[K.BEND] += rho[k] * right[FIRST, g, j * n + k, lane]
    rows[e, count] += by_period
    rows[e, size - 2] += rho[n]
    rows[e, size - 1] += rho[n + 1]
