"""The gamma function and its logarithmic derivative: plain Python, which compiled functions may call."""

import math

from numba.extending import register_jitable


@register_jitable
def gamma(x):
    """The gamma function; infinite at 0 and beyond the largest float, NaN at negative whole numbers.

    Between these it falls below the least float, to a zero with its sign, from -180 on.
    """
    if x > 171.624 or abs(x) < 6e-309:
        return math.copysign(math.inf, x)
    if x != x or x < -(2.0**52) or (x <= 0.0 and x == math.floor(x)):  # all beyond are whole
        return math.nan
    if x < -180.0:
        return -0.0 if math.floor(x) % 2 != 0 else 0.0
    return math.gamma(x)


@register_jitable
def digamma(x):
    """By reflection below 0.5, by recurrence up to 10, by Stirling's series from there (DLMF 5.5.4, 5.5.2, 5.11.2)."""
    if x != x or x < -(2.0**52) or (x <= 0.0 and x == math.floor(x)):
        return math.nan
    total = 0.0
    if x < 0.5:
        total = -math.pi / math.tan(math.pi * x)
        x = 1.0 - x
    while x < 10.0:
        total -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * (691 / 32760 - y / 12))))))
    return total + math.log(x) - 0.5 / x - series
