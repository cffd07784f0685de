"""Sums of names with constant factors, given as text or sympy expressions."""

from continuation.expressions.calculus import derivatives
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
    slopes = [derivatives(graph, [root], {k: graph.number(1.0)})[0] for k in range(len(names))]
    coefficients = [graph.value(slope) for slope in slopes]
    if None in coefficients or not any(coefficients) or _at_zero(text, names) != 0.0:
        raise refusal(label, f"wanted a sum of {', '.join(names[:8])} with constant factors, got {shortened(text)}")
    return coefficients


def _at_zero(text, names):
    """Value where all names are zero."""
    graph = Graph()
    return graph.value(parse(text, graph, dict.fromkeys(names, graph.number(0.0))))
