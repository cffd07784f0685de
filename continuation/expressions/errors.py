"""What is said when an expression is refused: where, what was found, what was wanted, a hint."""

import difflib
import unicodedata

from continuation.ground.arguments import shown

LONGEST_NAME = 100
LONGEST = 500  # characters of an error's first line: six lines of a terminal; names of a large model fill pages

HINTS = {
    "=": "write the right-hand side alone",
    "[": "an index is whole numbers, C[0,1]",
    "%": "a remainder is written mod(a, b)",
    ".": "no attributes or modules, write sin(x)",
    "E": "write exp(1)",
    "e": "write exp(1)",
}


class ExpressionError(ValueError):
    """An expression was refused.

    Attributes
    ----------
    label : str
        Which text, e.g. ``equation 'x'``.
    line, column : int or None
        Where in the text, from 1; None where there is no text.
    summary : str
        The first line of the message: label, place, what was found and what was wanted.  The message adds an
        excerpt with a caret.

    Examples
    --------
    >>> print(refusal("equation 'x'", "found '%'; a remainder is written mod(a, b)", "1 - x%2", 5))
    equation 'x', line 1, column 6: found '%'; a remainder is written mod(a, b)
        1 - x%2
             ^
    """

    label: str = ""
    line: int | None = None
    column: int | None = None
    summary: str = ""


def refusal(label: str, problem: str, text: str | None = None, position: int = 0) -> ExpressionError:
    """Make the error for `position` (an index) of `text`, for raising."""
    line = column = None
    place = excerpt = ""
    if text is not None:
        line = text.count("\n", 0, position) + 1
        column = position - text.rfind("\n", 0, position)
        place = f", line {line}, column {column}"
        excerpt = _excerpt(text, position) if text.strip() else ""
    summary = in_short(f"{label}{place}: {problem}")
    error = ExpressionError(summary + excerpt)
    error.label, error.line, error.column, error.summary = label, line, column, summary
    return error


def strange(character: str) -> str:
    """Describe a character outside the grammar."""
    if not character.isascii():
        name = unicodedata.name(character, "unnamed")
        return f"found U+{ord(character):04X} ({name}), wanted letters, digits and ASCII signs"
    hint = f"; {HINTS[character]}" if character in HINTS else ""
    return f"found {character!a}, wanted a number, a name or an operator{hint}"


def suggestion(name: str, known: list[str], kind: str) -> str:
    """Near names, else a hint, and those there are; begins with a semicolon."""
    near = [other for other in known if other.lower() == name.lower() or other.startswith(f"{name}[")][:3]
    if not near and len(name) <= LONGEST_NAME:
        near = difflib.get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else f"; {HINTS[name]}" if name in HINTS else ""
    more = f" and {len(known) - 12} more" if len(known) > 20 else ""
    return f"{hint}; {kind}: {', '.join(known[:12] if more else known) or 'none'}{more}"


def in_short(words: str) -> str:
    r"""One line of at most 500 characters; of longer ones the beginning and the end, where place and wish stand.

    Examples
    --------
    >>> in_short("a\n b"), len(in_short("x" * 10_000))
    ('a b', 500)
    """
    line = " ".join(words.split())
    if len(line) <= LONGEST:
        return line
    behind = LONGEST // 4
    return f"{line[: LONGEST - behind - 5]} ... {line[-behind:]}"


def shortened(word: object) -> str:
    """Quote `word`, cut to 40 characters."""
    quoted = ascii(word[:40]) if isinstance(word, str) else shown(word)
    return quoted if len(quoted) <= 40 else quoted[:36] + "..."


def _excerpt(text: str, position: int) -> str:
    """The line around `position`, at most 60 characters of it, and a caret below."""
    start = max(text.rfind("\n", 0, position) + 1, position - 30)
    end = text.find("\n", position, position + 30)
    shown = text[start : position + 30 if end < 0 else end]
    clean = "".join(c if " " <= c <= "~" else "?" for c in shown)
    return f"\n    {clean}\n    {' ' * (position - start)}^"
