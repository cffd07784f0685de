"""Checks of single numbers that all systems share: an error names the argument, what came and what was wanted."""

import math

import numpy as np


def is_real(value) -> bool:
    """Say whether a value is one real number, finite or not; truth values are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def check_number(label, value, within=math.isfinite, wanted="a finite number") -> float:
    """Check a real number: ``within(value)`` holds (never for NaN), else `wanted` says what it should have been.

    Examples
    --------
    >>> check_number("f(x=...)", 2, lambda x: x < 3, "a number below 3")
    2.0
    """
    if not is_real(value) or math.isnan(value) or not within(value):
        raise ValueError(f"{label}: wanted {wanted}, got {value!r}")
    return float(value)


def check_positive(label, value) -> float:
    """Check a positive finite number.

    Examples
    --------
    >>> check_positive("time", 2)
    2.0
    """
    return check_number(label, value, lambda x: 0 < x < math.inf, "a positive number")


def check_not_negative(label, value) -> float:
    """Check a finite number of at least 0: a tolerance, a weight decay."""
    return check_number(label, value, lambda x: 0 <= x < math.inf, "a number of at least 0")


def check_count(label, value, least=1) -> int:
    """Check a whole number of at least `least` (None: any): steps, layers, columns.

    Examples
    --------
    >>> check_count("depth", 3)
    3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or (least is not None and value < least):
        wanted = "a whole number" if least is None else f"a whole number of at least {least}"
        raise ValueError(f"{label}: wanted {wanted}, got {value!r}")
    return int(value)
