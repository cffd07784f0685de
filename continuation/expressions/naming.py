"""Which names may be declared for use in expressions."""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping

from continuation.expressions.calculus import ARITY, CONSTANTS, SOFT
from continuation.expressions.errors import LONGEST_NAME, shortened

_NAME = re.compile(r"([^\W\d]\w*)(\[(0|[1-9][0-9]*)(,(0|[1-9][0-9]*))*\])?")


def declare_names(names: Iterable[str], what: str, taken: Mapping[str, str]) -> dict[str, str]:
    """Check declared names.

    Parameters
    ----------
    names : iterable of str
        Letters of any script, digits and ``_``, such as ``x`` or, with indices, ``C[0,1]``.  ``lambda`` is allowed,
        other Python keywords, the functions that every calculator has and ``pi`` are not.  Names that read the same
        in Unicode's form NFKC (the micro sign and the Greek letter) are one.
    what : str
        What they name, for the error: ``state``.
    taken : mapping from name to what it names already

    Returns
    -------
    dict
        `taken` with `names` added.

    Raises
    ------
    ValueError
        Names `what`, the name and what is wrong with it.

    Examples
    --------
    >>> declare_names(["x", "C[0,1]"], "state", {})
    {'x': 'state', 'C[0,1]': 'state'}
    >>> declare_names(["x"], "parameter", {"x": "state"})
    Traceback (most recent call last):
        ...
    ValueError: parameter name 'x': already the name of a state
    """
    taken = dict(taken)
    read = {plain(name): name for name in taken}
    for name in names:
        if reason := _fault(name):
            raise ValueError(f"{what} name {shortened(name)}: {reason}")
        if plain(name) in read:
            raise ValueError(f"{what} name {shortened(name)}: already the name of a {taken[read[plain(name)]]}")
        taken[name], read[plain(name)] = what, name
    return taken


def _fault(name: object) -> str:
    """Why `name` can't be declared; empty if it can."""
    if not isinstance(name, str):
        return f"wanted text, got {type(name).__name__}"
    if len(name) > LONGEST_NAME:
        return f"longer than {LONGEST_NAME} characters"
    match = _NAME.fullmatch(name)
    if not match:
        return "wanted letters, digits and _, not starting with a digit, or with indices as in C[0,1]"
    if (match[1] in ARITY and match[1] not in SOFT) or match[1] in CONSTANTS:
        return f"{match[1]} is a {'function' if match[1] in ARITY else 'constant'} of expressions"
    return f"{match[1]} is a keyword" if keyword.iskeyword(match[1]) and match[1] != "lambda" else ""


def plain(name: str) -> str:
    """The form of a name in which letters that read the same are the same."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)
