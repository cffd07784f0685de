"""One-parameter families of R: residuals, derivatives, traces in their parameter, for any d; large d."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from continuation import Kind, Settings, trace
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.normal_solutions import folds, normal_solutions
from systems.characteristic.variants.large import LargeEquation
from systems.characteristic.variants.matrix_families import (
    line_of_matrices,
    plane_generator,
    rotation_family,
    scaled_matrix,
    turned_matrix,
)


def family(name, d, rng):
    """A family at s = 0.4, and R there."""
    R, M = rng.normal(size=(2, d, d))
    S = np.eye(d) + 0.1
    if name == "line":
        return line_of_matrices(R, M, "s", 0.4, S, 1.3), R + 0.4 * M, S
    if name == "scale":
        return scaled_matrix(M, "s", 0.4, S, 1.3), 0.4 * M, S
    K = M - M.T if name == "rotation" else M
    return turned_matrix(R, K, "s", 0.4, S, 1.3), expm(0.4 * K) @ R, S


@pytest.mark.parametrize("name", ["line", "scale", "rotation", "exponential"])
@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_families_are_the_equation_of_their_matrix(name, d, rng):
    problem, R, S = family(name, d, rng)
    assert problem.compiled
    plain, u = characteristic_equation(R, S, 1.3), rng.normal(size=d * d) / d
    assert_allclose(problem.residual(u, {"lam": 0.3}), plain.residual(u, {"lam": 0.3}), atol=1e-12)
    assert_allclose(problem.jacobian(u, {"lam": 0.3}), plain.jacobian(u, {"lam": 0.3}), atol=1e-11)
    names = [f"{matrix}[{i},{j}]" for matrix in "RS" for i in range(d) for j in range(d)]
    assert list(problem.parameters) == ["lam", "T", "s", *names]
    for parameter in ("lam", "T", "s", "R[0,0]", f"R[{d - 1},0]", f"S[0,{d - 1}]"):
        values = dict(problem.parameters) | {"lam": 0.3}
        ends = [problem.residual(u, {**values, parameter: values[parameter] + h}) for h in (1e-6, -1e-6)]
        found = problem.parameter_derivative(u, parameter, values)
        assert_allclose(found, (ends[0] - ends[1]) / 2e-6, atol=1e-6 * (1 + np.abs(found).max()))
    point = problem.solve(np.zeros(d * d), {"lam": 50.0})
    there = plain.solve(np.zeros(d * d), {"lam": 50.0})
    assert point["J"] == pytest.approx(there["J"], rel=1e-10)


def test_rotation_angle_of_a_plane_in_four_dimensions():
    """The rotation of one plane by theta beside another one: the fold of its class, as in two dimensions."""
    other = expm(0.3 * plane_generator(4, 1, 3))
    problem = turned_matrix(other, plane_generator(4, 0, 2), value=math.pi / 2)
    R = expm(math.pi / 2 * plane_generator(4, 0, 2)) @ other
    start = normal_logarithm(R, [0, -1]).ravel()
    branch = trace(problem, start, "lam", (0.0, 0.3), direction=1, stop=Kind.FOLD, settings=Settings(max_step=0.2))
    assert branch.folds[0]["lam"] == pytest.approx(0.1453871092987150, rel=1e-9)
    upper = problem.solve(start, {"lam": 0.05})
    turned = trace(problem, upper, "theta", (0.5, 2.0), settings=Settings(max_step=0.2))
    for theta in (0.6, 1.9):
        (point,) = turned.at(theta=theta)
        rest, this = normal_solutions(0.05, 0, 0.3)[0], normal_solutions(0.05, -1, theta)[0]
        assert point["J"] == pytest.approx(rest.cost + this.cost, rel=1e-10)


def test_fold_curve_in_the_angle_and_in_the_scale():
    problem = turned_matrix(np.eye(2), plane_generator(2, 0, 1), value=math.pi / 2)
    start = normal_logarithm([[0.0, -1.0], [1.0, 0.0]], -1).ravel()
    branch = trace(problem, start, "lam", (0.0, 0.3), direction=1, stop=Kind.FOLD)
    curve = trace(problem, branch.folds[0], ("lam", "theta"), {"lam": (0.01, 1.0), "theta": (0.5, 2.5)})
    for k in range(0, len(curve), max(len(curve) // 5, 1)):
        (fold,) = folds(-1, curve["theta"][k])
        assert curve["lam"][k] == pytest.approx(fold.lam, rel=1e-8)
    problem = scaled_matrix([[0.0, -1.0], [1.0, 0.0]])
    branch = trace(problem, start, "lam", (0.0, 0.3), direction=1, stop=Kind.FOLD)
    curve = trace(problem, branch.folds[0], ("lam", "rho"), {"lam": (0.01, 1.0), "rho": (0.5, 2.5)})
    (fold,) = folds(-1, math.pi / 2, curve["rho"][-1])
    assert curve["lam"][-1] == pytest.approx(fold.lam, rel=1e-8)


def test_products_alone_give_the_same_branch_and_fold():
    """GMRES against the dense equation: the fold of class n = -1, and a branch for d = 8 with a covariance and T."""
    R = expm(math.pi / 2 * plane_generator(2, 0, 1))
    start, span = normal_logarithm(R, -1).ravel(), (0.0, 0.3)
    branch = trace(LargeEquation(R), start, "lam", span, direction=1, stop=Kind.FOLD, settings=Settings(max_step=0.3))
    assert branch.folds[0]["lam"] == pytest.approx(0.1453871092987150, rel=1e-12)
    assert branch.residuals.max() < 1e-9
    rng = np.random.default_rng(8)
    R, M = rng.normal(size=(2, 8, 8)) / 3
    S = np.eye(8) + M @ M.T
    large = LargeEquation(np.eye(8) + R, S, 1.5)
    settings = Settings(max_step=3.0)
    start = {"parameters": {"lam": 20.0}, "direction": -1, "settings": settings}
    branch = trace(large, np.zeros(64), "lam", (5.0, 20.0), **start)
    dense = characteristic_equation(np.eye(8) + R, S, 1.5)
    point = dense.solve(branch.states[0], {"lam": 5.0})
    assert branch["lam"][0] == 5.0
    assert_allclose(branch.states[0], point.state, atol=1e-9)
    assert branch["J"][0] == pytest.approx(point["J"], rel=1e-9)
    assert_allclose(large.residual(branch.states[0], {"lam": 5.0}), 0, atol=1e-9)
    in_depth = trace(large, branch.states[0], "T", (1.5, 1.8), parameters={"lam": 5.0}, settings=settings)
    assert_allclose(dense.residual(in_depth.states[-1], {"lam": 5.0, "T": in_depth["T"][-1]}), 0, atol=1e-8)


@pytest.mark.parametrize("d", [8, pytest.param(16, marks=pytest.mark.slow)])
def test_dense_branches_of_larger_matrices(d):
    R = np.eye(d) + 0.3 * np.random.default_rng(d).normal(size=(d, d)) / math.sqrt(d)
    options = {"parameters": {"lam": 20.0}, "direction": -1, "detect": {Kind.FOLD}, "settings": Settings(max_points=3)}
    branch = trace(characteristic_equation(R), R.ravel() / 20, "lam", (1.0, 20.0), **options)
    assert branch.residuals.max() < 1e-9
    assert set(branch.unstable) == {0}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: plane_generator(3, 1, 1), "two different axes of 3, got 1 and 1"),
        (lambda: plane_generator(3, 0, 3), "two different axes of 3, got 0 and 3"),
        (lambda: turned_matrix(np.eye(2), np.eye(3)), r"generator: wanted the shape of R, \(2, 2\), got \(3, 3\)"),
        (lambda: line_of_matrices(np.eye(2), np.eye(2), "lam"), "wanted one that isn't taken, got 'lam'"),
        (lambda: line_of_matrices(np.eye(2), np.eye(2), value=math.nan), "alpha: wanted a finite number, got nan"),
        (lambda: rotation_family(theta="x"), r"theta=\.\.\.\): wanted a finite number, got 'x'"),
        (lambda: scaled_matrix(np.eye(2), T=-1.0), "T: wanted a positive number, got -1.0"),
    ],
)
def test_bad_arguments(call, words):
    with pytest.raises(ValueError, match=words):
        call()
