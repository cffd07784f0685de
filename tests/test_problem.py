"""A problem by itself: its functions, its solver, the check of its derivatives."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Kind, Point, Problem, Settings, StartError, trace
from systems import textbook
from tests import oracle


def _vortex(u, p, out):
    x, y = u[0], u[1]
    out[0] = p[0] * x - y * (1 + x * x) + p[2]
    out[1] = x + p[1] * y**3


def _vortex_u(u, p, out):
    out[0, 0], out[0, 1] = p[0] - 2 * u[0] * u[1], -1 - u[0] ** 2
    out[1, 0], out[1, 1] = 1.0, 3 * p[1] * u[1] ** 2


def _vortex_u_off(u, p, out):
    _vortex_u(u, p, out)
    out[0, 1] *= 1.01


def _vortex_p(u, p, k, out):
    out[0], out[1] = (u[0], 0.0) if k == 0 else (0.0, u[1] ** 3)


def _vortex_p_off(u, p, k, out):
    _vortex_p(u, p, k, out)
    if k == 1:
        out[1] *= 0.99


def vortex(jacobian=None, derivative=None, **options):
    options = {"constants": [0.25], "compiled": False, **options}
    return Problem(
        _vortex, ("x", "y"), {"a": 0.5, "b": -2.0}, jacobian=jacobian, parameter_derivative=derivative, **options
    )


def test_residual_takes_arrays_names_and_points():
    problem, expected = vortex(), [0.5 * 2 - 3 * 5 + 0.25, 2 - 2 * 27]
    assert_array_equal(problem.residual([2.0, 3.0]), expected)
    assert_array_equal(problem.residual({"y": 3.0, "x": 2.0}), expected)
    assert_array_equal(problem.residual(Point(np.array([2.0, 3.0]), {})), expected)
    assert_array_equal(problem.residual([2.0, 3.0], {"b": 0.0}), [expected[0], 2.0])
    with pytest.raises(ValueError, match="no parameter named 'c'"):
        problem.residual([2.0, 3.0], {"c": 0.0})


@pytest.mark.parametrize("given", [True, False])
def test_derivatives_given_or_by_differences(given):
    problem = vortex(_vortex_u, _vortex_p) if given else vortex()
    accuracy = {"rtol": 0, "atol": 0 if given else 1e-8}
    assert_allclose(problem.jacobian([2.0, 3.0]), [[0.5 - 12, -5], [1, -54]], **accuracy)
    assert_allclose(problem.parameter_derivative([2.0, 3.0], "b"), [0, 27], **accuracy)
    assert_allclose(problem.parameter_derivative([2.0, 3.0], "a"), [2, 0], **accuracy)
    with pytest.raises(ValueError, match="no parameter named 'z'"):
        problem.parameter_derivative([2.0, 3.0], "z")


def test_constants_follow_the_parameters():
    problem = vortex(constants=[7.0])
    assert_array_equal(problem.parameter_values({"a": 1.0}), [1.0, -2.0, 7.0])
    assert problem.residual([0.0, 0.0])[0] == 7.0
    matrix = np.arange(4.0)
    problem = vortex(constants=matrix)
    matrix[0] = 99.0  # the problem keeps what it was given
    assert_array_equal(problem.constants, np.arange(4.0))


def test_weights():
    assert_allclose(vortex().inner_weights(), [0.5, 0.5, 1.0])
    weighted = vortex(weights=[1.0, 2.0, 3.0])
    assert_array_equal(weighted.inner_weights(), [1.0, 2.0, 3.0])
    weighted.inner_weights()[0] = 9.0
    assert_array_equal(weighted.inner_weights(), [1.0, 2.0, 3.0])


def test_names_and_defaults_are_kept():
    problem = vortex(name="vortex")
    assert (problem.states, problem.parameters, problem.name) == (("x", "y"), {"a": 0.5, "b": -2.0}, "vortex")
    assert vortex().name == "_vortex"
    assert "2 states" in repr(problem)


# solve


@pytest.mark.parametrize("guess", [0.5, 3.0, 40.0, -7.0])
def test_solve_reaches_a_root_to_rounding(guess):
    point = textbook.cusp().solve([guess], {"mu": 0.2})
    assert min(abs(np.roots([-1, 0, 1, 0.2]) - point["x"])) < 1e-14
    assert point["mu"] == 0.2


def test_solve_counts_unstable_eigenvalues():
    problem = Problem.from_expressions({"x": "mu*x - x**3", "y": "-y"}, {"mu": 1.0})
    assert [problem.solve([x, 0.0]).unstable for x in (0.01, 0.9)] == [1, 0]
    still = Problem.from_expressions({"x": "mu*x - x**3"}, {"mu": 1.0}, stability=None)
    assert still.solve([0.01]).unstable == -1
    counted = Problem.from_expressions({"x": "mu*x - x**3"}, {"mu": 1.0}, stability=lambda u, p: 7)
    assert counted.solve([0.01]).unstable == 7
    assert problem.solve([0.0, 0.0], {"mu": 0.0}).nullity == 1


def test_solve_damps_where_full_newton_diverges():
    def steep(u, p, out):
        out[0] = math.atan(u[0]) - p[0]

    problem = Problem(steep, ("u",), {"p": 0.0}, compiled=False, outputs={"twice": lambda u, p: 2 * u[0]})
    point = problem.solve([20.0], {"p": 0.3})
    assert point["u"] == pytest.approx(math.tan(0.3), rel=1e-14)
    assert point["twice"] == 2 * point["u"]


def test_solve_keeps_a_fold_and_finds_a_singular_root():
    assert textbook.fold().solve([0.0], {"p": 0.0})["x"] == 0.0
    assert textbook.fold().solve([0.5], {"p": 0.0})["x"] == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("guess", [0.0, 0.5, -3.0])
def test_solve_says_where_it_failed(guess):
    def nowhere(u, p, out):
        out[0] = 1 + u[0] ** 2 + p[0]

    with pytest.raises(StartError, match="is no solution .*in the equation of 'u'"):
        Problem(nowhere, ("u",), {"p": 0.0}, compiled=False).solve([guess])


def test_solve_names_what_is_not_finite():
    def log(u, p, out):
        out[0], out[1] = u[1] - p[0], math.log(u[0]) if u[0] > 0 else math.nan

    problem = Problem(log, ("x", "y"), {"p": 0.0}, compiled=False)
    with pytest.raises(StartError, match=r"not finite at the start: F\[y\] = nan"):
        problem.solve([-1.0, 0.0])
    assert problem.solve([0.1, 1.0])["x"] == pytest.approx(1.0, rel=1e-14)


def test_solve_takes_names():
    problem = vortex(compiled=True)
    point = problem.solve({"x": 0.0, "y": 0.1})
    assert_allclose(problem.residual(point), 0.0, atol=1e-15)
    assert_allclose(problem.residual(problem.solve(point)), 0.0, atol=1e-15)


# check


def test_right_derivatives_have_taylor_slope_two():
    report = vortex(_vortex_u, _vortex_p).check()
    assert report
    assert report.slopes["x"] == pytest.approx(2.0, abs=0.05)
    assert report.slopes["y"] == pytest.approx(2.0, abs=0.05)
    assert report.slopes["a"] == math.inf  # F is linear in a
    assert "agree" in str(report)
    assert vortex().check()


def test_a_jacobian_wrong_by_one_percent_fails_and_names_the_entry():
    report = vortex(_vortex_u_off, _vortex_p).check([2.0, 3.0])
    assert not report
    assert report.wrong == ("dF[x]/dy: given -5.05, differences say -5",)
    assert report.slopes["y"] == pytest.approx(1.0, abs=0.1)
    assert report.slopes["x"] == pytest.approx(2.0, abs=0.05)
    assert "dF[x]/dy" in str(report)


def test_a_parameter_derivative_wrong_by_one_percent_fails_too():
    report = vortex(_vortex_u, _vortex_p_off).check([2.0, 3.0])
    assert report.wrong == ("dF[y]/db: given 26.73, differences say 27",)


def test_a_symmetry_that_is_none_is_named():
    report = vortex(_vortex_u, symmetric=True).check([2.0, 3.0])
    assert not report
    assert len(report.wrong) == 1
    assert report.wrong[0].startswith("symmetric=True, but dF[x]/dy = -5 and dF[y]/dx = 1")


def test_check_asks_for_a_point_where_the_residual_is_finite():
    with pytest.raises(ValueError, match="check: the residual is not finite at u = "):
        Problem(lambda u, p, out: out.fill(math.nan), ("u",), {"p": 0.0}, compiled=False).check()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("fold", ()), ("transcritical", ()), ("pitchfork", ()), ("cusp", ()), ("hopf", ()), ("circle", ()),
     ("snake", ()), ("snake_pair", ()), ("brusselator", ()), ("lorenz", ()), ("bratu", (5, 1.0))],
)  # fmt: skip
def test_textbook_derivatives_are_right(name, arguments):
    assert getattr(textbook, name)(*arguments).check()


def test_differences_and_given_derivatives_trace_the_same_branch():
    settings = Settings(step=0.05, max_step=0.05)
    starts = vortex().solve([0.0, 0.1])
    one, two = (trace(q, starts, "a", (0, 1), settings=settings) for q in (vortex(), vortex(_vortex_u, _vortex_p)))
    assert len(one) == len(two)
    assert_allclose(one.unknowns, two.unknowns, rtol=0, atol=1e-9)


# Options.


def _above_one(u, p):
    return 1.0 if u[0] > 1 else 0.0


def _cusp(u, p, out):
    out[0] = p[0] + u[0] - u[0] ** 3


def test_stability_is_as_asked_for():
    none = Problem(_cusp, ("x",), {"mu": 0.0}, stability=None)
    own = Problem(_cusp, ("x",), {"mu": 0.0}, stability=_above_one)
    flow, none, own = (trace(q, [1.0], "mu", (-2, 2)) for q in (textbook.cusp(), none, own))
    assert np.all(none.unstable == -1)
    assert_array_equal(own.unstable, own["x"] > 1)
    assert [p.label for p in none.special] == [p.label for p in own.special] == [p.label for p in flow.special]
    turning = Problem.from_expressions({"x": "p*x - y", "y": "x + p*y"}, {"p": -1.0}, stability=None)
    assert len(trace(turning, [0.0, 0.0], "p", (-1, 1)).special) == 2


def test_two_user_zeros_of_one_function_in_one_step():
    problem = Problem.from_expressions({"u": "p - u"}, {"p": 0.0}, zeros={"z": "u**2 - 0.25"})
    branch = trace(problem, [0.0], "p", (-1, 1), settings=Settings(step=3.0, max_step=3.0))
    assert [point["u"] for point in branch.special if point.kind is Kind.USER] == pytest.approx([-0.5, 0.5])


def test_other_parameters_come_from_the_call_then_the_point_then_the_defaults():
    branch = trace(textbook.cusp(), [math.sqrt(2)], "mu", (-3, 3), parameters={"nu": 2.0})
    assert np.all(branch["nu"] == 2.0)
    again = trace(textbook.cusp(), branch.point(3), "mu", (-3, 3))
    assert np.all(again["nu"] == 2.0)
    assert [p["mu"] for p in again.folds] == pytest.approx([f[0] for f in oracle.cusp_folds(2.0)][::-1], rel=1e-12)
    assert np.all(trace(textbook.cusp(), [1.0], "mu", (-2, 2))["nu"] == 1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"step": -1.0}, "step"), ({"max_step": 0.0}, "max_step"), ({"step": 2.0, "max_step": 1.0}, "larger"),
        ({"min_step": 1.0, "step": 0.1}, "larger"), ({"max_points": 0}, "max_points"), ({"max_points": 1.5}, "whole"),
        ({"tolerance": math.nan}, "tolerance"), ({"newton_iterations": True}, "newton_iterations"),
        ({"max_angle": 2.0}, "pi/2"), ({"step": "a"}, "positive"), ({"max_step": math.inf}, "positive"),
    ],
)  # fmt: skip
def test_settings_refuse_what_can_not_work(options, words):
    with pytest.raises(ValueError, match=words):
        Settings(**options)


def _f(u, p, out):
    out[0] = p[0] - u[0]


BAD_PROBLEMS = [
    (("x",), {"x": 1.0}, {}, ValueError, "parameters: the name 'x' is already one of the states"),
    (("x", "x"), {"p": 1.0}, {}, ValueError, "states: the name 'x' is already"),
    ("x", {"p": 1.0}, {}, ValueError, r"states: wanted a sequence of names, got the text 'x'; write \('x',\)"),
    ((), {"p": 1.0}, {}, ValueError, "states: wanted at least one name"),
    (("",), {"p": 1.0}, {}, ValueError, "states: wanted names, got ''"),
    (("norm",), {"p": 1.0}, {}, ValueError, "states: the name 'norm' is taken"),
    (("x",), ["p"], {}, ValueError, "parameters: wanted a mapping of names to numbers, got list"),
    (("x",), {"p": "one"}, {}, ValueError, r"parameters\['p'\]: wanted a number, got 'one'"),
    (("x",), {"p": 1.0}, {"weights": [1.0]}, ValueError, "weights: wanted 2 positive numbers"),
    (("x",), {"p": 1.0}, {"weights": [1.0, 0.0]}, ValueError, "weights: wanted 2 positive numbers"),
    (("x",), {"p": 1.0}, {"stability": "floe"}, ValueError, "stability: wanted .*got 'floe'"),
    (("x",), {"p": 1.0}, {"constants": [math.nan]}, ValueError, r"constants: wanted finite numbers, got nan at index"),
    (("x",), {"p": 1.0}, {"jacobian": 3}, TypeError, "wanted a function, got int: 3"),
    (("x",), {"p": 1.0}, {"outputs": {"J": "x"}}, TypeError, "wanted a function, got str: 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("states", "parameters", "options", "error", "words"), BAD_PROBLEMS)
def test_a_problem_refuses_what_it_can_not_use(states, parameters, options, error, words):
    with pytest.raises(error, match=words):
        Problem(_f, states, parameters, compiled=False, **options)
