"""Where constraints cease to be solvable: told as what it is, no branch point, Hopf point or noise."""

import pytest

from continuation import Kind, Problem, trace

WORDS = "the constraints can't be solved for as many states"


def points_and_remarks(texts, start, span=(-2.0, 2.0), **mass):
    problem = Problem.from_expressions(texts, {"a": start["a"]}, mass=mass)
    guess = {name: value for name, value in start.items() if name != "a"}
    branch = trace(problem, problem.solve(guess), "a", span)
    points = [(p.kind, pytest.approx(p["a"], abs=1e-6)) for p in branch.special if p.kind is not Kind.END]
    return points, [remark.text for remark in branch.remarks], branch


def test_relaxation_oscillators_jump_where_the_fast_state_turns():
    """``x' = a - y, 0 = x - y**3 + 3 y``: the rest y = a passes the knees y = -1 and 1 of the slow manifold."""
    texts = {"x": "a - y", "y": "x - y**3 + 3*y"}
    points, remarks, branch = points_and_remarks(texts, {"x": 2.0, "y": 2.0, "a": 2.0}, y=0)
    assert points == []
    assert [text.split(" (row")[0] for text in remarks] == ["near a = -1", "near a = 1"]
    assert all(WORDS in text for text in remarks)
    assert sorted(set(branch.unstable.tolist())) == [0, 1]


def test_true_folds_beside_stay():
    """``x' = a - y, 0 = x**2 + y**2 - 1``: a circle of rests, folds at a = 1 and -1; y can't be told where y = 0."""
    texts = {"x": "a - y", "y": "x**2 + y**2 - 1"}
    points, remarks, _ = points_and_remarks(texts, {"x": 0.8, "y": 0.6, "a": 0.6}, y=0)
    assert points == [(Kind.FOLD, 1.0), (Kind.FOLD, -1.0)]
    assert [text.split(" (row")[0] for text in remarks] == ["near a = 0", "near a = 0"]


def test_a_constraint_that_folds_with_the_branch():
    points, remarks, branch = points_and_remarks({"x": "a - x", "y": "x - y**2"}, {"x": 1.0, "y": 1.0, "a": 1.0}, y=0)
    assert points == [(Kind.FOLD, 0.0)]
    assert any(WORDS in text for text in remarks)
    assert branch["y"].min() == pytest.approx(-(2**0.5))


def test_a_constraint_that_tells_nothing_at_one_place():
    """``0 = y (x - 1)``: where x = 1 any y will do, and another branch begins that is not seen."""
    texts = {"x": "a - x", "y": "y*(x - 1)"}
    _, (remark,), _ = points_and_remarks(texts, {"x": 1.7, "y": 0.0, "a": 1.7}, y=0)
    assert remark.startswith("near a = 1 (row")
    assert "branches may meet or turn there without being found" in remark


def test_nothing_is_said_where_constraints_tell_enough():
    texts = {"x": "a*x - x**3 - z", "z": "z - x/2"}
    points, remarks, _ = points_and_remarks(texts, {"x": 0.0, "z": 0.0, "a": -1.0}, z=0)
    assert points == [(Kind.BRANCH_POINT, 0.5)]
    assert remarks == []
