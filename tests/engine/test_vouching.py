"""Rows that are no solutions are dropped: next to a unit of length zero, and where a row was spoilt on purpose."""

import numpy as np
import pytest

from continuation import Problem, Status, trace
from continuation.compiled.state import trace_state as S
from continuation.engine.ending.vouching import DROPPED, ENDED, drop_false_rows
from continuation.engine.watching import RunningTrace
from continuation.equations.solved import is_solution
from continuation.ground.points import Start
from systems import relu

LINE = Problem.from_expressions({"x": "x - p"}, {"p": 0.0})


class Record:
    """Stands in for the engine's state: rows x = p of a line, some of them spoilt."""

    def __init__(self, rows, bad, error):
        size = S.width(2, 0)
        self.rows = np.zeros((rows + 5, size))
        self.rows[:rows, 0] = self.rows[:rows, 1] = np.arange(rows) + 1.0
        self.rows[list(bad), 0] += error
        base = size - S.SCALARS
        self.rows[:, base + S.LOCATED] = 1.0
        self.rows[:rows, base + S.RESIDUAL] = np.abs(self.rows[:rows, 0] - self.rows[:rows, 1])
        self.integers = np.zeros(S.INTEGERS, np.int64)
        self.integers[S.ROWS], self.integers[S.SIZE] = rows, 2
        self.notes, self.crossings = np.zeros((S.MOST_NOTES, 2), np.int64), np.zeros((S.MOST_CROSSINGS, 2 + S.CROSSING))
        self.kinds = np.zeros(0)


def running(rows, bad, error=1e-5):
    start = Start(np.ones(2), np.ones(2), np.zeros(1), "p", problem=LINE)
    trace = RunningTrace(LINE, start, Record(rows, bad, error))
    trace.status = Status.LIMIT
    return trace


@pytest.mark.parametrize(
    ("bad", "error", "left", "status", "remarks"),
    [
        ([], 0.0, 20, Status.LIMIT, ()),
        ([5, 9], 1e-11, 20, Status.LIMIT, ()),  # rounding beside terms of 5 and more
        ([5, 9], 1e-5, 18, Status.LIMIT, (DROPPED.format(2),)),
        ([17, 18, 19], 1e-5, 17, Status.UNRESOLVED, (ENDED,)),
        ([16, 18, 19], 1e-5, 16, Status.UNRESOLVED, (ENDED,)),
        (range(4, 20), 1e-5, 4, Status.UNRESOLVED, (ENDED,)),
        ([0], 1e-5, 20, Status.LIMIT, ()),  # the start is the caller's
    ],
)
def test_false_rows_go(bad, error, left, status, remarks):
    trace = running(20, bad, error)
    assert drop_false_rows(trace, 1e-9) == remarks
    assert (len(trace), trace.status) == (left, status)
    if remarks:
        assert np.array_equal(trace.unknowns[:, 0], trace.unknowns[:, 1])


def noted(rows, bad, notes, crossings):
    """(row of each note, first and last rows of each near-crossing) when false rows have been dropped."""
    trace = running(rows, bad)
    state = trace.state
    state.integers[S.NOTES], state.integers[S.CROSSINGS] = len(notes), len(crossings)
    state.notes[: min(len(notes), S.MOST_NOTES), 0] = notes[: S.MOST_NOTES]
    places = (2 + S.FIRST_ROW, 2 + S.LAST_ROW)
    state.crossings[: len(crossings), places] = np.reshape(crossings, (-1, 2))
    drop_false_rows(trace, 1e-9)
    kept = state.crossings[: state.integers[S.CROSSINGS], places]
    return state.notes[: state.integers[S.NOTES], 0].tolist(), kept.astype(int).tolist()


def test_notes_follow_the_rows_that_stay():
    """A note is of the step from a row, a near-crossing was met on the way to one."""
    notes, crossings = noted(20, [5, 9], [0, 4, 5, 6, 19], [(3, 3), (6, 10), (20, 20)])
    assert notes == [0, 4, 4, 5, 17]
    assert crossings == [[3, 3], [5, 8], [18, 18]]


def test_notes_of_rows_that_were_cut_go_with_them():
    notes, crossings = noted(20, [16, 18, 19], [0, 15, 16, 19], [(3, 17), (16, 16), (17, 18)])
    assert notes == [0, 15]
    assert crossings == [[3, 17], [16, 16]]
    many = list(range(S.MOST_NOTES - 15)) + [17] * 30
    trace = running(60, [57, 58, 59])
    trace.state.integers[S.NOTES], trace.state.notes[:, 0] = len(many), many[: S.MOST_NOTES]
    trace.cut(5)
    assert trace.state.integers[S.NOTES] == 5  # those that had no room are of later rows


def test_plain_functions_without_a_value_nearby_say_nothing():
    def fails(u, p, out):
        raise ValueError("outside")

    problem = Problem(fails, ["x"], {"p": 0.0}, compiled=False)
    trace = running(20, [5])
    trace.problem = problem
    assert drop_false_rows(trace, 1e-9) == ()


@pytest.mark.parametrize(("alpha", "vary", "seed"), [(-0.5, "b[0]", 1), (-0.5, "b[0]", 2), (-0.5, "alpha", 2)])
def test_a_branch_ends_where_a_student_has_length_zero(alpha, vary, seed):
    """K = 1: the student's length falls to zero and its direction stays: beyond, steps go on among points of none."""
    problem = relu.normal_equations([[1.0, 0.2], [-0.3, 0.8]], 1)
    rng = np.random.default_rng(seed)
    point = problem.solve(rng.normal(size=2), {"lam": 0.3, "alpha": alpha})
    branch = trace(problem, point, vary, (-3, 3))
    assert Status.UNRESOLVED in branch.ends
    assert any(str(remark) == ENDED for remark in branch.remarks)
    p = problem.parameter_values(branch.parameters)
    active = problem.index_of(vary)
    assert all(is_solution(problem, x.copy(), p, active) for x in branch.unknowns)
