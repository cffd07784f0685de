"""Numbers of unstable eigenvalues between the rows of a branch."""

import numpy as np

from continuation.ground.status import Kind

# Real parts below this, relative to the eigenvalue's modulus, are on the axis at a located Hopf point: it is known to
# 1e-8, ten times larger counts pairs that cross a little later.
ON_AXIS = 1e-6


def step_counts(branch):
    """(m - 1,) unstable eigenvalues on the steps between rows, from the ordinary rows at their ends."""
    critical = {s.index: s for s in branch.special if s.located and s.kind.crossing}
    own = np.isin(np.arange(len(branch)), list(critical))
    left, right = branch.unstable[:-1], branch.unstable[1:]
    counts = np.where(own[:-1], right, np.where(own[1:], left, np.maximum(left, right)))
    for k in np.flatnonzero(own[:-1] & own[1:]):
        counts[k] = _beyond(critical[k], critical[k + 1], counts[k - 1] if k else None)
    return counts


def _beyond(point, following, before):
    """Count between two special points in neighbouring rows: the critical eigenvalues of the first cross."""
    if before is None or point.unstable < 0:
        return max(point.unstable, following.unstable)
    after = 2 * point.unstable + _multiplicity(point) - before
    possible = (following.unstable, following.unstable + _multiplicity(following))
    return after if after in possible else before


def _multiplicity(point) -> int:
    """How many eigenvalues cross the imaginary axis at a special point: of a Hopf point those of all its pairs."""
    several = 0
    if point.kind is Kind.HOPF and point.eigenvalues is not None and len(point.eigenvalues):
        values = point.eigenvalues
        several = int(np.sum((np.abs(values.real) <= ON_AXIS * np.abs(values)) & (values.imag != 0)))
    return max(point.kind.crossing, point.nullity, several)
