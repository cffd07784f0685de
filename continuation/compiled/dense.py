"""What the loop asks of a dense equilibrium problem: `linearise`, `solve` and `monitor`.

``w`` is the address of the problem's table, see workspace.py.
"""

import math

from continuation.compiled import linalg
from continuation.compiled.arrays import complexes, doubles, new_int32s
from continuation.compiled.interface import NONFINITE, OK, SINGULAR, call, callback
from continuation.compiled.kernel import internal
from continuation.compiled.workspace import (
    ACTIVE,
    COUNTED,
    COUNTER,
    DECLARED_SYMMETRIC,
    DERIVATIVE,
    FACTORISATIONS,
    FLOW,
    JACOBIAN,
    JACOBIANS,
    LARGEST_SCALE,
    N_PARAMETERS,
    N_STATES,
    N_ZEROS,
    RESIDUAL,
    SPECTRA,
    STABILITY,
    bordered,
    copied,
    derivative,
    effort,
    ints,
    jacobian,
    lapack,
    pivots,
    sizes,
    spectrum_work,
    vectors,
    zeros,
)

FOLD_TEST, BRANCH_TEST, HOPF_TEST, FIRST_ZERO = range(4)  # test functions, in this order
UNSTABLE, NULLITY, VANISHED, COUNTS = range(4)  # counts of `monitor`, and how many
ZERO_EIGENVALUE = 1e-9  # relative to the scale of F_u
SYMMETRIC_TO = 1e-12
VANISHING = 1e-12  # F_u against the largest so far
CUBE_ROOT = 6.055454452393343e-06  # of the rounding unit: the relative step of central differences


@internal
def residual_at(w, u, p, out):
    """F(u, p)."""
    return call(sizes(w)[RESIDUAL], sizes(w)[RESIDUAL + 1], u, p, out)


@internal
def central_difference(w, u, p, variables, k, out):
    """Difference the residual with respect to ``variables[k]`` (of `u` or `p`) into `out`."""
    value = variables[k]
    step = CUBE_ROOT * max(1.0, abs(value))
    above, below = value + step, value - step
    minus = vectors(w)[0]
    variables[k] = below
    status = residual_at(w, u, p, minus)
    variables[k] = above
    if status == OK:
        status = residual_at(w, u, p, out)
    variables[k] = value
    for i in range(sizes(w)[N_STATES]):
        out[i] = (out[i] - minus[i]) / (above - below)
    return status


@internal
def linearise_at(w, u, p):
    """Write F_u and F_p at (u, p) into ``jacobian(w)`` and ``derivative(w)``."""
    t = sizes(w)
    status = OK
    effort(w)[JACOBIANS] += 1
    if t[JACOBIAN] != 0:
        status = call(t[JACOBIAN], t[JACOBIAN + 1], u, p, jacobian(w))
    else:
        a, column = jacobian(w), vectors(w)[1]
        for j in range(t[N_STATES]):
            if status == OK:
                status = central_difference(w, u, p, u, j, column)
            for i in range(t[N_STATES]):
                a[i, j] = column[i]
    if status != OK:
        return status
    if t[DERIVATIVE] != 0:
        return call(t[DERIVATIVE], t[DERIVATIVE + 1], u, p, derivative(w))
    return central_difference(w, u, p, p, t[ACTIVE], derivative(w))


@callback
def linearise(w, u, p, out):
    """F_u and F_p at (u, p), into the workspace; `out` is not used."""
    return linearise_at(w, doubles(u, sizes(w)[N_STATES]), doubles(p, sizes(w)[N_PARAMETERS]))


@callback
def solve_square(w, matrix, rhs, unused):
    """Solve a dense system of order ``ints[7]`` in place; for rare use, it allocates its pivots."""
    order = ints(w)[7]
    m, swaps = doubles(matrix, (order, order)), new_int32s(order)
    if order >= linalg.LARGE:
        linalg.transpose(m)
    if not linalg.lu_factor(lapack(w), m, swaps, ints(w)):
        return SINGULAR
    linalg.lu_solve(lapack(w), m, swaps, ints(w), doubles(rhs, order))
    return OK


@callback
def solve_complex_square(w, matrix, rhs, unused):
    """Solve a dense complex system of order ``ints[7]`` in place (real and imaginary parts side by side)."""
    order = ints(w)[7]
    m, b = complexes(matrix, (order, order)), complexes(rhs, order)
    return OK if linalg.solve_complex(lapack(w), m, new_int32s(order), ints(w), b) else SINGULAR


@internal
def border(w, row):
    """Write ``[F_u F_p; row]`` into the bordered matrix, column by column where it is large."""
    n, a, b, m = sizes(w)[N_STATES], jacobian(w), derivative(w), bordered(w)
    if n + 1 >= linalg.LARGE:
        for j in range(n):
            for i in range(n):
                m[j, i] = a[i, j]
            m[j, n] = row[j]
            m[n, j] = b[j]
    else:
        for i in range(n):
            for j in range(n):
                m[i, j] = a[i, j]
            m[i, n] = b[i]
            m[n, i] = row[i]
    m[n, n] = row[n]


@internal
def is_finite(w):
    """Whether F_u and F_p are."""
    n, a, total = sizes(w)[N_STATES], jacobian(w), 0.0
    for i in range(n):
        total += abs(derivative(w)[i])
        for j in range(n):
            total += abs(a[i, j])
    return math.isfinite(total)


@callback
def solve(w, row, rhs, out):
    """Solve ``[F_u F_p; row] x = rhs`` for two right-hand sides, one after the other in `rhs`.

    out : the two solutions, then mantissa and exponent of the determinant.
    """
    size = sizes(w)[N_STATES] + 1
    border(w, doubles(row, size))
    effort(w)[FACTORISATIONS] += 1
    if not linalg.lu_factor(lapack(w), bordered(w), pivots(w), ints(w)):
        return SINGULAR if is_finite(w) else NONFINITE
    given, x = doubles(rhs, 2 * size), doubles(out, 2 * size + 2)
    for j in range(2 * size):
        x[j] = given[j]
    linalg.lu_solve(lapack(w), bordered(w), pivots(w), ints(w), x[:size])
    linalg.lu_solve(lapack(w), bordered(w), pivots(w), ints(w), x[size : 2 * size])
    x[2 * size], x[2 * size + 1] = linalg.determinant(bordered(w), pivots(w))
    return OK


@internal
def count_symmetric(w, counts, zero):
    """Count eigenvalues of the symmetric F_u above `zero` and within it."""
    d, e, v = vectors(w)[2], vectors(w)[3], vectors(w)[4]
    n = sizes(w)[N_STATES]
    linalg.tridiagonalise(copied(w), d[:n], e[:n], v[:n])
    counts[UNSTABLE] = linalg.count_above(d[:n], e[:n], zero)
    counts[NULLITY] = linalg.count_above(d[:n], e[:n], -zero) - counts[UNSTABLE]


@internal
def count_general(w, counts, zero):
    """Count eigenvalues of F_u right of the axis and at zero; returns the real part of the pair nearest the axis.

    The real part is 1 where no eigenvalue is complex; NONFINITE is returned as NaN.
    """
    n = sizes(w)[N_STATES]
    wr, wi = vectors(w)[2], vectors(w)[3]
    if not linalg.eigenvalues(lapack(w), copied(w), wr[:n], wi[:n], spectrum_work(w), ints(w)):
        return math.nan
    nearest = math.inf
    for i in range(n):
        if math.hypot(wr[i], wi[i]) <= zero:
            counts[NULLITY] += 1.0
        elif wr[i] > zero:
            counts[UNSTABLE] += 1.0
        if wi[i] > zero and abs(wr[i]) < abs(nearest):
            nearest = wr[i]
    if abs(nearest) <= zero:
        return 0.0  # on the axis to rounding: its sign would mean nothing
    return nearest if math.isfinite(nearest) else 1.0


@internal
def count_spectrum(w, counts):
    """Fill `counts` from the spectrum of F_u; returns the Hopf test function."""
    n, a, copy = sizes(w)[N_STATES], jacobian(w), copied(w)
    for i in range(n):
        for j in range(n):
            copy[i, j] = a[i, j]
    effort(w)[SPECTRA] += 1
    zero = ZERO_EIGENVALUE * linalg.scale_of(jacobian(w))
    if sizes(w)[DECLARED_SYMMETRIC] == 1 or linalg.is_symmetric(jacobian(w), SYMMETRIC_TO):
        count_symmetric(w, counts, zero)
        return 1.0
    return count_general(w, counts, zero)


@internal
def has_vanished(w):
    """Whether F_u is lost in rounding against the largest it was on this trace."""
    largest = vectors(w)[LARGEST_SCALE]
    scale = linalg.scale_of(jacobian(w))
    largest[0] = max(largest[0], scale)
    return scale <= VANISHING * largest[0]


@callback
def monitor(w, point, p, out):
    """Test functions and counts of an accepted point, from the factorisation that accepted it.

    point : x (n + 1), unit tangent (n + 1), mantissa and exponent of the bordered determinant.
    out : test functions (mantissas), their exponents, then the counts.
    """
    t = sizes(w)
    n, tests = t[N_STATES], FIRST_ZERO + t[N_ZEROS]
    x, phi = doubles(point, 2 * n + 4), doubles(out, 2 * tests + COUNTS)
    counts = phi[2 * tests :]
    for j in range(2 * tests + COUNTS):
        phi[j] = 0.0
    phi[FOLD_TEST] = x[2 * n + 1]
    phi[BRANCH_TEST], phi[tests + BRANCH_TEST] = x[2 * n + 2], x[2 * n + 3]
    phi[HOPF_TEST] = 1.0
    parameters, status = doubles(p, t[N_PARAMETERS]), OK
    if t[STABILITY] == FLOW:
        phi[HOPF_TEST] = count_spectrum(w, counts)
    elif t[STABILITY] == COUNTED:
        status = call(t[COUNTER], t[COUNTER + 1], x, parameters, counts)
    else:
        counts[UNSTABLE] = -1.0
    counts[VANISHED] = 1.0 if has_vanished(w) else 0.0
    for k in range(t[N_ZEROS]):
        if status == OK:
            status = call(zeros(w)[2 * k], zeros(w)[2 * k + 1], x, parameters, phi[FIRST_ZERO + k :])
    if status == OK and math.isnan(phi[HOPF_TEST]):
        return NONFINITE
    return status
