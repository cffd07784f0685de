"""Keeping to one branch where others come near: what a plain step can tell for nothing, and a look when it tells much.

Two branches that nearly meet are the roots s = 0 and s = -r of one scalar equation ``s + s**2 / r = 0`` across the
curve, s along the direction in which ``A = [F_u F_p; t']`` is weakest.  Newton's method ends at 0 if it starts within
r/2 of it (Deuflhard, *Newton Methods for Nonlinear Problems*, Springer 2004, section 2.1), and on the way to the place
where they are nearest r shrinks, like the determinant of A.  So:

- *Judging a step*: its first correction must be a small part of r.  Whether there is another root within some lengths s
  of that correction shows in ``A^-1 F(x + s v)``, which is s v where there is none: three solves and three residuals,
  only where the correction is not clearly smaller than what was found safe before.
- *Looking ahead*: where the determinant falls so fast that it would vanish within a few steps, the weakest direction
  is compared at both ends of the last step.  The determinant is a product of all singular values, of which many may
  shrink a little: the largest of ``A^-1 b`` for some generic b follows the smallest alone (and has no kinks).

Rare work, but for `is_doubtful` and `is_shrinking`.
"""

import math

from continuation.compiled.calls.arrays import new_doubles, part
from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.matrices.extremes import two_to
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.messages import DETERMINANT, EXPONENT
from continuation.compiled.steps.correct import evaluate
from continuation.compiled.steps.metric import inner

# Part of the distance to where the determinant would vanish that one step may go: ten times less creeps towards every
# branch point, near 1 steps go over what was to be looked at.
PART = 0.35
# Corrections within which there must be no other root: at 2 Newton may end on either, at 40 most steps that are safe
# are taken anew.
REACH = 4.0
# Corrections below this, relative to 1 + |x|, are never looked at: branches nearer than some of them are one to
# differences of F.  Ten times more overlooks gaps of 1e-7, ten times less measures rounding.
TINY = 1e-8
# Corrections that do not fall by this factor when a step is halved (by eight, usually) are noise of F, not of the step:
# ten times less is refused for ever, near 1 some noise passes for a step's error.  They are noise only if they are no
# more than so many times what Newton's method would still correct: a prediction half way between two branches, where
# the equations are singular, has a long correction by accident.
STUBBORN, NOISE = 2.0, 100.0
FALLEN = 0.25  # part of the determinant below which distances are measured anew: they shrink with it
LEAST = 1e-6  # of the bend of the equations across the curve that differences show
# Sides that find the weakest direction: all where there are no more equations; fewer see it later where there are many.
SIDES = 4
# Relative to 1 + |x|: how far F is moved to see the sizes of its equations; any small value does.  One move in place of
# some shows an equation small that happens to rest in its direction.
NUDGE, NUDGES = 1e-6, 3


@inlined
def ratio_of(value, exponent, other, other_exponent):
    """Absolute ratio of two determinants."""
    return abs(value) / abs(other) * two_to(exponent - other_exponent)


@inlined
def is_doubtful(s):
    """Whether the accepted correction was long, or slow, for what is known of the branches nearby."""
    reals = S.floats(s)
    if reals[S.FIRST] > reals[S.ALLOWED]:
        return True
    if reals[S.FIRST] <= TINY * TINY:
        return False
    made, base = S.slot(s, S.NEXT), S.scalars(s)
    det, exponent = made[base + S.DET], made[base + S.DET_EXPONENT]
    return reals[S.SLOWLY] > 0.0 or ratio_of(det, exponent, reals[S.REACH_DET], reals[S.REACH_EXPONENT]) < FALLEN


@inlined
def is_shrinking(s, h):
    """Whether the determinant falls so fast from LEFT to NEXT that it would vanish within a few steps of length h.

    Where it rises what was ahead is passed.
    """
    left, made, base = S.slot(s, S.LEFT), S.slot(s, S.NEXT), S.scalars(s)
    old, gap = abs(left[base + S.DET]), made[base + S.DET_EXPONENT] - left[base + S.DET_EXPONENT]
    new = abs(made[base + S.DET]) * two_to(gap)
    if new > old:
        S.floats(s)[S.AHEAD] = math.inf
    return PART * new * S.floats(s)[S.LENGTH] < (old - new) * h


@internal
def linearise_at(s, x):
    """Let the problem linearise at x; returns its status."""
    ops, parameters = S.ops(s), S.parameters(s)
    parameters[S.active(s)] = x[S.size(s) - 1]
    return call(ops[S.OP_LINEARISE], ops[S.OP_LINEARISE + 1], x, parameters, S.work(s)[S.F])


@internal
def solve_across(s, record):
    """Solve with what is linearised, bordered by the record's tangent, for the two sides in ``work[S.RHS]``."""
    ops, work, weights, size = S.ops(s), S.work(s), S.weights(s), S.size(s)
    row, rhs = work[S.ROW], work[S.RHS]
    for j in range(size):
        row[j] = weights[j] * record[size + j]
    rhs[size - 1], rhs[2 * size - 1] = 0.0, 0.0
    return call(ops[S.OP_SOLVE], ops[S.OP_SOLVE + 1], row, rhs, work[S.SOLUTION])


@internal
def uncertainty(s, record):
    """How far noise of F moves a record, relative to 1 + |x|: what Newton's method would still correct it by."""
    work, size, weights = S.work(s), S.size(s), S.weights(s)
    status, _ = evaluate(s, record)
    for i in range(size - 1):
        work[S.RHS][i], work[S.RHS][size + i] = work[S.F][i], 0.0
    if status != OK or linearise_at(s, record) != OK or solve_across(s, record) != OK:
        return math.inf
    return math.sqrt(inner(weights, work[S.SOLUTION], work[S.SOLUTION]) / (1.0 + inner(weights, record, record)))


@internal
def measure_equations(s, x):
    """Write the sizes of the equations at the solution x, as F shows them if x is moved, into ``work[S.SPARE]``."""
    work, size = S.work(s), S.size(s)
    y, sizes, largest = work[S.GUESS], work[S.SPARE], 0.0
    for k in range(NUDGES):
        for j in range(size):
            y[j] = x[j] + NUDGE * (1.0 + abs(x[j])) * math.cos(1.0 + k + 2.0 * j * (j + k))
        status, _ = evaluate(s, y)
        for i in range(size - 1):
            sizes[i] = (sizes[i] if k > 0 else 0.0) + (abs(work[S.F][i]) if status == OK else 1.0)
            largest = max(largest, sizes[i])
    return largest > 0.0


@internal
def probing_side(i, k, n):
    """Entry i of the k-th of up to n orthonormal vectors: cosines, with signs that no order of equations knows."""
    unit = math.sqrt((1.0 if k == 0 else 2.0) / n) * math.cos(math.pi * k * (i + 0.5) / n)
    return unit if math.cos(1.0 + 3.0 * i * i) > 0.0 else -unit


@internal
def respond(s, record, responses):
    """What probing sides move across the curve at a record: ``A^-1 b`` for each, rows of `responses`; True if known.

    Wants the sizes of the equations in ``work[S.SPARE]``.
    """
    work, size, count = S.work(s), S.size(s), responses.shape[0]
    rhs, d, sizes = work[S.RHS], work[S.SOLUTION], work[S.SPARE]
    if linearise_at(s, record) != OK:
        return False
    for k in range(0, count, 2):
        for i in range(size - 1):
            rhs[i] = sizes[i] * probing_side(i, k, size - 1)
            rhs[size + i] = sizes[i] * probing_side(i, k + 1, size - 1) if k + 1 < count else 0.0
        if solve_across(s, record) != OK:
            return False
        for j in range(size):
            responses[k, j] = d[j]
            if k + 1 < count:
                responses[k + 1, j] = d[size + j]
    return True


@internal
def find_weakest(s, record):
    """Direction across the curve in which F is weakest at a record, roughly: into ``work[S.DIRECTION]``, unit.

    Returns its weakness: the least singular value, that of the largest response to `SIDES` sides; infinite where it
    can't be had.  With their Gram matrix G it is ``trace(G**8)**(-1/16)``, smooth and at most a tenth too small.
    """
    weights, size, count = S.weights(s), S.size(s), min(SIDES, S.size(s) - 1)
    responses, gram, squared = new_doubles((count, size)), new_doubles((count, count)), new_doubles((count, count))
    if not respond(s, record, responses):
        return math.inf
    trace = 0.0
    for i in range(count):
        for k in range(count):
            gram[i, k] = inner(weights, responses[i], responses[k])
        trace += gram[i, i]
    if not 0.0 < trace < math.inf:
        return math.inf
    logarithm, power = 0.0, 1.0
    for _ in range(3):
        logarithm += math.log(trace) / power
        for i in range(count):
            for k in range(count):
                squared[i, k] = 0.0
                for m in range(count):
                    squared[i, k] += gram[i, m] * gram[m, k] / (trace * trace)
        trace, power = 0.0, 2.0 * power
        for i in range(count):
            trace += squared[i, i]
            for k in range(count):
                gram[i, k] = squared[i, k]
    point_along(s, responses, gram)
    return math.exp(-0.5 * (logarithm + math.log(trace) / power))


@internal
def point_along(s, responses, gram):
    """Write the largest response, by a power of their Gram matrix, as a unit vector into ``work[S.DIRECTION]``."""
    direction, best = S.work(s)[S.DIRECTION], 0
    for k in range(gram.shape[0]):
        if gram[k, k] > gram[best, best]:
            best = k
    for j in range(responses.shape[1]):
        direction[j] = 0.0
        for k in range(gram.shape[0]):
            direction[j] += gram[k, best] * responses[k, j]
    length = math.sqrt(inner(S.weights(s), direction, direction))
    for j in range(responses.shape[1]):
        direction[j] /= length


@internal
def find_other_root(s, record, reach):
    """What F is at `reach` to both sides along ``work[S.DIRECTION]``, as a part of what its derivative says.

    These are values of ``1 + q r + c r**2`` at r = 1 and -1.  Returns its least value between them (0 or less: another
    root lies nearer), its largest departure from 1 at the ends (infinite where F can't be had), and the root nearest 0.
    """
    work, size = S.work(s), S.size(s)
    y, v, rhs, d = work[S.GUESS], work[S.DIRECTION], work[S.RHS], work[S.SOLUTION]
    for k in range(2):
        for j in range(size):
            y[j] = record[j] + (reach if k == 0 else -reach) * v[j]
        status, _ = evaluate(s, y)
        if status != OK:
            return 1.0, math.inf, 0.0
        for i in range(size - 1):
            rhs[k * size + i] = work[S.F][i]
    if linearise_at(s, record) != OK or solve_across(s, record) != OK:
        return 1.0, math.inf, 0.0
    ahead = inner(S.weights(s), part(d, 0, size), v) / reach
    behind = -inner(S.weights(s), part(d, size, size), v) / reach
    q, c, least = 0.5 * (ahead - behind), 0.5 * (ahead + behind) - 1.0, min(ahead, behind)
    if abs(q) < 2.0 * c:  # a minimum in between
        least = min(least, 1.0 - q * q / (4.0 * c))
    root = q + math.copysign(math.sqrt(max(q * q - 4.0 * c, 0.0)), q)
    return least, max(abs(1.0 - ahead), abs(1.0 - behind)), -2.0 / root if root != 0.0 else 0.0


@internal
def is_noise(s, record, first):
    """Whether the first correction of a step to a record is noise of F: it does not fall where steps are halved."""
    if not 0.0 < S.floats(s)[S.STRAY] < STUBBORN * first:
        return False
    return first <= NOISE * uncertainty(s, record) * (1.0 + math.sqrt(inner(S.weights(s), record, record)))


@internal
def judge_correction(s, record):
    """Whether the step to a record may have ended on another branch (STRAYED), by its first correction.

    The other root is then RESULT away along ``work[S.DIRECTION]``, if it is the only one.
    """
    reals, base = S.floats(s), S.scalars(s)
    tiny = TINY * (1.0 + math.sqrt(inner(S.weights(s), record, record)))
    first = math.sqrt(reals[S.FIRST])
    if first <= tiny or not measure_equations(s, record) or not find_weakest(s, record) < math.inf:
        return OK
    behind = 2 * S.size(s)
    if S.work(s)[S.SOLUTION][behind + DETERMINANT] == 1.0 and S.work(s)[S.SOLUTION][behind + EXPONENT] == 0.0:
        return OK  # no determinant: what is asked is not a bordered system
    reach = REACH * first
    least, bend, root = find_other_root(s, record, reach)
    if not bend < math.inf:
        return OK  # next to where F ends nothing can be told
    if least <= 0.0 and not is_noise(s, record, first):
        reals[S.STRAY], reals[S.RESULT] = first, root * reach
        return S.STRAYED
    reals[S.STRAY] = 0.0
    allowed = max(first / math.sqrt(max(bend, LEAST)), tiny)
    reals[S.ALLOWED] = allowed * allowed
    reals[S.REACH_DET], reals[S.REACH_EXPONENT] = record[base + S.DET], record[base + S.DET_EXPONENT]
    return OK


@internal
def distance_ahead(s):
    """How far ahead of NEXT the weakest direction would vanish, by its change since LEFT; infinite where it grows."""
    left, made = S.slot(s, S.LEFT), S.slot(s, S.NEXT)
    if not measure_equations(s, made):
        return math.inf
    before, now = find_weakest(s, left), find_weakest(s, made)
    if not (now < before < math.inf):
        return math.inf
    return S.floats(s)[S.LENGTH] * now / (before - now)
