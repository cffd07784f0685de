"""Diagrams with branches of periodic orbits: cut short, gone on with, kept."""

from dataclasses import replace

import numpy as np
import pytest

from continuation import Diagram, Problem, Status, diagram, periodic_orbits
from continuation.engine.watching import Watcher
from continuation.exploring.record import Completion, count_tasks

WITH_PITCHFORK = {
    "x": "a*x - y - x*(x**2 + y**2)",
    "y": "x + a*y - y*(x**2 + y**2)",
    "z": "(a - 1/2 + x - z**2)*z",
}  # circles from a Hopf point at 0; those with z = 0 meet others at a = 1/2


@pytest.fixture(scope="module")
def with_orbits():
    problem = Problem.from_expressions(WITH_PITCHFORK, {"a": -0.2})
    cycles = periodic_orbits(problem, intervals=20)
    return problem, diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=cycles)


def test_a_budget_that_ends_within_a_branch_of_orbits_is_told_and_gone_on_with(with_orbits):
    problem, whole = with_orbits
    equilibria = sum(map(len, whole.branches))
    trunk, other = map(len, whole.cycles)
    cycles = periodic_orbits(problem, intervals=20)
    for budget in (equilibria + 15, equilibria + trunk // 2, equilibria + trunk + other // 4):
        part = diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=cycles, max_points=budget)
        assert part.status is Completion.BUDGET
        assert count_tasks(part) > 0
        assert "pending" in str(part)
        assert sum(map(len, (*part.branches, *part.cycles))) <= budget + 2
        found = part
        for points in (budget + 5, budget + 30, 10_000):
            found = found.resume(max_points=points)
        assert found.status is Completion.COMPLETE
        assert count_tasks(found) == 0
        assert not found.failures
        assert len(found.cycles) == 2
        for one, same in zip(found.cycles, whole.cycles):
            assert {round(p["a"], 6) for p in one.special} == {round(p["a"], 6) for p in same.special}
            assert {p.label for p in one.special} == {p.label for p in same.special}
        assert [origin.label for origin in found.cycle_origins] == [origin.label for origin in whole.cycle_origins]
        radius = np.sqrt(np.maximum(found.cycles[0]["a"], 0))
        assert np.max(np.abs(found.cycles[0]["x_max"] - radius)) < 1e-6


def test_orbits_that_no_branch_is_left_for_are_pending(with_orbits):
    problem, whole = with_orbits
    cycles = periodic_orbits(problem, intervals=20)
    few = diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=cycles, max_branches=2)
    assert (few.status, len(few.cycles), count_tasks(few)) == (Completion.BUDGET, 0, 1)
    more = few.resume(max_branches=3)
    assert (more.status, len(more.cycles)) == (Completion.BUDGET, 1)
    assert count_tasks(more) > 0
    assert len(more.resume(max_branches=4).cycles) == len(whole.cycles)


def test_time_that_is_over_within_a_branch_of_orbits_is_told_and_gone_on_with(with_orbits, monkeypatch):
    from continuation.exploring import cycle_branches
    from continuation.exploring.tracing import Clock

    problem, whole = with_orbits
    cycles = periodic_orbits(problem, intervals=20)
    none = diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=cycles, max_branches=2)
    start, given, over = [], cycle_branches.limited, StopsAfter(20)

    def soon_over(plan, points, clock):
        request, _ = given(plan, points, clock)
        start.append(points)
        return request, (over,) if len(start) == 2 else ()

    monkeypatch.setattr(cycle_branches, "limited", soon_over)
    more = replace(none, plan=replace(none.plan, max_branches=9), status=Completion.COMPLETE)
    part = cycle_branches.explore_cycles(more, Deaf(), Clock())
    assert over.said == 1
    assert part.status is Completion.COMPLETE  # the clock itself was not over: gone on with at once
    assert part.cycles[0].ends[1] is Status.LIMIT
    assert [len(branch) for branch in part.cycles] == [pytest.approx(len(branch), abs=12) for branch in whole.cycles]


class Deaf:
    """No Ctrl-C was pressed."""

    heard = False


class StopsAfter(Watcher):
    """Says that the time is over after some points."""

    every_point = True

    def __init__(self, points):
        self.points, self.said = points, 0

    def after(self, trace):
        if len(trace) <= self.points:
            return None
        self.said += 1
        return Status.TIME_LIMIT


def test_ctrl_c_within_a_branch_of_orbits_loses_nothing(with_orbits, monkeypatch):
    from continuation.exploring import cycle_branches

    problem, whole = with_orbits
    given, calls = cycle_branches.limited, []

    def interrupted(plan, points, clock):
        request, watch = given(plan, points, clock)
        calls.append(points)
        return request, (*watch, PressesCtrlC(20)) if len(calls) == 2 else watch

    monkeypatch.setattr(cycle_branches, "limited", interrupted)
    part = diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=periodic_orbits(problem, intervals=20))
    assert part.status is Completion.INTERRUPTED
    assert count_tasks(part) > 0
    found = part.resume()
    assert (found.status, count_tasks(found), len(found.cycles)) == (Completion.COMPLETE, 0, 2)
    assert [len(branch) for branch in found.cycles] == [pytest.approx(len(branch), abs=12) for branch in whole.cycles]
    for one, same in zip(found.cycles, whole.cycles):
        assert {p.label for p in one.special} == {p.label for p in same.special}


class PressesCtrlC(StopsAfter):
    """Ctrl-C is pressed after some points."""

    def after(self, trace):
        if len(trace) > self.points:
            raise KeyboardInterrupt


def test_diagrams_that_found_no_orbits_are_kept_in_files(with_orbits, tmp_path):
    problem = Problem.from_expressions({"x": "mu*x - x**3"}, {"mu": -1.0})
    found = diagram(problem, [0.0], "mu", (-1, 1), cycles=periodic_orbits(problem, 12, 3))
    found.save(tmp_path / "none.nc")
    again = Diagram.load(tmp_path / "none.nc")
    assert (len(again.branches), again.cycles, again.status) == (2, (), Completion.COMPLETE)
    assert (again.plan.cycles.intervals, again.plan.cycles.degree) == (12, 3)
    begun = diagram(with_orbits[0], [0.0] * 3, "a", (-0.2, 0.9), cycles=True, max_branches=2)
    begun.save(tmp_path / "begun.nc")
    later = Diagram.load(tmp_path / "begun.nc")
    assert (later.status, count_tasks(later)) == (Completion.BUDGET, 1)
    assert len(later.resume(max_branches=3).cycles) == 1


def test_a_branch_that_is_left_out_is_told(with_orbits, monkeypatch):
    from continuation.exploring import cycle_branches

    problem, _ = with_orbits
    monkeypatch.setattr(cycle_branches, "is_repeated", lambda branch, row: True)
    cycles = periodic_orbits(problem, intervals=20)
    found = diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=cycles)
    assert [(failure.label, failure.reason) for failure in found.failures] == [("HB1", cycle_branches.REPEATED)]
