"""Locating what changed between the last settled record and the top of the stack; rare, entered by address.

An interval is settled when nothing changes in it or when one located event explains all that changes; else it
is split, and the pieces come first.
"""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import COUNT_BIT, changes, explained, first_of_kind, refine, scalars
from continuation.compiled.events.limits import BRACKETED, ROUND, root
from continuation.compiled.events.records import copy, push
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import FINE, between, correct, distance, finish, hermite, inner, weigh

SPLIT = 1e-7  # pieces shorter than this, relative to 1 + |x|, are not split further
NEIGHBOUR = 1e-3  # first distance of the neighbours of an event, of the piece it lies on
CLEAR = 1e-4  # ... and the least where signs may be rounding: several eigenvalues vanish where branches touch


@internal
def split(s, sigma):
    """Put a probe between LEFT and the top of the stack on top; False if there is none to be had."""
    ints, slots = S.i(s), S.slots(s)
    top = S.top(s)
    made = slots[S.MADE]
    if ints[S.DEPTH] + 8 > S.STACK_DEPTH:
        return False
    for place in (sigma, 0.61 * sigma):
        if between(s, S.slot(s, S.LEFT), top, place, made) == OK:
            push(s, made, S.PROBE)
            return True
    return False


@internal
def crossing(s, a, b, j):
    """Where the line through test function j vanishes between records a and b; the middle if that is no help."""
    size, tests = S.size(s), S.tests(s)
    at, e = 2 * size + j, 2 * size + tests + j
    ratio = -b[at] / a[at] if a[at] != 0.0 else 1.0
    if a[e] != b[e]:
        ratio *= 2.0 ** max(min(b[e] - a[e], 900.0), -900.0)
    return min(max(1.0 / (1.0 + ratio), 0.001), 0.999)


@internal
def telling(s, bits):
    """Index of the changed test function that says what to look for, -1 if none: a branch point's before others."""
    j = first_of_kind(s, bits, S.BRANCH_POINT)
    if j < 0:
        while j + 1 < S.tests(s):
            j += 1
            if (bits >> j) & 1 == 1 and S.kinds(s)[j] != S.USER:
                return j
        return -1
    return j


@internal
def seek(s, bits, event):
    """Locate what changed between LEFT and the top of the stack through the problem's own extended systems."""
    work = S.work(s)
    left, top = S.slot(s, S.LEFT), S.top(s)
    size = S.size(s)
    base, length = scalars(s), distance(s, left, top)
    guess, direction = work[S.GUESS], work[S.DIRECTION]
    counted = S.i(s)[S.COUNT_KIND]
    kind, sigma, j = counted, 0.5, telling(s, bits)
    if j >= 0:
        kind, sigma = S.kinds(s)[j], crossing(s, left, top, j)
    elif bits & COUNT_BIT == 0:
        return False
    hermite(left, top, size, length, sigma, guess, direction)
    if weigh(s, direction, work[S.ROW]) == 0.0:
        return False
    x = work[S.MONITORED]
    scale = math.sqrt(inner(S.weights(s), direction, direction))
    for j in range(size):
        x[j], x[size + j] = guess[j], direction[j] / scale
    if refine(s, left, top, x, kind, event):
        return True
    return kind == S.HOPF and refine(s, left, top, x, S.BRANCH_POINT, event) and event[base + S.NULLITY] > 1.0


@internal
def bisected(s, left, top, j, event):
    """Locate the sign change of test function j between two records without an extended system.  True if it did."""
    size, base = S.size(s), scalars(s)
    length = root(s, left, top, 2 * size + j, 0.0, event)
    scale = 1.0 + math.sqrt(inner(S.weights(s), event, event))
    for k in range(2 * size, base):
        event[k] = top[k]
    event[base + S.KIND], event[base + S.TEST], event[base + S.ROLE] = S.kinds(s)[j], j, S.EVENT
    event[base + S.ERROR] = max(length, ROUND) / scale
    return length <= BRACKETED * scale


@internal
def give_up(s, bits):
    """Put an unlocated event with its bracket (LEFT, top) on the stack."""
    ints, slots, kinds = S.i(s), S.slots(s), S.kinds(s)
    size, base = S.size(s), scalars(s)
    left, event = S.slot(s, S.LEFT), slots[S.MADE]
    top = S.top(s)
    copy(top, event)
    counted = ints[S.COUNT_KIND]
    kind = counted
    for j in range(S.tests(s)):
        if (bits >> j) & 1 == 1 and (kind == counted or kinds[j] == S.BRANCH_POINT):
            kind = kinds[j]
            event[base + S.TEST] = j
    event[base + S.KIND], event[base + S.LOCATED] = kind, 0.0
    event[base + S.ERROR] = distance(s, left, top) / (1.0 + math.sqrt(inner(S.weights(s), top, top)))
    bracket = S.brackets(s)[ints[S.BRACKETS]]
    for j in range(size):
        bracket[j], bracket[size + j] = left[j], top[j]
    event[base + S.NULLITY] = ints[S.BRACKETS]  # until the row is read
    ints[S.BRACKETS] += 1
    push(s, event, S.EVENT)


@internal
def beside(s, event, other, d, record):
    """Make a record of the branch's point at distance d from an event towards a record beyond it; True if it did.

    Nearer than `d` where that record is near itself.
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
def isolate(s, event, nearest):
    """Put the neighbours of a located event around it on the stack when it does not explain its whole interval.

    Each neighbour interval is then examined for itself.  False where the neighbours can't be had at a distance of at
    least `nearest` times the interval, or where nothing changes between them.
    """
    ints, stack_ = S.i(s), S.stack(s)
    left, base = S.slot(s, S.LEFT), scalars(s)
    top = S.top(s)
    after, before = stack_[S.STACK_DEPTH - 1], stack_[S.STACK_DEPTH - 2]
    length = distance(s, left, top)
    floor = max(SPLIT * (1.0 + math.sqrt(inner(S.weights(s), event, event))), nearest * length)
    d = NEIGHBOUR * length
    while d > floor and ints[S.DEPTH] + 8 < S.STACK_DEPTH:
        if beside(s, event, left, d, before) and beside(s, event, top, d, after):
            bits = changes(s, before, after)
            change = after[base + S.UNSTABLE] - before[base + S.UNSTABLE]
            if bits != 0 and explained(s, bits, change, event) == 0:
                event[base + S.UNSTABLE] = min(before[base + S.UNSTABLE], after[base + S.UNSTABLE])
                push(s, after, S.PROBE)
                push(s, event, S.EVENT)
                push(s, before, S.PROBE)
                return True
        d *= 0.1
    return False


@internal
def several(s, bits, top):
    """Put the events of the user's test functions in `bits` on the stack: they vanish at one place, or with another."""
    event, left, found = S.stack(s)[S.STACK_DEPTH - 3], S.slot(s, S.LEFT), False
    for j in range(S.tests(s)):
        if (bits >> j) & 1 == 1 and S.kinds(s)[j] == S.USER and bisected(s, left, top, j, event):
            push(s, event, S.EVENT)
            found = True
    return found


@internal
def examine(s, bits):
    """Act on what changed between LEFT and the top of the stack."""
    base, event = scalars(s), S.stack(s)[S.STACK_DEPTH - 3]
    left, top = S.slot(s, S.LEFT), S.top(s)
    change = top[base + S.UNSTABLE] - left[base + S.UNSTABLE]
    found = seek(s, bits, event)
    if not found and bits & (bits - 1) == 0 and bits != COUNT_BIT:
        j = 0
        while bits >> j != 1:
            j += 1
        own = S.kinds(s)[j] == S.USER or S.ops(s)[S.OP_REFINE] == 0
        found = own and bisected(s, left, top, j, event)
    if found and explained(s, bits, change, event) == 0:
        push(s, event, S.EVENT)
        return
    if found and isolate(s, event, 0.0):
        return
    if distance(s, left, top) > SPLIT * (1.0 + math.sqrt(inner(S.weights(s), top, top))) and split(s, 0.5):
        return
    if found:
        left_over = explained(s, bits, change, event)
        push(s, event, S.EVENT)
        several(s, left_over, top)
    elif not several(s, bits, top):
        give_up(s, bits)


@internal
def touches(s, left, top, sigma):
    """Whether another branch touches this one near `sigma` (all signs kept); then the event is on the stack."""
    slots = S.slots(s)
    size, event = S.size(s), S.stack(s)[S.STACK_DEPTH - 3]
    if between(s, left, top, sigma, slots[S.MADE]) != OK:
        copy(top, slots[S.MADE])
        hermite(left, top, size, distance(s, left, top), sigma, slots[S.MADE], slots[S.MADE][size:])
    if changes(s, left, slots[S.MADE]) != 0 or not refine(s, left, top, slots[S.MADE], S.BRANCH_POINT, event):
        return False
    if event[scalars(s) + S.NULLITY] > 1.0 or not isolate(s, event, CLEAR):  # one that crosses does not come alone
        push(s, event, S.EVENT)
    return True


@internal
def probe(s, sigma, j):
    """Look into an interval without changes at `sigma`, where test function `j` (or none, -1) hints at something."""
    left, top = S.slot(s, S.LEFT), S.top(s)
    return (j >= 0 and S.kinds(s)[j] == S.BRANCH_POINT and touches(s, left, top, sigma)) or split(s, sigma)
