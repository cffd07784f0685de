"""From a special point of a branch of periodic orbits to the other branches through it."""

import logging

from continuation.ground.points import Start, Starts
from continuation.ground.status import Kind
from continuation.orbits.switches.crossing_families import SEVERAL, crossing_starts
from continuation.orbits.switches.doubling import doubled_start
from continuation.orbits.switches.orbit_place import place_of_orbit

logger = logging.getLogger("continuation")

CRITICAL = 1e-3  # distance from -1 of a second multiplier: two pass at once, and the orbits that leave are not all


def cycle_starts_at(cycles, point) -> Starts:
    """The branches of periodic orbits that leave one at a period doubling or a branch point.

    Returns
    -------
    Starts
        First the known branch going on (``start.known``).  Of a period doubling then the doubled orbit, whose problem
        has twice the intervals; of a branch point both half-branches of the other family.

    Raises
    ------
    ValueError
        At points of other kinds, not located ones, those of another problem, or where nothing was found.

    Notes
    -----
    Cost: about a dozen Newton iterations for each half-branch, and two residuals for each second derivative.
    """
    place = place_of_orbit(cycles, point)
    known = Start(
        place.x, place.tangent, place.p, place.vary, outward=True, known=True, problem=place.cycles, origin=point
    )
    if point.kind is Kind.PERIOD_DOUBLING:
        others = [doubled_start(place)]
        notes = [SEVERAL] if sum(abs(point.eigenvalues + 1.0) < CRITICAL) > 1 else []
    else:
        others, notes = crossing_starts(place)
    for note in notes:
        logger.info("switch at %s: %s", point.label, note)
    return Starts([known, *others], not notes, notes)
