"""Guards of the loop: what may not be accepted, where a curve may not end, what is counted between close points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from benchmarks import jumps
from continuation import Problem, Settings, Status, switch, trace


def test_a_step_onto_a_sheet_nearby_is_taken_back():
    """On ``x = p**2`` and ``x = p**2 - 0.006`` the first step, straight on to p = 0.1, falls nearer the lower sheet.

    The tangent there is the own sheet's, so that no angle tells; but the point is off the trapezoidal rule by 0.3 of
    the tangent's turn, where the own sheet's point would be off by hardly anything.
    """
    problem = Problem.from_expressions({"x": "(x - p**2)*(x - p**2 + 0.006)"}, {"p": 0.0})
    settings = Settings(step=0.1, max_step=0.1)
    branch = trace(problem, [0.0], "p", (0.0, 0.5), settings=settings, direction=1)
    assert branch.ends[1] is Status.LIMIT
    assert_allclose(branch["x"], branch.parameter**2, rtol=0, atol=1e-12)
    assert branch.effort["rejections"]["jump"] == 1


def flat_eight(angle):
    """Speed along ``r**2 = 0.1 cos**2 - sin**2``, the flat figure eight in polar coordinates."""
    radius = np.sqrt(0.1 * np.cos(angle) ** 2 - np.sin(angle) ** 2)
    slope = -1.1 * np.sin(angle) * np.cos(angle) / radius
    return np.hypot(radius, slope)


def test_a_curve_that_crosses_its_start_goes_on_round_both_lobes():
    """From the crossing of a figure eight whose lobes leave it within 35 degrees of the same line."""
    problem = Problem.from_expressions({"x": "(x**2 + p**2)**2 - 0.1*p**2 + x**2"}, {"p": np.sqrt(0.1)})
    start = switch(problem, trace(problem, [0.0], "p")["BP1"])[0]
    branch = trace(problem, start, "p")
    assert branch.ends == (Status.CLOSED, Status.CLOSED)
    assert_allclose([branch["p"].min(), branch["p"].max()], [-np.sqrt(0.1), np.sqrt(0.1)], rtol=1e-9)
    edge = np.arctan(np.sqrt(0.1))
    quarter = quad(lambda s: 2 * s * flat_eight(edge - s * s), 0, np.sqrt(edge))[0]  # s takes the root at the edge
    assert branch["arclength"][-1] == pytest.approx(4 * quarter, rel=2e-3)


def rejections(gap, q, d):
    """How often a step of 0.1 from 0 along ``x = p**2`` is halved until Newton's corrections halve in earnest."""
    halved = 0
    while True:
        y, corrections = -((0.1 * 0.5**halved) ** 2), []
        while not corrections or abs(corrections[-1]) > gap:
            slope = (y * y + d) ** q + 2 * q * y * y * (y * y + d) ** (q - 1)
            corrections.append(-y * (y * y + d) ** q / slope)
            y += corrections[-1]
        if all(abs(b) <= 0.5 * abs(a) for a, b in zip(corrections, corrections[1:])):
            return halved
        halved += 1


@pytest.mark.parametrize("d", [1e-4, 1e-6, 1e-8])
def test_a_slow_contraction_is_given_up_however_many_iterations_are_allowed(d):
    """Away from its root ``y (y**2 + d)**0.6`` looks like ``y**2.2``: Newton takes 6/11 of the error each time.

    Each step that begins so is refused at its second correction; straight on from p = 0 the error is the square of
    the step, so the first step that is accepted follows from Newton's method in one unknown.
    """
    problem = Problem.from_expressions({"x": f"(x - p**2)*((x - p**2)**2 + {d})**0.6"}, {"p": 0.0})
    settings = Settings(step=0.1, max_step=0.1, max_points=2, newton_iterations=60)
    branch = trace(problem, [0.0], "p", (0.0, 1.0), settings=settings, direction=1)
    expected = rejections(1e-12, 0.6, d)
    assert expected > 0
    assert branch.effort["rejections"] == {"newton": expected}
    assert branch.parameter[1] == pytest.approx(0.1 * 0.5**expected, rel=1e-9)
    assert branch["x"][1] == pytest.approx(branch.parameter[1] ** 2, rel=1e-9)


def test_special_points_in_one_step_leave_out_their_own_eigenvalue_only():
    """Three eigenvalues p, p - 0.01, p - 0.02 of the trivial solution pass zero within one step of 0.3."""
    equations = {"x": "p*x - x**3", "y": "(p - 0.01)*y - y**3", "z": "(p - 0.02)*z - z**3"}
    problem = Problem.from_expressions(equations, {"p": -1.0})
    branch = trace(problem, [0.0, 0.0, 0.0], "p", (-1.0, 1.0), settings=Settings(step=0.3, max_step=0.3))
    points = branch.branch_points
    assert_allclose([point["p"] for point in points], [0.0, 0.01, 0.02], rtol=0, atol=1e-12)
    assert [point.unstable for point in points] == [0, 1, 2]
    assert branch.unstable[-1] == 3


def test_a_step_does_not_grow_right_after_it_was_halved():
    """x = 0 is defined for p < 0.7999 only: steps 0.8, then 0.4, 0.2 ... are refused once each."""
    problem = Problem.from_expressions({"x": "x + x*log(0.7999 - p)"}, {"p": 0.0})
    settings = Settings(step=0.8, min_step=1e-3, max_step=4.0, max_points=6)
    branch = trace(problem, [0.0], "p", (0.0, 10.0), settings=settings, direction=1, detect=set())
    assert_allclose(branch.parameter, [0.0, 0.4, 0.6, 0.7, 0.75, 0.775], rtol=0, atol=1e-12)
    assert branch.effort["rejections"] == {"nonfinite": 5}


@pytest.mark.parametrize("place", [0.03, 0.17])
@pytest.mark.parametrize("scale", [1.0, 8e50, 16e50])
def test_two_branch_points_in_one_step_whatever_the_size_of_the_determinant(scale, place):
    """Its mantissa is taken out where it exceeds 1e100: with the large scales, between the ends of the step.

    The determinant is ``scale**2 * ((p - place)**2 - 1e-6)``, seen at p = -0.2, 0 and 0.2.
    """
    equations = {"x": f"{scale}*(((p - {place})**2 - 1e-6)*x - x**3)", "y": f"-{scale}*y"}
    problem = Problem.from_expressions(equations, {"p": -1.0})
    settings = Settings(step=0.2, max_step=0.2)
    branch = trace(problem, [0.0, 0.0], "p", (-1.0, 1.0), settings=settings, direction=1)
    assert_allclose([point["p"] for point in branch.branch_points], [place - 1e-3, place + 1e-3], rtol=0, atol=1e-12)


def test_a_step_that_ends_on_a_branch_point_is_taken_shorter_not_longer():
    problem = Problem.from_expressions({"x": "p*x - x**3", "y": "-y"}, {"p": -1.0})
    branch = trace(problem, [0.0, 0.0], "p", (-1.0, 1.0), settings=Settings(step=0.5, max_step=0.5))
    assert_allclose(branch.parameter[1:4], [-0.5, -5e-4, 0.0], atol=1e-9)
    assert np.max(np.diff(branch.parameter)) <= 0.5


@pytest.mark.parametrize("seed", [4, 13])
def test_corrections_that_contract_slowly_are_looked_at(seed):
    """Beside another branch 1e-6 away Newton's method is slow before it leads there."""
    branch = jumps.Hidden(jumps.PARALLEL, 1e-6, seed).trace()
    assert branch.effort["rejections"]["other_branch"] > 100
