"""Fortran and C to events: where a block begins, where one ends, and the statements in between.

Source of the rules: Fortran 2018 (ISO/IEC 1539-1), 6.3 (free and fixed form); C11 (ISO/IEC 9899), 5.1.1.2.
"""

import re
from typing import NamedTuple

from continuation.models.description import ModelError


class Event(NamedTuple):
    """``begin`` with the words before it, ``end``, or a ``line``: a statement; on which line of the file it begins."""

    kind: str
    line: int
    words: str


FIXED, FREE, C = "fixed-form Fortran", "Fortran", "C"
LANGUAGES = {".f": FIXED, ".f90": FREE, ".c": C}  # by the ending of the file's name
LAST_COLUMN = 72  # of fixed form; what stands behind it is a comment

_ASSIGNED = re.compile(r"\w+\s*(?:\([^()]*\))?\s*=(?!=)")  # as no block begins or ends
_UNIT = re.compile(r"(?:[\w*()]+\s+)*?(subroutine|function|module|program|interface|submodule)\b(?!\s*=)\s*(\w*)", re.I)
_BEGIN = re.compile(
    r"(?:\w+\s*:\s*)?(?:if\s*\(.*\)\s*then|do(?!\s*\d)\b|select\b|where\s*\([^=]*\)$|associate\b).*", re.I
)
_TYPE = re.compile(r"type\s*(?:,[^:]*)?(?:::)?\s*[a-z]\w*$", re.I)
_END = re.compile(
    r"end\s*(?:subroutine|function|module|submodule|program|interface|if|do|select|where|associate|type)?\b", re.I
)


def read_events(path, text: str, language: str) -> list[Event]:
    """The events of a file."""
    if language == C:
        return c_events(path, text)
    lines = fixed_lines(path, text) if language == FIXED else free_lines(path, text)
    return [fortran_event(line, words) for line, whole in lines for words in pieces_of(whole)]


def pieces_of(words: str) -> list[str]:
    """Statements of one line, between semicolons."""
    return [piece.strip() for piece in words.split(";") if piece.strip()]


def fortran_event(line: int, words: str) -> Event:
    """What a statement of Fortran is."""
    words = re.sub(r"^\d+\s+(?=\D)", "", words)  # a label
    if _ASSIGNED.match(words):
        return Event("line", line, words)
    if _END.match(words):
        return Event("end", line, words)
    unit = _UNIT.match(words)
    if unit and not re.match(r"module\s+procedure\b", words, re.I):
        return Event("begin", line, f"{unit[1]} {unit[2]}".lower())
    return Event("begin" if _BEGIN.match(words) or _TYPE.match(words) else "line", line, words)


def free_lines(path, text: str) -> list:
    """(line, statement) of free form: what ends in ``&`` goes on in the next line that says something."""
    found, parts, begun = [], [], 0
    for number, line in enumerate(text.splitlines(), 1):
        line = without_comment(line).strip()
        if not line:
            continue
        begun = begun if parts else number
        parts.append(line.strip("&").strip())
        if not line.endswith("&"):
            found.append((begun, " ".join(parts)))
            parts = []
    if parts:
        raise ModelError(f"{path}:{begun}: the file ends within a statement that goes on (&)")
    return found


def fixed_lines(path, text: str) -> list:
    """(line, statement) of fixed form: comments by column 1, continuation by column 6."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line[:1] in "cC*!dD" and line[:1]:
            continue
        if "\t" in line[:6]:
            label, _, rest = line.partition("\t")
            line = f"{label:5}{rest[:1]}{rest[1:]}" if rest[:1].isdigit() else f"{label:6}{rest}"
        body = without_comment(line[6:LAST_COLUMN]).strip()
        mark = line[5:6].strip()
        if mark == "!" or not (body or line[:5].strip()) or line[:5].strip().startswith("!"):
            continue
        if line[:5].strip() and not line[:5].strip().isdigit():
            raise ModelError(f"{path}:{number}: columns 1 to 5 are for labels in fixed form; is it free form, .f90?")
        if mark and mark != "0":
            if not found:
                raise ModelError(f"{path}:{number}: column 6 says that a line goes on, and none does")
            found[-1] = (found[-1][0], f"{found[-1][1]} {body}".strip())
        else:
            found.append((number, body))
    return found


def without_comment(line: str) -> str:
    """A line of Fortran up to an exclamation mark outside quotation marks."""
    return re.match(r"(?:'[^']*'|\"[^\"]*\"|[^!'\"]|['\"](?!.*['\"]))*", line)[0]


def c_events(path, text: str) -> list[Event]:
    """Events of C: statements end at ``;``, blocks stand between braces."""
    text = re.sub(r"/\*.*?\*/", lambda match: " " + "\n" * match[0].count("\n"), text, flags=re.S)
    found, words, begun, inside, number = [], "", 0, 0, 1
    for line in c_lines(path, text):
        for sign in f"{line} ":
            inside += {"(": 1, ")": -1, "[": 1, "]": -1}.get(sign, 0)
            if inside or sign not in ";{}":
                begun = number if sign.strip() and not words.strip() else begun
                words += sign
                continue
            words = " ".join(words.split())
            if sign == "{":
                found.append(Event("begin", begun, words))
            elif words:
                found.append(Event("line", begun, words))
            if sign == "}":
                found.append(Event("end", number, ""))
            words = ""
        number += 1
    if words.strip():
        raise ModelError(f"{path}:{begun}: the file ends within a statement: {words.strip()[:60]!r}")
    return found


def c_lines(path, text: str) -> list[str]:
    """Lines of C without comments and without ``#include``; other orders to the preprocessor are refused."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split("//")[0]
        if line.lstrip().startswith("#"):
            if not re.match(r"\s*#\s*(include|pragma)\b", line):
                raise ModelError(f"{path}:{number}: {line.strip()[:60]!r}: only #include is passed over")
            line = ""
        found.append(line)
    return found
