"""Options of a diagram, checked: every error names the option, what came and what was wanted."""

import math
from dataclasses import replace

import numpy as np

from continuation.exploring.record import Plan
from continuation.ground.arguments import check_flag
from continuation.ground.names import MOST_VALUES, as_real, check_numbers, check_seconds, check_whole
from continuation.orbits.periodic import PeriodicOrbits, periodic_orbits
from continuation.results.request import Request


def make_plan(problem, vary, span, settings, detect, **limits) -> Plan:
    """The options of `diagram` as a `Plan`; `limits`: depth, max_branches, max_points, max_seconds, deflate, cycles."""
    request = Request.of(problem, vary, span, settings, "both", detect, None)
    return Plan(
        vary=vary,
        span=request.span,
        settings=request.settings,
        detect=request.detect,
        depth=check_whole("depth", limits["depth"], 0),
        max_branches=check_whole("max_branches", limits["max_branches"], 1),
        max_points=check_whole("max_points", limits["max_points"], 2),
        deflate=check_deflate(limits["deflate"], request.span),
        bounds=request.bounds,
        max_seconds=seconds_of(limits["max_seconds"]),
        cycles=check_cycles(limits.get("cycles", False), problem),
    )


def check_cycles(cycles, problem):
    """The periodic orbits to be followed: none, those of the problem, or as given."""
    if isinstance(cycles, PeriodicOrbits):
        if cycles.base.states != problem.states or list(cycles.parameters) != list(problem.parameters):
            raise ValueError(f"cycles: wanted periodic_orbits of {problem.name}, got {cycles.name}")
        return cycles
    return periodic_orbits(problem) if check_flag("cycles", cycles) else None


def change_limits(plan: Plan, depth, max_branches, max_points, max_seconds) -> Plan:
    """The plan with new limits; None leaves one as it is."""
    given = {"depth": (depth, 0), "max_branches": (max_branches, 1), "max_points": (max_points, 2)}
    checked = {name: check_whole(name, value, least) for name, (value, least) in given.items() if value is not None}
    if max_seconds is not None:
        checked["max_seconds"] = seconds_of(max_seconds)
    return replace(plan, **checked)


def seconds_of(max_seconds) -> float:
    """The limit as a number of seconds; None is no limit."""
    return math.inf if max_seconds is None else check_seconds("max_seconds", max_seconds, endless=True)


def check_deflate(deflate, span) -> tuple:
    """Values of the parameter at which to deflate: as given, or so many inside the span, evenly."""
    if deflate is None:
        return ()
    if isinstance(deflate, int | np.integer):
        count = check_whole("deflate", deflate, 1, MOST_VALUES)
        if not all(map(math.isfinite, span)):
            raise ValueError(f"deflate: wanted values, since the span {span} is not finite; got the number {deflate}")
        return tuple((span[0] + (span[1] - span[0]) * (np.arange(count) + 0.5) / count).tolist())
    values = check_numbers("deflate", [deflate] if as_real(deflate) is not None else deflate, 1)
    for value in values:
        if not span[0] <= value <= span[1]:
            raise ValueError(f"deflate: wanted values inside the span {span}, got {value:g}")
    return tuple(values.tolist())
