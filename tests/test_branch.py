"""What a branch answers: columns, points at a value, more points, its own check."""

import dataclasses
import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Kind, Problem, Settings, Status, trace
from systems import textbook
from tests import oracle


@functools.cache
def cusp():
    problem = Problem.from_expressions(
        {"x": "mu + nu*x - x**3"}, {"mu": 0.0, "nu": 1.0}, outputs={"energy": "x**4/4 - nu*x**2/2 - mu*x"}
    )
    return trace(problem, [1.0], "mu", (-2, 2))


@functools.cache
def circle(h=0.1):
    return trace(textbook.circle(), [1.0], "p", settings=Settings(step=h, max_step=h))


# Columns.


def test_columns():
    b = cusp()
    x, mu = b.states[:, 0], b.parameter
    assert_array_equal(b["x"], x)
    assert_array_equal(b["mu"], mu)
    assert_array_equal(b["nu"], np.ones(len(b)))
    assert_array_equal(b["norm"], np.abs(x))
    assert_allclose(b["energy"], x**4 / 4 - x**2 / 2 - mu * x, rtol=1e-14, atol=1e-14)
    assert_array_equal(b["arclength"], b.arclength)
    assert b.arclength[0] == 0
    assert np.all(np.diff(b.arclength) > 0)
    assert_allclose(b.eigenvalues[:, 0], 1 - 3 * x**2, atol=1e-12)
    lorenz = trace(textbook.lorenz(), [0.0, 0.0, 0.0], "rho", (0, 2))
    two = np.sqrt(np.mean(lorenz.states**2, axis=1))
    assert_allclose(lorenz["norm"], two)


def test_labels_give_special_points_and_points_give_values():
    b = cusp()
    fold = b["LP1"]
    assert fold.kind is Kind.FOLD
    assert (fold["x"], fold["mu"], fold["nu"]) == (b["x"][fold.index], b["mu"][fold.index], 1.0)
    assert fold["energy"] == pytest.approx(b["energy"][fold.index])
    assert b.point(3)["mu"] == b["mu"][3]
    with pytest.raises(KeyError, match="no value named 'y'; this point has: x, mu, nu, energy"):
        fold["y"]


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(KeyError, match="no column or special point named 'energi'.*did you mean 'energy'"):
        cusp()["energi"]
    with pytest.raises(KeyError, match="x, mu, nu, energy, norm, arclength, unstable, .*, EP1, LP1, LP2, EP2"):
        cusp()["HB1"]


def test_a_branch_is_immutable():
    b = cusp()
    for name in ("unknowns", "states", "varied", "tangents", "unstable", "nullity", "residuals", "parameter"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(b, name)[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        b["x"][0] = 0.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        b.start = 3
    for name in ("energy", "arclength"):
        with pytest.raises(ValueError, match="read-only"):
            b[name][0] = 0.0


def test_repr_says_what_it_is():
    assert repr(cusp()) == f"<Branch of expressions in mu: {len(cusp())} points, LIMIT .. LIMIT; LP1, LP2 special>"
    line = trace(textbook.fold(), [1.0], "p", (0.5, 2))
    assert repr(line).endswith("LIMIT .. LIMIT; no special>")
    assert str(cusp()).count("LP") == 2


def test_special_points_carry_their_data():
    for point in cusp().folds:
        assert point.vary == ("mu",)
        assert_array_equal(point.state, cusp().states[point.index])
        assert_array_equal(point.tangent, cusp().tangents[point.index])
        assert_allclose(point.eigenvalues, [0.0], atol=1e-12)
    ends = [point for point in cusp().special if point.kind is Kind.END]
    assert [point.index for point in ends] == [0, len(cusp()) - 1]


@pytest.mark.parametrize("weights", [None, [2.0, 0.5]])
def test_arclength_of_the_circle_converges_with_order_four(weights):
    exact = math.tau
    if weights is not None:  # an ellipse with half axes sqrt(weights)
        angles = np.linspace(0, math.tau, 4097)[:-1]
        exact = math.tau * np.mean(np.sqrt(2.0 * np.sin(angles) ** 2 + 0.5 * np.cos(angles) ** 2))
    errors = []
    for h in (0.05, 0.025):
        problem = Problem.from_expressions({"x": "1 - x**2 - p**2"}, {"p": 0.0}, weights=weights)
        b = trace(problem, [1.0], "p", settings=Settings(step=h, max_step=h), detect=set())
        assert b.ends[0] is Status.CLOSED
        errors.append(abs(b.arclength[-1] - exact))
    assert errors[1] < 1e-5
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.35)


# At a value.


@pytest.mark.parametrize("mu", [-0.3, 0.0, 0.2, 0.384])
def test_all_solutions_at_a_value(mu):
    found = cusp().at(mu=mu)
    roots = np.roots([1, 0, -1, -mu]).real
    assert sorted(point["x"] for point in found) == pytest.approx(sorted(roots), rel=1e-9, abs=1e-12)
    assert all(point["mu"] == mu for point in found)
    assert [point["energy"] for point in found] == pytest.approx(
        [p["x"] ** 4 / 4 - p["x"] ** 2 / 2 - mu * p["x"] for p in found]
    )


def test_at_a_state_at_a_fold_at_a_stored_row_and_beyond():
    assert [p["mu"] for p in cusp().at(x=0.25)] == pytest.approx([oracle.cusp_parameter(0.25)], rel=1e-12)
    fold = cusp()["LP1"]
    assert sorted(p["x"] for p in cusp().at(mu=fold["mu"])) == pytest.approx(
        sorted([fold["x"], -2 * fold["x"]]), rel=1e-6
    )
    row = cusp().point(7)
    assert any(p["x"] == pytest.approx(row["x"], rel=1e-12) for p in cusp().at(mu=row["mu"]))
    assert cusp().at(mu=2.5) == []
    assert len(cusp().at(mu=2.0)) == 1
    assert len(circle().at(p=0.0)) == 2  # the start is first and last row, and one solution


def test_solutions_beside_a_special_point_have_their_own_count():
    """A special row leaves out the critical eigenvalues; what lies between it and the next row does not."""
    problem = Problem.from_expressions(
        {"x": "mu*x - x**3", "y": "mu*y - y**3"}, {"mu": -1.0}, zeros={"half": "mu - 0.5"}
    )
    trunk = trace(problem, [0.0, 0.0], "mu", (-1, 1))
    assert [trunk.at(mu=mu)[0].unstable for mu in (-1e-3, 1e-3, 0.4999, 0.5001)] == [0, 2, 2, 2]
    assert [trunk.at(mu=mu)[0].nullity for mu in (-1e-3, 0.0, 1e-3)] == [0, 2, 0]


def test_at_refuses_what_it_can_not_use():
    with pytest.raises(ValueError, match="at: wanted one name and its value"):
        cusp().at(mu=0.0, x=0.0)
    with pytest.raises(ValueError, match="at: no state or varied parameter named 'nu'"):
        cusp().at(nu=1.0)
    with pytest.raises(ValueError, match=r"at\(mu=...\): wanted finite numbers, got nan"):
        cusp().at(mu=math.nan)


# More points.


def test_extend_goes_on_from_both_ends():
    short = trace(textbook.snake(), [0.0], "p", settings=Settings(max_points=40))
    long = short.extend(max_points=60)
    assert long.ends == (Status.MAX_POINTS, Status.MAX_POINTS)
    assert_array_equal(long.unknowns[long.start], [0.0, 0.0])
    at = long.start - short.start
    assert_array_equal(long.unknowns[at : at + len(short)], short.unknowns)
    assert_allclose(long.parameter, [oracle.snake_parameter(u) for u in long["u"]], atol=1e-12)
    low, high = long["u"].min(), long["u"].max()
    assert_allclose(sorted(p["u"] for p in long.folds), [u for _, u in oracle.snake_folds(low, high)], atol=1e-10)
    labels = [p.label for p in long.folds]
    assert labels == [f"LP{k}" for k in range(1, len(labels) + 1)]
    assert all(long.unknowns[p.index, 0] == p["u"] for p in long.special)
    assert [p.index for p in long.special if p.kind is Kind.END] == [0, len(long) - 1]
    assert long.effort["steps"] >= short.effort["steps"] + 118
    assert len(short) < len(long)


def test_extend_widens_the_span():
    longer = cusp().extend(span=(-5, 5))
    assert {longer.parameter[0], longer.parameter[-1]} == {-5.0, 5.0}
    assert longer.span == (-5.0, 5.0)
    assert_allclose(longer.parameter, [oracle.cusp_parameter(x) for x in longer["x"]], rtol=1e-12, atol=1e-12)
    assert [p.label for p in longer.special] == ["EP1", "LP1", "LP2", "EP2"]
    one = cusp().extend(span=(-2, 5))
    assert {one.parameter[0], one.parameter[-1]} == {-2.0, 5.0}
    assert_allclose(longer["energy"], longer["x"] ** 4 / 4 - longer["x"] ** 2 / 2 - longer["mu"] * longer["x"])


def test_extend_refuses_where_nothing_can_go_on():
    with pytest.raises(ValueError, match=r"no end can go on \(LIMIT, LIMIT\); widen `span`"):
        cusp().extend()
    with pytest.raises(ValueError, match=r"no end can go on \(CLOSED, CLOSED\)"):
        circle().extend()


def test_a_loaded_branch_goes_on_with_its_problem(tmp_path):
    problem = textbook.snake()
    short = trace(problem, [0.0], "p", settings=Settings(max_points=20))
    short.save(tmp_path / "b.nc")
    loaded = Branch.load(tmp_path / "b.nc")
    with pytest.raises(ValueError, match="loaded from a file without its problem 'snake': give it"):
        loaded.extend(max_points=10)
    longer = loaded.extend(problem, max_points=10)
    assert_array_equal(longer.unknowns, short.extend(max_points=10).unknowns)
    with pytest.raises(ValueError, match=r"problem: wanted the states \['u'\], got \['x'\]"):
        loaded.extend(textbook.cusp())


def test_a_branch_of_text_is_loaded_with_its_problem(tmp_path):
    cusp().save(tmp_path / "b.nc")
    loaded = Branch.load(tmp_path / "b.nc")
    assert sorted(p["x"] for p in loaded.at(mu=0.0)) == pytest.approx([-1, 0, 1], abs=1e-12)
    assert loaded.check()


# Its own check.


@pytest.mark.parametrize(
    ("name", "start", "vary", "span"),
    [("cusp", [1.0], "mu", (-2, 2)), ("brusselator", [1.0, 1.0], "b", (0, 5)), ("circle", [1.0], "p", (-2, 2)),
     ("pitchfork", [0.0], "p", (-1, 1)), ("hopf", [0.0, 0.0], "mu", (-1, 1))],
)  # fmt: skip
def test_good_branches_pass(name, start, vary, span):
    report = trace(getattr(textbook, name)(), start, vary, span).check()
    assert report
    assert report.extended_precision
    assert np.nanmax(report.solution_errors) < 1e-10
    assert "all rows pass" in str(report)


@pytest.mark.parametrize("what", ["unknowns", "tangents"])
def test_a_spoiled_row_fails(what):
    array = getattr(circle(), what).copy()
    array[7] += 1e-4
    spoiled = dataclasses.replace(circle(), **{what: array})
    report = spoiled.check()
    assert not report
    kind = "solution" if what == "unknowns" else "tangent"
    row, size = report.worst(kind)
    assert (row, 1e-5 < size < 1e-3) == (7, True)
    assert "FAILED" in str(report)


def test_a_branch_of_another_problem_fails():
    other = Problem.from_expressions({"x": "1.001 - x**2 - p**2"}, {"p": 0.0})
    assert not dataclasses.replace(circle(), problem=other).check()


# What it was traced for stays with it.


def short_of_the_branch_point(**options):
    """The trunk of the pitchfork up to p = -0.5, traced for folds only."""
    return trace(textbook.pitchfork(), [0.0], "p", (-1, -0.5), parameters={"p": -0.75}, detect={Kind.FOLD}, **options)


def test_a_longer_branch_looks_for_the_same_kinds():
    short = short_of_the_branch_point()
    assert [p.label for p in short.extend(span=(-1, 1)).special] == ["EP1", "EP2"]
    every = dataclasses.replace(short, request=dataclasses.replace(short.request, detect=frozenset(Kind)))
    assert "BP1" in [p.label for p in every.extend(span=(-1, 1)).special]


def test_the_request_is_kept_by_files_and_by_longer_branches(tmp_path):
    settings = Settings(max_step=0.05, max_points=5)
    short = short_of_the_branch_point(direction=1, settings=settings)
    assert (short.request.signs, short.request.detect) == ((1,), {Kind.FOLD})
    short.save(tmp_path / "b.nc")
    loaded = Branch.load(tmp_path / "b.nc")
    assert loaded.request == short.request
    longer = loaded.extend(textbook.pitchfork(), span=(-1, 1), max_points=60)
    assert [p.label for p in longer.special] == ["EP1", "EP2"]
    assert longer.request == dataclasses.replace(short.request, span=(-1.0, 1.0))
    assert longer.settings.max_points == 5  # `max_points` of `extend` is for that call


def test_what_it_was_to_stop_at_is_not_asked_for_again():
    short = trace(textbook.snake(), [0.0], "p", direction=1, stop=Kind.FOLD)
    longer = short.extend(max_points=200)
    assert (longer.request.stop_kind, longer.ends[1]) == (None, Status.MAX_POINTS)
    assert len(longer.folds) > 2


def test_a_longer_curve_in_two_parameters_looks_for_the_same_kinds():
    problem = textbook.cusp()
    fold = cusp_fold()
    few, nothing = Settings(max_points=3), set()
    short = trace(problem, fold, ("mu", "nu"), {"mu": (-1, 1)}, settings=few, detect=nothing)
    longer = short.extend(settings=Settings())
    assert longer["nu"].min() < 1e-3  # it has passed the cusp
    assert [p.kind for p in longer.special] == [Kind.END, Kind.END]
    assert longer.request.detect == nothing
    every = trace(problem, fold, ("mu", "nu"), {"mu": (-1, 1)}, settings=few).extend(settings=Settings())
    assert Kind.CUSP in {p.kind for p in every.special}


def cusp_fold():
    """A fold of the cusp at nu = 1."""
    return trace(textbook.cusp(), [1.0], "mu", (-2, 2))["LP1"]
