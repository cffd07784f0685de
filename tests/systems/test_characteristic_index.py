"""The Morse index of the characteristic equation's critical points: four ways, closed forms, whole branches."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from continuation import Settings, trace
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.equation import residual_and_jacobian
from systems.characteristic.morse.crossings import (
    conjugate_times,
    focal_times,
    index_by_conjugate_times,
    index_by_focal_times,
)
from systems.characteristic.morse.index import index_of_layers, morse_index, second_variation
from systems.characteristic.network.layered_network import LayeredNetwork, start_weights
from tests.systems.characteristic_reference import QUARTER_TURN


def data_of(C, lam, S, T):
    """The R for which C is a solution."""
    F = expm(T * (C - C.T)) @ expm(T * C.T)
    return F + lam * np.linalg.solve(F.T, C) @ np.linalg.inv(S)


def random_solution(rng, d, size):
    C = size * rng.normal(size=(d, d)) / math.sqrt(d) - 0.3 * np.eye(d)
    M = rng.normal(size=(d, d))
    S, lam, T = M @ M.T + np.eye(d), float(rng.choice([0.01, 0.1, 1.0])), 1.2
    return C, lam, data_of(C, lam, S, T), S, T


@pytest.mark.parametrize("size", [0.5, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_four_ways_at_random_solutions(d, size, rng):
    for _ in range(2):
        C, lam, R, S, T = random_solution(rng, d, size)
        index, nullity = morse_index(C, lam, S, T)
        assert nullity == 0
        assert index_by_conjugate_times(C, lam, R, S, T) == index
        assert index_by_focal_times(C, lam, R, S, T) == index
        assert np.sign(np.linalg.det(residual_and_jacobian(C, lam, R, S, T)[1])) == (-1) ** index
        if d < 3 and size < 2:
            assert np.sum(index_of_layers(C, lam, R, S, T, 30) < 0) == index
        if size < 3:
            assert np.sum(np.linalg.eigvalsh(second_variation(C, lam, S, T, 60 if d < 3 else 36)) < 0) == index


@pytest.mark.parametrize("kind", ["any", "skew", "normal"])
@pytest.mark.parametrize("d", [3, 4])
def test_ways_agree_at_many_close_crossings(d, kind, rng):
    """Large solutions, with up to two dozen conjugate and focal times, some nearly equal."""
    C, lam, _, S, T = random_solution(rng, d, 3.5)
    if kind != "any":
        C = 3.5 * (C - C.T) / np.linalg.norm(C - C.T) * d
        C += 0.2 * C @ C / np.linalg.norm(C) if kind == "normal" else 0.1 * np.eye(d)
    R = data_of(C, lam, S, T)
    index = morse_index(C, lam, S, T).index
    assert index > 0
    assert index_by_focal_times(C, lam, R, S, T) == index
    assert index_by_conjugate_times(C, lam, R, S, T) == index
    assert np.sign(np.linalg.slogdet(residual_and_jacobian(C, lam, R, S, T)[1])[0]) == (-1) ** index


@pytest.mark.parametrize("apart", [0.0, 1e-9, 1e-6, 1e-3])
def test_ways_agree_where_two_planes_turn_nearly_alike(apart, rng):
    """Four-dimensional kernels that split into pairs of nearly equal times."""
    w, Q = 7.5, np.linalg.qr(rng.normal(size=(4, 4)))[0]
    block = np.kron(np.diag([w, w + apart]), QUARTER_TURN) + 0.1 * np.eye(4)
    C, lam = Q @ block @ Q.T, 1e-3
    R = data_of(C, lam, np.eye(4), 1.0)
    index = morse_index(C, lam).index
    assert index_by_focal_times(C, lam, R) == index_by_conjugate_times(C, lam, R) == index
    found = conjugate_times(C)
    assert sum(crossing.dimension for crossing in found) <= index
    assert all(crossing.dimension >= 2 for crossing in found)


@pytest.mark.parametrize("n", [0, 1, -1, 2, -2, 3])
def test_rotations_as_lam_vanishes(n):
    """Eigenvalues over lam tend to ``1 - |phi| / (k pi)``, each double: the index counts those k with k pi < |phi|."""
    phi, lam = math.pi / 2 + 2 * math.pi * n, 1e-7
    expected = 2 * math.ceil(abs(phi) / math.pi - 1)
    C = np.array([[0.0, -phi], [phi, 0.0]])
    assert morse_index(C, lam) == (expected, 0)
    assert morse_index(C, 0.0) == (expected, 0)
    assert [crossing.dimension for crossing in conjugate_times(C)] == [2] * (expected // 2)
    times = [crossing.time for crossing in conjugate_times(C)]
    assert_allclose(times, math.pi * np.arange(1, expected // 2 + 1) / abs(phi), atol=1e-7)


def test_eigenvalues_of_layers_as_lam_vanishes():
    phi, lam = -1.5 * math.pi, 1e-6
    values = index_of_layers([[0.0, -phi], [phi, 0.0]], lam, QUARTER_TURN, layers=60)[:8] / lam
    assert_allclose(values, np.repeat(1 - 1.5 / np.arange(1, 5), 2), atol=0.02)


def test_degenerate_ends_have_a_nullity():
    """R = I and a whole turn: all rotated logarithms solve the equation, T is conjugate to 0."""
    w = 2 * math.pi
    assert morse_index([[0.0, -w], [w, 0.0]], 0.0) == (2, 2)
    assert morse_index(np.zeros((2, 2)), 0.3) == (0, 0)


def test_index_depends_on_scales_as_it_should():
    C, lam, S = normal_logarithm(QUARTER_TURN, -2), 1e-3, np.array([[2.0, 0.3], [0.3, 1.0]])
    solved = characteristic_equation(QUARTER_TURN, S).solve(C.ravel(), {"lam": lam}).state.reshape(2, 2)
    expected = morse_index(solved, lam, S)
    for factor in (1e-9, 1e9):
        assert morse_index(solved, factor * lam, factor * S) == expected
    assert morse_index(solved / 50, 50 * lam, S, 50.0) == expected
    turn = expm(0.7 * QUARTER_TURN)
    assert morse_index(turn @ solved @ turn.T, lam, turn @ S @ turn.T) == expected


def test_hessian_and_gradient_of_layers(rng):
    S = np.array([[1.3, 0.2], [0.2, 0.8]])
    network = LayeredNetwork(rng.normal(size=(2, 2)), S, 0.3, 1.4, 5)
    A, h = rng.normal(size=(5, 2, 2)), 1e-6
    steps = h * np.eye(20).reshape(20, 5, 2, 2)
    costs = [(network.cost(A + e) - network.cost(A - e)) / (2 * h) for e in steps]
    assert_allclose(np.array(costs) * 5 / 1.4, network.gradient(A).ravel(), atol=1e-8)
    moved = [(network.gradient(A + e) - network.gradient(A - e)).ravel() / (2 * h) for e in steps]
    assert_allclose(np.array(moved).T, network.hessian(A), atol=1e-8)


def circle_solution(problem):
    """Class n = -1 at lam = 0.1, from the non-normal solution at lam = 0."""
    w = (-1.5 * math.pi - math.pi) / 2
    s = math.sqrt(w**2 - math.pi**2)
    return problem.solve([s, -w, w, -s], {"lam": 0.1})


def test_the_three_solutions_of_class_minus_one():
    """lam = 0.1: index 2 on the upper part, 3 on the saddle part, 0 with nullity 1 on the non-normal circle."""
    problem, R = characteristic_equation(QUARTER_TURN), QUARTER_TURN
    branch = trace(problem, normal_logarithm(R, -1).ravel(), "lam", (0, 0.2), direction=1)
    upper, saddle = sorted(branch.at(lam=0.1), key=lambda point: point["J"])
    assert upper["J"] == pytest.approx(2.005734692466, abs=1e-11)
    for point, index in ((upper, 2), (saddle, 3)):
        C = point.state.reshape(2, 2)
        assert morse_index(C, 0.1) == (index, 0)
        assert index_by_focal_times(C, 0.1, R) == index
        assert index_by_conjugate_times(C, 0.1, R) == index
        assert np.sum(index_of_layers(C, 0.1, R) < 0) == index
    circle = circle_solution(problem)
    C = circle.state.reshape(2, 2)
    assert circle["J"] == pytest.approx(1.892605979581985, abs=1e-13)
    assert morse_index(C, 0.1) == (0, 1)
    values = index_of_layers(C, 0.1, R)
    assert abs(values[0]) < 1e-9  # the discrete network has the symmetry too
    assert values[1] > 1e-3
    assert index_by_focal_times(C, 0.1, R) == index_by_conjugate_times(C, 0.1, R) == 0


@pytest.mark.parametrize("n", [0, -1, 1, -2])
def test_three_ways_along_whole_branches(n):
    problem = characteristic_equation(QUARTER_TURN)
    start = normal_logarithm(QUARTER_TURN, n).ravel()
    settings = Settings(max_step=0.15, max_points=60)
    branch = trace(problem, start, "lam", (0, 0.5), direction=1, settings=settings)
    special = {point.index for point in branch.special}
    rows = [row for row in range(1, len(branch), max(len(branch) // 8, 1)) if row not in special]
    seen = set()
    for row in rows:
        C, lam = branch.states[row].reshape(2, 2), branch["lam"][row]
        index = branch.unstable[row]
        assert index_by_focal_times(C, lam, QUARTER_TURN) == index
        assert index_by_conjugate_times(C, lam, QUARTER_TURN) == index
        seen.add(int(index))
    assert len(seen) == (1 if n == 0 else len(seen))
    assert set(branch.unstable) >= seen
    if n:  # odd on one side of the fold, even on the other
        fold = branch.folds[0].index
        assert (branch.unstable[fold + 1] - branch.unstable[fold - 1]) % 2 == 1


def test_layers_need_to_be_many():
    """n = -2 at lam = 0.03 has the index 6; few layers have fewer directions to go down."""
    problem = characteristic_equation(QUARTER_TURN)
    C = problem.solve(normal_logarithm(QUARTER_TURN, -2).ravel(), {"lam": 0.03}).state.reshape(2, 2)
    assert morse_index(C, 0.03) == (6, 0)
    network = LayeredNetwork(QUARTER_TURN, None, 0.03, 1.0, 4000)
    assert np.abs(network.gradient(start_weights(C, 1.0, 4000))).max() < 0.2
    assert np.sum(index_of_layers(C, 0.03, QUARTER_TURN, layers=48) < 0) == 6
    assert len(focal_times(C, 0.03, QUARTER_TURN)) == 3


def test_zero_mode_of_the_second_variation_is_of_second_order():
    C, values = circle_solution(characteristic_equation(QUARTER_TURN)).state.reshape(2, 2), []
    for N in (24, 48, 96):
        values.append(np.linalg.eigvalsh(second_variation(C, 0.1, layers=N))[0])
    assert_allclose(np.log2(np.abs(np.array(values[:-1]) / values[1:])), 2, atol=0.2)


def test_second_variation_is_the_limit_of_the_hessian_of_layers():
    C = characteristic_equation(QUARTER_TURN).solve(normal_logarithm(QUARTER_TURN, -1).ravel(), {"lam": 0.1}).state
    exact = np.linalg.eigvalsh(second_variation(C.reshape(2, 2), 0.1, layers=64))[:6]
    coarse, fine = (index_of_layers(C.reshape(2, 2), 0.1, QUARTER_TURN, layers=N)[:6] for N in (24, 48))
    assert_allclose(fine, exact, atol=2e-3)
    assert np.abs(fine - exact).max() < 0.7 * np.abs(coarse - exact).max()


def test_spectrum_of_DG_is_not_stability():
    """The eigenvalues of DG say nothing about minima: the circle's minimum and a saddle have the same signs."""
    problem = characteristic_equation(QUARTER_TURN)
    C = problem.solve(normal_logarithm(QUARTER_TURN, -1).ravel(), {"lam": 0.1}).state.reshape(2, 2)
    values = np.linalg.eigvals(residual_and_jacobian(C, 0.1, QUARTER_TURN, np.eye(2), 1.0)[1])
    assert np.sum(values.real < 0) != morse_index(C, 0.1).index


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[1.0, 2.0]], 0.1), "C: wanted a square matrix"),
        ((np.eye(2), -0.1), "lam: wanted a number of at least 0, got -0.1"),
        ((np.eye(2), 0.1, np.zeros((2, 2))), "S: wanted a positive definite matrix"),
        ((np.eye(2), 0.1, np.eye(2), 0.0), "T: wanted a positive number, got 0.0"),
        ((np.eye(2), math.nan), "lam: wanted a number"),
    ],
)
def test_bad_arguments(arguments, words):
    with pytest.raises(ValueError, match=words):
        morse_index(*arguments)


def test_ways_that_need_a_positive_lam_say_so():
    with pytest.raises(ValueError, match="wanted a number above 0, got 0.0"):
        index_by_focal_times(np.eye(2), 0.0, np.eye(2))
    with pytest.raises(ValueError, match=r"LayeredNetwork\(layers=...\): wanted a whole number of at least 1, got 0"):
        LayeredNetwork(np.eye(2), layers=0)
