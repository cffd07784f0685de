"""1:4 resonances: the multipliers of a Neimark-Sacker point are the imaginary units.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 9.5.5.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

RESONANCE_FOUR = SpecialKind(
    kind=Kind.RESONANCE_FOUR,
    words="1:4 resonance",
    marker=Marker("$4$", "#0072B2", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="none",
    traits=Traits(count_change=0),
)
