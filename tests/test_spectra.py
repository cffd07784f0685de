"""Counts of unstable eigenvalues are exact at every stored point, though most spectra are never computed."""

import numpy as np
import pytest

from continuation import Kind, Problem, Settings, trace
from continuation.derivatives import extended_jacobian
from systems.textbook import bratu, brusselator, lorenz, snake_pair


def turning(n, seed=0):
    """``u' = (A + p B) u - u**3`` with general full matrices: pairs cross at unrelated places."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((n, n)), rng.standard_normal((n, n))

    def turning_flow(u, p, out):
        for i in range(n):
            total = -0.001 * (i + 1)
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
    for n, problem in ((8, bratu(8)), (8, bratu(8, convection=1.0))):
        settings = Settings(step=0.01, max_step=0.01, max_points=2000)
        branch = trace(problem, np.zeros(n), "lam", (0, 4), settings=settings, direction=+1)
        assert branch.effort["spectra"] < 0.2 * branch.effort["steps"]


@pytest.mark.parametrize("seed", range(6))
def test_no_hopf_point_is_missed(seed):
    """Against the crossings that eigenvalues at every point of a fine branch show."""
    branch = trace(turning(5, seed), np.zeros(5), "p", (-1.5, 1.5), settings=Settings(max_step=0.02))
    inside = [row for row in range(len(branch)) if row not in {point.index for point in branch.special}]
    counts = [np.sum(spectrum(branch, row)[0].real > 0) for row in inside]
    changes = sum(a != b for a, b in zip(counts, counts[1:]))
    found = [point for point in branch.special if point.kind in (Kind.HOPF, Kind.FOLD, Kind.BRANCH_POINT)]
    assert len(found) >= changes
