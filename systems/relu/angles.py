"""Angles between weights, and the functions of them that a ReLU network's loss is made of.

Everything is taken from the lengths of sum and difference of the unit vectors: an arccosine of their product would
lose every digit where weights are nearly collinear, and weights are nearly collinear next to many critical points.
"""

import math

from continuation.compiled.calls.kernel import kernel

SERIES = 1.0  # below this pi - theta the terms of h cancel


@kernel
def opening(x, y):
    """Return ``(|x - y|, |x + y|)`` of two unit vectors (d,)."""
    less = more = 0.0
    for i in range(x.size):
        less += (x[i] - y[i]) ** 2
        more += (x[i] + y[i]) ** 2
    return math.sqrt(less), math.sqrt(more)


@kernel
def supplement(less, more):
    """Return ``pi - theta`` of unit vectors with these lengths of difference and sum."""
    return 2.0 * math.atan2(more, less)


@kernel
def overlap(gap):
    """Return ``h = sin theta + (pi - theta) cos theta`` of ``gap = pi - theta``; h(0) = pi, h(pi) = 0.

    ``E relu(w.x) relu(v.x) = |w| |v| h / (2 pi)`` for standard normal x.
    """
    if gap > SERIES:
        return math.sin(gap) - gap * math.cos(gap)
    square, term, total = gap * gap, gap**3 / 3.0, 0.0
    for k in range(1, 12):  # sum of (-1)^(k+1) 2 k gap^(2k+1) / (2 k + 1)!
        total += term
        term *= -square / (2.0 * k * (2.0 * k + 3.0))
    return total


@kernel
def steepness(less, more):
    """Return ``(A, B)`` with ``sin(theta) (p p' - q q') = A u u' - B v v'``, u, v sum and difference, p, q their units.

    Where u or v vanishes its term does, too.
    """
    return 0.5 * less / more if more > 0.0 else 0.0, 0.5 * more / less if less > 0.0 else 0.0
