"""Population loss of a two-layer network with leaky ReLUs, its gradient and Hessian: compiled, over arrays.

Students ``W`` (K, d) with output weights ``a`` (K,), teachers ``V`` (L, d) with ``b`` (L,).  The kernel of two units is
``E s(w.x) s(v.x) = alpha w.v + (1 - alpha)^2 |w| |v| h(theta) / (2 pi)`` for ``s(z) = max(z, alpha z)``, x standard
normal.  Weights of length zero give NaN (students) or no contribution (teachers).
"""

import math

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.angles import opening, steepness, supplement

TURN = 2.0 * math.pi


@kernel
def units(W):
    """Return lengths (K,) and unit vectors (K, d); a zero row stays zero."""
    lengths, directions = np.empty(W.shape[0]), np.zeros_like(W)
    for j in range(W.shape[0]):
        total = 0.0
        for i in range(W.shape[1]):
            total += W[j, i] * W[j, i]
        lengths[j] = math.sqrt(total)
        if total > 0.0:
            for i in range(W.shape[1]):
                directions[j, i] = W[j, i] / lengths[j]
    return lengths, directions


@kernel
def _rest(x, y):
    """Return ``h(theta) - 1`` of unit vectors: exact to rounding of small numbers where they are nearly orthogonal."""
    less, more = opening(x, y)
    cosine = 0.0
    for i in range(x.size):
        cosine += x[i] * y[i]
    if abs(cosine) > 0.9:  # nearly collinear: lengths of sum and difference are more exact
        cosine = 0.25 * (more * more - less * less)
    return supplement(less, more) * cosine - cosine * cosine / (1.0 + 0.5 * less * more)


@kernel
def _added(total, lost, term):
    """Add a term to a compensated sum (Neumaier): return the sum and what rounding lost."""
    new = total + term
    lost += (total - new) + term if abs(total) >= abs(term) else (term - new) + total
    return new, lost


@kernel
def _signed_units(W, V, a, b):
    """Return lengths times output weights (teachers' negative) and unit vectors of all units with any weight."""
    r, w = units(W)
    s, v = units(V)
    sizes, directions = np.empty(r.size + s.size), np.empty((r.size + s.size, W.shape[1]))
    for j in range(r.size):
        sizes[j] = a[j] * r[j]
        directions[j] = w[j]
    for k in range(s.size):
        sizes[r.size + k] = -b[k] * s[k]
        directions[r.size + k] = v[k]
    return sizes, directions


@kernel
def loss_of(W, V, a, b, lam, alpha):
    """Return the loss.

    With ``h = 1 + (h - 1)`` all ones make half the square of the sum of signed lengths: what is left cancels less than
    the pairs themselves do, of which there are thousands.
    """
    sizes, e = _signed_units(W, V, a, b)
    size = lost = total = rest = 0.0
    for j in range(sizes.size):
        size, lost = _added(size, lost, sizes[j])
        for k in range(j):
            total, rest = _added(total, rest, sizes[j] * sizes[k] * _rest(e[j], e[k]))
        total, rest = _added(total, rest, 0.5 * sizes[j] * sizes[j] * (math.pi - 1.0))
    size += lost
    straight = decay = 0.0
    linear = mismatch(W, V, a, b)
    for i in range(linear.size):
        straight += linear[i] * linear[i]
    for j in range(W.shape[0]):
        for i in range(W.shape[1]):
            decay += W[j, i] * W[j, i]
    bent = (1.0 - alpha) ** 2 / TURN * (0.5 * size * size + total + rest)
    return bent + 0.5 * alpha * straight + 0.5 * lam * decay


@kernel
def rectified(W, V, a, b):
    """Return ``2 pi`` times the gradient (K, d) of the loss at alpha = lam = 0, without the factors a_j."""
    r, w = units(W)
    s, v = units(V)
    d = W.shape[1]
    out, radial = np.zeros_like(W), np.zeros(r.size)
    for j in range(r.size):
        for i in range(d):
            out[j, i] += a[j] * math.pi * W[j, i]
        for k in range(j):
            less, more = opening(w[j], w[k])
            gap, sine = supplement(less, more), 0.5 * less * more
            radial[j] += a[k] * r[k] * sine
            radial[k] += a[j] * r[j] * sine
            for i in range(d):
                out[j, i] += a[k] * gap * W[k, i]
                out[k, i] += a[j] * gap * W[j, i]
        for k in range(s.size):
            less, more = opening(w[j], v[k])
            gap = b[k] * supplement(less, more)
            radial[j] -= b[k] * s[k] * 0.5 * less * more
            for i in range(d):
                out[j, i] -= gap * V[k, i]
    for j in range(r.size):
        bare = math.nan if r[j] == 0.0 else radial[j]  # at zero the gradient depends on the way there
        for i in range(d):
            out[j, i] += bare * w[j, i]
    return out


@kernel
def mismatch(W, V, a, b):
    """Return ``sum_k a_k w_k - sum_k b_k v_k`` (d,), the part of the gradient that is linear."""
    out = np.zeros(W.shape[1])
    for i in range(out.size):
        for k in range(a.size):
            out[i] += a[k] * W[k, i]
        for k in range(b.size):
            out[i] -= b[k] * V[k, i]
    return out


@kernel
def gradient_of(W, V, a, b, lam, alpha):
    """Return the gradient (K, d)."""
    out, linear = rectified(W, V, a, b), mismatch(W, V, a, b)
    factor = (1.0 - alpha) ** 2 / TURN
    for j in range(W.shape[0]):
        for i in range(W.shape[1]):
            out[j, i] = a[j] * (factor * out[j, i] + alpha * linear[i]) + lam * W[j, i]
    return out


@kernel
def bend(x, y, less, more, factor, block):
    """Add ``factor sin(theta) (I - x x' + n n')`` to `block` (d, d); n is the unit part of y orthogonal to x.

    ``less, more`` are the lengths of difference and sum of the unit vectors x and y, see `opening`.
    """
    sine = 0.5 * less * more
    if sine == 0.0:
        return
    near = more > less
    slip = 0.5 * less * less if near else -0.5 * more * more
    d = x.size
    n = np.empty(d)
    for i in range(d):  # y - cos(theta) x, without cancellation at either end
        n[i] = (y[i] - x[i] if near else y[i] + x[i]) + slip * x[i]
    for i in range(d):
        for l in range(d):
            block[i, l] += factor * (n[i] * n[l] / sine - sine * x[i] * x[l])
        block[i, i] += factor * sine


@kernel
def mixed(x, y, less, more, direct, factor, block):
    """Add ``(direct I + factor d2f/dx dy 2 pi)`` to `block` (d, d), x and y units; `less` and `more` as in `bend`."""
    along, across = steepness(less, more)
    direct += factor * supplement(less, more)
    along, across = factor * along, factor * across
    for i in range(x.size):
        u, v = along * (x[i] + y[i]), across * (x[i] - y[i])
        for l in range(x.size):
            block[i, l] += u * (x[l] + y[l]) - v * (x[l] - y[l])
        block[i, i] += direct


@kernel
def hessian_of(W, V, a, b, lam, alpha):
    """Return the Hessian (K d, K d)."""
    r, w = units(W)
    s, v = units(V)
    size, d = W.shape
    out = np.zeros((size * d, size * d))
    factor = (1.0 - alpha) ** 2 / TURN
    for j in range(size):
        own = out[j * d : j * d + d, j * d : j * d + d]
        for i in range(d):
            own[i, i] += a[j] * a[j] * 0.5 * (1.0 + alpha * alpha) + lam
        if r[j] == 0.0:
            own[:, :] = math.nan
            continue
        for k in range(j):
            less, more = opening(w[j], w[k])
            product = a[j] * a[k]
            block = out[j * d : j * d + d, k * d : k * d + d]
            mixed(w[j], w[k], less, more, product * alpha, product * factor, block)
            out[k * d : k * d + d, j * d : j * d + d] = block.T
            if r[k] > 0.0:
                bend(w[j], w[k], less, more, product * factor * r[k] / r[j], own)
                others = out[k * d : k * d + d, k * d : k * d + d]
                bend(w[k], w[j], less, more, product * factor * r[j] / r[k], others)
        for k in range(s.size):
            if s[k] > 0.0:
                less, more = opening(w[j], v[k])
                bend(w[j], v[k], less, more, -a[j] * b[k] * factor * s[k] / r[j], own)
    return out
