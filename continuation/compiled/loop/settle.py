"""Settling the stack: intervals in which nothing changes are stored, the others are handed to locate.py."""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import changes, hidden_dip, hidden_turn, may_hide_two, scalars, wanted
from continuation.compiled.events.limits import outside
from continuation.compiled.events.records import copy, store
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.tasks import CLIP, CORNER, EXAMINE, PROBE, ask
from continuation.compiled.steps.correct import distance, inner

DEEP = 12  # records on the stack beyond which no more hidden changes are looked for
ATTAINED, PARALLEL = 1e-7, 0.99  # distance and cosine within which a curve is back at a branch point
APART = 1e-4  # distance of two special points, relative to 1 + |p|, to which a count alone resolves them
SHORT = 1e-9  # intervals shorter than this are not looked into


@internal
def look_closer(s, length):
    """Look into an interval without changes for two of a kind; True if something was put on the stack."""
    ints = S.i(s)
    left, top = S.slot(s, S.LEFT), S.top(s)
    if length <= SHORT or ints[S.DEPTH] > DEEP:
        return False
    sigma, j = -1.0, -1
    if wanted(s, S.FOLD):
        sigma = hidden_turn(s, left, top, length)
    if sigma < 0.0 and ints[S.HISTORY] == 1:
        sigma, j = hidden_dip(s, S.slot(s, S.PREVIOUS), left, top, length)
    place = S.work(s)[S.REQUEST]
    if sigma < 0.0 and j >= 0 and ask(s, CORNER, float(j), place, place, place) == OK:
        return True
    if sigma < 0.0 and may_hide_two(s, left, top) and length > APART * (1.0 + abs(top[S.size(s) - 1])):
        sigma, j = 0.5, -1
    if sigma < 0.0:
        return False
    place[0] = j
    return ask(s, PROBE, sigma, place, place, place) == OK


@internal
def pass_event(s, event):
    """Go on from an event: what it explains has changed, so its test functions are those behind it."""
    ints = S.i(s)
    left, first, base = S.slot(s, S.LEFT), 2 * S.size(s), scalars(s)
    copy(event, left)
    ints[S.HISTORY], S.f(s)[S.LENGTH] = 0, -1.0
    if ints[S.DEPTH] > 0:
        behind = S.top(s)
        for j in range(first, base + 1):
            left[j] = behind[j]


@internal
def is_start(s, event):
    """Whether a branch point is the one that the branch left, in the same direction: Newton has no hold there."""
    start, weights, size = S.slots(s)[S.START], S.weights(s), S.size(s)
    if start[scalars(s) + S.DET] != 0.0 or S.effort(s)[S.STEPS] < 4:
        return False
    near = distance(s, start, event) <= ATTAINED * (1.0 + math.sqrt(inner(weights, start, start)))
    return near and inner(weights, part(start, size, size), part(event, size, size)) > PARALLEL


@internal
def settle_event(s):
    """Take the event on top of the stack as settled: store it if its kind is looked for."""
    ints, event = S.i(s), S.top(s)
    ints[S.DEPTH] -= 1
    kind = int(event[scalars(s) + S.KIND])
    if kind == S.BRANCH_POINT and is_start(s, event):
        start = S.slots(s)[S.START]
        for j in range(S.size(s)):
            event[j] = start[j]
        store(s, event)
        ints[S.DEPTH], ints[S.PENDING] = 0, S.CLOSED
        return
    if (ints[S.DETECT] >> kind) & 1 == 1:
        store(s, event)
        wished = (ints[S.STOP_KINDS] >> kind) & 1 == 1
        if wished or ints[S.STOP_COUNT] > 0 and ints[S.EVENTS] >= ints[S.STOP_COUNT]:
            ints[S.DEPTH] = 0
            ints[S.PENDING] = S.STOPPED
    pass_event(s, event)


@internal
def settle(s, length):
    """Take the point or probe on top of the stack, at this distance from LEFT, as settled: points are stored."""
    ints, top = S.i(s), S.top(s)
    ints[S.DEPTH] -= 1
    if top[scalars(s) + S.ROLE] == S.POINT:  # the bottom of the stack
        ints[S.PREVIOUS], ints[S.LEFT], ints[S.NEXT] = ints[S.LEFT], ints[S.NEXT], ints[S.PREVIOUS]
        ints[S.HISTORY], S.f(s)[S.BEFORE] = 1, length
        store(s, top)
    else:
        S.f(s)[S.BEFORE] = distance(s, S.slot(s, S.PREVIOUS), top)
        S.f(s)[S.LENGTH] = -1.0
        copy(top, S.slot(s, S.LEFT))


@internal
def resolve(s):
    """Deal with the interval from LEFT to the top of the stack once."""
    ints, base = S.i(s), scalars(s)
    place = S.work(s)[S.REQUEST]
    if outside(s, S.top(s)) != 0:
        ask(s, CLIP, 0.0, place, place, place)
        S.f(s)[S.LENGTH] = -1.0
    if ints[S.DEPTH] == 0:
        return
    top, left = S.top(s), S.slot(s, S.LEFT)
    if top[base + S.ROLE] == S.EVENT:
        settle_event(s)
        return
    length = S.f(s)[S.LENGTH]
    if ints[S.DEPTH] > 1 or length < 0.0:
        length = distance(s, left, top)
    if left[base + S.UNSTABLE] == S.UNKNOWN:
        left[base + S.UNSTABLE] = top[base + S.UNSTABLE]
    bits = changes(s, left, top)
    if bits != 0:
        ask(s, EXAMINE, float(bits), place, place, place)
    elif not look_closer(s, length):
        settle(s, length)
