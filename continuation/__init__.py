"""pseudoarc: numerical continuation and bifurcation.

>>> from continuation import Problem, Settings, trace
"""

from continuation.branch import Branch, Point, SpecialPoint
from continuation.diagram import diagram
from continuation.problem import Problem
from continuation.settings import Settings
from continuation.status import ContinuationError, Kind, StartError, Status
from continuation.switching import switch
from continuation.trace import trace

__all__ = [
    "Branch",
    "ContinuationError",
    "Diagram",
    "Kind",
    "Point",
    "Problem",
    "Settings",
    "SpecialPoint",
    "StartError",
    "Status",
    "diagram",
    "switch",
    "trace",
]


def __getattr__(name):
    """Import what few programs need when it is first asked for."""
    if name == "Diagram":
        from continuation.diagrams.data import Diagram

        return Diagram
    raise AttributeError(f"module 'continuation' has no attribute {name!r}")
