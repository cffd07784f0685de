"""Points at a given place between two records: roots by a bracket, and the limits of the span."""

import math

from continuation.compiled import state as S
from continuation.compiled.correct import (
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
from continuation.compiled.detect import place_on
from continuation.compiled.interface import OK
from continuation.compiled.kernel import inlined, internal
from continuation.compiled.records import copy, push

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
    """+1 or -1 where the varied parameter lies above or below its span, else 0."""
    reals = S.f(s)
    p = record[S.size(s) - 1]
    if p > reals[S.HIGH] + EDGE * (1.0 + abs(reals[S.HIGH])):
        return 1
    if p < reals[S.LOW] - EDGE * (1.0 + abs(reals[S.LOW])):
        return -1
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
def at_limit(s, a, b, limit):
    """Make a record of the point between a and b at the limit of the span into MADE; returns a code."""
    work = S.work(s)
    made, size = S.slots(s)[S.MADE], S.size(s)
    low, high, sigma = 0.0, 1.0, 0.5
    rising = b[size - 1] > limit
    x, direction, row = work[S.GUESS], work[S.DIRECTION], work[S.ROW]
    length = distance(s, a, b)
    for _ in range(60):
        sigma = 0.5 * (low + high)
        hermite(a, b, size, length, sigma, x, direction)
        if (x[size - 1] > limit) == rising:
            high = sigma
        else:
            low = sigma
    for j in range(size):
        row[j] = 0.0
    row[size - 1] = 1.0
    hermite(a, b, size, length, sigma, x, direction)
    x[size - 1] = limit
    code, _, size_f = correct(s, x, row, limit, 1e-13)
    if code == S.CONVERGED and on_this_piece(s, a, b, x):
        x[size - 1] = limit
        return turn_tangent(s, x, a, size_f, made)
    return OK if root(s, a, b, size - 1, limit, made) < BRACKETED else S.DIVERGED


@internal
def clip(s):
    """If the top of the stack lies outside the span, put the limit's point there and end with it."""
    ints, slots, reals = S.i(s), S.slots(s), S.f(s)
    top, left = S.top(s), S.slot(s, S.LEFT)
    side = outside(s, top)
    if side == 0:
        return
    limit = reals[S.HIGH] if side > 0 else reals[S.LOW]
    code = at_limit(s, left, top, limit)
    ints[S.DEPTH] = 0
    ints[S.PENDING] = S.LIMIT
    if code == OK:
        push(s, slots[S.MADE], S.POINT)
