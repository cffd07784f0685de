"""Matrix factorization: derivatives, balanced branches, curvatures and nullities by formula, the scalar branch."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import switch, trace
from systems import factorization as fac

M = np.diag([3.0, 2.0, 1.2])


def loss_of(M, r, lam, mu, u):
    U, V = fac.split_factors(M, r, u)
    D = U.T @ U - V.T @ V
    return 0.5 * np.sum((U @ V.T - M) ** 2) + mu / 8 * np.sum(D**2) + lam / 2 * np.sum(u**2)


@pytest.mark.parametrize(("shape", "rank"), [((1, 1), 1), ((3, 2), 1), ((2, 3), 2), ((2, 2), 3)])
def test_derivatives(shape, rank, rng):
    matrix = rng.normal(size=shape)
    problem = fac.factorization(matrix, rank)
    u, p = rng.normal(size=len(problem.states)), {"lam": 0.3, "mu": 0.7}
    assert problem.check(u, p).ok
    slope = [
        (loss_of(matrix, rank, 0.3, 0.7, u + h) - loss_of(matrix, rank, 0.3, 0.7, u - h)) / 2e-5
        for h in 1e-5 * np.eye(len(u))
    ]
    assert_allclose(problem.residual(u, p), -np.array(slope), rtol=1e-6, atol=1e-7)
    assert_allclose(problem.outputs["loss"](u, problem.parameter_values(p)), loss_of(matrix, rank, 0.3, 0.7, u))


@pytest.mark.parametrize("kept", [c for k in range(4) for c in itertools.combinations(range(3), k)])
def test_curvature_and_nullity(kept):
    """Every balanced point of a square M with distinct singular values: formula against the spectrum."""
    lam, rank = 0.4, 3
    point = fac.balanced_point(M, rank, kept, lam)
    problem = fac.factorization(M, rank)
    spectrum = np.linalg.eigvalsh(-problem.jacobian(point.state, {"lam": lam}))
    assert_allclose(problem.residual(point.state, {"lam": lam, "mu": 0.9}), 0, atol=1e-13)
    assert np.sum(np.abs(spectrum) < 1e-12) == fac.gauge_dimension(rank, len(kept))
    assert_allclose(spectrum[0], fac.most_negative_curvature(M, rank, kept, lam), atol=1e-12)


def test_without_decay_more_vanishes():
    """lam = 0, mu = 1: extra zeros for k < r with M rectangular, and at the global minimum for r > rank M."""

    def nullity(matrix, rank, kept):
        problem, point = fac.factorization(matrix, rank), fac.balanced_point(matrix, rank, kept)
        spectrum = np.linalg.eigvalsh(problem.jacobian(point.state, {"mu": 1.0}))
        return int(np.sum(np.abs(spectrum) < 1e-12))

    assert nullity(M, 3, [0, 1, 2]) == fac.gauge_dimension(3, 3)
    assert nullity(np.eye(3, 2) * [3.0, 2.0], 2, [0]) > fac.gauge_dimension(2, 1)
    assert nullity(np.diag([3.0, 2.0, 0.0]), 3, [0, 1]) > fac.gauge_dimension(3, 2)


def test_balanced_branch_does_not_see_mu_and_branches_where_predicted():
    matrix = [[3.0]]
    problem = fac.factorization(matrix, 1)
    start = fac.balanced_point(matrix, 1, [0], 2.0).state
    branch = trace(problem, start, "mu", (-4.0, 1.0), parameters={"lam": 2.0})
    assert_allclose(branch.states, np.ones((len(branch), 2)), atol=1e-9)
    assert_allclose([p["mu"] for p in branch.branch_points], fac.branch_points_in_mu(matrix, 1, [0], 2.0), rtol=1e-9)
    for start in (s for s in switch(problem, branch["BP1"]) if not s.known):
        half = trace(problem, start, "mu", (-4.0, -0.2))
        u, v = half["U[0,0]"], half["V[0,0]"]
        if np.max(np.abs(u - v)) < 1e-6:
            continue
        assert_allclose(u * v, 3.0 / (1 - half["mu"]), rtol=1e-8)
        assert_allclose(u**2 + v**2, -4.0 / half["mu"], rtol=1e-8)
        assert_allclose(sorted([u[-1], v[-1]]), sorted(fac.unbalanced_scalar(3.0, 2.0, half["mu"][-1])), rtol=1e-8)
        return
    pytest.fail("no unbalanced branch")


def test_singular_hessian_at_every_predicted_mu():
    values = fac.branch_points_in_mu(M, 2, [0, 2], 0.4)
    state, problem = fac.balanced_point(M, 2, [0, 2], 0.4).state, fac.factorization(M, 2)
    assert len(values) == 3
    for mu in values:
        gauge = fac.gauge_dimension(2, 2)
        spectrum = np.abs(np.linalg.eigvalsh(problem.jacobian(state, {"lam": 0.4, "mu": mu})))
        assert np.sum(spectrum < 1e-12) == gauge + 1


@pytest.mark.parametrize(("rank", "kept"), [(2, [0]), (3, [1, 2]), (3, [0])])
def test_free_columns_add_singular_points(rank, kept):
    """Where the Hessian in mu is singular beyond the gauge: mu_ij, and -2 lam / p_i where a column is free."""
    state, problem = fac.balanced_point(M, rank, kept, 0.4).state, fac.factorization(M, rank)
    gauge, more = fac.gauge_dimension(rank, len(kept)), fac.free_column_points_in_mu(M, rank, kept, 0.4)
    assert len(more) == len(kept)

    def nullity(mu):
        return int(np.sum(np.abs(np.linalg.eigvalsh(problem.jacobian(state, {"lam": 0.4, "mu": mu}))) < 1e-10))

    known = np.concatenate([more, fac.branch_points_in_mu(M, rank, kept, 0.4)])
    assert all(nullity(mu) > gauge for mu in known)
    assert nullity(0.37 * known.min()) == gauge
    assert len(fac.free_column_points_in_mu(M, len(kept), kept, 0.4)) == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fac.factorization(np.eye(2), 0), "rank: wanted a whole number of at least 1, got 0"),
        (lambda: fac.factorization([1.0], 1), "M"),
        (lambda: fac.balanced_point(M, 1, [0, 1]), "kept: wanted at most 1 different"),
        (lambda: fac.balanced_point(M, 2, [0], 5.0), "lam: wanted less than the singular values kept"),
        (lambda: fac.unbalanced_scalar(3.0, 2.0, 0.1), "mu: wanted a number in"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
