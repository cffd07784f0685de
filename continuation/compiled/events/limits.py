"""The limits of the span: where a step leaves them, the branch ends with a point on the limit."""

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.events.bracket import BRACKETED, find_root
from continuation.compiled.events.records import is_on_point, push
from continuation.compiled.events.refinement import refine_from
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import correct, evaluate, take_newton_step
from continuation.compiled.steps.finish import finish
from continuation.compiled.steps.interpolant import interpolate
from continuation.compiled.steps.metric import distance, inner, project_on_chord, weigh

EDGE = 1e-10  # a limit is overstepped by more than this, relative to 1 + its size: points put on it are that inexact
AT_LIMIT = 1e-13  # tolerance of the point on a limit
LOOSE = 0.1  # part of a piece by which Newton may leave it at a limit: on a bent piece the chord tells no better
STRAIGHT = 0.5  # cosine of the turn to a point on a limit: a lower one leaves the branch for one that crosses there
BISECTIONS = 60  # of the interpolant at a limit: more than a float's digits


@inlined
def find_exceeded(s, record):
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
def is_near_piece(s, a, b, x):
    """Whether the limit's point is the one between a and b."""
    sigma = project_on_chord(s, a, b, x)
    return -LOOSE <= sigma <= 1.0 + LOOSE


@internal
def turn_tangent(s, x, a, size_f, made):
    """Finish a record at x with its tangent along that of record a."""
    size = S.size(s)
    row = S.work(s)[S.ROW]
    weigh(s, a[size:], row)
    evaluate(s, x)
    code = take_newton_step(s, x, row, 0.0)
    return finish(s, x, size_f, made) if code == OK else code


@internal
def make_at_limit(s, a, b, at, limit):
    """Make a record of the point between a and b where the unknown `at` equals `limit` into MADE; returns a code."""
    work = S.work(s)
    made, size = S.slots(s)[S.MADE], S.size(s)
    low, high, sigma = 0.0, 1.0, 0.5
    rising = b[at] > limit
    x, direction, row = work[S.GUESS], work[S.DIRECTION], work[S.ROW]
    length = distance(s, a, b)
    for _ in range(BISECTIONS):
        sigma = 0.5 * (low + high)
        interpolate(a, b, size, length, sigma, x, direction)
        if (x[at] > limit) == rising:
            high = sigma
        else:
            low = sigma
    for j in range(size):
        row[j] = 0.0
    row[at] = 1.0
    interpolate(a, b, size, length, sigma, x, direction)
    x[at] = limit
    code, _, size_f = correct(s, x, row, limit, AT_LIMIT)
    if code == S.CONVERGED and is_near_piece(s, a, b, x):
        x[at] = limit
        return turn_tangent(s, x, a, size_f, made)
    return OK if find_root(s, a, b, at, limit, made) < BRACKETED else S.DIVERGED


@internal
def end_in_meeting(s, a, b, at, limit):
    """Whether the branch reaches the limit in a branch point, where no point can be had; then it is on the stack."""
    event = S.stack(s)[S.STACK_DEPTH - 3]
    if not refine_from(s, a, b, b, a, S.integers(s)[S.MEETING_KIND], event) or abs(event[at] - limit) > BRACKETED * (
        1.0 + abs(limit)
    ):
        return False
    push(s, event, S.EVENT)
    return True


@internal
def leaves_branch(s, left, made):
    """Whether a point on a limit is a branch point, without a tangent, or may lie on another branch through one."""
    size = S.size(s)
    return is_on_point(s, made, left) or inner(S.weights(s), made[size:], left[size:]) < STRAIGHT


@internal
def clip(s):
    """Put the point where the piece up to the top of the stack leaves the limits there, and end with it."""
    ints, slots = S.integers(s), S.slots(s)
    top, left, code = S.top(s), S.slot(s, S.LEFT), OK
    limits, side, at, limit = S.limits(s), find_exceeded(s, top), 0, 0.0
    for _ in range(limits.shape[0]):
        if side == 0:
            break
        k = abs(side) - 1
        at, limit = int(limits[k, 0]), limits[k, 2] if side > 0 else limits[k, 1]
        code = make_at_limit(s, left, top, at, limit)
        side = find_exceeded(s, slots[S.MADE]) if code == OK else 0
    ints[S.DEPTH] = 0
    if (code != OK or leaves_branch(s, left, slots[S.MADE])) and end_in_meeting(s, left, top, at, limit):
        ints[S.PENDING] = S.LIMIT
    elif code == OK:
        ints[S.PENDING] = S.LIMIT
        push(s, slots[S.MADE], S.POINT)
    else:
        come_nearer(s, 0.5 * distance(s, left, top))


@internal
def come_nearer(s, h):
    """Take the step over a limit anew with length `h`: no point on the limit can be had from so far away."""
    ints, reals = S.integers(s), S.floats(s)
    if h < reals[S.MIN_H]:
        ints[S.PENDING] = S.TOO_SMALL
        return
    reals[S.H], ints[S.FRESH] = min(h, reals[S.H]), 0
    S.effort(s)[S.REJECTED_NEWTON] += 1
