"""What the extended systems of folds, Hopf points and branch points have in common.

The unknowns of each system are the point x = (u, p) itself (and omega for a Hopf point); the added equations are
scalars of bordered systems (Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000,
chapters 3-5), whose derivatives need F_ux in a few directions only: central differences of the Jacobian, which
change the speed of convergence but not what it converges to.  Rare, so it may allocate.

Here and in the systems themselves x, F and their derivatives are in units of their own: u and p over their typical
sizes, equations over theirs, so that every norm and every "1 + |x|" means the same whatever the units of the model
are.  Units are powers of two: nothing is rounded, and where they are 1 nothing changes.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_doubles
from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.dense import CUBE_ROOT
from continuation.compiled.matrices.extremes import euclidean_norm

EXACT = 2e-16  # corrections below this, relative to 1 + |x|, end the iteration
# The largest last correction, relative to 1 + |x|, that counts as located: ten times less refuses points found by
# differences of differences, ten times more lets through points that Newton was still leaving.
ATTAINED = 1e-8
SETTLED = 1e-9  # corrections above this that do not shrink are no rounding yet: the iteration goes on


@internal
def evaluate_at(w, x, p, f):
    """Residual, F_u and F_p at x = (u, p), all in units."""
    n, rows = fixed(w, D.N_STATES), D.rows(w)
    own = in_own_units(w, x)
    p[fixed(w, D.ACTIVE)] = own[n]
    status = call(fixed(w, D.RESIDUAL), fixed(w, D.RESIDUAL + 1), own, p, f)
    for i in range(n):
        f[i] /= rows[i]
    return status if status != OK else linearise_in_units(w, own, p)


@internal
def in_own_units(w, x):
    """The model's own numbers of x = (u, p), as a copy."""
    own, units = x.copy(), D.units(w)
    for j in range(units.shape[0]):
        own[j] *= units[j]
    return own


@internal
def linearise_in_units(w, own, p):
    """F_u and F_p in units at the model's own numbers of x."""
    n, units, rows = fixed(w, D.N_STATES), D.units(w), D.rows(w)
    status = call(fixed(w, D.LINEARISE), w, own, p, own)
    a, by_p = D.jacobian(w), D.derivative(w)
    for i in range(n):
        for j in range(n):
            a[i, j] *= units[j] / rows[i]
        by_p[i] *= units[n] / rows[i]
    return status


@internal
def differentiate_along(w, x, p, direction, reach):
    """Derivative of [F_u F_p] at x along `direction`, (n, n + 1); NaN where the Jacobian fails.

    `reach`: length of the difference, 1 where F is smooth, less near a kink of the Jacobian.
    """
    n = fixed(w, D.N_STATES)
    size = euclidean_norm(direction)
    out, y = new_doubles((n, n + 1)), new_doubles(n + 1)
    if size == 0.0:
        return out
    h = reach * CUBE_ROOT * (1.0 + euclidean_norm(x)) / size
    for sign in (-1.0, 1.0):
        for j in range(n + 1):
            y[j] = x[j] + sign * h * direction[j]
        own = in_own_units(w, y)
        p[fixed(w, D.ACTIVE)] = own[n]
        if linearise_in_units(w, own, p) != OK:
            out[0, 0] = math.nan
        for i in range(n):
            for j in range(n):
                out[i, j] += sign * D.jacobian(w)[i, j] / (2.0 * h)
            out[i, n] += sign * D.derivative(w)[i] / (2.0 * h)
    return out


@internal
def contract(left, matrix, out):
    """Add ``left' matrix`` to the row `out`."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[j] += left[i] * matrix[i, j]


@internal
def update(x, d, size):
    """Add the correction; returns its length relative to 1 + |x|."""
    for j in range(size):
        x[j] += d[j]
    return euclidean_norm(d[:size]) / (1.0 + euclidean_norm(x))


@internal
def solve_dense(w, matrix, rhs):
    """Solve in place; False where the matrix is singular."""
    D.ints(w)[D.ORDER] = matrix.shape[0]
    return call(fixed(w, D.REAL_SOLVER), w, matrix, rhs, rhs) == OK


@internal
def extended_system(w, f, size):
    """Matrix of order `size` whose first rows are [F_u F_p], and the right-hand side -F; zero elsewhere."""
    n, a, b = fixed(w, D.N_STATES), D.jacobian(w), D.derivative(w)
    big, rhs = new_doubles((size, size)), new_doubles(size)
    for i in range(n):
        for j in range(n):
            big[i, j] = a[i, j]
        big[i, n] = b[i]
        rhs[i] = -f[i]
    return big, rhs


@internal
def is_worth_more(error, before, slow):
    """Whether a Newton iteration is worth another step; `slow` is the contraction that says rounding is reached."""
    return error < 1.0 and error > EXACT and not (error <= SETTLED and error >= slow * before)
