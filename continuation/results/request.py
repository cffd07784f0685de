"""What a trace was asked for, checked: parameter, span, settings, directions, kinds to find and where to stop."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from continuation.ground.names import suggest
from continuation.ground.settings import Settings
from continuation.ground.status import Kind

UNLIMITED = (-math.inf, math.inf)
TRACED_KINDS = tuple(kind for kind in Kind if kind is not Kind.END)  # that can be asked for
USUAL_KINDS = tuple(kind for kind in TRACED_KINDS if not kind.on_request)  # that ``detect="all"`` means


class Steps(NamedTuple):
    """Lengths of the first, the smallest and the largest step."""

    first: float
    least: float
    largest: float


class Bound(NamedTuple):
    """Limits of a state, an output or a second varied parameter."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Request:
    """Checked arguments of a trace; its branch keeps them, so that going on asks for the same.

    Attributes
    ----------
    vary : str
    span : (float, float)
    settings : Settings
    signs : tuple of int
        Directions to follow, in this order.
    detect : frozenset of Kind
    stop_kind, stop_count, stop_at : Kind, int, callable or None
        At most one is set.
    bounds : tuple of Bound
        Limits of states, outputs and, on a curve in two parameters, of the second.
    """

    vary: str
    span: tuple
    settings: Settings
    signs: tuple = (1, -1)
    detect: frozenset = frozenset(USUAL_KINDS)
    stop_kind: Kind | None = None
    stop_count: int = 0
    stop_at: object = None
    bounds: tuple = ()

    @classmethod
    def of(cls, problem, vary, span, settings, direction, detect, stop):
        """Check the arguments of `trace`; each error names the argument, what came and what was wanted."""
        settings = Settings() if settings is None else settings
        if not isinstance(settings, Settings):
            raise ValueError(f"settings: wanted Settings(...), got {type(settings).__name__}")
        if not isinstance(vary, str):
            raise ValueError(f"vary: wanted the name of one parameter of {list(problem.parameters)}, got {vary!r}")
        problem.index_of(vary)
        span, bounds = limits_of(problem, vary, span)
        signs, detect = signs_of(direction), kinds_of(detect)
        return cls(vary, span, settings, signs, detect, bounds=bounds, **stop_of(stop))

    @property
    def limits(self) -> dict:
        """Name -> (low, high) of the varied parameter, then of all else that has limits."""
        return {self.vary: self.span, **{name: (low, high) for name, low, high in self.bounds}}

    def within(self, problem, span):
        """The same request within other limits; of a mapping, those it does not name stay as they are."""
        given = span if isinstance(span, Mapping) else {self.vary: span}
        span, bounds = limits_of(problem, self.vary, {**self.limits, **given})
        return replace(self, span=span, bounds=bounds)

    def steps(self) -> Steps:
        """The lengths of steps: as set, else fractions of a finite span."""
        length = self.span[1] - self.span[0]
        finite, s = math.isfinite(length), self.settings
        largest = s.max_step or max(length / 20 if finite else 0.5, s.step or 0.0)
        first = s.step or min(length / 100 if finite else 0.01, largest)
        return Steps(first, s.min_step or min(1e-9 * largest, first), largest)


def limits_of(problem, vary, span) -> tuple:
    """Limits (low, high) of the varied parameter and the `Bound` of all else that `span` names."""
    if not isinstance(span, Mapping):
        return check_span(span), ()
    varied = problem.varied_names(vary)
    known = (*varied, *problem.states, *problem.outputs)
    for name in span:
        if name in problem.parameters and name not in varied:
            wanted = " and ".join(map(repr, varied))
            raise ValueError(f"span: {name!r} does not vary; wanted limits of {wanted}, of states or of outputs")
        if name not in known:
            raise ValueError(f"span: nothing named {name!r} can have limits; this problem has {suggest(name, known)}")
    checked = {name: check_span(pair, f"span[{name!r}]") for name, pair in span.items()}
    own = checked.pop(vary, UNLIMITED)
    return own, tuple(Bound(name, *pair) for name, pair in checked.items() if pair != UNLIMITED)


def check_span(span, what="span"):
    """(low, high) as floats, low < high; None is no limit."""
    try:
        low, high = span
        low, high = -math.inf if low is None else float(low), math.inf if high is None else float(high)
    except (TypeError, ValueError):
        raise ValueError(f"{what}: wanted two numbers (low, high), got {span!r}") from None
    if not low < high:
        raise ValueError(f"{what}: wanted low < high, got {span!r}")
    return low, high


def kinds_of(detect) -> frozenset:
    """The kinds to look for."""
    if isinstance(detect, str) and detect == "all":
        return frozenset(USUAL_KINDS)
    try:
        kinds = frozenset({detect} if isinstance(detect, Kind) else detect)
    except TypeError:
        raise ValueError(f'detect: wanted "all" or a set of Kind, got {detect!r}') from None
    for kind in kinds:
        if kind not in TRACED_KINDS:
            raise ValueError(f"detect: wanted Kinds of {[k.name for k in TRACED_KINDS]}, got {kind!r}")
    return kinds


def stop_of(stop) -> dict:
    """The stop condition under the name of its field."""
    if stop is None:
        return {}
    if isinstance(stop, Kind) and stop in USUAL_KINDS:
        return {"stop_kind": stop}
    if isinstance(stop, int) and not isinstance(stop, bool) and stop > 0:
        return {"stop_count": stop}
    if callable(stop) and not isinstance(stop, Kind):
        return {"stop_at": stop}
    names = [kind.name for kind in USUAL_KINDS]
    raise ValueError(f"stop: wanted a Kind of {names}, a count of at least 1 or a function of a Point, got {stop!r}")


def signs_of(direction) -> tuple:
    """Signs of the tangent to follow, +1 first."""
    if isinstance(direction, str) and direction == "both":
        return (1, -1)
    if direction in (1, -1) and not isinstance(direction, bool):
        return (int(direction),)
    raise ValueError(f'direction: wanted "both", +1 or -1, got {direction!r}')
