"""Sums of names with constant factors, given as text or sympy expressions."""

from continuation.expressions.errors import refusal, shortened
from continuation.expressions.graph import Graph
from continuation.expressions.reading.parsing import parse
from continuation.expressions.reading.symbolic import as_text


def read_sum(value, names, label="sum") -> list:
    """Coefficients of a sum of names.

    Parameters
    ----------
    value : str or sympy expression
    names : sequence of str
        Those it may use.
    label : str
        What errors call it.

    Returns
    -------
    list of float
        One for each name.

    Raises
    ------
    ExpressionError
        Something else than a sum of the names with constant factors.

    Examples
    --------
    >>> read_sum("2*(A + B) - C/4", ("A", "B", "C"))
    [2.0, 2.0, -0.25]
    """
    text, graph = as_text(value, label, names), Graph()
    variables = {name: graph.variable(k) for k, name in enumerate(names)}
    root = parse(text, graph, variables, label)
    found = _linear(graph, root)
    if found is None or found.get(None, 0.0) != 0.0 or not any(found.values()):
        raise refusal(label, f"wanted a sum of {', '.join(names[:8])} with constant factors, got {shortened(text)}")
    return [found.get(k, 0.0) for k in range(len(names))]


def _linear(graph, root):
    """Coefficients by number of variable, the constant term under None; None for what is written otherwise.

    By its operations: derivatives that are constant do not make a sum (``A + floor(B)``).
    """
    sums = {}
    for node in graph.reachable([root]):
        operation, *operands = graph.nodes[node]
        if operation == "number":
            sums[node] = {None: operands[0]}
        elif operation == "variable":
            sums[node] = {operands[0]: 1.0}
        else:
            sums[node] = _combined(operation, [sums[operand] for operand in operands])
    return sums[root]


def _combined(operation, parts):
    """An operation on sums, None where it makes none."""
    if None in parts:
        return None
    scale = parts[-1].get(None, 0.0) if parts[-1].keys() <= {None} else None
    if operation == "multiply" and scale is None and parts[0].keys() <= {None}:
        parts, scale = parts[::-1], parts[0].get(None, 0.0)
    if operation == "negate":
        return {key: -value for key, value in parts[0].items()}
    if operation in ("add", "subtract"):
        sign = 1.0 if operation == "add" else -1.0
        first, second = parts
        return {key: first.get(key, 0.0) + sign * second.get(key, 0.0) for key in {**first, **second}}
    if operation == "multiply" and scale is not None:
        return {key: value * scale for key, value in parts[0].items()}
    if operation == "divide" and scale:
        return {key: value / scale for key, value in parts[0].items()}
    return None
