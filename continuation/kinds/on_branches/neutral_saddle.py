"""Neutral saddles: two real eigenvalues of F_u, one on either side of the imaginary axis, have the sum zero.

Nothing branches off there, but a curve of Hopf points that ends in a Bogdanov-Takens point goes on as one of neutral
saddles, and homoclinic orbits change their stability (Kuznetsov, *Elements of Applied Bifurcation Theory*, sections
6.2, 8.4 and 10.2).  MatCont lists them as "H, neutral saddle".

The test function is, up to positive factors, the determinant of the bialternate product ``2 F_u (.) 1``, whose
eigenvalues are the sums of two eigenvalues of F_u (Guckenheimer, Myers and Sturmfels, SIAM J. Numer. Anal. 34 (1997)
1-21).  It vanishes at Hopf points too, and no continuous function does so at neutral saddles alone: both sets meet in
Bogdanov-Takens points.  `is_met` tells them apart; a row is stored at such Hopf points, without a mark.
"""

import numpy as np

from continuation.ground.later import later
from continuation.ground.status import Kind
from continuation.kinds.special_kind import AtStart, Locator, Marker, SpecialKind

stability = later("continuation.equations.stability")


def sums_of_two(a):
    """Sums of two eigenvalues of a matrix, and the eigenvalues: (m,), (m,) and (m,) for m pairs."""
    values = np.linalg.eigvals(a)
    first, second = np.triu_indices(len(values), 1)
    return values[first] + values[second], values[first], values[second]


def signed_least_sum(a) -> float:
    """The least modulus of the sums with the sign of their product; 1 for a single eigenvalue.  n**2 beside eigvals."""
    sums, first, second = sums_of_two(a)
    if not len(sums):
        return 1.0
    real = (first.imag == 0.0) & (second.imag == 0.0)
    paired = (first.imag != 0.0) & (first == second.conj())
    negative = np.count_nonzero(sums.real[real | paired] < 0.0)  # all other sums come in conjugate pairs
    return float(np.min(np.abs(sums))) * (-1.0) ** negative


def is_met(a) -> bool:
    """Tell whether the two eigenvalues whose sum is the least are real, not a pair: no Hopf point."""
    sums, first, second = sums_of_two(a)
    least = int(np.argmin(np.abs(sums)))
    return bool(first[least].imag == 0.0 and second[least].imag == 0.0)


def is_at_start(start: AtStart) -> bool:
    """Tell whether two real eigenvalues that are not zero cancel at the start."""
    a = start.jacobian() if start.is_flow and start.is_alone else None
    if a is None or len(a) < 2:
        return False
    sums, first, _ = sums_of_two(a)
    least, zero = int(np.argmin(np.abs(sums))), start.zero * stability.balanced_scale(a)
    return bool(abs(sums[least]) <= zero and abs(first[least]) > zero and is_met(a))


NEUTRAL_SADDLE = SpecialKind(
    kind=Kind.NEUTRAL_SADDLE,
    words="neutral saddle",
    marker=Marker("<", "#E69F00", 1.3),
    locator=Locator.BRACKET,
    explains="none",
    test=signed_least_sum,
    is_met=is_met,
    is_at_start=is_at_start,
)
