"""Text to a checked expression, by a grammar of our own: nothing a user writes is ever evaluated.

The grammar is Python's for numbers, ``+ - * / **``, signs, parentheses and calls, with its precedence:
``-x**2`` is ``-(x**2)``, ``2**3**2`` is ``2**9``.  Names are those declared, the functions listed in
`continuation.expressions.calculus.ARITY` and ``pi``.  All numbers are floats.
"""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from continuation.expressions.calculus import ARITY, CONSTANTS, evaluate_constant
from continuation.expressions.errors import ExpressionError, refusal, shortened, strange, suggestion
from continuation.expressions.graph import Graph

__all__ = ["ExpressionError", "parse"]

MAX_LENGTH = 200_000  # characters of one expression; parsed in a second
MAX_DEPTH = 100  # nested parentheses, signs and powers; three Python frames each

_INDEX = r"(?:[ \t]*\[[ \t]*[0-9]+[ \t]*(?:,[ \t]*[0-9]+[ \t]*)*\])?"
_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<name>[A-Za-z_][A-Za-z0-9_]*{_INDEX})"
    r"|(?P<sign>\*\*|[-+*/(),])"
)
_BINARY = {"+": (1, "add"), "-": (1, "subtract"), "*": (2, "multiply"), "/": (2, "divide")}


class Token(NamedTuple):
    """A word of the text: its kind (``number name sign end``), its characters and where it starts."""

    kind: str
    text: str
    start: int


def parse(text: str, graph: Graph, names: Mapping[str, int], label: str = "expression") -> int:
    """Check `text` and build it into `graph`.

    Parameters
    ----------
    text : str
        At most 200 000 characters, nested at most 100 deep.
    graph : Graph
        Receives the nodes.
    names : mapping from declared name to node
        Names that `declare_names` has passed.
    label : str, optional
        What errors call the text.

    Returns
    -------
    int
        The node.  Operations are kept in the order written; only operations on constants are carried out,
        in floats.

    Raises
    ------
    ExpressionError
        Anything outside the grammar, an unknown name, a constant that is not a finite real number.

    Notes
    -----
    Cost: about 4 us a character.

    Examples
    --------
    >>> graph = Graph()
    >>> graph.value(parse("-2**2 + 1/2", graph, {}))
    -3.5
    >>> try:
    ...     parse("2*y", graph, {"x": graph.variable(0)}, "equation 'x'")
    ... except ExpressionError as error:
    ...     print(error)
    equation 'x', line 1, column 3: unknown name 'y'; declared: x
        2*y
          ^
    """
    if not isinstance(text, str):
        raise refusal(label, f"wanted text, got {type(text).__name__}", "", 0)
    if len(text) > MAX_LENGTH:
        raise refusal(label, f"longer than {MAX_LENGTH} characters ({len(text)})", text, MAX_LENGTH)
    return _Parser(text, graph, names, label).whole()


class _Parser:
    """Recursive descent over the tokens of one text; a method for each level of precedence."""

    def __init__(self, text: str, graph: Graph, names: Mapping[str, int], label: str):
        self.text, self.graph, self.names, self.label = text, graph, names, label
        self.depth = 0
        self.token = self.scan(0)  # the next word

    def fail(self, token: Token, problem: str) -> NoReturn:
        """Refuse the text at `token`."""
        raise refusal(self.label, problem, self.text, token.start)

    def scan(self, position: int) -> Token:
        """Read the word at `position` or after the blanks there."""
        match = _TOKEN.match(self.text, position)
        if match and match.lastgroup == "blank":
            position = match.end()
            match = _TOKEN.match(self.text, position)
        if match:
            return Token(match.lastgroup, match[0], position)
        if position < len(self.text):
            raise refusal(self.label, strange(self.text[position]), self.text, position)
        return Token("end", "", position)

    def take(self) -> Token:
        """Return the next word and go past it."""
        token = self.token
        self.token = self.scan(token.start + len(token.text))
        return token

    def expect(self, sign: str, wanted: str):
        """Go past `sign` or refuse."""
        if self.token.text != sign:
            self.fail(self.token, f"{self.found()}, wanted {wanted}")
        self.take()

    def found(self) -> str:
        """Describe the next word."""
        return f"found {shortened(self.token.text)}" if self.token.kind != "end" else "the text ends here"

    def whole(self) -> int:
        """The text: one expression and nothing else."""
        if self.token.kind == "end":
            self.fail(self.token, "the text is empty, wanted an expression")
        root = self.sum_or_product(1)
        if self.token.kind != "end":
            self.fail(self.token, f"{self.found()}, wanted an operator or the end" + self.forgotten_star())
        return root

    def forgotten_star(self) -> str:
        """A hint for ``2x`` and ``x(y + 1)``."""
        follows = self.token.kind in ("name", "number") or self.token.text == "("
        return "; a product is written with *" if follows else ""

    def sum_or_product(self, level: int) -> int:
        """Terms joined by operators that bind at least as tightly as `level`, from left to right."""
        left = self.signed()
        while self.token.kind == "sign" and _BINARY.get(self.token.text, (0,))[0] >= level:
            operator = self.take()
            own_level, operation = _BINARY[operator.text]
            left = self.build(operator, operation, left, self.sum_or_product(own_level + 1))
        return left

    def signed(self) -> int:
        """A power with signs before it."""
        if self.token.text not in ("+", "-"):
            return self.raised()
        sign = self.take()
        operand = self.nested(sign, self.signed)
        return self.build(sign, "negate", operand) if sign.text == "-" else operand

    def raised(self) -> int:
        """An atom, perhaps to a power; powers bind from the right."""
        base = self.atom()
        if self.token.text != "**":
            return base
        operator = self.take()
        return self.build(operator, "power", base, self.nested(operator, self.signed))

    def nested(self, token: Token, rule, *arguments) -> int:
        """Apply `rule` one level deeper."""
        if self.depth >= MAX_DEPTH:
            self.fail(token, f"nested deeper than {MAX_DEPTH} levels")
        self.depth += 1
        node = rule(*arguments)
        self.depth -= 1
        return node

    def atom(self) -> int:
        """A number, a name, a call or parentheses."""
        if self.token.kind == "number":
            return self.number()
        if self.token.kind == "name":
            return self.name()
        if self.token.text != "(":
            self.fail(self.token, f"{self.found()}, wanted a number, a name or '('")
        node = self.nested(self.take(), self.sum_or_product, 1)
        self.expect(")", "an operator or ')'" + self.forgotten_star())
        return node

    def number(self) -> int:
        """A number that a float can hold."""
        token = self.take()
        if not math.isfinite(value := float(token.text)):
            self.fail(token, f"the number {shortened(token.text)} is too large")
        return self.graph.number(value)

    def name(self) -> int:
        """A declared name, a constant or a call."""
        token = self.take()
        name = re.sub(r"[ \t]", "", token.text)
        if name in ARITY:
            return self.call(token)
        if name in CONSTANTS:
            return self.graph.number(CONSTANTS[name])
        if name in self.names:
            return self.names[name]
        if self.token.text == "(":
            self.fail(token, f"unknown function {shortened(name)}{suggestion(name, list(ARITY), 'functions')}")
        self.fail(token, f"unknown name {shortened(name)}{suggestion(name, list(self.names), 'declared')}")

    def call(self, function: Token) -> int:
        """A function and its arguments."""
        self.expect("(", f"'(' after the function {function.text}")
        arguments, wanted = [], ARITY[function.text]
        if self.token.text != ")":
            arguments.append(self.nested(function, self.sum_or_product, 1))
            while self.token.text == "," and len(arguments) <= wanted:
                self.take()
                arguments.append(self.nested(function, self.sum_or_product, 1))
        if len(arguments) != wanted:
            plural = "argument" if wanted == 1 else "arguments"
            self.fail(function, f"{function.text} takes {wanted} {plural}, got {len(arguments)}")
        self.expect(")", "an operator or ')'" + self.forgotten_star())
        return self.build(function, function.text, *arguments)

    def build(self, token: Token, operation: str, *operands: int) -> int:
        """The node of an operation; constants are computed, once, in floats."""
        values = [self.graph.value(operand) for operand in operands]
        if operation == "divide" and values[1] == 0:
            self.fail(token, "division by zero")
        if operation == "power" and values[0] is not None and values[0] <= 0 and values[1] is None:
            self.fail(token, "the base is a constant that is not positive: its powers are real at whole numbers only")
        if None in values:
            return self.graph.node(operation, *operands)
        try:
            return self.graph.number(evaluate_constant(operation, *values))
        except (ArithmeticError, ValueError):
            self.fail(token, f"this constant is not a finite real number ({token.text} of {_listed(values)})")


def _listed(values: list[float]) -> str:
    """Numbers, short."""
    return " and ".join(f"{value:g}" for value in values)
