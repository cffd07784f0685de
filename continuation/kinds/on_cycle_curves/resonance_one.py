"""1:1 resonances: two multipliers beside the trivial one are 1, and a Neimark-Sacker curve ends at a curve of folds.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 9.5.2.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

RESONANCE_ONE = SpecialKind(
    kind=Kind.RESONANCE_ONE,
    words="1:1 resonance",
    marker=Marker("$1$", "#0072B2", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="another multiplier passes 1",
    ends_curve=True,
    traits=Traits(count_change=1),
)
