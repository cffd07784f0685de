"""Follow a branch in the directions asked for: prepare the engine, run it, put the results together."""

import logging
import math
from dataclasses import dataclass, replace

import numpy as np

from continuation.branching.continua import least_norm
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.prepare import prepare
from continuation.compiled.state import trace_state as S
from continuation.engine.assembly.collect import assemble
from continuation.engine.bounds import Enclosure, check_start, limited_values, split_bounds
from continuation.engine.ending.long_period import LongPeriod, LongPeriodOnCurve
from continuation.engine.ending.runaway import Runaway
from continuation.engine.ending.vouching import drop_false_rows
from continuation.engine.requested import StopAtRequested, operations_of, watched
from continuation.engine.run import (
    KINDS,
    begin,
    begin_behind,
    begin_singular,
    bits_of,
    few_threads,
    make_state,
    run_all,
    tangent_anew,
)
from continuation.engine.start import measured_at, silent_tests, start_from
from continuation.engine.watching import RunningTrace, StopAt, attended
from continuation.equations.measures.measure import measure_of
from continuation.equations.operations import Operations
from continuation.ground.interrupts import listening
from continuation.ground.points import SpecialPoint, Start
from continuation.ground.status import Kind, StartError, Status
from continuation.results.remarks import Remark
from continuation.results.request import Request
from continuation.results.rows import Rows

logger = logging.getLogger("continuation")

# What a problem's `watched_end` names.
ENDS = {"infinity": Runaway, "long period": LongPeriod, "long period on a curve": LongPeriodOnCurve}
SAME_LENGTH = 1e-12  # unit tangents are as exact as that; those of larger units are longer by far


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
    problem, start = problem.prepared(start, request.vary, parameters, request.span)
    measuring = measured_at(problem, start, request.vary, parameters, request.span)
    begun = start_from(measuring, start, request.vary, parameters, request.span)
    weights = measure_of(measuring).weights
    check_start(begun, limited_values(problem, begun.p, begun.vary, request.bounds, weights))
    with listening() as listener:
        runs = run_directions(measuring, begun, request, watch)
        branch = remark_on_interrupt(remark_on_start(assemble(measuring, begun, runs, request), begun), listener)
    branch = remark_on_hopf(problem, start, request.vary, branch)
    report(branch)
    return replace(branch, problem=problem)


def remark_on_hopf(problem, start, vary, branch: Rows) -> Rows:
    """Say how the periodic orbits are traced where equilibria were, from a Hopf point."""
    from_hopf = isinstance(start, SpecialPoint) and start.kind is Kind.HOPF
    if not from_hopf or problem.vector_field is not problem or problem.stability != "flow":
        return branch
    text = (
        f"this is the branch of equilibria through the Hopf point {start.label}; that of periodic orbits is "
        f"trace(periodic_orbits(problem), point, {vary!r})"
    )
    return replace(branch, remarks=(*branch.remarks, Remark(text, branch.start)))


def run_directions(problem, begun: Start, request: Request, watch) -> dict:
    """Trace the directions asked for: sign -> `Run`; a closed branch is traced once."""
    runs = {}
    for sign in (1,) if begun.outward else request.signs:
        run = run_direction(problem, begun, sign, request, watch)
        if run.status is Status.CLOSED:
            return {sign: run}
        runs[sign] = run
        if run.status is Status.INTERRUPTED:
            break
    return runs


def remark_on_start(branch: Rows, begun: Start) -> Rows:
    """Say that the branch begins far from what was given."""
    return replace(branch, remarks=(Remark(begun.moved, branch.start), *branch.remarks)) if begun.moved else branch


def remark_on_interrupt(branch: Rows, listener) -> Rows:
    """Say that Ctrl-C came where nothing else does: the rows were complete and being put together."""
    if not listener.heard or Status.INTERRUPTED in branch.ends:
        return branch
    return replace(branch, remarks=(*branch.remarks, Remark("Ctrl-C came when all had been traced")))


def run_direction(problem, begun: Start, sign, request: Request, watch=()) -> Run:
    """Trace one direction from a prepared start."""
    watching = watched(problem, begun, request.detect)
    operations = operations_of(watching, begun, request.detect)
    if begun.continuum:
        operations = least_norm(operations, problem, begun.continuum)
    limits, others = split_bounds(problem, begun.vary, operations.size, request.bounds)
    operations = replace(operations, limits=operations.limits + limits)
    enclosed = limited_values(problem, begun.p, begun.vary, others, operations.weights)
    own = measure_of(problem).units[-1]  # 1 where weights that were given are ordinary
    steps = request.steps(1 / math.sqrt(operations.weights[-1]) if problem.adapts else own, found=problem.adapts)
    operations = replace(operations, smoothness=problem.followed_smoothness)
    state = make_state(operations, request.span, steps, request.settings)
    state.integers[S.DETECT] = bits_of(request.detect & operations.kinds | set(operations.ends))
    watchers = own_watchers(problem, request, enclosed, operations.tests) + tuple(watch)
    stops = {kind for kind in [request.stop_kind] if kind and not kind.on_request}
    state.integers[S.STOP_KINDS] = bits_of(stops | set(operations.ends))
    state.integers[S.STOP_COUNT] = request.stop_count
    tangent = sign * begun.tangent
    if begun.outward:
        begin_outward(state, begun, request)
    elif (status := begin(state, begun.x, tangent, silent_tests(watching, begun, operations.tests))) != OK:
        raise StartError(f"the equations could not be evaluated at the corrected start (status {status})")
    elif leaves_at_once(begun.x, tangent, state.limits, enclosed):
        return Run(operations, state, Status.LIMIT)
    running = RunningTrace(problem, begun, state)
    with attended(watchers, running), few_threads(operations.order or operations.size):
        run_all(running, watchers)
        call_by_name(running, operations)
        log_exceptions(problem, running.status)
        dropped = drop_false_rows(running, request.settings.tolerance)  # may change the status that watchers end with
    if operations.adapt.address == 0:  # a mesh that moves has weights of its own for each row
        tell_in_first_units(running.state, operations.weights)
    remarks = tuple(line for watcher in watchers for line in watcher.remarks)
    return Run(operations, running.state, running.status, remarks + dropped)


def call_by_name(running, operations):
    """Give a direction that stopped at a point where branches of its problem end the status that says so."""
    number = int(running.records[-1, running.records.shape[1] - S.SCALARS + S.KIND])
    if running.status is Status.STOPPED and number != S.REGULAR:
        running.status = operations.ends.get(KINDS[number], running.status)


def tell_in_first_units(state, weights):
    """Give the tangents of rows that were measured in larger units unit length in the first inner product again.

    They are computed anew: what was exact enough in larger units need not be in smaller ones.
    """
    if np.array_equal(state.weights, weights):
        return
    size = len(weights)
    rows = state.rows[: state.integers[S.ROWS]]
    lengths = np.sqrt(np.sum(weights * rows[:, size : 2 * size] ** 2, axis=1))
    base, meeting = rows.shape[1] - S.SCALARS, state.integers[S.MEETING_KIND]
    for k in np.flatnonzero(np.abs(lengths - 1.0) > SAME_LENGTH):
        tangent, length = rows[k, size : 2 * size], lengths[k]
        tangent /= length
        if rows[k, base + S.KIND] != meeting:
            better, longer = tangent_anew(state, rows[k, :size].copy(), tangent, weights)
            tangent[:], length = better, length * longer
        rows[k, base + S.DET] *= length


def own_watchers(problem, request: Request, enclosed, tests) -> tuple:
    """The watchers of every trace: limits the engine does not know, ways to infinity, then what the user stops at."""
    enclosure, kind = (Enclosure(enclosed),) if enclosed else (), request.stop_kind
    requested = (StopAtRequested(kind, tests),) if kind and kind.on_request else ()
    stop = (StopAt(request.stop_at),) if request.stop_at else ()
    return (*enclosure, ENDS[problem.watched_end](request, enclosed), *requested, *stop)


def begin_outward(state, begun: Start, request: Request):
    """Start at a branch point; the next row is a point ahead, if there are any within the limits.

    Of those the farthest that the first step would reach without passing a fold, else the nearest.
    """
    ahead = () if begun.ahead is None or request.settings.max_points < 2 else begun.ahead
    inside = [pair for pair in ahead if all(low < pair[0, int(k)] < high for k, low, high, _ in state.limits)]
    reached = 0
    for x, tangent in reversed(inside):
        too_far = np.sqrt(np.sum(state.weights * (x - begun.x) ** 2)) > state.floats[S.H]
        if too_far or np.sign(tangent[-1]) != np.sign(inside[-1][1, -1]):
            break
        reached += 1
    for x, tangent in inside[min(len(inside) - reached, len(inside) - 1) :]:
        if begin(state, x, tangent, np.zeros(len(state.kinds), bool)) == OK:
            begin_behind(state, begun.x, begun.tangent)
            return
    begin_singular(state, begun.x, begun.tangent)


def leaves_at_once(x, tangent, limits, enclosed) -> bool:
    """Whether a start on a limit leaves it in this direction; `limits` as of the state."""
    for index, low, high, _ in limits:
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
    p, x = problem.parameter_values(branch.parameters_at(row)), branch.unknowns[row].copy()
    measuring = problem.at_row(branch, row, request.vary)
    begun = Start(x, branch.tangents[row].copy(), p, request.vary, problem=measuring)
    with listening() as listener:
        runs = {sign: run_direction(measuring, begun, sign, request, watch)}
        piece = remark_on_interrupt(assemble(measuring, begun, runs, request), listener)
    return replace(piece, problem=problem)
