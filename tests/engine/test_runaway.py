"""Ends at infinity, against closed forms: what leaves, where the parameter tends to, and what is no way to infinity."""

import math
import types

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Kind, Problem, Settings, Status, Watcher, diagram, trace
from continuation.compiled.state import trace_state as S
from continuation.engine import follow
from continuation.engine.ending.runaway import Ahead, Runaway, limit_of, predict
from continuation.results.request import Request


def traced(equation, start, p, span, **options):
    return trace(Problem.from_expressions({"u": equation}, {"p": p}), [start], "p", span, **options)


POLES = {  # equation, start, p there, span, index of the end, p*, sign of u, u of p
    "simple": ("u*p - 1", 1.0, 1.0, (-1, 2), 0, 0.0, 1, lambda p: 1 / p),
    "double": ("u*(p - 0.3)**2 - 1", 1 / 0.49, 1.0, (0, 2), 0, 0.3, 1, lambda p: (p - 0.3) ** -2),
    "half": ("u**2*(1 - p) - 1", -1.0, 0.0, (-9, 3), 1, 1.0, -1, lambda p: -((1 - p) ** -0.5)),
    "saturation": ("p*(1 + u) - u", 0.0, 0.0, (-1, 2), 1, 1.0, 1, lambda p: p / (1 - p)),
    "large numbers": ("u*(p - 5e5) + 1e12", -2e6, 1e6, (0, 1.5e6), 0, 5e5, -1, lambda p: -1e12 / (p - 5e5)),
}


@pytest.mark.parametrize(("equation", "start", "p", "span", "end", "goal", "sign", "exact"), POLES.values(), ids=POLES)
def test_a_pole_ends_the_branch_by_name(equation, start, p, span, end, goal, sign, exact):
    settings = Settings(max_step=5e4) if p > 1e5 else None
    branch = traced(equation, start, p, span, settings=settings)
    assert branch.ends[end] is Status.INFINITY
    assert branch.ends[1 - end] is Status.LIMIT
    assert len(branch) < 1500
    assert_allclose(branch["u"], exact(branch["p"]), rtol=1e-8, atol=1e-8)
    where = f"as p tends to {goal:g}"
    assert [(str(r), r.row) for r in branch.remarks] == [
        (f"u goes to {'' if sign > 0 else '-'}infinity on this end {where}", 0 if end == 0 else len(branch) - 1)
    ]
    assert "end: leaves to infinity" in str(branch)
    assert where in str(branch)
    left, way = abs(branch["p"][-end] - goal), span[1] - span[0]
    assert left <= 0.02 * way or left > 0.02 * way and equation.endswith("**2 - 1")  # a double pole is slow


def test_both_ends_may_leave():
    branch = traced("cos(p)*u - sin(p)", 0.0, 0.0, (-3, 3))
    assert branch.ends == (Status.INFINITY, Status.INFINITY)
    assert [r.row for r in branch.remarks] == [0, len(branch) - 1]
    assert all("as p tends to " in str(r) for r in branch.remarks)
    assert_allclose(branch["u"], np.tan(branch["p"]), rtol=1e-8, atol=1e-8)


def test_an_endemic_branch_runs_to_minus_infinity_below_its_threshold():
    sis = Problem.from_expressions({"I": "beta*I*(1 - I) - gamma*I"}, {"beta": 0.5, "gamma": 1.0})
    whole = diagram(sis, [0.0], "beta", (0, 4))
    assert len(whole.branches) == 2
    endemic = whole.branches[1]
    assert len(endemic) < 150
    assert {end.name for end in endemic.ends} == {"INFINITY", "LIMIT"}
    assert "I goes to -infinity on this end as beta tends to 0" in str(whole)
    bounded = diagram(sis, [0.0], "beta", {"beta": (0, 4), "I": (0, None)})
    assert [len(branch) < 40 for branch in bounded.branches] == [True, True]
    assert not any(end is Status.INFINITY for branch in bounded.branches for end in branch.ends)
    assert all(np.all(branch["I"] >= 0.0) for branch in bounded.branches)


def test_what_falls_exponentially_goes_on_until_rounding_hides_it():
    branch = traced("exp(-u) - p", 0.0, 1.0, (-3, 3))
    assert branch.ends == (Status.UNRESOLVED, Status.LIMIT)
    assert branch["u"][0] > 25
    assert "u goes to infinity on this end as p tends to 0, until rounding hides it" in str(branch)


def test_tails_whose_functions_overflow_say_where_they_lead():
    branch = traced("p*exp(u) - 1", 0.0, 1.0, (-1, 100))
    assert branch.ends == (Status.NONFINITE, Status.LIMIT)
    assert "u goes to infinity on this end as p tends to 0, until rounding hides it" in str(branch)


@pytest.mark.parametrize("text", ["(p - 1)*(1 + u**2)", "(p - 1)*(3 + sin(u))"])
@pytest.mark.parametrize("span", [(-1, 3), (0, 2)])
def test_vertical_lines_of_one_state_have_no_end(text, span):
    """F_u is zero all along, which is no loss; however far they are followed, in larger and larger units."""
    branch = traced(text, 0.0, 1.0, span)
    assert branch.ends == (Status.INFINITY, Status.INFINITY)
    assert len(branch) < 2000
    assert [point.kind for point in branch.special] == [Kind.END, Kind.END]
    assert "u goes to infinity on this end while p stays at 1" in str(branch)


NO_RUNAWAYS = {
    "exponential growth": ("u - exp(p)", 1.0, 0.0, (0, 14), 1e4),
    "a line in large units": ("u - 1e6*p", 1e6, 1.0, (0, 40), 1e6),
    "a square root": ("u - 1e3*sqrt(p)", 1e3, 1.0, (0.01, 4), 20.0),
    "a cubic": ("u - p**3", 1.0, 1.0, (-100, 100), 1e4),
    "saturation with a turn far out": ("p - u/(1 + u) + 1e-5*u**2", 0.0, 0.0, (-0.9, 2), 1.0),
}


@pytest.mark.parametrize(("equation", "start", "p", "span", "largest"), NO_RUNAWAYS.values(), ids=NO_RUNAWAYS)
def test_large_branches_are_no_runaways(equation, start, p, span, largest):
    branch = traced(equation, start, p, span, settings=Settings(max_step=largest))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert branch.remarks == ()
    assert len(branch) > 10
    assert np.ptp(branch["u"]) > 8 * np.min(np.abs(branch["u"]))


def test_a_limit_of_the_state_comes_first():
    branch = traced("p*(1 + u) - u", 0.0, 0.0, {"p": (-1, 2), "u": (None, 40.0)})
    assert branch.ends[1] is Status.LIMIT
    assert branch["u"][-1] == 40.0
    square = Problem.from_expressions({"u": "p*(1 + u) - u"}, {"p": 0.0}, outputs={"square": "u**2"})
    branch = trace(square, [0.0], "p", {"p": (-1, 2), "square": (None, 1600.0)})
    assert branch.ends[1] is Status.LIMIT
    assert branch["u"][-1] == pytest.approx(40.0, abs=1e-9)


def test_an_eigenvalue_that_crosses_ahead_is_waited_for():
    """u = 1/p as p falls; y has a Hopf pair that crosses at u = 30, where p = 1/30 is a sixtieth of the span."""
    equations = {"u": "1 - u*p", "y": "(u - 30)*y - u*z", "z": "u*y + (u - 30)*z"}
    problem = Problem.from_expressions(equations, {"p": 1.0})
    branch = trace(problem, [1.0, 0.0, 0.0], "p", (0, 2))
    assert branch.ends[0] is Status.INFINITY
    assert branch["HB1"]["p"] == pytest.approx(1 / 30, rel=1e-9)


@pytest.mark.parametrize(("equation", "words"), [("u - p", "u to infinity"), ("u + p**2", "u to -infinity")])
def test_an_endless_span_ends_by_name(equation, words):
    branch = traced(equation, 0.0, 0.0, (0, None))
    assert branch.ends == (Status.LIMIT, Status.INFINITY)
    assert len(branch) < 5000
    assert [str(r) for r in branch.remarks] == [f"p goes to infinity on this end, {words}"]


def test_what_an_endless_span_holds_is_not_passed_over():
    """The pair crosses at p = 9000: counts ahead differ, so the trace goes on."""
    equations = {"y": "(p - 9000)*y - z", "z": "y + (p - 9000)*z"}
    branch = trace(
        Problem.from_expressions(equations, {"p": 0.0}), [0.0, 0.0], "p", (0, None), settings=Settings(max_step=20.0)
    )
    assert branch["HB1"]["p"] == pytest.approx(9000)


def test_extend_goes_on_and_the_remark_moves(tmp_path):
    branch = traced("u*p - 1", 1.0, 1.0, (-1, 2))
    longer = branch.extend()
    assert longer["u"][0] > 4 * branch["u"][0]
    assert [r.row for r in longer.remarks] == [0]
    longer.save(tmp_path / "b.nc")
    loaded = Branch.load(tmp_path / "b.nc")
    assert loaded.remarks == longer.remarks
    assert loaded.ends == longer.ends


class EveryPoint(Watcher):
    every_point = True


def test_portions_change_nothing():
    usual, single = (traced("u*p - 1", 1.0, 1.0, (-1, 2), watch=watch) for watch in ((), (EveryPoint(),)))
    assert np.array_equal(usual.unknowns, single.unknowns)
    assert usual.ends == single.ends
    assert usual.remarks == single.remarks


def test_the_law_of_the_parameter_ahead():
    octaves = np.linspace(0.0, 30.0, 61)
    size = 2.0**octaves

    def limit(parameter):
        return limit_of(Ahead(octaves, parameter, np.ones(2)), parameter[0])

    assert limit(3.0 + 1 / size) == pytest.approx(3.0, abs=1e-8)
    assert limit(-(size**-0.4)) == pytest.approx(0.0, abs=1e-3)
    assert limit(np.log(size)) == math.inf
    assert limit(-size) == -math.inf
    assert limit(1 / size - 1e-12 * size) is None  # it turns far out
    assert limit(np.sin(octaves)) is None


def test_predictions_follow_powers_and_lines():
    x, before = np.array([4.0, 16.0, 0.0, 1.0]), np.array([2.0, 4.0, -1.0, 1.0])
    assert predict(x, before, None, 0, 2.0) == pytest.approx([8.0, 64.0, 1.0, 1.0])
    assert predict(x, None, np.array([0.5, 0.1, 0.0, 0.2]), 0, 1.1) == pytest.approx([4.4, 16.08, 0.0, 1.16])


def test_rows_that_are_not_kept_lead_nowhere(monkeypatch):
    """Where the last look cuts the way to infinity the branch does not say that it goes there."""

    def cut(running, tolerance):
        running.cut(5, status=Status.UNRESOLVED)
        return ("rows were dropped",)

    monkeypatch.setattr(follow, "drop_false_rows", cut)
    branch = traced("u*p - 1", 1.0, 1.0, (-1, 2), direction=-1)
    assert branch.ends[0] is Status.UNRESOLVED
    assert [str(remark) for remark in branch.remarks] == ["rows were dropped"]


def test_of_unknowns_that_grow_alike_the_first_is_followed():
    """Two copies of 1/p, whose tangents differ by rounding, now in favour of the one, now of the other."""
    problem = Problem.from_expressions({"u": "u*p - 1", "v": "v*p - 1"}, {"p": 1.0})
    p = 10.0 ** -np.linspace(0.0, 3.0, 600)
    rounding = 1.0 + 1e-13 * (-1.0) ** np.arange(len(p))
    tangents = np.column_stack([rounding / p**2, 1.0 / p**2, -np.ones(len(p))])
    weights = np.array([0.5, 0.5, 1.0])
    tangents /= np.sqrt(tangents**2 @ weights)[:, None]
    records = np.zeros((len(p), S.width(3, 0)))
    records[:, -S.SCALARS + S.KIND] = S.REGULAR
    floats = np.zeros(S.FLOATS)
    floats[S.MAX_H] = 0.1
    state = types.SimpleNamespace(weights=weights, floats=floats)
    running = types.SimpleNamespace(
        unknowns=np.column_stack([1 / p, 1 / p, p]), tangents=tangents, records=records, state=state
    )
    found = Runaway(Request.of(problem, "p", (-1, 2), None, "both", "all", None), ()).suspects(running, 1, len(p))
    assert len(found) > 10
    assert {k for _, k in found} == {0}
