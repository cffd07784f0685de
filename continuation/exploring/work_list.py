"""The work list of a diagram: what is to be done next, done one piece at a time.

Each piece makes a new `DiagramRecord` of the old one, so that an interruption leaves a whole one behind.
"""

import time
from dataclasses import replace

import numpy as np

from continuation.branching.switching import starts_at
from continuation.engine.progress import board
from continuation.engine.start import measured_at
from continuation.exploring import adding
from continuation.exploring.cycle_branches import explore_cycles
from continuation.exploring.plans import change_limits
from continuation.exploring.recognition.half_branches import DIRECTION, PARALLEL, find_opposite_half, measure_gap
from continuation.exploring.recognition.same_points import find_known_image
from continuation.exploring.record import (
    Completion,
    DiagramRecord,
    Failure,
    Finish,
    Follow,
    FollowOrbits,
    OrbitMesh,
    Origin,
    Seek,
    branch_points,
    branches_left,
    is_of_orbits,
    list_unexplored,
    points_left,
    with_problem,
)
from continuation.exploring.tracing import NO_CLOCK, Clock, Tracer, describe_state, trace_end, trace_new
from continuation.ground.interrupts import listening
from continuation.ground.status import StartError, Status
from continuation.orbits.periodic import periodic_orbits
from continuation.results.joining import add_effort
from continuation.results.solutions import need_problem
from continuation.searching.disconnected import unconnected

PROBE = 8  # points traced of a half-branch whose tangent says too little: enough for its curvature to tell
CLOSE = 1e-4  # unit tangents nearer than this, the error of extrapolated ones, are one where no step could be made


def start_diagram(problem, start, plan, parameters, progress) -> DiagramRecord:
    """The diagram that follows from a start: its branch, then all that hangs on it."""
    measuring = measured_at(problem, start, plan.vary, parameters, plan.span)
    with listening() as listener, board(progress) as update:
        clock = Clock(update, time.monotonic() + plan.max_seconds)
        empty = DiagramRecord(problem.name, plan, problem=measuring, effort={})
        found = trace_new(Tracer.of(empty, clock), start, parameters)
        if found.branch is None and listener.heard:
            raise KeyboardInterrupt  # nothing was found that could be kept
        pending = tuple(Seek(value) for value in plan.deflate)
        diagram = adding.add_branch(replace(empty, pending=pending), found, Origin())
        return work_off(diagram, listener, clock)


def resume_diagram(diagram, problem=None, *, progress=False, **limits) -> DiagramRecord:
    """Go on with what an interruption, a budget or the depth left out; see `continuation.diagram.Diagram.resume`."""
    given, problem = problem is not None, diagram.problem if problem is None else problem
    problem = need_problem(diagram.branches[0], problem) if diagram.branches else problem
    plan = change_limits(diagram.plan, **limits)
    if isinstance(plan.cycles, OrbitMesh) or given and plan.cycles is not None:
        plan = replace(plan, cycles=periodic_orbits(problem, plan.cycles.intervals, plan.cycles.degree))
    # Starts of orbits belong to the problem that they were found for: with another their points are looked at again.
    again = {task.origin.label for task in diagram.pending if given and isinstance(task, FollowOrbits)}
    pending = (task for task in diagram.pending if not (given and isinstance(task, FollowOrbits)))
    found = {
        "branches": tuple(replace(branch, problem=problem) for branch in diagram.branches),
        "cycles": tuple(with_orbits(branch, problem, given) for branch in diagram.cycles),
        "pending": tuple(with_problem(task, problem) for task in pending),
        "explored": diagram.explored - again,
    }
    return continue_diagram(replace(diagram, problem=problem, plan=plan, **found), progress)


def with_orbits(branch, problem, given):
    """A branch of periodic orbits with those of a vector field, where one is given or its file does not tell it."""
    if branch.problem is not None and not given:
        return branch
    return replace(branch, problem=periodic_orbits(problem, branch.layout.intervals, branch.layout.degree))


def continue_diagram(diagram: DiagramRecord, progress=False) -> DiagramRecord:
    """Go on with a diagram until nothing is left, the budget is used up or Ctrl-C is pressed."""
    with listening() as listener, board(progress) as update:
        clock = Clock(update, time.monotonic() + diagram.plan.max_seconds)
        return work_off(replace(diagram, status=Completion.COMPLETE), listener, clock)


def work_off(diagram, listener, clock=NO_CLOCK) -> DiagramRecord:
    """One piece of work after the other; none begins after Ctrl-C or too late."""
    while True:
        try:
            task, rest = next_task(diagram)
            if task is None:
                return explore_cycles(replace(diagram, status=Completion.COMPLETE), listener, clock)
            if listener.heard or diagram.status is Completion.INTERRUPTED:
                break
            if clock.is_over():
                return replace(diagram, status=Completion.TIME_LIMIT)
            if not affordable(diagram, task):
                return replace(diagram, status=Completion.BUDGET)
            diagram = do_task(rest, task, clock)
        except KeyboardInterrupt:
            break
    return replace(diagram, status=Completion.INTERRUPTED)


def next_task(diagram):
    """The next piece of work and the diagram without it: what was cut short first, then in order of depth."""
    finish = next((task for task in diagram.pending if isinstance(task, Finish)), None)
    task = finish or next((task for task in diagram.pending if isinstance(task, Follow)), None)
    if task is None and (points := list_unexplored(diagram)):
        return points[0], diagram
    task = task or next((task for task in diagram.pending if not is_of_orbits(task)), None)
    if task is None:
        return None, diagram
    return task, replace(diagram, pending=tuple(other for other in diagram.pending if other is not task))


def affordable(diagram, task) -> bool:
    """Whether the budget allows this piece of work."""
    if points_left(diagram) < 2:
        return False
    adds = isinstance(task, Seek)
    if isinstance(task, Follow):
        adds = find_opposite_half(diagram.branches, task.start) is None
    return not adds or branches_left(diagram) > 0


def do_task(diagram, task, clock) -> DiagramRecord:
    """The diagram with one piece of work done; `diagram` no longer lists it."""
    tracer = Tracer.of(diagram, clock)
    if isinstance(task, Follow):
        return follow_half_branch(diagram, task, tracer)
    if isinstance(task, Finish):
        return adding.replace_branch(diagram, task.branch, trace_end(tracer, task))
    if isinstance(task, Seek):
        return seek_branches(diagram, task, clock)
    clock.show(f"{describe_state(diagram)}; switching at {task.label}")
    return explore_point(diagram, task)


def explore_point(diagram, point) -> DiagramRecord:
    """The half-branches at a branch point put on the list; why not, if they can't be had."""
    diagram = replace(diagram, explored=diagram.explored | {point.label})
    others = [other for other in branch_points(diagram) if other.label in diagram.explored - {point.label}]
    if find_known_image(diagram.problem, others, point) is not None:
        return diagram
    branch, own = passage_to_leave(diagram, point)
    try:
        starts = starts_at(diagram.problem, own)
    except (ValueError, np.linalg.LinAlgError) as error:
        return adding.add_failure(diagram, Failure(point.label, str(error)))
    if reason := describe_doubt(starts):
        diagram = adding.add_failure(diagram, Failure(point.label, reason))
    depth = diagram.origins[branch].depth + 1
    goes_on = 0 < own.index < len(diagram.branches[branch]) - 1
    new = [start for start in starts if not (start.known and goes_on)]
    tasks = tuple(Follow(start, branch, point.label, depth) for start in new)
    return replace(diagram, pending=diagram.pending + tasks)


def describe_doubt(starts) -> str:
    """Why half-branches may be missing from those `switch` found; empty where none is."""
    if all(start.known for start in starts):
        told = "nothing was found here but the branch that led here"
    elif not starts.complete:
        told = "half-branches may be missing"
    else:
        return ""
    return ": ".join(filter(None, [told, "; ".join(starts.notes)]))


def passage_to_leave(diagram, point):
    """The branch of least depth through a point, and the point as that branch arrives at it."""
    passages = diagram.passages(point.label)
    branch = min((k for k, _ in passages), key=lambda k: diagram.origins[k].depth)
    own = next(s for s in diagram.branches[branch].special if s.label == point.label)
    return branch, own if own.index > 0 else replace(own, tangent=-own.tangent)


def follow_half_branch(diagram, task, tracer) -> DiagramRecord:
    """A half-branch traced, unless it is known."""
    gap = measure_gap(diagram.problem, diagram.branches, task.start)
    if gap <= DIRECTION:
        return diagram
    try:
        if gap <= PARALLEL:
            piece = trace_new(replace(tracer, left=PROBE), task.start)
            if piece.interrupted:
                raise KeyboardInterrupt
            if piece.branch is None and (not piece.complaint or gap <= CLOSE):
                return replace(diagram, effort=add_effort(diagram.effort, piece.effort))
        found = trace_new(tracer, task.start)
    except (ValueError, np.linalg.LinAlgError) as error:
        return adding.add_failure(diagram, Failure(task.label, str(error)))
    origin = Origin("switch", task.parent, task.label, task.depth)
    others = [other.start for other in diagram.pending if isinstance(other, Follow)]
    half_of = find_opposite_half(diagram.branches, task.start, found.branch, others)
    return adding.add_branch(diagram, found, origin, half_of=half_of)


# Branches that no branch point connects with those known, by deflation


def seek_branches(diagram: DiagramRecord, task: Seek, clock) -> DiagramRecord:
    """The diagram with the branches through the solutions that deflation finds at one value of the parameter.

    `diagram` no longer lists the task; where the budget ends or Ctrl-C is pressed it is put back.
    """
    clock.show(f"{describe_state(diagram)}; deflation at {diagram.vary} = {task.value:.6g}")
    points = unconnected(diagram.problem, list(diagram.branches), diagram.vary, [task.value])
    effort = add_effort(diagram.effort, {"newton_iterations": points.report.iterations})
    diagram = replace(diagram, effort=effort)
    for point in points:
        if branches_left(diagram) < 1:
            return replace(diagram, pending=(*diagram.pending, task))
        diagram = trace_through(diagram, point, clock)
        if diagram.status is Completion.INTERRUPTED:
            return replace(diagram, pending=(*diagram.pending, task))
    if points.report.ended == "interrupted":
        return replace(diagram, pending=(*diagram.pending, task), status=Completion.INTERRUPTED)
    return diagram


def trace_through(diagram, point, clock) -> DiagramRecord:
    """The diagram with the branch through a solution, unless it is known."""
    try:
        found = trace_new(Tracer.of(diagram, clock), point)
    except StartError as error:
        if error.status is Status.LIMIT:  # a solution outside the limits of a state or an output
            return diagram
        return adding.add_failure(
            diagram, Failure("", f"a solution found at {diagram.vary} = {point[diagram.vary]:.6g}: {error}")
        )
    return adding.add_branch(diagram, found, Origin("deflation"))
