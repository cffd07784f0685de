"""What changed between two records, and what an interval without a change may hide.

Test functions change sign at simple special points: the parameter's part of the tangent at folds, the determinant
of ``[F_u F_p; t']`` at branch points, the real part of the nearest pair at Hopf points (Govaerts, *Numerical Methods
for Bifurcations of Dynamical Equilibria*, SIAM 2000, chapters 3-5).  Points that come in twos, or that a curve only
touches, keep all signs; they show in slopes, in parabolas through three points and in counts.  Which of these means
what for a kind of special point is told by its traits, see `trace_state`.
"""

import math

from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.events.records import scaled
from continuation.compiled.state import trace_state as S

COUNT_BIT = 1 << 50  # the number of unstable eigenvalues changed; test functions have the bits below
# Part of a piece by which the first probe keeps away from its ends, and by which a parabola may misplace an extremum:
# one that lies so far beyond an accepted point is looked for on either side of it.  Ten times less and pairs next to a
# point are missed, ten times more and most extrema are looked for twice.
INSIDE = 0.02
BESIDE = 1e-3  # ... where slopes tell of it, or one zero is known: the neighbours do not see what lies there
# Fraction of its ends that a parabola (or slope) must fall below to be looked into: a tenth of it and points that hide
# in a step are missed, where it nears 1 every bend costs a probe.
DIP = 0.1
# ... and of the larger end, where the other one lies next to the extremum: what parabolas of steps miss by.  Ten times
# less and pairs next to a point are missed, ten times more and probes are spent on every dip.
SLACK = 0.01
LEAST = 1e-300  # what stands for zero where a sign is wanted
STEEP = 1e-12  # slopes of the parameter, of a unit tangent, that are rounding: their signs mean nothing
# Part of a piece in which a determinant that falls on a line must vanish to be looked at: nearer 1 corners in bent
# pieces are missed, ten times more looks from many steps away.
REACH = 2.0


@inlined
def is_wanted(s, kind):
    """Whether this kind is looked for."""
    return kind >= 0 and (S.integers(s)[S.DETECT] >> kind) & 1 == 1


@inlined
def is_turn(s, j):
    """Whether the varied parameter turns where test function j changes sign."""
    kind = S.kinds(s)[j]
    return kind >= 0 and (S.integers(s)[S.TURN_KINDS] >> kind) & 1 == 1


@inlined
def turn_test(s):
    """Index of the test function that changes sign where the varied parameter turns, -1 if there is none."""
    for j in range(S.tests(s)):
        if is_turn(s, j):
            return j
    return -1


@inlined
def find_changes(s, a, b):
    """Bits of the test functions whose sign differs at records a and b, and of the count.

    Zero at `a` (a start on the point itself) is no information; zero at `b` counts as a change here, and its
    sign is set so that the next interval does not count it again.  Where the varied parameter turns zero is no change
    yet: along whole pieces it may be all that rounding leaves of a tangent.
    """
    ints = S.integers(s)
    bits, first = 0, 2 * S.size(s)
    for j in range(S.tests(s)):
        if b[first + j] == 0.0 and a[first + j] != 0.0:
            b[first + j] = math.copysign(LEAST, a[first + j]) * (1.0 if is_turn(s, j) else -1.0)
        if a[first + j] != 0.0 and (a[first + j] > 0.0) != (b[first + j] > 0.0) and S.kinds(s)[j] >= 0:
            bits |= 1 << j
    base = S.scalars(s)
    if a[base + S.UNSTABLE] != b[base + S.UNSTABLE] and ints[S.COUNT_KIND] >= 0 and not may_be_equal(s, a, b):
        bits |= COUNT_BIT
    return bits


@internal
def may_be_equal(s, a, b):
    """Whether counts that differ may be the same: not known, or eigenvalues that read zero make up for it."""
    base = S.scalars(s)
    before, after = a[base + S.UNSTABLE], b[base + S.UNSTABLE]
    excess = b[base + S.NULLITY] - a[base + S.NULLITY]
    if not (before >= 0.0 and after >= 0.0):
        return True
    return after <= before <= after + excess if excess > 0.0 else before <= after <= before - excess


@internal
def change_of_count(s, a, b):
    """By how much the unstable count changes from record a to b; NaN where it is not known at `a`."""
    base = S.scalars(s)
    if a[base + S.UNSTABLE] == S.UNKNOWN:
        return math.nan
    return 0.0 if may_be_equal(s, a, b) else b[base + S.UNSTABLE] - a[base + S.UNSTABLE]


@inlined
def least_count(s, a, b):
    """The smaller of the unstable counts at two records, the first of which may not be known."""
    base = S.scalars(s)
    before, after = a[base + S.UNSTABLE], b[base + S.UNSTABLE]
    return after if before == S.UNKNOWN else min(before, after)


@inlined
def may_hide_two(s, a, b):
    """Whether a count that is no event by itself changed by an even number: two zeros of a determinant, perhaps."""
    base = S.scalars(s)
    before, after = a[base + S.UNSTABLE], b[base + S.UNSTABLE]
    return (
        S.integers(s)[S.COUNT_KIND] < 0
        and before != after
        and min(before, after) >= 0.0
        and (after - before) % 2.0 == 0.0
    )


@internal
def unexplained(s, a, b, bits, event):
    """Bits of the changes from record a to b that the located `event` between them does not account for.

    Among them are tests and the count if they should have changed at the event and did not: something else lies beside
    it that changed them back.
    """
    kinds, base, left = S.kinds(s), S.scalars(s), bits
    kind, first = int(event[base + S.KIND]), 2 * S.size(s)
    one_test = S.has_mark(s, kind, S.LOCATED_BY_BISECTION)
    explains, turning = S.trait(s, kind, S.EXPLAINS), S.integers(s)[S.TURN_KINDS]
    if event[base + S.TURNS] == 0.0:
        explains &= ~turning
    for j in range(S.tests(s)):
        if kinds[j] < 0 or a[first + j] == 0.0 or one_test and j != int(event[base + S.TEST]):
            continue
        if kinds[j] == kind:
            left = left ^ (1 << j) if crosses_alone(s, event) else left & ~(1 << j)
        elif (explains >> kinds[j]) & 1 == 1:
            left = (
                left ^ (1 << j) if event[base + S.TURNS] == 1.0 and (turning >> kinds[j]) & 1 == 1 else left & ~(1 << j)
            )
    if S.integers(s)[S.COUNT_KIND] >= 0:
        left = left & ~COUNT_BIT if explains_count(s, a, b, event) else left | COUNT_BIT
    return left


@internal
def crosses_alone(s, event):
    """Whether the test function of the event's kind certainly changes sign there: an odd number vanishes at once."""
    base = S.scalars(s)
    return event[base + S.EXPECTED] == event[base + S.EXPECTED] and event[base + S.NULLITY] % 2.0 == 1.0


@internal
def explains_count(s, a, b, event):
    """Whether the event changes the unstable count as it changes from record a to b, but for what reads zero there.

    Where it is not known by how much an event changes the count, its kind tells how much that may be.
    """
    base, change = S.scalars(s), change_of_count(s, a, b)
    expected, allowed = event[base + S.EXPECTED], S.trait(s, int(event[base + S.KIND]), S.COUNT_CHANGE)
    if change != change:
        return True
    if expected != expected:
        return abs(change) <= (abs(event[base + S.NULLITY]) if allowed == S.BY_KERNEL else allowed)
    change, before, after = b[base + S.UNSTABLE] - a[base + S.UNSTABLE], a[base + S.NULLITY], b[base + S.NULLITY]
    return change - before <= expected <= change + after


@internal
def is_certain(s, bits, event):
    """Whether it is known what the event changes: nothing else can hide beside it."""
    base = S.scalars(s)
    if S.trait(s, int(event[base + S.KIND]), S.COUNT_CHANGE) == 0:
        return True
    if event[base + S.EXPECTED] != event[base + S.EXPECTED] and S.integers(s)[S.COUNT_KIND] >= 0:
        return False
    turns = 0
    for j in range(S.tests(s)):
        if is_turn(s, j):
            turns |= bits & (1 << j)
    return turns == 0 or event[base + S.TURNS] == event[base + S.TURNS]


@internal
def test_of(s, event):
    """Index of the only test function that certainly changes sign at a located event, -1 if there is none."""
    kind, found = int(event[S.scalars(s) + S.KIND]), -1
    for j in range(S.tests(s)):
        if S.kinds(s)[j] == kind and crosses_alone(s, event) and not S.has_mark(s, kind, S.LOCATED_BY_BISECTION):
            found = j
    return found


@inlined
def depth_between(a, b):
    """What an extremum between two values of one sign must stay above to be taken for none."""
    return max(DIP * min(a, b), SLACK * max(a, b))


@inlined
def find_hidden_turn(s, a, b, length):
    """Where the cubic Hermite interpolant of the varied parameter turns twice between a and b, else -1."""
    size = S.size(s)
    at = size - 1
    m0, m1, rise = a[size + at] * length, b[size + at] * length, b[at] - a[at]
    steep = STEEP * length / math.sqrt(S.weights(s)[at])
    if not m0 * m1 > 0.0 or min(abs(m0), abs(m1)) <= steep:
        return -1.0
    curve = 3.0 * (m0 + m1 - 2.0 * rise)
    if curve == 0.0:
        return -1.0
    sigma = -(3.0 * rise - 2.0 * m0 - m1) / curve
    if sigma < BESIDE or sigma > 1.0 - BESIDE:
        return -1.0
    slope = m0 + 2.0 * sigma * (3.0 * rise - 2.0 * m0 - m1) + sigma * sigma * curve
    return sigma if slope / m0 < depth_between(1.0, m1 / m0) else -1.0


@inlined
def may_hold(s, a, b, place):
    """Whether an extremum at this part of the piece from a to b is looked for in it; at probes that was done before."""
    role = S.scalars(s) + S.ROLE
    low = -INSIDE if a[role] == S.POINT else INSIDE
    high = 1.0 + INSIDE if b[role] == S.POINT else 1.0 - INSIDE
    return low < place < high


@internal
def find_hidden_dip(s, c, a, b, length):
    """Where a parabola through records c, a, b shows a test function touch zero between a and b, else -1.

    Returns (sigma, index of the test function).  With sigma -1 the index, unless it is -1, is that of a determinant
    that falls so from c to a that it should vanish near b: it may touch zero like |s|, at a corner.
    """
    kinds, first, suspect = S.kinds(s), 2 * S.size(s), -1
    before = S.floats(s)[S.BEFORE]
    if before == 0.0 or length == 0.0:
        return -1.0, -1
    for j in range(S.tests(s)):
        at = first + j
        if a[at] * b[at] <= 0.0 or kinds[j] >= 0 and not is_wanted(s, kinds[j]):
            continue
        va, vb, vc = abs(a[at]), abs(scaled(s, b, a, j)), math.copysign(scaled(s, c, a, j), a[at] * c[at])
        if vc <= va:
            continue
        fall, rise = (vc - va) * length, (vb - va) * before
        # The parabola through the three is va + slope s + second s**2, both times length before (length + before).
        second = fall + rise
        slope = rise * (before + length) - second * length
        if second > 0.0 and may_hold(s, a, b, -0.5 * slope / (second * length)):
            whole = length * before * (length + before)
            if va - 0.25 * slope * slope / (second * whole) < depth_between(va, vb):
                return min(max(-0.5 * slope / (second * length), INSIDE), 1.0 - INSIDE), j
        if va * before < REACH * fall and S.has_mark(s, kinds[j], S.MAY_TOUCH):
            suspect = j
    return -1.0, suspect
