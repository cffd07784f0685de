"""Small polynomial systems: all complex solutions by homotopy, real ones by searches, continua as one."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.branching import homotopy, roots


def random_polynomials(rng, quadratics, cubics):
    """Symmetric random equations in as many unknowns and one."""
    m = quadratics + cubics + 1
    a, b = rng.standard_normal((quadratics, m, m)), rng.standard_normal((cubics, m, m, m))
    a = (a + a.transpose(0, 2, 1)) / 2
    b = sum(b.transpose(0, *(1 + np.array(order))) for order in itertools.permutations(range(3))) / 6
    return homotopy.Polynomials(a, b)


@pytest.mark.parametrize("degrees", [(1, 0), (2, 0), (0, 2), (1, 2), (2, 2), (1, 3)])
def test_generic_systems_have_as_many_solutions_as_bezout_says(rng, degrees):
    polynomials = random_polynomials(rng, *degrees)
    x, regular = homotopy.solve_polynomials(polynomials)
    assert len(x) == 2 ** degrees[0] * 3 ** degrees[1]
    assert np.all(regular)
    assert_allclose(polynomials.values(x)[0], 0, atol=1e-9)
    assert_allclose(np.linalg.norm(x, axis=1), 1)
    overlap = np.abs(x.conj() @ x.T) - np.eye(len(x))
    assert np.max(overlap) < 1 - 1e-8  # all different


def test_two_conics_against_an_eliminated_polynomial(rng):
    """``y**2 = q(x)`` and ``x**2 + a x + b y + c = 0``: y eliminated leaves a quartic in x."""
    a, b, c, d, e, f = rng.standard_normal(6)
    one = np.array([[-d, 0, -e / 2], [0, 1, 0], [-e / 2, 0, -f]])
    two = np.array([[1, 0, a / 2], [0, 0, b / 2], [a / 2, b / 2, c]])
    x, regular = homotopy.solve_polynomials(homotopy.Polynomials(np.array([one, two]), np.zeros((0, 3, 3, 3))))
    assert np.all(regular)
    inner = np.polynomial.Polynomial([c, a, 1])
    oracle = (inner**2 - b * b * np.polynomial.Polynomial([f, e, d])).roots()
    gaps = np.abs((x[:, 0] / x[:, 2])[:, None] - oracle)  # sorted, conjugates would be ordered by the last bit
    assert sorted(np.argmin(gaps, axis=1)) == [0, 1, 2, 3]
    assert np.max(np.min(gaps, axis=1)) < 1e-8


def test_double_solutions_are_told():
    """A circle and a line's square that touches it: ``x**2 + y**2 = 1``, ``(y - 1) (y + 3) = 0``."""
    circle = np.diag([1.0, 1.0, -1.0])
    lines = np.array([[0, 0, 0], [0, 1.0, 1.0], [0, 1.0, -3.0]])
    x, regular = homotopy.solve_polynomials(homotopy.Polynomials(np.array([circle, lines]), np.zeros((0, 3, 3, 3))))
    assert sorted(regular) == [False, False, True, True]
    double = x[~regular]
    assert_allclose(double[:, 1] / double[:, 2], 1.0, atol=1e-3)


def ellipse_and_hyperbola(z):
    """Four real solutions, (+-sqrt(3), +-1) / 2."""
    x, y = z
    return np.array([x * x + y * y - 1.0, x * x - y * y - 0.5]), 2 * np.array([[x, y], [x, -y]])


def test_searches_find_all_real_solutions():
    found = roots.search(ellipse_and_hyperbola, [np.array([0.9, 0.4])], rounds=3)
    assert len(found) >= 2  # one start alone: others only where it is deflated
    found = roots.search(ellipse_and_hyperbola, list(roots.sphere_points(2, 8)))
    assert len(found) == 4
    assert_allclose(np.abs(found), np.tile(np.sqrt([0.75, 0.25]), (4, 1)), atol=1e-10)
    assert all(root.simple and root.continuum == 0 for root in roots.classify(ellipse_and_hyperbola, found))


def two_circles(z):
    """The unit sphere cut at heights +-0.6: two circles that do not meet, one equation given twice."""
    x, y, h = z
    f = [x * x + y * y + h * h - 1.0, h * h - 0.36, 2 * (h * h - 0.36)]
    return np.array(f), np.array([[2 * x, 2 * y, 2 * h], [0, 0, 2 * h], [0, 0, 4 * h]])


def test_continua_are_kept_apart():
    found = roots.search(two_circles, list(roots.sphere_points(3, 40)))
    assert len(found) > 10
    classes = roots.classify(two_circles, found)
    assert sorted((root.continuum, round(float(root.z[2]), 9)) for root in classes) == [(1, -0.6), (1, 0.6)]


def test_a_double_root_is_no_continuum():
    def touching(z):
        x, y = z
        return np.array([x * x + y * y - 1.0, (y - 1.0) * (y + 3)]), np.array([[2 * x, 2 * y], [0, 2 * y + 2]])

    (root,) = roots.classify(touching, roots.search(touching, [np.array([0.1, 0.9])], rounds=0))
    assert (root.continuum, root.simple) == (0, False)
    assert_allclose(root.z, [0, 1], atol=1e-3)


def test_no_solution_is_none():
    assert roots.newton(lambda z: (z**2 + 1.0, np.diag(2 * z)), np.array([0.3])) is None
    assert roots.newton(lambda z: (z * np.nan, np.eye(1)), np.array([0.3])) is None
