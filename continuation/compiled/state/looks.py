"""What one accepted step may cost beyond itself: points in between and locations, until none are left or Ctrl-C.

Hidden changes are looked for where something hints at them, and changes are split until each is explained.  Neither
ends by itself where rounding makes the hints; each step has a number of looks, and where they run out a note says so.
"""

from continuation.compiled.calls.kernel import internal
from continuation.compiled.state import trace_state as S


@internal
def note(s, row, reason):
    """Note something of a row; beyond MOST_NOTES they are only counted."""
    ints = S.integers(s)
    if ints[S.NOTES] < S.MOST_NOTES:
        S.notes(s)[ints[S.NOTES], 0], S.notes(s)[ints[S.NOTES], 1] = row, reason
    ints[S.NOTES] += 1


@internal
def has_looks(s):
    """Whether this step may look further."""
    return S.integers(s)[S.LOOKS] > 0 and S.integers(s)[S.FLAG] == 0


@internal
def take_look(s):
    """Take one look; False where there is none, which is noted once a step."""
    ints = S.integers(s)
    if ints[S.FLAG] != 0:
        return False
    if ints[S.LOOKS] == 1:
        S.effort(s)[S.UNSEARCHED] += 1
        note(s, ints[S.ROWS] - 1, S.OUT_OF_LOOKS)
    ints[S.LOOKS] -= ints[S.LOOKS] > 0
    return ints[S.LOOKS] > 0
