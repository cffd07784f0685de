"""The engine's rare work behind one address: compiled once, for the loop and for Python."""

from continuation.compiled.calls.arrays import doubles
from continuation.compiled.calls.interface import FAILED, OK, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.corner import find_corner, find_dead_end
from continuation.compiled.events.kink import pass_corner, push_corner
from continuation.compiled.events.limits import clip
from continuation.compiled.events.locate import examine, probe
from continuation.compiled.events.near_crossing import judge_beside, look_ahead
from continuation.compiled.loop.closing import has_closed
from continuation.compiled.loop.growth import change_units
from continuation.compiled.loop.moving import move
from continuation.compiled.state import tasks
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import correct, evaluate, take_newton_step
from continuation.compiled.steps.finish import finish, make_between

TOLERANCE_AT_START = 1e-14  # of a start, relative to 1 + |x|: a few roundings


@internal
def do(s, task, argument, a, b, c):
    """Do one of `tasks`; returns its status."""
    status = OK
    if task == tasks.BETWEEN:
        status = make_between(s, a, b, argument, c)
    elif task == tasks.EXAMINE:
        examine(s, int(argument))
    elif task == tasks.CLIP:
        clip(s)
    elif task == tasks.PROBE:
        status = OK if probe(s, argument, int(a[0])) else FAILED
    elif task == tasks.CLOSES:
        status = OK if has_closed(s, a) else FAILED
    elif task == tasks.EVALUATE:
        status, S.floats(s)[S.RESULT] = evaluate(s, a)
    elif task == tasks.NEWTON_STEP:
        status = take_newton_step(s, a, b, argument)
    elif task == tasks.CORRECT:
        status, _, _ = correct(s, a, b, argument, TOLERANCE_AT_START)
    elif task == tasks.FINISH:
        status = finish(s, a, argument, c)
    elif task == tasks.TOUCH:
        status = OK if find_corner(s, int(argument)) else FAILED
    elif task == tasks.GROW:
        change_units(s)
    elif task == tasks.MOVE:
        move(s)
    elif task == tasks.DEAD_END:
        status = OK if find_dead_end(s) else FAILED
    elif task == tasks.MARK_CORNER:
        status = OK if push_corner(s) else FAILED
    elif task == tasks.PASS_CORNER:
        status = OK if pass_corner(s) else FAILED
    elif task == tasks.STRAY:
        status = judge_beside(s, a)
    elif task == tasks.LOOK_AHEAD:
        S.floats(s)[S.RESULT] = look_ahead(s, argument)
    return status


@callback
def rare(s, a, b, c):
    """`do` with its task and argument from the state."""
    width = S.slots(s).shape[1]
    return do(
        s, S.integers(s)[S.TASK], S.floats(s)[S.ARGUMENT], doubles(a, width), doubles(b, width), doubles(c, width)
    )
