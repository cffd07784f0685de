"""What a located point changes: how many eigenvalues of F_u cross the imaginary axis along the branch, and which way.

Where ``F_u v = 0`` and ``w' F_u = 0`` the eigenvalue that vanishes moves along a tangent t with the speed
``w' F_xx(v, t) / w' v``; for kernels of more dimensions these are the eigenvalues of a small matrix (Kato,
*Perturbation Theory for Linear Operators*, II.2).  At a branch point with two branches their tangents are the zeros of
the quadratic form ``w' F_xx(c, c)`` on the kernel of [F_u F_p] (Keller 1977).  All of this is at hand where Newton's
method on an extended system has converged.  Only signs are asked for, and NaN says that one is not known.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_doubles, new_int32s
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.extended import solve_dense
from continuation.compiled.matrices import eigen, linalg
from continuation.compiled.matrices.extremes import euclidean_norm, largest_entry

# Numbers below this, relative to what they are sums of, may be rounding: second derivatives are differences with nine
# digits.  Ten times less and signs of rounding are taken for known, ten times more and pairs 1e-6 apart are not.
FAINT = 1e-7
# ... of eigenvalues of a kernel of more dimensions, relative to the largest: the tangent is interpolated there.
VAGUE = 0.05
# Cosine of the tangent of one of two branches and the one interpolated, below which it is not known which it is, and
# part of the sine with the other one that its sine may be: nearer 1 the last digits of what is interpolated choose
# between branches that cross at small angles, a tenth of it knows none of them.
ALONG, NEARER = 0.9, 0.5


@internal
def sign_of(value, scale):
    """Sign of a value, NaN where it may be rounding of numbers of this scale."""
    return math.copysign(1.0, value) if abs(value) > FAINT * scale else math.nan


@internal
def expect_at_pair(w, t, drift):
    """Change of the count where a pair crosses along the tangent near t; `drift` is its derivative by x.

    Needs F_u and F_p at the point.
    """
    n, a, b = fixed(w, D.N_STATES), D.jacobian(w), D.derivative(w)
    m, along = new_doubles((n + 1, n + 1)), new_doubles(n + 1)
    for i in range(n):
        for j in range(n):
            m[i, j] = a[i, j]
        m[i, n], m[n, i] = b[i], t[i]
    m[n, n], along[n] = t[n], 1.0
    if not solve_dense(w, m, along):
        return math.nan
    total, scale = 0.0, 0.0
    for j in range(n + 1):
        total += drift[j].real * along[j]
        scale += abs(drift[j]) * abs(along[j])
    return 2.0 * sign_of(total, scale)


@internal
def tangent_among_two(t, q, out):
    """The zero of the quadratic form q (2, 2), a unit vector, clearly nearest to t (2,); whether there is one."""
    half = 0.5 * (q[0, 1] + q[1, 0])
    under = half * half - q[0, 0] * q[1, 1]
    length = math.sqrt(t[0] * t[0] + t[1] * t[1])
    if not under > 0.0 or length == 0.0:
        return False
    best, sine, farther, root = 0.0, 1.0, 1.0, math.copysign(math.sqrt(under), half) + half
    for k in range(2):  # q00 a^2 + 2 half a b + q11 b^2 = 0
        a = -root if k == 0 else q[1, 1]
        b = q[0, 0] if k == 0 else -root
        size = math.sqrt(a * a + b * b)
        if size > 0.0:
            cosine, across = (a * t[0] + b * t[1]) / (size * length), abs(a * t[1] - b * t[0]) / (size * length)
            if abs(cosine) > abs(best):
                best, farther, sine, size = cosine, sine, across, math.copysign(size, cosine)
                out[0], out[1] = a / size, b / size
            else:
                farther = across
    return abs(best) > ALONG and sine <= NEARER * farther


@internal
def kernel_of_states(row):
    """Orthonormal columns (k + 1, k) across `row` (k + 1,): a Householder reflection without its last column."""
    size, k = 0.0, row.shape[0] - 1
    h, out = row.copy(), new_doubles((k + 1, k))
    for j in range(k + 1):
        size += row[j] * row[j]
    h[k] += math.copysign(math.sqrt(size), row[k])
    square = 0.0
    for j in range(k + 1):
        square += h[j] * h[j]
    for j in range(k + 1):
        for m in range(k):
            out[j, m] = (1.0 if j == m else 0.0) - 2.0 * h[j] * h[m] / square
    return out


@internal
def expect_at_kernel(w, t, forms, bent, left, right):
    """Change of the count along the branch with tangent near t, and whether the parameter turns, at a branch point.

    forms, bent, left, right : as in `branch_point.KernelStep`; the parameter is in the units of `right`, as in t.
    """
    n, k = fixed(w, D.N_STATES), forms.shape[1] - 1
    a, row, largest = new_doubles(k + 1), new_doubles(k + 1), largest_entry(forms)
    parameter = 0.0
    for j in range(k + 1):
        row[j] = right[n - k + j, n]
        parameter += row[j] * row[j]
        for i in range(n + 1):
            a[j] += right[n - k + j, i] * t[i]
    if not (math.sqrt(parameter) > FAINT and largest > FAINT * bent):
        return math.nan, math.nan
    known = True
    if k == 1:
        known = tangent_among_two(a.copy(), forms, a)
    change = count_crossings(w, a, kernel_of_states(row), forms, bent, left, right) if known else math.nan
    rise, size = 0.0, 0.0
    for j in range(k + 1):
        rise += a[j] * row[j]
        size += a[j] * a[j]
    rise, noise = abs(rise) / math.sqrt(max(size, 1e-300)), FAINT * bent / largest if k == 1 else VAGUE
    if known and k == 1 and rise <= noise:  # along the null vector of F_u: the eigenvalue touches zero
        return 0.0, 1.0
    return change, 0.0 if known and rise > noise else math.nan


@internal
def count_crossings(w, a, b, forms, bent, left, right):
    """How many of the eigenvalues that vanish grow along ``sum a_j c_j``, less those that fall; NaN: not known.

    The columns of b are coordinates of the kernel of F_u among the c_j.  Left null vectors have any length: that of
    each is taken out of its equation.
    """
    n, k = fixed(w, D.N_STATES), forms.shape[1] - 1
    lengths = new_doubles(k)
    moved, mass, products = new_doubles((k, k)), new_doubles((k, k)), new_doubles((k, k + 1))
    for i in range(k):
        lengths[i] = euclidean_norm(left[:, n - k + i].copy())
        for j in range(k + 1):
            for m in range(n):
                products[i, j] += left[m, n - k + i] * right[n - k + j, m] / lengths[i]
    for i in range(k):
        for m in range(k):
            for j in range(k + 1):
                mass[i, m] += products[i, j] * b[j, m]
                for at in range(k + 1):
                    moved[i, m] += forms[i * (k + 1) + j, at] * a[j] * b[at, m] / lengths[i]
    _, sigma, _ = linalg.svd(D.lapack(w), mass)
    if not sigma[k - 1] > FAINT:
        return math.nan
    wr, wi = new_doubles(k), new_doubles(k)
    for m in range(k):
        column = moved[:, m].copy()
        if not solve_dense(w, mass.copy(), column):
            return math.nan
        for i in range(k):
            moved[i, m] = column[i]
    scale = largest_entry(moved)
    if not eigen.eigenvalues(D.lapack(w), moved, wr, wi, new_doubles(eigen.work_size(k)), new_int32s(D.INTS)):
        return math.nan
    change, least = 0.0, bent / (lengths[0] * sigma[k - 1]) if k == 1 else VAGUE / FAINT * scale
    for i in range(k):
        change += sign_of(wr[i], least)
    return change
