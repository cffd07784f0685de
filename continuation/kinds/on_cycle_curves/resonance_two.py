"""1:2 resonances: two multipliers are -1, and a Neimark-Sacker curve ends at a curve of period doublings.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 9.5.3.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

RESONANCE_TWO = SpecialKind(
    kind=Kind.RESONANCE_TWO,
    words="1:2 resonance",
    marker=Marker("$2$", "#0072B2", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="another multiplier passes -1",
    ends_curve=True,
    traits=Traits(count_change=1),
)
