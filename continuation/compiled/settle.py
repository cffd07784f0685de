"""Settling the stack: intervals in which nothing changes are stored, the others are handed to locate.py."""

from continuation.compiled import state as S
from continuation.compiled.correct import distance
from continuation.compiled.detect import changes, hidden_dip, hidden_turn, scalars, wanted
from continuation.compiled.interface import OK, call, data_address
from continuation.compiled.kernel import internal
from continuation.compiled.limits import outside
from continuation.compiled.records import copy, store

DEEP = 12  # records on the stack beyond which no more hidden changes are looked for
SHORT = 1e-9  # intervals shorter than this are not looked into


@internal
def look_closer(s):
    """Look into an interval without changes for two of a kind; True if something was put on the stack."""
    left, top = s.slots[S.LEFT], s.stack[s.i[S.DEPTH] - 1]
    length = distance(s, left, top)
    if length <= SHORT or s.i[S.DEPTH] > DEEP:
        return False
    sigma, j = -1.0, -1
    if wanted(s, S.FOLD):
        sigma = hidden_turn(s, left, top, length)
    if sigma < 0.0 and s.i[S.HISTORY] == 1:
        sigma, j = hidden_dip(s, s.slots[S.PREVIOUS], left, top, length)
    if sigma < 0.0:
        return False
    place = s.work[S.REQUEST]
    place[0], place[1] = sigma, j
    return call(s.ops[S.OP_PROBE], data_address(s.table), place, place, place) == OK


@internal
def pass_event(s, event):
    """Go on from an event: what it explains has changed, so its test functions are those behind it."""
    left, first, base = s.slots[S.LEFT], 2 * s.i[S.SIZE], scalars(s)
    copy(event, left)
    s.i[S.HISTORY] = 0
    if s.i[S.DEPTH] > 0:
        behind = s.stack[s.i[S.DEPTH] - 1]
        for j in range(first, base + 1):
            left[j] = behind[j]


@internal
def settle(s):
    """Take the top of the stack as settled: store it if it is a point or an event."""
    base = scalars(s)
    top = s.stack[s.i[S.DEPTH] - 1]
    role = top[base + S.ROLE]
    s.i[S.DEPTH] -= 1
    if role == S.EVENT:
        kind = int(top[base + S.KIND])
        if (s.i[S.DETECT] >> kind) & 1 == 1:
            store(s, top)
            wished = (s.i[S.STOP_KINDS] >> kind) & 1 == 1
            if wished or s.i[S.STOP_COUNT] > 0 and s.i[S.EVENTS] >= s.i[S.STOP_COUNT]:
                s.i[S.DEPTH] = 0
                s.i[S.PENDING] = S.STOPPED
        pass_event(s, top)
        return
    if role == S.POINT:
        copy(s.slots[S.LEFT], s.slots[S.PREVIOUS])
        s.i[S.HISTORY] = 1
        store(s, top)
    copy(top, s.slots[S.LEFT])


@internal
def resolve(s):
    """Deal with the interval from LEFT to the top of the stack once."""
    base = scalars(s)
    place = s.work[S.REQUEST]
    if outside(s, s.stack[s.i[S.DEPTH] - 1]) != 0:
        call(s.ops[S.OP_CLIP], data_address(s.table), place, place, place)
    if s.i[S.DEPTH] == 0:
        return
    if s.stack[s.i[S.DEPTH] - 1, base + S.ROLE] == S.EVENT:
        settle(s)
        return
    top = s.stack[s.i[S.DEPTH] - 1]
    bits = changes(s, s.slots[S.LEFT], top)
    if bits != 0:
        place[0] = float(bits)
        call(s.ops[S.OP_EXAMINE], data_address(s.table), place, place, place)
    elif not look_closer(s):
        settle(s)
