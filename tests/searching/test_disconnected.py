"""Branches that no path joins to those traced: isolas, perturbed pitchforks, conjugates, and what is left out."""

from dataclasses import replace

import numpy as np
import pytest

from continuation import (
    Kind,
    Problem,
    Settings,
    Status,
    deflated_branches,
    find_solutions,
    trace,
    unconnected,
)
from continuation.searching import disconnected
from continuation.searching.disconnected import Task
from continuation.searching.found import Found

ROOT = np.sqrt


def isola():
    """A slanted trunk x = -lam/10 beside the circle of radius 1/2 around x = 2."""
    return Problem.from_expressions({"x": "(x + 0.1*lam)*((x - 2)**2 + lam**2 - 0.25)"}, {"lam": -1.0})


def perturbed(eps=0.1):
    """A pitchfork that eps takes apart: one branch through all mu, one beyond the fold at mu = 3 (eps/2)**(2/3)."""
    return Problem.from_expressions({"x": "mu*x - x**3 + eps"}, {"mu": -1.0, "eps": eps})


def pair(**options):
    """Two copies of a perturbed fold that do not see each other, swapped by a permutation of the states."""
    equations = {v: f"(mu + 1 - {v}**2)*({v} + 3)" for v in "xy"}
    return Problem.from_expressions(equations, {"mu": 0.0}, **options)


@pytest.fixture(scope="module")
def trunk():
    return trace(isola(), [0.1], "lam", (-1, 1))


# Solutions


def test_solutions_off_the_branches_at_each_value(trunk):
    values = [-0.8, -0.3, 0.1, 0.6]
    found = unconnected(isola(), trunk, "lam", values, budget=300)
    exact = [(v, 2 + s * ROOT(0.25 - v**2)) for v in values if abs(v) < 0.5 for s in (-1, 1)]
    np.testing.assert_allclose([(point["lam"], point["x"]) for point in found], exact, atol=1e-10)
    assert list(found.reports) == values
    assert {report.ended for report in found.reports.values()} == {"budget"}


def test_the_known_branch_alone_gives_nothing(trunk):
    ring = trace(isola(), [1.5], "lam", (-1, 1), parameters={"lam": 0.0})
    assert unconnected(isola(), [trunk, ring], "lam", [-0.3, 0.2], budget=300) == []


def test_what_was_found_before_is_a_guess():
    problem = Problem.from_expressions({"x": "x*(x - 1e5 - lam)"}, {"lam": 0.0})
    line = trace(problem, [0.0], "lam", (-1, 1))
    found = unconnected(problem, line, "lam", [0.0, 0.5], guesses=[[1e5 + 5]], budget=40)
    assert [point["x"] for point in found] == pytest.approx([1e5, 1e5 + 0.5], rel=1e-12)


def test_without_branches_parameters_say_where():
    found = unconnected(perturbed(), [], "mu", 1.0, parameters={"eps": 0.2}, limit=3)
    assert [point["x"] for point in found] == pytest.approx(np.sort(np.roots([-1, 0, 1, 0.2]).real), abs=1e-10)


# Branches


def test_an_isola_is_found_and_traced_closed(trunk):
    found = deflated_branches(isola(), trunk, "lam", (-1, 1))
    (ring,) = found
    assert ring.ends == (Status.CLOSED, Status.CLOSED)
    np.testing.assert_allclose((ring["x"] - 2) ** 2 + ring["lam"] ** 2, 0.25, atol=1e-9)
    assert sorted(fold["lam"] for fold in ring.folds) == pytest.approx([-0.5, 0.5], abs=1e-9)
    assert len(found.reports) == 9
    assert found.untraced == []


def test_two_isolas_and_a_limit():
    rings = "*".join(f"((x - {c})**2 + (lam - {l})**2 - 0.09)" for c, l in ((2, -0.3), (-2, 0.4)))
    problem = Problem.from_expressions({"x": f"(x + 0.1*lam)*{rings}"}, {"lam": -1.0})
    known = trace(problem, [0.1], "lam", (-1, 1))
    found = deflated_branches(problem, known, "lam", (-1, 1))
    assert [(round(np.mean([f["x"] for f in b.folds])), b.ends[0]) for b in found] == [
        (2, Status.CLOSED),
        (-2, Status.CLOSED),
    ]
    assert len(deflated_branches(problem, known, "lam", (-1, 1), limit=1)) == 1


@pytest.mark.parametrize("eps", [0.1, -0.02])
def test_the_other_half_of_a_perturbed_pitchfork(eps):
    problem = perturbed(eps)
    known = trace(problem, [np.sign(eps) * 0.1], "mu", (-2, 2))
    assert known.folds == ()
    (other,) = deflated_branches(problem, known, "mu", (-2, 2))
    (fold,) = other.folds
    assert fold["mu"] == pytest.approx(3 * (abs(eps) / 2) ** (2 / 3), rel=1e-10)
    assert [status.name for status in other.ends] == ["LIMIT", "LIMIT"]
    exact = np.sort(np.roots([-1, 0, 2, eps]).real * np.sign(eps))[:2] * np.sign(eps)  # of the other sign than eps
    assert sorted(other["x"][[0, -1]]) == pytest.approx(sorted(exact))


def test_conjugate_branches_are_traced_once():
    plain = pair()
    start = trace(plain, [-3.0, -3.0], "mu", (-0.5, 1.0))
    every = deflated_branches(plain, start, "mu", (-0.5, 1.0), values=2)
    once = deflated_branches(pair(symmetries=[("y", "x")]), start, "mu", (-0.5, 1.0), values=2)
    assert len(every) == 8  # the other pairs of roots -3, -sqrt(1 + mu), sqrt(1 + mu)
    ends = sorted(tuple(sorted(b.states[-1].round(9))) for b in once)
    r = ROOT(2.0)
    assert ends == [pytest.approx(v) for v in ((-3, -r), (-3, r), (-r, -r), (-r, r), (r, r))]


def test_a_branch_that_was_cut_short_is_not_new(trunk):
    ring = trace(isola(), [1.5], "lam", (-1, 1), parameters={"lam": 0.0}, settings=Settings(max_points=3))
    assert ring.ends[0] is Status.MAX_POINTS
    assert deflated_branches(isola(), [trunk, ring], "lam", (-1, 1), values=[-0.3, 0.3]) == []


def test_solutions_that_are_not_isolated_are_reported():
    problem = Problem.from_expressions({v: f"{v}*(4 + mu - x**2 - y**2)" for v in "xy"}, {"mu": 0.0})
    origin = trace(problem, [0.0, 0.0], "mu", (-1, 1))
    found = deflated_branches(problem, origin, "mu", (-1, 1), values=[0.0], budget=200)
    assert found == []
    ((point, error),) = found.untraced
    assert np.hypot(*point.state) == pytest.approx(2.0)
    assert "rank-deficient" in str(error) or "branch point" in str(error)


def test_progress_and_interrupts(trunk):
    seen = []

    def progress(value, branches):
        seen.append((value, len(branches)))
        if value > 0:
            raise KeyboardInterrupt

    found = deflated_branches(isola(), trunk, "lam", (-1, 1), values=[-0.9, -0.2, 0.1, 0.3], progress=progress)
    assert seen == [(-0.9, 0), (-0.2, 1), (0.1, 1)]
    assert len(found) == 1
    assert found.interrupted
    assert repr(found) == "<1 new branch; looked at 3 values>"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vary": "mu"}, "no parameter named 'mu'"),
        ({"branches": [1]}, r"branches\[0\]: wanted a Branch, got int"),
        ({"parameters": {"x": 1.0}}, "no parameter named 'x'"),
        ({"span": (1, -1)}, "span: wanted low < high"),
        ({"span": (-np.inf, 1)}, "span: wanted finite limits"),
        ({"values": 0}, "values: wanted a whole number of at least 1, got 0"),
        ({"values": [0.0, 2.0]}, r"values: wanted values inside the span \(-1, 1\), got 2"),
        ({"values": [np.nan]}, "values: wanted finite"),
        ({"guesses": [[1.0, 2.0]]}, r"guesses\[0\]: wanted 1 value"),
        ({"bounds": (1, 0)}, "bounds: wanted low < high"),
        ({"limit": 0}, "limit: wanted"),
        ({"budget": 0}, "budget: wanted"),
        ({"settings": 3}, "settings: wanted Settings"),
        ({"seed": "a"}, "seed: wanted"),
    ],
)
def test_what_can_not_be_used_is_named(trunk, change, message):
    arguments = {"problem": isola(), "branches": trunk, "vary": "lam", "span": (-1, 1), **change}
    with pytest.raises(ValueError, match=message):
        deflated_branches(**arguments)


def test_branches_must_fit():
    first = trace(perturbed(), [0.1], "mu", (-1, 1))
    other = trace(perturbed(), [0.1], "eps", (-1, 1))
    with pytest.raises(ValueError, match=r"branches\[1\]: varies eps, wanted 'mu'"):
        unconnected(perturbed(), [first, other], "mu", 0.0)
    with pytest.raises(ValueError, match=r"branches\[0\]: eps = 0.1, wanted 0.2"):
        unconnected(perturbed(), first, "mu", 0.0, parameters={"eps": 0.2})
    with pytest.raises(ValueError, match=r"branches\[0\]: has states \['x'\], wanted \['x', 'y'\]"):
        unconnected(pair(), first, "mu", 0.0)


def test_special_points_of_new_branches_are_located(trunk):
    (ring,) = deflated_branches(isola(), trunk, "lam", (-1, 1), values=[0.2])
    assert [point.kind for point in ring.special if point.kind is not Kind.END] == [Kind.FOLD, Kind.FOLD]
    assert find_solutions(isola(), {"lam": 0.2}, known=[[-0.02], [2 - ROOT(0.21)], [2 + ROOT(0.21)]], budget=300) == []


def test_interrupting_a_trace_ends_the_loop(trunk, monkeypatch):
    real = disconnected.follow

    def interrupted(*arguments, **options):
        branch = real(*arguments, **options)
        return replace(branch, ends=(branch.ends[0], Status.INTERRUPTED))

    monkeypatch.setattr(disconnected, "follow", interrupted)
    found = deflated_branches(isola(), trunk, "lam", (-1, 1), values=[-0.2, 0.1, 0.3])
    assert (len(found), len(found.reports), found.interrupted) == (1, 1, True)


def test_guesses_come_from_the_values_before_and_after(monkeypatch):
    asked, line = [], Problem.from_expressions({"x": "x - lam"}, {"lam": 0.0})
    branch = trace(line, [0.0], "lam", (-1, 1))

    def search(self, value, near, fresh, options):
        asked.append((value, near))
        return Found()

    monkeypatch.setattr(Task, "search", search)
    unconnected(line, branch, "lam", [-0.5, 0.0, 0.5])
    assert asked == [(-0.5, [0.0]), (0.0, [-0.5, 0.5]), (0.5, [0.0])]
