"""One accepted step: predict, correct, judge, choose the next length."""

import math

from numba import carray

from continuation.compiled import state as S
from continuation.compiled.correct import correct, distance, finish, hermite, inner, weigh
from continuation.compiled.detect import place_on, scalars
from continuation.compiled.interface import FAILED, NONFINITE, OK, SINGULAR, call, callback, data_address
from continuation.compiled.kernel import internal
from continuation.compiled.records import push
from continuation.compiled.state import state_at

AIM = 0.5  # of the largest angle: what the step is steered to
LOST = 5  # accepted points in a row without a Jacobian to speak of
BEND = 0.2  # how far a step may leave the trapezoidal rule, against its turn


@internal
def left_trapezoid(s, a, b):
    """How far the step from record a to b leaves the trapezoidal rule, relative to its length."""
    size, length, total = s.i[S.SIZE], distance(s, a, b), 0.0
    for j in range(size):
        gap = b[j] - a[j] - 0.5 * length * (a[size + j] + b[size + j])
        total += s.weights[j] * gap * gap
    return math.sqrt(total) / length if length > 0.0 else math.inf


@internal
def attempt(s, h):
    """One step of length `h` from LEFT into MADE; returns (code, Newton iterations, tan of the angle turned)."""
    left, made = s.slots[S.LEFT], s.slots[S.MADE]
    size = s.i[S.SIZE]
    x, row = s.work[S.GUESS], s.work[S.ROW]
    weigh(s, left[size:], row)
    s.f[S.BASE] = left[size - 1]
    value = 0.0
    for j in range(size):
        x[j] = left[j] + h * left[size + j]
        value += row[j] * x[j]
    code, iterations, size_f = correct(s, x, row, value, s.f[S.TOLERANCE])
    if code != S.CONVERGED:
        return code, iterations, 0.0
    z = s.work[S.SOLUTION][size:]
    length = math.sqrt(inner(s.weights, z, z))
    if not (length >= 1.0 - 1e-6 and length < math.inf):
        return SINGULAR, iterations, 0.0
    angle = math.sqrt(max(length * length - 1.0, 0.0))  # its tangent: <old, z> = 1
    if angle > s.f[S.MAX_ANGLE]:
        return S.TURNED, iterations, angle
    code = finish(s, x, size_f, made)
    if code == OK and left_trapezoid(s, left, made) > BEND * max(angle, 0.05):
        return S.JUMPED, iterations, angle
    return code, iterations, angle


@internal
def next_step(s, h, iterations, angle):
    """Length of the next step from the effort and the turn of this one."""
    effort = 2.0 if iterations < 2 else (1.4 if iterations == 2 else (1.0 if iterations == 3 else 0.7))
    turn = AIM * s.f[S.MAX_ANGLE] / angle if angle > 0.0 else 2.0
    factor = max(0.5, min(effort, turn, 2.0))
    if s.i[S.FRESH] < 2:
        factor = min(factor, 1.0)
    return min(max(h * factor, s.f[S.MIN_H]), s.f[S.MAX_H])


@internal
def reject(s, code):
    """Count a rejected step by its reason."""
    s.i[S.FRESH] = 0
    s.i[S.CAUSE] = code
    if code == S.TURNED:
        s.effort[S.REJECTED_ANGLE] += 1
    elif code == S.JUMPED:
        s.effort[S.REJECTED_JUMP] += 1
    elif code == NONFINITE:
        s.effort[S.REJECTED_NONFINITE] += 1
    elif code == SINGULAR:
        s.effort[S.REJECTED_SINGULAR] += 1
    elif code == FAILED:
        s.effort[S.REJECTED_FAILED] += 1
    else:
        s.effort[S.REJECTED_NEWTON] += 1


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
    size, left, start = s.i[S.SIZE], s.slots[S.LEFT], s.slots[S.START]
    length = distance(s, left, made)
    sigma = place_on(s, left, made, start)
    if not (0.0 < sigma <= 1.0 + 1e-9) or inner(s.weights, made[size:], start[size:]) <= 0.0:
        return False
    x, direction, row = s.work[S.GUESS], s.work[S.DIRECTION], s.work[S.ROW]
    hermite(left, made, size, length, min(sigma, 1.0), x, direction)
    weigh(s, start[size:], row)
    value = 0.0
    for j in range(size):
        value += row[j] * start[j]
    if distance(s, x, start) > 0.1 * length:
        return False
    code, _, _ = correct(s, x, row, value, 1e-12)
    near = 10.0 * s.f[S.TOLERANCE] * (1.0 + math.sqrt(inner(s.weights, x, x)))
    return code == S.CONVERGED and distance(s, x, start) <= max(near, 1e-8)


@internal
def advance(s):
    """Accept one more point onto the stack; returns 0 or the code of the branch's end."""
    h = s.f[S.H]
    while True:
        if s.i[S.FLAG] != 0:
            return S.INTERRUPTED
        code, iterations, angle = attempt(s, h)
        if code == OK:
            break
        reject(s, code)
        if h <= s.f[S.MIN_H]:
            return ending(s.i[S.CAUSE])
        h = max(0.5 * h, s.f[S.MIN_H])
    s.effort[S.STEPS] += 1
    s.i[S.FRESH] += 1
    s.f[S.H] = next_step(s, h, iterations, angle)
    made = s.slots[S.MADE]
    if near_start(s, made) and call(s.ops[S.OP_CLOSES], data_address(s.table), made, made, made) == OK:
        s.i[S.PENDING] = S.CLOSED
        push(s, s.slots[S.START], S.POINT)
    else:
        push(s, made, S.POINT)
    lost = made[scalars(s) + S.VANISHED] > 0.0
    s.i[S.EMPTY] = s.i[S.EMPTY] + 1 if lost else 0
    if s.i[S.EMPTY] >= LOST and s.i[S.PENDING] == 0:
        s.i[S.PENDING] = S.UNRESOLVED
    return OK


@internal
def near_start(s, made):
    """Whether the step to `made` may pass through the start."""
    if s.effort[S.STEPS] < 4:
        return False
    return distance(s, s.slots[S.LEFT], s.slots[S.START]) <= 1.5 * distance(s, s.slots[S.LEFT], made)


@callback
def closes_by_address(data, made, unused, ignored):
    """`closes` for the loop, which reaches it by address: OK where the branch is closed."""
    s = state_at(data)
    return OK if closes(s, carray(made, (s.slots.shape[1],))) else FAILED
