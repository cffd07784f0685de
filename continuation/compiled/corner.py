"""Corners: branch points of equations without third derivatives, where branches meet without a common tangent.

No sign tells of them (arms that meet a trunk like ``x (p + |x|) = 0`` are as stable as the trunk behind), but the
tangent jumps.  Rare, entered by address.
"""

import math

from continuation.compiled import state as S
from continuation.compiled.correct import between, distance, inner
from continuation.compiled.detect import changes, refine
from continuation.compiled.interface import OK
from continuation.compiled.kernel import inlined, internal
from continuation.compiled.locate import isolate
from continuation.compiled.records import copy, push

PROBES = 12  # along a piece towards a corner
SHARE = 0.9  # of the way to where the determinant vanishes on a line, taken by a probe
SLOW, PATIENCE = 0.5, 1  # probes that leave more than this of the determinant: they do not approach a corner
NEAR = 0.01  # part of the determinant that is left where a corner is looked for
ASIDE = 1e-4  # how far from its last point, relative to 1 + |x|, a branch may end in a corner: differences smear it


@inlined
def magnitude(s, record, reference, j):
    """Absolute value of test function j at a record, in units of 2 to the exponent that it has at another."""
    at, e = 2 * S.size(s) + j, 2 * S.size(s) + S.tests(s) + j
    value = abs(record[at])
    return value if record[e] == reference[e] else value * 2.0 ** max(min(record[e] - reference[e], 900.0), -900.0)


@internal
def corner(s, j):
    """Whether determinant j touches zero like |s| between LEFT and the top of the stack, at a branch point.

    Probes approach from LEFT, each a share of the way to where the line through the last two vanishes.  The branch
    point is then on the stack; or a probe that shows a change.
    """
    ints, made, low = S.i(s), S.slots(s)[S.MADE], S.stack(s)[S.STACK_DEPTH - 1]
    left, top = S.slot(s, S.LEFT), S.top(s)
    if ints[S.DEPTH] + 8 > S.STACK_DEPTH:
        return False
    copy(left, low)
    whole = value = magnitude(s, left, left, j)
    ahead = value * S.f(s)[S.BEFORE] / (magnitude(s, S.slot(s, S.PREVIOUS), left, j) - value)
    share, slow = SHARE, 0
    for _ in range(PROBES):
        room = distance(s, low, top)
        if between(s, low, top, share * min(1.0, ahead / room), made) != OK:  # next to a corner Newton has no hold
            value = 0.0
            break
        if changes(s, left, made) != 0:
            push(s, made, S.PROBE)
            return True
        now = magnitude(s, made, left, j)
        slow += now > SLOW * value
        if slow > PATIENCE:
            return False
        if now >= value:
            share *= 0.5
            continue
        ahead = now * distance(s, low, made) / (value - now)
        copy(made, low)
        value = now
        if value <= NEAR * whole:
            break
    if value > NEAR * whole or not meets(s, left, top, low, top):
        return False
    event = S.stack(s)[S.STACK_DEPTH - 3]
    if not isolate(s, event):  # one that crosses does not come alone
        push(s, event, S.EVENT)
    return True


@internal
def meets(s, a, b, low, high):
    """Whether a branch point near the records `low` or `high` lies between a and b; then it is in the event's place."""
    event = S.stack(s)[S.STACK_DEPTH - 3]
    return refine(s, a, b, low, S.BRANCH_POINT, event) or refine(s, a, b, high, S.BRANCH_POINT, event)


@internal
def dead_end(s):
    """Whether the branch ends in a branch point, over which no step leads; then it is on the stack."""
    left, stack_, size = S.slot(s, S.LEFT), S.stack(s), S.size(s)
    behind, ahead = stack_[S.STACK_DEPTH - 1], stack_[S.STACK_DEPTH - 2]
    copy(left, behind)
    copy(left, ahead)
    d = ASIDE * (1.0 + math.sqrt(inner(S.weights(s), left, left)))
    for j in range(size):
        behind[j] -= d * left[size + j]
        ahead[j] += d * left[size + j]
    if not meets(s, behind, ahead, left, ahead):
        return False
    push(s, stack_[S.STACK_DEPTH - 3], S.EVENT)
    return True
