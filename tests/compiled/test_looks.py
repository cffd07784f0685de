"""Looks into a step come to an end: decays over many decades, and counts that are noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Kind, Problem, Settings, Status, trace
from continuation.compiled.events.kink import CORNERED
from continuation.compiled.state import trace_state as S

TAILS = {  # equation, start, parameter, parameter of x, exact folds
    "logistic": ("p - 1/(1 + exp(-x))", 0.0, 0.5, lambda x: 1 / (1 + np.exp(-x)), ()),
    "gauss": ("p - exp(-x**2)", 1.0, np.exp(-1.0), lambda x: np.exp(-(x**2)), (1.0,)),
    "bump": ("p - 1 - x*exp(-x)", 0.1, 1 + 0.1 * np.exp(-0.1), lambda x: 1 + x * np.exp(-x), (1 + np.exp(-1),)),
    "decay": ("p*exp(x) - 1", 0.0, 1.0, lambda x: np.exp(-x), ()),
    "steep": ("p - exp(exp(x))", 0.0, np.e, lambda x: np.exp(np.exp(x)), ()),
    "growth": ("p - exp(x)", 0.0, 1.0, np.exp, ()),
    "power": ("p - 1/(1 + x**2)**8", 0.5, 1.25**-8.0, lambda x: (1 + x**2) ** -8.0, (1.0,)),
    "two rates": ("p - exp(-x) - exp(-40*x)", 0.0, 2.0, lambda x: np.exp(-x) + np.exp(-40 * x), ()),
}


def root_of_cubic(x):
    """The real y with ``y (1 + y**2) = x``."""
    roots = np.roots([1.0, 0.0, 1.0, -x])
    return float(roots[np.argmin(np.abs(roots.imag))].real)


@pytest.mark.parametrize("length", [10, 1e3, 1e5])
@pytest.mark.parametrize("name", TAILS)
def test_tails_are_no_dips(name, length):
    """A step that spans many decades of a tail hides nothing: few looks, and no points but the true ones."""
    equation, x, p, exact, folds = TAILS[name]
    pair = {"x": equation, "y": "y*(1 + y**2) - x"}  # whose determinant is a product; never where p is flat to rounding
    for equations, start, span in (
        ({"x": equation}, {"x": x}, (-1, length)),
        (pair, {"x": x, "y": root_of_cubic(x)}, {"p": (-1, length), "x": (-12, 12)}),
    ):
        branch = trace(Problem.from_expressions(equations, {"p": p}), start, "p", span)
        assert np.abs(branch.residuals).max() <= 1e-6 * np.abs(branch.parameter).max()
        assert_allclose(branch.parameter, exact(branch["x"]), rtol=1e-6 * (1 + length), atol=1e-9)
        assert sorted(round(point["p"], 9) for point in branch.folds) == sorted(round(value, 9) for value in folds)
        assert {point.kind for point in branch.special} <= {Kind.END, Kind.FOLD}
        assert branch.effort["probes"] <= 30 * branch.effort["steps"]
        assert branch.effort["unsearched"] == 0
        assert not [remark for remark in branch.remarks if "infinity" not in str(remark)]


def waving(u, p, out):
    out[0], out[1] = p[0] - u[0], 1e-3 * np.sin(1e7 * u[0]) * u[1]


def test_more_changes_than_looks_cost_a_budget_and_say_where(tmp_path):
    """Three million branch points a unit: a step takes its looks and no more, and the remarks name those steps."""
    problem = Problem(waving, ("u", "v"), {"p": 0.0}, weights=[0.5, 0.5, 1.0])
    branch = trace(
        problem, [1e-8, 0.0], "p", (-0.5, 0.5), parameters={"p": 1e-8}, settings=Settings(step=0.1, max_step=0.1)
    )
    steps = branch.effort["steps"]
    assert 0 < branch.effort["unsearched"] <= steps
    assert branch.effort["probes"] <= steps * S.MOST_LOOKS
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    noted = [remark for remark in branch.remarks if "not all of the step" in str(remark)]
    assert len(noted) == branch.effort["unsearched"]
    for remark in noted:
        assert f"p = {branch.parameter[remark.row]:.6g} " in str(remark)
    assert_allclose(branch["u"], branch.parameter, atol=1e-12)
    branch.save(tmp_path / "waving.nc")
    assert Branch.load(tmp_path / "waving.nc").remarks == branch.remarks


def test_where_looks_run_out_no_corner_is_told_of_a_long_piece():
    """Told to expect kinks: what oscillates faster than can be looked at is no corner but in pieces that are short."""
    problem = Problem(waving, ("u", "v"), {"p": 0.0}, weights=[0.5, 0.5, 1.0], smoothness=1)
    settings = Settings(step=0.1, max_step=0.1, max_points=8)
    branch = trace(problem, [1e-8, 0.0], "p", (-0.5, 0.5), parameters={"p": 1e-8}, direction=1, settings=settings)
    assert branch.effort["unsearched"] > 0
    assert all(point.error <= CORNERED for point in branch.special if point.kind is Kind.CORNER)
