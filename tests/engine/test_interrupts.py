"""Ctrl-C ends a trace at once, wherever it is, and loses nothing; what handled SIGINT before handles it again."""

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from continuation import Problem, Settings, Status, Watcher, trace
from continuation.ground import interrupts
from continuation.ground.interrupts import FlagSetter, Listener, interrupt_sets, listening, raise_if_heard

# Within one step: functions that take a tenth of a millisecond, and more branch points than can be told apart.
ONE_STEP = """
import math, sys, time
from continuation import Problem, Settings, trace

def f(u, p, out):
    rest = 0.0
    for k in range(10000):
        rest += math.cos(k + u[0])
    out[0] = p[0] - u[0] + 1e-30 * rest
    out[1] = 1e-3 * math.sin(1e7 * u[0]) * u[1]

calls = 0

def plain(u, p, out):
    global calls
    calls += 1
    if calls == 700:  # its start has been corrected, and steps are being taken
        print("ready", flush=True)
    time.sleep(0.002)
    out[0] = p[0] - u[0]
    for k in range(1, len(u)):
        out[k] = 1e-3 * math.sin(1e7 * u[0] + k - 1) * u[k]

if sys.argv[1] == "compiled":
    problem = Problem(f, ("u", "v"), {"p": 0.0})
    trace(problem, [1e-8, 0.0], "p", direction=1, parameters={"p": 1e-8}, settings=Settings(max_points=1))
else:
    problem = Problem(plain, tuple(f"u{k}" for k in range(40)), {"p": 0.0}, compiled=False)
start = [1e-8, *[0.0] * (len(problem.states) - 1)]
if sys.argv[1] == "compiled":
    print("ready", flush=True)
settings = Settings(max_points=1000, step=0.1, max_step=0.1)
branch = trace(problem, start, "p", direction=int(sys.argv[2]), parameters={"p": 1e-8}, settings=settings)
print([end.name for end in branch.ends], len(branch), flush=True)
"""


def time_of_answer(code, *arguments, wait=1.0):
    """Seconds from Ctrl-C to the next line that a program prints, and the line."""
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(wait)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        line = process.stdout.readline()
        seconds = time.monotonic() - began
        assert process.wait(20) == 0
    return seconds, line


def test_ctrl_c_ends_a_trace_inside_one_step():
    seconds, line = time_of_answer(ONE_STEP, "compiled", "1")
    assert "INTERRUPTED" in line
    assert seconds < 1.5  # 0.3 where the machine is free


def test_ctrl_c_ends_a_step_of_plain_python_functions():
    """A Jacobian of 40 differences takes a tenth of a second; `both` directions are ended at once."""
    seconds, line = time_of_answer(ONE_STEP.replace("int(sys.argv[2])", "'both'"), "python", "0")
    assert "INTERRUPTED" in line
    assert seconds < 1.5


def line_problem(callback=None, scales=(("u", 1.0), ("p", 1.0))):
    """``u = p``, with a function that is called with u at each evaluation.

    Magnitudes are given, so that none are looked for: that evaluates F far along the branch before the first
    row, where callbacks that wait for a large u would end the call, not a trace.
    """

    def f(u, p, out):
        out[0] = p[0] - u[0]
        if callback is not None:
            callback(u)

    return Problem(f, ("u",), {"p": 0.0}, compiled=False, scales=None if scales is None else dict(scales))


class Steps(Watcher):
    """Tells whether steps are being taken."""

    taken = False

    def begin(self, problem, start):
        """Before the first one."""
        self.taken = True


def test_keyboard_interrupt_from_a_function_of_the_users_ends_the_trace(caplog):
    def refuse(u):
        if u[0] > 0.5:
            raise KeyboardInterrupt

    branch = trace(line_problem(refuse), [0.0], "p", (-1, 1), direction=1)
    assert branch.ends[1] is Status.INTERRUPTED
    assert 0.1 < branch["u"].max() <= 0.5
    assert branch.effort["rejections"] == {}
    assert "Traceback" not in caplog.text


def test_ctrl_c_ends_a_trace_whose_magnitudes_are_looked_for():
    """Before its first row there is nothing to keep: Ctrl-C is raised; afterwards the rows are."""
    steps = Steps()

    def press(u):
        if u[0] > 0.5 and (steps.taken or at_once):
            signal.raise_signal(signal.SIGINT)

    at_once = False
    branch = trace(line_problem(press, scales=None), [0.0], "p", (-1, 1), direction=1, watch=(steps,))
    assert branch.ends[1] is Status.INTERRUPTED
    assert 0.1 < branch["u"].max() <= 0.5
    at_once = True
    with pytest.raises(KeyboardInterrupt):
        trace(line_problem(press, scales=None), [0.0], "p", (-1, 1), direction=1)


def test_keyboard_interrupt_before_the_first_step_is_raised():
    """The start is corrected by compiled code, which an exception can't cross."""
    calls = [0]

    def refuse(u):
        calls[0] += 1
        if calls[0] == calls[1]:
            raise KeyboardInterrupt

    for stop in range(1, 30, 3):
        calls[:] = 0, stop
        try:
            branch = trace(line_problem(refuse), [0.0], "p", (-1, 1), direction=1)
        except KeyboardInterrupt:
            continue
        assert branch.ends[1] is Status.INTERRUPTED


def test_a_callback_is_not_called_again_after_ctrl_c():
    calls = []

    def press(u):
        calls.append(u[0])
        if u[0] > 0.5:
            signal.raise_signal(signal.SIGINT)

    branch = trace(line_problem(press), [0.0], "p", (-1, 1), direction=1)
    assert branch.ends[1] is Status.INTERRUPTED
    assert sum(u > 0.5 for u in calls) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_while_the_rows_are_put_together_loses_none():
    press = [True]

    def output(u, p):
        if press.pop() if press else False:
            signal.raise_signal(signal.SIGINT)
        return u[0]

    problem = Problem(
        line_problem().functions["residual"].python, ("u",), {"p": 0.0}, outputs={"o": output}, compiled=False
    )
    branch = trace(problem, [0.0], "p", (-1, 1))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert any("Ctrl-C" in str(remark) for remark in branch.remarks)


def test_the_flag_is_set_while_no_instruction_of_python_runs():
    """`time.sleep` is interrupted only after the handler; the thread has set the flag by then, without it."""
    flag = np.zeros(1, np.int64)
    with interrupt_sets(flag):
        handler = signal.signal(signal.SIGINT, lambda number, frame: None)  # so that only the thread can
        assert isinstance(handler, FlagSetter)
        signal.raise_signal(signal.SIGINT)
        until = time.monotonic() + 5
        while flag[0] == 0 and time.monotonic() < until:
            time.sleep(0.001)
        signal.signal(signal.SIGINT, handler)
    assert flag[0] == 1


def test_the_wakeup_descriptor_in_use_is_told_and_restored():
    reader, writer = socket.socketpair()
    with reader, writer:
        writer.setblocking(False)
        reader.settimeout(5)
        before = signal.set_wakeup_fd(writer.fileno())
        try:
            with listening(), interrupt_sets(np.zeros(1, np.int64)):
                signal.raise_signal(signal.SIGINT)
                assert reader.recv(1)[0] == signal.SIGINT
            assert signal.set_wakeup_fd(writer.fileno()) == writer.fileno()
        finally:
            signal.set_wakeup_fd(before)


def test_traces_inside_an_event_loop_and_in_threads_leave_signals_alone():
    async def main():
        inside = trace(line_problem(), [0.0], "p", (-1, 1))
        aside = await asyncio.to_thread(trace, line_problem(), [0.0], "p", (-1, 1))
        return inside, aside

    before = signal.getsignal(signal.SIGINT), signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before[1])
    for branch in asyncio.run(main()):
        assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert signal.getsignal(signal.SIGINT) is before[0]
    assert signal.set_wakeup_fd(-1) == before[1]


def test_no_thread_is_left():
    before = len(sys._current_frames())
    for _ in range(20):
        trace(line_problem(), [0.0], "p", (-1, 1))
    until = time.monotonic() + 5
    while len(sys._current_frames()) > before and time.monotonic() < until:
        time.sleep(0.01)
    assert len(sys._current_frames()) <= before


def test_what_was_heard_before_stops_what_begins():
    with listening() as listener:
        raise_if_heard()
        signal.raise_signal(signal.SIGINT)
        assert listener.heard
        with pytest.raises(KeyboardInterrupt):
            raise_if_heard()
        with listening() as same:
            assert same is listener
        branch = trace(line_problem(), [0.0], "p", (-1, 1))
        assert branch.ends == (Status.INTERRUPTED, Status.INTERRUPTED)
        assert len(branch) == 1
    raise_if_heard()
    found = []
    threading.Thread(target=lambda: found.append(listening().__enter__())).start()
    until = time.monotonic() + 5
    while not found and time.monotonic() < until:
        time.sleep(0.001)
    assert isinstance(found[0], Listener)
    assert trace(line_problem(), [0.0], "p", (-1, 1), settings=Settings(step=0.1)).ends[1] is Status.LIMIT


def test_without_a_thread_to_be_had_a_trace_runs_and_leaves_no_descriptor(monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(interrupts._thread, "start_new_thread", refuse)
    before = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(before)
    flag = np.zeros(1, np.int64)
    with interrupt_sets(flag):
        signal.raise_signal(signal.SIGINT)
    assert flag[0] == 1
    assert signal.set_wakeup_fd(before) == before


def test_ctrl_c_ends_an_extension_not_one_end_of_it():
    pressed = []

    def press(u):
        if u[0] > 0.5 and not pressed:
            pressed.append(u[0])
            signal.raise_signal(signal.SIGINT)

    problem = line_problem(press)
    branch = trace(problem, [0.0], "p", (-0.2, 0.2))
    longer = branch.extend(span=(-1, 1))
    assert longer.ends == (Status.LIMIT, Status.INTERRUPTED)
    assert longer["u"].min() == pytest.approx(-0.2)
