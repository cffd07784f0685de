"""Right-hand sides of Fortran and C in our words, and whether they are whole numbers there.

In both languages the quotient of two whole numbers is a whole number, which ours is not: such are refused, wherever the
types of names and functions make one.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

DOUBLE = ("exp", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh")
DOUBLE += ("sqrt", "abs", "log", "log10", "atan2", "gamma", "erf", "erfc")
RENAMED = {f"d{name}": name for name in DOUBLE}  # Fortran and C -> ours; real numbers throughout
RENAMED |= {"alog": "log", "alog10": "log10", "dmax1": "max", "dmin1": "min", "amax1": "max", "amin1": "min"}
RENAMED |= {"fabs": "abs", "fmin": "min", "fmax": "max", "tgamma": "gamma"}
IDENTITIES = {"dble", "real", "float", "sngl", "dfloat"}  # of one argument; the result is real
WHOLE = {"int", "nint", "ifix", "idint", "idnint", "floor", "ceiling", "iabs"}  # their results are whole numbers
REMAINDERS = {"mod", "dmod", "amod", "fmod"}  # with the sign of the first argument
KEEPING = {"abs", "max", "min", "mod"}  # whole for whole arguments, in Fortran
REMAINDER = "sign(a)*mod(abs(a), abs(b))"
_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_]\w*)"
    r"|(?P<number>(?:\d+\.(?![A-Za-z]+\.)\d*|\.\d+|\d+)(?:[eEdDqQ][+-]?\d+)?)(?P<suffix>_\w+|[fFlL](?!\w))?"
    r"|(?P<sign>\*\*|&&|\|\||[<>=!/]=|[-+*/(),<>\[\]!:?]))"
)
SUMS, PRODUCTS = ("+", "-"), ("*", "/")


class TranslationError(ValueError):
    """A right-hand side that is not read."""


def octal(digits: str) -> int:
    """A whole number of C that begins with 0.

    Examples
    --------
    >>> octal("0"), octal("010")
    (0, 8)
    """
    if re.search("[89]", digits):
        raise TranslationError(f"found {digits!r}: whole numbers that begin with 0 are octal in C")
    return int(digits, 8)


class Known(NamedTuple):
    """What names mean: ``say(name) -> text``, ``indexed(u | par | f, i) -> text``, whole names, the language."""

    say: Callable
    indexed: Callable
    whole: frozenset
    in_c: bool


class Translation:
    """One right-hand side: ``text()`` in our words; ``is_whole`` and ``has_remainder`` once it is read."""

    def __init__(self, source: str, known: Known):
        self.source, self.known, self.place = source, known, 0
        self.tokens = self.split(source)
        self.is_whole = self.has_remainder = False

    def split(self, source: str) -> list:
        """(kind, text) of the words; an end behind them."""
        found, place, source = [], 0, source.rstrip()
        while place < len(source):
            match = _TOKEN.match(source, place)
            if match is None:
                self.fail(f"found {source[place:].strip()[:20]!r}")
            kind = "number" if match["number"] else match.lastgroup
            found.append((kind, match[kind]))
            place = match.end()
        return [*found, ("end", "")]

    def fail(self, problem: str):
        """Refuse the text."""
        raise TranslationError(f"{problem} in {self.source[:60]!r}")

    def text(self) -> str:
        """The whole of it."""
        words, self.is_whole = self.expression()
        if self.peek():
            self.fail(f"found {self.peek()!r}")
        return words

    def peek(self) -> str:
        """The next word."""
        return self.tokens[self.place][1]

    def take(self) -> tuple:
        """The next word; goes past it."""
        self.place += 1
        return self.tokens[self.place - 1]

    def expect(self, sign: str):
        """Go past a sign or refuse."""
        if self.peek() != sign:
            self.fail(f"found {self.peek() or 'the end'!r}, wanted {sign!r}")
        self.take()

    # Each rule gives the text and whether it is a whole number.  What is joined keeps its order and parentheses.

    def expression(self) -> tuple:
        """Sums, joined by comparisons and the like, which C has; truth is a whole number."""
        words, whole = self.sum()
        while self.peek() in ("<", ">", "<=", ">=", "==", "!=", "/=", "&&", "||"):
            if not self.known.in_c:
                self.fail(f"found {self.peek()!r}")
            sign = self.take()[1]
            if sign == "/=":
                self.fail("found '/='")
            words, whole = f"{words} {sign} {self.sum()[0]}", True
        return words, whole

    def sum(self) -> tuple:
        """Terms."""
        words, whole = self.product()
        while self.peek() in SUMS:
            sign = self.take()[1]
            right, right_whole = self.product()
            words, whole = f"{words} {sign} {right}", whole and right_whole
        return words, whole

    def product(self) -> tuple:
        """Factors; a quotient of whole numbers is refused."""
        words, whole = self.signed()
        while self.peek() in PRODUCTS:
            sign = self.take()[1]
            right, right_whole = self.signed()
            if sign == "/" and whole and right_whole:
                self.fail(f"a quotient of whole numbers is a whole number there ({words}/{right}; write 1.0/2.0)")
            words, whole = f"{words}{sign}{right}", whole and right_whole
        return words, whole

    def signed(self) -> tuple:
        """A power with signs before it."""
        if self.peek() in ("+", "-") or (self.peek() == "!" and self.known.in_c):
            sign = self.take()[1]
            words, whole = self.signed()
            return f"{sign}{words}", whole or sign == "!"
        return self.power()

    def power(self) -> tuple:
        """An atom, perhaps to a power."""
        words, whole = self.atom()
        if self.peek() != "**":
            return words, whole
        if self.known.in_c:
            self.fail("found '**', which C has not")
        self.take()
        exponent, exponent_whole = self.signed()
        if whole and exponent_whole and not exponent.isdigit():
            self.fail("a power of whole numbers is a whole number there; write 2.0**(-1)")
        return f"{words}**{exponent}", whole and exponent_whole

    def atom(self) -> tuple:
        """A number, a name, a call or parentheses."""
        kind, word = self.take()
        if kind == "number":
            return self.decimal(word) if word.isdigit() else re.sub(r"[dDqQ]", "e", word), word.isdigit()
        if kind == "name":
            return self.named(word)
        if word != "(":
            self.fail(f"found {word or 'the end'!r}, wanted a number or a name")
        words, whole = self.expression()
        self.expect(")")
        return f"({words})", whole

    def named(self, word: str) -> tuple:
        """A name, an element of ``u`` or ``par``, a call."""
        plain = word if self.known.in_c else word.lower()
        if plain.lower() in ("u", "par", "f") and self.peek() in ("(", "["):
            return self.known.indexed(plain.lower(), self.index()), False
        if self.peek() == "(":
            return self.call(plain)
        if plain == "M_PI" and self.known.in_c:
            return "pi", False
        return self.known.say(plain), plain in self.known.whole

    def index(self) -> int:
        """The number of an element."""
        self.take()
        kind, word = self.take()
        if kind != "number" or not word.isdigit():
            self.fail(f"the index {word!r}: wanted a whole number")
        self.expect("]" if self.known.in_c else ")")
        return int(self.decimal(word))

    def decimal(self, word: str) -> str:
        """A whole number in decimal digits."""
        return str(octal(word)) if self.known.in_c and word[0] == "0" else word

    def call(self, name: str) -> tuple:
        """A function and its arguments."""
        self.expect("(")
        arguments = [self.expression()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.expression())
        self.expect(")")
        texts, all_whole = ", ".join(words for words, _ in arguments), all(whole for _, whole in arguments)
        if name == "abs" and self.known.in_c and not all_whole:
            self.fail("abs is that of whole numbers in C; write fabs")
        if name == "gamma" and self.known.in_c:
            self.fail("gamma is the logarithm of the gamma function in some libraries of C; write tgamma")
        if name in WHOLE and name != "floor" or name == "floor" and not self.known.in_c:
            return f"{'ceil' if name == 'ceiling' else name}({texts})", True
        if name in REMAINDERS:
            self.has_remainder = True
            return f"{self.known.say('fmod')}({texts})", all_whole and name == "mod"
        if name in IDENTITIES and len(arguments) == 1 and not self.known.in_c:
            return f"({texts})", False
        whole = all_whole and name in KEEPING and not self.known.in_c
        return f"{RENAMED.get(name, name)}({texts})", whole
