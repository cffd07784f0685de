"""What a branch says of itself beside its points: starts that were moved far, kinks that were not declared."""

import numpy as np
import pytest

from continuation import Kind, Problem, Status, switch, trace

KINKS = {
    "abs": ({"x": "mu - x - abs(x - 0.2)/2"}, [-1.0], "x"),
    "max": ({"x": "mu - x - max(x, y)", "y": "x - 2*y + 0.1"}, [-1.0, 0.0], "x"),
    "a kink in the parameter": ({"x": "2*x - mu - abs(mu - 0.2)"}, [0.1], "mu"),
    "turning back": ({"x": "1.2 - mu - abs(x)"}, [2.2], "x"),
}


def kinks_of(equations, start, smoothness, **options):
    problem = Problem.from_expressions(equations, {"mu": -1.0}, smoothness=smoothness, **options)
    branch = trace(problem, start, "mu", (-2, 2))
    return branch, [remark for remark in branch.remarks if "the derivative of F by" in remark.text]


@pytest.mark.parametrize("name", KINKS)
def test_a_kink_that_is_not_declared_is_told(name):
    """With its place, the unknown whose derivative jumps, and what to declare; each once."""
    equations, start, unknown = KINKS[name]
    branch, (remark,) = kinks_of(equations, start, 2)
    place = 1.2 if name == "turning back" else 0.2
    assert remark.text.startswith(f"near mu = {place:g} the derivative of F by '{unknown}' jumps")
    assert "smoothness=2 is declared; say Problem(smoothness=1)" in remark.text
    assert abs(branch["mu"][remark.row] - place) < 0.5


@pytest.mark.parametrize("smoothness", [1, 3])
@pytest.mark.parametrize("name", KINKS)
def test_kinks_of_text_are_expected_where_nothing_is_declared(name, smoothness):
    equations, start, _ = KINKS[name]
    branch, remarks = kinks_of(equations, start, smoothness)
    assert remarks == []
    assert [end.is_failure for end in branch.ends] == [False, False]
    assert [point.kind for point in branch.special if point.kind is not Kind.END] == [Kind.CORNER]


def test_kinks_of_text_are_expected_in_problems_made_of_others():
    pair = {"x": "mu - abs(x) - y", "y": "mu - abs(y) - x"}
    pair = Problem.from_expressions(pair, {"mu": -1.0}, symmetries=[("y", "x")])
    made = pair.restricted([("y", "x")]), Problem.from_expressions({"x": "mu - abs(x)"}, {"mu": 1.0}, mass={"x": 2.0})
    assert [problem.followed_smoothness for problem in (pair, *made)] == [1, 1, 1]
    (corner,) = [point for point in trace(made[1], [1.0], "mu", (-1, 2)).special if point.kind is Kind.CORNER]
    assert corner["mu"] == pytest.approx(0.0, abs=1e-9)


def test_a_text_with_kinks_has_normal_forms_away_from_them():
    texts = {"x": "mu*x - y - x*(x**2 + y**2) - max(0, x - 9)", "y": "x + mu*y - y*(x**2 + y**2)"}
    problem = Problem.from_expressions(texts, {"mu": -1.0})
    (hopf,) = trace(problem, [0.0, 0.0], "mu", (-1, 1)).hopfs
    assert hopf.normal_form["l1"] == pytest.approx(-2.0)


@pytest.mark.parametrize(
    ("equations", "start"),
    [
        ({"x": "mu - x - x*abs(x)"}, [-0.6]),  # its second derivative jumps
        ({"x": "mu*x - x**3 + 1e-5"}, [1e-5]),  # an imperfect pitchfork: a sharp bend
        ({"x": "mu - tanh(200*x) - x/10"}, [-0.005]),
        ({"x": "mu*x - x**3"}, [0.0]),
        ({"x": "x + 1 - exp(30*mu)/1e9"}, [-1.0]),
    ],
)
@pytest.mark.parametrize("smoothness", [2, 3])
def test_smooth_bends_are_no_kinks(equations, start, smoothness):
    assert kinks_of(equations, start, smoothness)[1] == []


def test_branches_that_leave_a_branch_point_have_no_kink_there():
    problem = Problem.from_expressions({"x": "mu*x - abs(x)*x"}, {"mu": -1.0}, smoothness=2)
    for start in switch(problem, trace(problem, [0.0], "mu", (-1, 1))["BP1"]):
        assert trace(problem, start, "mu", (-1, 1)).remarks == ()


def test_kinks_in_functions_by_differences_and_in_small_units():
    def f(u, p, out):
        out[0] = 1e-6 * p[0] - u[0] - 0.5 * abs(u[0] - 2e-7)

    branch = trace(Problem(f, ("x",), {"mu": -1.0}), [-1e-6], "mu", (-2, 2))
    assert any("the derivative of F by 'x' jumps" in remark.text for remark in branch.remarks)


# Starts


SQUARE = Problem.from_expressions({"x": "mu - x**2", "y": "x - y"}, {"mu": 1.0})


@pytest.mark.parametrize(("given", "share"), [(1.5, "23 %"), (30.0, "94 %")])
def test_a_start_that_was_moved_far_is_told(given, share):
    branch = trace(SQUARE, [given, given], "mu", (0.5, 2))
    (remark,) = branch.remarks
    assert f"the start is {share} of its size 1 + |x| from the state that was given" in remark.text
    assert f"x = 1, not {given:g}" in remark.text
    assert branch["mu"][remark.row] == pytest.approx(1.0)


@pytest.mark.parametrize("given", [1.0, 1.05, 0.95])
def test_a_start_read_off_a_plot_is_not(given):
    assert trace(SQUARE, [given, given], "mu", (0.5, 2)).remarks == ()


@pytest.mark.parametrize("unit", [1e-6, 1e6])
def test_the_distance_is_in_units_of_the_problem(unit):
    problem = Problem.from_expressions({"x": f"mu - (x/{unit})**2"}, {"mu": 4.0})
    assert trace(problem, [2.02 * unit], "mu", (1, 9)).remarks == ()
    (remark,) = trace(problem, [4.0 * unit], "mu", (1, 9)).remarks
    assert "the start is" in remark.text


# Zeros of the user's own at branch points


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, -1e-7, -1e-3])
@pytest.mark.parametrize("text", ["mu - {gap}", "(mu - {gap})*(2 + x + y)", "(mu - {gap})*exp(x)"])
def test_zeros_at_and_next_to_branch_points_are_found_with_them(gap, text):
    equations = {"x": "mu*x - x**3", "y": "-y"}
    problem = Problem.from_expressions(equations, {"mu": -1.0}, zeros={"own": text.format(gap=gap)})
    branch = trace(problem, [0.0, 0.0], "mu", (-1, 1))
    assert sorted(p.kind.label for p in branch.special if p.kind is not Kind.END) == ["BP", "UZ"]
    assert branch["BP1"]["mu"] == pytest.approx(0.0, abs=1e-9)
    assert branch["UZ1"]["mu"] == pytest.approx(gap, abs=2e-9)


@pytest.mark.parametrize("gap", [0.0, 1e-6, 1e-3])
def test_zeros_on_branches_that_cross_a_branch_point(gap):
    """On ``mu = x**2`` through the pitchfork the zero of x - gap lies at its branch point or beside it."""
    equations = {"x": "mu*x - x**3", "y": "x - y"}
    problem = Problem.from_expressions(equations, {"mu": 0.5}, zeros={"own": f"x - {gap}"})
    branch = trace(problem, [np.sqrt(0.5)] * 2, "mu", (-1, 1))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    zeros = [p for p in branch.special if p.kind is Kind.USER]
    assert [p["x"] for p in zeros] == [pytest.approx(gap, abs=1e-7)]


# Problems inside fixed spaces that count outside


@pytest.mark.parametrize("smoothness", [2, 3])
def test_a_restricted_problem_counts_eigenvalues_of_the_whole(smoothness):
    """``x_i' = mu x_i - x_i**3 + c (x_j - x_i)``: mu - 2 c is the eigenvalue of the difference, unseen inside."""
    equations = {"x": "mu*x - x**3 + (y - x)/4", "y": "mu*y - y**3 + (x - y)/4"}
    pair = Problem.from_expressions(equations, {"mu": -1.0}, symmetries=[("y", "x")], smoothness=smoothness)
    inside, whole = (pair.restricted(stability=wish) for wish in ("subspace", "full"))
    values = [-0.5, 0.25, 0.75]
    for mu, own, all_of_them in zip(values, (0, 1, 1), (0, 1, 2)):
        assert trace(inside, [0.0, 0.0], "mu", (-1, 1)).at(mu=mu)[0].unstable == own
        assert trace(whole, [0.0, 0.0], "mu", (-1, 1)).at(mu=mu)[0].unstable == all_of_them
