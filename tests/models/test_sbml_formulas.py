"""Formulas of SBML in our own words: the same number, whatever binds how tightly there."""

import math

import pytest

from continuation.expressions.graph import Graph
from continuation.expressions.reading.parsing import parse
from continuation.models.sbml.mathml import FormulaRefused, MathWriter

libsbml = pytest.importorskip("libsbml")

HEAD = '<math xmlns="http://www.w3.org/1998/Math/MathML">'
VALUES = {"k": 1.3, "x": -0.7, "n": 3.0}


def apply(name, *arguments):
    return f"<apply><{name}/>{''.join(arguments)}</apply>"


def ci(name):
    return f"<ci>{name}</ci>"


def cn(value, more=""):
    return f"<cn {more}>{value}</cn>"


def written(mathml):
    node = libsbml.readMathMLFromString(f"{HEAD}{mathml}</math>")
    assert node is not None
    return said(node)


def said(node):
    return MathWriter(libsbml, lambda name: name, lambda: "t").piece(node, {})[0]


def value_of(mathml):
    graph = Graph()
    names = {name: graph.number(value) for name, value in VALUES.items()}
    return graph.value(parse(written(mathml), graph, names))


K, X, N = map(ci, VALUES)
k, x, n = VALUES.values()


@pytest.mark.parametrize(
    ("mathml", "value"),
    [
        (apply("power", apply("power", K, N), cn(2)), (k**3) ** 2),
        (apply("power", K, apply("power", N, cn(2))), k**9),
        (apply("power", cn(-2), cn(2)), 4),
        (apply("power", cn(-2, 'type="integer"'), cn(2)), 4),
        (apply("power", apply("minus", X), cn(2)), x * x),
        (apply("minus", apply("power", X, cn(2))), -x * x),
        (apply("power", cn("1<sep/>3", 'type="rational"'), cn(2)), 1 / 9),
        (apply("power", cn("-2<sep/>1", 'type="e-notation"'), cn(2)), 400),
        (apply("power", apply("times", K, N), cn(2)), (k * n) ** 2),
        (apply("power", apply("root", K), cn(2)), k),
        (apply("power", apply("root", f"<degree>{N}</degree>", K), N), k),
        (apply("minus", K, apply("minus", N, X)), k - (n - x)),
        (apply("minus", K, apply("minus", X)), k + x),
        (apply("divide", K, apply("divide", N, X)), k / (n / x)),
        (apply("divide", K, apply("times", N, X)), k / (n * x)),
        (apply("times", apply("plus", K, N, X), apply("minus", X)), (k + n + x) * -x),
        (apply("times", K, apply("not", apply("gt", X, cn(0)))), k),
        (apply("times", apply("not", apply("gt", X, cn(0))), K), k),
        (apply("not", apply("and", apply("gt", K, cn(0)), apply("gt", X, cn(0)))), 1),
        (apply("eq", apply("lt", X, K), apply("lt", N, K)), 0),
        (apply("lt", X, K, N), 1),
        (apply("lt", K, N, X), 0),
        (apply("or", apply("and", cn(0), cn(1)), apply("xor", cn(1), cn(1), cn(1))), 1),
        (apply("xor", cn(1), cn(1)), 0),
        (apply("and"), 1),
        (apply("plus"), 0),
        (apply("log", f"<logbase>{cn(2)}</logbase>", K), math.log2(k)),
        (apply("log", K), math.log10(k)),
        (apply("ln", K), math.log(k)),
        (apply("arccot", K), math.atan(1 / k)),
        (apply("arcsech", cn(0.5)), math.acosh(2)),
        (apply("power", apply("sec", K), cn(2)), 1 / math.cos(k) ** 2),
        (apply("factorial", N), 6),
        (apply("floor", X), -1),
        (apply("ceiling", X), 0),
        (cn("2.5<sep/>-3", 'type="e-notation"'), 2.5e-3),
        (f"<piecewise><piece>{K}{apply('lt', X, cn(0))}</piece><otherwise>{N}</otherwise></piecewise>", k),
        (apply("times", cn(2), "<exponentiale/>", "<pi/>", "<true/>"), 2 * math.e * math.pi),
    ],
)
def test_formulas_keep_their_value(mathml, value):
    assert value_of(mathml) == pytest.approx(value, rel=1e-14, abs=1e-15)


def test_units_of_numbers_are_not_written():
    level3 = 'xmlns:sbml="http://www.sbml.org/sbml/level3/version1/core" sbml:units="mole"'
    assert written(apply("times", cn("2.5", level3), K)) == "2.5*k"


@pytest.mark.parametrize(
    ("formula", "value"),
    [("rem(-7, 3)", -1), ("rem(7, -3)", 1), ("quotient(-7, 3)", -2), ("max(k)", 1.3), ("max(k, n, x)", 3.0)],
)
def test_quotients_go_towards_zero(formula, value):
    node = libsbml.parseL3Formula(formula)
    text, graph = said(node), Graph()
    assert graph.value(parse(text, graph, {name: graph.number(v) for name, v in VALUES.items()})) == value


@pytest.mark.parametrize(("mathml", "words"), [("<notanumber/>", "nan"), ("<infinity/>", "inf")])
def test_numbers_that_are_not_finite_are_refused(mathml, words):
    with pytest.raises(FormulaRefused, match=rf"the number {words}: wanted a finite one"):
        written(mathml)
