"""Corners of a branch: points at which F is continuous but F_u jumps, as ``abs`` and ``max`` make it.

F is smooth on either side of a surface that the branch crosses, and the branch consists of two smooth pieces that meet
there at an angle (a boundary equilibrium bifurcation: di Bernardo, Budd, Champneys and Kowalczyk, *Piecewise-smooth
Dynamical Systems*, 2008, sections 5.1-5.3; where the parameter turns back it is called a non-smooth fold).  No step
leads over a sharp one, since there is no point of the other piece ahead.  Beyond the surface the derivatives are those
of the other piece; of the two directions of its tangent one leaves the corner along it, the other belongs to no
solution.  Rare, entered by address.
"""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.records import copy, has_room, push, scaled
from continuation.compiled.matrices.extremes import two_to
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.looks import has_looks, take_look
from continuation.compiled.steps.correct import FINE, correct, evaluate, take_newton_step
from continuation.compiled.steps.finish import finish
from continuation.compiled.steps.metric import distance, inner, weigh

# Distance from the corner, relative to 1 + |x|, at which the other piece is looked for, and in shortest steps at least:
# the last point is as far away as one.  Ten times less and rounding shows, ten times more and bent pieces leave their
# tangents, whose meeting is the corner, by a hundred times as much.
ASIDE, STEPS = 1e-7, 16.0
# How many times farther it is looked for then: differences for F_u reach over the corner from a distance of 1e-5.
FARTHER = 1000.0
AROUND = 8  # places beyond the corner where derivatives are taken: the branch may run close along the surface
SAME = 1e-6  # 1 - cosine of tangents that are one: the place lies on the side that the branch came from
# Part of the larger residual that the smaller one may be at most, of the two directions: at a true corner it is of the
# order of ASIDE.
ONE_SIDED = 0.1
FAR = 0.1  # part of the distance from the corner by which a corrected point may leave its guess
# Change across a bracket, relative to the values near it, that is a jump: a smooth function changes by the ratio of
# bracket and step, less than a thousandth of this.
JUMP, TURN = 1e-2, 1e-3
# Turn of the tangent, in radians, that is looked into, and times what the piece before lets one expect: ten times less
# and every bend costs probes, ten times more and most corners that a step leads over are passed without a mark.
LEAST_TURN, MORE = 0.01, 3.0
# Distance, relative to 1 + |x|, within which two corners are one: ten times less and one is found twice where F_u is
# made by differences, ten times more and true neighbours are lost.
SMEARED = 1e-4
# Pieces shorter than this, relative to 1 + |x|, that turn or jump all the same are corners: less, and differences for
# F_u smear them over 1e-5; ten times more, and sharp bends are taken for them.
CORNERED = 2e-5
HELD = 1e-3  # ... or than this, where no point in them is to be had: between two pieces Newton's method has no hold
FLAT = 1e-12  # 1 - cosine**2 of tangents that have no intersection
# Part of the determinant beyond that it has at the last point at a corner at least: where it has less it vanishes, at a
# branch point.  There it goes like the distance, of which a hundredth to a millionth is left.
ALIVE = 1e-3


@internal
def pass_corner(s):
    """Go on from LEFT, from which no step leads on, along the other piece of a corner there; True if there is one.

    The corner is then on the stack, above the next point.
    """
    left, made, direction = S.slot(s, S.LEFT), S.slot(s, S.NEXT), S.work(s)[S.SPARE_DIRECTION]
    d = max(ASIDE * (1.0 + math.sqrt(inner(S.weights(s), left, left))), STEPS * S.floats(s)[S.MIN_H])
    for count in range(2 * AROUND):
        number = count % AROUND
        if count == AROUND:
            d *= FARTHER
        if not take_look(s) or not has_room(s):
            return False
        if not (find_direction(s, left, d, number, direction) and make_beyond(s, left, d, direction, made)):
            continue
        event, at = S.stack(s)[S.STACK_DEPTH - 3], S.scalars(s) + S.DET
        if abs(left[at]) < ALIVE * abs(made[at]) * two_to(made[at + 1] - left[at + 1]):
            continue
        if place_corner(s, left, made, event) <= FAR * d:
            event[S.scalars(s) + S.ERROR] += d * d
            S.integers(s)[S.DEPTH] = 1
            push(s, event, S.EVENT)
            return True
    return False


@internal
def find_direction(s, left, d, number, direction):
    """Write the unit tangent of the piece beyond the corner, at one of the places around it; False where it is none.

    Of its two directions the one along which F vanishes.
    """
    work, size, weights = S.work(s), S.size(s), S.weights(s)
    x, row, tangent = work[S.GUESS], work[S.ROW], part(left, size, size)
    for j in range(size):
        aside = 0.5 * math.cos(1.0 + number + 2.0 * (j + 1.0) ** 1.5) if number > 0 else 0.0
        x[j] = left[j] + d * (tangent[j] + aside)
        direction[j] = tangent[j] + math.sin(2.0 + number + 3.0 * j)
    weigh(s, direction, row)
    if evaluate(s, x)[0] != OK or take_newton_step(s, x, row, 0.0) != OK:
        return False
    z = part(work[S.SOLUTION], size, size)
    length = math.sqrt(inner(weights, z, z))
    if not (length > 0.0 and length < math.inf) or abs(inner(weights, z, tangent)) > (1.0 - SAME) * length:
        return False
    forwards, backwards = residual_at(s, left, z, d / length), residual_at(s, left, z, -d / length)
    if not min(forwards, backwards) <= ONE_SIDED * max(forwards, backwards):
        return False
    for j in range(size):
        direction[j] = z[j] / (length if forwards < backwards else -length)
    return True


@internal
def residual_at(s, left, z, step):
    """Largest component of F at a step along z from a record; infinite where it can't be had."""
    x = S.work(s)[S.GUESS]
    for j in range(S.size(s)):
        x[j] = left[j] + step * z[j]
    return evaluate(s, x)[1]


@internal
def make_beyond(s, left, d, direction, made):
    """Make a record of the point at distance d along `direction`; False where the curve is not there."""
    work, size = S.work(s), S.size(s)
    x, row, value = work[S.GUESS], work[S.ROW], 0.0
    weigh(s, direction, row)
    for j in range(size):
        x[j] = left[j] + d * direction[j]
        value += row[j] * x[j]
    code, _, size_f = correct(s, x, row, value, FINE)
    if code != S.CONVERGED:
        return False
    total, weights = 0.0, S.weights(s)
    for j in range(size):
        gap = x[j] - left[j] - d * direction[j]
        total += weights[j] * gap * gap
    if not total <= FAR * FAR * d * d or finish(s, x, size_f, made) != OK:
        return False
    return inner(weights, part(made, size, size), direction) > 1.0 - FAR


@internal
def place_corner(s, left, right, event):
    """Make the event of a corner where the tangents at two records meet; returns their distance there.

    Its tangent and test functions are those of the piece beyond.
    """
    size, base, weights = S.size(s), S.scalars(s), S.weights(s)
    ahead, behind = part(left, size, size), part(right, size, size)
    cosine, from_left, from_right = inner(weights, ahead, behind), 0.0, 0.0
    for j in range(size):
        rise = right[j] - left[j]
        from_left += weights[j] * ahead[j] * rise
        from_right += weights[j] * behind[j] * rise
    spread = 1.0 - cosine * cosine
    along = (from_left - cosine * from_right) / spread if spread > FLAT else 0.5 * distance(s, left, right)
    back = from_right - cosine * along if spread > FLAT else along
    copy(right, event)
    gap = 0.0
    for j in range(size):
        one, other = left[j] + along * ahead[j], right[j] - back * behind[j]
        gap += weights[j] * (one - other) * (one - other)
        event[j] = 0.5 * (one + other)
    gap = math.sqrt(gap)
    event[base + S.KIND], event[base + S.TEST], event[base + S.NULLITY] = S.integers(s)[S.KINK_KIND], -1.0, 0.0
    event[base + S.LOCATED], event[base + S.ROLE] = 1.0, S.EVENT
    event[base + S.ERROR] = gap / (1.0 + math.sqrt(inner(weights, event, event)))
    event[base + S.RESIDUAL] = evaluate(s, event)[1]
    return gap


@internal
def has_jump(s, a, b):
    """Whether the tangent or a test function jumps between two records that lie next to each other."""
    size, near = S.size(s), S.slot(s, S.NEXT)
    if inner(S.weights(s), part(a, size, size), part(b, size, size)) < 1.0 - 0.5 * TURN * TURN:
        return True
    for j in range(S.tests(s)):
        if S.has_mark(s, S.kinds(s)[j], S.LOCATED_BY_BISECTION):
            continue
        before, after, beyond = a[2 * size + j], scaled(s, b, a, j), scaled(s, near, a, j)
        if abs(after - before) > JUMP * max(abs(before), abs(after), abs(beyond)):
            return True
    return False


@internal
def turns_suddenly(s, left, top, length):
    """Whether the tangent turns between LEFT and a record by much more than the piece before lets one expect."""
    size, weights, before, turn, bend = S.size(s), S.weights(s), S.slot(s, S.PREVIOUS), 0.0, 0.0
    for j in range(size, 2 * size):
        turn += weights[j - size] * (top[j] - left[j]) * (top[j] - left[j])
        bend += weights[j - size] * (left[j] - before[j]) * (left[j] - before[j])
    known = S.integers(s)[S.HISTORY] == 1 and S.floats(s)[S.BEFORE] > 0.0
    expected = math.sqrt(bend) * length / S.floats(s)[S.BEFORE] if known else 0.0
    return math.sqrt(turn) > LEAST_TURN + MORE * expected


@internal
def is_beside_corner(s, record):
    """Whether the last row is a corner so near to a record that it is this one: differences for F_u smear them."""
    rows, last = S.rows(s), S.integers(s)[S.ROWS] - 1
    near = SMEARED * (1.0 + math.sqrt(inner(S.weights(s), record, record)))
    return rows[last, S.scalars(s) + S.KIND] == S.integers(s)[S.KINK_KIND] and distance(s, rows[last], record) <= near


@internal
def push_corner(s):
    """Put a corner between LEFT and the top of the stack on it, where something jumps there; True if so."""
    left, top, event = S.slot(s, S.LEFT), S.top(s), S.stack(s)[S.STACK_DEPTH - 3]
    length, scale = distance(s, left, top), 1.0 + math.sqrt(inner(S.weights(s), top, top))
    short = length <= (HELD if has_looks(s) else CORNERED) * scale  # without looks no point in it was asked for
    if S.integers(s)[S.SMOOTHNESS] > 1 or not short or not has_jump(s, left, top) or is_beside_corner(s, left):
        return False
    if not place_corner(s, left, top, event) <= length or not distance(s, left, event) <= length:
        for j in range(S.size(s)):
            event[j] = 0.5 * (left[j] + top[j])
    event[S.scalars(s) + S.ERROR] = length / scale
    push(s, event, S.EVENT)
    return True
