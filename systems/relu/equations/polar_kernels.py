"""The normal equations in polar form, ``w_j = rho_j e_j``: ``u = (rho (K), e row by row)``, p as in normal_kernels.

Equations for rho: ``-dL/d rho_j``.  For e: minus the tangential part of ``dL/d w_j``, which depends on the direction
only, and ``(1 - |e_j|^2) / 2`` along ``e_j``.  Neither sees rho_j = 0.
"""

from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.angles import opening, supplement
from systems.relu.equations.normal_kernels import unpack
from systems.relu.population_loss.population_kernels import TURN, bend, hessian_of, loss_of, mixed, units
from systems.small_symmetric import eigenvalues

UNSTABLE = 1e-9  # negative eigenvalues below this, relative to the largest, count as zero
SHORT = 1e-8  # a length that stands for 0, where the Hessian in w has no value


class Row(NamedTuple):
    """A student in the equations: its unit vector, the radial part of ``dL/d w_j``, the length of its row of e."""

    e: np.ndarray
    radial: float
    length: float


class Change(NamedTuple):
    """Derivatives in one unknown: of ``lam rho_j``, and of the student's unit vector, radial part, pull and length."""

    decay: float
    e: np.ndarray
    radial: float
    pull: np.ndarray
    length: float


@kernel
def _parts(u, p):
    """Return ``rho, e, |e|, V, a, b`` with unit rows e."""
    size = int(p[-1])
    rows, V, a, b = unpack(u[size:], p)
    lengths, e = units(rows)
    return u[:size], e, lengths, V, a, b


@kernel
def _bent(alpha):
    """Return the factor of the bent part of the kernel of two units; that of the straight part is alpha."""
    return (1.0 - alpha) ** 2 / TURN


@kernel
def _pull(rho, e, V, a, b, factor, alpha):
    """Return ``dL/d w_j`` (K, d) without decay for the directions e; lengths may have any sign or be 0.

    Linear in ``factor = (1 - alpha)^2 / 2 pi`` and alpha.
    """
    s, v = units(V)
    out = np.zeros_like(e)
    for j in range(rho.size):
        for k in range(rho.size):
            weight = a[j] * a[k] * rho[k]
            less, more = opening(e[j], e[k]) if k != j else (0.0, 2.0)
            direct = weight * (factor * supplement(less, more) + alpha)
            for i in range(e.shape[1]):
                out[j, i] += direct * e[k, i] + weight * factor * 0.5 * less * more * e[j, i]
        for k in range(s.size):
            weight = -a[j] * b[k]
            less, more = opening(e[j], v[k])
            direct = weight * (factor * supplement(less, more) + alpha)
            for i in range(e.shape[1]):
                out[j, i] += direct * V[k, i] + weight * s[k] * factor * 0.5 * less * more * e[j, i]
    return out


@kernel
def _pull_by_directions(rho, e, V, a, b, alpha):
    """Return the derivatives (K, d, K, d) of `_pull` by the unit vectors e, taken as free vectors."""
    s, v = units(V)
    factor = _bent(alpha)
    size, d = e.shape
    out = np.zeros((size, d, size, d))
    for j in range(size):
        for k in range(size):
            weight = a[j] * a[k] * rho[k]
            block = np.zeros((d, d))
            if k == j:
                block[:, :] = weight * (factor * 0.5 * TURN + alpha) * np.eye(d)
            else:
                less, more = opening(e[j], e[k])
                mixed(e[j], e[k], less, more, weight * alpha, weight * factor, block)
                own = np.zeros((d, d))
                bend(e[j], e[k], less, more, weight * factor, own)
                out[j, :, j, :] += own
            out[j, :, k, :] += block
        for k in range(s.size):
            own = np.zeros((d, d))
            less, more = opening(e[j], v[k])
            bend(e[j], v[k], less, more, -a[j] * b[k] * factor * s[k], own)
            out[j, :, j, :] += own
    return out


@kernel
def _dot(x, y):
    """Inner product."""
    total = 0.0
    for i in range(x.size):
        total += x[i] * y[i]
    return total


@kernel
def polar_residual(u, p, out):
    """Write F (K + K d,)."""
    rho, e, lengths, V, a, b = _parts(u, p)
    pull = _pull(rho, e, V, a, b, _bent(p[1]), p[1])
    size, d = e.shape
    for j in range(size):
        radial = _dot(e[j], pull[j])
        out[j] = -radial - p[0] * rho[j]
        for i in range(d):
            out[size + j * d + i] = (radial + 0.5 * (1.0 - lengths[j] ** 2)) * e[j, i] - pull[j, i]


@kernel
def _write(out, column, j, row, change):
    """Write one column of the derivatives of student j's equations."""
    d = row.e.size
    first = out.shape[0] // (1 + d) + j * d  # behind the K equations of the lengths
    out[j, column] = -change.radial - change.decay
    for i in range(d):
        out[first + i, column] = (change.radial - row.length * change.length) * row.e[i] - change.pull[i]
        out[first + i, column] += (row.radial + 0.5 * (1.0 - row.length * row.length)) * change.e[i]


@kernel
def polar_jacobian(u, p, out):
    """Write F_u."""
    rho, e, lengths, V, a, b = _parts(u, p)
    pull = _pull(rho, e, V, a, b, _bent(p[1]), p[1])
    by = _pull_by_directions(rho, e, V, a, b, p[1])
    size, d = e.shape
    factor = _bent(p[1])
    still, dpull = np.zeros(d), np.empty(d)
    for j in range(size):
        row = Row(e[j], _dot(e[j], pull[j]), lengths[j])
        for k in range(size):
            less, more = opening(e[j], e[k]) if k != j else (0.0, 2.0)
            weight = a[j] * a[k]
            for i in range(d):
                dpull[i] = weight * (factor * supplement(less, more) + p[1]) * e[k, i]
                dpull[i] += weight * factor * 0.5 * less * more * e[j, i]
            decay = p[0] if k == j else 0.0
            _write(out, k, j, row, Change(decay, still, _dot(e[j], dpull), dpull, 0.0))
            for l in range(d):  # e[k, l] moves: the unit vector by (I - e e') / |e|
                de = -e[k] * e[k, l] / lengths[k]
                de[l] += 1.0 / lengths[k]
                for i in range(d):
                    dpull[i] = _dot(by[j, i, k], de)
                dradial = _dot(e[j], dpull) + (_dot(de, pull[j]) if k == j else 0.0)
                own = de if k == j else still
                dlength = e[k, l] if k == j else 0.0
                _write(out, size + k * d + l, j, row, Change(0.0, own, dradial, dpull, dlength))


@kernel
def _pull_by_parameter(u, p, k):
    """Return the derivative (K, d) of `_pull` by ``p[k]``; zero for the decay."""
    rho, e, _, V, a, b = _parts(u, p)
    count, d = V.shape
    if k == 0:
        return np.zeros_like(e)
    if k == 1:
        return _pull(rho, e, V, a, b, -2.0 * (1.0 - p[1]) / TURN, 1.0)
    if k < 2 + count:  # a network whose only teacher is this one, and no student
        return _pull(np.zeros_like(rho), e, V[k - 2 : k - 1], a, np.ones(1), _bent(p[1]), p[1])
    teacher, entry = (k - 2 - count) // d, (k - 2 - count) % d
    _, v = units(V[teacher : teacher + 1])
    factor, alpha = _bent(p[1]), p[1]
    out = np.empty_like(e)
    for j in range(rho.size):
        block, weight = np.zeros((d, d)), -a[j] * b[teacher]
        less, more = opening(e[j], v[0])
        mixed(e[j], v[0], less, more, weight * alpha, weight * factor, block)
        out[j] = block[:, entry]
    return out


@kernel
def polar_parameter_derivative(u, p, k, out):
    """Write the derivative of F by ``p[k]``."""
    rho, e, _, _, _, _ = _parts(u, p)
    dpull = _pull_by_parameter(u, p, k)
    size, d = e.shape
    for j in range(size):
        dradial = _dot(e[j], dpull[j])
        out[j] = -dradial - (rho[j] if k == 0 else 0.0)
        for i in range(d):
            out[size + j * d + i] = dradial * e[j, i] - dpull[j, i]


@kernel
def _weights(u, p):
    """Return ``W`` with positive lengths, and the output weights that go with them."""
    rho, e, _, V, a, b = _parts(u, p)
    W, sign = e.copy(), a.copy()
    for j in range(rho.size):
        W[j] *= max(abs(rho[j]), SHORT)
        if rho[j] < 0.0:
            sign[j] = -a[j]
    return W, V, sign, b


@kernel
def polar_index(u, p):
    """Return the Morse index of the loss in the weights; where a length is 0 that beside it, on the positive side."""
    W, V, a, b = _weights(u, p)
    values = eigenvalues(hessian_of(W, V, a, b, p[0], p[1]))
    return float(np.sum(values < -UNSTABLE * np.max(np.abs(values))))


@kernel
def polar_loss(u, p):
    """Return the loss."""
    rho, e, _, V, a, b = _parts(u, p)
    W = e.copy()
    sign = a.copy()
    for j in range(rho.size):
        W[j] *= abs(rho[j])
        sign[j] *= -1.0 if rho[j] < 0.0 else 1.0
    return loss_of(W, V, sign, b, p[0], p[1])
