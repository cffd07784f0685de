"""Text to a checked expression, by a grammar of our own: nothing a user writes is ever evaluated.

The grammar is Python's for numbers, ``+ - * / **``, signs, parentheses and calls, with its precedence:
``-x**2`` is ``-(x**2)``, ``2**3**2`` is ``2**9``; ``^`` is another way to write ``**``.  Comparisons are 1 where they
hold, else 0, and may be joined by ``and or not`` (also ``&& ||``); ``if(a > b)then(x)else(y)`` chooses.  ``!`` is C's:
it binds as a sign does, ``!x == 0`` is ``(!x) == 0``, while ``not x == 0`` is ``not (x == 0)``.  Names are those
declared, the functions in `calculus.ARITY`, the words in `words.WORDS` and ``pi``.  All numbers are floats.
"""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple, NoReturn

from continuation.expressions.calculus import ARITY, CONSTANTS, evaluate_constant
from continuation.expressions.errors import ExpressionError, refusal, shortened, strange, suggestion
from continuation.expressions.graph import Graph
from continuation.expressions.reading.scanning import Token, name_of, scan
from continuation.expressions.reading.words import COMPARISONS, MANY, WORDS, both, either, negated

__all__ = ["ExpressionError", "parse"]

MAX_LENGTH = 200_000  # characters of one expression; parsed in a second
MAX_DEPTH = 80  # nested parentheses, calls, signs and powers; up to eight Python frames each

OR, AND, COMPARISON, SUM, PRODUCT = range(1, 6)  # how tightly operators bind


class Operator(NamedTuple):
    """What stands between two operands: how tightly it binds, its operation, whether the operands change places."""

    level: int
    operation: str = ""
    turned: bool = False


NOTHING = Operator(0)
OPERATORS = (
    {"+": Operator(SUM, "add"), "-": Operator(SUM, "subtract")}
    | {"*": Operator(PRODUCT, "multiply"), "/": Operator(PRODUCT, "divide")}
    | {sign: Operator(COMPARISON, *comparison) for sign, comparison in COMPARISONS.items()}
    | {word: Operator(OR) for word in ("or", "||", "|")}
    | {word: Operator(AND) for word in ("and", "&&", "&")}
)


class Function(NamedTuple):
    """A function of the user's: how many arguments it takes and ``build(*nodes) -> node``."""

    arity: int
    build: Callable[..., int]


NO_FUNCTIONS = MappingProxyType({})


def parse(
    text: str, graph: Graph, names: Mapping[str, int], label: str = "expression", functions: Mapping = NO_FUNCTIONS
) -> int:
    """Check `text` and build it into `graph`.

    Parameters
    ----------
    text : str
        At most 200 000 characters, nested at most 80 deep.
    graph : Graph
        Receives the nodes.
    names : mapping from declared name to node
        Names that `declare_names` has passed.
    label : str, optional
        What errors call the text.
    functions : mapping from name to `Function`, optional
        Functions of the user's own.

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
    try:
        return _Parser(text, graph, names, label, functions).whole()
    except RecursionError:
        raise refusal(label, "nested too deeply", text, 0) from None


class _Parser:
    """Recursive descent over the tokens of one text; a method for each level of precedence."""

    def __init__(self, text: str, graph: Graph, names: Mapping[str, int], label: str, functions: Mapping):
        self.text, self.graph, self.names, self.label, self.functions = text, graph, names, label, functions
        self.depth = 0
        self.token = self.scan(0)  # the next word

    def fail(self, token: Token, problem: str) -> NoReturn:
        """Refuse the text at `token`."""
        raise refusal(self.label, problem, self.text, token.start)

    def scan(self, position: int) -> Token:
        """Read the word at `position` or after the blanks there."""
        token = scan(self.text, position)
        if token.kind == "strange":
            raise refusal(self.label, strange(token.text), self.text, token.start)
        return token

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
        root = self.binary(OR)
        if self.token.kind != "end":
            self.fail(self.token, f"{self.found()}, wanted an operator or the end" + self.forgotten_star())
        return root

    def forgotten_star(self) -> str:
        """A hint for ``2x`` and ``x(y + 1)``."""
        follows = self.token.kind in ("name", "number") or self.token.text == "("
        return "; a product is written with *" if follows else ""

    def binary(self, level: int) -> int:
        """Operands joined by operators that bind at least as tightly as `level`, from left to right."""
        left = self.opposite() if self.token.text == "not" and level <= COMPARISON else self.signed()
        while (own := OPERATORS.get(self.token.text, NOTHING)).level >= level:
            operator = self.take()
            right = self.binary(own.level + 1)
            left = self.joined(operator, own, left, right)
            if own.level == COMPARISON and OPERATORS.get(self.token.text, NOTHING).level == COMPARISON:
                self.fail(self.token, "two comparisons in a row; join them: a < b and b < c")
        return left

    def joined(self, token: Token, operator: Operator, left: int, right: int) -> int:
        """Two operands and the operator between them."""
        if operator.turned:
            left, right = right, left
        if operator.level in (OR, AND):
            return (either if operator.level == OR else both)(self.make, self.graph.number, left, right)
        return self.build(token, operator.operation, left, right)

    def opposite(self) -> int:
        """What follows ``not``: a comparison, or another ``not``."""
        return negated(self.make, self.graph.number, self.nested(self.take(), self.binary, COMPARISON))

    def signed(self) -> int:
        """A power with signs or ``!`` before it."""
        if self.token.text == "not":
            self.fail(
                self.token, "found 'not' behind a sign that binds more tightly, wanted it in parentheses: (not x)"
            )
        if self.token.text not in ("+", "-", "!"):
            return self.raised()
        sign = self.take()
        operand = self.nested(sign, self.signed)
        if sign.text == "!":
            return negated(self.make, self.graph.number, operand)
        return self.build(sign, "negate", operand) if sign.text == "-" else operand

    def raised(self) -> int:
        """An atom, perhaps to a power; powers bind from the right."""
        base = self.atom()
        if self.token.text not in ("**", "^"):
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
        node = self.nested(self.take(), self.binary, OR)
        self.expect(")", "an operator or ')'" + self.forgotten_star())
        return node

    def number(self) -> int:
        """A number that a float can hold."""
        token = self.take()
        if not math.isfinite(float(token.text)):
            self.fail(token, f"the number {shortened(token.text)} is too large")
        return self.graph.literal(token.text)

    def name(self) -> int:
        """A declared name, a constant or a call; what is declared goes before a word that came later."""
        token = self.take()
        name = name_of(token)
        if name in self.names:
            return self.names[name]
        if name in CONSTANTS:
            return self.graph.named(name, CONSTANTS[name])
        if name == "if" and self.token.text == "(":
            return self.choice(token)
        if name in self.functions or name in ARITY or name in WORDS:
            return self.call(token, name)
        if self.token.text == "(":
            known = [*self.functions, *ARITY, *WORDS]
            self.fail(token, f"unknown function {shortened(name)}{suggestion(name, known, 'functions')}")
        known = [*self.names, *self.functions]
        self.fail(token, f"unknown name {shortened(name)}{suggestion(name, known, 'declared')}")

    def choice(self, token: Token) -> int:
        """What follows ``if``: ``(condition)then(a)else(b)``."""
        condition = self.parenthesised(token, "'(' after if")
        parts = []
        for word in ("then", "else"):
            self.expect(word, f"{word}: a choice is written if(condition)then(a)else(b)")
            parts.append(self.parenthesised(token, f"'(' after {word}"))
        return self.build(token, "select", condition, *parts)

    def parenthesised(self, token: Token, wanted: str) -> int:
        """An expression in parentheses."""
        self.expect("(", wanted)
        node = self.nested(token, self.binary, OR)
        self.expect(")", "an operator or ')'" + self.forgotten_star())
        return node

    def call(self, token: Token, name: str) -> int:
        """A function and its arguments."""
        self.expect("(", f"'(' after the function {token.text}")
        arguments = self.arguments(token)
        if name in self.functions:
            least = most = self.functions[name].arity
        else:
            least, most = (ARITY[name],) * 2 if name in ARITY else WORDS[name][:2]
        if not least <= len(arguments) <= most:
            wanted = f"{least} argument{'s' if least > 1 else ''}" if most == least else f"{least} or more arguments"
            self.fail(token, f"{token.text} takes {wanted}, got {len(arguments)}")
        if name in self.functions:
            return self.functions[name].build(*arguments)
        if name in ARITY:
            return self.build(token, name, *arguments)
        return WORDS[name].build(lambda *made: self.build(token, *made), self.graph.number, *arguments)

    def arguments(self, token: Token) -> list[int]:
        """What stands between the parentheses of a call."""
        found = []
        if self.token.text != ")":
            found.append(self.nested(token, self.binary, OR))
            while self.token.text == "," and len(found) <= MANY:
                self.take()
                found.append(self.nested(token, self.binary, OR))
        self.expect(")", "an operator or ')'" + self.forgotten_star())
        return found

    def make(self, operation: str, *operands: int) -> int:
        """`build` at the next word."""
        return self.build(self.token, operation, *operands)

    def build(self, token: Token, operation: str, *operands: int) -> int:
        """The node of an operation; constants are computed, once, in floats."""
        values = [self.graph.value(operand) for operand in operands]
        if operation == "select" and values[0] is not None:
            return operands[1] if values[0] != 0 else operands[2]
        if operation == "divide" and values[1] == 0:
            self.fail(token, "division by zero")
        if operation == "power" and values[0] is not None and values[0] <= 0 and values[1] is None:
            self.fail(token, "the base is a constant that is not positive: its powers are real at whole numbers only")
        if None in values:
            return self.graph.node(operation, *operands)
        try:
            return self.graph.constant(operation, operands, evaluate_constant(operation, *map(float, values)))
        except (ArithmeticError, ValueError):
            self.fail(token, f"this constant is not a finite real number ({token.text} of {_listed(values)})")


def _listed(values: list) -> str:
    """Numbers, short."""
    return " and ".join(f"{float(value):g}" for value in values)
