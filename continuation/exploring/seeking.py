"""Branches that no branch point connects with those known, by deflation."""

from dataclasses import replace

from continuation.exploring.adding import branch_added, failure_added
from continuation.exploring.record import Completion, DiagramRecord, Failure, Origin, Seek
from continuation.exploring.tracing import Tracer, trace_new
from continuation.ground.status import StartError, Status
from continuation.results.joining import added
from continuation.searching.disconnected import unconnected


def sought(diagram: DiagramRecord, task: Seek, update) -> DiagramRecord:
    """The diagram with the branches through the solutions that deflation finds at one value of the parameter.

    `diagram` no longer lists the task; where the budget ends or Ctrl-C is heard it is put back.
    """
    if update:
        update(f"diagram: {len(diagram.branches)} branches; deflation at {diagram.vary} = {task.value:.6g}")
    points = unconnected(diagram.problem, list(diagram.branches), diagram.vary, [task.value])
    effort = added(diagram.effort, {"newton_iterations": points.report.iterations})
    diagram = replace(diagram, effort=effort)
    for point in points:
        if len(diagram.branches) >= diagram.plan.max_branches:
            return replace(diagram, pending=(*diagram.pending, task))
        diagram = through(diagram, point, update)
        if diagram.status is Completion.INTERRUPTED:
            return replace(diagram, pending=(*diagram.pending, task))
    if points.report.ended == "interrupted":
        return replace(diagram, pending=(*diagram.pending, task), status=Completion.INTERRUPTED)
    return diagram


def through(diagram, point, update) -> DiagramRecord:
    """The diagram with the branch through a solution, unless it is known."""
    try:
        found = trace_new(Tracer.of(diagram, update), point)
    except StartError as error:
        if error.status is Status.LIMIT:  # a solution outside the limits of a state or an output
            return diagram
        return failure_added(
            diagram, Failure("", f"a solution found at {diagram.vary} = {point[diagram.vary]:.6g}: {error}")
        )
    return branch_added(diagram, found, Origin("deflation"))
