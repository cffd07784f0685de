"""What one kind of special point is to the rest of the toolkit: the record that each file of a kind makes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from continuation.ground.status import Kind


class Locator(Enum):
    """How a kind is located; the value says it in words."""

    EXTENDED_SYSTEM = "Newton on an extended system, compiled (`continuation.compiled.dense`)"
    ALONG_CURVE = "Newton for the zero of a scalar along a curve of special points (`continuation.curves.codim2`)"
    ALONG_CYCLES = "a secant method along a curve of periodic orbits, compiled (`continuation.orbits.cycle_curves`)"
    BRACKET = "a bracket of the sign change of a test function of the problem's, narrowed to rounding"
    TANGENTS = "where the tangents of two pieces meet, compiled (`continuation.compiled.events.kink`)"
    NOWHERE = "not looked for: an end of the branch"


class Marker(NamedTuple):
    """How a picture marks a kind: shape, as matplotlib names it, colour, and area relative to that of a fold."""

    shape: str
    colour: str
    area: float = 1.0


class CurveShape(NamedTuple):
    """What tells the curves of one kind of special point, in two parameters, from those of another.

    Attributes
    ----------
    module, prefix : str
        In `continuation.compiled.curves`, and what its callbacks begin with.
    auxiliary : tuple of str
        Names of the unknowns between the states and the second parameter.
    tests : tuple of Kind or None
        Kinds of the test functions of its monitor, None: it only hints.
    counts : Kind
        What a change of the number of unstable eigenvalues means there.
    second_conditions : tuple of Kind
        Kinds of points of the curve at which one of its test functions vanishes.
    follows_pair : bool
        Whether the critical eigenvalues are an imaginary pair, with kappa = omega**2 the auxiliary unknown, not zero.
    unfolded : bool
        Whether the auxiliary unknown is an unfolding that must stay zero.
    variant : callable, optional
        ``(curve, x, p) -> int``: which of the curves of its kind this one is, as the compiled monitor is told.
    """

    module: str
    prefix: str
    auxiliary: tuple
    tests: tuple
    counts: Kind
    second_conditions: tuple = ()
    follows_pair: bool = False
    unfolded: bool = False
    variant: Callable | None = None


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
    kink : bool
        F_u jumps there, and with it any test function.  Exactly one kind is.
    closes : bool
        A branch that began at such a point is closed where it comes back to it.
    turns : bool
        The varied parameter turns there: two of them may hide between two points, whose tangents tell.
    count_change : int or None
        Largest change of the number of unstable eigenvalues that such a point explains, where its locator does not say
        by how much it changes.
    explains : frozenset of Kind
        Other kinds whose test functions change sign at such a point.
    beside : frozenset of Kind
        Kinds whose test functions may change sign right at such a point, through zero or through infinity: in a
        longer piece the change may be an event of its own, so that the point's neighbours are looked at.
    instead : Kind or None
        What is looked for where no such point is found: one with more than one null vector changes the same.
    """

    bisected: bool = False
    first: bool = False
    may_touch: bool = False
    meeting: bool = False
    kink: bool = False
    closes: bool = False
    turns: bool = False
    count_change: int | None = BY_KERNEL
    explains: frozenset = frozenset()
    beside: frozenset = frozenset()
    instead: Kind | None = None


class Linear(NamedTuple):
    """F_u at one row, its eigenvalues by descending real part and its right singular vectors."""

    jacobian: np.ndarray
    eigenvalues: np.ndarray
    right: np.ndarray


class AtStart(NamedTuple):
    """What is known of the start of a trace, for those who ask whether it is a special point."""

    tangent: np.ndarray  # (N,), the parameter's component last, in units in which the parameter's weight is 1
    vanishing: list  # names of the user's test functions that vanish
    is_flow: bool
    zero: float  # eigenvalues below this, relative to the scale of the balanced F_u, read zero
    is_alone: bool  # no special point in the rows beside it
    is_level: bool  # the parameter does not change beside it
    goes_on: bool  # there are rows on both sides, and the parameter moves the same way on both
    jacobian: Callable  # () -> F_u, None where it can't be had


@dataclass(frozen=True, kw_only=True)
class SpecialKind:
    """One kind of special point.

    Attributes
    ----------
    kind : Kind
        With its label, whether it is looked for on request only, and how many eigenvalues cross at it.
    words : str
        Its name in tables and legends.
    marker : Marker or None
        None: it is not drawn.
    locator : Locator
    explains : str
        What change of the number of unstable eigenvalues it accounts for, in words.
    null_vectors : callable, optional
        ``(linear: Linear, nullity) -> (k, n)`` or None: what `SpecialPoint.null_vectors` holds.
    normal_form : callable, optional
        ``(local: Local) -> dict``, see `continuation.kinds.normal_forms`.
    orbit_form : callable, optional
        ``(orbit: CriticalOrbit) -> dict``: the same on branches of periodic orbits, see `continuation.orbits.forms`.
    verdict : bool
        Whether tables tell what the normal form says.
    is_at_start : callable, optional
        ``(start: AtStart) -> bool``: whether the start of a trace is such a point.
    test : callable, optional
        ``(F_u) -> float``, for kinds on request: the test function, continuous, whose sign change is bracketed.
    is_met : callable, optional
        ``(F_u) -> bool``, where `test` vanishes at points of other kinds too: whether this one is meant.
    curves : tuple of Kind
        Kinds of the curves that lead through such a point, the one taken unless another is asked for first.
    shape : CurveShape, optional
        Of its own curve.
    scalar : callable, optional
        ``(curve, x, p) -> function of the unknowns``, which vanishes at points of this kind along a curve.
    crossing : callable, optional
        ``(curve) -> int``: how many eigenvalues beside the critical ones cross the imaginary axis at such a point, with
        the sign of `scalar`; none where that is not known.
    third_order : bool
        Whether `scalar` takes differences of F itself, unless F comes from expressions.
    nullity : int, optional
        Dimension of the kernel of F_u at such a point of a curve.
    ends_curve : bool
        Whether curves of special points end at such a point.
    traits : Traits, optional
        What the compiled loop asks of the kinds that it numbers.
    """

    kind: Kind
    words: str
    marker: Marker | None
    locator: Locator
    explains: str
    null_vectors: Callable | None = None
    normal_form: Callable | None = None
    orbit_form: Callable | None = None
    verdict: bool = False
    is_at_start: Callable | None = None
    test: Callable | None = None
    is_met: Callable | None = None
    curves: tuple = ()
    shape: CurveShape | None = None
    scalar: Callable | None = None
    crossing: Callable | None = None
    third_order: bool = False
    nullity: int | None = None
    ends_curve: bool = False
    traits: Traits = Traits()
