"""The collocation equations of a periodic orbit, and their derivatives at the Gauss points.

On each mesh interval, of length h in a period 1, the orbit is a polynomial of degree m, continuous from one interval to
the next and from the last to the first; at the m Gauss points ``u' = h T F(u, p)`` (de Boor and Swartz, SIAM J. Numer.
Anal. 10, 1973).  Unknowns are its values at m nodes of each interval, T and p; the last equation, the phase condition
``integral <u, r'> = 0`` with a reference r (Doedel, Keller and Kernevez 1991), tells it from its own shifts in time.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, new_doubles, part
from continuation.compiled.calls.interface import OK, callback
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.dense import dense
from continuation.compiled.dense import workspace as D
from continuation.orbits.kernels import table as T


@internal
def state_at(w, u, i, j, out):
    """Write the orbit's state at Gauss point j of interval i."""
    n, m, intervals, _ = T.sizes(w)
    values, nm = T.array(w, T.VALUES, (m, m + 1)), n * m
    last = 0 if i + 1 == intervals else (i + 1) * nm
    for k in range(n):
        out[k] = values[j, m] * u[last + k]
    for q in range(m):
        for k in range(n):
            out[k] += values[j, q] * u[i * nm + q * n + k]


@internal
def slope_at(w, u, i, j, out):
    """Write the derivative of the orbit at Gauss point j of interval i, by the time within the interval."""
    n, m, intervals, _ = T.sizes(w)
    slopes, nm = T.array(w, T.SLOPES, (m, m + 1)), n * m
    last = 0 if i + 1 == intervals else (i + 1) * nm
    for k in range(n):
        out[k] = slopes[j, m] * u[last + k]
    for q in range(m):
        for k in range(n):
            out[k] += slopes[j, q] * u[i * nm + q * n + k]


@internal
def evaluate_field(w, u, p):
    """Evaluate F at all Gauss points, unless that was done last at the same unknowns and parameters."""
    n, m, intervals, _ = T.sizes(w)
    nm, base, count = n * m, fixed(w, T.BASE), fixed(w, T.PARAMETERS)
    size = intervals * nm
    field, states, known = (
        T.array(w, T.FIELD, size),
        T.array(w, T.STATES_AT, size),
        T.array(w, T.FIELD_AT, size + 1 + count),
    )
    same = True
    for k in range(size + 1):
        same = same and known[k] == u[k]
    for k in range(count):
        same = same and known[size + 1 + k] == p[k]
    if same:
        return OK
    known[0] = math.nan
    for i in range(intervals):
        for j in range(m):
            x = part(states, i * nm + j * n, n)
            state_at(w, u, i, j, x)
            status = dense.residual_at(base, x, p, part(field, i * nm + j * n, n))
            if status != OK:
                return status
    for k in range(size + 1):
        known[k] = u[k]
    for k in range(count):
        known[size + 1 + k] = p[k]
    return OK


@callback
def residual(w, unknowns, parameters, out):
    """``u' - h T F`` at all Gauss points, then the phase condition."""
    n, m, intervals, _ = T.sizes(w)
    nm = n * m
    size = intervals * nm
    u, p, f = doubles(unknowns, size + 1), doubles(parameters, fixed(w, T.PARAMETERS)), doubles(out, size + 1)
    h, phase, field = T.array(w, T.MESH, intervals), T.array(w, T.PHASE, size), T.array(w, T.FIELD, size)
    status = evaluate_field(w, u, p)
    for i in range(intervals):
        for j in range(m):
            slope = part(f, i * nm + j * n, n)
            slope_at(w, u, i, j, slope)
            for k in range(n):
                slope[k] -= h[i] * u[size] * field[i * nm + j * n + k]
    total = 0.0
    for k in range(size):
        total += phase[k] * (u[k] - u[k % n])  # a constant, which may be large, has no phase
    f[size] = total
    return status


@callback
def linearise(w, unknowns, parameters, unused):
    """H T F_u, h F and h T F_p at all Gauss points, in lanes; nothing is factored yet."""
    n, m, intervals, groups = T.sizes(w)
    nm, base, places = n * m, fixed(w, T.BASE), T.places(w)
    size = intervals * nm
    u, p = doubles(unknowns, size + 1), doubles(parameters, fixed(w, T.PARAMETERS))
    status, values = evaluate_field(w, u, p), T.array(w, T.FIELD, size)
    states, h = T.array(w, T.STATES_AT, size), T.array(w, T.MESH, intervals)
    jacobians, slants = T.array(w, T.JACOBIANS, (groups, nm, n, 8)), T.array(w, T.SLANTS, (groups, nm, 2, 8))
    period = u[size]
    a, b = D.jacobian(base), D.derivative(base)
    for g in range(groups):
        for lane in range(8):
            i = places[g, lane]
            if i < 0:
                continue
            for j in range(m):
                if status == OK:
                    status = dense.linearise_at(base, part(states, i * nm + j * n, n), p)
                for k in range(n):
                    row = j * n + k
                    slants[g, row, 0, lane] = h[i] * values[i * nm + row]
                    slants[g, row, 1, lane] = h[i] * period * b[k]
                    for c in range(n):
                        jacobians[g, row, c, lane] = h[i] * period * a[k, c]
    T.flags(w)[T.FACTORED] = 0
    return status


@inlined
def node_weight(w, i, q):
    """Quadrature weight of node q of interval i, for integrals over a period 1; ends of intervals are shared."""
    m, intervals = fixed(w, T.DEGREE), fixed(w, T.INTERVALS)
    weights, h = T.array(w, T.WEIGHTS, m + 1), T.array(w, T.MESH, intervals)
    shared = h[i - 1 if i > 0 else intervals - 1] * weights[m] if q == 0 else 0.0
    return h[i] * weights[q] + shared


@internal
def set_reference(w, u):
    """Make the phase condition that of the orbit u (L n m,): it holds there, and no other shift of it solves it."""
    n, m, intervals, _ = T.sizes(w)
    nm = n * m
    phase, kept = T.array(w, T.PHASE, intervals * nm), T.array(w, T.REFERENCE, intervals * nm)
    values, quadrature = T.array(w, T.VALUES, (m, m + 1)), T.array(w, T.QUADRATURE, m)
    metric, h, slope = T.array(w, T.METRIC, n), T.array(w, T.MESH, intervals), T.array(w, T.POINT, (4, n))[2]
    squared, moving = 0.0, new_doubles(intervals * nm)
    for k in range(intervals * nm):
        phase[k], kept[k], moving[k] = 0.0, u[k], u[k] - u[k % n]  # differences of large numbers are small
    for i in range(intervals):
        last = 0 if i + 1 == intervals else (i + 1) * nm
        for j in range(m):
            slope_at(w, moving, i, j, slope)
            for k in range(n):
                squared += quadrature[j] * metric[k] * slope[k] * slope[k] / h[i]
                weight = quadrature[j] * metric[k] * slope[k]
                for q in range(m):
                    phase[i * nm + q * n + k] += weight * values[j, q]
                phase[last + k] += weight * values[j, m]
    for k in range(intervals * nm):
        phase[k] /= squared


@callback
def refer(w, unknowns, unused, ignored):
    """`set_reference` for Python."""
    n, m, intervals, _ = T.sizes(w)
    set_reference(w, doubles(unknowns, intervals * n * m))
    return OK
