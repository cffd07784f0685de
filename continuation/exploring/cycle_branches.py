"""Branches of periodic orbits of a diagram: from its Hopf points, then through period doublings and branch points."""

import math
import time
from dataclasses import replace

import numpy as np

from continuation.branching.switching import starts_at
from continuation.engine.extend import can_go_on
from continuation.engine.follow import follow, trace_on
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
from continuation.exploring.record import (
    Completion,
    Failure,
    FinishOrbits,
    FollowOrbits,
    OrbitsAt,
    Origin,
    branches_left,
    list_orbit_points,
    points_left,
)
from continuation.ground.points import Start
from continuation.ground.status import Status
from continuation.orbits.profiles.profile import extent
from continuation.results.joining import add_effort, cut_branch, join_branches, join_halves, reverse_branch
from continuation.results.remarks import Remark
from continuation.results.request import Request

PROBE = 12  # points by which a branch is told from those known before it is followed: beyond the first few steps
OPPOSITE = 1e-6  # of unit tangents of two halves of one branch: they are made of one vector
CUT_SHORT = {Status.INTERRUPTED, Status.TIME_LIMIT}
REPEATED = "the orbits that leave are run through twice: they are those of another branch, and were left out"


def next_cycle_task(diagram):
    """The next piece of work on branches of periodic orbits and the diagram without it: what was cut short first."""
    for kind in (FinishOrbits, FollowOrbits):
        if (task := next((task for task in diagram.pending if isinstance(task, kind)), None)) is not None:
            return task, replace(diagram, pending=tuple(other for other in diagram.pending if other is not task))
    return next(iter(list_orbit_points(diagram)), None), diagram


def explore_cycles(diagram, listener, clock):
    """The diagram with all its branches of periodic orbits; where it is cut short its status says so."""
    try:
        while (found := next_cycle_task(diagram))[0] is not None:
            task, rest = found
            if listener.heard or diagram.status is Completion.INTERRUPTED:
                return replace(diagram, status=Completion.INTERRUPTED)
            if clock.is_over():
                return replace(diagram, status=Completion.TIME_LIMIT)
            if not is_affordable(diagram, task):
                return replace(diagram, status=Completion.BUDGET)
            diagram = do_cycle_task(rest, task, clock)
    except KeyboardInterrupt:
        return replace(diagram, status=Completion.INTERRUPTED)
    return diagram


def is_affordable(diagram, task) -> bool:
    """Whether the budget allows this piece of work."""
    if points_left(diagram) < 2:
        return False
    if isinstance(task, FinishOrbits):
        return True
    joins = isinstance(task, FollowOrbits) and has_opposite_half(diagram.cycles, task)
    return joins or branches_left(diagram) > 0


def do_cycle_task(diagram, task, clock):
    """The diagram with one piece of work done; `diagram` no longer lists it."""
    label = task.point.label if isinstance(task, OrbitsAt) else ""
    clock.show(f"diagram: {len(diagram.cycles)} branches of periodic orbits{label and f'; at {label}'}")
    if isinstance(task, OrbitsAt):
        return explore_orbits_at(diagram, task)
    if isinstance(task, FollowOrbits):
        return follow_orbits(diagram, task, clock)
    return finish_orbits(diagram, task, clock)


def explore_orbits_at(diagram, task):
    """The diagram with the branches of periodic orbits that leave one special point put on the list."""
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
    origin = Origin(found, task.parent, label, task.depth)
    return replace(diagram, pending=(*diagram.pending, *(FollowOrbits(start, origin) for start in starts)))


def follow_orbits(diagram, task, clock):
    """The diagram with the branch of periodic orbits from a start, unless it is known."""
    known, origin = diagram.cycles, task.origin
    try:
        probe = trace_orbits(diagram, task.start, PROBE, clock)
        if CUT_SHORT & set(probe.ends):
            return put_back(diagram, task, probe)
        if len(probe) < 2:
            return add_failure(diagram, Failure(origin.label, f"no step was accepted ({probe.ends[1].name})"))
        if find_known(probe, known, [len(probe) - 1]) is not None:
            return replace(diagram, effort=add_effort(diagram.effort, probe.effort))
        branch = trace_orbits(diagram, task.start, points_left(diagram), clock)
        if len(branch) < len(probe) and CUT_SHORT & set(branch.ends):
            return put_back(diagram, task, branch)
    except (ValueError, np.linalg.LinAlgError) as error:
        return add_failure(diagram, Failure(origin.label, str(error)))
    diagram = replace(diagram, effort=add_effort(diagram.effort, branch.effort))
    if is_repeated(branch, choose_generic_row(branch)):
        return add_failure(diagram, Failure(origin.label, REPEATED))
    return add_cycles(diagram, without_known(branch, known), origin)


def put_back(diagram, task, branch):
    """The diagram with a piece of work on its list again, whose trace was cut short before it told anything."""
    status = Completion.INTERRUPTED if Status.INTERRUPTED in branch.ends else diagram.status
    effort = add_effort(diagram.effort, branch.effort)
    return replace(diagram, pending=(task, *diagram.pending), effort=effort, status=status)


def finish_orbits(diagram, task, clock):
    """The diagram with a branch of periodic orbits gone on with at an end that was cut short."""
    branch = diagram.cycles[task.branch]
    old = reverse_branch(branch) if task.end == 0 else branch
    others = tuple(other for k, other in enumerate(diagram.cycles) if k != task.branch)
    request, watch = limited(diagram, points_left(diagram) + 1, clock)
    try:
        piece = trace_on(old.problem, old, -1, 1, request, watch)
        rest = without_known(piece, others)
    except (ValueError, np.linalg.LinAlgError) as error:
        return add_failure(diagram, Failure(diagram.cycle_origins[task.branch].label, str(error)))
    longer = replace(join_branches(old, rest, old.start), problem=old.problem, request=request)
    if task.end == 0:
        longer = reverse_branch(longer)
    diagram = replace(diagram, effort=add_effort(diagram.effort, piece.effort))
    return put_cycles(diagram, task.branch, longer, diagram.cycle_origins[task.branch], (task.end,))


def trace_orbits(diagram, start, points, clock):
    """Trace orbits within so many points and the time left."""
    request, watch = limited(diagram, points, clock)
    return follow(diagram.plan.cycles, start, request, watch=watch)


def limited(diagram, points, clock) -> tuple:
    """What is asked of a trace within so many points, and what watches the time left."""
    plan = diagram.plan
    settings = replace(plan.settings, max_points=max(2, min(plan.settings.max_points, points)))
    seconds = clock.deadline - time.monotonic()
    watch = () if math.isinf(seconds) else (TimeLimit(max(seconds, 1e-3)),)
    return Request(plan.vary, plan.span, settings, detect=plan.detect), watch


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
        return put_cycles(diagram, len(diagram.cycles), branch, origin, (-1,))
    return put_cycles(diagram, half, join_halves(branch, diagram.cycles[half], 0), diagram.cycle_origins[half], (0,))


def put_cycles(diagram, index, branch, origin, new_ends):
    """The diagram with a branch of periodic orbits at an index, its points labelled; `new_ends` may be cut short."""
    special, own = KnownPoints(diagram.special), []
    for point in branch.special:
        from_there = point.index == branch.start and origin.label == f"{point.kind.label}{origin.label[2:]}"
        own.append(point.moved(label=origin.label) if from_there else label_point(point, special))
    branch = replace(branch, special=tuple(own))
    cycles = (*diagram.cycles[:index], branch, *diagram.cycles[index + 1 :])
    origin = replace(origin, multiplicity=count_orbit_images(branch.problem, branch))
    origins = (*diagram.cycle_origins[:index], origin, *diagram.cycle_origins[index + 1 :])
    cut = [end for end in new_ends if is_cut_short(diagram, branch, end)]
    interrupted = any(branch.ends[end] is Status.INTERRUPTED for end in cut)
    return replace(
        diagram,
        cycles=cycles,
        cycle_origins=origins,
        special=tuple(special),
        pending=(*diagram.pending, *(FinishOrbits(index, end) for end in cut)),
        status=Completion.INTERRUPTED if interrupted else diagram.status,
    )


def is_cut_short(diagram, branch, end) -> bool:
    """Whether Ctrl-C, the time or the budget, not the settings, ended a branch there (0 or -1)."""
    status, plan = branch.ends[end], diagram.plan
    by_budget = status is Status.MAX_POINTS and branch.settings.max_points < plan.settings.max_points
    request = Request(plan.vary, plan.span, plan.settings, detect=plan.detect)
    return (by_budget or status in CUT_SHORT) and can_go_on(branch, end, 1 if end else -1, request, branch.problem)


def find_other_half(cycles, branch):
    """Index of the branch that left the same point in the opposite direction, or None."""
    ahead = branch.start == 0, branch.unknowns[0], branch.tangents[0]
    return next((k for k, other in enumerate(cycles) if is_opposite(other, *ahead)), None)


def has_opposite_half(cycles, task) -> bool:
    """Whether the branch that a start leads to will be joined to one that left in the opposite direction."""
    start = task.start
    return isinstance(start, Start) and any(is_opposite(other, True, start.x, start.tangent) for other in cycles)


def is_opposite(other, begins, x, tangent) -> bool:
    """Whether a branch left the orbit x (N,) against a unit tangent (N,); both begin there."""
    if not begins or other.start != 0 or other.unknowns.shape[1] != len(x):
        return False
    weights = other.weights_at(0)
    apart = [np.sqrt(np.sum(weights * v**2)) for v in (other.unknowns[0] - x, other.tangents[0] + tangent)]
    size = extent(x, weights, other.states.shape[1], len(x) - 2)
    return bool(apart[0] <= OPPOSITE * size and apart[1] <= OPPOSITE)
