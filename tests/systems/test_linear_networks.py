"""Deep linear networks: closed forms of the modes, the matrix network against loops and differences, counts."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Settings, find_solutions, switch, trace
from systems import linear_networks as nets
from systems.characteristic import characteristic_equation


def loss_of(widths, target, lam, u):
    """The loss with plain numpy."""
    layers = nets.split_layers(widths, u)
    product = np.eye(widths[0])
    for w in layers:
        product = w @ product
    return 0.5 * np.sum((product - target) ** 2) + 0.5 * lam * np.sum(u**2)


def gradient_by_differences(f, u, h=1e-5):
    return np.array([(f(u + h * e) - f(u - h * e)) / (2 * h) for e in np.eye(len(u))])


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 7])
def test_scalar_derivatives(depth):
    problem = nets.scalar_network(depth, 1.3)
    assert problem.check([0.7], {"lam": 0.2}).ok
    loss = problem.outputs["loss"]
    p = problem.parameter_values({"lam": 0.2})
    slope = (loss(np.array([0.7 + 1e-6]), p) - loss(np.array([0.7 - 1e-6]), p)) / 2e-6
    assert_allclose(slope, -depth * problem.residual([0.7], {"lam": 0.2})[0], rtol=1e-8)


def test_public_numbers_at_depth_three():
    fold = nets.fold_point(3, 1.0)
    assert_allclose(fold.lam, 0.4724703937105774, rtol=1e-15)
    problem = nets.scalar_network(3, 1.0)
    for a, mu, guess in ((0.8682178749840325, 1.404653624952097, 0.9), (0.3091322373030649, -0.2726032880908054, 0.3)):
        point = problem.solve([guess], {"lam": 0.3})
        assert_allclose(point["a"], a, rtol=1e-14)
        assert_allclose(-problem.jacobian([a], {"lam": 0.3})[0, 0], mu, rtol=1e-13)
        assert_allclose(sorted(nets.hessian_eigenvalues(3, 1.0, 0.3, a)), sorted([0.6, 0.6, mu]), rtol=1e-13)


@pytest.mark.parametrize(("depth", "target"), [(3, 1.0), (4, 2.0), (5, 0.3), (8, 1.0)])
def test_fold_and_equal_cost(depth, target):
    problem, fold = nets.scalar_network(depth, target), nets.fold_point(depth, target)
    low = 0.1 * fold.lam
    branch = trace(problem, [target ** (1 / depth)], "lam", (low, 2 * fold.lam), parameters={"lam": low})
    assert [point.kind for point in branch.special if point.kind is not Kind.END] == [Kind.FOLD]
    assert_allclose(branch.folds[0]["lam"], fold.lam, rtol=1e-10)
    equal = nets.equal_cost_point(depth, target)
    assert_allclose(equal.sigma, 2 * fold.sigma)
    p = problem.parameter_values({"lam": equal.lam})
    assert_allclose(problem.residual([equal.a], {"lam": equal.lam}), 0, atol=1e-14)
    assert_allclose(problem.outputs["loss"](np.array([equal.a]), p), target**2 / 2, rtol=1e-13)


def test_two_layers_have_a_pitchfork_at_the_target():
    problem = nets.scalar_network(2, 1.7)
    zero = trace(problem, [0.0], "lam", (0.5, 3.0), parameters={"lam": 0.5})
    assert_allclose([point["lam"] for point in zero.branch_points], [1.7], rtol=1e-12)
    halves = [trace(problem, s, "lam", (0.5, 3.0)) for s in switch(problem, zero["BP1"]) if not s.known]
    learnt = [b for b in halves if abs(b["a"][-1]) > 0.1]
    assert len(learnt) == 2
    for branch in learnt:
        assert_allclose(branch["a"] ** 2, 1.7 - branch["lam"], atol=1e-9)


def test_zero_is_a_branch():
    for depth in (2, 3, 6):
        assert nets.scalar_network(depth, 1.0).residual([0.0], {"lam": 0.4})[0] == 0.0


@pytest.mark.parametrize("widths", [[2, 3], [3, 2, 2], [2, 3, 1, 2], [1, 1, 1, 1, 1]])
def test_matrix_network_against_numpy(widths, rng):
    target = rng.normal(size=(widths[-1], widths[0]))
    problem = nets.deep_linear_network(widths, target)
    u = rng.normal(size=len(problem.states))
    slope = gradient_by_differences(lambda v: loss_of(widths, target, 0.3, v), u)
    assert_allclose(problem.residual(u, {"lam": 0.3}), -slope, rtol=1e-7, atol=1e-8)
    assert_allclose(problem.outputs["loss"](u, problem.parameter_values({"lam": 0.3})), loss_of(widths, target, 0.3, u))
    assert problem.check(u, {"lam": 0.3}).ok
    jacobian = problem.jacobian(u, {"lam": 0.3})
    assert_allclose(jacobian, jacobian.T, atol=1e-12 * np.abs(jacobian).max())


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_hessian_of_scalar_layers(depth):
    lam, s = 0.2, 1.0
    a = nets.scalar_network(depth, s).solve([1.0], {"lam": lam})["a"]
    layers = nets.deep_linear_network([1] * (depth + 1), [[s]])
    for value in (a, 0.0):
        found = np.linalg.eigvalsh(-layers.jacobian(np.full(depth, value), {"lam": lam}))
        assert_allclose(found, nets.hessian_eigenvalues(depth, s, lam, value), atol=1e-12)


def test_matrix_critical_points_are_balanced_and_decouple(rng):
    """Critical points of a 2-2-2-2 network, by Newton from random starts: balanced, modes as predicted."""
    target, lam = np.diag([1.0, 0.7]), 0.25
    problem = nets.deep_linear_network([2, 2, 2, 2], target)
    found = set()
    for _ in range(60):
        u = newton(problem, rng.normal(size=12), {"lam": lam})
        if u is None:
            continue
        layers = nets.split_layers([2, 2, 2, 2], u)
        for w, after in itertools.pairwise(layers):
            assert_allclose(w @ w.T, after.T @ after, atol=1e-8)
        product = layers[2] @ layers[1] @ layers[0]
        assert_allclose(product, np.diag(np.diag(product)), atol=1e-8)
        found.add(tuple(np.round(np.diag(product), 6) + 0.0))
    allowed = []
    for s in (1.0, 0.7):
        roots = np.roots([-1.0, 0, 0, s, -lam])  # a s - a^4 - lam
        allowed.append([0.0, *(r.real**3 for r in roots if abs(r.imag) < 1e-12 and r.real > 0)])
    assert len(list(itertools.product(*allowed))) == nets.critical_count(3, [1.0, 0.7], lam) == 9
    for pair in found:
        assert min(np.abs(np.array(pair) - both).max() for both in itertools.product(*allowed)) < 1e-5
    assert len(found) >= 5


def newton(problem, u, parameters):
    """Newton with least-norm corrections (orbits make F_u singular); None where it does not converge."""
    for _ in range(80):
        f = problem.residual(u, parameters)
        if np.abs(f).max() < 1e-13:
            return u
        u = u + np.linalg.lstsq(problem.jacobian(u, parameters), -f, rcond=1e-10)[0]
        if np.abs(u).max() > 1e3:
            return None
    return None


@pytest.mark.parametrize(
    ("depth", "targets", "lam"), [(3, (1.0, 0.5), 0.1), (3, (1.0, 0.5), 0.3), (2, (1.0, 0.4), 0.5)]
)
def test_counts_by_deflation(depth, targets, lam):
    problem = nets.modes(depth, targets)
    found = find_solutions(problem, {"lam": lam}, bounds=(-1.5, 1.5))
    magnitudes = {tuple(np.round(np.abs(point.state), 7)) for point in found}
    assert len(magnitudes) == nets.critical_count(depth, targets, lam)
    if depth == 2:
        assert len(found) == 3  # 0 and the two signs of the one mode that is learnt


@pytest.mark.parametrize(("widths", "lam"), [([2, 2, 2], 0.3), ([2, 2, 2, 2], 0.25)])
def test_every_class_of_matrix_critical_points_by_deflation(widths, lam):
    """Deflation finds each class (modulo gauge and sign), and none beside those of the decoupled modes."""
    targets, depth = (1.0, 0.7), len(widths) - 1
    problem = nets.deep_linear_network(widths, np.diag(targets), gauge=True)
    found = find_solutions(problem, {"lam": lam}, bounds=(-1.2, 1.2), limit=40, budget=60_000)
    classes = set()
    for point in found:
        product = np.eye(2)
        for w in nets.split_layers(widths, point.state):
            product = w @ product
        assert_allclose(product, np.diag(np.diag(product)), atol=1e-7)
        classes.add(tuple(np.round(np.diag(product), 6) + 0.0))
    assert len(classes) == nets.critical_count(depth, targets, lam)
    for product in classes:
        for sigma, s in zip(product, targets):  # a^(N-2) (s - a^N) = lam, or zero
            assert sigma == 0 or abs(sigma ** ((depth - 2) / depth) * (s - sigma) - lam) < 1e-4


def test_gauge_orbits_are_isolated(rng):
    widths, target = [2, 2, 2], np.diag([1.0, 0.6])
    problem = nets.deep_linear_network(widths, target, gauge=True)
    root = np.diag(np.sqrt(np.array([1.0, 0.6]) - 0.1))
    start = np.concatenate([root.ravel(), root.ravel()])
    branch = trace(problem.isolated(start), start, "lam", (0.1, 0.5), parameters={"lam": 0.1})
    assert set(branch.unstable) == {0}
    assert_allclose(branch["tau"], 0, atol=1e-9)
    assert_allclose(branch["W1[0,0]"] ** 2, 1.0 - branch["lam"], atol=1e-8)


@pytest.mark.parametrize(("real", "layers"), [(0.0, 2), (0.05, 3), (-0.5, 4)])
def test_layers_stop_being_equal_where_predicted(real, layers):
    place = nets.permutation_breaking_point(real, layers)
    uniform = nets.uniform_residual_branch(real, layers)
    assert_allclose(uniform.residual([place.a, 0.0], {"lam": place.lam}), 0, atol=1e-14)
    full = nets.residual_network([[real]], layers)
    spectrum = np.linalg.eigvalsh(full.jacobian(np.full(layers, place.a), {"lam": place.lam}))
    assert np.sum(np.abs(spectrum) < 1e-13) >= layers - 1  # all that break the equality at once


def test_the_branch_point_of_two_residual_layers_is_found():
    place = nets.permutation_breaking_point(-0.2, 2)
    full = nets.residual_network([[-0.2]], 2)
    start = np.full(2, place.a)
    span = (0.5 * place.lam, 2 * place.lam)
    guess = full.solve(start * 1.1, {"lam": 1.3 * place.lam})
    branch = trace(full, guess, "lam", span, parameters={"lam": 1.3 * place.lam}, settings=Settings(max_step=0.02))
    lams = [point["lam"] for point in branch.branch_points]
    assert any(abs(lam - place.lam) < 1e-8 for lam in lams), lams


def test_residual_networks_tend_to_the_characteristic_equation():
    """Error 1/N: halved when N doubles (rho = 1.5 times a rotation by 0.8, lam = 0.3)."""
    angle, rho, lam = 0.8, 1.5, 0.3
    R = rho * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    limit = characteristic_equation(R).solve([0.4, -0.8, 0.8, 0.4], {"lam": lam})
    limit = np.array([limit["C[0,0]"], limit["C[1,0]"]])
    errors = []
    for layers in (20, 40, 80):
        problem = nets.uniform_residual_branch(rho * np.exp(1j * angle), layers)
        errors.append(np.linalg.norm(problem.solve(limit, {"lam": lam}).state - limit))
    assert_allclose(np.array(errors[:-1]) / errors[1:], 2, rtol=0.05)
    x, y = nets.uniform_residual_branch(rho * np.exp(1j * angle), 4).solve(limit, {"lam": lam}).state
    full = nets.residual_network(R, 4)
    assert_allclose(full.residual(np.tile([x, -y, y, x], 4), {"lam": lam}), 0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_residual_derivatives(layers, rng):
    assert nets.uniform_residual_branch(0.4 + 1j, layers, 0.7).check([0.3, -0.2], {"lam": 0.1}).ok
    full = nets.residual_network(rng.normal(size=(2, 2)), layers, 0.7)
    assert full.check(rng.normal(size=len(full.states)), {"lam": 0.1}).ok


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nets.scalar_network(0, 1.0), "depth: wanted a whole number of at least 1, got 0"),
        (lambda: nets.scalar_network(2.5, 1.0), "depth: .* got 2.5"),
        (lambda: nets.scalar_network(3, -1.0), "target: wanted a positive number, got -1.0"),
        (lambda: nets.fold_point(2, 1.0), "depth: wanted at least 3"),
        (lambda: nets.equal_cost_point(1, 1.0), "depth: wanted at least 3"),
        (lambda: nets.deep_linear_network([2], [[1.0]]), "widths: wanted inputs and outputs"),
        (lambda: nets.deep_linear_network([2, 0, 2], np.eye(2)), "widths: .* got 0"),
        (lambda: nets.deep_linear_network([2, 2, 3], np.eye(2)), r"target: wanted the shape \(3, 2\)"),
        (lambda: nets.residual_network([[1.0, 2.0]], 2), "R: wanted a square matrix"),
        (lambda: nets.permutation_breaking_point(0.9, 3), "R: wanted a number below"),
        (lambda: nets.critical_count(3, [1.0, -1.0], 0.1), "targets: wanted positive numbers"),
        (lambda: nets.uniform_residual_branch(np.nan, 3), "R: wanted a finite complex number"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
