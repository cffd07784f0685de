"""What the engine calls for ``M u' = F(u, p)``: one kernel each for all problems, called by address.

See `continuation.derived.mass_matrix`, whose `MassFunction` writes `data`: sizes, address and data of F and of its
Jacobian (0: there is none), then the addresses of ``L`` (n, n) and ``E`` (r, n).
"""

import math

from continuation.compiled.calls.arrays import doubles, integers, new_doubles
from continuation.compiled.calls.interface import NONFINITE, OK, call, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense.dense import CUBE_ROOT

N, R, K, FIELD, FIELD_DATA, MATRIX, MATRIX_DATA, LEFT, LEADING, MASS = range(10)  # entries of `data`
RATE = 1.0  # at which constraints that do not hold are approached, in the problem's unit of time
SINGULAR_AT = 1e-13  # of the largest pivot: a matrix with a smaller one is singular, but for rounding
# Relative step of differences of F_u where that is made of differences itself, known to 1e-10 or so.
TWICE = 1e-4


@internal
def solve_block(a, b):
    """Solve ``a x = b`` for the columns of b (n, m) in place, by elimination with row exchanges; a is overwritten.

    Returns whether a is regular: its rows, made alike, leave no pivot that is rounding.
    """
    n, m = b.shape
    least, most = math.inf, 0.0
    for i in range(n):
        size = 0.0
        for j in range(n):
            size = max(size, abs(a[i, j]))
        for j in range(n):
            a[i, j] /= size
        for j in range(m):
            b[i, j] /= size
    for k in range(n):
        row = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[row, k]):
                row = i
        for j in range(n):
            a[k, j], a[row, j] = a[row, j], a[k, j]
        for j in range(m):
            b[k, j], b[row, j] = b[row, j], b[k, j]
        least, most = min(least, abs(a[k, k])), max(most, abs(a[k, k]))
        for i in range(k + 1, n):
            factor = a[i, k] / a[k, k]
            if factor != 0.0:
                for j in range(k, n):
                    a[i, j] -= factor * a[k, j]
                for j in range(m):
                    b[i, j] -= factor * b[k, j]
    for k in range(n - 1, -1, -1):
        for j in range(m):
            total = b[k, j]
            for i in range(k + 1, n):
                total -= a[k, i] * b[i, j]
            b[k, j] = total / a[k, k]
    return least > SINGULAR_AT * most


@internal
def weigh_rows(left, a, out):
    """``left @ a`` into `out` (n, m)."""
    n, m = a.shape
    for i in range(n):
        for j in range(m):
            total = 0.0
            for k in range(n):
                total += left[i, k] * a[k, j]
            out[i, j] = total


@internal
def field_at(d, u, p, f):
    """F(u, p) into f (n, 1); a status."""
    for i in range(f.shape[0]):
        f[i, 0] = math.nan
    return call(d[FIELD], d[FIELD_DATA], u, p, f)


@internal
def unit_of(u):
    """What a step of differences is relative to beside the value itself: 1, or the largest value where all are less."""
    largest = 0.0
    for j in range(u.shape[0]):
        largest = max(largest, abs(u[j]))
    return min(1.0, largest) if largest > 0.0 else 1.0


@internal
def jacobian_at(d, u, p, a):
    """F_u (n, n), by central differences where it is not given; a status."""
    n, status = d[N], OK
    if d[MATRIX] != 0:
        for i in range(n):
            for j in range(n):
                a[i, j] = math.nan
        return call(d[MATRIX], d[MATRIX_DATA], u, p, a)
    above, below, unit = new_doubles((n, 1)), new_doubles((n, 1)), unit_of(u)
    for j in range(n):
        value = u[j]
        step = CUBE_ROOT * max(unit, abs(value))
        u[j] = value + step
        status = max(status, field_at(d, u, p, above))
        high = u[j]
        u[j] = value - step
        status = max(status, field_at(d, u, p, below))
        for i in range(n):
            a[i, j] = (above[i, 0] - below[i, 0]) / (high - u[j])
        u[j] = value
    return status


@internal
def leading_matrix(d, la, e):
    """``[E; (L F_u) below]`` (n, n), with which the derivative of the states is multiplied."""
    n, r = d[N], d[R]
    k = new_doubles((n, n))
    for i in range(n):
        for j in range(n):
            k[i, j] = e[i, j] if i < r else la[i, j]
    return k


@internal
def velocity(d, u, p, la, f):
    """``u'`` into f (n, 1) and ``L F_u`` into la (n, n); a status."""
    n, r = d[N], d[R]
    left, e = doubles(d[LEFT], (n, n)), doubles(d[LEADING], (r, n))
    a, given = new_doubles((n, n)), new_doubles((n, 1))
    status = field_at(d, u, p, given)
    if status == OK:
        status = jacobian_at(d, u, p, a)
    if status != OK:
        return status
    weigh_rows(left, given, f)
    weigh_rows(left, a, la)
    for i in range(r, n):
        f[i, 0] *= -RATE
    return OK if solve_block(leading_matrix(d, la, e), f) else NONFINITE


@internal
def step_of_jacobians(d):
    """Relative step of central differences of F_u."""
    return CUBE_ROOT if d[MATRIX] != 0 else TWICE


@internal
def add_turn(d, u, p, f, result):
    """Take the change of ``L F_u`` along the way f (n, 1) off the constraints' rows: K varies there; a status."""
    n, r, status, reach = d[N], d[R], OK, math.inf
    left, a, la, there = doubles(d[LEFT], (n, n)), new_doubles((n, n)), new_doubles((n, n)), new_doubles(n)
    for i in range(n):
        if f[i, 0] != 0.0:
            reach = min(reach, step_of_jacobians(d) * max(unit_of(u), abs(u[i])) / abs(f[i, 0]))
    if not reach < math.inf:
        return OK
    for side in (1.0, -1.0):
        for i in range(n):
            there[i] = u[i] + side * reach * f[i, 0]
        status = max(status, jacobian_at(d, there, p, a))
        weigh_rows(left, a, la)
        for i in range(r, n):
            for j in range(n):
                result[i, j] -= side * la[i, j] / (2.0 * reach)
    return status


@internal
def copied(v, n):
    """A state of one's own: those that are given may not be changed."""
    u, given = new_doubles(n), doubles(v, n)
    for i in range(n):
        u[i] = given[i]
    return u


# Of a regular M


@callback
def regular_vector(data, v, p, out):
    """``M^-1 F``, or its derivative by a parameter where that is what is called."""
    d = integers(data, MASS)
    n = d[N]
    f = new_doubles((n, 1))
    status = field_at(d, doubles(v, n), doubles(p, d[K]), f)
    weigh_rows(doubles(d[LEFT], (n, n)), f, doubles(out, (n, 1)))
    return status


@callback
def regular_matrix(data, v, p, out):
    """``M^-1 F_u``."""
    d = integers(data, MASS)
    n = d[N]
    a = new_doubles((n, n))
    status = jacobian_at(d, copied(v, n), doubles(p, d[K]), a)
    weigh_rows(doubles(d[LEFT], (n, n)), a, doubles(out, (n, n)))
    return status


# Of a singular M


@callback
def singular_vector(data, v, p, out):
    """``u' = K^-1 [L F; -RATE L F]``."""
    d = integers(data, MASS)
    n = d[N]
    return velocity(d, copied(v, n), doubles(p, d[K]), new_doubles((n, n)), doubles(out, (n, 1)))


@callback
def singular_matrix(data, v, p, out):
    """Derivative of `singular_vector`."""
    d = integers(data, MASS)
    n, r = d[N], d[R]
    u, q, result = copied(v, n), doubles(p, d[K]), doubles(out, (n, n))
    la, f = new_doubles((n, n)), new_doubles((n, 1))
    status = velocity(d, u, q, la, f)
    if status != OK:
        return status
    for i in range(n):
        for j in range(n):
            result[i, j] = la[i, j] if i < r else -RATE * la[i, j]
    status = add_turn(d, u, q, f, result)
    regular = solve_block(leading_matrix(d, la, doubles(d[LEADING], (r, n))), result)
    return status if status != OK or regular else NONFINITE
