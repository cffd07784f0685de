"""The full Hessian at a point of isotropy S_{K-1} x S_1, split by the symmetry: blocks for real K.

Perturbations U of the weights, z a vector with ``sum z = 0`` (the standard representation of S_{K-1}, m = K - 1):
student j moves by ``A z_j e_j + B z_j 1 + C z + D z_j e_K``, the last one by ``E z``.  The Hessian maps these five
copies of z among themselves; row and column order of the block is (A, B, C, D, E).  Matrices ``U[j, i]`` among the
first m students and teachers with zero row sums, column sums and diagonal are eigenvectors: symmetric and
antisymmetric ones have an eigenvalue each.  The trivial block is the Jacobian of the reduction.

A student's own block of the Hessian is ``p I + q I_m + form``, ``I_m`` the identity on the first m entries and
`form` a quadratic form in (e_j, 1, e_K).
"""

import math

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.angles import steepness
from systems.relu.symmetric.plane_kernels import TURN, angle_rate
from systems.relu.symmetric.reduction_kernels import angle_parts, lengths, reduced_jacobian
from systems.small_symmetric import eigenvalues

STILL = (0.0, 0.0, 0.0, 0.0, 0.0)
ZERO = 1e-14  # eigenvalues below this, relative to the largest, are rounding: whole branches have a zero eigenvalue
UNSTABLE = 1e-9  # ... and below this they count as zero


@kernel
def _pair(part):
    """Return ``(pi - theta, sin, cos, A, B)``: the mixed derivative of a pair is ``pi - theta + A u u' - B v v'``."""
    gap, sine, cosine, _ = angle_rate(*part)
    less, more = 2.0 * math.cos(0.5 * gap), 2.0 * math.sin(0.5 * gap)
    along, across = steepness(less if sine > 0.0 or cosine < 0.0 else 0.0, more if sine > 0.0 or cosine > 0.0 else 0.0)
    return gap, sine, cosine, along, across


@kernel
def _add_bend(form, pq, unit, spread, y, factor, sine, count):
    """Add ``count`` second derivatives ``factor sin (I - x x' + n n')`` to (form, p, q).

    ``unit`` is x; sin times n is ``spread e_k + y`` with k over the teachers but j where spread is not 0.
    """
    if sine == 0.0:
        return
    pq[0] += factor * sine * count
    others = (-1.0, 1.0, 0.0)  # 1 - e_j
    for i in range(3):
        for l in range(3):
            form[i, l] += factor * count * (y[i] * y[l] / sine - sine * unit[i] * unit[l])
            form[i, l] += factor * spread / sine * (others[i] * y[l] + y[i] * others[l])
    pq[1] += factor * spread * spread / sine
    form[0, 0] -= factor * spread * spread / sine


@kernel
def _minus(x, cosine, unit):
    """Return ``x - cosine unit``."""
    return x[0] - cosine * unit[0], x[1] - cosine * unit[1], x[2] - cosine * unit[2]


@kernel
def _own_block(u, m, angles):
    """Return (form, p, q) of student 1, times ``2 pi``."""
    a, b, c, d, e = u
    square, last_square = lengths(u, m)
    r, s = math.sqrt(square), math.sqrt(last_square)
    unit = ((a - b) / r, b / r, c / r)
    form, pq = np.zeros((3, 3)), np.array([math.pi, 0.0])
    _, sine, cosine, _, _ = angles[0]
    slip = (-cosine * unit[0], (1.0 - cosine) * unit[1], (1.0 - cosine) * unit[2])
    _add_bend(form, pq, unit, (a - b) / r, slip, 1.0, sine, m - 1.0)
    _, sine, cosine, _, _ = angles[1]
    _add_bend(form, pq, unit, 0.0, _minus((0.0, d / s, e / s), cosine, unit), s / r, sine, 1.0)
    _, sine, cosine, _, _ = angles[2]
    _add_bend(form, pq, unit, 0.0, _minus((1.0, 0.0, 0.0), cosine, unit), -1.0 / r, sine, 1.0)
    _, sine, cosine, _, _ = angles[3]
    _add_bend(form, pq, unit, 1.0, _minus((0.0, 0.0, 0.0), cosine, unit), -1.0 / r, sine, m - 1.0)
    _, sine, cosine, _, _ = angles[4]
    _add_bend(form, pq, unit, 0.0, _minus((0.0, 0.0, 1.0), cosine, unit), -1.0 / r, sine, 1.0)
    return form, pq[0], pq[1]


@kernel
def _last_diagonal(u, m, angles):
    """Return ``p + q`` of the last student, times ``2 pi``: all that z sees of its own block."""
    square, last_square = lengths(u, m)
    r, s = math.sqrt(square), math.sqrt(last_square)
    total = math.pi
    _, sine, _, _, _ = angles[1]
    if sine > 0.0:
        total += m * r / s * sine + r / s * ((u[0] - u[1]) / r) ** 2 / sine
    _, sine, _, _, _ = angles[5]
    if sine > 0.0:
        total -= (m * sine + 1.0 / sine) / s
    return total - angles[6][1] / s


@kernel
def _among(u, m, pair, x):
    """Return ``sum_{k != j} H_jk U_k`` of the first students for the copies x, as (A, B, C, D), times ``2 pi``."""
    a, b, c, _, _ = u
    A, B, C, D, _ = x
    gap, _, _, along, across = pair
    square, _ = lengths(u, m)
    lead = a - b
    along, across = along / square, across / square * lead * lead
    own = lead * (2.0 * B + C + A) + 2.0 * b * (A + B * m) + 2.0 * c * D  # u.U_k = own z_k + cross z_j
    cross = lead * C
    total = (m - 1.0) * cross - own
    return (
        -gap * A + along * lead * (total - own - cross) - across * C * m,
        -gap * B + along * (lead * cross + 2.0 * b * total) + across * C,
        gap * (A + (m - 1.0) * C) + along * lead * own - across * (C + A),
        -gap * D + along * 2.0 * c * total,
    )


@kernel
def standard_map(u, p, out):
    """Write the matrix (5, 5) of the Hessian on the five copies of the standard representation."""
    m, alpha, lam = p[0] - 1.0, p[1], p[2]
    angles = [_pair(part) for part in angle_parts(u, m, STILL, 0.0)]
    a, b, c, d, e = u
    square, last_square = lengths(u, m)
    r, s = math.sqrt(square), math.sqrt(last_square)
    form, base, spread = _own_block(u, m, angles)
    gap, _, _, along, across = angles[1]
    more = ((a - b) / r, b / r + d / s, c / r + e / s)
    less = ((a - b) / r, b / r - d / s, c / r - e / s)
    last = _last_diagonal(u, m, angles)
    factor = (1.0 - alpha) ** 2 / TURN
    copies = np.eye(5)
    for k in range(5):
        x = (copies[k, 0], copies[k, 1], copies[k, 2], copies[k, 3], copies[k, 4])
        A, B, C, D, E = x
        dots = (A + B + C, A + B * m, D)  # of U_j with (e_j, 1, e_K), over z_j
        near = _among(u, m, angles[0], x)
        plus = along * (more[0] * dots[0] + more[1] * dots[1] + more[2] * dots[2])
        minus = across * (less[0] * dots[0] + less[1] * dots[1] + less[2] * dots[2])
        up, down = along * more[0] * E, across * less[0] * E
        image = (
            (base + spread) * A + near[0] + up * more[0] - down * less[0],
            (base + spread) * B + near[1] + up * more[1] - down * less[1],
            (base + spread) * C + near[2] + gap * E,
            base * D + near[3] + up * more[2] - down * less[2],
            last * E + gap * (A + m * C) + plus * more[0] - minus * less[0],
        )
        for i in range(5):
            out[i, k] = factor * image[i]
        for i, l in ((0, 0), (1, 1), (3, 2)):
            out[i, k] += factor * (form[l, 0] * dots[0] + form[l, 1] * dots[1] + form[l, 2] * dots[2])
        out[2, k] += alpha * (A + m * C + E)
        out[4, k] += alpha * (A + m * C + E)
        out[k, k] += lam


@kernel
def scalar_blocks(u, p):
    """Return the eigenvalues on antisymmetric and on symmetric matrices."""
    m = p[0] - 1.0
    angles = [_pair(part) for part in angle_parts(u, m, STILL, 0.0)]
    _, base, spread = _own_block(u, m, angles)
    square, _ = lengths(u, m)
    gap, _, _, along, across = angles[0]
    factor, turn = (1.0 - p[1]) ** 2 / TURN, (along + across) * (u[0] - u[1]) ** 2 / square
    middle = base + spread - gap
    return factor * (middle - turn) + p[2], factor * (middle + turn) + p[2]


@kernel
def standard_block(u, p):
    """Return the block (5, 5) of the standard representation, symmetric: in orthonormal copies.

    They are A, then B + C - 2 A and B - C (on matrices without diagonal), D, E, of squared lengths 1, 2 (m - 2), 2 m,
    1, 1 for a unit z.  The second one vanishes at K = 3, its entries do not.
    """
    m = p[0] - 1.0
    raw, out = np.empty((5, 5)), np.empty((5, 5))
    standard_map((u[0], u[1], u[2], u[3], u[4]), p, raw)
    basis, back = np.eye(5), np.eye(5)
    basis[0, 1], basis[1, 1], basis[2, 1], basis[1, 2], basis[2, 2] = -2.0, 1.0, 1.0, 1.0, -1.0
    back[0, 1] = back[0, 2] = 1.0
    back[1, 1] = back[1, 2] = back[2, 1] = 0.5
    back[2, 2] = -0.5
    root = np.array([1.0, math.sqrt(max(2.0 * (m - 2.0), 0.0)), math.sqrt(2.0 * m), 1.0, 1.0])
    order = (1, 0, 2, 3, 4)  # never divide by the second length: take its row
    for i in range(5):
        for l in range(i, 5):
            row, column = order[i], order[l]
            total = 0.0
            for k in range(5):
                for n in range(5):
                    total += back[row, k] * raw[k, n] * basis[n, column]
            if row != column:
                total *= root[row] / root[column]
            out[row, column] = out[column, row] = total
    return out


@kernel
def trivial_block(u, p):
    """Return the block (5, 5) of the trivial representation: minus F_u in orthonormal coordinates."""
    m = p[0] - 1.0
    out = np.empty((5, 5))
    reduced_jacobian(u, p, out)
    root = np.sqrt(np.array([m, m * (m - 1.0), m, m, 1.0]))
    for i in range(5):
        for l in range(i + 1):
            out[i, l] = out[l, i] = -0.5 * (out[i, l] * root[i] / root[l] + out[l, i] * root[l] / root[i])
    return out


@kernel
def index(u, p):
    """Return the Morse index of the full network with the nearest whole number of students."""
    size = np.rint(p[0])
    trivial, standard = eigenvalues(trivial_block(u, p)), eigenvalues(standard_block(u, p))
    anti, even = scalar_blocks((u[0], u[1], u[2], u[3], u[4]), p)
    limit = -UNSTABLE * max(np.max(np.abs(trivial)), np.max(np.abs(standard)))
    # each eigenvalue as often as the dimension of its representation of S_{K-1}
    count = np.sum(trivial < limit) + (size - 2.0) * np.sum(standard < limit)
    if anti < limit:
        count += 0.5 * (size - 2.0) * (size - 3.0)
    if even < limit:
        count += 0.5 * (size - 1.0) * (size - 4.0)
    return max(count, 0.0)


@kernel
def standard_zero(u, p):
    """Return the determinant of the standard block, its eigenvalues over the largest."""
    values = eigenvalues(standard_block(u, p))
    scale = np.max(np.abs(values))
    product = 1.0
    for value in values:
        product *= value / scale if abs(value) > ZERO * scale else 0.0
    return product


@kernel
def antisymmetric_zero(u, p):
    """Return the eigenvalue on antisymmetric matrices."""
    return scalar_blocks((u[0], u[1], u[2], u[3], u[4]), p)[0]


@kernel
def symmetric_zero(u, p):
    """Return the eigenvalue on symmetric matrices."""
    return scalar_blocks((u[0], u[1], u[2], u[3], u[4]), p)[1]
