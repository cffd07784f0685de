"""What intervals are made of: python-flint's balls, exact decimals, and what a proof that fails raises."""

import contextlib
import importlib
import math
import re
from fractions import Fraction

BITS = 128  # of the midpoints; radii of 1e-20 need 80, and more cost little beside the calls themselves
LONGEST = 400  # characters and powers of ten of a number: beyond, exact fractions take seconds

_DECIMAL = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d{1,4}))?", re.ASCII)


class ProofError(ValueError):
    """What can't be proven at all, or a file that is no certificate; the message says what came and what was wanted."""


class NotProven(Exception):
    """An enclosure that is too wide to decide, or decides otherwise."""


class _Flint:
    """The module `flint`, imported when one of its names is first asked for."""

    def __getattr__(self, name):
        try:
            found = getattr(importlib.import_module("flint"), name)
        except ImportError:
            raise ProofError("proofs need python-flint: pip install 'pseudoarc[proof]'") from None
        setattr(self, name, found)
        return found


flint = _Flint()


@contextlib.contextmanager
def precision(bits=BITS):
    """All arithmetic inside with midpoints of so many bits."""
    with flint.ctx.workprec(bits):
        yield


def decimal(text, label="number") -> Fraction:
    """A decimal number, exactly.

    Raises
    ------
    ProofError
        It is none, or longer than 400 digits.

    Examples
    --------
    >>> decimal("-1.25e-1")
    Fraction(-1, 8)
    """
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) and len(text) <= LONGEST else None
    if match is None or abs(int(match[3] or 0)) > LONGEST:
        raise ProofError(f"{label}: wanted a decimal number of at most {LONGEST} digits, got {str(text)[:40]!r}")
    return Fraction(text)


def radius(text, label="radius"):
    """The exact ball of a float that is written in hexadecimal, ``0x1.8p-10``; at least 0.

    Raises
    ------
    ProofError
    """
    try:
        value = float.fromhex(text) if isinstance(text, str) and len(text) <= LONGEST else math.nan
    except (ValueError, OverflowError):
        value = math.nan
    if not 0 <= value < math.inf:
        raise ProofError(f"{label}: wanted a hexadecimal float of at least 0, got {str(text)[:40]!r}")
    return flint.arb(value)


def ball(number):
    """The smallest ball around a fraction (or whole number)."""
    number = Fraction(number)
    return flint.arb(flint.fmpq(number.numerator, number.denominator))


def around(radius):
    """The ball of all numbers of at most this modulus, a fraction or an exact ball."""
    radius = radius if isinstance(radius, flint.arb) else ball(radius)
    return flint.arb(0).union(radius).union(-radius)


def unit():
    """The ball that holds all numbers from 0 to 1."""
    return flint.arb(0).union(flint.arb(1))


def is_finite(values) -> bool:
    """Whether every ball is bounded: a function with a bounded enclosure is defined on all of its box."""
    return all(value.is_finite() for value in values)


def sign(value) -> int:
    """1 or -1 where all of a ball has that sign, else 0."""
    return 1 if value > 0 else -1 if value < 0 else 0


def lies_within(value, radius) -> bool:
    """Whether all of a ball is strictly less than the exact number `radius` in modulus."""
    return bool(value < radius) and bool(-value < radius)


def solve(matrix, right):
    """Enclose the solutions of all linear systems with matrices and right sides in these balls.

    Raises
    ------
    NotProven
        Some matrix among them may be singular.
    """
    try:
        found = matrix.solve(right)
    except ZeroDivisionError:
        raise NotProven("a matrix may be singular") from None
    if not is_finite(found.entries()):
        raise NotProven("a matrix may be singular")
    return found
