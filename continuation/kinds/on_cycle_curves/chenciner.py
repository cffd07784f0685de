"""Chenciner points: Neimark-Sacker points turn from supercritical to subcritical.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 9.4.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

CHENCINER = SpecialKind(
    kind=Kind.CHENCINER,
    words="Chenciner point",
    marker=Marker("$C$", "#CC79A7", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="none",
    traits=Traits(count_change=0),
)
