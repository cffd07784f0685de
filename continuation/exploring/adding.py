"""Putting what was found into a diagram: branches, their halves, special points with labels of the whole, failures."""

from dataclasses import replace

from continuation.exploring.recognition.conjugate_branches import count_distinct_images
from continuation.exploring.recognition.on_curve import CurveEquations, find_place_on
from continuation.exploring.recognition.same_points import KnownPoints, find_same_point
from continuation.exploring.record import Completion, DiagramRecord, Failure, Finish, Origin
from continuation.ground.status import Kind, Status
from continuation.results.joining import add_effort, join_ends, join_halves


def add_branch(diagram: DiagramRecord, found, origin: Origin, half_of=None) -> DiagramRecord:
    """The diagram with a new branch, joined to the half it belongs to; `half_of` is (index, end)."""
    diagram = add_work(diagram, found)
    if found.complaint:
        diagram = add_failure(diagram, Failure(origin.label, found.complaint))
    if found.branch is None:
        return diagram
    if half_of is not None:
        index, end = half_of
        whole = join_halves(found.branch, diagram.branches[index], end)
        if found.met == index:
            whole = join_ends(whole)
        return put_branch(diagram, index, whole, [end for _ in found.unfinished])
    longer = replace(diagram, branches=(*diagram.branches, found.branch), origins=(*diagram.origins, origin))
    return put_branch(longer, len(diagram.branches), found.branch, found.unfinished)


def add_work(diagram, found) -> DiagramRecord:
    """The diagram with the work of a trace, and told if Ctrl-C ended it."""
    status = Completion.INTERRUPTED if found.interrupted else diagram.status
    return replace(diagram, effort=add_effort(diagram.effort, found.effort), status=status)


def replace_branch(diagram, index, found) -> DiagramRecord:
    """The diagram with a branch that went on."""
    diagram = add_work(diagram, found)
    return put_branch(diagram, index, found.branch, found.unfinished)


def put_branch(diagram, index, branch, unfinished) -> DiagramRecord:
    """The diagram with `branch` at an index, its special points listed and labelled, its open ends noted."""
    special = KnownPoints(diagram.special)
    branch = replace(branch, special=tuple(label_point(point, special) for point in branch.special))
    branches = (*diagram.branches[:index], branch, *diagram.branches[index + 1 :])
    origin = replace(diagram.origins[index], multiplicity=count_images(diagram.problem, branch))
    origins = (*diagram.origins[:index], origin, *diagram.origins[index + 1 :])
    pending = diagram.pending + tuple(Finish(index, end) for end in unfinished)
    if branch.ends[0] is Status.CLOSED:
        pending = tuple(task for task in pending if not (isinstance(task, Finish) and task.branch == index))
    return replace(diagram, branches=branches, origins=origins, special=tuple(special), pending=pending)


def label_point(point, special: KnownPoints):
    """The special point with its label in the diagram; appended to `special` if it is new.  Ends keep theirs."""
    if point.kind is Kind.END:
        return point
    known = find_same_point(special, point)
    if known is None:
        known = point.moved(label=f"{point.kind.label}{1 + special.count(point.kind)}")
        special.append(known)
    return point.moved(label=known.label)


def add_failure(diagram, failure: Failure) -> DiagramRecord:
    """The diagram with one more failure, each told once."""
    known = failure in diagram.failures
    return diagram if known else replace(diagram, failures=(*diagram.failures, failure))


def count_images(problem, branch) -> int:
    """Number of branches that a branch stands for."""
    equations = CurveEquations.of(problem, branch)
    return count_distinct_images(problem, branch, lambda b, x: find_place_on(equations, b, x) is not None)
