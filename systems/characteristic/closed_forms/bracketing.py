"""One root between two places where a function has different signs, to the last bits.

R. P. Brent, *Algorithms for Minimization without Derivatives*, 1973, chapter 4 (`scipy.optimize.brentq`).
"""

import scipy.optimize

EXACT = 1e-15  # absolute and relative: the least that Brent's method takes; ten times more would show in printed digits


def root_between(function, low, high) -> float:
    """Find the root of a continuous function that changes sign between low and high.

    Examples
    --------
    >>> abs(root_between(lambda x: x * x - 2, 1.0, 2.0) - 2**0.5) < 1e-15
    True
    """
    return scipy.optimize.brentq(function, low, high, xtol=EXACT, rtol=EXACT)
