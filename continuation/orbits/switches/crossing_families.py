"""The other family of periodic orbits through a branch point, by the algebraic bifurcation equation.

With null vectors t (along the known branch) and w (across it) of F_x, and the left one psi, directions ``a t + b w``
of branches solve ``2 B(t, w) a b + B(w, w) b**2 = 0``, ``B(y, z) = psi @ F_xx(y, z)`` (Keller, *Lectures on Numerical
Methods in Bifurcation Problems*, 1987, section 5.20): the known one, b = 0, and another.
"""

import numpy as np

from continuation.ground import canonical
from continuation.ground.points import Start
from continuation.orbits.starts import orbits_ahead
from continuation.orbits.switches.orbit_place import SINGULAR, OrbitPlace, solve_beside

STEP = 1e-3  # of second differences, relative to 1 + |x|: they err by 1e-6 and, of rounding, by 1e-10
SEVERAL = "several multipliers are critical at once: of the families that leave one is given"
ONE_SIDE = "no orbits were found on one side of the branch point: of the other family one half is given"
LEVEL = 1e-4  # part of the parameter in a unit direction that second differences may make of nothing


def crossing_starts(place: OrbitPlace) -> tuple:
    """Starts of both half-branches of the other family, and notes on what may be missing.

    Raises
    ------
    ValueError
        The equations are regular there, or no orbits were found along the direction.
    """
    equations = place.equations()
    w, several = null_vector_across(place, equations)
    direction = other_direction(place, equations, w)
    starts = []
    for sign in (1.0, -1.0):
        ahead = orbits_ahead(equations, place.x, sign * direction, w)
        if ahead:
            start = Start(
                place.x.copy(),
                sign * direction,
                place.p.copy(),
                place.vary,
                outward=True,
                problem=place.cycles,
                origin=place.point,
                ahead=np.array(ahead),
            )
            starts.append(start)
    if not starts:
        raise ValueError(
            f"point: no orbits of another family were found beside {place.point.label}: it may be degenerate"
            + (", as several null vectors are" if several else "")
        )
    return starts, ([SEVERAL] if several else []) + ([ONE_SIDE] if len(starts) < 2 else [])


def null_vector_across(place, equations) -> tuple:
    """Unit null vector (N,) across the branch, and whether there are more of them."""
    x, each = place.x, np.append(place.units, 1.0)
    row = equations.weights * place.tangent
    k = np.arange(len(each))
    sides = [np.append(each * np.cos(1.0 + 2.0 * k**1.5), 0.0), np.append(each * np.sin(3.0 + k**1.3), 0.0)]
    found = solve_beside(equations, x, row, *sides)
    if found is None:
        raise ValueError(f"point: the equations at {place.point.label} can't be solved")
    units = np.sqrt(equations.weights)
    left, sigma, _ = np.linalg.svd(units[:, None] * np.column_stack(found), full_matrices=False)
    if not sigma[0] > SINGULAR * len(place.cycles.mesh):
        raise ValueError(
            f"point: the equations are regular at {place.point.label}: it is no branch point of this problem; was it "
            "found with other parameters?"
        )
    w = left[:, 0] / units
    w -= (row @ w) * place.tangent
    w *= np.sign(w[canonical.first_largest(np.abs(w[:-2] / place.units))])
    return w / equations.length(w), bool(sigma[1] > SINGULAR * len(place.cycles.mesh))


def other_direction(place, equations, w) -> np.ndarray:
    """(N,) unit direction of the other family: the parameter increases, where it changes to first order."""
    x, t = place.x, place.tangent
    h = STEP * equations.extent(x)
    value = equations.value

    def second(z):
        """F_xx(z, z)."""
        return (value(x + h * z) - 2.0 * value(x) + value(x - h * z)) / h**2

    across, mixed = second(w), 0.25 * (second(t + w) - second(t - w))
    found = solve_beside(equations, x, equations.weights * t, np.append(across, 0.0), np.append(mixed, 0.0))
    if found is None:
        return w
    # Both are the same large multiple of w: psi times the right-hand side over the smallest singular value.
    c, b = (equations.weights * w @ side for side in found)
    if not np.isfinite(c / b if b else np.nan):
        return w
    direction = w - 0.5 * c / b * t
    direction /= equations.length(direction)
    level = abs(direction[-1]) * np.sqrt(equations.weights[-1]) <= LEVEL
    return direction if level or direction[-1] > 0.0 else -direction
