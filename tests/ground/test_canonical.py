"""Choices that do not hang on the last bit: the same for other signs, rotated bases, other orders of equal numbers."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Kind, Problem, emanating_orbit, find_solutions, switch, trace
from continuation.ground import canonical
from systems import textbook

HALF = np.sqrt(0.5)


def blurred(array, rng):
    """The array, but for its last bits."""
    return array * (1 + 4e-16 * rng.standard_normal(np.shape(array)))


def rotation(size, rng):
    """A random orthogonal matrix."""
    return np.linalg.qr(rng.standard_normal((size, size)))[0]


@pytest.mark.parametrize("vector", [[HALF, -HALF], [-HALF, HALF], [0.1, -0.7, 0.7, -0.7], [0.0, -1.0, 0.5]])
def test_a_sign_is_the_vectors_own(vector, rng):
    """Of components equal up to rounding the first decides."""
    for _ in range(20):
        found = canonical.signed(rng.choice([-1, 1]) * blurred(np.array(vector), rng))
        assert_allclose(found, np.array(vector) * np.sign(vector[np.argmax(np.abs(vector) > 0.69)]), rtol=1e-14)


@pytest.mark.parametrize("vector", [[HALF, 1j * HALF], [0.5j, -0.5, 0.5, 0.5], [0.1, 0.9 + 0.3j]])
def test_a_phase_is_the_vectors_own(vector, rng):
    wanted = canonical.turned(np.array(vector, complex))
    for _ in range(20):
        turn = np.exp(2j * np.pi * rng.random())
        assert_allclose(canonical.turned(turn * blurred(np.array(vector), rng)), wanted, rtol=0, atol=1e-14)
    lead = wanted[canonical.first_largest(np.abs(wanted))]
    assert lead.real > 0
    assert abs(lead.imag) < 1e-15


def zero_sum(n):
    """Vectors whose entries sum to zero: all axes are equally near."""
    return np.linalg.svd(np.ones((1, n)))[2][1:].T


@pytest.mark.parametrize("space", [np.eye(4)[:, 1:3], zero_sum(3), zero_sum(6), np.ones((5, 1)) / np.sqrt(5)])
def test_a_basis_is_its_spaces_own(space, rng):
    wanted = canonical.basis(space)
    assert_allclose(wanted.T @ wanted, np.eye(space.shape[1]), atol=1e-14)
    assert_allclose(wanted @ wanted.T, space @ space.T, atol=1e-14)
    for _ in range(20):
        found = canonical.basis(blurred(space @ rotation(space.shape[1], rng), rng))
        assert_allclose(found, wanted, atol=1e-13)
        assert_array_equal(found == 0, wanted == 0)


def test_eigenvectors_of_one_value_share_the_basis_of_their_space(rng):
    values = np.array([3.0, 3.0, 2.0, 1.0, 1.0, 1.0])
    frame = rotation(6, rng)
    wanted = canonical.eigenbasis(values, frame)
    for _ in range(20):
        other = frame.copy()
        other[:, :2], other[:, 3:] = frame[:, :2] @ rotation(2, rng), frame[:, 3:] @ rotation(3, rng)
        other[:, 2] *= -1
        assert_allclose(canonical.eigenbasis(blurred(values, rng), other), wanted, atol=1e-13)
    assert_allclose(wanted @ np.diag(values) @ wanted.T, frame @ np.diag(values) @ frame.T, atol=1e-13)


def test_singular_vectors_share_the_basis_of_their_space(rng):
    left, right = rotation(4, rng), rotation(5, rng)
    matrix = left[:, :3] @ np.diag([2.0, 2.0, 1.0]) @ right[:, :3].T
    wanted = canonical.svd(matrix)
    assert_allclose((wanted[0] * wanted[1]) @ wanted[2][:4], matrix, atol=1e-14)
    for _ in range(20):
        for found, part in zip(canonical.svd(blurred(matrix, rng)), wanted):
            assert_allclose(found, part, atol=1e-13)


def test_eigenvalues_on_the_axis_come_in_one_order(rng):
    wanted = np.array([1.0, 2j, 0, -2j, -1])
    for _ in range(20):
        noise = 1e-15 * rng.standard_normal(5)
        assert_allclose(canonical.descending((wanted + noise)[rng.permutation(5)]), wanted, atol=1e-14)


def test_an_order_is_the_numbers_own(rng):
    """Rows come out by columns, whatever order they went in and whatever their last bits."""
    rows = np.array([[-1.0, 2.0, 0.0], [0.3, -1.0, 5.0], [0.3, 1.0, -2.0], [0.3, 1.0, 4.0], [2.0, 0.0, 0.0]])
    for _ in range(30):
        mixed = blurred(rows[rng.permutation(5)], rng)
        assert_allclose(mixed[canonical.order(mixed, slack=1e-9)], rows, rtol=1e-14)


def test_equal_rows_keep_their_order(rng):
    assert canonical.order(blurred(np.ones((9, 2)), rng), slack=1e-9).tolist() == list(range(9))
    assert canonical.order(np.zeros((0, 3)), slack=1e-9).tolist() == []
    assert canonical.order(np.zeros((3, 0)), slack=1e-9).tolist() == [0, 1, 2]


def test_of_equal_extremes_the_first_is_taken(rng):
    for _ in range(20):
        assert canonical.first_largest(blurred(np.array([0.5, 2.0, 1.0, 2.0]), rng)) == 1
        assert canonical.first_smallest(1e-16 * rng.random(5) + [1, 1, 0, 1, 0], slack=1e-9) == 2
    assert canonical.first_largest([np.nan, 1.0]) == 1


def test_what_is_rounding_reads_zero_and_nothing_else():
    found = canonical.cleared(np.array([-3e-34, -1e-15, 2e-14, 1.0]), 1.0)
    assert_array_equal(found, [0.0, 0.0, 2e-14, 1.0])
    assert not np.any(np.signbit(found))
    assert canonical.cleared(1e-20, 1e-19) == 1e-20  # small units


# What users see, with another processor's signs and bases


@pytest.fixture(params=range(4))
def elsewhere(request, monkeypatch):
    """Decompositions as another library may return them: other signs, phases, bases of equal values, last bits."""
    rng, svd, eig, eigh = np.random.default_rng(request.param), np.linalg.svd, np.linalg.eig, np.linalg.eigh

    def other_svd(a, *args, **options):
        found = svd(a, *args, **options)
        if not isinstance(found, tuple) or np.ndim(a) > 2:
            return found
        (u, sigma, vt), rank = found, np.sum(found[1] > 1e-9 * max(found[1][0], 1e-300))
        signs = rng.choice([-1.0, 1.0], rank)
        u[:, :rank], vt[:rank] = u[:, :rank] * signs, vt[:rank] * signs[:, None]
        u[:, rank:] = u[:, rank:] @ rotation(u.shape[1] - rank, rng)
        vt[rank:] = rotation(len(vt) - rank, rng) @ vt[rank:]
        return blurred(u, rng), sigma, blurred(vt, rng)

    def other_eig(a):
        values, vectors = eig(a)
        turn = np.exp(2j * np.pi * rng.random(len(values))) if np.iscomplexobj(vectors) else 1.0
        return values, vectors * turn

    def other_eigh(a, *args, **options):
        values, vectors = eigh(a, *args, **options)
        return values, vectors * rng.choice([-1.0, 1.0], len(values))

    monkeypatch.setattr(np.linalg, "svd", other_svd)
    monkeypatch.setattr(np.linalg, "eig", other_eig)
    monkeypatch.setattr(np.linalg, "eigh", other_eigh)


@functools.cache
def cells():
    """Three equal coupled cells: a kernel of dimension 2 with twelve half-branches; and the trunk."""
    equations = {f"x{i}": f"mu*x{i} - x{i}**3 + 0.1*(x{(i + 1) % 3} + x{(i + 2) % 3} - 2*x{i})" for i in range(3)}
    problem = Problem.from_expressions(equations, {"mu": -1}, symmetries=[["x1", "x2", "x0"], ["x1", "x0", "x2"]])
    return problem, trace(problem, [0.0, 0.0, 0.0], "mu", (-1, 1))


@functools.cache
def tangents_of_cells():
    """(k, 4) tangents at the double branch point, as they come here."""
    problem, trunk = cells()
    return np.array([start.tangent for start in switch(problem, trunk["BP2"])])


TANGENTS = tangents_of_cells()


@pytest.mark.usefixtures("elsewhere")
def test_half_branches_come_in_one_order():
    problem, trunk = cells()
    found = switch(problem, trunk["BP2"])
    assert_allclose([start.tangent for start in found], TANGENTS, atol=1e-3)  # they are extrapolated
    assert found[0].known


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize("make", [textbook.pitchfork, textbook.transcritical])
def test_the_half_of_positive_states_comes_first(make):
    problem = make()
    trunk = trace(problem, [0.0], "p", (-1, 1))
    starts = switch(problem, trunk["BP1"])
    sides = [start.tangent[0] for start in starts if not start.known]
    assert sides[0] > 0 > sides[1]
    assert_allclose(trunk["BP1"].null_vectors, [[1.0]])


@pytest.mark.usefixtures("elsewhere")
def test_null_vectors_of_a_double_point_are_the_basis_nearest_to_the_axes():
    problem, _ = cells()
    vectors = trace(problem, [0.0, 0.0, 0.0], "mu", (-1, 1))["BP2"].null_vectors
    assert_allclose(vectors, [[np.sqrt(2 / 3), -np.sqrt(1 / 6), -np.sqrt(1 / 6)], [0, HALF, -HALF]], atol=1e-12)


@pytest.mark.usefixtures("elsewhere")
def test_the_first_component_of_a_hopf_points_vector_is_real():
    problem = textbook.hopf()
    point = trace(problem, [0, 0], "mu", (-1, 1), stop=Kind.HOPF)["HB1"]
    assert_allclose(point.null_vectors, [[HALF, 0], [0, -HALF]], atol=1e-9)
    orbit = emanating_orbit(problem, point)
    assert_allclose(orbit.q, [HALF, -HALF * 1j], atol=1e-9)
    assert orbit.parameter == 0.0
    assert_array_equal(orbit.state, [0, 0])


@pytest.mark.usefixtures("elsewhere")
def test_solutions_come_in_one_order():
    problem = Problem.from_expressions({"x": "x*(x**2 - 1)", "y": "y*(y**2 - 1) + 0*p"}, {"p": 0.0})
    points = find_solutions(problem, bounds={"x": (-2, 2), "y": (-2, 2)})
    found = [tuple(np.round(point.state, 9) + 0.0) for point in points]
    assert found == sorted(found)
    assert len(found) == 9


def test_zero_to_rounding_is_written_as_zero():
    _, trunk = cells()
    lines = [line.split() for line in str(trunk).splitlines() if line.startswith(("BP", "EP"))]
    assert [line[2:6] for line in lines] == [["-1"] + 3 * ["0"], 4 * ["0"], ["0.3"] + 3 * ["0"], ["1"] + 3 * ["0"]]
    point = trunk["BP2"]
    assert np.max(np.abs(point.state)) < 1e-14  # the state itself is kept as it is
