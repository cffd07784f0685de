"""Limits of a search: where its guesses come from, and which of its solutions are listed."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from continuation.ground.names import suggest
from continuation.results.request import Bound, check_span

# How far a solution may lie beyond a limit, relative to 1 + |limit|.  Ten times less comes near what correction leaves
# of a solution on the limit, ten times more lists solutions that visibly lie outside.
EDGE = 1e-10


class Limits(NamedTuple):
    """Checked `bounds` of a search.

    Attributes
    ----------
    corners : (2, n) array
        Least and largest values of the unknowns, infinite where there is no limit.
    shown : tuple of Bound
        Limits of what is shown of a solution: outputs, and states that are no unknowns.
    """

    corners: np.ndarray
    shown: tuple = ()

    @property
    def closed(self) -> bool:
        """Whether they are a box to draw guesses from."""
        return bool(np.isfinite(self.corners).all())

    @property
    def limited(self) -> bool:
        """Whether anything is limited."""
        return bool(np.isfinite(self.corners).any() or self.shown)

    def hold(self, unknowns) -> np.ndarray:
        """(m,) whether unknowns (m, n) lie inside."""
        low, high = self.corners
        above = np.all(unknowns >= low - EDGE * (1 + np.abs(np.where(np.isfinite(low), low, 0.0))), axis=-1)
        return above & np.all(unknowns <= high + EDGE * (1 + np.abs(np.where(np.isfinite(high), high, 0.0))), axis=-1)

    def hold_shown(self, point) -> bool:
        """Whether what is shown of a `Point` lies inside."""
        return all(
            low - EDGE * (1 + abs(low) if low > -np.inf else 1) <= point[name]
            and point[name] <= high + EDGE * (1 + abs(high) if high < np.inf else 1)
            for name, low, high in self.shown
        )

    def fold(self, guesses) -> np.ndarray:
        """Guesses (..., n) brought inside: reflected at the limits, so that they crowd on none."""
        low, high = self.corners
        width = high - low
        with np.errstate(invalid="ignore"):
            inner = low + width - np.abs((guesses - low) % (2 * width) - width)
            one_sided = np.where(low > -np.inf, low + np.abs(guesses - low), high - np.abs(high - guesses))
        free = np.isinf(low) & np.isinf(high)
        return np.where(np.isfinite(width), inner, np.where(free, guesses, one_sided))


def unlimited(n) -> Limits:
    """No limits of n unknowns."""
    return Limits(np.array([np.full(n, -np.inf), np.full(n, np.inf)]))


def check_bounds(problem, bounds) -> Limits:
    """`Limits` given as (low, high), numbers or arrays, or as a mapping of names to such pairs; None is no limit."""
    names = list(problem.unknown_names)
    if bounds is None:
        return unlimited(len(names))
    if isinstance(bounds, Mapping):
        return limits_by_name(problem, bounds)
    corners = []
    for word, side, empty in zip(("low", "high"), _pair(bounds, "bounds"), (-np.inf, np.inf)):
        values = _side(side, empty, f"bounds ({word})")
        if np.ndim(values) > 1 or np.size(values) not in (1, len(names)):
            raise ValueError(f"bounds ({word}): wanted a number or {len(names)} of them, got shape {np.shape(values)}")
        corners.append(np.broadcast_to(values, len(names)))
    low, high = np.array(corners, float)
    if not np.all(low < high):
        k = int(np.argmin(low < high))
        raise ValueError(f"bounds: wanted low < high, got {low[k]:g} and {high[k]:g} for {names[k]!r}")
    return Limits(np.array([low, high]))


def limits_by_name(problem, bounds) -> Limits:
    """`Limits` of a mapping of states and outputs to (low, high)."""
    found, shown, known = unlimited(len(problem.unknown_names)), [], (*problem.states, *problem.outputs)
    for name, pair in bounds.items():
        low, high = check_span(_pair(pair, f"bounds[{name!r}]"), f"bounds[{name!r}]")
        if name in problem.unknown_names:
            found.corners[:, problem.unknown_names.index(name)] = low, high
        elif name in known:
            shown.append(Bound(name, low, high))
        else:
            raise ValueError(f"bounds: nothing named {name!r} has limits; this problem has {suggest(name, known)}")
    return found._replace(shown=tuple(shown))


def _side(side, empty, label) -> np.ndarray:
    """One corner: a number or several, None where there is no limit."""
    given = [empty if value is None else value for value in side] if np.ndim(side) == 1 else side
    try:
        values = np.array(empty if side is None else given, float)
    except (TypeError, ValueError):
        raise ValueError(f"{label}: wanted numbers, got {side!r}") from None
    if np.isnan(values).any():
        raise ValueError(f"{label}: wanted numbers, got {side!r}")
    return values


def _pair(value, label):
    """Two things, or an error."""
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != 2:
        raise ValueError(f"{label}: wanted a pair (low, high), got {value!r}")
    return value
