"""What the comparison on model files counts: points confirmed in any units, crashes that are no misses."""

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks import xpp_models
from benchmarks.xpp_models import Score, Told, confirm, judge, run_rival, score_of, true_points, units_of
from continuation import Problem

FOLD = Problem.from_expressions({"x": "mu - x**2", "y": "x - y"}, {"mu": 0.1})
PITCHFORK = Problem.from_expressions({"x": "mu*x - x**3", "y": "x - y"}, {"mu": 0.1})
HOPF = Problem.from_expressions({"x": "mu*x - 2*y - x**3", "y": "2*x + mu*y"}, {"mu": 0.1})


@pytest.mark.parametrize(("problem", "kind"), [(FOLD, "LP"), (PITCHFORK, "BP"), (HOPF, "HB")])
def test_points_next_to_true_ones_are_confirmed(problem, kind):
    value, state = confirm(problem, {"mu": 1e-4}, "mu", kind, np.array([1e-3, -1e-3]), np.ones(3))
    assert value == pytest.approx(0.0, abs=2e-6)
    assert_allclose(state, 0.0, atol=2e-3)


@pytest.mark.parametrize(
    ("problem", "kind", "place"),
    [
        (PITCHFORK, "LP", (0.0, 0.0, 0.0)),  # branches cross there
        (Problem.from_expressions({"x": "mu + 1 + x**2", "y": "x - y"}, {"mu": 0.1}), "HB", (-2.0, 1.0, 1.0)),
        (Problem.from_expressions({"x": "mu - x", "y": "x - y"}, {"mu": 0.1}), "LP", (0.3, 0.3, 0.3)),
    ],
)
def test_what_is_none_is_not(problem, kind, place):
    assert confirm(problem, {"mu": place[0]}, "mu", kind, np.array(place[1:]), np.ones(3)) is None


@pytest.mark.parametrize("slow", [1.0, 1e-8])
def test_slow_and_large_states_hide_no_fold(slow):
    """``mu = 1000 + (x/1000 - 1)**2`` turns at x = 1000, slowly beside y and z."""
    texts = {"x": f"{slow}*(mu - 1000 - (x/1000 - 1)**2)", "y": "1e5*(x - y)", "z": "y/1000 - z"}
    problem, units = Problem.from_expressions(texts, {"mu": 1000.0}), np.array([1e3, 1e3, 1.0, 1e3])
    value, state = confirm(problem, {"mu": 1000.0 + 1e-5}, "mu", "LP", np.array([1001.0, 1001.0, 1.001]), units)
    assert value == pytest.approx(1000.0, rel=1e-8)
    assert_allclose(state, [1000.0, 1000.0, 1.0], rtol=1e-4)
    # away from the fold nothing vanishes, however slow it is: what is found lies elsewhere
    away = confirm(problem, {"mu": 1000.25}, "mu", "LP", np.array([1500.0, 1500.0, 1.5]), units)
    assert away is None or abs(away[0] - 1000.25) > 0.1


def told(kind, value, state):
    return (kind, value, np.array(state))


ONES = np.ones(3)
TRUE = [told("LP", 0.0, [0.0, 0.0]), told("HB", 1.0, [2.0, 0.0]), told("LP", 0.5, [5.0, 0.0])]


def test_points_are_found_missed_and_invented():
    points = [
        told("LP", 5e-4, [1e-2, 0.0]),  # the first, as near as it need be
        told("LP", 5e-4, [0.5, 0.0]),  # another state
        told("LP", 1.0, [2.0, 0.0]),  # another kind
        told("LP", 0.502, [5.0, 0.0]),  # too far
    ]
    assert judge(points, TRUE, ONES) == (1, 2, 3)
    assert judge([], [], ONES) == (0, 0, 0)
    assert judge([*points[:1], *points[:1]], TRUE, ONES) == (1, 2, 0)  # told twice, found once


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e6])
def test_points_are_the_same_in_any_units(unit):
    """``x = unit*X``, ``y = y``: a fold at X = 1 where mu = 0."""
    problem = Problem.from_expressions({"x": f"{unit}*(mu - (x/{unit} - 1)**2)", "y": f"x/{unit} - y"}, {"mu": 0.1})
    units = units_of(np.array([[2 * unit, 2.0], [-unit, 1.0]]), 1.0)
    assert_allclose(units, [2 * unit, 2.0, 1.0])
    value, state = confirm(problem, {"mu": 1e-6}, "mu", "LP", np.array([1.001 * unit, 1.0]), units)
    assert value == pytest.approx(0.0, abs=1e-9)
    assert_allclose(state, [unit, 1.0], rtol=1e-4)
    true = [("LP", value, state)]
    assert judge([told("LP", 0.0, [1.001 * unit, 1.0])], true, units) == (1, 0, 0)
    assert judge([told("LP", 0.0, [1.5 * unit, 1.0])], true, units) == (0, 1, 1)


def test_true_points_are_told_by_anyone_and_counted_once():
    both = {"one": Told([told("LP", 1e-5, [1e-3, 1e-3])], 0.1), "two": Told([told("LP", 0.0, [0.0, 0.0])], 0.1)}
    both["two"].points.append(told("LP", 0.5, [0.7, 0.7]))  # no fold there
    found = true_points(
        {"problem": FOLD, "parameters": {"mu": 0.1}, "units": np.array([1.0, 1.0, 2.0]), "found": both}, "mu", -1.0, 1.0
    )
    assert [(kind, pytest.approx(value, abs=1e-5)) for kind, value, _ in found] == [("LP", 0.0)]


def test_a_crash_is_said_and_is_no_miss():
    crashed = run_rival(sys.executable, "no case", ("x",))
    assert crashed.failure.startswith("crashed with exit status 1 (")
    assert "Error" in crashed.failure
    assert score_of(crashed, TRUE, ONES) == Score(failed=1)
    assert score_of(Told([], 0.5), TRUE, ONES) == Score(0, 3, 0, 0.5)
    total = score_of(Told(TRUE[:1], 0.25), TRUE, ONES).add(score_of(crashed, TRUE, ONES))
    assert str(total) == "1 found, 2 missed, 0 invented, 250.0 ms, failed on 1 files"


def test_a_rival_that_does_not_end_is_said(monkeypatch):
    monkeypatch.setattr(xpp_models, "LONGEST", 0.3)
    monkeypatch.setattr(xpp_models, "RIVAL", "import time; time.sleep(60)")
    assert run_rival(sys.executable, "", ("x",)).failure == "did not end within 0.3 s"


def test_states_are_those_of_the_problem_in_its_order(monkeypatch):
    line = '[[["LP", 0.5, {"Y": 2.0, "X": 1.0}]], 0.25]'
    monkeypatch.setattr(xpp_models, "RIVAL", f"print('hello'); print('{line}')")
    found = run_rival(sys.executable, "", ("x", "y"))
    assert (found.seconds, found.failure, found.points[0][:2]) == (0.25, "", ("LP", 0.5))
    assert_allclose(found.points[0][2], [1.0, 2.0])


def test_lines_say_what_failed(monkeypatch, tmp_path, capsys):
    (tmp_path / "pf.ode").write_text("x'=r*x-x^3\ny'=x-y\npar r=-1\ndone\n")
    monkeypatch.setattr(xpp_models, "CASES", {"pf": ("r", -2.0, 2.0, {}), "gone": ("r", 0.0, 1.0, {})})
    monkeypatch.setattr(xpp_models, "RIVAL", "raise SystemExit('no AUTO here')")
    xpp_models.main([str(tmp_path), "--rival", sys.executable])
    first, second, *sums = capsys.readouterr().out.splitlines()
    assert first.startswith("pf (r), 1 points: pseudoarc: 1 found, 0 missed, 0 invented")
    assert "; AUTO: crashed with exit status 1 (no AUTO here); AUTO, our" in first
    assert second == "gone: not there"
    assert [line.split(": ")[0] for line in sums] == ["pseudoarc", "AUTO", "AUTO, our largest step"]
    assert sums[1] == "AUTO: 0 found, 0 missed, 0 invented, 0.0 ms, failed on 1 files in all"
