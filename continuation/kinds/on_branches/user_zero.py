"""Zeros of the user's own test functions, `Problem(zeros=...)`."""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import AtStart, Locator, Marker, SpecialKind, Traits


def is_at_start(start: AtStart) -> bool:
    """Tell whether one of the functions vanishes at the start."""
    return bool(start.vanishing)


USER_ZERO = SpecialKind(
    kind=Kind.USER,
    words="user point",
    marker=Marker("D", "#CC79A7", 0.8),
    locator=Locator.BRACKET,
    explains="none",
    is_at_start=is_at_start,
    traits=Traits(bisected=True, count_change=0),
)
