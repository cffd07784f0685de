"""What the engine calls for restricted and isolated problems: one kernel each for all bases, called by address."""

import math

from continuation.compiled.calls.arrays import doubles, integers, new_doubles
from continuation.compiled.calls.interface import OK, call, callback
from continuation.compiled.calls.kernel import internal

CUBE_ROOT = 6.055454452393343e-06

# Restricted problems.  data: n, m, k, base's address, base's data; p: the base's k entries, P (n, m), P^-1 (m, n).


@callback
def restricted_vector(data, y, p, out):
    """``P^-1 f(P y, p)``."""
    d = integers(data, 5)
    n, m, k = d[0], d[1], d[2]
    a, x, parameters = doubles(p, k + 2 * n * m), doubles(y, m), doubles(p, k)
    u, f, result = new_doubles(n), new_doubles(n), doubles(out, m)
    for i in range(n):
        f[i] = math.nan
        for j in range(m):
            u[i] += a[k + i * m + j] * x[j]
    status = call(d[3], d[4], u, parameters, f)
    for j in range(m):
        total = 0.0
        for i in range(n):
            total += a[k + n * m + j * n + i] * f[i]
        result[j] = total
    return status


@callback
def restricted_matrix(data, y, p, out):
    """``P^-1 A(P y, p) P``."""
    d = integers(data, 5)
    n, m, k = d[0], d[1], d[2]
    a, x, parameters = doubles(p, k + 2 * n * m), doubles(y, m), doubles(p, k)
    u, full, half, result = new_doubles(n), new_doubles((n, n)), new_doubles((n, m)), doubles(out, (m, m))
    for i in range(n):
        for j in range(n):
            full[i, j] = math.nan
        for j in range(m):
            u[i] += a[k + i * m + j] * x[j]
    status = call(d[3], d[4], u, parameters, full)
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
    d = integers(data, 5)
    n, m, k = d[0], d[1], d[2]
    a, x, u = doubles(p, k + n * m), doubles(y, m), new_doubles(n)
    for i in range(n):
        for j in range(m):
            u[i] += a[k + i * m + j] * x[j]
    return call(d[3], d[4], u, doubles(p, k), doubles(out, 1))


# Isolated problems.  data: n, s, places of the left vectors that are functions (a bit each), k, base's address and
# data, then those of the left vectors; p: the base's k entries, A (s, n, n), b (s, n), phase rows (s, n), values (s).


@internal
def directions(data, u, p, rows):
    """Write rows (s, n): ``N_i = A_i u + b_i``, or a function's value; u (n,) and p are arrays."""
    d = integers(data, 6)
    n, s, places, k = d[0], d[1], d[2], d[3]
    status, at = OK, 6
    lefts, row = integers(data, 6 + 2 * s), new_doubles(n)
    for i in range(s):
        if (places >> i) & 1 == 1:
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
    d = integers(data, 6)
    n, s, k = d[0], d[1], d[3]
    start = k + s * n * (n + 1)
    x, a, rows = doubles(v, n + s), doubles(p, start + s * n + s), new_doubles((s, n))
    parameters, state = doubles(p, k), doubles(v, n)
    result, top = doubles(out, n + s), doubles(out, n)
    status = call(d[4], d[5], state, parameters, top)
    if status == OK:
        status = directions(data, state, a, rows)
    for i in range(s):
        total = -a[start + s * n + i]
        for j in range(n):
            total += a[start + i * n + j] * x[j]
            result[j] += x[n + i] * rows[i, j]
        result[n + i] = total
    return status


@callback
def isolated_matrix(data, v, p, out):
    """Jacobian of `isolated_vector`; functions among the N_i by central differences."""
    d = integers(data, 6)
    n, s, places, k = d[0], d[1], d[2], d[3]
    start = k + s * n * (n + 1)
    x, a, result = doubles(v, n + s), doubles(p, start + s * n), doubles(out, (n + s, n + s))
    u, parameters, full = new_doubles(n), doubles(p, k), new_doubles((n, n))
    rows, below, above = new_doubles((s, n)), new_doubles((s, n)), new_doubles((s, n))
    for i in range(n):
        u[i] = x[i]
        for j in range(n):
            full[i, j] = math.nan
    status = call(d[4], d[5], u, parameters, full)
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
    if places != 0:
        for c in range(n):
            value = u[c]
            h = CUBE_ROOT * max(1.0, abs(value))
            u[c] = value - h
            first = directions(data, u, a, below)
            u[c] = value + h
            status = max(status, first, directions(data, u, a, above))
            u[c] = value
            for i in range(s):
                if (places >> i) & 1 == 1:
                    for j in range(n):
                        full[j, c] += x[n + i] * (above[i, j] - below[i, j]) / (2.0 * h)
    for i in range(n):
        for j in range(n):
            result[i, j] = full[i, j]
    return status


@callback
def isolated_derivative(data, v, p, out):
    """``df/dp_k``, zero in the phase conditions."""
    d = integers(data, 6)
    n, s = d[0], d[1]
    result, top = doubles(out, n + s), doubles(out, n)
    for i in range(s):
        result[n + i] = 0.0
    return call(d[4], d[5], doubles(v, n), doubles(p, d[3]), top)
