"""Changes that are rounding.

Along pieces where the varied parameter does not change, its part of the tangent has no sign worth the name.

On a line of solutions at one value of the parameter the tangent's part is what rounding, and the one correction that
a step's tangent is behind its point, leave of zero.  Rare: such signs are looked at only where both ends of a piece are
all but level.
"""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import COUNT_BIT, change_of_count, is_turn
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import FINE, correct
from continuation.compiled.steps.finish import finish
from continuation.compiled.steps.metric import inner, weigh

# Parameter's part of a unit tangent, in units of the parameter, below which its sign may be the error of a stored
# tangent (2e-6 at most): ten times less and folds are told on bent lines of solutions, ten times more only costs solves
# next to flat folds.
FLAT = 2e-5
# Distance, relative to 1 + |x|, at which a sign is read again, and part of a value by which it may differ there: ten
# times farther and pairs 1e-6 apart are taken for noise, ten times nearer and noise of slow functions lasts.
ASIDE, UNLIKE = 1e-8, 0.5


@internal
def drop_rounding(s, left, top, bits):
    """The bits of the changes from record left to top without those that are rounding."""
    return drop_odd(s, left, top, drop_level(s, left, top, bits))


@internal
def drop_odd(s, left, top, bits):
    """Without a count that changed alone by what only pairs can't change it by.

    Where a real eigenvalue crosses zero the determinant changes its sign and a test function with it; where it does
    not, one that is zero but for rounding (along a line of solutions, say) has been read once on either side.
    """
    base, even = S.scalars(s), S.trait(s, S.integers(s)[S.COUNT_KIND], S.COUNT_CHANGE)
    if bits != COUNT_BIT or even < 2 or change_of_count(s, left, top) % even == 0.0:
        return bits
    left[base + S.UNSTABLE], left[base + S.NULLITY] = top[base + S.UNSTABLE], top[base + S.NULLITY]
    return 0


@internal
def drop_level(s, left, top, bits):
    """Without those of a parameter that does not change there."""
    first = 2 * S.size(s)
    flat = FLAT / math.sqrt(S.weights(s)[S.size(s) - 1])
    for j in range(S.tests(s)):
        if (bits >> j) & 1 == 0 or not is_turn(s, j) or max(abs(left[first + j]), abs(top[first + j])) > flat:
            continue
        if is_rounding(s, top, j, S.slots(s)[S.MADE]):  # the sign that was there goes on
            top[first + j] = left[first + j]
            bits &= ~(1 << j)
    return bits


@internal
def is_rounding(s, record, j, again):
    """Whether the sign of test function j is rounding, or other noise, at a record; `again` is for work.

    Noise does not last beside its point.
    """
    for k in range(S.size(s)):
        S.work(s)[S.SPARE][k] = record[k]
        S.work(s)[S.SPARE_DIRECTION][k] = record[S.size(s) + k]
    behind, ahead = value_beside(s, j, -ASIDE, again), value_beside(s, j, ASIDE, again)
    value = 0.5 * abs(behind + ahead)
    return not (value > 0.0 and abs(ahead - behind) < UNLIKE * value)


@internal
def value_beside(s, j, part, again):
    """Test function j at a point of the curve beside that in SPARE, corrected as finely as can be; NaN: none there."""
    work, size = S.work(s), S.size(s)
    x, row, spare, along = work[S.GUESS], work[S.ROW], work[S.SPARE], work[S.SPARE_DIRECTION]
    weigh(s, along, row)
    d, value = part * (1.0 + math.sqrt(inner(S.weights(s), spare, spare))), 0.0
    for k in range(size):
        x[k] = spare[k] + d * along[k]
        value += row[k] * x[k]
    code, _, size_f = correct(s, x, row, value, FINE)
    return again[2 * size + j] if code == OK and finish(s, x, size_f, again) == OK else math.nan
