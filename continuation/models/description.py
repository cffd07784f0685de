"""`Description`: what a model file says, whatever its language; to a model, and to TOML."""

import json
import re
from dataclasses import dataclass, field

from continuation.expressions.errors import ExpressionError
from continuation.ground.settings import Settings


class ModelError(ValueError):
    """A model file that can't be used; one line: file, line and column (from 1), key, what is wrong."""


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


def build_model(path, description: Description, make_problem) -> Model:
    """The model of a description."""
    return Model(
        path=path,
        problem=build_problem(path, description, make_problem),
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
            parameters=description.parameters,
            definitions=description.definitions,
            outputs=description.outputs,
            name=description.name,
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
    head = [f"# {note}" for note in description.notes]
    head += [f"{key} = {_text(getattr(description, key))}" for key in ("name", "title") if getattr(description, key)]
    parts = ["\n".join(head)]
    for section in ("equations", "parameters", "definitions", "start", "outputs"):
        if entries := getattr(description, section):
            parts.append("\n".join([f"[{section}]", *(f"{_key(k)} = {_value(v)}" for k, v in entries.items())]))
    wishes = {"vary": description.vary, "span": description.span and list(description.span)}
    if description.settings:
        parts.append("\n".join(["[settings]", *(f"{k} = {v!r}" for k, v in description.settings.items())]))
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
    return json.dumps(value, ensure_ascii=False)
