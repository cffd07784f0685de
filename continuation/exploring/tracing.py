"""One trace of a diagram: watched meanwhile, judged afterwards, traced anew with smaller steps where it went astray."""

import math
import time
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from continuation.engine.extend import can_go_on
from continuation.engine.follow import follow, trace_on
from continuation.engine.watching import Watcher
from continuation.exploring.recognition.half_branches import PARALLEL
from continuation.exploring.recognition.on_curve import CurveEquations, find_place_on
from continuation.exploring.recognition.overlaps import find_overlap, find_return
from continuation.exploring.record import count_tasks, points_left
from continuation.ground.points import Start
from continuation.ground.status import Kind, Status
from continuation.results.joining import add_effort, close_branch, cut_branch, join_branches, reverse_branch
from continuation.results.request import Request
from continuation.results.rows import Rows

ATTEMPTS = 3  # at a branch that falls onto a known one; each costs a whole trace
SHORTER = 0.2  # steps of the next attempt, relative to those of the last: three attempts span a factor of 25


class Found(NamedTuple):
    """What a trace gave: a branch, or None and the `known` one it turned out to be; what went wrong, if anything."""

    branch: Rows | None
    effort: dict
    known: int | None = None
    complaint: str = ""
    unfinished: tuple = ()  # of its ends, 0 and -1: cut short by Ctrl-C or the budget
    interrupted: bool = False  # by Ctrl-C
    met: int | None = None  # the branch at whose open end its last row lies


class Clock(NamedTuple):
    """What all pieces of work of one call share: where lines of text are shown, and when it is to end."""

    update: object = None
    deadline: float = math.inf  # by `time.monotonic`

    def show(self, text):
        """Show a line of text on the terminal, if wanted."""
        if self.update:
            self.update(text)

    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self.deadline


NO_CLOCK = Clock()


def describe_state(diagram) -> str:
    """How far a diagram is, for the terminal."""
    return f"diagram: {len(diagram.branches)} branches, {count_tasks(diagram)} pending"


@dataclass(frozen=True, eq=False)
class Tracer:
    """What all traces of one diagram need."""

    problem: object
    branches: tuple
    request: Request
    left: int  # points the budget allows
    clock: Clock = NO_CLOCK
    words: str = ""

    @classmethod
    def of(cls, diagram, clock):
        """For the next trace of a diagram."""
        plan = diagram.plan
        request = Request(plan.vary, plan.span, plan.settings, detect=plan.detect, bounds=plan.bounds)
        left = points_left(diagram)
        words = f"{describe_state(diagram)}; {plan.vary} ="
        return cls(diagram.problem, diagram.branches, request, left, clock, words)

    def limited(self, directions=1, factor=1.0) -> Request:
        """The request within the budget, with shorter steps."""
        points = max(2, min(self.request.settings.max_points, self.left // directions + 1))
        settings = replace(self.request.settings, max_points=points)
        if factor < 1.0:
            steps = self.request.steps()
            largest = steps.largest * np.sqrt(factor)
            first = min(steps.first * factor, largest)
            settings = replace(settings, step=first, max_step=largest, min_step=min(steps.least, first))
        return replace(self.request, settings=settings)


class JumpGuard(Watcher):
    """Stops a trace that runs along a known branch or its own beginning; shows the parameter reached meanwhile."""

    def __init__(self, tracer: Tracer):
        self.tracer, self.outward, self.equations = tracer, False, None

    def begin(self, problem, start):
        """Prepare for one direction."""
        self.outward = start.outward
        self.equations = CurveEquations(problem, start.p, start.active, problem.inner_weights())

    def after(self, trace):
        """Show where it is, and compare that with what is known."""
        x, t = trace.unknowns[-1].copy(), trace.tangents[-1].copy()
        self.tracer.clock.show(f"{self.tracer.words} {x[-1]:.6g}, {len(trace)} points")
        if self.tracer.clock.is_over():
            return Status.TIME_LIMIT
        returned = self.outward and find_return(self.equations, trace.unknowns, trace.tangents) is not None
        if returned or any(find_place_on(self.equations, b, x, t) is not None for b in self.tracer.branches):
            return Status.STOPPED
        return None


def trace_new(tracer: Tracer, start, parameters=None) -> Found:
    """Trace a branch and compare it with the known ones; traced anew where it seems to have jumped."""
    effort, directions = {}, 1 if isinstance(start, Start) and start.outward else 2
    for attempt in range(ATTEMPTS):
        request = tracer.limited(directions, SHORTER**attempt)
        branch = follow(tracer.problem, start, request, parameters=parameters, watch=(JumpGuard(tracer),))
        effort = add_effort(effort, branch.effort)
        found = judge(tracer, branch, effort)
        if Status.INTERRUPTED in branch.ends:
            return found._replace(interrupted=True)
        if not found.complaint or Status.TIME_LIMIT in branch.ends:
            break
    return found


def judge(tracer, branch, effort) -> Found:
    """What a trace found, without what was known before."""
    if len(branch) < 2:
        reason = f"no step along a half-branch was accepted ({branch.ends[1].name})"
        return Found(None, effort, complaint=reason)
    equations = CurveEquations.of(tracer.problem, branch)
    began_outward = branch.start == 0 and branch.ends[0] is Status.STOPPED
    row = find_return(equations, branch.unknowns, branch.tangents) if began_outward else None
    if row is not None:
        branch = close_branch(branch, row)
    overlap = find_overlap(equations, tracer.branches, branch)
    if overlap is None:
        return Found(branch, effort, unfinished=find_cut_ends(tracer, branch))
    if overlap.row <= 3 and began_outward:
        return judge_return(tracer, branch, overlap, effort)
    if overlap.row == 0:
        if any(find_place_on(equations, other, branch.unknowns[branch.start]) for other in tracer.branches):
            return Found(None, effort, overlap.branch)
        branch = reverse_branch(branch)  # new where it began, known where its first direction led
        overlap = find_overlap(equations, tracer.branches, branch)
    shorter = cut_branch(branch, count_own_rows(branch, overlap), Status.STOPPED)
    if is_meeting(tracer, branch, overlap):
        return Found(shorter, effort, met=overlap.branch)
    value = branch.parameter[overlap.row]
    return Found(
        shorter,
        effort,
        complaint=f"the trace jumped onto branch {overlap.branch} near {branch.vary[0]} = {value:.6g}; it is kept up "
        "to there: trace with a smaller `max_step`",
    )


def judge_return(tracer, branch, overlap, effort) -> Found:
    """A half-branch that lies on a known one from its first step: known, or it could not leave the branch point."""
    other = tracer.branches[overlap.branch]
    near = slice(max(overlap.place.row - 2, 0), overlap.place.row + 3)
    cosines = np.abs(np.sum(branch.weights * other.tangents[near] * branch.tangents[0], axis=1))
    if np.max(cosines) >= 1.0 - PARALLEL:
        return Found(None, effort, overlap.branch)
    return Found(
        None,
        effort,
        overlap.branch,
        f"a half-branch could not be followed: the first step fell back onto branch {overlap.branch}; try a smaller "
        "`step`",
    )


def count_own_rows(branch, overlap) -> int:
    """Number of rows before those on the known branch; the special point where they part is kept."""
    shared = [p.index for p in branch.special if p.kind is not Kind.END and p.index == overlap.row - 1]
    return max(2, shared[0] + 1 if shared else overlap.row)


def is_meeting(tracer, branch, overlap) -> bool:
    """Whether a branch met a known one where that may be: at a branch point, or at an end that was left open."""
    parting = {p.index for p in branch.special if p.kind is Kind.BRANCH_POINT}
    if parting & {overlap.row - 1, overlap.row - 2}:
        return True
    other = tracer.branches[overlap.branch]
    first, last = (status not in (Status.LIMIT, Status.CLOSED) for status in other.ends)
    return (first and overlap.place.row <= 2) or (last and overlap.place.row >= len(other) - 4)


def find_cut_ends(tracer, branch) -> tuple:
    """Ends (0, -1) that Ctrl-C, the time or the budget, not the settings, cut short."""
    budget = tracer.left < tracer.request.settings.max_points
    found = []
    for end, status in zip((0, -1), branch.ends):
        sign = 1 if end == -1 else -1
        from_point = (
            end == 0 and branch.start == 0 and any(p.index == 0 and p.kind is Kind.BRANCH_POINT for p in branch.special)
        )
        cut_short = status in (Status.INTERRUPTED, Status.TIME_LIMIT)
        open_end = cut_short or (status is Status.MAX_POINTS and budget)
        if open_end and not from_point and can_go_on(branch, end, sign, tracer.request, tracer.problem):
            found.append(end)
    return tuple(found)


def trace_end(tracer: Tracer, task) -> Found:
    """Go on from an end of a branch that was cut short; the whole branch comes back."""
    branch = tracer.branches[task.branch]
    if task.end == 0:
        branch = reverse_branch(branch)
    others = tuple(other for k, other in enumerate(tracer.branches) if k != task.branch)
    apart = replace(tracer, branches=others)
    piece = trace_on(tracer.problem, branch, -1, 1, tracer.limited(), (JumpGuard(apart),))
    longer = join_branches(branch, piece, branch.start)
    equations = CurveEquations.of(tracer.problem, longer)
    row = find_return(equations, longer.unknowns, longer.tangents)
    if row is not None:
        longer = close_branch(longer, row)
    elif (overlap := find_overlap(equations, others, piece)) is not None:
        own = 1 if overlap.row <= 1 else count_own_rows(piece, overlap)
        longer = cut_branch(longer, len(branch) - 1 + own, Status.STOPPED)
    ends = tuple(-1 for end in find_cut_ends(tracer, longer) if end == -1)
    if task.end == 0:
        longer, ends = reverse_branch(longer), tuple(0 for _ in ends)
    return Found(longer, piece.effort, unfinished=ends, interrupted=Status.INTERRUPTED in piece.ends)
