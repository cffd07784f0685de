"""What looks at a running trace: in which order, what it sees, how it ends a branch, and when it raises."""

import contextlib
import signal
import time

import pytest
from numpy.testing import assert_array_equal

from continuation import Problem, Settings, Status, TimeLimit, Watcher, trace

LINE = Problem.from_expressions({"x": "x - mu"}, {"mu": 0.0})
SMALL = Settings(step=0.01, max_step=0.01)
LIMITS = (Status.LIMIT, Status.LIMIT)


class Recorder(Watcher):
    """Notes every call; returns what `answer` says of the trace."""

    def __init__(self, name="", calls=None, answer=lambda trace: None, every_point=False):
        self.name, self.calls, self.answer = name, [] if calls is None else calls, answer
        self.every_point = every_point

    def begin(self, problem, start):
        self.calls.append((self.name, "begin", problem, start.vary))

    def after(self, trace):
        self.calls.append((self.name, "after", len(trace), trace.status))
        return self.answer(trace)

    def end(self, status):
        self.calls.append((self.name, "end", status))


class Broken(Watcher):
    """Raises in one of its methods."""

    def __init__(self, where):
        def fail(*_):
            raise ArithmeticError(where)

        setattr(self, where, fail)


def names(calls, what):
    return [call[0] for call in calls if call[1] == what]


def test_each_direction_begins_looks_and_ends_in_order():
    calls = []
    branch = trace(LINE, [0.0], "mu", (-1, 1), watch=(Recorder("a", calls), Recorder("b", calls)))
    assert branch.ends == LIMITS
    half = len(calls) // 2
    for direction in (calls[:half], calls[half:]):
        assert direction[:2] == [("a", "begin", LINE, "mu"), ("b", "begin", LINE, "mu")]
        assert direction[-2:] == [("b", "end", Status.LIMIT), ("a", "end", Status.LIMIT)]
        assert names(direction, "after") == ["a", "b"] * (len(names(direction, "after")) // 2)
        assert [call[3] for call in direction if call[1] == "after"][-1] is Status.LIMIT


def test_a_watcher_of_every_point_sees_every_row():
    sizes = []

    def look(running):
        sizes.append(len(running))
        assert running.last["x"] == running.last["mu"] == running.unknowns[-1, -1]
        assert (running.tangents.shape, running.step) == (running.unknowns.shape, 0.01)

    branch = trace(LINE, [0.0], "mu", (-1, 0.2), direction=1, settings=SMALL, watch=Recorder("", [], look, True))
    assert sizes == list(range(2, len(branch) + 1))


def test_portions_change_no_row():
    plain = trace(LINE, [0.0], "mu", (-3, 3), settings=SMALL)
    watched = trace(LINE, [0.0], "mu", (-3, 3), settings=SMALL, watch=Recorder(every_point=True))
    assert_array_equal(watched.unknowns, plain.unknowns)
    assert watched.effort == plain.effort


def test_the_first_status_ends_the_direction_and_all_are_asked():
    calls = []
    late = Recorder("a", calls, lambda running: Status.STOPPED if len(running) >= 5 else None, every_point=True)
    early = Recorder("b", calls, lambda running: Status.TIME_LIMIT if len(running) >= 5 else None)
    branch = trace(LINE, [0.0], "mu", (-1, 1), direction=1, settings=SMALL, watch=(late, early))
    assert (branch.ends[1], len(branch)) == (Status.STOPPED, 5)
    assert names(calls, "after") == ["a", "b"] * 4
    assert branch.extend(span=(-1, 1)).ends == LIMITS


def test_an_end_of_the_engines_own_stays_the_reason():
    late = Recorder(answer=lambda running: Status.STOPPED if running.status else None)
    assert trace(LINE, [0.0], "mu", (-1, 1), watch=(late,)).ends == LIMITS
    asked = []
    trace(LINE, [0.0], "mu", (-1, 1), direction=1, stop=lambda point: asked.append(point["mu"]))
    assert max(asked) < 1.0  # the user's stop test is not asked about a point that ends the branch anyway


@pytest.mark.parametrize("where", ["begin", "after", "end"])
def test_an_exception_is_the_callers_and_everybody_ends(where):
    calls = []
    watchers = (Recorder("a", calls), Broken(where), Recorder("b", calls))
    with pytest.raises(ArithmeticError, match=where):
        trace(LINE, [0.0], "mu", (-1, 1), watch=watchers)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert [call for call in calls if call[1] == "end" and call[0] == "a"] == [("a", "end", None)]
    assert names(calls, "begin") == (["a"] if where == "begin" else ["a", "b"])
    assert trace(LINE, [0.0], "mu", (-1, 1)).ends == LIMITS


def test_ctrl_c_in_a_watcher_ends_the_branch_and_the_watchers():
    recorder = Recorder(answer=lambda running: signal.raise_signal(signal.SIGINT), every_point=True)
    branch = trace(LINE, [0.0], "mu", (-1, 1), settings=SMALL, watch=recorder)
    assert branch.ends == (Status.INTERRUPTED, Status.INTERRUPTED)
    assert recorder.calls[-1] == ("", "end", Status.INTERRUPTED)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_no_watcher_or_no_status_is_refused():
    with pytest.raises(ValueError, match=r"watch: wanted a sequence of Watcher, got 3 in it"):
        trace(LINE, [0.0], "mu", watch=[3])
    with pytest.raises(TypeError, match=r"Recorder.after: wanted a Status or None, got True"):
        trace(LINE, [0.0], "mu", (-1, 1), watch=Recorder(answer=lambda running: True))


def test_progress_may_be_a_context_of_the_callers():
    seen = []

    @contextlib.contextmanager
    def shown(start):
        seen.append(start.vary)
        yield lambda state: len(seen) > 5 or seen.append(state)
        seen.append("left")

    branch = trace(LINE, [0.0], "mu", direction=1, settings=Settings(max_points=3), progress=shown)
    assert (seen[0], len(seen), seen[-1]) == ("mu", 3, "left")
    assert branch.ends[1] is Status.MAX_POINTS
    endless = trace(LINE, [0.0], "mu", direction=1, progress=lambda start: contextlib.nullcontext(lambda state: True))
    assert (endless.ends[1], len(endless)) == (Status.STOPPED, 65)


def test_a_live_picture_takes_ten_lines():
    plotting = pytest.importorskip("matplotlib.figure")

    class LivePlot(Watcher):
        def __init__(self, axes):
            self.axes = axes

        def begin(self, problem, start):
            (self.line,) = self.axes.plot([], [])

        def after(self, trace):
            self.line.set_data(trace.unknowns[:, -1].copy(), trace.unknowns[:, 0].copy())

    axes = plotting.Figure().subplots()
    branch = trace(LINE, [0.0], "mu", (-1, 1), watch=LivePlot(axes))
    ahead, back = axes.lines
    assert_array_equal(ahead.get_xdata(), branch["mu"][branch.start :])
    assert_array_equal(back.get_ydata()[::-1], branch["x"][: branch.start + 1])


# Time.


def test_a_time_limit_ends_a_slow_trace_which_goes_on_when_asked():
    def slow(u, p, out):
        time.sleep(0.002)
        out[0] = p[0] - u[0]

    problem = Problem(slow, ("x",), {"mu": 0.0}, compiled=False)
    began = time.monotonic()
    branch = trace(problem, [0.0], "mu", (-100, 100), settings=SMALL, watch=TimeLimit(0.3))
    assert branch.ends == (Status.TIME_LIMIT, Status.TIME_LIMIT)
    assert 0.3 < time.monotonic() - began < 20.0
    assert 2 < len(branch) < 200  # a step costs ten residuals or so
    assert branch.start <= 2  # no time was left for the second direction
    longer = branch.extend(max_points=5)
    assert longer.ends == (Status.MAX_POINTS, Status.MAX_POINTS)
    again = longer.extend(max_points=5, watch=TimeLimit(1e-9))
    assert again.ends == (Status.TIME_LIMIT, Status.TIME_LIMIT)
    assert len(again) == len(longer) + 2


def test_traces_that_are_given_one_time_limit_share_it():
    limit = TimeLimit(3600)
    assert trace(LINE, [0.0], "mu", (-1, 1), watch=limit).ends == LIMITS
    assert 0 < limit.used < 3600
    limit.used = 3600
    assert trace(LINE, [0.0], "mu", (-1, 1), watch=limit).ends == (Status.TIME_LIMIT, Status.TIME_LIMIT)


@pytest.mark.parametrize("seconds", [0, -1.0, float("inf"), float("nan"), "3"])
def test_a_time_limit_is_a_positive_number(seconds):
    with pytest.raises(ValueError, match=r"TimeLimit\(seconds=...\): wanted a positive number of seconds"):
        TimeLimit(seconds)
