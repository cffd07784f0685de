"""`trace`: follow the solution branch through a start, in one or both directions."""

import logging
import math
from dataclasses import replace

from continuation.collect import assemble
from continuation.compiled import state as S
from continuation.compiled.interface import OK
from continuation.engine import KIND_CODES, STATUSES, begin, begin_singular, make_state, run_all
from continuation.settings import Settings
from continuation.start import Start, start_from
from continuation.status import ContinuationError, Kind, StartError, Status

logger = logging.getLogger("continuation")
FAILURES = (Status.STEP_TOO_SMALL, Status.SINGULAR, Status.NONFINITE, Status.CALLBACK_FAILED, Status.BAD_START)


def trace(
    problem,
    start,
    vary,
    span=(-math.inf, math.inf),
    *,
    parameters=None,
    settings=None,
    direction="both",
    detect="all",
    stop=None,
    progress=False,
    strict=False,
):
    """Follow the branch of solutions of ``F(u, p) = 0`` through `start` while the parameter `vary` changes.

    Parameters
    ----------
    problem : Problem
    start : array (n,), mapping of names, Point, SpecialPoint or one of `switch`'s starts
        Corrected first, at the value of `vary` in `parameters`, else at the start point, else the default.
    vary : str
        Name of the parameter.
    span : (low, high)
        Limits of the varied parameter; the last point lies on the limit.
    parameters : mapping of str to float, optional
        Values that differ from the defaults (or from those of the start point).
    settings : Settings, optional
    direction : "both", +1 or -1
        +1: the parameter increases at the start.  A switched start goes outward only.
    detect : "all" or a set of Kind
        Special points to look for.
    stop : Kind, int or callable, optional
        End at the first point of this kind, after this many special points, or where ``stop(point)`` is true for an
        accepted `Point`.
    progress : bool
        Show points and parameter on the terminal while tracing.
    strict : bool
        Raise `ContinuationError` (it carries the branch) where an end is a numerical failure.

    Returns
    -------
    Branch
        Rows from the -1 end through the start to the +1 end; see `Branch`.

    Raises
    ------
    ValueError
        An argument can't be used; the message names it, what came and what was wanted.
    StartError
        A ValueError: the start could not be corrected to a solution, or is a branch point.

    Notes
    -----
    Each accepted step costs one factorisation of order n + 1 for each Newton iteration (one, when the step is small)
    and, for flows, one spectrum of F_u.  Interrupting (Ctrl-C) returns the partial branch.

    Examples
    --------
    >>> from continuation import Problem, trace
    >>> def f(u, p, out):
    ...     out[0] = p[0] - u[0] ** 2
    >>> branch = trace(Problem(f, ["x"], {"mu": 1.0}), start=[1.0], vary="mu", span=(-1, 4))
    >>> [point.label for point in branch.special]
    ['EP1', 'LP1', 'EP2']
    >>> abs(branch["LP1"]["mu"]) < 1e-12
    True
    """
    settings = Settings() if settings is None else settings
    if not isinstance(settings, Settings):
        raise ValueError(f"settings: wanted Settings(...), got {type(settings).__name__}")
    problem.index_of(vary) if isinstance(vary, str) else _refuse_vary(problem, vary)
    wanted, stops = detected_kinds(detect), checked_stop(stop)
    begun = replace(start_from(problem, start, vary, parameters, check_span(span)), detect=frozenset(wanted))
    signs = directions(direction, begun)
    runs = {}
    for sign in signs:
        run = _run_one(problem, begun, sign, settings, (wanted, stops), progress)
        runs[sign] = run
        if run.status is Status.CLOSED:
            runs = {sign: run}
            break
    branch = assemble(problem, begun, runs, settings)
    _report(branch, runs, strict)
    return branch


class Run:
    """One direction: its rows, how it ended, and the work it took."""

    def __init__(self, operations, state, code):
        self.operations, self.state, self.code = operations, state, code
        self.status = STATUSES[code]
        self.rows = state.rows[: state.i[S.ROWS]].copy()


def _run_one(problem, begun: Start, sign, settings, hunt, progress):
    """Trace one direction from a prepared start."""
    (wanted, stops), (low, high) = hunt, begun.span
    operations = problem.operations(begun.p.copy(), begun.active)
    state = make_state(operations, begun.span, step_lengths(settings, begun.span), settings)
    state.i[S.DETECT] = sum(1 << KIND_CODES[kind] for kind in wanted)
    state.i[S.STOP_KINDS] = sum(1 << KIND_CODES[kind] for kind in stops if isinstance(kind, Kind))
    state.i[S.STOP_COUNT] = next((count for count in stops if isinstance(count, int)), 0)
    tangent = sign * begun.tangent
    if begun.outward:
        begin_singular(state, begun.x, tangent)
    elif (status := begin(state, begun.x, tangent)) != OK:
        raise StartError(f"the equations could not be evaluated at the corrected start (status {status})")
    leaves = (begun.x[-1] >= high and tangent[-1] > 0) or (begun.x[-1] <= low and tangent[-1] < 0)
    if leaves and not begun.outward:
        return Run(operations, state, S.LIMIT)
    function = next((s for s in stops if callable(s) and not isinstance(s, Kind)), None)
    watch = _watcher(problem, begun, function) if function else None
    with _progress(progress, begun) as shown:
        state, code = run_all(state, stop=watch, progress=shown)
    _raise_interrupt_from_callbacks(problem, state, code)
    return Run(operations, state, code)


def _raise_interrupt_from_callbacks(problem, state, code):
    """Log the traceback of an exception that ended the branch inside a plain Python function."""
    errors = [f.error for f in problem.functions.values() if f.error is not None]
    if code == S.CALLBACK_FAILED and errors:
        logger.error("a function of the problem raised; the branch ends there", exc_info=errors[-1])
    for f in problem.functions.values():
        f.error = None


def _progress(progress, begun):
    """Context manager whose value is called with the state after each portion."""
    from continuation.progress import silent, terminal

    return terminal(begun) if progress else silent()


def _watcher(problem, begun, function):
    """Make the engine's stop test of the user's: it sees the last stored point."""

    def watch(state):
        row = state.rows[state.i[S.ROWS] - 1]
        return bool(function(begun.point_at(problem, row)))

    return watch


def _refuse_vary(problem, vary):
    raise ValueError(f"vary: wanted the name of one parameter of {list(problem.parameters)}, got {vary!r}")


def check_span(span):
    """(low, high) as floats, low < high."""
    try:
        low, high = (float(value) for value in span)
    except (TypeError, ValueError):
        raise ValueError(f"span: wanted two numbers (low, high), got {span!r}") from None
    if not low < high:
        raise ValueError(f"span: wanted low < high, got {span!r}")
    return low, high


def detected_kinds(detect) -> set:
    """The kinds to look for."""
    if isinstance(detect, str) and detect == "all":
        return set(KIND_CODES)
    kinds = {detect} if isinstance(detect, Kind) else detect
    try:
        kinds = set(kinds)
    except TypeError:
        raise ValueError(f'detect: wanted "all" or a set of Kind, got {detect!r}') from None
    for kind in kinds:
        if not isinstance(kind, Kind) or kind not in KIND_CODES:
            raise ValueError(f"detect: wanted Kinds of {[k.name for k in KIND_CODES]}, got {kind!r}")
    return kinds


def checked_stop(stop) -> tuple:
    """The stop condition as a tuple: nothing, or one Kind, count or callable."""
    if stop is None:
        return ()
    if isinstance(stop, Kind):
        if stop not in KIND_CODES:
            raise ValueError(f"stop: wanted one of {[k.name for k in KIND_CODES]}, got {stop!r}")
        return (stop,)
    if isinstance(stop, int) and not isinstance(stop, bool) and stop > 0:
        return (stop,)
    if callable(stop):
        return (stop,)
    raise ValueError(f"stop: wanted a Kind, a count of at least 1 or a function of a Point, got {stop!r}")


def directions(direction, begun: Start) -> tuple:
    """Signs of the tangent to follow, +1 first."""
    if isinstance(direction, str) and direction == "both":
        return (1,) if begun.outward else (1, -1)
    if direction in (1, -1) and not isinstance(direction, bool):
        return (1,) if begun.outward else (int(direction),)
    raise ValueError(f'direction: wanted "both", +1 or -1, got {direction!r}')


def step_lengths(settings, span):
    """First, smallest and largest step: as set, else fractions of a finite span."""
    length = span[1] - span[0]
    finite = math.isfinite(length)
    largest = settings.max_step or max(length / 20 if finite else 0.5, settings.step or 0.0)
    first = settings.step or min(length / 100 if finite else 0.01, largest)
    return first, settings.min_step or min(1e-9 * largest, first), largest


def _report(branch, runs, strict):
    """Log or raise what ended badly."""
    for status in branch.ends:
        if status in FAILURES:
            if strict:
                raise ContinuationError(f"{status.name}: {status.advice}", branch)
            logger.warning("%s: %s", status.name, status.advice)
    lost = [point for point in branch.special if not point.located]
    if lost:
        logger.warning("%d special point(s) could not be located, see `bracket`: %s", len(lost), lost[0].label)


def continued(problem, branch, place, span, settings, progress):
    """Trace on from one end of a branch; `place` is (row, sign).  Returns the new piece, that row included."""
    row, sign = place
    vary, point = branch.vary[0], branch.point(row)
    begun = Start(
        x=branch.unknowns[row].copy(),
        tangent=branch.tangents[row].copy(),
        p=problem.parameter_values(point.parameters),
        vary=vary,
        active=problem.index_of(vary),
        span=span,
        detect=frozenset(KIND_CODES),
        problem=problem,
    )
    run = _run_one(problem, begun, sign, settings, (KIND_CODES, ()), progress)
    return assemble(problem, begun, {sign: run}, settings)
