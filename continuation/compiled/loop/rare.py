"""The engine's rare work behind one address: compiled once, for the loop and for Python."""

from continuation.compiled.calls.arrays import doubles
from continuation.compiled.calls.interface import FAILED, OK, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.corner import corner, dead_end
from continuation.compiled.events.limits import clip
from continuation.compiled.events.locate import examine, probe
from continuation.compiled.loop.advance import closes
from continuation.compiled.state import tasks
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import correct, evaluate, finish, make_between, newton_step

TOLERANCE_AT_START = 1e-14


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
        status = OK if closes(s, a) else FAILED
    elif task == tasks.EVALUATE:
        status, S.f(s)[S.RESULT] = evaluate(s, a)
    elif task == tasks.NEWTON_STEP:
        status = newton_step(s, a, b, argument)
    elif task == tasks.CORRECT:
        status, _, _ = correct(s, a, b, argument, TOLERANCE_AT_START)
    elif task == tasks.FINISH:
        status = finish(s, a, argument, c)
    elif task == tasks.CORNER:
        status = OK if corner(s, int(argument)) else FAILED
    elif task == tasks.DEAD_END:
        status = OK if dead_end(s) else FAILED
    return status


@callback
def rare(s, a, b, c):
    """`do` with its task and argument from the state."""
    width = S.slots(s).shape[1]
    return do(s, S.i(s)[S.TASK], S.f(s)[S.ARGUMENT], doubles(a, width), doubles(b, width), doubles(c, width))
