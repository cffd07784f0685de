"""All zeros in a box: each once, none left out, what is undecided said."""

import math

import numpy as np
import pytest

pytest.importorskip("flint")

from continuation import Problem
from continuation.proofs.arithmetic import ProofError
from continuation.proofs.everywhere import all_zeros


def zeros_of(equations, box, **options):
    return all_zeros(Problem.from_expressions(equations, {"p": 1.0}), box, **options)


def test_all_zeros_of_a_wave_and_a_parabola():
    found = zeros_of({"x": "p*sin(x)", "y": "y**2 - x - 1"}, {"x": (-10, 10), "y": (-5, 5)})
    exact = [(k * math.pi, s * math.sqrt(k * math.pi + 1)) for k in range(4) for s in (-1, 1)]
    assert found.complete
    points = [float(x) for point in found.points for x in point]
    assert points == pytest.approx([x for point in exact for x in point], abs=1e-12)
    assert max(x.rad() for point in found.points for x in point) < 1e-15


def test_zeros_on_the_edges_of_parts_are_counted_once():
    found = zeros_of({"x": "x**3 - p*x"}, {"x": (-1, 1)})  # at the edges of the box and in its middle
    assert [round(float(x), 12) + 0.0 for (x,) in found.points] == [-1.0, 0.0, 1.0]
    assert found.unstable == [1, 0, 1]


def test_an_empty_box_is_empty():
    found = zeros_of({"x": "x**2 + 1e-9"}, {"x": (-1, 1)})
    assert found.complete
    assert not found.points


@pytest.mark.parametrize(("gap", "count"), [(1e-12, 2), (-1e-12, 0)])
def test_near_zeros_are_told_apart(gap, count):
    found = zeros_of({"x": f"x**2 - ({gap!r})"}, {"x": (-1, 2)})
    assert found.complete
    assert len(found.points) == count


def test_a_double_zero_stays_undecided():
    found = zeros_of({"x": "(x - 0.3)**2"}, {"x": (-1, 1)})
    assert not found.complete
    assert all(low <= 0.3 + 1e-6 and high >= 0.3 - 1e-6 for ((low, high),) in found.undecided)


def test_work_is_bounded():
    found = zeros_of({"x": "sin(50*x)", "y": "cos(50*y)"}, {"x": (-9, 9), "y": (-9, 9)}, most=50)
    assert not found.complete


def test_a_box_names_its_states():
    with pytest.raises(ProofError, match="wanted limits of x, got y"):
        zeros_of({"x": "x - p"}, {"y": (0, 1)})


def test_a_zero_beyond_the_edge_is_none():
    """The parts are widened: 1.01 lies in that of the part next to 1."""
    problem = Problem.from_expressions({"x": "x**2 - 1.0201 + 0*p"}, {"p": 1.0})
    found = all_zeros(problem, {"x": (0.8, 1)})
    assert (found.points, found.complete) == ([], True)
    assert len(all_zeros(problem, {"x": (0.8, 1.02)}).points) == 1


@pytest.mark.parametrize(
    ("box", "parameters", "words"),
    [
        ({"x": (0, 1)}, {"P": 0}, "no parameter is named 'P'"),
        ({"x": (1, 1)}, {}, "wanted finite limits of x"),
        ({"x": (0, np.inf)}, {}, "wanted finite limits of x"),
        ({"x": (np.nan, 1)}, {}, "wanted finite limits of x"),
    ],
)
def test_limits_and_names_that_are_none(box, parameters, words):
    problem = Problem.from_expressions({"x": "p - x"}, {"p": 1.0})
    with pytest.raises(ProofError, match=words):
        all_zeros(problem, box, parameters)
