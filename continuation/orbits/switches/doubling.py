"""Orbits of twice the period that leave a period doubling.

On the orbit run through twice the equations have a null vector v beside those of its own branch, antiperiodic:
``v(t + T) = -v(t)``; the doubled orbits are ``u + eps v + O(eps**2)`` (Kuznetsov, *Elements of Applied Bifurcation
Theory*, section 5.3).  Those of -eps are the same ones half a period later.
"""

import numpy as np

from continuation.ground import canonical
from continuation.ground.points import Start
from continuation.orbits.starts import orbits_ahead
from continuation.orbits.switches.orbit_place import SINGULAR, OrbitPlace, solve_beside

ROUNDS = 3  # of inverse iteration: one gains all digits of the location, two the rest


def doubled_start(place: OrbitPlace) -> Start:
    """The start of the doubled orbits: twice the intervals, row 0 the orbit of the period doubling run through twice.

    Raises
    ------
    ValueError
        No multiplier is -1 there, or no doubled orbit was found beside it.
    """
    mesh, profile = np.tile(place.cycles.mesh, 2) / 2, np.tile(place.profile, (2, 1))
    cycles = place.cycles.at_orbit(mesh, profile, 2 * place.x[-2])
    x = np.concatenate([profile.ravel(), [2 * place.x[-2], place.x[-1]]])
    equations = place.equations(cycles)
    v = antiperiodic_null_vector(place, equations, x)
    ahead = orbits_ahead(equations, x, v)
    if not ahead:
        raise ValueError(
            f"point: no doubled orbit was found beside {place.point.label}: it may be degenerate, or need more "
            "intervals"
        )
    return Start(
        x, v, place.p.copy(), place.vary, outward=True, problem=cycles, origin=place.point, ahead=np.array(ahead)
    )


def antiperiodic_null_vector(place, equations, x) -> np.ndarray:
    """(N,) unit null vector v of the equations on the doubled orbit x that changes its sign after half of it.

    Antiperiodic right-hand sides have antiperiodic solutions, so that the null vectors of the orbit's own branch
    do not mix in.
    """
    half = len(x) // 2 - 1
    row = equations.weights * np.concatenate(
        [np.tile(place.tangent[:-2], 2), [2 * place.tangent[-2], place.tangent[-1]]]
    )
    units = place.units
    side = units * np.cos(1.0 + 2.0 * np.arange(half) ** 1.5)
    for _ in range(ROUNDS):
        right = np.concatenate([side, -side, [0.0, 0.0]])
        found = solve_beside(equations, x, row, right, np.zeros(len(x)))
        if found is None:
            break
        side = 0.5 * (found[0][:half] - found[0][half : 2 * half])
        growth = np.max(np.abs(side / units)) / np.max(np.abs(right[:half] / units))
        side /= np.max(np.abs(side / units))
    if found is None or not growth > SINGULAR * len(place.cycles.mesh):
        raise ValueError(f"point: no multiplier of {place.point.label} is -1; was it found with other parameters?")
    side *= np.sign(side[canonical.first_largest(np.abs(side / units))])
    v = np.concatenate([side, -side, [0.0, 0.0]])
    return v / equations.length(v)
