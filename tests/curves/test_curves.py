"""Curves of folds, branch points and Hopf points in two parameters, against closed forms and their own conditions."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from continuation import Kind, Problem, Settings, Status, trace
from systems import textbook
from systems.characteristic.variants.matrix_families import rotation_family
from tests.special_curves import on_curve


@pytest.mark.parametrize("parameter", ["mu", "nu"])
def test_folds_of_the_cusp_form_a_semicubical_parabola(parameter):
    problem = textbook.cusp(mu=-1.0)
    branch = trace(problem, [-1.3], "mu", (-2, 2))
    names = ("mu", "nu") if parameter == "mu" else ("nu", "mu")
    curve = trace(problem, branch["LP1"], names, {"mu": (-2, 2), "nu": (-1, 2)})
    assert curve.vary == names
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(27 * curve["mu"] ** 2, 4 * curve["nu"] ** 3, atol=1e-12)
    assert on_curve(curve, CP=1)
    assert_allclose([curve["CP1"]["mu"], curve["CP1"]["nu"], curve["CP1"]["x"]], 0, atol=1e-12)
    assert curve["CP1"].nullity == 1
    assert curve.check()
    ends = sorted([curve.special[0]["nu"], curve.special[-1]["nu"]])
    assert ends == [2.0, 2.0]


def test_hopf_points_of_the_brusselator_lie_on_a_parabola():
    problem = textbook.brusselator()
    branch = trace(problem, [1.0, 1.0], "b", (0, 5))
    curve = trace(problem, branch["HB1"], ("b", "a"), {"b": (1.2, 6), "a": (0.1, 3)})
    assert_allclose(curve["b"], 1 + curve["a"] ** 2, rtol=1e-12)
    assert_allclose(np.sqrt(curve.unknowns[:, 2]), curve["a"], rtol=1e-10)
    assert on_curve(curve)
    assert curve.check()


def test_pitchforks_stay_pitchforks_where_the_symmetry_does():
    problem = Problem.from_expressions({"x": "(mu - nu**2)*x - x**3", "y": "x - 2*y"}, {"mu": -1.0, "nu": 1.0})
    trunk = trace(problem, [0.0, 0.0], "mu", (-2, 2))
    curve = trace(problem, trunk["BP1"], ("mu", "nu"), {"mu": (-1, 2), "nu": (-2, 2)})
    assert_allclose(curve["mu"], curve["nu"] ** 2, atol=1e-12)
    assert_allclose(curve.unknowns[:, 2], 0.0, atol=1e-12)  # no unfolding was needed
    assert curve["nu"].min() < -1.4
    assert curve["nu"].max() > 1.4
    assert curve.check()


def test_a_branch_point_that_the_second_parameter_destroys_is_refused():
    problem = Problem.from_expressions({"x": "mu*x - x**3 + nu"}, {"mu": -1.0, "nu": 0.0})
    trunk = trace(problem, [0.0], "mu", (-2, 2))
    with pytest.raises(ValueError, match="no branch point any more when 'nu' changes"):
        trace(problem, trunk["BP1"], ("mu", "nu"))
    folds = trace(problem, trunk["BP1"], ("mu", "nu"), {"mu": (-1, 2), "nu": (-1, 1)}, curve=Kind.FOLD)
    assert_allclose(27 * folds["nu"] ** 2, 4 * folds["mu"] ** 3, atol=1e-12)


def test_folds_of_the_characteristic_equation_in_depth_and_angle():
    problem, w = rotation_family(), 2.5 * math.pi
    branch = trace(problem, [0, -w, w, 0], "lam", (0, 1), direction=1)
    assert branch["LP1"]["lam"] == pytest.approx(0.0751576023400955503, rel=1e-12)
    curve = trace(problem, branch["LP1"], ("lam", "theta"), {"lam": (1e-3, 1), "theta": (-7, 8)})
    a, w = curve["C[0,0]"], curve["C[1,0]"]
    assert_allclose(np.hypot(a, w), 1 + np.exp(2 * a) / curve["lam"], rtol=1e-10)
    cusps = [p for p in curve.special if p.kind is Kind.CUSP]
    assert [p.label for p in curve.special if p.kind is not Kind.BRANCH_POINT] == ["EP1", "CP1", "CP2", "CP3", "EP2"]
    a = brentq(lambda a: math.exp(a) * math.sqrt(10 + 4 * a) - 1, -2, 0)  # rho = 1
    w = math.sqrt(9 / 4 - a * a)
    theta = w + math.atan2(2 * w, 2 * a + 1)
    assert sorted(p["C[1,0]"] > 0 for p in (cusps[0], cusps[2])) == [False, True]
    for point in (cusps[0], cusps[2]):
        sign = math.copysign(1.0, point["C[1,0]"])
        assert point["C[1,0]"] == pytest.approx(sign * w, rel=1e-10)
        assert point["lam"] == pytest.approx(2 * math.exp(2 * a), rel=1e-10)
        assert math.cos(point["theta"] - sign * theta) == pytest.approx(1, abs=1e-12)
        assert math.hypot(point["C[0,0]"], point["C[1,0]"]) == pytest.approx(1.5, rel=1e-10)
    a = brentq(lambda a: math.exp(a) + a + 1, -2, 0)  # the pitchfork of normal solutions at half a turn
    assert [cusps[1][name] for name in ("theta", "lam", "C[0,0]")] == pytest.approx([-math.pi, math.exp(a), a])
    kernels = [p for p in curve.special if p.kind is Kind.BRANCH_POINT]  # two more eigenvalues vanish, without a sign
    assert [(p.located, p.nullity, p.unstable) for p in kernels] == [(True, 3, k) for k in (6, 4, 2, 0, 0, 2)]
    for point in kernels:
        assert np.linalg.svd(problem.jacobian(point.state, point.parameters))[1][1] < 1e-12
    assert_allclose([p["lam"] for p in kernels[2:4]], [p["lam"] for p in kernels[:3:-1]], rtol=1e-12)
    steps = [k for k in range(len(curve) - 1) if not {k, k + 1} & {p.index for p in kernels}]
    assert all(curve.unstable[k] == curve.unstable[k + 1] for k in steps)
    report = curve.check()  # also beside theta = 2 pi, where R = 1 and two more singular values almost vanish
    assert report.worst("solution")[1] < 1e-12
    assert report.worst("tangent")[1] <= 1e-5


def test_equations_that_are_no_flow_have_cusps_only():
    problem = textbook.cusp(mu=-1.0)
    still = Problem(problem.functions["residual"].python, ("x",), dict(problem.parameters), stability=None)
    branch = trace(still, [-1.3], "mu", (-2, 2))
    curve = trace(still, branch["LP1"], ("mu", "nu"), {"mu": (-2, 2), "nu": (-1, 2)})
    assert on_curve(curve, CP=1)
    assert np.all(curve.unstable == -1)


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-4])
def test_fold_curves_of_equations_that_bend_on_a_small_scale(size):
    """``p + q x = size cosh(x / size)``: folds at ``sinh(x / size) = q``; steps do not grow shorter with the scale."""
    problem = Problem.from_expressions({"x": f"p + q*x - {size}*cosh(x/{size})"}, {"p": 2.0 * size, "q": 0.3})
    branch = trace(problem, [1.5 * size], "p", (0.0, 3.0 * size))
    curve = trace(problem, branch.folds[0], ("q", "p"), {"q": (-2, 2)})
    q, x = curve["q"], curve["x"]
    assert_allclose(x, size * np.arcsinh(q), rtol=0, atol=1e-9 * size)
    assert_allclose(curve["p"], size * np.sqrt(1 + q**2) - q * x, rtol=1e-9)
    assert len(curve) < 80
    assert curve.ends == (Status.LIMIT, Status.LIMIT)


def test_folds_of_circles_and_folds_in_a_fixed_space_have_curves():
    def turn(u):
        return np.array([-u[1], u[0]])

    square = "(x**2 + y**2)"
    ring = {name: f"mu*{name} + b*{square}*{name} - {square}**2*{name}" for name in "xy"}
    circles = Problem.from_expressions(ring, {"mu": 0.5, "b": 1.0}, symmetries=[turn]).isolated([1.2, 0.0])
    branch = trace(circles, [1.2, 0.0], "mu", (-1, 1), direction=-1, stop=Kind.FOLD)
    folds = trace(circles, branch["LP1"], ("mu", "b"), {"mu": (-2, 1), "b": (0.2, 2)})
    assert_allclose(folds["mu"], -(folds["b"] ** 2) / 4, atol=1e-12)
    assert folds.check()
    cells = {f"x{i}": f"mu*x{i} - x{i}**3 + nu*x{i}**2 + 0.1*(x{i - 1 if i else 2} - x{i})" for i in range(3)}
    parameters = {"mu": 0.5, "nu": 1.0}
    equal = Problem.from_expressions(cells, parameters, symmetries=[["x1", "x2", "x0"]]).restricted()
    branch = trace(equal, [1.0] * 3, "mu", (-1, 1))
    folds = trace(equal, branch["LP1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (0.2, 2)})
    assert_allclose(folds["mu"], -(folds["nu"] ** 2) / 4, atol=1e-12)
    assert_allclose(folds["x0"], folds["x2"], atol=1e-12)


def random_system(seed):
    """Quadratic and cubic terms with random coefficients in 2 to 5 states and two parameters."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    linear, quadratic = rng.normal(size=(n, n)), 0.7 * rng.normal(size=(n, n))
    by_p, by_q, equations = rng.normal(size=n), rng.normal(size=n), {}
    for i in range(n):
        terms = [f"({linear[i, j]:.4f} + ({quadratic[i, j]:.4f})*x{(j + 1) % n})*x{j}" for j in range(n)]
        terms += [f"({by_p[i]:.4f})*p", f"({by_q[i]:.4f})*q*(1 + x{(i + 1) % n})", f"0.5*p*x{i} - 0.3*x{i}**3"]
        equations[f"x{i}"] = " + ".join(terms)
    return Problem.from_expressions(equations, {"p": 0.0, "q": 0.0})


@pytest.mark.parametrize("seed", [0, 8, 13, 17])
def test_curves_of_random_systems_keep_their_conditions(seed):
    problem = random_system(seed)
    branch = trace(problem, np.zeros(len(problem.states)), "p", (-3, 3), settings=Settings(max_points=400))
    points = [p for p in branch.special if p.kind in (Kind.FOLD, Kind.HOPF)][:3]
    assert points
    for point in points:
        curve = trace(problem, point, ("p", "q"), {"p": (-4, 4), "q": (-4, 4)}, settings=Settings(max_points=200))
        assert set(curve.ends) <= {Status.LIMIT, Status.CLOSED, Status.MAX_POINTS}
        assert all(p.located for p in curve.special)
        critical = 1 if point.kind is Kind.FOLD else 2
        least = np.sort(np.abs(curve.eigenvalues.real), axis=1)[:, :critical]
        scale = np.max(np.abs(curve.eigenvalues), axis=1)
        assert np.max(least.max(axis=1) / scale) < 1e-6
        assert unexplained_changes(curve) == 0


def unexplained_changes(curve):
    """Steps between ordinary rows over which the count changes though no special point lies between."""
    special = {p.index for p in curve.special}
    steps = [k for k in range(len(curve) - 1) if not {k, k + 1} & special]
    return sum(curve.unstable[k] != curve.unstable[k + 1] for k in steps)
