"""Names with ranges, ``x[1..9]``, and texts with indices, ``x[j+1]``, written out index by index."""

import itertools
import re
from collections.abc import Iterator, Mapping

RANGE = re.compile(r"(\d+)\s*\.\.\s*(\d+)")
INDICES = {1: "j", 2: "ij", 3: "ijk"}  # letters of the indices, by how many ranges a name has
MANY = 100_000  # names that one with ranges may stand for

_BRACKET = re.compile(r"\[([^\[\]]*)\]")
_TERM = re.compile(r"\s*(?:(\d+)\s*\*\s*)?([ijk])(?:\s*\*\s*(\d+))?\s*(?:([+-])\s*(\d+))?\s*")


def has_range(name) -> bool:
    """Whether a name has a range in its index."""
    return isinstance(name, str) and "[" in name and bool(RANGE.search(name))


def written_out(name: str) -> Iterator[tuple]:
    """The names that one with ranges stands for, each with the values of its indices by letter.

    Raises
    ------
    ValueError
        Too many ranges or names, a range that runs backwards.

    Examples
    --------
    >>> list(written_out("x[2..3]"))
    [('x[2]', {'j': 2}), ('x[3]', {'j': 3})]
    >>> [name for name, _ in written_out("C[0..1,5]")]
    ['C[0,5]', 'C[1,5]']
    """
    ranges = [(int(low), int(high)) for low, high in RANGE.findall(name)]
    total = 1
    for low, high in ranges:
        if high < low:
            raise ValueError(f"{name}: wanted a range from low to high, got {low}..{high}")
        total *= high - low + 1
    if len(ranges) not in INDICES or total > MANY:
        raise ValueError(f"{name}: wanted up to 3 ranges and {MANY} names, got {len(ranges)} and {total}")
    for values in itertools.product(*(range(low, high + 1) for low, high in ranges)):
        numbers = iter(values)
        yield RANGE.sub(lambda _, numbers=numbers: str(next(numbers)), name), dict(zip(INDICES[len(values)], values))


def with_indices(text: str, values: Mapping) -> str:
    """A text with its indices in numbers: ``x[j+1]``, ``C[i,j-1]``, ``[j]`` alone where the number itself is meant.

    Examples
    --------
    >>> with_indices("x[j+1] - [j]*x[2*j]", {"j": 3})
    'x[4] - 3*x[6]'
    """

    def replace(match) -> str:
        terms = [_TERM.fullmatch(part) for part in match[1].split(",")]
        if not any(term and term[2] in values for term in terms):
            return match[0]
        parts = [
            str(_value(term, values)) if term and term[2] in values else part
            for term, part in zip(terms, match[1].split(","))
        ]
        attached = re.search(r"\w$", match.string[: match.start()])
        return f"[{','.join(parts)}]" if attached else f"({parts[0]})" if parts[0].startswith("-") else parts[0]

    return _BRACKET.sub(replace, text)


def _value(term, values) -> int:
    """Value of an index such as ``2*j+1``."""
    before, letter, behind, sign, shift = term.groups()
    return int(before or 1) * int(behind or 1) * values[letter] + int(f"{sign}{shift}" if sign else 0)


def spread(mapping: Mapping) -> dict:
    """A mapping in which names with ranges are written out, and texts beside them with their indices in numbers.

    Examples
    --------
    >>> spread({"x[1..2]": "x[j-1] - x[j]", "y": "x[2]"})
    {'x[1]': 'x[0] - x[1]', 'x[2]': 'x[1] - x[2]', 'y': 'x[2]'}
    """
    if not any(has_range(name) for name in mapping):
        return dict(mapping)
    found = {}
    for name, value in mapping.items():
        for one, indices in written_out(name) if has_range(name) else [(name, None)]:
            if one in found:
                raise ValueError(f"{one}: defined twice, by {name} and by another")
            found[one] = with_indices(value, indices) if indices and isinstance(value, str) else value
    return found
