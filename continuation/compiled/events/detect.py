"""What changed between two records, and what an interval without a change may hide.

Test functions change sign at simple special points: the parameter's part of the tangent at folds, the determinant
of ``[F_u F_p; t']`` at branch points, the real part of the nearest pair at Hopf points (Govaerts, *Numerical Methods
for Bifurcations of Dynamical Equilibria*, SIAM 2000, chapters 3-5).  Points that come in twos, or that a curve only
touches, keep all signs; they show in slopes, in parabolas through three points and in counts.  Which of these means
what for a kind of special point is told by its traits, see `trace_state`.
"""

import math

from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.state import trace_state as S

COUNT_BIT = 1 << 50  # the number of unstable eigenvalues changed; test functions have the bits below
# Part of a piece by which a hidden extremum must keep away from its ends, whose neighbours see it too: ten times less
# and probes fall on points that are there, ten times more and a fifth of each end goes unseen.
INSIDE = 0.02
# Fraction of its ends that a parabola (or slope) must fall below to be looked into: a tenth of it and points that hide
# in a step are missed, where it nears 1 every bend costs a probe.
DIP = 0.1
STEEP = 1e-12  # slopes of the parameter, of a unit tangent, that are rounding: their signs mean nothing
# Part of a piece in which a determinant that falls on a line must vanish to be looked at: nearer 1 corners in bent
# pieces are missed, ten times more looks from many steps away.
REACH = 2.0
LARGEST_POWER = 900.0  # of two, by which exponents are compared: more would overflow


@inlined
def is_wanted(s, kind):
    """Whether this kind is looked for."""
    return kind >= 0 and (S.integers(s)[S.DETECT] >> kind) & 1 == 1


@inlined
def find_changes(s, a, b):
    """Bits of the test functions whose sign differs at records a and b, and of the count.

    Zero at `a` (a start on the point itself) is no information; zero at `b` counts as a change here, and its
    sign is set so that the next interval does not count it again.
    """
    ints = S.integers(s)
    bits, first = 0, 2 * S.size(s)
    for j in range(S.tests(s)):
        if b[first + j] == 0.0 and a[first + j] != 0.0:
            b[first + j] = -math.copysign(1e-300, a[first + j])
        if a[first + j] != 0.0 and (a[first + j] > 0.0) != (b[first + j] > 0.0) and S.kinds(s)[j] >= 0:
            bits |= 1 << j
    if ints[S.COUNT_KIND] >= 0 and has_count_changed(s, a, b):
        bits |= COUNT_BIT
    return bits


@inlined
def has_count_changed(s, a, b):
    """Whether the numbers of unstable eigenvalues at records a and b differ for certain.

    An eigenvalue that reads zero at one of them only may lie on either side there; a count that is not known is none.
    """
    base = S.scalars(s)
    before, after, more = a[base + S.UNSTABLE], b[base + S.UNSTABLE], b[base + S.NULLITY] - a[base + S.NULLITY]
    if not (before >= 0.0 and after >= 0.0):
        return False
    return not (after - max(-more, 0.0) <= before <= after + max(more, 0.0))


@inlined
def keep_count(s, old, new):
    """Give record `new`, where its own count is not certain, that of `old`: it is compared with what comes next."""
    base = S.scalars(s)
    uncertain = new[base + S.NULLITY] > old[base + S.NULLITY]
    if old[base + S.UNSTABLE] >= 0.0 and (uncertain or not new[base + S.UNSTABLE] >= 0.0):
        new[base + S.UNSTABLE], new[base + S.NULLITY] = old[base + S.UNSTABLE], old[base + S.NULLITY]


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
def unexplained(s, bits, change, event):
    """Bits that the located `event` does not account for; `change` is that of the unstable count."""
    kinds, base, left = S.kinds(s), S.scalars(s), bits
    kind, kernel_size = int(event[base + S.KIND]), abs(int(event[base + S.NULLITY]))
    one_test = S.has_mark(s, kind, S.LOCATED_BY_BISECTION)
    explains = S.trait(s, kind, S.EXPLAINS)
    for j in range(S.tests(s)):
        same = kinds[j] == kind and (not one_test or j == int(event[base + S.TEST]))
        if same or kinds[j] >= 0 and (explains >> kinds[j]) & 1 == 1:
            left &= ~(1 << j)
    allowed = S.trait(s, kind, S.COUNT_CHANGE)
    if abs(change) <= (kernel_size if allowed == S.BY_KERNEL else allowed):
        left &= ~COUNT_BIT
    return left


@inlined
def find_hidden_turn(s, a, b, length):
    """Where the cubic Hermite interpolant of the varied parameter turns twice between a and b, else -1."""
    size = S.size(s)
    at = size - 1
    m0, m1, rise = a[size + at] * length, b[size + at] * length, b[at] - a[at]
    if m0 * m1 <= 0.0 or min(abs(m0), abs(m1)) <= STEEP * length:
        return -1.0
    curve = 3.0 * (m0 + m1 - 2.0 * rise)
    if curve == 0.0:
        return -1.0
    sigma = -(3.0 * rise - 2.0 * m0 - m1) / curve
    if sigma < INSIDE or sigma > 1.0 - INSIDE:
        return -1.0
    slope = m0 + 2.0 * sigma * (3.0 * rise - 2.0 * m0 - m1) + sigma * sigma * curve
    return sigma if slope / m0 < DIP * min(1.0, m1 / m0) else -1.0


@internal
def find_hidden_dip(s, c, a, b, length):
    """Where a parabola through records c, a, b shows a test function touch zero between a and b, else -1.

    Returns (sigma, index of the test function).  With sigma -1 the index, unless it is -1, is that of a determinant
    that falls so from c to a that it should vanish near b: it may touch zero like |s|, at a corner.
    """
    kinds, size, tests, suspect = S.kinds(s), S.size(s), S.tests(s), -1
    before = S.floats(s)[S.BEFORE]
    if before == 0.0 or length == 0.0:
        return -1.0, -1
    for j in range(tests):
        at, e = 2 * size + j, 2 * size + tests + j
        if a[at] * b[at] <= 0.0 or kinds[j] >= 0 and not is_wanted(s, kinds[j]):
            continue
        va, vb, vc = abs(a[at]), abs(b[at]), math.copysign(c[at], a[at] * c[at])
        if b[e] != a[e] or c[e] != a[e]:
            vb, vc = vb * 2.0 ** min(b[e] - a[e], LARGEST_POWER), vc * 2.0 ** min(c[e] - a[e], LARGEST_POWER)
        if vc <= va:
            continue
        # The parabola through the three is va + slope s + second s**2, both times length before (length + before).
        fall, rise = (vc - va) * length, (vb - va) * before
        second = fall + rise
        slope = rise * (before + length) - second * length
        if second > 0.0 and -0.5 * slope < (1.0 - INSIDE) * second * length and -0.5 * slope > INSIDE * second * length:
            whole = length * before * (length + before)
            if va - 0.25 * slope * slope / (second * whole) < DIP * min(va, vb):
                return -0.5 * slope / (second * length), j
        if va * before < REACH * fall and S.has_mark(s, kinds[j], S.MAY_TOUCH):
            suspect = j
    return -1.0, suspect
