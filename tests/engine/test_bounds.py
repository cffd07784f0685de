"""Limits on states and outputs, against closed forms."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Diagram, Kind, Problem, Settings, StartError, Status, diagram, trace
from systems import textbook

OUTPUTS = {"twice": "2*x + 1", "square": "x**2", "root": "sqrt(2 - x)", "where": "mu + x"}
FOLD = Problem.from_expressions({"x": "mu - x**2"}, {"mu": 1.0, "idle": 0.0}, outputs=OUTPUTS)
LIMITS = (Status.LIMIT, Status.LIMIT)
LARGE = Settings(step=0.3, max_step=0.3)


def traced(span, problem=FOLD, **options):
    return trace(problem, [1.0], "mu", span, **options)


@pytest.mark.parametrize(
    ("span", "first", "last"),  # the state at both ends
    [
        ({"x": (-0.5, 2.0)}, -0.5, 2.0),
        ({"mu": (-1, 9), "x": (-0.5, None)}, -0.5, 3.0),
        ({"mu": (-1, 9), "x": (-math.inf, 2.0)}, -3.0, 2.0),
        ({"twice": (-1.0, 4.0)}, -1.0, 1.5),
        ({"twice": (None, 4.0), "x": (-0.25, None)}, -0.25, 1.5),
        ({"where": (-0.1875, 6.0)}, -0.25, 2.0),
        ({"square": (0.25, 2.2), "twice": (None, 4.0)}, 0.5, math.sqrt(2.2)),
        ({"twice": (None, 4.0), "square": (0.25, 2.2)}, 0.5, math.sqrt(2.2)),
    ],
    ids=str,
)
@pytest.mark.parametrize("settings", [None, LARGE], ids=["usual", "large"])
def test_a_branch_ends_on_the_limit_it_meets_first(span, first, last, settings):
    branch = traced(span, settings=settings)
    assert branch.ends == LIMITS
    assert_allclose(branch["x"][[0, -1]], [first, last], rtol=1e-12)
    assert_allclose(branch["mu"], branch["x"] ** 2, rtol=1e-12, atol=1e-12)
    assert np.all(np.diff(branch["x"]) > 0)
    assert [point.kind for point in branch.special if point.kind is not Kind.FOLD] == [Kind.END, Kind.END]
    assert branch.check()
    for name, (low, high) in branch.request.limits.items():
        assert np.all((branch[name] >= low - 1e-12) & (branch[name] <= high + 1e-12)), name


def test_a_state_that_is_an_unknown_ends_exactly_on_its_limit():
    branch = traced({"x": (-0.7, 1.3)})
    assert (branch["x"][0], branch["x"][-1]) == (-0.7, 1.3)


def test_plain_python_outputs_are_limited_too():
    def f(u, p, out):
        out[0] = p[0] - u[0] ** 2

    problem = Problem(f, ["x"], {"mu": 1.0}, outputs={"cube": lambda u, p: u[0] ** 3}, compiled=False)
    assert traced({"cube": (-1.0, 8.0)}, problem)["x"][[0, -1]] == pytest.approx([-1.0, 2.0], rel=1e-12)


def test_a_state_of_several_unknowns_is_limited():
    class Rotated(Problem):
        """Shows (x - y, x + y) of the unknowns x, y."""

        def columns(self, unknowns):
            x, y, mu = unknowns.T
            return np.column_stack([x - y, 3 - 2 * y]), mu[:, None]

    equations = {"d": "d - mu", "e": "e - mu**2"}  # the unknowns are mu and mu**2
    base = Problem.from_expressions(equations, {"mu": 0.0})
    problem = Rotated(base.functions["residual"].python, ["d", "e"], {"mu": 0.0}, compiled=False)
    branch = trace(problem, [0.0, 0.0], "mu", {"d": (-3.0, 0.2), "e": (1.0, None)})
    assert branch["mu"][0] == pytest.approx(-1.0, abs=1e-12)  # where e = 3 - 2 mu**2 = 1
    assert branch["mu"][-1] == pytest.approx(0.5 - math.sqrt(0.05), abs=1e-12)  # where d = mu - mu**2 = 0.2


def test_the_table_says_which_limit():
    text = str(traced({"x": (None, 2.0), "twice": (-1.0, None)}))
    assert "first end, mu = 1: reached a limit of twice; widen `span` to go on" in text
    assert "last end, mu = 4: reached a limit of x; widen `span` to go on" in text
    assert "reached a limit of mu;" in str(traced({"mu": (0.5, 9), "twice": (-1.0, None)}))
    assert "reached a limit of the span;" in str(traced((0.5, 9)))


@pytest.mark.parametrize(
    ("span", "words"),
    [
        ({"idle": (0, 1)}, r"span: 'idle' does not vary; wanted limits of 'mu', of states or of outputs"),
        ({"xx": (0, 1)}, r"span: nothing named 'xx' can have limits; this problem has .*x"),
        ({"x": 3}, r"span\['x'\]: wanted two numbers \(low, high\), got 3"),
        ({"x": (3, 2)}, r"span\['x'\]: wanted low < high, got \(3, 2\)"),
        ({"mu": (2, 3)}, r"span: \(2, 3\) leaves out the start, where mu = 1"),
        ({"x": (2, 3)}, r"span: \(2, 3\) leaves out the start, where x = 1"),
        ({"twice": (None, 2)}, r"span: \(-inf, 2\) leaves out the start, where twice = 3"),
    ],
)
def test_limits_that_can_not_be_used_are_named(span, words):
    with pytest.raises(ValueError, match=words):
        traced(span)


def test_a_start_outside_says_so_by_its_status():
    with pytest.raises(StartError) as caught:
        traced({"x": (2, 3)})
    assert caught.value.status is Status.LIMIT


@pytest.mark.parametrize("name", ["x", "square"])
def test_a_start_on_a_limit_is_left_inward_only(name):
    branch = traced({name: (None, 1.0), "mu": (0.5, 2.0)})
    assert branch.start == len(branch) - 1
    assert branch["mu"][[0, -1]] == pytest.approx([0.5, 1.0])
    only = traced({name: (1.0, None)}, direction=-1)
    assert (len(only), only.ends[0]) == (1, Status.LIMIT)


def test_an_output_that_is_no_number_any_more_ends_the_branch():
    branch = traced({"root": (None, 10.0), "mu": (0.5, 9.0)})
    assert branch.ends == (Status.LIMIT, Status.NONFINITE)
    assert 1.5 < branch["x"][-1] <= 2.0


def test_extend_widens_the_limits_it_names_and_keeps_the_others():
    branch = traced({"twice": (None, 4.0), "x": (-0.5, None), "mu": (-1, 30)})
    with pytest.raises(ValueError, match=r"no end can go on \(LIMIT, LIMIT\)"):
        branch.extend()
    longer = branch.extend(span={"twice": (None, 6.0)})
    assert longer["x"][[0, -1]] == pytest.approx([-0.5, 2.5], rel=1e-12)
    assert longer.request.limits == {"mu": (-1, 30), "twice": (-math.inf, 6.0), "x": (-0.5, math.inf)}
    free = longer.extend(span={"twice": (None, None), "x": (-5, 5)})
    assert free["x"][[0, -1]] == pytest.approx([-5.0, 5.0], rel=1e-12)
    assert_allclose(free["mu"], free["x"] ** 2, rtol=1e-12, atol=1e-12)
    assert [point.label for point in free.special] == ["EP1", "LP1", "EP2"]


def test_a_new_span_of_the_parameter_keeps_the_limits_of_states():
    branch = traced({"mu": (0.5, 2.0), "x": (-3.0, 3.0)})
    longer = branch.extend(span=(-1, 100))
    assert longer["x"][[0, -1]] == pytest.approx([-3.0, 3.0], rel=1e-14)


def test_a_file_keeps_the_limits(tmp_path):
    branch = traced({"twice": (None, 4.0), "x": (-0.5, None)})
    branch.save(tmp_path / "b.nc")
    loaded = Branch.load(tmp_path / "b.nc")
    assert loaded.request == branch.request
    assert str(loaded) == str(branch)
    assert loaded.extend(span={"twice": (None, 6.0)})["x"][[0, -1]] == pytest.approx([-0.5, 2.5], rel=1e-12)


def test_a_curve_in_two_parameters_goes_on_within_limits_of_a_state():
    cusp = textbook.cusp()
    fold = trace(cusp, [1.0], "mu", (-2, 2))["LP1"]
    curve = trace(cusp, fold, ("mu", "nu"), {"mu": (-1, 1)}, settings=Settings(max_points=3))
    longer = curve.extend(span={"x": (-0.7, 0.7)}, settings=Settings())
    assert longer["x"][[0, -1]] == pytest.approx([-0.7, 0.7] if longer["x"][0] < 0 else [0.7, -0.7], rel=1e-12)
    assert_allclose(longer["nu"], 3 * longer["x"] ** 2, rtol=1e-10, atol=1e-10)
    assert longer.ends == LIMITS


def test_a_diagram_stays_within_the_limits(tmp_path):
    problem = Problem.from_expressions({"x": "mu*x - x**3"}, {"mu": -1.0})
    found = diagram(problem, [0.0], "mu", {"mu": (-1, 2), "x": (-1.0, 0.5)}, deflate=[1.5])
    assert len(found.branches) == 2
    assert not found.failures  # the solutions at mu = 1.5 beside zero lie outside
    bent = found.branches[1]
    assert sorted(bent["x"][[0, -1]]) == [-1.0, 0.5]
    assert_allclose(bent["mu"], bent["x"] ** 2, atol=1e-12)
    found.save(tmp_path / "d.nc")
    assert Diagram.load(tmp_path / "d.nc").plan == found.plan


@pytest.mark.parametrize("offset", [0.0, 0.04, 0.1, -0.06])
@pytest.mark.parametrize(("sign", "span"), [(1, {"hill": (None, 0.8)}), (-1, {"hill": (-0.8, 3.0)})])
def test_an_output_that_leaves_its_limit_between_two_points_ends_the_branch(offset, sign, span):
    """``1/(1 + 9 mu**2)`` is above 0.8 for abs(mu) < 1/6, narrower than a step of 0.4 that passes it."""
    outputs = {"hill": f"{sign}/(1 + 9*(mu - {offset})**2)"}
    problem = Problem.from_expressions({"x": "mu - x"}, {"mu": -1.0}, outputs=outputs)
    settings = Settings(step=0.4 * math.sqrt(2), max_step=0.4 * math.sqrt(2))
    branch = trace(problem, [-1.0], "mu", {"mu": (-1, 2), **span}, settings=settings)
    assert branch.ends == LIMITS
    assert branch["mu"][-1] == pytest.approx(offset - 1 / 6, abs=1e-10)
    assert len(branch) <= 4
    wide = trace(problem, [-1.0], "mu", {"mu": (-1, 2), "hill": (-1.1, 1.1)}, settings=settings)
    assert wide["mu"][-1] == 2.0
