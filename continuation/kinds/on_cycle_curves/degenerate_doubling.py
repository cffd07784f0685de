"""Generalised period doublings: the cubic coefficient vanishes, and a fold of the doubled cycles begins.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 9.3.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

DEGENERATE_DOUBLING = SpecialKind(
    kind=Kind.DEGENERATE_DOUBLING,
    words="generalised period doubling",
    marker=Marker("$g$", "#009E73", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="none",
    traits=Traits(count_change=0),
)
