"""Follow a branch in the directions asked for: prepare the engine, run it, put the results together."""

import logging
from dataclasses import dataclass

import numpy as np

from continuation.branching.continua import least_norm
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.prepare import prepare
from continuation.compiled.state import trace_state as S
from continuation.engine.collect import assemble
from continuation.engine.progress import display
from continuation.engine.requested import operations_of, watched
from continuation.engine.run import STATUSES, begin, begin_behind, begin_singular, bits_of, make_state, run_all
from continuation.engine.start import point_of_record, silent_tests, start_from
from continuation.equations.operations import Operations
from continuation.ground.points import Start
from continuation.ground.status import StartError, Status
from continuation.results.request import Request
from continuation.results.rows import Rows

logger = logging.getLogger("continuation")


@dataclass(frozen=True, eq=False)
class Run:
    """One direction: what was called, the engine's state at the end, and the code it ended with."""

    operations: Operations
    state: S.State
    code: int

    @property
    def status(self) -> Status:
        """Why it ended."""
        return STATUSES[self.code]

    @property
    def rows(self) -> np.ndarray:
        """Its records."""
        return self.state.rows[: self.state.integers[S.ROWS]]


def follow(problem, start, request: Request, *, parameters=None, progress=False) -> Rows:
    """Trace as `continuation.trace.trace` describes."""
    prepare()
    begun = start_from(problem, start, request.vary, parameters, request.span)
    runs = {}
    for sign in (1,) if begun.outward else request.signs:
        run = run_direction(problem, begun, sign, request, progress)
        if run.status is Status.CLOSED:
            runs = {sign: run}
            break
        runs[sign] = run
        if run.status is Status.INTERRUPTED:
            break
    branch = assemble(problem, begun, runs, request)
    report(branch)
    return branch


def run_direction(problem, begun: Start, sign, request: Request, progress) -> Run:
    """Trace one direction from a prepared start."""
    watching = watched(problem, begun, request.detect)
    operations = operations_of(watching, begun, request.detect)
    if begun.continuum:
        operations = least_norm(operations, problem, begun.continuum)
    state = make_state(operations, request.span, request.steps(), request.settings)
    state.integers[S.DETECT] = bits_of(request.detect & operations.kinds)
    state.integers[S.STOP_KINDS] = bits_of([request.stop_kind] if request.stop_kind else [])
    state.integers[S.STOP_COUNT] = request.stop_count
    tangent = sign * begun.tangent
    if begun.outward:
        begin_outward(state, begun, request)
    elif (status := begin(state, begun.x, tangent, silent_tests(watching, begun, operations.tests))) != OK:
        raise StartError(f"the equations could not be evaluated at the corrected start (status {status})")
    elif any(leaves_at_once(begun.x, tangent, limit) for limit in state.limits):
        return Run(operations, state, S.LIMIT)
    watch = watcher(problem, begun, request.stop_at) if request.stop_at else None
    with display(progress)(begun) as shown:
        state, code = run_all(state, stop=watch, progress=shown)
    log_exceptions(problem, code)
    return Run(operations, state, code)


def begin_outward(state, begun: Start, request: Request):
    """Start at a branch point; the next row is a point ahead, if there are any within the limits.

    Of those the farthest that the first step would reach, else the nearest.
    """
    ahead = () if begun.ahead is None or request.settings.max_points < 2 else begun.ahead
    inside = [pair for pair in ahead if all(low < pair[0, int(k)] < high for k, low, high in state.limits)]
    reached = [x for x, _ in inside if np.sqrt(np.sum(state.weights * (x - begun.x) ** 2)) <= request.steps()[0]]
    for x, tangent in inside[min(len(inside) - len(reached), len(inside) - 1) :]:
        if begin(state, x, tangent, np.zeros(len(state.kinds), bool)) == OK:
            begin_behind(state, begun.x, begun.tangent)
            return
    begin_singular(state, begun.x, begun.tangent)


def leaves_at_once(x, tangent, limit) -> bool:
    """Whether a start on a limit (index of an unknown, least, largest value) leaves it in this direction."""
    index, low, high = int(limit[0]), limit[1], limit[2]
    return bool((x[index] >= high and tangent[index] > 0) or (x[index] <= low and tangent[index] < 0))


def watcher(problem, begun, function):
    """Make the engine's stop test of the user's: it sees the last stored point."""

    def watch(state):
        return bool(function(point_of_record(problem, begun, state.rows[state.integers[S.ROWS] - 1])))

    return watch


def log_exceptions(problem, code):
    """Log the traceback of an exception that ended the branch inside a plain Python function."""
    functions = problem.all_functions()
    errors = [f.error for f in functions if f.error is not None]
    if code == S.CALLBACK_FAILED and errors:
        logger.error("a function of the problem raised; the branch ends there", exc_info=errors[-1])
    for f in functions:
        f.error = None


def report(branch):
    """Log what ended badly and what was not located."""
    for status in branch.ends:
        if status.is_failure:
            logger.warning("%s: %s", status.name, status.advice)
    for remark in branch.problem.remarks(branch):
        logger.warning("%s", remark)
    lost = [point.label for point in branch.special if not point.located]
    if lost:
        logger.warning("not located, see their `bracket`: %s", ", ".join(lost[:10]))


def continued(problem, branch, place, request, progress) -> Rows:
    """Trace on from one end of a branch; `place` is (row, sign).  Returns the new piece, that row included."""
    prepare()
    row, sign = place
    p = problem.parameter_values(branch.point(row).parameters)
    begun = Start(branch.unknowns[row].copy(), branch.tangents[row].copy(), p, request.vary, problem=problem)
    return assemble(problem, begun, {sign: run_direction(problem, begun, sign, request, progress)}, request)
