"""Orbits of a branch at a value of a varied parameter or of the period."""

import logging

import numpy as np

from continuation.ground.names import check_numbers, suggest
from continuation.orbits.profiles.layout import PERIOD, ends_of
from continuation.orbits.profiles.orbit import Orbit
from continuation.orbits.profiles.phases import SAME_SHAPE, is_same_shape, shape_of
from continuation.orbits.profiles.profile import is_point

logger = logging.getLogger("continuation")

# Part of a step's chord by which an orbit may leave the line from one row to the next, off by a tenth of it where steps
# turn most: ten times more takes orbits of other branches, ten times less refuses those of bent pieces.
LEAVES = 0.5
SAME = 1e-8  # relative, of period and parameter: two orbits that are one, found in both steps beside a row


def orbits_at(rows, cycles, name, target) -> list:
    """Every `Orbit` of a branch where a varied parameter or the period has a value, in row order.

    Each is corrected on the mesh of the row before it; multipliers are not computed.

    Raises
    ------
    ValueError
        Another column; a place beside which the profiles were not kept.
    """
    target = check_numbers(f"at({name}=...)", target, 0)
    at = rows.layout.period_at
    places = {name: -1 - k for k, name in enumerate(rows.vary)} | {PERIOD: at}
    if name not in places:
        raise ValueError(f"at: of periodic orbits wanted one of {suggest(name, places)}, got {name!r}")
    gap, found = rows[name] - target, []
    for row in np.flatnonzero((gap == 0.0) | (np.append(gap[:-1] * gap[1:], 1.0) < 0.0)).tolist():
        sides = [row] if gap[row] == 0.0 else [row, row + 1]
        if not np.all(rows.has_profile[sides]):
            raise ValueError(
                f"at: {name} = {target:g} is passed behind row {row}, where profiles were not kept in the file "
                "(Settings(profiles=...)): trace that piece again"
            )
        x = passed(rows, cycles, sides, places[name], target)
        if x is not None and is_point(rows.layout.profiles(x[None])[0]):
            continue  # a Hopf point, at which a branch begins or ends
        if x is None:
            logger.warning("at(%s=%g): the orbit behind row %d could not be corrected", name, target, row)
        elif not any(is_same_orbit(rows, (row, x), other) for other in found):
            found.append((row, x))
    return [as_orbit(rows, row, x) for row, x in found]


def is_same_orbit(rows, one, other) -> bool:
    """Whether two orbits (row of the mesh, unknowns) are one, but for their phase and mesh."""
    layout = rows.layout
    x, y = (unknowns[layout.period_at :] for _, unknowns in (one, other))
    if np.any(np.abs(x - y) > SAME / np.sqrt(rows.weights[layout.period_at :]) + SAME * np.abs(x)):
        return False
    shapes = [
        shape_of(layout.profiles(unknowns[None])[0], layout.meshes(rows.context[[row]])[0], layout.degree)
        for row, unknowns in (one, other)
    ]
    return is_same_shape(*shapes, rows.state_weights, SAME_SHAPE)


def passed(rows, cycles, sides, place, target):
    """Unknowns (N,) on the mesh of the first row of `sides` where the one at `place` has a value; None where lost."""
    layout, row = rows.layout, sides[0]
    if len(sides) == 1:
        return rows.unknowns[row].copy()
    old, new = (layout.meshes(rows.context[[k]]) for k in (row + 1, row))
    a, b = rows.unknowns[row], layout.carried(rows.unknowns[[row + 1]], old, new)[0]
    x = a + (target - a[place]) / (b[place] - a[place]) * (b - a)
    at = cycles.at_row(rows, row, rows.vary[0])
    p, held = at.parameter_values(rows.parameters_at(row)), np.zeros(len(x))
    held[place] = 1.0
    equations = at.corrector(p, at.index_of(rows.vary[0]))
    y, _ = equations.correct(x, held)
    near = y is not None and equations.length(y - x) <= LEAVES * equations.length(b - a) + SAME * equations.length(x)
    return y if near else None


def as_orbit(rows, row, x) -> Orbit:
    """The orbit with these unknowns on the mesh of a row."""
    layout, values = rows.layout, {**rows.parameters_at(row), **dict(zip(rows.vary, x[::-1].tolist()))}
    mesh, profile = layout.meshes(rows.context[[row]])[0], layout.profiles(x[None])[0]
    names = {"state_names": layout.names}
    return Orbit.from_mesh(ends_of(mesh), profile.copy(), float(x[layout.period_at]), values, layout.degree, **names)
