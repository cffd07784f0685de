"""Ways to solutions other than deflation: each against critical points in closed form or counted independently."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem, find_solutions
from continuation.searching.deflated_search import Search
from continuation.searching.deflation import Deflation, SquareSystem
from continuation.searching.other_ways import OtherWays, bounded_newton, count_index, seek_index, step_aside
from continuation.searching.search_limits import Limits
from continuation.symmetries.fixed_spaces import list_fixed_spaces
from continuation.symmetries.symmetry import Symmetry


def wells(n, **options):
    """``x_i - x_i**3``: minima of the quartic at all signs, a saddle of index k where k of them are 0."""
    equations = {f"x{i}": f"x{i} - x{i}**3 + 0*p" for i in range(n)}
    return Problem.from_expressions(equations, {"p": 0.0}, symmetric=True, **options)


def searched(problem, known=()):
    equations = SquareSystem(problem, np.zeros(1))
    deflation = Deflation(problem.inner_weights()[:-1])
    deflation.add(np.array(known, float).reshape(-1, len(problem.states)))
    return equations, deflation


@pytest.mark.parametrize("index", [0, 1, 2, 3])
def test_saddles_of_a_given_index(index, rng):
    at = searched(wells(3))
    for _ in range(6):
        found = seek_index(*at, rng.uniform(-0.9, 0.9, 3), 0.3, 40, index)  # farther out, up leads away
        assert found.failure == ""
        assert_allclose(found.u, np.round(found.u), atol=1e-6)
        assert np.sum(np.abs(found.u) < 0.5) == index == count_index(at[0], found.u)


def test_steps_are_no_longer_than_asked_for():
    """From 1.9 to 1 by Newton for ``x - x**3``: the first correction is 0.6; ten of 0.05 do not do it."""
    at = searched(wells(1))
    slow = bounded_newton(*at, np.array([1.9]), 0.05, 10)
    assert (slow.iterations, slow.failure) == (10, "slow")
    assert slow.u[0] == pytest.approx(1.4)
    fast = bounded_newton(*at, np.array([1.9]), 10.0, 10)
    assert (fast.failure, fast.u[0]) == ("", pytest.approx(1.0, abs=1e-9))
    assert fast.iterations <= 7


def test_steps_that_turn_back_become_shorter():
    """The Newton step for ``x**(1/3)``-like slopes overshoots for ever; cut to one length it would go to and fro."""

    def f(u, p, out):
        out[0] = np.cbrt(u[0])

    def jacobian(u, p, out):
        out[0, 0] = 1 / (3 * np.cbrt(u[0]) ** 2)

    at = searched(Problem(f, ("x",), {"p": 0.0}, jacobian=jacobian, compiled=False))
    end = bounded_newton(*at, np.array([0.7]), 1.0, 25)
    assert abs(end.u[0]) < 1e-5


def test_attempts_that_run_into_known_solutions_end_early():
    full = bounded_newton(*searched(wells(1)), np.array([1.3]), 1.0, 30)
    known = bounded_newton(*searched(wells(1), [[1.0]]), np.array([1.3]), 1.0, 30)
    assert (full.failure, known.failure) == ("", "known")
    assert known.iterations < full.iterations
    assert bounded_newton(*searched(wells(1), [[1.0]]), np.array([1.0]), 1.0, 30).failure == "known"
    other = bounded_newton(*searched(wells(1), [[-1.0]]), np.array([1.3]), 1.0, 30)
    assert other.failure == ""


def test_newton_within_a_space_stays_there():
    """``(1, 1, c)``-like guesses only: the guess is projected, and all steps are along the space."""
    space = np.array([[1, 0], [1, 0], [0, np.sqrt(2)]]) / np.sqrt(2)
    found = bounded_newton(*searched(wells(3)), np.array([0.2, 1.6, 0.9]), 0.3, 40, space)
    assert found.failure == ""
    assert_allclose(found.u, [1, 1, 1], atol=1e-6)
    skew = bounded_newton(*searched(wells(3)), np.array([0.2, -0.3, 0.9]), 0.3, 40, space)
    assert_allclose(skew.u, [0, 0, 1], atol=1e-6)


def test_beside_a_saddle_its_neighbours():
    """At (0, 1) of index 1: down along x to both minima, up along y to the maximum at 0 from one side."""
    at = searched(wells(2))
    saddle = np.array([0.0, 1.0])
    ends = set()
    for number in range(4):
        start, index = step_aside(at[0], saddle, 0.2, number)
        assert np.linalg.norm(start - saddle) == pytest.approx(0.2)
        assert index == (0 if abs(start[0]) > 0.1 else 2)
        found = seek_index(*at, start, 0.3, 40, index)
        ends.add((found.failure, *(np.round(found.u, 6) + 0.0)) if not found.failure else found.failure)
    assert ends == {("", 1.0, 1.0), ("", -1.0, 1.0), ("", 0.0, 0.0), "slow"}


def test_a_jacobian_without_a_value_leads_nowhere():
    def f(u, p, out):
        out[0] = np.nan

    at = searched(Problem(f, ("x",), {"p": 0.0}, symmetric=True, compiled=False))
    assert bounded_newton(*at, np.ones(1), 1.0, 5).failure == "nonfinite"
    assert seek_index(*at, np.ones(1), 1.0, 5, 0).failure == "nonfinite"
    assert step_aside(at[0], np.ones(1), 1.0, 0) == (1.0, 0)
    assert count_index(at[0], np.ones(1)) == 0


# Spaces that subgroups fix


def units(count, *, signs):
    """Exchanges of `count` units of two numbers each, and with `signs` the change of sign of one unit."""
    n = 2 * count
    swaps = []
    for k in range(count - 1):
        swap = np.eye(n)
        swap[[2 * k, 2 * k + 1, 2 * k + 2, 2 * k + 3]] = swap[[2 * k + 2, 2 * k + 3, 2 * k, 2 * k + 1]]
        swaps.append(swap)
    flip = np.diag([-1.0, -1.0, *np.ones(n - 2)])
    return Symmetry([f"u{i}" for i in range(n)], [*swaps, *([flip] if signs else [])])


@pytest.mark.parametrize(
    ("count", "signs", "dimensions"),
    [
        (2, False, [2]),  # equal
        (3, False, [2, 4]),  # all equal; two of them
        (2, True, [2, 2]),  # equal, or one missing
        (3, True, [2, 2, 2, 4, 4]),  # one alone, two or three equal; one missing, two equal
    ],
)
def test_one_space_of_each_kind(count, signs, dimensions):
    symmetry = units(count, signs=signs)
    spaces = list_fixed_spaces(symmetry)
    assert [space.shape[1] for space in spaces] == dimensions
    for space in spaces:
        assert_allclose(space.T @ space, np.eye(space.shape[1]), atol=1e-12)
        generic = space @ np.cos(np.arange(1, space.shape[1] + 1))
        fixing = symmetry.isotropy(generic).matrices
        mean = np.mean(fixing, axis=0)  # the projection on what they fix
        assert_allclose(mean, space @ space.T, atol=1e-9)


def test_no_spaces_without_a_symmetry_and_of_rotations_about_a_point():
    assert list_fixed_spaces(Symmetry(("x", "y"))) == []
    assert list_fixed_spaces(Symmetry(("x", "y"), [[[0, -1], [1, 0]]])) == []  # a quarter turn fixes the origin only


# Which way is taken


def test_ways_there_are():
    symmetries = [("x1", "x0")]
    names = {
        (True, True): ["plain", "within", "towards", "beside"],
        (True, False): ["plain", "towards", "beside"],
        (False, True): ["plain", "within"],
        (False, False): ["plain"],
    }
    for (gradient, symmetric), wanted in names.items():
        problem = wells(2, symmetries=symmetries if symmetric else ())
        problem.symmetric = gradient
        assert list(OtherWays(problem, *searched(problem)).tally) == wanted


def test_the_way_that_gives_most_is_taken():
    ways = OtherWays(wells(2), *searched(wells(2)))
    assert ways.choose(idle=1000) == "plain"  # the first of equals
    ways.count("plain", 30, False)
    assert ways.choose(idle=1000) == "towards"
    ways.count("towards", 100, True)  # 2 / 150 against 1 / 50 of what was never tried
    assert ways.choose(idle=1000) == "beside"
    ways.count("beside", 100, False)
    assert ways.choose(idle=1000) == "towards"  # 2 / 150 against 1 / 80
    ways.count("towards", 100, False)
    assert ways.choose(idle=1000) == "plain"  # 1 / 80 against 2 / 250
    assert ways.choose(idle=100) == ""  # deflation, of which one more is expected, has given something not long ago
    ways.is_gradient = False
    assert ways.choose(idle=300) == ""  # ... or eight more
    assert ways.choose(idle=1000) == "plain"
    assert ways.tally["towards"] == (2, 200, 1)


def test_attempts_of_each_way_count_through_indices_and_solutions():
    ways = OtherWays(wells(2), *searched(wells(2)))
    found, half = [np.array([1.0, 1.0]), np.array([0.0, 1.0])], np.array([2.0, 2.0])
    indices = []
    for _ in range(6):
        end = ways.attempt("towards", np.array([0.3, 0.4]), half, found, 40)
        ways.count("towards", end.iterations, False)
        indices.append(count_index(ways.at[0], end.u))
    assert indices == [0, 1, 2, 0, 1, 2]  # to one more than the highest known
    ends = []
    for _ in range(4):
        end = ways.attempt("beside", np.array([0.9, 0.8]), half, found, 40)
        ways.count("beside", end.iterations, False)
        ends.append((end.failure, *np.round(end.u, 6)))
    assert ends[1] == ("", 1.0, 1.0)  # from the second solution, forwards along its softest direction
    assert ends[3] == ("", -1.0, 1.0)  # and backwards


def run_search(problem, limit=100, budget=600):
    none, free = np.empty((0, len(problem.states))), np.full(len(problem.states), np.inf)
    search = Search(problem, np.zeros(1), none, Limits(np.array([-free, free])), none, 2.0, 1.0)
    search.run((), limit, budget, 0, random=True)
    return search


def test_other_ways_are_for_searches_that_give_nothing():
    """Not used before deflation has found all nine; on a circle of solutions not at all."""
    busy = run_search(wells(2), limit=9)
    assert len(busy.catalogue.found) == 9
    assert sum(tally.attempts for tally in busy.ways.tally.values()) == 0
    idle = run_search(wells(2))
    assert sum(tally.attempts for tally in idle.ways.tally.values()) > 5
    spent = sum(tally.iterations for tally in idle.ways.tally.values())
    assert spent < idle.report.iterations <= 600 + 30
    circle = {"x": "x*(1 - x**2 - y**2) + 0*p", "y": "y*(1 - x**2 - y**2)"}
    ring = run_search(Problem.from_expressions(circle, {"p": 0.0}, symmetric=True))
    assert ring.catalogue.continua
    assert sum(tally.attempts for tally in ring.ways.tally.values()) == 0


# A network of three units: kinds of critical points counted by Newton's method of another library from many starts


@pytest.fixture(scope="module")
def network():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(20, 2))
    wanted = np.tanh(inputs @ [1.5, -1.0]) + 0.3 * np.tanh(inputs @ [0.5, 2.0])

    def parts(u):
        hidden = np.tanh(inputs @ u[:6].reshape(3, 2).T)
        return hidden, (hidden @ u[6:] - wanted) / 20

    def descent(u, p, out):
        hidden, error = parts(u)
        slope = error[:, None] * u[6:] * (1 - hidden**2)
        out[:6] = -(slope.T @ inputs).ravel() - p[0] * u[:6]
        out[6:] = -(hidden.T @ error) - p[0] * u[6:]

    def cost(u, p):
        return float(200 * np.sum(parts(u)[1] ** 2) / 20 + 0.5 * p[0] * u @ u)

    symmetries = []
    for i, j in ((0, 1), (1, 2)):
        swap = np.eye(9)
        for a, b in ((2 * i, 2 * j), (2 * i + 1, 2 * j + 1), (6 + i, 6 + j)):
            swap[[a, b]] = swap[[b, a]]
        symmetries.append(swap)
    symmetries.append(np.diag([-1.0, -1, 1, 1, 1, 1, -1, 1, 1]))
    names = [f"w{k}" for k in range(6)] + ["a0", "a1", "a2"]
    options = {"outputs": {"cost": cost}, "symmetric": True, "compiled": False}
    return Problem(descent, names, {"lam": 0.02}, symmetries=symmetries, **options)


def test_all_kinds_of_critical_points_of_a_small_network(network):
    found = find_solutions(network)
    kinds = sorted((round(point["cost"], 7), point.unstable) for point in found)
    costs = [0.0338571, 0.0339136, 0.0340893, 0.0350369, 0.0354105, 0.278695]
    assert kinds == list(zip(costs, [0, 1, 1, 2, 2, 3]))
    assert found.report.iterations <= 3300 + 30


def test_solutions_of_wells_without_deflation_are_all_there():
    """What the ways give is placed as other solutions are: none twice, none that is not there."""
    found = find_solutions(wells(2), budget=1500)
    assert {tuple(np.round(point.state, 9) + 0.0) for point in found} == set(
        itertools.product((-1.0, 0.0, 1.0), repeat=2)
    )
    assert len(found) == 9
