"""Predictors: the point ahead that Newton's method starts from, and the equation it is corrected on.

A step of length h ends on the plane ``<t, x - left> = h`` across the tangent t of the point that it leaves (pseudo-
arclength, Keller 1977), whatever predicted it: a predictor changes how far Newton has to go, not where the points lie
but by their lengths of step.

- TANGENT: along the tangent and, where the point before is known, along its change since: the error is ``O(h**3)``
  at the price of one more row read (an Adams-Bashforth method of second order with steps of any lengths).
- SECANT: on through the last two points, with an error of ``O(h**2)``; the first step is along the tangent.

A new predictor is a function here with a line in `CODES` and `predict`, and a name in `ground.settings.PREDICTORS`.
"""

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.kernel import internal, summing
from continuation.compiled.state import trace_state as S

TANGENT, SECANT = range(2)
CODES = {"tangent": TANGENT, "secant": SECANT}  # names as in `Settings(predictor=...)`


@summing
def predict_by_tangent(s, h, bend):
    """Predict along the tangent and, `bend` times, its change since the point before."""
    work, weights, left = S.work(s), S.weights(s), S.slot(s, S.LEFT)
    x, row, size, value = work[S.GUESS], work[S.ROW], S.size(s), h
    tangent, before = part(left, size, size), part(S.slot(s, S.PREVIOUS), size, size)
    for j in range(size):
        row[j] = weights[j] * tangent[j]
        x[j] = left[j] + h * tangent[j] + bend * (tangent[j] - before[j])
        value += row[j] * left[j]
    return value


@summing
def predict_by_secant(s, h):
    """Predict along the chord from the point before."""
    work, weights, left, before = S.work(s), S.weights(s), S.slot(s, S.LEFT), S.slot(s, S.PREVIOUS)
    x, row, size, value = work[S.GUESS], work[S.ROW], S.size(s), h
    tangent, ratio = part(left, size, size), h / S.floats(s)[S.BEFORE]
    for j in range(size):
        row[j] = weights[j] * tangent[j]
        x[j] = left[j] + ratio * (left[j] - before[j])
        value += row[j] * left[j]
    return value


@internal
def predict(s, h):
    """Write a point ahead of LEFT into ``work[S.GUESS]``, the row of its equation into ``work[S.ROW]``.

    Returns that equation's right-hand side.
    """
    ints, before, bend = S.integers(s), S.floats(s)[S.BEFORE], 0.0
    if ints[S.HISTORY] == 1 and before > 0.0:
        if ints[S.PREDICTOR] == SECANT:
            return predict_by_secant(s, h)
        bend = 0.5 * h * h / before
    return predict_by_tangent(s, h, bend)
