"""Which part of an equation has no finite value, in the words of the model."""

import math

import numpy as np

from continuation.expressions.calculus import ARITHMETIC, FUNCTIONS
from continuation.expressions.codegen import System

LONGEST = 80  # characters of a quoted part
SIGNS = {"add": (1, " + "), "subtract": (1, " - "), "multiply": (2, "*"), "divide": (2, "/"), "power": (3, "**")}
SIGNS |= {"less": (0, " < "), "less_equal": (0, " <= "), "equal": (0, " == "), "not_equal": (0, " != ")}


def find_blame(system: System, names, root: int, values) -> str:
    """Say which part of an expression is not finite at a point though what it is made of is.

    Parameters
    ----------
    system : System
    names : sequence of str
        Of the variables: states, then parameters.
    root : int
        Node of the expression.
    values : sequence of float
        Of the variables.

    Returns
    -------
    str
        ``0.1*(25 - v)/(exp(...) - 1) is 0/0 at v = 25``; empty where everything is finite.
    """
    graph, found = system.graph, {}
    with np.errstate(all="ignore"):
        for node in graph.reachable([root]):
            operation, *operands = graph.nodes[node]
            found[node] = value_of(operation, operands, found, values)
            if not math.isfinite(found[node]):
                inner = [found[k] for k in operands] if operation not in ("number", "variable") else []
                at = ", ".join(f"{names[k]} = {values[k]:.10g}" for k in graph.variables_of(node))
                place = f" at {at}" if at else ""
                return f"{quoted(graph, node, names)} is {in_words(operation, inner, found[node])}{place}"
    return ""


def value_of(operation, operands, found, values) -> float:
    """Value of a node from those of its operands; NaN where it has none."""
    if operation == "number":
        return operands[0]
    if operation == "variable":
        return float(values[operands[0]])
    compute = FUNCTIONS[operation].value if operation in FUNCTIONS else ARITHMETIC[operation]
    try:
        result = compute(*(found[k] for k in operands))
    except (ArithmeticError, ValueError):
        return math.nan
    return math.nan if isinstance(result, complex) else float(result)


def in_words(operation, inner, value) -> str:
    """What went wrong: ``0/0``, ``log(-2)``, ``infinite``."""
    numbers = [f"{x:.4g}" for x in inner]
    if operation == "divide":
        return "/".join(numbers)
    if operation in FUNCTIONS:
        return f"{operation}({', '.join(numbers)})"
    if operation == "power":
        return "**".join(f"({x})" if x.startswith("-") else x for x in numbers)
    return "infinite" if math.isinf(value) else "no number"


def quoted(graph, node, names) -> str:
    """The text of a node, shortened where it is long."""
    text, _ = written(graph, node, names)
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 3 :]}"


def written(graph, node, names, depth=0) -> tuple:
    """Text of a node and how tightly it binds."""
    operation, *operands = graph.nodes[node]
    if operation == "number":
        return f"{operands[0]:.10g}", 4
    if operation == "variable":
        return names[operands[0]], 4
    if depth > 20:
        return "...", 4
    if operation == "multiply" and graph.value(operands[1]) is not None:
        operands = operands[::-1]  # equal products are one node, whatever their order
    inner = [written(graph, k, names, depth + 1) for k in operands]
    if operation in SIGNS:
        level, sign = SIGNS[operation]
        left = inner[0][0] if inner[0][1] >= level + (operation == "power") else f"({inner[0][0]})"
        right = inner[1][0] if inner[1][1] > level else f"({inner[1][0]})"
        return f"{left}{sign}{right}", level
    if operation == "negate":
        return f"-{inner[0][0] if inner[0][1] > 1 else f'({inner[0][0]})'}", 1
    return f"{operation}({', '.join(text for text, _ in inner)})", 4
