"""Location of a Hopf point: Newton on F = 0 and the complex scalar of the bordered F_u - i omega.

The scalar g of ``[[F_u - i omega, b], [c^H, 0]] (q, g) = (0, 1)`` vanishes at a Hopf point; with the left solution w
its derivatives are ``-w^H (dF_u) q`` and ``i w^H q`` (Govaerts, *Numerical Methods for Bifurcations of Dynamical
Equilibria*, SIAM 2000, chapter 5).  Borders that follow the null vectors keep the matrix regular; the first ones come
from fixed generic vectors by inverse iteration, so that the same point is found from the same guess everywhere.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_complexes, new_doubles
from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.extended import (
    differentiate_along,
    evaluate_at,
    extended_system,
    is_worth_more,
    solve_dense,
    update,
)
from continuation.compiled.dense.spectrum import ZERO_EIGENVALUE
from continuation.compiled.matrices import eigen
from continuation.compiled.matrices.similarity import balanced_scale

ITERATIONS = 12  # a quadratic iteration that needs more started too far away
REACHED = 0.1  # a contraction above this, of a quadratic iteration, says that rounding is reached
LEAST = 10.0  # frequencies below so many times what counts as a zero eigenvalue are those of a Bogdanov-Takens point


@internal
def complex_border(a, omega, b, c, adjoint):
    """``[[a - i omega, b], [c^H, 0]]`` or its conjugate transpose, and the right-hand side e_last."""
    n = a.shape[0]
    m, e = new_complexes((n + 1, n + 1)), new_complexes(n + 1)
    for i in range(n):
        for j in range(n):
            m[i, j] = a[j, i] if adjoint else a[i, j]
        m[i, i] += 1j * omega if adjoint else -1j * omega
        m[i, n] = c[i] if adjoint else b[i]
        m[n, i] = b[i].conjugate() if adjoint else c[i].conjugate()
    e[n] = 1.0
    return m, e


@internal
def solve_complex(w, m, e):
    """Solve the complex system in place; False where it is singular."""
    D.ints(w)[D.ORDER] = m.shape[0]
    return call(fixed(w, D.COMPLEX_SOLVER), w, m, e, e) == OK


@internal
def nearest_pair(w):
    """Imaginary part of the complex pair of F_u nearest the axis, 0 where all eigenvalues are real."""
    n = fixed(w, D.N_STATES)
    a, wr, wi = D.jacobian(w).copy(), new_doubles(n), new_doubles(n)
    best, omega = math.inf, 0.0
    if eigen.eigenvalues(D.lapack(w), a, wr, wi, new_doubles(eigen.work_size(n)), D.ints(w)):
        for i in range(n):
            if wi[i] > 0.0 and abs(wr[i]) < best:
                best, omega = abs(wr[i]), wi[i]
    return omega


@internal
def null_vectors(w, omega, borders):
    """Right and left solution of the bordered F_u - i omega, whose last entries are its scalar; True if they exist.

    `borders` (2, n): columns that complete the matrix.
    """
    a = D.jacobian(w)
    m, q = complex_border(a, omega, borders[0], borders[1], False)
    mh, left = complex_border(a, omega, borders[0], borders[1], True)
    return solve_complex(w, m, q) and solve_complex(w, mh, left), q, left


@internal
def improve(borders, q, left):
    """Make borders of the null vectors found."""
    n = borders.shape[1]
    size_q, size_l = 0.0, 0.0
    for i in range(n):
        size_q += abs(q[i]) ** 2
        size_l += abs(left[i]) ** 2
    for i in range(n):
        borders[0, i], borders[1, i] = left[i] / math.sqrt(size_l), q[i] / math.sqrt(size_q)


@internal
def scalar_derivatives(w, x, p, q, left):
    """Derivatives of the bordered scalar by x, (n + 1,), and by omega: both complex, with the opposite sign."""
    n = fixed(w, D.N_STATES)
    row, turn, direction = new_complexes(n + 1), 0.0j, new_doubles(n + 1)
    for part in range(2):
        for i in range(n):
            direction[i] = q[i].real if part == 0 else q[i].imag
        along = differentiate_along(w, x, p, direction, 1.0)
        unit = 1.0 + 0.0j if part == 0 else 1.0j
        for i in range(n):
            for j in range(n + 1):
                row[j] += left[i].conjugate() * along[i, j] * unit
    for i in range(n):
        turn += left[i].conjugate() * q[i]
    return row, -1j * turn


@internal
def take_hopf_step(w, x, p, f, omega, borders, drift):
    """One Newton step on F = 0, g = 0 (complex); `borders` (2, n) become left and right vectors.

    Returns the relative correction and the new omega; `drift` (n + 1,) becomes the eigenvalue's derivative by x.
    """
    n = fixed(w, D.N_STATES)
    if evaluate_at(w, x, p, f) != OK:
        return math.inf, omega
    ok, q, left = null_vectors(w, omega, borders)
    if not ok:
        return math.inf, omega
    big, rhs = extended_system(w, f, n + 2)
    row, turn = scalar_derivatives(w, x, p, q, left)
    if turn == 0.0:  # a Jordan chain: no simple pair, and compiled code can't divide complex numbers by zero
        return math.inf, omega
    for j in range(n + 1):
        big[n, j], big[n + 1, j] = row[j].real, row[j].imag
        drift[j] = row[j] / (1j * turn)
    big[n, n + 1], big[n + 1, n + 1] = turn.real, turn.imag
    rhs[n], rhs[n + 1] = q[n].real, q[n].imag
    if not solve_dense(w, big, rhs):
        return math.inf, omega
    improve(borders, q, left)
    error = max(update(x, rhs, n + 1), abs(rhs[n + 1]) / (1.0 + abs(omega)))
    return error, omega + rhs[n + 1]


@internal
def locate_hopf(w, x, p, f):
    """Hopf point near x; returns the attained error and the derivative (n + 1,) of the eigenvalue by x."""
    n = fixed(w, D.N_STATES)
    drift = new_complexes(n + 1)
    if evaluate_at(w, x, p, f) != OK:
        return math.inf, drift
    omega, error, borders = nearest_pair(w), math.inf, new_complexes((2, n))
    if omega == 0.0:
        return math.inf, drift
    for i in range(n):
        borders[0, i] = complex(math.cos(1.0 + 3.0 * i), math.sin(2.0 + i * i))
        borders[1, i] = complex(math.cos(2.0 + 5.0 * i), math.sin(1.0 + i))
    for _ in range(2):  # inverse iteration: better borders before the first step
        ok, q, left = null_vectors(w, omega, borders)
        if not ok:
            return math.inf, drift
        improve(borders, q, left)
    for _ in range(ITERATIONS):
        before = error
        error, omega = take_hopf_step(w, x, p, f, omega, borders, drift)
        if not is_worth_more(error, before, REACHED):
            break
    return (error if abs(omega) > LEAST * ZERO_EIGENVALUE * balanced_scale(D.jacobian(w)) else math.inf), drift
