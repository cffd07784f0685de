"""pseudoarc: numerical continuation and bifurcation.

>>> from continuation import Problem, Settings, trace
"""

from importlib import import_module

from continuation.branch import Branch, Point, SpecialPoint
from continuation.branching.emanating import EmanatingOrbit, emanating_orbit
from continuation.branching.starts_at_point import switch
from continuation.diagram import diagram
from continuation.ground.settings import Settings
from continuation.ground.status import ContinuationError, Kind, StartError, Status
from continuation.problem import Problem
from continuation.symmetries.conjugacy import distinct_starts
from continuation.trace import trace

__all__ = [
    "Branch",
    "ContinuationError",
    "Diagram",
    "EmanatingOrbit",
    "Kind",
    "Point",
    "Problem",
    "Settings",
    "SpecialPoint",
    "StartError",
    "Status",
    "deflated_branches",
    "diagram",
    "distinct_starts",
    "emanating_orbit",
    "find_solutions",
    "switch",
    "trace",
    "unconnected",
]

LAZY = {  # name -> module that is imported when the name is first asked for
    "Diagram": "continuation.exploring.record",
    "deflated_branches": "continuation.searching.disconnected",
    "find_solutions": "continuation.searching.deflated_search",
    "unconnected": "continuation.searching.disconnected",
}


def __getattr__(name):
    """Import what is not needed by every user when it is first asked for (PEP 562)."""
    if name in LAZY:
        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    """Names of the public interface."""
    return sorted({*globals(), *LAZY})
