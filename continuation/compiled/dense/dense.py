"""What the loop asks of a dense equilibrium problem: `linearise`, `solve` and `monitor`.

``w`` is the address of the problem's table, see workspace.py.  The test functions are those of a one-parameter family
of equilibria (Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000, chapters 3-5): the
parameter's part of the unit tangent (folds), the determinant of ``[F_u F_p; t']`` (branch points; folds keep its sign,
Keller 1977), the real part of the complex pair nearest the axis (a hint only: the count tells Hopf points).
"""

import math

from continuation.compiled.calls.arrays import complexes, doubles, fixed, new_doubles, new_int32s, part
from continuation.compiled.calls.interface import NONFINITE, OK, SINGULAR, call, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.spectrum import count_unstable, measure_change
from continuation.compiled.matrices import linalg
from continuation.compiled.state.messages import DETERMINANT, EXPONENT, SOLVED
from continuation.compiled.state.trace_state import COUNTS, NULLITY, UNSTABLE, VANISHED

FOLD_TEST, BRANCH_TEST, HOPF_TEST, FIRST_ZERO = range(4)  # test functions, in the order of `Operations.tests`
# F_u below this, against the largest so far, is lost in rounding: ten times less and points of pure rounding are
# stored, ten times more ends branches of problems whose F_u varies by twelve digits.
VANISHING = 1e-12
# Parameter's part of the unit tangent, in its unit, below which it is looked whether it is rounding, and what rounding
# leaves of it, relative to F_u against F_p: a bordered solve is exact but for a few roundings of F_u.  Ten times less
# and signs of rounding are folds on branches along which the parameter does not change, ten times more only moves a
# sign by a step.
LEVEL, LEFT_BY_ROUNDING = 1e-6, 1e-13
CUBE_ROOT = 6.055454452393343e-06  # of the rounding unit: the relative step of central differences


@internal
def residual_at(w, u, p, out):
    """F(u, p)."""
    return call(fixed(w, D.RESIDUAL), fixed(w, D.RESIDUAL + 1), u, p, out)


@internal
def central_difference(w, u, p, variables, k, unit, out):
    """Difference the residual with respect to ``variables[k]`` (of `u` or `p`), in this unit, into `out`."""
    value = variables[k]
    step = CUBE_ROOT * max(unit, abs(value))
    above, below = value + step, value - step
    minus = D.vectors(w)[D.BELOW]
    variables[k] = below
    status = residual_at(w, u, p, minus)
    variables[k] = above
    if status == OK:
        status = residual_at(w, u, p, out)
    variables[k] = value
    for i in range(fixed(w, D.N_STATES)):
        out[i] = (out[i] - minus[i]) / (above - below)
    return status


@internal
def derivative_at(w, u, p):
    """Write F_p at (u, p) into ``derivative(w)``."""
    if fixed(w, D.DERIVATIVE) != 0:
        return call(fixed(w, D.DERIVATIVE), fixed(w, D.DERIVATIVE + 1), u, p, D.derivative(w))
    unit = D.units(w)[fixed(w, D.N_STATES)]
    return central_difference(w, u, p, p, fixed(w, D.ACTIVE), unit, D.derivative(w))


@internal
def linearise_at(w, u, p):
    """Write F_u and F_p at (u, p) into ``jacobian(w)`` and ``derivative(w)``."""
    status = OK
    D.effort(w)[D.JACOBIANS] += 1
    if fixed(w, D.JACOBIAN) != 0:
        status = call(fixed(w, D.JACOBIAN), fixed(w, D.JACOBIAN + 1), u, p, D.jacobian(w))
    else:
        a, column = D.jacobian(w), D.vectors(w)[D.COLUMN]
        for j in range(fixed(w, D.N_STATES)):
            if status == OK:
                status = central_difference(w, u, p, u, j, D.units(w)[j], column)
            for i in range(fixed(w, D.N_STATES)):
                a[i, j] = column[i]
    return status if status != OK else derivative_at(w, u, p)


@callback
def linearise(w, u, p, out):
    """F_u and F_p at (u, p), into the workspace; `out` is not used."""
    return linearise_at(w, doubles(u, fixed(w, D.N_STATES)), doubles(p, fixed(w, D.N_PARAMETERS)))


@callback
def solve_square(w, matrix, rhs, unused):
    """Solve a dense system of order ``ints[ORDER]`` in place; for rare use, it allocates."""
    order = D.ints(w)[D.ORDER]
    given, both = doubles(rhs, order), new_doubles(2 * order)
    for j in range(order):
        both[j] = given[j]
    done, _, _ = linalg.solve_two(D.lapack(w), doubles(matrix, (order, order)), new_int32s(order), D.ints(w), both)
    for j in range(order):
        given[j] = both[j]
    return OK if done else SINGULAR


@callback
def solve_complex_square(w, matrix, rhs, unused):
    """Solve a dense complex system of order ``ints[ORDER]`` in place (real and imaginary parts side by side)."""
    order = D.ints(w)[D.ORDER]
    m, b = complexes(matrix, (order, order)), complexes(rhs, order)
    return OK if linalg.solve_complex(D.lapack(w), m, new_int32s(order), D.ints(w), b) else SINGULAR


@internal
def border(w, row):
    """Write ``[F_u F_p; row]`` into the bordered matrix."""
    n, a, b, m = fixed(w, D.N_STATES), D.jacobian(w), D.derivative(w), D.bordered(w)
    for i in range(n):
        for j in range(n):
            m[i, j] = a[i, j]
        m[i, n] = b[i]
        m[n, i] = row[i]
    m[n, n] = row[n]


@internal
def divide_by_sizes(w, x):
    """Divide the equations of the bordered system by their sizes, so that pivots are chosen well; x : both sides."""
    n, m, sizes = fixed(w, D.N_STATES), D.bordered(w), D.equations(w)
    for i in range(n):
        for j in range(n + 1):
            m[i, j] /= sizes[i]
        x[i], x[n + 1 + i] = x[i] / sizes[i], x[n + 1 + i] / sizes[i]


@internal
def is_finite(w):
    """Whether F_u and F_p are."""
    n, a, total = fixed(w, D.N_STATES), D.jacobian(w), 0.0
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
    size = fixed(w, D.N_STATES) + 1
    last, given, x = doubles(row, size), doubles(rhs, 2 * size), doubles(out, 2 * size + SOLVED)
    D.effort(w)[D.FACTORISATIONS] += 1
    if size == 3 and fixed(w, D.SCALED) == 0:
        done, x[6 + DETERMINANT], x[6 + EXPONENT] = linalg.solve_three(D.jacobian(w), D.derivative(w), last, given, x)
    else:
        border(w, last)
        for j in range(2 * size):
            x[j] = given[j]
        if fixed(w, D.SCALED) == 1:
            divide_by_sizes(w, x)
        both, m = part(x, 0, 2 * size), D.bordered(w)
        done, x[2 * size + DETERMINANT], x[2 * size + EXPONENT] = linalg.solve_two(
            D.lapack(w), m, D.pivots(w), D.ints(w), both
        )
        x[2 * size + EXPONENT] += fixed(w, D.SHIFT)
    if done:
        return OK
    return SINGULAR if is_finite(w) else NONFINITE


@internal
def has_vanished(w, scale):
    """Whether F_u, of this scale, is lost in rounding against the largest it was on this trace.

    Nothing is lost where it was zero throughout, as along ``(p - 1) (1 + x**2) = 0``.
    """
    memory = D.vectors(w)[D.MEMORY]
    memory[D.LARGEST] = max(memory[D.LARGEST], scale)
    return memory[D.LARGEST] > 0.0 and scale <= VANISHING * memory[D.LARGEST]


@internal
def is_level(w, t, scale):
    """Whether the parameter's part of the unit tangent t is rounding; `scale` is the largest row sum of F_u."""
    n, states, derivative = fixed(w, D.N_STATES), 0.0, 0.0
    for i in range(n):
        states, derivative = max(states, abs(t[i])), max(derivative, abs(D.derivative(w)[i]))
    return abs(t[n]) * derivative <= LEFT_BY_ROUNDING * scale * states


@callback
def monitor(w, point, p, out):
    """Test functions and counts of an accepted point, from the factorisation that accepted it.

    point : x (n + 1), unit tangent (n + 1), mantissa and exponent of the bordered determinant.
    out : test functions (mantissas), their exponents, then the counts.
    """
    n, tests = fixed(w, D.N_STATES), FIRST_ZERO + fixed(w, D.N_ZEROS)
    x, phi, behind = doubles(point, 2 * n + 2 + SOLVED), doubles(out, 2 * tests + COUNTS), 2 * n + 2
    counts = part(phi, 2 * tests, COUNTS)
    counts[UNSTABLE], counts[NULLITY] = 0.0, 0.0
    phi[FOLD_TEST], phi[tests + FOLD_TEST] = x[behind - 1], 0.0
    phi[BRANCH_TEST], phi[tests + BRANCH_TEST] = x[behind + DETERMINANT], x[behind + EXPONENT]
    phi[HOPF_TEST], phi[tests + HOPF_TEST] = 1.0, 0.0
    parameters, status = doubles(p, fixed(w, D.N_PARAMETERS)), OK
    scale, moved = measure_change(w)
    if abs(phi[FOLD_TEST]) < LEVEL * D.units(w)[n] and is_level(w, part(x, n + 1, n + 1), scale):
        phi[FOLD_TEST] = 0.0
    if fixed(w, D.STABILITY) == D.FLOW:
        phi[HOPF_TEST] = count_unstable(w, counts, moved)
    elif fixed(w, D.STABILITY) == D.COUNTED:
        status = call(fixed(w, D.COUNTER), fixed(w, D.COUNTER + 1), x, parameters, counts)
    else:
        counts[UNSTABLE] = -1.0
    counts[VANISHED] = 1.0 if has_vanished(w, scale) else 0.0
    for k in range(fixed(w, D.N_ZEROS)):
        phi[FIRST_ZERO + k], phi[tests + FIRST_ZERO + k] = 0.0, 0.0
        if status == OK:
            status = call(D.zeros(w)[2 * k], D.zeros(w)[2 * k + 1], x, parameters, part(phi, FIRST_ZERO + k, 1))
    if status == OK and math.isnan(phi[HOPF_TEST]):
        return NONFINITE
    return status
