"""Nested values as JSON text that restores every bit."""

import json

import numpy as np


def encode(value) -> str:
    """Write nested dicts, lists, tuples, arrays and numbers as JSON text that `decode` restores exactly.

    What JSON lacks is an object with one key that starts with ``#``.

    Examples
    --------
    >>> encode({"span": (0.0, float("inf")), "l1": 1j})
    '{"span": {"#tuple": [0.0, {"#float": "inf"}]}, "l1": {"#complex": [0.0, 1.0]}}'
    >>> decode(_)["span"]
    (0.0, inf)
    """
    return json.dumps(_plain(value), allow_nan=False, ensure_ascii=False)


def decode(text):
    """Restore what `encode` wrote."""
    return json.loads(text, object_hook=_restore)


def _plain(value):
    """A value in terms of JSON."""
    if isinstance(value, dict):
        if all(isinstance(key, str) and not key.startswith("#") for key in value):
            return {key: _plain(entry) for key, entry in value.items()}
        return {"#dict": [[_plain(key), _plain(entry)] for key, entry in value.items()]}
    if isinstance(value, np.ndarray):
        return {"#array": [value.dtype.str, list(value.shape), _plain(value.ravel().tolist())]}
    if isinstance(value, tuple):
        return {"#tuple": [_plain(entry) for entry in value]}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, (complex, np.complexfloating)):
        return {"#complex": [_plain(float(value.real)), _plain(float(value.imag))]}
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else {"#float": str(float(value))}
    if isinstance(value, np.generic):
        return value.item()
    return value


def _array(parts):
    """An array of numbers or of texts; of other types, whose size a text may name, there are none."""
    if np.dtype(parts[0]).kind == "U" and all(isinstance(text, str) for text in parts[2]):
        return np.array(parts[2], dtype=str).reshape(parts[1])
    if np.dtype(parts[0]).kind not in "biufc":
        raise ValueError(f"an array of {parts[0]!r:.50}")
    return np.array(parts[2], dtype=parts[0]).reshape(parts[1])


def _restore(entry):
    """Undo `_plain` for one JSON object."""
    undo = {
        "#dict": dict,
        "#array": _array,
        "#tuple": tuple,
        "#complex": lambda parts: complex(*parts),
        "#float": float,
    }
    (key, value), *more = entry.items() if entry else [("", None)]
    return undo[key](value) if key in undo and not more else entry
