"""Location of a branch point: Gauss-Newton on F = 0 and the rank of [F_u F_p], for kernels of any dimension.

With k left null vectors u_i and the k + 1 null vectors c_j of ``[F_u F_p]`` the equations are F = 0 off the u_i and
``u_i' [F_u F_p] c_j = 0`` (for k = 1: Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM
2000, chapter 4).  The part of F along the u_i is not among them: it must come out zero at a branch point, to rounding;
else branches only pass each other, see unfolding.py.  Quadratic where branches cross, linear where they touch.
"""

import math
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.arrays import fixed, new_doubles
from continuation.compiled.calls.interface import APART, FAILED, OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.crossing import expect_at_kernel
from continuation.compiled.dense.extended import (
    ATTAINED,
    contract,
    differentiate_along,
    evaluate_at,
    is_worth_more,
    update,
)
from continuation.compiled.dense.unfolding import bend_across, find_gap, largest_rounding, make_orthonormal
from continuation.compiled.matrices import linalg
from continuation.compiled.matrices.extremes import euclidean_norm, largest_entry

ITERATIONS = 60  # where another branch touches, Newton only halves the error: enough for all digits
EARLY, FAR = 6, 1e-2  # iterations after which a correction above this, relative to 1 + |x|, leads elsewhere
# Singular values below this, relative to the scale of F, are zero at a located point, which is known to ATTAINED: ten
# times less finds none where derivatives are differences, ten times more counts slow modes among them.
SMALL = 1e-7
# Rows of [F_u F_p] that differ by more than this are scaled: singular values do not compare across them.  Ten times
# less and points of well scaled equations cost two Jacobians more, ten times more and SMALL takes small rows for zero.
UNEVEN = 1e6
FEW = 0.1  # of the largest: singular values below may vanish; a guess of the kernel's size, tested afterwards
ALIKE = 3.0  # singular values within this factor of the smallest may vanish with it; likewise
STALLED, SHORTEST = 0.5, 1e-4  # a contraction that a kink may hinder; differences are then shortened down to this part
# Residual that no branch point leaves in the left kernel, relative to its scale, however noisy F is: ten times less and
# noise refuses points, ten times more takes branches that pass each other for branches that meet.
UNBALANCED = 1e-10
TRUNCATED = 1e-12  # singular values of the least-squares problem below this, relative to the largest, are rounding
REACHED = 0.9  # a contraction above this says that rounding is reached


@internal
def parameter_unit(w):
    """Unit of the parameter in which F_p is no larger than F_u: singular values then compare."""
    largest = 0.0
    for i in range(fixed(w, D.N_STATES)):
        largest = max(largest, abs(D.derivative(w)[i]))
    scale = linalg.scale_of(D.jacobian(w))
    return scale / largest if largest > scale > 0.0 else 1.0


@internal
def jacobian_of(w, unit, units):
    """[F_u F_p] as one (n, n + 1) matrix, the parameter in units of `unit`, the equations in those of `units` (n,)."""
    n = fixed(w, D.N_STATES)
    out = new_doubles((n, n + 1))
    for i in range(n):
        for j in range(n):
            out[i, j] = D.jacobian(w)[i, j] / units[i]
        out[i, n] = D.derivative(w)[i] * unit / units[i]
    return out


@internal
def enlarge(units, matrix):
    """Make the units no smaller than the rows of a matrix."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            units[i] = max(units[i], abs(matrix[i, j]))


@internal
def equation_units(w, x, t, p, unit):
    """Units (n,) of the equations in which their derivatives compare: all 1 but where they are very uneven.

    A row that vanishes at the point itself is as large as it is beside it, which its derivative along t tells.
    """
    n = fixed(w, D.N_STATES)
    units, ones, least, largest = new_doubles(n), new_doubles(n), math.inf, 0.0
    for i in range(n):
        ones[i] = 1.0
    enlarge(units, jacobian_of(w, unit, ones))
    for i in range(n):
        least, largest = min(least, units[i]), max(largest, units[i])
    if not largest > UNEVEN * least or least == 0.0:
        return ones
    enlarge(units, differentiate_along(w, x, p, t, 1.0))
    return units


@internal
def solve_least_squares(w, g, h):
    """Solution of least norm of ``g y = h`` in the least-squares sense."""
    u, sigma, vt = linalg.svd(D.lapack(w), g)
    y = new_doubles(g.shape[1])
    for m in range(sigma.shape[0]):
        if sigma[m] > TRUNCATED * sigma[0]:
            along = 0.0
            for i in range(g.shape[0]):
                along += u[i, m] * h[i]
            for j in range(y.shape[0]):
                y[j] += along / sigma[m] * vt[m, j]
    return y


class KernelStep(NamedTuple):
    """One Gauss-Newton step, and the second derivatives of F in the kernel that it is made of."""

    error: float  # the correction, relative to 1 + |x|
    scale: float  # of F, as the step saw it
    forms: np.ndarray  # (k (k + 1), k + 1): ``u_i' F_xx(c_j, c_l)`` at [i (k + 1) + j, l]
    bent: float  # largest entry of the derivatives ``F_xx c_j``
    left: np.ndarray  # (n, n): its last k columns are the u_i
    right: np.ndarray  # (n + 1, n + 1): its last k + 1 rows are the c_j


@internal
def no_step(n, k):
    """What is returned where F can't be evaluated."""
    forms, left, right = new_doubles((k * (k + 1), k + 1)), new_doubles((n, n)), new_doubles((n + 1, n + 1))
    return KernelStep(math.inf, 1.0, forms, 0.0, left, right)


@internal
def take_kernel_step(w, x, p, f, k, unit, units, reach):
    """One Gauss-Newton step towards a point where [F_u F_p] loses k ranks; p in units of `unit`.

    With its singular vectors: u_i (the k smallest) and c_j (those and the null vector) the equations are
    F = 0 off the u_i, and ``u_i' [F_u F_p] c_j = 0``.
    """
    n = fixed(w, D.N_STATES)
    if evaluate_at(w, x, p, f) != OK:
        return no_step(n, k)
    u, sigma, vt = linalg.svd(D.lapack(w), jacobian_of(w, unit, units))
    step, bent = new_doubles(n + 1), 0.0
    for m in range(n):
        along = 0.0
        for i in range(n):
            along += u[i, m] * f[i] / units[i]
        for j in range(n + 1 if m < n - k else 0):
            step[j] -= along / sigma[m] * vt[m, j]
    g, h = new_doubles((k * (k + 1), k + 1)), new_doubles(k * (k + 1))
    for j in range(k + 1):
        direction = vt[n - k + j].copy()
        direction[n] *= unit
        along_c = differentiate_along(w, x, p, direction, reach)
        for i in range(n):
            along_c[i, n] *= unit
            for m in range(n + 1):
                along_c[i, m] /= units[i]
        bent = max(bent, largest_entry(along_c))
        for i in range(k):
            row = new_doubles(n + 1)
            contract(u[:, n - k + i].copy(), along_c, row)
            e = i * (k + 1) + j
            h[e] = -sigma[n - k + i] if i == j else 0.0
            for m in range(n + 1):
                h[e] -= row[m] * step[m]
                for at_c in range(k + 1):
                    g[e, at_c] += row[m] * vt[n - k + at_c, m]
    gamma = solve_least_squares(w, g, h)
    for at_c in range(k + 1):
        for j in range(n + 1):
            step[j] += gamma[at_c] * vt[n - k + at_c, j]
    step[n] *= unit
    error, scale = update(x, step, n + 1), max(sigma[0], largest_entry(g))
    return KernelStep(error, scale, g, bent, u, vt)


@internal
def balances(w, x, p, f, left, error, scale):
    """Whether F at x, with its derivatives at hand, has no more than rounding along a left null vector."""
    left_over = 0.0
    for i in range(f.shape[0]):
        left_over += left[i] * f[i]
    most = min(largest_rounding(w, x, p, left, error, scale), UNBALANCED * scale * (1.0 + euclidean_norm(x)))
    return abs(left_over) <= most


@internal
def find_passage(w, x, p, f, left, kernel, unit, t):
    """Whether branches pass each other at x, `kernel` in units of `unit`; then `t` leads from one to the other."""
    n, left_over = f.shape[0], 0.0
    for i in range(n):
        left_over += left[i] * f[i]
    kernel[0, n], kernel[1, n] = unit * kernel[0, n], unit * kernel[1, n]
    make_orthonormal(kernel)
    return find_gap(left_over, bend_across(w, x, p, left, kernel), kernel, t)


@internal
def left_vector(u, units, m):
    """Column m of the left singular vectors of rows over their units, for F itself."""
    left = u[:, m].copy()
    for i in range(left.shape[0]):
        left[i] /= units[i]
    return left


@internal
def count_null_vectors(w, units, scale):
    """Dimension of the kernel of F_u, by its singular values against a scale that may exceed them all."""
    matrix = D.jacobian(w).copy()
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            matrix[i, j] /= units[i]
    _, sigma, _ = linalg.svd(D.lapack(w), matrix)
    count = 0
    for value in sigma:
        if value <= SMALL * scale:
            count += 1
    return max(count, 1)


@internal
def locate_kernel(w, x, t, p, f, k):
    """Branch point near x where [F_u F_p] loses k ranks; `t` is projected onto its kernel.

    Returns the status, the error, the nullity of F_u, by how much the number of unstable eigenvalues changes along the
    branch that `t` is nearest to, and whether the parameter turns there (see `messages`).  The status is APART where
    branches only pass each other: `t` then leads from one to the other.
    """
    n = fixed(w, D.N_STATES)
    error, reach = math.inf, 1.0
    if k > n or evaluate_at(w, x, p, f) != OK:
        return FAILED, math.inf, 0, math.nan, math.nan
    unit, last = parameter_unit(w), no_step(n, k)
    units = equation_units(w, x, t, p, unit)
    for iteration in range(ITERATIONS):
        before = error
        last = take_kernel_step(w, x, p, f, k, unit, units, reach)
        error = last.error
        if error > STALLED * before:
            reach = max(0.1 * reach, SHORTEST)
        if not is_worth_more(error, before, REACHED) or (iteration >= EARLY and error > FAR):
            break
    if not (error <= ATTAINED) or evaluate_at(w, x, p, f) != OK:
        return FAILED, math.inf, 0, math.nan, math.nan
    u, sigma, vt = linalg.svd(D.lapack(w), jacobian_of(w, unit, units))
    if sigma[n - k] > SMALL * last.scale:
        return FAILED, math.inf, 0, math.nan, math.nan
    nullity = count_null_vectors(w, units, last.scale)
    for m in range(n - k, n):
        left = left_vector(u, units, m)
        if not balances(w, x, p, f, left, error, last.scale):
            passes = k == 1 and find_passage(w, x, p, f, left, vt[n - 1 :].copy(), unit, t)
            return APART if passes else FAILED, error if passes else math.inf, 0, math.nan, math.nan
    t[n] /= unit
    for i in range(n):
        for j in range(n):
            last.left[i, j] /= units[i]
    change, turns = expect_at_kernel(w, t, last.forms, last.bent, last.left, last.right)
    projected = new_doubles(n + 1)
    for c in range(n - k, n + 1):
        along = 0.0
        for j in range(n + 1):
            along += vt[c, j] * t[j]
        for j in range(n + 1):
            projected[j] += along * vt[c, j]
    for j in range(n + 1):
        t[j] = projected[j]
    t[n] *= unit
    return OK, error, nullity, change, turns


@internal
def guess_kernels(w, x, t, p, f):
    """Numbers of singular values of [F_u F_p] at x that may vanish: like the smallest, or below the widest gap."""
    if evaluate_at(w, x, p, f) != OK:
        return 1, 1
    unit = parameter_unit(w)
    matrix = D.jacobian(w).copy()  # derivatives along t are taken in its place
    by_p, units = D.derivative(w).copy(), equation_units(w, x, t, p, unit)
    scaled = new_doubles((matrix.shape[0], matrix.shape[0] + 1))
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[0]):
            scaled[i, j] = matrix[i, j] / units[i]
        scaled[i, matrix.shape[0]] = by_p[i] * unit / units[i]
    _, sigma, _ = linalg.svd(D.lapack(w), scaled)
    n = sigma.shape[0]
    alike, below, widest = 1, 1, 0.0
    for k in range(1, n + 1):
        if sigma[n - k] <= ALIKE * sigma[n - 1]:
            alike = k
        if k < n and sigma[n - k] <= FEW * sigma[0] and sigma[n - k - 1] > widest * sigma[n - k]:
            below, widest = k, sigma[n - k - 1] / max(sigma[n - k], 1e-300)
    return alike, below


@internal
def locate_kernel_of_any_size(w, x, t, p, f, k):
    """`locate_kernel` for k, then for as many dimensions as the singular values at x suggest.

    Where a symmetry makes eigenvalues cross in twos, no sign changes and no count tells (k is too small); where a
    phase condition holds some of them back, the count tells too many.
    """
    first, direction = x.copy(), t.copy()
    first_found = locate_kernel(w, x, t, p, f, k)
    if first_found[0] == OK:
        return first_found
    tried, place, across = k, x.copy(), t.copy()
    for likely in guess_kernels(w, first, direction, p, f):
        if likely in (k, tried):
            continue
        for j in range(x.shape[0]):
            x[j], t[j] = first[j], direction[j]
        found = locate_kernel(w, x, t, p, f, likely)
        if found[0] == OK:
            return found
        tried = likely
    for j in range(x.shape[0]):
        x[j], t[j] = place[j], across[j]
    return first_found
