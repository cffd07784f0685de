"""Checks of names and numbers that come from the user; every error says what came and what was wanted."""

import difflib
from collections.abc import Mapping
from numbers import Integral

import numpy as np


def suggest(name, known) -> str:
    """List the known names, nearest first."""
    known = [str(k) for k in known]
    near = difflib.get_close_matches(str(name), known, n=1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"{shown}{hint}" if known else "none"


def check_numbers(label, value, ndim) -> np.ndarray:
    """`value` as a finite float array of `ndim` dimensions (0: a float)."""
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{label}: wanted {'a number' if ndim == 0 else 'numbers'}, got {value!r}") from None
    if array.ndim != ndim:
        wanted = "a number" if ndim == 0 else f"an array of {ndim} dimension(s)"
        raise ValueError(f"{label}: wanted {wanted}, got shape {array.shape}")
    if not np.all(np.isfinite(array)):
        where = "" if ndim == 0 else f" at index {np.argwhere(~np.isfinite(array))[0].tolist()}"
        raise ValueError(f"{label}: wanted finite numbers, got {array[~np.isfinite(array)][0]}{where}")
    return float(array) if ndim == 0 else array


def check_whole(label, value, least=1) -> int:
    """`value` as an int, if it is a whole number (of Python or numpy, no bool) of at least `least`.

    Examples
    --------
    >>> check_whole("limit", np.int32(3))
    3
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{label}: wanted a whole number of at least {least}, got {value!r}")
    return int(value)


def check_names(states, parameters, outputs, zeros):
    """Tuple of state names and dict of parameters, all names distinct non-empty strings."""
    if isinstance(states, str):
        raise ValueError(f"states: wanted a sequence of names, got the text {states!r}; write ({states!r},)")
    if not isinstance(parameters, Mapping):
        raise ValueError(f"parameters: wanted a mapping of names to numbers, got {type(parameters).__name__}")
    states = tuple(states)
    if not states:
        raise ValueError("states: wanted at least one name")
    seen = {}
    for what, names in (("states", states), ("parameters", parameters), ("outputs", outputs), ("zeros", zeros)):
        for name in names:
            if not isinstance(name, str) or not name.strip():
                raise ValueError(f"{what}: wanted names, got {name!r}")
            if name in seen and not {what, seen[name]} == {"outputs", "zeros"}:
                raise ValueError(f"{what}: the name {name!r} is already one of the {seen[name]}")
            if name in ("norm", "arclength"):
                raise ValueError(f"{what}: the name {name!r} is taken by a column of every branch")
            seen[name] = what
    return states, {name: check_numbers(f"parameters[{name!r}]", value, 0) for name, value in parameters.items()}


def is_number(text: str) -> bool:
    """Whether a text is the decimal number of a float."""
    try:
        float(text)
    except ValueError:
        return False
    return True
