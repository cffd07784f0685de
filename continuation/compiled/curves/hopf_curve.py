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
from continuation.compiled.curves.bends import bend
from continuation.compiled.dense import workspace as D
from continuation.compiled.matrices import linalg
from continuation.compiled.matrices.extremes import euclidean_norm
from continuation.compiled.matrices.linalg import LEAST
from continuation.compiled.state.trace_state import UNSTABLE

# Squares of frequencies below this part of the square of F_u are zero but for rounding: the end of the curve or beyond.
ROUNDED = 1e-14
BT_TEST, ZERO_TEST, BAUTIN_TEST, POLE_TEST, PAIR_TEST, TESTS = range(6)

# Frequency, relative to the scale of F_u, below which the Lyapunov coefficient is rounding: its terms cancel to
# omega**2, and derivatives are good to 1e-12, without a Jacobian to 1e-8.  Ten times less and a Bautin point is found
# beside a Bogdanov-Takens point that has none, ten times more and one that lies there is not seen.
SLOW, SLOW_DIFFERENCED = 1e-5, 1e-3


@internal
def least_frequency(c):
    """SLOW or SLOW_DIFFERENCED."""
    return SLOW if fixed(fixed(c, C.BASE), D.JACOBIAN) != 0 else SLOW_DIFFERENCED


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
    if not abs(product) * omega * size > 0.0:  # compiled code can't divide complex numbers by zero
        return math.nan
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

    kappa (BT); the sign of the determinant times the least real eigenvalue (ZH); the first Lyapunov coefficient l1
    (GH) as ``l1 / (1 + |l1|)``, as it grows without bound towards a Bogdanov-Takens point; the same times the sign of
    the determinant (GH); and the real part of the other complex pair nearest the axis.  Beside a Bogdanov-Takens point
    l1 is the last one: what is left of it there is rounding.

    Where an eigenvalue passes zero l1 changes its sign through infinity, unless B(q, conj q) has no part along the
    kernel (an absent species stays absent): then l1 passes through.  So one of the two tests of l1 changes its sign
    at every zero-Hopf point, and both at a Bautin point: what a piece with a zero-Hopf point leaves beside it tells.
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
    size, memory = linalg.scale_of(D.jacobian(fixed(c, C.BASE))), C.remembered(c)
    phi[BT_TEST] = y[n] if y[n] > ROUNDED * size * size else min(y[n], -LEAST)
    phi[BAUTIN_TEST] = memory[0]
    if math.sqrt(max(y[n], 0.0)) > least_frequency(c) * size:
        value = lyapunov(c, y, parameters, y[n], one[:, n].copy(), one[n].copy())
        phi[BAUTIN_TEST] = value / (1.0 + abs(value))
    phi[POLE_TEST] = math.copysign(1.0, phi[ZERO_TEST]) * phi[BAUTIN_TEST]
    if C.end_monitor(phi, TESTS) != OK:  # the point is refused: what is remembered is that of the last one
        return NONFINITE
    memory[0] = phi[BAUTIN_TEST]
    C.renew(c, C.RIGHT, right)
    C.renew(c, C.LEFT, left)
    return OK
