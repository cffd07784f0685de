"""The normal equations as functions of ``(u, p)``: u holds the students row by row.

``p = (lam, alpha, b (L), v row by row (L d), a (K), K)``; the last two are constants of the problem.
"""

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.angles import opening
from systems.relu.population_loss.population_kernels import (
    TURN,
    gradient_of,
    hessian_of,
    loss_of,
    mismatch,
    mixed,
    rectified,
    units,
)


@kernel
def unpack(u, p):
    """Return ``W, V, a, b``."""
    size = int(p[-1])
    d = u.size // size
    count = (p.size - 3 - size) // (1 + d)
    first, last = 2 + count, 2 + count + count * d
    return u.reshape(size, d), p[first:last].reshape(count, d), p[last : last + size], p[2:first]


@kernel
def normal_residual(u, p, out):
    """Write ``-grad L`` (K d,)."""
    W, V, a, b = unpack(u, p)
    out[:] = -gradient_of(W, V, a, b, p[0], p[1]).ravel()


@kernel
def normal_jacobian(u, p, out):
    """Write ``-H`` (K d, K d)."""
    W, V, a, b = unpack(u, p)
    out[:, :] = -hessian_of(W, V, a, b, p[0], p[1])


@kernel
def normal_loss(u, p):
    """Return the loss."""
    W, V, a, b = unpack(u, p)
    return loss_of(W, V, a, b, p[0], p[1])


@kernel
def _by_alpha(W, V, a, b, alpha):
    """Return the derivative of ``-grad L`` by alpha."""
    bent, linear = rectified(W, V, a, b), mismatch(W, V, a, b)
    out = np.empty_like(W)
    for j in range(W.shape[0]):
        for i in range(W.shape[1]):
            out[j, i] = a[j] * (2.0 * (1.0 - alpha) / TURN * bent[j, i] - linear[i])
    return out


@kernel
def _by_teacher(W, v, a, weight, alpha):
    """Return the derivatives (K, d, d) of ``-grad L`` by the entries of a teacher with this output weight."""
    _, w = units(W)
    _, direction = units(v.reshape(1, v.size))
    factor = (1.0 - alpha) ** 2 / TURN
    out = np.zeros((W.shape[0], v.size, v.size))
    for j in range(W.shape[0]):
        product = a[j] * weight
        less, more = opening(w[j], direction[0])
        mixed(w[j], direction[0], less, more, product * alpha, product * factor, out[j])
    return out


@kernel
def normal_parameter_derivative(u, p, k, out):
    """Write the derivative of ``-grad L`` by ``p[k]``."""
    W, V, a, b = unpack(u, p)
    size, d = W.shape
    if k == 0:
        out[:] = -u
    elif k == 1:
        out[:] = _by_alpha(W, V, a, b, p[1]).ravel()
    elif k < 2 + b.size:  # minus the gradient of a network whose only teacher is this one
        lone = V[k - 2 : k - 1]
        out[:] = -gradient_of(W, lone, a, np.ones(1), 0.0, p[1]).ravel()
        out[:] += gradient_of(W, lone, a, np.zeros(1), 0.0, p[1]).ravel()
    else:
        teacher, entry = (k - 2 - b.size) // d, (k - 2 - b.size) % d
        changes = _by_teacher(W, V[teacher], a, b[teacher], p[1])
        for j in range(size):
            for i in range(d):
                out[j * d + i] = changes[j, i, entry]
