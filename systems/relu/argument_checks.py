"""Checks of what callers give: a `ValueError` names the argument, what came and what was wanted."""

import math

import numpy as np

from systems.number_checks import check_number, is_real


def check_whole(where, name, value, least) -> int:
    """Check a whole number of at least `least`; 6.0 is one, as parameters of a point are floats."""
    if not is_real(value) or not math.isfinite(value) or value != int(value) or value < least:
        raise ValueError(f"{where}({name}=...): wanted a whole number of at least {least}, got {value!r}")
    return int(value)


def check_students_number(where, K, least) -> float:
    """Check a real number of students."""
    return check_number(f"{where}(K=...)", K, lambda x: least <= x < math.inf, f"a number of at least {least}")


def check_open_angle(where, value) -> float:
    """Check an angle in (0, pi)."""
    return check_number(f"{where}(angle=...)", value, lambda x: 0 < x < math.pi, "an angle in (0, pi)")


def check_angles(where, name, value, turn, words) -> np.ndarray:
    """Copy `value` to an array of angles from 0 to `turn`."""
    made = np.array(value, dtype=float) if np.asarray(value).dtype.kind in "iuf" else np.array(np.nan)
    if not np.all((made >= 0) & (made <= turn)):
        raise ValueError(f"{where}({name}=...): wanted {words}, got {value!r}")
    return made


def check_vector(name, value, size) -> np.ndarray:
    """Copy `value` to a vector of `size` finite numbers."""
    made = check_reals(name, value)
    if made.shape != (size,):
        raise ValueError(f"{name}: wanted {size} finite numbers, got {value!r}")
    return made


def check_matrix(name, value) -> np.ndarray:
    """Copy `value` to a matrix of finite numbers."""
    made = check_reals(name, value)
    if made.ndim != 2 or made.size == 0:
        raise ValueError(f"{name}: wanted a matrix, one row a unit, got shape {made.shape}")
    return made


def check_reals(name, value) -> np.ndarray:
    """Copy `value` to an array of finite numbers."""
    try:
        made = np.array(value)
        made = made.astype(float, casting="safe" if np.iscomplexobj(made) else "unsafe")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: wanted real numbers, got {value!r}") from error
    if not np.isfinite(made).all():
        raise ValueError(f"{name}: wanted finite entries, got {made.tolist()}")
    return made
