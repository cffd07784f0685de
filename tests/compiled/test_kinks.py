"""Corners of branches where F is continuous and F_u jumps: passed, located, counted; no false points there."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Kind, Problem, Settings, Status, trace

LIMITS = (Status.LIMIT, Status.LIMIT)


def kinds_of(branch):
    return sorted(point.label for point in branch.special if point.kind is not Kind.END)


@pytest.mark.parametrize("smoothness", [1, 2])
@pytest.mark.parametrize("step", [None, 0.03])
def test_two_boxes_of_an_ocean_turn_where_the_flow_does(smoothness, step):
    """With q = T - S: T = 3 / (1 + |q|), eta2 = (T - q) (0.3 + |q|); the corner at q = 0, eta2 = 0.9 is a fold, too."""
    equations = {"T": "eta1 - T*(1 + abs(T - S))", "S": "eta2 - S*(eta3 + abs(T - S))"}
    box = Problem.from_expressions(equations, {"eta1": 3.0, "eta2": 0.5, "eta3": 0.3}, smoothness=smoothness)
    branch = trace(box, [1.5, 0.3], "eta2", (0, 3), settings=Settings(max_step=step))
    q = branch["T"] - branch["S"]
    assert q.max() > 1.3
    assert q.min() < -0.9
    assert np.all(np.diff(q) < 1e-8)  # rows beside the corner are as exact as the tolerance
    assert_allclose(branch["eta2"], (branch["T"] - q) * (0.3 + np.abs(q)), atol=1e-7)
    assert_allclose(branch["T"], 3 / (1 + np.abs(q)), atol=1e-7)
    assert branch.ends == LIMITS
    assert kinds_of(branch) == ["CO1", "LP1"]
    corner = branch["CO1"]
    assert corner["eta2"] == pytest.approx(0.9, abs=1e-11)
    assert corner.located
    assert corner.normal_form["kind"] == "non-smooth fold"
    assert "corner, non-smooth fold" in str(branch)


def test_without_being_told_of_kinks_the_branch_ends_there():
    def f(u, p, out):
        out[0] = p[0] - abs(u[0])

    branch = trace(Problem(f, ("x",), {"mu": 1.0}), [1.0], "mu", (-1, 2))
    assert branch.ends[0].is_failure
    assert branch["x"].min() > -1e-6


@pytest.mark.parametrize("slope", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("scale", [0.3, 1.0, 10.0])
def test_a_non_smooth_fold_is_a_corner_whatever_its_angle_and_units(slope, scale):
    problem = Problem.from_expressions({"x": f"mu - {slope}*abs(x/{scale})"}, {"mu": slope}, smoothness=1)
    branch = trace(problem, [scale], "mu", (-1, 2 * slope))
    assert_allclose(branch["mu"], slope * np.abs(branch["x"]) / scale, atol=1e-7 * slope / scale)
    assert branch.ends == LIMITS
    assert kinds_of(branch) == ["CO1"]
    assert abs(branch["CO1"]["mu"]) < 1e-9 * slope
    assert sorted({int(count) for count in branch.unstable}) == [0, 1]
    assert branch["CO1"].normal_form["angle"] == pytest.approx(2 * np.arctan2(slope / scale, 1.0), abs=1e-4)


@pytest.mark.parametrize("step", [0.07, 0.5])
def test_where_a_focus_jumps_across_the_axis_there_is_no_hopf_point(step):
    """The trace is 0.05 - 0.25 for mu < 0 and 0.05 + 0.25 beyond, the determinant 1."""
    problem = Problem.from_expressions({"y": "0.05*y + 0.25*abs(y) - z", "z": "y - mu"}, {"mu": -1.0}, smoothness=1)
    branch = trace(problem, [-1.0, 0.2], "mu", (-1, 1), settings=Settings(step=step))
    assert kinds_of(branch) == ["CO1"]
    assert abs(branch["CO1"]["mu"]) < 1e-9
    away = np.abs(branch["mu"]) > 1e-6
    assert_allclose(branch.unstable[away], np.where(branch["mu"] < 0, 0, 2)[away])
    assert "kind" not in branch["CO1"].normal_form


def piecewise_linear(seed):
    """``A u + B |w u| + c mu``: two half-lines from 0, exactly; returns the problem, both directions and w."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    a, b, c, w = rng.normal(size=(n, n)), *rng.normal(size=(3, n))
    absolute = "abs(" + " + ".join(f"({w[j]})*x{j}" for j in range(n)) + ")"
    rows = [
        " + ".join(f"({a[i, j]})*x{j}" for j in range(n)) + f" + ({b[i]})*{absolute} + ({c[i]})*mu" for i in range(n)
    ]
    halves = []
    for side in (1.0, -1.0):
        line = np.linalg.solve(a + side * np.outer(b, w), -c)
        halves.append(np.append(line, 1.0) * np.sign(side * (w @ line)))
    problem = Problem.from_expressions({f"x{i}": row for i, row in enumerate(rows)}, {"mu": 0.0}, smoothness=1)
    return problem, halves, w


@pytest.mark.parametrize("seed", range(40))
def test_both_half_lines_of_a_piecewise_linear_system_are_one_branch(seed):
    problem, (one, other), w = piecewise_linear(seed)
    angle = np.arccos(np.clip(-one @ other / np.linalg.norm(one) / np.linalg.norm(other), -1, 1))
    begin = 0.3 * one / np.linalg.norm(one)
    branch = trace(
        problem, begin[:-1], "mu", parameters={"mu": begin[-1]}, settings=Settings(max_step=0.1, max_points=40)
    )
    sides = np.sign(np.round(branch.states @ w, 9))
    assert {-1.0, 1.0} <= set(sides)
    exact = np.where((sides > 0)[:, None], one / one[-1], other / other[-1]) * branch["mu"][:, None]
    assert_allclose(branch.unknowns, exact, atol=1e-8 * (1 + np.abs(branch.unknowns).max()))
    labels = kinds_of(branch)
    assert labels == ["CO1"] if angle > 0.1 else labels in ([], ["CO1"])
    if labels:
        assert np.abs(branch["CO1"].unknowns).max() < 1e-9
        assert branch["CO1"].normal_form["angle"] == pytest.approx(angle, abs=1e-4)
        assert (branch["CO1"].normal_form.get("kind") == "non-smooth fold") == (one[-1] * other[-1] > 0)


def clipped(u, p, out):
    out[0] = p[0] - max(u[0], 0.0) - 3 * min(u[0], 0.0) - u[1]
    out[1] = u[0] - u[1] + 3 * max(u[1] - 1, 0.0)


@pytest.mark.parametrize("compiled", [True, False])
def test_corners_of_compiled_and_plain_functions_with_differences(compiled, tmp_path):
    """``p = max(a, 0) + 3 min(a, 0) + b`` with b = a up to 1, then a = 3 - 2 b: corners at p = 0, 2 and 1.5."""
    problem = Problem(clipped, ("a", "b"), {"p": -4.0}, smoothness=1, compiled=compiled)
    branch = trace(problem, [-1.0, -1.0], "p", (-4, 4))
    a, b = branch.states.T
    assert a.min() == pytest.approx(-2.2, abs=1e-7)
    assert_allclose(branch["p"], np.maximum(a, 0) + 3 * np.minimum(a, 0) + b, atol=1e-6)  # differences smear corners
    assert_allclose(a, np.where(b > 1, 3 - 2 * b, b), atol=1e-6)
    corners = [point for point in branch.special if point.kind is Kind.CORNER]
    assert_allclose([point["p"] for point in corners], [0.0, 2.0, 1.5], atol=1e-5)
    assert {point.kind for point in branch.special} == {Kind.CORNER, Kind.END}
    branch.save(tmp_path / "clipped.nc")
    assert [point.kind for point in Branch.load(tmp_path / "clipped.nc").special] == [p.kind for p in branch.special]


def test_a_smooth_bend_is_no_corner():
    problem = Problem.from_expressions({"x": "mu - sqrt(x**2 + 1e-4)"}, {"mu": 1.0}, smoothness=1)
    branch = trace(problem, [np.sqrt(1 - 1e-4)], "mu", (-1, 2))
    assert kinds_of(branch) == ["LP1"]
    assert branch.ends == LIMITS
    assert branch.effort["probes"] < 10 * branch.effort["steps"]


def test_a_v_shaped_pitchfork_stays_a_branch_point():
    for smoothness in (1, 2):
        problem = Problem.from_expressions({"x": "-x*(mu + abs(x))"}, {"mu": -1.0}, smoothness=smoothness)
        branch = trace(problem, [1.0], "mu", (-1, 1))
        assert kinds_of(branch) == ["BP1"]
