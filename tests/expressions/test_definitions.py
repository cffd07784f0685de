"""Quantities and functions defined beside the equations."""

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from continuation import Problem
from continuation.expressions import ExpressionError, from_expressions, from_source

MORRIS_LECAR = {
    "minf": "0.5*(1 + tanh((v - v1)/v2))",
    "winf": "S((v - v3)/v4)",
    "S(x)": "0.5*(1 + tanh(x))",
    "I(g, e)": "g*(v - e)",  # v is the state
    "ionic": "I(gca*minf, 1) + I(gk*w, vk)",
    "gk": "2*gca",
}


def test_definitions_in_any_order_equal_the_equations_written_out(rng):
    short = from_expressions(
        {"v": "i - ionic", "w": "winf - w"}, ["i", "v1", "v2", "v3", "v4", "gca", "vk"], definitions=MORRIS_LECAR
    )
    v, gca, w = "v", "gca", "w"
    ionic = f"gca*(0.5*(1 + tanh((v - v1)/v2)))*({v} - 1) + (2*{gca})*{w}*(v - vk)"
    long = from_expressions({"v": f"i - ({ionic})", "w": "0.5*(1 + tanh((v - v3)/v4)) - w"}, short.parameters)
    for _ in range(5):
        u, p = rng.standard_normal(2), rng.uniform(0.5, 2, 7)
        for name, shape in (("residual", 2), ("jacobian", (2, 2))):
            found, expected = np.empty(shape), np.empty(shape)
            getattr(short, name)(u, p, found)
            getattr(long, name)(u, p, expected)
            assert_allclose(found, expected, rtol=1e-14)
        directions = rng.standard_normal((2, 9))
        assert_allclose(short.derivative(u, p, directions), long.derivative(u, p, directions), rtol=1e-12)


def test_functions_of_functions_are_built_once_for_each_argument():
    depth = 40  # 2**40 calls if each were built anew
    definitions = {"f0(x)": "x/2"} | {f"f{k}(x)": f"f{k - 1}(x) + f{k - 1}(x)" for k in range(1, depth)}
    made = from_expressions({"x": f"f{depth - 1}(x)"}, [], definitions=definitions)
    made.residual(np.array([3.0]), np.empty(0), out := np.empty(1))
    assert out[0] == 1.5 * 2.0 ** (depth - 1)


def test_calls_without_end_are_refused():
    definitions = {"f0(x)": "x"} | {f"f{k}(x)": f"f{k - 1}(x + {k}) + f{k - 1}(x*{k})" for k in range(1, 40)}
    with pytest.raises(ExpressionError, match="more than 50000 calls"):
        from_expressions({"x": "f39(x)"}, [], definitions=definitions)


def test_errors_of_long_names_are_short():
    head = f"f({', '.join(f'argument_of_a_long_name_{k}' for k in range(1000))})"
    with pytest.raises(ExpressionError) as caught:
        from_expressions({"x": "x"}, [], definitions={head: "q"})
    assert len(caught.value.summary) <= 500
    assert caught.value.label == f"definition {head!r}"
    assert caught.value.summary.endswith(" more")


def test_arguments_hide_other_names_and_outputs_may_use_definitions():
    made = from_expressions(
        {"x": "f(2) + q"},
        ["a"],
        outputs={"twice": "2*q"},
        definitions={"f(a)": "a*x", "q": "a + g(x, 1)", "g(y, x)": "y - x"},
    )
    out = np.empty(1)
    made.residual(np.array([3.0]), np.array([10.0]), out)
    assert out[0] == 2 * 3 + (10 + 3 - 1)
    assert made.outputs["twice"](np.array([3.0]), np.array([10.0])) == 24.0
    assert from_source(made.source).source == made.source


def test_sympy_expressions_may_use_definitions_and_be_ones():
    x, a = sympy.symbols("x a")
    rate = sympy.Function("rate")
    made = from_expressions({"x": rate(x) - a}, ["p"], definitions={"a": sympy.Symbol("p") ** 2, "rate(y)": "3*y"})
    out = np.empty(1)
    made.residual(np.array([2.0]), np.array([2.0]), out)
    assert out[0] == 2.0


@pytest.mark.parametrize(
    ("definitions", "phrase"),
    [
        ({"a": "b + 1", "b": "2*c", "c": "a"}, "defined by itself: a -> b -> c -> a|b -> c -> a -> b|c -> a -> b -> c"),
        ({"f(y)": "y*f(y - 1)"}, r"definition 'f\(y\)'.*defined by itself: f -> f"),
        ({"a": "x + nothing"}, "definition 'a', line 1, column 5: unknown name 'nothing'"),
        ({"f(y)": "y + z"}, r"definition 'f\(y\)', line 1, column 5: unknown name 'z'"),
        ({"f(y)": "sqrt(y - 9)", "a": "f(1)"}, r"definition 'f\(y\)'.*not a finite real number"),
        ({"x": "1"}, "definition name 'x': already the name of a state"),
        ({"p": "1"}, "definition name 'p': already the name of a parameter"),
        ({"f(y": "1"}, "wanted a name, or a name with its arguments"),
        ({"f(y, y)": "1"}, "argument of f name 'y': already"),
        ({"sin(y)": "1"}, "definition name 'sin': sin is a function"),
        ({"f(y)": "y", "a": "f(1, 2)"}, "f takes 1 argument, got 2"),
        ({"f(y)": "y", "a": "f"}, r"wanted '\(' after the function f"),
        ([("a", 1)], "definitions: wanted a mapping"),
    ],
)
def test_bad_definitions_are_named(definitions, phrase):
    with pytest.raises(ValueError, match=phrase):
        from_expressions({"x": "x"}, ["p"], definitions=definitions)


def test_long_chains_need_no_stack_and_deep_calls_are_refused():
    chain = {f"a{k}": f"a{k + 1} + 1" for k in range(3000)} | {"a3000": "x"}
    made = from_expressions({"x": "a0"}, [], definitions=chain)
    out = np.empty(1)
    made.residual(np.array([1.0]), np.zeros(0), out)
    assert out[0] == 3001.0
    nested = {f"f{k}(y)": f"f{k + 1}(y) + 1" for k in range(300)} | {"f300(y)": "y"}
    with pytest.raises(ExpressionError, match="functions within functions, deeper than"):
        from_expressions({"x": "f0(x)"}, [], definitions=nested)


def test_doubling_definitions_do_not_explode():
    doubling = {f"a{k}": f"a{k + 1}*a{k + 1} + a{k + 1}" for k in range(60)} | {"a60": "x/2"}
    made = from_expressions({"x": "a0"}, [], definitions=doubling)
    matrix = np.empty((1, 1))
    made.jacobian(np.zeros(1), np.zeros(0), matrix)
    assert matrix[0, 0] == 0.5


def test_a_number_with_an_underscore_is_none():
    with pytest.raises(ValueError, match=r"found '_0'|'1_0'"):
        Problem.from_expressions({"x": "a - x"}, {"a": "1_0"})


def test_a_name_is_computed_once():
    """A parameter given by an expression and a definition of the same name: neither wins in silence."""
    with pytest.raises(ValueError, match="definitions: 'q' is computed in `parameters` already"):
        Problem.from_expressions({"x": "p - q*x"}, {"p": 1.0, "q": "p + 1"}, definitions={"q": "p**2"})
