"""One accepted step: predict, correct, judge, choose the next length."""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import FAILED, NONFINITE, OK, SINGULAR
from continuation.compiled.calls.kernel import inlined, internal, summing
from continuation.compiled.events.detect import place_on, scalars
from continuation.compiled.events.records import push
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.tasks import CLOSES, DEAD_END, ask
from continuation.compiled.steps.correct import correct, distance, finish, hermite, inner, record_point, weigh

ASIDE = 1e-3  # how much shorter a step is taken anew that ended on a special point
ON_POINT = 1e-8  # determinants below this fraction of the last are zero, as exact as differences are
AIM = 0.5  # of the largest angle: what the step is steered to
LOST = 5  # accepted points in a row without a Jacobian to speak of
TANGENT = 2e-6  # error of a stored tangent: it is that of the iterate before, one correction away on a bent curve
BEND = 0.2  # how far a step may leave the trapezoidal rule, against its turn


@summing
def leaves_trapezoid(s, a, b, bound):
    """Whether a step leaves the trapezoidal rule by more than its length; `bound` is the square of the part allowed."""
    weights = S.weights(s)
    size, squared, total = weights.shape[0], 0.0, 0.0
    from_a, from_b = part(a, size, size), part(b, size, size)
    for j in range(size):
        squared += weights[j] * (b[j] - a[j]) * (b[j] - a[j])
    S.f(s)[S.LENGTH] = math.sqrt(squared)
    half = 0.5 * S.f(s)[S.LENGTH]
    for j in range(size):
        gap = b[j] - a[j] - half * (from_a[j] + from_b[j])
        total += weights[j] * gap * gap
    return not total <= bound * squared


@summing
def attempt(s, h):
    """One step of length `h` from LEFT into NEXT; returns (code, Newton iterations, squared tan of the angle turned).

    Predicted along the tangent and, where the last point is no special one, its change since the point before.
    """
    work, reals, left, made = S.work(s), S.f(s), S.slot(s, S.LEFT), S.slot(s, S.NEXT)
    size = S.size(s)
    x, row = work[S.GUESS], work[S.ROW]
    weights, value, bend = S.weights(s), h, 0.0
    reals[S.BASE] = left[size - 1]
    if S.i(s)[S.HISTORY] == 1 and reals[S.BEFORE] > 0.0:
        bend = 0.5 * h * h / reals[S.BEFORE]
    tangent, before = part(left, size, size), part(S.slot(s, S.PREVIOUS), size, size)
    for j in range(size):
        row[j] = weights[j] * tangent[j]
        x[j] = left[j] + h * tangent[j] + bend * (tangent[j] - before[j])
        value += row[j] * left[j]
    iterations, tolerance, fine = 0, reals[S.TOLERANCE], False
    while True:
        code, more, size_f = correct(s, x, row, value, tolerance)
        squared, angle = turn(s)
        iterations += more
        if fine or code != S.CONVERGED or not angle * reals[S.CORRECTION] > (TANGENT * h) * (TANGENT * h):
            break
        tolerance, fine = TANGENT * h / math.sqrt(angle) / (1.0 + math.sqrt(inner(weights, x, x))), True
    if code != S.CONVERGED:
        return code, iterations, 0.0
    if not (squared >= 1.0 - 2e-6 and squared < math.inf):
        return SINGULAR, iterations, 0.0
    if angle > reals[S.MAX_ANGLE] * reals[S.MAX_ANGLE]:
        return S.TURNED, iterations, angle
    code = record_point(s, x, size_f, math.sqrt(squared), made)
    if code == OK and leaves_trapezoid(s, left, made, BEND * BEND * max(angle, 0.0025)):
        return S.JUMPED, iterations, angle
    return code, iterations, angle


@inlined
def turn(s):
    """Squared length of the tangent z in ``work[S.SOLUTION]``, where <old, z> = 1, and squared tan of its angle."""
    z = part(S.work(s)[S.SOLUTION], S.size(s), S.size(s))
    squared = inner(S.weights(s), z, z)
    return squared, max(squared - 1.0, 0.0)


@inlined
def next_step(s, h, iterations, angle):
    """Length of the next step from the effort and the turn (squared) of this one; a prescribed step only recovers."""
    ints, reals = S.i(s), S.f(s)
    if ints[S.PRESCRIBED] == 1:
        return reals[S.MAX_H] if ints[S.FRESH] > 1 else h
    effort = 2.0 if iterations < 2 else (1.4 if iterations == 2 else (1.0 if iterations == 3 else 0.7))
    turn = AIM * reals[S.MAX_ANGLE] / math.sqrt(angle) if angle > 0.0 else 2.0
    factor = max(0.5, min(effort, turn, 2.0))
    if ints[S.FRESH] < 2:
        factor = min(factor, 1.0)
    return min(max(h * factor, reals[S.MIN_H]), reals[S.MAX_H])


@internal
def reject(s, code):
    """Count a rejected step by its reason."""
    ints, effort = S.i(s), S.effort(s)
    ints[S.FRESH] = 0
    ints[S.CAUSE] = code
    if code == S.TURNED:
        effort[S.REJECTED_ANGLE] += 1
    elif code == S.JUMPED:
        effort[S.REJECTED_JUMP] += 1
    elif code == NONFINITE:
        effort[S.REJECTED_NONFINITE] += 1
    elif code == SINGULAR:
        effort[S.REJECTED_SINGULAR] += 1
    elif code == FAILED:
        effort[S.REJECTED_FAILED] += 1
    else:
        effort[S.REJECTED_NEWTON] += 1


@internal
def ending(s, cause):
    """Code of the end when no step was small enough, from the last reason; 0 where it is pending behind an event."""
    if cause == NONFINITE:
        return S.IS_NONFINITE
    if cause == FAILED:
        return S.CALLBACK_FAILED
    place = S.work(s)[S.REQUEST]
    if ask(s, DEAD_END, 0.0, place, place, place) == OK:
        S.i(s)[S.PENDING] = S.IS_SINGULAR
        return OK
    return S.IS_SINGULAR if cause == SINGULAR else S.TOO_SMALL


@internal
def closes(s, made):
    """Whether the step to `made` passes through the start in the direction it was left."""
    work, weights = S.work(s), S.weights(s)
    size, left, start = S.size(s), S.slot(s, S.LEFT), S.slots(s)[S.START]
    length = distance(s, left, made)
    sigma = place_on(s, left, made, start)
    if not (0.0 < sigma <= 1.0 + 1e-9) or inner(weights, made[size:], start[size:]) <= 0.0:
        return False
    x, direction, row = work[S.GUESS], work[S.DIRECTION], work[S.ROW]
    hermite(left, made, size, length, min(sigma, 1.0), x, direction)
    weigh(s, start[size:], row)
    value = 0.0
    for j in range(size):
        value += row[j] * start[j]
    if distance(s, x, start) > 0.1 * length:
        return False
    code, _, size_f = correct(s, x, row, value, 1e-12)
    near = 10.0 * S.f(s)[S.TOLERANCE] * (1.0 + math.sqrt(inner(weights, x, x)))
    if code != S.CONVERGED or distance(s, x, start) > max(near, 1e-8):
        return False
    return orient(s, x, size_f, start) == OK


@internal
def orient(s, x, size_f, start):
    """Give the start's record the test functions as they are when the curve comes back to it at x.

    Their signs may rest on vectors that were followed along the curve; those that vanish there stay zero.
    """
    again, first, base = S.stack(s)[S.STACK_DEPTH - 1], 2 * S.size(s), scalars(s)
    code = finish(s, x, size_f, again)
    for j in range(S.tests(s)):
        if start[first + j] != 0.0:
            start[first + j] = again[first + j]
    for j in range(first + S.tests(s), base):
        start[j] = again[j]
    return code


@inlined
def is_ambiguous(s):
    """Whether the accepted point lies on a branch point or a fold to rounding: its counts and signs mean nothing."""
    left, made = S.slot(s, S.LEFT), S.slot(s, S.NEXT)
    base = scalars(s)
    if made[base + S.NULLITY] > 0.0:
        return True
    ratio, gap = made[base + S.DET], made[base + S.DET_EXPONENT] - left[base + S.DET_EXPONENT]
    if gap != 0.0:
        ratio *= 2.0 ** min(gap, 900.0)
    return abs(ratio) < ON_POINT * abs(left[base + S.DET])


@internal
def advance(s):
    """Accept one more point onto the stack; returns 0 or the code of the branch's end."""
    ints, reals = S.i(s), S.f(s)
    h, part_of_h = reals[S.H], 1.0
    while True:
        if ints[S.FLAG] != 0:
            return S.INTERRUPTED
        code, iterations, angle = attempt(s, part_of_h * h)
        if code == OK and part_of_h == 1.0 and is_ambiguous(s):
            part_of_h = 1.0 - ASIDE
            continue
        if code == OK:
            break
        part_of_h = 1.0
        reject(s, code)
        if h <= reals[S.MIN_H]:
            return ending(s, ints[S.CAUSE])
        h = max(0.5 * h, reals[S.MIN_H])
    S.effort(s)[S.STEPS] += 1
    ints[S.FRESH] += 1
    reals[S.H] = next_step(s, h, iterations, angle)
    made = S.slot(s, S.NEXT)
    if near_start(s) and ask(s, CLOSES, 0.0, made, made, made) == OK:
        ints[S.PENDING] = S.CLOSED
        push(s, S.slots(s)[S.START], S.POINT)
        reals[S.LENGTH] = -1.0
    else:
        ints[S.DEPTH] = 1
    lost = made[scalars(s) + S.VANISHED] > 0.0
    ints[S.EMPTY] = ints[S.EMPTY] + 1 if lost else 0
    if ints[S.EMPTY] >= LOST and ints[S.PENDING] == 0:
        ints[S.PENDING] = S.UNRESOLVED
    return OK


@inlined
def near_start(s):
    """Whether the next point may lie beyond the start, to which CLEAR is at least left from LEFT."""
    reals = S.f(s)
    length, clear = reals[S.LENGTH], reals[S.CLEAR]
    if clear <= 1.5 * length:
        clear = (1.0 - 1e-12) * distance(s, S.slot(s, S.LEFT), S.slots(s)[S.START])
    reals[S.CLEAR] = clear - length
    return S.effort(s)[S.STEPS] >= 4 and clear <= 1.5 * length
