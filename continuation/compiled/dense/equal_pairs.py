"""Location of Hopf points at which several equal pairs cross: Gauss-Newton for what vanishes of F_u - i omega.

With m equal pairs, semisimple as a symmetry makes them, the m smallest singular values of ``F_u - i omega`` vanish
together, and with the singular vectors so does every entry of ``W^H (F_u - i omega) V``: more equations than unknowns,
which hold together, so that least squares converge quadratically (M. Golubitsky, I. Stewart and D. G. Schaeffer,
*Singularities and Groups in Bifurcation Theory* II, Springer 1988, chapter XVI; P. Deuflhard, *Newton Methods for
Nonlinear Problems*, Springer 2004, section 4.3).  F = 0 is kept by moving along the branch only: the unknowns of least
squares are that distance and omega.  Complex matrices are written as real ones of twice the order.
"""

import math

from continuation.compiled.calls.arrays import new_complexes, new_doubles
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.extended import (
    ATTAINED,
    differentiate_along,
    evaluate_at,
    is_worth_more,
    solve_dense,
    update,
)
from continuation.compiled.dense.hopf_point import LEAST, locate_hopf, nearest_pair
from continuation.compiled.dense.spectrum import ZERO_EIGENVALUE
from continuation.compiled.matrices import eigen, linalg
from continuation.compiled.matrices.extremes import euclidean_norm
from continuation.compiled.matrices.similarity import balanced_scale

ITERATIONS = 20  # a quadratic iteration that needs more started too far away
TRIES = 4  # numbers of equal pairs tried at most, from the largest on: where all fail the piece is split
REACHED = 0.5  # a contraction above this says that rounding is reached
# Singular values of F_u - i omega below this, relative to the largest, vanish at a located point.  Ten times less
# finds none where derivatives are differences, ten times more takes pairs that only come near for equal ones.
SMALL = 1e-7
# How far beside it, relative to 1 + |x|, spectra tell which pairs cross, and real parts, relative to the scale of F_u,
# that are on the axis still.  Ten times nearer and the error of the point, 1e-8, decides; ten times farther and pairs
# that cross beside it count.
BESIDE, NEAR = 1e-5, 1e-8


@internal
def real_form(w, omega):
    """``[[F_u, omega], [-omega, F_u]]``: F_u - i omega on real and imaginary parts, one below the other."""
    a = D.jacobian(w)
    n = a.shape[0]
    out = new_doubles((2 * n, 2 * n))
    for i in range(n):
        for j in range(n):
            out[i, j] = out[n + i, n + j] = a[i, j]
        out[i, n + i], out[n + i, i] = omega, -omega
    return out


@internal
def bilinear(left, a, right):
    """``left' [[a, 0], [0, a]] right`` for the first n columns of a."""
    n, total = a.shape[0], 0.0
    for i in range(n):
        for j in range(n):
            total += a[i, j] * (left[i] * right[j] + left[n + i] * right[n + j])
    return total


@internal
def along_branch(w, f, t):
    """Correction of F to first order across the tangent, and the tangent itself renewed; True if they exist."""
    n = t.shape[0] - 1
    m, moved = new_doubles((n + 1, n + 1)), new_doubles(n + 1)
    again, ahead = new_doubles((n + 1, n + 1)), new_doubles(n + 1)
    for i in range(n):
        for j in range(n):
            m[i, j] = again[i, j] = D.jacobian(w)[i, j]
        m[i, n] = again[i, n] = D.derivative(w)[i]
        moved[i] = -f[i]
    for j in range(n + 1):
        m[n, j] = again[n, j] = t[j]
    ahead[n] = 1.0
    done = solve_dense(w, m, moved) and solve_dense(w, again, ahead)
    size = euclidean_norm(ahead)
    for j in range(n + 1):
        t[j] = ahead[j] / size if done else t[j]
    return done, moved


@internal
def take_pairs_step(w, x, t, p, f, omega, pairs):
    """One Gauss-Newton step; `t` becomes the tangent.  Returns the relative correction and the new omega."""
    n, k = x.shape[0] - 1, 2 * pairs
    if evaluate_at(w, x, p, f) != OK:
        return math.inf, omega
    u, sigma, vt = linalg.svd(D.lapack(w), real_form(w, omega))
    done, moved = along_branch(w, f, t)
    if not done:
        return math.inf, omega
    by_move = differentiate_along(w, x, p, moved, 1.0)  # the Jacobian's place is overwritten
    by_step = differentiate_along(w, x, p, t, 1.0)
    size = euclidean_norm(moved)
    ss, so, oo, rs, ro = 0.0, 0.0, 0.0, 0.0, 0.0
    for i in range(k):
        left = u[:, 2 * n - k + i].copy()
        for j in range(k):
            right = vt[2 * n - k + j]
            value = (sigma[2 * n - k + i] if i == j else 0.0) + (bilinear(left, by_move, right) if size > 0.0 else 0.0)
            slope, turn = bilinear(left, by_step, right), 0.0
            for l in range(n):
                turn += left[l] * right[n + l] - left[n + l] * right[l]
            ss, so, oo = ss + slope * slope, so + slope * turn, oo + turn * turn
            rs, ro = rs - slope * value, ro - turn * value
    det = ss * oo - so * so
    if not det > 0.0:
        return math.inf, omega
    step, turned = (rs * oo - ro * so) / det, (ro * ss - rs * so) / det
    for j in range(n + 1):
        moved[j] += step * t[j]
    return max(update(x, moved, n + 1), abs(turned) / (1.0 + abs(omega))), omega + turned


@internal
def locate_pairs(w, x, t, p, f, pairs):
    """Hopf point with so many equal pairs near x, on the branch with tangent t; returns the attained error."""
    n = x.shape[0] - 1
    if evaluate_at(w, x, p, f) != OK:
        return math.inf
    omega, error = nearest_pair(w), math.inf
    if omega == 0.0:
        return math.inf
    for _ in range(ITERATIONS):
        before = error
        error, omega = take_pairs_step(w, x, t, p, f, omega, pairs)
        if not is_worth_more(error, before, REACHED):
            break
    if not error <= ATTAINED or evaluate_at(w, x, p, f) != OK:
        return math.inf
    _, sigma, _ = linalg.svd(D.lapack(w), real_form(w, omega))
    vanish = sigma[2 * n - 2 * pairs] <= SMALL * sigma[0]
    return error if vanish and abs(omega) > LEAST * ZERO_EIGENVALUE * scale_of_spectrum(w) else math.inf


@internal
def locate_hopf_of_any_size(w, x, t, p, f, most):
    """Hopf point near x with up to `most` equal pairs; returns the attained error and the drift of a simple one."""
    first, tangent, largest = x.copy(), t.copy(), min(most, (x.shape[0] - 1) // 2)
    for pairs in range(largest, max(largest - TRIES, 1), -1):
        error = locate_pairs(w, x, t, p, f, pairs)
        if error <= ATTAINED:
            return error, new_complexes(x.shape[0])
        for j in range(x.shape[0]):
            x[j], t[j] = first[j], tangent[j]
    return locate_hopf(w, x, p, f)


@internal
def scale_of_spectrum(w):
    """How large the eigenvalues of F_u are, whatever the units of the states."""
    return balanced_scale(D.jacobian(w))


@internal
def count_on_axis(w, width):
    """Number of pairs of F_u on the imaginary axis, `width` relative to its spectrum; NaN where that can't be had."""
    zero = width * scale_of_spectrum(w)
    return count_right_of(w, -zero, zero) - count_right_of(w, zero, zero)


@internal
def has_several_pairs(w):
    """Whether more than one pair is on the imaginary axis, of whatever frequencies."""
    return count_on_axis(w, SMALL) > 1.0


@internal
def count_right_of(w, least, zero):
    """Number of complex pairs of F_u whose real part exceeds `least`; NaN where the spectrum can't be had."""
    a, found = D.jacobian(w).copy(), 0.0
    n = a.shape[0]
    wr, wi = new_doubles(n), new_doubles(n)
    if not eigen.eigenvalues(D.lapack(w), a, wr, wi, new_doubles(eigen.work_size(n)), D.ints(w)):
        return math.nan
    for i in range(n):
        if wi[i] > zero and wr[i] > least:
            found += 1.0
    return found


@internal
def expect_at_pairs(w, x, t, p):
    """Change of the unstable count along the tangent t at a point x where several pairs are on the axis.

    From the spectra on either side; NaN where pairs are still on the axis there.  F_u at x is in place afterwards.
    """
    h, y, f, total = BESIDE * (1.0 + euclidean_norm(x)) / euclidean_norm(t), x.copy(), new_doubles(x.shape[0]), 0.0
    for side in (-1.0, 1.0):
        for j in range(x.shape[0]):
            y[j] = x[j] + side * h * t[j]
        if evaluate_at(w, y, p, f) != OK or count_on_axis(w, NEAR) > 0.0:
            total = math.nan
        total += side * 2.0 * count_right_of(w, 0.0, SMALL * scale_of_spectrum(w))
    return total if evaluate_at(w, x, p, f) == OK else math.nan
