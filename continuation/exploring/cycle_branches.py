"""Branches of periodic orbits of a diagram: from its Hopf points, then through period doublings and branch points."""

import math
import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from continuation.branching.switching import starts_at
from continuation.engine.follow import follow
from continuation.engine.watching import TimeLimit
from continuation.exploring.adding import add_failure, label_point
from continuation.exploring.recognition.conjugate_branches import choose_generic_row
from continuation.exploring.recognition.same_orbits import (
    count_orbit_images,
    find_double_passage,
    find_known_orbits,
    is_repeated,
)
from continuation.exploring.recognition.same_points import KnownPoints
from continuation.exploring.record import Completion, Failure, Origin
from continuation.ground.points import SpecialPoint
from continuation.ground.status import Kind, Status
from continuation.results.joining import add_effort, cut_branch, join_halves
from continuation.results.remarks import Remark
from continuation.results.request import Request

PROBE = 12  # points by which a branch is told from those known before it is followed: beyond the first few steps
LEAVING = (Kind.PERIOD_DOUBLING, Kind.BRANCH_POINT)
OPPOSITE = 1e-6  # of unit tangents of two halves of one branch: they are made of one vector


class CycleTask(NamedTuple):
    """To do: the branches of periodic orbits at a special point, of branch `parent` of `diagram.cycles`."""

    point: SpecialPoint
    parent: int | None
    depth: int


def next_cycle_task(diagram):
    """The Hopf points first, then points of the branches of orbits by their depth; None when all is done."""
    if diagram.plan.cycles is None:
        return None
    own = {point.label for branch in diagram.branches for point in branch.special}
    hopfs = [point for point in diagram.special if point.kind is Kind.HOPF and point.label in own]
    tasks = [CycleTask(point, None, 0) for point in hopfs]
    for k, (branch, origin) in enumerate(zip(diagram.cycles, diagram.cycle_origins)):
        if origin.depth < diagram.plan.depth:
            inside = [p for p in branch.special if p.kind in LEAVING and p.located and 0 < p.index < len(branch) - 1]
            tasks += [CycleTask(point, k, origin.depth + 1) for point in inside]
    left = [task for task in tasks if task.point.label not in diagram.explored]
    return min(left, key=lambda task: task.depth, default=None)


def explore_cycles(diagram, listener, clock):
    """The diagram with all its branches of periodic orbits; where it is cut short its status says so."""
    try:
        while (task := next_cycle_task(diagram)) is not None:
            if listener.heard:
                return replace(diagram, status=Completion.INTERRUPTED)
            if clock.is_over():
                return replace(diagram, status=Completion.TIME_LIMIT)
            if points_left(diagram) < 2 or branches_left(diagram) < 1:
                return replace(diagram, status=Completion.BUDGET)
            clock.show(f"diagram: {len(diagram.cycles)} branches of periodic orbits; at {task.point.label}")
            diagram = explore_orbits_at(diagram, task, clock)
    except KeyboardInterrupt:
        return replace(diagram, status=Completion.INTERRUPTED)
    return diagram


def points_left(diagram) -> int:
    """Points that the budget allows."""
    return diagram.plan.max_points - sum(map(len, (*diagram.branches, *diagram.cycles)))


def branches_left(diagram) -> int:
    """Branches that the budget allows."""
    return diagram.plan.max_branches - len(diagram.branches) - len(diagram.cycles)


def explore_orbits_at(diagram, task, clock):
    """The diagram with the branches of periodic orbits that leave one special point."""
    label, cycles = task.point.label, diagram.plan.cycles
    diagram = replace(diagram, explored=diagram.explored | {label})
    if task.parent is None and any(p.label == label for branch in diagram.cycles for p in branch.special):
        return diagram  # a branch ended there
    try:
        starts, found = [task.point], "hopf"
        if task.parent is not None:
            starts, found = starts_at(cycles, task.point), "switch"
            if not starts.complete:
                diagram = add_failure(diagram, Failure(label, "; ".join(starts.notes)))
            starts = [start for start in starts if not start.known]
    except (ValueError, np.linalg.LinAlgError) as error:
        return add_failure(diagram, Failure(label, str(error)))
    for start in starts:
        origin = Origin(found, task.parent, label, task.depth)
        diagram = follow_orbits(diagram, start, origin, clock)
    return diagram


def follow_orbits(diagram, start, origin, clock):
    """The diagram with the branch of periodic orbits from a start, unless it is known."""
    known = diagram.cycles
    try:
        probe = trace_orbits(diagram, start, PROBE, clock)
        if len(probe) < 2:
            return add_failure(diagram, Failure(origin.label, f"no step was accepted ({probe.ends[1].name})"))
        if find_known(probe, known, [len(probe) - 1]) is not None:
            return replace(diagram, effort=add_effort(diagram.effort, probe.effort))
        branch = trace_orbits(diagram, start, points_left(diagram), clock)
    except (ValueError, np.linalg.LinAlgError) as error:
        return add_failure(diagram, Failure(origin.label, str(error)))
    diagram = replace(diagram, effort=add_effort(diagram.effort, branch.effort))
    if is_repeated(branch, choose_generic_row(branch)):
        return diagram  # known orbits, run through twice
    branch = without_known(branch, known)
    if Status.INTERRUPTED in branch.ends:
        diagram = replace(diagram, status=Completion.INTERRUPTED)
    return add_cycles(diagram, branch, origin)


def trace_orbits(diagram, start, points, clock):
    """Trace orbits within so many points and the time left."""
    plan = diagram.plan
    settings = replace(plan.settings, max_points=max(2, min(plan.settings.max_points, points)))
    request = Request(plan.vary, plan.span, settings, detect=plan.detect)
    seconds = clock.deadline - time.monotonic()
    watch = () if math.isinf(seconds) else (TimeLimit(max(seconds, 1e-3)),)
    return follow(plan.cycles, start, request, watch=watch)


def find_known(branch, known, rows=None):
    """(row, index) where orbits of a new branch lie on a known one; `rows` to look at, default: some."""
    return find_known_orbits(branch.problem, known, branch, rows) if known else None


def without_known(branch, known):
    """The branch up to where it meets a known one, or runs through its own orbits again."""
    if (row := find_double_passage(branch)) is not None:
        text = (
            "the orbits are run through twice here: it is a period doubling, and beyond it the same orbits come again"
        )
        cut = cut_branch(branch, row + 1, Status.STOPPED)
        branch = replace(cut, remarks=(*cut.remarks, Remark(text, row)))
    if (met := find_known(branch, known)) is not None:
        branch = cut_branch(branch, max(2, met[0]), Status.STOPPED)
    return branch


def add_cycles(diagram, branch, origin):
    """The diagram with a branch of periodic orbits, joined to its other half where that is there."""
    half = find_other_half(diagram.cycles, branch)
    if half is None:
        index, cycles, origins = len(diagram.cycles), diagram.cycles, (*diagram.cycle_origins, origin)
    else:
        index, origins = half, diagram.cycle_origins
        branch = join_halves(branch, diagram.cycles[half], 0)
        cycles = diagram.cycles
    special, own = KnownPoints(diagram.special), []
    for point in branch.special:
        from_there = point.index == branch.start and origin.label == f"{point.kind.label}{origin.label[2:]}"
        own.append(point.moved(label=origin.label) if from_there else label_point(point, special))
    branch = replace(branch, special=tuple(own))
    cycles = (*cycles[:index], branch, *cycles[index + 1 :])
    count = count_orbit_images(branch.problem, branch)
    origins = (*origins[:index], replace(origins[index], multiplicity=count), *origins[index + 1 :])
    return replace(diagram, cycles=cycles, cycle_origins=origins, special=tuple(special))


def find_other_half(cycles, branch):
    """Index of the branch that left the same point in the opposite direction, or None."""
    for k, other in enumerate(cycles):
        if other.start == 0 and branch.start == 0 and other.unknowns.shape[1] == branch.unknowns.shape[1]:
            same = np.max(np.abs(other.unknowns[0] - branch.unknowns[0])) <= OPPOSITE
            if same and np.max(np.abs(other.tangents[0] + branch.tangents[0])) <= OPPOSITE:
                return k
    return None
