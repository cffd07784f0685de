"""Neutral saddles, found on request: closed forms of linear systems, and what stays as it is without the request."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Kind, Problem, Status, trace
from continuation.kinds.on_branches.neutral_saddle import is_met, signed_least_sum

WANTED = {Kind.NEUTRAL_SADDLE}


def linear(rows, **options):
    """``u' = A(p) u`` from the entries of A as texts."""
    names = ("x", "y", "z")[: len(rows)]
    sums = (" + ".join(f"({a})*{name}" for a, name in zip(row, names)) for row in rows)
    return Problem.from_expressions(dict(zip(names, sums)), parameters={"p": 0.0}, compiled=False, **options)


SADDLE = [["p", "1"], ["1", "-1"]]  # trace p - 1, determinant -p - 1: neutral at p = 1, eigenvalues +-sqrt(2)
HOPF = [["p", "1"], ["-2", "-1"]]  # trace p - 1, determinant 2 - p: +-i at p = 1


def points(branch, kind=Kind.NEUTRAL_SADDLE):
    return [point for point in branch.special if point.kind is kind]


def test_found_where_the_trace_vanishes():
    branch = trace(linear(SADDLE), [0, 0], "p", (-3, 3), detect=WANTED)
    (point,) = points(branch)
    assert (point.label, point.located, point.index) == ("NE1", True, branch["NE1"].index)
    assert_allclose(point["p"], 1.0, rtol=0, atol=1e-12)
    assert_allclose(point.eigenvalues, [np.sqrt(2), -np.sqrt(2)], rtol=1e-12)
    assert point.normal_form == {}
    assert "neutral saddle" in str(branch)


def test_a_curved_branch_has_it_where_two_of_three_eigenvalues_cancel():
    # x = sqrt(p): eigenvalues -2 x, x - 2 and 0.5, so that 2 x = 0.5 and x - 2 = -0.5
    problem = Problem.from_expressions(
        {"x": "p - x**2", "y": "(x - 2)*y", "z": "z/2"}, parameters={"p": 1.0}, compiled=False
    )
    branch = trace(problem, [1, 0, 0], "p", (0.01, 3), detect=WANTED)
    assert_allclose([point["x"] for point in points(branch)], [0.25, 1.5], rtol=1e-9)


def test_not_looked_for_unless_asked():
    problem = linear(SADDLE)
    branch = trace(problem, [0, 0], "p", (-3, 3))
    assert [point.kind for point in branch.special] == [Kind.END, Kind.BRANCH_POINT, Kind.END]
    assert Kind.NEUTRAL_SADDLE not in branch.request.detect
    asked = trace(problem, [0, 0], "p", (-3, 3), detect={*branch.request.detect, Kind.NEUTRAL_SADDLE})
    assert [point.kind for point in asked.special if point.kind is not Kind.NEUTRAL_SADDLE] == [
        point.kind for point in branch.special
    ]
    assert_allclose(asked["BP1"]["p"], branch["BP1"]["p"], atol=1e-12)
    extra = asked["NE1"].index
    assert_array_equal(np.delete(asked.unknowns, extra, axis=0), branch.unknowns)


@pytest.mark.parametrize("detect", [WANTED, {Kind.NEUTRAL_SADDLE, Kind.HOPF}])
def test_hopf_points_are_none(detect):
    branch = trace(linear(HOPF), [0, 0], "p", (-3, 1.9), detect=detect)
    assert points(branch) == []
    assert [point.label for point in points(branch, Kind.HOPF)] == (["HB1"] if Kind.HOPF in detect else [])


def test_stands_beside_the_users_zeros_and_leaves_them_out_unless_asked():
    problem = linear(SADDLE, zeros={"half": "p - 0.5"})
    only = trace(problem, [0, 0], "p", (-3, 3), detect=WANTED)
    both = trace(problem, [0, 0], "p", (-3, 3), detect=WANTED | {Kind.USER})
    assert [point.label for point in only.special] == ["EP1", "NE1", "EP2"]
    assert [point.label for point in both.special] == ["EP1", "UZ1", "NE1", "EP2"]
    assert (both["UZ1"].name, both["NE1"].name) == ("half", "")


@pytest.mark.parametrize("direction", ["both", 1, -1])
def test_a_start_on_one_is_listed_once(direction):
    problem = linear(SADDLE)
    branch = trace(problem, [0, 0], "p", (-0.5, 3), parameters={"p": 1.0}, detect=WANTED, direction=direction)
    (point,) = points(branch)
    assert point.index == branch.start


def test_equations_that_are_no_flow_have_none():
    branch = trace(linear(SADDLE, stability=None), [0, 0], "p", (-3, 3), detect=WANTED)
    assert points(branch) == []


def test_kept_in_files_and_when_a_branch_goes_on(tmp_path):
    branch = trace(linear(SADDLE), [0, 0], "p", (-0.5, 0.9), detect=WANTED)
    longer = branch.extend(span=(-0.5, 3))
    assert [point.label for point in points(longer)] == ["NE1"]
    longer.save(tmp_path / "saddle.nc")
    back = Branch.load(tmp_path / "saddle.nc")
    assert_allclose(points(back)[0]["p"], 1.0, atol=1e-12)
    assert back.request.detect == WANTED


@pytest.mark.parametrize("detect", [WANTED, "all"])
def test_stops_a_trace_but_hopf_points_and_zeros_of_the_users_do_not(detect):
    texts = {"x": "p*x + y", "y": "x - y", "z": "(p - 0.2)*z - w", "w": "z + (p - 0.2)*w"}
    problem = Problem.from_expressions(texts, {"p": 0.0}, zeros={"q": "p - 0.6"}, compiled=False)
    branch = trace(problem, [0] * 4, "p", (-3, 3), detect=detect, stop=Kind.NEUTRAL_SADDLE)
    assert branch.ends == (Status.LIMIT, Status.STOPPED)
    assert branch["NE1"].index == len(branch) - 1
    assert_allclose(branch.parameter[-1], 1.0, atol=1e-9)
    longer = branch.extend(span=(-3, 4))
    assert longer.ends == (Status.LIMIT, Status.LIMIT)
    assert len(points(longer)) == 1


def test_a_zero_of_the_users_can_not_have_its_name():
    problem = linear(SADDLE, zeros={"NEUTRAL_SADDLE": "p - 0.5"})
    assert len(points(trace(problem, [0, 0], "p", (-3, 3)), Kind.USER)) == 1
    with pytest.raises(ValueError, match="name of a kind"):
        trace(problem, [0, 0], "p", (-3, 3), detect=WANTED)


# The test function


def blocks(*parts):
    """Block diagonal matrix in a coordinate system that mixes the blocks."""
    n = sum(len(part) for part in parts)
    a, at = np.zeros((n, n)), 0
    for part in parts:
        a[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    mixed = np.linalg.qr(np.random.default_rng(n).normal(size=(n, n)))[0]
    return mixed @ a @ mixed.T


@pytest.mark.parametrize("seed", range(8))
def test_sign_is_that_of_the_bialternate_product(seed):
    a = np.random.default_rng(seed).normal(size=(5, 5))
    pairs = [(i, j) for i in range(5) for j in range(i)]
    # 2 A (.) 1 on the wedge products e_i ^ e_j: its determinant is the product of all sums of two eigenvalues
    wedge = np.zeros((10, 10))
    for column, (i, j) in enumerate(pairs):
        image = np.zeros((5, 5))
        image[:, j] += a[:, i]
        image[i] += a[:, j]
        image = image - image.T
        wedge[:, column] = [image[k, l] for k, l in pairs]
    assert np.sign(signed_least_sum(a)) == np.sign(np.linalg.det(wedge))
    values = np.linalg.eigvals(a)
    sums = [values[i] + values[j] for i, j in pairs]
    assert_allclose(abs(signed_least_sum(a)), np.min(np.abs(sums)), rtol=1e-9)


@pytest.mark.parametrize("size", [1e-8, 1.0, 1e8])
def test_pairs_and_real_eigenvalues_are_told_apart(size):
    focus, saddle = [[0.01, 1.0], [-1.0, 0.01]], [[1.0, 0.0], [0.0, -1.01]]
    assert is_met(size * blocks(saddle, [[3.0]]))
    assert not is_met(size * blocks(focus, [[3.0]]))
    assert is_met(size * blocks(focus, [[1.0, 0.0], [0.0, -1.001]]))


def test_one_eigenvalue_has_no_sum():
    assert signed_least_sum(np.array([[-2.0]])) == 1.0
