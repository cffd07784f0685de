"""Bogdanov-Takens points: a curve of Hopf points ends at a curve of folds, where zero is a double eigenvalue.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 8.4.)
"""

from continuation.ground.status import Kind
from continuation.kinds.normal_forms import fold_forms
from continuation.kinds.on_curves.scalars import null_pairs
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits


def product(curve, x, p):
    """Make the scalar ``w' v`` with unit null vectors of F_u; kappa = omega**2 where a pair is followed."""
    if curve.shape.follows_pair:
        return lambda y: y[curve.size]
    vectors = null_pairs(curve, x, p)

    def scalar(y):
        v, w = vectors(y)
        return w @ v

    return scalar


BOGDANOV_TAKENS = SpecialKind(
    kind=Kind.BOGDANOV_TAKENS,
    words="Bogdanov-Takens point",
    marker=Marker("P", "#56B4E9", 1.4),
    locator=Locator.ALONG_CURVE,
    explains="a second eigenvalue crosses zero",
    normal_form=fold_forms.bogdanov_takens,
    curves=(Kind.FOLD, Kind.HOPF),
    scalar=product,
    nullity=1,
    ends_curve=True,
    traits=Traits(count_change=1),
)
