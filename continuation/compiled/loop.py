"""The loop: predict, correct, test, locate, store.

It knows records and the five operations of a problem, nothing else, and can be left and entered anywhere.
"""

from continuation.compiled import state as S
from continuation.compiled.advance import advance
from continuation.compiled.interface import OK
from continuation.compiled.kernel import internal, kernel
from continuation.compiled.settle import resolve


@internal
def settle_all(s):
    """Settle everything on the stack; returns 0, FULL, or the code of the branch's end."""
    room = S.rows(s).shape[0] - 2
    while S.i(s)[S.DEPTH] > 0:
        if S.i(s)[S.ROWS] >= room or S.i(s)[S.BRACKETS] >= S.brackets(s).shape[0] - 1:
            return S.FULL
        resolve(s)
    if S.i(s)[S.PENDING] != 0:
        return S.i(s)[S.PENDING]
    return S.MAX_REACHED if S.i(s)[S.POINTS] >= S.i(s)[S.MAX_POINTS] else OK


@kernel
def run(s, budget):
    """Go on for at most `budget` accepted points; returns why it stopped (codes in state.py).

    `s` is the address of the state's table (`state.State.address`).
    """
    for _ in range(budget):
        code = settle_all(s)
        if code == OK:
            code = advance(s)
        if code != OK:
            return code
    code = settle_all(s)
    return S.PAUSED if code == OK else code
