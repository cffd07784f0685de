"""Going on from the ends of a finished branch."""

from dataclasses import replace

from continuation.engine.follow import continued
from continuation.ground.settings import Settings
from continuation.ground.status import Status
from continuation.results.joining import join_branches
from continuation.results.request import check_span
from continuation.results.solutions import need_problem


def extended(branch, problem=None, *, max_points=None, span=None, settings=None, progress=False):
    """Go on from every end of a branch that can go on, looking for the kinds of points it was traced for.

    Parameters
    ----------
    branch : Branch
    problem : Problem, optional
        For a branch loaded from a file.  What it was to `stop` at has been met and is not asked for again.
    max_points : int, optional
        Points to add at each end; default: as many as the settings allow one direction.
    span : (low, high), optional
        New limits; default: those of the branch.
    settings : Settings, optional
    progress : bool

    Returns
    -------
    Branch
        The old rows with the new ones before and behind.

    Raises
    ------
    ValueError
        No end can go on: the branch is closed, or ends at limits that `span` does not widen.
    """
    problem = need_problem(branch, problem)
    span = branch.span if span is None else check_span(span)
    settings = _with_points(settings or branch.settings, max_points)
    request = replace(branch.request, span=span, settings=settings, stop_kind=None, stop_count=0, stop_at=None)
    longer = branch
    for sign, row in ((1, -1), (-1, 0)):
        status = branch.ends[0 if row == 0 else 1]
        if can_go_on(branch, status, row, sign, span):
            piece = continued(problem, branch, (row, sign), request, progress)
            if sign > 0:
                longer = join_branches(longer, piece, longer.start)
            else:
                longer = join_branches(piece, longer, len(piece) - 1 + longer.start)
    if longer is branch:
        raise ValueError(f"extend: no end can go on ({', '.join(s.name for s in branch.ends)}); widen `span`?")
    return replace(longer, request=request, problem=problem)


def _with_points(settings, max_points) -> Settings:
    """Settings with another number of points (the row that is there counts as one)."""
    return settings if max_points is None else replace(settings, max_points=max_points + 1)


def can_go_on(branch, status, row, sign, span) -> bool:
    """Whether an end leads on inside the span."""
    if status is Status.CLOSED:
        return False
    value, slope = branch.unknowns[row, -1], sign * branch.tangents[row, -1]
    return span[0] < value < span[1] or (value <= span[0] and slope > 0) or (value >= span[1] and slope < 0)
