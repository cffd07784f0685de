"""Location of folds, Hopf points and branch points of dense problems: Newton on their extended systems.

The unknowns of each system are the point x = (u, p) itself (and omega for a Hopf point); the added equations are
scalars of bordered systems (Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000,
chapters 3-5), whose derivatives need F_ux in a few directions only: central differences of the Jacobian, which
change the speed of convergence but not what it converges to.  Rare, so it may allocate.
"""

import math

import numpy as np
from numba import carray

from continuation.compiled import linalg
from continuation.compiled import state as S
from continuation.compiled import workspace as D
from continuation.compiled.dense import CUBE_ROOT, ZERO_EIGENVALUE
from continuation.compiled.interface import FAILED, NONFINITE, OK, call, callback
from continuation.compiled.kernel import internal

ITERATIONS = 12
ITERATIONS_KERNEL = 60  # where another branch touches, Newton only halves the error
EXACT = 2e-16  # corrections below this, relative to 1 + |x|, end the iteration
ATTAINED = 1e-8  # the largest last correction that counts as located
TRANSVERSE = 1e-7  # cosine of F_p and the left null vector below which a fold is none
SMALL = 1e-7  # singular values below this, relative, are zero at a located point
UNBALANCED = 1e-10  # residual that a branch point may leave in the left kernel, relative


@internal
def norm(x):
    """Euclidean norm."""
    total = 0.0
    for j in range(x.shape[0]):
        total += x[j] * x[j]
    return math.sqrt(total)


@internal
def at(w, x, p, f):
    """Residual, F_u and F_p at x = (u, p)."""
    p[D.sizes(w)[D.ACTIVE]] = x[x.shape[0] - 1]
    status = call(D.sizes(w)[D.RESIDUAL], D.sizes(w)[D.RESIDUAL + 1], x, p, f)
    return status if status != OK else call(D.sizes(w)[D.LINEARISE], w, x, p, f)


@internal
def second(w, x, p, direction):
    """Derivative of [F_u F_p] at x along `direction`, (n, n + 1); NaN where the Jacobian fails."""
    n = D.sizes(w)[D.N_STATES]
    size = norm(direction)
    out, y = np.zeros((n, n + 1)), np.empty(n + 1)
    if size == 0.0:
        return out
    h = CUBE_ROOT * (1.0 + norm(x)) / size
    for sign in (-1.0, 1.0):
        for j in range(n + 1):
            y[j] = x[j] + sign * h * direction[j]
        p[D.sizes(w)[D.ACTIVE]] = y[n]
        if call(D.sizes(w)[D.LINEARISE], w, y, p, y) != OK:
            out[0, 0] = math.nan
        for i in range(n):
            for j in range(n):
                out[i, j] += sign * D.jacobian(w)[i, j] / (2.0 * h)
            out[i, n] += sign * D.derivative(w)[i] / (2.0 * h)
    return out


@internal
def contract(left, matrix):
    """Row vector ``left' matrix``."""
    out = np.zeros(matrix.shape[1])
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[j] += left[i] * matrix[i, j]
    return out


@internal
def solve_dense(w, matrix, rhs):
    """Solve in place; False where the matrix is singular."""
    D.ints(w)[7] = matrix.shape[0]
    return call(D.sizes(w)[D.REAL_SOLVER], w, matrix, rhs, rhs) == OK


@internal
def corner_border(a, b, c, transpose):
    """``[[a, b], [c', 0]]`` or its transpose, with right-hand side e_last solved for: matrix and vector."""
    n = a.shape[0]
    m, e = np.zeros((n + 1, n + 1)), np.zeros(n + 1)
    for i in range(n):
        for j in range(n):
            m[i, j] = a[j, i] if transpose else a[i, j]
        m[i, n] = c[i] if transpose else b[i]
        m[n, i] = b[i] if transpose else c[i]
    e[n] = 1.0
    return m, e


@internal
def update(x, d, size):
    """Add the correction; returns its length relative to 1 + |x|."""
    for j in range(size):
        x[j] += d[j]
    return norm(d[:size]) / (1.0 + norm(x))


@internal
def fold_step(w, x, p, f, v):
    """One Newton step on F = 0, sigma = 0; `v` (n,) goes in as border, comes out as null vector.

    Returns the relative correction, infinite where the fold is none.
    """
    n = D.sizes(w)[D.N_STATES]
    if at(w, x, p, f) != OK:
        return math.inf
    m, right = corner_border(D.jacobian(w), D.derivative(w), v, False)
    mt, left = corner_border(D.jacobian(w), D.derivative(w), v, True)
    if not (solve_dense(w, m, right) and solve_dense(w, mt, left)):
        return math.inf
    if norm(left[:n]) * norm(D.derivative(w)) * TRANSVERSE > 1.0:
        return math.inf
    big, rhs, direction = np.empty((n + 1, n + 1)), np.empty(n + 1), np.zeros(n + 1)
    for i in range(n):
        for j in range(n):
            big[i, j] = D.jacobian(w)[i, j]
        big[i, n] = D.derivative(w)[i]
        rhs[i] = -f[i]
        direction[i] = right[i]
    big[n] = contract(left[:n], second(w, x, p, direction))
    rhs[n] = right[n]
    if not solve_dense(w, big, rhs):
        return math.inf
    length = norm(right[:n])
    for i in range(n):
        v[i] = right[i] / length
    return update(x, rhs, n + 1)


@internal
def locate_fold(w, x, t, p, f):
    """Fold near x; `t` becomes the tangent there.  Returns the attained error."""
    n = D.sizes(w)[D.N_STATES]
    v = t[:n].copy()
    if norm(v) == 0.0:
        return math.inf
    v /= norm(v)
    error = math.inf
    for _ in range(ITERATIONS):
        before, error = error, fold_step(w, x, p, f, v)
        if not (error < 1.0) or error <= EXACT or (error <= 1e-9 and error >= 0.1 * before):
            break
    sign = 1.0
    for i in range(n):
        sign += 2.0 * t[i] * v[i]
    for i in range(n):
        t[i] = v[i] if sign > 1.0 else -v[i]
    t[n] = 0.0
    return error


@internal
def complex_border(a, omega, b, c, adjoint):
    """``[[a - i omega, b], [c^H, 0]]`` or its conjugate transpose, factored for e_last; returns the solution."""
    n = a.shape[0]
    m, e = np.zeros((n + 1, n + 1), np.complex128), np.zeros(n + 1, np.complex128)
    for i in range(n):
        for j in range(n):
            m[i, j] = a[j, i] if adjoint else a[i, j]
        m[i, i] += 1j * omega if adjoint else -1j * omega
        m[i, n] = c[i] if adjoint else b[i]
        m[n, i] = np.conj(b[i]) if adjoint else np.conj(c[i])
    e[n] = 1.0
    return m, e


@internal
def solve_complex(w, m, e):
    """Solve the complex system in place; False where it is singular."""
    D.ints(w)[7] = m.shape[0]
    return call(D.sizes(w)[D.COMPLEX_SOLVER], w, m, e, e) == OK


@internal
def nearest_pair(w):
    """Imaginary part of the complex pair of F_u nearest the axis, 0 where all eigenvalues are real."""
    n = D.sizes(w)[D.N_STATES]
    a, wr, wi = D.jacobian(w).copy(), np.empty(n), np.empty(n)
    best, omega = math.inf, 0.0
    if linalg.eigenvalues(D.lapack(w), a, wr, wi, np.empty(8 * n + 8), D.ints(w)):
        for i in range(n):
            if wi[i] > 0.0 and abs(wr[i]) < best:
                best, omega = abs(wr[i]), wi[i]
    return omega


@internal
def hopf_step(w, x, p, f, omega, borders):
    """One Newton step on F = 0, g = 0 (complex); `borders` (2, n) become left and right vectors.

    Returns the relative correction and the new omega.
    """
    n = D.sizes(w)[D.N_STATES]
    if at(w, x, p, f) != OK:
        return math.inf, omega
    m, q = complex_border(D.jacobian(w), omega, borders[0], borders[1], False)
    mh, left = complex_border(D.jacobian(w), omega, borders[0], borders[1], True)
    if not (solve_complex(w, m, q) and solve_complex(w, mh, left)):
        return math.inf, omega
    big, rhs, direction = np.zeros((n + 2, n + 2)), np.empty(n + 2), np.zeros(n + 1)
    for i in range(n):
        for j in range(n):
            big[i, j] = D.jacobian(w)[i, j]
        big[i, n] = D.derivative(w)[i]
        rhs[i] = -f[i]
    row = np.zeros(n + 1, np.complex128)
    for part in range(2):
        for i in range(n):
            direction[i] = q[i].real if part == 0 else q[i].imag
        along = second(w, x, p, direction)
        unit = 1.0 + 0.0j if part == 0 else 1.0j
        for i in range(n):
            for j in range(n + 1):
                row[j] += np.conj(left[i]) * along[i, j] * unit
    turn = 0.0j
    for i in range(n):
        turn += np.conj(left[i]) * q[i]
    turn *= -1j
    for j in range(n + 1):
        big[n, j], big[n + 1, j] = row[j].real, row[j].imag
    big[n, n + 1], big[n + 1, n + 1] = turn.real, turn.imag
    rhs[n], rhs[n + 1] = q[n].real, q[n].imag
    if not solve_dense(w, big, rhs):
        return math.inf, omega
    size_l, size_q = 0.0, 0.0
    for i in range(n):
        size_l += abs(left[i]) ** 2
        size_q += abs(q[i]) ** 2
    for i in range(n):
        borders[0, i], borders[1, i] = left[i] / math.sqrt(size_l), q[i] / math.sqrt(size_q)
    error = max(update(x, rhs, n + 1), abs(rhs[n + 1]) / (1.0 + abs(omega)))
    return error, omega + rhs[n + 1]


@internal
def locate_hopf(w, x, p, f):
    """Hopf point near x; returns the attained error."""
    n = D.sizes(w)[D.N_STATES]
    if at(w, x, p, f) != OK:
        return math.inf
    omega, error = nearest_pair(w), math.inf
    borders = np.empty((2, n), np.complex128)
    for i in range(n):
        borders[0, i] = complex(math.cos(1.0 + 3.0 * i), math.sin(2.0 + i * i))
        borders[1, i] = complex(math.cos(2.0 + 5.0 * i), math.sin(1.0 + i))
    if omega == 0.0:
        return math.inf
    _, q = complex_border(D.jacobian(w), omega, borders[0], borders[1], False)
    for _ in range(2):  # inverse iteration: better borders before the first step
        m, q = complex_border(D.jacobian(w), omega, borders[0], borders[1], False)
        mh, left = complex_border(D.jacobian(w), omega, borders[0], borders[1], True)
        if not (solve_complex(w, m, q) and solve_complex(w, mh, left)):
            return math.inf
        scale_q, scale_l = 0.0, 0.0
        for i in range(n):
            scale_q += abs(q[i]) ** 2
            scale_l += abs(left[i]) ** 2
        for i in range(n):
            borders[0, i], borders[1, i] = left[i] / math.sqrt(scale_l), q[i] / math.sqrt(scale_q)
    for _ in range(ITERATIONS):
        before = error
        error, omega = hopf_step(w, x, p, f, omega, borders)
        if not (error < 1.0) or error <= EXACT or (error <= 1e-9 and error >= 0.1 * before):
            break
    if abs(omega) <= 10.0 * ZERO_EIGENVALUE * linalg.scale_of(D.jacobian(w)):
        return math.inf
    return error


@internal
def parameter_unit(w):
    """Unit of the parameter in which F_p is no larger than F_u: singular values then compare."""
    largest = 0.0
    for i in range(D.sizes(w)[D.N_STATES]):
        largest = max(largest, abs(D.derivative(w)[i]))
    scale = linalg.scale_of(D.jacobian(w))
    return scale / largest if largest > scale > 0.0 else 1.0


@internal
def jacobian_of(w, unit):
    """[F_u F_p] as one (n, n + 1) matrix, the parameter in units of `unit`."""
    n = D.sizes(w)[D.N_STATES]
    out = np.empty((n, n + 1))
    for i in range(n):
        for j in range(n):
            out[i, j] = D.jacobian(w)[i, j]
        out[i, n] = D.derivative(w)[i] * unit
    return out


@internal
def kernel_step(w, x, p, f, k, unit):
    """One Gauss-Newton step towards a point where [F_u F_p] loses k ranks; p in units of `unit`.

    With its singular vectors: u_i (the k smallest) and c_j (those and the null vector) the equations are
    F = 0 off the u_i, and ``u_i' [F_u F_p] c_j = 0``.  Returns the relative correction, the part of F along
    the u_i (at a branch point it vanishes) and the scale of F: both as the step saw them.
    """
    n = D.sizes(w)[D.N_STATES]
    if at(w, x, p, f) != OK:
        return math.inf, math.inf, 1.0
    u, sigma, vt = linalg.svd(D.lapack(w), jacobian_of(w, unit))
    step, left_over = np.zeros(n + 1), 0.0
    for m in range(n):
        along = 0.0
        for i in range(n):
            along += u[i, m] * f[i]
        if m >= n - k:
            left_over = max(left_over, abs(along))
        else:
            for j in range(n + 1):
                step[j] -= along / sigma[m] * vt[m, j]
    g, h = np.zeros((k * (k + 1), k + 1)), np.zeros(k * (k + 1))
    for j in range(k + 1):
        direction = vt[n - k + j].copy()
        direction[n] *= unit
        along_c = second(w, x, p, direction)
        for i in range(n):
            along_c[i, n] *= unit
        for i in range(k):
            row = contract(u[:, n - k + i].copy(), along_c)
            e = i * (k + 1) + j
            h[e] = -sigma[n - k + i] if i == j else 0.0
            for m in range(n + 1):
                h[e] -= row[m] * step[m]
                for at_c in range(k + 1):
                    g[e, at_c] += row[m] * vt[n - k + at_c, m]
    gamma = least_squares(w, g, h)
    for at_c in range(k + 1):
        for j in range(n + 1):
            step[j] += gamma[at_c] * vt[n - k + at_c, j]
    step[n] *= unit
    return update(x, step, n + 1), left_over, max(sigma[0], np.max(np.abs(g)))


@internal
def least_squares(w, g, h):
    """Solution of least norm of ``g y = h`` in the least-squares sense."""
    u, sigma, vt = linalg.svd(D.lapack(w), g)
    y = np.zeros(g.shape[1])
    for m in range(sigma.shape[0]):
        if sigma[m] > 1e-12 * sigma[0]:
            along = 0.0
            for i in range(g.shape[0]):
                along += u[i, m] * h[i]
            for j in range(y.shape[0]):
                y[j] += along / sigma[m] * vt[m, j]
    return y


@internal
def locate_kernel(w, x, t, p, f, k):
    """Branch point near x where [F_u F_p] loses k ranks; `t` is projected onto its kernel.

    Returns the error and the nullity of F_u.
    """
    n = D.sizes(w)[D.N_STATES]
    error, left_over, scale = math.inf, math.inf, 1.0
    if k > n or at(w, x, p, f) != OK:
        return math.inf, 0
    unit = parameter_unit(w)
    for _ in range(ITERATIONS_KERNEL):
        before = error
        error, left_over, scale = kernel_step(w, x, p, f, k, unit)
        if not (error < 1.0) or error <= EXACT or (error <= 1e-9 and error >= 0.9 * before):
            break
    if not (error <= ATTAINED) or at(w, x, p, f) != OK:
        return math.inf, 0
    _, sigma, vt = linalg.svd(D.lapack(w), jacobian_of(w, unit))
    if sigma[n - k] > SMALL * scale or left_over > UNBALANCED * scale * (1.0 + norm(x)):
        return math.inf, 0
    t[n] /= unit
    projected = np.zeros(n + 1)
    for c in range(n - k, n + 1):
        along = 0.0
        for j in range(n + 1):
            along += vt[c, j] * t[j]
        for j in range(n + 1):
            projected[j] += along * vt[c, j]
    for j in range(n + 1):
        t[j] = projected[j]
    t[n] *= unit
    return error, nullity_of(w, scale)


@internal
def nullity_of(w, scale):
    """Dimension of the kernel of F_u, by its singular values against a scale that may exceed them all."""
    _, sigma, _ = linalg.svd(D.lapack(w), D.jacobian(w))
    count = 0
    for value in sigma:
        if value <= SMALL * scale:
            count += 1
    return max(count, 1)


@callback
def refine(w, request, p, out):
    """Locate a point of the kind asked for near the one given.

    request : x (n + 1), tangent (n + 1), kind (index in `state.KINDS`), change of the unstable count.
    out : x, tangent (not normalised), kind, nullity of F_u, attained relative error, largest component of F.
    """
    n = D.sizes(w)[D.N_STATES]
    given = carray(request, (2 * n + 4,))
    parameters, found = carray(p, (D.sizes(w)[D.N_PARAMETERS],)), carray(out, (2 * n + 6,))
    x, t, f = given[: n + 1].copy(), given[n + 1 : 2 * n + 2].copy(), np.empty(n)
    kind, error = int(given[2 * n + 2]), math.inf
    nullity = 0
    if kind == S.FOLD:
        error, nullity = locate_fold(w, x, t, parameters, f), 1
    elif kind == S.HOPF:
        error = locate_hopf(w, x, parameters, f)
    else:
        k = max(1, int(given[2 * n + 3]))
        error, nullity = locate_kernel(w, x, t, parameters, f, k)
    if not (error <= ATTAINED):
        return FAILED
    if at(w, x, parameters, f) != OK:
        return NONFINITE
    largest = 0.0
    for i in range(n):
        largest = max(largest, abs(f[i]))
    for j in range(n + 1):
        found[j], found[n + 1 + j] = x[j], t[j]
    found[2 * n + 2], found[2 * n + 3], found[2 * n + 4], found[2 * n + 5] = kind, nullity, error, largest
    return OK
