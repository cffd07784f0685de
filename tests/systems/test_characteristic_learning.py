"""Learning and finite samples: the algorithm against the predicted weights, sensitivities against sampling."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.critical_point import CriticalPoint
from systems.characteristic.matrix_checks import entries_by_name
from systems.characteristic.morse.index import index_of_layers
from systems.characteristic.network.data_sensitivity import predicted_covariance, sample_moments, sensitivity
from systems.characteristic.network.forward_backward import learn, population, samples_of
from systems.characteristic.network.layered_network import LayeredNetwork, start_weights
from systems.characteristic.variants.sampled_data import sampled_equation
from tests.systems.characteristic_reference import QUARTER_TURN

S = np.array([[1.5, 0.3], [0.3, 0.8]])


def test_an_update_is_a_step_down_the_gradient(rng):
    network = LayeredNetwork(rng.normal(size=(2, 2)), S, 0.3, 1.4, 5)
    A = 0.3 * rng.normal(size=(5, 2, 2))
    moved = learn(network, A, 0.01, 1).weights
    assert_allclose(moved, A - 0.01 * network.gradient(A), atol=1e-14)
    X, Z = population(network)
    assert_allclose(X @ X.T / 2, S, atol=1e-14)
    assert_allclose(Z @ X.T / 2, network.R @ S, atol=1e-14)


def test_learnt_weights_tend_to_the_predicted_ones():
    """The minimum on the principal branch of a matrix that isn't normal: error O(1/N)."""
    R, lam = np.array([[0.0, -1.0], [1.0, 0.8]]), 0.1
    C = characteristic_equation(R).solve([0.0, -0.7, 1.4, 0.3], {"lam": lam}).state.reshape(2, 2)
    errors = []
    for N in (10, 20, 40):
        network = LayeredNetwork(R, None, lam, 1.0, N)
        result = learn(network, np.zeros((N, 2, 2)), 0.3, 20_000, tolerance=1e-9)
        assert result.ended == "converged"
        errors.append(np.abs(result.weights - start_weights(C, 1.0, N)).max())
    assert_allclose(np.log2(np.array(errors[:-1]) / errors[1:]), 1, atol=0.15)


def test_a_saddle_is_left_at_the_predicted_rate(rng):
    lam, N = 0.1, 30
    C = characteristic_equation(QUARTER_TURN).solve(normal_logarithm(QUARTER_TURN, -1).ravel(), {"lam": lam}).state
    network = LayeredNetwork(QUARTER_TURN, None, lam, 1.0, N)
    point = network.critical_point(start_weights(C.reshape(2, 2), 1.0, N))
    lowest = index_of_layers(C.reshape(2, 2), lam, QUARTER_TURN, layers=N)[0]
    assert lowest < 0
    noisy = point + 1e-8 * rng.normal(size=point.shape)
    rate = 0.2
    result = learn(network, noisy, rate, 4000, reference=point)
    growth = np.diff(np.log(result.distances))[1:5]
    assert_allclose(growth, 200 * math.log1p(-rate * lowest), rtol=0.03)


def test_stochastic_batches_end_near_the_minimum():
    network = LayeredNetwork(QUARTER_TURN, S, 0.1, 1.0, 20)
    data = samples_of(network, 2000, noise=0.1, seed=3)
    full = learn(network, np.zeros((20, 2, 2)), 0.3, 5000, data=data)
    one = learn(network, np.zeros((20, 2, 2)), 0.01, 20_000, data=data, batch=4, seed=1)
    assert full.ended == "converged"
    assert full.gradient < 1e-9
    assert one.ended == "steps"
    assert np.abs(one.weights - full.weights).max() < 0.15
    again = learn(network, np.zeros((20, 2, 2)), 0.01, 20_000, data=data, batch=4, seed=1)
    assert np.array_equal(again.weights, one.weights)


def test_a_rate_too_large_is_said():
    network = LayeredNetwork(10 * QUARTER_TURN, None, 0.1, 1.0, 5)
    assert learn(network, np.ones((5, 2, 2)), 5.0, 1000).ended == "diverged"
    with pytest.raises(ValueError, match=r"learn\(rate=...\): wanted a positive number"):
        learn(network, np.ones((5, 2, 2)), 0.0, 10)
    with pytest.raises(ValueError, match=r"data: wanted inputs and outputs \(2, m\), got \(3, 4\)"):
        learn(network, np.ones((5, 2, 2)), 0.1, 10, data=(np.ones((3, 4)), np.ones((3, 4))))


# Finite samples


def solved(R, lam, S, guess):
    C = characteristic_equation(R, S).solve(guess, {"lam": lam}).state.reshape(2, 2)
    return CriticalPoint(C, R, lam, S)


def test_derivatives_by_the_data_against_differences(rng):
    R, lam = np.array([[0.5, -1.0], [1.2, 0.8]]), 0.2
    point = solved(R, lam, S, [0.0, -0.7, 1.0, 0.3])
    M = rng.normal(size=(2, 2))
    dS, dQ, errors = M + M.T, rng.normal(size=(2, 2)), []
    for h in (1e-2, 5e-3):
        exact = sampled_equation(R, S + h * dS, h * dQ).solve(point.C.ravel(), {"lam": lam}).state.reshape(2, 2)
        errors.append(np.abs(exact - point.C - h * sensitivity(point).change(dS, dQ)).max())
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.1)


def test_predicted_spread_of_samples():
    """Covariance of C over 600 samples of 1000: within their statistical error of the prediction."""
    R, lam, noise, count = np.array([[0.5, -1.0], [1.2, 0.8]]), 0.2, 0.09 * np.eye(2), 1000
    point = solved(R, lam, S, [0.0, -0.7, 1.0, 0.3])
    problem, found = sampled_equation(R, S), []
    for seed in range(600):
        S_N, Q_N = sample_moments(point, noise, count, seed)
        values = {"lam": lam, **entries_by_name("S", S_N), **entries_by_name("Q", Q_N)}
        found.append(problem.solve(point.C.ravel(), values).state)
    predicted = predicted_covariance(point, noise, count)
    measured = np.cov(np.array(found).T)
    scale = np.sqrt(np.outer(np.diag(predicted), np.diag(predicted)))
    assert_allclose(measured / scale, predicted / scale, atol=4 / math.sqrt(600))


def test_no_sensitivity_where_solutions_are_not_isolated():
    lam = 0.1453871092987150
    a, w = -0.46400460043702, -3.69016522313694
    with pytest.raises(ValueError, match="DG is singular"):
        sensitivity(CriticalPoint([[a, -w], [w, a]], QUARTER_TURN, lam))
    point = solved(QUARTER_TURN, 0.1, np.eye(2), [0, -1.4, 1.4, 0])
    with pytest.raises(ValueError, match="noise: wanted a positive semidefinite"):
        sample_moments(point, -np.eye(2), 10)
