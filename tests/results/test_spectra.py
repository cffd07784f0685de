"""Counts of unstable eigenvalues are exact at every stored point, though most spectra are never computed."""

import numpy as np
import pytest

from continuation import Kind, Problem, Settings, trace
from continuation.equations.derivatives import extended_jacobian
from systems.textbook import bratu, brusselator, lorenz, snake_pair


def turning(n, seed=0, forcing=0.001):
    """``u' = (A + p B) u - u**3 - forcing`` with general full matrices: pairs cross at unrelated places."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, n)), rng.standard_normal((n, n))

    def turning_flow(u, p, out):
        for i in range(n):
            total = -forcing * (i + 1)
            for j in range(n):
                total += (a[i, j] + p[0] * b[i, j]) * u[j]
            out[i] = total - u[i] ** 3

    return Problem(turning_flow, [f"u{i}" for i in range(n)], {"p": 0.0}, name="turning")


CASES = {
    "bratu-2": lambda: trace(bratu(2), np.zeros(2), "lam", (0, 4), settings=Settings(max_points=300)),
    "bratu-9": lambda: trace(bratu(9), np.zeros(9), "lam", (0, 4), settings=Settings(max_points=300)),
    "convection-9": lambda: trace(bratu(9, convection=3.0), np.zeros(9), "lam", (0, 4)),
    "strong-convection-9": lambda: trace(
        bratu(9, convection=40.0), np.zeros(9), "lam", (0, 40), settings=Settings(max_points=300)
    ),
    "snake": lambda: trace(snake_pair(), [0.0, 0.0], "p", (-3, 3)),
    "lorenz": lambda: trace(lorenz(), [0.0, 0.0, 0.0], "rho", (0, 30)),
    "brusselator": lambda: trace(brusselator(), [1.0, 2.0], "b", (0, 5)),
    "fine brusselator": lambda: trace(
        brusselator(), [1.0, 2.0], "b", (0, 5), settings=Settings(step=1e-3, max_step=1e-3, max_points=20_000)
    ),
    "turning-4": lambda: trace(turning(4), np.zeros(4), "p", (-3, 3), settings=Settings(max_step=0.05)),
    "turning-7": lambda: trace(turning(7), np.zeros(7), "p", (-2, 2), settings=Settings(max_step=0.02)),
}


def spectrum(branch, row):
    """(eigenvalues of F_u, its scale) at a row, by numpy."""
    problem, n = branch.problem, branch.unknowns.shape[1] - 1
    active = problem.index_of(branch.vary[0])
    p = problem.parameter_values(branch.parameters)
    p[active] = branch.unknowns[row, -1]
    jacobian = extended_jacobian(problem, branch.unknowns[row], p, active)[:, :n]
    return np.linalg.eigvals(jacobian), np.abs(jacobian).sum(axis=1).max()


@pytest.mark.parametrize("name", CASES)
def test_counts_agree_with_the_full_spectrum_at_every_point(name):
    branch = CASES[name]()
    special = {point.index for point in branch.special}
    compared = 0
    for row in range(len(branch)):
        values, scale = spectrum(branch, row)
        if row in special or np.abs(values.real).min() < 1e-5 * scale:
            continue
        compared += 1
        assert branch.unstable[row] == np.sum(values.real > 0), (name, row)
    assert compared > 0.8 * len(branch)


def test_most_spectra_of_a_fine_branch_are_never_computed():
    for problem in (bratu(8), bratu(8, convection=1.0)):
        settings = Settings(step=0.01, max_step=0.01, max_points=2000)
        branch = trace(problem, np.zeros(8), "lam", (0, 4), settings=settings, direction=+1)
        assert branch.effort["spectra"] < 0.05 * branch.effort["steps"]


@pytest.mark.parametrize("seed", range(6))
def test_exactly_the_crossings_of_a_fine_grid_are_found(seed):
    """On u = 0 the Jacobian is known: real eigenvalues that cross are branch points, pairs are Hopf points."""
    problem = turning(5, seed, forcing=0.0)
    branch = trace(problem, np.zeros(5), "p", (-1.5, 1.5), settings=Settings(max_step=0.02))
    assert np.all(branch.states == 0.0)
    expected = []
    grid = np.linspace(-1.5, 1.5, 20_001)
    at_zero, at_one = (jacobian_at_zero(problem, p) for p in (0.0, 1.0))
    counts = np.sum(np.linalg.eigvals(at_zero + grid[:, None, None] * (at_one - at_zero)).real > 0, axis=1)
    for k in np.flatnonzero(np.diff(counts)):
        expected.append((Kind.BRANCH_POINT if abs(counts[k + 1] - counts[k]) == 1 else Kind.HOPF, grid[k]))
    found = [(point.kind, point["p"]) for point in branch.special if point.kind is not Kind.END]
    assert [kind for kind, _ in found] == [kind for kind, _ in expected]
    for (_, at), (_, left) in zip(found, expected):
        assert left <= at <= left + grid[1] - grid[0]


def jacobian_at_zero(problem, p):
    """F_u of `turning` at u = 0."""
    return extended_jacobian(problem, np.append(np.zeros(5), p), np.array([p]), 0)[:, :5]
