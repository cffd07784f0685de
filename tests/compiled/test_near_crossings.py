"""Traces keep to their branch where another one passes, and step over branch points on purpose.

The geometries are those of `benchmarks.jumps`: which branch a row lies on is known in closed form, and how far apart
the branches come is the gap that they are made with.
"""

import math
import re

import numpy as np
import pytest

from benchmarks import jumps
from continuation import Problem, Settings, trace
from continuation.engine.assembly.near_crossings import values_at
from continuation.ground.status import Kind, Status

ROUND = (jumps.OVER_UNDER, jumps.LEFT_RIGHT, jumps.PITCHFORK)  # geometries with one place to go round


def rejections(branches) -> dict:
    """Rejected steps by reason."""
    total = {}
    for branch in branches:
        for reason, count in branch.effort["rejections"].items():
            total[reason] = total.get(reason, 0) + count
    return total


def gap_told(branch) -> float:
    """The distance in a branch's only remark."""
    (remark,) = branch.remarks
    return float(re.search(r"a distance of about (\S+)", str(remark)).group(1))


@pytest.mark.parametrize("gap", [1e-2, 1e-3, 1e-4, 1e-6])
@pytest.mark.parametrize("kind", ROUND)
def test_a_trace_goes_round_and_is_warned_in_time(kind, gap):
    cases = [jumps.Hidden(kind, gap, seed) for seed in range(8)]
    branches = [case.trace() for case in cases]
    assert not any(case.has_jumped(branch) for case, branch in zip(cases, branches))
    assert all(branch.ends == (Status.LIMIT, Status.LIMIT) for branch in branches)
    assert {point.kind for branch in branches for point in branch.special} <= {Kind.FOLD, Kind.END}
    assert "lost_branch" not in rejections(branches)  # the steps were short before anything had to be taken back
    assert max(len(branch) for branch in branches) < 130


@pytest.mark.parametrize("settings", ["span/100", "angle 0.1"])
def test_other_settings_go_round_too(settings):
    for kind in ROUND:
        case = jumps.Hidden(kind, 1e-4, 3)
        assert not case.has_jumped(case.trace(**case.settings()[settings]))


@pytest.mark.parametrize("gap", [1e-3, 1e-4, 1e-5])
def test_a_trace_keeps_to_one_of_two_parallel_branches(gap):
    cases = [jumps.Hidden(jumps.PARALLEL, gap, seed) for seed in (2, 3, 7, 10)]
    branches = [case.trace() for case in cases]
    assert not any(case.has_jumped(branch) for case, branch in zip(cases, branches))
    found = rejections(branches)
    assert found["other_branch"] > 0
    assert found.get("lost_branch", 0) <= 1


def test_a_step_over_two_branches_changes_no_sign_and_is_refused():
    cases = [jumps.Hidden(jumps.THREE, 1e-3, seed, n=2) for seed in range(12)]
    branches = [case.trace() for case in cases]
    assert not any(case.has_jumped(branch) for case, branch in zip(cases, branches))
    assert rejections(branches)["other_branch"] > 0


def test_a_prescribed_step_onto_the_other_branch_is_taken_back():
    cases = [jumps.Hidden(jumps.OVER_UNDER, 1e-4, seed) for seed in range(6)]
    branches = [case.trace(step=0.02, max_step=0.02) for case in cases]
    assert not any(case.has_jumped(branch) for case, branch in zip(cases, branches))
    assert rejections(branches)["lost_branch"] == len(cases)
    assert max(branch.effort["steps"] for branch in branches) < 200  # the prescribed step is taken up again


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6])
def test_the_gap_is_told_where_it_is(gap):
    alone = jumps.Hidden(jumps.OVER_UNDER, gap, 0, n=1).trace()
    assert gap_told(alone) == pytest.approx(gap, rel=0.03)
    assert "near p = 0 another branch passes" in str(alone.remarks[0])
    assert str(alone.remarks[0]) in str(alone)
    among = jumps.Hidden(jumps.LEFT_RIGHT, gap, 0, n=5).trace()  # from p = -gap/2 to gap/2, and p weighs 1
    assert gap_told(among) == pytest.approx(gap, rel=0.03)


def test_the_gap_of_a_perturbed_pitchfork_is_that_of_its_hyperbola():
    branch = jumps.Hidden(jumps.PITCHFORK, 1e-5, 0, n=1).trace()  # p y + a = 0 at the distance 2 sqrt(2 a)
    assert gap_told(branch) == pytest.approx(2 * math.sqrt(2e-5), rel=0.05)


def test_parallel_branches_are_told_at_some_places():
    branch = jumps.Hidden(jumps.PARALLEL, 1e-4, 7, n=1).trace()
    assert 1 <= len(branch.remarks) < 12
    assert all(re.search("another branch (passes|runs alongside)", str(remark)) for remark in branch.remarks)


@pytest.fixture(scope="module")
def crossing():
    """A branch y = 0 that another one crosses at p = 0.3; `a` pulls them apart."""
    return Problem.from_expressions({"y": "(p - 0.3)*y - y**2 + a", "z": "y - z"}, {"p": 0, "a": 0})


def test_a_branch_point_is_stepped_over_in_full_steps(crossing):
    branch = trace(crossing, [0.0, 0.0], "p", (-1, 1), parameters={"p": -1})
    (point,) = branch.branch_points
    assert point["p"] == pytest.approx(0.3, abs=1e-14)
    assert point.residual < 1e-15
    assert branch.remarks == ()
    assert branch.effort["rejections"] == {}
    assert branch.effort["steps"] < 30


def test_branches_that_do_not_meet_have_no_branch_point(crossing):
    for a in (1e-8, 1e-10, 1e-12):
        y = (-1.3 + math.sqrt(1.3**2 + 4 * a)) / 2
        branch = trace(crossing, [y, y], "p", (-1, 1), parameters={"p": -1, "a": a})
        assert len(branch.special) == 2
        assert np.all(branch["y"] > 0.0)


@pytest.mark.parametrize("noise", [1e-11, 1e-12])
@pytest.mark.parametrize("waves", [1e13, 1e9])
def test_noise_of_the_equations_ends_no_branch(noise, waves):
    def noisy(u, p, out):
        out[0] = (p[0] - 0.3) * u[0] - u[0] ** 2 + noise * math.sin(waves * (u[0] + p[0]))

    problem = Problem(noisy, ("y",), {"p": 0.0}, weights=[1.0, 1.0], compiled=False)
    branch = trace(problem, [0.0], "p", (-1, 1), parameters={"p": -1.0})
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert len([point for point in branch.special if point.kind is Kind.BRANCH_POINT]) <= 1
    assert branch.effort["steps"] < 60


def test_equations_that_shrink_are_no_crossing():
    shrinking = Problem.from_expressions({"y": "exp(-6*p)*(sin(2*p) - y)"}, {"p": 0})
    branch = trace(shrinking, [0.0], "p", (0, 2))
    assert branch.effort["steps"] <= 68  # as many as Newton's method and the angle ask for
    assert branch.remarks == ()


def test_a_small_closed_curve_beside_is_no_near_crossing():
    ring = Problem.from_expressions({"y": "p**2 + y**2 - 1e-4"}, {"p": 0})
    branch = trace(ring, [0.01], "p", (-1, 1), settings=Settings(step=1e-3))
    assert branch.remarks == ()
    assert branch.ends == (Status.CLOSED, Status.CLOSED)


@pytest.mark.parametrize("k", [1e-8, 1.0, 1e8])
def test_the_place_of_a_near_crossing_is_told_in_the_parameters_own_unit(k):
    """``(q - 0.3) y - y**2 + 1e-6``, q = p/k: the branches pass at q = 0.3 at a distance of some 1e-3."""
    problem = Problem.from_expressions({"y": "(p/k - 0.3)*y - y**2 + 1e-6"}, {"p": -k, "k": k})
    y = (-1.3 + math.sqrt(1.3**2 + 4e-6)) / 2
    (remark,) = trace(problem, [y], "p", (-k, k)).remarks
    place = float(re.search(r"near p = (\S+) ", str(remark)).group(1))
    assert place == pytest.approx(0.3 * k, rel=2e-3)
    assert len(f"{place / k:.4g}") <= 6


def test_a_gap_of_zero_leaves_all_digits():
    assert values_at([0.3], ("p",), np.zeros(1)) == "p = 0.3"
