"""Zero-Hopf points (fold-Hopf): zero and an imaginary pair are eigenvalues at once.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 8.5.)
"""

from continuation.ground.status import Kind
from continuation.kinds.normal_forms import mixed_forms
from continuation.kinds.on_curves.scalars import crossing_part
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits


def second_eigenvalue(curve, x, p):
    """Make the scalar: the real eigenvalue nearest zero on a curve of Hopf points, else the real part of a pair."""
    return crossing_part(curve, x, p, is_real=curve.shape.follows_pair)


ZERO_HOPF = SpecialKind(
    kind=Kind.ZERO_HOPF,
    words="zero-Hopf point",
    marker=Marker("*", "#56B4E9", 2.2),
    locator=Locator.ALONG_CURVE,
    explains="on a curve of Hopf points one eigenvalue crosses zero, on others a pair the imaginary axis",
    normal_form=mixed_forms.zero_hopf,
    curves=(Kind.FOLD, Kind.HOPF),
    scalar=second_eigenvalue,
    crossing=lambda curve: 1 if curve.shape.follows_pair else 2,
    nullity=1,
    traits=Traits(count_change=2),
)
