"""What is counted of branches with known answers: points taken once, jumps, ends; the cases are what they say."""

import sys

import numpy as np
import pytest

from benchmarks import sure
from benchmarks.sure_cases import FAMILIES
from continuation import Settings, Status


@pytest.mark.parametrize("family", FAMILIES)
def test_starts_are_solutions_and_lie_on_their_branch(family):
    for knob in FAMILIES[family][1]:
        case = sure.case_of(family, knob, 0)
        value = case.system.parameters[case.system.varied]
        state = case.system.states(case.start, value)
        residual = case.system.problem(**case.options).residual(state, {case.system.varied: value})
        assert np.max(np.abs(residual)) <= 1e-9 * (1 + np.max(np.abs(state)))
        assert case.span[0] <= value <= case.span[1]
        assert not case.is_off(case.system.straight(state[None]), np.array([value]))


def test_a_case_is_the_same_each_time():
    one, other = (sure.case_of("lines that cross", 5, 3) for _ in range(2))
    assert (one.system.texts, one.expected) == (other.system.texts, other.expected)


CASE = sure.case_of("two branch points", 1e-3, 0)
FIRST, SECOND = CASE.expected


@pytest.mark.parametrize(
    ("points", "counts"),
    [
        ([FIRST, SECOND], (2, 0)),
        ([FIRST], (1, 0)),
        ([FIRST, FIRST], (1, 1)),  # one point told twice is one found and one false
        ([FIRST, ("HB", SECOND[1])], (1, 1)),
        ([(FIRST[0], FIRST[1] + 1e-7), SECOND, ("LP", 0.9)], (2, 1)),
    ],
)
def test_points_are_matched_once(points, counts):
    assert sure.matched(CASE, points, sure.SAME) == counts


def test_a_branch_is_judged():
    problem, start = CASE.system.problem(), CASE.system.states(CASE.start, -1.0)
    branch, seconds = sure.trace_in_time(problem, start, "p", CASE.span)
    result = sure.judged(sure.Result("two branch points", 1e-3, "default", 2), CASE, branch)
    assert (result.found, result.missed, result.false, result.jumped, result.early) == (2, 0, 0, 0, 0)
    assert 0.0 < seconds < sure.SECONDS


def test_a_trace_that_does_not_end_is_interrupted(monkeypatch):
    case = sure.case_of("over and under", 1e-1, 0)
    start = case.system.states(case.start, case.span[0])
    problem = case.system.problem()
    sure.trace_in_time(problem, start, "p", case.span)  # loads what is compiled
    monkeypatch.setattr(sure, "SECONDS", 0.3)
    branch, _ = sure.trace_in_time(problem, start, "p", (-1e9, 1e9), settings=Settings(max_step=1e-3, max_points=10**7))
    assert Status.INTERRUPTED in branch.ends
    assert sure.judged(sure.Result("", 0.0, ""), case, branch).hung == 1


ANSWER = """
import json, sys
one = json.loads(open(sys.argv[1]).read())
print(json.dumps([[[[-1.0, 0.0, 0.0], [0.0, 0.5, 0.5]], [["BP", 0.1]], ["EP", "MX"], 0.25] for _ in one]))
"""


def test_what_another_program_says_is_counted(monkeypatch, tmp_path):
    """A jump off the trunk, a false point, an end that failed; a crash counts no points."""
    monkeypatch.setattr(sure, "RIVAL", ANSWER)
    seed = next(k for k in range(99) if len(sure.case_of("two branch points", 0.1, k).system.turned) == 2)
    asked = [("two branch points", 0.1, seed, "default")]
    (result,) = sure.ask_rival(sys.executable, asked, tmp_path)
    assert (result.way, result.expected, result.jumped, result.early, result.seconds) == (
        "AUTO, default",
        2,
        1,
        1,
        0.25,
    )
    assert result.found + result.missed == 2
    monkeypatch.setattr(sure, "RIVAL", "raise SystemExit(3)")
    (result,) = sure.ask_rival(sys.executable, asked, tmp_path)
    assert (result.failed, result.expected, result.missed) == (1, 0, 0)


def test_the_command_prints_the_tables(capsys):
    assert sure.main(["corners", "--cases", "1"]) == 0
    shown = capsys.readouterr().out
    assert "| default | 3 | 3 | 3 | 0 | 0 | 0 | 0 | 0 | 0 | 0 |" in shown
    with pytest.raises(SystemExit):
        sure.main(["corner"])
