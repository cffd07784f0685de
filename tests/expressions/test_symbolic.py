"""sympy expressions and numbers as equations: they mean the same, or are refused by name."""

import math

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from continuation.expressions import ExpressionError, from_expressions, from_source

X, Q = sympy.symbols("x q")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    """Generated files of this test only."""
    monkeypatch.setenv("PSEUDOARC_CACHE", str(tmp_path))


def filled(function, shape, *arguments):
    """What `function` writes into an array that held NaN before."""
    function(*arguments, out := np.full(shape, np.nan))
    return out


def test_sympy_input_gives_the_same_system(rng):
    x, a = sympy.Symbol("x", positive=True), sympy.Symbol("a")
    y = sympy.Symbol("y", real=True)
    C = sympy.IndexedBase("C")
    given = {
        "x": a - sympy.Rational(1, 3) * x**2 / y + sympy.sqrt(x) * sympy.pi - sympy.E,
        "y": -sympy.exp(-x) * sympy.Abs(y) + sympy.atan2(y, x) / sympy.Float("0.1") - x**-2 + 2**y - x ** (-x),
        "C[0,1]": (x + y) ** 3 - 1 / (x * (y + a)) + sympy.sign(y) - 3 * (C[0, 1] - 1) / sympy.sqrt(x),
        "z": sympy.Integer(2),
    }
    e = from_expressions(given, ["a"], outputs={"J": x * sympy.Symbol("z")}, zeros={"g": sympy.Rational(-1, 3)})
    assert from_source(e.source).residual is e.residual
    u, p = np.abs(rng.standard_normal(4)) + 0.1, np.array([0.3])
    values = {x: u[0], y: u[1], C[0, 1]: u[2], sympy.Symbol("z"): u[3], a: p[0]}
    expected = [float(f.evalf(30, subs=values)) if f.free_symbols else float(f) for f in given.values()]
    assert_allclose(filled(e.residual, 4, u, p), expected, rtol=1e-14)
    assert e.outputs["J"](u, p) == u[0] * u[3]
    assert e.zeros["g"](u, p) == -1 / 3


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda x, y: x - y, "x - y"),
        (lambda x, y: -x - y, "-x - y"),
        (lambda x, y: -(x + y) / 2, "-x/2 - y/2"),
        (lambda x, y: x / (3 * y**2), "x/(3*y**2)"),
        (lambda x, y: 1 / x, "1/x"),
        (lambda x, y: x**-2, "1/x**2"),
        (lambda x, y: 1 / sympy.sqrt(x), "1/sqrt(x)"),
        (lambda x, y: (x**y) ** y, "(x**y)**y"),
        (lambda x, y: x ** (y**2), "x**(y**2)"),
        (lambda x, y: (-x) ** y, "(-x)**y"),
        (lambda x, y: x * (x + y), "x*(x + y)"),
        (lambda x, y: sympy.Rational(-2, 3) * x, "-2*x/3"),
        (lambda x, y: x ** sympy.Rational(1, 3), "x**(1/3)"),
        (lambda x, y: sympy.Float(0.1) * x, "0.1*x"),
        (lambda x, y: sympy.sin(x) ** 2, "sin(x)**2"),
        (lambda x, y: sympy.Mul(x, sympy.Mul(y, -2, evaluate=False), evaluate=False), None),
        (lambda x, y: sympy.Pow(sympy.Integer(-2), 2, evaluate=False), None),
        (lambda x, y: sympy.Mul(-1, -x, evaluate=False), None),
        (lambda x, y: sympy.Add(x, -(x + y), evaluate=False), None),
        (lambda x, y: sympy.Pow(1 / x, -2, evaluate=False), None),
        (lambda x, y: sympy.Mul(x / y, 1 / (x / y), 3, evaluate=False), None),
    ],
)
def test_sympy_expressions_are_written_so_that_they_mean_the_same(make, text):
    x, y = sympy.symbols("x y")
    e = from_expressions({"x": make(x, y), "y": 0}, [])
    if text:
        assert e.source["equations"]["x"] == text
    for u in ([1.3, 0.7], [2.0, -3.0]):
        expected = complex(make(x, y).evalf(30, subs={x: u[0], y: u[1]}))
        with np.errstate(invalid="ignore"):
            found = filled(e.residual, 2, np.array(u), np.zeros(0))[0]
        assert_allclose(found, expected.real if not expected.imag else np.nan, rtol=1e-15)


@pytest.mark.parametrize(
    ("value", "phrase"),
    [
        (X + Q + sympy.Symbol("k"), "symbols that are not declared: k, q; declared: x, a"),
        (sympy.Symbol("x + y"), "symbol name 'x . y'"),
        (sympy.Symbol("pi"), "pi is a constant"),
        (sympy.Symbol("__import__('os')"), "symbol name"),
        (sympy.zeta(X), "the function 'zeta'"),
        (sympy.Function("foo")(X), "the function 'foo'"),
        (sympy.Function("sin")(X), "the function 'sin'"),
        (sympy.Derivative(sympy.Function("f")(X), X), "Derivative"),
        (sympy.Integral(X, X), "Integral"),
        (X * sympy.I, "ImaginaryUnit"),
        (sympy.oo, "Infinity"),
        (sympy.nan, "NaN"),
        (sympy.true, "BooleanTrue"),
        (sympy.Integer(10) ** 400, "not finite"),
        (sympy.Matrix([X]), "got MutableDenseMatrix"),
        (sympy.Pow(9, sympy.Pow(9, 9, evaluate=False), evaluate=False) * X, "not a finite real number"),
        (sympy.Pow(9, -3_000_000, evaluate=False), "not a finite real number"),
        (math.nan, "not finite"),
        (10**400, "not finite"),
        (np.float64(np.inf), "not finite"),
        (True, "got bool"),
        (1j, "got complex"),
        (None, "got NoneType"),
        (b"x", "got bytes"),
        (lambda u: u, "got function"),
    ],
)
def test_what_is_not_an_expression_is_refused_and_named(value, phrase):
    for arguments in ({"equations": {"x": value}}, {"equations": {"x": 1}, "outputs": {"x1": value}}):
        label = "output 'x1'" if "outputs" in arguments else "equation 'x'"
        with pytest.raises(ExpressionError, match=phrase) as caught:
            from_expressions(**arguments, parameters=["a"])
        assert caught.value.label == label
        assert str(caught.value).startswith(label)


def test_huge_sympy_expressions_are_refused_quickly():
    shared, deep = X, X
    for _ in range(40):
        shared = sympy.sin(shared) + sympy.cos(shared)  # 2**40 terms when written out
    for _ in range(70):
        deep = sympy.sin(deep)
    with pytest.raises(ExpressionError, match="more than 200000 characters|nested deeper"):
        from_expressions({"x": shared}, [])
    with pytest.raises(ExpressionError, match="nested deeper"):
        from_expressions({"x": deep}, [])
