"""Options of a diagram and its record: what is refused, what is due next, what a file says."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from continuation.equations.equations import Equations
from continuation.exploring import work_list
from continuation.exploring.adding import add_branch, add_failure, label_point, put_branch
from continuation.exploring.diagram_files import diagram_of, plan_record, task_of, task_record
from continuation.exploring.plans import change_limits, check_deflate, make_plan
from continuation.exploring.recognition.on_curve import Place
from continuation.exploring.recognition.overlaps import Overlap
from continuation.exploring.recognition.same_points import KnownPoints
from continuation.exploring.record import (
    Completion,
    DiagramRecord,
    Failure,
    Finish,
    Follow,
    Origin,
    Seek,
    branch_points,
    count_tasks,
    list_unexplored,
    with_problem,
)
from continuation.exploring.tracing import NO_CLOCK, Found, Tracer, count_own_rows, is_meeting
from continuation.exploring.work_list import affordable, next_task, passage_to_leave
from continuation.ground.points import Start, Starts
from continuation.ground.status import Kind, Status
from continuation.output.encoding import decode, encode
from continuation.results.rows import Rows
from tests import handmade

LIMITS = {"depth": 2, "max_branches": 10, "max_points": 1000, "max_seconds": None, "deflate": None}


def problem(**options):
    def residual(u, p, out):
        out[0] = p[0] * u[0] - u[0] ** 3

    return Equations(residual, ("x",), {"p": 0.0}, compiled=False, **options)


def plan(**changes):
    return make_plan(problem(), "p", (-1.0, 1.0), None, "all", **{**LIMITS, **changes})


def trunk(points=((10, Kind.BRANCH_POINT, {}),)):
    p = np.linspace(-1.0, 1.0, 21)[:, None]
    return handmade.assemble("trunk", ("x",), np.zeros((21, 1)), p, np.zeros(21), points)


def record(*branches, **changes):
    """A diagram of branches put in one after the other."""
    diagram = DiagramRecord("made", plan(**changes), problem=problem(), effort={})
    for branch in branches:
        diagram = add_branch(diagram, Found(branch, {"steps": 5}), Origin())
    return diagram


# Options


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"depth": -1}, "depth: wanted a whole number of at least 0, got -1"),
        ({"depth": 1.0}, "depth: wanted a whole number of at least 0, got 1.0"),
        ({"max_branches": 0}, "max_branches: wanted a whole number of at least 1, got 0"),
        ({"max_points": True}, "max_points: wanted a whole number of at least 2, got True"),
        ({"deflate": 0}, "deflate: wanted a whole number of at least 1, got 0"),
        ({"deflate": [0.0, 2.0]}, "deflate: wanted values inside the span (-1.0, 1.0), got 2"),
        ({"deflate": ["a"]}, "deflate: wanted numbers, got ['a']"),
    ],
)
def test_options_that_mean_nothing(changes, words):
    with pytest.raises(ValueError, match="wanted") as error:
        plan(**changes)
    assert str(error.value) == words


def test_values_to_deflate_at_are_even_or_as_given():
    assert check_deflate(None, (0.0, 1.0)) == ()
    assert check_deflate(4, (0.0, 1.0)) == (0.125, 0.375, 0.625, 0.875)
    assert check_deflate(0.5, (0.0, 1.0)) == (0.5,)
    assert check_deflate((0.25, 1), (0.0, 1.0)) == (0.25, 1.0)
    with pytest.raises(ValueError, match="the span \\(0.0, inf\\) is not finite; got the number 3"):
        check_deflate(3, (0.0, np.inf))


def test_limits_are_changed_one_by_one():
    first = plan()
    assert change_limits(first, None, None, None, None) == first
    changed = change_limits(first, 5, None, 77, 2)
    assert (changed.depth, changed.max_branches, changed.max_points, changed.max_seconds) == (5, 10, 77, 2.0)
    assert change_limits(changed, None, None, None, math.inf).max_seconds == math.inf
    for wrong in (0, -1.0, "1", True, math.nan):
        with pytest.raises(ValueError, match="max_seconds: wanted a positive number"):
            change_limits(first, None, None, None, wrong)
    with pytest.raises(ValueError, match="max_points: wanted a whole number of at least 2"):
        change_limits(first, None, None, 1, None)
    with pytest.raises(ValueError, match="vary: wanted the name of one parameter of"):
        make_plan(problem(), ("p", "q"), (0, 1), None, "all", **LIMITS)


# The record


def test_special_points_are_listed_once_with_labels_of_the_whole():
    diagram = record(trunk(), trunk([(10, Kind.BRANCH_POINT, {}), (15, Kind.FOLD, {})]))
    assert [p.label for p in diagram.special] == ["BP1", "LP1"]
    assert diagram.passages("BP1") == [(0, 10), (1, 10)]
    assert diagram["LP1"].index == 15
    assert [p.label for p in diagram.branches[1].special] == ["EP1", "BP1", "LP1", "EP2"]
    assert branch_points(diagram) == [diagram["BP1"]]
    assert diagram.effort == {"steps": 10}
    assert (len(diagram), diagram.vary) == (2, "p")
    with pytest.raises(KeyError, match="no special point labelled 'BP7'; this diagram has BP1, LP1"):
        diagram["BP7"]


def test_labels_go_on_from_those_there_are_and_ends_keep_theirs():
    special = KnownPoints()
    first, end = trunk().branch_points[0], trunk().special[0]
    assert label_point(first, special).label == "BP1"
    assert label_point(replace(first, label="BP9"), special).label == "BP1"  # the same point
    assert label_point(replace(first, state=np.ones(1)), special).label == "BP2"
    assert label_point(end, special) is end
    assert len(special) == 2


def test_failures_are_told_once():
    diagram = record(trunk())
    once = add_failure(diagram, Failure("BP1", "why"))
    assert add_failure(once, Failure("BP1", "why")) is once
    assert add_failure(once, Failure("BP1", "another")).failures == (Failure("BP1", "why"), Failure("BP1", "another"))
    assert diagram.failures == ()


def test_a_trace_that_gave_nothing_leaves_its_work_and_its_complaint():
    nothing = Found(None, {"steps": 3}, complaint="no step", interrupted=True)
    diagram = add_branch(record(trunk()), nothing, Origin("switch", 0, "BP1"))
    assert len(diagram.branches) == 1
    assert diagram.effort == {"steps": 8}
    assert diagram.failures == (Failure("BP1", "no step"),)
    assert diagram.status is Completion.INTERRUPTED


def test_a_branch_that_was_cut_short_is_put_on_the_list():
    diagram = add_branch(record(), Found(trunk(), {}, unfinished=(0, -1)), Origin())
    assert [(task.branch, task.end) for task in diagram.pending] == [(0, 0), (0, -1)]
    task, rest = next_task(diagram)
    assert (task.end, [t.end for t in rest.pending]) == (0, [-1])
    closed = replace(trunk(), ends=handmade.circle().ends)
    assert put_branch(diagram, 0, closed, ()).pending == ()  # nothing is left to finish


def test_work_comes_in_order_finish_follow_explore_seek():
    diagram, start = record(trunk()), Start(np.zeros(2), np.array([1.0, 0.0]), np.zeros(1), "p", outward=True)
    follow, finish, seek = Follow(start, 0, "BP1", 1), Finish(0, -1), Seek(0.5)
    every = replace(diagram, pending=(seek, follow, finish))
    assert count_tasks(every) == 4
    order = []
    for _ in range(2):
        task, every = next_task(every)
        order.append(task)
    assert order == [finish, follow]
    point, same = next_task(every)
    assert (point.label, same) == ("BP1", every)
    task, rest = next_task(replace(every, explored=frozenset({"BP1"})))
    assert task is seek
    assert next_task(rest) == (None, rest)


def test_points_are_explored_up_to_the_depth_those_of_least_depth_first():
    diagram = record(trunk(), trunk([(5, Kind.BRANCH_POINT, {})]))
    deep = replace(diagram, origins=(Origin(depth=1), Origin(depth=0)))
    assert [p.label for p in list_unexplored(deep)] == ["BP2", "BP1"]
    assert [p.label for p in list_unexplored(replace(deep, plan=plan(depth=1)))] == ["BP2"]
    assert list_unexplored(replace(deep, plan=plan(depth=0))) == []
    assert list_unexplored(replace(deep, explored=frozenset({"BP1", "BP2"}))) == []


def test_the_budget_decides_what_may_begin():
    start = Start(np.array([0.5, 0.5]), np.array([1.0, 0.0]), np.zeros(1), "p", outward=True)
    follow = Follow(start, 0, "BP1", 1)
    assert affordable(record(trunk()), follow)
    assert not affordable(record(trunk(), max_points=22), follow)  # 21 rows and at least two more
    assert not affordable(record(trunk(), max_branches=1), follow)
    assert not affordable(record(trunk(), max_branches=1), Seek(0.1))
    assert affordable(record(trunk(), max_branches=1), Finish(0, -1))


def test_the_branch_of_least_depth_is_left_at_its_point():
    diagram = record(trunk(), trunk())
    deep = replace(diagram, origins=(Origin(depth=2), Origin(depth=1)))
    branch, point = passage_to_leave(deep, deep["BP1"])
    assert (branch, point.index) == (1, 10)
    first_row = record(trunk([(0, Kind.BRANCH_POINT, {})]))
    _, point = passage_to_leave(first_row, first_row["BP1"])
    assert np.array_equal(point.tangent, -first_row["BP1"].tangent)  # as it would be reached


@pytest.mark.parametrize(("row", "goes_on"), [(10, True), (0, False), (20, False)])
def test_the_straight_way_on_is_due_where_a_branch_ends_at_its_point(monkeypatch, row, goes_on):
    x, t, p = np.zeros(2), np.array([0.0, 1.0]), np.zeros(1)
    ahead, aside = (Start(x, t, p, "p", outward=True, known=known, problem=None) for known in (True, False))
    monkeypatch.setattr(work_list, "starts_at", lambda problem, point: Starts([ahead, aside], True, []))
    monkeypatch.setattr(work_list, "find_known_image", lambda *a: None)
    diagram = record(trunk([(row, Kind.BRANCH_POINT, {})]))
    tasks = work_list.explore_point(diagram, diagram["BP1"]).pending
    assert [task.start.known for task in tasks] == ([False] if goes_on else [True, False])


@pytest.mark.parametrize(("gap", "complaint"), [(1e-3, ""), (1e-5, "fell back")])
def test_a_half_branch_whose_first_points_lie_on_a_known_branch_is_not_followed(monkeypatch, gap, complaint):
    asked = []

    def trace_new(tracer, start):
        asked.append(start)
        return Found(None, {"steps": 3}, 0, complaint)

    monkeypatch.setattr(work_list, "measure_gap", lambda *a: gap)
    monkeypatch.setattr(work_list, "trace_new", trace_new)
    diagram = record(trunk())
    start = Start(np.zeros(2), np.array([0.0, 1.0]), np.zeros(1), "p", outward=True, problem=None)
    after = work_list.follow_half_branch(diagram, Follow(start, 0, "BP1", 1), Tracer.of(diagram, NO_CLOCK))
    assert (len(asked), len(after.branches), after.effort["steps"]) == (1, 1, 8)


@pytest.mark.parametrize("row", [9, 11])
def test_a_branch_keeps_the_rows_before_those_on_another(row):
    overlap = Overlap(10, 0, Place(3, 1.0))
    assert count_own_rows(trunk([(row, Kind.BRANCH_POINT, {})]), overlap) == 10


@pytest.mark.parametrize(
    ("row", "end", "meets"), [(18, "MAX_POINTS", True), (5, "MAX_POINTS", False), (18, "LIMIT", False)]
)
def test_branches_may_meet_at_an_end_that_was_left_open(row, end, meets):
    other = replace(trunk([]), ends=(Status.LIMIT, Status[end]))
    tracer = SimpleNamespace(branches=(other,))
    assert is_meeting(tracer, trunk([]), Overlap(10, 0, Place(row, 1.0))) == meets


# As plain values


def test_plans_and_tasks_survive_as_text():
    diagram = record(trunk(), deflate=(0.25, 0.75))
    start = Start(
        np.array([0.0, 1 / 3]), np.array([-0.0, 1.0]), np.array([1 / 3]), "p", outward=True, problem=diagram.problem,
        origin=diagram["BP1"], continuum=1, ahead=np.arange(8.0).reshape(2, 2, 2),
    )  # fmt: skip
    tasks = [Follow(start, 0, "BP1", 2), Finish(0, -1), Seek(0.1)]
    text = encode([task_record(task) for task in tasks])
    again = [task_of(entry, {"BP1": diagram["BP1"]}, diagram.problem) for entry in decode(text)]
    assert [type(task) for task in again] == [Follow, Finish, Seek]
    follow = again[0]
    assert (follow.parent, follow.label, follow.depth) == (0, "BP1", 2)
    for name in ("x", "tangent", "p", "ahead"):
        assert getattr(follow.start, name).tobytes() == getattr(start, name).tobytes()
    assert (follow.start.continuum, follow.start.outward, follow.start.origin) == (1, True, diagram["BP1"])
    other = problem()
    assert with_problem(follow, other).start.problem is other
    assert with_problem(again[1], other) is again[1]
    kept = {
        "plan": decode(encode(plan_record(diagram.plan))), "origins": [{"found": "start"}], "failures": [],
        "labels": ["BP1"], "explored": ["BP1"], "status": "BUDGET", "effort": {"steps": 5}, "pending": [],
    }  # fmt: skip
    back = diagram_of("made", kept, list(diagram.branches), [], diagram.problem)
    assert back.plan == diagram.plan
    assert isinstance(back.branches[0], Rows)
    assert (back.status, back.explored, back.origins) == (Completion.BUDGET, {"BP1"}, (Origin(),))
    assert back["BP1"].index == 10


def test_completions_give_advice():
    assert all(completion.advice == completion.value and completion.advice for completion in Completion)
