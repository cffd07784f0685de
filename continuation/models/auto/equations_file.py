"""Equation files of AUTO: FUNC and STPNT to a description.

Read are assignments only: ``F(i) = ...``, ``f[i] = ...``, quantities in between, and numbers in STPNT.  What else a
statement says is refused; derivatives (DFDU, DFDP, what stands under ``IF (IJAC ...)``) are not needed and passed over.
Numbers of unknowns and parameters are AUTO's, from 1, also where the file is in C, whose indices begin at 0.
"""

import os
import re

from continuation.models.auto.constants_file import USED, read_constants
from continuation.models.auto.events import LANGUAGES, C, read_events
from continuation.models.auto.translation import REMAINDER, Known, Translation, TranslationError, octal
from continuation.models.description import Description, ModelError
from continuation.models.spelling import sayable

# Statements that say nothing about the equations.
SILENT = re.compile(
    r"(?:implicit|use|external|intrinsic|dimension|save|include|extern)\b.*|return\b[^=]*|contains|continue"
    r"|\(\s*void\s*\).*",
    re.I,
)
DECLARATION = re.compile(
    r"(?P<type>(?:(?:const|static|register|unsigned)\s+)*"
    r"(?:double\s+precision|double|doublereal|float|real|integer|int|long|logical|character|parameter)"
    r"(?:\s*\*\s*\d+|\s*\(\s*(?:kind\s*=\s*)?\w+(?:\s*\([^()]*\))?\s*\))?)(?P<attributes>\s*,.*?::|\s*::|\s+|\s*(?=\())(?P<rest>.+)",
    re.I,
)
ASSIGNMENT = re.compile(r"(\w+(?:\s*[(\[][\s\d:,]*[)\]])?)\s*=(?!=)\s*(.+)", re.S)
ELEMENT = re.compile(r"(f|u|par|dfdu|dfdp)\s*[(\[]\s*(\d+)\s*(?:,\s*\d+\s*)?[)\]]", re.I)
IJAC = re.compile(r"if\s*\(.*\bijac\b", re.I)
RETURN = re.compile(r"\)\s*return\b[^=]*", re.I)
NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+))(?:[eEdDqQ]([-+]?\d+))?(?:_\w+|[fFlL])?")
DERIVATIVES = "derivatives"
READ = ("func", "stpnt", DERIVATIVES)
PROBLEMS = {"bcnd": "a boundary value problem", "icnd": "a boundary value problem"}


def read_auto(path, text: str, name: str) -> Description:
    """Read an equation file of AUTO, and the constants file ``c.name`` beside it if there is one.

    Raises
    ------
    ModelError
        Names the line that is no simple assignment; a gap in F(1), F(2) ...; a constant of another type.
    """
    language = LANGUAGES[os.path.splitext(os.fspath(path))[1].lower()]
    beside = os.path.join(os.path.dirname(os.path.abspath(path)), f"c.{name}")
    constants = read_constants(beside) if os.path.exists(beside) else {}
    return EquationsFile(path, language == C, constants, name).read(read_events(path, text, language))


class EquationsFile:
    """One equation file."""

    def __init__(self, path, in_c: bool, constants: dict, name: str):
        self.path, self.in_c = path, in_c
        self.description = Description(name)
        self.constants = constants
        self.spelling: dict = {}  # quantity -> as it is said
        self.whole: set = set()  # names of whole numbers
        self.real: set = set()  # names declared as others
        self.implicit = not in_c  # names from i to n are whole numbers unless declared otherwise
        self.names: dict = {}  # (u or par, number) -> name
        self.numbers: dict = {}  # (u or par, name in the constants) -> number
        self.right, self.quantities, self.used, self.starts = {}, {}, set(), {}

    def fail(self, line, problem):
        """Refuse the file at a line."""
        raise ModelError(f"{self.path}:{line}: {problem}")

    def read(self, events) -> Description:
        """Take the blocks FUNC and STPNT; those of boundary conditions must be empty, others are passed over."""
        inside = self.statements(events)
        self.declare(inside)
        for place, line, words in inside:
            if place == "func":
                self.read_func(line, words)
            elif place == "stpnt":
                self.read_start(line, words)
            elif place == DERIVATIVES and re.match(r"f\s*[(\[]", words, re.I):
                self.fail(line, f"F under a condition on IJAC: {words[:60]!r}")
            elif place in PROBLEMS and ASSIGNMENT.fullmatch(words):
                self.fail(line, f"{place.upper()}: {PROBLEMS[place]}, which is not read")
        others = {place: "" for place, _, words in inside if ASSIGNMENT.fullmatch(words)}
        self.description.notes += [f"{place.upper()} is not read" for place in others if place not in READ]
        self.assemble()
        return self.description

    def statements(self, events) -> list:
        """(block, line, statement) of what stands in blocks, declarations taken apart."""
        found, blocks = [], []
        for kind, line, words in events:
            place = blocks[-1] if blocks else ""
            if kind == "end":
                blocks = blocks[:-1]
            elif kind == "begin":
                blocks.append(self.block(line, words, place))
            elif place == "func" and IJAC.match(words):
                if RETURN.search(words):
                    blocks[-1] = DERIVATIVES
                elif not re.search(r"\)\s*dfd[up]\s*[(\[]", words, re.I):
                    self.fail(line, f"no simple assignment: {words[:60]!r}")
            elif place:
                found += [(place, line, part) for part in self.parts(line, words, place)]
        return found

    def block(self, line, words, place) -> str:
        """What the block is that begins with these words."""
        if not place:
            unit = re.search(r"(\w+)\s*\(" if self.in_c else r"\b(\w+)$", words)
            return unit[1].lower() if unit else "other"
        if place == "func" and IJAC.match(words):
            return DERIVATIVES
        if place in ("func", "stpnt"):
            self.fail(line, f"no simple assignment: {words[:60]!r}")
        return place

    def parts(self, line, words, place) -> list:
        """Assignments in a statement of a block; a declaration may hold some."""
        if ASSIGNMENT.fullmatch(words):
            return [words]
        if re.match(r"implicit\b", words, re.I) and place == "func":
            self.implicit = self.implicit and not re.search(r"\bnone\b|\(\s*a\s*-\s*z\s*\)", words, re.I)
        if SILENT.fullmatch(words):
            return []
        match = DECLARATION.fullmatch(words)
        if match is None:
            return [words]
        rest, kind = match["rest"].strip(), match["type"].lower()
        if kind == "parameter" and rest.startswith("(") and rest.endswith(")"):
            rest = rest[1:-1]
        items = [item.strip() for item in split_at_commas(rest)]
        if place == "func":
            names = {re.match(r"[*&\s]*(\w*)", item)[1] for item in items}
            self.note_types({name if self.in_c else name.lower() for name in names}, kind)
        return [item for item in items if "=" in item]

    def note_types(self, names, kind):
        """Note which names are whole numbers."""
        if re.search(r"\b(?:integer|int|long)\b", kind):
            self.whole |= names
        elif kind != "parameter":
            self.real |= names

    # Names

    def declare(self, inside):
        """Say the unknowns and parameters (the constants' names, else ``u1``, ``par1``) and the quantities of FUNC."""
        inside = [(line, words) for place, line, words in inside if place == "func" and ASSIGNMENT.fullmatch(words)]
        found = [(line, *self.sides(words)) for line, words in inside]
        found = [(line, left, right) for line, left, right in found if left.isidentifier()]
        if self.implicit:
            self.whole |= {left for _, left, _ in found if left[0] in "ijklmn" and left not in self.real}
        for what, key in (("u", "UNAMES"), ("par", "PARNAMES")):
            for k, name in (self.constants.get(key) or {}).items():
                self.names[what, k] = self.noted(name, sayable(name, self.names.values()))
                self.numbers[what, name] = k
        for line, left, right in found:
            if left not in self.spelling and not self.is_alias(line, left, right):
                said = sayable(left, {*self.spelling.values(), *self.names.values()})
                self.spelling[left] = self.noted(left, said)
        self.remainder = sayable("fmod", {*self.spelling.values(), *self.names.values()})

    def noted(self, name: str, said: str) -> str:
        """How something is said; a note where that is not its name."""
        if said != name:
            self.description.notes.append(f"{name} is called {said}")
        return said

    def is_alias(self, line, left: str, right: str) -> bool:
        """Whether a quantity is an unknown or a parameter under the name that it has anyway: ``U1 = U(1)``."""
        match = ELEMENT.fullmatch(right)
        return bool(match) and left == self.numbered(
            match[1].lower(), self.whole_number(line, match[2]) + self.in_c, used=False
        )

    def say(self, name: str) -> str:
        """How a name is said: a quantity as it is declared, another as it is, to be refused where it is parsed."""
        return self.remainder if name == "fmod" else self.spelling.get(name, name)

    def indexed(self, what: str, index: int) -> str:
        """The name of an unknown or a parameter by its index in the file."""
        return self.numbered(what, index + self.in_c)

    def numbered(self, what: str, k: int, used=True) -> str:
        """The name of an unknown or a parameter by AUTO's number."""
        if what == "par" and used:
            self.used.add(k)
        if not used:
            return self.names.get((what, k), f"{what}{k}")
        if (what, k) not in self.names:
            said = sayable(f"{what}{k}", {*self.spelling.values(), *self.names.values()})
            self.names[what, k] = said
            if said != f"{what}{k}":
                self.description.notes.append(f"{what.upper()}({k}) is called {said}")
        return self.names[what, k]

    def called(self, what: str, key):
        """How an unknown or a parameter is said that the constants call by number or name; `key` if there is none."""
        return self.names.get((what, self.numbers.get((what, key), key)), key)

    # Statements

    def sides(self, words) -> tuple:
        """Left and right side of an assignment, the left one without blanks."""
        match = ASSIGNMENT.fullmatch(words)
        left = re.sub(r"\s", "", match[1])
        return left if self.in_c else left.lower(), match[2].strip()

    def read_func(self, line, words):
        """``F(i) = ...``, a quantity in between; derivatives are passed over."""
        if re.match(r"df(du|dp)\s*[(\[]", words, re.I):
            return
        if ASSIGNMENT.fullmatch(words) is None:
            self.fail(line, f"no simple assignment: {words[:60]!r}")
        left, right = self.sides(words)
        element = ELEMENT.fullmatch(left)
        if element and element[1].lower() == "f":
            self.read_equation(line, self.whole_number(line, element[2]) + self.in_c, right)
        elif not left.isidentifier():
            self.fail(line, f"no simple assignment: {words[:60]!r}")
        elif left in self.quantities:
            self.fail(line, f"{left} is given a second value; only quantities with one are read")
        elif left not in self.spelling:
            self.quantities[left] = None  # another name of an unknown
        else:
            self.quantities[left] = self.formula(line, right, left in self.whole)
            self.description.lines[f"definition {self.spelling[left]!r}"] = line

    def read_equation(self, line, k, right):
        """``F(k) = ...``."""
        if k in self.right:
            self.fail(line, f"F({k}) is given a second value")
        self.right[k] = self.formula(line, right)
        self.description.lines[f"equation {self.numbered('u', k)!r}"] = line

    def formula(self, line, words, whole=False) -> str:
        """A right-hand side in our words; of a whole number, if the left-hand side is one."""
        known = Known(self.say, self.indexed, frozenset(self.whole - self.real), self.in_c)
        try:
            translation = Translation(words, known)
            text = translation.text()
        except TranslationError as error:
            self.fail(line, str(error))
        if whole and not translation.is_whole:
            self.fail(line, f"a whole number there, whose part behind the point is lost: {words[:60]!r}")
        if translation.has_remainder:
            self.description.definitions[f"{self.remainder}(a, b)"] = REMAINDER
        return text

    def read_start(self, line, words):
        """``PAR(1) = 0.5``, ``U(1) = 0``."""
        if ASSIGNMENT.fullmatch(words) is None:
            self.fail(line, f"no simple assignment: {words[:60]!r}")
        left, right = self.sides(words)
        place, number = ELEMENT.fullmatch(left), NUMBER.fullmatch(right)
        if place is None or place[1].lower() not in ("u", "par") or number is None:
            self.fail(line, f"wanted U(i) or PAR(i) = a number, got {words[:60]!r}")
        digits = number[1].lstrip("+-")
        if digits.isdigit() and number[2] is None:
            value = float(f"{number[1][: -len(digits)]}{self.whole_number(line, digits)}")
        else:
            value = float(f"{number[1]}e{number[2] or 0}")
        self.starts[place[1].lower(), self.whole_number(line, place[2]) + self.in_c] = value

    def whole_number(self, line, digits: str) -> int:
        """The value of digits; in C those that begin with 0 are octal."""
        try:
            return octal(digits) if self.in_c and digits[0] == "0" else int(digits)
        except TranslationError as error:
            self.fail(line, str(error))

    # Together

    def assemble(self):
        """The description: equations in the order of their numbers, the constants' wishes."""
        described = self.description
        self.check_complete()
        self.take_values()
        for k in sorted(self.right):
            described.equations[self.numbered("u", k)] = self.right[k]
            described.start[self.numbered("u", k)] = self.starts.get(("u", k), 0.0)
        for left, right in self.quantities.items():
            if right is not None:
                described.definitions[self.spelling[left]] = right
        for k in sorted({*self.used, *(k for what, k in self.starts if what == "par")}):
            described.parameters[self.numbered("par", k)] = self.starts.get(("par", k), 0.0)
        self.take_constants()

    def check_complete(self):
        """Refuse gaps between F(1) and the last one, another number of equations than NDIM, and maps."""
        if not self.right:
            raise ModelError(f"{self.path}: no F(i) = ... in it")
        count = self.constants.get("NDIM", max(self.right))
        missing = [f"F({k})" for k in range(1, max(count, *self.right) + 1) if k not in self.right]
        if missing:
            raise ModelError(f"{self.path}: no {', '.join(missing[:8])} = ... in it; NDIM is {count}")
        if len(self.right) > count:
            raise ModelError(f"{self.path}: F({len(self.right)}) = ... is one too many: NDIM is {count}")
        if self.constants.get("IPS") == -1:
            raise ModelError(f"{self.path}: IPS = -1, fixed points of a map: only flows are read")

    def take_values(self):
        """The constants U and PAR go before STPNT."""
        for what in ("u", "par"):
            numbers = {name: k for (kind, k), name in self.names.items() if kind == what}
            numbers |= {name: k for (kind, name), k in self.numbers.items() if kind == what}
            for key, value in (self.constants.get(what.upper()) or {}).items():
                if key not in numbers and not isinstance(key, int):
                    raise ModelError(f"{self.path}: {what.upper()} of the constants: nothing is called {key!r}")
                self.starts[what, numbers.get(key, key)] = float(value)

    def take_constants(self):
        """Span, steps and the varied parameter; each constant that is not used is named."""
        constants, described = self.constants, self.description
        described.vary = self.varied(constants.get("ICP", ()))
        limits = [constants.get("RL0"), constants.get("RL1")]
        limited = {self.called("par", key): values for key, values in (constants.get("UZSTOP") or {}).items()}
        stops = limited.pop(described.vary, [])
        value = described.parameters.get(described.vary, 0.0)
        low, high = (min(value, *stops), max(value, *stops)) if stops else limits
        if low is not None and high is not None and low < high:
            described.span = (float(low), float(high))
        wishes = {"max_points": "NMX", "max_step": "DSMAX", "min_step": "DSMIN", "tolerance": "EPSU"}
        wishes |= {"newton_iterations": "ITNW"}
        described.settings = {ours: constants[theirs] for ours, theirs in wishes.items() if constants.get(theirs)}
        if step := constants.get("DS"):
            described.settings["step"] = abs(step)
        described.notes += [f"UZSTOP: {key} is not varied; its limits are not used" for key in limited]
        strange = {"IPS"} if constants.get("IPS", 1) not in (0, 1) else set()  # both are equilibria
        unused = sorted(key for key in constants if key not in USED or key in strange)
        if unused:
            described.notes.append(f"constants of AUTO that are not used: {', '.join(unused)}")

    def varied(self, wished):
        """The first parameter of the equations that ICP names, else the first there is."""
        known = self.description.parameters
        names = [self.called("par", one) for one in wished]
        names = [f"PAR({name})" if isinstance(name, int) else name for name in names]
        chosen = next((name for name in names if name in known), None) or next(iter(known), None)
        if names and chosen != names[0]:
            self.description.notes.append(
                f"ICP: {names[0]} is no parameter of the equations" + (f"; {chosen} is varied" if chosen else "")
            )
        return chosen


def split_at_commas(words: str) -> list[str]:
    """Parts between commas outside parentheses."""
    parts, depth = [""], 0
    for sign in words:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
