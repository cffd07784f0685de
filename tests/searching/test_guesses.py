"""Where a search starts and what it says: boxes, seeded guesses, bounds, reports, the deflation's closed forms."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from continuation.equations.equations import Equations
from continuation.ground.points import Point
from continuation.searching.catalogue import Catalogue, find_continuation, list_conjugates, null_space, walk
from continuation.searching.deflated_search import check_powers, counts_at
from continuation.searching.deflation import (
    Deflation,
    SquareSystem,
    correct_solution,
    deflated_newton,
    find_step,
    solves,
)
from continuation.searching.found import MEANINGS, Found, Report
from continuation.searching.guesses import Surroundings, check_guesses, random_guesses
from continuation.searching.search_limits import Limits, check_bounds, unlimited
from continuation.symmetries.symmetry import Symmetry


def equations(f, n=2, **options):
    return Equations(f, tuple("xyz"[:n]), {"p": 0.0}, compiled=False, **options)


def on_circle(u, p, out):
    out[0] = u[0] ** 2 + u[1] ** 2 - 1.0
    out[1] = 2.0 * out[0]


def four(u, p, out):
    """Solutions (+-1, +-2)."""
    out[0], out[1] = u[0] ** 2 - 1.0, u[1] ** 2 - 4.0


# Boxes and guesses


def test_boxes_grow_with_what_is_known_and_have_the_unit_size_at_least():
    around = Surroundings(unlimited(2), np.empty((0, 2)))
    ((centre, half),) = around.boxes()
    assert (centre.tolist(), half.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    around.include(np.array([[3.0, -0.5]]))
    centre, half = around.boxes()[0]
    assert (centre.tolist(), half.tolist()) == ([0.0, 0.0], [3.0, 1.0])
    given = Surroundings(Limits(np.array([[0.0, 1.0], [2.0, 5.0]])), np.empty((0, 2)))
    given.include(np.array([[100.0, 100.0]]))  # bounds are taken as they are
    ((centre, half),) = given.boxes()
    assert (centre.tolist(), half.tolist()) == ([1.0, 3.0], [1.0, 2.0])


def test_what_is_far_from_the_origin_gets_a_box_of_its_own():
    around = Surroundings(unlimited(2), 1000.0 + np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]]))
    boxes = around.boxes()
    assert len(boxes) >= 2
    centre, half = boxes[1]
    assert np.all(np.abs(around.points - centre) <= half + 1e-9)
    assert half.max() < 10.0


@pytest.mark.parametrize("n", [1, 3])
def test_guesses_are_the_same_for_one_seed_and_lie_in_their_bounds(n):
    bounds = np.array([np.zeros(n), np.full(n, 2.0)])
    known = np.full((1, n), 1.5)

    def first(seed, count=60):
        guesses = random_guesses(Surroundings(Limits(bounds), known), lambda: known, n, seed)
        return np.array([u for u, _ in itertools.islice(guesses, count)])

    one = first(1)
    assert np.array_equal(one, first(1))
    assert not np.array_equal(one, first(2))
    assert np.all((one >= 0.0) & (one <= 2.0))
    assert np.all(np.ptp(one, axis=0) > 1.0)  # they fill the box


def test_guesses_are_checked_by_their_places():
    problem = equations(four)
    assert check_guesses(problem, "guesses", []).shape == (0, 2)
    given = [[1.0, 2.0], {"y": 4.0, "x": 3.0}, Point(np.array([5.0, 6.0]), {})]
    assert check_guesses(problem, "guesses", given).tolist() == [[1, 2], [3, 4], [5, 6]]
    for single in ([1.0, 2.0], {"x": 1.0, "y": 2.0}, "xy", 3.0):
        with pytest.raises(ValueError, match=r"guesses: wanted a list of states"):
            check_guesses(problem, "guesses", single)
    with pytest.raises(ValueError, match=r"^known\[1\]: wanted 2 values \['x', 'y'\], got 1"):
        check_guesses(problem, "known", [[1.0, 2.0], [3.0]])


def test_bounds_come_as_numbers_arrays_or_by_name():
    problem = equations(four)
    none = float("inf")
    assert not check_bounds(problem, None).limited
    assert check_bounds(problem, (0, 1)).corners.tolist() == [[0, 0], [1, 1]]
    assert check_bounds(problem, ([0, 1], 5)).corners.tolist() == [[0, 1], [5, 5]]
    assert check_bounds(problem, {"y": (1, 2), "x": (0, 1)}).corners.tolist() == [[0, 1], [1, 2]]
    for partly in ((0, None), (0, none), ([0, 0], [None, none]), {"x": (0, None), "y": (0, none)}):
        limits = check_bounds(problem, partly)
        assert limits.corners.tolist() == [[0, 0], [none, none]]
        assert limits.limited
        assert not limits.closed
    assert check_bounds(problem, {"y": (1, 2)}).corners.tolist() == [[-none, 1], [none, 2]]


@given(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4))
def test_guesses_are_reflected_at_the_limits(values):
    limits = Limits(np.array([[-np.inf, 2.0, -np.inf, -1.0], [np.inf, np.inf, 3.0, 4.0]]))
    folded = limits.fold(np.array(values))
    assert np.all((folded >= limits.corners[0]) & (folded <= limits.corners[1]))
    assert folded[0] == values[0]
    inside = np.array([7.0, 2.5, -9.0, 3.5])
    np.testing.assert_allclose(limits.fold(inside), inside, rtol=1e-15)
    np.testing.assert_allclose(limits.fold(np.array([7.0, 1.5, 5.0, 4.25])), [7.0, 2.5, 1.0, 3.75], rtol=1e-15)


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((1, 0), "bounds: wanted low < high, got 1 and 0 for 'x'"),
        (([0, 2], [1, 2]), "wanted low < high, got 2 and 2 for 'y'"),
        (3, "bounds: wanted a pair"),
        ((0, 1, 2), "bounds: wanted a pair"),
        (([0, 0, 0], 1), "wanted a number or 2 of them, got shape (3,)"),
        ({"x": (0, 1), "z": (0, 1)}, "nothing named 'z' has limits; this problem has x, y"),
        ({"x": (0, 1), "y": 2}, "bounds['y']: wanted a pair"),
        ((0, np.nan), "bounds (high): wanted numbers, got nan"),
        ({"x": (1, 0)}, "bounds['x']: wanted low < high, got (1, 0)"),
    ],
)
def test_bounds_that_are_no_box(bounds, words):
    with pytest.raises(ValueError, match="bounds") as error:
        check_bounds(equations(four), bounds)
    assert words in str(error.value)


def test_powers_and_shifts_in_their_ranges():
    assert check_powers(1, 0) == (1.0, 0.0)
    for power, shift, words in ((0.5, 1, "power: wanted at least 1"), (2, -1, "shift: wanted at least 0")):
        with pytest.raises(ValueError, match=words):
            check_powers(power, shift)


# Deflation


def test_the_deflation_factor_and_its_slope_are_those_of_the_formula(rng):
    deflation = Deflation(np.array([0.5, 2.0]), power=3.0, shift=0.7)
    deflation.length = 1.3
    deflation.add(rng.standard_normal((4, 2)))
    u, step = rng.standard_normal((2, 2))

    def logarithm(x):
        gaps = x - deflation.known
        distances = np.sqrt((gaps**2) @ deflation.weights) / deflation.length
        return np.sum(np.log(distances**-3.0 + 0.7))

    gaps, squares = deflation.look(u)
    assert deflation.logarithm(squares) == pytest.approx(logarithm(u), rel=1e-12)
    h = 1e-5
    difference = (logarithm(u + h * step) - logarithm(u - h * step)) / (2 * h)
    assert deflation.slope(gaps, squares, step) == pytest.approx(difference, rel=1e-7)
    deflation.strengthen(deflation.known[2] + 1e-3)
    assert deflation.powers.tolist() == [3.0, 3.0, 4.0, 3.0]


def test_deflation_leads_to_each_solution_in_turn():
    problem = equations(four)
    system, deflation, found = SquareSystem(problem, [0.0]), Deflation(problem.inner_weights()[:-1]), []
    for _ in range(4):
        for guess in ([0.9, 1.5], [-0.5, 1.5], [0.5, -1.0], [-0.6, -0.7]):
            attempt = deflated_newton(system, deflation, guess)
            exact = None if attempt.failure else correct_solution(system, deflation, attempt.u)
            if exact is not None and deflation.look(exact)[1].min(initial=1.0) > 1e-6:
                found.append(exact)
                deflation.add(exact[None])
    assert_allclose(sorted(map(tuple, np.array(found))), [(-1, -2), (-1, 2), (1, -2), (1, 2)], rtol=1e-14)


def test_steps_and_solutions():
    assert find_step(np.diag([2.0, 4.0]), np.array([2.0, 4.0])).tolist() == [-1.0, -1.0]
    assert_allclose(find_step(np.ones((2, 2)), np.array([2.0, 2.0])), [-1.0, -1.0])  # of least norm
    assert find_step(np.full((2, 2), np.nan), np.ones(2)) is None
    assert find_step(np.zeros((2, 2)), np.ones(2)) is None
    system = SquareSystem(equations(four), [0.0])
    assert solves(system, np.array([1.0, -2.0]))
    assert not solves(system, np.array([1.0, -2.001]))


def test_arithmetic_mistakes_of_plain_functions_count_as_nan_and_the_first_is_kept():
    def fails(u, p, out):
        out[0] = 1.0 / u[0] if u[0] else 1 / 0
        out[1] = u[1]

    system = SquareSystem(equations(fails), [0.0])
    assert np.isfinite(system.residual(np.ones(2))).all()
    assert system.error is None
    assert np.isnan(system.residual(np.zeros(2))).all()
    first = system.error
    system.residual(np.zeros(2))
    assert isinstance(first, ZeroDivisionError)
    assert system.error is first


# Catalogue


def catalogue_of(problem):
    system, deflation = SquareSystem(problem, [0.0]), Deflation(problem.inner_weights()[:-1])
    return Catalogue(problem, system, deflation), system, deflation


def test_conjugates_of_a_solution_are_known_with_it():
    problem = equations(four, symmetry=Symmetry(("x", "y"), [("-x", "y")]))
    catalogue, _, _ = catalogue_of(problem)
    assert list_conjugates(problem, np.array([-1.0, 2.0])).tolist() == [[-1.0, 2.0], [1.0, 2.0]]
    assert catalogue.place(np.array([-1.0, 2.0]), 0.05) == ""
    assert catalogue.found[0].tolist() == [1.0, 2.0]  # the last of the orbit in their order
    assert catalogue.place(np.array([1.0, 2.0]), 0.05) == "known"
    assert catalogue.place(np.array([1.0, -2.0]), 0.05) == ""
    assert catalogue.singular == catalogue.continua == set()


def test_points_of_one_circle_are_one_solution():
    catalogue, system, deflation = catalogue_of(equations(on_circle))
    one, other = np.array([1.0, 0.0]), np.array([-0.6, 0.8])
    assert null_space(system, deflation, one).shape == (2, 1)
    assert find_continuation(system, deflation, one, 0.05) is not None
    assert walk(system, deflation, one, other, 0.1)
    assert walk(system, deflation, one, -one, 0.1)  # from the far side: any way round
    assert catalogue.place(one, 0.05) == ""
    assert catalogue.place(other, 0.05) == "continuum"
    assert (len(catalogue.found), catalogue.continua, catalogue.singular) == (1, {0}, {0})


def test_a_double_point_is_singular_but_no_continuum():
    def double(u, p, out):
        out[0], out[1] = u[0] ** 2, u[1] - 1.0

    catalogue, system, deflation = catalogue_of(equations(double))
    u = np.array([0.0, 1.0])
    assert null_space(system, deflation, u).shape == (2, 1)
    assert find_continuation(system, deflation, u, 0.05) is None
    assert catalogue.place(u, 0.05) == ""
    assert (catalogue.singular, catalogue.continua) == ({0}, set())


def test_counts_are_those_of_the_flow_or_the_users():
    problem = equations(four)
    u, p = np.array([1.0, -2.0]), np.zeros(1)
    assert counts_at(problem, u, p) == (1, 0)
    assert counts_at(equations(four, stability=None), u, p) == (-1, 0)
    assert counts_at(equations(four, stability=lambda u, p: 7), u, p) == (7, 0)

    def nan(u, p, out):
        out[:] = np.nan

    assert counts_at(equations(four, jacobian=nan), u, p) == (-1, 0)


# What is said


def test_a_report_tells_reasons_in_words():
    report = Report(guesses=3, attempts=9, iterations=120, ended="budget")
    report.failures.update({"stuck": 4, "known": 2})
    report.continua.append(object())
    lines = str(report).splitlines()
    assert lines[0] == "9 attempts from 3 guesses, 120 Newton iterations; ended by: budget"
    assert lines[1] == f"  4 x stuck: {MEANINGS['stuck']}"
    assert lines[-1] == "  1 of the solutions are not isolated (one point of each is listed)"


def test_what_was_found_is_a_list_with_a_report():
    points = [Point(np.array([1.0, -1e-18]), {"p": 0.0}, ("x", "y"), unstable=1), Point(np.zeros(2), {}, ("x", "y"))]
    found = Found(points, Report(ended="limit"))
    assert repr(found) == "<2 solutions; ended by: limit>"
    assert str(found).splitlines()[:3] == ["2 solutions", "  x = 1, y = 0; unstable 1", "  x = 0, y = 0; unstable -"]
    assert repr(Found(points[:1])) == "<1 solution; ended by: guesses>"
    assert str(Found()).startswith("0 solutions\n0 attempts from 0 guesses")
