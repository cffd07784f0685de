"""Location of a fold: Newton on F = 0 and the scalar of the bordered F_u.

The scalar g of ``[[F_u, F_p], [v', 0]] (q, g) = (0, 1)`` vanishes at a fold, and its derivative is
``-w' (dF_u) q`` with the left solution w (Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM
2000, chapter 3): quadratic, with a Jacobian and its difference along one direction an iteration.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_doubles
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.crossing import sign_of
from continuation.compiled.dense.extended import (
    contract,
    differentiate_along,
    evaluate_at,
    extended_system,
    is_worth_more,
    norm,
    solve_dense,
    update,
)
from continuation.compiled.matrices import linalg

ITERATIONS = 12  # a quadratic iteration that needs more started too far away
REACHED = 0.1  # a contraction above this, of a quadratic iteration, says that rounding is reached
# Cosine of F_p and the left null vector below which a fold is none but a branch point: ten times less takes branch
# points for folds, ten times more refuses folds next to one.
TRANSVERSE = 1e-7


@internal
def corner_border(a, b, c, transpose):
    """``[[a, b], [c', 0]]`` or its transpose, and the right-hand side e_last."""
    n = a.shape[0]
    m, e = new_doubles((n + 1, n + 1)), new_doubles(n + 1)
    for i in range(n):
        for j in range(n):
            m[i, j] = a[j, i] if transpose else a[i, j]
        m[i, n] = c[i] if transpose else b[i]
        m[n, i] = b[i] if transpose else c[i]
    e[n] = 1.0
    return m, e


@internal
def take_fold_step(w, x, p, f, v):
    """One Newton step on F = 0, sigma = 0; `v` (n,) goes in as border, comes out as null vector.

    Returns the relative correction, infinite where the fold is none, and the sign of the eigenvalue's motion along v.
    """
    n = fixed(w, D.N_STATES)
    if evaluate_at(w, x, p, f) != OK:
        return math.inf, math.nan
    m, right = corner_border(D.jacobian(w), D.derivative(w), v, False)
    mt, left = corner_border(D.jacobian(w), D.derivative(w), v, True)
    if not (solve_dense(w, m, right) and solve_dense(w, mt, left)):
        return math.inf, math.nan
    if norm(left[:n]) * norm(D.derivative(w)) * TRANSVERSE > 1.0:
        return math.inf, math.nan
    direction = new_doubles(n + 1)
    for i in range(n):
        direction[i] = right[i]
    big, rhs = extended_system(w, f, n + 1)
    along = differentiate_along(w, x, p, direction, 1.0)
    contract(left, along, big[n])
    moved, product, length, size = 0.0, 0.0, norm(right[:n]), norm(left[:n])
    for i in range(n):
        moved += big[n, i] * right[i]
        product += left[i] * right[i]
    sign = sign_of(moved, size * linalg.largest_entry(along) * length) * sign_of(product, size * length)
    rhs[n] = right[n]
    if not solve_dense(w, big, rhs):
        return math.inf, math.nan
    for i in range(n):
        v[i] = right[i] / length
    return update(x, rhs, n + 1), sign


@internal
def locate_fold(w, x, t, p, f):
    """Fold near x; `t` becomes the tangent there.

    Returns the attained error, and by how much the number of unstable eigenvalues changes along `t`.
    """
    n = fixed(w, D.N_STATES)
    v, length, error, change = new_doubles(n), norm(t[:n]), math.inf, math.nan
    if length == 0.0:
        return math.inf, math.nan
    for i in range(n):
        v[i] = t[i] / length
    for _ in range(ITERATIONS):
        before = error
        error, change = take_fold_step(w, x, p, f, v)
        if not is_worth_more(error, before, REACHED):
            break
    sign = 1.0
    for i in range(n):
        sign += 2.0 * t[i] * v[i]
    for i in range(n):
        t[i] = v[i] if sign > 1.0 else -v[i]
    t[n] = 0.0
    return error, change if sign > 1.0 else -change
