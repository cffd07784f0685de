"""Whether a branch has come back to its start: then it is a closed curve.

A step closes the curve where the start lies between its ends, straight across from its interpolant and in the
direction that it was left in, and Newton's method from that place ends on the start itself.
"""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import correct
from continuation.compiled.steps.finish import finish
from continuation.compiled.steps.interpolant import interpolate
from continuation.compiled.steps.metric import distance, inner, project_on_chord, weigh

EXACT = 1e-12  # tolerance of the point that is compared with the start, which was corrected as finely
# Distance from the start within which the curve is back, in tolerances of a step and at least, absolute: ten times
# less and a start that was rounded in a file is passed, ten times more and a sheet nearby is taken for the start.
NEAR, LEAST = 10.0, 1e-8
ACROSS = 0.1  # of the step: farther from the interpolant the start is on another part of the curve
FAR = 1.5  # steps ahead within which the start is looked for: a bent step may pass it sideways
BEYOND = 1e-9  # part of the step by which rounding may put a start at its end behind it
SAFE = 1.0 - 1e-12  # of a distance, against rounding: it is to be a lower bound
FIRST = 4  # steps before which the curve can't have come back: it turns by less than a quarter of a circle in one


@internal
def has_closed(s, made):
    """Whether the step to `made` passes through the start in the direction it was left."""
    work, weights = S.work(s), S.weights(s)
    size, left, start = S.size(s), S.slot(s, S.LEFT), S.slots(s)[S.START]
    length = distance(s, left, made)
    sigma = project_on_chord(s, left, made, start)
    if not (0.0 < sigma <= 1.0 + BEYOND) or inner(weights, made[size:], start[size:]) <= 0.0:
        return False
    x, direction, row = work[S.GUESS], work[S.DIRECTION], work[S.ROW]
    interpolate(left, made, size, length, min(sigma, 1.0), x, direction)
    weigh(s, start[size:], row)
    value = 0.0
    for j in range(size):
        value += row[j] * start[j]
    if distance(s, x, start) > ACROSS * length:
        return False
    code, _, size_f = correct(s, x, row, value, EXACT)
    near = NEAR * S.floats(s)[S.TOLERANCE] * (1.0 + math.sqrt(inner(weights, x, x)))
    if code != S.CONVERGED or distance(s, x, start) > max(near, LEAST):
        return False
    return orient(s, x, size_f, start) == OK


@internal
def orient(s, x, size_f, start):
    """Give the start's record the test functions as they are when the curve comes back to it at x.

    Their signs may rest on vectors that were followed along the curve; those that vanish there stay zero.
    """
    again, first, base = S.stack(s)[S.STACK_DEPTH - 1], 2 * S.size(s), S.scalars(s)
    code = finish(s, x, size_f, again)
    for j in range(S.tests(s)):
        if start[first + j] != 0.0:
            start[first + j] = again[first + j]
    for j in range(first + S.tests(s), base):
        start[j] = again[j]
    return code


@inlined
def is_near_start(s):
    """Whether the next point may lie beyond the start, to which CLEAR is at least left from LEFT."""
    reals = S.floats(s)
    length, clear = reals[S.LENGTH], reals[S.CLEAR]
    if clear <= FAR * length:
        clear = SAFE * distance(s, S.slot(s, S.LEFT), S.slots(s)[S.START])
    reals[S.CLEAR] = clear - length
    return S.effort(s)[S.STEPS] >= FIRST and clear <= FAR * length
