"""Derivatives of a vector function of one variable at zero, by interpolation on a range found for each component."""

import functools
import math

import numpy as np

NODES = 9  # on each side of zero: polynomials of degree 17 (odd orders) and 16 (even ones)
SHRINK = 0.35  # from one range to the next
MARGIN = 1e3  # ranges whose values differ by more than this times their doubts contradict each other
RANGES = 26  # the last is 1e-12 of the first
# Part of the values that the two highest coefficients are at most where a range resolves the function: those of what
# oscillates between the points are as large as all others, and mean nothing.  Ten times more and one in forty of these
# is believed, ten times less and kinks, which no range resolves better than to 1e-3, are looked at down to rounding.
RESOLVED = 0.005


def derivative_along(g, reach, order) -> np.ndarray:
    """Differentiate ``g(t)`` at t = 0.

    Parameters
    ----------
    g : callable
        ``g(t) -> (n,)`` array.
    reach : float
        Range ``[-reach, reach]`` to begin with.
    order : int
        1 to 5.

    Returns
    -------
    (n,) array
        NaN where no range gave finite values.

    Notes
    -----
    g is interpolated at Chebyshev points; the range shrinks until, in each component, the highest coefficients are
    rounding.  Of all ranges each component takes the one where these and rounding are smallest, so components of
    any scale and functions that turn on any scale are served alike.  Cost: 18 values of g a range, one range for
    polynomials.

    Examples
    --------
    >>> round(float(derivative_along(lambda t: np.array([np.exp(2 * t)]), 1.0, 3)[0]), 8)
    8.0
    """
    best, error, trusted, done = None, None, False, False
    for k in range(RANGES):
        half = reach * SHRINK**k
        value, cut, noise, resolved = _fit(g, half, order)
        doubt = np.where(np.isfinite(cut + noise), cut + noise, np.inf)
        if best is None:
            best, error = np.full(len(value), np.nan), np.full(len(value), np.inf)
            trusted = np.zeros(len(value), bool)
        # On a range too small, values that cancel to nothing look exact: they contradict the larger ranges.
        agrees = ~np.isfinite(error) | ~trusted | (np.abs(value - best) <= MARGIN * (error + doubt))
        better = (doubt < error) & agrees | resolved & ~trusted & np.isfinite(doubt)
        best[better], error[better], trusted = value[better], doubt[better], trusted | better & resolved
        done |= (cut <= noise) | trusted & ((noise > error) | ~agrees)  # on smaller ranges rounding only grows
        if np.all(done):
            break
    return best


def _fit(g, half, order):
    """Derivative on one range, the share of the two highest coefficients, that of rounding, whether it is resolved."""
    nodes, weights, tails = _rules(order)
    parity = 1 if order % 2 == 0 else -1
    ahead = np.array([g(half * t) for t in nodes])
    behind = np.array([g(-half * t) for t in nodes])
    part = 0.5 * (ahead + parity * behind)
    size = np.max(np.abs(np.concatenate([ahead, behind])), axis=0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        scale = math.factorial(order) / half**order
        cut = scale * np.sum(np.abs(tails @ part), axis=0)
        noise = scale * np.finfo(float).eps * np.sum(np.abs(weights)) * size
        resolved = cut <= RESOLVED * scale * np.sum(np.abs(tails)) / NODES * size
        return scale * (weights @ part), cut, noise, resolved


@functools.cache
def _rules(order):
    """Positive Chebyshev points, and what they give of the monomial ``t**order``: all, and the last two polynomials."""
    angles = (2 * np.arange(NODES) + 1) * np.pi / (4 * NODES)
    degrees = np.arange(order % 2, 2 * NODES, 2)
    series = np.cos(np.outer(degrees, angles)) * (2 / NODES)
    series[degrees == 0] *= 0.5
    monomials = np.zeros((len(degrees), 2 * NODES))
    for row, degree in zip(monomials, degrees):
        row[: degree + 1] = np.polynomial.chebyshev.cheb2poly(np.append(np.zeros(degree), 1.0))
    shares = monomials[:, order][:, None] * series
    return np.cos(angles), shares.sum(axis=0), shares[-2:]
