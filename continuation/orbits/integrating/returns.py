"""Returns of a motion: when it passes a level again, and which returns come near to where it was."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from continuation.orbits.integrating.integration import Path

CLOSE = 1e-3  # of the range: nearer returns are worth Newton's method; ten times more costs vain attempts on tori
LONGEST = 64  # returns that one period may have: spikes of a burst, a cycle doubled six times
SECTIONS = 4  # states whose passages through the middle of their range are looked at
# Motion, relative to the largest size of a state, below which the state counts as constant: of one that dies away or
# grows from rounding the range says nothing.
STILL = 1e-5

TURNS, ALIKE = 8, 1e-4  # returns, and how near they all are, relative to the range, that are a rotation
EVEN, FAR = 1e-2, 0.2  # how even its steps are, and how far it goes, relative to its size; half of it is usual


class Candidate(NamedTuple):
    """A return: it closes to ``closing`` (relative to the range), from ``start`` to ``end`` (times of the window).

    ``section`` is the component of the state whose passages these are.
    """

    start: float
    end: float
    closing: float
    section: int

    @property
    def period(self) -> float:
        """The time between."""
        return self.end - self.start


class Window(NamedTuple):
    """The later half of a piece of the motion: ``path``, its ``times`` and ``states``.

    ``floor`` (n,) is the motion of each state below which it counts as constant, ``range`` (n,) that of the whole, or
    the floor.
    """

    path: Path
    times: np.ndarray
    states: np.ndarray
    floor: np.ndarray
    range: np.ndarray

    def extent(self, start) -> np.ndarray:
        """Range (n,) of each state since a time, not below the floor; 1 of those that never moved."""
        states = self.states[max(0, np.searchsorted(self.times, start) - 1) :]
        extent = np.maximum(np.ptp(states, axis=0), self.floor)
        return np.where(extent > 0, extent, 1.0)

    @classmethod
    def of(cls, path, size):
        """The window of a path, of states that have had these sizes (n,)."""
        late = path.times >= path.times[0] + 0.5 * (path.times[-1] - path.times[0])
        first = int(np.argmax(late))
        states = path.states[first:]
        path = Path(path.times[first:], states, path.pieces[first:], path.complete)
        return cls(path, path.times, states, STILL * size, np.maximum(np.ptp(states, axis=0), STILL * size))


def candidates(window):
    """Yield the best return by each number of passages, the smallest number first, those near enough to close.

    Where none is near enough the nearest is yielded alone.
    """
    if len(window.times) < 4:
        return
    nearest, some = None, False
    for section in _sections(window):
        at = _passages(window, section)
        if len(at) < 2:
            continue
        states = window.path(at)
        for count in range(1, min(LONGEST, len(at) - 1) + 1):
            pairs = min(count, len(at) - count)
            gaps = np.max(np.abs(states[-pairs:] - states[-pairs - count : len(at) - count]), axis=0)
            closing = float(np.max(gaps / window.extent(at[-1 - count])))
            candidate = Candidate(at[-1 - count], at[-1], closing, section)
            if closing <= CLOSE:
                some = True
                yield candidate
            elif nearest is None or closing < nearest.closing:
                nearest = candidate
        if some:
            return
    if nearest is not None:
        yield nearest


def climbing(window):
    """Number of a state that goes one way only, about as fast in the end as in the beginning; else None."""
    ways = np.diff(window.states, axis=0)
    if len(ways) < 4:
        return None
    for k in np.flatnonzero(np.all(ways > 0, axis=0) | np.all(ways < 0, axis=0)):
        some = np.linspace(0, len(ways), 5).astype(int)
        speeds = np.abs(np.diff(window.states[some, k]) / np.diff(window.times[some]))
        if speeds.min() > 0.5 * speeds.max():
            return int(k)
    return None


def rotating(window):
    """Number of a state that goes one way only while all others come back, again and again; else None.

    All through the window, from first to last: what drives a burst goes one way as well, but changes the rest.
    """
    if len(window.times) < 4 or (k := climbing(window)) is None:
        return None
    others = np.arange(len(window.range)) != k
    scale = np.where(window.range > 0, window.range, 1.0)[others]
    for section in _sections(window):
        states = window.path(_passages(window, section))
        for count in range(1, len(states) // TURNS + 1):
            turns = np.abs(np.diff(states[::count, k]))
            even = np.ptp(turns) <= EVEN * np.min(turns) and np.ptp(states[:, k]) >= FAR * np.max(np.abs(states[:, k]))
            if even and np.max(np.ptp(states[::count][:, others] / scale, axis=0)) <= ALIKE:
                return k
    return None


def _sections(window) -> list:
    """States that pass the middle of their range most rarely, but at least twice."""
    middle = 0.5 * (window.states.max(axis=0) + window.states.min(axis=0))
    up = (window.states[:-1] < middle) & (window.states[1:] >= middle)
    counts = np.where(np.ptp(window.states, axis=0) > 0, up.sum(axis=0), 0)
    moving = np.flatnonzero((counts >= 2) & (np.ptp(window.states, axis=0) >= 0.99 * window.range))
    return sorted(moving.tolist(), key=lambda k: (counts[k], k))[:SECTIONS]


def _passages(window, section) -> np.ndarray:
    """Times at which a state rises through the middle of its range, the last ones."""
    values = window.states[:, section]
    middle = 0.5 * (values.max() + values.min())
    before = np.flatnonzero((values[:-1] < middle) & (values[1:] >= middle))[-3 * LONGEST :]

    def passage(k):
        begin, end = window.times[k], window.times[k + 1]

        def height(t):
            return window.path.pieces[k](t)[section] - middle

        if not height(begin) < 0.0 < height(end):
            return end
        return brentq(height, begin, end, xtol=1e-14 * abs(end), rtol=1e-14)

    return np.array([passage(k) for k in before])
