"""Words that are written in terms of others: each is built from operations of the graph when it is read.

Truth is a number, 1 or 0, and what is not 0 is true; so ``x*(x > 0)`` is a product.
"""

from collections.abc import Callable
from typing import NamedTuple

Make = Callable[..., int]  # ``make(operation, *nodes)``: the node of an operation, constants computed


class Word(NamedTuple):
    """A word with the numbers of arguments that it may have, least and most, and what it is made of."""

    least: int
    most: int
    build: Callable[..., int]  # build(make, number, *arguments), ``number(value)`` the node of a constant


def repeated(operation: str):
    """A word for two or more arguments of an operation on two."""

    def build(make: Make, number, *arguments: int) -> int:
        result = arguments[0]
        for argument in arguments[1:]:
            result = make(operation, result, argument)
        return result

    return build


def renamed(operation: str):
    """Another name of an operation."""
    return lambda make, number, *arguments: make(operation, *arguments)


def modulo(make: Make, number, a: int, b: int) -> int:
    """What is left of `a` after whole multiples of `b`; it has the sign of `b`."""
    return make("subtract", a, make("multiply", b, make("floor", make("divide", a, b))))


def ceiling(make: Make, number, a: int) -> int:
    """The least whole number not below `a`."""
    return make("negate", make("floor", make("negate", a)))


def heaviside(make: Make, number, a: int) -> int:
    """1 from 0 on, 0 below."""
    return make("less_equal", number(0.0), a)


def hill(make: Make, number, x: int, *constants: int) -> int:
    """``x**n/(k**n + x**n)``, `v` times that where it is given: ``hill(x, k, n)``, ``hill(x, v, k, n)``."""
    *factor, k, n = constants
    power = make("power", x, n)
    share = make("divide", power, make("add", make("power", k, n), power))
    return make("multiply", factor[0], share) if factor else share


def piecewise(make: Make, number, *arguments: int) -> int:
    """``piecewise(a, is_a, b, is_b, ..., otherwise)``: the value before the first condition that is true."""
    *pairs, result = arguments if len(arguments) % 2 else (*arguments, number(float("nan")))
    for k in range(len(pairs) - 2, -1, -2):
        result = make("select", pairs[k + 1], pairs[k], result)
    return result


def either(make: Make, number, a: int, b: int) -> int:
    """Whether one of two is true."""
    return make("select", a, number(1.0), make("select", b, number(1.0), number(0.0)))


def both(make: Make, number, a: int, b: int) -> int:
    """Whether two are true."""
    return make("select", a, make("select", b, number(1.0), number(0.0)), number(0.0))


def negated(make: Make, number, a: int) -> int:
    """Whether it is not true."""
    return make("equal", a, number(0.0))


MANY = 1000  # arguments of words that take any number

WORDS = {
    "ln": Word(1, 1, renamed("log")),
    "arcsin": Word(1, 1, renamed("asin")),
    "arccos": Word(1, 1, renamed("acos")),
    "arctan": Word(1, 1, renamed("atan")),
    "arctan2": Word(2, 2, renamed("atan2")),
    "arcsinh": Word(1, 1, renamed("asinh")),
    "arccosh": Word(1, 1, renamed("acosh")),
    "arctanh": Word(1, 1, renamed("atanh")),
    "pow": Word(2, 2, renamed("power")),
    "max": Word(2, MANY, repeated("maximum")),
    "min": Word(2, MANY, repeated("minimum")),
    "mod": Word(2, 2, modulo),
    "ceil": Word(1, 1, ceiling),
    "heav": Word(1, 1, heaviside),
    "heaviside": Word(1, 1, heaviside),
    "step": Word(1, 1, heaviside),
    "hill": Word(3, 4, hill),
    "piecewise": Word(2, MANY, piecewise),
}
COMPARISONS = {  # sign -> operation, and whether its operands change places
    "<": ("less", False),
    ">": ("less", True),
    "<=": ("less_equal", False),
    ">=": ("less_equal", True),
    "==": ("equal", False),
    "!=": ("not_equal", False),
}
