"""Where a search for solutions starts: guesses that were given, or an endless mixture of seeded random ones."""

from collections.abc import Mapping

import numpy as np

from continuation.branch import Point
from continuation.names import check_numbers, suggest

WIDTHS = (2.0, 1.0, 2.0, 8.0)  # of the boxes that guesses are drawn from, in half-widths of what is known
FLAT = 1e-3  # a cloud of solutions narrower than this, relative to its size, tells no width
ALIKE = 0.3  # a hull of this fraction of the size of things needs no search of its own


class Surroundings:
    """The box that solutions are looked for in: `bounds`, or around what is known and guessed so far."""

    def __init__(self, bounds, points):
        self.bounds, (self.low, self.high) = bounds, bounds if bounds is not None else _hull(points)

    def include(self, points):
        """Widen the box to points (m, n); given bounds stay."""
        if self.bounds is None:
            low, high = _hull(np.vstack([points, self.low, self.high]) if self.low is not None else points)
            self.low, self.high = low, high

    def centre(self, n) -> np.ndarray:
        """(n,) middle of the box, the origin where nothing is known."""
        return np.zeros(n) if self.low is None else 0.5 * (self.low + self.high)

    def scales(self, n) -> list:
        """Half-widths (n,) of the boxes to look in: one of the size of things, at least 1, and that of the hull.

        The second only where it differs: many solutions far from the origin, or all of them small.
        """
        if self.bounds is not None:
            return [0.5 * (self.high - self.low)]
        if self.low is None:
            return [np.ones(n)]
        half, size = 0.5 * (self.high - self.low), np.maximum(np.abs(self.low), np.abs(self.high))
        broad, tight = np.maximum(size, 1.0), np.where(half > FLAT * size, half, size)
        if tight.max() == 0.0 or tight.max() > ALIKE * broad.max():
            return [broad]
        return [broad, np.maximum(tight, FLAT * tight.max())]


def _hull(points):
    """Lowest and highest coordinates of points (m, n); None, None of no points."""
    return (np.min(points, axis=0), np.max(points, axis=0)) if len(points) else (None, None)


def random_guesses(surroundings: Surroundings, known, n, seed):
    """Yield guesses (n,) and half-widths (n,) of the search around them, without end.

    Three of a Sobol sequence in a box, then one made from a known solution.  The boxes are centred on what is known
    and 1 to 8 times as wide, `bounds` as they are.  The fourth is in turn a known solution that is moved by about a
    tenth of the box, and a random multiple of one.  `known` is a function that gives the solutions (m, n) so far.
    """
    from scipy.stats import qmc

    rng = np.random.default_rng(seed)
    sobol = qmc.Sobol(n, scramble=True, seed=rng) if n <= qmc.Sobol.MAXDIM else None
    count = 0
    while True:
        for corner in sobol.random(64) if sobol else rng.random((64, n)):
            for half in surroundings.scales(n):
                yield _in_box(surroundings, 2.0 * corner - 1.0, WIDTHS[count % 4] * half), half
                if count % 3 == 2 and len(known()):
                    yield _near_known(surroundings, known(), rng, (half, count % 2 == 0)), half
            count += 1


def _in_box(surroundings, place, half):
    """The guess at a place in (-1, 1)**n of a box with these half-widths, or of the bounds."""
    n = len(place)
    half = half if surroundings.bounds is None else surroundings.scales(n)[0]
    return surroundings.centre(n) + half * place


def _near_known(surroundings, known, rng, how):
    """A known solution moved a little, or a random multiple of it; inside the bounds where there are any."""
    (half, multiple), u = how, known[rng.integers(len(known))]
    moved = 3.0 * rng.normal() * u if multiple else u
    moved = moved + 0.1 * half * rng.normal(size=len(u))
    return moved if surroundings.bounds is None else np.clip(moved, *surroundings.bounds)


def check_guesses(problem, label, guesses) -> np.ndarray:
    """(m, n) states of a sequence of arrays, mappings of names or points; errors name the place in it."""
    single = isinstance(guesses, Point | Mapping | str) or not hasattr(guesses, "__len__")
    if single or (len(guesses) and np.ndim(guesses[0]) == 0 and not isinstance(guesses[0], Point | Mapping)):
        raise ValueError(f"{label}: wanted a list of states, got {guesses!r}; write [state] for one of them")
    rows = []
    for k, guess in enumerate(guesses):
        try:
            rows.append(problem.state_values(guess))
        except ValueError as error:
            raise ValueError(f"{label}[{k}]: {str(error).removeprefix('start: ')}") from None
    return np.array(rows, float).reshape(len(rows), len(problem.states))


def check_bounds(problem, bounds):
    """(2, n) corners of a box given as (low, high), numbers or arrays, or as a mapping of names to such pairs."""
    if bounds is None:
        return None
    names = list(problem.states)
    if isinstance(bounds, Mapping):
        unknown = [name for name in bounds if name not in names]
        if unknown or len(bounds) < len(names):
            what = f"unknown {suggest(unknown[0], names)}" if unknown else f"{len(names) - len(bounds)} missing"
            raise ValueError(f"bounds: wanted (low, high) for each of {names}, got {list(bounds)}: {what}")
        bounds = list(zip(*(_pair(bounds[name], f"bounds[{name!r}]") for name in names)))
    corners = []
    for word, side in zip(("low", "high"), _pair(bounds, "bounds")):
        values = check_numbers(f"bounds ({word})", side, np.ndim(side))
        if np.ndim(values) > 1 or np.size(values) not in (1, len(names)):
            raise ValueError(f"bounds ({word}): wanted a number or {len(names)} of them, got shape {np.shape(values)}")
        corners.append(np.broadcast_to(values, len(names)))
    low, high = np.array(corners, float)
    if not np.all(low < high):
        k = int(np.argmin(low < high))
        raise ValueError(f"bounds: wanted low < high, got {low[k]:g} and {high[k]:g} for {names[k]!r}")
    return np.array([low, high])


def _pair(value, label):
    """Two things, or an error."""
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != 2:
        raise ValueError(f"{label}: wanted a pair (low, high), got {value!r}")
    return value
