"""The reduced equations and what is made of them, where a wrong term would give other branches or none."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem, Settings, switch, trace
from continuation.branching import roots
from continuation.branching.reduced_equations import Reduced, kernel_at


def reduced_at_zero(problem, error=0.0):
    """Reduced equations at the trivial solution for mu = 0, looked at within a distance of 0.1."""
    n = len(problem.states)
    p = problem.parameter_values({"mu": 0.0})
    kernel = kernel_at(problem, np.zeros(n + 1), p, 0, problem.inner_weights())
    return Reduced(kernel, 0.1, error)


def test_quadratic_terms_that_the_location_leaves_are_none():
    """At a point located to 1e-8 the state may be off by 1e-4: a quadratic term of 1e-5 beside cubic ones is that."""
    problem = Problem.from_expressions({"x": "x*(mu**2 - x**2) + 1e-5*x*mu"}, {"mu": 0.0})
    exact = reduced_at_zero(problem)
    assert np.max(np.abs(exact.q)) > 0
    rough = reduced_at_zero(problem, error=1e-8)
    assert np.all(rough.q == 0)
    assert_allclose(rough.c / np.max(np.abs(rough.c)), exact.c / np.max(np.abs(exact.c)), atol=1e-12)


BENT = {"x": "mu*x - 2*x*z - x**3", "y": "mu*y - 0.5*y*z - 2*y**3", "z": "x**2 + y**2 - z"}


@pytest.fixture(scope="module")
def bent():
    return Problem.from_expressions(BENT, {"mu": -1.0})


def eliminated(y):
    """The equations with z = x**2 + y**2 put in: their cubic terms."""
    a, b = y
    return np.array([-2 * a * (a * a + b * b) - a**3, -0.5 * b * (a * a + b * b) - 2 * b**3])


def test_cubic_terms_with_the_bend_of_the_surface(bent, rng):
    """Against elimination of z by hand, whatever basis and scales the reduction has chosen."""
    reduced = reduced_at_zero(bent)
    kernel = reduced.kernel
    samples = rng.standard_normal((6, 2))
    lifted = np.column_stack([samples, np.zeros((6, 2))]) / kernel.unit  # states (x, y, 0) at mu = 0
    y = lifted @ kernel.basis
    cubic = np.einsum("aijk,mi,mj,mk->ma", reduced.c, y, y, y) / 6
    wanted = np.array([eliminated(sample) for sample in samples])
    mix, *_ = np.linalg.lstsq(wanted, cubic, rcond=None)
    assert_allclose(wanted @ mix, cubic, atol=1e-10 * np.max(np.abs(cubic)))
    mixed = np.einsum("aij,mi,j->ma", reduced.q, y, kernel.basis[-1]) / kernel.unit[-1]
    assert_allclose(samples @ mix, mixed, atol=1e-10 * np.max(np.abs(mixed)))


def test_branches_that_only_the_bent_surface_has(bent):
    """By elimination: four half-branches on the axes, four with 5 x**2 = y**2, beside the trunk."""
    starts = switch(bent, trace(bent, [0.0, 0.0, 0.0], "mu", (-1.0, 1.0))["BP1"])
    assert starts.complete
    ends = np.array([trace(bent, start, "mu", (-1.0, 1.0)).states[-1] for start in starts])
    a, b, x = np.sqrt(1 / 3), np.sqrt(0.4), np.sqrt(1 / 13)
    y = np.sqrt(5) * x
    wanted = [(0, 0), (a, 0), (-a, 0), (0, b), (0, -b), (x, y), (x, -y), (-x, y), (-x, -y)]
    ordered = sorted(ends.tolist(), key=lambda u: [round(c, 6) for c in u[:2]])
    expected = sorted(([*w, w[0] ** 2 + w[1] ** 2] for w in wanted), key=lambda u: [round(c, 6) for c in u[:2]])
    assert_allclose(ordered, expected, atol=1e-9)


def test_deflated_corrections_follow_the_logarithm_of_the_deflation():
    """``1 / (1 - d . grad log M)`` with ``M = prod(1 + 1/|z - z_i|**2)``, its slope by central differences."""
    found, z, d = np.array([[1.0, 0.2], [-0.5, 1.5]]), np.array([0.3, -0.4]), np.array([0.11, 0.07])

    def log_m(x):
        return float(np.sum(np.log1p(1 / np.sum((x - found) ** 2, axis=1))))

    h = 1e-5
    slope = (log_m(z + h * d) - log_m(z - h * d)) / (2 * h)
    assert abs(slope) > 0.01
    assert roots.deflation_factor(z, d, found) == pytest.approx(1 / (1 - slope), rel=1e-8)


def test_work_along_a_circle_of_branches():
    """One of the paraboloid's branches, ``x**2 + y**2 = mu``, costs what a single parabola costs."""
    equations = {"x": "mu*x - (x**2 + y**2)*x", "y": "mu*y - (x**2 + y**2)*y"}
    problem = Problem.from_expressions(equations, {"mu": -1.0})
    starts = switch(problem, trace(problem, [0.0, 0.0], "mu", (-1.0, 1.0))["BP1"])
    (start,) = (start for start in starts if start.continuum == 1)
    branch = trace(problem, start, "mu", (-1.0, 1.0))
    assert_allclose(np.sum(branch.states**2, axis=1), branch.parameter, atol=1e-12)
    assert branch.parameter[-1] == 1.0
    assert len(branch) <= 60
    assert branch.effort["rejections"] == {}


def test_branches_that_touch_on_one_side_only_are_told():
    """x = 0 and x = p**2 touch for p > 0; for p < 0 the second goes off as x = p."""
    text = "x*(x - ((p + abs(p))/2)**2 - (p - abs(p))/2)"
    problem = Problem.from_expressions({"x": text}, {"p": -1.0}, smoothness=2)
    starts = switch(problem, trace(problem, [0.0], "p", (-1.0, 1.0))["BP1"])
    assert [start.known for start in starts] == [False, False, False]
    assert any("several branches share the tangent of the one that led here" in note for note in starts.notes)
    assert sum(start.tangent[1] > 0.99 for start in starts) == 2


@pytest.mark.parametrize("gap", [1e-4, 1e-6, 1e-8])
def test_two_pitchforks_next_to_each_other_lose_no_branch(gap):
    """``x**2 = mu (mu + gap)`` leaves x = 0 towards smaller mu at -gap, towards larger mu at 0."""
    problem = Problem.from_expressions({"x": f"x*(mu**2 - x**2) + {gap}*x*mu"}, {"mu": -1.0})
    points = trace(problem, [0.0], "mu", (-1.0, 1.0)).branch_points
    assert_allclose([point["mu"] for point in points], [-gap, 0.0], rtol=0, atol=1e-3 * gap)
    for point, side in zip(points, (-1, 1)):
        known, *others = switch(problem, point)
        assert known.known
        ends = [trace(problem, start, "mu", (-1.0, 1.0)) for start in others]
        assert [branch.parameter[-1] for branch in ends] == [side, side]
        assert sorted(branch["x"][-1] for branch in ends) == pytest.approx(
            [-np.sqrt(1 + side * gap), np.sqrt(1 + side * gap)]
        )


@pytest.mark.parametrize("c", [3.0, 40.0, 2000.0])
@pytest.mark.parametrize("settings", [Settings(max_step=0.001, max_points=1500), Settings(step=0.01), Settings()])
def test_the_first_step_along_a_half_branch_is_no_longer_than_asked_for(c, settings):
    """``mu = |x| - c x**2`` turns at mu = 1/(4 c), x = 1/(2 c), also within the first step."""
    problem = Problem.from_expressions({"x": f"mu*x - abs(x)*x + {c}*x**3"}, {"mu": -1.0}, smoothness=2)
    trunk = trace(problem, [0.0], "mu", (-1, 1))
    starts = [start for start in switch(problem, trunk["BP1"]) if not start.known]
    assert len(starts) == 2
    for start in starts:
        branch = trace(problem, start, "mu", (-1, 1), settings=settings)
        steps = np.sqrt(np.sum(branch.weights * np.diff(branch.unknowns, axis=0) ** 2, axis=1))
        assert steps[0] <= branch.request.steps().first * (1 + 1e-9)
        (fold,) = branch.folds
        assert fold["mu"] == pytest.approx(1 / (4 * c), rel=1e-9)
        assert_allclose(branch["mu"], np.abs(branch["x"]) - c * branch["x"] ** 2, atol=1e-8)
