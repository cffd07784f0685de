"""The plane of Theorem 7: every student ``x`` along its own teacher and ``y`` along the K - 1 others, K real.

``u = (x, y)``, ``p = (K,)``.  Every angle is an arctangent of a sine and a cosine part, so that value and derivative
hold at 0 and pi, too.  At the origin, and for K < 2, everything is NaN.
"""

import math
from typing import NamedTuple

from continuation.compiled.calls.kernel import kernel

TURN = 2.0 * math.pi
LEAST = 2.0 - 1e-3  # of K, with room for differences about 2


class Angle(NamedTuple):
    """An angle theta between weights: ``pi - theta``, its sine and cosine, and the derivative of theta."""

    gap: float
    sine: float
    cosine: float
    rate: float


@kernel
def angle_rate(square, square_rate, cosine, cosine_rate):
    """Return the `Angle` with ``tan theta = sqrt(square) / cosine``.

    `square` is at least 0, `square_rate` and `cosine_rate` are derivatives.  At theta = 0 and pi the rate of the
    sine part counts as zero: gradients of ReLU networks hold it with a factor that vanishes there.
    """
    opposite = math.sqrt(max(square, 0.0))
    length = opposite * opposite + cosine * cosine
    rate = 0.5 * square_rate / opposite if opposite > 0.0 else 0.0
    root = math.sqrt(length)
    turn = (cosine * rate - opposite * cosine_rate) / length
    return Angle(math.atan2(opposite, -cosine), opposite / root, cosine / root, turn)


@kernel
def plane_rates(u, size, direction):
    """Return F (2,) and its derivative along ``direction = (dx, dy, dK)``: ``(F_x, F_y, dF_x, dF_y)``."""
    x, y = u
    dx, dy, dk = direction
    m = size - 1.0
    square, dsquare = x * x + m * y * y, 2.0 * (x * dx + m * y * dy) + dk * y * y
    if size < LEAST or square == 0.0:
        return math.nan, math.nan, math.nan, math.nan
    r = math.sqrt(square)
    dr = 0.5 * dsquare / r
    # between students: |w1 - w2|^2 = 2 (x - y)^2, |w1 + w2|^2 = 2 (x + y)^2 + 4 (K - 2) y^2; the sine part is
    # |w1 - w2| |w1 + w2| / 2, the cosine part (|w1 + w2|^2 - |w1 - w2|^2) / 4
    less, dless = (x - y) ** 2, 2.0 * (x - y) * (dx - dy)
    more = (x + y) ** 2 + 2.0 * (m - 1.0) * y * y
    dmore = 2.0 * (x + y) * (dx + dy) + 4.0 * (m - 1.0) * y * dy + 2.0 * dk * y * y
    phi, sine, cosine, dphi = angle_rate(
        less * more, dless * more + less * dmore, 0.5 * (more - less), 0.5 * (dmore - dless)
    )
    own, own_sine, own_cosine, down = angle_rate(m * y * y, 2.0 * m * y * dy + dk * y * y, x, dx)
    other, other_sine, other_cosine, dother = angle_rate(
        x * x + (m - 1.0) * y * y, 2.0 * (x * dx + (m - 1.0) * y * dy) + dk * y * y, y, dy
    )
    radial = m * sine - (own_sine + m * other_sine) / r
    dradial = dk * sine + m * cosine * dphi + (own_sine + m * other_sine) * dr / square
    dradial -= (own_cosine * down + dk * other_sine + m * other_cosine * dother) / r
    rest, drest = x + (m - 1.0) * y, dx + (m - 1.0) * dy + dk * y
    return (
        -(math.pi * x + phi * m * y + radial * x - own) / TURN,
        -(math.pi * y + phi * rest + radial * y - other) / TURN,
        -(math.pi * dx + phi * (m * dy + dk * y) - dphi * m * y + radial * dx + dradial * x + down) / TURN,
        -(math.pi * dy + phi * drest - dphi * rest + radial * dy + dradial * y + dother) / TURN,
    )


@kernel
def plane_residual(u, p, out):
    """Write F (2,)."""
    out[0], out[1], _, _ = plane_rates(u, p[0], (0.0, 0.0, 0.0))


@kernel
def plane_jacobian(u, p, out):
    """Write F_u (2, 2)."""
    _, _, out[0, 0], out[1, 0] = plane_rates(u, p[0], (1.0, 0.0, 0.0))
    _, _, out[0, 1], out[1, 1] = plane_rates(u, p[0], (0.0, 1.0, 0.0))


@kernel
def plane_parameter_derivative(u, p, k, out):
    """Write dF/dK (2,)."""
    _, _, out[0], out[1] = plane_rates(u, p[0], (0.0, 0.0, 1.0))


@kernel
def _rest(angle):
    """Return ``h(theta) - 1``."""
    return angle.gap * angle.cosine - angle.cosine * angle.cosine / (1.0 + angle.sine)


@kernel
def plane_loss(u, p):
    """Return the loss of the network with K students; the ones of ``h = 1 + (h - 1)`` are summed apart."""
    x, y = u
    m = p[0] - 1.0
    square = x * x + m * y * y
    length = math.sqrt(square)
    less, more = (x - y) ** 2, (x + y) ** 2 + 2.0 * (m - 1.0) * y * y
    between = _rest(angle_rate(less * more, 0.0, 2.0 * x * y + (m - 1.0) * y * y, 0.0))
    own = _rest(angle_rate(m * y * y, 0.0, x, 0.0))
    other = _rest(angle_rate(x * x + (m - 1.0) * y * y, 0.0, y, 0.0))
    bent = 0.5 * p[0] * (length - 1.0) ** 2 + 0.5 * (math.pi - 1.0) * (square + 1.0) - length * own
    return p[0] * (bent + m * (0.5 * square * between - length * other)) / TURN
