"""Corners: branch points of equations without third derivatives, where branches meet without a common tangent.

No sign tells of them (arms that meet a trunk like ``x (p + |x|) = 0`` are as stable as the trunk behind), but the
tangent jumps.  Rare, entered by address.
"""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import INSIDE, find_changes
from continuation.compiled.events.locate import isolate_touching
from continuation.compiled.events.records import copy, has_room, push, scaled
from continuation.compiled.events.refinement import refine_from
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.finish import ask_between
from continuation.compiled.steps.metric import distance, inner

LOST, CLOSE, CHANGED = range(3)  # what an approach found: nothing, a place to look at, a change
PROBES = 12  # along a piece towards a corner at most: towards one each leaves a tenth or less of the determinant
# Of the way to where the determinant vanishes on a line, taken by a probe: nearer 1 probes fall beyond the corner, a
# tenth of it and they do not arrive.
SHARE = 0.9
SLOW, PATIENCE = 0.5, 1  # probes that leave more than this of the determinant: they do not approach a corner
# Part of the determinant that is left where a corner is looked for: more and Newton's method on the extended system
# starts too far away, less and the probes have no hold next to the corner.
NEAR = 0.01
TINY = 1e-300  # against division by zero where both tangents are the same
# How far from its last point, relative to 1 + |x|, a branch may end in a corner: differences smear it by less, ten
# times more finds corners of other branches.
ASIDE = 1e-4


@internal
def find_corner(s, j):
    """Whether determinant j touches zero like |s| between LEFT and the top of the stack, at a branch point.

    The branch point is then on the stack; or a probe that shows a change.
    """
    if not has_room(s):
        return False
    found = approach(s, j)
    if found == LOST:
        found = probe_between_tangents(s, j)
    if found == LOST:
        return False
    low, event = S.stack(s)[S.STACK_DEPTH - 1], S.stack(s)[S.STACK_DEPTH - 3]
    met = refine_from(s, S.slot(s, S.LEFT), S.top(s), low, S.top(s), S.kinds(s)[j], event)
    several = met and event[S.scalars(s) + S.NULLITY] > 1.0  # many branches: what lies beside may be on another one
    if found == CHANGED and not several:
        push(s, S.slots(s)[S.MADE], S.PROBE)
        return True
    if met and (several or not isolate_touching(s, event)):  # one that crosses does not come alone
        push(s, event, S.EVENT)
    return met


@internal
def approach(s, j):
    """Approach a simple zero of determinant j from LEFT; returns what was found, the last record in `low`.

    Each probe goes a share of the way to where the line through the last two vanishes.
    """
    made, low = S.slots(s)[S.MADE], S.stack(s)[S.STACK_DEPTH - 1]
    left, top = S.slot(s, S.LEFT), S.top(s)
    copy(left, low)
    whole = value = abs(scaled(s, left, left, j))
    ahead = value * S.floats(s)[S.BEFORE] / (abs(scaled(s, S.slot(s, S.PREVIOUS), left, j)) - value)
    share, slow = SHARE, 0
    for _ in range(PROBES):
        room = distance(s, low, top)
        if ask_between(s, low, top, share * min(1.0, ahead / room), made) != OK:  # next to a corner Newton has no hold
            return CLOSE
        if find_changes(s, left, made) != 0:
            return CHANGED
        now = abs(scaled(s, made, left, j))
        slow += now > SLOW * value
        if slow > PATIENCE:
            return LOST
        if now >= value:
            share *= 0.5
            continue
        ahead = now * distance(s, low, made) / (value - now)
        copy(made, low)
        value = now
        if value <= NEAR * whole:
            return CLOSE
    return LOST


@internal
def probe_between_tangents(s, j):
    """Probe where the tangents at both ends meet: determinant j is small there if several eigenvalues vanish."""
    made, low, weights, size = S.slots(s)[S.MADE], S.stack(s)[S.STACK_DEPTH - 1], S.weights(s), S.size(s)
    left, top = S.slot(s, S.LEFT), S.top(s)
    cosine, from_left, from_top, length = 0.0, 0.0, 0.0, distance(s, left, top)
    for i in range(size):
        ahead, behind, rise = left[size + i], top[size + i], top[i] - left[i]
        cosine += weights[i] * ahead * behind
        from_left += weights[i] * ahead * rise
        from_top += weights[i] * behind * rise
    sigma = (from_left - cosine * from_top) / max((1.0 - cosine * cosine) * length, TINY)
    if not (INSIDE < sigma < 1.0 - INSIDE):
        return LOST
    copy(left, low)
    if ask_between(s, left, top, sigma, made) != OK:
        return CLOSE
    if find_changes(s, left, made) != 0:
        return CHANGED
    copy(made, low)
    least = min(abs(scaled(s, left, left, j)), abs(scaled(s, top, left, j)))
    return CLOSE if abs(scaled(s, made, left, j)) < SLOW * least else LOST


@internal
def find_dead_end(s):
    """Whether the branch ends in a branch point, over which no step leads; then it is on the stack."""
    left, stack_, size = S.slot(s, S.LEFT), S.stack(s), S.size(s)
    behind, ahead = stack_[S.STACK_DEPTH - 1], stack_[S.STACK_DEPTH - 2]
    copy(left, behind)
    copy(left, ahead)
    d = ASIDE * (1.0 + math.sqrt(inner(S.weights(s), left, left)))
    for j in range(size):
        behind[j] -= d * left[size + j]
        ahead[j] += d * left[size + j]
    event = stack_[S.STACK_DEPTH - 3]
    if not refine_from(s, behind, ahead, left, ahead, S.integers(s)[S.MEETING_KIND], event):
        return False
    push(s, event, S.EVENT)
    return True
