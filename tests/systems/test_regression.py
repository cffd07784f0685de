"""l_p regression times a scalar: derivatives, pitchforks in lam and p, folds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import trace
from systems import regression as reg


@pytest.mark.parametrize("p", [2.0, 2.6, 4.0, 5.0])
def test_derivatives(p, rng):
    problem = reg.overparameterized_regression(rng.normal(size=(7, 3)), rng.normal(size=7), p)
    u = rng.normal(size=4)
    assert problem.check(u, {"lam": 0.3}).ok
    loss, q = problem.outputs["loss"], problem.parameter_values({"lam": 0.3})
    slope = [(loss(u + h, q) - loss(u - h, q)) / 2e-6 for h in 1e-6 * np.eye(4)]
    assert_allclose(problem.residual(u, {"lam": 0.3}), -np.array(slope), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("p", [2.0, 3.0, 4.0])
def test_pitchfork_in_the_decay(p, rng):
    X, y = rng.normal(size=(6, 2)), rng.normal(size=6)
    critical = reg.critical_decay(X, y, p)
    problem = reg.overparameterized_regression(X, y, p)
    branch = trace(problem, np.zeros(3), "lam", (0.5 * critical, 2 * critical), parameters={"lam": 0.6 * critical})
    assert_allclose([point["lam"] for point in branch.branch_points], [critical], rtol=1e-9)


def test_pitchfork_in_the_power():
    assert_allclose(reg.critical_power(2.0, 3.0), 2.584962500721156, rtol=1e-15)
    problem = reg.overparameterized_regression([[1.0]], [2.0], 3.0)
    branch = trace(problem, np.zeros(2), "p", (2.1, 4.0), parameters={"lam": 3.0})
    assert_allclose([point["p"] for point in branch.branch_points], [2.584962500721156], rtol=1e-10)


@pytest.mark.parametrize(("depth", "y", "p"), [(3, 1.0, 2.0), (3, 2.0, 3.0), (4, 1.5, 2.5), (5, 1.0, 4.0)])
def test_scalar_fold(depth, y, p):
    problem, fold = reg.scalar_regression(depth, y, p), reg.scalar_fold(depth, y, p)
    assert problem.check([0.6], {"lam": 0.1}).ok
    start = problem.solve([(0.5 * (y + fold.sigma)) ** (1 / depth)], {"lam": 0.5 * fold.lam})
    branch = trace(problem, start, "lam", (0.2 * fold.lam, 2 * fold.lam), parameters={"lam": 0.5 * fold.lam})
    assert_allclose([point["lam"] for point in branch.folds], [fold.lam], rtol=1e-9)
    assert_allclose(branch.folds[0]["a"], fold.a, rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: reg.overparameterized_regression(np.ones((3, 2)), np.ones(2)), "y: wanted one label for each of 3"),
        (lambda: reg.overparameterized_regression(np.ones((3, 2)), np.ones(3), 1.0), "p: wanted a number above 1"),
        (lambda: reg.check_even_power(3), "p: wanted an even whole number of at least 2, got 3"),
        (lambda: reg.check_even_power(0), "p: .* got 0"),
        (lambda: reg.scalar_regression(0, 1.0), "depth: .* got 0"),
        (lambda: reg.scalar_fold(2, 1.0, 2.0), "depth: wanted at least 3"),
        (lambda: reg.scalar_regression(3, -1.0), "y: wanted a positive number"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
