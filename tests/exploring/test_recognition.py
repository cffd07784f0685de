"""What is known is told from what is new: on the unit circle, lines and pitchforks written down in closed form."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.equations.equations import Equations
from continuation.exploring.recognition import same_points
from continuation.exploring.recognition.conjugate_branches import count_distinct_images, images_of_branch, list_images
from continuation.exploring.recognition.half_branches import (
    find_opposite_half,
    is_tangent_to,
    list_exits,
    measure_bend,
    measure_gap,
)
from continuation.exploring.recognition.on_curve import (
    CurveEquations,
    Index,
    correct_across,
    find_place,
    find_place_on,
    interpolate_across,
    list_near_steps,
)
from continuation.exploring.recognition.overlaps import choose_rows, find_overlap, find_return
from continuation.exploring.recognition.same_points import (
    KnownPoints,
    find_known_image,
    find_same_point,
    is_same_point,
)
from continuation.ground.points import SpecialPoint, Start
from continuation.ground.status import Kind
from continuation.results.joining import cut_branch, reverse_branch
from continuation.symmetries.symmetry import Symmetry
from tests import handmade


def equations_of(f, **options):
    return Equations(f, ("x",), {"p": 0.0}, compiled=False, **options)


def on_circle(u, p, out):
    out[0] = u[0] ** 2 + p[0] ** 2 - 1.0


def on_pitchfork(u, p, out):
    out[0] = p[0] * u[0] - u[0] ** 3


def arc(low, high, rows, radius=1.0):
    """Part of a circle by increasing angle, with exact tangents; x is the cosine, p the sine."""
    angle = np.linspace(low, high, rows)
    branch = handmade.assemble(
        "arc", ("x",), radius * np.cos(angle)[:, None], radius * np.sin(angle)[:, None], np.full(rows, -1)
    )
    return replace(branch, tangents=np.column_stack([-np.sin(angle), np.cos(angle)]))


def point_at(angle, radius=1.0):
    return radius * np.array([np.cos(angle), np.sin(angle)])


def tangent_at(angle):
    return np.array([-np.sin(angle), np.cos(angle)])


CIRCLE = CurveEquations(equations_of(on_circle), np.zeros(1), 0, np.ones(2))


# Solutions on curves


def test_a_solution_between_rows_is_placed_between_them():
    branch = arc(0.0, 3.0, 16)  # steps of 0.2
    for angle in (0.1, 0.95, 2.71, 3.0):
        place = find_place_on(CIRCLE, branch, point_at(angle), tangent_at(angle))
        assert place.row == min(int(angle / 0.2), 14)
        assert place.cosine == pytest.approx(1.0, abs=1e-4)
        back = find_place_on(CIRCLE, branch, point_at(angle), -tangent_at(angle))
        assert back.cosine == pytest.approx(-1.0, abs=1e-4)


def test_what_lies_elsewhere_or_leaves_across_is_not_on_the_curve():
    branch = arc(0.0, 3.0, 16)
    assert find_place_on(CIRCLE, branch, point_at(4.0)) is None  # on the circle, beyond the arc
    assert find_place_on(CIRCLE, branch, point_at(1.0, radius=1.2)) is None
    assert find_place_on(CIRCLE, branch, point_at(1.0), point_at(1.0)) is None  # another curve crosses here
    assert find_place(CIRCLE, branch.unknowns[:1], branch.tangents[:1], point_at(0.0)) is None


def test_coarse_rows_find_their_solutions_too():
    branch = arc(0.0, 3.0, 6)  # steps of 0.6: a tenth of the circle
    for angle in np.linspace(0.05, 2.95, 7):
        assert find_place_on(CIRCLE, branch, point_at(angle)) is not None


def test_a_neighbouring_curve_is_another():
    """Two circles ``(x**2 + p**2 - 1) (x**2 + p**2 - 1.02**2) = 0``, nearer than a step is long."""

    def two(u, p, out):
        square = u[0] ** 2 + p[0] ** 2
        out[0] = (square - 1.0) * (square - 1.02**2)

    both = CIRCLE._replace(problem=equations_of(two))
    branch = arc(0.0, 3.0, 16)
    assert find_place_on(both, branch, point_at(1.1)) is not None
    assert find_place_on(both, branch, point_at(1.1, radius=1.02)) is None


def test_near_steps_come_by_distance():
    branch = arc(0.0, 3.0, 16)
    rows = list_near_steps(CIRCLE, branch.unknowns, point_at(1.05))
    assert rows[0] == 5
    assert set(rows[:3]) <= {4, 5, 6}
    assert len(list_near_steps(CIRCLE, branch.unknowns, np.array([5.0, 5.0]))) == 0


def test_the_interpolant_across_is_of_fourth_order():
    def error(step):
        ends = np.array([point_at(0.0), point_at(step)])
        tangents = np.array([tangent_at(0.0), tangent_at(step)])
        y, along = interpolate_across(CIRCLE, ends, tangents, point_at(0.37 * step))
        assert np.sum(along**2) == pytest.approx(1.0)
        return abs(np.linalg.norm(y) - 1.0)

    assert np.log2(error(0.4) / error(0.2)) > 3.8


def test_correction_across_ends_on_the_curve_in_its_hyperplane():
    covector = tangent_at(0.7)
    x = correct_across(CIRCLE, point_at(0.7, radius=1.05), covector, 0.01)
    assert np.sum(x**2) == pytest.approx(1.0, abs=1e-14)
    assert covector @ x == pytest.approx(0.01, abs=1e-14)
    assert correct_across(CIRCLE, np.array([0.0, 0.2]), np.array([0.0, 1.0]), 2.0) is None  # no solution at p = 2

    def log(u, p, out):
        if u[0] <= 0:
            raise ValueError("domain")
        out[0] = np.log(u[0])

    plain = CIRCLE._replace(problem=equations_of(log))
    assert correct_across(plain, np.array([-1.0, 0.0]), np.array([0.0, 1.0]), 0.0) is None


# Whole branches


def test_a_branch_that_runs_onto_a_known_one_is_noticed_at_its_first_row_there():
    known = arc(1.0, 3.0, 21)
    new = arc(0.0, 2.5, 26)  # rows every 0.1: row 10 is the first on the known arc
    overlap = find_overlap(CIRCLE, [known], new)
    assert (overlap.row, overlap.branch) == (10, 0)
    assert overlap.place.row in (0, 1)
    assert find_overlap(CIRCLE, [arc(3.2, 4.0, 9)], new) is None
    assert find_overlap(CIRCLE, [arc(3.2, 4.0, 9), known], new).branch == 1


def test_a_closed_curve_returns_and_an_open_one_does_not():
    ring = arc(0.0, 2 * np.pi + 0.5, 69)
    row = find_return(CIRCLE, ring.unknowns, ring.tangents)
    angle = (2 * np.pi + 0.5) / 68
    assert abs(row * angle - (2 * np.pi + angle)) <= angle  # where the second row comes again
    half = arc(0.0, 5.0, 40)
    assert find_return(CIRCLE, half.unknowns, half.tangents) is None
    short = cut_branch(ring, 6, ring.ends[1])
    assert find_return(CIRCLE, short.unknowns, short.tangents) is None


def test_rows_to_compare_leave_out_special_points():
    branch = handmade.cusp()
    rows = choose_rows(branch)
    taken = {point.index for point in branch.special if point.kind is not Kind.END}
    assert not taken & set(rows)
    assert rows[:3] == [row for row in range(len(branch)) if row not in taken][:3]
    assert rows[-1] == len(branch) - 1
    assert len(choose_rows(handmade.snake(), count=5)) <= 8


# Half-branches


def trunk_and_arm():
    """The pitchfork ``p x = x**3``: the trunk x = 0 through its branch point, the upper arm ``p = x**2`` from it."""
    p = np.linspace(-1.0, 1.0, 21)
    trunk = handmade.assemble("trunk", ("x",), np.zeros((21, 1)), p[:, None], p > 0, [(10, Kind.BRANCH_POINT, {})])
    x = np.linspace(0.0, 1.0, 11)
    arm = handmade.assemble("arm", ("x",), x[:, None], x[:, None] ** 2, np.zeros(11), [(0, Kind.BRANCH_POINT, {})])
    slope = np.column_stack([np.ones(11), 2 * x])
    return trunk, replace(arm, tangents=slope / np.linalg.norm(slope, axis=1)[:, None])


def start_along(direction, problem=None):
    direction = np.array(direction, float)
    return Start(np.zeros(2), direction / np.linalg.norm(direction), np.zeros(1), "p", outward=True, problem=problem)


def test_exits_are_both_sides_of_a_branch_point_where_rows_go_on():
    trunk, arm = trunk_and_arm()
    assert list(list_exits(trunk)) == [(10, 1), (10, -1)]
    assert list(list_exits(arm)) == [(0, 1)]
    assert list(list_exits(reverse_branch(arm))) == [(10, -1)]


def test_the_gap_of_a_half_branch_is_zero_where_it_was_traced():
    trunk, arm = trunk_and_arm()
    problem = equations_of(on_pitchfork)
    for direction in ([0.0, 1.0], [0.0, -1.0]):
        assert measure_gap(problem, [trunk, arm], start_along(direction)) == pytest.approx(0.0, abs=1e-14)
    assert measure_gap(problem, [trunk, arm], start_along([1.0, 0.0])) == pytest.approx(0.0, abs=1e-14)
    assert measure_gap(problem, [trunk], start_along([1.0, 0.0])) == pytest.approx(np.sqrt(2))
    assert measure_gap(problem, [], start_along([1.0, 0.0])) == np.inf
    mirrored = equations_of(on_pitchfork, symmetry=Symmetry(("x",), [("-x",)]))
    assert measure_gap(problem, [trunk, arm], start_along([-1.0, 0.0])) == pytest.approx(np.sqrt(2))
    assert measure_gap(mirrored, [trunk, arm], start_along([-1.0, 0.0])) == pytest.approx(0.0, abs=1e-14)


def test_points_ahead_tell_where_tangents_do_not():
    trunk, arm = trunk_and_arm()
    problem = equations_of(on_pitchfork)
    ahead = np.array([[[0.5, 0.25], [1.0, 1.0] / np.sqrt(2)]])
    start = replace(start_along([1.0, 0.0], problem), ahead=ahead)
    assert measure_gap(problem, [trunk, arm], start) == 0.0
    assert measure_gap(problem, [trunk], start) == np.inf


def test_the_other_half_is_the_branch_that_began_the_opposite_way():
    trunk, arm = trunk_and_arm()
    assert find_opposite_half([trunk, arm], start_along([-1.0, 0.0])) == (1, 0)
    turned = reverse_branch(replace(arm, start=0))
    assert find_opposite_half([trunk, turned], start_along([-1.0, 0.0])) == (1, -1)
    assert find_opposite_half([trunk, arm], start_along([1.0, 0.0])) is None
    assert find_opposite_half([trunk], start_along([-1.0, 0.0])) is None


def test_touching_half_branches_are_told_apart_by_their_bends():
    """Parabolas ``p = c x**2`` leave the origin along one line; the half to the left with the same bend fits."""

    def parabola(c, sign):
        x = sign * np.linspace(0.0, 0.5, 11)
        branch = handmade.assemble("arm", ("x",), x[:, None], c * x[:, None] ** 2, np.zeros(11))
        slope = sign * np.column_stack([np.ones(11), 2 * c * x])
        return replace(branch, tangents=slope / np.linalg.norm(slope, axis=1)[:, None])

    known, left = [parabola(1.0, 1), parabola(3.0, 1)], start_along([-1.0, 0.0])
    other = [start_along([-1.0, 0.0])]
    assert is_tangent_to(left, other[0])
    assert not is_tangent_to(left, start_along([0.0, 1.0]))
    assert find_opposite_half(known, left, parabola(1.0, -1), other) == (0, 0)
    assert find_opposite_half(known, left, parabola(3.0, -1), other) == (1, 0)
    assert find_opposite_half(known, left, parabola(-2.0, -1), other) is None
    for c in (1.0, 3.0):
        assert_allclose(measure_bend(parabola(c, 1), 0), [0.0, 2 * c], rtol=0.1, atol=0.05)
        assert_allclose(measure_bend(reverse_branch(parabola(c, 1)), -1), measure_bend(parabola(c, 1), 0), atol=1e-12)


# Special points and images


def special(x, p=0.0, **changes):
    fields = {"vary": ("p",), "kind": Kind.FOLD, "state_names": ("x",), **changes}
    return SpecialPoint(np.atleast_1d(np.array(x, float)), {"p": p}, **fields)


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"x": 1.0 + 1e-7}, True),
        ({"x": 1.0 + 1e-5}, False),
        ({"p": 1e-5}, False),
        ({"x": 1.0 + 1e-5, "error": 1e-6}, True),  # where the location attained no more
        ({"x": 1.0 + 1e-2, "error": 1.0}, False),  # but not whatever it says
        ({"kind": Kind.BRANCH_POINT}, False),
        ({"name": "g"}, False),
        ({"located": False}, False),
    ],
)
def test_special_points_are_one_as_far_as_they_were_located(changes, same):
    changes = dict(changes)
    other = special(changes.pop("x", 1.0), changes.pop("p", 0.0), **changes)
    assert is_same_point(special(1.0), other) is same
    assert is_same_point(other, special(1.0)) is same
    assert find_same_point([special(3.0), other], special(1.0)) is (other if same else None)


def test_an_index_finds_what_a_look_at_every_point_finds():
    rng = np.random.default_rng(7)
    places = rng.normal(size=(600, 2)).round(2)  # some coincide
    points = [special(x, kind=Kind.FOLD if k % 3 else Kind.HOPF, error=1e-6 * k) for k, x in enumerate(places)]
    index = KnownPoints(points[:200])
    for point in points[200:]:
        index.append(point)
    assert list(index) == points
    assert (index.count(Kind.HOPF), index.count(Kind.BRANCH_POINT)) == (200, 0)
    for k, x in enumerate(places[::7]):
        wanted = special(x + 1e-5 * (k % 2), kind=Kind.HOPF if k % 2 else Kind.FOLD)
        assert find_same_point(index, wanted) is find_same_point(points, wanted)


def test_few_points_are_compared_with_each_new_one(monkeypatch):
    compared = []
    monkeypatch.setattr(same_points, "is_same_point", lambda a, b: compared.append(1))
    index = KnownPoints()
    for k in range(2000):
        assert find_same_point(index, special(float(k))) is None
        index.append(special(float(k)))
    assert len(compared) == 0  # all are far apart: at their size of thousands a look reaches a fifth around


def test_steps_near_a_solution_are_those_that_a_look_at_all_rows_finds():
    angle = np.cumsum(np.linspace(0.001, 0.03, 900))  # twice around, in steps of very different lengths
    unknowns = np.column_stack([np.cos(angle), np.sin(angle)]) * (1.0 + 0.01 * angle)[:, None]
    weighted = CIRCLE._replace(weights=np.array([0.5, 3.0]))
    index, rng = Index(weighted, unknowns), np.random.default_rng(3)
    for x in unknowns[rng.integers(900, size=100)] + rng.normal(scale=0.01, size=(100, 2)):
        steps = index.steps(x)
        assert len(steps) < 300
        assert np.array_equal(list_near_steps(weighted, unknowns, x, steps), list_near_steps(weighted, unknowns, x))
    assert Index(weighted, unknowns[:50]).steps(unknowns[0]) is None


def test_images_of_solutions_come_nearest_first():
    problem = Equations(
        lambda u, p, out: None,
        ("x", "y", "z"),
        {"p": 0.0},
        compiled=False,
        symmetry=Symmetry(("x", "y", "z"), [("y", "x", "z"), ("y", "z", "x")]),
    )
    images = list_images(problem, np.array([1.0, 2.0, 4.0, 0.5]))
    assert images.shape == (6, 4)
    assert images[0].tolist() == [1.0, 2.0, 4.0, 0.5]
    assert np.all(images[:, 3] == 0.5)
    gaps = np.max(np.abs(images[:, :3] - images[0, :3]), axis=1)
    assert np.all(np.diff(gaps) >= 0)
    assert len(list_images(problem, np.array([1.0, 1.0, 1.0, 0.5]))) == 1
    assert len(list_images(equations_of(on_circle), np.array([1.0, 0.5]))) == 1


def test_the_image_of_a_known_point_is_found_and_itself_is_none():
    problem = equations_of(on_pitchfork, symmetry=Symmetry(("x",), [("-x",)]))
    known = [special(-1.0), special(0.0)]
    assert find_known_image(problem, known, special(1.0)) is known[0]
    assert find_known_image(problem, known, special(0.0)) is None  # it is its own image
    assert find_known_image(equations_of(on_pitchfork), known, special(1.0)) is None


def test_a_branch_stands_for_its_images():
    mirrored = equations_of(on_pitchfork, symmetry=Symmetry(("x",), [("-x",)]))
    trunk, arm = trunk_and_arm()

    def lies_on(branch, x):
        return find_place_on(CurveEquations.of(mirrored, branch), branch, x) is not None

    assert count_distinct_images(mirrored, trunk, lies_on) == 1
    assert count_distinct_images(mirrored, arm, lies_on) == 2
    (image,) = images_of_branch(mirrored, arm)
    assert np.array_equal(image["x"], -arm["x"])
    assert np.array_equal(image["p"], arm["p"])
    assert images_of_branch(mirrored, trunk) == []
    assert images_of_branch(equations_of(on_pitchfork), arm) == []
