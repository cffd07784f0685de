"""Groups, subspaces and what users give as symmetries, against textbook facts; no problem, no engine."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.symmetries.conjugacy import distinct_starts, places_to_compare
from continuation.symmetries.generators import affine_generator, orthogonal_matrix
from continuation.symmetries.groups import (
    compose_codes,
    contains,
    cycles,
    element_of,
    find_generators,
    generate_group,
    order_of,
    signed_permutation,
)
from continuation.symmetries.subspaces import complement, fixed_basis, row_space
from continuation.symmetries.symmetry import Symmetry

NAMES = tuple("abcdef")


def permutation(places):
    return np.eye(len(places))[list(places)]


def turn(k, n=2):
    angle = 2 * np.pi / k
    matrix = np.eye(n)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return matrix


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_a_transposition_and_a_cycle_generate_all_permutations(n):
    names = NAMES[:n]
    swap = [1, 0, *range(2, n)] if n > 1 else [0]
    cycle = [*range(1, n), 0]
    group = generate_group(names, [permutation(swap), permutation(cycle)])
    assert len(group) == math.factorial(n)
    assert len({tuple(code) for code in group.codes.tolist()}) == len(group)
    assert group[0].codes.tolist() == [list(range(n))]  # the identity first
    assert sum(int(round(np.linalg.det(g.matrix))) for g in group) == (0 if n > 1 else 1)  # half of them are even


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 7, 12])
def test_dihedral_groups_have_2k_elements_whose_orders_divide_k(k):
    flip = np.diag([1.0, -1.0])
    group = generate_group(("x", "y"), [turn(k), flip])
    assert len(group) == 2 * k
    for g in group:
        assert_allclose(g.matrix @ g.matrix.T, np.eye(2), atol=1e-12)
        assert (2 if np.linalg.det(g.matrix) < 0 else k) % g.order == 0
        assert_allclose(np.linalg.matrix_power(g.matrix, g.order), np.eye(2), atol=1e-9)


def test_signed_permutations_are_kept_as_codes_and_compose_as_matrices(rng):
    names = NAMES[:4]
    group = generate_group(names, [permutation([1, 2, 3, 0]), np.diag([-1.0, 1, 1, 1])])
    assert len(group) == 2**4 * 4
    assert group.dense is None
    for _ in range(10):
        g, h = (group[int(k)] for k in rng.integers(len(group), size=2))
        product = compose_codes(g.codes, h.codes[0])[0]
        assert np.array_equal(signed_permutation(g.matrix @ h.matrix), product)
        u = rng.standard_normal(4)
        assert np.array_equal(g(u), g.matrix @ u)
        assert np.array_equal(g(h(u)), element_of(names, g.matrix @ h.matrix)(u))
    assert signed_permutation(turn(3)) is None
    assert signed_permutation(np.array([[1.0, 1.0], [0.0, 1.0]])) is None


def test_both_representations_act_alike(rng):
    """A quarter turn is a signed permutation; the same group turned by an angle is not."""
    c, s = np.cos(0.3), np.sin(0.3)
    change = np.array([[c, -s], [s, c]])
    codes = generate_group(("x", "y"), [turn(4), np.diag([1.0, -1.0])])
    dense = generate_group(("x", "y"), [change @ g @ change.T for g in (turn(4), np.diag([1.0, -1.0]))])
    assert dense.codes is None
    assert len(codes) == len(dense) == 8
    u = rng.standard_normal((5, 2))
    images, turned = codes.act(u), dense.act(u @ change.T)
    assert images.shape == turned.shape == (5, 8, 2)
    for g in codes:
        assert contains(dense, element_of(("x", "y"), change @ g.matrix @ change.T))
    assert_allclose(np.sort(np.linalg.norm(turned, axis=2)), np.sort(np.linalg.norm(images, axis=2)), rtol=1e-12)


@pytest.mark.parametrize(
    ("places", "text"),
    [([0, 1, 2], "identity"), ([1, 0, 2], "(a b)"), ([1, 2, 0], "(a c b)"), ([1, 0, 2, 4, 5, 3], "(a b)(d f e)")],
)
def test_cycle_notation(places, text):
    assert cycles(places, NAMES[: len(places)]) == text
    assert order_of(permutation(places)) == element_of(NAMES[: len(places)], permutation(places)).order


def test_orders_and_what_has_none():
    assert order_of(np.eye(3)) == 1
    assert order_of(-np.eye(3)) == 2
    assert order_of(np.kron(np.diag([1.0, 0.0]), turn(3)) + np.kron(np.diag([0.0, 1.0]), turn(4))) == 12
    angle = 1.0  # radians: no fraction of a turn
    assert order_of(np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])) == 0


def test_groups_that_grow_too_large_are_refused():
    with pytest.raises(ValueError, match="more than 20 elements; is it finite"):
        generate_group(NAMES[:5], [permutation([1, 0, 2, 3, 4]), permutation([1, 2, 3, 4, 0])], limit=20)
    with pytest.raises(ValueError, match="more than 5 elements"):
        generate_group(("x", "y"), [turn(7)], limit=5)


def test_a_few_elements_generate_a_group_and_a_set_that_is_none_has_no_generators():
    group = generate_group(NAMES[:4], [permutation([1, 0, 2, 3]), permutation([1, 2, 3, 0])])
    few = find_generators(group)
    assert len(few) <= 3
    again = generate_group(NAMES[:4], [g.matrix for g in few])
    assert {tuple(c) for c in again.codes.tolist()} == {tuple(c) for c in group.codes.tolist()}
    assert all(g.moved == 2 for g in few)  # transpositions move fewest
    assert find_generators(group[:5]) is None
    assert find_generators(group[:1]) == []


# Subspaces


@pytest.mark.parametrize(
    ("entries", "dimension"),
    [((), 3), ([("y", "x", "z")], 2), ([("y", "z", "x")], 1), ([("-x", "y", "z")], 2), ([("-x", "-y", "-z")], 0)],
)
def test_fixed_spaces(entries, dimension):
    symmetry = Symmetry(("x", "y", "z"), entries)
    basis = fixed_basis(symmetry)
    assert basis.shape == (3, dimension)
    assert_allclose(basis.T @ basis, np.eye(dimension), atol=1e-14)
    for g in symmetry.elements:
        assert_allclose(g(basis.T), basis.T, atol=1e-14)
    trace = np.mean([np.trace(g.matrix) for g in symmetry.elements])
    assert trace == pytest.approx(dimension)  # the mean of the characters is the dimension


def test_what_a_circle_and_a_shift_fix():
    circle = Symmetry(("x", "y", "z"), [lambda u: np.array([-u[1], u[0], 0.0])])
    assert_allclose(fixed_basis(circle), [[0.0], [0.0], [1.0]], atol=1e-14)
    shift = Symmetry(("x", "y"), [lambda u: np.array([1.0, 0.0])])
    with pytest.raises(ValueError, match="fixes no linear space"):
        fixed_basis(shift)


def test_complements_are_orthonormal_and_near_the_axes(rng):
    vectors = rng.standard_normal((2, 5))
    rest = complement(vectors, 5, 1e-9)
    assert_allclose(rest @ rest.T, np.eye(3), atol=1e-14)
    assert_allclose(rest @ vectors.T, 0.0, atol=1e-14)
    assert_allclose(complement([np.eye(3)[1]], 3, 1e-9), [[1, 0, 0], [0, 0, 1]])
    assert np.array_equal(complement([], 2, 1e-9), np.eye(2))
    rows = row_space(np.vstack([vectors, vectors.sum(axis=0)]), 1e-9)
    assert rows.shape == (2, 5)
    assert_allclose(vectors @ rows.T @ rows, vectors, atol=1e-13)
    assert row_space(np.eye(3)[:2], 1e-9).tolist() == np.eye(3)[:2].tolist()


# What users give


def test_entries_come_as_integers_names_or_matrices():
    names = ("x", "y", "z")
    wanted = permutation([1, 2, 0])
    for entry in ([1, 2, 0], ("y", "z", "x"), np.array([1, 2, 0], np.int8), wanted, wanted.astype(int).tolist()):
        assert np.array_equal(orthogonal_matrix("g", entry, names), wanted)
    assert np.array_equal(orthogonal_matrix("g", ("-y", "x", "z"), names)[0], [0, -1, 0])
    rough = np.round(turn(3), 12)  # the nearest orthogonal matrix is taken
    assert order_of(orthogonal_matrix("g", rough, ("x", "y"))) == 3


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ([0, 0, 1], "wanted each of 0 .. 2 once (a permutation), got [0, 0, 1]"),
        (("x", "y", "q"), "'q' is none of the states"),
        (("x", "-x", "y"), "wanted each of 0 .. 2 once"),
        ([[1, 2], [3]], "wanted a matrix (3, 3), a permutation"),
        (2 * np.eye(3), "wanted an orthogonal matrix, got one with |g'g - 1| = 3"),
        (np.full((3, 3), np.nan), "wanted finite entries"),
        (np.eye(2), "got an array of shape (2, 2), float64"),
        (None, "got None"),
    ],
)
def test_entries_that_are_no_symmetry(entry, words):
    with pytest.raises(ValueError, match="^g: ") as error:
        orthogonal_matrix("g", entry, ("x", "y", "z"))
    assert words in str(error.value)


def test_a_turn_by_no_fraction_of_a_circle_is_refused_as_infinite():
    matrix = np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    with pytest.raises(ValueError, match="no finite order"):
        orthogonal_matrix("g", matrix, ("x", "y"))


def test_generators_are_read_off_at_the_axes_and_checked_elsewhere():
    made = affine_generator("K", lambda u: np.array([-2 * u[1] + 1.0, 2 * u[0]]), 2)
    assert made.matrix.tolist() == [[0.0, -2.0], [2.0, 0.0]]
    assert made.shift.tolist() == [1.0, 0.0]
    assert made(np.array([[1.0, 2.0], [0.0, 0.0]])).tolist() == [[-3.0, 2.0], [1.0, 0.0]]
    assert made.size(np.array([3.0, 0.0])) == 7.0
    for bad, words in (
        (lambda u: u**2, "wanted a generator affine in u"),
        (lambda u: 0 * u, "vanishes everywhere"),
        (lambda u: u[:1], "wanted K\\(u\\) -> 2 finite values"),
        (lambda u: u * np.nan, "finite values"),
    ):
        with pytest.raises(ValueError, match=words):
            affine_generator("K", bad, 2)


# Orbits and isotropy: Lagrange, Burnside


def test_orbit_times_isotropy_is_the_order(rng):
    symmetry = Symmetry(("x", "y", "z"), [("y", "x", "z"), ("y", "z", "x"), ("-x", "y", "z")])
    assert symmetry.order == 48
    states = [np.zeros(3), np.eye(3)[0], np.ones(3), np.array([1.0, 1.0, 0.0]), rng.standard_normal(3)]
    for u, size in zip(states, (1, 6, 8, 12, 48)):
        orbit = symmetry.orbit(u)
        assert len(orbit) == size
        assert len(symmetry.isotropy(u)) * size == 48
        assert np.array_equal(orbit[0], u)
        for v in orbit[:4]:
            g = symmetry.conjugate(u, v)
            assert_allclose(g(u), v, atol=1e-12)
    assert symmetry.conjugate(states[1], states[2]) is None


def test_states_of_another_length_are_refused():
    symmetry = Symmetry(("x", "y"), [("y", "x")])
    with pytest.raises(ValueError, match="wanted a state of 2 values"):
        symmetry.orbit([1.0])
    with pytest.raises(ValueError, match="wanted a list of matrices"):
        Symmetry(("x", "y"), "xy")
    assert not Symmetry(("x", "y"))
    assert symmetry
    assert repr(symmetry) == "<Symmetry of 2 states: order 2>"


class Begun:
    """A start as far as comparing needs it."""

    def __init__(self, x, tangent, ahead=None):
        self.x, self.tangent, self.ahead = np.array(x), np.array(tangent), ahead


def test_starts_are_compared_ahead_where_both_have_points_at_one_distance():
    ahead = np.array([[[0.1, 0.0], [1.0, 0.0]], [[0.05, 0.0], [1.0, 0.0]]])
    other = np.array([[[0.0, 0.05], [0.0, 1.0]]])
    one, two = Begun([0.0, 0.0], [1.0, 0.0], ahead), Begun([0.0, 0.0], [0.0, 1.0], other)
    first, second = places_to_compare(one, two)
    assert np.array_equal(first, ahead[1])
    assert np.array_equal(second, other[0])
    plain = Begun([0.0, 0.0], [0.0, 1.0])
    assert places_to_compare(one, plain) == ((one.x, one.tangent), (plain.x, plain.tangent))


def test_no_starts_have_no_classes():
    class Problem:
        symmetry = Symmetry(("x",), [("-x",)])

    assert distinct_starts(Problem(), []) == []
