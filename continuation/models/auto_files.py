"""Equation files of AUTO in their simple form, Fortran or C, with the constants file beside them.

Read are assignments only: ``F(i) = ...``, ``f[i] = ...``, quantities in between, and the start in STPNT.  A line that
is anything else is refused; derivatives (DFDU, DFDP) are not needed and passed over.
"""

import os
import re

from continuation.ground.names import is_number
from continuation.models.description import Description, ModelError

# Words of the two languages that say nothing about the equations.
SILENT = re.compile(
    r"(?:implicit|integer|double|real|parameter\b(?!\s*\()|use|end|return|contains|intent|#|//|/\*|\*|\}|\{|include|extern)",
    re.I,
)
BLOCK = re.compile(r"(?:(?!end\b).*\bsubroutine\s+(\w+)|(?:int|void)\s+(\w+)\s*\().*", re.I)
ASSIGNMENT = re.compile(
    r"(?:const\s+)?(?:double(?:\s+precision|real)?\s+)?(\w+(?:\s*[(\[]\s*[\d, ]+\s*[)\]])?)\s*=(?!=)\s*(.+)", re.I
)
ENTRY = re.compile(r"[\s,]*(\w+)\s*=\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\[[^\]]*\]|'[^']*'|\"[^\"]*\"|[^\s,]+)", re.S)
INDEXED = re.compile(r"\b(f|u|par|dfdu|dfdp)\s*[(\[]\s*(\d+)\s*(?:,\s*\d+\s*)?[)\]]", re.I)
WHOLE_DIVISION = re.compile(r"(?<![\w.)\]])\d+\s*/\s*\d+(?![\w.])")
USED = {"RL0", "RL1", "ICP", "NMX", "DS", "DSMAX", "DSMIN", "EPSU", "ITNW", "UNAMES", "PARNAMES", "NDIM", "UZSTOP"}


def read_auto(path, text: str, name: str) -> Description:
    """Read an equation file of AUTO, and the constants file ``c.name`` beside it if there is one.

    Raises
    ------
    ModelError
        Names the line that is no simple assignment.
    """
    in_c = str(path).endswith(".c")
    beside = os.path.join(os.path.dirname(os.path.abspath(path)), f"c.{name}")
    constants = read_constants(beside) if os.path.exists(beside) else {}
    return Reader(path, in_c, constants, name).read(text)


class Reader:
    """One equation file."""

    def __init__(self, path, in_c: bool, constants: dict, name: str):
        self.path, self.base = path, 0 if in_c else 1  # of indices
        self.description = Description(name)
        self.constants = constants
        self.names = {"u": constants.get("UNAMES") or {}, "par": constants.get("PARNAMES") or {}}
        self.right, self.quantities, self.used, self.taken = {}, {}, set(), set()

    def fail(self, line, problem):
        """Refuse the file at a line."""
        raise ModelError(f"{self.path}:{line}: {problem}")

    def read(self, text: str) -> Description:
        """Take the blocks FUNC and STPNT; those of boundary conditions and the like must be empty."""
        starts, block, lines = {}, "", logical_lines(text, self.base == 0)
        self.taken = own_names(words for _, words in lines)
        for line, words in lines:
            if match := BLOCK.match(words):
                block = (match[1] or match[2]).lower()
            elif re.match(r"if\s*\(\s*ijac", words, re.I):
                block = "derivatives"
            elif not ASSIGNMENT.fullmatch(words) and (SILENT.match(words) or block not in ("func", "stpnt")):
                continue
            elif block == "func":
                self.read_func(line, words)
            elif block == "stpnt":
                self.read_start(line, words, starts)
            elif block in ("bcnd", "icnd"):
                self.fail(line, f"{block.upper()}: a boundary value problem, which is not read")
        self.assemble(starts)
        return self.description

    def split(self, line, words) -> tuple:
        """Left and right side of an assignment, in our words."""
        match = ASSIGNMENT.fullmatch(words)
        if match is None:
            self.fail(line, f"no simple assignment: {words[:60]!r}")
        left = re.sub(r"\s", "", match[1]).lower()
        return left, self.formula(line, match[2])

    def formula(self, line, words) -> str:
        """A right-hand side in our words."""
        if WHOLE_DIVISION.search(words):
            self.fail(line, f"a quotient of whole numbers is a whole number there: {words[:60]!r}; write 1.0/2.0")
        words = re.sub(r"(\d\.?\d*|\.\d+)[dD]([+-]?\d+)", r"\1e\2", words).lower()
        words = re.sub(r"\bd(exp|sin|cos|tan|log|sqrt|abs|sinh|cosh|tanh|atan)\b", r"\1", words)
        words = words.replace("fabs(", "abs(")
        return INDEXED.sub(lambda match: self.indexed(match[1], int(match[2])), words)

    def indexed(self, what: str, k: int) -> str:
        """The name of an unknown or a parameter."""
        if what == "par":
            self.used.add(k)
        own = f"{what}{k}"
        return self.names.get(what, {}).get(k) or (f"{what}_{k}" if own in self.taken else own)

    def read_func(self, line, words):
        """``F(i) = ...``, a quantity in between; derivatives are passed over."""
        if re.match(r"df(du|dp)\b", words, re.I):
            return
        left, right = self.split(line, words)
        if match := re.fullmatch(r"f[(\[](\d+)[)\]]", left):
            self.right[int(match[1])] = right
            self.description.lines[f"equation {self.indexed('u', int(match[1]))!r}"] = line
        elif not re.fullmatch(r"\w+", left):
            self.fail(line, f"no simple assignment: {words[:60]!r}")
        elif left in self.quantities:
            self.fail(line, f"{left} is given a second value; only quantities with one are read")
        else:
            self.quantities[left] = right
            self.description.lines[f"definition {left!r}"] = line

    def read_start(self, line, words, starts):
        """``PAR(1) = 0.5``, ``U(1) = 0``."""
        match = ASSIGNMENT.fullmatch(words)
        if match is None:
            self.fail(line, f"no simple assignment: {words[:60]!r}")
        place = INDEXED.fullmatch(match[1].strip())
        number = re.sub(r"[dD]", "e", match[2].strip())
        if place is None or not is_number(number):
            self.fail(line, f"wanted U(i) or PAR(i) = a number, got {words[:60]!r}")
        starts[place[1].lower(), int(place[2])] = float(number)

    def assemble(self, starts):
        """The description: equations in the order of their numbers, the constants' wishes."""
        described = self.description
        if not self.right:
            raise ModelError(f"{self.path}: no F(i) = ... in it")
        for k in sorted(self.right):
            described.equations[self.indexed("u", k)] = self.right[k]
            described.start[self.indexed("u", k)] = starts.get(("u", k), 0.0)
        for left, right in self.quantities.items():
            if right != left:
                described.definitions[left] = right
        for k in sorted({*self.used, *(k for what, k in starts if what == "par")}):
            described.parameters[self.indexed("par", k)] = starts.get(("par", k), 0.0)
        described.vary = next(iter(described.parameters), None)
        self.take_constants()

    def take_constants(self):
        """Span, steps and the varied parameter; each constant that is not used is named."""
        constants, described = self.constants, self.description
        if constants.get("ICP"):
            first = constants["ICP"][0]
            described.vary = self.indexed("par", first) if isinstance(first, int) else first
        limits = [constants.get("RL0"), constants.get("RL1")]
        stops = (constants.get("UZSTOP") or {}).get(described.vary, [])
        low = min(described.parameters.get(described.vary, 0.0), *stops) if stops else limits[0]
        high = max(described.parameters.get(described.vary, 0.0), *stops) if stops else limits[1]
        if low is not None and high is not None and low < high:
            described.span = (float(low), float(high))
        wishes = {"max_points": "NMX", "max_step": "DSMAX", "min_step": "DSMIN", "tolerance": "EPSU"}
        wishes |= {"newton_iterations": "ITNW"}
        described.settings = {ours: constants[theirs] for ours, theirs in wishes.items() if constants.get(theirs)}
        if step := constants.get("DS"):
            described.settings["step"] = abs(step)
        unused = sorted(key for key in constants if key not in USED)
        if unused:
            described.notes.append(f"constants of AUTO that are not used: {', '.join(unused)}")


def own_names(lines) -> set:
    """Names of quantities in between, but those that are another name of an unknown: ``U1 = U(1)``."""
    matches = [match for match in map(ASSIGNMENT.fullmatch, lines) if match]
    return {m[1].lower() for m in matches if INDEXED.sub(r"\1\2", re.sub(r"\s", "", m[2])).lower() != m[1].lower()}


def logical_lines(text: str, in_c: bool) -> list:
    """(line, text) of statements: comments left out, continued lines joined."""
    found, parts, begun = [], [], 0
    if in_c:
        text = re.sub(r"/\*.*?\*/", lambda match: "\n" * match[0].count("\n"), text, flags=re.S)
    for number, line in enumerate(text.splitlines(), 1):
        fixed_comment = not in_c and re.match(r"[cC*!](?![a-zA-Z]*\s*=)", line)
        line = "" if fixed_comment else line.split("//" if in_c else "!")[0].strip()
        begun = begun if parts else number
        continued = line.endswith("&") if not in_c else bool(line) and not re.search(r"[;{}]$|^#", line)
        parts.append(line.strip("&").rstrip(";").strip())
        if not continued:
            if whole := " ".join(filter(None, parts)):
                found.append((begun, whole))
            parts = []
    return found


def read_constants(path) -> dict:
    """Constants of a file ``c.name``: name in capitals -> number, text, list or mapping.

    Raises
    ------
    ModelError
        A line that is no ``NAME = value``.
    """
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.split("#")[0] for line in file]
    if lines and re.match(r"\s*-?\d+(\s+-?\d+)+", lines[0]):
        raise ModelError(f"{path}:1: the old form of constants, without names, is not read")
    text, found = "".join(lines), {}
    place = 0
    while match := ENTRY.match(text, place):
        found[match[1].upper()] = constant(match[2])
        place = match.end()
    if text[place:].strip(" \t\r\n,"):
        line = text.count("\n", 0, len(text) - len(text[place:].lstrip(" \t\r\n,"))) + 1
        raise ModelError(f"{path}:{line}: wanted NAME = value, got {text[place:].strip()[:40]!r}")
    return found


def constant(words: str):
    """A number, a text, a list of these, or a mapping from number or text."""
    words = words.strip()
    if words.startswith("{"):
        pairs = re.findall(r"('[^']*'|\"[^\"]*\"|-?\w+)\s*:\s*(\[[^\]]*\]|'[^']*'|\"[^\"]*\"|[^,}\s]+)", words[1:-1])
        return {constant(key): constant(value) for key, value in pairs}
    if words.startswith("["):
        return [constant(part) for part in re.findall(r"'[^']*'|\"[^\"]*\"|[^,\s\[\]]+", words)]
    if words[:1] in "'\"":
        return words[1:-1]
    if re.fullmatch(r"[-+]?\d+", words):
        return int(words)
    number = re.sub(r"[dD]", "e", words)
    return float(number) if is_number(number) else words
