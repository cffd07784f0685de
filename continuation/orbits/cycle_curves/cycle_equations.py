"""What the engine calls along a curve of special points of periodic orbits: residual, derivatives, bordered solutions.

The Newton system is that of the orbits with one column and one row more for each parameter and scalar.  Its large part,
bordered by one direction of parameters and one functional so that it is regular (a fold of cycles is none of it: the
direction lies across the curve), is solved by the orbits' own factors; what is left is a system of order 2 or 3.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, new_doubles, part
from continuation.compiled.calls.interface import NONFINITE, OK, SINGULAR, call, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.dense import derivative_at
from continuation.compiled.matrices import linalg
from continuation.compiled.state.messages import DETERMINANT, EXPONENT, SOLVED
from continuation.orbits.cycle_curves import curve_table as K
from continuation.orbits.cycle_curves.cycle_scalars import find_gradients, find_vectors, values_of_scalars
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.collocation import state_at
from continuation.orbits.kernels.condensing import condense

# Correction of p, in its unit, that is rounding of the scalars.  Along curves on which p is zero all corrections are,
# and none has a digit in common with p: ten times less and Newton's method goes on in vain there, ten times more and
# points are off by it.
ROUNDING = 1e-14
BY_P, BY_Q, ACROSS_P, ACROSS_Q = range(4)  # entries of PAIR


@internal
def set_parameters(c, y, p):
    """Write both varied parameters of the unknowns into p."""
    size = fixed(c, T.UNKNOWNS)
    p[fixed(c, K.OTHER)], p[fixed(c, T.ACTIVE)] = y[size - 2], y[size - 1]


@internal
def linearise_orbit(c, y, p):
    """Derivatives of the orbits' equations at the Gauss points, those by p in the direction PAIR says; a status."""
    w, second = fixed(c, K.ORBITS), fixed(c, K.SECOND)
    n, m, intervals, groups = T.sizes(w)
    nm, period, x = n * m, y[K.count_orbit(c)], new_doubles(n)
    pair, places, h = T.array(c, K.PAIR, 4), T.places(w), T.array(w, T.MESH, intervals)
    slants, columns = T.array(w, T.SLANTS, (groups, nm, 2, 8)), T.array(c, K.COLUMNS, (2, groups, nm, 8))
    by_q = D.derivative(second)
    set_parameters(c, y, p)
    status = call(fixed(w, T.LINEARISE), w, y, p, y)
    for g in range(groups):
        for lane in range(8):
            i = places[g, lane]
            if i < 0:
                continue
            for j in range(m):
                state_at(w, y, i, j, x)
                if status == OK:
                    status = derivative_at(second, x, p)
                for k in range(n):
                    row = j * n + k
                    columns[0, g, row, lane] = slants[g, row, 1, lane]
                    columns[1, g, row, lane] = h[i] * period * by_q[k]
                    slants[g, row, 1, lane] = (
                        pair[BY_P] * columns[0, g, row, lane] + pair[BY_Q] * columns[1, g, row, lane]
                    )
    return status


@callback
def curve_residual(c, unknowns, parameters, out):
    """The orbits' equations, then the curve's own."""
    w, count, size = fixed(c, K.ORBITS), K.count_orbit(c), fixed(c, T.UNKNOWNS)
    y, p, f = doubles(unknowns, size), doubles(parameters, fixed(c, T.PARAMETERS)), doubles(out, size - 1)
    set_parameters(c, y, p)
    status = call(fixed(w, T.RESIDUAL), w, y, p, f)
    if status == OK:
        status = linearise_orbit(c, y, p)
    if status != OK:
        return status
    condense(w, T.array(c, K.ROW, count + 2), new_doubles(2 * (count + 2)))
    return values_of_scalars(c, y, part(f, count + 1, K.size_of_scalars(c)))


@internal
def solve_orbit(c, sides, out):
    """The orbits' bordered system, with ROW, for two sides (2 N0,)."""
    w = fixed(c, K.ORBITS)
    return call(fixed(w, T.SOLVE), w, T.array(c, K.ROW, K.count_orbit(c) + 2), sides, out)


@internal
def find_responses(c, out):
    """What the orbits' system makes of the direction across and of its border; the determinant is left in `out`."""
    w, size = fixed(c, K.ORBITS), K.count_orbit(c) + 2
    n, m, _, groups = T.sizes(w)
    nm, pair, places = n * m, T.array(c, K.PAIR, 4), T.places(w)
    columns, responses = T.array(c, K.COLUMNS, (2, groups, nm, 8)), T.array(c, K.RESPONSES, 2 * size)
    sides = new_doubles(2 * size)
    for g in range(groups):
        for lane in range(8):
            i = places[g, lane]
            if i >= 0:
                for row in range(nm):
                    sides[i * nm + row] = (
                        pair[ACROSS_P] * columns[0, g, row, lane] + pair[ACROSS_Q] * columns[1, g, row, lane]
                    )
    sides[2 * size - 1] = 1.0
    status = solve_orbit(c, sides, out)
    for j in range(2 * size):
        responses[j] = out[j]
    return status


@internal
def linearise_curve(c, y, p, out):
    """Everything that `curve_solve` and `curve_monitor` need at y; `out` (2 N0 + 2,) as of `find_responses`."""
    size, pair, after = K.count_orbit(c) + 2, T.array(c, K.PAIR, 4), T.array(c, K.NEXT_PAIR, 4)
    row, following = T.array(c, K.ROW, size), T.array(c, K.NEXT_ROW, size)
    for k in range(4):
        pair[k] = after[k]
    for k in range(size):
        row[k] = following[k]
    status = linearise_orbit(c, y, p)
    if status == OK:
        status = find_responses(c, out)
    if status == OK:
        status = find_vectors(c, y)
    if status == OK:
        find_gradients(c, y, p)
    return status


@callback
def curve_linearise(c, unknowns, parameters, unused):
    """The curve's derivatives at the unknowns, into its tables."""
    size = fixed(c, T.UNKNOWNS)
    y, p = doubles(unknowns, size), doubles(parameters, fixed(c, T.PARAMETERS))
    return linearise_curve(c, y, p, new_doubles(2 * size + SOLVED))


@internal
def functional(c, row, x, first, share):
    """Value of a functional (N,) of the unknowns at `share` of what the orbits' system gave: (u, T, parameters)."""
    count, size, pair = K.count_orbit(c), fixed(c, T.UNKNOWNS), T.array(c, K.PAIR, 4)
    total = 0.0
    for j in range(count + 1):
        total += row[j] * x[first + j]
    total += (row[size - 1] * pair[BY_P] + row[size - 2] * pair[BY_Q]) * x[first + count + 1]
    return total + share * (row[size - 1] * pair[ACROSS_P] + row[size - 2] * pair[ACROSS_Q])


@callback
def curve_solve(c, given_row, given, solutions):
    """Solve the bordered Newton equations of the curve for two right-hand sides."""
    count, size, scalars = K.count_orbit(c), fixed(c, T.UNKNOWNS), K.size_of_scalars(c)
    own, order, pair = count + 2, scalars + 1, T.array(c, K.PAIR, 4)
    row, rhs, out = doubles(given_row, size), doubles(given, 2 * size), doubles(solutions, 2 * size + 2)
    sides, found = new_doubles(2 * own), new_doubles(2 * own + 8)
    responses, gradients = T.array(c, K.RESPONSES, 2 * own), K.gradients(c)
    for side in range(2):
        for j in range(count + 1):
            sides[side * own + j] = rhs[side * size + j]
    status = solve_orbit(c, sides, found)
    if status != OK:
        return status
    a, x, z = new_doubles((order, order)), new_doubles(order), new_doubles(order)
    for e in range(order):
        f = part(gradients[e], 0, size) if e < scalars else row
        a[e, 0], a[e, 1] = functional(c, f, responses, 0, 1.0), functional(c, f, responses, own, 0.0)
        if scalars == 2:
            a[e, 2] = f[count + 1]
        x[e] = rhs[count + 1 + e] - functional(c, f, found, 0, 0.0)
        z[e] = rhs[size + count + 1 + e] - functional(c, f, found, own, 0.0)
    done, mantissa, exponent = linalg.eliminate(a, x, z)
    out[2 * size + DETERMINANT], out[2 * size + EXPONENT] = mantissa * found[2 * own], exponent + found[2 * own + 1]
    if not done:
        return SINGULAR
    total = 0.0
    for side in range(2):
        first, share = side * size, x if side == 0 else z
        for j in range(count + 2):
            value = found[side * own + j] + share[0] * responses[j] + share[1] * responses[own + j]
            if j <= count:
                out[first + j] = value
            else:
                out[first + size - 1] = value * pair[BY_P] + share[0] * pair[ACROSS_P]
                out[first + size - 2] = value * pair[BY_Q] + share[0] * pair[ACROSS_Q]
        if scalars == 2:
            out[first + count + 1] = share[2]
        for j in range(size):
            total += out[first + j]
    if abs(out[size - 1]) * math.sqrt(T.array(c, T.PRODUCT, size)[size - 1]) <= ROUNDING:
        out[size - 1] = 0.0
    return OK if math.isfinite(total) else NONFINITE
