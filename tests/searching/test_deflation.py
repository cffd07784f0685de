"""Solutions found by deflation: all roots of systems whose roots are known otherwise, and how the search ends."""

import itertools
import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import root

from continuation import Problem, find_solutions
from continuation.searching import deflated_search, deflation
from continuation.searching.deflation import Deflation, SquareSystem, deflated_newton, find_step
from systems.textbook import bratu, pitchfork

SEEDS = range(20)


def cubics(scale=1.0, rows=(1.0, 1.0)):
    """Two cubics of which each determines the other's unknown; all 9 common roots are real, of size `scale`."""
    (r, s), x, y = rows, f"(x/{scale!r})", f"(y/{scale!r})"
    return Problem.from_expressions(
        {"x": f"{r!r}*({x}**3 - 3*{x} - a*{y})", "y": f"{s!r}*({y}**3 - 3*{y} + b*{x})"}, {"a": 0.3, "b": 0.4}
    )


def roots_of_cubics(a=0.3, b=0.4):
    """The 9 roots by elimination: y from the first equation in the second, a polynomial of degree 9 in x."""
    y = np.poly1d([1 / a, 0, -3 / a, 0])
    x = np.roots((y**3 - 3 * y + np.poly1d([b, 0])).coeffs)
    assert np.max(np.abs(x.imag)) < 1e-9
    return np.array(sorted((float(v), float(y(v))) for v in x.real))


def _cubes(u, p, out):
    for i in range(u.size):
        out[i] = u[i] ** 3 - u[i] - p[0]


def _cubes_u(u, p, out):
    for i in range(u.size):
        for j in range(u.size):
            out[i, j] = 3 * u[i] ** 2 - 1 if i == j else 0.0


def cubes(n):
    """n equal cubics that do not see each other: 3**n roots."""
    return Problem(_cubes, [f"u{k}" for k in range(n)], {"c": 0.1}, jacobian=_cubes_u)


def roots_of_cubes(n):
    """All combinations of the roots of one cubic, in order."""
    return np.array(sorted(itertools.product(np.roots([1, 0, -1, -0.1]).real, repeat=n)))


def circles(*squares):
    """A planar field along the radius that vanishes at the origin and on circles of these squared radii."""
    factors = "*".join(f"({s!r} - x**2 - y**2)" for s in squares)
    return Problem.from_expressions({"x": f"x*{factors}", "y": f"y*{factors}"}, {"p": 0.0})


def states(found):
    return np.array([point.state for point in found])


def _chafee_infante(u, p, out):
    n = u.size
    for i in range(n):
        left, right = u[max(i - 1, 0)], u[min(i + 1, n - 1)]
        out[i] = p[0] * n * n * (left - 2 * u[i] + right) + u[i] - u[i] ** 3


def chafee_infante(n, **options):
    """``u' = d u_xx + u - u**3``, no flux: 1 + 2 k solutions where ``d (j pi)**2 < 1`` for j = 0 ... k - 1."""
    return Problem(_chafee_infante, [f"u{k}" for k in range(n)], {"d": 0.02}, **options)


class Permutations:
    """All permutations of the states, as a problem's `symmetry`."""

    def orbit(self, u):
        return np.array(sorted(set(itertools.permutations(u.tolist()))))


# The operator and its Newton step


@pytest.mark.parametrize(("power", "shift"), [(1.0, 1.0), (2.0, 1.0), (2.0, 0.0), (3.5, 0.2)])
def test_step_is_that_of_the_dense_deflated_system(power, shift, rng):
    problem, u = cubics(), rng.normal(size=2)
    deflation = Deflation(np.array([0.5, 0.5]), power, shift)
    deflation.length = 0.7
    deflation.add(roots_of_cubics()[[1, 4, 6]])
    deflation.strengthen(roots_of_cubics()[4])

    def deflated(v):
        return np.exp(deflation.logarithm(deflation.look(v)[1])) * problem.residual(v)

    h = 1e-6
    dense = np.column_stack([(deflated(u + h * e) - deflated(u - h * e)) / (2 * h) for e in np.eye(2)])
    step = find_step(problem.jacobian(u), problem.residual(u))
    tau = 1.0 / (1.0 - deflation.slope(*deflation.look(u), step))
    np.testing.assert_allclose(tau * step, np.linalg.solve(dense, -deflated(u)), rtol=1e-6)


def test_factor_has_a_pole_at_known_solutions_and_the_shift_far_away():
    deflation = Deflation(np.ones(1), 2.0, 0.5)
    deflation.add(np.array([[1.0]]))
    for u, factor in ((1.5, 4.5), (0.0, 1.5), (1e9, 0.5)):
        assert np.exp(deflation.logarithm(deflation.look(np.array([u]))[1])) == pytest.approx(factor, rel=1e-12)


def test_newton_says_why_it_fails():
    deflation = Deflation(np.ones(1))
    square = Problem.from_expressions({"x": "x**2 + 1"}, {"p": 0.0})
    attempt = deflated_newton(SquareSystem(square, [0.0]), deflation, np.array([0.0]))
    assert attempt.failure == "singular"
    attempt = deflated_newton(SquareSystem(square, [0.0]), deflation, np.array([0.3]))
    assert attempt.failure == "stuck"
    assert deflated_newton(SquareSystem(square, [0.0]), deflation, np.array([0.3]), 9, damped=False).failure == "slow"
    log = Problem.from_expressions({"x": "log(x)"}, {"p": 0.0})
    assert deflated_newton(SquareSystem(log, [0.0]), deflation, np.array([-1.0])).failure == "nonfinite"
    hole = Problem.from_expressions({"x": "x - 1 + log(1.2 - x**2)"}, {"p": 0.0})
    assert deflated_newton(SquareSystem(hole, [0.0]), deflation, np.array([-1.0]), damped=False).failure == "nonfinite"
    triple = Problem.from_expressions({"x": "x**3"}, {"p": 0.0})
    deflation.add(np.zeros((1, 1)))
    deflation.powers[0] = 1.0
    assert deflated_newton(SquareSystem(triple, [0.0]), deflation, np.array([0.3]), 200).failure == "known"


# All roots


def test_nine_roots_of_two_cubics_from_every_seed():
    problem, exact, spent = cubics(), roots_of_cubics(), []
    for seed in SEEDS:
        found = find_solutions(problem, limit=9, seed=seed)
        np.testing.assert_allclose(states(found), exact, atol=1e-10)
        spent.append(found.report.iterations)
    assert np.mean(spent) < 120
    assert max(spent) < 200


def test_twenty_seven_roots_of_three_cubics_from_every_seed():
    problem, exact, spent = cubes(3), roots_of_cubes(3), []
    for seed in SEEDS:
        found = find_solutions(problem, limit=27, seed=seed)
        np.testing.assert_allclose(states(found), exact, atol=1e-12)
        spent.append(found.report.iterations)
    assert np.mean(spent) < 450
    assert max(spent) < 700


def test_default_budget_ends_the_search_and_finds_nothing_that_is_not_there():
    found = find_solutions(cubics())
    np.testing.assert_allclose(states(found), roots_of_cubics(), atol=1e-10)
    assert found.report.ended == "budget"
    assert 3000 + 9 * 50 <= found.report.iterations <= 3000 + 9 * 50 + 1


def test_both_solutions_of_bratu_from_one_guess():
    problem, shape = bratu(8, lam=1.0), np.sin(np.pi * np.arange(1, 9) / 9)
    lower, upper = (root(lambda u: problem.residual(u), size * shape, tol=1e-13).x for size in (0.1, 4.0))
    assert np.max(upper) > 3.0 > 0.2 > np.max(lower)
    found = find_solutions(problem, guesses=[np.zeros(8)])
    np.testing.assert_allclose(states(found), [lower, upper], rtol=1e-9)
    assert [point.unstable for point in found] == [0, 1]
    assert found.report.ended == "guesses"
    assert found.report.iterations < 150


@pytest.mark.parametrize("rows", [(1e-9, 1.0), (1e9, 1e9), (1e-9, 1e9)])
def test_units_of_the_equations_do_not_matter(rows):
    found = find_solutions(cubics(rows=rows), limit=9)
    np.testing.assert_allclose(states(found), roots_of_cubics(), atol=1e-9)
    assert abs(found.report.iterations - find_solutions(cubics(), limit=9).report.iterations) <= 20


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_small_and_large_states(scale):
    found = find_solutions(cubics(scale), limit=9)
    np.testing.assert_allclose(states(found) / scale, roots_of_cubics(), atol=1e-9)
    assert found.report.iterations < 1000


def test_one_solution_far_away_does_not_hide_the_others():
    exact = [-2.0, -1.0, 0.5, 1.0, 1.5, 3e4]
    factors = "*".join(f"(x - {root!r})" for root in exact)
    found = find_solutions(Problem.from_expressions({"x": factors}, {"p": 0.0}), known=[[3e4]], limit=5)
    np.testing.assert_allclose(states(found)[:, 0], exact[:-1], rtol=1e-9)


def test_guesses_stay_in_the_bounds_and_mappings_name_states():
    seen = []

    def f(u, p, out):
        seen.append(u.copy())
        out[:] = np.nan

    problem = Problem(f, ["x", "y"], {"p": 0.0}, compiled=False)
    found = find_solutions(problem, bounds={"y": (5, 6), "x": (-1, 2)}, budget=50)
    assert np.all(seen >= np.array([-1, 5]))
    assert np.all(seen <= np.array([2, 6]))
    assert found.report.failures == {"nonfinite": 50}
    assert np.ptp(seen, axis=0) == pytest.approx([3, 1], rel=0.1)


SEVEN = "*".join(f"(x - {root})" for root in (-3, -2, -1, 0, 1, 2, 3))


@pytest.mark.parametrize(
    ("bounds", "exact"),
    [
        ({"x": (0, None)}, [0, 1, 2, 3]),
        ({"x": (None, -1)}, [-3, -2, -1]),
        ({"x": (-1.5, 2)}, [-1, 0, 1, 2]),
        ((-np.inf, 0), [-3, -2, -1, 0]),
        ({"square": (1, 4)}, [-2, -1, 1, 2]),
        ({"square": (1, 4), "x": (0, None)}, [1, 2]),
        ({"x": (None, None)}, [-3, -2, -1, 0, 1, 2, 3]),
        ({"x": (3.5, None)}, []),
    ],
    ids=str,
)
def test_solutions_outside_the_bounds_are_not_listed(bounds, exact):
    problem = Problem.from_expressions({"x": SEVEN}, {"p": 0.0}, outputs={"square": "x**2"})
    found = find_solutions(problem, bounds=bounds, budget=600)
    np.testing.assert_allclose(states(found).ravel(), exact, atol=1e-9)
    assert found.report.outside <= 7 - len(exact)
    assert ("lie outside the bounds" in str(found)) == (found.report.outside > 0)
    few = find_solutions(problem, bounds=bounds, limit=max(len(exact) - 1, 1), budget=600)
    assert len(few) == min(max(len(exact) - 1, 1), len(exact))


def test_of_an_orbit_the_one_inside_the_bounds_is_listed():
    problem = Problem.from_expressions({"x": "x*(4 - x**2)"}, {"p": 0.0}, symmetries=[[[-1.0]]])
    assert states(find_solutions(problem)).ravel().tolist() == pytest.approx([0.0, 2.0], abs=1e-12)
    assert states(find_solutions(problem, bounds={"x": (None, -1)})).ravel().tolist() == pytest.approx([-2.0])


def test_known_solutions_are_deflated_not_listed():
    exact = roots_of_cubics()
    found = find_solutions(cubics(), known=np.round(exact[:6], 4), limit=3)
    np.testing.assert_allclose(states(found), exact[6:], atol=1e-10)


def test_the_same_seed_gives_the_same_result_and_order_does_not_depend_on_it():
    one, same, other = (find_solutions(cubics(), limit=9, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(states(one), states(same))
    assert one.report.iterations == same.report.iterations
    np.testing.assert_allclose(states(one), states(other), atol=1e-12)


def test_points_carry_parameters_outputs_and_counts():
    problem = Problem.from_expressions({"x": "m*x - x**3"}, {"m": 1.0}, outputs={"E": "x**2"})
    found = find_solutions(problem, {"m": 4.0}, [[0.5]])
    assert [point.parameters for point in found] == [{"m": 4.0}] * 3
    assert [point["E"] for point in found] == pytest.approx([4.0, 0.0, 4.0], abs=1e-12)
    assert [(point.unstable, point.nullity) for point in found] == [(0, 0), (1, 0), (0, 0)]
    assert [(p.unstable, p.nullity) for p in find_solutions(pitchfork(), {"p": 0.0}, [[0.0]])] == [(0, 1)]


def test_counts_of_problems_that_are_no_flow():
    for stability, count in ((None, -1), (lambda u, p: 7, 7)):
        problem = Problem(_cubes, ["u"], {"c": 0.1}, stability=stability)
        assert [point.unstable for point in find_solutions(problem, limit=3)] == [count] * 3


# Symmetry and solutions that are not isolated


def test_one_solution_of_each_orbit():
    problem = cubes(3)
    problem.symmetry = Permutations()
    found = find_solutions(problem)
    values = np.sort(np.roots([1, 0, -1, -0.1]).real)
    exact = sorted(tuple(sorted(v)[::-1]) for v in itertools.combinations_with_replacement(values, 3))
    np.testing.assert_allclose(states(found), exact, atol=1e-12)  # the last of each orbit
    assert not find_solutions(problem, known=states(found)[:, ::-1])


def test_chafee_infante_has_its_number_of_solutions_and_of_orbits():
    assert 0.02 * np.pi**2 * np.array([4, 9]) == pytest.approx([0.79, 1.78], abs=0.01)  # three modes grow
    found = find_solutions(chafee_infante(12), limit=8, budget=1500)
    assert [point.unstable for point in found] == [0, 1, 2, 3, 2, 1, 0]
    turned = chafee_infante(12, symmetries=[-np.eye(12), list(range(11, -1, -1))])
    assert sorted(point.unstable for point in find_solutions(turned, budget=1500)) == [0, 1, 2, 3]


def test_problems_whose_unknowns_are_not_their_states():
    def f(u, p, out):
        out[:] = (1.0 - u @ u) * u

    turning = [lambda u: np.array([-u[1], u[0]])]
    ring = Problem(f, ["x", "y"], {"p": 0.0}, symmetries=turning, compiled=False)
    found = find_solutions(ring.isolated([1.0, 0.0]), budget=300)
    np.testing.assert_allclose(states(found), [[-1, 0], [0, 0], [1, 0]], atol=1e-9)
    whole = Problem(_cubes, ["x", "y", "z"], {"c": 0.1}, symmetries=[("y", "x", "z")])
    found = find_solutions(whole.restricted(), limit=9)
    exact = roots_of_cubes(3)
    np.testing.assert_allclose(states(found), exact[exact[:, 0] == exact[:, 1]], atol=1e-12)


@pytest.mark.parametrize("squares", [(1.0,), (1e-4,), (1.0, 4.0)])
def test_a_circle_of_solutions_is_listed_once(squares):
    found = find_solutions(circles(*squares), budget=1500)
    radii = np.sort(np.linalg.norm(states(found), axis=1))
    np.testing.assert_allclose(radii, [0.0, *np.sqrt(squares)], atol=1e-9)
    assert len(found.report.continua) == len(squares)
    assert all(np.linalg.norm(point.state) > 1e-3 for point in found.report.continua)
    assert found.report.failures["continuum"] > 10


def test_a_sphere_of_solutions_is_listed_once():
    square = "(1 - x**2 - y**2 - z**2)"
    problem = Problem.from_expressions({v: f"{v}*{square}" for v in "xyz"}, {"p": 0.0})
    found = find_solutions(problem, budget=1000)
    assert sorted(np.linalg.norm(states(found), axis=1)) == pytest.approx([0.0, 1.0], abs=1e-9)
    assert [point.nullity for point in found.report.continua] == [2]


@pytest.mark.parametrize("multiplicity", [2, 3])
def test_multiple_roots_are_found_once_and_are_isolated(multiplicity):
    equations = {"x": f"(x - 1)**{multiplicity}*(x + 2)", "y": "y - x"}
    found = find_solutions(Problem.from_expressions(equations, {"p": 0.0}), budget=1500)
    np.testing.assert_allclose(states(found), [[-2, -2], [1, 1]], atol=1e-3)
    assert [point["x"] > 0 for point in found.report.singular] == [True]
    assert found.report.continua == []


# How a search ends


@pytest.mark.parametrize("stuck", [False, True])
def test_every_way_hears_an_interrupt(monkeypatch, stuck):
    """After the fifth attempt, whose solution is kept, whichever way it was made."""
    heard = []

    def hear():
        heard.append(None)
        if len(heard) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(deflated_search, "raise_if_heard", hear)
    monkeypatch.setattr(deflated_search.Search, "is_stuck", lambda self: stuck)
    found = find_solutions(Problem.from_expressions({"x": "sin(5*x)"}, {}), bounds=(-2, 2))
    assert (found.report.ended, found.report.attempts) == ("interrupted", 5)
    assert len(found) >= 1


def test_what_lies_outside_is_looked_at_once(monkeypatch):
    looks, find_inside = [], deflated_search.Search.find_inside

    def counted(self, met):
        looks.extend(met)
        return find_inside(self, met)

    monkeypatch.setattr(deflated_search.Search, "find_inside", counted)
    found = find_solutions(Problem.from_expressions({"x": "sin(5*x)"}, {}), bounds={"x": (0.1, 2)}, budget=600)
    assert found.report.outside >= 1
    assert len(looks) == len(found) + found.report.outside


def test_interrupting_returns_what_was_found():
    calls = []

    def f(u, p, out):
        calls.append(1)
        if len(calls) == 121:
            raise KeyboardInterrupt
        out[0] = (u[0] - 1.0) * (u[0] + 1.0)

    found = find_solutions(Problem(f, ["x"], {"p": 0.0}, compiled=False))
    assert [point["x"] for point in found] == pytest.approx([-1.0, 1.0])
    assert found.report.ended == "interrupted"


def test_mistakes_of_arithmetic_in_plain_python_count_as_nonfinite():
    def f(u, p, out):
        out[0] = 1.0 / float(u[0]) ** 2 - 1.0 if u[0] >= 0 else [][0]

    def g(u, p, out):
        out[0] = np.sqrt(float(u[0])) - 1.0 if u[0] != 0 else 1.0 / 0

    found = find_solutions(Problem(g, ["x"], {"p": 0.0}, compiled=False), guesses=[[0.0], [0.5], [-1.0]])
    assert [point["x"] for point in found] == pytest.approx([1.0])
    assert isinstance(found.report.error, ZeroDivisionError)
    assert found.report.failures["nonfinite"] >= 2
    with pytest.raises(IndexError):
        find_solutions(Problem(f, ["x"], {"p": 0.0}, compiled=False), guesses=[[-1.0]])


def test_the_report_accounts_for_every_attempt():
    found = find_solutions(cubics(), limit=5)
    report = found.report
    assert len(found) == 5
    assert report.ended == "limit"
    assert report.attempts == 5 + sum(report.failures.values())
    text = str(found)
    assert text.startswith("5 solutions\n  x = ")
    assert f"{report.iterations} Newton iterations; ended by: limit" in text
    assert repr(found) == "<5 solutions; ended by: limit>"


def test_no_solution_is_a_result():
    found = find_solutions(Problem.from_expressions({"x": "x**2 + 1"}, {"p": 0.0}), budget=200)
    assert found == []
    assert str(found).startswith("0 solutions\n")
    assert found.report.ended == "budget"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"parameters": {"c": 1.0}}, "no parameter named 'c'"),
        ({"guesses": [0.0, 1.0]}, "guesses: wanted a list of states"),
        ({"guesses": [[0.0]]}, r"guesses\[0\]: wanted 2 values"),
        ({"guesses": [[0.0, 0.0], {"x": 1.0}]}, r"guesses\[1\]: .*missing \['y'\]"),
        ({"guesses": [[0.0, np.nan]]}, r"guesses\[0\]: wanted finite numbers, got nan"),
        ({"guesses": "xy"}, "guesses: wanted a list of states"),
        ({"known": [[1.0, 2.0, 3.0]]}, r"known\[0\]: wanted 2 values"),
        ({"limit": 0}, "limit: wanted a whole number of at least 1, got 0"),
        ({"budget": 1.5}, "budget: wanted a whole number"),
        ({"seed": -1}, "seed: wanted a whole number of at least 0"),
        ({"power": 0.5}, "power: wanted at least 1, got 0.5"),
        ({"shift": -1.0}, "shift: wanted at least 0"),
        ({"bounds": (0.0, 1.0, 2.0)}, "bounds: wanted a pair"),
        ({"bounds": (1.0, 0.0)}, "bounds: wanted low < high, got 1 and 0 for 'x'"),
        ({"bounds": ([0.0] * 3, 1.0)}, r"bounds \(low\): wanted a number or 2 of them, got shape \(3,\)"),
        ({"bounds": {"x": (0, 1), "z": (0, 1)}}, "bounds: nothing named 'z' has limits"),
        ({"bounds": {"x": (0, 1), "y": 3}}, r"bounds\['y'\]: wanted a pair"),
        ({"bounds": (0.0, np.nan)}, r"bounds \(high\): wanted numbers, got nan"),
    ],
)
def test_what_can_not_be_used_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        find_solutions(cubics(), **arguments)


def test_what_is_no_problem_is_named():
    with pytest.raises(ValueError, match="problem: wanted a Problem"):
        find_solutions(np.sin)


def test_a_step_that_raises_the_residual_a_little_is_halved():
    """``log |f|`` is 0.005 more behind the whole step, 0.5 less behind half of it."""
    sizes = {1.0: 1.0, 2.0: math.exp(0.005), 1.5: math.exp(-0.5)}
    equations = SimpleNamespace(residual=lambda u: np.array([sizes[float(u[0])]]))
    one = np.ones(1)
    u, f = deflation._damp(equations, deflation.Deflation(one), one, one, 0.0, one)
    assert u == 1.5
    assert f == sizes[1.5]
