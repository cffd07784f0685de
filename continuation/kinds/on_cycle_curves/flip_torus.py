"""Flip-Neimark-Sacker points: a period doubling and a Neimark-Sacker point at once.

(Kuznetsov and Meijer, *Numerical Bifurcation Analysis of Maps*, Cambridge 2019, chapter 3.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

FLIP_TORUS = SpecialKind(
    kind=Kind.FLIP_TORUS,
    words="flip-Neimark-Sacker point",
    marker=Marker("H", "#E69F00", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="on a curve of doublings a pair crosses the unit circle, on one of Neimark-Sacker points one passes -1",
    traits=Traits(count_change=2),
)
