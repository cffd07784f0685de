"""The characteristic equation for any d: Pade approximants and Frechet derivatives in plain loops.

``p = (lam, T, R row by row, S row by row)``, and Q row by row where the data are samples (the equation is then
``lam C - F' (R - F) S - F' Q = 0``); d follows from the size of u, so that one compiled function serves every matrix
of every size.  Matrices live in one workspace ``w[slot, i, j]`` and are named by their
slot.  The derivative of a matrix with respect to another one is kept as ``D[slot, k, l, m]``: entry (k, l)
of the value, entry ``m = d i + j`` of the argument; inner loops run over m.

With ``q(A) X = p(A)`` the [13/13] Pade approximant of ``X = expm(A)``, ``p(A) = sum b_k A^k`` and
``P_k = sum_j b_{k+j} A^j`` (Horner's partial sums; Q_k those of q), a direction E changes p by
``sum_i A^i E P_{i+1}``, hence X by ``sum_i q^{-1} A^i E (P_{i+1} - Q_{i+1} X)``: one factorisation and
13 pairs of matrices give all d**2 directions.  Squaring changes the derivative to ``X dX + dX X``.

References
----------
A. H. Al-Mohy, N. J. Higham, "Computing the Frechet derivative of the matrix exponential, with an application
to condition number estimation", SIAM J. Matrix Anal. Appl. 30 (2009) 1639-1657, doi:10.1137/080716426.
"""

import math

import numpy as np

from continuation.compiled.calls.kernel import kernel

DEGREE = 13  # of the approximants: least work in double precision (N. J. Higham, SIAM J. Matrix Anal. Appl. 26, 2005)
RADIUS = 4.74  # largest 1-norm with a backward error of the Frechet derivative below 2**-53 (Table 6.1 there)
PADE = tuple(
    float(math.factorial(2 * DEGREE - k) // (math.factorial(k) * math.factorial(DEGREE - k))) for k in range(DEGREE + 1)
)

# Slots, in numpy integers: numba compiles a function once for each Python integer it is called with.
SLOTS = 2 * DEGREE + 10
P, Q = np.arange(0, 2 * DEGREE + 2, DEGREE + 1)  # of P_0 and Q_0
LEFT, A, SPARE, E1, E2, F, GAP, WEIGHTED = np.arange(2 * DEGREE + 2, SLOTS)


@kernel
def _workspace(u):
    """Allocate the matrices (SLOTS, d, d), where u has d**2 entries."""
    d = int(math.sqrt(u.size) + 0.5)
    return np.empty((SLOTS, d, d))


@kernel
def _multiply(w, a, b, out):
    """Write ``A B``; `out` is neither of them."""
    d = w.shape[1]
    for i in range(d):
        for j in range(d):
            w[out, i, j] = 0.0
        for k in range(d):
            for j in range(d):
                w[out, i, j] += w[a, i, k] * w[b, k, j]


@kernel
def _copy(w, a, out):
    """Write A."""
    for i in range(w.shape[1]):
        for j in range(w.shape[1]):
            w[out, i, j] = w[a, i, j]


@kernel
def _invert(w, a, out):
    """Write ``A^{-1}``, by elimination with row exchanges; A is destroyed."""
    d = w.shape[1]
    for i in range(d):
        for j in range(d):
            w[out, i, j] = 1.0 if i == j else 0.0
    for k in range(d):
        pivot = k
        for i in range(k + 1, d):
            if abs(w[a, i, k]) > abs(w[a, pivot, k]):
                pivot = i
        scale = 1.0 / w[a, pivot, k]
        for j in range(d):
            w[a, pivot, j], w[a, k, j] = w[a, k, j], scale * w[a, pivot, j]
            w[out, pivot, j], w[out, k, j] = w[out, k, j], scale * w[out, pivot, j]
        for i in range(d):
            factor = w[a, i, k]
            if i != k:
                for j in range(d):
                    w[a, i, j] -= factor * w[a, k, j]
                    w[out, i, j] -= factor * w[out, k, j]


@kernel
def _scale(w):
    """Divide A by ``2**s`` so that its 1-norm is at most RADIUS, and return s (0 where it isn't finite)."""
    d, norm, squarings = w.shape[1], 0.0, 0
    for j in range(d):
        total = 0.0
        for i in range(d):
            total += abs(w[A, i, j])
        if not total <= norm:
            norm = total
    factor = 1.0
    while factor * norm > RADIUS and norm < math.inf:
        factor *= 0.5
        squarings += 1
    for i in range(d):
        for j in range(d):
            w[A, i, j] *= factor
    return squarings


@kernel
def _pade(w, x):
    """Write the Pade approximant at A to x; leaves P_0 .. P_13, Q_1 .. Q_13 and ``LEFT = q^{-1}``."""
    d = w.shape[1]
    for side in range(2):
        first, sign = P + side * Q, 1.0 - 2.0 * side
        for i in range(d):
            for j in range(d):
                w[first + DEGREE, i, j] = sign * PADE[DEGREE] if i == j else 0.0
        for k in range(DEGREE - 1, -1, -1):
            _multiply(w, A, first + k + 1, first + k)
            for i in range(d):
                w[first + k, i, i] += PADE[k] * (sign if k % 2 else 1.0)
    _invert(w, Q, LEFT)
    _multiply(w, LEFT, P, x)


@kernel
def _exponential(w, x):
    """Write ``expm(A)`` to x; A is scaled."""
    squarings = _scale(w)
    _pade(w, x)
    for _ in range(squarings):
        _multiply(w, x, x, SPARE)
        _copy(w, SPARE, x)


@kernel
def matrix_exponential(a):
    """Return ``expm(A)`` of a (d, d) array."""
    w, d = np.empty((SLOTS, a.shape[0], a.shape[0])), a.shape[0]
    for i in range(d):
        for j in range(d):
            w[A, i, j] = a[i, j]
    _exponential(w, E1)
    return w[E1].copy()


@kernel
def _pade_derivative(w, x, scale, big, out):
    """Write `scale` times the derivative of the approximant at A, from what `_pade` left; LEFT and Q_0 are used up."""
    d = w.shape[1]
    for k in range(d):
        for l in range(d):
            for m in range(d * d):
                big[out, k, l, m] = 0.0
    for term in range(DEGREE):
        _multiply(w, Q + term + 1, x, SPARE)
        for i in range(d):
            for j in range(d):
                w[Q, j, i] = scale * (w[P + term + 1, i, j] - w[SPARE, i, j])  # transposed: contiguous below
        for k in range(d):
            for l in range(d):
                for i in range(d):
                    for j in range(d):
                        big[out, k, l, d * i + j] += w[LEFT, k, i] * w[Q, l, j]
        _multiply(w, LEFT, A, SPARE)
        _copy(w, SPARE, LEFT)


@kernel
def _differentiate_product(w, a, b, big, da, db, out):
    """Write the derivative of ``A B``, given those of A and B."""
    d = w.shape[1]
    for k in range(d):
        for l in range(d):
            for m in range(d * d):
                big[out, k, l, m] = 0.0
            for i in range(d):
                for m in range(d * d):
                    big[out, k, l, m] += w[a, k, i] * big[db, i, l, m] + big[da, k, i, m] * w[b, i, l]


@kernel
def _exponential_and_derivative(w, x, big, out, spare):
    """Write ``X = expm(A)`` to x and return where its derivative is: in `out` or `spare`; A is scaled."""
    squarings = _scale(w)
    _pade(w, x)
    _pade_derivative(w, x, math.ldexp(1.0, -squarings), big, out)
    for _ in range(squarings):
        _differentiate_product(w, x, x, big, out, out, spare)
        out, spare = spare, out
        _multiply(w, x, x, SPARE)
        _copy(w, SPARE, x)
    return out


@kernel
def _argument(w, u, same, transposed):
    """Write ``same C + transposed C'`` to A."""
    d = w.shape[1]
    for i in range(d):
        for j in range(d):
            w[A, i, j] = same * u[d * i + j] + transposed * u[d * j + i]


@kernel
def _with_respect_to_c(big, at, same, transposed):
    """Chain rule in place: the argument was ``same C + transposed C'``, now it is C."""
    d = big.shape[1]
    for row in range(d):
        for column in range(d):
            for i in range(d):
                for j in range(i + 1):
                    low, high = big[at, row, column, d * i + j], big[at, row, column, d * j + i]
                    big[at, row, column, d * i + j] = same * low + transposed * high
                    big[at, row, column, d * j + i] = same * high + transposed * low


@kernel
def _has_samples(d, p):
    """Whether p ends with Q."""
    return p.size == 2 + 3 * d * d


@kernel
def _final_map(w, p):
    """Write ``F = E1 E2``, ``R - F`` and ``(R - F) S + Q``."""
    d = w.shape[1]
    _multiply(w, E1, E2, F)
    for i in range(d):
        for j in range(d):
            w[GAP, i, j] = p[2 + d * i + j] - w[F, i, j]
            w[SPARE, i, j] = p[2 + d * d + d * i + j]
    _multiply(w, GAP, SPARE, WEIGHTED)
    if _has_samples(d, p):
        for i in range(d):
            for j in range(d):
                w[WEIGHTED, i, j] += p[2 + 2 * d * d + d * i + j]


@kernel
def _flow(u, p):
    """Return a workspace with ``E1 = expm(T (C - C'))``, ``E2 = expm(T C')`` and what `_final_map` makes of them."""
    w = _workspace(u)
    for turn in range(2):
        _argument(w, u, p[1] * (1 - turn), p[1] * (2 * turn - 1))
        _exponential(w, E1 + turn)
    _final_map(w, p)
    return w


@kernel
def general_residual(u, p, out):
    """Write ``G`` (d**2,)."""
    w = _flow(u, p)
    d = w.shape[1]
    for i in range(d):
        for j in range(d):
            value = p[0] * u[d * i + j]
            for k in range(d):
                value -= w[F, k, i] * w[WEIGHTED, k, j]
            out[d * i + j] = value


@kernel
def general_cost(u, p):
    """Return ``J = (lam T / 2) tr(C'C) + tr((F - R) S (F - R)') / 2 - tr((F - R)' Q)``."""
    w = _flow(u, p)
    d, size, misfit = w.shape[1], 0.0, 0.0
    for i in range(d):
        for j in range(d):
            size += u[d * i + j] ** 2
            misfit += w[GAP, i, j] * w[WEIGHTED, i, j]
            if _has_samples(d, p):
                misfit += w[GAP, i, j] * p[2 + 2 * d * d + d * i + j]
    return 0.5 * (p[0] * p[1] * size + misfit)


@kernel
def general_jacobian(u, p, out):
    """Write ``DG`` (d**2, d**2); column d i + j is the direction in which C[i, j] grows."""
    w, n = _workspace(u), u.size
    d, at, before = w.shape[1], E1, E1
    big = np.empty((5, d, d, n))
    for turn in range(2):  # E1 to slot 0 or 1 of big, E2 to slot 2 or 3
        same, transposed = p[1] * (1 - turn), p[1] * (2 * turn - 1)
        _argument(w, u, same, transposed)
        before = at
        at = _exponential_and_derivative(w, E1 + turn, big, 2 * turn, 2 * turn + 1)
        _with_respect_to_c(big, at, same, transposed)
    _final_map(w, p)
    _differentiate_product(w, E1, E2, big, before, at, big.shape[0] - 1)
    for i in range(n):
        for m in range(n):
            out[i, m] = p[0] if i == m else 0.0
    _add_change(w, p, big, out)


@kernel
def _add_change(w, p, big, out):
    """Add ``F' dF S - dF' (R - F) S`` to out (d**2, n), for the n changes dF in slot 4 of big (5, d, d, n)."""
    d, n = w.shape[1], out.shape[1]
    row = np.empty(n)
    for k in range(d):
        for j in range(d):
            for m in range(n):
                row[m] = 0.0
            for i in range(d):
                for m in range(n):
                    row[m] += big[4, k, i, m] * p[2 + d * d + d * i + j]  # row (k, j) of dF S
            for i in range(d):
                for m in range(n):
                    out[d * i + j, m] += w[F, k, i] * row[m] - w[WEIGHTED, k, j] * big[4, k, i, m]


@kernel
def _time_derivative(u, w, p, out):
    """Write ``dG/dT`` (d**2,) from ``dF/dT = E1 C E2``, after `_flow`."""
    d = w.shape[1]
    _argument(w, u, 1.0, 0.0)
    _multiply(w, E1, A, SPARE)
    _multiply(w, SPARE, E2, A)
    for i in range(d):
        for j in range(d):
            w[SPARE, i, j] = p[2 + d * d + d * i + j]
    _multiply(w, A, SPARE, LEFT)
    for i in range(d):
        for j in range(d):
            for k in range(d):
                out[d * i + j] += w[F, k, i] * w[LEFT, k, j] - w[A, k, i] * w[WEIGHTED, k, j]


@kernel
def general_parameter_derivative(u, p, k, out):
    """Write the derivative of ``G`` (d**2,) with respect to ``p[k]``."""
    w, n = _flow(u, p), u.size
    d = w.shape[1]
    for m in range(n):
        out[m] = u[m] if k == 0 else 0.0
    if k == 1:
        _time_derivative(u, w, p, out)
    elif 2 <= k < 2 + n:  # R[i, j]: -F' e_i e_j' S
        i, j = (k - 2) // d, (k - 2) % d
        for m in range(n):
            out[m] = -w[F, i, m // d] * p[2 + n + d * j + m % d]
    elif k >= 2 + 2 * n:  # Q[i, j]: -F' e_i e_j'
        i, j = (k - 2 - 2 * n) // d, (k - 2 - 2 * n) % d
        for m in range(d):
            out[d * m + j] = -w[F, i, m]
    elif k >= 2 + n:  # S[i, j]: -F' (R - F) e_i e_j'
        i, j = (k - 2 - n) // d, (k - 2 - n) % d
        for m in range(d):
            for row in range(d):
                out[d * m + j] -= w[F, row, m] * w[GAP, row, i]
