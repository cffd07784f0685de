"""`.ode` files to descriptions."""

import math
import re

from continuation.expressions.calculus import ARITY, CONSTANTS
from continuation.expressions.errors import ExpressionError
from continuation.expressions.graph import Graph
from continuation.expressions.reading.parsing import parse
from continuation.expressions.reading.words import WORDS
from continuation.models.description import Description, ModelError
from continuation.models.spelling import sayable
from continuation.models.xpp.formulas import Formula, FormulaError, Names
from continuation.models.xpp.statements import read_statements

REFUSED = {
    "map": "a map x(t+1) = ...: only flows are read",
    "markov": "a Markov variable: a random process",
    "global": "a global condition: a jump at an event",
    "boundary": "a boundary condition: a boundary value problem",
    "table": "a table of numbers",
    "special": "a function of arrays (special)",
    "volterra": "a Volterra equation: it has a past",
    "kernel": "a kernel of a Volterra equation: it has a past",
    "export": "values from a compiled library (export), which is never loaded",
    "function of the old form": "a function of the old form (user)",
    "quantity of the old form": "a quantity of the old form (fixed)",
}
DECLARING = ("equation", "solve", "parameters", "noise", "quantity", "function")
HUGE = 1e300  # what an infinite number is read as
PAIR = re.compile(r"[\s,;]*([A-Za-z_]\w*)(?:\s*\(\s*0\s*\))?\s*(?:=\s*([^\s,;{}]+))?[\s,;]*")


def read_ode(path, text: str, name: str) -> Description:
    """Read the text of an `.ode` file.

    Parameters
    ----------
    path : str
        For errors.
    text : str
    name : str
        Of the problem.

    Returns
    -------
    Description
        The time ``t``, where equations use it, is a parameter that is 0.  Noise is 0.  Ranges and the parameter to
        vary are those of ``parmin``, ``parmax``; other options of numerics and pictures are left out.

    Raises
    ------
    ModelError
        Names the line: what this reader does not know, and what is no flow (delays, maps, jumps, boundary values).
    """
    return Reader(path, read_statements(path, text), name).description


class Reader:
    """Goes through the statements twice: names first, formulas then."""

    def __init__(self, path, statements, name):
        self.path, self.statements = path, statements
        self.description = Description(name)
        self.spelling: dict = {}  # name in small letters -> as it is said
        self.declared: dict = {}  # name in small letters -> kind and line of the statement that declares it
        self.functions: set = set()  # of the file's own, in small letters
        self.uses_time = False
        self.constraints: list = []  # formulas that are zero, with their statements
        self.unknowns: list = []  # states that these determine
        for statement in statements:
            self.declare(statement)
        for statement in statements:
            self.read(statement)
        self.finish()

    def fail(self, line, problem):
        """Refuse the file at a line."""
        raise ModelError(f"{self.path}:{line}: {problem}")

    # Names

    def declare(self, statement):
        """Note the names that a statement declares; refuse what is not read."""
        if statement.kind in REFUSED:
            self.fail(statement.line, REFUSED[statement.kind])
        names = [statement.left] if statement.kind in ("equation", "quantity", "function") else []
        if statement.kind in ("parameters", "solve", "noise"):
            names = [word for word, _ in self.pairs(statement)]
        for word in names:
            word = word.split("(")[0].strip()
            plain = word.lower()
            if plain in self.declared:
                kind, line = self.declared[plain]
                problem = "second equation for" if kind == statement.kind == "equation" else "second meaning of"
                self.fail(statement.line, f"a {problem} {self.spelling[plain]}; the first is on line {line}")
            self.declared[plain] = statement.kind, statement.line
            if statement.kind == "function":
                self.functions.add(plain)
            self.spelling[plain] = self.sayable(word, self.spelling.values())

    def pairs(self, statement) -> list[tuple]:
        """(name, text or None) of ``a=1, b=2``; what is between them must be blanks and commas."""
        found, place, text = [], 0, statement.right
        while place < len(text):
            match = PAIR.match(text, place)
            if match is None:
                rest = text[place:].strip()[:40]
                self.fail(statement.line, f"found {rest!r}, wanted name=value; a value with signs has no blanks: a=1+b")
            found.append((match[1], match[2]))
            place = match.end()
        return found

    def sayable(self, word: str, taken=()) -> str:
        """The name, with an underscore behind it where ours may not be so or where it is taken."""
        said = sayable(word, taken)
        if said != word:
            self.description.notes.append(f"{word} is called {said}")
        return said

    def say(self, word: str, called: bool) -> str:
        """How a name is said; of a function if it is called."""
        plain = word.lower()
        if plain in self.spelling and called == (plain in self.functions):
            return self.spelling[plain]
        if called and (plain in ARITY or plain in WORDS or plain == "not"):
            return plain
        if not called and plain in CONSTANTS:
            return plain
        if not called and plain == "t":
            self.uses_time = True
            return "t"
        if not called and plain == "inf":
            return repr(HUGE)
        raise FormulaError(f"unknown {'function' if called else 'name'} {word!r}")

    def after(self, word: str, places: int) -> str:
        """The name some places after another: in the order of the file, quantities behind states, parameters apart."""
        kinds = {name: kind for name, (kind, _) in self.declared.items()}
        ordered = [name for kind in ("equation", "quantity") for name in kinds if kinds[name] == kind]
        for names in (ordered, [name for name in kinds if kinds[name] == "parameters"]):
            if word.lower() in names and 0 <= names.index(word.lower()) + places < len(names):
                return self.spelling[names[names.index(word.lower()) + places]]
        raise FormulaError(f"shift({word}, {places}): no name there")

    # Statements

    def read(self, statement):
        """Take a statement into the description."""
        action = getattr(self, f"read_{statement.kind}", None)
        if action is None:
            self.fail(statement.line, f"{statement.kind} is not read")
        action(statement)

    def formula(self, statement, local=()) -> str:
        """The right-hand side in our words."""
        try:
            return Formula(statement.right, Names(self.say, self.after), local).text()
        except FormulaError as error:
            self.fail(statement.line, str(error))

    def note_line(self, label: str, statement):
        """Remember where an expression stands."""
        self.description.lines[label] = statement.line

    def read_equation(self, statement):
        """``x' = ...``."""
        name = self.spelling[statement.left.lower()]
        self.description.equations[name] = self.formula(statement)
        self.note_line(f"equation {name!r}", statement)

    def read_quantity(self, statement):
        """``name = ...``, also ``!name = ...``."""
        name = self.spelling[statement.left.lower()]
        self.description.definitions[name] = self.formula(statement)
        self.note_line(f"definition {name!r}", statement)

    def read_function(self, statement):
        """``f(a, b) = ...``."""
        word, arguments = statement.left.rstrip(")").split("(")
        local = [sayable(argument.strip()) for argument in arguments.split(",")]
        head = f"{self.spelling[word.strip().lower()]}({', '.join(local)})"
        self.description.definitions[head] = self.formula(statement, local)
        self.note_line(f"definition {head!r}", statement)

    def read_output(self, statement):
        """``aux name = ...``."""
        match = re.fullmatch(r"([^\s=]+)\s*=(.*)", statement.right)
        if match is None:
            self.fail(statement.line, "wanted aux name = formula")
        name = re.sub(r"\W+", "_", match[1]).strip("_")
        if self.spelling.get(name.lower()) in (*self.description.equations, *self.description.parameters):
            name = f"aux_{name}"
        name = self.sayable(name)
        self.description.outputs[name] = self.formula(statement._replace(right=match[2].strip()))
        self.note_line(f"output {name!r}", statement)

    def read_parameters(self, statement):
        """``par a=1, b=2``."""
        for word, text in self.pairs(statement):
            self.description.parameters[self.spelling[word.lower()]] = self.number(statement, text or "0")

    def read_noise(self, statement):
        """``wiener w``: noise is 0."""
        for word, _ in self.pairs(statement):
            name = self.spelling[word.lower()]
            self.description.definitions[name] = "0"
            self.description.notes.append(f"the noise {name} is 0")

    def read_starts(self, statement):
        """``init x=1, y=2``."""
        for word, text in self.pairs(statement):
            self.set_start(statement, word, text or "0")

    def read_start(self, statement):
        """``x(0) = ...``."""
        self.set_start(statement, statement.left, statement.right)

    def set_start(self, statement, name, text):
        """One initial value, of a state only: others may have them, and lose them."""
        if name.lower() not in self.spelling:
            self.fail(statement.line, f"a start of {name!r}, which nothing else names")
        self.description.start[self.spelling[name.lower()]] = self.number(statement, text)

    def number(self, statement, text) -> float:
        """A number, or a formula of numbers and of parameters read so far."""
        value = float(text) if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text) else None
        if value is None:
            words, graph = self.formula(statement._replace(right=text)), Graph()
            known = {**self.description.parameters, "t": 0.0}
            try:
                value = graph.value(parse(words, graph, {name: graph.number(v) for name, v in known.items()}))
            except ExpressionError as error:
                self.fail(statement.line, f"{text!r} is no number: {error.summary}")
        if not math.isfinite(value):
            self.fail(statement.line, f"{text!r} is no finite number")
        return value

    def read_option(self, statement):
        """``@ parmin=0, parmax=2``; other options are of numerics and pictures."""
        found = {key.lower(): value for key, value in re.findall(r"(\w+)\s*=\s*([^\s,]+)", statement.right)}
        low, high = self.description.span or (None, None)
        low, high = (
            self.number(statement, found[key]) if key in found else old
            for key, old in (("parmin", low), ("parmax", high))
        )
        if (low, high) != (None, None):
            self.description.span = (low, high)

    def read_set(self, statement):
        """``set name {a=1, b=2}``: other values under a name."""
        match = re.fullmatch(r"(\w+)\s*\{([^{}]*)\}?", statement.right)
        if match is None:
            self.fail(statement.line, "wanted set name {parameter=value, ...}")
        pairs = [(self.spelling.get(k.lower()), v) for k, v in self.pairs(statement._replace(right=match[2]))]
        self.description.sets[match[1]] = {name: self.number(statement, v or "") for name, v in pairs if name}

    def read_algebraic(self, statement):
        """``0 = ...``."""
        self.constraints.append((self.formula(statement), statement))

    def read_solve(self, statement):
        """``solve y=1``: an unknown of the constraints, and where it begins."""
        for word, text in self.pairs(statement):
            self.unknowns.append(self.spelling[word.lower()])
            self.description.start[self.unknowns[-1]] = self.number(statement, text or "0")

    # The end

    def add_constraints(self):
        """The constraints as equations of their unknowns, in order, whose derivatives have no mass."""
        described = self.description
        if len(self.constraints) != len(self.unknowns):
            line = self.constraints[-1][1].line if self.constraints else self.declared[self.unknowns[-1].lower()][1]
            count = f"{len(self.constraints)} equations 0 = ... and {len(self.unknowns)} unknowns 'solve ...' of them"
            self.fail(line, f"{count}; wanted as many of both")
        for name, (formula, statement) in zip(self.unknowns, self.constraints):
            described.equations[name], described.mass[name] = formula, 0.0
            self.note_line(f"equation {name!r}", statement)

    def finish(self):
        """What follows from all lines together."""
        described = self.description
        if not described.equations:
            raise ModelError(f"{self.path}: no equation x' = ... in it")
        self.add_constraints()
        if self.uses_time:
            described.parameters["t"] = 0.0
            described.notes.append("the time t is a parameter, 0: the equations are looked at as they are then")
        described.start = {name: described.start.get(name, 0.0) for name in described.equations}
        low, high = described.span or (None, None)
        described.span = (low, high) if None not in (low, high) and low < high else None
        described.vary = next((name for name in described.parameters if name != "t"), None)
        for name, values in described.sets.items():
            known = {**described.parameters, **described.start}
            described.sets[name] = {key: value for key, value in values.items() if key in known}
