"""Families of teachers with few parameters: each maps its p to that of `normal_kernels`, and derivatives back."""

import math

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.equations.normal_kernels import (
    normal_jacobian,
    normal_loss,
    normal_parameter_derivative,
    normal_residual,
)


@kernel
def _two(u, p):
    """Full p of ``p = (angle, b2, lam, alpha, a (K), K)``: teachers at half the angle on both sides of e_0."""
    size = int(p[-1])
    d = u.size // size
    q = np.zeros(4 + 2 * d + size + 1)
    q[0], q[1], q[2], q[3] = p[2], p[3], 1.0, p[1]
    q[4] = q[4 + d] = math.cos(0.5 * p[0])
    q[5], q[5 + d] = math.sin(0.5 * p[0]), -math.sin(0.5 * p[0])
    q[4 + 2 * d :] = p[4:]
    return q


@kernel
def two_residual(u, p, out):
    """Write F."""
    normal_residual(u, _two(u, p), out)


@kernel
def two_jacobian(u, p, out):
    """Write F_u."""
    normal_jacobian(u, _two(u, p), out)


@kernel
def two_parameter_derivative(u, p, k, out):
    """Write the derivative of F by angle, b2, lam or alpha."""
    q = _two(u, p)
    if k > 0:
        normal_parameter_derivative(u, q, 3 if k == 1 else k - 2, out)
        return
    d = u.size // int(p[-1])
    column, rise, run = np.empty(u.size), 0.5 * math.cos(0.5 * p[0]), -0.5 * math.sin(0.5 * p[0])
    out[:] = 0.0
    for place, factor in ((4, run), (5, rise), (4 + d, run), (5 + d, -rise)):
        normal_parameter_derivative(u, q, place, column)
        out[:] += factor * column


@kernel
def two_loss(u, p):
    """Return the loss."""
    return normal_loss(u, _two(u, p))


@kernel
def _shares(cosine, count):
    """Return (x, y, dx, dy): unit teachers ``(x - y) e_k + y 1`` have this pairwise cosine; derivatives by it."""
    small, large = math.sqrt(1.0 - cosine), math.sqrt(1.0 + (count - 1) * cosine)
    y = (large - small) / count
    dsmall, dlarge = -0.5 / small, 0.5 * (count - 1) / large
    return small + y, y, dsmall + (dlarge - dsmall) / count, (dlarge - dsmall) / count


@kernel
def _even(u, p):
    """Full p of ``p = (cosine, amplitude, lam, alpha, L, a (K), K)``: L unit teachers, the last times amplitude."""
    size, count = int(p[-1]), int(p[4])
    d = u.size // size
    x, y, _, _ = _shares(p[0], count)
    q = np.zeros(2 + count + count * d + size + 1)
    q[0], q[1] = p[2], p[3]
    q[2 : 2 + count] = 1.0
    q[1 + count] = p[1]
    for k in range(count):
        for i in range(count):
            q[2 + count + k * d + i] = x if i == k else y
    q[2 + count + count * d :] = p[5:]
    return q


@kernel
def even_residual(u, p, out):
    """Write F."""
    normal_residual(u, _even(u, p), out)


@kernel
def even_jacobian(u, p, out):
    """Write F_u."""
    normal_jacobian(u, _even(u, p), out)


@kernel
def even_parameter_derivative(u, p, k, out):
    """Write the derivative of F by cosine, amplitude, lam or alpha."""
    q, count = _even(u, p), int(p[4])
    if k > 0:
        normal_parameter_derivative(u, q, 1 + count if k == 1 else k - 2, out)
        return
    d = u.size // int(p[-1])
    _, _, dx, dy = _shares(p[0], count)
    column = np.empty(u.size)
    out[:] = 0.0
    for teacher in range(count):
        for i in range(count):
            normal_parameter_derivative(u, q, 2 + count + teacher * d + i, column)
            out[:] += (dx if i == teacher else dy) * column


@kernel
def even_loss(u, p):
    """Return the loss."""
    return normal_loss(u, _even(u, p))
