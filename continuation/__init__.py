"""pseudoarc: numerical continuation and bifurcation.

>>> from continuation import Problem, Settings, trace
"""

from continuation.branch import Branch, Point, SpecialPoint
from continuation.conjugacy import distinct_starts
from continuation.emanating import EmanatingOrbit, emanating_orbit
from continuation.problem import Problem
from continuation.settings import Settings
from continuation.status import ContinuationError, Kind, StartError, Status
from continuation.switching import switch
from continuation.trace import trace

__all__ = [
    "Branch",
    "ContinuationError",
    "EmanatingOrbit",
    "Kind",
    "Point",
    "Problem",
    "Settings",
    "SpecialPoint",
    "StartError",
    "Status",
    "emanating_orbit",
    "distinct_starts",
    "switch",
    "trace",
]
