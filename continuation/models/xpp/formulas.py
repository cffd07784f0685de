"""Formulas of `.ode` files in our own words.

Their operators bind differently from ours: comparisons as tightly as powers (``a + b > c`` is ``a + (b > c)``), ``&``
as products and ``|`` as sums; all are read from the left, so ``2^3^2`` is ``(2^3)^2``.  Case does not matter.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from continuation.expressions.errors import ExpressionError
from continuation.expressions.graph import Graph
from continuation.expressions.reading.parsing import parse
from continuation.models.pieces import ATOM, COMPARISON, POWER, PRODUCT, at_least, joined

LEVELS = {"|": 4, "+": 4, "-": 4, "*": 6, "/": 6, "&": 6, "^": 7, "**": 7}
LEVELS |= dict.fromkeys((">", "<", ">=", "<=", "==", "!="), 7)
SIGNED = 7  # what a minus sign takes with it
RENAMED = {"flr": "floor", "ln": "log"}
REFUSED = {
    "delay": "a delay: its equations have a past",
    "del_shft": "a delay: its equations have a past",
    "ran": "a random number",
    "normal": "a random number",
    "poiss": "a random number",
    "int": "an integral",
    "conv": "a convolution",
    "besselj": "a Bessel function",
    "bessely": "a Bessel function",
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<index>[iI]')|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\*\*|[<>=!]=|[-+*/^()<>&|,]))"
)
MOST_TERMS = 10_000  # of the sums of a formula, those in others counted as often as they occur


class FormulaError(ValueError):
    """A formula that is refused."""


class Names(NamedTuple):
    """How names are said: ``say(name) -> text`` (refuses unknown ones), and the name some places after another."""

    say: Callable
    after: Callable


class Formula:
    """Reads one formula; ``text()`` is the same in our words."""

    def __init__(self, source: str, names: Names, local=(), index=None):
        self.source, self.names, self.index, self.terms = source, names, index, 0
        self.local = {name.lower(): name for name in local}
        self.tokens, self.place = self.split(source), 0

    @staticmethod
    def split(source: str) -> list:
        """(kind, text) of the words; an end behind them."""
        found, place = [], 0
        source = source.rstrip()
        while place < len(source):
            match = _TOKEN.match(source, place)
            if match is None:
                raise FormulaError(f"found {source[place:].strip()[:20]!r} in {source[:60]!r}")
            found.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()
        return [*found, ("end", "")]

    def text(self) -> str:
        """The whole formula."""
        try:
            words, _ = self.operation(0)
        except RecursionError:
            raise FormulaError(f"nested too deeply: {self.source[:60]!r}") from None
        if self.tokens[self.place][0] != "end":
            raise FormulaError(f"found {self.tokens[self.place][1]!r}, wanted an operator, in {self.source[:60]!r}")
        return words

    def peek(self) -> str:
        """The next word."""
        return self.tokens[self.place][1]

    def take(self) -> tuple:
        """The next word; goes past it."""
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, sign: str):
        """Go past a word or refuse."""
        if self.peek().lower() != sign:
            raise FormulaError(f"found {self.peek() or 'the end'!r}, wanted {sign!r}, in {self.source[:60]!r}")
        self.take()

    def operation(self, level: int) -> tuple:
        """(text, how tightly it binds) of operands with operators that bind at least as tightly as `level`."""
        left = self.operand()
        while self.tokens[self.place][0] == "sign" and LEVELS.get(self.peek(), -1) >= level:
            sign = self.take()[1]
            left = joined(sign, left, self.operation(LEVELS[sign] + 1))
        return left

    def operand(self) -> tuple:
        """A number, a name, a call, parentheses, or one of these with a sign before it."""
        kind, word = self.take()
        if kind == "number":
            return word, ATOM
        if word in ("-", "+"):
            inner = self.operation(SIGNED)
            return (f"-{at_least(POWER, inner)}", PRODUCT) if word == "-" else inner
        if word == "(":
            inner = self.operation(0)
            self.expect(")")
            return f"({inner[0]})", ATOM
        if kind == "index":
            if self.index is None:
                raise FormulaError("i' outside a sum")
            return str(self.index), ATOM if self.index >= 0 else PRODUCT
        if kind != "name":
            raise FormulaError(f"found {word or 'the end'!r}, wanted a number or a name, in {self.source[:60]!r}")
        return self.named(word)

    def named(self, word: str) -> tuple:
        """What a name says."""
        plain = word.lower()
        if plain in REFUSED and self.peek() == "(":
            raise FormulaError(f"{plain}(...) is {REFUSED[plain]}, which is not read")
        if plain in ("if", "sum", "shift") and self.peek() == "(":
            return getattr(self, f"{plain}_")()
        if self.peek() == "(" and plain not in self.local:
            name = RENAMED.get(plain) or self.names.say(word, True)
            return f"{name}({', '.join(self.arguments())})", COMPARISON if name == "not" else ATOM
        return self.local.get(plain) or self.names.say(word, False), ATOM

    def arguments(self) -> list[str]:
        """Texts between the parentheses of a call."""
        self.expect("(")
        found = [self.operation(0)[0]]
        while self.peek() == ",":
            self.take()
            found.append(self.operation(0)[0])
        self.expect(")")
        return found

    def if_(self) -> tuple:
        """``if(c)then(a)else(b)``."""
        (condition,) = self.arguments()
        self.expect("then")
        (yes,) = self.arguments()
        self.expect("else")
        (no,) = self.arguments()
        return f"if({condition})then({yes})else({no})", ATOM

    def sum_(self) -> tuple:
        """``sum(a, b)of(terms with i')``, written out."""
        self.expect("(")
        first = self.whole_number()
        self.expect(",")
        last = self.whole_number()
        self.expect(")")
        self.expect("of")
        begin, outer, terms = self.place, self.index, []
        if not 0 <= last - first < MOST_TERMS:
            raise FormulaError(f"a sum from {first} to {last}")
        for self.index in range(first, last + 1):
            self.place, self.terms = begin, self.terms + 1
            if self.terms > MOST_TERMS:
                raise FormulaError(f"sums of more than {MOST_TERMS} terms in all")
            self.expect("(")
            terms.append(self.operation(0)[0])
            self.expect(")")
        self.index = outer
        return f"({' + '.join(f'({term})' for term in terms)})", ATOM

    def shift_(self) -> tuple:
        """``shift(name, k)``: the name k places on."""
        self.expect("(")
        _, word = self.take()
        self.expect(",")
        places = self.whole_number()
        self.expect(")")
        return self.names.after(word, places), ATOM

    def whole_number(self) -> int:
        """The value of a formula of whole numbers and ``i'``."""
        words, _ = self.operation(0)
        try:
            value = (graph := Graph()).value(parse(words, graph, {}))
        except ExpressionError:
            value = None
        if value is None or not value.is_integer():
            raise FormulaError(f"wanted a whole number, found {words[:60]!r}")
        return int(value)
