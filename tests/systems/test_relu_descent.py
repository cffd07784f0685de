"""Gradient descent as the judge of critical points: stable ones attract, saddles repel, at the rate of the Hessian."""

import math

import numpy as np
import pytest

from continuation import Settings, trace
from systems.relu import normal_equations, plane, symmetric_reduction, two_teachers
from systems.relu.directions.two_students import out_of_plane_point
from systems.relu.population_loss.loss_descent import (
    descend,
    losses_along,
    nearest_permutation,
    same_up_to_permutations,
)
from systems.relu.population_loss.population import network
from systems.relu.symmetric.plane_dynamics import collinear_value, full_weights, type_a_guess
from systems.relu.symmetric.reduction import flipped_guess, reduced_weights, type_i_guess, type_ii_guess
from systems.training.judging.branch_checks import ALONG, check_branch


def agrees(branch, points=2):
    """Rates and signs of all modes of minima, of the unstable modes of saddles."""
    check = check_branch(branch, points=points, sweeps=False)
    for point in check.points:
        deciding = [r for r in point.rates if not r.skipped and (point.unstable == 0 or r.value.real > 0)]
        if point.unstable and not deciding:
            continue  # too slow to be followed
        assert deciding
        assert max(rate.error for rate in deciding) < ALONG
        assert point.seen == point.unstable
        assert point.attracted is (True if point.unstable == 0 else None)
    return [p for p in check.points if any(not r.skipped and r.value.real > 0 for r in p.rates) or not p.unstable]


def whole(W, span=(0, 0.005)):
    """The point W of the full network with orthonormal teachers as a short branch in the decay."""
    settings = Settings(max_step=0.01)
    return trace(normal_equations(np.eye(len(W)), len(W)), np.ravel(W), "lam", span, settings=settings, detect=set())


@pytest.mark.parametrize("K", [2, 5])
def test_points_of_the_plane(K):
    assert {p.unstable for p in agrees(whole(np.eye(K)))} == {0}
    point = plane(K).solve(type_a_guess(K))
    assert {p.unstable for p in agrees(whole(full_weights(point["x"], point["y"], K)))} == {{2: 0, 5: 6}[K]}
    value = collinear_value(K)  # decay isolates the point of the simplex where all students agree
    problem = normal_equations(np.eye(K), K, lam=0.1)
    saddle = trace(problem, np.full(K * K, value), "lam", (0.1, 0.2), detect=set())
    assert {p.unstable for p in agrees(saddle)} == {(K - 1) ** 2}


@pytest.mark.parametrize("start", [[1.0, 0.0], [collinear_value(2)] * 2, [collinear_value(2, -1)] * 2, [0.0, 1.0]])
def test_branches_of_the_plane(start):
    agrees(trace(plane(2), start, "K", (2, 100)), points=4)


@pytest.mark.parametrize(("K", "indices"), [(4, (1, 2)), (6, (6, 0))])
def test_points_of_the_reduction(K, indices):
    for guess, index in zip((type_i_guess, type_ii_guess), indices):
        problem = symmetric_reduction(K)
        point = problem.solve(guess(K))
        assert problem.functions["stability"](point.state, problem.parameter_values()) == index
        assert {p.unstable for p in agrees(whole(reduced_weights(point, K)), points=1)} == {index}


@pytest.mark.parametrize(("K", "flipped", "index"), [(7, 2, 4), (8, 2, 0), (10, 3, 0)])
def test_several_flipped_students(K, flipped, index):
    point = normal_equations(np.eye(K), K).solve(flipped_guess(K, flipped).ravel())
    values = np.linalg.eigvalsh(normal_equations(np.eye(K), K).jacobian(point))
    assert np.sum(values > 1e-9) == index
    assert point["L"] > 0.03


def test_points_of_two_students():
    start = trace(two_teachers(b2=0.05), [0.0, 0.019, 0.7365, 0.6835], "b2", (0.05, 1)).at(b2=0.102)
    fold = trace(two_teachers(), start[np.argmin([p["L"] for p in start])], "b2", (0.101, 1))
    assert {p.unstable for p in agrees(fold, points=6)} == {0, 1}
    W, _, _ = out_of_plane_point(d=3)
    settings = Settings(max_step=0.1)
    out = trace(two_teachers(3), W.ravel(), "angle", (1, 2), settings=settings)
    assert {p.unstable for p in agrees(out, points=3)} == {1}


def test_a_wrong_jacobian_is_noticed():
    from continuation import Problem

    right = two_teachers()

    def residual(u, p, out):
        out[:] = right.residual(u, {"lam": p[0]})

    def jacobian(u, p, out):
        out[:] = 1.2 * right.jacobian(u, {"lam": p[0]})

    with pytest.warns(RuntimeWarning, match="plain Python"):
        wrong = Problem(residual, states=right.states, parameters={"lam": 0.0}, jacobian=jacobian)
    branch = trace(wrong, [math.sqrt(0.5)] * 3 + [-math.sqrt(0.5)], "lam", (0, 0.01), detect=set())
    with pytest.raises(AssertionError):
        agrees(branch)


def test_runs_come_back_to_the_spurious_minimum_of_type_ii(rng):
    net, minimum = network(np.eye(6), 6), reduced_weights(symmetric_reduction(6).solve(type_ii_guess(6)), 6)
    run = descend(minimum + 0.01 * rng.standard_normal((6, 6)), net)
    assert run.gradient <= 1e-10
    assert nearest_permutation(run.weights, minimum)[1] < 1e-6
    p, q = rng.permutation(6), rng.permutation(6)
    assert same_up_to_permutations(run.weights[p][:, q], minimum)
    assert not same_up_to_permutations(np.eye(6), minimum)


def test_losses_fall(rng):
    net = network(np.eye(4), 4)
    losses = losses_along(rng.standard_normal((4, 4)), net, 0.1, 200)
    assert (np.diff(losses) < 0).all()


def test_bad_input():
    with pytest.raises(ValueError, match="wanted a positive number, got 0.0"):
        descend(np.eye(2), network(np.eye(2), 2), rate=0.0)
    with pytest.raises(ValueError, match="wanted at most K = 4, got 5"):
        flipped_guess(4, 5)
