"""pseudoarc: numerical continuation and bifurcation.

>>> from continuation import Problem, Settings, trace
"""

from importlib import import_module

from continuation.branch import Branch
from continuation.diagram import Diagram, diagram
from continuation.ground.points import Point, SpecialPoint
from continuation.ground.settings import Settings
from continuation.ground.status import ContinuationError, Kind, StartError, Status
from continuation.switch import switch
from continuation.trace import trace

__all__ = [
    "Branch",
    "ContinuationError",
    "Diagram",
    "EmanatingOrbit",
    "Kind",
    "Orbit",
    "Point",
    "Problem",
    "Settings",
    "SpecialPoint",
    "StartError",
    "Status",
    "TimeLimit",
    "Watcher",
    "check_proof",
    "critical_point",
    "deflated_branches",
    "diagram",
    "distinct_starts",
    "emanating_orbit",
    "emanating_orbits",
    "find_solutions",
    "periodic_orbits",
    "same_orbit",
    "switch",
    "trace",
    "unconnected",
]

LAZY = {  # name -> module that is imported when the name is first asked for: they bring numba or scipy
    "EmanatingOrbit": "continuation.branching.emanating",
    "Orbit": "continuation.orbits.profiles.orbit",
    "Problem": "continuation.problem",
    "TimeLimit": "continuation.engine.watching",
    "Watcher": "continuation.engine.watching",
    "check_proof": "continuation.proofs.proof",
    "critical_point": "continuation.losses.critical",
    "deflated_branches": "continuation.find",
    "distinct_starts": "continuation.symmetries.conjugacy",
    "emanating_orbit": "continuation.branching.emanating",
    "emanating_orbits": "continuation.branching.emanating",
    "find_solutions": "continuation.find",
    "periodic_orbits": "continuation.orbits.periodic",
    "same_orbit": "continuation.losses.orbits_of_weights",
    "unconnected": "continuation.find",
}


def __getattr__(name):
    """Import what is not needed by every user when it is first asked for (PEP 562)."""
    if name in LAZY:
        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    """Names of the public interface."""
    return sorted({*globals(), *LAZY})
