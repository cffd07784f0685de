"""Near-crossings: places where two branches pass each other, and how a trace goes by.

Where the branch leads towards a place at which another one crosses, its branch point is sought by the problem's
extended system.  If there is one the step over it is taken on purpose; if the branches only pass each other, the
system's residual tells how far they are apart, and the steps are made short enough to go round.
"""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import APART, FAILED, OK, call
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import COUNT_BIT
from continuation.compiled.events.records import SPLIT, copy, copy_tests
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.messages import ASKED_CHANGE, ASKED_KIND
from continuation.compiled.steps.guard import PART, distance_ahead, judge_correction, uncertainty
from continuation.compiled.steps.metric import distance, inner

# Part of the last distance at which a branch point is sought anew: near 1 it is sought at every step, a tenth of it
# goes on in short steps where it could be found.
AGAIN = 0.5
# What comes no nearer than to 1 / NEARER of what was expected after the last step recedes: an exponential tail, or the
# nearest place is passed.  Near 1 every bend passes for that, a half of it takes tails for crossings.
NEARER = 0.75
# A look that finds nothing within CALM steps lets twice as many steps go without one as the last, up to MOST_PATIENT:
# where all equations change the determinant falls without end, and each look costs as much as a step.
CALM, MOST_PATIENT = 4.0, 8.0
# A branch point lies ahead if it is no farther beside the tangent than this part of the way, and no farther ahead than
# FAR times what was expected: more takes branch points of other branches.
BESIDE, FAR = 0.3, 3.0
# Part of the largest step ahead of which a place that has no extended system to find it is stepped over: ten times less
# and equations with noise are followed to where Newton's method no longer converges.
UNSEEN = 0.5
# Steps taken back in a row without knowing of another branch, and steps after which a new row begins: then the change
# is told as one that has no place.
UNKNOWN, LATER = 3, 10
# Part of the tolerance that noise may move a point by where a step is taken back without knowing of another one:
# ten times less and small gaps are jumped, ten times more and no step that begins there converges.
QUIET = 1e-2
NOTABLE = 0.25  # part of a step that a gap must be below to be told of: a plain step would hardly meet a wider one
SAME_PLACE, SAME_ROWS = 3.0, 40  # gaps within which, or rows from each other, two near-crossings are one
MUCH = 0.5  # gaps of the same near-crossing differ by no more than this factor: else a second one is next to it


@internal
def seek(s, x, t):
    """Seek a branch point near x, in the direction t: status of the extended system; what it found is in `scratch`."""
    ops, size = S.ops(s), S.size(s)
    request = S.work(s)[S.REQUEST]
    copy(part(x, 0, size), request)
    copy(t, part(request, size, size))
    request[2 * size + ASKED_KIND], request[2 * size + ASKED_CHANGE] = S.integers(s)[S.MEETING_KIND], 0.0
    if ops[S.OP_REFINE] == 0:
        return FAILED
    return call(ops[S.OP_REFINE], ops[S.OP_REFINE + 1], request, S.parameters(s), S.scratch(s))


@internal
def measure_way(s, record, x):
    """How far x lies ahead of a record along its tangent, and beside it."""
    weights, size, along, whole = S.weights(s), S.size(s), 0.0, 0.0
    for j in range(size):
        along += weights[j] * record[size + j] * (x[j] - record[j])
        whole += weights[j] * (x[j] - record[j]) * (x[j] - record[j])
    return along, math.sqrt(max(whole - along * along, 0.0))


@internal
def look_ahead(s, h):
    """What is left of a step of length h where branches may meet ahead of NEXT."""
    reals, made, size = S.floats(s), S.slot(s, S.NEXT), S.size(s)
    ahead, expected = distance_ahead(s), reals[S.AHEAD]
    reals[S.AHEAD] = ahead
    if PART * ahead >= h or expected == math.inf:
        reals[S.SOUGHT] = math.inf
    if PART * ahead >= h or expected < NEARER * ahead:
        calm = PART * ahead >= CALM * h or expected < NEARER * ahead
        patience = reals[S.WAIVE_NEXT] if calm else 1.0
        reals[S.WAIVED] = (patience - 0.5) * h  # half a step less: no rounding decides
        reals[S.WAIVE_NEXT] = min(2.0 * patience, MOST_PATIENT)
        return h
    reals[S.WAIVE_NEXT] = 1.0
    if ahead >= AGAIN * reals[S.SOUGHT]:
        return PART * ahead
    guess = S.work(s)[S.MONITORED]
    for j in range(size):
        guess[j] = made[j] + ahead * made[size + j]
    status = seek(s, guess, part(made, size, size))
    reals[S.SOUGHT] = ahead
    if status != OK and status != APART:
        if ahead >= UNSEEN * reals[S.MAX_H]:
            return PART * ahead
        reals[S.WAIVED] = 2.0 * ahead + h
        return h
    along, beside = measure_way(s, made, S.scratch(s))
    if not (0.0 < along <= FAR * ahead):
        return PART * ahead
    if status == APART:
        note_crossing(s, h, True)
    elif beside <= BESIDE * along:
        reals[S.WAIVED] = along + h
        return h
    return PART * ahead


@internal
def note_crossing(s, h, imperfect):
    """Note the near-crossing in `scratch` that a step of length h would hardly see; `imperfect`: like a crossing."""
    found, size = S.scratch(s), S.size(s)
    across = part(found, size, size)
    gap = math.sqrt(inner(S.weights(s), across, across))
    if not gap < NOTABLE * h:
        return
    ints, kept = S.integers(s), S.crossings(s)
    last = min(ints[S.CROSSINGS], S.MOST_CROSSINGS) - 1
    if last >= 0 and is_known(s, kept[last], gap):
        if gap < kept[last, size + S.GAP]:
            write_place(s, kept[last], gap)
        kept[last, size + S.LAST_ROW] = ints[S.ROWS]
        return
    ints[S.CROSSINGS] += 1
    if ints[S.CROSSINGS] <= S.MOST_CROSSINGS:
        write_place(s, kept[last + 1], gap)
        kept[last + 1, size + S.FIRST_ROW] = kept[last + 1, size + S.LAST_ROW] = ints[S.ROWS]
        kept[last + 1, size + S.PLACES] = 1.0
        kept[last + 1, size + S.IMPERFECT] = 1.0 if imperfect else 0.0


@internal
def is_known(s, crossing, gap):
    """Whether the near-crossing in `scratch` is this one, or goes on with it along the branch."""
    size, known = S.size(s), crossing[S.size(s) + S.GAP]
    if distance(s, crossing, S.scratch(s)) <= SAME_PLACE * (gap + known):
        return True
    rows = S.integers(s)[S.ROWS] - crossing[size + S.LAST_ROW]
    if rows <= SAME_ROWS and min(gap, known) >= MUCH * max(gap, known):
        crossing[size + S.PLACES] += min(rows, 1.0)
        return True
    return False


@internal
def write_place(s, crossing, gap):
    """Write the place in `scratch` and the gap there into a near-crossing."""
    size = S.size(s)
    copy(part(S.scratch(s), 0, size), crossing)
    crossing[size + S.GAP] = gap


@internal
def turn_back(s, bits):
    """Whether what changed up to the top of the stack, and has no place, was a step onto another branch.

    The step is then taken anew from LEFT, shorter; the shortest one goes over, if only branches pass each other there.
    """
    ints, reals, left, top = S.integers(s), S.floats(s), S.slot(s, S.LEFT), S.top(s)
    length = distance(s, left, top)
    meets = bits & COUNT_BIT != 0 and length > SPLIT * (1.0 + math.sqrt(inner(S.weights(s), top, top)))
    for j in range(S.tests(s)):
        meets |= (bits >> j) & 1 == 1 and S.kinds(s)[j] == ints[S.MEETING_KIND]
    if not meets:
        return False
    since = S.effort(s)[S.STEPS] - ints[S.TURNED_AT]
    if since > LATER:
        ints[S.TURNED_AT], since = S.effort(s)[S.STEPS], 0
    apart = seek(s, left, part(left, S.size(s), S.size(s))) == APART
    if apart and distance(s, left, S.scratch(s)) <= FAR * length:
        note_crossing(s, math.inf, True)
    if not apart and (since >= UNKNOWN or uncertainty(s, left) > QUIET * reals[S.TOLERANCE]):
        return False
    if length <= reals[S.MIN_H]:
        if apart:
            copy_tests(s, top, left)
        return apart
    reals[S.H] = max(min(0.5 * length, reals[S.H]), reals[S.MIN_H])
    ints[S.DEPTH], ints[S.FRESH], ints[S.PENDING], reals[S.LENGTH] = 0, 0, 0, -1.0
    S.effort(s)[S.REJECTED_LOST] += 1
    return True


@internal
def judge_beside(s, record):
    """`judge_correction`; what lies beside the branch where a step is refused is noted."""
    code = judge_correction(s, record)
    if code == S.STRAYED:
        point_beside(s, record)
        note_crossing(s, S.floats(s)[S.MAX_H], False)
    return code


@internal
def point_beside(s, record):
    """Write the middle between a record and the other root that its judgement found, and the way across: `scratch`."""
    found, way, size = S.scratch(s), S.floats(s)[S.RESULT], S.size(s)
    for j in range(size):
        found[size + j] = way * S.work(s)[S.DIRECTION][j]
        found[j] = record[j] + 0.5 * found[size + j]
