"""`Branch.check` of periodic orbits: right ones pass, wrong ones do not."""

import numpy as np
import pytest

from continuation import Branch, Kind, Problem, periodic_orbits, trace
from continuation.orbits.orbit_check import ROWS, check_orbits
from continuation.orbits.profiles.orbit import Orbit


@pytest.fixture(scope="module")
def branch():
    problem = Problem.from_expressions({"x": "1 - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}, {"b": 1.0})
    equilibria = trace(problem, [1, 1], "b", (0.5, 3))
    return trace(periodic_orbits(problem), equilibria["HB1"], "b", (0, 3))


def changed(branch, **arrays):
    """The branch with other arrays."""
    other = Branch.of(branch)
    vars(other).update(arrays)
    return other


def test_orbits_that_are_right(branch):
    report = branch.check()
    assert report
    assert str(report).startswith("all rows pass")
    assert branch["HB1"].index == 0  # an equilibrium: there is nothing to integrate
    assert report.rows[0] > 0
    assert report.rows[-1] == len(branch) - 1
    assert len(report.rows) == len(report.reports) >= ROWS - 1
    assert np.max(report.closing) < 1e-7
    assert [one.unstable for one in report.reports] == branch.unstable[report.rows].tolist()
    assert not any(one.leaves for one in report.reports)


def test_orbits_that_are_wrong(branch):
    unknowns = branch.unknowns.copy()
    unknowns[-1, :-2:2] *= 1.001
    report = check_orbits(changed(branch, unknowns=unknowns))
    assert not report
    assert report.rows[np.argmax(report.closing)] == len(branch) - 1
    assert "FAILED" in str(report)


def test_multipliers_that_are_wrong(branch):
    context = branch.context.copy()
    context[-1, -3] += 1e-2  # the logarithm of the trivial one
    report = check_orbits(changed(branch, context=context))
    assert not report
    assert report.exponent_errors[-1] == pytest.approx(1e-2, rel=1e-3)


def test_counts_that_are_wrong(branch):
    unstable = branch.unstable.copy()
    unstable[-1] = 1
    report = check_orbits(changed(branch, unstable=unstable))
    assert not report
    assert report.counts.tolist() == [True] * (len(report.rows) - 1) + [False]
    assert f"miscounted in rows [{len(branch) - 1}]" in str(report)


def test_a_multiplier_on_the_circle_may_count_or_not():
    """At the fold of two circles a multiplier is 1: one count or the other is right."""
    equations = {"x": "x*g - y", "y": "y*g + x"}
    growth = "(mu + 2*(x**2 + y**2) - (x**2 + y**2)**2)"
    equations = {name: text.replace("g", growth) for name, text in equations.items()}
    problem = Problem.from_expressions(equations, {"mu": -0.5})
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = np.sqrt(1 + np.sqrt(0.5))
    start = Orbit(t, {"x": radius * np.cos(t), "y": radius * np.sin(t)}, 2 * np.pi, {"mu": -0.5})
    branch = trace(periodic_orbits(problem, 20), start, "mu", (-2, -0.2))
    fold = next(point.index for point in branch.special if point.kind is Kind.FOLD)
    report = branch.check()
    assert report, str(report)
    assert fold in report.rows
    unstable = branch.unstable.copy()
    unstable[fold] = 1 - unstable[fold]
    assert check_orbits(changed(branch, unstable=unstable))


def test_a_branch_without_orbits_does_not_pass(branch):
    report = check_orbits(changed(branch, unknowns=np.full_like(branch.unknowns, 1.0)))
    assert not report
    assert "no row" in str(report)


def test_the_trivial_multiplier_of_a_hopf_point_is_that_of_its_pair():
    """Others near 1, of a pair that turns twice as fast and of a slow state, are no trivial ones."""
    equations = {
        "x": "a*x - y - x*(x**2 + y**2)",
        "y": "x + a*y - y*(x**2 + y**2)",
        "u": "-0.003*u - 2*v",
        "v": "2*u - 0.003*v",
        "w": "-0.001*w",
        "s": "-3*s",
    }
    problem = Problem.from_expressions(equations, {"a": -0.5})
    equilibria = trace(problem, [0.0] * 6, "a", (-0.5, 0.5))
    orbits = trace(periodic_orbits(problem, 20), equilibria["HB1"], "a", (-0.5, 0.1))
    rates = np.array([0.0, -0.001, -0.003, -0.003, -3.0, 0.0]) * 2 * np.pi
    assert np.allclose(orbits.exponents[0].real, rates, atol=1e-9)
    assert np.allclose(orbits.exponents[0].real[2:], orbits.exponents[1].real[2:], atol=1e-6)
