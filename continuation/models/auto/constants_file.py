"""Constants files of AUTO: ``c.name``."""

import re

from continuation.ground.names import is_number
from continuation.models.description import ModelError, read_text

ENTRY = re.compile(r"[\s,]*(\w+)\s*=\s*(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\[[^\]]*\]|'[^']*'|\"[^\"]*\"|[^\s,]+)", re.S)
USED = {  # constant -> what it must be
    **dict.fromkeys(("RL0", "RL1", "DS", "DSMAX", "DSMIN", "EPSU"), "number"),
    **dict.fromkeys(("NMX", "ITNW", "NDIM", "IPS"), "whole number"),
    **dict.fromkeys(("UNAMES", "PARNAMES", "UZSTOP", "U", "PAR"), "mapping"),
    "ICP": "list",
}


def read_constants(path) -> dict:
    """Constants of a file ``c.name``: name in capitals -> number, text, list or mapping.

    Raises
    ------
    ModelError
        A line that is no ``NAME = value``, or a constant that is used and of another type than AUTO's.
    """
    lines = [line.split("#")[0] for line in read_text(path).splitlines(keepends=True)]
    if lines and re.match(r"\s*-?\d+(\s+-?\d+)+", lines[0]):
        raise ModelError(f"{path}:1: the old form of constants, without names, is not read")
    text, found = "".join(lines), {}
    place = 0
    while match := ENTRY.match(text, place):
        name = match[1].upper()
        line = text.count("\n", 0, match.start(2)) + 1
        found[name] = checked(path, line, name, constant(match[2]))
        place = match.end()
    if text[place:].strip(" \t\r\n,"):
        line = text.count("\n", 0, len(text) - len(text[place:].lstrip(" \t\r\n,"))) + 1
        raise ModelError(f"{path}:{line}: wanted NAME = value, got {text[place:].strip()[:40]!r}")
    return found


def checked(path, line: int, name: str, value):
    """A value of the type that the constant has; a single number or name stands for a list of one."""
    wanted = USED.get(name)
    if wanted == "list" and not isinstance(value, (list, dict)):
        value = [value]
    if name == "UZSTOP" and isinstance(value, dict):
        value = {key: limits if isinstance(limits, list) else [limits] for key, limits in value.items()}
    if wanted is not None and not fits(name, wanted, value):
        raise ModelError(f"{path}:{line}: {name} = {str(value)[:40]}: wanted a {wanted}{EXAMPLES.get(name, '')}")
    return value


EXAMPLES = {
    "ICP": " of numbers or names of parameters, [1] or ['p']",
    "UNAMES": ", {1: 'x'}",
    "PARNAMES": ", {1: 'p'}",
    "UZSTOP": ", {'p': [0.1, 0.2]}",
    "U": ", {1: 0.5}",
    "PAR": ", {1: 0.5}",
}


def fits(name: str, wanted: str, value) -> bool:
    """Whether a value is of a type."""
    if wanted == "number":
        return is_real(value)
    if wanted == "whole number":
        return isinstance(value, int)
    if wanted == "list":
        return isinstance(value, list) and bool(value) and all(isinstance(one, (int, str)) for one in value)
    if not isinstance(value, dict):
        return False
    if name in ("UNAMES", "PARNAMES"):
        return all(isinstance(key, int) and isinstance(one, str) for key, one in value.items())
    numbers = [x for one in value.values() for x in (one if isinstance(one, list) else [one])]
    return all(isinstance(key, (int, str)) for key in value) and all(map(is_real, numbers))


def is_real(value) -> bool:
    """Whether a value is a finite number."""
    return isinstance(value, (int, float)) and abs(value) < float("inf")


def constant(words: str):
    """A number, a text, a list of these, or a mapping from number or text."""
    words = words.strip()
    if words.startswith("{"):
        pairs = re.findall(r"('[^']*'|\"[^\"]*\"|-?\w+)\s*:\s*(\[[^\]]*\]|'[^']*'|\"[^\"]*\"|[^,}\s]+)", words[1:-1])
        return {constant(key): constant(value) for key, value in pairs}
    if words.startswith("["):
        return [constant(part) for part in re.findall(r"'[^']*'|\"[^\"]*\"|[^,\s\[\]]+", words)]
    if words[:1] in "'\"":
        return words[1:-1]
    if re.fullmatch(r"[-+]?\d+", words):
        return int(words)
    number = re.sub(r"[dD]", "e", words)
    return float(number) if is_number(number) else words
