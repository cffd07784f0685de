"""Branches that meet at corners: equations with two derivatives, arms of V-shaped pitchforks."""

import numpy as np
import pytest

from continuation import Problem, Settings, Status, switch, trace
from systems.relu import normal_equations, two_teachers


def v_shaped(seed):
    """A V-shaped pitchfork at 0 in three states that bend along the branch, and its arm's slope."""
    rng = np.random.default_rng(seed)
    slope, (a, b, g, q) = 10 ** rng.uniform(-1.3, 2), rng.normal(size=4)
    equations = {
        "x": f"-x*(mu + {0.2 * a}*x + {slope}*abs(x) + {0.3 * b}*(y - mu**2))",
        "y": f"mu**2 + {q}*x - y + {0.2 * g}*sin(z)",
        "z": f"-z - z**3 + {g}*mu + {b}*x**2",
    }
    return Problem.from_expressions(equations, {"mu": -1.0}, smoothness=2), slope


def arm(problem, slope, step):
    """The upper arm from mu = -1, in steps of at most this length."""
    start = problem.solve([1.0 / slope, 1.0, 0.0], {"mu": -1.0})
    if abs(start["x"]) < 1e-3 / slope:
        return None
    return trace(problem, start, "mu", (-1, 1), settings=Settings(max_step=step, max_points=4000))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("step", [None, 0.2, 0.03])
def test_the_corner_is_found_along_the_arm(seed, step):
    """Whether the branch ends there, runs onto the trunk or to the other arm."""
    branch = arm(*v_shaped(seed), step)
    if branch is None or branch["mu"].max() < -0.02:  # the arm turned before
        return
    (corner,) = [point for point in branch.branch_points if abs(point["mu"]) < 1e-3]
    assert corner.error < 1e-8
    assert abs(corner["x"]) + abs(corner["mu"]) < 1e-12 + 10 * corner.error
    if branch.ends[1] is not Status.LIMIT:
        assert branch.ends[1] is Status.SINGULAR
        assert "switch" in branch.ends[1].advice
        assert abs(branch["mu"][-1]) < 1e-7


def test_most_arms_reach_their_corner():
    """The test above says something."""
    branches = [arm(*v_shaped(seed), None) for seed in range(20)]
    assert sum(branch is not None and branch["mu"].max() > -0.02 for branch in branches) >= 15


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_an_arm_that_ends_gives_the_others(scale):
    """No step leads over a sharp corner; `switch` at it leaves along the trunk and both arms."""
    problem = Problem.from_expressions({"x": f"-{scale}*x*(mu + abs(x))"}, {"mu": -1.0}, smoothness=2)
    branch = trace(problem, [1.0], "mu", (-1, 1))
    assert branch.ends == (Status.LIMIT, Status.SINGULAR)
    (corner,) = branch.branch_points
    directions = {tuple(np.sign(np.round(half.tangent, 6)).astype(int)) for half in switch(problem, corner)}
    assert directions == {(0, 1), (0, -1), (-1, -1)}  # all but the arm that led there


def test_a_smooth_minimum_of_the_determinant_is_no_corner():
    """Determinant 1e-3 + s^2: near zero, but nothing meets there."""
    problem = Problem.from_expressions({"x": "x - p", "y": "y*(0.001 + p**2)"}, {"p": -1.0}, smoothness=2)
    for step in (0.3, 0.1, 0.01):
        branch = trace(problem, [-1.0, 0.0], "p", (-1, 1), settings=Settings(max_step=step))
        assert not branch.branch_points
        assert branch.ends == (Status.LIMIT, Status.LIMIT)


def test_a_limit_in_a_branch_point_is_reached():
    """At alpha = -1 a student turns back on its image: no point can be had there by Newton's method."""
    c = np.sqrt(0.5)
    branch = trace(two_teachers(alpha=-1.0), [-c, -c, -c, c], "alpha", (-1, 0))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert branch["alpha"][-1] == pytest.approx(-1.0, abs=1e-7)


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_students_merge_under_weight_decay(scale):
    """The teachers' branch arrives at the collinear state at lam = 2 / (3 pi / 4 - 1), V-shaped."""
    teachers = scale * np.sqrt(0.5) * np.array([[1.0, 1.0], [1.0, -1.0]])
    branch = trace(normal_equations(teachers, 2), teachers.ravel(), "lam", (0, 3))
    (merging,) = branch.branch_points
    assert merging["lam"] == pytest.approx(2 / (0.75 * np.pi - 1), abs=1e-9)


@pytest.mark.parametrize("count", [3, 4])
def test_many_students_merge_at_once(count):
    """Orthonormal teachers at the angle t to their mean: (K - 1)^2 eigenvalues vanish together, many arms leave.

    All students agree from lam = s K^2 / (2 ((K - 1) h - s K)) on, s = sin t, h = s + (pi - t) cos t.
    """
    t = np.arccos(count**-0.5)
    s, h = np.sin(t), np.sin(t) + (np.pi - t) * np.cos(t)
    branch = trace(normal_equations(np.eye(count), count), np.eye(count).ravel(), "lam", (0, 4))
    (corner,) = branch.branch_points
    assert corner["lam"] == pytest.approx(s * count**2 / (2 * ((count - 1) * h - s * count)), abs=1e-7)
    assert corner.nullity == (count - 1) ** 2
