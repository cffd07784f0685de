"""The characteristic equation for d = 2: closed forms in scalars, no array is allocated.

With ``E1 = expm(T (C - C'))``, a rotation by the angle ``T (C[1,0] - C[0,1])``, and ``E2 = expm(T C')``
from `_exponential`, the equation is ``G = lam C - F' (R - F) S = 0`` with ``F = E1 E2``.  Matrices are
tuples of four scalars, row by row; ``p = (lam, T, R row by row, S row by row)``.
"""

import math

from continuation.compiled.calls.kernel import kernel


@kernel
def _product(a, b):
    """Return ``A B``."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
    )


@kernel
def _transposed_product(a, b):
    """Return ``A' B``."""
    return (
        a[0] * b[0] + a[2] * b[2],
        a[0] * b[1] + a[2] * b[3],
        a[1] * b[0] + a[3] * b[2],
        a[1] * b[1] + a[3] * b[3],
    )


@kernel
def _even_odd_slope(mean, delta):
    """Return ``e^mean`` times ``c = cosh r``, ``s = sinh(r)/r`` and ``ds/d(delta)``, where ``delta = r**2``.

    All three are entire functions of `delta`: a pair of eigenvalues that meets (``delta = 0``) is no special case.
    """
    if abs(delta) < 0.5:  # Taylor series in delta: the closed form of the slope cancels here
        odd, slope = 1.0, 1.0
        for k in range(8, 0, -1):
            odd = 1.0 + odd * delta / (2 * k * (2 * k + 1))
            slope = 1.0 + slope * delta / (2 * k * (2 * k + 3))
        scale = math.exp(mean)
        slope /= 6.0
        return scale * (odd + 2.0 * delta * slope), scale * odd, scale * slope
    root = math.sqrt(abs(delta))
    if delta > 0.0:
        grow, decay = math.exp(mean + root), math.exp(mean - root)
        even, odd = 0.5 * (grow + decay), 0.5 * (grow - decay) / root
    else:
        scale = math.exp(mean)
        even, odd = scale * math.cos(root), scale * math.sin(root) / root
    return even, odd, 0.5 * (even - odd) / delta


@kernel
def _exponential(a):
    """Return ``expm(A) = c I + s N``, ``N = A - (tr A / 2) I``, and what `_frechet` needs."""
    half = 0.5 * (a[0] - a[3])
    even, odd, slope = _even_odd_slope(0.5 * (a[0] + a[3]), half * half + a[1] * a[2])
    return (even + odd * half, odd * a[1], odd * a[2], even - odd * half), odd, slope


@kernel
def _frechet(a, exponential, odd, slope, e):
    """Return the derivative of expm at A in the direction E, by differentiating ``c I + s N``."""
    half, mean_rate, half_rate = 0.5 * (a[0] - a[3]), 0.5 * (e[0] + e[3]), 0.5 * (e[0] - e[3])
    rate = 2.0 * half * half_rate + e[1] * a[2] + a[1] * e[2]  # of delta
    even_rate, odd_rate = 0.5 * odd * rate, slope * rate
    return (
        mean_rate * exponential[0] + even_rate + odd_rate * half + odd * half_rate,
        mean_rate * exponential[1] + odd_rate * a[1] + odd * e[1],
        mean_rate * exponential[2] + odd_rate * a[2] + odd * e[2],
        mean_rate * exponential[3] + even_rate - odd_rate * half - odd * half_rate,
    )


@kernel
def _rotation(u, p):
    """Return ``E1``."""
    angle = p[1] * (u[2] - u[1])
    cosine, sine = math.cos(angle), math.sin(angle)
    return cosine, -sine, sine, cosine


@kernel
def _scaled_transpose(u, p):
    """Return ``T C'``."""
    return p[1] * u[0], p[1] * u[2], p[1] * u[1], p[1] * u[3]


@kernel
def _final_map(u, p):
    """Return ``F``, the map the flow has made at time T."""
    exponential, _, _ = _exponential(_scaled_transpose(u, p))
    return _product(_rotation(u, p), exponential)


@kernel
def _gap_times_covariance(f, p):
    """Return ``(R - F) S``."""
    return _product((p[2] - f[0], p[3] - f[1], p[4] - f[2], p[5] - f[3]), (p[6], p[7], p[8], p[9]))


@kernel
def _change(f, gap, df, p):
    """Return ``-dF' (R - F) S + F' dF S``, the change of ``-F' (R - F) S`` when F changes by dF."""
    first = _transposed_product(df, gap)
    second = _product(_transposed_product(f, df), (p[6], p[7], p[8], p[9]))
    return second[0] - first[0], second[1] - first[1], second[2] - first[2], second[3] - first[3]


@kernel
def plane_residual(u, p, out):
    """Write ``G`` (4,)."""
    f = _final_map(u, p)
    pull = _transposed_product(f, _gap_times_covariance(f, p))
    for i in range(4):
        out[i] = p[0] * u[i] - pull[i]


@kernel
def plane_jacobian(u, p, out):
    """Write ``DG`` (4, 4); column k is the direction in which entry k of C grows."""
    turn, a = _rotation(u, p), _scaled_transpose(u, p)
    exponential, odd, slope = _exponential(a)
    f = _product(turn, exponential)
    gap, t = _gap_times_covariance(f, p), p[1]
    for k in range(4):
        e = (t if k == 0 else 0.0, t if k == 2 else 0.0, t if k == 1 else 0.0, t if k == 3 else 0.0)
        df = _product(turn, _frechet(a, exponential, odd, slope, e))
        spin = e[1] - e[2]  # change of the angle of E1; d rot(angle) = [[0, -1], [1, 0]] rot(angle)
        df = (df[0] - spin * f[2], df[1] - spin * f[3], df[2] + spin * f[0], df[3] + spin * f[1])
        change = _change(f, gap, df, p)
        for i in range(4):
            out[i, k] = change[i]
        out[k, k] += p[0]


@kernel
def plane_parameter_derivative(u, p, k, out):
    """Write the derivative of ``G`` (4,) with respect to ``p[k]``."""
    exponential, _, _ = _exponential(_scaled_transpose(u, p))
    turn = _rotation(u, p)
    f = _product(turn, exponential)
    if k == 0:
        change = (u[0], u[1], u[2], u[3])
    elif k == 1:  # dF/dT = E1 C E2
        df = _product(_product(turn, (u[0], u[1], u[2], u[3])), exponential)
        change = _change(f, _gap_times_covariance(f, p), df, p)
    elif k < 6:  # R[i, j]: -F' e_i e_j' S
        i, j = (k - 2) // 2, (k - 2) % 2
        left = (f[0], f[1]) if i == 0 else (f[2], f[3])
        right = (p[6], p[7]) if j == 0 else (p[8], p[9])
        change = (-left[0] * right[0], -left[0] * right[1], -left[1] * right[0], -left[1] * right[1])
    else:  # S[i, j]: -F' (R - F) e_i e_j'
        i, j = (k - 6) // 2, (k - 6) % 2
        pull = _transposed_product(f, (p[2] - f[0], p[3] - f[1], p[4] - f[2], p[5] - f[3]))
        first, second = (-pull[0], -pull[2]) if i == 0 else (-pull[1], -pull[3])
        change = (first, 0.0, second, 0.0) if j == 0 else (0.0, first, 0.0, second)
    for i in range(4):
        out[i] = change[i]


@kernel
def plane_cost(u, p):
    """Return ``J = (lam T / 2) tr(C'C) + tr((F - R) S (F - R)') / 2``."""
    f = _final_map(u, p)
    gap = (p[2] - f[0], p[3] - f[1], p[4] - f[2], p[5] - f[3])
    weighted = _gap_times_covariance(f, p)
    size = misfit = 0.0
    for i in range(4):
        size += u[i] * u[i]
        misfit += gap[i] * weighted[i]
    return 0.5 * (p[0] * p[1] * size + misfit)
