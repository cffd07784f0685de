"""What looks at a trace while it runs, and may end it: the protocol of watchers, and those most users want.

A stopping rule of your own is a subclass of `Watcher` and nothing else; one that ends branches with a word of its own
adds that word to `continuation.ground.status.Status`.
"""

import contextlib
import time

from continuation.compiled.state import trace_state as S
from continuation.engine.numbering import cut_rows
from continuation.ground.arguments import check_sequence, shown
from continuation.ground.names import check_seconds
from continuation.ground.points import Point, Start
from continuation.ground.status import Status


class RunningTrace:
    """One direction of a branch while it is traced, as watchers see it.

    Its arrays are views of the engine's: read them, keep copies only.

    Attributes
    ----------
    problem : Problem
    start : Start
        Where the direction begins; ``start.vary`` is the name of the varied parameter.
    status : Status or None
        None while the direction can go on, else how it ended.
    state : continuation.compiled.state.trace_state.State
        The engine's own arrays.
    """

    def __init__(self, problem, start, state):
        self.problem, self.start, self.state, self.status = problem, start, state, None

    def __len__(self):
        return int(self.state.integers[S.ROWS])

    @property
    def records(self):
        """(m, width) the engine's records of the rows so far."""
        return self.state.rows[: len(self)]

    @property
    def unknowns(self):
        """(m, N) rows so far, from the start on, the varied parameter last."""
        return self.records[:, : len(self.start.x)]

    @property
    def tangents(self):
        """(m, N) unit tangents of the rows so far, along the direction."""
        size = len(self.start.x)
        return self.records[:, size : 2 * size]

    @property
    def step(self) -> float:
        """Length of the next step."""
        return float(self.state.floats[S.H])

    @property
    def last(self):
        """The `Point` of the last row: its state, parameters and counts (outputs are evaluated at the end only)."""
        return point_of_record(self.problem, self.start, self.records[-1])

    def cut(self, row: int, record=None, status=Status.LIMIT):
        """End the direction before a row: of what was traced only the rows before it stay, and `record` behind them.

        Ctrl-C stays the reason of the end where it was.
        """
        if record is not None:
            self.state.rows[row] = record
            row += 1
        cut_rows(self.state, row)
        if self.status is not Status.INTERRUPTED:
            self.status = status


class Watcher:
    """What looks at a trace while it runs, given as ``trace(..., watch=(...))``; override what you need.

    Each direction of the branch calls ``begin`` once, ``after`` again and again, and ``end`` once, of several
    watchers in the order in which they were given (``end`` in the opposite one).  An exception in any of them ends
    the trace and is the caller's; ``end`` is called even then, of every watcher that has begun.

    Attributes
    ----------
    every_point : bool
        True: ``after`` is called after each accepted point (some 10 microseconds each).  False: after each portion of
        points, of which there are some 20 a second, 64 points in the first.
    remarks : sequence of str
        Lines that the branch is to bear, read when a direction has ended.

    Examples
    --------
    A picture that grows while the branch is traced::

        class LivePlot(Watcher):
            def __init__(self, axes):
                self.axes = axes

            def begin(self, problem, start):
                (self.line,) = self.axes.plot([], [])

            def after(self, trace):
                self.line.set_data(trace.unknowns[:, -1], trace.unknowns[:, 0])
                self.axes.relim()
                self.axes.autoscale_view()
                self.axes.figure.canvas.draw_idle()
                self.axes.figure.canvas.flush_events()
    """

    every_point = False
    remarks = ()

    def begin(self, problem, start):
        """Prepare for one direction, which begins at the `Start` `start`."""

    def after(self, trace: RunningTrace):
        """Look at what has been traced.

        Returns
        -------
        Status or None
            A `Status` ends the direction at its last point, unless it has ended there anyway (``trace.status``).
        """

    def end(self, status):
        """Finish with one direction: why it ended, None where an exception ended it."""


class StopAt(Watcher):
    """End a direction where ``function(point)`` is true for an accepted point."""

    every_point = True

    def __init__(self, function):
        self.function = function

    def after(self, trace):
        """Ask the function about the last row."""
        return Status.STOPPED if trace.status is None and self.function(trace.last) else None


class TimeLimit(Watcher):
    """End a branch after so many seconds of tracing: ``trace(..., watch=(TimeLimit(2.0),))``.

    The seconds are those of all directions (and of all traces that are given the same object) together; a direction
    that begins when none are left ends after its first point.  What comes before and after tracing, compiling above
    all, does not count.

    Parameters
    ----------
    seconds : float
        A step that has begun is finished first, so that the limit is overstepped by the time that one step takes.

    Examples
    --------
    >>> from continuation import Problem, TimeLimit, trace
    >>> line = Problem.from_expressions({"x": "x - mu"}, {"mu": 0})
    >>> trace(line, [0.0], "mu", direction=1, watch=(TimeLimit(1e-6),)).ends[1].name
    'TIME_LIMIT'
    """

    every_point = True

    def __init__(self, seconds):
        self.seconds, self.used, self.began = check_seconds("TimeLimit(seconds=...)", seconds), 0.0, 0.0

    def begin(self, problem, start):
        """Start the clock."""
        self.began = time.monotonic()

    def after(self, trace):
        """Look at the clock."""
        return Status.TIME_LIMIT if self.used + time.monotonic() - self.began >= self.seconds else None

    def end(self, status):
        """Stop the clock."""
        self.used += time.monotonic() - self.began


def check_watchers(watch) -> tuple:
    """The watchers, if all of them are."""
    watchers = (
        (watch,) if isinstance(watch, Watcher) else tuple(check_sequence("watch", watch, "a sequence of Watcher"))
    )
    for watcher in watchers:
        if not isinstance(watcher, Watcher):
            raise ValueError(f"watch: wanted a sequence of Watcher, got {shown(watcher)} in it")
    return watchers


@contextlib.contextmanager
def attended(watchers, trace: RunningTrace):
    """Begin the watchers in their order; end those that have begun in the opposite one, whatever happens."""
    with contextlib.ExitStack() as stack:
        for watcher in watchers:
            watcher.begin(trace.problem, trace.start)
            stack.push(_ending(watcher, trace))
        yield


def _ending(watcher, trace):
    """What a context calls at its exit to end a watcher; exceptions go on."""

    def leave(kind, error, traceback):
        watcher.end(trace.status if kind is None else None)

    return leave


def asked_to_end(watchers, trace: RunningTrace):
    """Let every watcher look; the first `Status` that one of them returns, None without."""
    wanted = None
    for watcher in watchers:
        status = watcher.after(trace)
        if status is not None and not isinstance(status, Status):
            raise TypeError(f"{type(watcher).__name__}.after: wanted a Status or None, got {status!r}")
        wanted = wanted or status
    return wanted


def point_of_record(problem, begun: Start, record) -> Point:
    """`Point` of a record of the engine on a trace that began at `begun`."""
    size = len(begun.x)
    states, varied = problem.columns(record[None, :size])
    values = dict(zip(problem.parameters, begun.p.tolist()))
    values |= dict(zip(problem.varied_names(begun.vary), varied[0].tolist()))
    base = len(record) - S.SCALARS
    counts = int(record[base + S.UNSTABLE]), int(record[base + S.NULLITY])
    unknowns, tangent = record[:size].copy(), record[size : 2 * size].copy()
    return Point(states[0].copy(), values, problem.states, {}, *counts, tangent, unknowns)
