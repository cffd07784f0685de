"""Compiled equations of deep linear networks, scalar and matrix, each with the signature `Problem` wants.

Matrix networks have layers ``W_j = b I + h A_j``: b = 0, h = 1 is the plain network, b = 1, h = T/N the residual one.
``p = (lam, N, b, h, widths n_0 .. n_N, M row by row)``; states are the entries of A_1, then of A_2, and so on.
Products are kept in blocks of the largest width, padded with zeros.
"""

from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.kernel import kernel


class Products(NamedTuple):
    """Layers W (N, D, D), the products before and after each (N + 1, D, D), and the error P - M (D, D)."""

    layers: np.ndarray
    before: np.ndarray
    after: np.ndarray
    error: np.ndarray


@kernel
def scalar_residual(u, p, out):
    """``a^(N-1) (s - a^N) - lam a``; p = (lam, s, N)."""
    a, n = u[0], int(p[2])
    out[0] = a ** (n - 1) * (p[1] - a**n) - p[0] * a


@kernel
def scalar_jacobian(u, p, out):
    """Derivative of `scalar_residual`."""
    a, n = u[0], int(p[2])
    first = (n - 1) * a ** (n - 2) if n > 1 else 0.0
    out[0, 0] = first * (p[1] - a**n) - n * a ** (2 * n - 2) - p[0]


@kernel
def scalar_derivative(u, p, k, out):
    """Derivative of `scalar_residual` in lam (or s)."""
    out[0] = -u[0] if k == 0 else u[0] ** (int(p[2]) - 1)


@kernel
def scalar_loss(u, p):
    """``1/2 (a^N - s)^2 + N lam a^2 / 2``, the loss of N layers equal to a; its gradient is N times that in a."""
    n = int(p[2])
    return 0.5 * (u[0] ** n - p[1]) ** 2 + 0.5 * n * p[0] * u[0] ** 2


@kernel
def modes_residual(u, p, out):
    """`scalar_residual` for each of the modes; p = (lam, N, s_1 ..)."""
    n = int(p[1])
    for i in range(u.shape[0]):
        out[i] = u[i] ** (n - 1) * (p[2 + i] - u[i] ** n) - p[0] * u[i]


@kernel
def modes_jacobian(u, p, out):
    """Derivative of `modes_residual`."""
    n = int(p[1])
    for i in range(u.shape[0]):
        for j in range(u.shape[0]):
            out[i, j] = 0.0
        first = (n - 1) * u[i] ** (n - 2) if n > 1 else 0.0
        out[i, i] = first * (p[2 + i] - u[i] ** n) - n * u[i] ** (2 * n - 2) - p[0]


@kernel
def minus_states(u, p, k, out):
    """Derivative in lam of every gradient with weight decay: ``-u``."""
    for i in range(u.shape[0]):
        out[i] = -u[i]


@kernel
def _multiply(a, b, out):
    """``out = a b`` for square blocks."""
    d = a.shape[0]
    for i in range(d):
        for j in range(d):
            total = 0.0
            for k in range(d):
                total += a[i, k] * b[k, j]
            out[i, j] = total


@kernel
def _multiply_transposed(a, e, b, out):
    """``out += a' e b'`` for square blocks."""
    d = a.shape[0]
    work = np.zeros((d, d))
    for i in range(d):
        for j in range(d):
            total = 0.0
            for k in range(d):
                total += a[k, i] * e[k, j]
            work[i, j] = total
    for i in range(d):
        for j in range(d):
            total = 0.0
            for k in range(d):
                total += work[i, k] * b[j, k]
            out[i, j] += total


@kernel
def _widths(p):
    """Widths n_0 .. n_N and the index in p where M begins."""
    n = int(p[1])
    widths = np.empty(n + 1, np.int64)
    for j in range(n + 1):
        widths[j] = int(p[4 + j])
    return widths, 5 + n


@kernel
def _products(u, p):
    """Multiply the layers from both ends."""
    widths, place = _widths(p)
    n, d = len(widths) - 1, widths.max()
    w, before, after = np.zeros((n, d, d)), np.zeros((n + 1, d, d)), np.zeros((n + 1, d, d))
    k = 0
    for j in range(n):
        for a in range(widths[j + 1]):
            for b in range(widths[j]):
                w[j, a, b] = p[3] * u[k] + (p[2] if a == b else 0.0)
                k += 1
    for a in range(widths[0]):
        before[0, a, a] = 1.0
    for a in range(widths[n]):
        after[n, a, a] = 1.0
    for j in range(n):
        _multiply(w[j], before[j], before[j + 1])
        _multiply(after[n - j], w[n - 1 - j], after[n - 1 - j])
    error = before[n].copy()
    for a in range(widths[n]):
        for b in range(widths[0]):
            error[a, b] -= p[place + a * widths[0] + b]
    return Products(w, before, after, error)


@kernel
def network_residual(u, p, out):
    """``-(after_j' (P - M) before_j' + lam A_j)`` for every layer."""
    widths, _ = _widths(p)
    products = _products(u, p)
    d, k = products.error.shape[0], 0
    for j in range(len(widths) - 1):
        g = np.zeros((d, d))
        _multiply_transposed(products.after[j + 1], products.error, products.before[j], g)
        for a in range(widths[j + 1]):
            for b in range(widths[j]):
                out[k] = -g[a, b] - p[0] * u[k]
                k += 1


@kernel
def network_jacobian(u, p, out):
    """Derivative of `network_residual`, one column for each weight."""
    widths, _ = _widths(p)
    products = _products(u, p)
    column = 0
    for layer in range(len(widths) - 1):
        for a in range(widths[layer + 1]):
            for b in range(widths[layer]):
                _write_column(products, widths, layer, a, b, p[3], out, column)
                out[column, column] -= p[0]
                column += 1


@kernel
def _write_column(products, widths, layer, a, b, h, out, column):
    """Write the change of ``-after_j' (P - M) before_j'`` when the entry (a, b) of a layer of W grows at rate h."""
    w, before, after, error = products
    n, d = w.shape[0], w.shape[1]
    dbefore, dafter = np.zeros((n + 1, d, d)), np.zeros((n + 1, d, d))
    for i in range(d):
        dbefore[layer + 1, a, i] = h * before[layer, b, i]
        dafter[layer, i, b] = h * after[layer + 1, i, a]
    for j in range(layer + 1, n):
        _multiply(w[j], dbefore[j], dbefore[j + 1])
    for j in range(layer, 0, -1):
        _multiply(dafter[j], w[j - 1], dafter[j - 1])
    k = 0
    for j in range(n):
        g = np.zeros((d, d))
        _multiply_transposed(dafter[j + 1], error, before[j], g)
        _multiply_transposed(after[j + 1], dbefore[n], before[j], g)
        _multiply_transposed(after[j + 1], error, dbefore[j], g)
        for i in range(widths[j + 1]):
            for m in range(widths[j]):
                out[k, column] = -g[i, m]
                k += 1


@kernel
def network_loss(u, p):
    """``1/2 |P - M|^2 + h lam / 2 sum |A_j|^2``; F is its negative gradient divided by h."""
    misfit, size = 0.0, 0.0
    for value in _products(u, p).error.ravel():
        misfit += value * value
    for value in u:
        size += value * value
    return 0.5 * misfit + 0.5 * p[3] * p[0] * size


@kernel
def uniform_residual(u, p, out):
    """``conj(w)^(N-1) (R - w^N) - lam a``, w = 1 + T a / N, for complex a; p = (lam, Re R, Im R, N, T)."""
    a, target, n = complex(u[0], u[1]), complex(p[1], p[2]), int(p[3])
    w = 1.0 + p[4] / n * a
    value = w.conjugate() ** (n - 1) * (target - w**n) - p[0] * a
    out[0], out[1] = value.real, value.imag


@kernel
def uniform_jacobian(u, p, out):
    """Derivative of `uniform_residual` in the real and imaginary part of a."""
    a, target, n = complex(u[0], u[1]), complex(p[1], p[2]), int(p[3])
    h = p[4] / n
    w = 1.0 + h * a
    c = w.conjugate()
    along = -(c ** (n - 1)) * n * w ** (n - 1) * h - p[0]  # of da
    across = (n - 1) * c ** (n - 2) * (target - w**n) * h if n > 1 else 0j  # of conj(da)
    one, two = along + across, 1j * (along - across)
    out[0, 0], out[1, 0], out[0, 1], out[1, 1] = one.real, one.imag, two.real, two.imag
