"""Bautin points (generalised Hopf): Hopf points turn from supercritical to subcritical.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 8.3.)
"""

import numpy as np

from continuation.ground.status import Kind
from continuation.kinds.normal_forms import hopf_forms
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits


def lyapunov(curve, x, p):
    """Make the scalar l1, the first Lyapunov coefficient of the pair that is followed."""
    n = curve.size

    def scalar(y):
        return hopf_forms.first_lyapunov(curve.base, y[:n], curve.parameters_at(y, p), np.sqrt(max(y[n], 0.0)))

    return scalar


BAUTIN = SpecialKind(
    kind=Kind.BAUTIN,
    words="Bautin point",
    marker=Marker("p", "#E69F00", 1.3),
    locator=Locator.ALONG_CURVE,
    explains="none",
    normal_form=hopf_forms.bautin,
    curves=(Kind.HOPF,),
    scalar=lyapunov,
    crossing=lambda curve: 0,
    nullity=0,
    traits=Traits(count_change=0),
)
