"""Model files of all languages, by the ending of their names."""

import os

from continuation.models.auto.equations_file import read_auto
from continuation.models.auto.events import LANGUAGES
from continuation.models.description import Model, ModelError, build_model, read_text
from continuation.models.modelfile import read_model
from continuation.models.sbml.loading import read_antimony, read_sbml
from continuation.models.xpp.reader import read_ode

DESCRIBED = {  # ending -> reader(path, text, name) of a description
    ".ode": read_ode,
    ".xml": read_sbml,
    ".sbml": read_sbml,
    ".ant": read_antimony,
    **dict.fromkeys(LANGUAGES, read_auto),
}


def open_model(path, make_problem) -> Model:
    """Read a model file of a language that its ending tells.

    ``.toml`` (our own), ``.ode`` (XPPAUT), ``.xml`` and ``.sbml`` (SBML), ``.ant`` (Antimony), ``.f90``, ``.f`` and
    ``.c`` (AUTO, with the constants file ``c.name`` beside it).

    Parameters
    ----------
    path : str or path-like
    make_problem : callable
        `Problem.from_expressions`.

    Raises
    ------
    OSError
        If the file can't be read.
    ModelError
        If it says something that can't be used, or its ending says nothing; names the line.
    """
    path = os.fspath(path)
    ending = os.path.splitext(path)[1].lower()
    if ending == ".toml":
        return read_model(path, make_problem)
    if ending not in DESCRIBED:
        raise ModelError(f"{path}: no model file that is known; endings: {', '.join(['.toml', *DESCRIBED])}")
    return build_model(path, describe(path), make_problem)


def describe(path):
    """The description in a file that is not our own."""
    path = os.fspath(path)
    stem, ending = os.path.splitext(os.path.basename(path))
    return DESCRIBED[ending.lower()](path, read_text(path), stem)
