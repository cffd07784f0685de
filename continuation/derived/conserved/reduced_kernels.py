"""What the engine calls for problems without their conserved sums: one kernel each for all bases, called by address.

``u_kept = v``, ``u_eliminated = G T + W v`` with totals T among the parameters; of F only the equations of the states
kept are solved.  p: the named parameters of the base and further totals, the base's constants, G (t, t), W (t, m).
`reduced_functions` writes `data`: the head, then the places of the totals in p (t), the states eliminated (t) and kept
(m).
"""

import math

from continuation.compiled.calls.arrays import doubles, integers, new_doubles
from continuation.compiled.calls.interface import OK, call, callback
from continuation.compiled.calls.kernel import internal

# The head of `data`: numbers of states N, of states kept M, of totals T, of the base's named parameters NAMED, of
# totals that are not among them ADDED, of entries of p that the base takes K; whether the base has the parameter
# derived by (OWN) and which total that is (TOTAL, -1: none); address and data of what is called of the base.
N, M, T, NAMED, ADDED, K, OWN, TOTAL, BASE, BASE_DATA, MATRIX, MATRIX_DATA, HEAD = range(13)


@internal
def base_parameters(data, p):
    """(K,) what the base takes of p: totals of its own stay, others go."""
    d = integers(data, HEAD)
    q, a = new_doubles(d[K]), doubles(p, d[K] + d[ADDED])
    for k in range(d[K]):
        q[k] = a[k] if k < d[NAMED] else a[k + d[ADDED]]
    return q


@internal
def whole_state(data, v, p):
    """All states u (N,)."""
    d = integers(data, HEAD)
    n, m, t, start = d[N], d[M], d[T], d[K] + d[ADDED]
    places = integers(data, HEAD + 2 * t + m)
    x, a, u = doubles(v, m), doubles(p, start + t * t + t * m), new_doubles(n)
    for j in range(m):
        u[places[HEAD + 2 * t + j]] = x[j]
    for i in range(t):
        total = 0.0
        for k in range(t):
            total += a[start + i * t + k] * a[places[HEAD + k]]
        for j in range(m):
            total += a[start + t * t + i * m + j] * x[j]
        u[places[HEAD + t + i]] = total
    return u


@internal
def blank_square(n):
    """(n, n) NaN: what a function leaves out shows."""
    full = new_doubles((n, n))
    for i in range(n):
        for j in range(n):
            full[i, j] = math.nan
    return full


@callback
def reduced_vector(data, v, p, out):
    """F of the states kept."""
    d = integers(data, HEAD)
    n, m, t = d[N], d[M], d[T]
    places, f, result = integers(data, HEAD + 2 * t + m), new_doubles(n), doubles(out, m)
    for i in range(n):
        f[i] = math.nan
    status = call(d[BASE], d[BASE_DATA], whole_state(data, v, p), base_parameters(data, p), f)
    for j in range(m):
        result[j] = f[places[HEAD + 2 * t + j]]
    return status


@callback
def reduced_matrix(data, v, p, out):
    """``A_kept,kept + A_kept,eliminated W``."""
    d = integers(data, HEAD)
    m, t, start = d[M], d[T], d[K] + d[ADDED]
    places, a = integers(data, HEAD + 2 * t + m), doubles(p, start + t * t + t * m)
    full, result = blank_square(d[N]), doubles(out, (m, m))
    status = call(d[BASE], d[BASE_DATA], whole_state(data, v, p), base_parameters(data, p), full)
    for i in range(m):
        row = places[HEAD + 2 * t + i]
        for j in range(m):
            total = full[row, places[HEAD + 2 * t + j]]
            for k in range(t):
                total += full[row, places[HEAD + t + k]] * a[start + t * t + k * m + j]
            result[i, j] = total
    return status


@callback
def reduced_derivative(data, v, p, out):
    """``dF_kept/dp``, through the totals too: ``A_kept,eliminated G``."""
    d = integers(data, HEAD)
    n, m, t, start, status = d[N], d[M], d[T], d[K] + d[ADDED], OK
    places, a = integers(data, HEAD + 2 * t + m), doubles(p, start + t * t)
    u, q, f, result = whole_state(data, v, p), base_parameters(data, p), new_doubles(n), doubles(out, m)
    if d[OWN] == 1:
        for i in range(n):
            f[i] = math.nan
        status = call(d[BASE], d[BASE_DATA], u, q, f)
    for j in range(m):
        result[j] = f[places[HEAD + 2 * t + j]]
    if d[TOTAL] >= 0 and status == OK:
        full = blank_square(n)
        status = call(d[MATRIX], d[MATRIX_DATA], u, q, full)
        for j in range(m):
            for i in range(t):
                result[j] += full[places[HEAD + 2 * t + j], places[HEAD + t + i]] * a[start + i * t + d[TOTAL]]
    return status


@callback
def reduced_scalar(data, v, p, out):
    """``g(u, p)``."""
    d = integers(data, HEAD)
    return call(d[BASE], d[BASE_DATA], whole_state(data, v, p), base_parameters(data, p), doubles(out, 1))
