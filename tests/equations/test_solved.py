"""What counts as a solution: residuals beside their own terms, in any units, and at points where all terms vanish."""

import numpy as np
import pytest

from continuation.equations.equations import Equations
from continuation.equations.solved import is_solution, noise_at, vanishes


def verdict(f, x, p=0.0, active=None, **options):
    n = len(x) if active is None else len(x) - 1
    problem = Equations(f, tuple("xyz"[:n]), {"p": p}, compiled=False, **options)
    return is_solution(problem, np.array(x, float), np.array([p]), active)


def scaled(rows, columns):
    """x**2 + y**2 = 25, x y = 12 in other units; solution (3, 4)."""

    def f(u, p, out):
        x, y = u / columns
        out[0], out[1] = rows[0] * (x * x + y * y - 25.0), rows[1] * (x * y - 12.0)

    def jacobian(u, p, out):
        x, y = u / columns
        out[0] = rows[0] * np.array([2 * x, 2 * y]) / columns
        out[1] = rows[1] * np.array([y, x]) / columns

    return f, jacobian


@pytest.mark.parametrize("rows", [(1.0, 1.0), (1e-9, 1e9), (1e12, 1e-12)])
@pytest.mark.parametrize("columns", [(1.0, 1.0), (1e6, 1e-6), (1e-8, 1e-7)])
@pytest.mark.parametrize(("off", "solved"), [(0.0, True), (1e-12, True), (1e-6, False), (1e-3, False)])
def test_units_of_equations_and_states_do_not_matter(rows, columns, off, solved):
    f, jacobian = scaled(np.array(rows), np.array(columns))
    x, weights = np.array([3.0 * (1 + off), 4.0]) * columns, [*(0.5 / np.array(columns) ** 2), 1.0]
    assert verdict(f, x, jacobian=jacobian, weights=weights) is solved
    if solved or min(columns) == 1.0:  # nothing says what is tiny otherwise
        assert verdict(f, x, jacobian=jacobian) is solved


def test_what_vanishes_to_rounding_is_a_solution_though_its_terms_vanish_too():
    def pitchfork(u, p, out):
        out[0] = p[0] * u[0] - u[0] ** 3

    assert verdict(pitchfork, [1e-17], p=2.0)
    assert verdict(pitchfork, [0.0], p=2.0)
    assert verdict(pitchfork, [1e-13, 1e-13], active=0)  # both at once, at the branch point
    assert not verdict(pitchfork, [1e-5], p=2.0)


def test_a_derivative_without_bound_hides_no_residual():
    """The unit vector of a weight of length 1e-9: a correction of 1e-9 is tiny, and the residual is of order 1."""

    def direction(u, p, out):
        out[:] = u / np.hypot(*u) - np.array([0.6, 0.8])

    assert verdict(direction, [0.6e-9, 0.8e-9])
    assert not verdict(direction, [0.8e-9, 0.6e-9])
    assert not verdict(direction, [0.6e-9, 0.8003e-9])


def test_no_solution_where_the_residual_has_a_minimum_or_fades():
    def above(u, p, out):
        out[0] = 1e-6 + u[0] ** 2

    def fading(u, p, out):
        out[0] = np.exp(-u[0])

    assert not verdict(above, [0.0])
    assert not verdict(above, [1e-9])
    assert not verdict(fading, [34.0])
    assert not verdict(lambda u, p, out: np.copyto(out, np.nan), [1.0])


@pytest.mark.parametrize("power", [2, 3])
def test_multiple_solutions_are_known_to_a_root_of_rounding(power):
    near = {2: 1e-8, 3: 5e-6}[power]
    coefficients = np.poly([1.0] * power)
    assert verdict(lambda u, p, out: np.copyto(out, np.polyval(coefficients, u)), [1.0 + near])
    assert not verdict(lambda u, p, out: np.copyto(out, np.polyval(coefficients, u)), [1.0 + 100 * near])


def test_what_cancels_in_the_residual_is_noise():
    def large(u, p, out):
        out[0] = (u[0] + 1e9) - 1e9 - 1.0

    residual = lambda y: np.array([(y[0] + 1e9) - 1e9 - 1.0])  # noqa: E731
    assert 1e-7 <= noise_at(residual, np.array([1.0 + 1e-8]))[0] <= 1e-6
    assert vanishes(residual, lambda y: np.ones((1, 1)), np.array([1.0]), np.ones(1))
    assert not verdict(large, [1.0 + 1e-6])
