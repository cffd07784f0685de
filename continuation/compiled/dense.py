"""What the loop asks of a dense equilibrium problem: `linearise`, `solve` and `monitor`.

``w`` is the address of the problem's table, see workspace.py.
"""

import math

from continuation.compiled import linalg
from continuation.compiled import workspace as D
from continuation.compiled.arrays import complexes, doubles, new_doubles, new_int32s
from continuation.compiled.interface import NONFINITE, OK, SINGULAR, call, callback
from continuation.compiled.kernel import internal
from continuation.compiled.spectrum import COUNTS, UNSTABLE, VANISHED, count_unstable, look

FOLD_TEST, BRANCH_TEST, HOPF_TEST, FIRST_ZERO = range(4)  # test functions, in this order
VANISHING = 1e-12  # F_u against the largest so far
CUBE_ROOT = 6.055454452393343e-06  # of the rounding unit: the relative step of central differences


@internal
def residual_at(w, u, p, out):
    """F(u, p)."""
    return call(D.sizes(w)[D.RESIDUAL], D.sizes(w)[D.RESIDUAL + 1], u, p, out)


@internal
def central_difference(w, u, p, variables, k, out):
    """Difference the residual with respect to ``variables[k]`` (of `u` or `p`) into `out`."""
    value = variables[k]
    step = CUBE_ROOT * max(1.0, abs(value))
    above, below = value + step, value - step
    minus = D.vectors(w)[0]
    variables[k] = below
    status = residual_at(w, u, p, minus)
    variables[k] = above
    if status == OK:
        status = residual_at(w, u, p, out)
    variables[k] = value
    for i in range(D.sizes(w)[D.N_STATES]):
        out[i] = (out[i] - minus[i]) / (above - below)
    return status


@internal
def derivative_at(w, u, p):
    """Write F_p at (u, p) into ``derivative(w)``."""
    t = D.sizes(w)
    if t[D.DERIVATIVE] != 0:
        return call(t[D.DERIVATIVE], t[D.DERIVATIVE + 1], u, p, D.derivative(w))
    return central_difference(w, u, p, p, t[D.ACTIVE], D.derivative(w))


@internal
def linearise_at(w, u, p):
    """Write F_u and F_p at (u, p) into ``jacobian(w)`` and ``derivative(w)``."""
    t = D.sizes(w)
    status = OK
    D.effort(w)[D.JACOBIANS] += 1
    if t[D.JACOBIAN] != 0:
        status = call(t[D.JACOBIAN], t[D.JACOBIAN + 1], u, p, D.jacobian(w))
    else:
        a, column = D.jacobian(w), D.vectors(w)[1]
        for j in range(t[D.N_STATES]):
            if status == OK:
                status = central_difference(w, u, p, u, j, column)
            for i in range(t[D.N_STATES]):
                a[i, j] = column[i]
    return status if status != OK else derivative_at(w, u, p)


@callback
def linearise(w, u, p, out):
    """F_u and F_p at (u, p), into the workspace; `out` is not used."""
    return linearise_at(w, doubles(u, D.sizes(w)[D.N_STATES]), doubles(p, D.sizes(w)[D.N_PARAMETERS]))


@callback
def solve_square(w, matrix, rhs, unused):
    """Solve a dense system of order ``ints[7]`` in place; for rare use, it allocates."""
    order = D.ints(w)[7]
    given, both = doubles(rhs, order), new_doubles(2 * order)
    for j in range(order):
        both[j] = given[j]
    done, _, _ = linalg.solve_two(D.lapack(w), doubles(matrix, (order, order)), new_int32s(order), D.ints(w), both)
    for j in range(order):
        given[j] = both[j]
    return OK if done else SINGULAR


@callback
def solve_complex_square(w, matrix, rhs, unused):
    """Solve a dense complex system of order ``ints[7]`` in place (real and imaginary parts side by side)."""
    order = D.ints(w)[7]
    m, b = complexes(matrix, (order, order)), complexes(rhs, order)
    return OK if linalg.solve_complex(D.lapack(w), m, new_int32s(order), D.ints(w), b) else SINGULAR


@internal
def border(w, row):
    """Write ``[F_u F_p; row]`` into the bordered matrix."""
    n, a, b, m = D.sizes(w)[D.N_STATES], D.jacobian(w), D.derivative(w), D.bordered(w)
    for i in range(n):
        for j in range(n):
            m[i, j] = a[i, j]
        m[i, n] = b[i]
        m[n, i] = row[i]
    m[n, n] = row[n]


@internal
def is_finite(w):
    """Whether F_u and F_p are."""
    n, a, total = D.sizes(w)[D.N_STATES], D.jacobian(w), 0.0
    for i in range(n):
        total += abs(D.derivative(w)[i])
        for j in range(n):
            total += abs(a[i, j])
    return math.isfinite(total)


@callback
def solve(w, row, rhs, out):
    """Solve ``[F_u F_p; row] x = rhs`` for two right-hand sides, one after the other in `rhs`.

    out : the two solutions, then mantissa and exponent of the determinant.
    """
    size = D.sizes(w)[D.N_STATES] + 1
    border(w, doubles(row, size))
    D.effort(w)[D.FACTORISATIONS] += 1
    given, x = doubles(rhs, 2 * size), doubles(out, 2 * size + 2)
    for j in range(2 * size):
        x[j] = given[j]
    both = x[: 2 * size]
    done, x[2 * size], x[2 * size + 1] = linalg.solve_two(D.lapack(w), D.bordered(w), D.pivots(w), D.ints(w), both)
    if done:
        return OK
    return SINGULAR if is_finite(w) else NONFINITE


@internal
def has_vanished(w, scale):
    """Whether F_u, of this scale, is lost in rounding against the largest it was on this trace."""
    memory = D.vectors(w)[D.MEMORY]
    memory[D.LARGEST] = max(memory[D.LARGEST], scale)
    return scale <= VANISHING * memory[D.LARGEST]


@callback
def monitor(w, point, p, out):
    """Test functions and counts of an accepted point, from the factorisation that accepted it.

    point : x (n + 1), unit tangent (n + 1), mantissa and exponent of the bordered determinant.
    out : test functions (mantissas), their exponents, then the counts.
    """
    t = D.sizes(w)
    n, tests = t[D.N_STATES], FIRST_ZERO + t[D.N_ZEROS]
    x, phi = doubles(point, 2 * n + 4), doubles(out, 2 * tests + COUNTS)
    counts = phi[2 * tests :]
    for j in range(2 * tests + COUNTS):
        phi[j] = 0.0
    phi[FOLD_TEST] = x[2 * n + 1]
    phi[BRANCH_TEST], phi[tests + BRANCH_TEST] = x[2 * n + 2], x[2 * n + 3]
    phi[HOPF_TEST] = 1.0
    parameters, status = doubles(p, t[D.N_PARAMETERS]), OK
    scale, moved = look(w)
    if t[D.STABILITY] == D.FLOW:
        phi[HOPF_TEST] = count_unstable(w, counts, scale, moved)
    elif t[D.STABILITY] == D.COUNTED:
        status = call(t[D.COUNTER], t[D.COUNTER + 1], x, parameters, counts)
    else:
        counts[UNSTABLE] = -1.0
    counts[VANISHED] = 1.0 if has_vanished(w, scale) else 0.0
    for k in range(t[D.N_ZEROS]):
        if status == OK:
            status = call(D.zeros(w)[2 * k], D.zeros(w)[2 * k + 1], x, parameters, phi[FIRST_ZERO + k :])
    if status == OK and math.isnan(phi[HOPF_TEST]):
        return NONFINITE
    return status
