"""Double Neimark-Sacker points: two pairs of multipliers on the unit circle.

(Kuznetsov and Meijer, *Numerical Bifurcation Analysis of Maps*, Cambridge 2019, chapter 3.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

DOUBLE_TORUS = SpecialKind(
    kind=Kind.DOUBLE_TORUS,
    words="double Neimark-Sacker point",
    marker=Marker("$N$", "#56B4E9", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="a second pair crosses the unit circle",
    traits=Traits(count_change=2),
)
