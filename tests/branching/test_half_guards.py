"""What decides between half-branches: how near is looked, in which order, whose prediction a solution is."""

from types import SimpleNamespace

import numpy as np
import pytest

from continuation import Problem, switch, trace
from continuation.branching import halves, real_roots, roots
from continuation.branching.germs import Germ
from continuation.branching.reduced_equations import kernel_at


def kernel_at_zero(equations):
    """The kernel at the trivial solution for mu = 0."""
    problem = Problem.from_expressions(equations, {"mu": 0.0})
    p = problem.parameter_values({"mu": 0.0})
    return kernel_at(problem, np.zeros(len(equations) + 1), p, 0, problem.inner_weights())


@pytest.mark.parametrize(("error", "scales"), [(0.0, [1.0, 1e-2, 1e-4]), (1e-10, [1.0])])
def test_neighbourhoods_smaller_than_the_error_are_not_looked_at(monkeypatch, error, scales):
    """Where ``x**4 = mu**4`` the third order tells nothing at any scale; a point known to 1e-10 may be off by 1e-5."""
    asked, real = [], halves.balance

    def balance(kernel, shrink=1.0):
        asked.append(shrink)
        return real(kernel, shrink)

    monkeypatch.setattr(halves, "balance", balance)
    found = halves.half_branches(kernel_at_zero({"x": "x**4 - mu**4"}), 3, error)
    assert (asked, found.notes[0]) == ([*scales, 1.0], halves.DEGENERATE)
    assert len(found.halves) == 4


def test_half_branches_along_the_one_that_is_known_come_first(monkeypatch):
    kernel = kernel_at_zero({"x": "mu*x - x**3", "y": "mu*y - y**3"})
    followed, along = [], kernel.direction(np.array([0.0, 0.0, 1.0]))

    def follow(reduced, root):
        followed.append(abs(root.z @ along))

    monkeypatch.setattr(halves, "follow_germ", follow)
    halves.half_branches(kernel, 3, 0.0, np.array([0.0, 0.0, 1.0]))
    assert len(followed) >= 10
    assert min(followed[:2]) > 0.99 > max(followed[2:10])


@pytest.mark.parametrize(("off", "is_its_own"), [(0.02, True), (0.05, False)])
def test_a_solution_belongs_to_a_prediction_if_it_is_clearly_nearest(off, is_its_own):
    """Two half-branches predicted 0.1 apart; the equations' solution lies this far from the first."""
    radii = 0.5 ** np.arange(3)
    ahead, beside = np.tile([1.0, 0.0], (3, 1)), np.tile([1.0, 0.1], (3, 1))
    germs = [Germ(radii, points, points[0]) for points in (ahead, beside)]
    levels = [np.array([germ.points[k] for germ in germs]) for k in range(3)]
    kernel = SimpleNamespace(coordinates=lambda z: z)
    spheres = SimpleNamespace(kernel=kernel, system=lambda r: lambda z: (z - [1.0, off], np.eye(2)))
    reduced = SimpleNamespace(lift=lambda y: y)
    assert (halves.realise_half(spheres, reduced, germs, levels, 0) is not None) == is_its_own


def test_a_circle_of_branches_that_the_equations_have_is_not_broken():
    circle = Problem.from_expressions({"x": "mu*x - (x**2 + y**2)*x", "y": "mu*y - (x**2 + y**2)*y"}, {"mu": -1.0})
    starts = switch(circle, trace(circle, [0.0, 0.0], "mu", (-1, 1))["BP1"])
    assert sorted(start.continuum for start in starts) == [0, 1]
    assert starts.complete
    assert not starts.notes


def test_paths_without_an_end_are_added_up(monkeypatch):
    """One path was lost and the solution next to a singular end was not found again: two have no account, not none."""
    end = np.array([1.0, 0.0])
    ends = real_roots.Ends(np.empty((0, 2)), end[None], lost=1)
    monkeypatch.setattr(real_roots.homotopy, "solve_polynomials", lambda *a, **k: (np.ones((2, 3)), np.zeros(2, bool)))
    monkeypatch.setattr(real_roots, "sort_ends", lambda *a: ends)
    monkeypatch.setattr(real_roots, "walk_to_reals", lambda system, y: real_roots.Walk(y))
    monkeypatch.setattr(roots, "search", lambda *a, **k: [])
    monkeypatch.setattr(real_roots, "list_moves", lambda kernel: [])
    reduced = SimpleNamespace(polynomials=lambda r: None, system=lambda r: None, radius=1.0, kernel=None)
    assert not real_roots.find_real_roots(reduced, real_roots.Deadlines()).complete


def test_where_several_branches_leave_a_start_knows_points_ahead():
    """On the axes and diagonals of two pitchforks at once the tangent alone leads onto none of them for sure."""
    pair = Problem.from_expressions({"x": "mu*x - x**3", "y": "mu*y - y**3"}, {"mu": -1.0})
    starts = switch(pair, trace(pair, [0.0, 0.0], "mu", (-1, 1))["BP1"])
    assert len(starts) == 9
    for start in starts:
        x = start.ahead[:, 0]
        np.testing.assert_allclose(x[:, :2] * (x[:, 2:] - x[:, :2] ** 2), 0.0, atol=1e-12)
