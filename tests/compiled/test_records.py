"""What is stored of records, and which limit one exceeds."""

import numpy as np
import pytest

from continuation import Problem, Settings
from continuation.compiled.calls.kernel import kernel
from continuation.compiled.events import limits, records
from continuation.compiled.state import trace_state as S
from continuation.engine.run import make_state
from continuation.results.request import Steps


@kernel
def store(s, record):
    """Store a row."""
    records.store(s, record)


@kernel
def push(s, record, role):
    """Put a record on the stack."""
    records.push(s, record, role)


@kernel
def exceeded(s, record):
    """Which limit a record exceeds."""
    return limits.find_exceeded(s, record)


def state_of(span=(-1.0, 1.0)):
    """A fresh state of one unknown beside its parameter; its first row is at the origin."""
    problem = Problem.from_expressions({"x": "p - x"}, {"p": 0.0})
    operations = problem.operations(problem.parameter_values({}), 0)
    state = make_state(operations, span, Steps(0.1, 0.01, 0.2), Settings())
    state.rows[0], state.integers[S.ROWS], state.integers[S.POINTS] = record_at(state, 0.0), 1, 1
    return state


def record_at(state, place, kind=S.REGULAR, test=-1):
    """Record at (place, place)."""
    record = np.zeros(state.rows.shape[1])
    record[:2] = place
    record[-S.SCALARS + S.KIND], record[-S.SCALARS + S.TEST] = kind, test
    return record


def stored(*given):
    """(places, kinds, points, events) after storing records of (place, kind, test) behind two points at 0 and 0.5."""
    state = state_of()
    for entry in [(0.5,), *given]:
        store(state.address, record_at(state, *entry))
    rows = state.rows[: state.integers[S.ROWS]]
    kinds = rows[:, -S.SCALARS + S.KIND].astype(int).tolist()
    return rows[:, 0].tolist(), kinds, int(state.integers[S.POINTS]), int(state.integers[S.EVENTS])


NEAR = 0.5 + 1e-11  # of 0.5: the same point


def test_points_and_events_are_stored_in_order():
    assert stored((0.6, 1, 0), (0.7,)) == ([0.0, 0.5, 0.6, 0.7], [-1, -1, 1, -1], 3, 1)


def test_an_event_at_a_point_takes_its_row():
    assert stored((NEAR, 1, 0)) == ([0.0, NEAR], [-1, 1], 2, 1)


def test_a_point_at_an_event_is_not_stored():
    assert stored((0.6, 1, 0), (0.6 + 1e-11,)) == ([0.0, 0.5, 0.6], [-1, -1, 1], 2, 1)


def test_the_same_event_is_stored_once_and_two_at_one_place_are_two():
    assert stored((0.6, 1, 0), (0.6, 1, 0))[1] == [-1, -1, 1]
    assert stored((0.6, 3, 3), (0.6, 3, 4))[1] == [-1, -1, 3, 3]
    assert stored((0.6, 1, 0), (0.6, 2, -1))[1] == [-1, -1, 1, 2]


def test_points_close_to_each_other_are_all_stored():
    assert stored((NEAR,)) == ([0.0, 0.5, NEAR], [-1, -1, -1], 3, 0)


def test_the_bottom_of_the_stack_is_the_slot_of_the_next_point():
    state = state_of()
    push(state.address, record_at(state, 0.25), S.POINT)
    push(state.address, record_at(state, 0.125), S.PROBE)
    assert state.integers[S.DEPTH] == 2
    bottom, above = state.slots[state.integers[S.NEXT]], state.stack[1]
    assert (bottom[0], bottom[-S.SCALARS + S.ROLE]) == (0.25, S.POINT)
    assert (above[0], above[-S.SCALARS + S.ROLE]) == (0.125, S.PROBE)


@pytest.mark.parametrize(
    ("p", "number"), [(0.0, 0), (1.0, 0), (1 + 1e-11, 0), (1 + 1e-9, 1), (-1.0, 0), (-1 - 1e-11, 0), (-1 - 1e-9, -1)]
)
def test_a_limit_is_exceeded_by_more_than_rounding(p, number):
    state = state_of()
    record = record_at(state, 0.0)
    record[1] = p
    assert exceeded(state.address, record) == number


def test_the_first_limit_that_is_exceeded_is_told():
    state = state_of()
    state = S.with_table(state._replace(limits=np.array([(1, -1.0, 1.0), (0, -np.inf, 2.0), (0, -3.0, np.inf)])))
    for x, p, number in ((1.9, 0.0, 0), (2.1, 0.0, 2), (-3.1, 0.0, -3), (2.1, 1.5, 1), (-1e300, 0.5, -3)):
        record = record_at(state, 0.0)
        record[:2] = x, p
        assert exceeded(state.address, record) == number
