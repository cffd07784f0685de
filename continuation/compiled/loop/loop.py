"""The loop: predict, correct, test, locate, store.

It knows records and the five operations of a problem, no kind of special point but by its traits, and can be left
and entered anywhere: all that it knows is in the state.

Two things take turns.  `advance` accepts one more point and puts it on the stack; `settle_all` works the stack down:
intervals in which nothing changes are stored, others are split at what is located in them.  So rows come in the
order of the curve, special points among them, and nothing has to be sorted or taken back.
"""

from continuation.compiled.calls.interface import OK, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.loop.advance import advance
from continuation.compiled.loop.settle import resolve
from continuation.compiled.state import trace_state as S


@internal
def settle_all(s):
    """Settle everything on the stack; returns 0, FULL, or the code of the branch's end."""
    ints = S.integers(s)
    room = S.rows(s).shape[0] - 2
    while ints[S.DEPTH] > 0:
        if ints[S.ROWS] >= room or ints[S.BRACKETS] >= S.brackets(s).shape[0] - 1:
            return S.FULL
        if ints[S.FLAG] != 0:
            return S.INTERRUPTED
        resolve(s)
    if ints[S.FLAG] != 0:  # what is pending may be so because a look was refused
        return S.INTERRUPTED
    if ints[S.PENDING] != 0:
        return ints[S.PENDING]
    return S.MAX_REACHED if ints[S.POINTS] >= ints[S.MAX_POINTS] else OK


@callback
def run(s, unused, ignored, empty):
    """Go on for at most BUDGET accepted points; returns why it stopped (codes in trace_state.py).

    `s` is the address of the state's table (`State.address`).
    """
    budget = S.integers(s)[S.BUDGET]
    while True:
        code = settle_all(s)
        if code != OK:
            return code
        if budget == 0:
            return S.PAUSED
        budget -= 1
        code = advance(s)
        if code != OK:
            return code
