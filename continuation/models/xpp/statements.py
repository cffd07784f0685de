"""The lines of an `.ode` file, put together, their arrays written out, and what each of them is."""

import re
from typing import NamedTuple

from continuation.models.description import ModelError

MANY = 20_000  # lines that arrays may be written out to


class Statement(NamedTuple):
    """One statement: what it is, what stands on its left and right, and on which line of the file."""

    kind: str
    left: str
    right: str
    line: int


_NAME = r"[A-Za-z_]\w*"
FORMS = (  # the first that fits tells what a statement is
    ("algebraic", re.compile(r"0\s*=()(.*)")),
    ("map", re.compile(rf"({_NAME})\s*\(\s*t\s*\+\s*1\s*\)\s*=(.*)", re.I)),
    ("equation", re.compile(rf"({_NAME})\s*'\s*=(.*)")),
    ("equation", re.compile(rf"d({_NAME})\s*/\s*dt\s*=(.*)", re.I)),
    ("start", re.compile(rf"({_NAME})\s*\(\s*0\s*\)\s*=(.*)")),
    ("volterra", re.compile(rf"({_NAME})\s*\(\s*t\s*\)\s*=(.*\bint\s*[\[{{].*)", re.I)),
    ("function", re.compile(rf"({_NAME}\s*\([^()=]*\))\s*=(.*)")),
    ("quantity", re.compile(rf"!?\s*({_NAME})\s*=(?!=)(.*)")),
    ("option", re.compile(r"@()(.*)")),
    ("nothing", re.compile(r"\{()(.*)")),  # a row of a Markov variable, which is refused where it begins
    ("word", re.compile(r"([A-Za-z]+)(?:\s+(.*))?")),
)
# Words that begin a line; so does what begins them (``p``) and what begins as they do (``params``).
WORDS = {
    "parameter": "parameters",
    "number": "parameters",
    "init": "starts",
    "ic": "starts",
    "aux": "output",
    "set": "set",
    "solve": "solve",
    "wiener": "noise",
    "markov": "markov",
    "global": "global",
    "bdry": "boundary",
    "bndry": "boundary",
    "table": "table",
    "special": "special",
    "export": "export",
    "volterra": "volterra",
    "kernel": "kernel",
    "user": "function of the old form",
    "fixed": "quantity of the old form",
    "options": "nothing",
    "command": "nothing",
    "only": "nothing",
    "vector": "nothing",
}
ALIKE = 3  # letters in which a longer word begins as one of these


def read_statements(path, text: str) -> list[Statement]:
    """The statements of a file, in order; raises `ModelError` at a line that is none."""
    statements = []
    for line, words in written_out(path, logical_lines(path, text)):
        statements.append(recognise(path, line, words))
    return [statement for statement in statements if statement.kind != "nothing"]


def logical_lines(path, text: str) -> list:
    """(line, text) up to the word that ends the model: comments left out, lines that end in a backslash joined."""
    found, begun, parts = [], 0, []
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*#include\b", line):  # with a blank in it, it is a comment
            raise ModelError(f"{path}:{number}: {line.strip()[:60]!r}: another file, which is not read")
        line = line.split("#", 1)[0].strip()
        begun = begun if parts else number
        if line.endswith("\\"):
            parts.append(line[:-1])
            continue
        whole, parts = "".join([*parts, line]).strip(), []
        if is_end(whole):
            return found
        if whole and not whole.startswith('"'):
            found.append((begun, _PLAIN_INDEX.sub(r"\1", whole)))
    if parts:
        raise ModelError(f"{path}:{begun}: the file ends within a line that goes on (\\)")
    return found


def is_end(words: str) -> bool:
    """Whether a line ends the model: a word with d, and no equation."""
    return bool(re.fullmatch(r"d[A-Za-z]*", words, re.I))


_RANGE = re.compile(r"\[\s*(\d+)\s*\.\.\s*(\d+)\s*\]")
_INDEX = re.compile(r"\[\s*([^\[\]]*\bj\b[^\[\]]*)\]")
_PLAIN_INDEX = re.compile(r"(?<=\w)\[\s*(\d+)\s*\]")


def written_out(path, lines) -> list:
    """The lines with arrays ``x[1..9]`` and blocks between ``%[1..9]`` and ``%`` written out, index by index."""
    found, block, begun = [], None, 0
    for line, words in lines:
        if words.startswith("%"):
            limits = _RANGE.search(words)
            if block is None and limits is None:
                raise ModelError(f"{path}:{line}: a block %[first..last] ends here, and none has begun")
            if block is None:
                block, begun = (whole_range(limits), []), line
            else:
                indices, inside = block
                found += [(at, with_index(path, at, text, j)) for j in indices for at, text in inside]
                block = None
        elif block is not None:
            block[1].append((line, words))
        else:
            found += [(line, one) for entry in entries(words) for one in of_ranges(path, line, entry)]
        if len(found) > MANY:
            raise ModelError(f"{path}:{line}: arrays of more than {MANY} lines in all")
    if block is not None:
        raise ModelError(f"{path}:{begun}: the block that begins here has no end, a line %")
    return found


def whole_range(limits) -> range:
    """Indices of ``[first..last]``."""
    return range(int(limits[1]), int(limits[2]) + 1)


def entries(words: str) -> list[str]:
    """The line; where it gives starts or parameters of arrays, a line for each range and what has its index."""
    match = re.fullmatch(r"([A-Za-z]+)\s+(.*)", words)
    if not (match and _RANGE.search(words) and kind_of_word(match[1]) in ("starts", "parameters")):
        return [words]
    found = []
    for entry in re.split(r"[\s,]+(?=[A-Za-z_])", match[2]):
        if found and _INDEX.search(entry) and not _RANGE.search(entry):
            found[-1] += f", {entry}"
        else:
            found.append(f"{match[1]} {entry}")
    return found


def of_ranges(path, line: int, words: str) -> list[str]:
    """The line for each index of its range."""
    ranges = {whole_range(limits) for limits in _RANGE.finditer(words)}
    if len(ranges) > 1:
        raise ModelError(f"{path}:{line}: two ranges in one line, which have not the same indices: {words[:60]!r}")
    indices = ranges.pop() if ranges else None
    return [words] if indices is None else [with_index(path, line, _RANGE.sub(str(j), words), j) for j in indices]


def with_index(path, line: int, words: str, j: int) -> str:
    """The text with ``[j]``, ``[j+1]``, ``[2*j]`` in numbers."""

    def number(match) -> str:
        total = match[1].replace(" ", "")
        parts = re.fullmatch(r"(?:(\d+)\*)?j(?:\*(\d+))?(?:([+-])(\d+))?", total)
        if parts is None:
            raise ModelError(f"{path}:{line}: the index [{match[1]}]; wanted [j], [j+1], [2*j-1] and the like")
        first, second, sign, shift = parts.groups()
        value = int(first or 1) * int(second or 1) * j + int(f"{sign}{shift}" if sign else 0)
        return str(value)

    return _INDEX.sub(number, words)


def recognise(path, line: int, words: str) -> Statement:
    """What a line is."""
    matches = ((kind, form.fullmatch(words)) for kind, form in FORMS)
    kind, match = next(((kind, match) for kind, match in matches if match), ("", None))
    left, right = (match[1].strip(), (match[2] or "").strip()) if match else ("", "")
    if kind == "word":
        kind = kind_of_word(left)
    if not kind:
        raise ModelError(f"{path}:{line}: no statement that is known: {words[:60]!r}")
    return Statement(kind, left, right, line)


def kind_of_word(word: str) -> str:
    """What a line is that begins with a word; empty if that is not known."""
    said = word.lower()
    return next((kind for known, kind in WORDS.items() if known.startswith(said) or said.startswith(known[:ALIKE])), "")
