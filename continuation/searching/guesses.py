"""Where a search for solutions starts: guesses that were given, or an endless mixture of seeded random ones."""

from collections.abc import Mapping

import numpy as np

from continuation.ground.points import Point
from continuation.searching.search_limits import Limits

WIDTHS = (1.0, 1.5, 2.0, 4.0)  # of the boxes that guesses are drawn from, in half-widths of what is known
SCALES = (10.0, 0.1, 100.0, 0.01, 1000.0, 0.001, 1e4, 1e-4)  # ... tried now and then
FLAT = 1e-6  # solutions in a box narrower than this, relative to its distance from 0, say nothing of where others are
ALIKE = 0.3  # a box of this fraction of a larger one needs no search of its own


class Surroundings:
    """The boxes that solutions are looked for in: closed limits, or around the points (m, n) known and guessed."""

    def __init__(self, limits: Limits, points):
        self.limits, self.points, self.made = limits, points, None

    def include(self, points):
        """Take in more points (m, n)."""
        self.points, self.made = np.vstack([self.points, points]), None

    def boxes(self) -> list:
        """Centres (n,) and half-widths (n,) of the boxes to look in.

        The first, around 0, has the size of things, at least 1.  The others only where they are much smaller: that of
        the hull (all is far from the origin, or small), and that of the points in the middle (some are far off).
        """
        if self.made is None:
            self.made = self._boxes()
        return list(self.made)

    def _boxes(self):
        """The boxes of the points so far."""
        if self.limits.closed:
            low, high = self.limits.corners
            return [(0.5 * (low + high), 0.5 * (high - low))]
        if not len(self.points):
            return [(np.zeros(self.points.shape[1]), np.ones(self.points.shape[1]))]
        low, high = np.min(self.points, axis=0), np.max(self.points, axis=0)
        size, half, middle = np.maximum(np.abs(low), np.abs(high)), 0.5 * (high - low), np.median(self.points, axis=0)
        spread = 2.0 * np.median(np.abs(self.points - middle), axis=0)
        made = [(np.zeros(len(low)), np.maximum(size, 1.0))]
        for centre, tight in ((0.5 * (low + high), np.where(half > FLAT * size, half, size)), (middle, spread)):
            if 0.0 < tight.max() <= ALIKE * made[-1][1].max():
                made.append((centre, np.maximum(tight, FLAT * tight.max())))
        return made


def random_guesses(surroundings: Surroundings, known, n, seed):
    """Yield guesses (n,) and half-widths (n,) of the search around them, without end.

    Three of a Sobol sequence in a box, then one made from a known solution: in turn moved by about a tenth of the box,
    and multiplied.  The boxes are 1 to 4 times as wide as what is known; every eighth time also one is
    tried that is 1e-4 to 1e4 times as wide.  Closed limits are taken as they are, at others guesses are reflected.
    `known` is a function that gives the solutions (m, n) so far.
    """
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    sobol = qmc.Sobol(n, scramble=True, seed=rng) if n <= qmc.Sobol.MAXDIM else None
    count, limits = 0, surroundings.limits
    is_partial = limits.limited and not limits.closed
    while True:
        for corner in sobol.random(64) if sobol else rng.random((64, n)):
            boxes, width = surroundings.boxes(), 1.0 if limits.closed else WIDTHS[count % 4]
            if not limits.closed and count % 8 == 7:
                boxes.append((boxes[0][0], boxes[0][1] * SCALES[(count // 8) % len(SCALES)]))
            for centre, half in boxes:
                guess = centre + width * half * (2.0 * corner - 1.0)
                yield limits.fold(guess) if is_partial else guess, half
                if count % 3 == 2 and len(known()):
                    yield _near_known(surroundings, known(), rng, half, multiple=count % 2 == 0), half
            count += 1


def _near_known(surroundings, known, rng, half, *, multiple):
    """A known solution moved a little, or a random multiple of it; inside the bounds where there are any."""
    u = known[rng.integers(len(known))]
    moved = 3.0 * rng.normal() * u if multiple else u
    moved = moved + 0.1 * half * rng.normal(size=len(u))
    return np.clip(moved, *surroundings.limits.corners)


def check_guesses(problem, label, guesses) -> np.ndarray:
    """(m, n) states of a sequence of arrays, mappings of names or points; errors name the place in it."""
    single = isinstance(guesses, Point | Mapping | str) or not hasattr(guesses, "__len__")
    if single or (len(guesses) and np.ndim(guesses[0]) == 0 and not isinstance(guesses[0], Point | Mapping)):
        raise ValueError(f"{label}: wanted a list of states, got {guesses!r}; write [state] for one of them")
    rows = []
    for k, guess in enumerate(guesses):
        try:
            rows.append(problem.unknown_values(guess))
        except ValueError as error:
            raise ValueError(f"{label}[{k}]: {str(error).removeprefix('start: ')}") from None
    return np.array(rows, float).reshape(len(rows), len(problem.unknown_names))
