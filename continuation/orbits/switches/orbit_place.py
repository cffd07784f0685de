"""A special point of a branch of periodic orbits with its mesh, as the equations there."""

from typing import NamedTuple

import numpy as np

from continuation.equations.measures.measure import measured
from continuation.ground.arguments import shown
from continuation.ground.names import suggest
from continuation.ground.points import SpecialPoint
from continuation.ground.status import Kind
from continuation.orbits.orbit_operations import OrbitEquations
from continuation.orbits.profiles.profile import allowance, units_of_states

# Residual, relative to each state's range, of an orbit of this problem: located points have 1e-10, orbits of
# parameters that differ in the fifth digit 1e-5.
SOLVED = 1e-6
# Of an inverse, for each interval: what is larger is a null vector.  Regular orbits have 1 to 1e2, located points
# 1e7 and more, as they err by 1e-9.
SINGULAR = 1e4
# Of the parameter, relative to it and its unit, where the equations are singular to the last bit.
NUDGES = (0.0, 1e-10, 1e-8)

NOTHING = {
    Kind.FOLD: "is a fold: the branch itself turns there and no other one leaves",
    Kind.NEIMARK_SACKER: "is a Neimark-Sacker point: what leaves there are tori, no periodic orbits",
    Kind.HOPF: "is a Hopf point: the branch of orbits begins there; that of equilibria is traced with the vector field",
}


class OrbitPlace(NamedTuple):
    """Where to leave a branch of periodic orbits.

    Attributes
    ----------
    cycles : PeriodicOrbits
        On the mesh of the orbit, measured as its branch.
    point : SpecialPoint
    x, tangent : (N,) arrays
        The orbit and the direction in which its branch goes on.
    p : (k,) array
    """

    cycles: object
    point: SpecialPoint
    x: np.ndarray
    tangent: np.ndarray
    p: np.ndarray

    @property
    def vary(self) -> str:
        """Name of the varied parameter."""
        return self.point.vary[0]

    @property
    def units(self) -> np.ndarray:
        """(L m n,) units of the equations and of the values at the nodes: those of their states."""
        return np.tile(units_of_states(self.cycles.metric), len(self.profile))

    @property
    def profile(self) -> np.ndarray:
        """(L m, n) the orbit at the nodes."""
        return self.x[:-2].reshape(-1, len(self.cycles.base.states))

    def equations(self, cycles=None) -> OrbitEquations:
        """The collocation equations, of other orbits at the same parameters where these are given."""
        cycles = self.cycles if cycles is None else cycles
        return OrbitEquations(cycles, self.p, cycles.index_of(self.vary))


def place_of_orbit(cycles, point) -> OrbitPlace:
    """Check a special point of a branch of periodic orbits.

    Raises
    ------
    ValueError
        It is of a kind at which no other orbits leave, was not located, or is none of these equations.
    """
    check_leaving(cycles, point)
    n, size, context = len(cycles.base.states), len(point.unknowns), point.context
    intervals = len(context) - 2 * n
    degree = (size - 2) // max(n * intervals, 1)
    if intervals < 1 or size != n * intervals * degree + 2 or degree != cycles.degree:
        raise ValueError(f"point: {point.label} has orbits of degree {degree}; this problem has degree {cycles.degree}")
    weights = point.weights
    metric = np.append(weights[:-2].reshape(-1, n).sum(axis=0), weights[-1])
    x, p = point.unknowns.copy(), cycles.parameter_values(point.parameters)
    profile = x[:-2].reshape(-1, n)
    there = cycles.at_orbit(context[:intervals], profile, x[-2], measured(cycles.base, metric))
    place = OrbitPlace(there, point, x, (-1.0 if point.index == 0 else 1.0) * point.tangent, p)
    residual = np.max(np.abs(place.equations().value(x)[:-1].reshape(-1, n)), axis=0)
    if not np.all(residual <= allowance(profile, there.metric, SOLVED)):
        raise ValueError(
            f"point: {point.label} is no orbit of this problem (largest residual {np.max(residual):.3g}); was it found "
            "with other parameters or constants?"
        )
    return place


def check_leaving(cycles, point):
    """Raise where a point is none at which other periodic orbits leave."""
    if not isinstance(point, SpecialPoint):
        raise ValueError(f"point: wanted a SpecialPoint of a branch of periodic orbits, got {shown(point)}")
    if point.context is None or tuple(point.state_names) != cycles.states:
        of = f"of {list(point.state_names)}" if point.context is not None else "which is of no periodic orbits"
        raise ValueError(f"point: wanted one of {cycles.name} in {list(cycles.base.states)}, got {point.label}, {of}")
    if point.kind not in (Kind.PERIOD_DOUBLING, Kind.BRANCH_POINT):
        why = NOTHING.get(point.kind, f"is a {point.kind.name}")
        raise ValueError(f"point: wanted a period doubling (PD) or a branch point (BP); {point.label} {why}")
    if not point.located:
        raise ValueError(f"point: {point.label} was not located; trace again with smaller steps around its bracket")
    if len(point.vary) != 1:
        raise ValueError(f"point: wanted a point of a branch in one parameter, got {point.vary}")
    if point.vary[0] not in cycles.parameters:
        raise ValueError(
            f"point: varies {point.vary[0]!r}; this problem has {suggest(point.vary[0], cycles.parameters)}"
        )


def solve_beside(equations, x, row, first, second):
    """Bordered solutions for two right-hand sides (N,), a little aside where the equations are exactly singular."""
    for nudge in NUDGES:
        beside = x.copy()
        beside[-1] += nudge * (1 / np.sqrt(equations.weights[-1]) + abs(x[-1]))
        found = equations.solve(beside, row, first, second)
        if found is not None and np.all(np.isfinite(found[0])) and np.all(np.isfinite(found[1])):
            return found[:2]
    return None
