"""Special points located by the problem's own extended systems, and whether they lie on the piece in question."""

import math

from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.detect import change_of_count, least_count
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.messages import (
    ASKED_CHANGE,
    ASKED_KIND,
    FOUND_ERROR,
    FOUND_EXPECTED,
    FOUND_KIND,
    FOUND_NULLITY,
    FOUND_RESIDUAL,
    FOUND_TURNS,
)
from continuation.compiled.steps.interpolant import interpolate
from continuation.compiled.steps.metric import distance, inner, project_on_chord

LOOSE = 0.1  # part of a piece by which Newton's tolerance may make its ends inexact at most
# Part of a piece's length, and distance at least, by which a point may leave its interpolant: a tenth of it refuses
# points of bent pieces, ten times more takes those of a sheet nearby.
WIDE, CLOSE = 0.05, 1e-8
EDGE = 1e-9  # part of a piece by which rounding makes its ends inexact


@internal
def refine(s, a, b, guess, kind, record):
    """Ask the problem to locate a point of `kind` near `guess` by its extended system; True if it did.

    The point must lie on the piece between a and b.
    """
    ops = S.ops(s)
    if ops[S.OP_REFINE] == 0:
        return False
    behind, found = 2 * S.size(s), S.scratch(s)
    request = S.work(s)[S.REQUEST]
    for j in range(behind):
        request[j] = guess[j]
    request[behind + ASKED_KIND] = kind
    change = change_of_count(s, a, b)
    request[behind + ASKED_CHANGE] = abs(change) if change == change else 0.0
    found[behind + FOUND_EXPECTED] = found[behind + FOUND_TURNS] = math.nan
    status = call(ops[S.OP_REFINE], ops[S.OP_REFINE + 1], request, S.parameters(s), found)
    if status != OK or not is_on_piece(s, a, b, found):
        return False
    write_event(s, a, b, record)
    return True


@internal
def write_event(s, a, b, record):
    """Make the record of an event between a and b of what `refine` found; its test functions are those of b."""
    found, size, base = S.scratch(s), S.size(s), S.scalars(s)
    behind = 2 * size
    length = math.sqrt(inner(S.weights(s), found[size:], found[size:]))
    for j in range(size):
        record[j] = found[j]
        record[size + j] = found[size + j] / length
    for j in range(behind, base):
        record[j] = b[j]
    record[base + S.KIND], record[base + S.NULLITY] = found[behind + FOUND_KIND], found[behind + FOUND_NULLITY]
    record[base + S.ERROR], record[base + S.RESIDUAL] = found[behind + FOUND_ERROR], found[behind + FOUND_RESIDUAL]
    record[base + S.UNSTABLE] = least_count(s, a, b)
    record[base + S.EXPECTED], record[base + S.TURNS] = found[behind + FOUND_EXPECTED], found[behind + FOUND_TURNS]
    record[base + S.VANISHED], record[base + S.TEST], record[base + S.LOCATED] = 0.0, -1.0, 1.0
    record[base + S.ROLE] = S.EVENT


@internal
def refine_from(s, a, b, one, other, kind, record):
    """`refine` on the piece between a and b from either of two guesses; True if it did."""
    return refine(s, a, b, one, kind, record) or refine(s, a, b, other, kind, record)


@internal
def is_on_piece(s, a, b, x):
    """Whether x lies on the curve's piece between a and b, as far as its Hermite interpolant tells.

    An end is only as exact as Newton's tolerance, and so is what lies before it: x may overstep it by that.
    """
    work = S.work(s)
    size, length = S.size(s), distance(s, a, b)
    sigma = project_on_chord(s, a, b, x)
    own = S.floats(s)[S.TOLERANCE] * (1.0 + math.sqrt(inner(S.weights(s), x, x)))
    slack = EDGE * (1.0 + 1.0 / length) + min(own / length, LOOSE) if length > 0.0 else 1.0
    if not (-slack <= sigma <= 1.0 + slack):
        return False
    y, direction = work[S.SPARE], work[S.SPARE_DIRECTION]
    interpolate(a, b, size, length, min(max(sigma, 0.0), 1.0), y, direction)
    return distance(s, x, y) <= WIDE * length + CLOSE
