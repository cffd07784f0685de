"""Words with corners: values, and derivatives exact on each side."""

import math

import numba
import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from continuation.expressions import ExpressionError, from_expressions

GRID = (-2.3, -1.0, -0.5, 0.0, 0.4, 1.0, 2.7)
ONE_ARGUMENT = {  # text -> value and derivative by x; both with a = 1
    "max(x, a)": (lambda x: max(x, 1), lambda x: float(x >= 1)),
    "min(x, a, 0)": (lambda x: min(x, 0), lambda x: float(x <= 0)),
    "heav(x)": (lambda x: float(x >= 0), lambda x: 0.0),
    "step(x - a)*x": (lambda x: x if x >= 1 else 0.0, lambda x: float(x >= 1)),
    "floor(x) + ceil(x)": (lambda x: math.floor(x) + math.ceil(x), lambda x: 0.0),
    "mod(x, 2)": (lambda x: x % 2, lambda x: 1.0),
    "x*(x > 0)": (lambda x: max(x, 0.0), lambda x: float(x > 0)),
    "if(x <= a)then(x^2)else(2*x - 1)": (lambda x: x * x if x <= 1 else 2 * x - 1, lambda x: 2 * x if x <= 1 else 2),
    "piecewise(-x, x < -1, 0, x < a, x - a)": (
        lambda x: -x if x < -1 else (0 if x < 1 else x - 1),
        lambda x: -1.0 if x < -1 else float(x >= 1),
    ),
    "(x > -1 and x < a) + 2*(x < -1 or not x < a)": (lambda x: 1 + (x < -1 or x >= 1) if x != -1 else 0, lambda x: 0),
    "(x >= 0 && !(x != a)) + (x == a || x < -2)": (lambda x: 2 * (x == 1) + (x < -2), lambda x: 0),
    "hill(x^2, 2, 2)": (lambda x: x**4 / (4 + x**4), lambda x: 16 * x**3 / (4 + x**4) ** 2),
    "hill(x^2, 3, a, 1)": (lambda x: 3 * x * x / (1 + x * x), lambda x: 6 * x / (1 + x * x) ** 2),
    "ln(pow(2, x))": (lambda x: x * math.log(2), lambda x: math.log(2)),
    "arctan(x)": (math.atan, lambda x: 1 / (1 + x * x)),
    "abs(x)*x": (lambda x: abs(x) * x, lambda x: 2 * abs(x)),
}


@pytest.mark.parametrize("text", list(ONE_ARGUMENT))
def test_values_and_derivatives_on_each_side_plain_and_compiled(text):
    made = from_expressions({"x": text}, ["a"])
    value, slope = ONE_ARGUMENT[text]
    compiled = numba.njit(error_model="numpy")(made.residual), numba.njit(error_model="numpy")(made.jacobian)
    for x in GRID:
        for residual, jacobian in ((made.residual, made.jacobian), compiled):
            out, matrix = np.empty(1), np.empty((1, 1))
            residual(np.array([x]), np.ones(1), out)
            jacobian(np.array([x]), np.ones(1), matrix)
            assert_allclose([out[0], matrix[0, 0]], [value(x), slope(x)], rtol=1e-14, atol=1e-15, err_msg=f"{x}")


@pytest.mark.parametrize("text", list(ONE_ARGUMENT))
def test_second_derivatives_are_those_of_the_side(text):
    made = from_expressions({"x": text}, ["a"])
    _, slope = ONE_ARGUMENT[text]
    for x in (-2.35, -0.45, 0.35, 2.75):
        along = np.array([[1.0, 0.0]] * 2)
        expected = (slope(x + 1e-5) - slope(x - 1e-5)) / 2e-5
        assert_allclose(made.derivative([x], [1.0], along), [expected], rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!x*3", lambda x: 3 * (x == 0)),
        ("2*!x + 1", lambda x: 2 * (x == 0) + 1),
        ("!x == 0", lambda x: x != 0),
        ("!x**2 + 1", lambda x: (x == 0) + 1),
        ("-!x", lambda x: -(x == 0)),
        ("!!x", lambda x: x != 0),
        ("!(x > 0)*2", lambda x: 2 * (x <= 0)),
        ("!x || x > 2", lambda x: x == 0 or x > 2),
        ("not x == 1", lambda x: x != 1),
        ("not x + 1 > 1 and x < 0", lambda x: x < 0),
        ("not not x", lambda x: x != 0),
        ("x > 5 or not x - 1", lambda x: x == 1),
        ("2*(not x)", lambda x: 2 * (x == 0)),
    ],
)
def test_exclamation_mark_binds_as_a_sign_and_not_looser_than_comparisons(text, value):
    made = from_expressions({"x": text}, [])
    for x in (-2.0, 0.0, 1.0, 3.0):
        made.residual(np.array([x]), np.empty(0), out := np.empty(1))
        assert out[0] == float(value(x))


@pytest.mark.parametrize("text", ["2*not x", "x > not x", "-not x", "x**not x", "1 + not(x)*2"])
def test_not_behind_what_binds_more_tightly_is_refused(text):
    with pytest.raises(ExpressionError, match=r"found 'not'.*wanted it in parentheses"):
        from_expressions({"x": text}, [])


def test_gamma_and_erf_compile_and_are_no_exceptions_beyond_their_domains():
    made = from_expressions({"x": "gamma(x)", "y": "erf(y) + erfc(y)"}, [])
    compiled = numba.njit(error_model="numpy")(made.jacobian)
    for x in (0.3, 3.5, -1.5, 20.0, 150.0):
        expected = float(sympy.gamma(x) * sympy.digamma(x))
        for jacobian in (made.jacobian, compiled):
            out = np.empty((2, 2))
            jacobian(np.array([x, x]), np.zeros(0), out)
            assert_allclose(out, [[expected, 0], [0, 0]], rtol=2e-14)
    for x in (0.0, -2.0, 1e4, -1e4, math.nan, math.inf):
        compiled(np.array([x, x]), np.zeros(0), np.empty((2, 2)))


def test_what_is_declared_goes_before_a_word():
    made = from_expressions({"x": "gamma*x + step - floor", "step": "gamma - max"}, ["gamma", "floor", "max"])
    out = np.empty(2)
    made.residual(np.array([2.0, 5.0]), np.array([3.0, 7.0, 11.0]), out)
    assert out.tolist() == [4.0, -8.0]
    with pytest.raises(ExpressionError, match="a product is written with"):
        from_expressions({"x": "gamma(x)"}, ["gamma"])


def test_sympy_says_the_same_words():
    x, a = sympy.symbols("x a")
    pairs = {
        "max(x, a)": sympy.Max(x, a),
        "min(x, 0)": sympy.Min(x, 0),
        "floor(x) + ceil(a*x)": sympy.floor(x) + sympy.ceiling(a * x),
        "heav(x - 2)": sympy.Heaviside(x - 2),
        "mod(x, 3)": sympy.Mod(x, 3),
        "erf(x) + gamma(2 + x**2)": sympy.erf(x) + sympy.gamma(2 + x**2),
        "piecewise(x, x < 1, a, x < 2, 0)": sympy.Piecewise((x, x < 1), (a, x < 2), (0, True)),
        "piecewise(1, (x > 0) and (x < 2) or (x < -2), -1)": sympy.Piecewise(
            (1, sympy.Or(sympy.And(x > 0, x < 2), x < -2)), (-1, True)
        ),
    }
    for text, expression in pairs.items():
        one, other = (from_expressions({"x": right}, ["a"]) for right in (text, expression))
        for value in (-2.5, -0.5, 0.5, 1.5, 3.5):
            out, again = np.empty(1), np.empty(1)
            one.residual(np.array([value]), np.array([0.7]), out)
            other.residual(np.array([value]), np.array([0.7]), again)
            assert_allclose(again, out, rtol=1e-15, err_msg=text)


def test_letters_that_read_the_same_are_one_name():
    made = from_expressions({"\u03bc": "\u03b2*\u00b5 - 1"}, ["\u03b2"])  # the Greek letter, the micro sign
    out = np.empty(1)
    made.residual(np.array([2.0]), np.array([3.0]), out)
    assert out[0] == 5.0
    with pytest.raises(ValueError, match="already the name of a state"):
        from_expressions({"\u03bc": "1"}, ["\u00b5"])
