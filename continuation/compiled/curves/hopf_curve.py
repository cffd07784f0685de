"""The curve of Hopf points: F = 0 and two real scalars of the bordered F_u, in the unknowns (u, kappa, q, p).

With real borders b, c the scalar g of ``[[F_u - s, b], [c', 0]]`` is a real analytic function of s; at a Hopf point
it vanishes at ``s = +-i omega``.  The equations are its even and odd parts, ``(g(s) + g(-s)) / 2`` and
``(g(s) - g(-s)) / (2 s)``, as functions of ``kappa = omega**2 = -s**2``.  The second is a divided difference,
``e' M(s)^-1 J M(-s)^-1 e`` with M the bordered matrix and J the identity without its last entry, so that nothing is
divided by omega: the equations stay regular at a Bogdanov-Takens point, where kappa vanishes and the curve ends.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_complexes, new_doubles, new_int32s
from continuation.compiled.calls.interface import NONFINITE, OK, SINGULAR, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.curves import augmented as C
from continuation.compiled.dense import workspace as D
from continuation.compiled.matrices import linalg
from continuation.compiled.matrices.extremes import euclidean_norm
from continuation.compiled.state.trace_state import UNSTABLE

BT_TEST, BAUTIN_TEST, ZERO_TEST, PAIR_TEST, TESTS = range(5)
# Step of second differences of a Jacobian, relative to 1 + |u|: the fourth root of the rounding unit, of a differenced
# Jacobian's error.  Ten times less and the sign of the Lyapunov coefficient is rounding, ten times more it is that of
# a coefficient some way off.
THIRD, DIFFERENCED = 1e-4, 2e-3


@internal
def inverse(c, s):
    """Inverse of the bordered ``F_u - s``, (n + 1, n + 1) complex, and whether there is one."""
    base, n, b = fixed(c, C.BASE), C.states(c), C.borders(c)
    a, m, out = D.jacobian(base), new_complexes((n + 1, n + 1)), new_complexes((n + 1, n + 1))
    for i in range(n):
        for j in range(n):
            m[i, j] = a[i, j]
        m[i, i] -= s
        m[i, n], m[n, i] = b[C.LEFT, i], b[C.RIGHT, i]
    return out, linalg.invert_complex(D.lapack(base), m, new_int32s(n + 1), D.ints(base), out)


@internal
def both_inverses(c, kappa):
    """Inverses at s = sqrt(-kappa) and at -s, and whether they exist."""
    if kappa > 0.0:
        one, done = inverse(c, complex(0.0, math.sqrt(kappa)))
        return one, one.conjugate(), done
    s = complex(math.sqrt(-kappa), 0.0)
    one, done = inverse(c, s)
    other, too = inverse(c, -s)
    return one, other, done and too


@internal
def apply(m, x):
    """``M J x``: the last entry of x is left out."""
    size = m.shape[0]
    out = new_complexes(size)
    for i in range(size):
        for j in range(size - 1):
            out[i] += m[i, j] * x[j]
    return out


@internal
def apply_left(x, m):
    """``x' J M`` without conjugation."""
    size = m.shape[0]
    out = new_complexes(size)
    for i in range(size - 1):
        for j in range(size):
            out[j] += x[i] * m[i, j]
    return out


@internal
def pair(x, y):
    """``x' J y`` without conjugation."""
    total = 0.0j
    for i in range(x.shape[0] - 1):
        total += x[i] * y[i]
    return total


@callback
def hopf_residual(c, y, p, out):
    """F and the two scalars."""
    n, (status, unknowns, f) = C.states(c), C.begin_residual(c, y, p, out)
    if status != OK:
        return status
    one, other, done = both_inverses(c, unknowns[n])
    if not done:
        return SINGULAR
    f[n] = 0.5 * (one[n, n] + other[n, n]).real
    f[n + 1] = pair(one[n], other[:, n].copy()).real
    return OK


@internal
def add_complex_row(c, y, p, row, left, right):
    """Subtract the real part of ``left' (dF_u) right`` from an equation of the curve's own matrix."""
    n = C.states(c)
    direction, weights = new_doubles(n + 2), new_doubles(n)
    for part in range(2):
        for i in range(n):
            direction[i] = right[i].real if part == 0 else right[i].imag
            weights[i] = left[i].real if part == 0 else left[i].imag
        C.add_row(c, row, weights, C.differentiate_along(c, y, p, direction), -1.0 if part == 0 else 1.0)


@callback
def hopf_linearise(c, y, p, unused):
    """The curve's Jacobian into its own matrix and column."""
    n, (status, unknowns, parameters) = C.states(c), C.begin_linearise(c, y, p)
    if status != OK:
        return status
    one, other, done = both_inverses(c, unknowns[n])
    if not done:
        return SINGULAR
    x, w, z = one[:, n].copy(), one[n].copy(), other[:, n].copy()
    left = other[n].copy()
    across, across_left = apply(one, z), apply_left(w, other)
    big = D.jacobian(fixed(c, C.OWN))
    x2, w2 = apply(other, z), apply_left(w, one)
    big[n, n] = -0.5 * (pair(w2, z) + pair(w, x2)).real
    big[n + 1, n] = -pair(w2, x2).real
    add_complex_row(c, unknowns, parameters, n + 1, w, across)
    add_complex_row(c, unknowns, parameters, n + 1, across_left, z)
    for i in range(n + 1):
        w[i], left[i] = 0.5 * w[i], 0.5 * left[i]
    add_complex_row(c, unknowns, parameters, n, w, x)
    add_complex_row(c, unknowns, parameters, n, left, z)
    return OK


@internal
def jacobian_at(c, y, p, direction, h, out):
    """F_u of the base problem at ``y + h direction`` into `out`; False where it can't be had."""
    n, shifted = C.states(c), y.copy()
    for i in range(n):
        shifted[i] += h * direction[i]
    if C.base_derivatives(c, shifted, p) != OK:
        return False
    a = D.jacobian(fixed(c, C.BASE))
    for i in range(n):
        for j in range(n):
            out[i, j] = a[i, j]
    return True


@internal
def bend(c, y, p, direction, first, second):
    """First and second derivative of F_u along a unit `direction`; False where they can't be had."""
    n, base = C.states(c), fixed(c, C.BASE)
    middle, below = new_doubles((n, n)), new_doubles((n, n))
    h = (THIRD if fixed(base, D.JACOBIAN) != 0 else DIFFERENCED) * (1.0 + euclidean_norm(y[:n]))
    done = jacobian_at(c, y, p, direction, 0.0, middle) and jacobian_at(c, y, p, direction, -h, below)
    if not (done and jacobian_at(c, y, p, direction, h, first)):
        return False
    for i in range(n):
        for j in range(n):
            above = first[i, j]
            first[i, j] = (above - below[i, j]) / (2.0 * h)
            second[i, j] = (above - 2.0 * middle[i, j] + below[i, j]) / (h * h)
    return True


@internal
def bend_along(c, y, p, x, size):
    """Derivatives of F_u along the real and the imaginary part of ``x / size``, each made a unit vector.

    Returns (done, lengths of the parts (2,), first derivatives (2, n, n), second ones (2, n, n)).
    """
    n = C.states(c)
    parts, lengths = new_doubles((2, n)), new_doubles(2)
    first, second = new_doubles((2, n, n)), new_doubles((2, n, n))
    for k in range(2):
        for i in range(n):
            parts[k, i] = (x[i].real if k == 0 else x[i].imag) / size
        lengths[k] = euclidean_norm(parts[k])
        if lengths[k] > 0.0:
            for i in range(n):
                parts[k, i] /= lengths[k]
            if not bend(c, y, p, parts[k], first[k], second[k]):
                return False, lengths, first, second
    return True, lengths, first, second


@internal
def solve_with_states(c, factor, shift, b):
    """Solve ``(factor F_u + i shift) x = b`` in place of the complex b (n,); False where that is singular."""
    base, n = fixed(c, C.BASE), C.states(c)
    a, work = D.jacobian(base), new_complexes((n, n))
    for i in range(n):
        for j in range(n):
            work[i, j] = factor * a[i, j]
        if shift != 0.0:
            work[i, i] += complex(0.0, shift)
    return linalg.solve_complex(D.lapack(base), work, new_int32s(n), D.ints(base), b)


@internal
def lyapunov(c, y, p, kappa, x, w):
    """First Lyapunov coefficient (Kuznetsov, Elements of Applied Bifurcation Theory, 3rd ed., 5.62), for its sign.

    x, w : right and left null vectors of ``F_u - i omega``.  NaN where it can't be had.
    """
    n, omega, size, product = C.states(c), math.sqrt(max(kappa, 1e-300)), 0.0, pair(w, x)
    for i in range(n):
        size += x[i].real ** 2 + x[i].imag ** 2
    size = math.sqrt(size)
    done, lengths, bent, twice = bend_along(c, y, p, x, size)
    if not done or C.base_derivatives(c, y, p) != OK:
        return math.nan
    m, b_qq, b_qr, total = new_complexes((n, n)), new_complexes(n), new_complexes(n), 0.0j
    for i in range(n):
        for j in range(n):
            q = x[j] / size
            m[i, j] = lengths[0] * bent[0, i, j] + 1j * lengths[1] * bent[1, i, j]
            b_qq[i] += m[i, j] * q
            b_qr[i] += m[i, j] * q.conjugate()
            # C(q, q, conj q) = C(r,r,r) + C(s,s,r) + i (C(r,r,s) + C(s,s,s)) for q = r + i s
            both = lengths[0] ** 2 * twice[0, i, j] + lengths[1] ** 2 * twice[1, i, j]
            total += w[i] * both * q
    if not (solve_with_states(c, 1.0, 0.0, b_qr) and solve_with_states(c, -1.0, 2.0 * omega, b_qq)):
        return math.nan
    for i in range(n):
        for j in range(n):
            total += w[i] * (m[i, j].conjugate() * b_qq[j] - 2.0 * m[i, j] * b_qr[j])
    return (total / (product * omega * 2.0)).real * size


@callback
def hopf_monitor(c, point, p, out):
    """Test functions and counts of an accepted point; the borders are renewed.

    kappa (BT); the first Lyapunov coefficient l1 times the sign of the determinant (GH), as l1 changes its own sign
    through infinity where an eigenvalue passes zero, and as ``l1 / (1 + |l1|)``, as it grows without bound there and
    towards a Bogdanov-Takens point; that determinant's sign times the least real eigenvalue (ZH); and the real part
    of the other complex pair nearest the axis.
    """
    n, (status, y, parameters, phi) = C.states(c), C.begin_monitor(c, point, p, out, TESTS)
    if status != OK:
        return status
    (known, wr, wi), omega = C.spectrum(c), math.sqrt(max(y[n], 0.0))
    if not known:
        return NONFINITE
    C.drop_nearest(wr, wi, omega)
    C.drop_nearest(wr, wi, -omega)
    phi[2 * TESTS + UNSTABLE], phi[ZERO_TEST], phi[PAIR_TEST] = C.count_others(wr, wi)
    one, other, done = both_inverses(c, y[n])
    if not done:
        return SINGULAR
    right, left = new_doubles(n), new_doubles(n)
    for i in range(n):
        right[i], left[i] = one[i, n].real, one[n, i].real
    phi[BT_TEST], phi[BAUTIN_TEST] = y[n], 1.0
    if y[n] > 0.0:
        value = lyapunov(c, y, parameters, y[n], one[:, n].copy(), one[n].copy())
        phi[BAUTIN_TEST] = math.copysign(1.0, phi[ZERO_TEST]) * value / (1.0 + abs(value))
    C.renew(c, C.RIGHT, right)
    C.renew(c, C.LEFT, left)
    return OK if phi[BAUTIN_TEST] == phi[BAUTIN_TEST] else NONFINITE
