"""One dimension in closed form: all solutions of ``lam C = e^C (R - e^C)``, and its folds."""

import math
from typing import NamedTuple

from systems.characteristic.closed_forms.bracketing import root_between
from systems.number_checks import check_not_negative, check_number, check_positive


class ScalarFold(NamedTuple):
    """A fold of d = 1: where in lam, the solution C = a, and R."""

    lam: float
    a: float
    R: float

    @property
    def cost(self) -> float:
        """J, ``lam a^2 / 2 + (e^a - R)^2 / 2``."""
        return 0.5 * self.lam * self.a**2 + 0.5 * (math.exp(self.a) - self.R) ** 2


def scalar_folds(R) -> list[ScalarFold]:
    """Return the folds of d = 1, ``lam a = e^a (R - e^a)``: two for ``R > 4 e^{3/2}``, else none; ascending in lam.

    At a fold ``a = 1 + e^{2a} / lam`` (or its negative), so that ``R = e^a (2a - 1) / (a - 1)`` for a > 1.

    Examples
    --------
    >>> len(scalar_folds(17.0)), len(scalar_folds(18.0))
    (0, 2)
    """
    R = check_positive("scalar_folds(R=...)", R)
    if 4 * math.exp(1.5) >= R:
        return []

    def gap(a):
        return a + math.log((2 * a - 1) / (a - 1)) - math.log(R)

    near = 1.0 + 1.0 / (2 * R)  # there (2a - 1) / (a - 1) > 2R: the gap is positive
    # the gap is least at a = 3/2, where the folds meet for R = 4 e^{3/2}: one root on each side
    roots = [root_between(gap, *ends) for ends in ((near, 1.5), (1.5, math.log(R)))]
    points = [ScalarFold(math.exp(2 * a) / (a - 1), a, R) for a in roots]
    return sorted(points, key=lambda point: point.lam)


def scalar_solutions(lam, R) -> list[float]:
    """Return all solutions C of d = 1 and S = T = 1, ``lam C = e^C (R - e^C)``, ascending.

    For lam > 0 and R > 0 they lie between 0 and log R: one to three.  For R < 0 there is one, negative; at lam = 0
    there is log R for R > 0 and none else.

    Examples
    --------
    >>> [len(scalar_solutions(10.0, R)) for R in (1.0, 20.0, -3.0)], len(scalar_solutions(0.0, -1.0))
    ([1, 1, 1], 0)
    """
    lam, R = check_not_negative("scalar_solutions(lam=...)", lam), check_number("scalar_solutions(R=...)", R)
    if lam == 0:
        return [math.log(R)] if R > 0 else []

    def gap(c):
        return lam * c - math.exp(c) * (R - math.exp(c))

    low, high = (min(0.0, math.log(R)), max(0.0, math.log(R))) if R > 0 else ((R - 1.0) / lam - 1.0, 0.0)
    turning = [low, *(c for c in _stationary(lam, R) if low < c < high), high]
    found = [end for end in (low, high) if gap(end) == 0]
    for one, two in zip(turning[:-1], turning[1:]):
        if gap(one) * gap(two) < 0:
            found.append(root_between(gap, one, two))
    found += [c for c in turning[1:-1] if gap(c) == 0]
    return sorted(set(found))


def _stationary(lam, R) -> list[float]:
    """Zeros of the derivative ``lam - f (R - 2 f)``, f = e^c, ascending."""
    square = R * R - 8 * lam
    if square < 0:
        return []
    large = (R + math.copysign(math.sqrt(square), R)) / 4  # the other root by the product: nothing cancels
    return sorted(math.log(f) for f in {large, lam / (2 * large)} if f > 0)
