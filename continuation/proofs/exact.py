"""Equations with exact constants, and their values and derivatives over boxes.

The text is parsed into an `ExactGraph`: its numbers are the decimals that are written, as fractions, and no operation
is carried out in floats.  So the derivatives that `expressions.calculus` makes are those of the text, without the
roundings that constants of ordinary graphs go through (the slope of ``0.1*x**3`` is ``0.3*x**2``, not
``0.30000000000000004*x**2``).
"""

import functools
import operator
from fractions import Fraction

from continuation.expressions import described, parse_system
from continuation.expressions.calculus import COMPARED, derivatives
from continuation.expressions.graph import Graph
from continuation.proofs.arithmetic import NotProven, ProofError, ball, decimal, flint, is_finite

LARGEST_POWER = 64  # of a constant that is raised as a fraction; others are enclosed
MOST_BITS = 20_000  # of a fraction: hostile texts have longer ones, that take seconds each
REFUSED = {
    **dict.fromkeys(COMPARED, "a comparison jumps"),
    **{name: f"{name} jumps" for name in ("floor", "sign")},
    **{name: f"{name} has a kink" for name in ("abs", "maximum", "minimum", "select")},
    **{name: f"{name} has no exact derivatives here" for name in ("gamma", "erf", "erfc")},
}
RATIONAL = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negate": lambda a: -a,
}


class ExactGraph(Graph):
    """A graph whose constants are fractions; what is irrational (``pi``, ``2**0.5``) stays an operation."""

    def number(self, value) -> int:
        """Return the node of a fraction, or of a float as the fraction that it is."""
        try:
            value = Fraction(value)
        except (ValueError, OverflowError):
            raise ProofError(f"the constant {value} is not finite") from None
        return self._intern(("number", value), ("number", value), 0)

    def literal(self, text: str) -> int:
        """Return the node of a number as it is written, exactly."""
        return self.number(decimal(text))

    def named(self, name: str, value: float) -> int:
        """Return the node of a named constant, which is enclosed when it is evaluated."""
        return self.node(name)

    def constant(self, operation: str, operands: tuple, value: float) -> int:
        """Return the node of an operation on fractions: a fraction where it makes one."""
        values = [self.value(operand) for operand in operands]
        result = None
        if operation in RATIONAL:
            result = RATIONAL[operation](*values)
        elif operation == "power" and values[1].denominator == 1 and abs(values[1]) <= LARGEST_POWER:
            result = values[0] ** int(values[1])
        if result is None or max(map(int.bit_length, result.as_integer_ratio())) > MOST_BITS:
            return self.node(operation, *operands)
        return self.number(result)

    def node(self, operation: str, *operands: int) -> int:
        """Return the node of an operation; logarithms and powers of constants are written with log and exp."""
        if operation in ("log10", "log2"):
            base = self.number(10 if operation == "log10" else 2)
            return self.node("divide", self.node("log", *operands), self.node("log", base))
        if operation == "power" and self.value(operands[0]) is not None and self.value(operands[1]) is None:
            base, exponent = operands
            return self.node("exp", self.node("multiply", exponent, self.node("log", base)))
        return super().node(operation, *operands)


def _whole_power(x, exponent: int):
    """``x**exponent`` of a ball by squaring: flint's own is NaN where the midpoint is 0."""
    result, square, rest = flint.arb(1), x, abs(exponent)
    while rest:
        if rest & 1:
            result = result * square
        square, rest = square * square, rest >> 1
    return result if exponent >= 0 else 1 / result


def _angle(y, x):
    """The angle of the points (x, y); NaN where they may meet the cut of the negative half-axis."""
    if y.contains(0) and not x > 0:
        return flint.arb.nan()
    return flint.arb.atan2(y, x)


def _cube_root(x):
    """The real cube root; NaN around 0, where it has no slope."""
    return x.root(3) if x > 0 else -((-x).root(3)) if x < 0 else flint.arb.nan()


ODD = ("sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh")
METHODS = (*ODD, "cos", "acos", "cosh", "acosh", "exp", "log", "sqrt")  # of flint's balls
OPERATIONS = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "negate": operator.neg,
    "power": operator.pow,
    "atan2": _angle,
    "hypot": lambda a, b: (a * a + b * b).sqrt(),
    "cbrt": _cube_root,
}


class Program:
    """Nodes of a graph as a function of the variables' balls; to be made and called at one precision."""

    def __init__(self, graph: Graph, roots):
        order = graph.reachable(roots)
        place = {node: k for k, node in enumerate(order)}
        self.roots, self.begin = [place[root] for root in roots], [None] * len(order)
        self.variables, self.steps = [], []
        for node in order:
            operation, *operands = graph.nodes[node]
            if operation == "number":
                self.begin[place[node]] = ball(operands[0])
            elif operation == "pi":
                self.begin[place[node]] = flint.arb.pi()
            elif operation == "variable":
                self.variables.append((place[node], operands[0]))
            else:
                self._add(graph, place, node)

    def _add(self, graph, place, node):
        """A step: where its result goes, what computes it, its operands (the second -1 where there is one)."""
        operation, first, *others = graph.nodes[node]
        compute = getattr(flint.arb, operation) if operation in METHODS else OPERATIONS[operation]
        second = place[others[0]] if others else -1
        if operation == "power" and (exponent := _whole(graph.value(others[0]))) is not None:
            compute, second = functools.partial(_whole_power, exponent=exponent), -1
        self.steps.append((place[node], compute, place[first], second))

    def __call__(self, values) -> list:
        """The roots over the box whose sides are ``values[k]`` for variable k; `NotProven` where they are unbounded."""
        found = self.begin[:]
        for place, variable in self.variables:
            found[place] = values[variable]
        for place, compute, first, second in self.steps:
            found[place] = compute(found[first]) if second < 0 else compute(found[first], found[second])
        result = [found[root] for root in self.roots]
        if not is_finite(result):
            raise NotProven("the equations are not defined on all of a box")
        return result


def _stays_zero(operation, last) -> bool:
    """Whether 0 divided by something that varies, or raised to a positive power, is 0 wherever it is defined."""
    return (operation == "divide" and last is None) or (operation == "power" and last is not None and last > 0)


def _whole(value):
    """A fraction as a whole number, None where it is none."""
    return int(value) if value is not None and value.denominator == 1 else None


class ExactEquations:
    """``F(u, p) = 0`` in N = n + 1 unknowns, the states and one parameter, all else fixed at exact decimals.

    Parameters
    ----------
    source : mapping
        ``{"equations": {state: text}, "definitions": {head: text}, "parameters": {name: decimal}}``, texts throughout.
    vary : str
        Name of the parameter among the unknowns.
    zero : sequence of str
        States that are 0 on the branch; refused unless their equations vanish identically where all of them are 0.
    """

    def __init__(self, source, vary: str, zero=()):
        parameters = source["parameters"]
        self.graph = ExactGraph()
        plain = {key: source[key] for key in ("equations", "definitions")}
        system = parse_system(described({**plain, "parameters": list(parameters)}), self.graph)
        self.roots, self.states = system.equations, tuple(source["equations"])
        if vary not in parameters:
            raise ProofError(f"no parameter is named {vary!r}")
        self.n, self.vary, self.names = len(self.states), vary, (*self.states, vary)
        self._refuse_kinks()
        count = self.n + len(parameters)
        place = self.n + list(parameters).index(vary)
        self.variables = [*range(self.n), place]  # numbers of the N unknowns in the graph
        self.fixed = {
            self.n + k: ball(decimal(value, f"parameter {name!r}"))
            for k, (name, value) in enumerate(parameters.items())
            if name != vary
        }
        self.v_nodes, self.w_nodes = self._block(count), self._block(count + self.n + 1)
        self.spare = count + 2 * (self.n + 1)  # the next variable that nothing uses
        if unknown := [name for name in zero if name not in self.states]:
            raise ProofError(f"no state is named {unknown[0]!r}")
        self.zero = tuple(self.states.index(name) for name in dict.fromkeys(zero))
        self.within = [i for i in range(self.n) if i not in self.zero]  # states of the invariant subspace
        self._check_invariant()
        self.slopes = [self.differentiate(self.roots, {k: self.graph.number(1)}) for k in self.variables]
        self._residual = Program(self.graph, self.roots)
        # F goes with its derivatives, which may have a value over a box where it has none.
        slopes = [column[i] for i in range(self.n) for column in self.slopes]
        self._jacobian = Program(self.graph, [*slopes, *self.roots])
        self._second = None

    def _block(self, begin) -> list:
        """Nodes of N spare variables, for a direction."""
        return [self.graph.variable(begin + k) for k in range(self.n + 1)]

    def at_parameter(self, text):
        """The ball of a value of the varied parameter that is given as a decimal."""
        return ball(decimal(text, f"parameter {self.vary!r}"))

    def differentiate(self, roots, seeds) -> list:
        """Nodes of the derivatives along a direction: variable -> node."""
        return derivatives(self.graph, roots, seeds)

    def _refuse_kinks(self):
        """Name the first operation that proofs can't use."""
        for name, root in zip(self.states, self.roots):
            for node in self.graph.reachable([root]):
                if (operation := self.graph.nodes[node][0]) in REFUSED:
                    raise ProofError(f"equation {name!r}: {REFUSED[operation]}; proofs are of functions without that")

    def _check_invariant(self):
        """The equations of the states that are 0 must vanish with them, as texts."""
        if self.zero:
            zero = self.graph.number(0)
            found = self.substituted([self.roots[i] for i in self.zero], dict.fromkeys(self.zero, zero))
            if wrong := [self.states[i] for i, node in zip(self.zero, found) if self.graph.value(node) != 0]:
                raise ProofError(f"equation {wrong[0]!r} is not 0 wherever {', '.join(self.zero_names)} are")

    @property
    def zero_names(self) -> list:
        """Names of the states that are 0 on the branch."""
        return [self.states[i] for i in self.zero]

    def substituted(self, roots, nodes) -> list:
        """Roots with variables replaced by nodes (variable -> node) and products with 0 left out."""
        g, new = self.graph, {}
        simple = {"add": g.plus, "subtract": g.minus, "multiply": g.times, "negate": g.negative}
        for node in g.reachable(roots):
            operation, *operands = g.nodes[node]
            if operation in ("number", "variable"):
                new[node] = nodes.get(operands[0], node) if operation == "variable" else node
                continue
            inner = [new[k] for k in operands]
            first = g.value(inner[0]) if inner else None
            if operation in simple:
                new[node] = simple[operation](*inner)
            elif first == 0 and (operation in ODD or _stays_zero(operation, g.value(inner[-1]))):
                new[node] = inner[0]
            else:
                new[node] = g.node(operation, *inner)
        return [new[root] for root in roots]

    # Over boxes: x is a list of N balls

    def _values(self, x, *directions) -> list:
        """Values of all variables."""
        values = [None] * self.spare
        for number, value in [*zip(self.variables, x), *self.fixed.items()]:
            values[number] = value
        begin = self.spare - 2 * (self.n + 1)
        for direction in directions:
            values[begin : begin + self.n + 1] = direction
            begin += self.n + 1
        return values

    def residual(self, x) -> list:
        """F (n) over a box."""
        return self._residual(self._values(x))

    def jacobian(self, x, rows, columns):
        """Matrix of the derivatives of equations `rows` by unknowns `columns` over a box."""
        entries, size = self._jacobian(self._values(x)), self.n + 1
        picked = [entries[i * size + j] for i in rows for j in columns]
        return flint.arb_mat(len(rows), len(columns), picked)

    def second(self, x, v, w) -> list:
        """``D²F(x)[v, w]`` (n) over boxes of points and directions (N)."""
        if self._second is None:
            once = self.differentiate(self.roots, dict(zip(self.variables, self.v_nodes)))
            twice = self.differentiate(once, dict(zip(self.variables, self.w_nodes)))
            self._second = Program(self.graph, twice)
        return self._second(self._values(x, v, w))
