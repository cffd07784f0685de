"""Settling the stack: intervals in which nothing changes are stored, the others are handed to locate.py."""

from continuation.compiled import state as S
from continuation.compiled.correct import distance
from continuation.compiled.detect import changes, hidden_dip, hidden_turn, scalars, wanted
from continuation.compiled.interface import OK, call
from continuation.compiled.kernel import internal
from continuation.compiled.limits import outside
from continuation.compiled.records import copy, store

DEEP = 12  # records on the stack beyond which no more hidden changes are looked for
SHORT = 1e-9  # intervals shorter than this are not looked into


@internal
def look_closer(s):
    """Look into an interval without changes for two of a kind; True if something was put on the stack."""
    left, top = S.slots(s)[S.LEFT], S.stack(s)[S.i(s)[S.DEPTH] - 1]
    length = distance(s, left, top)
    if length <= SHORT or S.i(s)[S.DEPTH] > DEEP:
        return False
    sigma, j = -1.0, -1
    if wanted(s, S.FOLD):
        sigma = hidden_turn(s, left, top, length)
    if sigma < 0.0 and S.i(s)[S.HISTORY] == 1:
        sigma, j = hidden_dip(s, S.slots(s)[S.PREVIOUS], left, top, length)
    if sigma < 0.0:
        return False
    place = S.work(s)[S.REQUEST]
    place[0], place[1] = sigma, j
    return call(S.ops(s)[S.OP_PROBE], s, place, place, place) == OK


@internal
def pass_event(s, event):
    """Go on from an event: what it explains has changed, so its test functions are those behind it."""
    left, first, base = S.slots(s)[S.LEFT], 2 * S.i(s)[S.SIZE], scalars(s)
    copy(event, left)
    S.i(s)[S.HISTORY] = 0
    if S.i(s)[S.DEPTH] > 0:
        behind = S.stack(s)[S.i(s)[S.DEPTH] - 1]
        for j in range(first, base + 1):
            left[j] = behind[j]


@internal
def settle(s):
    """Take the top of the stack as settled: store it if it is a point or an event."""
    base = scalars(s)
    top = S.stack(s)[S.i(s)[S.DEPTH] - 1]
    role = top[base + S.ROLE]
    S.i(s)[S.DEPTH] -= 1
    if role == S.EVENT:
        kind = int(top[base + S.KIND])
        if (S.i(s)[S.DETECT] >> kind) & 1 == 1:
            store(s, top)
            wished = (S.i(s)[S.STOP_KINDS] >> kind) & 1 == 1
            if wished or S.i(s)[S.STOP_COUNT] > 0 and S.i(s)[S.EVENTS] >= S.i(s)[S.STOP_COUNT]:
                S.i(s)[S.DEPTH] = 0
                S.i(s)[S.PENDING] = S.STOPPED
        pass_event(s, top)
        return
    if role == S.POINT:
        copy(S.slots(s)[S.LEFT], S.slots(s)[S.PREVIOUS])
        S.i(s)[S.HISTORY] = 1
        store(s, top)
    copy(top, S.slots(s)[S.LEFT])


@internal
def resolve(s):
    """Deal with the interval from LEFT to the top of the stack once."""
    base = scalars(s)
    place = S.work(s)[S.REQUEST]
    if outside(s, S.stack(s)[S.i(s)[S.DEPTH] - 1]) != 0:
        call(S.ops(s)[S.OP_CLIP], s, place, place, place)
    if S.i(s)[S.DEPTH] == 0:
        return
    if S.stack(s)[S.i(s)[S.DEPTH] - 1, base + S.ROLE] == S.EVENT:
        settle(s)
        return
    top, left = S.stack(s)[S.i(s)[S.DEPTH] - 1], S.slots(s)[S.LEFT]
    if left[base + S.UNSTABLE] == S.UNKNOWN:
        left[base + S.UNSTABLE] = top[base + S.UNSTABLE]
    bits = changes(s, left, top)
    if bits != 0:
        place[0] = float(bits)
        call(S.ops(s)[S.OP_EXAMINE], s, place, place, place)
    elif not look_closer(s):
        settle(s)
