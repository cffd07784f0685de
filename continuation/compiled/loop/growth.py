"""Units that grow with the states: where one has left the unit it is measured in far behind, it gets a larger one.

That is done only where the largest step alone holds the trace up, many times in a row: a state may drift far and still
turn on the scale that it began with.

The inner product then is another from this point on.  Lengths that the loop remembers are measured anew, and the step
stays the same piece of the curve; nothing that is stored changes, nor where the curve runs.  It is done between steps,
with nothing on the stack, from regular points only.
"""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.events.limits import turn_tangent
from continuation.compiled.events.records import copy
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.tasks import GROW, ask
from continuation.compiled.steps.correct import evaluate
from continuation.compiled.steps.metric import distance, inner

FIXED, EACH, TOGETHER = range(3)  # values of ADAPTS: units stay, each state has its own, all grow by one factor
# Factor by which a state that has got a larger unit may outgrow it again: nearer 1 units change in every other step,
# ten times more and tenfold growth takes ten times as many steps.
AGAIN = 4.0
# Steps of the largest length, one after the other, before units grow: in a trace that began in the usual units, later.
# Ten times less and branches that drift, or leave for infinity, are followed in strides they do not bear; ten times
# more and states that grow take thousands of steps.
FIRST_PATIENCE, PATIENCE = 256, 8


@inlined
def grow_units(s):
    """Give states that have outgrown their units larger ones, if this trace does that."""
    ints = S.integers(s)
    ints[S.LONGEST] = ints[S.LONGEST] + 1 if S.floats(s)[S.H] >= S.floats(s)[S.MAX_H] else 0
    if ints[S.LONGEST] > ints[S.PATIENCE] and ints[S.ADAPTS] != FIXED and ints[S.HISTORY] == 1 and has_outgrown(s):
        place = S.work(s)[S.REQUEST]
        ask(s, GROW, 0.0, place, place, place)


@inlined
def has_outgrown(s):
    """Whether a state of LEFT is larger than GROWN of its units."""
    left, weights, largest = S.slot(s, S.LEFT), S.weights(s), 0.0
    n = S.size(s) - 1
    for j in range(n):
        largest = max(largest, weights[j] * left[j] * left[j])
    return n * largest > S.floats(s)[S.GROWN] * S.floats(s)[S.GROWN]


@internal
def change_units(s):
    """Change the weights to those of the states that LEFT has, and with them all that the loop remembers in lengths."""
    ints, reals, left, before = S.integers(s), S.floats(s), S.slot(s, S.LEFT), S.slot(s, S.PREVIOUS)
    weights, n, base = S.weights(s), S.size(s) - 1, S.scalars(s)
    if left[base + S.KIND] != S.REGULAR or before[base + S.KIND] != S.REGULAR:
        return
    largest = 0.0
    for j in range(n):
        grown = n * weights[j] * left[j] * left[j]
        largest = max(largest, grown)
        if ints[S.ADAPTS] == EACH and grown > reals[S.GROWN] * reals[S.GROWN]:
            weights[j] /= grown
    for j in range(n):
        if ints[S.ADAPTS] == TOGETHER:
            weights[j] /= largest
    tangent = part(left, n + 1, n + 1)
    shrunk = math.sqrt(inner(weights, tangent, tangent))
    measure_anew(s, before)
    measure_anew(s, left)
    stretch(s, S.slots(s)[S.START])
    reals[S.H] = max(shrunk * reals[S.H], reals[S.MIN_H])
    for ahead in (S.WAIVED, S.AHEAD, S.SOUGHT):  # lengths along the curve
        reals[ahead] *= shrunk
    reals[S.ALLOWED] = reals[S.REACH_DET] = reals[S.REACH_EXPONENT] = 0.0  # across it: to be found out anew
    reals[S.BEFORE], reals[S.LENGTH], reals[S.CLEAR] = distance(s, before, left), -1.0, 0.0
    reals[S.GROWN], ints[S.PATIENCE], ints[S.LONGEST] = AGAIN, PATIENCE, 0


@internal
def measure_anew(s, record):
    """Make a record of a regular point again, with its tangent of unit length and what follows from that."""
    made = S.slots(s)[S.MADE]
    _, size_f = evaluate(s, record)
    if turn_tangent(s, record, record, size_f, made) == OK:
        copy(made, record)
        return
    stretch(s, record)


@internal
def stretch(s, record):
    """Give a record's tangent unit length again, and its determinant what follows from that."""
    size, base = S.size(s), S.scalars(s)
    tangent = part(record, size, size)
    length = math.sqrt(inner(S.weights(s), tangent, tangent))
    for j in range(size):
        tangent[j] /= length
    record[base + S.DET] *= length
