"""Follow a branch in the directions asked for: prepare the engine, run it, put the results together."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from continuation.branching.continua import least_norm
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.prepare import prepare
from continuation.compiled.state import trace_state as S
from continuation.engine.assembly.collect import assemble
from continuation.engine.bounds import Enclosure, check_start, limited_values, split_bounds
from continuation.engine.requested import operations_of, watched
from continuation.engine.run import begin, begin_behind, begin_singular, bits_of, make_state, run_all
from continuation.engine.runaway import Runaway
from continuation.engine.start import silent_tests, start_from
from continuation.engine.vouching import drop_false_rows
from continuation.engine.watching import RunningTrace, StopAt, attended
from continuation.equations.operations import Operations
from continuation.ground.points import Start
from continuation.ground.status import StartError, Status
from continuation.results.request import Request
from continuation.results.rows import Rows

logger = logging.getLogger("continuation")


@dataclass(frozen=True, eq=False)
class Run:
    """One direction: what was called, the engine's state at the end, and why it ended."""

    operations: Operations
    state: S.State
    status: Status
    remarks: tuple = ()  # of the watchers, about the end

    @property
    def rows(self) -> np.ndarray:
        """Its records."""
        return self.state.rows[: self.state.integers[S.ROWS]]


def follow(problem, start, request: Request, *, parameters=None, watch=()) -> Rows:
    """Trace as `continuation.trace.trace` describes; `watch` are watchers."""
    prepare()
    begun = start_from(problem, start, request.vary, parameters, request.span)
    check_start(begun, limited_values(problem, begun.p, begun.vary, request.bounds))
    runs = {}
    for sign in (1,) if begun.outward else request.signs:
        run = run_direction(problem, begun, sign, request, watch)
        if run.status is Status.CLOSED:
            runs = {sign: run}
            break
        runs[sign] = run
        if run.status is Status.INTERRUPTED:
            break
    branch = assemble(problem, begun, runs, request)
    report(branch)
    return branch


def run_direction(problem, begun: Start, sign, request: Request, watch=()) -> Run:
    """Trace one direction from a prepared start."""
    watching = watched(problem, begun, request.detect)
    operations = operations_of(watching, begun, request.detect)
    if begun.continuum:
        operations = least_norm(operations, problem, begun.continuum)
    limits, others = split_bounds(problem, begun.vary, operations.size, request.bounds)
    operations = replace(operations, limits=operations.limits + limits)
    enclosed = limited_values(problem, begun.p, begun.vary, others)
    state = make_state(operations, request.span, request.steps(), request.settings)
    state.integers[S.DETECT] = bits_of(request.detect & operations.kinds)
    state.integers[S.STOP_KINDS] = bits_of([request.stop_kind] if request.stop_kind else [])
    state.integers[S.STOP_COUNT] = request.stop_count
    tangent = sign * begun.tangent
    if begun.outward:
        begin_outward(state, begun, request)
    elif (status := begin(state, begun.x, tangent, silent_tests(watching, begun, operations.tests))) != OK:
        raise StartError(f"the equations could not be evaluated at the corrected start (status {status})")
    elif leaves_at_once(begun.x, tangent, state.limits, enclosed):
        return Run(operations, state, Status.LIMIT)
    running = RunningTrace(problem, begun, state)
    watchers = own_watchers(request, enclosed) + tuple(watch)
    with attended(watchers, running):
        run_all(running, watchers)
    log_exceptions(problem, running.status)
    remarks = tuple(line for watcher in watchers for line in watcher.remarks)
    remarks += drop_false_rows(running, request.settings.tolerance)
    return Run(operations, running.state, running.status, remarks)


def own_watchers(request: Request, enclosed) -> tuple:
    """The watchers of every trace: limits the engine does not know, ways to infinity, then the user's stop test."""
    enclosure = (Enclosure(enclosed),) if enclosed else ()
    return (*enclosure, Runaway(request, enclosed), *((StopAt(request.stop_at),) if request.stop_at else ()))


def begin_outward(state, begun: Start, request: Request):
    """Start at a branch point; the next row is a point ahead, if there are any within the limits.

    Of those the farthest that the first step would reach, else the nearest.
    """
    ahead = () if begun.ahead is None or request.settings.max_points < 2 else begun.ahead
    inside = [pair for pair in ahead if all(low < pair[0, int(k)] < high for k, low, high in state.limits)]
    reached = [x for x, _ in inside if np.sqrt(np.sum(state.weights * (x - begun.x) ** 2)) <= request.steps().first]
    for x, tangent in inside[min(len(inside) - len(reached), len(inside) - 1) :]:
        if begin(state, x, tangent, np.zeros(len(state.kinds), bool)) == OK:
            begin_behind(state, begun.x, begun.tangent)
            return
    begin_singular(state, begun.x, begun.tangent)


def leaves_at_once(x, tangent, limits, enclosed) -> bool:
    """Whether a start on a limit leaves it in this direction; `limits` are (index of an unknown, low, high)."""
    for index, low, high in limits:
        value, slope = x[int(index)], tangent[int(index)]
        if (value >= high and slope > 0) or (value <= low and slope < 0):
            return True
    return not all(one.leads_in(x, tangent) for one in enclosed)


def log_exceptions(problem, status):
    """Log the traceback of an exception that ended the branch inside a plain Python function."""
    functions = problem.all_functions()
    errors = [f.error for f in functions if f.error is not None]
    if status is Status.CALLBACK_FAILED and errors:
        logger.error("a function of the problem raised; the branch ends there", exc_info=errors[-1])
    for f in functions:
        f.error = None


def report(branch):
    """Log what ended badly and what was not located."""
    for status in branch.ends:
        if status.is_failure:
            logger.warning("%s: %s", status.name, status.advice)
    for remark in branch.remarks:
        logger.warning("%s", remark)
    lost = [point.label for point in branch.special if not point.located]
    if lost:
        logger.warning("not located, see their `bracket`: %s", ", ".join(lost[:10]))


def trace_on(problem, branch, row, sign, request, watch=()) -> Rows:
    """Trace on from a row of a branch along the rows (`sign` 1) or against them; the new piece, that row included."""
    prepare()
    p = problem.parameter_values(branch.point(row).parameters)
    begun = Start(branch.unknowns[row].copy(), branch.tangents[row].copy(), p, request.vary, problem=problem)
    return assemble(problem, begun, {sign: run_direction(problem, begun, sign, request, watch)}, request)
