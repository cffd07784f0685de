"""Two points of a kind within one step: both zeros of a test function that keeps its sign from end to end.

Where a parabola hints at a dip its least value is approached through ever new parabolas (successive parabolic
interpolation, Brent, *Algorithms for Minimization without Derivatives*, 1973, chapter 5) until the sign changes or
the least value is seen to stay away from zero.  Two zeros beside one that is known, in the same step or in the next,
are a dip of what is left when that zero is divided out.
"""

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import BESIDE, SLACK, depth_between, find_changes, is_wanted
from continuation.compiled.events.records import copy, scaled
from continuation.compiled.events.rounding import is_rounding
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.finish import ask_between
from continuation.compiled.steps.metric import distance

LOST, EMPTY, PROBED, CHANGED = range(4)  # what a descent ends with: no probe, only rounding, no change, a change
NOWHERE = -1.0  # place of a zero to be divided out: none
DESCENTS = 16  # probes at most: each parabola has about half as many right digits more than the last
# Part of the least value found that the next parabola must promise to fall below: nearer 1 dips that stay away from
# zero cost probes, nearer 0 pairs in bent pieces are given up.
DEEPER = 0.3
PATIENCE = 3  # parabolas that may promise less where the value is but SLACK of the ends': bent pieces mislead the first
NEAREST = 1e-8  # part of the piece by which probes keep apart: there is only rounding in less
DOUBTFUL = 1e-6  # part of the values at the ends below which a change of sign may be rounding


@internal
def signed_value(s, record, reference, j, place, root):
    """Test function j at a record, in the units and with the sign it has at another; divided by the way to a root."""
    value = scaled(s, record, reference, j)
    if not reference[2 * S.size(s) + j] > 0.0:
        value = -value
    if root < 0.0:
        return value
    return value / (root - place) if place != root else 0.0


@internal
def lowest(pa, fa, pm, fm, pb, fb):
    """Place and value of the least of the parabola through three points; the middle one where there is none."""
    left, right = (fm - fa) / (pm - pa), (fb - fm) / (pb - pm)
    second = (right - left) / (pb - pa)
    if not second > 0.0:
        return pm, fm
    slope = left + second * (pm - pa)  # at the middle point
    return pm - 0.5 * slope / second, fm - 0.25 * slope * slope / second


@internal
def find_dip_beside(s, c, a, b, j, root):
    """Where test function j, its zero at distance `root` from a divided out, dips between a and b; negative if not."""
    before, length = S.floats(s)[S.BEFORE], distance(s, a, b)
    if S.integers(s)[S.HISTORY] == 0 or before == 0.0 or not BESIDE * length < root < (1.0 - BESIDE) * length:
        return NOWHERE
    fc, fa = signed_value(s, c, a, j, -before, root), signed_value(s, a, a, j, 0.0, root)
    fb = signed_value(s, b, a, j, length, root)
    return find_dip_between(before, fc, fa, length, fb)


@internal
def find_dip_past(s, a, b, length):
    """Where the test function of the event just passed, divided by the way to it, dips between a and b.

    Negative if it does not.
    """
    j, event, c = S.integers(s)[S.PASSED], S.slots(s)[S.ON_EVENT], S.slots(s)[S.BEHIND]
    if j < 0 or S.kinds(s)[j] >= 0 and not is_wanted(s, S.kinds(s)[j]):
        return NOWHERE
    past, behind = distance(s, event, a), distance(s, c, event)
    if not min(past, behind) > 0.0:
        return NOWHERE
    fc, fa = signed_value(s, c, a, j, 0.0, NOWHERE) / -behind, signed_value(s, a, a, j, 0.0, NOWHERE) / past
    fb = signed_value(s, b, a, j, 0.0, NOWHERE) / (past + length)
    return find_dip_between(past + behind, fc, fa, length, fb)


@internal
def find_dip_between(before, fc, fa, length, fb):
    """Where the parabola through values at ``-before``, 0 and `length` dips between the last two; negative if not."""
    if not min(fa, fb, fc) > 0.0:
        return NOWHERE
    place, value = lowest(-before, fc, 0.0, fa, length, fb)
    inside = BESIDE * length < place < (1.0 - BESIDE) * length
    return place / length if inside and value < depth_between(fa, fb) else NOWHERE


@internal
def descend(s, left, top, j, sigma, root):
    """Approach the least value of test function j, of one sign at both records, between them; the last probe is MADE.

    root : distance from `left` of a zero to be divided out, or NOWHERE.
    """
    low, high, middle = S.stack(s)[S.STACK_DEPTH - 4], S.stack(s)[S.STACK_DEPTH - 5], S.stack(s)[S.STACK_DEPTH - 6]
    made, length = S.slots(s)[S.MADE], distance(s, left, top)
    copy(left, low)
    copy(top, high)
    pa, pb, pm, fm = 0.0, length, -1.0, 0.0
    fa, fb = signed_value(s, left, left, j, 0.0, root), signed_value(s, top, left, j, length, root)
    lower, place, shallow = min(fa, fb), sigma * length, 0
    for k in range(DESCENTS):
        one, other, p_one, p_other = low, high, pa, pb
        if k > 0 and place < pm:
            other, p_other = middle, pm
        elif k > 0:
            one, p_one = middle, pm
        if ask_between(s, one, other, (place - p_one) / (p_other - p_one), made) != OK:
            break
        at = distance(s, left, made)
        value = signed_value(s, made, left, j, at, root)
        if value < 0.0 or root < 0.0 and find_changes(s, left, made) != 0:
            return EMPTY if -DOUBTFUL * lower < value < 0.0 and is_rounding(s, made, j, low) else CHANGED
        if k > 0 and value >= fm:
            copy(made, low if place < pm else high)
            pa, fa, pb, fb = (at, value, pb, fb) if place < pm else (pa, fa, at, value)
        else:
            if k > 0:
                copy(middle, high if place < pm else low)
                pa, fa, pb, fb = (pa, fa, pm, fm) if place < pm else (pm, fm, pb, fb)
            copy(made, middle)
            pm, fm = at, value
        place, value = lowest(pa, fa, pm, fm, pb, fb)
        apart = NEAREST * length
        shallow += value >= DEEPER * fm
        if shallow > (PATIENCE if fm < SLACK * lower else 0):
            break
        if not (pa + apart < place < pb - apart and abs(place - pm) > apart):
            break
    copy(middle, made)
    return PROBED if pm >= 0.0 else LOST
