"""Checking rows and reading solutions off a branch, on curves written down in closed form; no engine."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.equations.equations import Equations
from continuation.ground.status import Kind
from continuation.results.check import BranchReport, check_branch, corrections, extended_precision, fitted_jacobian
from continuation.results.solutions import Column, need_problem, polish, shown_column, solutions_at
from continuation.results.spectra import jacobians_at, spectra
from tests import handmade


def on_circle(u, p, out):
    out[0] = u[0] ** 2 + p[0] ** 2 - 1.0


def equations(f=on_circle, states=("x",), **options):
    return Equations(f, states, {"p": 0.0}, compiled=False, **options)


def circle(rows=41, special=(), problem=None, **changes):
    """The unit circle with exact rows and tangents, as a branch of its equation."""
    angle = np.linspace(0, 2 * np.pi, rows)
    x, p = np.cos(angle)[:, None], np.sin(angle)[:, None]
    branch = handmade.assemble("circle", ("x",), x, p, np.full(rows, -1), special)
    tangents = np.column_stack([-np.sin(angle), np.cos(angle)])
    return replace(branch, tangents=tangents, problem=problem or equations(), **changes)


# Checking


def test_exact_rows_pass_folds_included():
    report = check_branch(circle())
    assert report
    assert report.ok
    assert np.max(report.solution_errors) < 1e-15
    assert np.max(report.tangent_errors) < 1e-9
    assert str(report).startswith("all rows pass: largest correction ")


@pytest.mark.parametrize("size", [1e-6, 1e-3])
def test_a_row_off_the_curve_is_found_with_its_error(size):
    branch = circle()
    unknowns = branch.unknowns.copy()
    unknowns[7] *= 1 + size
    report = check_branch(replace(branch, unknowns=unknowns))
    assert not report.ok
    row, error = report.worst("solution")
    assert row == 7
    assert error == pytest.approx(size / 2, rel=1e-2)  # relative to 1 + |x| = 2
    assert str(report).startswith("FAILED: largest correction ")


def test_a_turned_tangent_is_found_with_its_angle():
    branch = circle()
    tangents, angle = branch.tangents.copy(), 1e-3
    tangents[11] = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ tangents[11]
    row, error = check_branch(replace(branch, tangents=tangents)).worst("tangent")
    assert (row, error) == (11, pytest.approx(angle, rel=1e-3))


def test_branch_points_have_no_tangent_to_check():
    def crossing(u, p, out):
        out[0] = u[0] * (u[0] - p[0])

    p = np.linspace(-1, 1, 21)[:, None]
    special = [(10, Kind.BRANCH_POINT, {})]
    branch = handmade.assemble("line", ("x",), np.zeros((21, 1)), p, np.zeros(21), special)
    report = check_branch(replace(branch, problem=equations(crossing)))
    assert np.isnan(report.tangent_errors[10])
    assert report.ok


def test_nan_passes_for_nothing():
    assert corrections(np.ones(2), np.ones(2), np.ones(2), np.array([np.nan]), np.ones((1, 2))) == (np.inf, np.inf)
    assert not BranchReport(np.array([0.0, np.inf]), np.zeros(2), True).ok
    assert BranchReport(np.zeros(2), np.array([0.0, np.nan]), True).ok  # a tangent that is not unique


def test_corrections_in_closed_form():
    """One equation 2 x - p = f in the plane: the correction is f over the length of (2, -1), across the line."""
    weights, t = np.ones(2), np.array([1.0, 2.0]) / np.sqrt(5)
    step, turn = corrections(np.zeros(2), t, weights, np.array([1e-3]), np.array([[2.0, -1.0]]))
    assert step == pytest.approx(1e-3 / np.sqrt(5))
    assert turn == pytest.approx(0.0, abs=1e-15)
    _, turn = corrections(np.zeros(2), np.array([1.0, 0.0]), weights, np.zeros(1), np.array([[2.0, -1.0]]))
    assert turn == pytest.approx(2.0)  # the unit tangent (1, 0) lacks (0, 2) to lie along the line


def test_extended_precision_is_used_where_it_works():
    x, p = np.array([0.6, 0.8]), np.zeros(1)
    assert extended_precision(equations(), x, p, 0)

    def doubles_only(u, p, out):
        out[0] = u.view(np.float64)[0] - p[0]

    assert not extended_precision(equations(doubles_only), x, p, 0)


def test_the_fitted_jacobian_sees_small_scales():
    def steep(u, p, out):
        out[0] = np.tanh(1e4 * (u[0] - 0.3)) - p[0]

    jacobian = fitted_jacobian(equations(steep), np.array([0.3, 0.0]), np.zeros(1), 0)
    assert_allclose(jacobian, [[1e4, -1.0]], rtol=1e-8)


# Solutions at a value


def test_solutions_at_a_value_are_exact_and_each_is_there_once():
    branch = circle()
    found = solutions_at(branch, {"p": 0.3})
    assert_allclose([point["x"] for point in found], [np.sqrt(0.91), -np.sqrt(0.91)], rtol=1e-15)
    assert [point["p"] for point in found] == [0.3, 0.3]
    assert_allclose([point["p"] for point in solutions_at(branch, {"x": -0.25})], [np.sqrt(0.9375), -np.sqrt(0.9375)])
    (start,) = solutions_at(branch, {"x": 1.0})  # first and last row are one
    assert start["p"] == pytest.approx(0.0, abs=1e-8)
    assert solutions_at(branch, {"p": 1.5}) == []


def test_coarse_rows_do_not_harm_a_solution():
    found = solutions_at(circle(rows=9), {"p": 0.3})
    assert len(found) == 2
    for point in found:
        assert abs(point["x"]) == pytest.approx(np.sqrt(0.91), rel=1e-15)


def test_a_fold_at_the_value_is_met_to_the_root_of_rounding():
    (fold,) = solutions_at(circle(), {"p": 1.0})
    assert fold["p"] == 1.0
    assert abs(fold["x"]) < 1e-7


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "at: wanted one name and its value, as at\\(p=...\\), got \\[\\]"),
        ({"p": 1.0, "x": 0.0}, "at: wanted one name and its value"),
        ({"q": 1.0}, "at: no state or varied parameter named 'q'; this branch has x, p"),
        ({"p": np.nan}, "at\\(p=...\\): wanted finite numbers"),
        ({"p": [1.0]}, "at\\(p=...\\): wanted a number, got shape"),
    ],
)
def test_values_that_mean_nothing(value, words):
    with pytest.raises(ValueError, match=words):
        solutions_at(circle(), value)


def test_counts_beside_a_special_point_are_those_of_the_step():
    """``u' = p + u - u**3``: unstable between its folds."""

    def cubic(u, p, out):
        out[0] = p[0] + u[0] - u[0] ** 3

    branch = replace(handmade.cusp(), problem=equations(cubic, ("u",)))
    found = solutions_at(branch, {"p": 0.1})
    assert [point.unstable for point in found] == [0, 1, 0]
    for point in found:
        assert 0.1 + point["u"] - point["u"] ** 3 == pytest.approx(0.0, abs=1e-15)


def test_a_branch_without_its_problem_asks_for_it():
    bare = replace(circle(), problem=None)
    with pytest.raises(ValueError, match="was loaded from a file without its problem 'circle': give it"):
        need_problem(bare)
    assert need_problem(bare, equations()).states == ("x",)
    with pytest.raises(ValueError, match=r"wanted the states \['x'\], got \['y'\]"):
        need_problem(bare, equations(states=("y",)))
    with pytest.raises(ValueError, match=r"wanted 1 unknowns beside the varied parameter, got \['x', 'tau'\]"):
        need_problem(bare, equations(unknown_names=("x", "tau")))


def test_columns_are_affine_functions_of_the_unknowns():
    class Sheared(Equations):
        """Shows x + 2 y and 3 - y."""

        def columns(self, unknowns):
            states = unknowns[:, :2] @ np.array([[1.0, 0.0], [2.0, -1.0]]) + [0.0, 3.0]
            return states, unknowns[:, -1:]

    problem = Sheared(on_circle, ("a", "b"), {"p": 0.0}, compiled=False)
    branch = handmade.assemble("s", ("a", "b"), [[0.0, 0.0], [1.0, 1.0]], [[0.0], [1.0]], [0, 0])
    column = shown_column(problem, branch, 0)
    assert (column.row.tolist(), column.constant) == ([1.0, 2.0, 0.0], 0.0)
    assert column.of(np.array([3.0, 4.0, 9.0])) == 11.0
    x = np.array([3.0, 4.0, 9.0])
    column.put(x, 1.0)  # by the least change: along (1, 2)
    assert_allclose(x, [1.0, 0.0, 9.0])
    second = shown_column(problem, branch, 1)
    assert (second.row.tolist(), second.constant) == ([0.0, -1.0, 0.0], 3.0)
    second.put(x, 0.5)
    assert x.tolist() == [1.0, 2.5, 9.0]


def test_polishing_is_newton_at_a_fixed_column():
    branch, column = circle(), Column(np.array([0.0, 1.0]), 0.0)
    x = polish(branch.problem, branch, np.array([0.9, 0.35]), column, 0.28)
    assert_allclose(x, [0.96, 0.28], rtol=1e-15)


# Spectra


def test_eigenvalues_on_the_rows_come_in_order_and_missing_ones_are_nan():
    def spiral(u, p, out):
        out[0] = p[0] * u[0] - 2 * u[1]
        out[1] = 2 * u[0] + p[0] * u[1]
        out[2] = -u[2]

    p = np.linspace(-2.5, 1.5, 5)[:, None]
    branch = handmade.assemble("spiral", ("x", "y", "z"), np.zeros((5, 3)), p, np.zeros(5))
    found = spectra(replace(branch, problem=equations(spiral, ("x", "y", "z"))))
    for row, value in zip(found, p[:, 0]):
        pair = [value + 2j, value - 2j]
        assert_allclose(row, [-1.0, *pair] if value < -1 else [*pair, -1.0], atol=1e-8)
    assert np.isnan(spectra(branch)).all()
    assert spectra(branch).shape == (5, 3)
    assert jacobians_at(object(), branch, [0]) == {}

    def hole(u, p, out):
        out[:] = np.log(p[0]) * u

    some = jacobians_at(equations(hole, ("x", "y", "z")), branch, range(5))
    assert set(some) == {3, 4}  # the logarithm has no value on the other rows
