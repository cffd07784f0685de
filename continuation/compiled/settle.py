"""Settling the stack: intervals in which nothing changes are stored, the others are handed to locate.py."""

from continuation.compiled import state as S
from continuation.compiled.correct import distance
from continuation.compiled.detect import changes, hidden_dip, hidden_turn, scalars, wanted
from continuation.compiled.interface import OK
from continuation.compiled.kernel import internal
from continuation.compiled.limits import outside
from continuation.compiled.records import copy, store
from continuation.compiled.tasks import CLIP, EXAMINE, PROBE, ask

DEEP = 12  # records on the stack beyond which no more hidden changes are looked for
SHORT = 1e-9  # intervals shorter than this are not looked into


@internal
def look_closer(s, length):
    """Look into an interval without changes for two of a kind; True if something was put on the stack."""
    ints, slots = S.i(s), S.slots(s)
    left, top = slots[S.LEFT], S.stack(s)[ints[S.DEPTH] - 1]
    if length <= SHORT or ints[S.DEPTH] > DEEP:
        return False
    sigma, j = -1.0, -1
    if wanted(s, S.FOLD):
        sigma = hidden_turn(s, left, top, length)
    if sigma < 0.0 and ints[S.HISTORY] == 1:
        sigma, j = hidden_dip(s, slots[S.PREVIOUS], left, top, length)
    if sigma < 0.0:
        return False
    place = S.work(s)[S.REQUEST]
    place[0] = j
    return ask(s, PROBE, sigma, place, place, place) == OK


@internal
def pass_event(s, event):
    """Go on from an event: what it explains has changed, so its test functions are those behind it."""
    ints = S.i(s)
    left, first, base = S.slots(s)[S.LEFT], 2 * ints[S.SIZE], scalars(s)
    copy(event, left)
    ints[S.HISTORY] = 0
    if ints[S.DEPTH] > 0:
        behind = S.stack(s)[ints[S.DEPTH] - 1]
        for j in range(first, base + 1):
            left[j] = behind[j]


@internal
def settle(s, length):
    """Take the top of the stack, at this distance from LEFT, as settled: store it if it is a point or an event."""
    ints, slots = S.i(s), S.slots(s)
    base = scalars(s)
    top = S.stack(s)[ints[S.DEPTH] - 1]
    role = top[base + S.ROLE]
    ints[S.DEPTH] -= 1
    if role == S.EVENT:
        kind = int(top[base + S.KIND])
        if (ints[S.DETECT] >> kind) & 1 == 1:
            store(s, top)
            wished = (ints[S.STOP_KINDS] >> kind) & 1 == 1
            if wished or ints[S.STOP_COUNT] > 0 and ints[S.EVENTS] >= ints[S.STOP_COUNT]:
                ints[S.DEPTH] = 0
                ints[S.PENDING] = S.STOPPED
        pass_event(s, top)
        return
    if role == S.POINT:
        copy(slots[S.LEFT], slots[S.PREVIOUS])
        ints[S.HISTORY], S.f(s)[S.BEFORE] = 1, length
        store(s, top)
    else:
        S.f(s)[S.BEFORE] = distance(s, slots[S.PREVIOUS], top)
    copy(top, slots[S.LEFT])


@internal
def resolve(s):
    """Deal with the interval from LEFT to the top of the stack once."""
    ints, stack_ = S.i(s), S.stack(s)
    base = scalars(s)
    place = S.work(s)[S.REQUEST]
    if outside(s, stack_[ints[S.DEPTH] - 1]) != 0:
        ask(s, CLIP, 0.0, place, place, place)
    if ints[S.DEPTH] == 0:
        return
    if stack_[ints[S.DEPTH] - 1, base + S.ROLE] == S.EVENT:
        settle(s, 0.0)
        return
    top, left = stack_[ints[S.DEPTH] - 1], S.slots(s)[S.LEFT]
    length = distance(s, left, top)
    if left[base + S.UNSTABLE] == S.UNKNOWN:
        left[base + S.UNSTABLE] = top[base + S.UNSTABLE]
    bits = changes(s, left, top)
    if bits != 0:
        ask(s, EXAMINE, float(bits), place, place, place)
    elif not look_closer(s, length):
        settle(s, length)
