"""Where branches of periodic orbits begin: a Hopf point, an orbit in numbers, a row of another branch."""

import numpy as np

from continuation.compiled.calls.interface import OK, call_callback
from continuation.compiled.state.messages import ROOM
from continuation.compiled.state.trace_state import KINDS
from continuation.equations.derivatives import state_jacobian
from continuation.equations.measures.magnitudes import weights_at
from continuation.equations.measures.measure import measured
from continuation.ground import canonical
from continuation.ground.arguments import check_mapping, shown
from continuation.ground.points import SpecialPoint, Start
from continuation.ground.status import Kind, StartError, Status
from continuation.orbits.orbit_operations import OrbitEquations
from continuation.orbits.profiles.layout import times_of
from continuation.orbits.profiles.profile import units_of_states, varies
from continuation.orbits.refusals import (
    AXIS,
    check_equilibrium,
    check_same_cycles,
    equilibrium_at,
    refuse_equilibrium,
    refuse_several_turns,
    words_on_none,
)

# Amplitudes of the first orbits at a Hopf point, in units of the states, from large to small: of these the branch takes
# the largest that its first step reaches and whose orbit is still the linear one, but for BENT of it.
LARGEST_AMPLITUDE, HALVINGS, BENT = 0.5, 20, 0.1
# How far half the slope of the parameter times the amplitude may be from its change, which it is where that goes by the
# square of the amplitude: 1 where it turns. Changes below the second, in the parameter's unit, are rounding.
SQUARE, ROUNDED = 0.5, 1e-10
MOVES = 2  # of the mesh of an orbit that was given, before its branch begins
NEAR = 1e-2  # distance, in the states' units, of an orbit that has shrunk to a point from the Hopf point it ends in
HOPF = KINDS.index("HOPF")
# Size of a state, against what the orbits of a Hopf point make of it, below which it is next to zero there: ten times
# more and states of ordinary size count as larger, far less and one that is rounding hides all others.
MOVES_BY = 0.1
EQUAL = 1e-4  # relative difference of two frequencies of one symmetry, which the error of a Hopf point has parted
# Units of the states are what is typical of their values: around a large mean far more than orbits change by.  They are
# made smaller where the largest orbit that the branch may begin with is below FAR of them, or the ranges of one that
# was given below SWING: ten times more and states that swing about a mean count as shifted, ten times less and what is
# relative to 1 + |x| hides the orbits.
FAR, SWING, SMALLER = 1e-3, 1e-2, 4
STILL = 1e-6  # part of what moves most, in units, below which a state is no part of a Hopf point's orbits
SLOWEST = 1e-8  # frequency, relative to the largest entry of F_u, below which the orbits' period is no number


def start_of(cycles, start, vary, parameters, span) -> tuple:
    """The problem on the mesh of the start, and a `Start` on the branch.

    Raises
    ------
    StartError
        What was given is no Hopf point and no orbit, or no orbit was found near it.
    """
    if isinstance(start, Start):
        check_same_cycles(cycles, start)
        return start.problem, start
    if isinstance(start, SpecialPoint) and start.kind is Kind.HOPF:
        return from_hopf(cycles, start, vary, parameters, span)
    if callable(start) and all(hasattr(start, name) for name in ("period", "parameters", "state_names")):
        return from_orbit(cycles, start, vary, parameters, span)
    what = f"{start.label}, {start.kind.name}" if isinstance(start, SpecialPoint) else shown(start)
    hint = ""
    if getattr(start, "context", None) is not None:
        leaving = isinstance(start, SpecialPoint) and start.kind in (Kind.PERIOD_DOUBLING, Kind.BRANCH_POINT)
        hint = "; take a start of switch(cycles, point)" if leaving else "; branch.orbit(row) is the orbit of a row"
    raise StartError(f"start: wanted a Hopf point of a branch of equilibria or an Orbit, got {what}{hint}")


def given_parameters(cycles, start, parameters) -> np.ndarray:
    """(k,) parameters of a point or an orbit, changed by those that were given."""
    own = {name: value for name, value in dict(start.parameters).items() if name in cycles.parameters}
    return cycles.parameter_values({**own, **check_mapping("parameters", parameters)})


def measured_there(base, states, p, active, span, mode=None):
    """The vector field in the units that it has where a branch of orbits begins: of the largest values of each state.

    Those of the branch of equilibria that led there are of its own start, which may be far away.

    Parameters
    ----------
    states : (m, n) array
        The orbit, or the equilibrium.
    mode : (n,) complex array, optional
        What moves at a Hopf point: states that are next to zero there are as large as it makes them.
    """
    largest = states[np.argmax(np.abs(states), axis=0), np.arange(states.shape[1])]
    weights, given = weights_at(base, largest, p, active, span), base.inner_weights()
    if mode is not None and not np.array_equal(weights, given):
        magnitudes, moving = np.sqrt(given[:-1] / weights[:-1]), np.abs(mode)
        ratios = np.sort(magnitudes[moving > 0.0] / moving[moving > 0.0])
        least = MOVES_BY * moving * ratios[len(ratios) // 2]  # half of the states move by less than their size
        weights[:-1] = given[:-1] / np.maximum(magnitudes, least) ** 2
    return measured(base, weights, p, np.append(largest, p[active]), active)


def from_hopf(cycles, point, vary, parameters, span) -> tuple:
    """The branch of orbits that begins at a Hopf point, which becomes its first row.

    Its tangent there is the critical eigenvector's orbit; those of growing amplitude that follow are corrected with
    their part of it held.
    """
    if check_mapping("parameters", parameters):
        raise ValueError(
            f"parameters: a Hopf point has its own, got {shown(parameters)}; change them where its branch is traced"
        )
    active, p, u = cycles.index_of(vary), given_parameters(cycles, point, None), equilibrium_at(cycles, point)
    check_equilibrium(cycles.base, point, u, p)
    omega, q, words = critical_pair(state_jacobian(cycles.base, u, p), point)
    base, found, reach = measured_there(cycles.base, u[None], p, active, span, q), None, 0.0
    for _ in range(SMALLER):
        problem, x, tangent, ahead = small_orbits(cycles, base, (u, p, active), omega, q)
        if ahead:
            found, reach = (problem, x, tangent, ahead), OrbitEquations(problem, p, active).length(ahead[0][0] - x)
        if reach >= FAR or (found and not ahead):
            break
        moved = np.abs(q) / units_of_states(base.inner_weights()[:-1])
        part = np.where(moved > STILL * np.max(moved), np.sqrt(reach / BENT) if ahead else FAR, 1.0)
        base = in_smaller_units(base, part, u[None], p, active)
    if found is None:
        raise StartError(words_on_none(point, omega, vary, 1 / np.sqrt(base.inner_weights()[-1])), Status.SINGULAR)
    problem, x, tangent, ahead = found
    # Amplitudes are measured against the reference's, next to which a branch ends.
    reference = ahead[-1][0][:-2].reshape(problem.reference.shape)
    problem = cycles.at_orbit(problem.mesh, reference, 2 * np.pi / omega, problem.base)
    begun = {"problem": problem, "origin": point, "ahead": np.array(ahead), "moved": words}
    return problem, Start(x, tangent, p, vary, outward=True, **begun)


def small_orbits(cycles, base, place, omega, q) -> tuple:
    """The problem beside a Hopf point (u, p, active) of frequency omega and mode q (n,), its point, the mode, orbits.

    `base` is the vector field with the inner product to be used.
    """
    u, p, active = place
    q = q / np.sqrt(np.sum(base.inner_weights()[:-1] * np.abs(q) ** 2))
    mesh = np.full(cycles.intervals, 1 / cycles.intervals)
    times = times_of(mesh, cycles.degree)
    mode = 2 * np.real(np.exp(2j * np.pi * times)[:, None] * q)
    problem = cycles.at_orbit(mesh, u + mode, 2 * np.pi / omega, base)
    equations = OrbitEquations(problem, p, active)
    x = np.concatenate([np.tile(u, len(times)), [2 * np.pi / omega, p[active]]])
    tangent = np.concatenate([mode.ravel(), [0.0, 0.0]])
    tangent /= equations.length(tangent)
    return problem, x, tangent, orbits_ahead(equations, x, tangent)


def in_smaller_units(base, part, states, p, active):
    """The vector field with units of the states that are parts (n,) of its own; states (m, n) as it is measured at."""
    weights = np.array(base.inner_weights())
    weights[:-1] /= part**2
    largest = states[np.argmax(np.abs(states), axis=0), np.arange(states.shape[1])]
    return measured(base, weights, p, np.append(largest, p[active]), active)


def hopf_near(cycles, x, begun) -> np.ndarray:
    """(N,) the Hopf point of the equilibria near an orbit x that has all but shrunk to a point; x if there is none."""
    n, p = len(cycles.base.states), begun.p.copy()
    operations = cycles.base.operations(p, begun.active)
    state = np.mean(x[:-2].reshape(-1, n), axis=0)
    guess = np.concatenate([state, [x[-1]], np.zeros(n), [1.0, HOPF, 2.0]])
    found = np.zeros(len(guess) + ROOM)
    if call_callback(operations.refine, guess, operations.p, found) != OK:
        return x
    u, value = found[:n], found[n]
    p[begun.active] = value
    values = np.linalg.eigvals(state_jacobian(cycles.base, u.copy(), p))
    omega = float(values[np.argmin(np.abs(values - 2j * np.pi / x[-2]))].imag)
    if np.any(np.abs(u - state) > NEAR * units_of_states(cycles.metric)) or not omega > 0.0:
        return x
    return np.concatenate([np.tile(u, (len(x) - 2) // n), [2 * np.pi / omega, value]])


def imaginary_pairs(a, point) -> tuple:
    """Frequencies (k,) of the imaginary pairs of F_u, that nearest to the axis first, and eigenvectors (n, k).

    Raises
    ------
    StartError
        There is none.
    """
    values, vectors = np.linalg.eig(a)
    upper = np.flatnonzero(values.imag > SLOWEST * np.max(np.abs(a)))
    if not len(upper):
        raise StartError(f"start: F_u has no complex pair at {point.label}, so that no orbits begin there")
    upper = upper[np.argsort(np.abs(values[upper].real), kind="stable")]
    critical = upper[np.abs(values[upper].real) <= AXIS * values[upper].imag]
    if not len(critical):
        raise StartError(
            f"start: the eigenvalues of F_u nearest to the axis are {values[upper[0]]:.6g}: no Hopf point, where they "
            "are imaginary; is it one of this problem, with these constants?"
        )
    return values[critical].imag, vectors[:, critical]


def critical_pair(a, point, wanted=None) -> tuple:
    """The imaginary pair of F_u that a Hopf point is of.

    Parameters
    ----------
    wanted : float, optional
        Frequency; of several pairs the one nearest to it is meant.  Default: that of the point.

    Returns
    -------
    (omega, q, words)
        Frequency; eigenvector; what is to be said where other pairs are imaginary
        as well, else ``""``.

    Raises
    ------
    StartError
        There is none, or there are two of one frequency, whose orbits are several families.
    """
    omegas, vectors = imaginary_pairs(a, point)
    wanted = (point.normal_form or {}).get("omega", omegas[0]) if wanted is None else wanted
    k = np.argmin(np.abs(omegas - wanted))
    omega = float(omegas[k])
    listed = ", ".join(f"{value:.6g}" for value in np.sort(omegas))
    if np.sum(np.abs(omegas - omega) <= EQUAL * omega) > 1:
        raise StartError(
            f"start: F_u has several pairs of one frequency at {point.label} (omega = {listed}), so that several "
            "families of orbits begin there; start from an Orbit of one, or restrict the problem to a symmetry of it"
        )
    words = ""
    if len(omegas) > 1:
        words = f"F_u has several imaginary pairs at {point.label} (omega = {listed}): these are the orbits of "
        words += f"omega = {omega:.6g}"
    return omega, canonical.turned(vectors[:, k]), words


def orbits_ahead(equations, x, tangent, held=None) -> list:
    """Orbits (with tangents) of falling amplitude beside a point x, each nearly the linear one.

    Their part along `held` (N,) stays as predicted; default: along the tangent, and then between them and x, a Hopf
    point, the parameter does not turn.
    """
    row, found = equations.weights * (tangent if held is None else held), []
    for k in range(HALVINGS):
        amplitude = LARGEST_AMPLITUDE * 0.5**k
        guess = x + amplitude * tangent
        y, along = equations.correct(guess, row)
        if y is None or equations.length(y - guess) > BENT * amplitude or y[-2] <= 0.0:
            continue
        along = along if row @ (y - x) * (row @ along) > 0.0 else -along
        if held is not None or leaves_by_the_square(equations, y - x, along, amplitude):
            found.append((y, along))
        if len(found) == 6:
            break
    return found


def leaves_by_the_square(equations, change, along, amplitude) -> bool:
    """Whether the parameter has left a Hopf point by the square of the amplitude, but for rounding: without a fold."""
    rise, due = change[-1], 0.5 * amplitude * along[-1]
    rounding = ROUNDED * np.sqrt(1 / equations.weights[-1])
    return max(abs(rise), abs(due)) <= rounding or abs(due - rise) <= SQUARE * abs(rise)


def from_orbit(cycles, orbit, vary, parameters, span) -> tuple:
    """The branch through an orbit in numbers: laid on a mesh that suits it, then corrected."""
    p, active = given_parameters(cycles, orbit, parameters), cycles.index_of(vary)
    if tuple(orbit.state_names) != tuple(cycles.base.states):
        raise ValueError(f"start: wanted an orbit in {list(cycles.base.states)}, got one in {list(orbit.state_names)}")
    mesh = mesh_for(orbit, cycles.intervals, cycles.metric)
    times = times_of(mesh, cycles.degree)
    profile = np.asarray(orbit(times * orbit.period), float)
    base = measured_there(cycles.base, profile, p, active, span)
    swing = np.ptp(profile, axis=0) / units_of_states(base.inner_weights()[:-1])
    if np.max(swing) < SWING:
        part = np.where(varies(profile, base.inner_weights()[:-1]), swing, 1.0)
        base = in_smaller_units(base, part, profile, p, active)
    problem = cycles.at_orbit(mesh, profile, orbit.period, base)
    equations = OrbitEquations(problem, p, active)
    x = np.concatenate([profile.ravel(), [orbit.period, p[active]]])
    held = np.zeros(len(x))
    held[-1] = 1.0
    y, tangent = equations.correct(x, held)
    if y is None:
        y, tangent = least_change(equations, x)
    if y is None:
        raise StartError(
            f"start: no periodic orbit was found near the one given (period {orbit.period:g}): it may be none at these "
            "parameters, or not be closed well enough; Orbit.from_simulation(problem, state) finds attracting ones"
        )
    refuse_equilibrium(problem, y)
    for _ in range(MOVES):
        moved, x, along = equations.moved(y, tangent)
        other = OrbitEquations(moved, p, active)
        better, unit = other.correct(x, held)
        if better is None:  # beside a fold
            better, unit = other.correct(x, other.weights * along)
        if better is None:
            break
        problem, equations, y, tangent = moved, other, better, unit
    found = problem.at_orbit(problem.mesh, y[:-2].reshape(profile.shape), y[-2])
    refuse_several_turns(problem, y)
    tangent = tangent / OrbitEquations(found, p, active).length(tangent)
    p[active] = y[-1]
    return found, Start(y, tangent if tangent[-1] >= 0 else -tangent, p, vary, problem=found)


def least_change(equations, x) -> tuple:
    """Correct x across the branch's own direction there, as far as it is known: beside folds p can't be held."""
    generic = np.cos(1.0 + 2.0 * np.arange(len(x)) ** 1.5) * equations.weights
    found = equations.solve(x, generic, np.append(np.zeros(len(x) - 1), 1.0))
    if found is None:
        return None, None
    return equations.correct(x, equations.weights * found[0] / equations.length(found[0]))


def mesh_for(orbit, intervals, metric) -> np.ndarray:
    """(L,) lengths of a mesh with equal shares of the length of the orbit's path in scaled states and time."""
    t = np.linspace(0.0, 1.0, 64 * intervals + 1)
    states = np.asarray(orbit(t * orbit.period), float)
    span = np.ptp(states, axis=0)
    scaled = states / np.where(varies(states, metric), span, np.inf)
    path = np.concatenate([[0.0], np.cumsum(np.sqrt(np.sum(np.diff(scaled, axis=0) ** 2, axis=1) + np.diff(t) ** 2))])
    return np.diff(np.interp(np.linspace(0.0, path[-1], intervals + 1), path, t))
