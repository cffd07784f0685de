"""Isolated circles: the Jacobian away from solutions, and the remark where the phase condition is lost."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem, trace


def first_plane(u):
    return np.array([-u[1], u[0], 0.0, 0.0])


def second_plane(u):
    return np.array([0.0, 0.0, -u[3], u[2]])


def first_left(u, p):
    return np.array([-u[1], u[0], 0.0, 0.0])


def second_left(u, p):
    return np.array([0.0, 0.0, -u[3], u[2]])


def two_circles(u, p, out):
    r, s = u[0] ** 2 + u[1] ** 2, u[2] ** 2 + u[3] ** 2
    for i in range(2):
        out[i] = (p[0] - r - 0.3 * s) * u[i]
        out[2 + i] = (2 * p[0] - s - 0.3 * r) * u[2 + i]


def two_circles_jacobian(u, p, out):
    r, s = u[0] ** 2 + u[1] ** 2, u[2] ** 2 + u[3] ** 2
    for i in range(4):
        for j in range(4):
            out[i, j] = -(2.0 if i // 2 == j // 2 else 0.6) * u[i] * u[j]
        out[i, i] += p[0] - r - 0.3 * s if i < 2 else 2 * p[0] - s - 0.3 * r


@pytest.mark.parametrize("which", [0, 1])
def test_jacobian_with_one_left_vector_given_as_a_function(which, rng):
    """In plain Python, against central differences where tau does not vanish: the other keeps its own derivative."""
    planes = [first_plane, second_plane]
    base = Problem(
        two_circles, ("a", "b", "c", "d"), {"mu": 1.0}, jacobian=two_circles_jacobian, symmetries=planes, compiled=False
    )
    left = [None, None]
    left[which] = (first_left, second_left)[which]
    problem = base.isolated([1.0, 0.2, 0.9, -0.3], left=left)
    p = problem.parameter_values({"mu": 0.8})
    v = np.append(rng.uniform(0.5, 1.5, 4), [0.7, -0.4])
    made = np.full((6, 6), np.nan)
    problem.functions["jacobian"](v.copy(), p, made)

    def residual(x):
        out = np.full(6, np.nan)
        problem.functions["residual"](x, p, out)
        return out

    h = 1e-5
    columns = [(residual(v + h * e) - residual(v - h * e)) / (2 * h) for e in np.eye(6)]
    assert_allclose(made, np.array(columns).T, rtol=0, atol=1e-8)


@pytest.mark.parametrize("way", [1, -1])
def test_the_phase_condition_that_is_lost_between_two_rows_is_told(way):
    """Along ``x**2 = mu`` from x = 2 through x = 0, where the circle is a point, to x = -2 or the other way round.

    No row falls on x = 0, so only the sign of ``<K(reference), K(u)>`` = x says it.
    """
    equations = {"x": "mu*x - (x**2 + y**2)*x", "y": "mu*y - (x**2 + y**2)*y"}
    rotation = [lambda u: np.array([-u[1], u[0]])]
    circle = Problem.from_expressions(equations, {"mu": 4.0}, symmetries=rotation)
    problem = circle.isolated([1.0, 0.0])
    branch = trace(problem, [2.0 * way, 0.0], "mu", (-1.0, 4.0), detect=set())
    assert_allclose(branch["x"] ** 2, branch.parameter, atol=1e-9)
    row = int(np.flatnonzero(branch["x"][:-1] * branch["x"][1:] < 0)[0])
    assert np.min(np.abs(branch["x"])) > 1e-3
    (line,) = problem.remarks(branch)
    assert line.startswith(f"the phase condition is lost near row {row} (mu = {branch.parameter[row]:.6g})")
