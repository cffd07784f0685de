"""Locating what changed between the last settled record and the top of the stack; rare, entered by address.

An interval is settled when nothing changes in it or when one located event explains all that changes; else it
is split, and the pieces come first.  Where an extended system of the problem's locates an event (Newton's method,
quadratic), a bracket only guards it; the others are located by their bracket alone.
"""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.bracket import BRACKETED, ROUND, find_root
from continuation.compiled.events.detect import (
    COUNT_BIT,
    crosses_alone,
    find_changes,
    is_certain,
    least_count,
    test_of,
    unexplained,
)
from continuation.compiled.events.dips import CHANGED, LOST, NOWHERE, PROBED, descend, find_dip_beside
from continuation.compiled.events.kink import push_corner
from continuation.compiled.events.near_crossing import turn_back
from continuation.compiled.events.records import NEEDED, SPLIT, copy, has_room, push, scaled
from continuation.compiled.events.refinement import refine
from continuation.compiled.events.rounding import drop_rounding
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.looks import take_look
from continuation.compiled.steps.correct import FINE, correct
from continuation.compiled.steps.finish import ask_between, finish
from continuation.compiled.steps.interpolant import interpolate
from continuation.compiled.steps.metric import distance, inner, weigh

# Pieces shorter than this are not split further where an event in it is located (SPLIT where none is) whose neighbours
# do not part it from what else changes: nothing nearer will.
ENOUGH = 1e-4
# First distance of the neighbours of an event, of the piece it lies on: less and Newton has less hold next to it, more
# and other events lie between them.
NEIGHBOUR = 1e-3
# Distance of the neighbours of an event that certainly crosses, relative to 1 + |x|, down to which its partner is
# sought: ten times less and signs are rounding, ten times more and pairs 1e-7 apart are one.
RESOLVED = 1e-9
CLEAR = 1e-4  # ... and the least where signs may be rounding: several eigenvalues vanish where branches touch
ASIDE = 0.61  # of the way to a probe that could not be had, where another is tried
MARGIN = 0.001  # part of a piece by which a guess keeps away from its ends

# Distance, relative to 1 + |x|, from its start at which a closed branch is there: it is stored as exactly as that.
AT_START = 1e-7


@internal
def split(s, sigma):
    """Put a probe between LEFT and the top of the stack on top; False if there is none to be had."""
    top, made = S.top(s), S.slots(s)[S.MADE]
    if not has_room(s):
        return False
    for place in (sigma, ASIDE * sigma):
        if ask_between(s, S.slot(s, S.LEFT), top, place, made) == OK:
            push(s, made, S.PROBE)
            return True
    return False


@internal
def estimate_crossing(s, a, b, j):
    """Where the line through test function j vanishes between records a and b; the middle if that is no help."""
    value = a[2 * S.size(s) + j]
    ratio = -scaled(s, b, a, j) / value if value != 0.0 else 1.0
    return min(max(1.0 / (1.0 + ratio), MARGIN), 1.0 - MARGIN)


@internal
def choose_test(s, bits):
    """Index of the changed test function that says what to look for, -1 if none: one whose kind comes first, if any."""
    chosen = -1
    for j in range(S.tests(s) - 1, -1, -1):
        if (bits >> j) & 1 == 1 and not S.has_mark(s, S.kinds(s)[j], S.LOCATED_BY_BISECTION):
            chosen = j
    for j in range(S.tests(s) - 1, -1, -1):
        if (bits >> j) & 1 == 1 and S.has_mark(s, S.kinds(s)[j], S.COMES_FIRST):
            chosen = j
    return chosen


@internal
def locate_event(s, bits, event):
    """Locate what changed between LEFT and the top of the stack through the problem's own extended systems."""
    left, top, x = S.slot(s, S.LEFT), S.top(s), S.work(s)[S.MONITORED]
    kind, sigma, j = S.integers(s)[S.COUNT_KIND], 0.5, choose_test(s, bits)
    if j >= 0:
        kind, sigma = S.kinds(s)[j], estimate_crossing(s, left, top, j)
    elif bits & COUNT_BIT == 0:
        return False
    if not guess_at(s, sigma, x):
        return False
    if refine(s, left, top, x, kind, event):
        return True
    instead = S.trait(s, kind, S.INSTEAD)
    return instead >= 0 and refine(s, left, top, x, instead, event) and event[S.scalars(s) + S.NULLITY] > 1.0


@internal
def guess_at(s, sigma, x):
    """Write the interpolated point between LEFT and the top of the stack, with its unit tangent, into x; True if so."""
    left, top, work, size = S.slot(s, S.LEFT), S.top(s), S.work(s), S.size(s)
    guess, direction = work[S.GUESS], work[S.DIRECTION]
    interpolate(left, top, size, distance(s, left, top), sigma, guess, direction)
    if weigh(s, direction, work[S.ROW]) == 0.0:
        return False
    scale = math.sqrt(inner(S.weights(s), direction, direction))
    for j in range(size):
        x[j], x[size + j] = guess[j], direction[j] / scale
    return True


@internal
def bisect_event(s, left, top, j, event):
    """Locate the sign change of test function j between two records without an extended system.  True if it did."""
    size, base = S.size(s), S.scalars(s)
    length = find_root(s, left, top, 2 * size + j, 0.0, event)
    scale = 1.0 + math.sqrt(inner(S.weights(s), event, event))
    for k in range(2 * size, 2 * size + 2 * S.tests(s)):
        event[k] = top[k]
    event[base + S.KIND], event[base + S.TEST], event[base + S.ROLE] = S.kinds(s)[j], j, S.EVENT
    event[base + S.EXPECTED] = event[base + S.TURNS] = math.nan
    event[base + S.ERROR] = max(length, ROUND) / scale
    return length <= BRACKETED * scale


@internal
def make_unlocated(s, left, top, bits, event):
    """Make the record of an event that is not located, with its bracket, the records left and top."""
    ints, kinds = S.integers(s), S.kinds(s)
    size, base = S.size(s), S.scalars(s)
    copy(top, event)
    counted = ints[S.COUNT_KIND]
    kind = counted
    for j in range(S.tests(s)):
        if (bits >> j) & 1 == 1 and (kind == counted or S.has_mark(s, kinds[j], S.COMES_FIRST)):
            kind = kinds[j]
            event[base + S.TEST] = j
    event[base + S.KIND], event[base + S.LOCATED] = kind, 0.0
    event[base + S.ERROR] = distance(s, left, top) / (1.0 + math.sqrt(inner(S.weights(s), top, top)))
    bracket = S.brackets(s)[ints[S.BRACKETS]]
    for j in range(size):
        bracket[j], bracket[size + j] = left[j], top[j]
    event[base + S.NULLITY] = ints[S.BRACKETS]  # until the row is read
    event[base + S.ROLE] = S.EVENT
    ints[S.BRACKETS] += 1


@internal
def make_neighbour(s, event, other, d, record):
    """Make a record of the branch's point at distance d from an event towards a record beyond it; True if it did.

    At half the distance of that record where this is less.
    """
    work = S.work(s)
    size, x, row = S.size(s), work[S.GUESS], work[S.ROW]
    weigh(s, event[size:], row)
    gap, value = 0.0, 0.0
    for j in range(size):
        gap += row[j] * (other[j] - event[j])
    d = math.copysign(min(d, 0.5 * abs(gap)), gap)
    for j in range(size):
        x[j] = event[j] + d * event[size + j]
        value += row[j] * x[j]
    code, _, size_f = correct(s, x, row, value, FINE)
    if code != OK or finish(s, x, size_f, record) != OK:
        return False
    return inner(S.weights(s), record[size:], event[size:]) > 0.0


@internal
def bits_beside(s, event):
    """Bits of the test functions that may change their sign right at an event."""
    kinds, bits = S.kinds(s), 0
    beside = S.trait(s, int(event[S.scalars(s) + S.KIND]), S.BESIDE)
    for j in range(S.tests(s)):
        if kinds[j] >= 0 and (beside >> kinds[j]) & 1 == 1:
            bits |= 1 << j
    return bits


@internal
def isolate(s, left, top, event, nearest, coincide):
    """Put the neighbours of a located event around it on the stack when it does not explain its whole interval.

    It lies between the records left and top; each interval between them is then examined for itself.  False where the
    neighbours can't be had at a distance of at least `nearest`, or where nothing changes between them.  What else
    changes between the nearest ones happens at the same point, to the accuracy of this search, if they may `coincide`.
    """
    ints, stack_, base = S.integers(s), S.stack(s), S.scalars(s)
    after, before = stack_[S.STACK_DEPTH - 1], stack_[S.STACK_DEPTH - 2]
    d, rest = NEIGHBOUR * distance(s, left, top), 0
    while d > nearest and ints[S.DEPTH] + NEEDED < S.STACK_DEPTH and take_look(s):
        bits = rest = 0
        if make_neighbour(s, event, left, d, before) and make_neighbour(s, event, top, d, after):
            bits = find_changes(s, before, after)
            rest = unexplained(s, before, after, bits, event) & ~bits_beside(s, event)
        if bits != 0 and (rest == 0 or 0.1 * d <= nearest and coincide):
            event[base + S.UNSTABLE] = least_count(s, before, after)
            push(s, after, S.PROBE)
            behind = S.top(s)
            push(s, event, S.EVENT)
            here = S.top(s)
            push(s, before, S.PROBE)
            push_coincident(s, S.top(s), behind, rest, here)
            return True
        d *= 0.1
    return False


@internal
def size_of(s, record):
    """1 + |x|."""
    return 1.0 + math.sqrt(inner(S.weights(s), record, record))


@internal
def isolate_touching(s, event):
    """`isolate` where signs are kept: close to an event that certainly crosses, not where branches may only touch."""
    left, top = S.slot(s, S.LEFT), S.top(s)
    floor = max(SPLIT * size_of(s, event), CLEAR * distance(s, left, top))
    return isolate(s, left, top, event, RESOLVED * size_of(s, event) if crosses_alone(s, event) else floor, False)


@internal
def isolate_cluster(s, event):
    """Whether two more of a located event's kind lie beside it; then they are parted on the stack."""
    left, top, made = S.slot(s, S.LEFT), S.top(s), S.slots(s)[S.MADE]
    j = test_of(s, event)
    if j < 0 or not has_room(s):
        return False
    at = distance(s, left, event)
    sigma = find_dip_beside(s, S.slot(s, S.PREVIOUS), left, top, j, at)
    if sigma < 0.0 or descend(s, left, top, j, sigma, at) != CHANGED:
        return False
    nearest = RESOLVED * size_of(s, event)
    if distance(s, left, made) > at:
        push(s, made, S.PROBE)
        isolate(s, left, S.top(s), event, nearest, False)
    else:
        isolate(s, made, top, event, nearest, False)
        push(s, made, S.PROBE)
    return True


@internal
def push_coincident(s, before, after, rest, event):
    """Put what else happens at an event under the top of the stack, `before`; as not located where it is not."""
    other = S.stack(s)[S.STACK_DEPTH - 3]
    if rest & COUNT_BIT != 0 and refine(s, before, after, event, S.integers(s)[S.COUNT_KIND], other):
        before = insert(s, other)
        rest &= ~COUNT_BIT
    for j in range(S.tests(s)):
        if (rest >> j) & 1 == 0:
            continue
        if S.has_mark(s, S.kinds(s)[j], S.LOCATED_BY_BISECTION):
            met = bisect_event(s, before, after, j, other)
        else:
            met = refine(s, before, after, event, S.kinds(s)[j], other)
        if met:
            before = insert(s, other)
            rest &= ~(1 << j)
    if rest != 0:
        make_unlocated(s, before, after, rest, other)
        insert(s, other)


@internal
def insert(s, event):
    """Put an event under the top of the stack; returns the new top."""
    under = S.top(s)
    push(s, under, S.PROBE)
    copy(event, under)
    return S.top(s)


@internal
def push_bisected(s, bits, top):
    """Put the events of test functions that a bracket locates on the stack, several at one place, say; their bits."""
    event, left, found = S.stack(s)[S.STACK_DEPTH - 3], S.slot(s, S.LEFT), 0
    for j in range(S.tests(s)):
        alone = (bits >> j) & 1 == 1 and S.has_mark(s, S.kinds(s)[j], S.LOCATED_BY_BISECTION)
        if alone and bisect_event(s, left, top, j, event):
            push(s, event, S.EVENT)
            found |= 1 << j
    return found


@internal
def own_bits(s, event):
    """Bits of the test functions of an event's own kind."""
    bits, kind = 0, int(event[S.scalars(s) + S.KIND])
    for j in range(S.tests(s)):
        if S.kinds(s)[j] == kind:
            bits |= 1 << j
    return bits


@internal
def locate_alone(s, bits, event):
    """Locate the one test function that changed by its bracket, if that is how it is to be located; True if it did."""
    if bits & (bits - 1) != 0 or bits == COUNT_BIT:
        return False
    j = 0
    while bits >> j != 1:
        j += 1
    if not (S.has_mark(s, S.kinds(s)[j], S.LOCATED_BY_BISECTION) or S.ops(s)[S.OP_REFINE] == 0):
        return False
    return bisect_event(s, S.slot(s, S.LEFT), S.top(s), j, event)


@internal
def examine(s, bits):
    """Act on what changed between LEFT and the top of the stack."""
    event, left, top = S.stack(s)[S.STACK_DEPTH - 3], S.slot(s, S.LEFT), S.top(s)
    bits = drop_rounding(s, left, top, bits)
    if bits == 0:
        return
    found = locate_event(s, bits, event) or locate_alone(s, bits, event)
    if found and unexplained(s, left, top, bits, event) == 0:
        if not (isolate_cluster(s, event) if is_certain(s, bits, event) else isolate_touching(s, event)):
            push(s, event, S.EVENT)
        return
    if found and isolate(s, left, top, event, SPLIT * size_of(s, event), True):
        return
    if distance(s, left, top) > (ENOUGH if found else SPLIT) * size_of(s, top) and split(s, 0.5):
        return
    if found:
        left_over = unexplained(s, left, top, bits, event)
        push(s, event, S.EVENT)
        left_over &= ~push_bisected(s, left_over, top)
        closes = S.integers(s)[S.PENDING] == S.CLOSED and distance(s, event, top) <= AT_START * size_of(s, top)
        if left_over & ~own_bits(s, event) != 0 and not closes:  # its tests at its start are those of another direction
            make_unlocated(s, left, top, left_over, S.slots(s)[S.MADE])
            push(s, S.slots(s)[S.MADE], S.EVENT)
    elif not push_corner(s) and push_bisected(s, bits, top) == 0 and not turn_back(s, bits):
        make_unlocated(s, left, top, bits, S.slots(s)[S.MADE])
        push(s, S.slots(s)[S.MADE], S.EVENT)


@internal
def find_touching(s, left, top, sigma, kind):
    """Whether another branch touches this one near `sigma` (all signs kept); then the event is on the stack."""
    made = S.slots(s)[S.MADE]
    size, event = S.size(s), S.stack(s)[S.STACK_DEPTH - 3]
    if ask_between(s, left, top, sigma, made) != OK:
        copy(top, made)
        interpolate(left, top, size, distance(s, left, top), sigma, made, made[size:])
    if find_changes(s, left, made) != 0 or not refine(s, left, top, made, kind, event):
        return False
    if event[S.scalars(s) + S.NULLITY] > 1.0 or not isolate_touching(s, event):  # one that crosses does not come alone
        push(s, event, S.EVENT)
    return True


@internal
def probe(s, sigma, j):
    """Look into an interval without changes at `sigma`, where test function `j` (or none, -1) hints at something."""
    left, top = S.slot(s, S.LEFT), S.top(s)
    touching = j >= 0 and S.has_mark(s, S.kinds(s)[j], S.MAY_TOUCH)
    if touching and find_touching(s, left, top, sigma, S.kinds(s)[j]):
        return True
    if j < 0 or S.kinds(s)[j] < 0 or not has_room(s):
        return split(s, sigma)
    found = descend(s, left, top, j, sigma, NOWHERE)
    if found in (PROBED, CHANGED):
        push(s, S.slots(s)[S.MADE], S.PROBE)
        return True
    return found == LOST and split(s, sigma)
