"""What the engine knows of each kind of special point: data only, so that its loop names no kind."""

from typing import NamedTuple

from continuation.ground.status import Kind

BY_KERNEL = None  # `Traits.count_change`: as many as its null vectors


class Traits(NamedTuple):
    """How points of one kind are found, and what they explain.

    Attributes
    ----------
    bisected : bool
        Located by a bracket on its test function alone, for want of an extended system; each of its test functions
        has points of its own.
    first : bool
        Looked for before what else changed in the same interval, which may belong to it.
    may_touch : bool
        Its test function may touch zero without a change of sign, where other branches touch this one.
    meeting : bool
        Branches meet there: one may end at such a point, over which no step leads.  Exactly one kind is.
    closes : bool
        A branch that began at such a point is closed where it comes back to it.
    turns : bool
        The varied parameter turns there: two of them may hide between two points, whose tangents tell.
    count_change : int or None
        Largest change of the number of unstable eigenvalues that such a point explains.
    explains : frozenset of Kind
        Other kinds whose test functions change sign at such a point.
    instead : Kind or None
        What is looked for where no such point is found: one with more than one null vector changes the same.
    """

    bisected: bool = False
    first: bool = False
    may_touch: bool = False
    meeting: bool = False
    closes: bool = False
    turns: bool = False
    count_change: int | None = BY_KERNEL
    explains: frozenset = frozenset()
    instead: Kind | None = None


TRAITS = {
    Kind.FOLD: Traits(turns=True),
    Kind.BRANCH_POINT: Traits(first=True, may_touch=True, meeting=True, closes=True, explains=frozenset({Kind.FOLD})),
    Kind.HOPF: Traits(count_change=2, instead=Kind.BRANCH_POINT),
    Kind.USER: Traits(bisected=True, count_change=0),
    Kind.CUSP: Traits(),
    Kind.BOGDANOV_TAKENS: Traits(),
    Kind.BAUTIN: Traits(),
    Kind.ZERO_HOPF: Traits(),
    Kind.HOPF_HOPF: Traits(),
}
