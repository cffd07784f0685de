"""`Branch.check` of periodic orbits: right ones pass, wrong ones do not."""

import numpy as np
import pytest

from continuation import Branch, Problem, periodic_orbits, trace
from continuation.orbits.orbit_check import ROWS, check_orbits


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
