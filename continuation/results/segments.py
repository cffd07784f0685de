"""Pieces of a branch with one number of unstable eigenvalues."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from continuation.results.counts import step_counts


class Segment(NamedTuple):
    """Rows ``start`` to ``stop`` (exclusive, as in a slice) with one number of unstable eigenvalues."""

    start: int
    stop: int
    unstable: int

    @property
    def rows(self) -> slice:
        """Index of these rows: ``branch["x"][segment.rows]``."""
        return slice(self.start, self.stop)

    @property
    def stable(self) -> bool | None:
        """Whether no eigenvalue is unstable; None where the problem is no flow."""
        return None if self.unstable < 0 else self.unstable == 0


def segments(branch) -> list[Segment]:
    """Cut a branch into the longest runs with one number of unstable eigenvalues.

    Returns
    -------
    list of Segment
        In row order, covering all rows; neighbours share the row between them, so that lines drawn
        from them have no gap.  They meet at the special points.  The row of such a point, whose own
        count leaves out the critical eigenvalues, belongs to both sides and decides nothing.

    Notes
    -----
    Where the count changes between two ordinary rows (the point was not located, or not looked
    for), the step between them goes to the side with more unstable eigenvalues.

    Examples
    --------
    >>> one, two = Segment(0, 5, 0), Segment(4, 9, 2)
    >>> one.stable, two.stable, two.rows
    (True, False, slice(4, 9, None))
    """
    counts = step_counts(branch)
    if not len(counts):
        return [Segment(0, len(branch), int(branch.unstable[0]))]
    edges = [0, *(np.flatnonzero(np.diff(counts)) + 1).tolist(), len(counts)]
    return [Segment(start, stop + 1, int(counts[start])) for start, stop in pairwise(edges)]
