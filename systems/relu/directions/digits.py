"""Sine, cosine and pi in decimals of any length, for points where double precision can not tell a sign."""

import functools
from decimal import Decimal, localcontext

GUARD = 10  # further digits carried


@functools.cache
def pi(digits) -> Decimal:
    """Return pi to so many digits, by Machin's formula ``16 arctan(1/5) - 4 arctan(1/239)`` in whole numbers.

    Examples
    --------
    >>> pi(30)
    Decimal('3.14159265358979323846264338328')
    """
    scale = 10 ** (digits + GUARD)
    value = 16 * _arctan_inverse(5, scale) - 4 * _arctan_inverse(239, scale)
    with localcontext() as context:
        context.prec = digits
        return Decimal(value) / Decimal(scale)


def sine_cosine(x, digits) -> tuple[Decimal, Decimal]:
    """Return (sin x, cos x) of a Decimal of moderate size, absolute error below ``10^-digits``, by Taylor's series.

    Examples
    --------
    >>> sine, cosine = sine_cosine(Decimal(1), 40)
    >>> print(f"{sine:.20f} {cosine:.20f}")
    0.84147098480789650665 0.54030230586813971740
    """
    with localcontext() as context:
        context.prec = digits + GUARD + int(abs(x))
        sums, term, k, least = [Decimal(0), Decimal(0)], Decimal(1), 0, Decimal(10) ** -(digits + GUARD)
        while k < abs(x) or abs(term) > least:
            sums[k % 2] += term if k % 4 < 2 else -term
            k += 1
            term = term * x / k
        return sums[1], sums[0]


def _arctan_inverse(n, scale) -> int:
    """``scale * arctan(1 / n)`` in whole numbers."""
    term, total, k = scale // n, 0, 0
    while term:
        total += term // (2 * k + 1) if k % 2 == 0 else -(term // (2 * k + 1))
        term //= n * n
        k += 1
    return total
