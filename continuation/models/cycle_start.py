"""Where the command begins a branch of periodic orbits: a Hopf point of the branch of equilibria, or a simulation."""

import math
from typing import NamedTuple

from continuation.ground.names import suggest
from continuation.ground.status import Kind

SIMULATION = "simulate"


class CycleStart(NamedTuple):
    """What a model file and the command line say of periodic orbits.

    Attributes
    ----------
    hopf : str
        Label of the Hopf point; empty: simulate.
    settle : float or None
        Time that is simulated before a cycle is looked for.
    options : dict
        ``intervals`` and ``degree``, as far as they are told.
    """

    hopf: str
    settle: float | None
    options: dict


def cycle_start(cycles, given) -> CycleStart:
    """What the section ``[cycles]`` says, changed by the text of ``--cycles``, which may be empty.

    The text is the label of a Hopf point, ``simulate``, or ``simulate=TIME``.

    Examples
    --------
    >>> cycle_start({"simulate": 200, "degree": 5}, "")
    CycleStart(hopf='', settle=200.0, options={'degree': 5})
    >>> cycle_start({"simulate": 200}, "HB2").hopf
    'HB2'
    """
    options = {name: cycles[name] for name in ("intervals", "degree") if name in cycles}
    settle = float(cycles[SIMULATION]) if SIMULATION in cycles else None
    if not given:
        return CycleStart("" if settle is not None else cycles.get("from", "HB1"), settle, options)
    word, _, value = given.partition("=")
    if word != SIMULATION:
        return CycleStart(given, None, options)
    try:
        return CycleStart("", float(value) if value else settle, options)
    except ValueError:
        raise ValueError(f"--cycles {given}: wanted simulate=TIME with a number") from None


def hopf_point(branch, label):
    """The Hopf point of that label of a branch of equilibria; ValueError where there is none, or it is not located."""
    points = {point.label: point for point in branch.special if point.kind is Kind.HOPF}
    if label not in points:
        has = f"it has {suggest(label, points)}" if points else "it has none; a wider span, or `simulate`?"
        raise ValueError(f"cycles from {label}: no Hopf point of the branch of equilibria; {has}")
    if not points[label].located:
        raise ValueError(f"cycles from {label}: this Hopf point was not located; trace with a smaller --max-step")
    return points[label]


def orbit_limits(given, model) -> tuple:
    """Limits (name, low, high) of the command: those of states and outputs, and by column those of the orbits.

    Limits of a state or an output hold for all of an orbit, its largest and its least value.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> problem = SimpleNamespace(states=("x",), outputs={})
    >>> orbit_limits([("x", 0.0, 2.0), ("period", 0.0, 9.0)], SimpleNamespace(problem=problem))[1]
    {'x_min': (0.0, inf), 'x_max': (-inf, 2.0), 'period': (0.0, 9.0)}
    """
    problem, rest, limits = model.problem, [], {}
    values = (*problem.states, *problem.outputs)
    columns = ["period", *(f"{name}_{end}" for name in values for end in ("max", "min"))]
    for name, low, high in given:
        if name in columns:
            limits[name] = (low, high)
            continue
        if name not in values:
            known = [*values, *columns]
            raise ValueError(f"--bounds {name}: no such state, output or column; known: {suggest(name, known)}")
        rest.append((name, low, high))
        limits |= {f"{name}_min": (low, math.inf), f"{name}_max": (-math.inf, high)}
    return rest, limits
