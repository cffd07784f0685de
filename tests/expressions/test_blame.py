"""What is not finite at a start is said in the words of the model."""

import pytest

from continuation import Problem, trace
from continuation.expressions import from_expressions
from continuation.ground.status import StartError


@pytest.mark.parametrize(
    ("text", "x", "said"),
    [
        ("p*(25 - x)/(exp(0.1*(25 - x)) - 1)", 25.0, "p*(25 - x)/(exp(0.1*(25 - x)) - 1) is 0/0 at x = 25, p = 2"),
        ("1 + p/x", 0.0, "p/x is 2/0 at x = 0, p = 2"),
        ("x + log(x - 1)", 0.5, "log(x - 1) is log(-0.5) at x = 0.5"),
        ("(x - 1)**0.5", 0.0, "(x - 1)**0.5 is (-1)**0.5 at x = 0"),
        ("exp(exp(x))", 9.0, "exp(exp(x)) is exp(8103) at x = 9"),
        ("sqrt(x) - p", 4.0, ""),
    ],
)
def test_the_innermost_part_is_quoted_with_its_values(text, x, said):
    assert from_expressions({"x": text}, ["p"]).blame([x], [2.0]) == said


def test_starts_say_it():
    cell = Problem.from_expressions(
        {"v": "i - a*v", "w": "b - w"}, {"i": 1.0}, definitions={"a": "v/(exp(v) - 1)", "b": "1"}
    )
    for call in (lambda: trace(cell, [0.0, 1.0], "i", (0, 2)), lambda: cell.solve([0.0, 1.0])):
        with pytest.raises(StartError, match=r"v/\(exp\(v\) - 1\) is 0/0 at v = 0"):
            call()


def test_long_parts_are_shortened():
    text = "1/(" + " + ".join(f"sin({k}*x)" for k in range(60)) + ")"
    said = from_expressions({"x": text}, []).blame([0.0], [])
    assert len(said) < 150
    assert "is 1/0 at x = 0" in said
