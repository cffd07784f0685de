"""Neimark-Sacker points: a complex pair of multipliers of a periodic orbit crosses the unit circle, and tori leave it.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, sections 4.7 and 5.3.)
"""

from continuation.ground.later import later
from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

forms = later("continuation.orbits.forms")

NEIMARK_SACKER = SpecialKind(
    kind=Kind.NEIMARK_SACKER,
    words="Neimark-Sacker point",
    marker=Marker("8", "#56B4E9", 1.3),
    locator=Locator.EXTENDED_SYSTEM,
    explains="two multipliers cross the unit circle",
    orbit_form=lambda orbit: forms.neimark_sacker(orbit),
    verdict=True,
    traits=Traits(count_change=2),
)
