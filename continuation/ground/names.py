"""Checks of names and numbers that come from the user; every error says what came and what was wanted."""

import difflib
import math
from collections.abc import Mapping
from numbers import Integral

import numpy as np

from continuation.ground.arguments import check_mapping, check_sequence, shown

LARGEST = 2**62  # of whole numbers: what the engine counts in has 63 bits
MOST_VALUES = 100_000  # of a parameter at which solutions are looked for; a count beyond that is a mistake


def suggest(name, known) -> str:
    """List the known names, nearest first."""
    known = [str(k) for k in known]
    near = difflib.get_close_matches(name, known, n=1) if isinstance(name, str) else []
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"{shown}{hint}" if known else "none"


def check_numbers(label, value, ndim) -> np.ndarray:
    """`value` as a finite float array of `ndim` dimensions (0: a float); no text, truth values or complex numbers.

    Examples
    --------
    >>> check_numbers("mu", 1j, 0)
    Traceback (most recent call last):
        ...
    ValueError: mu: wanted a number, got 1j
    """
    array = real_array(value)
    if array is None:
        raise ValueError(f"{label}: wanted {'a number' if ndim == 0 else 'numbers'}, got {shown(value)}")
    if array.ndim != ndim:
        wanted = "a number" if ndim == 0 else f"an array of {ndim} dimension(s)"
        raise ValueError(f"{label}: wanted {wanted}, got shape {array.shape}")
    if not np.all(np.isfinite(array)):
        where = "" if ndim == 0 else f" at index {np.argwhere(~np.isfinite(array))[0].tolist()}"
        raise ValueError(f"{label}: wanted finite numbers, got {array[~np.isfinite(array)][0]}{where}")
    return float(array) if ndim == 0 else array


def real_array(value):
    """A new float array of real numbers of any type, NaN where one is masked; None where something is no real number.

    Examples
    --------
    >>> real_array([1, 0.5]).tolist(), real_array("1"), real_array(10**400), real_array([1, True])
    ([1.0, 0.5], None, None, None)
    """
    if isinstance(value, (str, bytes, bytearray, memoryview)):
        return None
    if isinstance(value, np.ma.MaskedArray):
        value = np.where(np.ma.getmaskarray(value), np.nan, np.ma.getdata(value).astype(object))
    try:
        array = np.array(value, dtype=object if _holds_flags(value) else None)
        if array.dtype.kind == "O":
            array = np.array([_real(entry) for entry in array.ravel()], float).reshape(array.shape)
    except Exception:  # ragged lists, whole numbers beyond floats, objects that break when they are looked at
        return None
    return array.astype(float) if array.dtype.kind in "iuf" else None


def _holds_flags(value) -> bool:
    """Whether truth values stand among the entries of a list: numpy would make numbers of them."""
    return isinstance(value, (list, tuple)) and any(isinstance(entry, (bool, np.bool_)) for entry in value)


def _real(entry) -> float:
    """An object that is a real number as a float."""
    if isinstance(entry, (str, bytes, bool, np.bool_)):
        raise TypeError
    return float(entry)


def as_real(value):
    """A single real number as a float, infinite ones and NaN included; None where it is none."""
    array = real_array(value)
    return None if array is None or array.ndim else float(array)


def check_whole(label, value, least=1, most=LARGEST) -> int:
    """`value` as an int, if it is a whole number (of Python or numpy, no bool) from `least` to `most`.

    Examples
    --------
    >>> check_whole("limit", np.int32(3))
    3
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ValueError(f"{label}: wanted a whole number of at least {least}, got {shown(value)}")
    if value > most:
        raise ValueError(f"{label}: wanted a whole number of at most {most}, got {shown(value)}")
    return int(value)


def check_seconds(label, value, *, zero=False, endless=False) -> float:
    """A positive number of seconds; `zero` and infinitely many where they make sense.

    Examples
    --------
    >>> check_seconds("max_seconds", float("inf"), endless=True)
    inf
    >>> check_seconds("seconds", "1")
    Traceback (most recent call last):
        ...
    ValueError: seconds: wanted a positive number of seconds, got '1'
    """
    seconds = as_real(value)
    if seconds is None or not (seconds > 0 or zero and seconds == 0) or math.isinf(seconds) and not endless:
        wanted = "a number of seconds from 0 on" if zero else "a positive number of seconds"
        raise ValueError(f"{label}: wanted {wanted}, got {shown(value)}")
    return seconds


def check_names(states, parameters, outputs, zeros):
    """Tuple of state names and dict of parameters, all names distinct non-empty strings."""
    if isinstance(states, str):
        raise ValueError(f"states: wanted a sequence of names, got the text {states!r}; write ({states!r},)")
    if parameters is None:
        raise ValueError("parameters: wanted a mapping of names to numbers, got None")
    parameters = check_mapping("parameters", parameters)
    states = tuple(states if isinstance(states, Mapping) else check_sequence("states", states, "a sequence of names"))
    if not states:
        raise ValueError("states: wanted at least one name")
    outputs, zeros = check_mapping("outputs", outputs, "functions"), check_mapping("zeros", zeros, "functions")
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
    """Whether a text is the decimal number of a float; ``1_0``, which Python reads as 10, is not."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text
