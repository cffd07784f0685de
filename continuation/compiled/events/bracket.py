"""Roots between two records by a bracket alone, where no extended system is at hand.

Regula falsi that halves the weight of an end kept twice (the Illinois method, Dowell and Jarratt, BIT 11, 1971):
superlinear, and never outside its bracket.
"""

import math

from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.events.records import copy
from continuation.compiled.state import trace_state as S
from continuation.compiled.steps.finish import ask_between
from continuation.compiled.steps.interpolant import interpolate
from continuation.compiled.steps.metric import distance, inner

ROUND = 1e-13  # brackets shorter than this, relative to 1 + |x|, are as short as rounding allows
# Brackets shorter than this, relative to 1 + |x|, count as located, their length being reported as the error: ten times
# less and kinks in a test function are not located, ten times more and two events count as one.
BRACKETED = 1e-6
ITERATIONS = 100  # the Illinois method takes about ten
EDGE = 0.4  # of the shortest bracket, by which a new point keeps away from its ends


@internal
def find_root(s, left, right, index, offset, result):
    """Find where ``record[index] = offset`` between two records by a bracket alone (Illinois), to rounding.

    Returns the length of the last bracket: more than rounding where a point in it could not be had (next to a branch
    point, say); the result is interpolated there.
    """
    stack = S.stack(s)
    a, b, m = stack[S.STACK_DEPTH - 1], stack[S.STACK_DEPTH - 2], S.slots(s)[S.MADE]
    copy(left, a)
    copy(right, b)
    fa, fb = a[index] - offset, b[index] - offset
    floor = ROUND * (1.0 + math.sqrt(inner(S.weights(s), right, right)))
    length, side = distance(s, a, b), 0
    for _ in range(ITERATIONS):
        if length <= floor or fa == 0.0 or fb == 0.0:
            break
        edge = EDGE * floor / length
        sigma = min(max(fa / (fa - fb), edge), 1.0 - edge)
        if ask_between(s, a, b, sigma, m) != OK:
            break
        fm = m[index] - offset
        if (fm > 0.0) == (fb > 0.0):
            copy(m, b)
            fb, fa, side = fm, (0.5 * fa if side == 1 else fa), 1
        else:
            copy(m, a)
            fa, fb, side = fm, (0.5 * fb if side == -1 else fb), -1
        length = distance(s, a, b)
    copy(a if abs(a[index] - offset) < abs(b[index] - offset) else b, result)
    if result[index] == offset:
        return min(length, floor)
    if length > floor and a[index] != b[index]:
        size = S.size(s)
        interpolate(a, b, size, length, (a[index] - offset) / (a[index] - b[index]), result, S.work(s)[S.DIRECTION])
    return length
