"""Constants that no power of a variable can be taken of."""

import pytest

from continuation import Problem
from continuation.expressions.errors import ExpressionError


@pytest.mark.parametrize("base", ["0", "(-2)", "(1 - 1)"])
def test_a_constant_base_that_is_not_positive_is_named_with_its_place(base):
    with pytest.raises(ExpressionError, match="the base is a constant that is not positive") as caught:
        Problem.from_expressions({"x": f"{base}**x - p"}, {"p": 1.0})
    assert (caught.value.label, caught.value.line, caught.value.column) == ("equation 'x'", 1, len(base) + 1)


@pytest.mark.parametrize("base", ["1", "0.5", "(2 - 1)"])
def test_a_positive_base_is_a_number_like_others(base):
    problem = Problem.from_expressions({"x": f"{base}**x - p"}, {"p": 1.0})
    assert problem.residual([0.0], {"p": 1.0})[0] == 0.0
