"""Eigenvalues that read zero beside those of a far faster part."""

from dataclasses import replace

import numpy as np
import pytest

from continuation import Kind, Problem, trace
from continuation.engine.assembly.hidden_spectrum import remarks_on_hidden_eigenvalues

TEXTS = {"x": "mu*x - y - x*(x**2 + y**2)", "y": "x + mu*y - y*(x**2 + y**2) + z"}


@pytest.mark.parametrize("rate", [1e2, 1e6])
def test_fast_states_hide_nothing_up_to_a_million(rate):
    problem = Problem.from_expressions(TEXTS | {"z": f"-{rate}*z"}, {"mu": -0.5})
    branch = trace(problem, [0, 0, 0], "mu", (-0.7, 0.5))
    assert branch["HB1"].located
    assert not branch.remarks


def field(u, p, out):
    squared = u[0] ** 2 + u[1] ** 2
    out[0] = p[0] * u[0] - u[1] - u[0] * squared
    out[1] = u[0] + p[0] * u[1] - u[1] * squared + u[2]
    out[2] = -2e9 * u[2]


def test_it_is_told_of_differences_too():
    branch = trace(Problem(field, ("x", "y", "z"), {"mu": -0.5}), [0, 0, 0], "mu", (-0.7, 0.5))
    (remark,) = [remark for remark in branch.remarks if "read zero" in str(remark)]
    assert not branch.hopfs


def test_what_they_hide_is_told():
    """A Hopf point beside a rate of 1e10, of which a count to nine digits sees nothing."""
    problem = Problem.from_expressions(TEXTS | {"z": "-1e10*z"}, {"mu": -0.5})
    branch = trace(problem, [0, 0, 0], "mu", (-0.7, 0.5))
    assert not branch.hopfs
    (remark,) = branch.remarks
    assert str(remark).startswith("eigenvalues of size 1")
    assert "read zero beside F_u of size 1e+10" in str(remark)
    constrained = Problem.from_expressions(TEXTS | {"z": "z"}, {"mu": -0.5}, mass={"z": 0})
    branch = trace(constrained, [0, 0, 0], "mu", (-0.7, 0.5))
    assert [point.kind for point in branch.special] == [Kind.END, Kind.HOPF, Kind.END]
    assert not branch.remarks


def test_what_is_zero_but_for_rounding_is_no_secret():
    problem = Problem.from_expressions({"x": "p - x", "y": "1e-13*(p - y)"}, {"p": 0.0})
    branch = trace(problem, [0, 0], "p", (-1, 1))
    marked = replace(branch, nullity=np.ones(len(branch), int))
    assert remarks_on_hidden_eigenvalues(problem, marked, {}) == []
    faster = Problem.from_expressions({"x": "p - x", "y": "1e-10*(p - y)"}, {"p": 0.0})
    assert len(remarks_on_hidden_eigenvalues(faster, marked, {})) == 1
