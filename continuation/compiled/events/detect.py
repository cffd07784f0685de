"""What changed between two records, and what an interval without a change may hide."""

import math

from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import distance, hermite, inner

COUNT_BIT = 1 << 50  # the number of unstable eigenvalues changed
INSIDE = 0.02  # a hidden extremum nearer than this to an end is left to the neighbour
DIP = 0.1  # a parabola that falls below this fraction of its ends is looked into
LOOSE = 0.1  # part of a piece by which its ends may be inexact
STEEP = 1e-12  # slopes of the parameter below this are rounding
REACH = 2.0  # part of a piece in which a determinant that falls on a line must vanish to be looked at


@inlined
def scalars(s):
    """Where the scalars of a record begin."""
    return 2 * S.size(s) + 2 * S.tests(s)


@inlined
def wanted(s, kind):
    """Whether this kind is looked for."""
    return kind >= 0 and (S.i(s)[S.DETECT] >> kind) & 1 == 1


@inlined
def changes(s, a, b):
    """Bits of the test functions whose sign differs at records a and b, and of the count.

    Zero at `a` (a start on the point itself) is no information; zero at `b` counts as a change here, and its
    sign is set so that the next interval does not count it again.
    """
    ints = S.i(s)
    bits, first = 0, 2 * S.size(s)
    for j in range(S.tests(s)):
        if b[first + j] == 0.0 and a[first + j] != 0.0:
            b[first + j] = -math.copysign(1e-300, a[first + j])
        if a[first + j] != 0.0 and (a[first + j] > 0.0) != (b[first + j] > 0.0) and S.kinds(s)[j] >= 0:
            bits |= 1 << j
    base = scalars(s)
    if a[base + S.UNSTABLE] != b[base + S.UNSTABLE] and ints[S.COUNT_KIND] >= 0:
        bits |= COUNT_BIT
    return bits


@inlined
def may_hide_two(s, a, b):
    """Whether a count that is no event by itself changed by an even number: two zeros of a determinant, perhaps."""
    base = scalars(s)
    before, after = a[base + S.UNSTABLE], b[base + S.UNSTABLE]
    return S.i(s)[S.COUNT_KIND] < 0 and before != after and min(before, after) >= 0.0 and (after - before) % 2.0 == 0.0


@internal
def first_of_kind(s, bits, kind):
    """Index of the first changed test function of a kind, -1 if none."""
    for j in range(S.tests(s)):
        if S.kinds(s)[j] == kind and (bits >> j) & 1 == 1:
            return j
    return -1


@internal
def explained(s, bits, change, event):
    """Bits that the located `event` does not account for; `change` is that of the unstable count."""
    kinds = S.kinds(s)
    base = scalars(s)
    kind, kernel_size = int(event[base + S.KIND]), abs(int(event[base + S.NULLITY]))
    left = bits
    for j in range(S.tests(s)):
        same = kinds[j] == kind and (kind != S.USER or j == int(event[base + S.TEST]))
        if same or (kind == S.BRANCH_POINT and kinds[j] == S.FOLD):
            left &= ~(1 << j)
    allowed = 2 if kind == S.HOPF else (0 if kind == S.USER else kernel_size)
    if abs(change) <= allowed:
        left &= ~COUNT_BIT
    return left


@inlined
def hidden_turn(s, a, b, length):
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
def hidden_dip(s, c, a, b, length):
    """Where a parabola through records c, a, b shows a test function touch zero between a and b, else -1.

    Returns (sigma, index of the test function).  With sigma -1 the index, unless it is -1, is that of a determinant
    that falls so from c to a that it should vanish near b: it may touch zero like |s|, at a corner.
    """
    kinds, size, tests, suspect = S.kinds(s), S.size(s), S.tests(s), -1
    before = S.f(s)[S.BEFORE]
    if before == 0.0 or length == 0.0:
        return -1.0, -1
    for j in range(tests):
        at, e = 2 * size + j, 2 * size + tests + j
        if a[at] * b[at] <= 0.0 or kinds[j] >= 0 and not wanted(s, kinds[j]):
            continue
        va, vb, vc = abs(a[at]), abs(b[at]), math.copysign(c[at], a[at] * c[at])
        if b[e] != a[e] or c[e] != a[e]:
            vb, vc = vb * 2.0 ** min(b[e] - a[e], 900.0), vc * 2.0 ** min(c[e] - a[e], 900.0)
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
        if kinds[j] == S.BRANCH_POINT and va * before < REACH * fall:
            suspect = j
    return -1.0, suspect


@internal
def refine(s, a, b, guess, kind, record):
    """Ask the problem to locate a point of `kind` near `guess` by its extended system; True if it did.

    ``scratch`` receives x, t, then kind, nullity and error; the point must lie on the piece between a and b.
    """
    ops = S.ops(s)
    if ops[S.OP_REFINE] == 0:
        return False
    size, base = S.size(s), scalars(s)
    request = S.work(s)[S.REQUEST]
    for j in range(2 * size):
        request[j] = guess[j]
    request[2 * size] = kind
    request[2 * size + 1] = abs(b[base + S.UNSTABLE] - a[base + S.UNSTABLE])
    status = call(ops[S.OP_REFINE], ops[S.OP_REFINE + 1], request, S.p(s), S.scratch(s))
    found = S.scratch(s)
    if status != OK or not on_piece(s, a, b, found):
        return False
    length = math.sqrt(inner(S.weights(s), found[size:], found[size:]))
    for j in range(size):
        record[j] = found[j]
        record[size + j] = found[size + j] / length
    for j in range(2 * size, base):
        record[j] = b[j]
    record[base + S.KIND], record[base + S.NULLITY] = found[2 * size], found[2 * size + 1]
    record[base + S.ERROR], record[base + S.RESIDUAL] = found[2 * size + 2], found[2 * size + 3]
    record[base + S.UNSTABLE] = min(a[base + S.UNSTABLE], b[base + S.UNSTABLE])
    record[base + S.VANISHED], record[base + S.TEST], record[base + S.LOCATED] = 0.0, -1.0, 1.0
    record[base + S.ROLE] = S.EVENT
    return True


@internal
def refine_from(s, a, b, one, other, record):
    """`refine` of a branch point on the piece between a and b from either of two guesses; True if it did."""
    if refine(s, a, b, one, S.BRANCH_POINT, record):
        return True
    return refine(s, a, b, other, S.BRANCH_POINT, record)


@internal
def place_on(s, a, b, x):
    """Fraction of the chord from a to b that x projects to."""
    along, whole = 0.0, 0.0
    weights = S.weights(s)
    for j in range(weights.shape[0]):
        chord = b[j] - a[j]
        along += weights[j] * chord * (x[j] - a[j])
        whole += weights[j] * chord * chord
    return along / whole if whole > 0.0 else -1.0


@internal
def on_piece(s, a, b, x):
    """Whether x lies on the curve's piece between a and b, as far as its Hermite interpolant tells.

    An end is only as exact as Newton's tolerance, and so is what lies before it: x may overstep it by that.
    """
    work = S.work(s)
    size, length = S.size(s), distance(s, a, b)
    sigma = place_on(s, a, b, x)
    own = S.f(s)[S.TOLERANCE] * (1.0 + math.sqrt(inner(S.weights(s), x, x)))
    slack = 1e-9 * (1.0 + 1.0 / length) + min(own / length, LOOSE) if length > 0.0 else 1.0
    if not (-slack <= sigma <= 1.0 + slack):
        return False
    y, direction = work[S.SPARE], work[S.SPARE_DIRECTION]
    hermite(a, b, size, length, min(max(sigma, 0.0), 1.0), y, direction)
    return distance(s, x, y) <= 0.05 * length + 1e-8
