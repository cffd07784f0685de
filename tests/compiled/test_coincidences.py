"""Special points of several kinds close to each other, or at one point: each is told, and the counts agree."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, Settings, trace

ETA = [0.3, 0.03, 1e-3, 1e-5, 1e-6]
STEPS = [None, Settings(max_step=0.02, step=0.002), Settings(step=0.3, max_step=0.3, max_angle=1.5)]


@functools.cache
def text(**equations):
    """Problem from text in the parameters p and eta."""
    return Problem.from_expressions(equations, {"p": 1.0, "eta": 0.1})


def pair(rate, omega=1, names="yz"):
    """Equations of a pair of eigenvalues rate +- i omega."""
    y, z = names
    return {y: f"({rate})*{y} - {omega}*{z}", z: f"{omega}*{y} + ({rate})*{z}"}


def points(branch):
    """Kinds of all special points but the ends; every one is located."""
    found = [point for point in branch.special if point.kind is not Kind.END]
    assert all(point.located for point in found), branch
    return sorted(point.kind.label for point in found)


@pytest.mark.parametrize("settings", STEPS)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("eta", ETA)
def test_a_fold_hides_no_hopf_point(eta, sign, settings):
    """The fold at x = 0 changes the count by one, the pair at x = eta by two: together by one, either way."""
    problem = text(x="p - x**2", **pair(f"{sign}*(x - eta)"))
    branch = trace(problem, [1.0, 0, 0], "p", (-1, 1), parameters={"p": 1.0, "eta": eta}, settings=settings)
    assert points(branch) == ["HB", "LP"]
    assert branch["HB1"]["p"] == pytest.approx(eta**2, abs=1e-12)
    assert branch["HB1"]["x"] == pytest.approx(eta, abs=1e-9)
    assert branch["LP1"]["x"] == pytest.approx(0.0, abs=1e-12)
    right = np.sign(branch["x"] - eta) == sign
    away = np.min(np.abs(branch["x"][:, None] - [0.0, eta]), axis=1) > 1e-8
    assert_allclose(branch.unstable[away], ((branch["x"] < 0) + 2 * right)[away])


@pytest.mark.parametrize("settings", STEPS)
@pytest.mark.parametrize("eta", ETA)
def test_a_branch_point_hides_no_fold(eta, settings):
    problem = text(x="p - x**2", y="(x - eta)*y - y**3")
    branch = trace(problem, [1.0, 0.0], "p", (-1, 1), parameters={"p": 1.0, "eta": eta}, settings=settings)
    assert points(branch) == ["BP", "LP"]
    assert branch["BP1"]["x"] == pytest.approx(eta, abs=1e-9)
    assert branch["LP1"]["x"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("eta", ETA)
def test_a_branch_point_hides_no_hopf_point(eta, sign):
    problem = text(x="(p - eta)*x - x**3", **pair(f"{sign}*p"))
    branch = trace(problem, [0.0, 0, 0], "p", (-1, 1.07), parameters={"p": -1.0, "eta": eta})
    assert points(branch) == ["BP", "HB"]
    assert (branch["HB1"]["p"], branch["BP1"]["p"]) == pytest.approx((0.0, eta), abs=1e-9)


@pytest.mark.parametrize("eta", [0.1, 1e-3, 1e-5])
def test_three_kinds_within_one_step(eta):
    problem = text(x="p - x**2", u="(x + eta)*u - u**3", **pair("x - eta"))
    branch = trace(problem, [1.0, 0, 0, 0], "p", (-1, 1), parameters={"p": 1.0, "eta": eta})
    assert points(branch) == ["BP", "HB", "LP"]


@pytest.mark.parametrize("h", [0.5, 0.25])
def test_a_step_that_lands_on_a_branch_point_goes_on_behind_it(h):
    """At p = 0 the bordered matrix is singular: the step is taken a little shorter, not halved for ever."""
    problem = text(x="p*x - x**3", y="(p - eta)*y - y**3")
    settings = Settings(step=h, max_step=h)
    branch = trace(problem, [0, 0], "p", (-1, 1), parameters={"p": -1.0, "eta": 0.01}, settings=settings)
    assert points(branch) == ["BP", "BP"]
    assert_allclose([point["p"] for point in branch.branch_points], [0.0, 0.01], atol=1e-12)
    assert len(branch) <= 2 / h + 5
    assert branch.effort["rejections"] == {}


# At one point.

ROESSLER = {"x": "-y - z", "y": "x + a*y", "z": "b + z*(x - c)"}
CONTINUOUS_STIRRED_TANK = {
    "u1": "-u1 + p1*(1 - u1)*exp(u2)",
    "u2": "-u2 + p1*p2*(1 - u1)*exp(u2) - p3*u2",
}


@pytest.mark.parametrize("settings", STEPS)
@pytest.mark.parametrize("a", [0.5, 1.0, 1.3])
def test_a_fold_that_is_a_hopf_point_is_both(a, settings):
    """With b = a the fold at c**2 = 4 a b has the eigenvalues 0 and +- i sqrt(2 - a**2)."""
    c = 3 * a
    z = (c + np.sqrt(c * c - 4 * a * a)) / (2 * a)
    problem = Problem.from_expressions(ROESSLER, {"a": a, "b": a, "c": c})
    branch = trace(problem, [a * z, -z, z], "c", (0, 4 * a), settings=settings)
    assert points(branch) == ["HB", "LP"]
    for label in ("LP1", "HB1"):
        assert branch[label]["c"] == pytest.approx(2 * a, rel=1e-12)
        assert_allclose(branch[label].state, [a, -1.0, 1.0], atol=1e-6)
    assert branch["HB1"].normal_form["omega"] == pytest.approx(np.sqrt(2 - a * a), rel=1e-5)
    (remark,) = branch.remarks
    assert str(remark) in ("LP1 and HB1 are one point, where both happen at once",
                           "HB1 and LP1 are one point, where both happen at once")  # fmt: skip


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("settings", STEPS)
def test_a_cusp_on_the_branch_is_no_hopf_point(settings, sign):
    """At p2 = 16, p3 = 3 the S of u1 over p1 = u1 exp(-4 u1) / (1 - u1) has an inflection with a vertical tangent.

    An eigenvalue touches zero at u1 = 1/2; the pair crosses where the trace vanishes, 4 u1 / (1 - u1) ... = 0.
    """
    equations = {name: f"{sign}({f})" for name, f in CONTINUOUS_STIRRED_TANK.items()}
    problem = Problem.from_expressions(equations, {"p1": 0.0, "p2": 16.0, "p3": 3.0})
    branch = trace(problem, [0.0, 0.0], "p1", (0, 0.4), settings=settings)
    assert points(branch) == ["HB", "HB"]
    for point in branch.hopfs:
        trace_of_jacobian = np.trace(problem.jacobian(point.state, point.parameters))
        assert trace_of_jacobian == pytest.approx(0.0, abs=1e-10)
        assert np.all(np.abs(point.eigenvalues.imag) > 0.5)


def test_a_user_zero_at_a_fold_that_is_a_hopf_point_is_told_too():
    equations = {"x": "p - x**2", **pair("x")}
    problem = Problem.from_expressions(equations, {"p": 1.0}, zeros={"at": "x"})
    branch = trace(problem, [1.0, 0, 0], "p", (-1, 1))
    assert points(branch) == ["HB", "LP", "UZ"]
    assert_allclose([point["x"] for point in branch.special if point.kind is not Kind.END], 0.0, atol=1e-8)


# Curves.


def test_zero_hopf_and_cusp_of_a_fold_curve_within_one_step():
    """Folds of x' = mu + nu x - x**3: the cusp at x = 0; the pair beside crosses at x = 0.01."""
    problem = Problem.from_expressions({"x": "mu + nu*x - x**3", **pair("x - 0.01")}, {"mu": 0.0, "nu": 1.0})
    branch = trace(problem, [1.2, 0, 0], "mu", (-2, 2))
    curve = trace(problem, branch["LP1"], ("mu", "nu"), {"mu": (-2, 2), "nu": (-1, 2)}, settings=Settings(max_step=0.3))
    assert points(curve) == ["CP", "ZH"]
    assert curve["ZH1"]["x"] == pytest.approx(0.01, abs=1e-9)
    assert curve["CP1"]["x"] == pytest.approx(0.0, abs=1e-9)
    assert curve.effort["probes"] < 20


def test_hopf_hopf_and_zero_hopf_of_a_hopf_curve_within_one_step():
    equations = {"x": "q*x - x**3", **pair("p"), **pair("q - 0.01", 3, "uv")}
    problem = Problem.from_expressions(equations, {"p": -1.0, "q": -1.0})
    branch = trace(problem, np.zeros(5), "p", (-1, 1), parameters={"q": -1.0})
    settings = Settings(step=0.3, max_step=0.3)
    curve = trace(problem, branch["HB1"], ("p", "q"), {"p": (-1, 1), "q": (-1, 1)}, settings=settings)
    assert points(curve) == ["HH", "ZH"]
    assert (curve["ZH1"]["q"], curve["HH1"]["q"]) == pytest.approx((0.0, 0.01), abs=1e-9)
    assert curve.effort["probes"] < 20
