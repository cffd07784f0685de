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
    room = s.rows.shape[0] - 2
    while s.i[S.DEPTH] > 0:
        if s.i[S.ROWS] >= room or s.i[S.BRACKETS] >= s.brackets.shape[0] - 1:
            return S.FULL
        resolve(s)
    if s.i[S.PENDING] != 0:
        return s.i[S.PENDING]
    return S.MAX_REACHED if s.i[S.POINTS] >= s.i[S.MAX_POINTS] else OK


@kernel
def run(s, budget):
    """Go on for at most `budget` accepted points; returns why it stopped (codes in state.py)."""
    for _ in range(budget):
        code = settle_all(s)
        if code == OK:
            code = advance(s)
        if code != OK:
            return code
    code = settle_all(s)
    return S.PAUSED if code == OK else code
