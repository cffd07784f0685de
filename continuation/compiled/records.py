"""Records on the stack and rows of the branch."""

import math

from continuation.compiled import state as S
from continuation.compiled.correct import distance, inner
from continuation.compiled.detect import scalars
from continuation.compiled.kernel import internal

SAME = 1e-9  # points nearer than this, relative to 1 + |x|, are one


@internal
def copy(source, target):
    """Copy one record."""
    for j in range(source.shape[0]):
        target[j] = source[j]


@internal
def push(s, record, role):
    """Put a record on the stack."""
    top = S.stack(s)[S.i(s)[S.DEPTH]]
    copy(record, top)
    top[scalars(s) + S.ROLE] = role
    S.i(s)[S.DEPTH] += 1


@internal
def store(s, record):
    """Append a row to the branch; a row at the same place as an event is the event."""
    base, last = scalars(s), S.i(s)[S.ROWS] - 1
    event = record[base + S.KIND] != S.REGULAR
    if last >= 0 and distance(s, S.rows(s)[last], record) <= SAME * (
        1.0 + math.sqrt(inner(S.weights(s), record, record))
    ):
        before = S.rows(s)[last, base + S.KIND] != S.REGULAR
        same = before and event and S.rows(s)[last, base + S.KIND] == record[base + S.KIND]
        if (before and not event and last > 0) or (same and S.rows(s)[last, base + S.TEST] == record[base + S.TEST]):
            return
        if event and not before and last > 0:
            copy(record, S.rows(s)[last])
            S.i(s)[S.EVENTS] += 1
            return
    copy(record, S.rows(s)[S.i(s)[S.ROWS]])
    S.i(s)[S.ROWS] += 1
    if event:
        S.i(s)[S.EVENTS] += 1
    else:
        S.i(s)[S.POINTS] += 1
