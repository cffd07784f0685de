"""The Morse index of a critical point by broken extremals, in compiled loops; see `systems.characteristic.morse.index`.

Matrices of order ``n = d**2`` act on (d, d) matrices row by row.  Over a time h with ``h |C| <= SHORT`` no two
extremals meet again, so the index of the functional is that of the quadratic form in the places y_k of broken
extremals at times k h.  In the frame that turns with the flow all pieces have one and the same form, a piece of
twice the length has the Schur complement of two (and the index is that of what was eliminated).
"""

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.characteristic.kernels.general_kernels import matrix_exponential
from systems.small_symmetric import eigen, eigenvalues

SHORT = 0.09  # of h |C|_F: then |P_h / h - 1| < 1, by 2 (e^{2c} f(4c) - 1) + f(2c) - 1 with f(x) = (e^x - 1) / x
TERMS = 14  # of the series in ad, whose argument is at most 4 SHORT
ZERO = 1e-7  # of the form's size: eigenvalues nearer to zero are zero
ROUNDING = 1e-13  # of the entries that cancel in the last form: what they leave may be zero, too
LEAST = 1e-15  # of the largest eigenvalue: stands for zero where a singular matrix is inverted
LARGEST = 1e12  # of (T |C|)**2: beyond it nothing is counted; so there are at most 23 doublings
FINE = 1e-4  # smallest eigenvalue, relative, of a matrix that is eliminated without trying another partition


@kernel
def product(a, b):
    """Return ``A B``."""
    rows, inner, columns = a.shape[0], a.shape[1], b.shape[1]
    out = np.zeros((rows, columns))
    for i in range(rows):
        for k in range(inner):
            for j in range(columns):
                out[i, j] += a[i, k] * b[k, j]
    return out


@kernel
def adjoint(y):
    """``X -> Y X - X Y`` as a matrix (n, n)."""
    d = y.shape[0]
    out = np.zeros((d * d, d * d))
    for i in range(d):
        for j in range(d):
            for k in range(d):
                out[d * i + j, d * k + j] += y[i, k]
                out[d * i + j, d * i + k] -= y[k, j]
    return out


@kernel
def mean_transport(ad):
    """``(1 - e^{-ad}) / ad`` by its series."""
    n = ad.shape[0]
    out = np.eye(n)
    for k in range(TERMS, 0, -1):
        out = product(ad, out)
        for i in range(n):
            for j in range(n):
                out[i, j] *= -1.0 / (k + 1)
            out[i, i] += 1.0
    return out


@kernel
def transposed_columns(a, d):
    """``A tau``, where tau transposes a (d, d) matrix."""
    out = np.empty(a.shape)
    for i in range(d):
        for j in range(d):
            for k in range(d * d):
                out[k, d * i + j] = a[k, d * j + i]
    return out


@kernel
def inverse(a):
    """``A^{-1}`` by elimination with row exchanges."""
    n = a.shape[0]
    a, out = a.copy(), np.eye(n)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[pivot, k]):
                pivot = i
        scale = 1.0 / a[pivot, k]
        for j in range(n):
            a[pivot, j], a[k, j] = a[k, j], scale * a[pivot, j]
            out[pivot, j], out[k, j] = out[k, j], scale * out[pivot, j]
        for i in range(n):
            factor = a[i, k]
            if i != k:
                for j in range(n):
                    a[i, j] -= factor * a[k, j]
                    out[i, j] -= factor * out[k, j]
    return out


@kernel
def carry(C, h):
    """``P_h[V] = F^{-1} dF[V]`` and ``K = Ad(e^{-h C'})`` for a short time h, as matrices (n, n)."""
    d = C.shape[0]
    spin, stretch = adjoint(h * (C - C.T)), adjoint(h * C.T.copy())
    second = mean_transport(stretch)
    K = np.eye(d * d) - product(stretch, second)
    first = product(K, mean_transport(spin))
    P = h * (first - transposed_columns(first, d) + transposed_columns(second, d))
    return P, K


@kernel
def piece(C, h):
    """The form ``y' a y + 2 y' b z + z' c z`` (a, b, c) of one piece, divided by lam."""
    d = C.shape[0]
    P, K = carry(C, h)
    stiff = inverse(P)
    stiff = 0.5 * (stiff + stiff.T)
    mixed = np.zeros((d * d, d * d))  # <C, z y - y z> as a form in (y, z)
    for i in range(d):
        for j in range(d):
            for k in range(d):
                mixed[d * k + j, d * i + k] += C[i, j]  # C_ij z_ik y_kj
                mixed[d * i + k, d * k + j] -= C[i, j]  # C_ij y_ik z_kj
    b = product(-stiff - 0.5 * mixed, K)
    c = product(K.T.copy(), product(stiff, K))
    return stiff, b, c


@kernel
def end_form(C, lam, S, T):
    """``(|y E S^{1/2}|**2 / lam - <C, y y>)`` as a matrix (n, n), ``E = e^{T C'}``."""
    d = C.shape[0]
    E = matrix_exponential(T * C.T)
    reach = product(E, product(S, E.T.copy()))
    out = np.zeros((d * d, d * d))
    for i in range(d):
        for j in range(d):
            for k in range(d):
                out[d * i + k, d * i + j] += 0.5 * (reach[k, j] + reach[j, k]) / lam
                out[d * i + k, d * k + j] -= 0.5 * C[i, j]  # C_ij y_ik y_kj
                out[d * k + j, d * i + k] -= 0.5 * C[i, j]
    return out


@kernel
def eliminate(middle):
    """Number of negative eigenvalues of a symmetric matrix, its smallest over its largest, its inverse."""
    values, vectors = eigen(middle)
    n, negative, least, most = middle.shape[0], 0, np.inf, 0.0
    for k in range(n):
        negative += values[k] < 0.0
        least, most = min(least, abs(values[k])), max(most, abs(values[k]))
    scaled = vectors.copy()
    for k in range(n):
        value = values[k] if abs(values[k]) > LEAST * most else LEAST * most
        for i in range(n):
            scaled[i, k] /= value
    return negative, least / most, product(scaled, vectors.T.copy())


@kernel
def merge_equal(a, b, c):
    """Count and quality of what is eliminated between two equal pieces, and the form of both together."""
    negative, quality, inverted = eliminate(a + c)
    left, right = product(b, inverted), product(b.T.copy(), inverted)
    through, back = product(left, b.T.copy()), product(right, b)
    return negative, quality, a - 0.5 * (through + through.T), -product(left, b), c - 0.5 * (back + back.T)


@kernel
def count_with(C, lam, S, T, parts):
    """Index, nullity and quality of one partition: equal parts, each of ``2**m`` pieces."""
    h, doublings, size = T / parts, 0, np.sqrt(np.sum(C * C))
    while h * size > SHORT:
        h *= 0.5
        doublings += 1
    a, b, c = piece(C, h)
    inner, quality = 0, 1.0
    for _ in range(doublings):
        negative, least, a, b, c = merge_equal(a, b, c)
        quality, inner = min(quality, least), 2 * inner + negative
    index = inner * parts
    tail = a.copy()
    first = parts - 1
    if lam > 0.0:
        tail = end_form(C, lam, S, T)
        first = parts
    for _ in range(first - 1):
        negative, least, inverted = eliminate(c + tail)
        index, quality = index + negative, min(quality, least)
        through = product(b, product(inverted, b.T.copy()))
        tail = a - 0.5 * (through + through.T)
    last = c + tail
    values = eigenvalues(last)
    bound = ZERO * np.max(np.abs(c)) + ROUNDING * np.max(np.abs(last))
    nullity = 0
    for value in values:
        index += value < -bound
        nullity += abs(value) <= bound
    return index, nullity, quality


@kernel
def index_and_nullity(C, lam, S, T):
    """Morse index and nullity; -1 and 0 where lam is negative, T isn't positive or C isn't finite."""
    size = np.sum(C * C)
    if not (lam >= 0.0 and T > 0.0 and size < LARGEST / (T * T) and lam < np.inf):
        return -1, 0
    best, index, nullity = -1.0, -1, 0
    for parts in (2, 3, 5, 7):  # coprime: what is singular at a place of one partition isn't at those of the next
        i, k, quality = count_with(C, lam, S, T, parts)
        if quality > best:
            best, index, nullity = quality, i, k
        if best > FINE:
            break
    return index, nullity
