"""One accepted step: predict, correct, judge, choose the next length."""

import math

from continuation.compiled import state as S
from continuation.compiled.correct import correct, distance, finish, hermite, inner, record_point, weigh
from continuation.compiled.detect import place_on, scalars
from continuation.compiled.interface import FAILED, NONFINITE, OK, SINGULAR
from continuation.compiled.kernel import inlined, internal, summing
from continuation.compiled.records import push
from continuation.compiled.tasks import CLOSES, ask

ASIDE = 1e-3  # how much shorter a step is taken anew that ended on a special point
ON_POINT = 1e-10  # determinants below this fraction of the last are zero
AIM = 0.5  # of the largest angle: what the step is steered to
LOST = 5  # accepted points in a row without a Jacobian to speak of
TANGENT = 2e-6  # error of a stored tangent: it is that of the iterate before, one correction away on a bent curve
BEND = 0.2  # how far a step may leave the trapezoidal rule, against its turn


@summing
def leaves_trapezoid(s, a, b, bound):
    """Whether the step from record a to b leaves the trapezoidal rule by more than `bound` times its length."""
    weights = S.weights(s)
    size, squared, total = weights.shape[0], 0.0, 0.0
    from_a, from_b = a[size:], b[size:]
    for j in range(size):
        squared += weights[j] * (b[j] - a[j]) * (b[j] - a[j])
    half = 0.5 * math.sqrt(squared)
    for j in range(size):
        gap = b[j] - a[j] - half * (from_a[j] + from_b[j])
        total += weights[j] * gap * gap
    return not total <= bound * bound * squared


@summing
def attempt(s, h):
    """One step of length `h` from LEFT into MADE; returns (code, Newton iterations, tan of the angle turned).

    Predicted along the tangent and, where the last point is no special one, its change since the point before.
    """
    slots, work, reals = S.slots(s), S.work(s), S.f(s)
    left, made = slots[S.LEFT], slots[S.MADE]
    size = S.i(s)[S.SIZE]
    x, row = work[S.GUESS], work[S.ROW]
    weights, value, bend = S.weights(s), h, 0.0
    reals[S.BASE] = left[size - 1]
    if S.i(s)[S.HISTORY] == 1 and reals[S.BEFORE] > 0.0:
        bend = 0.5 * h * h / reals[S.BEFORE]
    tangent, before = left[size:], slots[S.PREVIOUS][size:]
    for j in range(size):
        row[j] = weights[j] * tangent[j]
        x[j] = left[j] + h * tangent[j] + bend * (tangent[j] - before[j])
        value += row[j] * left[j]
    code, iterations, size_f = correct(s, x, row, value, reals[S.TOLERANCE])
    length, angle = turn(s)
    if code == S.CONVERGED and angle * reals[S.CORRECTION] > TANGENT * h:
        finer = TANGENT * h / angle / (1.0 + math.sqrt(inner(weights, x, x)))
        code, more, size_f = correct(s, x, row, value, finer)
        iterations += more
        length, angle = turn(s)
    if code != S.CONVERGED:
        return code, iterations, 0.0
    if not (length >= 1.0 - 1e-6 and length < math.inf):
        return SINGULAR, iterations, 0.0
    if angle > reals[S.MAX_ANGLE]:
        return S.TURNED, iterations, angle
    code = record_point(s, x, size_f, length, made)
    if code == OK and leaves_trapezoid(s, left, made, BEND * max(angle, 0.05)):
        return S.JUMPED, iterations, angle
    return code, iterations, angle


@inlined
def turn(s):
    """Length of the tangent z in ``work[S.SOLUTION]``, where <old, z> = 1, and the tangent of the angle to the old."""
    z = S.work(s)[S.SOLUTION][S.i(s)[S.SIZE] :]
    length = math.sqrt(inner(S.weights(s), z, z))
    return length, math.sqrt(max(length * length - 1.0, 0.0))


@inlined
def next_step(s, h, iterations, angle):
    """Length of the next step from the effort and the turn of this one; a prescribed step only recovers."""
    ints, reals = S.i(s), S.f(s)
    if ints[S.PRESCRIBED] == 1:
        return reals[S.MAX_H] if ints[S.FRESH] > 1 else h
    effort = 2.0 if iterations < 2 else (1.4 if iterations == 2 else (1.0 if iterations == 3 else 0.7))
    turn = AIM * reals[S.MAX_ANGLE] / angle if angle > 0.0 else 2.0
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
def ending(cause):
    """Code of the end when no step was small enough, from the last reason."""
    if cause == NONFINITE:
        return S.IS_NONFINITE
    if cause == SINGULAR:
        return S.IS_SINGULAR
    if cause == FAILED:
        return S.CALLBACK_FAILED
    return S.TOO_SMALL


@internal
def closes(s, made):
    """Whether the step to `made` passes through the start in the direction it was left."""
    slots, work, weights = S.slots(s), S.work(s), S.weights(s)
    size, left, start = S.i(s)[S.SIZE], slots[S.LEFT], slots[S.START]
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
    again, first, base = S.stack(s)[S.STACK_DEPTH - 1], 2 * S.i(s)[S.SIZE], scalars(s)
    code = finish(s, x, size_f, again)
    for j in range(S.i(s)[S.TESTS]):
        if start[first + j] != 0.0:
            start[first + j] = again[first + j]
    for j in range(first + S.i(s)[S.TESTS], base):
        start[j] = again[j]
    return code


@inlined
def is_ambiguous(s):
    """Whether the accepted point lies on a branch point or a fold to rounding: its counts and signs mean nothing."""
    slots = S.slots(s)
    left, made = slots[S.LEFT], slots[S.MADE]
    base = scalars(s)
    if made[base + S.NULLITY] > 0.0:
        return True
    ratio = made[base + S.DET] * 2.0 ** min(made[base + S.DET_EXPONENT] - left[base + S.DET_EXPONENT], 900.0)
    return abs(ratio) < ON_POINT * abs(left[base + S.DET])


@internal
def advance(s):
    """Accept one more point onto the stack; returns 0 or the code of the branch's end."""
    ints, slots, reals = S.i(s), S.slots(s), S.f(s)
    h = reals[S.H]
    while True:
        if ints[S.FLAG] != 0:
            return S.INTERRUPTED
        code, iterations, angle = attempt(s, h)
        if code == OK and is_ambiguous(s):
            code, iterations, angle = attempt(s, (1.0 - ASIDE) * h)
        if code == OK:
            break
        reject(s, code)
        if h <= reals[S.MIN_H]:
            return ending(ints[S.CAUSE])
        h = max(0.5 * h, reals[S.MIN_H])
    S.effort(s)[S.STEPS] += 1
    ints[S.FRESH] += 1
    reals[S.H] = next_step(s, h, iterations, angle)
    made = slots[S.MADE]
    if near_start(s, made) and ask(s, CLOSES, 0.0, made, made, made) == OK:
        ints[S.PENDING] = S.CLOSED
        push(s, slots[S.START], S.POINT)
    else:
        push(s, made, S.POINT)
    lost = made[scalars(s) + S.VANISHED] > 0.0
    ints[S.EMPTY] = ints[S.EMPTY] + 1 if lost else 0
    if ints[S.EMPTY] >= LOST and ints[S.PENDING] == 0:
        ints[S.PENDING] = S.UNRESOLVED
    return OK


@inlined
def near_start(s, made):
    """Whether the step to `made` may pass through the start."""
    slots = S.slots(s)
    if S.effort(s)[S.STEPS] < 4:
        return False
    return distance(s, slots[S.LEFT], slots[S.START]) <= 1.5 * distance(s, slots[S.LEFT], made)
