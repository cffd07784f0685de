"""`Description`: what a model file says, whatever its language; to a model, and to TOML."""

import json
import re
from dataclasses import dataclass, field

from continuation.derived.conserved.conserved_sums import Conserved, conserved_sums, safe_sums
from continuation.expressions.errors import ExpressionError, in_short
from continuation.expressions.linear import read_sum
from continuation.ground.settings import Settings
from continuation.models.spelling import sayable


class ModelError(ValueError):
    """A model file that can't be used; one line: file, line and column (from 1), key, what is wrong."""

    def __init__(self, words: str):
        super().__init__(in_short(words))


@dataclass(frozen=True)
class Model:
    """What a model file says, checked.

    Attributes
    ----------
    path : str
        The file.
    problem : Problem
        Built from the equations, outputs and zeros.
    start, parameters : dict of str to float
        An approximate solution, and the parameters at which it is one.
    settings : Settings
    vary, span : str and pair of float, or None
        What the file says to vary, and its limits.
    bounds : dict of str to pair of float
        Limits of states and outputs.
    title : str
    sets : dict
        Other values of parameters and states under a name: ``{name: {parameter: number}}``.
    cycles : dict
        What the file says of periodic orbits: ``intervals``, ``degree``, and ``from`` (label of a Hopf point) or
        ``simulate`` (a time).
    notes : tuple of str
        What was read otherwise than its author may think.
    description : Description or None
        The same as text, of files that are not our own.
    """

    path: str
    problem: object
    start: dict
    parameters: dict
    settings: Settings = field(default_factory=Settings)
    vary: str | None = None
    span: tuple | None = None
    bounds: dict = field(default_factory=dict)
    title: str = ""
    sets: dict = field(default_factory=dict)
    cycles: dict = field(default_factory=dict)
    notes: tuple = ()
    description: object = None


@dataclass
class Description:
    """Equations, numbers and wishes of a model file, as plain text and numbers.

    ``lines`` maps what errors call an expression (``equation 'x'``) to the line of the file that it stands on.
    """

    name: str
    equations: dict = field(default_factory=dict)  # state -> right-hand side
    parameters: dict = field(default_factory=dict)  # name -> number
    mass: dict = field(default_factory=dict)  # state -> factor of its derivative, 0 for a constraint
    definitions: dict = field(default_factory=dict)  # name or name(arguments) -> expression
    outputs: dict = field(default_factory=dict)
    start: dict = field(default_factory=dict)  # state -> number
    title: str = ""
    vary: str | None = None
    span: tuple | None = None
    settings: dict = field(default_factory=dict)  # options of `Settings`
    sets: dict = field(default_factory=dict)  # name -> {parameter or state: number}
    notes: list = field(default_factory=list)  # what was read otherwise than its author may think
    lines: dict = field(default_factory=dict)
    conserved: dict = field(default_factory=dict)  # total -> sum of states; found when the model is built


def read_text(path, strict=False) -> str:
    """The text of a file; what is no UTF-8 in it, as in old comments, is replaced, or refused where `strict`.

    Raises
    ------
    OSError
        If the file can't be read; names it.
    ModelError
        If it is no UTF-8 text; names the line.
    """
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8-sig", "strict" if strict else "replace")
    except OSError as error:
        raise type(error)(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ModelError(f"{path}:{line}: is no UTF-8 text") from error


def build_model(path, description: Description, make_problem) -> Model:
    """The model of a description; sums of states that its equations conserve are eliminated, which notes say.

    Not those that are conserved only because of the values that the file gives its parameters.
    """
    problem = build_problem(path, description, make_problem)
    p = problem.parameter_values()
    if found := conserved_sums(problem, p):
        safe = safe_sums(problem, p, found)
        if safe is not found:
            description.notes.append(words_on_kept(found, safe))
        if safe is not None:
            problem = without_sums(path, description, make_problem, problem, safe)
    return Model(
        path=path,
        problem=problem,
        start=description.start,
        parameters=description.parameters,
        vary=description.vary,
        span=description.span,
        settings=make_settings(path, description),
        title=description.title,
        sets=description.sets,
        notes=tuple(description.notes),
        description=description,
    )


def words_on_kept(found: Conserved, safe: Conserved | None) -> str:
    """Say which sums are conserved at the file's own parameters only, so that they stay."""
    known = {one.text for one in safe.sums} if safe else set()
    special = Conserved(tuple(one for one in found.sums if one.text not in known) or found.sums, False)
    return f"{special.words} only: not eliminated, though solutions are not isolated there; change a parameter"


def without_sums(path, description: Description, make_problem, problem, found):
    """The problem whose totals are parameters, of the start unless others are given; as it is where that fails."""
    taken = {*problem.states, *problem.parameters, *problem.outputs}
    taken |= {head.split("(")[0] for head in description.definitions}
    for number, one in enumerate(found.sums, 1):
        name = sayable(f"T{number}", {*taken, *description.conserved})
        description.conserved[name] = one.text
    try:
        reduced = build_problem(path, description, make_problem)
    except ModelError as error:
        description.conserved = {}
        description.notes.append(f"{found.words}, so that solutions are not isolated; not eliminated: {error}")
        return problem
    where = "" if found.always else " at these parameters"
    described = reduced.totals.texts(problem.states)
    for (name, text), state in zip(described.items(), (problem.states[k] for k in reduced.eliminated)):
        description.notes.append(
            f"{text} is conserved{where}: {name}, a parameter, is its value (that of the start unless given), "
            f"and {state} follows from it"
        )
    return reduced


def totals_at_start(description: Description) -> dict:
    """Values of the conserved sums at the start."""
    states = tuple(description.equations)
    rows = {name: read_sum(text, states) for name, text in description.conserved.items()}
    return {name: sum(c * description.start[s] for c, s in zip(row, states)) for name, row in rows.items()}


def make_settings(path, description: Description) -> Settings:
    """The settings that a file wishes, as far as they agree."""
    wishes = dict(description.settings)
    if wishes.get("step", 0) > wishes.get("max_step", float("inf")):
        wishes["step"] = wishes["max_step"]
    try:
        return Settings(**wishes)
    except ValueError as error:
        raise ModelError(f"{path}: {error}") from error


def build_problem(path, description: Description, make_problem):
    """The problem of a description; what is refused is told with its line in the file."""
    try:
        return make_problem(
            description.equations,
            parameters={**description.parameters, **totals_at_start(description)},
            definitions=description.definitions,
            outputs=description.outputs,
            name=description.name,
            **({"conserve": description.conserved} if description.conserved else {}),
            **({"mass": description.mass} if description.mass else {}),
        )
    except ExpressionError as error:
        line = description.lines.get(error.label)
        raise ModelError(f"{path}:{f'{line}:' if line else ''} {error.summary}") from error
    except ValueError as error:
        raise ModelError(f"{path}: {str(error).splitlines()[0]}") from error


def write_toml(description: Description) -> str:
    """The same as a model file of our own.

    Examples
    --------
    >>> fold = Description("fold", {"x": "mu - x**2"}, {"mu": 1.0}, start={"x": 1.0})
    >>> print(write_toml(fold))
    name = "fold"
    <BLANKLINE>
    [equations]
    x = "mu - x**2"
    <BLANKLINE>
    [parameters]
    mu = 1.0
    <BLANKLINE>
    [start]
    x = 1.0
    <BLANKLINE>
    """
    head = [f"# {' '.join(note.split())}" for note in description.notes]
    head += [f"{key} = {_text(getattr(description, key))}" for key in ("name", "title") if getattr(description, key)]
    parts = ["\n".join(head)]
    for section in ("equations", "parameters", "definitions", "start", "mass", "outputs", "conserved"):
        if entries := getattr(description, section):
            parts.append("\n".join([f"[{section}]", *(f"{_key(k)} = {_value(v)}" for k, v in entries.items())]))
    wishes = {"vary": description.vary, "span": description.span and list(description.span)}
    if description.settings:
        parts.append("\n".join(["[settings]", *(f"{k} = {v!r}" for k, v in description.settings.items())]))
    if description.sets:
        tables = {
            name: ", ".join(f"{_key(k)} = {_value(v)}" for k, v in one.items())
            for name, one in description.sets.items()
        }
        parts.append("\n".join(["[sets]", *(f"{_key(name)} = {{{table}}}" for name, table in tables.items())]))
    if any(wishes.values()):
        parts.append("\n".join(["[trace]", *(f"{k} = {_value(v)}" for k, v in wishes.items() if v)]))
    return "\n\n".join(parts) + "\n"


def _key(name: str) -> str:
    """A key, in quotation marks where TOML wants them."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _value(value) -> str:
    """A text, a number or a list of numbers."""
    if isinstance(value, str):
        return _text(value)
    return f"[{', '.join(map(repr, map(float, value)))}]" if isinstance(value, list) else repr(float(value))


def _text(value: str) -> str:
    """A text in quotation marks."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # which TOML has no place for
