"""Least squares behind Newton's method, eigenvalue counts, and damped Newton, against closed forms."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.equations.bordered import DOUBTFUL, ROUNDING, solve_bordered, solve_least_norm
from continuation.equations.equations import Equations
from continuation.equations.newton import solve_damped
from continuation.equations.solved import is_solution
from continuation.equations.stability import count_eigenvalues
from continuation.ground.status import StartError


def orthogonal(rng, n):
    return np.linalg.qr(rng.standard_normal((n, n)))[0]


def test_a_regular_system_is_solved_whatever_the_units_of_its_equations(rng):
    a, x = rng.standard_normal((5, 5)) + 3 * np.eye(5), rng.standard_normal(5)
    for units in (np.ones(5), 10.0 ** rng.integers(-5, 5, 5), 10.0 ** np.arange(-8, 2, 2)):
        assert_allclose(solve_bordered(units[:, None] * a, units * (a @ x)), x, rtol=1e-12)


def test_powers_of_two_in_the_units_change_no_bit(rng):
    a, b = rng.standard_normal((4, 4)), rng.standard_normal(4)
    units = 2.0 ** np.array([3, -7, 0, 11])
    largest = np.max(np.abs(a), axis=1)
    plain = np.linalg.lstsq(a / largest[:, None], b / largest, rcond=ROUNDING)[0]
    assert solve_bordered(units[:, None] * a, units * b).tobytes() == plain.tobytes()


def test_several_right_hand_sides_are_several_systems(rng):
    a, b = rng.standard_normal((4, 4)), rng.standard_normal((4, 3))
    together = solve_bordered(a, b)
    assert_allclose(together, np.column_stack([solve_bordered(a, column) for column in b.T]), rtol=1e-12)


def test_large_regular_systems_take_no_singular_values(rng, monkeypatch):
    a = rng.standard_normal((150, 150)) + 30 * np.eye(150)
    x = rng.standard_normal((150, 2))
    singular = a - np.outer(a @ x[:, 0], x[:, 0]) / (x[:, 0] @ x[:, 0])
    least = np.linalg.lstsq(singular, a @ x, rcond=ROUNDING)[0]
    assert_allclose(solve_least_norm(singular, a @ x, ROUNDING), least, rtol=1e-8, atol=1e-10)
    monkeypatch.setattr(np.linalg, "lstsq", None)
    assert_allclose(solve_bordered(a, a @ x), x, rtol=1e-10)
    assert_allclose(solve_bordered(a, a @ x[:, 0]), x[:, 0], rtol=1e-10)


def test_a_singular_system_gets_the_solution_of_least_norm(rng):
    left, right, x = orthogonal(rng, 4), orthogonal(rng, 4), rng.standard_normal(4)
    a = left @ np.diag([2.0, 1.0, 0.5, 0.0]) @ right
    null = right[-1]
    wanted = x - (null @ x) * null
    assert_allclose(solve_bordered(a, a @ x), wanted, atol=1e-13)
    wide = np.vstack([a[:2], a[:1]])  # repeated equations do no harm
    assert_allclose(wide @ solve_bordered(wide, wide @ x), wide @ x, atol=1e-13)


@pytest.mark.parametrize(("small", "kept"), [(1e-10, True), (1e-14, False)])
def test_directions_that_rounding_hides_are_left_alone(small, kept):
    """The same part of the right-hand side is amplified or left out, on either side of the tolerance."""
    a = np.array([[1.0, 1.0], [1.0, 1.0 + small]])
    step = solve_bordered(a, np.array([0.0, small]))
    assert_allclose(step, [-1.0, 1.0] if kept else [0.0, 0.0], atol=1e-5)


def test_an_equation_that_vanishes_at_a_point_is_no_equation_in_small_units():
    a, b = np.array([[1.0, 0.0], [0.0, 1e-15]]), np.array([1.0, 1.0])
    assert solve_bordered(a, b).tolist() == [1.0, 0.0]
    assert solve_bordered(np.zeros((2, 2)), b).tolist() == [0.0, 0.0]
    a[1, 1] = 1e-9
    assert solve_bordered(a, b)[1] == pytest.approx(1e9)
    assert solve_bordered(a, b, DOUBTFUL)[1] == 0.0  # a verdict asks for more


def test_counts_of_known_spectra(rng):
    q = orthogonal(rng, 5)
    a = q @ np.diag([3.0, 1e-11, -1e-11, -2.0, 0.5]) @ q.T
    assert count_eigenvalues(a) == (2, 2)
    assert count_eigenvalues(a, symmetric=True) == (2, 2)
    assert count_eigenvalues(1e-200 * a) == (2, 2)  # relative to the matrix
    spiral = np.array([[0.1, -2.0], [2.0, 0.1]])
    assert count_eigenvalues(spiral) == (2, 0)
    centre = np.array([[0.0, -2.0], [2.0, 0.0]])
    assert count_eigenvalues(centre) == (0, 0)  # on the axis: neither unstable nor zero
    assert count_eigenvalues(np.zeros((3, 3))) == (0, 3)
    assert count_eigenvalues(np.zeros((0, 0))) == (0, 0)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("symmetric", [False, True])
def test_what_has_no_spectrum_is_not_counted_as_stable(bad, symmetric):
    a = np.diag([-1.0, -2.0])
    a[0, 1] = bad
    assert count_eigenvalues(a, symmetric) == (-1, 0)


# Damped Newton on equations without a problem around them


def equations(f, n=1, **options):
    return Equations(f, tuple("xyz"[:n]), {"p": 0.0}, compiled=False, **options)


def fold(u, p, out):
    out[0] = p[0] - u[0] ** 2


def test_newton_finds_roots_from_afar():
    assert solve_damped(equations(fold), [7.0], [2.0])[0] == pytest.approx(np.sqrt(2), rel=1e-15)
    assert solve_damped(equations(fold), [-0.01], [2.0])[0] == pytest.approx(-np.sqrt(2), rel=1e-15)


def test_a_double_root_is_kept_and_reached():
    """At a fold Newton only halves the error; what is left is the root of rounding."""
    assert solve_damped(equations(fold), [0.0], [0.0])[0] == 0.0
    assert abs(solve_damped(equations(fold), [0.5], [0.0])[0]) < 1e-7
    assert is_solution(equations(fold), np.zeros(1), np.zeros(1))
    assert not is_solution(equations(fold), np.array([1e-3]), np.zeros(1))


def test_equations_in_any_units_have_the_same_solution():
    def scaled(units):
        def residual(u, p, out):
            out[0] = units[0] * (u[0] ** 2 + u[1] ** 2 - 4.0)
            out[1] = units[1] * (u[0] - u[1] + p[0])

        return equations(residual, 2)

    wanted = solve_damped(scaled((1.0, 1.0)), [1.0, 2.0], [0.5])
    assert np.sum(wanted**2) == pytest.approx(4.0, rel=1e-15)
    assert wanted[1] - wanted[0] == pytest.approx(0.5, rel=1e-14)
    for units in ((1e4, 1.0), (1e-3, 1e3)):
        assert_allclose(solve_damped(scaled(units), [1.0, 2.0], [0.5]), wanted, rtol=1e-12)


def test_damping_keeps_newton_from_running_away():
    """Undamped, the arc tangent throws every start beyond 1.39 to infinity."""

    def arctan(u, p, out):
        out[0] = np.arctan(u[0])

    assert abs(solve_damped(equations(arctan), [20.0], [0.0])[0]) < 1e-14


def test_failures_name_the_equation_and_what_to_try():
    def no_root(u, p, out):
        out[0], out[1] = u[0], u[1] ** 2 + 1.0

    with pytest.raises(StartError, match=r"10 in the equation of 'y' at the start, 1 in the equation of 'y' after"):
        solve_damped(equations(no_root, 2), [0.5, 3.0], [0.0])

    def log(u, p, out):
        out[0] = np.log(u[0])

    with pytest.raises(StartError, match=r"residual is not finite at the start: F\[x\] = nan"):
        solve_damped(equations(log), [-1.0], [0.0])

    def jacobian(u, p, out):
        out[0, 0] = 1.0  # the rest is forgotten

    with pytest.raises(StartError, match=r"dF\[x\]/dy = nan; every entry must be written"):
        solve_damped(equations(no_root, 2, jacobian=jacobian), [0.5, 3.0], [0.0])
