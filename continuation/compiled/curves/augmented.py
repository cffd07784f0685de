"""What the curves of special points in two parameters have in common: their table, and F with its derivatives on them.

The unknowns are y = (u, auxiliary ones, q, p): the base problem's states, then the second and the first parameter.
The equations are F = 0 and scalars of bordered matrices (Govaerts, *Numerical Methods for Bifurcations of Dynamical
Equilibria*, SIAM 2000, chapters 3-5), whose derivatives need second derivatives of F in a few directions only:
fourth-order differences of the Jacobian.  ``c`` is the address of the table that `CurveTable` fills.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, new_doubles, new_int32s
from continuation.compiled.calls.interface import NONFINITE, OK, SINGULAR, call
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.dense import derivative_at
from continuation.compiled.dense.extended import solve_dense
from continuation.compiled.dense.fold_point import corner_border
from continuation.compiled.matrices import eigen, linalg
from continuation.compiled.matrices.extremes import euclidean_norm
from continuation.compiled.state.trace_state import COUNTS, UNSTABLE

# Base problem with the first and with the second parameter active, the curve's own linear algebra (tables of
# workspace.py), index in p of the second parameter, number of auxiliary unknowns, borders, what `CurveShape.variant`
# says of the curve, what is remembered of the last point (one float).
BASE, SECOND, OWN, OTHER, AUXILIARY, BORDERS, VARIANT, REMEMBERED, TABLE = range(9)
LEFT, RIGHT = range(2)  # rows of the borders
# Step of fourth-order differences of the Jacobian (relative to that of its direction), and what |y| adds to it: the
# error is about STEP**4 of the fifth derivative and rounding / STEP; ten times more or less costs three digits.
STEP, GROWTH = 1e-3, 1e-6
BEND_TEST, BT_TEST, KERNEL_TEST, PAIR_TEST, KERNEL_TESTS = range(5)  # test functions where F_u has a simple kernel
# How far, relative to 1 + |u|, along its critical direction a count of the problem's own is asked beside a point, so
# that the critical eigenvalue is not counted.  Ten times less and it stays within what such counts take for zero, ten
# times more and other eigenvalues are counted where they are not.
ASIDE = 1e-4
# Gap of differences of second and fourth order, relative to the derivative, up to which F does not bend within the
# step: the fourth order then errs by its square.  Ten times less and shorter steps, with more rounding, are tried in
# vain for functions of scale 0.05; ten times more and Newton's method on the curve has a wrong tangent where F bends.
STRAIGHT = 1e-4
NOISE = 1e-10  # gap of the differences themselves, relative to what is differenced, that differences as F_u leave
SHORTER, ATTEMPTS = 0.125, 5  # of the next step, and how many are tried: down to 2e-7


@internal
def states(c):
    """Number of states n of the base problem."""
    return fixed(fixed(c, BASE), D.N_STATES)


@internal
def borders(c):
    """View of the left and the right border (2, n)."""
    return doubles(fixed(c, BORDERS), (2, states(c)))


@internal
def remembered(c):
    """View of what is remembered of the last point (1,); 0: nothing yet."""
    return doubles(fixed(c, REMEMBERED), 1)


@internal
def equations(c):
    """Number of equations, one less than that of the unknowns."""
    return states(c) + fixed(c, AUXILIARY) + 1


@internal
def unknowns(c, y):
    """View of the unknowns (N,)."""
    return doubles(y, equations(c) + 1)


@internal
def parameters(c, p):
    """View of all parameters and constants."""
    return doubles(p, fixed(fixed(c, BASE), D.N_PARAMETERS))


@internal
def begin_residual(c, y, p, out):
    """What every curve's residual begins with: F at y into f[:n], its derivatives as `base_derivatives` leaves them.

    Returns (status, unknowns, f); f[n:] are the curve's own equations, to be written.
    """
    y, p, f = unknowns(c, y), parameters(c, p), doubles(out, equations(c))
    status = base_residual(c, y, p, f)
    return (status if status != OK else base_derivatives(c, y, p)), y, f


@internal
def begin_linearise(c, y, p):
    """What every curve's `linearise` begins with: the rows of F in the curve's own matrix, zeros in its other rows.

    Returns (status, unknowns, parameters).
    """
    y, p = unknowns(c, y), parameters(c, p)
    status = base_derivatives(c, y, p)
    if status == OK:
        start_matrix(c)
    return status, y, p


@internal
def begin_monitor(c, point, p, out, tests):
    """What every curve's `monitor` begins with: (status, unknowns, parameters, test functions and counts, all zero)."""
    y, p, phi = unknowns(c, point), parameters(c, p), doubles(out, 2 * tests + COUNTS)
    for j in range(2 * tests + COUNTS):
        phi[j] = 0.0
    return (OK if base_derivatives(c, y, p) == OK else NONFINITE), y, p, phi


@internal
def end_monitor(phi, tests):
    """What every curve's `monitor` ends with: NONFINITE where a test function is no number, whose sign is none."""
    for j in range(tests):
        if phi[j] != phi[j]:
            return NONFINITE
    return OK


@internal
def base_residual(c, y, p, f):
    """F at y into f[:n]; writes both parameters into p."""
    base, m = fixed(c, BASE), equations(c)
    p[fixed(c, OTHER)], p[fixed(base, D.ACTIVE)] = y[m - 1], y[m]
    return call(fixed(base, D.RESIDUAL), fixed(base, D.RESIDUAL + 1), y, p, f)


@internal
def base_derivatives(c, y, p):
    """F_u, F_p and F_q at y into the tables BASE and SECOND."""
    base, second, m = fixed(c, BASE), fixed(c, SECOND), equations(c)
    p[fixed(c, OTHER)], p[fixed(base, D.ACTIVE)] = y[m - 1], y[m]
    status = call(fixed(base, D.LINEARISE), base, y, p, y)
    if status == OK:
        status = derivative_at(second, y[: states(c)], p)
    return status


@internal
def base_parts(c):
    """Views of F_u, F_p and F_q as they were computed last."""
    base = fixed(c, BASE)
    return D.jacobian(base), D.derivative(base), D.derivative(fixed(c, SECOND))


@internal
def difference_along(c, y, p, direction, h, fine, rough):
    """Differences of [F_u F_q F_p] at y along `direction` (n states, q, p), of fourth and of second order.

    Written into `fine` and `rough` (n, n + 2); NaN where F fails.  Returns the largest entry of `fine`, the largest gap
    between the two and the largest entry that was differenced.  The tables of the base problem are overwritten.
    """
    n, m, shifted, scale = states(c), equations(c), y.copy(), 0.0
    for i in range(n):
        for j in range(n + 2):
            fine[i, j], rough[i, j] = 0.0, 0.0
    for k, weight, plain in ((-2.0, 1.0, 0.0), (-1.0, -8.0, -0.5), (1.0, 8.0, 0.5), (2.0, -1.0, 0.0)):
        for j in range(n):
            shifted[j] = y[j] + k * h * direction[j]
        shifted[m - 1], shifted[m] = y[m - 1] + k * h * direction[n], y[m] + k * h * direction[n + 1]
        if base_derivatives(c, shifted, p) != OK:
            fine[0, 0] = math.nan
        a, by_p, by_q = base_parts(c)
        for i in range(n):
            for j in range(n + 2):
                value = a[i, j] if j < n else (by_q[i] if j == n else by_p[i])
                scale = max(scale, abs(value))
                fine[i, j] += weight * value / (12.0 * h)
                rough[i, j] += plain * value / h
    size, gap = 0.0, 0.0
    for i in range(n):
        for j in range(n + 2):
            size, gap = max(size, abs(fine[i, j])), max(gap, abs(fine[i, j] - rough[i, j]))
            if fine[i, j] != fine[i, j]:
                return math.inf, math.inf, scale
    return size, gap, scale


@internal
def differentiate_along(c, y, p, direction):
    """Derivative of [F_u F_q F_p] at y along `direction` (n states, q, p): (n, n + 2), NaN where F fails.

    Where differences of second and fourth order show that F bends within the step, shorter ones are tried; the one
    with the smallest gap, relative to the derivative, counts.
    """
    n, size = states(c), euclidean_norm(direction)
    best, fine, rough, least = new_doubles((n, n + 2)), new_doubles((n, n + 2)), new_doubles((n, n + 2)), math.inf
    if size == 0.0:
        return best
    h = (STEP + GROWTH * euclidean_norm(y)) / size
    for attempt in range(ATTEMPTS):
        largest, gap, scale = difference_along(c, y, p, direction, h, fine, rough)
        relative = gap / largest if 0.0 < largest < math.inf else math.inf
        if attempt == 0 or relative < least:
            least = relative
            for i in range(n):
                for j in range(n + 2):
                    best[i, j] = fine[i, j]
        if relative <= STRAIGHT or gap * h * size <= NOISE * scale:
            break
        h *= SHORTER
    return best


@internal
def start_matrix(c):
    """Write the base problem's [F_u 0 F_q], F_p into the curve's own matrix and column; zeros elsewhere."""
    n, m, own = states(c), equations(c), fixed(c, OWN)
    big, column = D.jacobian(own), D.derivative(own)
    a, by_p, by_q = base_parts(c)
    for i in range(m):
        for j in range(m):
            big[i, j] = a[i, j] if i < n and j < n else 0.0
        column[i] = 0.0
    for i in range(n):
        big[i, m - 1], column[i] = by_q[i], by_p[i]


@internal
def add_row(c, row, left, matrix, factor):
    """Add ``factor left' matrix`` (columns u, q, p) to an equation of the curve's own matrix."""
    n, m, own = states(c), equations(c), fixed(c, OWN)
    big, column = D.jacobian(own), D.derivative(own)
    for i in range(n):
        w = factor * left[i]
        for j in range(n):
            big[row, j] += w * matrix[i, j]
        big[row, m - 1] += w * matrix[i, n]
        column[row] += w * matrix[i, n + 1]


@internal
def spectrum(c):
    """Eigenvalues of the base problem's F_u: (whether they could be had, wr, wi)."""
    base, n = fixed(c, BASE), states(c)
    wr, wi = new_doubles(n), new_doubles(n)
    done = eigen.eigenvalues(
        D.lapack(base), D.jacobian(base).copy(), wr, wi, new_doubles(eigen.work_size(n)), D.ints(base)
    )
    return done, wr, wi


@internal
def drop_nearest(wr, wi, omega):
    """Mark the eigenvalue nearest i omega as critical: its imaginary part becomes NaN."""
    best, place = math.inf, 0
    for j in range(wr.shape[0]):
        gap = math.hypot(wr[j], wi[j] - omega)
        if gap < best:
            best, place = gap, j
    wi[place] = math.nan


@internal
def count_others(wr, wi):
    """Count of unstable eigenvalues that are not critical; sign and least size of the real ones; nearest pair.

    The sign is that of the product of the real ones, of the pair nearest the axis it is the real part: 1 where there
    are none.
    """
    unstable, sign, least, nearest = 0.0, 1.0, math.inf, math.inf
    for j in range(wr.shape[0]):
        if wi[j] != wi[j]:
            continue
        if wr[j] > 0.0:
            unstable += 1.0
        if wi[j] == 0.0:
            sign = -sign if wr[j] < 0.0 else sign
            least = min(least, abs(wr[j]))
        elif wi[j] > 0.0 and abs(wr[j]) < abs(nearest):
            nearest = wr[j]
    return unstable, sign * (least if least < math.inf else 1.0), nearest if nearest < math.inf else 1.0


@internal
def null_pair(c):
    """Right and left solution (n + 1,) of the base problem's bordered F_u; the last entry of each is its scalar."""
    base, b = fixed(c, BASE), borders(c)
    a = D.jacobian(base)
    m, right = corner_border(a, b[LEFT], b[RIGHT], False)
    mt, left = corner_border(a, b[LEFT], b[RIGHT], True)
    return solve_dense(base, m, right) and solve_dense(base, mt, left), right, left


@internal
def renew(c, which, vector):
    """Make a border of a null vector: unit, in the direction it has."""
    n, b = states(c), borders(c)
    size = euclidean_norm(vector[:n])
    for i in range(n):
        b[which, i] = vector[i] / size


@internal
def watch_borders(c, phi, tests):
    """Write the determinant of the bordered F_u, which vanishes where its kernel is larger, as test KERNEL_TEST."""
    base, b = fixed(c, BASE), borders(c)
    m, _ = corner_border(D.jacobian(base), b[LEFT], b[RIGHT], False)
    order = m.shape[0]
    _, phi[KERNEL_TEST], phi[tests + KERNEL_TEST] = linalg.solve_two(
        D.lapack(base), m, new_int32s(order), D.ints(base), new_doubles(2 * order)
    )


@internal
def count_beside(c, y, p, counts):
    """Count as the problem does, the least of the point and its neighbours along the right border; returns a status.

    So the critical eigenvalue, zero but for rounding at the point itself, is not among those counted.
    """
    n, base, b = states(c), fixed(c, BASE), borders(c)
    shifted, found = y[:n].copy(), new_doubles(1)
    h, status, least = ASIDE * (1.0 + euclidean_norm(y[:n])), OK, math.inf
    for side in (0.0, -1.0, 1.0):
        for i in range(n):
            shifted[i] = y[i] + side * h * b[RIGHT, i]
        if status == OK:
            status = call(fixed(base, D.COUNTER), fixed(base, D.COUNTER + 1), shifted, p, found)
            least = min(least, found[0])
    counts[UNSTABLE] = least
    return status


@internal
def watch_kernel(c, y, p, phi, tests, counts):
    """Tests of a point where F_u has a simple kernel, and the counts; the borders are renewed.  Needs F_u at y.

    phi : (tests mantissas, tests exponents) BT_TEST ``w' v`` (unit v and w), KERNEL_TEST the determinant of the
    bordered F_u, PAIR_TEST the real part of the complex pair nearest the axis.
    """
    n, base = states(c), fixed(c, BASE)
    flow = fixed(base, D.STABILITY) == D.FLOW
    phi[BT_TEST], phi[PAIR_TEST], counts[UNSTABLE] = 1.0, 1.0, -1.0
    if flow:
        known, wr, wi = spectrum(c)
        if not known:
            return NONFINITE
        drop_nearest(wr, wi, 0.0)
        counts[UNSTABLE], _, phi[PAIR_TEST] = count_others(wr, wi)
    watch_borders(c, phi, tests)
    done, right, left = null_pair(c)
    if not done:
        return SINGULAR
    renew(c, RIGHT, right)
    renew(c, LEFT, left)
    b, product = borders(c), 0.0
    for i in range(n):
        product += b[LEFT, i] * b[RIGHT, i]
    if flow:
        phi[BT_TEST] = product
    return count_beside(c, y, p, counts) if fixed(base, D.STABILITY) == D.COUNTED else OK


@internal
def curvature(c, y, p):
    """``w' B(v, v)`` with the borders as v and w.  F_u at y is overwritten."""
    n, b, direction, total = states(c), borders(c), new_doubles(states(c) + 2), 0.0
    for i in range(n):
        direction[i] = b[RIGHT, i]
    bent = differentiate_along(c, y, p, direction)
    for i in range(n):
        for j in range(n):
            total += b[LEFT, i] * bent[i, j] * b[RIGHT, j]
    return total
