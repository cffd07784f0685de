"""Period doublings: a multiplier of a periodic orbit passes -1, and orbits of twice the period leave the branch.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, sections 4.5 and 5.3.)
"""

from continuation.ground.later import later
from continuation.ground.status import Kind
from continuation.kinds.special_kind import Locator, Marker, SpecialKind, Traits

forms = later("continuation.orbits.forms")

PERIOD_DOUBLING = SpecialKind(
    kind=Kind.PERIOD_DOUBLING,
    words="period doubling",
    marker=Marker(">", "#E69F00", 1.3),
    locator=Locator.EXTENDED_SYSTEM,
    explains="one multiplier passes -1",
    orbit_form=lambda orbit: forms.period_doubling(orbit),
    verdict=True,
    traits=Traits(count_change=1),
)
