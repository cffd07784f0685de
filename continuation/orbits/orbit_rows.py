"""What rows of a branch of periodic orbits are: their meshes, multipliers, and the orbits themselves."""

import numpy as np

from continuation.compiled.calls.interface import OK, call_callback
from continuation.equations.derivatives import state_jacobian
from continuation.ground.status import Kind
from continuation.orbits.orbit_operations import OrbitEquations, tests_of
from continuation.orbits.profiles.layout import ProfileLayout, ends_of, multipliers_of
from continuation.orbits.profiles.orbit import Orbit
from continuation.orbits.profiles.profile import is_point

# Of the parameter, relative to it and its unit, where equations are singular: multipliers change by their own error.
BESIDE = 1e-10
# Distance from 1 or -1 of both multipliers of a pair that are real and equal, as symmetries make them.  Those next to
# the trivial one are known to 1e-5: ten times smaller calls them a pair on the circle, ten times larger takes pairs
# within 1e-3 of a strong resonance for real ones.
EQUAL = 1e-4


def layout_of(rows) -> ProfileLayout:
    """What the rows of a branch of periodic orbits hold; ValueError where they are none."""
    if rows.layout is None:
        raise ValueError(f"{rows.problem_name}: its rows are no periodic orbits; trace periodic_orbits(problem)")
    return rows.layout


def orbit_of(rows, row) -> Orbit:
    """The periodic orbit on a row of a branch (negative ones count from the end).

    Raises
    ------
    ValueError
        The branch is none of periodic orbits, has no such row, or the row is a Hopf point, whose orbit is a point, or
        its profile was not kept (`Settings(profiles=...)`).
    """
    layout, row = layout_of(rows), rows.place(row)
    if not rows.has_profile[row]:
        kept = np.flatnonzero(rows.has_profile)
        near = kept[np.argsort(np.abs(kept - row), kind="stable")[:2]]
        raise ValueError(
            f"orbit: the profile of row {row} was not kept in the file (Settings(profiles=...)); those next to it are "
            f"in rows {' and '.join(map(str, sorted(near.tolist())))}"
        )
    profile = layout.profiles(rows.unknowns[[row]])[0]
    if is_point(profile):
        raise ValueError(f"orbit: row {row} is a Hopf point, where the orbit is a point")
    exponents = layout.exponents(rows.context[[row]])[0]
    return Orbit.from_mesh(
        ends_of(layout.meshes(rows.context[[row]])[0]),
        profile.copy(),
        float(rows.unknowns[row, layout.period_at]),
        rows.parameters_at(row),
        layout.degree,
        state_names=layout.names,
        multipliers=multipliers_of(exponents),
        exponents=exponents,
    )


def context_at(cycles, rows, row, begun) -> np.ndarray:
    """(C,) mesh and multipliers of one row, computed from its orbit; at a Hopf point from the eigenvalues there."""
    context, x = rows.context[row].copy(), rows.unknowns[row]
    p = cycles.parameter_values(rows.parameters_at(row))
    orbit = np.append(x[: cycles.period_at + 1], x[-1])  # curves have unknowns between period and parameter
    profile = orbit[:-2].reshape(-1, len(cycles.base.states))
    if is_point(profile):
        return exponents_at_point(cycles.base, context, orbit, p)
    tangent = rows.tangents[row] if len(orbit) == len(x) else np.ones(len(orbit))
    return multipliers_at(cycles.orbits, context, orbit, tangent, p, begun.active)


def exponents_at_point(base, context, x, p) -> np.ndarray:
    """(C,) context of an orbit x (N,) that has shrunk to a point, from the eigenvalues there, the trivial one last.

    That is ``2 pi i`` of the pair that turns, whatever others make multipliers near 1; the others by falling size.
    """
    n, context = len(base.states), context.copy()
    values = np.linalg.eigvals(state_jacobian(base, x[:n].copy(), p)) * x[-2]
    trivial = int(np.argmin(np.abs(values - 2j * np.pi)))
    others = np.delete(values, trivial)
    values = np.append(others[np.argsort(-others.real, kind="stable")], values[trivial])
    context[-2 * n : -n] = values.real
    context[-n:] = np.angle(np.exp(1j * values.imag))
    return context


def multipliers_at(cycles, context, x, tangent, p, active) -> np.ndarray:
    """(C,) mesh and multipliers of the orbit x (N,) on the mesh that `context` begins with.

    The equations are bordered by `tangent`; where that makes them singular the context stays.
    """
    mesh = context[: len(cycles.mesh)]
    if not np.any(mesh):  # the start's, where no equations were solved
        mesh[:] = cycles.mesh
    profile = x[:-2].reshape(-1, len(cycles.base.states))
    equations = OrbitEquations(cycles.at_orbit(mesh, profile, x[-2]), p, active)
    side, x = np.append(np.zeros(len(x) - 1), 1.0), x.copy()
    found = equations.solve(x, equations.weights * tangent, side)
    if found is None:  # branches meet there to the last bit
        x[-1] += BESIDE * (1 / np.sqrt(equations.weights[-1]) + abs(x[-1]))
        found = equations.solve(x, equations.weights * tangent, side)
    if found is None:
        return context
    message, begin = np.concatenate([x, tangent, [*found[2:], 0.0]]), 2 * len(tests_of(cycles))
    out = np.zeros(begin + len(context) + 8)
    if call_callback(equations.operations.monitor, message, equations.operations.p, out) == OK:
        context = out[begin : begin + len(context)].copy()
    return context


def kind_of_pair(exponents, kind) -> Kind:
    """What a point is that was taken for a Neimark-Sacker point, by its multipliers' logarithms (n,), the trivial last.

    The product of two real multipliers passes 1 as well where both pass 1 or -1 at once: where a symmetry makes them
    equal these are a branch point or a period doubling with two null vectors.
    """
    if kind is not Kind.NEIMARK_SACKER:
        return kind
    others = exponents[:-1]
    first, second = np.triu_indices(len(others), 1)
    products = others[first] + others[second]
    nearest = int(np.argmin(np.hypot(products.real, np.angle(np.exp(1j * products.imag)))))
    pair = others[[first[nearest], second[nearest]]]  # whose product passes 1
    for passed, other in ((1.0, Kind.BRANCH_POINT), (-1.0, Kind.PERIOD_DOUBLING)):
        turned = pair.real + 1j * np.angle(passed * np.exp(1j * pair.imag))
        if np.all(np.abs(turned) <= EQUAL):
            return other
    return kind
