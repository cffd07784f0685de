"""Corners: F is continuous and F_u jumps, so that two pieces of the branch meet at an angle.

Looked for where `Problem(smoothness=1)` (or 2) says that F has kinks.  The parameter may turn back there, as at a fold:
a non-smooth fold; eigenvalues may jump across the axis, so that the numbers of unstable ones on either side differ
without a fold, Hopf or branch point (di Bernardo, Budd, Champneys and Kowalczyk, *Piecewise-smooth Dynamical Systems*,
2008, chapter 5).
"""

from continuation.ground.status import Kind
from continuation.kinds.normal_forms import corner_forms
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

CORNER = SpecialKind(
    kind=Kind.CORNER,
    words="corner",
    marker=Marker("d", "#000000", 1.2),
    locator=Locator.TANGENTS,
    explains="any: eigenvalues jump",
    normal_form=corner_forms.corner,
    verdict=True,
    traits=Traits(kink=True, count_change=1 << 30),
)
