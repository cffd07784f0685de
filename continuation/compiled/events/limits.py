"""Points at a given place between two records: roots by a bracket, and the limits of the span."""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.events.detect import place_on, refine_from
from continuation.compiled.events.records import copy, push
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import (
    between,
    correct,
    distance,
    evaluate,
    finish,
    hermite,
    inner,
    newton_step,
    weigh,
)

ROUND = 1e-13  # brackets shorter than this, relative to 1 + |x|, are located
BRACKETED = 1e-6  # brackets shorter than this count as located, their length being reported
EDGE = 1e-10  # a limit is overstepped by more than this, relative to its size


@internal
def root(s, left, right, index, offset, result):
    """Find where ``record[index] = offset`` between two records by a bracket alone (Illinois), to rounding.

    Returns the length of the last bracket: more than rounding where a point in it could not be had (next to a branch
    point, say); the result is interpolated there.
    """
    stack = S.stack(s)
    a, b, m = stack[S.STACK_DEPTH - 1], stack[S.STACK_DEPTH - 2], S.slots(s)[S.MADE]
    copy(left, a)
    copy(right, b)
    fa, fb = a[index] - offset, b[index] - offset
    floor = ROUND * (1.0 + math.sqrt(inner(S.weights(s), right, right)))
    length, side = distance(s, a, b), 0
    for _ in range(100):
        if length <= floor or fa == 0.0 or fb == 0.0:
            break
        edge = 0.4 * floor / length
        sigma = min(max(fa / (fa - fb), edge), 1.0 - edge)
        if between(s, a, b, sigma, m) != OK:
            break
        fm = m[index] - offset
        if (fm > 0.0) == (fb > 0.0):
            copy(m, b)
            fb, fa, side = fm, (0.5 * fa if side == 1 else fa), 1
        else:
            copy(m, a)
            fa, fb, side = fm, (0.5 * fb if side == -1 else fb), -1
        length = distance(s, a, b)
    copy(a if abs(a[index] - offset) < abs(b[index] - offset) else b, result)
    if result[index] == offset:
        return min(length, floor)
    if length > floor and a[index] != b[index]:
        size = S.size(s)
        hermite(a, b, size, length, (a[index] - offset) / (a[index] - b[index]), result, S.work(s)[S.DIRECTION])
    return length


@inlined
def outside(s, record):
    """Number k + 1 of the first limit that the record exceeds, -(k + 1) where it falls below one, 0 inside all."""
    limits = S.limits(s)
    for k in range(limits.shape[0]):
        value, low, high = record[int(limits[k, 0])], limits[k, 1], limits[k, 2]
        if value > high + EDGE * (1.0 + abs(high)):
            return k + 1
        if value < low - EDGE * (1.0 + abs(low)):
            return -(k + 1)
    return 0


@internal
def on_this_piece(s, a, b, x):
    """Whether the limit's point is the one between a and b."""
    sigma = place_on(s, a, b, x)
    return -0.1 <= sigma <= 1.1


@internal
def turn_tangent(s, x, a, size_f, made):
    """Finish a record at x with its tangent along that of record a."""
    size = S.size(s)
    row = S.work(s)[S.ROW]
    weigh(s, a[size:], row)
    evaluate(s, x)
    code = newton_step(s, x, row, 0.0)
    return finish(s, x, size_f, made) if code == OK else code


@internal
def at_limit(s, a, b, at, limit):
    """Make a record of the point between a and b where the unknown `at` equals `limit` into MADE; returns a code."""
    work = S.work(s)
    made, size = S.slots(s)[S.MADE], S.size(s)
    low, high, sigma = 0.0, 1.0, 0.5
    rising = b[at] > limit
    x, direction, row = work[S.GUESS], work[S.DIRECTION], work[S.ROW]
    length = distance(s, a, b)
    for _ in range(60):
        sigma = 0.5 * (low + high)
        hermite(a, b, size, length, sigma, x, direction)
        if (x[at] > limit) == rising:
            high = sigma
        else:
            low = sigma
    for j in range(size):
        row[j] = 0.0
    row[at] = 1.0
    hermite(a, b, size, length, sigma, x, direction)
    x[at] = limit
    code, _, size_f = correct(s, x, row, limit, 1e-13)
    if code == S.CONVERGED and on_this_piece(s, a, b, x):
        x[at] = limit
        return turn_tangent(s, x, a, size_f, made)
    return OK if root(s, a, b, at, limit, made) < BRACKETED else S.DIVERGED


@internal
def meets_limit(s, a, b, at, limit):
    """Whether the branch reaches the limit in a branch point, where no point can be had; then it is on the stack."""
    event = S.stack(s)[S.STACK_DEPTH - 3]
    if not refine_from(s, a, b, b, a, event) or abs(event[at] - limit) > BRACKETED * (1.0 + abs(limit)):
        return False
    push(s, event, S.EVENT)
    return True


@internal
def clip(s):
    """Put the point where the piece up to the top of the stack leaves the limits there, and end with it."""
    ints, slots = S.i(s), S.slots(s)
    top, left, code = S.top(s), S.slot(s, S.LEFT), OK
    limits, side, at, limit = S.limits(s), outside(s, top), 0, 0.0
    for _ in range(limits.shape[0]):
        if side == 0:
            break
        k = abs(side) - 1
        at, limit = int(limits[k, 0]), limits[k, 2] if side > 0 else limits[k, 1]
        code = at_limit(s, left, top, at, limit)
        side = outside(s, slots[S.MADE]) if code == OK else 0
    ints[S.DEPTH] = 0
    ints[S.PENDING] = S.LIMIT
    if code == OK:
        push(s, slots[S.MADE], S.POINT)
    else:
        meets_limit(s, left, top, at, limit)
