"""Python source from an expression graph.

Generated functions contain numbers, array elements and the temporaries ``t0 t1 ...``: no name of a user's.
They use numpy's functions, so that as plain Python they keep long doubles (and complex numbers, for functions
that are analytic) and give NaN and infinities where compiled code does.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from continuation.expressions.calculus import FUNCTIONS, derivatives
from continuation.expressions.graph import Graph

HEADER = '"""Generated functions; edits are overwritten."""\n\nimport numpy as np\n'
GAMMA = "import math\n\nfrom continuation.compiled.tape.gamma import digamma, gamma\n"
LARGEST_PRODUCT = 16  # higher whole powers call pow, which is then faster
LONGEST_PIECE = 90  # characters on a line, so that neither Python's nor numba's parser nests deeply

_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
_COMPARISONS = {"less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!="}
_CALLS = {
    "atan2": "np.arctan2",
    "hypot": "np.hypot",
    "maximum": "np.maximum",
    "minimum": "np.minimum",
    "digamma": "digamma",
}


class System(NamedTuple):
    """Parsed equations: variables 0..n-1 of the graph are the states, then come the `named` parameters."""

    graph: Graph
    named: int
    equations: list[int]
    outputs: list[int]
    zeros: list[int]


def first_order_source(system: System) -> str:
    """Generate ``residual``, ``jacobian``, ``parameter_derivative``, ``output_k`` and ``zero_k``."""
    functions = [_residual(system), _jacobian(system), _parameter_derivative(system)]
    for kind, roots in (("output", system.outputs), ("zero", system.zeros)):
        for k, root in enumerate(roots):
            body = statements(system, [("return ", root)])
            functions.append([f"def {kind}_{k}(u, p):", *_indent(body)])
    operations = {node[0] for node in system.graph.nodes}
    header = HEADER + (GAMMA if "gamma" in operations else "import math\n" if operations & {"erf", "erfc"} else "")
    return header + "".join("\n\n" + "\n".join(lines) + "\n" for lines in functions)


def statements(system: System, targets: Iterable[tuple[str, int]]) -> list[str]:
    """Write assignments of nodes to `targets` (the text before the expression), each node computed once."""
    graph, targets = system.graph, list(targets)
    roots = with_products(graph, [root for _, root in targets])
    order = graph.reachable(roots)
    uses = Counter(roots)
    for node in order:
        uses.update(graph.operands(node))
    lines, text = [], {}
    for node in order:
        text[node] = _write(system, node, text)
        if graph.value(node) is None and (uses[node] > 1 or len(text[node]) > LONGEST_PIECE):
            lines.append(f"t{len(lines)} = {text[node]}")
            text[node] = f"t{len(lines) - 1}"
    return lines + [beginning + text[root] for (beginning, _), root in zip(targets, roots)]


def _write(system: System, node: int, text: dict[int, str]) -> str:
    """One operation, its operands written already; in parentheses where it needs them."""
    operation, *operands = system.graph.nodes[node]
    if operation == "number":
        return _literal(operands[0])
    if operation == "variable":
        return _element(system, operands[0])
    inner = [text[operand] for operand in operands]
    if operation in _SIGNS:
        return f"({inner[0]} {_SIGNS[operation]} {inner[1]})"
    if operation == "negate":
        return f"(-{inner[0]})"
    if operation == "select":
        return f"({inner[1]} if {inner[0]} != 0.0 else {inner[2]})"
    if operation in _COMPARISONS:
        return f"(1.0 if {inner[0]} {_COMPARISONS[operation]} {inner[1]} else 0.0)"
    name = FUNCTIONS[operation].python if operation in FUNCTIONS else _CALLS[operation]
    return f"{name}({', '.join(inner)})"


def _element(system: System, k: int) -> str:
    """Array element that holds variable `k`."""
    n = len(system.equations)
    return f"u[{k}]" if k < n else f"p[{k - n}]"


def _literal(value: float) -> str:
    """Shortest text that reads back as `value`."""
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        text = text.replace("inf", "np.inf").replace("nan", "np.nan")
    return f"({text})" if text.startswith("-") else text


def with_products(graph: Graph, roots: Sequence[int]) -> list[int]:
    """Replace small whole powers by products and ``**0.5`` by a root."""
    new: dict[int, int] = {}
    for node in graph.reachable(roots):
        operands = graph.operands(node)
        if not operands:
            new[node] = node
        elif graph.nodes[node][0] == "power" and graph.value(operands[1]) is not None:
            new[node] = _product(graph, new[operands[0]], operands[1])
        else:
            new[node] = graph.node(graph.nodes[node][0], *(new[operand] for operand in operands))
    return [new[root] for root in roots]


def _product(graph: Graph, base: int, exponent: int) -> int:
    """`base` to a constant power, by squaring where the exponent is whole and small."""
    value = graph.value(exponent)
    if value == 0:
        return graph.number(1.0)
    if value < 0:
        return graph.node("divide", graph.number(1.0), _product(graph, base, graph.number(-value)))
    if value == 0.5:
        return graph.node("sqrt", base)
    if not value.is_integer() or value > LARGEST_PRODUCT:
        return graph.node("power", base, exponent)
    result = base
    for bit in f"{int(value):b}"[1:]:
        result = graph.node("multiply", result, result)
        if bit == "1":
            result = graph.node("multiply", result, base)
    return result


def _residual(system: System) -> list[str]:
    """Lines of ``residual``."""
    targets = [(f"out[{i}] = ", root) for i, root in enumerate(system.equations)]
    return ["def residual(u, p, out):", *_indent(statements(system, targets))]


def _jacobian(system: System) -> list[str]:
    """Lines of ``jacobian``: all entries are set, those that are always zero in a loop."""
    graph, n = system.graph, len(system.equations)
    columns = [_partial(system, k) for k in range(n)]
    entries = [(f"out[{i}, {j}] = ", columns[j][i]) for i in range(n) for j in range(n)]
    targets = [(begin, node) for begin, node in entries if graph.value(node) != 0]
    clear = [f"for i in range({n}):", f"    for j in range({n}):", "        out[i, j] = 0.0"]
    body = (clear if len(targets) < n * n else []) + statements(system, targets)
    return ["def jacobian(u, p, out):", *_indent(body)]


def _parameter_derivative(system: System) -> list[str]:
    """Lines of ``parameter_derivative``; NaN for a parameter without a name."""
    n = len(system.equations)
    body = [f"for i in range({n}):", f"    out[i] = 0.0 if 0 <= k < {system.named} else np.nan"]
    for k in range(system.named):
        column = _nonzero(system.graph, _partial(system, n + k))
        if column:
            body += [f"if k == {k}:", *_indent(statements(system, column))]
    return ["def parameter_derivative(u, p, k, out):", *_indent(body)]


def _partial(system: System, k: int) -> list[int]:
    """Derivatives of the equations by variable `k`."""
    return derivatives(system.graph, system.equations, {k: system.graph.number(1.0)})


def _nonzero(graph: Graph, roots: Sequence[int]) -> list[tuple[str, int]]:
    """Entries of ``out`` for the roots that are not always zero."""
    return [(f"out[{i}] = ", root) for i, root in enumerate(roots) if graph.value(root) != 0]


def _indent(lines: Iterable[str]) -> list[str]:
    """`lines` four columns further in; a body is never empty."""
    return [f"    {line}" for line in lines] or ["    pass"]
