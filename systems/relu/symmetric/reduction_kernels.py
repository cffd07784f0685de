"""The reduction to isotropy S_{K-1} x S_1 with K real: gradient and its derivatives.

Weights ``[[(a-b) I + b 11', c 1], [d 1', e]]`` (the last student and teacher apart), ``u = (a, b, c, d, e)``,
``p = (K, alpha, lam)``, ``m = K - 1``.  Student 1 is ``w1 = (a, b, ..., b, c)``, the last one ``wK = (d, ..., d, e)``.
"""

import math

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.symmetric.plane_kernels import TURN, angle_rate

LEAST = 3.0 - 1e-3  # of K, with room for differences about 3


@kernel
def lengths(u, m):
    """Return the squared lengths of w1 and wK."""
    a, b, c, d, e = u
    return a * a + (m - 1.0) * b * b + c * c, m * d * d + e * e


@kernel
def angle_parts(u, m, x, dm):
    """Return, angle by angle, the square of the sine part and the cosine part, each with its derivative along (x, dm).

    The angles are w1-w2, w1-wK, w1-e1, w1-e2, w1-eK, wK-e1, wK-eK.  All sine parts are free of cancellation where
    the two vectors are collinear.
    """
    a, b, c, d, e = u
    da, db, dc, dd, de = x
    less, dless = (a - b) ** 2, 2.0 * (a - b) * (da - db)
    more = (a + b) ** 2 + 2.0 * (m - 2.0) * b * b + 2.0 * c * c
    dmore = 2.0 * (a + b) * (da + db) + 4.0 * (m - 2.0) * b * db + 4.0 * c * dc + 2.0 * dm * b * b
    first, last, rest = (a - b) * d, a * e - c * d, b * e - c * d  # of the area spanned by w1 and wK
    dfirst, dlast = (da - db) * d + (a - b) * dd, da * e + a * de - dc * d - c * dd
    drest = db * e + b * de - dc * d - c * dd
    area = (m - 1.0) * (first * first + rest * rest) + last * last
    darea = 2.0 * ((m - 1.0) * (first * dfirst + rest * drest) + last * dlast) + dm * (first * first + rest * rest)
    dot = d * (a + (m - 1.0) * b) + c * e
    ddot = dd * (a + (m - 1.0) * b) + d * (da + (m - 1.0) * db + dm * b) + dc * e + c * de
    spread, dspread = (m - 1.0) * b * b, 2.0 * (m - 1.0) * b * db + dm * b * b
    return (
        (less * more, dless * more + less * dmore, 0.5 * (more - less), 0.5 * (dmore - dless)),
        (area, darea, dot, ddot),
        (spread + c * c, dspread + 2.0 * c * dc, a, da),
        (a * a + spread - b * b + c * c, 2.0 * (a * da - b * db + c * dc) + dspread, b, db),
        (a * a + spread, 2.0 * a * da + dspread, c, dc),
        ((m - 1.0) * d * d + e * e, 2.0 * ((m - 1.0) * d * dd + e * de) + dm * d * d, d, dd),
        (m * d * d, 2.0 * m * d * dd + dm * d * d, e, de),
    )


@kernel
def _first_radial(m, dm, r, dr, s, ds, angles):
    """Return the coefficient of w1 in row 1 from the terms ``|w| sin(theta) e``, and its derivative.

    r and s are the lengths of w1 and wK, dr and ds their derivatives.
    """
    near, last, own, other, far = angles[0], angles[1], angles[2], angles[3], angles[4]
    pull = s * last.sine - own.sine - (m - 1.0) * other.sine - far.sine
    dpull = ds * last.sine + s * last.cosine * last.rate - own.cosine * own.rate - dm * other.sine
    dpull = dpull - (m - 1.0) * other.cosine * other.rate - far.cosine * far.rate
    slope = dm * near.sine + (m - 1.0) * near.cosine * near.rate + dpull / r - pull * dr / (r * r)
    return (m - 1.0) * near.sine + pull / r, slope


@kernel
def _last_radial(m, dm, r, dr, s, ds, angles):
    """Return the coefficient of wK in row K from the terms ``|w| sin(theta) e``, and its derivative."""
    first, back, end = angles[1], angles[5], angles[6]
    pull = m * (r * first.sine - back.sine) - end.sine
    dpull = dm * (r * first.sine - back.sine)
    dpull = dpull + m * (dr * first.sine + r * first.cosine * first.rate - back.cosine * back.rate)
    dpull = dpull - end.cosine * end.rate
    return pull / s, dpull / s - pull * ds / (s * s)


@kernel
def _seven(parts):
    """Angles from their parts."""
    return (
        angle_rate(*parts[0]),
        angle_rate(*parts[1]),
        angle_rate(*parts[2]),
        angle_rate(*parts[3]),
        angle_rate(*parts[4]),
        angle_rate(*parts[5]),
        angle_rate(*parts[6]),
    )


@kernel
def reduced_rates(u, p, x, dm):
    """Return F at alpha = lam = 0, times ``-2 pi``, and its derivative along (x, dm): two tuples of five."""
    m = p[0] - 1.0
    a, b, c, d, e = u
    da, db, dc, dd, de = x
    square, last_square = lengths(u, m)
    r, s = math.sqrt(square), math.sqrt(last_square)
    dr = (a * da + (m - 1.0) * b * db + 0.5 * dm * b * b + c * dc) / r
    ds = (m * d * dd + 0.5 * dm * d * d + e * de) / s
    angles = _seven(angle_parts(u, m, x, dm))
    near, dnear = _first_radial(m, dm, r, dr, s, ds, angles)
    away, daway = _last_radial(m, dm, r, dr, s, ds, angles)
    near, away = math.pi + near, math.pi + away
    g, dg, f, df = angles[0].gap, angles[0].rate, angles[1].gap, angles[1].rate  # between students
    own, other, far, back, end = angles[2], angles[3], angles[4], angles[5], angles[6]
    rest, drest = a + (m - 2.0) * b, da + (m - 2.0) * db + dm * b
    column, dcolumn = rest + b, drest + db
    more, dmore = (m - 1.0) * b, (m - 1.0) * db + dm * b
    side, dside = (m - 1.0) * c, (m - 1.0) * dc + dm * c
    return (
        near * a + g * more + f * d - own.gap,
        near * b + g * rest + f * d - other.gap,
        near * c + g * side + f * e - far.gap,
        away * d + f * column - back.gap,
        away * e + f * m * c - end.gap,
    ), (
        near * da + dnear * a + g * dmore - dg * more + f * dd - df * d + own.rate,
        near * db + dnear * b + g * drest - dg * rest + f * dd - df * d + other.rate,
        near * dc + dnear * c + g * dside - dg * side + f * de - df * e + far.rate,
        away * dd + daway * d + f * dcolumn - df * column + back.rate,
        away * de + daway * e + f * (m * dc + dm * c) - df * m * c + end.rate,
    )


@kernel
def _linear(u, m):
    """Return the linear part of the gradient, ``sum w - sum v``, entry by entry."""
    a, b, c, d, e = u
    column, last = a + (m - 1.0) * b + d - 1.0, m * c + e - 1.0
    return column, column, last, column, last


@kernel
def _unpacked(u):
    """Return the states as a tuple."""
    return u[0], u[1], u[2], u[3], u[4]


@kernel
def reduced_residual(u, p, out):
    """Write F (5,)."""
    m, alpha = p[0] - 1.0, p[1]
    states = _unpacked(u)
    value, _ = reduced_rates(states, p, (0.0, 0.0, 0.0, 0.0, 0.0), 0.0)
    linear = _linear(states, m)
    for i in range(5):
        out[i] = -((1.0 - alpha) ** 2 / TURN * value[i] + alpha * linear[i] + p[2] * u[i])
        if p[0] < LEAST:
            out[i] = math.nan


@kernel
def reduced_jacobian(u, p, out):
    """Write F_u (5, 5)."""
    m, alpha = p[0] - 1.0, p[1]
    states = _unpacked(u)
    factor, nothing = (1.0 - alpha) ** 2 / TURN, _linear((0.0, 0.0, 0.0, 0.0, 0.0), m)
    unit = np.eye(5)
    for k in range(5):
        x = _unpacked(unit[k])
        _, change = reduced_rates(states, p, x, 0.0)
        linear = _linear(x, m)
        for i in range(5):
            out[i, k] = -(factor * change[i] + alpha * (linear[i] - nothing[i]))
        out[k, k] -= p[2]


@kernel
def reduced_parameter_derivative(u, p, k, out):
    """Write the derivative of F by K, alpha or lam."""
    m, alpha = p[0] - 1.0, p[1]
    states = _unpacked(u)
    value, change = reduced_rates(states, p, (0.0, 0.0, 0.0, 0.0, 0.0), 1.0)
    linear = _linear(states, m)
    more = (u[1], u[1], u[2], u[1], u[2])  # d/dm of the linear part
    for i in range(5):
        if k == 0:
            out[i] = -((1.0 - alpha) ** 2 / TURN * change[i] + alpha * more[i])
        elif k == 1:
            out[i] = 2.0 * (1.0 - alpha) / TURN * value[i] - linear[i]
        else:
            out[i] = -u[i]


@kernel
def _length_times_rest(part):
    """Return ``|x| |y| (h(theta) - 1)`` of an angle's parts."""
    angle = angle_rate(*part)
    size = math.hypot(math.sqrt(max(part[0], 0.0)), part[2])
    return size * (angle.gap * angle.cosine - angle.cosine * angle.cosine / (1.0 + angle.sine))


@kernel
def reduced_loss(u, p):
    """Return the loss of the network with K students; the ones of ``h = 1 + (h - 1)`` are summed apart.

    Thousands of pairs would cancel otherwise to a loss of thousandths.
    """
    m, alpha = p[0] - 1.0, p[1]
    states = _unpacked(u)
    square, last_square = lengths(states, m)
    a, b, c, _, _ = states
    parts = angle_parts(states, m, (0.0, 0.0, 0.0, 0.0, 0.0), 0.0)
    pair = (parts[0][0], 0.0, 2.0 * a * b + (m - 2.0) * b * b + c * c, 0.0)  # small where nearly orthogonal
    size = m * (math.sqrt(square) - 1.0) + math.sqrt(last_square) - 1.0
    own = 0.5 * (math.pi - 1.0) * (square + 1.0) - _length_times_rest(parts[2])
    last = 0.5 * (math.pi - 1.0) * (last_square + 1.0) - _length_times_rest(parts[6])
    bent = 0.5 * size * size + m * own + last
    bent += m * (m - 1.0) * (0.5 * _length_times_rest(pair) - _length_times_rest(parts[3]))
    bent += m * (_length_times_rest(parts[1]) - _length_times_rest(parts[4]) - _length_times_rest(parts[5]))
    column, _, final, _, _ = _linear(states, m)
    straight = 0.5 * alpha * (m * column * column + final * final)
    return (1.0 - alpha) ** 2 / TURN * bent + straight + 0.5 * p[2] * (m * square + last_square)
