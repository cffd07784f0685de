"""Expressions as a graph in which equal subexpressions are one node.

Nodes are tuples ``(operation, operands...)`` in a list and operands are positions in that list, always smaller
than the node's own.  So a loop over positions visits operands first, and nothing here recurses.
"""

from collections.abc import Iterable

MAX_NODES = 500_000  # about 200 MB; 128 dense equations with their Jacobian need a tenth


class Graph:
    """Expressions of numbers and variables, built operand first; a node is named by its position.

    `node` keeps the operations as they were written; `plus`, `times` and their like, which derivatives are made
    of, drop zeros and ones.

    Examples
    --------
    Equal expressions are the same node, and zero times anything is zero:

    >>> graph = Graph()
    >>> x, y = graph.variable(0), graph.variable(1)
    >>> graph.node("add", x, y) == graph.node("add", y, x)
    True
    >>> graph.value(graph.times(x, graph.number(0.0)))
    0.0
    """

    def __init__(self):
        self.nodes: list[tuple] = []
        self.depends: list[int] = []  # bit k is set where variable k occurs
        self._found: dict[tuple, int] = {}

    def number(self, value: float) -> int:
        """Return the node of a constant; 0.0 and -0.0 are two."""
        return self._intern(("number", float(value).hex()), ("number", float(value)), 0)

    def literal(self, text: str) -> int:
        """Return the node of a number as it is written; here of the nearest float."""
        return self.number(float(text))

    def named(self, name: str, value: float) -> int:
        """Return the node of a constant that has a name, such as ``pi``; here of its value in floats."""
        return self.number(value)

    def constant(self, operation: str, operands: tuple, value: float) -> int:
        """Return the node of an operation on constants, whose value in floats is known; here of that value."""
        return self.number(value)

    def variable(self, k: int) -> int:
        """Return the node of variable number `k`."""
        return self._intern(("variable", k), ("variable", k), 1 << k)

    def node(self, operation: str, *operands: int) -> int:
        """Return the node of an operation on nodes, as written (nothing simplified)."""
        if operation in ("add", "multiply"):
            operands = tuple(sorted(operands))  # a + b and b + a are bitwise equal
        depends = 0
        for operand in operands:
            depends |= self.depends[operand]
        key = (operation, *operands)
        return self._intern(key, key, depends)

    def _intern(self, key: tuple, node: tuple, depends: int) -> int:
        """Position of `node`, appended where it is new."""
        position = self._found.get(key)
        if position is None:
            if len(self.nodes) >= MAX_NODES:
                raise ValueError(f"the expressions and their derivatives need more than {MAX_NODES} operations")
            position = self._found[key] = len(self.nodes)
            self.nodes.append(node)
            self.depends.append(depends)
        return position

    def value(self, node: int) -> float | None:
        """Return the value of a constant node, None for any other."""
        return self.nodes[node][1] if self.nodes[node][0] == "number" else None

    def operands(self, node: int) -> tuple[int, ...]:
        """Return the nodes that `node` is computed from."""
        operation, *operands = self.nodes[node]
        return () if operation in ("number", "variable") else tuple(operands)

    def variables_of(self, node: int) -> list[int]:
        """List the numbers of the variables that a node depends on, in order."""
        bits, found = self.depends[node], []
        while bits:
            lowest = bits & -bits
            found.append(lowest.bit_length() - 1)
            bits ^= lowest
        return found

    def reachable(self, roots: Iterable[int], variables: int | None = None) -> list[int]:
        """List what `roots` are computed from, operands first; with `variables` (bits) only what depends on them."""
        seen: set[int] = set()
        waiting = list(roots)
        while waiting:
            node = waiting.pop()
            if node not in seen and (variables is None or self.depends[node] & variables):
                seen.add(node)
                waiting.extend(self.operands(node))
        return sorted(seen)

    def negative(self, a: int) -> int:
        """Return ``-a``."""
        value = self.value(a)
        if value is not None:
            return self.number(-value)
        return self.nodes[a][1] if self._negated(a) else self.node("negate", a)

    def plus(self, a: int, b: int) -> int:
        """Return ``a + b``."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(x + y)
        if x == 0 or y == 0:
            return b if x == 0 else a
        if self._negated(b):
            return self.minus(a, self.nodes[b][1])
        if self._negated(a):
            return self.minus(b, self.nodes[a][1])
        return self.times(self.number(2.0), a) if a == b else self.node("add", a, b)

    def minus(self, a: int, b: int) -> int:
        """Return ``a - b``."""
        x, y = self.value(a), self.value(b)
        if x is not None and y is not None:
            return self.number(x - y)
        if x == 0 or y == 0:
            return self.negative(b) if x == 0 else a
        if self._negated(b):
            return self.plus(a, self.nodes[b][1])
        return self.number(0.0) if a == b else self.node("subtract", a, b)

    def times(self, a: int, b: int) -> int:
        """Return ``a * b``."""
        if self.value(a) is not None:
            return self._scaled(self.value(a), b)
        if self.value(b) is not None:
            return self._scaled(self.value(b), a)
        if self._negated(a):
            return self.negative(self.times(self.nodes[a][1], b))
        if self._negated(b):
            return self.negative(self.times(a, self.nodes[b][1]))
        return self.node("multiply", a, b)

    def over(self, a: int, b: int) -> int:
        """Return ``a / b``, where `b` is not constant."""
        if self.value(a) == 0:
            return a
        if self._negated(a):
            return self.negative(self.over(self.nodes[a][1], b))
        return self.node("divide", a, b)

    def power(self, a: int, b: int) -> int:
        """Return ``a ** b``, where not both are constant."""
        if self.value(b) == 0:
            return self.number(1.0)
        return a if self.value(b) == 1 else self.node("power", a, b)

    def choose(self, condition: int, a: int, b: int) -> int:
        """Return ``a`` where a condition is not 0, else ``b``."""
        value = self.value(condition)
        if value is not None:
            return a if value != 0 else b
        return a if a == b else self.node("select", condition, a, b)

    def _negated(self, a: int) -> bool:
        """Whether `a` is minus another node."""
        return self.nodes[a][0] == "negate"

    def _scaled(self, factor: float, a: int) -> int:
        """``factor * a``, constant factors gathered into one."""
        value = self.value(a)
        if value is not None or factor == 0:
            return self.number(0.0 if value is None else factor * value)
        if abs(factor) == 1:
            return a if factor > 0 else self.negative(a)
        operation, *operands = self.nodes[a]
        if operation == "negate":
            return self._scaled(-factor, operands[0])
        if operation == "multiply":
            for first, second in (operands, operands[::-1]):
                if (value := self.value(first)) is not None:
                    return self._scaled(factor * value, second)
        return self.node("multiply", self.number(factor), a)
