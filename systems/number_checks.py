"""Checks of arguments that the systems of training share; every error says what came and what was wanted."""

import numpy as np

from continuation.ground.names import check_numbers


def check_count(name, value) -> int:
    """A whole number of at least 1 (steps, layers, columns).

    Examples
    --------
    >>> check_count("depth", 3)
    3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name}: wanted a whole number of at least 1, got {value!r}")
    return int(value)


def check_positive(name, value) -> float:
    """A positive finite number.

    Examples
    --------
    >>> check_positive("time", 2)
    2.0
    """
    number = check_numbers(name, value, 0)
    if number <= 0:
        raise ValueError(f"{name}: wanted a positive number, got {value!r}")
    return number


def check_tolerance(value) -> float:
    """A finite number of at least 0."""
    number = check_numbers("tolerance", value, 0)
    if number < 0:
        raise ValueError(f"tolerance: wanted a number of at least 0, got {value!r}")
    return number
