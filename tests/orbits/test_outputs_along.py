"""Outputs of the vector field along its orbits: columns, limits, files."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Problem, Status, periodic_orbits, trace

# x = r cos t, y = r sin t with r**2 = a: the outputs are known.
EQUATIONS = {"x": "a*x - y - x*(x**2 + y**2)", "y": "x + a*y - y*(x**2 + y**2)"}
OUTPUTS = {"product": "b*x*y", "shifted": "x + 3*a", "squared": "x**2 + y**2"}


def branch_of(span, outputs=OUTPUTS):
    problem = Problem.from_expressions(EQUATIONS, {"a": -0.5, "b": 2.0}, outputs=outputs)
    equilibria = trace(problem, [0, 0], "a", (-0.5, 0.5))
    return trace(periodic_orbits(problem), equilibria["HB1"], "a", span)


def test_columns_of_largest_least_and_mean_values():
    branch = branch_of((-1, 2))
    a = np.maximum(branch["a"], 0)  # at the Hopf point rounding may be negative
    expected = {
        "product_max": a, "product_min": -a, "product_mean": 0 * a,
        "shifted_max": np.sqrt(a) + 3 * a, "shifted_min": 3 * a - np.sqrt(a), "shifted_mean": 3 * a,
        "squared_max": a, "squared_min": a, "squared_mean": a,
    }  # fmt: skip
    for name, values in expected.items():
        assert_allclose(branch[name], values, atol=1e-7)  # extrema of polynomials of degree 4 on 50 intervals
    assert branch["EP2"]["product_max"] == branch["product_max"][-1]


@pytest.mark.parametrize(("name", "limit", "a"), [("shifted_max", 4.0, 1.0), ("product_min", -0.25, 0.25)])
def test_they_may_be_limited(name, limit, a):
    branch = branch_of({"a": (-1, 2), name: (-1, limit) if limit > 0 else (limit, 1)})
    assert branch.ends[1] is Status.LIMIT
    assert_allclose([branch[name][-1], branch["a"][-1]], [limit, a], atol=1e-7)


def test_they_are_stored(tmp_path):
    branch = branch_of((-1, 1))
    branch.save(tmp_path / "b.nc")
    again = Branch.load(tmp_path / "b.nc")
    for name in ("product_max", "shifted_mean", "squared_min"):
        assert_array_equal(again[name], branch[name])


def test_names_that_are_taken_are_refused():
    problem = Problem.from_expressions(EQUATIONS | {"z": "x - z"}, {"a": 1.0, "z_max": 0.0}, outputs={"r": "x"})
    with pytest.raises(ValueError, match="z_max"):
        periodic_orbits(problem)
    problem = Problem.from_expressions(EQUATIONS, {"a": 1.0, "r_max": 0.0}, outputs={"r": "x"})
    with pytest.raises(ValueError, match="r_max"):
        periodic_orbits(problem)
