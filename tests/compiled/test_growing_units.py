"""Units that grow: what the loop remembers in lengths is told in the new ones."""

import numpy as np
import pytest

from continuation import Problem, Status, Watcher, trace
from continuation.compiled.loop import growth
from continuation.compiled.state import tasks
from continuation.compiled.state import trace_state as S
from continuation.engine.run import ask

LINE = Problem.from_expressions({"x": "p - x", "y": "x - y"}, {"p": 1.0})


class Grows(Watcher):
    """Lets the units grow where states are large enough, with numbers that are remembered; then ends the trace."""

    every_point = True

    def after(self, trace):
        if trace.unknowns[-1, 0] < 20.0:
            return None
        state = trace.state
        state.integers[S.ADAPTS], state.floats[S.GROWN] = growth.EACH, 1.0
        for name in ("WAIVED", "AHEAD", "SOUGHT", "ALLOWED", "REACH_DET", "REACH_EXPONENT"):
            state.floats[getattr(S, name)] = 3.0
        start, left = state.slots[S.START].copy(), state.slots[state.integers[S.LEFT]].copy()
        ask(state, tasks.GROW)
        size = len(state.weights)
        self.weights, self.floats = state.weights.copy(), state.floats.copy()
        self.start, self.started = state.slots[S.START].copy(), start
        self.shrunk = np.sqrt(np.sum(self.weights * left[size : 2 * size] ** 2))
        return Status.STOPPED


def test_lengths_that_are_remembered_are_told_in_larger_units():
    watcher = Grows()
    trace(LINE, [1.0, 1.0], "p", (0, 1000), direction=1, watch=(watcher,))
    assert 0.0 < watcher.shrunk < 0.9
    for name in ("WAIVED", "AHEAD", "SOUGHT"):
        assert watcher.floats[getattr(S, name)] == pytest.approx(3.0 * watcher.shrunk)
    assert not any(watcher.floats[[S.ALLOWED, S.REACH_DET, S.REACH_EXPONENT]])  # to be measured anew
    size = len(watcher.weights)
    tangent, before = watcher.start[size : 2 * size], watcher.started[size : 2 * size]
    assert np.sum(watcher.weights * tangent**2) == pytest.approx(1.0, rel=1e-14)
    assert tangent / before == pytest.approx(np.full(size, tangent[0] / before[0]))
    base = 2 * size + 2 * 3  # three test functions: fold, branch point, Hopf
    length = np.sqrt(np.sum(watcher.weights * before**2))
    assert watcher.start[base + S.DET] == pytest.approx(watcher.started[base + S.DET] * length)
