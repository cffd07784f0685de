"""`DiagramRecord`: the branches found, how they hang together, what failed and what is still to be done."""

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from continuation.ground.arguments import UnknownName, shown
from continuation.ground.names import suggest
from continuation.ground.points import SpecialPoint, Start
from continuation.ground.settings import Settings
from continuation.ground.status import Kind

LEAVING = (Kind.PERIOD_DOUBLING, Kind.BRANCH_POINT)  # of periodic orbits: where others leave


class Completion(Enum):
    """Whether a diagram is complete; the value is the advice given to the reader."""

    COMPLETE = "every branch point met within `depth` was followed"
    BUDGET = "the budget is used up; `diagram.resume()` with larger `max_branches` or `max_points` goes on"
    TIME_LIMIT = "`max_seconds` have passed; what was found is kept, `diagram.resume()` goes on for as long again"
    INTERRUPTED = "interrupted; what was found is kept, `diagram.resume()` goes on"

    @property
    def advice(self) -> str:
        """The value: what happened and what to try."""
        return self.value


class OrbitMesh(NamedTuple):
    """The mesh of the periodic orbits of a diagram whose problem is not known yet."""

    intervals: int
    degree: int


@dataclass(frozen=True)
class Plan:
    """What a diagram was asked for, checked: `continuation.diagram.diagram` describes the options."""

    vary: str
    span: tuple
    settings: Settings
    detect: frozenset
    depth: int
    max_branches: int
    max_points: int
    deflate: tuple = ()
    bounds: tuple = ()  # limits of states and outputs, see `continuation.results.request.Bound`
    max_seconds: float = math.inf
    cycles: object = None  # PeriodicOrbits, where their branches are to be followed too; OrbitMesh, without a problem


@dataclass(frozen=True)
class Origin:
    """How a branch was found.

    Attributes
    ----------
    found : str
        ``"start"``, ``"switch"`` or ``"deflation"``; ``"hopf"`` of periodic orbits from a Hopf point.
    parent : int or None
        Index of the branch it was switched from, of periodic orbits among these.
    label : str
        Label of the branch point it was switched at; empty for others.
    depth : int
        How many branch points lead from a start to it.
    multiplicity : int
        Number of branches it stands for: itself and its images under the symmetries of the problem.
    """

    found: str = "start"
    parent: int | None = None
    label: str = ""
    depth: int = 0
    multiplicity: int = 1


@dataclass(frozen=True)
class Failure:
    """Something that could not be followed: the label of the branch point (may be empty) and the reason."""

    label: str
    reason: str


@dataclass(frozen=True, eq=False)
class Follow:
    """To do: a half-branch that leaves a branch point of branch `parent`."""

    start: Start
    parent: int
    label: str
    depth: int


@dataclass(frozen=True, eq=False)
class Finish:
    """To do: go on at one end (0 or -1) of a branch that was cut short."""

    branch: int
    end: int


@dataclass(frozen=True, eq=False)
class Seek:
    """To do: look for branches not known, by deflation, at one value of the parameter."""

    value: float


@dataclass(frozen=True, eq=False)
class OrbitsAt:
    """To do: look for the branches of periodic orbits at a special point, of branch `parent` of `diagram.cycles`."""

    point: SpecialPoint
    parent: int | None
    depth: int


@dataclass(frozen=True, eq=False)
class FollowOrbits:
    """To do: a branch of periodic orbits, from a start that was found."""

    start: object
    origin: Origin


@dataclass(frozen=True, eq=False)
class FinishOrbits:
    """To do: go on at one end (0 or -1) of a branch of `diagram.cycles` that was cut short."""

    branch: int
    end: int


@dataclass(frozen=True, eq=False)
class DiagramRecord:
    """Branches of one problem in one parameter, as data; `continuation.diagram.Diagram` adds the verbs.

    ``diagram.branches[0]`` is the branch of the start; ``diagram["BP1"]`` a special point by its label.

    Attributes
    ----------
    branches : tuple of Rows
        Each branch once.  Both half-branches that leave a branch point in opposite directions are one branch.
    origins : tuple of Origin
        How each branch was found.
    special : tuple of SpecialPoint
        Special points (ends left out), each once, with labels unique over the diagram; the special points of the
        branches bear the same labels.
    failures : tuple of Failure
        What could not be followed, and why.
    pending : tuple
        Work left by an interruption or a budget.
    explored : frozenset of str
        Labels of the branch points whose branches were asked for.
    status : Completion
    plan : Plan
        The options.
    effort : dict
        Work of all traces, those of branches already known included.
    cycles : tuple of Rows
        Branches of periodic orbits, each once, where `diagram` was asked for them.
    cycle_origins : tuple of Origin
        How each of them was found; ``depth`` counts period doublings and branch points since the Hopf point.
    problem : Problem or None
        None where the diagram was loaded and its problem is not known from text.
    """

    problem_name: str
    plan: Plan
    branches: tuple = ()
    origins: tuple = ()
    special: tuple = ()
    failures: tuple = ()
    pending: tuple = ()
    explored: frozenset = frozenset()
    status: Completion = Completion.COMPLETE
    effort: dict = None
    problem: object = None
    cycles: tuple = ()
    cycle_origins: tuple = ()

    def __len__(self):
        return len(self.branches)

    @property
    def vary(self) -> str:
        """Name of the varied parameter."""
        return self.plan.vary

    __iter__ = None  # branches are in `branches`, special points in `special`

    def __getitem__(self, label) -> SpecialPoint:
        """Special point by label."""
        for point in self.special:
            if point.label == label:
                return point
        known = [point.label for point in self.special]
        raise UnknownName(f"no special point labelled {shown(label)}; this diagram has {suggest(label, known)}")

    def passages(self, label) -> list:
        """Pairs (branch, row) where the branches pass through a special point; those of `cycles` follow the others."""
        self[label]
        every = (*self.branches, *self.cycles)
        return [(k, s.index) for k, b in enumerate(every) for s in b.special if s.label == label]


def with_problem(task, problem):
    """A piece of work for another problem of the same equations."""
    return replace(task, start=replace(task.start, problem=problem)) if isinstance(task, Follow) else task


def branch_points(diagram) -> list:
    """Branch points of a diagram, by order of their labels."""
    return [point for point in diagram.special if point.kind is Kind.BRANCH_POINT]


def list_unexplored(diagram) -> list:
    """Branch points within the depth that were not looked at yet, those of least depth first."""
    passed = {}
    for branch, origin in zip(diagram.branches, diagram.origins):
        for point in branch.special:
            passed[point.label] = min(origin.depth, passed.get(point.label, origin.depth))
    due = [point for point in branch_points(diagram) if point.label not in diagram.explored]
    due = [point for point in due if passed.get(point.label, math.inf) < diagram.plan.depth]  # else of orbits
    return sorted(due, key=lambda point: passed[point.label])


def list_orbit_points(diagram) -> list:
    """Points whose branches of periodic orbits were not looked for yet: Hopf points, then those of orbits by depth."""
    if diagram.plan.cycles is None:
        return []
    own = {point.label for branch in diagram.branches for point in branch.special}
    hopfs = [point for point in diagram.special if point.kind is Kind.HOPF and point.label in own]
    tasks = [OrbitsAt(point, None, 0) for point in hopfs]
    for k, (branch, origin) in enumerate(zip(diagram.cycles, diagram.cycle_origins)):
        if origin.depth < diagram.plan.depth:
            inside = [p for p in branch.special if p.kind in LEAVING and p.located and 0 < p.index < len(branch) - 1]
            tasks += [OrbitsAt(point, k, origin.depth + 1) for point in inside]
    first = {}
    for task in sorted(tasks, key=lambda task: task.depth):
        first.setdefault(task.point.label, task)
    return [task for label, task in first.items() if label not in diagram.explored]


def is_of_orbits(task) -> bool:
    """Whether a piece of work is one of branches of periodic orbits."""
    return isinstance(task, (OrbitsAt, FollowOrbits, FinishOrbits))


def count_tasks(diagram) -> int:
    """Number of pieces of work left."""
    return len(diagram.pending) + len(list_unexplored(diagram)) + len(list_orbit_points(diagram))


def points_left(diagram) -> int:
    """Points that the budget allows."""
    return diagram.plan.max_points - sum(map(len, (*diagram.branches, *diagram.cycles)))


def branches_left(diagram) -> int:
    """Branches that the budget allows."""
    return diagram.plan.max_branches - len(diagram.branches) - len(diagram.cycles)
