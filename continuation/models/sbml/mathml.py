"""Formulas of SBML (MathML, as libsbml has read it) in our own words.

Source of the meanings: SBML Level 3 Version 2 Core, section 3.4, and the MathML 2.0 recommendation, appendix C.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from continuation.models.pieces import ATOM, COMPARISON, POWER, PRODUCT, at_least, joined


class FormulaRefused(ValueError):
    """A formula that is not read."""


class Form(NamedTuple):
    """A text with places for the arguments, as atoms, and how tightly it binds."""

    text: str
    level: int = ATOM


CALLS = {  # what is a function of ours, with all its arguments
    "FUNCTION_ABS": "abs",
    "FUNCTION_ARCCOS": "acos",
    "FUNCTION_ARCCOSH": "acosh",
    "FUNCTION_ARCSIN": "asin",
    "FUNCTION_ARCSINH": "asinh",
    "FUNCTION_ARCTAN": "atan",
    "FUNCTION_ARCTANH": "atanh",
    "FUNCTION_CEILING": "ceil",
    "FUNCTION_COS": "cos",
    "FUNCTION_COSH": "cosh",
    "FUNCTION_EXP": "exp",
    "FUNCTION_FLOOR": "floor",
    "FUNCTION_LN": "log",
    "FUNCTION_PIECEWISE": "piecewise",
    "FUNCTION_SIN": "sin",
    "FUNCTION_SINH": "sinh",
    "FUNCTION_TAN": "tan",
    "FUNCTION_TANH": "tanh",
}
FORMS = {
    "CONSTANT_E": Form("exp(1)"),
    "CONSTANT_FALSE": Form("0"),
    "CONSTANT_PI": Form("pi"),
    "CONSTANT_TRUE": Form("1"),
    "NAME_AVOGADRO": Form("6.02214076e23"),
    "FUNCTION_ARCCOT": Form("atan(1/{0})"),
    "FUNCTION_ARCCOTH": Form("atanh(1/{0})"),
    "FUNCTION_ARCCSC": Form("asin(1/{0})"),
    "FUNCTION_ARCCSCH": Form("asinh(1/{0})"),
    "FUNCTION_ARCSEC": Form("acos(1/{0})"),
    "FUNCTION_ARCSECH": Form("acosh(1/{0})"),
    "FUNCTION_COT": Form("1/tan({0})", PRODUCT),
    "FUNCTION_COTH": Form("1/tanh({0})", PRODUCT),
    "FUNCTION_CSC": Form("1/sin({0})", PRODUCT),
    "FUNCTION_CSCH": Form("1/sinh({0})", PRODUCT),
    "FUNCTION_FACTORIAL": Form("gamma({0} + 1)"),
    "FUNCTION_QUOTIENT": Form("sign({0}/{1})*floor(abs({0}/{1}))", PRODUCT),  # towards 0
    "FUNCTION_REM": Form("sign({0})*mod(abs({0}), abs({1}))", PRODUCT),  # with the sign of the first
    "FUNCTION_SEC": Form("1/cos({0})", PRODUCT),
    "FUNCTION_SECH": Form("1/cosh({0})", PRODUCT),
    "LOGICAL_IMPLIES": Form("({0} == 0 or {1} != 0)"),
}
SPECIAL = {"FUNCTION_MAX": "max", "FUNCTION_MIN": "min", "FUNCTION_LOG": "log10"}
REPEATED = {  # operators on any number of arguments -> sign, and what stands for none
    "PLUS": ("+", "0"),
    "TIMES": ("*", "1"),
    "LOGICAL_AND": ("&", "1"),
    "LOGICAL_OR": ("|", "0"),
}
BINARY = {"DIVIDE": "/", "POWER": "**", "FUNCTION_POWER": "**", "RELATIONAL_NEQ": "!="}
CHAINED = {
    "RELATIONAL_EQ": "==",
    "RELATIONAL_GEQ": ">=",
    "RELATIONAL_GT": ">",
    "RELATIONAL_LEQ": "<=",
    "RELATIONAL_LT": "<",
}
REFUSED = {
    "FUNCTION_DELAY": "a delay: its equations have a past",
    "FUNCTION_RATE_OF": "a rate of change (rateOf)",
}


class MathWriter:
    """Writes formulas: ``say(name) -> text`` of an identifier, ``say_time()`` of the time."""

    def __init__(self, libsbml, say: Callable[[str], str], say_time: Callable[[], str]):
        self.say, self.say_time = say, say_time
        self.kinds = {getattr(libsbml, name): name[len("AST_") :] for name in dir(libsbml) if name.startswith("AST_")}

    def words_in(self, node) -> set:
        """Words of ours that a formula is written with: names that are said so would hide them."""
        kind = self.kinds.get(node.getType(), "UNKNOWN")
        text = FORMS[kind].text if kind in FORMS else CALLS.get(kind) or SPECIAL.get(kind, "")
        found = set(re.findall(r"[a-z]\w*", text))
        return found.union(*(self.words_in(node.getChild(k)) for k in range(node.getNumChildren())))

    def piece(self, node, local: Mapping[str, str]) -> tuple:
        """The formula and how tightly it binds; `local` maps names that hide others to how they are said."""
        kind = self.kinds.get(node.getType(), "UNKNOWN")
        if kind in REFUSED:
            raise FormulaRefused(f"{REFUSED[kind]}, which is not read")
        if kind in ("INTEGER", "REAL", "REAL_E", "RATIONAL"):
            return number(kind, node)
        if kind == "NAME_TIME":
            return self.say_time(), ATOM
        if kind == "NAME":
            return local.get(node.getName()) or self.say(node.getName()), ATOM
        arguments = [self.piece(node.getChild(k), local) for k in range(node.getNumChildren())]
        if kind == "FUNCTION":
            return called(self.say(node.getName()), arguments)
        return operation(kind, arguments, node)


def operation(kind: str, arguments: list, node) -> tuple:
    """An operator or a function with its arguments."""
    count = len(arguments)
    if kind in REPEATED:
        sign, none = REPEATED[kind]
        return repeated(sign, arguments) if arguments else (none, ATOM)
    if kind in CHAINED and count > 1:
        pairs = [joined(CHAINED[kind], *pair) for pair in zip(arguments, arguments[1:])]
        return repeated("&", pairs)
    if kind in BINARY and count == 2:
        return joined(BINARY[kind], *arguments)
    if kind == "MINUS" and count in (1, 2):
        return joined("-", *arguments) if count == 2 else (f"-{at_least(POWER, arguments[0])}", PRODUCT)
    if kind == "LOGICAL_NOT" and count == 1:
        return f"not {at_least(COMPARISON, arguments[0])}", COMPARISON
    if kind == "LOGICAL_XOR":
        return parity(arguments)
    if kind in ("FUNCTION_MAX", "FUNCTION_MIN") and count:
        return called(SPECIAL[kind], arguments) if count > 1 else arguments[0]
    if kind == "FUNCTION_ROOT" and count in (1, 2):
        return root(arguments)
    if kind == "FUNCTION_LOG" and count in (1, 2):
        return logarithm(arguments)
    if kind in CALLS:
        return called(CALLS[kind], arguments)
    if kind in FORMS and places(FORMS[kind].text) == count:
        return FORMS[kind].text.format(*(at_least(ATOM, one) for one in arguments)), FORMS[kind].level
    raise FormulaRefused(f"{node.getName() or kind.lower()} with {count} arguments, which is not read")


def places(text: str) -> int:
    """How many arguments a form has."""
    return sum(f"{{{k}}}" in text for k in range(2))


def number(kind: str, node) -> tuple:
    """A number; one with a sign binds as a product does."""
    if kind == "INTEGER":
        words = str(node.getInteger())
    elif kind == "RATIONAL":
        return f"{node.getNumerator()}/{node.getDenominator()}", PRODUCT
    else:
        words = repr(node.getReal())
        if kind == "REAL_E":  # read at once, as the product of the two would be rounded twice
            words = repr(float(f"{node.getMantissa()!r}e{node.getExponent()}"))
    if not math.isfinite(float(words)):
        raise FormulaRefused(f"the number {words}: wanted a finite one")
    return words, PRODUCT if words.startswith("-") else ATOM


def called(name: str, arguments: list) -> tuple:
    """A call."""
    return f"{name}({', '.join(words for words, _ in arguments)})", ATOM


def repeated(sign: str, arguments: list) -> tuple:
    """Arguments with an operator between them."""
    result = arguments[0]
    for argument in arguments[1:]:
        result = joined(sign, result, argument)
    return result


def parity(arguments: list) -> tuple:
    """Whether an odd number of arguments is true."""
    result = ("0", ATOM)
    for argument in arguments:
        truth = joined("!=", argument, ("0", ATOM))
        result = joined("!=", result, truth)
    return result


def root(arguments: list) -> tuple:
    """``root(x)``, the square root, or ``root(n, x)``."""
    *degree, base = arguments
    if not degree or degree[0][0] == "2":
        return called("sqrt", [base])
    return joined("**", base, joined("/", ("1", ATOM), degree[0]))


def logarithm(arguments: list) -> tuple:
    """``log(x)`` to base 10, or ``log(base, x)``."""
    *base, argument = arguments
    if not base or base[0][0] == "10":
        return called("log10", [argument])
    return joined("/", called("log", [argument]), called("log", base))
