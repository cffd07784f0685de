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
# Part of the Frobenius norm of the rates that the constraints' own rate has at least: it depends on units, so it must
# be small; at none it vanishes where all others do, at a Bogdanov-Takens point.
LEAST_RATE = 1e-6
# Relative step of differences of F_u where that is made of differences itself, known to 1e-10 or so.
TWICE = 1e-4
HELD = 1e-8  # of a constraint's terms: nearer to zero and how the rate varies is not asked, which takes 2 n Jacobians


@internal
def solve_block(a, b):
    """Solve ``a x = b`` for the columns of b (n, m) in place, by elimination with row exchanges; a is overwritten."""
    n, m = b.shape
    for k in range(n):
        row = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[row, k]):
                row = i
        for j in range(n):
            a[k, j], a[row, j] = a[row, j], a[k, j]
        for j in range(m):
            b[k, j], b[row, j] = b[row, j], b[k, j]
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
def jacobian_at(d, u, p, a):
    """F_u (n, n), by central differences where it is not given; a status."""
    n, status = d[N], OK
    if d[MATRIX] != 0:
        for i in range(n):
            for j in range(n):
                a[i, j] = math.nan
        return call(d[MATRIX], d[MATRIX_DATA], u, p, a)
    above, below = new_doubles((n, 1)), new_doubles((n, 1))
    for j in range(n):
        value = u[j]
        step = CUBE_ROOT * max(1.0, abs(value))
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
def constraint_rate(d, la, e):
    """Rate at which constraints that do not hold are approached: like the others', whatever the units."""
    n, r = d[N], d[R]
    s, total, squares = new_doubles((n, n)), 0.0, 0.0
    for i in range(r):
        for j in range(n):
            s[i, j] = la[i, j]
    solve_block(leading_matrix(d, la, e), s)
    for i in range(n):
        for j in range(n):
            total += abs(s[i, j] * s[j, i])
            squares += s[i, j] * s[i, j]
    return math.sqrt(total + LEAST_RATE * LEAST_RATE * squares)


@internal
def velocity(d, u, p, la, lf, f):
    """``u'`` into f (n, 1), ``L F`` into lf (n, 1) and ``L F_u`` into la (n, n): (status, rate of the constraints)."""
    n, r = d[N], d[R]
    left, e = doubles(d[LEFT], (n, n)), doubles(d[LEADING], (r, n))
    a, rate = new_doubles((n, n)), 0.0
    status = field_at(d, u, p, f)
    weigh_rows(left, f, lf)
    if status == OK:
        status = jacobian_at(d, u, p, a)
    if status == OK:
        weigh_rows(left, a, la)
        rate = constraint_rate(d, la, e)
        for i in range(n):
            f[i, 0] = lf[i, 0] if i < r else -rate * lf[i, 0]
        solve_block(leading_matrix(d, la, e), f)
    return status, rate


@internal
def step_of_jacobians(d):
    """Relative step of central differences of F_u."""
    return CUBE_ROOT if d[MATRIX] != 0 else TWICE


@internal
def is_held(d, u, lf, la):
    """Whether the constraints L F (n, 1) hold, but for so little that their rate need not be differentiated."""
    n = d[N]
    for i in range(d[R], n):
        terms = 0.0
        for j in range(n):
            terms += abs(la[i, j]) * max(1.0, abs(u[j]))
        if abs(lf[i, 0]) > HELD * terms:
            return False
    return True


@internal
def add_slopes_of_rate(d, u, p, lf, result):
    """Take the constraints times the derivative of their rate, by central differences, off the rows; a status."""
    n, r, status = d[N], d[R], OK
    left, e = doubles(d[LEFT], (n, n)), doubles(d[LEADING], (r, n))
    a, la = new_doubles((n, n)), new_doubles((n, n))
    for j in range(n):
        value, slope, high = u[j], 0.0, 0.0
        step = step_of_jacobians(d) * max(1.0, abs(value))
        for side in (1.0, -1.0):
            u[j] = value + side * step
            status = max(status, jacobian_at(d, u, p, a))
            weigh_rows(left, a, la)
            slope += side * constraint_rate(d, la, e)
            high += side * u[j]
        u[j] = value
        for i in range(r, n):
            result[i, j] -= slope / high * lf[i, 0]
    return status


@internal
def add_turn(d, u, p, f, result):
    """Take the change of ``L F_u`` along the way f (n, 1) off the constraints' rows: K varies there; a status."""
    n, r, status, reach = d[N], d[R], OK, math.inf
    left, a, la, there = doubles(d[LEFT], (n, n)), new_doubles((n, n)), new_doubles((n, n)), new_doubles(n)
    for i in range(n):
        if f[i, 0] != 0.0:
            reach = min(reach, step_of_jacobians(d) * max(1.0, abs(u[i])) / abs(f[i, 0]))
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
    """``u' = K^-1 [L F; -rate L F]``."""
    d = integers(data, MASS)
    n = d[N]
    la, lf, f = new_doubles((n, n)), new_doubles((n, 1)), new_doubles((n, 1))
    status, _ = velocity(d, copied(v, n), doubles(p, d[K]), la, lf, f)
    result = doubles(out, n)
    for i in range(n):
        result[i] = f[i, 0]
    return status


@callback
def singular_matrix(data, v, p, out):
    """Derivative of `singular_vector`."""
    d = integers(data, MASS)
    n, r = d[N], d[R]
    u, q, result = copied(v, n), doubles(p, d[K]), doubles(out, (n, n))
    la, lf, f = new_doubles((n, n)), new_doubles((n, 1)), new_doubles((n, 1))
    status, rate = velocity(d, u, q, la, lf, f)
    for i in range(n):
        for j in range(n):
            result[i, j] = la[i, j] if i < r else -rate * la[i, j]
    if status == OK and not is_held(d, u, lf, la):
        status = add_slopes_of_rate(d, u, q, lf, result)
    if status == OK:
        status = add_turn(d, u, q, f, result)
    solve_block(leading_matrix(d, la, doubles(d[LEADING], (r, n))), result)
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += result[i, j]
    return status if status != OK or math.isfinite(total) else NONFINITE
