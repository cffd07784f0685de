"""The functions an expression may use, what they are on constants, and the rules of differentiation."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from continuation.expressions.graph import Graph


class Elementary(NamedTuple):
    """A function of one variable: numpy's name, its value on a float, ``slope(graph, x, y)`` where ``y = f(x)``."""

    numpy: str
    value: Callable[[float], float]
    slope: Callable[[Graph, int, int], int]


def derivatives(graph: Graph, roots: Sequence[int], seeds: Mapping[int, int]) -> list[int]:
    """Differentiate nodes along a direction.

    Parameters
    ----------
    graph : Graph
        Receives the nodes of the derivatives.
    roots : sequence of nodes
        What to differentiate.
    seeds : mapping from the number of a variable to a node
        The direction's components.  ``{k: graph.number(1.0)}`` gives partial derivatives by variable k.  Variables
        that are not named are held fixed.

    Returns
    -------
    list of nodes
        One for each root.  The derivative of ``abs`` is ``sign`` and that of ``sign`` is 0, also at 0.

    Notes
    -----
    Cost: proportional to the number of nodes that depend on the named variables.

    Examples
    --------
    The derivative of ``x**3`` is ``3*x**2``:

    >>> graph = Graph()
    >>> x = graph.variable(0)
    >>> cube = graph.node("power", x, graph.number(3.0))
    >>> (slope,) = derivatives(graph, [cube], {0: graph.number(1.0)})
    >>> slope == graph.times(graph.number(3.0), graph.power(x, graph.number(2.0)))
    True
    """
    zero = graph.number(0.0)
    slopes: dict[int, int] = {}
    for node in graph.reachable(roots, sum(1 << k for k in seeds)):
        operation, *operands = graph.nodes[node]
        if operation == "variable":
            slopes[node] = seeds[operands[0]]
            continue
        inner = [slopes.get(operand, zero) for operand in operands]
        if operation in FUNCTIONS:
            slopes[node] = graph.times(FUNCTIONS[operation].slope(graph, operands[0], node), inner[0])
        else:
            slopes[node] = RULES[operation](graph, node, operands, inner)
    return [slopes.get(root, zero) for root in roots]


def evaluate_constant(operation: str, *values: float) -> float:
    """Compute an operation on floats.

    Returns
    -------
    float
        Finite.

    Raises
    ------
    ArithmeticError, ValueError
        Where the result is infinite, not a number or not real: ``1/0``, ``exp(1000)``, ``(-8)**(1/3)``.

    Examples
    --------
    >>> evaluate_constant("divide", 1.0, 2.0)
    0.5
    """
    compute = FUNCTIONS[operation].value if operation in FUNCTIONS else ARITHMETIC[operation]
    result = compute(*values)
    if isinstance(result, complex) or not math.isfinite(result):
        raise ArithmeticError(f"{operation} of {values} is {result}")
    return result


def _power_slope(g: Graph, y: int, operands: list[int], slopes: list[int]) -> int:
    """Derivative of ``y = a**b``; ``log(a)`` appears only where `b` varies."""
    (a, b), (da, db) = operands, slopes
    by_base = by_exponent = g.number(0.0)
    if g.value(da) != 0:
        by_base = g.times(g.times(b, g.power(a, g.minus(b, g.number(1.0)))), da)
    if g.value(db) != 0:
        base = g.value(a)
        log = g.node("log", a) if base is None else g.number(math.log(base))
        by_exponent = g.times(g.times(y, log), db)
    return g.plus(by_base, by_exponent)


def _atan2_slope(g: Graph, _: int, operands: list[int], slopes: list[int]) -> int:
    """Derivative of ``atan2(a, b)``, the angle of the point (b, a)."""
    (a, b), (da, db) = operands, slopes
    squares = [_square(g, a), _square(g, b)]
    return g.over(g.minus(g.times(b, da), g.times(a, db)), g.plus(*squares))


def _square(g: Graph, x: int) -> int:
    """``x**2``, also of a constant."""
    value = g.value(x)
    return g.power(x, g.number(2.0)) if value is None else g.number(value * value)


def _one_minus_square(g: Graph, x: int) -> int:
    """``1 - x**2``."""
    return g.minus(g.number(1.0), _square(g, x))


def _one_plus_square(g: Graph, x: int) -> int:
    """``1 + x**2``."""
    return g.plus(g.number(1.0), _square(g, x))


def _reciprocal(g: Graph, x: int) -> int:
    """``1 / x``."""
    return g.over(g.number(1.0), x)


def _reciprocal_root(g: Graph, x: int) -> int:
    """``1 / sqrt(x)``."""
    return _reciprocal(g, g.node("sqrt", x))


def _acosh_slope(g: Graph, x: int, _: int) -> int:
    """Two roots: ``sqrt(x**2 - 1)`` would be real, and so wrong, below -1."""
    one = g.number(1.0)
    return _reciprocal(g, g.times(g.node("sqrt", g.minus(x, one)), g.node("sqrt", g.plus(x, one))))


RULES = {
    "add": lambda g, y, x, d: g.plus(*d),
    "subtract": lambda g, y, x, d: g.minus(*d),
    "negate": lambda g, y, x, d: g.negative(*d),
    "multiply": lambda g, y, x, d: g.plus(g.times(d[0], x[1]), g.times(x[0], d[1])),
    "divide": lambda g, y, x, d: _quotient_slope(g, y, x[1], *d),
    "power": _power_slope,
    "atan2": _atan2_slope,
}


def _quotient_slope(g: Graph, y: int, b: int, da: int, db: int) -> int:
    """Derivative of ``y = a / b``."""
    if g.value(b) is not None:
        slope = g.value(da)
        return g.node("divide", da, b) if slope is None else g.number(slope / g.value(b))
    return g.over(g.minus(da, g.times(y, db)), b)


FUNCTIONS = {
    "sin": Elementary("sin", math.sin, lambda g, x, y: g.node("cos", x)),
    "cos": Elementary("cos", math.cos, lambda g, x, y: g.negative(g.node("sin", x))),
    "tan": Elementary("tan", math.tan, lambda g, x, y: _one_plus_square(g, y)),
    "asin": Elementary("arcsin", math.asin, lambda g, x, y: _reciprocal_root(g, _one_minus_square(g, x))),
    "acos": Elementary("arccos", math.acos, lambda g, x, y: g.negative(_reciprocal_root(g, _one_minus_square(g, x)))),
    "atan": Elementary("arctan", math.atan, lambda g, x, y: _reciprocal(g, _one_plus_square(g, x))),
    "sinh": Elementary("sinh", math.sinh, lambda g, x, y: g.node("cosh", x)),
    "cosh": Elementary("cosh", math.cosh, lambda g, x, y: g.node("sinh", x)),
    "tanh": Elementary("tanh", math.tanh, lambda g, x, y: _one_minus_square(g, y)),
    "asinh": Elementary("arcsinh", math.asinh, lambda g, x, y: _reciprocal_root(g, _one_plus_square(g, x))),
    "acosh": Elementary("arccosh", math.acosh, _acosh_slope),
    "atanh": Elementary("arctanh", math.atanh, lambda g, x, y: _reciprocal(g, _one_minus_square(g, x))),
    "exp": Elementary("exp", math.exp, lambda g, x, y: y),
    "log": Elementary("log", math.log, lambda g, x, y: _reciprocal(g, x)),
    "sqrt": Elementary("sqrt", math.sqrt, lambda g, x, y: g.over(g.number(0.5), y)),
    "abs": Elementary("abs", abs, lambda g, x, y: g.node("sign", x)),
    "sign": Elementary("sign", lambda x: float((x > 0) - (x < 0)), lambda g, x, y: g.number(0.0)),
}

CONSTANTS = {"pi": math.pi}
ARITY = dict.fromkeys(FUNCTIONS, 1) | {"atan2": 2}

ARITHMETIC = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negate": lambda a: -a,
    "atan2": math.atan2,
}
