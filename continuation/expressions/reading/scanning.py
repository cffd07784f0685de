"""Text to words: numbers, names, signs."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from continuation.expressions.naming import plain

_INDEX = r"(?:[ \t]*\[[ \t]*[0-9]+[ \t]*(?:,[ \t]*[0-9]+[ \t]*)*\])?"
_TOKEN = re.compile(
    r"(?P<blank>[ \t\r\n]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    rf"|(?P<name>[^\W\d]\w*{_INDEX})"
    r"|(?P<sign>\*\*|[<>=!]=|&&|\|\||[-+*/(),^<>&|!])"
)


class Token(NamedTuple):
    """A word of the text: its kind (``number name sign end strange``), its characters and where it starts."""

    kind: str
    text: str
    start: int


def scan(text: str, position: int) -> Token:
    """Read the word at `position` or after the blanks there; ``strange`` is a character that begins none."""
    match = _TOKEN.match(text, position)
    if match and match.lastgroup == "blank":
        position = match.end()
        match = _TOKEN.match(text, position)
    if match:
        return Token(match.lastgroup, match[0], position)
    return Token("strange", text[position], position) if position < len(text) else Token("end", "", position)


def name_of(token: Token) -> str:
    """The name that a word is, without blanks before and in its index, in the form that names are compared in."""
    return plain(re.sub(r"[ \t]", "", token.text))


def names_in(text: str) -> Iterator[str]:
    """Names that occur in a text, up to the first strange character."""
    token = scan(text, 0)
    while token.kind not in ("end", "strange"):
        if token.kind == "name":
            yield name_of(token)
        token = scan(text, token.start + len(token.text))
