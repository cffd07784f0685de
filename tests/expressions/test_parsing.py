"""The parser against Python's own grammar, then everything it must refuse, with the place."""

import ast
import math
import operator
import re
import subprocess
import sys
import time
import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from continuation.expressions.calculus import ARITY, FUNCTIONS, evaluate_constant
from continuation.expressions.graph import Graph
from continuation.expressions.naming import declare_names
from continuation.expressions.reading.parsing import MAX_DEPTH, MAX_LENGTH, ExpressionError, parse

VALUES = {"x": 0.75, "y": -1.25, "C[0,1]": 3.0}


def parsed(text, names=tuple(VALUES), label="equation 'x'"):
    """The graph and the root of `text`."""
    graph = Graph()
    return graph, parse(text, graph, {name: graph.variable(k) for k, name in enumerate(names)}, label)


def refused(text):
    """The error that `text` meets; None if it is accepted."""
    try:
        parsed(text)
    except ExpressionError as error:
        return error


def evaluated(text):
    """`text` at VALUES, computed node by node; NaN where an operation has no finite real value."""
    graph, root = parsed(text)
    values = {}
    for node in graph.reachable([root]):
        operation, *operands = graph.nodes[node]
        if operation == "number":
            values[node] = operands[0]
        elif operation == "variable":
            values[node] = list(VALUES.values())[operands[0]]
        else:
            arguments = [values[i] for i in operands]
            values[node] = finite(lambda *v, operation=operation: evaluate_constant(operation, *v), *arguments)
    return values[root]


# The oracle: Python's parser, floats for all numbers.

BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
NAMED = {
    "abs": abs,
    "sign": lambda x: math.copysign(1.0, x) if x else 0.0,
    "pi": math.pi,
    "hypot": math.hypot,
} | {name: getattr(math, name) for name in ARITY if hasattr(math, name)}


def finite(function, *arguments):
    """The value where it is real and finite, else NaN."""
    try:
        value = function(*arguments)
    except (ArithmeticError, ValueError):
        return math.nan
    return value if not isinstance(value, complex) and math.isfinite(value) else math.nan


def reference(node):
    """Python's value of a syntax tree at VALUES."""
    if isinstance(node, ast.Constant):
        return float(node.value)
    if isinstance(node, ast.UnaryOp):
        return -reference(node.operand) if isinstance(node.op, ast.USub) else reference(node.operand)
    if isinstance(node, ast.BinOp):
        return finite(BINARY[type(node.op)], reference(node.left), reference(node.right))
    if isinstance(node, ast.Call):
        return finite(NAMED[node.func.id], *map(reference, node.args))
    name = ast.unparse(node).replace(" ", "").replace("[(", "[").replace(")]", "]")
    return VALUES[name] if name in VALUES else NAMED[name]


def python(text):
    """Python's value of `text`."""
    return reference(ast.parse(text, mode="eval").body)


ATOMS = st.sampled_from(["x", "y", "C[0,1]", "C[0, 1]", "pi", "2", "3", "0.5", "1e-3", ".25", "7.", "1E2", "0"])
OPERATORS = st.sampled_from(["+", "-", "*", "/", "**", " + ", " - ", " * ", " / ", " ** ", "\t**\n", "*-", "--", "**-"])


def larger(inner):
    """Texts joined without parentheses, so that precedence decides what they mean."""
    one = [name for name, arity in ARITY.items() if arity == 1 and name != "cbrt"]  # math has it from 3.11 on only
    return st.one_of(
        st.tuples(inner, OPERATORS, inner).map("".join),
        inner.map("-{}".format),
        inner.map("+{}".format),
        inner.map("( {} )".format),
        st.tuples(st.sampled_from(one), inner).map(lambda pair: f"{pair[0]}({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"atan2({pair[0]}, {pair[1]})"),
    )


@given(st.recursive(ATOMS, larger, max_leaves=12))
@settings(max_examples=400)
def test_texts_mean_what_they_mean_in_python(text):
    expected, error = python(f"({text})"), refused(text)
    if error:
        assert math.isnan(expected) or "division by zero" in error.summary or "base is a constant" in error.summary
    else:
        found = evaluated(text)
        assert found == expected or (math.isnan(found) and math.isnan(expected))


@given(st.text(alphabet="xy()[]*/+-.,0129eE \n\t^=_'\"\\\x00\x7f\u00e9\u0445\uff11sinlogpC", max_size=40))
@settings(max_examples=400)
def test_any_text_is_parsed_or_refused_at_a_place_inside_it(text):
    if error := refused(text):
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert f"line {error.line}, column {error.column}" in error.summary
        assert str(error).startswith(error.summary)
        assert str(error).isascii()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("2**3**2", 512.0),
        ("(2**3)**2", 64.0),
        ("-2**-2", -0.25),
        ("2 - 3 - 4", -5.0),
        ("2/4/4", 0.125),
        ("2*3/4*2", 3.0),
        ("2 - -3", 5.0),
        ("--2", 2.0),
        ("+-+2", -2.0),
        ("-3*2", -6.0),
        ("2*-3", -6.0),
        ("1/2", 0.5),
        ("1 + 2*3", 7.0),
        ("(1 + 2)*3", 9.0),
        ("1e2 + .5 + 1. + 2.5E-1 + 2e+0", 103.75),
        ("sqrt(2)**2 - 2", math.sqrt(2) ** 2 - 2),
        ("atan2(1, -1)", 3 * math.pi / 4),
        ("sign(-3) + sign(0)", -1.0),
        ("2*\n  pi", 2 * math.pi),
        ("0**0", 1.0),
        ("(-8)**3", -512.0),
    ],
)
def test_precedence_and_constants(text, value):
    graph, root = parsed(text)
    assert graph.value(root) == value


def test_powers_are_right_associative_for_variables_too():
    x = VALUES["x"]
    assert evaluated("-x**2**0.5") == -(x ** (2**0.5))
    assert evaluated("2**-x**2") == 2 ** (-(x**2))


def test_equal_subexpressions_are_one_node_and_the_order_written_is_kept():
    graph, root = parsed("sin(x*y) + sin(y*x)")
    assert graph.nodes[root][1] == graph.nodes[root][2]
    graph, root = parsed("0*log(y)")  # a user's zero is not ours to simplify
    assert graph.value(root) is None


REFUSED = [
    ("", 1, 1, "the text is empty"),
    (" \n  ", 2, 3, "the text is empty"),
    ("x +", 1, 4, "the text ends here, wanted a number, a name or '\\('"),
    ("(x", 1, 3, r"the text ends here, wanted an operator or '\)'"),
    ("x)", 1, 2, r"found '\)', wanted an operator or the end"),
    ("()", 1, 2, r"found '\)', wanted a number"),
    ("2x", 1, 2, "found 'x'.*written with *"),
    ("x(y + 1)", 1, 2, r"found '\('.*written with *"),
    ("(x)(y)", 1, 4, r"found '\('.*written with *"),
    ("x y", 1, 3, "found 'y', wanted an operator or the end"),
    ("1.2.3", 1, 4, "found '.3'"),
    ("0x10", 1, 2, "found 'x10'"),
    ("1_000", 1, 2, "found '_000'"),
    ("1j", 1, 2, "found 'j'"),
    ("x // 2", 1, 4, "found '/'"),
    ("x % 2", 1, 3, r"found '%'.*mod\(a, b\)"),
    ("x^", 1, 3, "wanted a number"),
    ("0 < x < 2", 1, 7, "two comparisons in a row"),
    ("x + (y =! 2)", 1, 8, "found '='"),
    ("if x > 0 then x", 1, 1, "unknown name 'if'"),
    ("if(x > 0)x", 1, 10, r"wanted then: a choice is written if\(condition\)then\(a\)else\(b\)"),
    ("hill(x, y)", 1, 1, "hill takes 3 or more arguments, got 2"),
    ("max(x)", 1, 1, "max takes 2 or more arguments, got 1"),
    ("x, y", 1, 2, "found ','"),
    ("x = 2", 1, 3, "found '='.*right-hand side alone"),
    ("x; y", 1, 2, "found ';'"),
    ("x if y else y", 1, 3, "found 'if'"),
    ("lambda: 1", 1, 7, "found ':'"),
    ("x\n + y\n + $", 3, 4, r"found '\$'"),
    ("x.real", 1, 2, r"found '\.'.*no attributes"),
    ("np.sin(x)", 1, 3, r"found '\.'"),
    ("__import__('os').system('true')", 1, 1, "unknown function '__import__'"),
    ("__import__(x)", 1, 1, "unknown function '__import__'"),
    ("eval(x)", 1, 1, "unknown function 'eval'"),
    ("sinn(x)", 1, 1, "did you mean sin"),
    ("Heaviside(x)", 1, 1, "unknown function 'Heaviside'"),
    ("x + X", 1, 5, r"unknown name 'X'; did you mean x\?; declared: x, y, C\[0,1\]"),
    ("e", 1, 1, r"unknown name 'e'; write exp\(1\)"),
    ("True", 1, 1, "unknown name 'True'"),
    ("C", 1, 1, r"unknown name 'C'; did you mean C\[0,1\]"),
    ("C[1,0]", 1, 1, r"unknown name 'C\[1,0\]'"),
    ("C[x]", 1, 2, r"found '\['.*whole numbers"),
    ("C[0,", 1, 2, r"found '\['"),
    ("sin", 1, 4, r"the text ends here, wanted '\(' after the function sin"),
    ("sin x", 1, 5, r"found 'x', wanted '\('"),
    ("x + sin(x, y)", 1, 5, "sin takes 1 argument, got 2"),
    ("sin()", 1, 1, "sin takes 1 argument, got 0"),
    ("atan2(x)", 1, 1, "atan2 takes 2 arguments, got 1"),
    ("sin(x", 1, 6, r"wanted an operator or '\)'"),
    ("pi(2)", 1, 3, r"found '\('"),
    ("1 + 1/0", 1, 6, "division by zero"),
    ("x/(2 - 2)", 1, 2, "division by zero"),
    ("9**9**9**9", 1, 5, "not a finite real number"),
    ("9**9999999", 1, 2, "not a finite real number"),
    ("x + (-8)**(1/3)", 1, 9, "not a finite real number"),
    ("1e308*10", 1, 6, "not a finite real number"),
    ("x*log(0)", 1, 3, "not a finite real number"),
    ("sqrt(-1)", 1, 1, "not a finite real number"),
    ("exp(1000)", 1, 1, "not a finite real number"),
    ("0**-1", 1, 2, "not a finite real number"),
    ("(-2)**x", 1, 5, "the base is a constant that is not positive"),
    ("1e400", 1, 1, "number '1e400' is too large"),
    ("9" * 400, 1, 1, "is too large"),
    ("\u0445 + 1", 1, 1, r"unknown name '\\u0445'"),
    ("x \u2212 1", 1, 3, r"U\+2212 \(MINUS SIGN\)"),
    ("\uff11", 1, 1, r"U\+FF11"),
    ("x\u00a0+ 1", 1, 2, r"U\+00A0"),
    ("\ud800", 1, 1, r"U\+D800"),
    ("x\x00", 1, 2, r"found '\\x00'"),
    ("x \\\n + 1", 1, 3, "found '"),
    (None, 1, 1, "wanted text, got NoneType"),
    (True, 1, 1, "wanted text, got bool"),
    (b"x", 1, 1, "wanted text, got bytes"),
    (2.0, 1, 1, "wanted text, got float"),
]


@pytest.mark.parametrize(("text", "line", "column", "phrase"), REFUSED)
def test_refusals_name_label_place_and_reason(text, line, column, phrase):
    with pytest.raises(ExpressionError, match=phrase) as caught:
        parsed(text)
    error = caught.value
    assert (error.label, error.line, error.column) == ("equation 'x'", line, column)
    assert error.summary.startswith(f"equation 'x', line {line}, column {column}: ")
    assert "\n" not in error.summary


def test_the_caret_stands_below_the_place_however_long_the_line():
    with pytest.raises(ExpressionError) as caught:
        parsed("x + " * 1000 + "\n" + "y + " * 1000 + "@ + x" + " + y" * 1000)
    _, excerpt, caret = str(caught.value).split("\n")
    assert caught.value.line == 2
    assert excerpt[caret.index("^")] == "@"
    assert len(excerpt) <= 64


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10**7,
        "(" * MAX_LENGTH,
        "-" * MAX_LENGTH,
        "sin(" * (MAX_LENGTH // 4),
        "x**" * (MAX_LENGTH // 3),
        "x" * MAX_LENGTH,
        "[" * MAX_LENGTH,
        "C[" + "1," * (MAX_LENGTH // 2 - 1),
        "9" * MAX_LENGTH,
        "1e" + "9" * (MAX_LENGTH - 2),
        "**".join(["9"] * 1000),
        "x" * 10**7,
    ],
)
def test_hostile_texts_are_refused_quickly_with_a_short_message(text):
    start = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        parsed(text)
    assert time.process_time() - start < 2  # measured: at most 0.1
    assert len(str(caught.value)) < 400


def test_limits_are_where_they_are_said_to_be():
    parsed("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH)
    with pytest.raises(ExpressionError, match=f"column {MAX_DEPTH + 1}: nested deeper"):
        parsed("(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1))
    graph, _ = parsed(("x+" * MAX_LENGTH)[: MAX_LENGTH - 1])
    assert len(graph.nodes) == MAX_LENGTH // 2 + 2  # x, sums, and the three declared names
    with pytest.raises(ExpressionError, match=f"column {MAX_LENGTH + 1}: longer than"):
        parsed("x" + " " * MAX_LENGTH)


def test_a_graph_has_a_largest_size(monkeypatch):
    monkeypatch.setattr("continuation.expressions.graph.MAX_NODES", 100)
    with pytest.raises(ValueError, match="more than 100 operations"):
        parsed("*".join(f"sin({k}*x)" for k in range(100)))


def test_large_exponents_of_variables_are_floats():
    graph, root = parsed("(9*x)**99999999999")
    assert graph.value(graph.operands(root)[1]) == 99999999999.0


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "_a1",
        "C[0,1]",
        "w[10,2,3]",
        "b[0]",
        "lambda",
        "E",
        "e",
        "I",
        "S",
        "N",
        "Q",
        "\u03bb",
        "x\u0445",
        "gamma",
        "step",
    ],
)
def test_names_that_can_be_declared_mean_what_was_declared(name):
    assert declare_names([name], "state", {}) == {name: "state"}
    graph, root = parsed(f"2*{name}", names=(name,))
    assert graph.nodes[root] == ("multiply", graph.variable(0), graph.number(2.0))


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("", "wanted letters"),
        ("2x", "wanted letters"),
        ("x y", "wanted letters"),
        ("x\n", "wanted letters"),
        ("x.y", "wanted letters"),
        ("\u2212x", "wanted letters"),
        ("C[0, 1]", "wanted letters"),
        ("C[00]", "wanted letters"),
        ("C[-1]", "wanted letters"),
        ("C[]", "wanted letters"),
        ("C[i]", "wanted letters"),
        ("sin", "sin is a function"),
        ("abs[0]", "abs is a function"),
        ("pi", "pi is a constant"),
        ("True", "True is a keyword"),
        ("if", "if is a keyword"),
        ("y", "already the name of a state"),
        (3, "wanted text, got int"),
        (None, "wanted text, got NoneType"),
        ("x" * 101, "longer than 100"),
    ],
)
def test_names_that_cannot_be_declared(name, phrase):
    with pytest.raises(ValueError, match=f"^parameter name .*{phrase}") as caught:
        declare_names([name], "parameter", {"y": "state"})
    assert len(str(caught.value)) < 200


def test_a_name_declared_twice_is_refused_and_the_given_names_are_not_changed():
    taken = {"x": "state"}
    with pytest.raises(ValueError, match="already the name of a parameter"):
        declare_names(["a", "a"], "parameter", taken)
    assert taken == {"x": "state"}


def test_long_lists_of_names_are_cut_in_messages():
    names = [f"u{k}" for k in range(128)]
    with pytest.raises(ExpressionError, match="and 116 more") as caught:
        parsed("velocity", names)
    assert len(str(caught.value)) < 300


def test_functions_fold_to_numpy_values():
    for name, function in FUNCTIONS.items():
        argument = 1.5 if name == "acosh" else 0.5
        home, _, own = function.python.rpartition(".")
        expected = getattr({"np": np, "math": math}[home or "math"], own)(argument)
        assert evaluate_constant(name, argument) == pytest.approx(expected, rel=4e-16), name


def test_neither_sympy_nor_numba_is_imported_for_parsing():
    code = "import continuation.expressions.reading.parsing, sys; print(*{'sympy', 'numba'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_every_ascii_character_outside_the_grammar_is_refused_where_it_stands():
    for character in map(chr, range(128)):
        if not re.match(r"[A-Za-z0-9_ \t\r\n.+\-*/(),!]", character):
            with pytest.raises(ExpressionError) as caught:
                parsed(f"x + {character}")
            assert caught.value.column == 5, unicodedata.name(character, hex(ord(character)))
