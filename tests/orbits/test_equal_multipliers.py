"""Multipliers that a symmetry makes equal: two of them pass 1 or -1 at once, which is no torus."""

import math

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Orbit, Problem, periodic_orbits, trace
from continuation.orbits.kernels import monitoring
from continuation.orbits.orbit_rows import kind_of_pair

CIRCLE = {"x": "x - y - x*(x**2 + y**2)", "y": "x + y - y*(x**2 + y**2)"}
# Beside the circle, in a frame that turns by half: multipliers -exp(2 pi p) and -exp(2 pi q).
BAND = {
    "u{k}": "(p + q)/2*u{k} + (p - q)/2*(x*u{k} + y*v{k}) - v{k}/2",
    "v{k}": "(p + q)/2*v{k} + (p - q)/2*(y*u{k} - x*v{k}) + u{k}/2",
}


def branch_of(beside, span, **definitions):
    """Branch in a of the unit circle, with these equations beside it twice."""
    texts = CIRCLE | {name.format(k=k): text.format(k=k) for k in range(2) for name, text in beside.items()}
    problem = Problem.from_expressions(texts, {"a": span[0]}, definitions=definitions)
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    states = np.column_stack([np.cos(t), np.sin(t), *np.zeros((len(problem.states) - 2, len(t)))])
    orbit = Orbit(t, states, 2 * np.pi, {"a": span[0]}, state_names=problem.states)
    return trace(periodic_orbits(problem, 20), orbit, "a", span)


@pytest.mark.parametrize(
    ("beside", "definitions", "kind"),
    [
        ({"z{k}": "a*z{k}"}, {}, Kind.BRANCH_POINT),
        (BAND, {"p": "a", "q": "-2"}, Kind.PERIOD_DOUBLING),
        # The products of the four, mu and 1/mu twice, are 1 at a = 0.05 within the same step: nothing happens there.
        (BAND, {"p": "a", "q": "-0.05"}, Kind.PERIOD_DOUBLING),
    ],
)
def test_two_multipliers_at_once_are_one_point_of_nullity_two(beside, definitions, kind):
    branch = branch_of(beside, (-0.31, 0.43), **definitions)
    (point,) = [point for point in branch.special if point.kind is not Kind.END]
    assert (point.kind, point.nullity) == (kind, 2)
    assert_allclose(point["a"], 0.0, atol=1e-8)
    assert branch.unstable[point.index - 1] == 0
    assert branch.unstable[point.index + 1] == 2


@numba.njit
def torus_test(logs, angles):
    return monitoring.torus_test(logs, angles)


def test_products_that_are_one_in_even_numbers_are_not_looked_for():
    """The pair that a symmetry parts is next to -1; four products of two others are nearer to 1."""
    logs, angles = np.array([0.5, 0.5, -0.4999, -0.4999, -9.0, 0.0]), np.array([math.pi] * 4 + [0.0, 0.0])
    assert torus_test(logs, angles) == pytest.approx(-0.9998)  # of both of -0.4999
    alone = np.array([0.5, -0.4999, -9.0, 0.0])
    assert torus_test(alone, np.array([math.pi, math.pi, 0.0, 0.0])) == pytest.approx(-1e-4)


def test_pairs_on_the_circle_stay_tori():
    pair = np.array([1j, -1j, -3.0, 0.0])
    assert kind_of_pair(pair, Kind.NEIMARK_SACKER) is Kind.NEIMARK_SACKER
    assert kind_of_pair(np.array([0.0, 1e-6, -3.0, 0.0]), Kind.FOLD) is Kind.FOLD
    assert kind_of_pair(np.array([1e-3j, -1e-3j, -3.0, 0.0]), Kind.NEIMARK_SACKER) is Kind.NEIMARK_SACKER
    assert kind_of_pair(np.array([1e-5, -1e-5, -3.0, 0.0]), Kind.NEIMARK_SACKER) is Kind.BRANCH_POINT
    beside = np.array([1j * math.pi, -1j * math.pi + 1e-7, -3.0, 0.0])
    assert kind_of_pair(beside, Kind.NEIMARK_SACKER) is Kind.PERIOD_DOUBLING
    slow = np.array([1j, -1j, -1e-6, -2e-6, 0.0])  # two slow modes beside a torus have no part in it
    assert kind_of_pair(slow, Kind.NEIMARK_SACKER) is Kind.NEIMARK_SACKER
