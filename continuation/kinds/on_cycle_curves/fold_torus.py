"""Fold-Neimark-Sacker points: a fold of cycles and a Neimark-Sacker point at once.

(Vitolo, Broer and Simo, Regular and Chaotic Dynamics 16, 2011.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

FOLD_TORUS = SpecialKind(
    kind=Kind.FOLD_TORUS,
    words="fold-Neimark-Sacker point",
    marker=Marker("$T$", "#D55E00", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="on a fold curve a pair crosses the unit circle, on a Neimark-Sacker curve one multiplier passes 1",
    traits=Traits(first=True, beside=frozenset({Kind.CHENCINER}), count_change=2),
)
