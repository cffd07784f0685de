"""Predictor's partner: Newton's method on the bordered system, and points on the curve between two records."""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import FAILED, NONFINITE, OK, call
from continuation.compiled.calls.kernel import inlined, internal, summing
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.tasks import BETWEEN, ask

FINE = 4e-16  # tolerance of points that locate something: Newton goes on until rounding stops it
SLOW = 0.5  # a contraction above this predicts failure
NOISE = 1e-12  # below this, relative to 1 + |x|, the residual may grow by rounding
DIGITS = 1e-6  # to which the parameter itself must have settled
STALLED = 1e-9  # corrections that no longer shrink are rounding below this


@inlined
def inner(weights, a, b):
    """Weighted inner product, the one that everything uses."""
    total = 0.0
    for j in range(weights.shape[0]):
        total += weights[j] * a[j] * b[j]
    return total


@inlined
def evaluate(s, x):
    """Residual at x into ``work[S.F]``; returns (status, largest component)."""
    ops, parameters = S.ops(s), S.p(s)
    n = S.size(s) - 1
    parameters[S.active(s)] = x[n]
    S.effort(s)[S.RESIDUALS] += 1
    f = S.work(s)[S.F]
    status = call(ops[S.OP_RESIDUAL], ops[S.OP_RESIDUAL + 1], x, parameters, f)
    if status != OK:
        return status, math.inf
    largest = 0.0
    for i in range(n):
        if not math.isfinite(f[i]):
            return NONFINITE, math.inf
        largest = max(largest, abs(f[i]))
    return OK, largest


@inlined
def newton_step(s, x, row, gap):
    """One bordered solve at x: correction and tangent into ``work[S.SOLUTION]``; ``<row, correction> = gap``."""
    work_, ops = S.work(s), S.ops(s)
    n = S.size(s) - 1
    status = call(ops[S.OP_LINEARISE], ops[S.OP_LINEARISE + 1], x, S.p(s), work_[S.F])
    if status != OK:
        return status
    rhs, f = work_[S.RHS], work_[S.F]
    unit = part(rhs, n + 1, n + 1)
    for i in range(n):
        rhs[i], unit[i] = -f[i], 0.0
    rhs[n], unit[n] = gap, 1.0
    return call(ops[S.OP_SOLVE], ops[S.OP_SOLVE + 1], row, rhs, work_[S.SOLUTION])


@inlined
def is_settled(s, p, correction):
    """Whether the parameter's last correction is small against the parameter, not only against |x|.

    Where p is tiny and the equations depend on its digits, only this tells that the tangent is good.
    """
    return abs(correction) <= DIGITS * (abs(p) + abs(p - S.f(s)[S.BASE]))


@summing
def correct(s, x, row, value, tolerance):
    """Newton's method for F(x) = 0 and ``row . x = value``, in place.

    Returns (code, iterations, largest component of F at the end); CORRECTION is the last one's length, squared.  The
    tangent (not normalised, ``row . z = 1``) is left in ``work[S.SOLUTION]`` behind the correction, followed by the
    bordered determinant.
    """
    ints, weights = S.i(s), S.weights(s)
    size = S.size(s)
    d, old, before, correction, scale, iterations = S.work(s)[S.SOLUTION], 0.0, math.inf, math.inf, 1.0, 0
    while True:
        status, size_f = evaluate(s, x)
        if status != OK:
            break
        if iterations > 0:
            stalled = correction > SLOW * SLOW * before
            if correction <= tolerance * tolerance * scale and (size_f <= old or correction <= NOISE * NOISE * scale):
                if stalled or is_settled(s, x[size - 1], d[size - 1]):
                    break
            elif stalled and correction <= STALLED * STALLED * scale:
                break
            elif stalled:
                return S.DIVERGED, iterations, size_f
        if iterations == ints[S.MAX_NEWTON]:
            return S.DIVERGED, iterations, size_f
        gap = value
        for j in range(size):
            gap -= row[j] * x[j]
        status = newton_step(s, x, row, gap)
        S.effort(s)[S.NEWTON] += 1
        iterations += 1
        if status != OK:
            break
        before, old, correction, norm = correction, size_f, 0.0, 0.0
        for j in range(size):
            x[j] += d[j]
            correction += weights[j] * d[j] * d[j]
            norm += weights[j] * x[j] * x[j]
        scale = 1.0
        if correction > tolerance * tolerance:
            scale = (1.0 + math.sqrt(norm)) * (1.0 + math.sqrt(norm))
        if not correction < math.inf:
            return NONFINITE, iterations, size_f
    S.f(s)[S.CORRECTION] = correction
    return status, iterations, size_f


@internal
def hermite(a, b, size, length, sigma, x, direction):
    """Cubic Hermite interpolant of records a and b at `sigma` in [0, 1]: point and derivative."""
    r = sigma * sigma * (3.0 - 2.0 * sigma)
    ta = sigma * (1.0 - sigma) * (1.0 - sigma) * length
    tb = -sigma * sigma * (1.0 - sigma) * length
    dr = 6.0 * sigma * (1.0 - sigma)
    da = (1.0 - sigma) * (1.0 - 3.0 * sigma) * length
    db = sigma * (3.0 * sigma - 2.0) * length
    from_a, from_b = part(a, size, size), part(b, size, size)
    for j in range(size):
        rise = b[j] - a[j]
        x[j] = a[j] + r * rise + ta * from_a[j] + tb * from_b[j]
        direction[j] = dr * rise + da * from_a[j] + db * from_b[j]


@inlined
def distance(s, a, b):
    """Distance of the points of two records (or vectors)."""
    weights, total = S.weights(s), 0.0
    for j in range(weights.shape[0]):
        total += weights[j] * (b[j] - a[j]) * (b[j] - a[j])
    return math.sqrt(total)


@inlined
def weigh(s, direction, row):
    """Write the unit covector of `direction` into `row`; returns its length (0: no direction)."""
    weights = S.weights(s)
    length = math.sqrt(inner(weights, direction, direction))
    if length > 0.0 and length < math.inf:
        for j in range(weights.shape[0]):
            row[j] = weights[j] * direction[j] / length
        return length
    return 0.0


@internal
def finish(s, x, size_f, record):
    """Make a record of a corrected point: unit tangent and tests from the factorisation that accepted it."""
    z = part(S.work(s)[S.SOLUTION], S.size(s), S.size(s))
    return record_point(s, x, size_f, math.sqrt(inner(S.weights(s), z, z)), record)


@internal
def record_point(s, x, size_f, length, record):
    """`finish` where the length of the tangent in ``work[S.SOLUTION]`` is known."""
    work, ops, parameters = S.work(s), S.ops(s), S.p(s)
    size, tests = S.size(s), S.tests(s)
    z, m = part(work[S.SOLUTION], size, size + 2), work[S.MONITORED]
    unit = 1.0 / length
    tangent, monitored = part(record, size, size), part(m, size, size)
    for j in range(size):
        record[j] = m[j] = x[j]
        tangent[j] = monitored[j] = z[j] * unit
    base = 2 * size + 2 * tests
    m[2 * size] = z[size] * length  # the determinant bordered by the unit tangent itself
    m[2 * size + 1] = z[size + 1]
    parameters[S.active(s)] = x[size - 1]
    record[base + S.UNSTABLE], record[base + S.NULLITY], record[base + S.VANISHED] = 0.0, 0.0, 0.0
    status = call(ops[S.OP_MONITOR], ops[S.OP_MONITOR + 1], m, parameters, part(record, 2 * size, 2 * tests + 3))
    record[base + S.RESIDUAL] = size_f
    record[base + S.DET], record[base + S.DET_EXPONENT] = m[2 * size], m[2 * size + 1]
    record[base + S.KIND], record[base + S.TEST] = S.REGULAR, -1.0
    record[base + S.LOCATED], record[base + S.ERROR], record[base + S.ROLE] = 1.0, 0.0, S.POINT
    return status if status == OK else (FAILED if status == FAILED else NONFINITE)


@internal
def make_between(s, a, b, sigma, record):
    """Make a record of the branch's point near `sigma` between records a and b, as exact as rounding allows."""
    work = S.work(s)
    size = S.size(s)
    x, direction, row = work[S.GUESS], work[S.DIRECTION], work[S.ROW]
    S.effort(s)[S.PROBES] += 1
    S.f(s)[S.BASE] = a[size - 1]
    hermite(a, b, size, distance(s, a, b), sigma, x, direction)
    if weigh(s, direction, row) == 0.0:
        return S.DIVERGED
    value = 0.0
    for j in range(size):
        value += row[j] * x[j]
    code, _, size_f = correct(s, x, row, value, FINE)
    if code != S.CONVERGED:
        return code
    status = finish(s, x, size_f, record)
    if status == OK and inner(S.weights(s), part(record, size, size), part(a, size, size)) <= 0.0:
        return S.TURNED  # it runs back: no point between
    return status


@inlined
def between(s, a, b, sigma, record):
    """Make a record of the branch's point near `sigma` between records a and b; returns a code."""
    return ask(s, BETWEEN, sigma, a, b, record)
