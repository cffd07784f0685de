"""Sums of names with constant factors: by what is written, not by derivatives that happen to be constant."""

import pytest

from continuation.expressions import ExpressionError
from continuation.expressions.linear import read_sum


@pytest.mark.parametrize(
    ("text", "coefficients"),
    [("A", [1, 0]), ("-A + 3*B", [-1, 3]), ("(A - B)/4*2", [0.5, -0.5]), ("2*(3*A + B)*sqrt(4) - B*0", [12, 4])],
)
def test_sums(text, coefficients):
    assert read_sum(text, ("A", "B")) == coefficients


@pytest.mark.parametrize(
    "text",
    ["A + floor(B)", "A + sign(B)", "A + (B > 0)", "A*B/B", "A + step(B)*0.5", "A + 1", "A - A", "3", "A + mod(B, 1)"],
)
def test_what_is_no_sum(text):
    with pytest.raises(ExpressionError, match="wanted a sum of A, B with constant factors"):
        read_sum(text, ("A", "B"))
