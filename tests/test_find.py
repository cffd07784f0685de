"""The reception's words for solutions on no known branch: what comes back, in which order, and what is refused."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Problem, deflated_branches, find_solutions, trace, unconnected
from continuation.searching.found import Found, Report

RINGS = "x*((x - 2)**2 + lam**2 - 0.25)*((x + 3)**2 + (lam - 0.2)**2 - 0.25)"


@pytest.fixture(scope="module")
def problem():
    """The line x = 0 and two circles of radius 1/2, around (2, 0) and (-3, 0.2)."""
    return Problem.from_expressions({"x": RINGS}, parameters={"lam": 0.0})


@pytest.fixture(scope="module")
def trunk(problem):
    return trace(problem, [0.0], "lam", (-1, 1))


def test_solutions_come_in_ascending_order_with_a_report(problem):
    found = find_solutions(problem, {"lam": 0.2}, guesses=[[x] for x in (3.0, 0.1, -2.0)])
    root = np.sqrt(0.25 - 0.04)
    assert isinstance(found, Found)
    assert_allclose([point["x"] for point in found], [-3.5, -2.5, 0.0, 2 - root, 2 + root], atol=1e-12)
    assert [point["lam"] for point in found] == [0.2] * 5
    assert isinstance(found.report, Report)
    assert found.report.guesses == 3
    again = find_solutions(problem, {"lam": 0.2}, guesses=[[x] for x in (3.0, 0.1, -2.0)])
    assert [point["x"] for point in again] == [point["x"] for point in found]


def test_a_limit_ends_the_search(problem):
    found = find_solutions(problem, {"lam": 0.2}, limit=2, seed=1)
    assert (len(found), found.report.ended) == (2, "limit")
    assert find_solutions(problem, {"lam": 0.2}, budget=1, seed=1).report.iterations <= 2


def test_known_solutions_are_left_out(problem, trunk):
    known = [[-3.5], [-2.5], [0.0]]
    found = find_solutions(problem, {"lam": 0.2}, known=known, guesses=[[3.0], [1.0]])
    assert np.all(np.array([point["x"] for point in found]) > 1.0)
    elsewhere = unconnected(problem, trunk, "lam", [0.2, 0.9], budget=300)
    assert {point["lam"] for point in elsewhere} <= {0.2}
    assert 0.0 not in np.round([point["x"] for point in elsewhere], 9)
    assert set(elsewhere.reports) == {0.2, 0.9}


def test_branches_elsewhere_are_branches_with_verbs_and_progress_is_shown(problem, trunk):
    shown = []

    def show(value, found):
        shown.append((value, found))

    rings = deflated_branches(problem, trunk, "lam", (-1, 1), values=[0.1], budget=400, progress=show)
    assert all(isinstance(ring, Branch) for ring in rings)
    centres = sorted(round(float(np.mean([ring["x"].min(), ring["x"].max()])), 2) for ring in rings)
    assert centres == [-3.0, 2.0]
    assert all(ring.ends[0].name == "CLOSED" for ring in rings)
    for ring in rings:
        x0, lam0 = (2, 0) if ring["x"][0] > 0 else (-3, 0.2)
        assert_allclose((ring["x"] - x0) ** 2 + (ring["lam"] - lam0) ** 2, 0.25, rtol=1e-8)
    ((value, found),) = shown
    assert value == 0.1
    assert all(isinstance(ring, Branch) for ring in found)
    assert not rings.interrupted
    assert rings.untraced == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 0}, "limit: wanted a whole number of at least 1, got 0"),
        ({"limit": True}, "limit: wanted a whole number of at least 1, got True"),
        ({"budget": 2.5}, "budget: wanted a whole number of at least 1, got 2.5"),
        ({"seed": -1}, "seed: wanted a whole number of at least 0, got -1"),
        ({"power": 0.5}, "power: wanted at least 1, got 0.5"),
        ({"shift": -1}, "shift: wanted at least 0, got -1"),
        ({"guesses": [0.5]}, "guesses: wanted a list of states"),
        ({"known": [[1.0, 2.0]]}, r"known\[0\]: wanted 1 values"),
        ({"bounds": (1, 1)}, "bounds: wanted low < high"),
        ({"parameters": {"mu": 1.0}}, "no parameter named 'mu'"),
    ],
)
def test_options_are_checked_by_name(problem, options, words):
    with pytest.raises(ValueError, match=words):
        find_solutions(problem, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"values": 0}, "values: wanted a whole number of at least 1"),
        ({"values": [3.0]}, r"values: wanted values inside the span \(-1, 1\), got 3"),
        ({"span": (-np.inf, 1)}, "span: wanted finite limits to look between"),
        ({"limit": 0}, "limit: wanted a whole number of at least 1"),
        ({"branches": [3]}, r"branches\[0\]: wanted a Branch, got int"),
        ({"vary": "mu"}, "no parameter named 'mu'"),
    ],
)
def test_spans_and_branches_are_checked_by_name(problem, trunk, options, words):
    given = {"branches": trunk, "vary": "lam", "span": (-1, 1), **options}
    with pytest.raises(ValueError, match=words):
        deflated_branches(problem, given.pop("branches"), given.pop("vary"), given.pop("span"), **given)
