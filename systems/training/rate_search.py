"""The largest rate of descent that is stable, between one that diverges and its halves."""

HALVINGS = 40  # down to 1e-12 of the rate that diverges: below that none is stable


def largest_stable(is_stable, diverging, bisections) -> float:
    """Find the largest rate below `diverging` at which ``is_stable(rate)`` holds; 0 where it holds at none.

    The rate is halved until it is stable; the last interval is then bisected.  With several intervals of stable rates
    the answer is the end of one of them.

    Examples
    --------
    >>> round(largest_stable(lambda rate: rate < 0.7, 1.0, 20), 5)
    0.7
    """
    halves = (diverging * 0.5**k for k in range(1, HALVINGS + 1))
    low = next((rate for rate in halves if is_stable(rate)), 0.0)
    high = 2 * low
    for _ in range(bisections if low else 0):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if is_stable(middle) else (low, middle)
    return low
