"""`Diagram`: the branches found, how they hang together, what failed and what is still to be done."""

from dataclasses import dataclass, replace
from enum import Enum

from continuation.branch import SpecialPoint
from continuation.engine.start import Start
from continuation.ground.names import suggest
from continuation.ground.settings import Settings
from continuation.ground.status import Kind


class Completion(Enum):
    """Whether a diagram is complete; the value is the advice given to the reader."""

    COMPLETE = "every branch point met within `depth` was followed"
    BUDGET = "the budget is used up; `diagram.resume()` with larger `max_branches` or `max_points` goes on"
    INTERRUPTED = "interrupted; what was found is kept, `diagram.resume()` goes on"

    @property
    def advice(self) -> str:
        """The value: what happened and what to try."""
        return self.value


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


@dataclass(frozen=True)
class Origin:
    """How a branch was found.

    Attributes
    ----------
    found : str
        ``"start"``, ``"switch"`` or ``"deflation"``.
    parent : int or None
        Index of the branch it was switched from.
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
class Diagram:
    """Branches of one problem in one parameter, as `diagram` found them.

    ``diagram.branches[0]`` is the branch of the start; ``diagram["BP1"]`` a special point by its label.

    Attributes
    ----------
    branches : tuple of Branch
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

    def __len__(self):
        return len(self.branches)

    @property
    def vary(self) -> str:
        """Name of the varied parameter."""
        return self.plan.vary

    def __getitem__(self, label) -> SpecialPoint:
        """Special point by label."""
        for point in self.special:
            if point.label == label:
                return point
        known = [point.label for point in self.special]
        raise KeyError(f"no special point labelled {label!r}; this diagram has {suggest(label, known)}")

    def passages(self, label) -> list:
        """Pairs (branch, row) where the branches pass through a special point."""
        self[label]
        return [(k, s.index) for k, b in enumerate(self.branches) for s in b.special if s.label == label]

    def at(self, **value) -> list:
        """All solutions of all branches where a state or the varied parameter has a value, as `Branch.at`.

        Returns
        -------
        list of (int, Point)
            Index of the branch, solution.
        """
        return [(k, point) for k, branch in enumerate(self.branches) for point in branch.at(**value)]

    def resume(self, problem=None, *, depth=None, max_branches=None, max_points=None, progress=False):
        """Go on with what an interruption, a budget or the depth left out; returns the larger diagram.

        Parameters
        ----------
        problem : Problem, optional
            Needed if the diagram was loaded from a file and its problem is not known from text.
        depth, max_branches, max_points : int, optional
            New limits, of the whole diagram; default: as before.
        progress : bool

        Raises
        ------
        ValueError
            A limit can't be used, or the problem is missing or has other states.
        """
        from continuation.engine.extend import need_problem
        from continuation.exploring.plans import changed
        from continuation.exploring.work_list import run

        problem = need_problem(self.branches[0], problem or self.problem)
        plan = changed(self.plan, depth, max_branches, max_points)
        branches = tuple(replace(branch, problem=problem) for branch in self.branches)
        pending = tuple(with_problem(task, problem) for task in self.pending)
        return run(replace(self, problem=problem, plan=plan, branches=branches, pending=pending), progress)

    # Showing and keeping

    def plot(self, x=None, y=None, ax=None, **options):
        """Draw all branches, each in its colour; see `continuation.exploring.drawing.plot`.  Returns the Axes."""
        from continuation.exploring.drawing import plot

        return plot(self, x, y, ax, **options)

    def save(self, path):
        """Write the diagram to one netCDF-4 file; see `continuation.exploring.diagram_files.save`."""
        from continuation.exploring.diagram_files import save

        save(self, path)

    @staticmethod
    def load(path):
        """Read a diagram from a file written by `save`; it can be resumed."""
        from continuation.exploring.diagram_files import load

        return load(path)

    def __repr__(self):
        counts = {}
        for point in self.special:
            counts[point.kind] = counts.get(point.kind, 0) + 1
        found = ", ".join(f"{count} {kind.label}" for kind, count in counts.items())
        return (
            f"<Diagram of {self.problem_name} in {self.vary}: {len(self.branches)} branches, "
            f"{found or 'no special points'}; {self.status.name}>"
        )

    def __str__(self):
        from continuation.exploring.diagram_tables import table

        return table(self)

    def _repr_html_(self):
        from continuation.exploring.diagram_tables import html

        return html(self)


def with_problem(task, problem):
    """A piece of work for another problem of the same equations."""
    return replace(task, start=replace(task.start, problem=problem)) if isinstance(task, Follow) else task


def branch_points(diagram) -> list:
    """Branch points of a diagram, by order of their labels."""
    return [point for point in diagram.special if point.kind is Kind.BRANCH_POINT]


def unexplored(diagram) -> list:
    """Branch points within the depth that were not looked at yet, those of least depth first."""
    passed = {}
    for branch, origin in zip(diagram.branches, diagram.origins):
        for point in branch.special:
            passed[point.label] = min(origin.depth, passed.get(point.label, origin.depth))
    due = [point for point in branch_points(diagram) if point.label not in diagram.explored]
    due = [point for point in due if passed[point.label] < diagram.plan.depth]
    return sorted(due, key=lambda point: passed[point.label])


def to_do(diagram) -> int:
    """Number of pieces of work left."""
    return len(diagram.pending) + len(unexplored(diagram))
