"""Fold-flip points: a fold of cycles and a period doubling at once.

(Kuznetsov, Meijer and van Veen, Int. J. Bifurcation Chaos 14, 2004.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

FOLD_FLIP = SpecialKind(
    kind=Kind.FOLD_FLIP,
    words="fold-flip point",
    marker=Marker("$D$", "#D55E00", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="one multiplier passes -1 or 1",
    traits=Traits(first=True, beside=frozenset({Kind.DEGENERATE_DOUBLING}), count_change=1),
)
