"""What the engine calls for restricted and isolated problems: one kernel each for all bases, called by address.

`ComposedFunction` writes `data`: the sizes given to it, then address and data of each function that is called.
"""

import math

from continuation.compiled.calls.arrays import doubles, integers, new_doubles
from continuation.compiled.calls.interface import OK, call, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense.dense import CUBE_ROOT

# Restricted problems, ``y -> P^-1 f(P y, p)``.  p: the base's K entries, P (n, m), P^-1 (m, n).
N, M, K, BASE, BASE_DATA, RESTRICTED = range(6)  # entries of `data`


@internal
def lift(data, y, p):
    """``P y`` (n,)."""
    d = integers(data, RESTRICTED)
    n, m, k = d[N], d[M], d[K]
    a, x, u = doubles(p, k + n * m), doubles(y, m), new_doubles(n)
    for i in range(n):
        for j in range(m):
            u[i] += a[k + i * m + j] * x[j]
    return u


@callback
def restricted_vector(data, y, p, out):
    """``P^-1 f(P y, p)``."""
    d = integers(data, RESTRICTED)
    n, m, k = d[N], d[M], d[K]
    a, f, result = doubles(p, k + 2 * n * m), new_doubles(n), doubles(out, m)
    for i in range(n):
        f[i] = math.nan
    status = call(d[BASE], d[BASE_DATA], lift(data, y, p), doubles(p, k), f)
    for j in range(m):
        total = 0.0
        for i in range(n):
            total += a[k + n * m + j * n + i] * f[i]
        result[j] = total
    return status


@callback
def restricted_matrix(data, y, p, out):
    """``P^-1 A(P y, p) P``."""
    d = integers(data, RESTRICTED)
    n, m, k = d[N], d[M], d[K]
    a, full, half, result = doubles(p, k + 2 * n * m), new_doubles((n, n)), new_doubles((n, m)), doubles(out, (m, m))
    for i in range(n):
        for j in range(n):
            full[i, j] = math.nan
    status = call(d[BASE], d[BASE_DATA], lift(data, y, p), doubles(p, k), full)
    for i in range(n):
        for c in range(n):
            for j in range(m):
                half[i, j] += full[i, c] * a[k + c * m + j]
    for j in range(m):
        for c in range(m):
            result[j, c] = 0.0
        for i in range(n):
            for c in range(m):
                result[j, c] += a[k + n * m + j * n + i] * half[i, c]
    return status


@callback
def restricted_scalar(data, y, p, out):
    """``g(P y, p)``."""
    d = integers(data, RESTRICTED)
    return call(d[BASE], d[BASE_DATA], lift(data, y, p), doubles(p, d[K]), doubles(out, 1))


# Isolated problems, ``(u, tau) -> f(u, p) + sum tau_i N_i(u), phase conditions``.  p: the base's COUNT entries,
# A (s, n, n), b (s, n), phase rows (s, n), values (s).  FUNCTIONS: a bit for each N_i that is a function, not affine.
STATES, PHASES, FUNCTIONS, COUNT, FIELD, FIELD_DATA, LEFTS = range(7)  # entries of `data`, those of the N_i behind


@internal
def phase_rows(data):
    """Where the phase rows begin in p."""
    d = integers(data, LEFTS)
    return d[COUNT] + d[PHASES] * d[STATES] * (d[STATES] + 1)


@internal
def directions(data, u, p, rows):
    """Write rows (s, n): ``N_i = A_i u + b_i``, or a function's value; u (n,) and p are arrays."""
    d = integers(data, LEFTS)
    n, s, k = d[STATES], d[PHASES], d[COUNT]
    status, at = OK, LEFTS
    lefts, row = integers(data, LEFTS + 2 * s), new_doubles(n)
    for i in range(s):
        if (d[FUNCTIONS] >> i) & 1 == 1:
            if status == OK:
                status = call(lefts[at], lefts[at + 1], u, p, row)
            at += 2
            for j in range(n):
                rows[i, j] = row[j]
        else:
            for j in range(n):
                total = p[k + s * n * n + i * n + j]
                for c in range(n):
                    total += p[k + (i * n + j) * n + c] * u[c]
                rows[i, j] = total
    return status


@callback
def isolated_vector(data, v, p, out):
    """``f + sum tau_i N_i`` and the phase conditions."""
    d, start = integers(data, LEFTS), phase_rows(data)
    n, s = d[STATES], d[PHASES]
    x, a, rows = doubles(v, n + s), doubles(p, start + s * n + s), new_doubles((s, n))
    state, result, top = doubles(v, n), doubles(out, n + s), doubles(out, n)
    status = call(d[FIELD], d[FIELD_DATA], state, doubles(p, d[COUNT]), top)
    if status == OK:
        status = directions(data, state, a, rows)
    for i in range(s):
        total = -a[start + s * n + i]
        for j in range(n):
            total += a[start + i * n + j] * x[j]
            result[j] += x[n + i] * rows[i, j]
        result[n + i] = total
    return status


@internal
def add_differences(data, u, p, tau, full):
    """Add ``sum tau_i dN_i/du`` of those N_i that are functions to `full`, by central differences."""
    d = integers(data, LEFTS)
    n, s, status = d[STATES], d[PHASES], OK
    below, above = new_doubles((s, n)), new_doubles((s, n))
    for c in range(n):
        value = u[c]
        h = CUBE_ROOT * max(1.0, abs(value))
        u[c] = value - h
        first = directions(data, u, p, below)
        u[c] = value + h
        status = max(status, first, directions(data, u, p, above))
        u[c] = value
        for i in range(s):
            if (d[FUNCTIONS] >> i) & 1 == 1:
                for j in range(n):
                    full[j, c] += tau[i] * (above[i, j] - below[i, j]) / (2.0 * h)
    return status


@callback
def isolated_matrix(data, v, p, out):
    """Jacobian of `isolated_vector`; functions among the N_i by central differences."""
    d, start = integers(data, LEFTS), phase_rows(data)
    n, s, k = d[STATES], d[PHASES], d[COUNT]
    x, a, result = doubles(v, n + s), doubles(p, start + s * n), doubles(out, (n + s, n + s))
    u, full, rows = x[:n].copy(), new_doubles((n, n)), new_doubles((s, n))
    for i in range(n):
        for j in range(n):
            full[i, j] = math.nan
    status = call(d[FIELD], d[FIELD_DATA], u, doubles(p, k), full)
    if status == OK:
        status = directions(data, u, a, rows)
    for i in range(s):
        for j in range(n):
            result[j, n + i] = rows[i, j]
            result[n + i, j] = a[start + i * n + j]
            for c in range(n):
                full[j, c] += x[n + i] * a[k + (i * n + j) * n + c]
        for j in range(s):
            result[n + i, n + j] = 0.0
    if d[FUNCTIONS] != 0:
        status = max(status, add_differences(data, u, a, x[n:], full))
    for i in range(n):
        for j in range(n):
            result[i, j] = full[i, j]
    return status


@callback
def isolated_derivative(data, v, p, out):
    """``df/dp_k``, zero in the phase conditions."""
    d = integers(data, LEFTS)
    n, s = d[STATES], d[PHASES]
    result, top = doubles(out, n + s), doubles(out, n)
    for i in range(s):
        result[n + i] = 0.0
    return call(d[FIELD], d[FIELD_DATA], doubles(v, n), doubles(p, d[COUNT]), top)
