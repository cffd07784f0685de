"""Records on the stack and rows of the branch."""

import math

from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.matrices.extremes import two_to
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.metric import distance, inner

# Points nearer than this, relative to 1 + |x|, are one: ten times less and an event beside a point makes a step of
# rounding, ten times more and events that bisection tells apart are lost.
SAME = 1e-9
# Determinants below this fraction of the last are zero: differences of the Jacobian are as exact as that.  Ten times
# less and signs of rounding are taken for changes, ten times more and steps beside points are taken anew in vain.
ON_POINT = 1e-8
# Pieces shorter than this, relative to 1 + |x|, are not split further: ten times less and signs are rounding there, ten
# times more and events that could be told apart are reported as one that is not located.
SPLIT = 1e-7
NEEDED = 14  # free places on the stack before something is put there: seven at most, and six above are for work


@inlined
def copy(source, target):
    """Copy one record."""
    for j in range(source.shape[0]):
        target[j] = source[j]


@inlined
def copy_tests(s, source, target):
    """Copy test functions and counts of one record."""
    for j in range(2 * S.size(s), S.scalars(s) + S.NULLITY + 1):
        target[j] = source[j]


@inlined
def push(s, record, role):
    """Put a record on the stack."""
    ints = S.integers(s)
    top = S.above(s, ints[S.DEPTH])
    copy(record, top)
    top[S.scalars(s) + S.ROLE] = role
    ints[S.DEPTH] += 1


@inlined
def scaled(s, record, reference, j):
    """Test function j at a record, in units of 2 to the exponent that it has at another."""
    at, e = 2 * S.size(s) + j, 2 * S.size(s) + S.tests(s) + j
    return record[at] * two_to(record[e] - reference[e])


@inlined
def is_on_point(s, record, reference):
    """Whether the bordered determinant vanishes at a record, against another: a branch point to rounding."""
    base = S.scalars(s)
    ratio = record[base + S.DET] * two_to(record[base + S.DET_EXPONENT] - reference[base + S.DET_EXPONENT])
    return abs(ratio) < ON_POINT * abs(reference[base + S.DET])


@inlined
def has_room(s):
    """Whether the stack has room for what a location may put there."""
    return S.integers(s)[S.DEPTH] + NEEDED <= S.STACK_DEPTH


@internal
def store(s, record):
    """Append a row to the branch; a row at the same place as an event is the event."""
    ints, rows = S.integers(s), S.rows(s)
    base, last = S.scalars(s), ints[S.ROWS] - 1
    event = record[base + S.KIND] != S.REGULAR
    beside = last > 0 and (event or rows[last, base + S.KIND] != S.REGULAR)
    if beside and distance(s, rows[last], record) <= SAME * (1.0 + math.sqrt(inner(S.weights(s), record, record))):
        before = rows[last, base + S.KIND] != S.REGULAR
        same = before and event and rows[last, base + S.KIND] == record[base + S.KIND]
        if (before and not event) or (same and rows[last, base + S.TEST] == record[base + S.TEST]):
            return
        if event and not before:
            copy(record, rows[last])
            ints[S.EVENTS] += 1
            return
    copy(record, rows[ints[S.ROWS]])
    ints[S.ROWS] += 1
    if event:
        ints[S.EVENTS] += 1
    else:
        ints[S.POINTS] += 1
