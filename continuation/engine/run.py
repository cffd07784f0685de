"""Enter the compiled loop: make its state, start it, run it in portions, with watchers and Ctrl-C in between."""

import contextlib
import functools
import math
import time

import numpy as np

from continuation.compiled.calls.interface import OK, SINGULAR, call_from_python
from continuation.compiled.events import near_crossing
from continuation.compiled.loop import growth
from continuation.compiled.loop.loop import run
from continuation.compiled.loop.rare import rare
from continuation.compiled.state import tasks
from continuation.compiled.state import trace_state as S
from continuation.compiled.state.messages import FOUND
from continuation.compiled.steps import predict
from continuation.engine.watching import asked_to_end
from continuation.equations.measures.measure import ORDINARY, Measure, units_of
from continuation.ground.interrupts import interrupt_sets
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, Status
from continuation.kinds import registry
from continuation.kinds.special_kind import BY_KERNEL
from continuation.results.request import Steps

FIRST_PORTION, LARGEST_PORTION = 64, 1 << 20  # points; none of these changes a result
PORTION_SECONDS = 0.05  # of the usual portion: ten times more and a display is jerky, ten times less and it costs time
# Room for so many floats of rows, and so many rows at least, before more is asked for: untouched pages cost nothing.
FIRST_FLOATS, LEAST_ROWS = 1 << 23, 64
SMALLEST_LAPACK, MANY_THREADS = 4, 400  # orders between which one thread is best
# How far, relative to the unit of p and |p|, a start on a fold may be moved; less refuses folds given to 7 digits.
SHIFT = 1e-7
# Size of the inverse of [F_u F_p] with a generic row beyond which its rank is looked at (an SVD): ten times less costs
# that for more starts, ten times more takes points within 1e-9 of a branch point for regular ones.
ILL = 1e8

KIND_CODES = {kind: registry.number_of(kind) for kind in Kind if kind is not Kind.END}
KINDS = dict(enumerate(registry.NUMBERED))
TRAITS = {kind: registry.of(kind).traits for kind in registry.NUMBERED}
STATUSES = {
    S.LIMIT: Status.LIMIT,
    S.CLOSED: Status.CLOSED,
    S.MAX_REACHED: Status.MAX_POINTS,
    S.STOPPED: Status.STOPPED,
    S.INTERRUPTED: Status.INTERRUPTED,
    S.TOO_SMALL: Status.STEP_TOO_SMALL,
    S.IS_SINGULAR: Status.SINGULAR,
    S.IS_NONFINITE: Status.NONFINITE,
    S.UNRESOLVED: Status.UNRESOLVED,
    S.CALLBACK_FAILED: Status.CALLBACK_FAILED,
}


def code_of(kind: Kind | None) -> int:
    """The engine's number of a kind; of None, that it means nothing."""
    return S.NO_KIND if kind is None else KIND_CODES[kind]


def bits_of(kinds) -> int:
    """Kinds as the engine's bits; several kinds may share one."""
    return sum(1 << code for code in {KIND_CODES[kind] for kind in kinds})


@functools.cache
def traits_table() -> np.ndarray:
    """(kinds + 1, state.TRAITS) the kinds' traits for the engine; the last row, of no kind, says nothing."""
    table = np.zeros((len(S.KINDS) + 1, S.TRAITS), np.int64)
    for kind, traits in TRAITS.items():
        marks = {
            S.LOCATED_BY_BISECTION: traits.bisected,
            S.COMES_FIRST: traits.first,
            S.MAY_TOUCH: traits.may_touch,
            S.CLOSES_AT_START: traits.closes,
        }
        row = table[KIND_CODES[kind]]
        row[S.MARKS] = sum(mark for mark, has_it in marks.items() if has_it)
        row[S.EXPLAINS], row[S.BESIDE] = bits_of(traits.explains), bits_of(traits.beside)
        row[S.INSTEAD] = code_of(traits.instead)
        row[S.COUNT_CHANGE] = S.BY_KERNEL if traits.count_change is BY_KERNEL else traits.count_change
    table.flags.writeable = False
    return table


@functools.cache
def kinds_with(trait: str) -> tuple:
    """Kinds that have one of the yes-or-no traits."""
    return tuple(kind for kind, traits in TRAITS.items() if getattr(traits, trait))


def make_state(operations, span, steps: Steps, settings) -> S.State:
    """Arrays of a trace that has not started."""
    size, tests = operations.size, len(operations.tests)
    wide, width = S.work_width(size), S.width(size, tests, operations.context)
    o = operations
    asked = [(c.address, c.data) for c in (o.residual, o.linearise, o.solve, o.monitor, o.refine, o.adapt)]
    kinds = [code_of(test.kind) for test in o.tests]
    rows = min(settings.max_points + settings.max_points // 4 + 64, max(FIRST_FLOATS // width, LEAST_ROWS))
    limits = ((size - 1, *span), *o.limits)
    is_usual = bool(np.all(units_of(o.weights) == 1.0))
    state = S.State(
        table=np.zeros(0, np.int64),
        ops=np.array([*np.ravel(asked), rare.address], np.int64),
        kinds=np.array(kinds, np.int64),
        traits=traits_table(),
        parameters=np.array(o.p, float),
        weights=np.array(o.weights, float),
        integers=first_integers(o, is_usual, settings),
        floats=first_floats(is_usual, steps, settings),
        effort=np.zeros(S.EFFORTS, np.int64),
        work=np.zeros((S.WORK_ROWS, wide)),
        scratch=np.zeros(2 * size + FOUND),
        slots=np.zeros((S.SLOTS, width)),
        stack=np.zeros((S.STACK_DEPTH, width)),
        rows=np.empty((rows, width)),
        brackets=np.zeros((8, 2 * size)),
        limits=np.array([(*limit, 1 / math.sqrt(o.weights[limit[0]])) for limit in limits], float),
        notes=np.zeros((S.MOST_NOTES, 2), np.int64),
        crossings=np.zeros((S.MOST_CROSSINGS, size + S.CROSSING)),
    )
    return S.with_table(state)


def first_integers(operations, is_usual, settings) -> np.ndarray:
    """The state's integers before the first step."""
    i = np.zeros(S.INTEGERS, np.int64)
    i[S.SIZE], i[S.TESTS], i[S.ACTIVE] = operations.size, len(operations.tests), operations.active
    i[S.MAX_POINTS], i[S.MAX_NEWTON], i[S.FRESH] = settings.max_points, settings.newton_iterations, 2
    i[S.LOOKS], i[S.SMOOTHNESS] = S.MOST_LOOKS, operations.smoothness
    i[S.PREVIOUS], i[S.LEFT], i[S.NEXT] = S.FIRST_PREVIOUS, S.FIRST_LEFT, S.FIRST_NEXT
    i[S.PRESCRIBED] = settings.step is not None and settings.step == settings.max_step
    free = settings.max_step is None  # else a step of that length would become longer
    i[S.PATIENCE] = growth.FIRST_PATIENCE if is_usual else growth.PATIENCE
    i[S.ADAPTS] = {"each": growth.EACH, "together": growth.TOGETHER}.get(operations.grows if free else "", growth.FIXED)
    i[S.PREDICTOR] = predict.CODES[settings.predictor]
    (meeting,), (kink,) = kinds_with("meeting"), kinds_with("kink")
    i[S.COUNT_KIND], i[S.MEETING_KIND] = code_of(operations.counts), code_of(meeting)
    i[S.KINK_KIND], i[S.TURNED_AT], i[S.PASSED] = code_of(kink), -1 - near_crossing.LATER, -1
    i[S.TURN_KINDS] = bits_of(kinds_with("turns"))
    i[S.MOVES] = (settings.adapt or Settings.adapt) if operations.adapt.address != 0 else 0
    i[S.MESH_HELD] = settings.adapt == 0
    i[S.GUARDED] = operations.refine.address != 0 and any(test.kind is meeting for test in operations.tests)
    return i


def first_floats(is_usual, steps: Steps, settings) -> np.ndarray:
    """The state's floats before the first step."""
    f = np.zeros(S.FLOATS)
    f[S.H], f[S.MIN_H], f[S.MAX_H] = steps.first, steps.least, steps.largest
    f[S.GROWN] = ORDINARY if is_usual else growth.AGAIN
    f[S.TOLERANCE], f[S.MAX_ANGLE] = settings.tolerance, math.tan(min(settings.max_angle, 1.57))
    f[S.WAIVE_NEXT], f[S.AHEAD], f[S.SOUGHT] = 1.0, math.inf, math.inf
    return f


def ask(state: S.State, task: int, *arrays, argument: float = 0.0) -> int:
    """Let the engine do one of its rare tasks; up to three contiguous arrays of floats, see `compiled.tasks`."""
    state.integers[S.TASK], state.floats[S.ARGUMENT], state.integers[S.LOOKS] = task, argument, S.MOST_LOOKS
    return call_from_python(rare, state.address, *arrays)


def grow(state: S.State) -> S.State:
    """The same state with twice the room."""
    used, capacity = int(state.integers[S.ROWS]), len(state.rows)
    rows = np.empty((2 * capacity, state.rows.shape[1]))
    rows[:used] = state.rows[:used]
    brackets = np.concatenate([state.brackets, np.zeros_like(state.brackets)])
    return S.with_table(state._replace(rows=rows, brackets=brackets))


def correct_at_parameter(state: S.State, x: np.ndarray) -> bool:
    """Correct x = (u, p) in place at fixed p by the engine's own Newton; False where it does not converge."""
    row = np.zeros(len(x))
    row[-1] = 1.0
    copy = x.copy()
    code = ask(state, tasks.CORRECT, copy, row, argument=x[-1])
    if code == OK:
        x[:] = copy
    return code == OK


def correct_nearby(state: S.State, x: np.ndarray, measure: Measure) -> bool:
    """Correct x = (u, p) in place by a correction of least norm; False unless the parameter hardly moves.

    For a start on a fold whose digits were rounded: no solution may exist at exactly its parameter.
    """
    ok, tangent, _ = tangent_at(state, x, measure)
    if not ok:
        return False
    row, copy = state.weights * tangent, x.copy()
    code = ask(state, tasks.CORRECT, copy, row, argument=row @ x)
    unit = 1 / math.sqrt(state.weights[-1])
    near = code == OK and abs(copy[-1] - x[-1]) <= SHIFT * (unit + abs(x[-1]))
    if near:
        x[:] = copy
    return near


def tangent_at(state: S.State, x: np.ndarray, measure: Measure):
    """Leave the bordered solution at x in the state; returns (ok, tangent, condition estimate).

    The border is a fixed generic row, so that folds are regular.
    """
    size = len(x)
    row = np.cos(1.0 + 2.0 * np.arange(size) ** 1.5)
    row /= np.linalg.norm(row) * measure.units
    if ask(state, tasks.EVALUATE, x) != OK:
        return False, None, math.inf
    generic = np.sin(3.0 + np.arange(size - 1))
    state.work[S.F, : size - 1] = generic * measure.equations
    if ask(state, tasks.NEWTON_STEP, x, row) != OK:
        return False, None, math.inf
    response = state.work[S.SOLUTION, :size] / measure.units
    z = state.work[S.SOLUTION, size : 2 * size].copy()
    scale = np.max(np.abs(generic)) / max(np.max(np.abs(response)), 1e-300)
    z /= math.sqrt(np.sum(state.weights * z * z))
    return bool(np.all(np.isfinite(z))), z, 1.0 / scale


def tangent_anew(state: S.State, x: np.ndarray, tangent: np.ndarray, weights: np.ndarray):
    """The unit tangent at x along one that is nearly it, and the length of that part of it; itself on failure."""
    state.work[S.F, : len(x) - 1] = 0.0
    state.parameters[state.integers[S.ACTIVE]] = x[-1]
    if ask(state, tasks.NEWTON_STEP, x, weights * tangent) != OK:
        return tangent, 1.0
    z = state.work[S.SOLUTION, len(x) : 2 * len(x)].copy()
    length = math.sqrt(np.sum(weights * z * z))
    return (z / length, 1.0 / length) if math.isfinite(length) and length > 0.0 else (tangent, 1.0)


def begin(state: S.State, x: np.ndarray, tangent: np.ndarray, silent: np.ndarray) -> int:
    """Put the start with its oriented tangent into the state as first row; returns a status.

    `silent` (K,) marks the test functions that vanish at the start: they are no information there.
    """
    status = ask(state, tasks.EVALUATE, x)
    row = state.weights * tangent
    if status == OK:
        state.work[S.F, : len(x) - 1] = 0.0
        status = ask(state, tasks.NEWTON_STEP, x, row)
    if status == OK:
        status = ask(state, tasks.FINISH, x, row, state.slots[S.FIRST_LEFT], argument=state.floats[S.RESULT])
    if status in (OK, SINGULAR):
        place_first(state, silent)
    return status


def begin_singular(state: S.State, x: np.ndarray, tangent: np.ndarray):
    """Start at a point where the bordered matrix is singular: no test function is known there."""
    record, behind = state.slots[S.FIRST_LEFT], 2 * (len(x) + len(state.kinds))
    record[:behind], record[len(record) - S.SCALARS :] = 0.0, 0.0
    record[: len(x)], record[len(x) : 2 * len(x)] = x, tangent
    base = len(record) - S.SCALARS
    record[base + S.KIND], record[base + S.TEST], record[base + S.LOCATED] = S.REGULAR, -1, 1.0
    place_first(state, np.ones(len(state.kinds), bool))


def begin_behind(state: S.State, x: np.ndarray, tangent: np.ndarray):
    """Put a singular point before the first row: it becomes the start, the row that was there goes on."""
    ahead, row = state.slots[S.FIRST_LEFT].copy(), state.rows[0].copy()
    begin_singular(state, x, tangent)
    state.rows[1], state.slots[S.FIRST_LEFT] = row, ahead
    state.integers[S.ROWS] = state.integers[S.POINTS] = 2


def place_first(state: S.State, silent: np.ndarray):
    """Make the record in LEFT the start and the first row; tests that vanish there are no information."""
    left, size, tests = state.slots[S.FIRST_LEFT], int(state.integers[S.SIZE]), len(state.kinds)
    phi = left[2 * size : 2 * size + tests]
    phi[silent] = 0.0
    state.slots[S.START] = left
    state.rows[0] = left
    state.integers[S.ROWS] = state.integers[S.POINTS] = 1
    base = len(left) - S.SCALARS
    if np.any(phi == 0.0) or left[base + S.NULLITY] > 0:
        left[base + S.UNSTABLE] = S.UNKNOWN


def run_all(running, watchers=()) -> Status:
    """Run to the end of the direction and return why it ended; `running` holds its rows.

    After each portion of points every watcher looks, and may end the direction.  Ctrl-C ends it with what was found,
    and so does KeyboardInterrupt from anything that the caller gave.
    """
    flag = running.state.integers[S.FLAG : S.FLAG + 1]
    try:
        with interrupt_sets(flag):
            return run_portions(running, watchers, flag)
    except KeyboardInterrupt:
        running.status = Status.INTERRUPTED
        return running.status


def run_portions(running, watchers, flag) -> Status:
    """`run_all`; the engine stops where ``flag[0]`` is set."""
    each = any(watcher.every_point for watcher in watchers)
    portion = 1 if each else FIRST_PORTION
    while True:
        began = time.perf_counter()
        running.state.integers[S.BUDGET] = portion
        code = call_from_python(run, running.state.address)
        if code == S.FULL:
            running.state = grow(running.state)
            continue
        running.status = STATUSES.get(code)  # none of a pause
        if code == S.INTERRUPTED:
            flag[0] = 0  # watchers may ask the engine again
        wanted = asked_to_end(watchers, running)
        running.status = running.status or wanted
        if running.status:
            return running.status
        if not each and time.perf_counter() - began < PORTION_SECONDS / 2:
            portion = min(2 * portion, LARGEST_PORTION)


def few_threads(order: int):
    """Keep LAPACK to one thread where its matrices are too small for more: waiting threads cost more than they do."""
    if not SMALLEST_LAPACK <= order <= MANY_THREADS:
        return contextlib.nullcontext()
    return _blas().limit(limits=1, user_api="blas")


@functools.cache
def _blas():
    """The BLAS libraries of this process."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
