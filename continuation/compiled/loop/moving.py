"""Other unknowns for the same curve: values at the nodes of a mesh, which a problem may move between accepted points.

The problem's `adapt` carries the last point, the one before it and the start over to its new mesh and changes the inner
product's weights accordingly, so that lengths stay what they were; it also makes the last point the reference of what
it measures, as phases.  It is done between steps, with nothing on the stack and from regular points only.  Nothing that
is stored changes.
"""

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.events.detect import find_changes
from continuation.compiled.events.records import copy
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.messages import MOVED_BACK, MOVED_HELD, MOVED_LEFT, MOVED_PREVIOUS, MOVED_START
from continuation.compiled.state.tasks import MOVE, ask
from continuation.compiled.steps.correct import correct
from continuation.compiled.steps.finish import finish
from continuation.compiled.steps.metric import distance, inner, weigh

KEPT = 1  # rows of the stack, from this one on, that hold the three records meanwhile


@inlined
def move_unknowns(s):
    """Let the problem move its mesh if it is time to."""
    ints = S.integers(s)
    due = ints[S.MOVES] > 0 and ints[S.POINTS] >= ints[S.MOVED_AT] + ints[S.MOVES]
    if due and S.slot(s, S.LEFT)[S.scalars(s) + S.KIND] == S.REGULAR:
        place = S.work(s)[S.REQUEST]
        ask(s, MOVE, 0.0, place, place, place)


@internal
def move(s):
    """Move the mesh and correct the last point there; where that fails all stays as it was."""
    ints, reals, left, before = S.integers(s), S.floats(s), S.slot(s, S.LEFT), S.slot(s, S.PREVIOUS)
    request, kept, weights, saved = S.work(s)[S.REQUEST], S.stack(s), S.weights(s), S.work(s)[S.SPARE]
    start = S.slots(s)[S.START]
    ints[S.MOVED_AT] = ints[S.POINTS]
    copy(left, kept[KEPT])
    copy(before, kept[KEPT + 1])
    copy(start, kept[KEPT + 2])
    for j in range(S.size(s)):
        saved[j] = weights[j]
    request[MOVED_PREVIOUS] = ints[S.PREVIOUS] if ints[S.HISTORY] == 1 else -1
    request[MOVED_LEFT], request[MOVED_START] = ints[S.LEFT], S.START
    request[MOVED_BACK], request[MOVED_HELD] = 0.0, ints[S.MESH_HELD]
    if tell(s, request) != OK or not correct_left(s):
        copy(kept[KEPT], left)
        copy(kept[KEPT + 1], before)
        copy(kept[KEPT + 2], start)
        for j in range(S.size(s)):
            weights[j] = saved[j]
        request[MOVED_LEFT], request[MOVED_BACK] = ints[S.LEFT], 1.0
        tell(s, request)
    reals[S.LENGTH], reals[S.CLEAR], ints[S.PASSED] = -1.0, 0.0, -1
    if ints[S.HISTORY] == 1:
        reals[S.BEFORE] = distance(s, before, left)


@internal
def tell(s, request):
    """Call the problem's `adapt`."""
    ops = S.ops(s)
    return call(ops[S.OP_ADAPT], ops[S.OP_ADAPT + 1], S.slots(s), S.weights(s), request)


@internal
def correct_left(s):
    """Correct the point in LEFT, across its tangent, and make its record anew; True if that was possible.

    Where a test function changes its sign by the move, next to a special point, the mesh stays until that is passed.
    """
    size, left, work, made = S.size(s), S.slot(s, S.LEFT), S.work(s), S.slots(s)[S.MADE]
    x, row, value = work[S.GUESS], work[S.ROW], 0.0
    if weigh(s, part(left, size, size), row) == 0.0:
        return False
    for j in range(size):
        x[j] = left[j]
        value += row[j] * x[j]
    code, _, size_f = correct(s, x, row, value, S.floats(s)[S.TOLERANCE])
    if code != S.CONVERGED or finish(s, x, size_f, made) != OK:
        return False
    if not inner(S.weights(s), part(made, size, size), part(left, size, size)) > 0.0:
        return False
    if find_changes(s, S.stack(s)[KEPT], made) != 0:
        return False
    copy(made, left)
    return True
