"""Going on from the ends of a finished branch."""

from dataclasses import replace

from continuation.engine.bounds import limited_values
from continuation.engine.follow import trace_on
from continuation.ground.arguments import check_instance
from continuation.ground.interrupts import listening
from continuation.ground.names import check_whole
from continuation.ground.settings import Settings
from continuation.ground.status import Status
from continuation.results.joining import join_branches
from continuation.results.solutions import need_problem


def extend_branch(branch, problem=None, *, max_points=None, span=None, settings=None, watch=()):
    """Go on from every end of a branch that can go on, looking for the kinds of points it was traced for.

    Parameters
    ----------
    branch : Branch
    problem : Problem, optional
        For a branch loaded from a file.  What it was to `stop` at has been met and is not asked for again.
    max_points : int, optional
        Points to add at each end; default: as many as the settings allow one direction.
    span : (low, high), or mapping of names to (low, high), optional
        New limits of the varied parameter, or of those that the mapping names; all others: those of the branch.
    settings : Settings, optional
    watch : sequence of Watcher

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
    request = branch.request if span is None else branch.request.within(problem, span)
    settings = check_instance("settings", settings, Settings, optional=True) or branch.settings
    request = replace(request, settings=settings, stop_kind=None, stop_count=0, stop_at=None)
    now = replace(request, settings=_with_points(request.settings, max_points))
    open_ends = [(sign, row) for sign, row in ((1, -1), (-1, 0)) if can_go_on(branch, row, sign, request, problem)]
    if not open_ends:
        raise ValueError(f"extend: no end can go on ({', '.join(s.name for s in branch.ends)}); widen `span`?")
    longer = replace(branch, remarks=remarks_that_stay(branch))
    with listening():  # Ctrl-C ends all that is asked for, not one end only
        for sign, row in open_ends:
            piece = trace_on(problem, branch, row, sign, now, watch)
            longer = with_piece(longer, piece, sign)
            if Status.INTERRUPTED in piece.ends:
                break
    return replace(longer, request=request, problem=problem)


def with_piece(branch, piece, sign):
    """The branch with a piece behind its last row (`sign` 1) or before its first."""
    if sign > 0:
        return join_branches(branch, piece, branch.start)
    return join_branches(piece, branch, len(piece) - 1 + branch.start)


def remarks_that_stay(branch) -> tuple:
    """The remarks but for those on ends that lead to infinity: they go on."""
    ends = {row for row, status in zip((0, len(branch) - 1), branch.ends) if status is Status.INFINITY}
    return tuple(remark for remark in branch.remarks if remark.row not in ends)


def _with_points(settings, max_points) -> Settings:
    """Settings with another number of points (the row that is there counts as one)."""
    return settings if max_points is None else replace(settings, max_points=check_whole("max_points", max_points) + 1)


def can_go_on(branch, row, sign, request, problem) -> bool:
    """Whether an end, row 0 or -1, leads on inside the limits of a request (`sign` 1: along the rows)."""
    if branch.ends[row] is Status.CLOSED or not problem.leads_on(branch, row):
        return False
    x, direction, (low, high) = branch.unknowns[row], sign * branch.tangents[row], request.span
    if not (low < x[-1] < high or (x[-1] <= low and direction[-1] > 0) or (x[-1] >= high and direction[-1] < 0)):
        return False
    p = problem.parameter_values(branch.parameters) if request.bounds else ()
    limited = limited_values(problem, p, request.vary, request.bounds, branch.weights)
    return all(one.leads_in(x, direction) for one in limited)
