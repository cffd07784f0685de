"""One system, four ways to write it: compiled, plain Python, text, sympy.  All give the same special points."""

import functools
import types
import warnings

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from continuation import Problem, Settings, trace

FORMS = ("compiled", "python", "text", "sympy")


def _cusp(u, p, out):
    out[0] = p[0] + p[1] * u[0] - u[0] ** 3


def _cusp_u(u, p, out):
    out[0, 0] = p[1] - 3 * u[0] ** 2


def _cusp_p(u, p, k, out):
    out[0] = 1.0 if k == 0 else u[0]


def _brusselator(u, p, out):
    out[0] = p[0] - (p[1] + 1) * u[0] + u[0] ** 2 * u[1]
    out[1] = p[1] * u[0] - u[0] ** 2 * u[1]


def _brusselator_u(u, p, out):
    out[0, 0], out[0, 1] = 2 * u[0] * u[1] - p[1] - 1, u[0] ** 2
    out[1, 0], out[1, 1] = p[1] - 2 * u[0] * u[1], -(u[0] ** 2)


def _brusselator_p(u, p, k, out):
    out[0], out[1] = (1.0, 0.0) if k == 0 else (-u[0], u[0])


def _bratu(u, p, out):
    out[0] = 9 * (u[1] - 2 * u[0]) + p[0] * np.exp(u[0])
    out[1] = 9 * (u[0] - 2 * u[1]) + p[0] * np.exp(u[1])


def _bratu_u(u, p, out):
    out[0, 0], out[0, 1] = -18 + p[0] * np.exp(u[0]), 9.0
    out[1, 0], out[1, 1] = 9.0, -18 + p[0] * np.exp(u[1])


def _bratu_p(u, p, k, out):
    out[0], out[1] = np.exp(u[0]), np.exp(u[1])


SYSTEMS = {  # functions, equations, parameters, and start, parameter, span of a trace with its special points
    "cusp": (
        (_cusp, _cusp_u, _cusp_p),
        {"x": "mu + nu*x - x**3"},
        {"mu": 0.0, "nu": 1.0},
        ([1.0], "mu", (-2, 2)),
        {"LP1": 0.384900179459751, "LP2": -0.384900179459751},
    ),
    "brusselator": (
        (_brusselator, _brusselator_u, _brusselator_p),
        {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"},
        {"a": 1.0, "b": 1.0},
        ([1.0, 1.0], "b", (0, 5)),
        {"HB1": 2.0},
    ),
    "bratu": (
        (_bratu, _bratu_u, _bratu_p),
        {"u1": "9*(u2 - 2*u1) + lam*exp(u1)", "u2": "9*(u1 - 2*u2) + lam*exp(u2)"},
        {"lam": 0.0},
        ([0.0, 0.0], "lam", (0, 4)),
        {"LP1": 3.310914970542981, "BP1": 1.344250845932},
    ),
}


@functools.cache
def problem(system, form):
    (f, jacobian, derivative), equations, parameters, _, _ = SYSTEMS[system]
    if form in ("compiled", "python"):
        options = {"jacobian": jacobian, "parameter_derivative": derivative, "compiled": form == "compiled"}
        return Problem(f, tuple(equations), parameters, **options)
    if form == "sympy":
        equations = {name: sympy.sympify(text) for name, text in equations.items()}
    return Problem.from_expressions(equations, parameters)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_all_forms_give_the_same_special_points(system, form):
    *_, (start, vary, span), expected = SYSTEMS[system]
    settings = Settings(max_points=150)
    branch = trace(problem(system, form), start, vary, span, settings=settings)
    reference = trace(problem(system, "compiled"), start, vary, span, settings=settings)
    points = {p.label: p[vary] for p in branch.special if not p.label.startswith("EP")}
    assert points == pytest.approx(expected, rel=3e-13)
    assert len(branch) == len(reference)
    for label in points:
        assert_allclose(branch[label].state, reference[label].state, rtol=1e-12)
        assert branch[label].located
    assert_allclose(branch.unknowns[-1], reference.unknowns[-1], rtol=1e-9)
    assert branch.effort["steps"] == reference.effort["steps"]


@pytest.mark.parametrize("form", FORMS)
def test_a_problem_says_whether_it_is_compiled(form):
    assert problem("cusp", form).compiled is (form != "python")
    assert ("plain Python" in repr(problem("cusp", form))) is (form == "python")


OBJECT = types.SimpleNamespace(power=3)  # not for numba


def _refused(u, p, out):
    out[0] = p[0] + u[0] - u[0] ** OBJECT.power


def _refused_too(u, p):
    return u[0] * OBJECT.power


def test_what_numba_refuses_runs_as_python_with_one_warning():
    with pytest.warns(RuntimeWarning, match="_refused runs as plain Python.*numba refuses it: .{15,}") as caught:
        slow = Problem(_refused, ("x",), {"mu": 0.0}, outputs={"triple": _refused_too})
    assert len(caught) == 1
    assert not slow.compiled
    branch = trace(slow, [1.0], "mu", (-2, 2))
    assert [point["mu"] for point in branch.folds] == pytest.approx([0.384900179459751, -0.384900179459751], rel=1e-12)
    assert_allclose(branch["triple"], 3 * branch["x"])


def test_no_warning_where_python_was_asked_for():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not Problem(_refused, ("x",), {"mu": 0.0}, compiled=False).compiled


def test_compiled_true_makes_the_refusal_an_error():
    with pytest.raises(TypeError, match="compiled=True, but numba refuses _refused: .{15,}"):
        Problem(_refused, ("x",), {"mu": 0.0}, compiled=True)
    assert Problem(_cusp, ("x",), {"mu": 0.0, "nu": 1.0}, compiled=True).compiled


def test_a_callable_object_is_a_function_too():
    class Scaled:
        def __init__(self, factor):
            self.factor = factor

        def __call__(self, u, p, out):
            out[0] = p[0] - self.factor * u[0] ** 2

    fold = Problem(Scaled(4.0), ("x",), {"p": 1.0}, compiled=False)
    branch = trace(fold, [0.5], "p", (-1, 1))
    assert fold.name == "Scaled"
    assert_allclose(branch["x"] ** 2 * 4, branch.parameter, atol=1e-12)


def test_closures_with_other_values_are_other_functions():
    def fold(level):
        def f(u, p, out):
            out[0] = p[0] - level - u[0] ** 2

        return Problem(f, ("x",), {"p": level + 1})

    for level in (0.0, 1.0, -2.5):
        branch = trace(fold(level), [1.0], "p", (level - 1, level + 1))
        assert branch["LP1"]["p"] == pytest.approx(level, abs=1e-10)
