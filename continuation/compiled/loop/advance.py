"""One accepted step: predict, correct, judge, choose the next length.

The length of step follows Newton's effort and the angle between tangents (den Heijer and Rheinboldt, SIAM J. Numer.
Anal. 18, 1981): both are steered to a value, a rejected step is halved.
"""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import FAILED, NONFINITE, OK, SINGULAR
from continuation.compiled.calls.kernel import inlined, internal, summing
from continuation.compiled.events.records import is_on_point, push
from continuation.compiled.loop.closing import is_near_start
from continuation.compiled.loop.growth import grow_units
from continuation.compiled.loop.moving import move_unknowns
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.tasks import CLOSES, DEAD_END, LOOK_AHEAD, PASS_CORNER, STRAY, ask
from continuation.compiled.steps.correct import correct
from continuation.compiled.steps.finish import record_point
from continuation.compiled.steps.guard import is_doubtful, is_shrinking
from continuation.compiled.steps.metric import inner
from continuation.compiled.steps.predict import predict

ASIDE = 1e-3  # part by which a step is taken shorter that ended on a special point: less and it ends there again
# Part of the largest angle that the step is steered to: nearer 1 more steps are rejected, nearer 0 all are short.
AIM = 0.5
# Factors of the next step after one, two, three and more Newton iterations: three are the aim.
SWIFT, EASY, STEADY, SLOW = 2.0, 1.4, 1.0, 0.7
LEAST, MOST = 0.5, 2.0  # factors between which the step changes at once
LOST = 5  # accepted points in a row whose F_u is lost in rounding that end the branch: one may be a zero of F_u itself
# Error allowed in a stored tangent, in radians: it is that of the iterate before, one correction away on a bent curve.
# Ten times less costs an iteration more on most steps, ten times more shows in what is interpolated.
TANGENT = 2e-6
# How far a step may leave the trapezoidal rule, against its turn (whose square counts as LEVEL at least): a tenth of
# it refuses curves whose curvature changes fast, ten times as much lets through steps onto another sheet.
BEND, LEVEL = 0.2, 0.0025
# By Cauchy and Schwarz ``<z, z> >= 1``; what falls below by more than this is no tangent but a singular system's.
SHORT = 2e-6


@summing
def has_left_trapezoid(s, a, b, bound):
    """Whether a step leaves the trapezoidal rule by more than its length; `bound` is the square of the part allowed."""
    weights = S.weights(s)
    size, squared, total = weights.shape[0], 0.0, 0.0
    from_a, from_b = part(a, size, size), part(b, size, size)
    for j in range(size):
        squared += weights[j] * (b[j] - a[j]) * (b[j] - a[j])
    S.floats(s)[S.LENGTH] = math.sqrt(squared)
    half = 0.5 * S.floats(s)[S.LENGTH]
    for j in range(size):
        gap = b[j] - a[j] - half * (from_a[j] + from_b[j])
        total += weights[j] * gap * gap
    return not total <= bound * squared


@summing
def correct_prediction(s, h, value):
    """Correct the prediction until its point, and the tangent that comes with it, are good enough.

    Returns (code, Newton iterations, largest component of F, squared length of the tangent, squared tan of its angle).
    """
    work, reals = S.work(s), S.floats(s)
    x, row = work[S.GUESS], work[S.ROW]
    iterations, tolerance, fine, first = 0, reals[S.TOLERANCE], False, 0.0
    reals[S.SLOWLY] = 0.0
    while True:
        code, more, size_f = correct(s, x, row, value, tolerance)
        squared, angle = measure_turn(s)
        iterations += more
        if fine or code != S.CONVERGED or not angle * reals[S.CORRECTION] > (TANGENT * h) * (TANGENT * h):
            reals[S.FIRST] = max(first, reals[S.FIRST])
            return code, iterations, size_f, squared, angle
        first = reals[S.FIRST]
        size = 1.0 + math.sqrt(inner(S.weights(s), x, x))
        tolerance, fine = TANGENT * h / math.sqrt(angle) / size, True


@summing
def judge(s, size_f, squared, angle):
    """Make the corrected point the record in NEXT; returns OK or why the step is to be rejected."""
    reals, made = S.floats(s), S.slot(s, S.NEXT)
    if not (squared >= 1.0 - SHORT and squared < math.inf):
        return SINGULAR
    if angle > reals[S.MAX_ANGLE] * reals[S.MAX_ANGLE]:
        return S.TURNED
    code = record_point(s, S.work(s)[S.GUESS], size_f, math.sqrt(squared), made)
    if code == OK and has_left_trapezoid(s, S.slot(s, S.LEFT), made, BEND * BEND * max(angle, LEVEL)):
        return S.JUMPED
    return code


@internal
def attempt_step(s, h):
    """One step of length `h` from LEFT into NEXT; returns (code, Newton iterations, squared tan of the angle)."""
    value = predict(s, h)
    code, iterations, size_f, squared, angle = correct_prediction(s, h, value)
    if code == S.CONVERGED:
        code = judge(s, size_f, squared, angle)
    if code == OK and iterations > 1 and h > S.floats(s)[S.MIN_H] and is_doubtful(s):
        made = S.slot(s, S.NEXT)
        code = ask(s, STRAY, 0.0, made, made, made)
    return code, iterations, angle


@inlined
def measure_turn(s):
    """Squared length of the tangent z in ``work[S.SOLUTION]``, where <old, z> = 1, and squared tan of its angle."""
    z = part(S.work(s)[S.SOLUTION], S.size(s), S.size(s))
    squared = inner(S.weights(s), z, z)
    return squared, max(squared - 1.0, 0.0)


@inlined
def choose_next_step(s, h, iterations, angle):
    """Length of the next step from the effort and the turn (squared) of this one; a prescribed step only recovers."""
    ints, reals = S.integers(s), S.floats(s)
    if ints[S.PRESCRIBED] == 1:
        return reals[S.MAX_H] if ints[S.FRESH] > 1 else h
    effort = SWIFT if iterations < 2 else (EASY if iterations == 2 else (STEADY if iterations == 3 else SLOW))
    turn = AIM * reals[S.MAX_ANGLE] / math.sqrt(angle) if angle > 0.0 else MOST
    factor = max(LEAST, min(effort, turn, MOST))
    if ints[S.FRESH] < 2:
        factor = min(factor, 1.0)
    return min(max(h * factor, reals[S.MIN_H]), reals[S.MAX_H])


@inlined
def look_where_to_go(s, h):
    """Length of the next step, `h` unless other branches come near ahead; a prescribed step only recovers."""
    ints, reals = S.integers(s), S.floats(s)
    reals[S.WAIVED] -= reals[S.LENGTH]
    reals[S.AHEAD] -= reals[S.LENGTH]
    reals[S.STRAY] = 0.0
    if ints[S.GUARDED] == 0 or ints[S.PRESCRIBED] == 1 or not is_shrinking(s, h) or reals[S.WAIVED] > 0.0:
        return h
    made = S.slot(s, S.NEXT)
    ask(s, LOOK_AHEAD, h, made, made, made)
    return max(reals[S.RESULT], reals[S.MIN_H])


@internal
def reject(s, code):
    """Count a rejected step by its reason."""
    effort = S.effort(s)
    S.integers(s)[S.FRESH] = 0
    if code == S.TURNED:
        effort[S.REJECTED_ANGLE] += 1
    elif code == S.JUMPED:
        effort[S.REJECTED_JUMP] += 1
    elif code == S.STRAYED:
        effort[S.REJECTED_STRAYED] += 1
    elif code == NONFINITE:
        effort[S.REJECTED_NONFINITE] += 1
    elif code == SINGULAR:
        effort[S.REJECTED_SINGULAR] += 1
    elif code == FAILED:
        effort[S.REJECTED_FAILED] += 1
    else:
        effort[S.REJECTED_NEWTON] += 1


@internal
def choose_ending(s, cause):
    """Code of the end when no step was small enough, from the last reason.

    0 where it is pending behind an event, and where the branch goes on behind a corner.
    """
    S.integers(s)[S.LOOKS] = S.MOST_LOOKS
    if cause == NONFINITE:
        return S.IS_NONFINITE
    if cause == FAILED:
        return S.CALLBACK_FAILED
    place = S.work(s)[S.REQUEST]
    if S.integers(s)[S.SMOOTHNESS] < 3 and ask(s, PASS_CORNER, 0.0, place, place, place) == OK:
        S.effort(s)[S.STEPS] += 1
        S.floats(s)[S.LENGTH] = -1.0
        return OK
    if ask(s, DEAD_END, 0.0, place, place, place) == OK:
        S.integers(s)[S.PENDING] = S.IS_SINGULAR
        return OK
    return S.IS_SINGULAR if cause == SINGULAR else S.TOO_SMALL


@inlined
def is_ambiguous(s):
    """Whether the accepted point lies on a branch point or a fold to rounding: its counts and signs mean nothing."""
    left, made = S.slot(s, S.LEFT), S.slot(s, S.NEXT)
    base = S.scalars(s)
    return made[base + S.NULLITY] > left[base + S.NULLITY] or is_on_point(s, made, left)


@internal
def take_step(s):
    """Step from LEFT into NEXT, shorter and shorter until a step is accepted.

    Returns OK, INTERRUPTED or, where none was, the last reason; then length, iterations, squared tan of the angle.
    """
    ints, reals = S.integers(s), S.floats(s)
    h, share = reals[S.H], 1.0
    while True:
        code, iterations, angle = attempt_step(s, share * h)
        if share == 1.0 and (code == SINGULAR or code == OK and is_ambiguous(s)):
            share = 1.0 - ASIDE
            continue
        if code == OK:
            return code, h, iterations, angle
        if ints[S.FLAG] != 0:
            return S.INTERRUPTED, h, 0, 0.0
        share = 1.0
        reject(s, code)
        if h <= reals[S.MIN_H]:
            return code, h, iterations, angle
        h = max(0.5 * h, reals[S.MIN_H])


@inlined
def put_on_stack(s):
    """Put the accepted point on the stack, or the start where the branch has come back to it."""
    made = S.slot(s, S.NEXT)
    if is_near_start(s) and ask(s, CLOSES, 0.0, made, made, made) == OK:
        S.integers(s)[S.PENDING] = S.CLOSED
        push(s, S.slots(s)[S.START], S.POINT)
        S.floats(s)[S.LENGTH] = -1.0
    else:
        S.integers(s)[S.DEPTH] = 1


@internal
def advance(s):
    """Accept one more point onto the stack; returns 0 or the code of the branch's end."""
    ints = S.integers(s)
    grow_units(s)
    move_unknowns(s)
    code, h, iterations, angle = take_step(s)
    if code != OK:
        return code if code == S.INTERRUPTED else choose_ending(s, code)
    S.effort(s)[S.STEPS] += 1
    ints[S.FRESH] += 1
    ints[S.LOOKS] = S.MOST_LOOKS
    S.floats(s)[S.H] = look_where_to_go(s, choose_next_step(s, h, iterations, angle))
    put_on_stack(s)
    lost = S.slot(s, S.NEXT)[S.scalars(s) + S.VANISHED] > 0.0
    ints[S.EMPTY] = ints[S.EMPTY] + 1 if lost else 0
    if ints[S.EMPTY] >= LOST and ints[S.PENDING] == 0:
        ints[S.PENDING] = S.UNRESOLVED
    return OK
