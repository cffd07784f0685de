"""Checks of what an argument is; every error is a ValueError that says its name, what came and what was wanted.

Numbers and names are checked in `continuation.ground.names`.
"""

import contextlib
import inspect
import os
from collections.abc import Iterable, Mapping, Set
from numbers import Integral

import numpy as np

LONGEST = 200  # characters of what came that an error shows


class UnknownName(KeyError, ValueError):
    """A name that nothing has: a KeyError, as of every look-up, and a ValueError, as every argument that is wrong."""

    def __str__(self):
        return str(self.args[0])


class NoFunction(TypeError, ValueError):
    """What can't be called where a function is wanted: a TypeError, as of every call, and a ValueError."""


def shown(value) -> str:
    """What came, cut to a line: the text Python writes for it, or its type where that is no use."""
    try:
        text = repr(value)
    except Exception:  # an object may do anything here, and whole numbers of 5000 digits have no text
        text = f"an object of type {type(value).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def check_mapping(label, value, what="numbers") -> dict:
    """A mapping with names for keys as a dict; None is an empty one.

    Examples
    --------
    >>> check_mapping("parameters", [1.0])
    Traceback (most recent call last):
        ...
    ValueError: parameters: wanted a mapping of names to numbers, got list
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ValueError(f"{label}: wanted a mapping of names to {what}, got {type(value).__name__}")
    for name in value:
        if not isinstance(name, str):
            raise ValueError(f"{label}: wanted names, got {shown(name)}")
    return dict(value)


def check_sequence(label, value, what) -> list:
    """A list of the members of a sequence (or of anything that has an order); no text, mapping, set or single thing.

    Examples
    --------
    >>> check_sequence("states", 3, "a sequence of names")
    Traceback (most recent call last):
        ...
    ValueError: states: wanted a sequence of names, got 3
    """
    unordered = isinstance(value, (str, bytes, bytearray, Mapping, Set))
    if unordered or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and value.ndim == 0):
        raise ValueError(f"{label}: wanted {what}, got {shown(value)}")
    return list(value)


def check_function(label, value, *arguments):
    """A function that can be called with so many arguments (their names are for the error)."""
    takes = f"it is called with ({', '.join(arguments)})"
    if not callable(value) or isinstance(value, type):
        raise NoFunction(f"{label}: wanted a function, got {type(value).__name__}: {shown(value)}; {takes}")
    try:
        inspect.signature(getattr(value, "py_func", value)).bind(*arguments)
    except TypeError as error:
        raise ValueError(f"{label}: wanted another function, {takes}, got {shown(value)}: {error}") from None
    except ValueError:  # written in C, it does not tell what it takes
        pass
    return value


def check_flag(label, value) -> bool:
    """True or False, also numpy's and 0 or 1."""
    if not isinstance(value, (bool, np.bool_)) and not (isinstance(value, Integral) and value in (0, 1)):
        raise ValueError(f"{label}: wanted True or False, got {shown(value)}")
    return bool(value)


def check_text(label, value) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{label}: wanted text, got {shown(value)}")
    return value


def check_path(label, value) -> str:
    """Path of a file as text; no open files, no numbers of files."""
    if not isinstance(value, (str, bytes, os.PathLike)):
        raise ValueError(f"{label}: wanted the path of a file, got {shown(value)}")
    path = os.fsdecode(value)
    if not path or "\0" in path:
        raise ValueError(f"{label}: wanted the path of a file, got {shown(value)}")
    return path


def check_instance(label, value, kind, optional=False):
    """A value of a class, given by the class itself; None where it is optional."""
    if not isinstance(value, kind) and not (optional and value is None):
        raise ValueError(f"{label}: wanted {kind.__name__}(...), got {shown(value)}")
    return value


def check_problem(problem):
    """A problem: not its class, and no other object."""
    needed = ("states", "parameters", "index_of", "operations")
    if isinstance(problem, type) or not all(hasattr(problem, name) for name in needed):
        raise ValueError(f"problem: wanted a Problem, got {shown(problem)}")
    return problem


@contextlib.contextmanager
def renamed(usual, label):
    """Errors that begin with the usual name of an argument bear the one it has here."""
    try:
        yield
    except ValueError as error:
        words = str(error)
        if not words.startswith((f"{usual}:", f"{usual}[")):
            raise
        raise ValueError(f"{label}{words[len(usual) :]}") from None
