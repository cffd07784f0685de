"""sympy expressions and numbers to the text that `continuation.expressions.reading.parsing` reads.

sympy is not imported here: whoever hands over a sympy expression has imported it.
"""

import math
import numbers
import sys
from collections.abc import Collection, Iterable

from continuation.expressions.calculus import ARITY, SOFT
from continuation.expressions.errors import refusal, shortened, suggestion
from continuation.expressions.naming import declare_names
from continuation.expressions.reading.parsing import MAX_LENGTH

CONDITION, SUM, PRODUCT, POWER, ATOM = range(5)  # how tightly a text binds
RENAMED = {  # sympy's name -> ours
    "Abs": "abs",
    "Max": "max",
    "Min": "min",
    "Mod": "mod",
    "Heaviside": "heav",
    "ceiling": "ceil",
    "floor": "floor",
    "erf": "erf",
    "erfc": "erfc",
    "gamma": "gamma",
}
EXACT = 2**53  # whole numbers below are floats
MAX_DEPTH = 60  # operations within operations; six Python frames each

Piece = tuple[str, int]  # a text and how tightly it binds


def as_text(value, label: str, names: Collection[str], functions: Collection[str] = ()) -> str:
    """Write the right-hand side `value` as text.

    Parameters
    ----------
    value : str, sympy expression or real number
        Text is returned as it is.
    label : str
        What errors call the value, e.g. ``equation 'x'``.
    names : collection of str
        Declared names; symbols and indexed symbols are matched by name, whatever their assumptions.
    functions : collection of str, optional
        Names of functions of the user's own.

    Returns
    -------
    str
        Text that parses back to the same operations.  Sums and products are in sympy's order.

    Raises
    ------
    ExpressionError
        Another type, a number that is not finite, symbols that are not declared, or something in the expression
        that has no place in the grammar: it is named.

    Examples
    --------
    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> as_text(sympy.sqrt(x) - y / (3 * x**2), "equation 'x'", ["x", "y"])
    'sqrt(x) - y/(3*x**2)'
    """
    if isinstance(value, str):
        return value
    sympy = sys.modules.get("sympy")
    if sympy is not None and isinstance(value, sympy.Basic):
        return _Writer(sympy, label, names, functions).whole(value)
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return _number(value, label)
    raise refusal(label, f"wanted text, a sympy expression or a real number, got {type(value).__name__}")


def _number(value, label: str) -> str:
    """The float nearest to `value`, to its last bit."""
    try:
        nearest = float(value)
    except OverflowError:
        nearest = math.inf
    if not math.isfinite(nearest):
        raise refusal(label, "the number is not finite as a float")
    return str(int(nearest)) if nearest.is_integer() and abs(nearest) < EXACT else repr(nearest)


class _Writer:
    """Writes one sympy expression; parts that occur again are written once and repeated in the text."""

    def __init__(self, sympy, label: str, names: Collection[str], functions: Collection[str]):
        self.sympy, self.label, self.names = sympy, label, names
        self.functions = {getattr(sympy, name): name for name in ARITY if name not in ("abs", *SOFT)}
        self.functions |= {getattr(sympy, name): word for name, word in RENAMED.items()}
        self.own = frozenset(functions)
        self.written: dict = {}
        self.unknown: dict[str, None] = {}
        self.depth = 0

    def whole(self, node) -> str:
        """Write the expression or refuse it."""
        text, _ = self.piece(node)
        if self.unknown:
            listed = ", ".join(sorted(self.unknown))
            hint = suggestion(min(self.unknown), list(self.names), "declared")
            raise refusal(self.label, f"the sympy expression holds symbols that are not declared: {listed}{hint}")
        return text

    def piece(self, node) -> Piece:
        """Write `node`."""
        if node not in self.written:
            if self.depth > MAX_DEPTH:
                raise refusal(self.label, f"the sympy expression is nested deeper than {MAX_DEPTH} levels")
            self.depth += 1
            self.written[node] = self.new_piece(node)
            self.depth -= 1
            if len(self.written[node][0]) > MAX_LENGTH:
                raise refusal(self.label, f"the sympy expression needs more than {MAX_LENGTH} characters")
        return self.written[node]

    def new_piece(self, node) -> Piece:
        """Write a node by its class."""
        sympy = self.sympy
        if isinstance(node, (sympy.Symbol, sympy.Indexed)):
            return self.name(node), ATOM
        if isinstance(node, (sympy.Rational, sympy.Float)):
            return self.number(node)
        if node is sympy.pi or node is sympy.E:
            return "pi" if node is sympy.pi else "exp(1)", ATOM
        if isinstance(node, sympy.Add):
            return self.sum(node), SUM
        if isinstance(node, sympy.Mul):
            return self.quotient(*self.split(node.as_ordered_factors())), PRODUCT
        if isinstance(node, sympy.Pow):
            return self.power(node)
        if isinstance(node, sympy.Piecewise):
            return self.piecewise(node), ATOM
        if isinstance(node, (sympy.Rel, sympy.And, sympy.Or, sympy.Not)):
            return self.condition(node), CONDITION
        if node.func in self.functions or str(node.func) in self.own:
            name = self.functions.get(node.func, str(node.func))
            arguments = node.args[:1] if name == "heav" else node.args  # the second is its value at 0
            return f"{name}({', '.join(self.piece(a)[0] for a in arguments)})", ATOM
        raise refusal(self.label, f"the sympy expression holds {_described(node)}, which expressions don't know")

    def piecewise(self, node) -> str:
        """Values and their conditions, the last one's left out where it is always true."""
        parts = []
        for value, condition in node.args:
            parts.append(self.piece(value)[0])
            if condition is self.sympy.true:
                break
            parts.append(self.condition(condition))
        return f"piecewise({', '.join(parts)})"

    def condition(self, node) -> str:
        """A comparison, or several joined."""
        if isinstance(node, self.sympy.Rel):
            left, right = (self.at_least(SUM, side) for side in (node.lhs, node.rhs))
            return f"{left} {node.rel_op} {right}"
        if isinstance(node, self.sympy.Not):
            return f"not ({self.piece(node.args[0])[0]})"
        if isinstance(node, (self.sympy.And, self.sympy.Or)):
            word = " and " if isinstance(node, self.sympy.And) else " or "
            return word.join(f"({self.piece(a)[0]})" for a in node.args)
        return self.piece(node)[0]

    def at_least(self, level: int, node) -> str:
        """Write `node` as an operand that must bind as tightly as `level`."""
        text, own = self.piece(node)
        return text if own >= level and not (level > PRODUCT and text.startswith("-")) else f"({text})"

    def name(self, node) -> str:
        """A symbol, as it is declared."""
        name = str(node).replace(" ", "") if isinstance(node, self.sympy.Indexed) else node.name
        if name not in self.names:
            try:
                declare_names([name], "symbol", {})
            except ValueError as error:
                raise refusal(self.label, f"the sympy expression holds the {error}") from None
            self.unknown[name] = None
        return name

    def number(self, node) -> Piece:
        """A number; a quotient of whole numbers that floats hold exactly stays a quotient."""
        if isinstance(node, self.sympy.Rational) and max(abs(node.p), node.q) < EXACT:
            return (str(node.p), ATOM) if node.q == 1 else (f"{node.p}/{node.q}", PRODUCT)
        return _number(node, self.label), ATOM

    def sum(self, node) -> str:
        """Terms joined by their signs."""
        first, *others = (self.at_least(PRODUCT, term) for term in node.as_ordered_terms())
        return first + "".join(f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in others)

    def split(self, factors: Iterable) -> tuple[list, list]:
        """Factors above and below the line."""
        above, below = [], []
        for factor in factors:
            if self.is_reciprocal(factor):
                below.append(self.inverted(factor))
            elif isinstance(factor, self.sympy.Rational) and factor.q != 1:
                above.extend([self.sympy.Integer(factor.p)] if factor.p != 1 else [])
                below.append(self.sympy.Integer(factor.q))
            else:
                above.append(factor)
        return above, below

    def quotient(self, above: list, below: list) -> str:
        """A product over a product."""
        sign = ""
        if above and above[0] == -1:
            sign, above = "-", above[1:]
        text = sign + ("*".join(self.factor(k, a) for k, a in enumerate(above)) or "1")
        if not below:
            return text
        if len(below) == 1:
            return f"{text}/{self.at_least(POWER, below[0])}"
        return f"{text}/({'*'.join(self.at_least(POWER, b) for b in below)})"

    def factor(self, k: int, node) -> str:
        """Factor number `k` of a product; only the first may begin with a sign."""
        return self.at_least(POWER if k else PRODUCT, node)

    def is_reciprocal(self, node) -> bool:
        """Whether `node` is a power with a negative number for exponent."""
        return isinstance(node, self.sympy.Pow) and bool(node.exp.is_Number and node.exp < 0)

    def inverted(self, node):
        """One over the power `node`; not evaluated, the number may be huge."""
        return node.base if node.exp == -1 else self.sympy.Pow(node.base, -node.exp, evaluate=False)

    def power(self, node) -> Piece:
        """A power, a root or a reciprocal."""
        if self.is_reciprocal(node):
            return self.quotient([], [self.inverted(node)]), PRODUCT
        if node.exp == self.sympy.S.Half:
            return f"sqrt({self.piece(node.base)[0]})", ATOM
        return f"{self.at_least(ATOM, node.base)}**{self.at_least(ATOM, node.exp)}", POWER


def _described(node) -> str:
    """What a node is, in the words of whoever wrote it."""
    if node.is_Function:
        return f"the function {shortened(str(node.func))}"
    return f"{shortened(str(node))} ({type(node).__name__})" if node.is_Atom else f"a {type(node).__name__}"
