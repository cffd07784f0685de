"""Locating what changed between the last settled record and the top of the stack; rare, entered by address.

An interval is settled when nothing changes in it or when one located event explains all that changes; else it
is split, and the pieces come first.  Where an extended system of the problem's locates an event (Newton's method,
quadratic), a bracket only guards it; the others are located by their bracket alone.
"""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.bracket import BRACKETED, ROUND, find_root
from continuation.compiled.events.detect import COUNT_BIT, LARGEST_POWER, find_changes, unexplained
from continuation.compiled.events.near_crossing import turn_back
from continuation.compiled.events.records import NEEDED, SPLIT, copy, has_room, push
from continuation.compiled.events.refinement import refine
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import FINE, correct
from continuation.compiled.steps.finish import ask_between, finish
from continuation.compiled.steps.interpolant import interpolate
from continuation.compiled.steps.metric import distance, inner, weigh

# First distance of the neighbours of an event, of the piece it lies on: less and Newton has less hold next to it, more
# and other events lie between them.
NEIGHBOUR = 1e-3
CLEAR = 1e-4  # ... and the least where signs may be rounding: several eigenvalues vanish where branches touch
ASIDE = 0.61  # of the way to a probe that could not be had, where another is tried
MARGIN = 0.001  # part of a piece by which a guess keeps away from its ends


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
    size, tests = S.size(s), S.tests(s)
    at, e = 2 * size + j, 2 * size + tests + j
    ratio = -b[at] / a[at] if a[at] != 0.0 else 1.0
    if a[e] != b[e]:
        ratio *= 2.0 ** max(min(b[e] - a[e], LARGEST_POWER), -LARGEST_POWER)
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
    for k in range(2 * size, base):
        event[k] = top[k]
    event[base + S.KIND], event[base + S.TEST], event[base + S.ROLE] = S.kinds(s)[j], j, S.EVENT
    event[base + S.ERROR] = max(length, ROUND) / scale
    return length <= BRACKETED * scale


@internal
def give_up(s, bits):
    """Put an unlocated event with its bracket (LEFT, top) on the stack."""
    ints, slots, kinds = S.integers(s), S.slots(s), S.kinds(s)
    size, base = S.size(s), S.scalars(s)
    left, event = S.slot(s, S.LEFT), slots[S.MADE]
    top = S.top(s)
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
    ints[S.BRACKETS] += 1
    push(s, event, S.EVENT)


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
def isolate(s, event, nearest):
    """Put the neighbours of a located event around it on the stack when it does not explain its whole interval.

    Each neighbour interval is then examined for itself.  False where the neighbours can't be had at a distance of at
    least `nearest` times the interval, or where nothing changes between them.
    """
    ints, stack_ = S.integers(s), S.stack(s)
    left, base = S.slot(s, S.LEFT), S.scalars(s)
    top = S.top(s)
    after, before = stack_[S.STACK_DEPTH - 1], stack_[S.STACK_DEPTH - 2]
    length = distance(s, left, top)
    floor = max(SPLIT * (1.0 + math.sqrt(inner(S.weights(s), event, event))), nearest * length)
    d = NEIGHBOUR * length
    while d > floor and ints[S.DEPTH] + NEEDED < S.STACK_DEPTH:
        if make_neighbour(s, event, left, d, before) and make_neighbour(s, event, top, d, after):
            bits = find_changes(s, before, after)
            change = after[base + S.UNSTABLE] - before[base + S.UNSTABLE]
            if bits != 0 and unexplained(s, bits, change, event) == 0:
                event[base + S.UNSTABLE] = min(before[base + S.UNSTABLE], after[base + S.UNSTABLE])
                push(s, after, S.PROBE)
                push(s, event, S.EVENT)
                push(s, before, S.PROBE)
                return True
        d *= 0.1
    return False


@internal
def push_bisected(s, bits, top):
    """Put the events of the test functions in `bits` that a bracket locates on the stack: several at one place, say."""
    event, left, found = S.stack(s)[S.STACK_DEPTH - 3], S.slot(s, S.LEFT), False
    for j in range(S.tests(s)):
        alone = (bits >> j) & 1 == 1 and S.has_mark(s, S.kinds(s)[j], S.LOCATED_BY_BISECTION)
        if alone and bisect_event(s, left, top, j, event):
            push(s, event, S.EVENT)
            found = True
    return found


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
    base, event = S.scalars(s), S.stack(s)[S.STACK_DEPTH - 3]
    left, top = S.slot(s, S.LEFT), S.top(s)
    change = top[base + S.UNSTABLE] - left[base + S.UNSTABLE]
    found = locate_event(s, bits, event) or locate_alone(s, bits, event)
    if found and unexplained(s, bits, change, event) == 0:
        push(s, event, S.EVENT)
        return
    if found and isolate(s, event, 0.0):
        return
    if distance(s, left, top) > SPLIT * (1.0 + math.sqrt(inner(S.weights(s), top, top))) and split(s, 0.5):
        return
    if found:
        left_over = unexplained(s, bits, change, event)
        push(s, event, S.EVENT)
        push_bisected(s, left_over, top)
    elif not (push_bisected(s, bits, top) or turn_back(s, bits)):
        give_up(s, bits)


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
    if event[S.scalars(s) + S.NULLITY] > 1.0 or not isolate(s, event, CLEAR):  # one that crosses does not come alone
        push(s, event, S.EVENT)
    return True


@internal
def probe(s, sigma, j):
    """Look into an interval without changes at `sigma`, where test function `j` (or none, -1) hints at something."""
    left, top = S.slot(s, S.LEFT), S.top(s)
    touching = j >= 0 and S.has_mark(s, S.kinds(s)[j], S.MAY_TOUCH)
    return (touching and find_touching(s, left, top, sigma, S.kinds(s)[j])) or split(s, sigma)
