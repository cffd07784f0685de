"""Where a search for solutions starts: guesses that were given, or an endless mixture of seeded random ones."""

from collections.abc import Mapping

import numpy as np

from continuation.ground.arguments import check_sequence, shown
from continuation.ground.names import as_real, check_numbers, suggest
from continuation.ground.points import Point

WIDTHS = (1.0, 1.5, 2.0, 4.0)  # of the boxes that guesses are drawn from, in half-widths of what is known
SCALES = (10.0, 0.1, 100.0, 0.01, 1000.0, 0.001, 1e4, 1e-4)  # ... tried now and then
FLAT = 1e-6  # solutions in a box narrower than this, relative to its distance from 0, say nothing of where others are
ALIKE = 0.3  # a box of this fraction of a larger one needs no search of its own


class Surroundings:
    """The boxes that solutions are looked for in: `bounds`, or around the points (m, n) known and guessed so far."""

    def __init__(self, bounds, points):
        self.bounds, self.points, self.made = bounds, points, None

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
        if self.bounds is not None:
            return [(0.5 * (self.bounds[0] + self.bounds[1]), 0.5 * (self.bounds[1] - self.bounds[0]))]
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
    tried that is 1e-4 to 1e4 times as wide.  `bounds` are taken as they are.  `known` is a function that gives the
    solutions (m, n) so far.
    """
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    sobol = qmc.Sobol(n, scramble=True, seed=rng) if n <= qmc.Sobol.MAXDIM else None
    count, bounds_open = 0, surroundings.bounds is None
    while True:
        for corner in sobol.random(64) if sobol else rng.random((64, n)):
            boxes, width = surroundings.boxes(), WIDTHS[count % 4] if bounds_open else 1.0
            if bounds_open and count % 8 == 7:
                boxes.append((boxes[0][0], boxes[0][1] * SCALES[(count // 8) % len(SCALES)]))
            for centre, half in boxes:
                yield centre + width * half * (2.0 * corner - 1.0), half
                if count % 3 == 2 and len(known()):
                    yield _near_known(surroundings, known(), rng, half, multiple=count % 2 == 0), half
            count += 1


def _near_known(surroundings, known, rng, half, *, multiple):
    """A known solution moved a little, or a random multiple of it; inside the bounds where there are any."""
    u = known[rng.integers(len(known))]
    moved = 3.0 * rng.normal() * u if multiple else u
    moved = moved + 0.1 * half * rng.normal(size=len(u))
    return moved if surroundings.bounds is None else np.clip(moved, *surroundings.bounds)


def check_guesses(problem, label, guesses) -> np.ndarray:
    """(m, n) states of a sequence of arrays, mappings of names or points; errors name the place in it."""
    single = isinstance(guesses, Point | Mapping | str) or as_real(guesses) is not None
    members = [] if single else check_sequence(label, guesses, "a list of states")
    if single or (members and as_real(members[0]) is not None):
        raise ValueError(f"{label}: wanted a list of states, got {shown(guesses)}; write [state] for one of them")
    rows = []
    for k, guess in enumerate(members):
        try:
            rows.append(problem.unknown_values(guess))
        except ValueError as error:
            raise ValueError(f"{label}[{k}]: {str(error).removeprefix('start: ')}") from None
    return np.array(rows, float).reshape(len(rows), len(problem.unknown_names))


def check_bounds(problem, bounds):
    """(2, n) corners of a box given as (low, high), numbers or arrays, or as a mapping of names to such pairs."""
    if bounds is None:
        return None
    names = list(problem.unknown_names)
    if isinstance(bounds, Mapping):
        unknown = [name for name in bounds if name not in names]
        if unknown or len(bounds) < len(names):
            what = f"unknown {suggest(unknown[0], names)}" if unknown else f"{len(names) - len(bounds)} missing"
            raise ValueError(f"bounds: wanted (low, high) for each of {names}, got {list(bounds)}: {what}")
        bounds = list(zip(*(_pair(bounds[name], f"bounds[{name!r}]") for name in names)))
    corners = []
    for word, side in zip(("low", "high"), _pair(bounds, "bounds")):
        values = check_numbers(f"bounds ({word})", side, 0 if as_real(side) is not None else 1)
        if np.size(values) not in (1, len(names)):
            raise ValueError(f"bounds ({word}): wanted a number or {len(names)} of them, got shape {np.shape(values)}")
        corners.append(np.broadcast_to(values, len(names)))
    low, high = np.array(corners, float)
    if not np.all(low < high):
        k = int(np.argmin(low < high))
        raise ValueError(f"bounds: wanted low < high, got {low[k]:g} and {high[k]:g} for {names[k]!r}")
    return np.array([low, high])


def _pair(value, label):
    """Two things, or an error."""
    single = not isinstance(value, (tuple, list, np.ndarray)) or (isinstance(value, np.ndarray) and value.ndim == 0)
    if single or len(value) != 2:
        raise ValueError(f"{label}: wanted a pair (low, high), got {shown(value)}")
    return value
