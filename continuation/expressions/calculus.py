"""The functions an expression may use, what they are on constants, and the rules of differentiation."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from continuation.expressions.graph import Graph


class Elementary(NamedTuple):
    """A function of one variable: its name in Python, its value on floats, ``slope(graph, x, y)``, ``y = f(x)``."""

    python: str
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


def _cube_root(x: float) -> float:
    """The real cube root."""
    root = math.copysign(abs(x) ** (1 / 3), x)
    return root if root == 0 or math.isinf(root) else root - (root * root * root - x) / (3 * root * root)


def _bell(g: Graph, x: int, sign: float) -> int:
    """``2/sqrt(pi)*exp(-x**2)`` with a sign."""
    return g.times(g.number(sign * 2 / math.sqrt(math.pi)), g.node("exp", g.negative(_square(g, x))))


def _acosh_slope(g: Graph, x: int, _: int) -> int:
    """Two roots: ``sqrt(x**2 - 1)`` would be real, and so wrong, below -1."""
    one = g.number(1.0)
    return _reciprocal(g, g.times(g.node("sqrt", g.minus(x, one)), g.node("sqrt", g.plus(x, one))))


COMPARED = {  # 1 where it is so, else 0
    "less": lambda a, b: float(a < b),
    "less_equal": lambda a, b: float(a <= b),
    "equal": lambda a, b: float(a == b),
    "not_equal": lambda a, b: float(a != b),
}

# Operations whose derivatives, or values, jump somewhere.
KINKED = frozenset({"abs", "sign", "floor", "maximum", "minimum", "select", *COMPARED})

RULES = {
    "add": lambda g, y, x, d: g.plus(*d),
    "subtract": lambda g, y, x, d: g.minus(*d),
    "negate": lambda g, y, x, d: g.negative(*d),
    "multiply": lambda g, y, x, d: g.plus(g.times(d[0], x[1]), g.times(x[0], d[1])),
    "divide": lambda g, y, x, d: _quotient_slope(g, y, x[1], *d),
    "power": _power_slope,
    "atan2": _atan2_slope,
    "hypot": lambda g, y, x, d: g.over(g.plus(g.times(x[0], d[0]), g.times(x[1], d[1])), y),
    "maximum": lambda g, y, x, d: g.choose(g.node("less", *x), d[1], d[0]),
    "minimum": lambda g, y, x, d: g.choose(g.node("less", x[1], x[0]), d[1], d[0]),
    "select": lambda g, y, x, d: g.choose(x[0], d[1], d[2]),
    **dict.fromkeys(COMPARED, lambda g, y, x, d: g.number(0.0)),
}


def _quotient_slope(g: Graph, y: int, b: int, da: int, db: int) -> int:
    """Derivative of ``y = a / b``."""
    if g.value(b) is not None:
        slope = g.value(da)
        return g.node("divide", da, b) if slope is None else g.number(slope / g.value(b))
    return g.over(g.minus(da, g.times(y, db)), b)


FUNCTIONS = {
    "sin": Elementary("np.sin", math.sin, lambda g, x, y: g.node("cos", x)),
    "cos": Elementary("np.cos", math.cos, lambda g, x, y: g.negative(g.node("sin", x))),
    "tan": Elementary("np.tan", math.tan, lambda g, x, y: _one_plus_square(g, y)),
    "asin": Elementary("np.arcsin", math.asin, lambda g, x, y: _reciprocal_root(g, _one_minus_square(g, x))),
    "acos": Elementary(
        "np.arccos", math.acos, lambda g, x, y: g.negative(_reciprocal_root(g, _one_minus_square(g, x)))
    ),
    "atan": Elementary("np.arctan", math.atan, lambda g, x, y: _reciprocal(g, _one_plus_square(g, x))),
    "sinh": Elementary("np.sinh", math.sinh, lambda g, x, y: g.node("cosh", x)),
    "cosh": Elementary("np.cosh", math.cosh, lambda g, x, y: g.node("sinh", x)),
    "tanh": Elementary("np.tanh", math.tanh, lambda g, x, y: _one_minus_square(g, y)),
    "asinh": Elementary("np.arcsinh", math.asinh, lambda g, x, y: _reciprocal_root(g, _one_plus_square(g, x))),
    "acosh": Elementary("np.arccosh", math.acosh, _acosh_slope),
    "atanh": Elementary("np.arctanh", math.atanh, lambda g, x, y: _reciprocal(g, _one_minus_square(g, x))),
    "exp": Elementary("np.exp", math.exp, lambda g, x, y: y),
    "log": Elementary("np.log", math.log, lambda g, x, y: _reciprocal(g, x)),
    "sqrt": Elementary("np.sqrt", math.sqrt, lambda g, x, y: g.over(g.number(0.5), y)),
    "abs": Elementary("np.abs", abs, lambda g, x, y: g.node("sign", x)),
    "sign": Elementary("np.sign", lambda x: float((x > 0) - (x < 0)), lambda g, x, y: g.number(0.0)),
    "floor": Elementary("np.floor", lambda x: float(math.floor(x)), lambda g, x, y: g.number(0.0)),
    "log10": Elementary("np.log10", math.log10, lambda g, x, y: _reciprocal(g, g.times(g.number(math.log(10.0)), x))),
    "log2": Elementary("np.log2", math.log2, lambda g, x, y: _reciprocal(g, g.times(g.number(math.log(2.0)), x))),
    "cbrt": Elementary("np.cbrt", _cube_root, lambda g, x, y: _reciprocal(g, g.times(g.number(3.0), _square(g, y)))),
    "erf": Elementary("math.erf", math.erf, lambda g, x, y: _bell(g, x, 1.0)),
    "erfc": Elementary("math.erfc", math.erfc, lambda g, x, y: _bell(g, x, -1.0)),
    "gamma": Elementary("gamma", math.gamma, lambda g, x, y: g.times(y, g.node("digamma", x))),
}

CONSTANTS = {"pi": math.pi}
ARITY = dict.fromkeys(FUNCTIONS, 1) | {"atan2": 2, "hypot": 2}
# Functions whose names may be declared as names of something else: they came later, or are letters of the alphabet.
SOFT = frozenset({"floor", "log10", "log2", "cbrt", "erf", "erfc", "gamma", "hypot"})

ARITHMETIC = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negate": lambda a: -a,
    "atan2": math.atan2,
    "hypot": math.hypot,
    "maximum": max,
    "minimum": min,
    "select": lambda c, a, b: a if c != 0 else b,
    **COMPARED,
}
