"""Cusps of cycles: on a curve of folds of cycles two folds meet and vanish, where the quadratic coefficient does.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, section 9.2, for the Poincare map.)
"""

from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

CUSP_OF_CYCLES = SpecialKind(
    kind=Kind.CUSP_OF_CYCLES,
    words="cusp of cycles",
    marker=Marker("$c$", "#E69F00", 1.3),
    locator=Locator.ALONG_CYCLES,
    explains="none",
    traits=Traits(count_change=0),
)
