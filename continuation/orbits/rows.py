"""What rows of a branch of periodic orbits are: their meshes, multipliers, and the orbits themselves."""

import numpy as np

from continuation.compiled.calls.interface import OK, call_callback
from continuation.equations.derivatives import state_jacobian
from continuation.orbits.operations import TESTS, OrbitEquations
from continuation.orbits.orbit import Orbit

BESIDE = 1e-10  # of the parameter, relative, where equations are singular: multipliers change by the error they have


def intervals_of(rows) -> int:
    """Number of mesh intervals of a branch of periodic orbits; ValueError where it is none."""
    intervals = rows.context.shape[1] - 2 * rows.states.shape[1]
    if intervals < 1:
        raise ValueError(f"{rows.problem_name}: its rows are no periodic orbits; trace periodic_orbits(problem)")
    return intervals


def exponents_from(context, n) -> np.ndarray:
    """(m, n) logarithms of Floquet multipliers, ``log |mu| + i angle``, the trivial one last."""
    return context[:, -2 * n : -n] + 1j * context[:, -n:]


def multipliers_from(context, n) -> np.ndarray:
    """(m, n) Floquet multipliers; real ones are exactly real."""
    logs, angles = context[:, -2 * n : -n], context[:, -n:]
    with np.errstate(over="ignore", invalid="ignore"):
        moduli = np.exp(logs)
        real = (angles == 0.0) | (np.abs(angles) == np.pi)
        return np.where(real, moduli * np.where(angles == 0.0, 1.0, -1.0), moduli * np.exp(1j * angles))


def orbit_of(rows, row) -> Orbit:
    """The periodic orbit on a row of a branch (negative ones count from the end).

    Raises
    ------
    ValueError
        The branch is none of periodic orbits, or has no such row.
    """
    intervals, n, row = intervals_of(rows), rows.states.shape[1], rows.place(row) % len(rows)
    profile = rows.unknowns[row, :-2].reshape(-1, n)
    exponents = exponents_from(rows.context[row : row + 1], n)[0]
    names = tuple(name.removesuffix("_max") for name in rows.state_names)
    return Orbit.from_mesh(
        np.append(np.cumsum(np.append(0.0, rows.context[row, : intervals - 1])), 1.0),
        profile.copy(),
        float(rows.unknowns[row, -2]),
        rows.parameters_at(row),
        len(profile) // intervals,
        state_names=names,
        multipliers=multipliers_from(rows.context[row : row + 1], n)[0],
        exponents=exponents,
    )


def context_at(cycles, rows, row, begun) -> np.ndarray:
    """(C,) mesh and multipliers of one row, computed from its orbit; at a Hopf point from the eigenvalues there."""
    n, context = len(cycles.base.states), rows.context[row].copy()
    x, p = rows.unknowns[row], cycles.parameter_values(rows.parameters_at(row))
    profile = x[:-2].reshape(-1, n)
    if np.all(profile == profile[0]):
        values = np.linalg.eigvals(state_jacobian(cycles.base, profile[0].copy(), p)) * x[-2]
        values = values[np.argsort(-values.real, kind="stable")]
        order = np.argsort(np.abs(np.exp(values) - 1) > 0.1, kind="stable")[::-1]
        context[-2 * n : -n] = values.real[order]
        context[-n:] = np.angle(np.exp(1j * values.imag[order]))
        return context
    mesh = context[: len(cycles.mesh)]
    if not np.any(mesh):  # the start's, where no equations were solved
        mesh[:] = cycles.mesh
    equations = OrbitEquations(cycles.at_orbit(mesh, profile, x[-2]), p, begun.active)
    side, x = np.append(np.zeros(len(x) - 1), 1.0), x.copy()
    found = equations.solve(x, equations.weights * rows.tangents[row], side)
    if found is None:  # branches meet there to the last bit
        x[-1] += BESIDE * (1.0 + abs(x[-1]))
        found = equations.solve(x, equations.weights * rows.tangents[row], side)
    if found is None:
        return context
    message, out = (
        np.concatenate([x, rows.tangents[row], [*found[2:], 0.0]]),
        np.zeros(2 * len(TESTS) + len(context) + 8),
    )
    if call_callback(equations.operations.monitor, message, equations.operations.p, out) == OK:
        context = out[2 * len(TESTS) : 2 * len(TESTS) + len(context)].copy()
    return context
