"""Lengths and directions in the problem's inner product ``<a, b> = sum w_j a_j b_j``, the one that everything uses."""

import math

from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.state import trace_state as S


@inlined
def inner(weights, a, b):
    """Inner product of two vectors."""
    total = 0.0
    for j in range(weights.shape[0]):
        total += weights[j] * a[j] * b[j]
    return total


@inlined
def distance(s, a, b):
    """Distance of the points of two records (or vectors)."""
    weights, total = S.weights(s), 0.0
    for j in range(weights.shape[0]):
        total += weights[j] * (b[j] - a[j]) * (b[j] - a[j])
    return math.sqrt(total)


@inlined
def weigh(s, direction, row):
    """Write the unit covector of `direction` into `row`; returns its length (0: no direction)."""
    weights = S.weights(s)
    length = math.sqrt(inner(weights, direction, direction))
    if length > 0.0 and length < math.inf:
        for j in range(weights.shape[0]):
            row[j] = weights[j] * direction[j] / length
        return length
    return 0.0


@internal
def project_on_chord(s, a, b, x):
    """Fraction of the chord from a to b that x projects to."""
    along, whole = 0.0, 0.0
    weights = S.weights(s)
    for j in range(weights.shape[0]):
        chord = b[j] - a[j]
        along += weights[j] * chord * (x[j] - a[j])
        whole += weights[j] * chord * chord
    return along / whole if whole > 0.0 else -1.0
