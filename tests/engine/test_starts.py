"""Starts that are solutions to rounding are not led away from."""

import pytest
from numpy.testing import assert_allclose

from continuation import Problem, trace


@pytest.mark.parametrize("rounding", [0.0, 5e-324, 1e-44, 1e-30, 1e-16, -1e-16])
def test_a_start_on_a_line_whose_parameter_is_rounded(rounding):
    """At p = 0 any nu solves these; at p = -z, which rounding made of it, nu = z**2 alone does."""
    problem = Problem.from_expressions({"z": "z*nu - z**3", "nu": "p + z"}, {"p": 0.0}, stability=None)
    start = {"z": rounding, "nu": -0.7}
    branch = trace(problem, start, "p", {"p": (-1, 1), "nu": (-1, -0.5)}, parameters={"p": -rounding})
    assert_allclose(branch["nu"][branch.start], -0.7, atol=1e-9)
    assert_allclose(branch["p"], 0.0, atol=1e-9)
    assert_allclose(branch["nu"][[0, -1]], [-1, -0.5], atol=1e-9)
    assert not [remark for remark in branch.remarks if "the one that was meant" in str(remark)]


def test_a_rough_start_is_corrected_at_its_parameter():
    problem = Problem.from_expressions({"x": "p - x**3"}, {"p": 8.0})
    branch = trace(problem, [1.0], "p", (7, 9))
    assert_allclose([branch["x"][branch.start], branch["p"][branch.start]], [2, 8], rtol=1e-12)
    assert "the one that was meant" in " ".join(map(str, branch.remarks))
