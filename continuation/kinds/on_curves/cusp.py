"""Cusps: on a curve of folds two folds meet and vanish, where the quadratic coefficient does.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 8.2.)
"""

from continuation.equations.multilinear import Multilinear
from continuation.ground.status import Kind
from continuation.kinds.normal_forms import fold_forms
from continuation.kinds.on_curves.scalars import null_pairs
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits


def curvature(curve, x, p):
    """Make the scalar ``w' B(v, v)`` with unit null vectors of F_u."""
    vectors = null_pairs(curve, x, p)

    def scalar(y):
        v, w = vectors(y)
        return w @ Multilinear(curve.base, y[: curve.size], curve.parameters_at(y, p)).form(v, v)

    return scalar


CUSP = SpecialKind(
    kind=Kind.CUSP,
    words="cusp",
    marker=Marker("v", "#E69F00", 1.3),
    locator=Locator.ALONG_CURVE,
    explains="none",
    normal_form=fold_forms.cusp,
    curves=(Kind.FOLD,),
    scalar=curvature,
    crossing=lambda curve: 0,
    third_order=True,
    nullity=1,
    traits=Traits(count_change=0),
)
