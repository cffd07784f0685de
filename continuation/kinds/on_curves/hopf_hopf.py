"""Hopf-Hopf points: two imaginary pairs of eigenvalues at once.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 8.6.)
"""

from continuation.ground.status import Kind
from continuation.kinds.normal_forms import mixed_forms
from continuation.kinds.on_curves.scalars import crossing_part
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits


def second_pair(curve, x, p):
    """Make the scalar: the real part of the pair nearest the axis beside the one that is followed."""
    return crossing_part(curve, x, p, is_real=False)


HOPF_HOPF = SpecialKind(
    kind=Kind.HOPF_HOPF,
    words="Hopf-Hopf point",
    marker=Marker("h", "#0072B2", 1.3),
    locator=Locator.ALONG_CURVE,
    explains="a second pair crosses the imaginary axis",
    normal_form=mixed_forms.hopf_hopf,
    curves=(Kind.HOPF,),
    scalar=second_pair,
    crossing=lambda curve: 2,
    nullity=0,
    traits=Traits(count_change=2),
)
