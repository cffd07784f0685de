"""Records of corrected points, and of points between two records."""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import FAILED, NONFINITE, OK, call
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.looks import take_look
from continuation.compiled.state.messages import DETERMINANT, EXPONENT, SOLVED
from continuation.compiled.state.tasks import BETWEEN, ask
from continuation.compiled.steps.correct import FINE, correct
from continuation.compiled.steps.interpolant import interpolate
from continuation.compiled.steps.metric import distance, inner, weigh

# Distance from an end of a piece, of its length and relative to 1 + |x|, beyond which a point is none between: Newton's
# method has gone elsewhere.  A piece that turns by a right angle bulges by half its length; rounding makes the second.
WITHIN, NEAR = 2.0, 1e-8


@internal
def finish(s, x, size_f, record):
    """Make a record of a corrected point: unit tangent and tests from the factorisation that accepted it."""
    z = part(S.work(s)[S.SOLUTION], S.size(s), S.size(s))
    return record_point(s, x, size_f, math.sqrt(inner(S.weights(s), z, z)), record)


@internal
def record_point(s, x, size_f, length, record):
    """`finish` where the length of the tangent in ``work[S.SOLUTION]`` is known."""
    work, ops, parameters = S.work(s), S.ops(s), S.parameters(s)
    size = S.size(s)
    z, m = part(work[S.SOLUTION], size, size + SOLVED), work[S.MONITORED]
    unit = 1.0 / length
    tangent, monitored = part(record, size, size), part(m, size, size)
    for j in range(size):
        record[j] = m[j] = x[j]
        tangent[j] = monitored[j] = z[j] * unit
    point, base = 2 * size, S.scalars(s)
    m[point + DETERMINANT] = z[size + DETERMINANT] * length  # bordered by the unit tangent itself
    m[point + EXPONENT] = z[size + EXPONENT]
    parameters[S.active(s)] = x[size - 1]
    record[base + S.UNSTABLE], record[base + S.NULLITY], record[base + S.VANISHED] = 0.0, 0.0, 0.0
    watched = part(record, point, base - point + S.COUNTS)
    status = call(ops[S.OP_MONITOR], ops[S.OP_MONITOR + 1], m, parameters, watched)
    record[base + S.RESIDUAL] = size_f
    record[base + S.DET], record[base + S.DET_EXPONENT] = m[point + DETERMINANT], m[point + EXPONENT]
    record[base + S.KIND], record[base + S.TEST] = S.REGULAR, -1.0
    record[base + S.LOCATED], record[base + S.ERROR], record[base + S.ROLE] = 1.0, 0.0, S.POINT
    return status if status == OK else (FAILED if status == FAILED else NONFINITE)


@internal
def make_between(s, a, b, sigma, record):
    """Make a record of the branch's point near `sigma` between records a and b, as exact as rounding allows."""
    work = S.work(s)
    size = S.size(s)
    x, direction, row = work[S.GUESS], work[S.DIRECTION], work[S.ROW]
    if not take_look(s):
        return S.REFUSED
    S.effort(s)[S.PROBES] += 1
    length = distance(s, a, b)
    interpolate(a, b, size, length, sigma, x, direction)
    if weigh(s, direction, row) == 0.0:
        return S.DIVERGED
    value = 0.0
    for j in range(size):
        value += row[j] * x[j]
    code, _, size_f = correct(s, x, row, value, FINE)
    if code != S.CONVERGED:
        return code
    status = finish(s, x, size_f, record)
    if distance(s, a, record) > WITHIN * length + NEAR * (1.0 + math.sqrt(inner(S.weights(s), a, a))):
        return S.STRAYED
    if status == OK and inner(S.weights(s), part(record, size, size), part(a, size, size)) <= 0.0:
        return S.TURNED  # it runs back: no point between
    return status


@inlined
def ask_between(s, a, b, sigma, record):
    """Make a record of the branch's point near `sigma` between records a and b; returns a code."""
    return ask(s, BETWEEN, sigma, a, b, record)
