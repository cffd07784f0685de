"""Outputs of the vector field along its orbits: columns, limits, files."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Kind, Problem, Status, periodic_orbits, trace

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


# Where the largest, the least or the mean value of a zero along the circle of radius sqrt(a) vanishes.
ZEROS = {"level": "x - 1/2", "bent": "x + y**2 - 0.4", "high": "x + y - 10", "low": "a*x*y + 1/4"}
KNOWN = {"level_max": [0.25], "bent_max": [0.16], "bent_mean": [0.8], "low_min": [np.sqrt(0.5)]}


def zeros_of(branch):
    return [point for point in branch.special if point.kind is Kind.USER]


@pytest.mark.parametrize("text", [True, False])
def test_zeros_along_an_orbit_are_located(text, tmp_path):
    functions = {
        "level": lambda u, p: u[0] - 0.5, "bent": lambda u, p: u[0] + u[1] ** 2 - 0.4,
        "high": lambda u, p: u[0] + u[1] - 10, "low": lambda u, p: p[0] * u[0] * u[1] + 0.25,
    }  # fmt: skip

    def f(u, p, out):
        r = u[0] * u[0] + u[1] * u[1]
        out[0] = p[0] * u[0] - u[1] - u[0] * r
        out[1] = u[0] + p[0] * u[1] - u[1] * r

    if text:
        problem = Problem.from_expressions(EQUATIONS, {"a": -0.5}, zeros=ZEROS)
    else:
        problem = Problem(f, ["x", "y"], {"a": -0.5}, zeros=functions)
    hopf = trace(problem, [0, 0], "a", (-0.5, 0.5))["HB1"]
    branch = trace(periodic_orbits(problem), hopf, "a", (-1, 2))
    found = {}
    for point in zeros_of(branch):
        found.setdefault(point.name, []).append(point["a"])
    assert found.keys() == KNOWN.keys()
    for name, values in KNOWN.items():
        assert_allclose(found[name], values, atol=2e-7)  # extrema of polynomials of degree 4 on 50 intervals
    branch.save(tmp_path / "orbits.nc")
    read = Branch.load(tmp_path / "orbits.nc")
    assert [point.name for point in zeros_of(read)] == [point.name for point in zeros_of(branch)]


def test_a_zero_at_the_start_is_none_again():
    problem = Problem.from_expressions(EQUATIONS, {"a": -0.5}, zeros=ZEROS)
    hopf = trace(problem, [0, 0], "a", (-0.5, 0.5))["HB1"]
    cycles = periodic_orbits(problem)
    branch = trace(cycles, hopf, "a", (-1, 2))
    first = next(point for point in zeros_of(branch) if point.name == "level_max")
    again = trace(cycles, branch.orbit(first.index), "a", (-1, 2))
    assert sorted(point.name for point in zeros_of(again)) == ["bent_max", "bent_mean", "level_max", "low_min"]
