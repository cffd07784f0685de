"""Records on the stack and rows of the branch."""

import math

from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.events.detect import scalars
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.correct import distance, inner

SAME = 1e-9  # points nearer than this, relative to 1 + |x|, are one


@inlined
def copy(source, target):
    """Copy one record."""
    for j in range(source.shape[0]):
        target[j] = source[j]


@inlined
def push(s, record, role):
    """Put a record on the stack."""
    ints = S.i(s)
    top = S.above(s, ints[S.DEPTH])
    copy(record, top)
    top[scalars(s) + S.ROLE] = role
    ints[S.DEPTH] += 1


@internal
def store(s, record):
    """Append a row to the branch; a row at the same place as an event is the event."""
    ints, rows = S.i(s), S.rows(s)
    base, last = scalars(s), ints[S.ROWS] - 1
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
