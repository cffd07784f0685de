"""Circles of solutions that aren't normal: their symmetry, closed forms at lam = 0, branches, where they leave."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from continuation import Settings, find_solutions, switch, trace
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.circles_of_solutions import (
    circle_directions,
    circle_start,
    isolated_circles,
    left_null_vector,
    with_circles,
)
from systems.characteristic.closed_forms.normal_solutions import pitchforks_of_revolution
from systems.characteristic.morse.index import morse_index
from systems.characteristic.variants.matrix_families import rotation_family
from tests.systems.characteristic_reference import QUARTER_TURN


def rotation(angle):
    return expm(angle * QUARTER_TURN)


@pytest.mark.parametrize(
    ("theta", "n", "rho", "T"), [(math.pi / 2, -1, 1.0, 1.0), (1.0, 2, 0.3, 2.5), (-2.0, 1, 5.0, 1)]
)
def test_closed_forms_at_lam_zero(theta, n, rho, T):
    phi = theta + 2 * math.pi * n
    problem = characteristic_equation(rho * rotation(theta), T=T)
    for k in range(1, math.ceil(abs(phi) / math.pi)):
        C = circle_start(theta, n, k, rho, T)
        assert_allclose(expm(T * (C - C.T)) @ expm(T * C.T), rho * rotation(theta), atol=1e-10 * rho)
        assert np.abs(problem.residual(C.ravel())).max() < 1e-10 * rho**2
        expected = phi**2 - (abs(phi) - k * math.pi) ** 2 / 2 + math.log(rho) ** 2
        assert T**2 * np.sum(C**2) / 2 == pytest.approx(expected, rel=1e-12)
        assert np.abs(C @ C.T - C.T @ C).max() > 0.1
        assert morse_index(C, 0.0, T=T) == (2 * (k - 1), 1)


@pytest.mark.parametrize("d", [2, 4])
def test_left_null_vector(d, rng):
    """Orthogonal to G at every C, for skew K that commutes with R and S."""
    K = np.kron(np.eye(d // 2), QUARTER_TURN)
    R = np.kron(rng.normal(size=(d // 2, d // 2)), np.eye(2)) + 0.7 * K
    problem = with_circles(characteristic_equation(R, T=1.3), K)
    left = left_null_vector(K, 1)
    for _ in range(3):
        C = rng.normal(size=(d, d)) / d
        F = expm(1.3 * (C - C.T)) @ expm(1.3 * C.T)
        row = left(C.ravel(), problem.parameter_values({"lam": 0.2}))
        assert_allclose(0.2 * row.reshape(d, d), K - np.linalg.solve(F, K @ F), atol=1e-11)
        G = problem.residual(C.ravel(), {"lam": 0.2})
        assert abs(row @ G) < 1e-11 * np.linalg.norm(row) * np.linalg.norm(G)


def test_a_circle_from_lam_zero_to_its_end(caplog):
    """Class n = -1 of a quarter turn: from the closed form, round a fold, to the pitchfork on the saddle branch."""
    problem = with_circles(rotation_family())
    point = problem.solve(circle_start(math.pi / 2, -1, 1).ravel(), {"lam": 0.01})
    made = isolated_circles(problem, point)
    assert made.compiled

    def nearly_normal(q):
        return math.hypot(q["C[0,0]"] - q["C[1,1]"], q["C[0,1]"] + q["C[1,0]"]) < 0.3

    branch = trace(made, point, "lam", (1e-6, 0.3), stop=nearly_normal, settings=Settings(max_step=0.1))
    assert branch.check()
    assert np.abs(branch["tau"]).max() < 1e-13
    assert branch["J"][0] / branch["lam"][0] == pytest.approx(2.125 * math.pi**2, rel=1e-5)
    (fold,) = branch.folds
    assert fold["lam"] == pytest.approx(0.16818399486363, rel=1e-10)
    lower, upper = sorted(branch.at(lam=0.1), key=lambda q: q["J"])
    assert lower["J"] == pytest.approx(1.892605979581985, abs=1e-13)
    assert upper["J"] == pytest.approx(2.1942115077, abs=1e-10)
    assert [morse_index(q.state.reshape(2, 2), 0.1) for q in (lower, upper)] == [(0, 1), (1, 1)]
    before = np.arange(len(branch)) < fold.index
    assert set(branch.unstable[1:][before[1:]]) == {0}
    last = branch.point(-1)
    (end,) = pitchforks_of_revolution(-1)
    assert end.lam == pytest.approx(0.027205983410351, rel=1e-12)
    assert (last["C[1,0]"] - last["C[0,1]"]) / 2 == pytest.approx(end.w, abs=0.02)


def test_what_circles_of_one_symmetry_share_is_compiled_once():
    problem = with_circles(rotation_family())
    starts = [circle_start(math.pi / 2, -1, 1), circle_start(math.pi / 2, -2, 1)]
    points = [problem.solve(start.ravel(), {"lam": 0.01}) for start in starts]
    one, other = (isolated_circles(problem, point) for point in points)
    assert one.left[0] is other.left[0]
    assert not np.array_equal(one.constants, other.constants)


def test_switching_at_the_pitchfork_gives_the_same_circle():
    base = with_circles(characteristic_equation(QUARTER_TURN))
    start = normal_logarithm(QUARTER_TURN, -1).ravel()
    trunk = trace(base, start, "lam", (0.0, 0.2), direction=1, settings=Settings(max_step=0.05, max_points=120))
    (point,) = trunk.branch_points
    assert point["lam"] == pytest.approx(0.027205983410351, rel=1e-9)
    (direction,) = circle_directions(base, point)
    made = isolated_circles(base, point, direction)
    near = base.solve(point, {"lam": point["lam"] + 0.005})
    again = trace(made, near, "lam", (0.02, 0.035), settings=Settings(max_step=0.01))
    sides = [start for start in switch(made, again.branch_points[0]) if not start.known]
    assert len(sides) == 2  # opposite points of one circle
    costs = []
    for side in sides:
        branch = trace(made, side, "lam", (1e-3, 0.3), settings=Settings(max_step=0.1))
        assert np.abs(branch["tau"]).max() < 1e-12
        costs.append(min(q["J"] for q in branch.at(lam=0.1)))
    assert costs == pytest.approx([1.892605979581985] * 2, abs=1e-12)


def test_five_solutions_for_a_quarter_turn():
    """lam = 0.1: circles count once; found by deflation from the known one's neighbourhood, and by plain Newton."""
    problem = with_circles(characteristic_equation(QUARTER_TURN))
    guesses = [normal_logarithm(QUARTER_TURN, n).ravel() for n in (0, -1)]
    guesses += [[-0.9, 3.4, -3.4, -0.9], circle_start(math.pi / 2, -1, 1).ravel(), [-1.9, 1.5, -3.6, -0.9]]
    found = find_solutions(problem, {"lam": 0.1}, guesses, budget=3000)
    costs = sorted(q["J"] for q in found)
    expected = [0.22417740682, 1.892605979581985, 2.005734692466, 2.19421150772, 2.2201073]
    assert_allclose(costs, expected, atol=1e-7)
    by_cost = {round(q["J"], 4): q.unstable for q in found}
    assert [by_cost[round(c, 4)] for c in costs] == [0, 0, 2, 1, 3]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: circle_start(1.0, 0, 1), r"wanted k < \|theta \+ 2 pi n\| / pi = 0.31831, got 1"),
        (lambda: circle_start(1.0, 1, 0), "whole number of at least 1, got 0"),
        (lambda: with_circles(rotation_family(), np.eye(2)), "K: wanted a skew matrix"),
        (lambda: with_circles(characteristic_equation(np.eye(3))), r"K: wanted a skew matrix \(3, 3\) that commutes"),
        (lambda: with_circles(characteristic_equation(np.diag([1.0, 2.0]))), "does not respect the generator"),
        (lambda: isolated_circles(rotation_family(), [1.0, 0, 0, 0]), "circles declared"),
        (lambda: pitchforks_of_revolution(0.5), "wanted a whole number, got 0.5"),
    ],
)
def test_bad_arguments(call, words):
    with pytest.raises(ValueError, match=words):
        call()
