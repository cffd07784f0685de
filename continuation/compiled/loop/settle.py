"""Settling the stack: intervals in which nothing changes are stored, the others are handed to locate.py.

The stack holds what lies ahead of LEFT, the last point that is settled: at its bottom the accepted point, above it
probes and events in between, the nearest on top.  `resolve` takes one interval, from LEFT to the top, and either
settles it or puts more on the stack.
"""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import (
    find_changes,
    find_hidden_dip,
    find_hidden_turn,
    may_hide_two,
    test_of,
    turn_test,
)
from continuation.compiled.events.dips import find_dip_past
from continuation.compiled.events.kink import CORNERED, turns_suddenly
from continuation.compiled.events.limits import find_exceeded
from continuation.compiled.events.records import copy, copy_tests, store
from continuation.compiled.loop.closing import FIRST
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.tasks import CLIP, EXAMINE, MARK_CORNER, PROBE, TOUCH, ask
from continuation.compiled.steps.metric import distance, inner

DEEP = 12  # records on the stack beyond which no more hidden changes are looked for: noise hides ever more of them
# Distance, relative to 1 + |x|, and cosine within which a curve is back at the branch point that it left: the point is
# known that well; a lower cosine takes another branch through the point for this one.
ATTAINED, PARALLEL = 1e-7, 0.99
# Distance of two special points, relative to 1 + |p| (in the inner product), to which a count alone resolves them: each
# factor of ten less costs three more probes wherever the count changes by two.
APART = 1e-4
SHORT = 1e-9  # intervals shorter than this are not looked into: there is only rounding


@internal
def size_of_parameter(s, record):
    """Absolute value of the varied parameter in the inner product."""
    at = S.size(s) - 1
    return abs(record[at]) * math.sqrt(S.weights(s)[at])


@internal
def look_for_corner(s, left, top, length):
    """Halve a piece in which the tangent turns suddenly, to a corner; True if something was put on the stack."""
    if S.integers(s)[S.SMOOTHNESS] > 1 or length <= SHORT or not turns_suddenly(s, left, top, length):
        return False
    place, relative = S.work(s)[S.REQUEST], length / (1.0 + math.sqrt(inner(S.weights(s), top, top)))
    place[0] = -1.0
    if relative > CORNERED and ask(s, PROBE, 0.5, place, place, place) == OK:
        return True
    return ask(s, MARK_CORNER, 0.0, place, place, place) == OK


@internal
def look_closer(s, length):
    """Look into an interval without changes for two of a kind; True if something was put on the stack."""
    ints = S.integers(s)
    left, top = S.slot(s, S.LEFT), S.top(s)
    if length <= SHORT or ints[S.DEPTH] > DEEP or ints[S.LOOKS] <= 0:
        return False
    sigma, j = -1.0, -1
    if ints[S.DETECT] & ints[S.TURN_KINDS] != 0:
        sigma, j = find_hidden_turn(s, left, top, length), turn_test(s)
    if sigma < 0.0:
        j = -1
        if ints[S.HISTORY] == 1:
            sigma, j = find_hidden_dip(s, S.slot(s, S.PREVIOUS), left, top, length)
    if sigma < 0.0:
        past = find_dip_past(s, left, top, length)
        sigma, j = (past, ints[S.PASSED]) if past >= 0.0 else (sigma, j)
    place = S.work(s)[S.REQUEST]
    if sigma < 0.0 and j >= 0 and ask(s, TOUCH, float(j), place, place, place) == OK:
        return True
    if sigma < 0.0 and may_hide_two(s, left, top) and length > APART * (1.0 + size_of_parameter(s, top)):
        sigma, j = 0.5, -1
    if sigma < 0.0:
        return False
    place[0] = j
    return ask(s, PROBE, sigma, place, place, place) == OK


@internal
def pass_event(s, event):
    """Go on from an event: what it explains has changed, so its test functions are those behind it."""
    ints = S.integers(s)
    left, base = S.slot(s, S.LEFT), S.scalars(s)
    ints[S.PASSED] = test_of(s, event) if left[base + S.KIND] == S.REGULAR and event[base + S.LOCATED] > 0.0 else -1
    copy(left, S.slots(s)[S.BEHIND])
    copy(event, S.slots(s)[S.ON_EVENT])
    copy(event, left)
    ints[S.HISTORY], S.floats(s)[S.LENGTH] = 0, -1.0
    if ints[S.DEPTH] > 0:
        behind = S.top(s)
        copy_tests(s, behind, left)
        if behind[base + S.ROLE] == S.EVENT:  # whose nullity is its kernel
            left[base + S.NULLITY] = 0.0


@internal
def is_start(s, event):
    """Whether an event is the point that the branch left, in the same direction: Newton has no hold there."""
    start, weights, size = S.slots(s)[S.START], S.weights(s), S.size(s)
    if start[S.scalars(s) + S.DET] != 0.0 or S.effort(s)[S.STEPS] < FIRST:
        return False
    near = distance(s, start, event) <= ATTAINED * (1.0 + math.sqrt(inner(weights, start, start)))
    return near and inner(weights, part(start, size, size), part(event, size, size)) > PARALLEL


@internal
def close_at(s, event):
    """Store the event as the start that the branch has come back to, and end with it."""
    start = S.slots(s)[S.START]
    for j in range(S.size(s)):
        event[j] = start[j]
    store(s, event)
    S.integers(s)[S.DEPTH], S.integers(s)[S.PENDING] = 0, S.CLOSED


@internal
def settle_event(s):
    """Take the event on top of the stack as settled: store it if its kind is looked for."""
    ints, event = S.integers(s), S.top(s)
    ints[S.DEPTH] -= 1
    kind = int(event[S.scalars(s) + S.KIND])
    if S.has_mark(s, kind, S.CLOSES_AT_START) and is_start(s, event):
        close_at(s, event)
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
    ints, top, base = S.integers(s), S.top(s), S.scalars(s)
    ints[S.DEPTH] -= 1
    known, zeros = S.slot(s, S.LEFT)[base + S.UNSTABLE], S.slot(s, S.LEFT)[base + S.NULLITY]
    if top[base + S.ROLE] == S.POINT:  # the bottom of the stack
        if S.slot(s, S.LEFT)[base + S.ROLE] == S.POINT:  # a whole step has gone since an event was passed
            ints[S.PASSED] = -1
        ints[S.PREVIOUS], ints[S.LEFT], ints[S.NEXT] = ints[S.LEFT], ints[S.NEXT], ints[S.PREVIOUS]
        ints[S.HISTORY], S.floats(s)[S.BEFORE] = 1, length
        store(s, top)
    else:  # what lies behind a probe is the record next to it: from farther away a decay looks like a dip for ever
        ints[S.PREVIOUS], ints[S.LEFT] = ints[S.LEFT], ints[S.PREVIOUS]
        ints[S.HISTORY], S.floats(s)[S.BEFORE], S.floats(s)[S.LENGTH] = 1, length, -1.0
        copy(top, S.slot(s, S.LEFT))
    if top[base + S.NULLITY] > zeros or not top[base + S.UNSTABLE] >= 0.0:
        # Rounding hides a count, which goes on as it was before.
        left = S.slot(s, S.LEFT)
        left[base + S.UNSTABLE], left[base + S.NULLITY] = known, zeros


@internal
def drop_probes(s):
    """Take the probes off the top of the stack: no looks are left to search between them, so they say nothing."""
    ints, role = S.integers(s), S.scalars(s) + S.ROLE
    while ints[S.DEPTH] > 1 and S.top(s)[role] == S.PROBE:
        ints[S.DEPTH] -= 1


@internal
def resolve(s):
    """Deal with the interval from LEFT to the top of the stack once."""
    ints, base = S.integers(s), S.scalars(s)
    if ints[S.LOOKS] <= 0:
        drop_probes(s)
    place = S.work(s)[S.REQUEST]
    if find_exceeded(s, S.top(s)) != 0:
        ask(s, CLIP, 0.0, place, place, place)
        S.floats(s)[S.LENGTH] = -1.0
    if ints[S.DEPTH] == 0:
        return
    top, left = S.top(s), S.slot(s, S.LEFT)
    if top[base + S.ROLE] == S.EVENT:
        settle_event(s)
        return
    length = S.floats(s)[S.LENGTH]
    if ints[S.DEPTH] > 1 or length < 0.0:
        length = distance(s, left, top)
    bits = find_changes(s, left, top)
    if look_for_corner(s, left, top, length):
        return
    if bits != 0:
        ask(s, EXAMINE, float(bits), place, place, place)
        return
    if left[base + S.UNSTABLE] == S.UNKNOWN:
        left[base + S.UNSTABLE] = top[base + S.UNSTABLE]
    if not look_closer(s, length) and ints[S.FLAG] == 0:  # interrupted it may have been refused its looks
        settle(s, length)
