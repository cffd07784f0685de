"""Read a problem, its start and its settings from a TOML file; errors name the file, the line and the key."""

import math
import os
import re
import sys
from dataclasses import fields
from typing import NoReturn

from continuation.expressions.errors import ExpressionError
from continuation.expressions.linear import read_sum
from continuation.ground.arguments import shown
from continuation.ground.names import is_number, suggest
from continuation.ground.ranges import spread
from continuation.ground.settings import Settings
from continuation.models.description import Model, ModelError, read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECTIONS = ("equations", "parameters", "definitions", "start", "outputs", "zeros", "conserved")
SECTIONS += ("mass", "settings", "trace", "sets", "cycles")
TEXTS = ("name", "title")


def read_model(path, make_problem) -> Model:
    """Read a model file.

    Parameters
    ----------
    path : str or path-like
        A TOML file with sections ``[equations]`` (state = "right-hand side"), ``[parameters]`` (name =
        number, or "expression" where others give it), ``[start]`` (state = number) and optionally
        ``[definitions]`` (name = "expression", "S(x)" = "expression"), ``[outputs]``, ``[zeros]`` (name =
        "expression"), ``[conserved]`` (total = "sum of states"; its value is the parameter of that name, else that of
        the start), ``[mass]`` (state = factor of its derivative, 0 for a constraint), ``[settings]``, ``[trace]``
        (``vary = "name"``, ``span = [low, high]``, ``bounds = {name = [low, high]}`` of states and outputs, where
        ``inf`` is no limit), ``[sets]`` (name = ``{parameter = number, state = number}``, other values under a name),
        ``[cycles]`` (of periodic orbits: ``intervals``, ``degree`` and ``from = "HB1"``, a Hopf point, or ``simulate =
        200``, a time after which the flow from the start has settled) and, before all sections, ``name`` and ``title``.
    make_problem : callable
        ``make_problem(equations, parameters=..., outputs=..., zeros=..., definitions=..., conserve=..., name=...)``:
        `Problem.from_expressions`.

    Raises
    ------
    OSError
        If the file can't be read.
    ModelError
        If it says something that can't be used.
    """
    file = _File(os.fspath(path))
    document = file.document
    file.check_known("", document, (*TEXTS, *SECTIONS))
    for name in TEXTS:
        file.check_text("", document, name)
    states, (parameters, computed) = file.texts("equations"), file.numbers_or_texts("parameters")
    if not states:
        file.fail("equations", "", "missing or empty; wanted a line 'state = \"right-hand side\"' for each state")
    start = _start(file, states)
    totals = _totals(file, start)
    vary, span, bounds = _trace_section(file, totals | parameters, (*spread(states), *file.texts("outputs")))
    return Model(
        path=file.path,
        start=start,
        parameters=parameters,
        settings=_settings(file),
        vary=vary,
        span=span,
        bounds=bounds,
        title=document.get("title", ""),
        sets=_sets(file, {**start, **totals, **parameters}),
        cycles=_cycles(file),
        problem=_problem(file, make_problem, states, parameters, computed, totals),
    )


def _start(file, states) -> dict:
    """The section ``[start]``: a number for each state."""
    start, states = spread(file.numbers("start")), spread(states)
    file.check_known("start", start, tuple(states))
    missing = [name for name in states if name not in start]
    if missing:
        file.fail("start", "", f"no value for {', '.join(missing)}; wanted one for each state")
    return start


def _totals(file, start) -> dict:
    """The section ``[conserved]``: the value of each total at the start."""
    totals = {}
    for name, text in file.texts("conserved").items():
        try:
            coefficients = read_sum(text, tuple(start), f"conserve[{name!r}]")
        except ExpressionError as error:
            file.fail_expression(error)
        totals[name] = sum(factor * value for factor, value in zip(coefficients, start.values()))
    return totals


def _sets(file, known) -> dict:
    """The section ``[sets]``: numbers of parameters and states under a name."""
    sets = {}
    for name, values in file.section("sets").items():
        if not isinstance(values, dict):
            file.fail("sets", name, f"wanted {{parameter = number, state = number}}, got {shown(values)}")
        for key, value in values.items():
            if key not in known:
                file.fail("sets", name, f"no parameter or state is named {key!r}; known: {suggest(key, known)}")
            if not _is_number(value) or math.isinf(value):
                file.fail("sets", name, f"{key}: wanted a number, got {shown(value)}")
        sets[name] = {key: float(value) for key, value in values.items()}
    return sets


def _settings(file) -> Settings:
    """The section ``[settings]``."""
    options = file.section("settings")
    file.check_known("settings", options, tuple(option.name for option in fields(Settings)))
    try:
        return Settings(**options)
    except ValueError as error:
        key = next((name for name in options if re.search(rf"\b{name}=", str(error))), "")
        file.fail("settings", key, str(error), error)


def _trace_section(file, parameters, columns):
    """The section ``[trace]``: (vary, span, bounds), None or empty for what is not given."""
    options = file.section("trace")
    file.check_known("trace", options, ("vary", "span", "bounds"))
    vary, span = options.get("vary"), options.get("span")
    file.check_text("trace", options, "vary")
    if vary is not None and vary not in parameters:
        file.fail("trace", "vary", f"no parameter is named {vary!r}; known: {suggest(vary, parameters)}")
    if span is not None:
        span = _limits(file, "span", span)
    bounds = options.get("bounds", {})
    if not isinstance(bounds, dict):
        file.fail("trace", "bounds", f"wanted a table {{name = [low, high]}}, got {shown(bounds)}")
    for name in bounds:
        if name not in columns:
            file.fail("trace", "bounds", f"no state or output is named {name!r}; known: {suggest(name, columns)}")
    return vary, span, {name: _limits(file, "bounds", pair) for name, pair in bounds.items()}


def _cycles(file) -> dict:
    """The section ``[cycles]``."""
    options = file.section("cycles")
    file.check_known("cycles", options, ("intervals", "degree", "from", "simulate"))
    file.check_text("cycles", options, "from")
    for name in ("intervals", "degree"):
        if name in options and (type(options[name]) is not int or options[name] < 1):
            file.fail("cycles", name, f"wanted a whole number from 1 on, got {options[name]!r}")
    time = options.get("simulate", 1.0)
    if not _is_number(time) or not 0 < time < math.inf:
        file.fail("cycles", "simulate", f"wanted a positive time, got {time!r}")
    if "from" in options and "simulate" in options:
        file.fail("cycles", "simulate", "wanted either `from` or `simulate`, got both")
    return dict(options)


def _limits(file, key, pair) -> tuple:
    """Two numbers (low, high) of the section ``[trace]``; infinite ones are no limits."""
    usual = isinstance(pair, list) and len(pair) == 2 and all(map(_is_number, pair))
    if not (usual and pair[0] < pair[1]):
        file.fail("trace", key, f"wanted two numbers [low, high], low < high, got {shown(pair)}")
    return float(pair[0]), float(pair[1])


def _problem(file, make_problem, states, parameters, computed, totals):
    """The problem, its errors told as places in the file; totals that are no parameters have the value of the start."""
    parameters = parameters | {total: value for total, value in totals.items() if total not in parameters} | computed
    name = file.document.get("name", os.path.splitext(os.path.basename(file.path))[0])
    more = {section: file.texts(section) for section in ("outputs", "zeros", "definitions")}
    more |= {"conserve": file.texts("conserved")} if totals else {}
    more |= {"mass": mass} if (mass := file.numbers("mass")) else {}
    try:
        return make_problem(states, parameters=parameters, name=name, **more)
    except ExpressionError as error:
        file.fail_expression(error)
    except ValueError as error:
        section, key = file.blamed(str(error))
        file.fail(section, key, str(error).split("\n")[0], error)


def _is_number(value) -> bool:
    """Whether a TOML value is a number and not NaN."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


class _File:
    """A TOML document that knows on which line its keys are."""

    def __init__(self, path):
        self.path = path
        self.text = read_text(path, strict=True)
        self.document = self._parse()

    def _parse(self) -> dict:
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            said = re.fullmatch(r"(?s)(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
            what, line, column = said.groups() if said else (str(error), None, None)
            if said and line is None:
                line, column = self.text.count("\n") + 1, len(self.text) - self.text.rfind("\n")
            raise ModelError(f"{self.path}:{f'{line}:{column}:' if line else ''} {what}") from error

    def section(self, name) -> dict:
        """A section, empty if it is not there."""
        found = self.document.get(name, {})
        if not isinstance(found, dict):
            self.fail("", name, f"wanted a section [{name}], got {shown(found)}")
        return found

    def numbers(self, section, others=()) -> dict:
        """A section of finite numbers; the keys in `others` are left out."""
        found = {key: value for key, value in self.section(section).items() if key not in others}
        for key, value in found.items():
            if not _is_number(value) or math.isinf(value):
                self.fail(section, key, f"wanted a number, got {shown(value)}")
        return {key: float(value) for key, value in found.items()}

    def numbers_or_texts(self, section) -> tuple:
        """A section of finite numbers and texts: the ones and the others."""
        found = self.section(section)
        texts = {key: value for key, value in found.items() if isinstance(value, str) and not is_number(value)}
        return self.numbers(section, texts), texts

    def texts(self, section) -> dict:
        """A section of texts."""
        found = self.section(section)
        for key in found:
            self.check_text(section, found, key)
        return found

    def check_text(self, section, values, key):
        """Refuse a value that is no text."""
        if not isinstance(values.get(key, ""), str):
            self.fail(section, key, f'wanted text in quotation marks, as in {key} = "...", got {shown(values[key])}')

    def check_known(self, section, values, known):
        """Refuse keys that mean nothing here."""
        for key in values:
            if key not in known:
                self.fail(section, key, f"unknown; known: {suggest(key, known)}")

    def fail(self, section, key, problem, cause=None) -> NoReturn:
        """Raise the error for a key, or for a section as a whole."""
        place, _ = self._place(section, key)
        words = " ".join(filter(None, (f"[{section}]" if section else "", key)))
        raise ModelError(f"{self.path}:{place} {words}{': ' if words else ''}{problem}") from cause

    def fail_expression(self, error) -> NoReturn:
        """Raise the error for an expression, its column counted in the file where that is possible."""
        section, key = self.blamed(error.label)
        place, value = self._place(section, key)
        summary = error.summary
        if error.line == 1 and value[1:].startswith(self.section(section)[key]):
            line, column, _ = place.split(":")
            place = f"{line}:{int(column) + error.column}:"
            summary = summary.replace(f", line 1, column {error.column}", "", 1)
        raise ModelError(f"{self.path}:{place} [{section}] {summary}") from error

    def blamed(self, words):
        """Section and key of the name that an error message quotes; empty if it quotes none."""
        sections = ("equations", "parameters", "definitions", "outputs", "zeros", "conserved", "mass")
        found = [(section, key) for section in sections for key in self.section(section) if repr(key) in words]
        found.sort(key=lambda pair: (not words.startswith(pair[0][:-1]), words.index(repr(pair[1]))))
        return found[0] if found else ("", "")

    def _place(self, section, key):
        """``line:column:`` of a value, and the text from there on its line; empty if it is not found."""
        inside = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            header = re.match(r"\s*\[\s*[\"']?([^\[\]\"']*?)[\"']?\s*\]", line)
            inside = header[1] if header else inside
            if header and not key and inside == section:
                return f"{number}:1:", line
            found = re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=\s*", line) if key and inside == section else None
            if found:
                return f"{number}:{found.end() + 1}:", line[found.end() :]
            if header and key and not section and inside == key:
                return f"{number}:1:", line
        return "", ""
