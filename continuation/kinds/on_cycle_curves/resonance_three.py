"""1:3 resonances: the multipliers of a Neimark-Sacker point are third roots of 1.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 9.5.4.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

RESONANCE_THREE = SpecialKind(
    kind=Kind.RESONANCE_THREE,
    words="1:3 resonance",
    marker=Marker("$3$", "#0072B2", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="none",
    traits=Traits(count_change=0),
)
