"""Where the command begins a branch of periodic orbits: a Hopf point of the branch of equilibria, or a simulation."""

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
    """The Hopf point of that label of a branch of equilibria; ValueError where there is none."""
    known = [point.label for point in branch.special if point.kind is Kind.HOPF and point.located]
    if label not in known:
        raise ValueError(f"--cycles {label}: no Hopf point of the branch of equilibria; its: {suggest(label, known)}")
    return branch[label]
