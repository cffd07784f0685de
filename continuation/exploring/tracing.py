"""One trace of a diagram: watched meanwhile, judged afterwards, traced anew with smaller steps where it went astray."""

import contextlib
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from continuation.compiled.state import trace_state as S
from continuation.engine.extend import can_go_on
from continuation.engine.follow import continued, follow
from continuation.exploring.recognition import PARALLEL, Equations, overlap_of, place_on, returns_at
from continuation.exploring.record import to_do
from continuation.ground.points import Start
from continuation.ground.status import Kind, Status
from continuation.results.joining import added, closed, cut, joined, turned
from continuation.results.request import Request
from continuation.results.rows import Rows

ATTEMPTS = 3  # at a branch that falls onto a known one
SHORTER = 0.2  # steps of the next attempt


class Found(NamedTuple):
    """What a trace gave: a branch, or None and the `known` one it turned out to be; what went wrong, if anything."""

    branch: Rows | None
    effort: dict
    known: int | None = None
    complaint: str = ""
    unfinished: tuple = ()  # of its ends, 0 and -1: cut short by Ctrl-C or the budget
    interrupted: bool = False  # by Ctrl-C
    met: int | None = None  # the branch at whose open end its last row lies


@dataclass(frozen=True, eq=False)
class Tracer:
    """What all traces of one diagram need."""

    problem: object
    branches: tuple
    request: Request
    left: int  # points the budget allows
    update: object = None  # shows a line of text
    words: str = ""

    @classmethod
    def of(cls, diagram, update):
        """For the next trace of a diagram."""
        plan = diagram.plan
        request = Request(plan.vary, plan.span, plan.settings, detect=plan.detect)
        left = plan.max_points - sum(map(len, diagram.branches))
        words = f"diagram: {len(diagram.branches)} branches, {to_do(diagram)} pending; {plan.vary} ="
        return cls(diagram.problem, diagram.branches, request, left, update, words)

    def limited(self, directions=1, factor=1.0) -> Request:
        """The request within the budget, with shorter steps."""
        points = max(2, min(self.request.settings.max_points, self.left // directions + 1))
        settings = replace(self.request.settings, max_points=points)
        if factor < 1.0:
            first, least, largest = self.request.steps()
            largest *= np.sqrt(factor)
            first = min(first * factor, largest)
            settings = replace(settings, step=first, max_step=largest, min_step=min(least, first))
        return replace(self.request, settings=settings)

    @contextlib.contextmanager
    def watched(self, begun):
        """Show the parameter reached, and stop a trace that runs along a known branch or its own beginning."""
        equations = Equations(self.problem, begun.p, begun.active, self.problem.inner_weights())
        size = len(begun.x)

        def watch(state):
            rows = state.rows[: state.integers[S.ROWS]]
            unknowns, tangents = rows[:, :size], rows[:, size : 2 * size]
            if self.update:
                self.update(f"{self.words} {unknowns[-1, -1]:.6g}")
            if begun.outward and returns_at(equations, unknowns, tangents) is not None:
                return True
            x, t = unknowns[-1].copy(), tangents[-1].copy()
            return any(place_on(equations, b, x, t) is not None for b in self.branches)

        yield watch


def trace_new(tracer: Tracer, start, parameters=None) -> Found:
    """Trace a branch and compare it with the known ones; traced anew where it seems to have jumped."""
    effort, directions = {}, 1 if isinstance(start, Start) and start.outward else 2
    for attempt in range(ATTEMPTS):
        request = tracer.limited(directions, SHORTER**attempt)
        branch = follow(tracer.problem, start, request, parameters=parameters, progress=tracer.watched)
        effort = added(effort, branch.effort)
        found = judged(tracer, branch, effort)
        if Status.INTERRUPTED in branch.ends:
            return found._replace(interrupted=True)
        if not found.complaint:
            break
    return found


def judged(tracer, branch, effort) -> Found:
    """What a trace found, without what was known before."""
    if len(branch) < 2:
        reason = f"no step along a half-branch was accepted ({branch.ends[1].name})"
        return Found(None, effort, complaint=reason)
    equations = Equations.of(tracer.problem, branch)
    began_outward = branch.start == 0 and branch.ends[0] is Status.STOPPED
    row = returns_at(equations, branch.unknowns, branch.tangents) if began_outward else None
    if row is not None:
        branch = closed(branch, row)
    overlap = overlap_of(equations, tracer.branches, branch)
    if overlap is None:
        return Found(branch, effort, unfinished=cut_short(tracer, branch))
    if overlap.row <= 3 and began_outward:
        return back_on_known(tracer, branch, overlap, effort)
    if overlap.row == 0:
        if any(place_on(equations, other, branch.unknowns[branch.start]) for other in tracer.branches):
            return Found(None, effort, overlap.branch)
        branch = turned(branch)  # new where it began, known where its first direction led
        overlap = overlap_of(equations, tracer.branches, branch)
    shorter = cut(branch, last_row_of_its_own(branch, overlap), Status.STOPPED)
    if is_meeting(tracer, branch, overlap):
        return Found(shorter, effort, met=overlap.branch)
    value = branch.parameter[overlap.row]
    return Found(
        shorter,
        effort,
        complaint=f"the trace jumped onto branch {overlap.branch} near {branch.vary[0]} = {value:.6g}; it is kept up "
        "to there: trace with a smaller `max_step`",
    )


def back_on_known(tracer, branch, overlap, effort) -> Found:
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


def last_row_of_its_own(branch, overlap) -> int:
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


def cut_short(tracer, branch) -> tuple:
    """Ends (0, -1) that Ctrl-C or the budget, not the settings, cut short."""
    budget = tracer.left < tracer.request.settings.max_points
    found = []
    for end, status in zip((0, -1), branch.ends):
        sign = 1 if end == -1 else -1
        from_point = (
            end == 0 and branch.start == 0 and any(p.index == 0 and p.kind is Kind.BRANCH_POINT for p in branch.special)
        )
        open_end = status is Status.INTERRUPTED or (status is Status.MAX_POINTS and budget)
        if open_end and not from_point and can_go_on(branch, status, end, sign, tracer.request.span):
            found.append(end)
    return tuple(found)


def trace_end(tracer: Tracer, task) -> Found:
    """Go on from an end of a branch that was cut short; the whole branch comes back."""
    branch = tracer.branches[task.branch]
    if task.end == 0:
        branch = turned(branch)
    others = tuple(other for k, other in enumerate(tracer.branches) if k != task.branch)
    apart = replace(tracer, branches=others)
    piece = continued(tracer.problem, branch, (-1, 1), tracer.limited(), apart.watched)
    longer = joined(branch, piece, branch.start)
    equations = Equations.of(tracer.problem, longer)
    row = returns_at(equations, longer.unknowns, longer.tangents)
    if row is not None:
        longer = closed(longer, row)
    elif (overlap := overlap_of(equations, others, piece)) is not None:
        own = 1 if overlap.row <= 1 else last_row_of_its_own(piece, overlap)
        longer = cut(longer, len(branch) - 1 + own, Status.STOPPED)
    ends = tuple(-1 for end in cut_short(tracer, longer) if end == -1)
    if task.end == 0:
        longer, ends = turned(longer), tuple(0 for _ in ends)
    return Found(longer, piece.effort, unfinished=ends, interrupted=Status.INTERRUPTED in piece.ends)
