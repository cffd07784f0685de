"""Gradient descent as the judge of critical points: stable ones attract, saddles repel, at the rate of the Hessian."""

import math

import numpy as np
import pytest

from continuation import trace
from systems.relu import descent, plane, symmetric_reduction, two_teachers
from systems.relu.descent import descend, judge, losses_along, nearest_permutation, same_up_to_permutations
from systems.relu.plane_dynamics import collinear_value, full_weights, type_a_guess
from systems.relu.population import hessian, network
from systems.relu.reduction import reduced_weights, type_i_guess, type_ii_guess
from systems.relu.two_students import out_of_plane_point


def verdict(W, net, index):
    found = judge(W, net)
    assert found.index == index
    assert (found.attracts, found.repels) == (index == 0, index > 0), found
    assert found.measured == pytest.approx(found.predicted, rel=1e-2)


@pytest.mark.parametrize("K", [2, 5, 10])
def test_points_of_the_plane(K):
    net = network(np.eye(K), K)
    verdict(np.eye(K), net, 0)
    value = collinear_value(K)
    verdict(full_weights(value, value, K), net, (K - 1) ** 2)
    # the full Hessian of type A has the blocks' index; in the plane it is a node
    point = plane(K).solve(type_a_guess(K))
    verdict(full_weights(point["x"], point["y"], K), net, {2: 0, 5: 3 + 3, 10: 0}[K])


@pytest.mark.parametrize("K", [4, 5, 6, 8, 12])
@pytest.mark.parametrize("guess", [type_i_guess, type_ii_guess])
def test_points_of_the_reduction(K, guess):
    problem = symmetric_reduction(K)
    point = problem.solve(guess(K))
    index = problem.functions["stability"](point.state, problem.parameter_values())
    verdict(reduced_weights(point, K), network(np.eye(K), K), int(index))


def test_points_of_two_students():
    fold = trace(two_teachers(b2=0.05), [0.0, 0.019, 0.7365, 0.6835], "b2", (0.01, 1))
    for row in (2, len(fold) - 3):
        b2 = fold["b2"][row]
        V = np.array([[1, 1], [1, -1]]) * math.sqrt(0.5)
        verdict(fold.states[row].reshape(2, 2), network(V, 2, b=[1, b2]), int(fold.unstable[row]))
    W, _, _ = out_of_plane_point(d=3)
    t = math.pi / 4
    V = [[math.cos(t), math.sin(t), 0], [math.cos(t), -math.sin(t), 0]]
    verdict(W, network(V, 2), 1)


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


def test_the_judge_can_say_no(monkeypatch):
    net = network(np.eye(2), 2)
    monkeypatch.setattr(descent, "hessian", lambda W, net: 1.2 * hessian(W, net))
    found = judge(np.eye(2), net)  # a Hessian wrong by 20 %: the predicted rate is missed
    assert not found.attracts
    assert not found.repels
    value = collinear_value(2)
    found = judge(full_weights(value, value, 2), net)
    assert not found.repels


def test_bad_input():
    net = network(np.eye(2), 2)
    with pytest.raises(ValueError, match="wanted a critical point, the gradient there is"):
        judge(2 * np.eye(2), net)
    with pytest.raises(ValueError, match="wanted a rate between 0 and"):
        judge(np.eye(2), net, rate=30.0)
    with pytest.raises(ValueError, match="positive rate"):
        descend(np.eye(2), net, rate=0.0)
