"""What is no start of a branch of periodic orbits, and the words that say so."""

import numpy as np

from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.ground.status import StartError
from continuation.orbits.profiles.layout import times_of
from continuation.orbits.profiles.phases import shape_of
from continuation.orbits.profiles.profile import allowance, is_at_rest

AXIS = 1e-5  # real part of a Hopf point's pair, relative to its frequency, up to which it is one
# Rates at a Hopf point relative to what its linear terms are the sum of: located points have 1e-12, those of parameters
# that differ in the fifth digit 1e-5.
SOLVED = 1e-6
AT_REST = 1e-7  # range of the states in their units: what Newton's method, exact to 1e-11, leaves of an orbit
# Turns looked for in an orbit that was given, and how alike they are, relative to each state's range: coarse meshes
# follow an orbit to 1e-4 between their nodes, and one that has just doubled its period differs by the root of its
# distance.
MOST_TURNS, SAME_TURN = 6, 1e-5


def check_same_cycles(cycles, start):
    """Raise where a start of `switch` is none of these periodic orbits."""
    own = start.problem
    if getattr(own, "base", None) is None or not hasattr(own, "reference"):
        name = getattr(own, "name", "other equations")
        raise ValueError(f"start: wanted one of switch(cycles, point), got one of {name}, which are no periodic orbits")
    if own.states != cycles.states or list(own.parameters) != list(cycles.parameters):
        raise ValueError(
            f"start: wanted one of {cycles.name} in {list(cycles.base.states)}, got one of {own.name} in "
            f"{list(own.base.states)}"
        )


def equilibrium_at(cycles, point) -> np.ndarray:
    """(n,) state of a Hopf point; ValueError where it has other states."""
    names = tuple(point.state_names)
    if names != tuple(cycles.base.states):
        raise ValueError(
            f"start: wanted a Hopf point of {cycles.base.name} in {list(cycles.base.states)}, got {point.label} in "
            f"{list(names)}"
        )
    return cycles.base.state_values(point)


def check_equilibrium(base, point, u, p):
    """Raise where F is not zero at a Hopf point: it is none of this problem, or was found with other constants."""
    rates = evaluate(base, u, p)
    k = int(np.argmax(np.where(np.isnan(rates), np.inf, np.abs(rates))))
    scale = np.max(np.abs(state_jacobian(base, u, p)) @ (np.abs(u) + SOLVED))
    if not abs(rates[k]) <= SOLVED * scale:
        raise StartError(
            f"start: {point.label} is no equilibrium of {base.name}, where the rate of {base.states[k]!r} is "
            f"{rates[k]:.3g}; was it found with other equations or constants?"
        )


def words_on_none(point, omega, vary, unit) -> str:
    """Why no orbits were found beside a Hopf point, as far as it is known; `unit` is that of the varied parameter."""
    none, speed = (
        f"no periodic orbit was found beside the Hopf point {point.label}",
        (point.normal_form or {}).get("speed"),
    )
    if speed is not None and point.vary[0] == vary and abs(speed) * (unit + abs(point[point.vary[0]])) <= AXIS * omega:
        return (
            f"{none}: its eigenvalues stay imaginary as {point.vary[0]!r} varies, as those of conservative systems, "
            "whose orbits are a family at each value; vary a parameter that damps"
        )
    return (
        f"{none}: it may be degenerate, the equations are not smooth there, or `intervals` are too few; start from an "
        "Orbit"
    )


def refuse_equilibrium(cycles, x):
    """Raise where Newton's method came to an equilibrium, which solves the equations with any period."""
    profile = x[:-2].reshape(-1, len(cycles.base.states))
    none = "start: no periodic orbit was found near the one given"
    if x[-2] <= 0.0:
        raise StartError(f"{none}, but a solution with the period {x[-2]:.3g}, which is none")
    if is_at_rest(profile, cycles.metric, AT_REST):
        raise StartError(f"{none}, but the equilibrium {profile[0].tolist()}")


def refuse_several_turns(cycles, x):
    """Raise where an orbit runs through its least period several times: its branch would be that of another problem."""
    profile, times = x[:-2].reshape(-1, len(cycles.base.states)), times_of(cycles.mesh, cycles.degree)
    shape, limit = shape_of(profile, cycles.mesh, cycles.degree), allowance(profile, cycles.metric, SAME_TURN)
    for turns in range(MOST_TURNS, 1, -1):
        if np.all(np.abs(shape(times + 1 / turns) - profile) <= limit):
            raise StartError(
                f"start: wanted the least period {x[-2] / turns:.10g}, got an orbit of the period {x[-2]:.10g}, which "
                f"runs through it {turns} times"
            )
