"""The compiled linear algebra against numpy, small matrices (own loops) and large ones (LAPACK)."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation.compiled.calls.kernel import kernel
from continuation.compiled.matrices import linalg

EPS = np.finfo(float).eps
SIZES = [1, 2, 3, 8, 31, 32, 60]


@kernel
def solve_two(lapack, a, pivots, ints, b):
    """Two right-hand sides and the determinant."""
    return linalg.solve_two(lapack, a, pivots, ints, b)


@kernel
def solve_three(a, b, row, given, x):
    """The bordered system of two states."""
    return linalg.solve_three(a, b, row, given, x)


@kernel
def solve_complex(lapack, a, pivots, ints, b):
    """A complex system."""
    return linalg.solve_complex(lapack, a, pivots, ints, b)


@kernel
def singular(lapack, a):
    """Singular value decomposition."""
    return linalg.svd(lapack, a)


def solved(a, b):
    """(x, mantissa, exponent) of the compiled solver; a and b stay as they are, 2 b is the other right-hand side."""
    n, x = len(a), np.concatenate([b, 2 * b])
    done, *pair = solve_two(linalg.lapack_table(), a.copy(), np.zeros(n, np.int32), np.zeros(8, np.int32), x)
    if done:
        assert_allclose(x[n:], 2 * x[:n], rtol=1e-12, atol=1e-300)
    return x[:n], *pair


@pytest.mark.parametrize("n", SIZES)
def test_solutions_have_a_small_residual(n, rng):
    for _ in range(5):
        a, b = rng.standard_normal((n, n)), rng.standard_normal(n)
        x, *_ = solved(a, b)
        assert np.all(np.abs(a @ x - b) <= 50 * n * EPS * (np.abs(a) @ np.abs(x) + np.abs(b)))


def bordered(m, given):
    """(done, x, mantissa, exponent) of the system of two states with this 3 x 3 matrix."""
    x = np.full(6, np.nan)
    done, mantissa, exponent = solve_three(m[:2, :2].copy(), m[:2, 2].copy(), m[2].copy(), given, x)
    return done, x, mantissa, exponent


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_two_states_are_solved_whatever_the_order_of_pivots(order, rng):
    for _ in range(5):
        m, given = (np.eye(3) + 0.3 * rng.standard_normal((3, 3)))[list(order)], rng.standard_normal(6)
        m *= 10.0 ** rng.integers(-60, 60)
        done, x, mantissa, exponent = bordered(m, given)
        assert done
        for part, right in ((x[:3], given[:3]), (x[3:], given[3:])):
            assert np.all(np.abs(m @ part - right) <= 50 * EPS * (np.abs(m) @ np.abs(part) + np.abs(right)))
        sign, logarithm = np.linalg.slogdet(m)
        assert np.sign(mantissa) == sign
        assert np.log(abs(mantissa)) + exponent * np.log(2) == pytest.approx(logarithm, rel=1e-12)


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("place", range(3))
def test_two_states_whose_system_can_not_be_factored_are_refused(place, bad):
    m = np.eye(3)
    m[place, place] = bad
    assert not bordered(m, np.ones(6))[0]


@pytest.mark.parametrize("n", SIZES)
def test_the_determinant_has_sign_and_logarithm(n, rng):
    for _ in range(5):
        a = rng.standard_normal((n, n)) * 10.0 ** rng.integers(-9, 9)
        _, mantissa, exponent = solved(a, np.ones(n))
        sign, logarithm = np.linalg.slogdet(a)
        assert np.sign(mantissa) == sign
        assert np.log(abs(mantissa)) + exponent * np.log(2) == pytest.approx(logarithm, rel=1e-12, abs=1e-11 * n)


@pytest.mark.parametrize(("n", "scale"), [(40, 1e-200), (40, 1e200), (20, 1e-150)])
def test_the_determinant_neither_overflows_nor_vanishes(n, scale):
    _, mantissa, exponent = solved(-scale * np.eye(n), np.ones(n))
    assert mantissa > 0  # n is even
    assert np.isfinite(mantissa)
    assert np.log2(mantissa) + exponent == pytest.approx(n * np.log2(scale), rel=1e-13)


@pytest.mark.parametrize("n", [2, 5, 40])
def test_the_scale_of_a_column_does_not_matter(n, rng):
    a, b = rng.standard_normal((n, n)), rng.standard_normal(n)
    scales = np.ones(n)
    scales[-1] = 2.0**60
    assert_allclose(solved(a * scales, b)[0] * scales, solved(a, b)[0], rtol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 8, 40])
@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_matrices_that_can_not_be_factored_are_refused(n, bad):
    a = np.eye(n)
    a[n // 2, n // 2] = bad
    _, mantissa, _ = solved(a, np.ones(n))
    assert mantissa == 0 or not np.isfinite(mantissa)
    if bad == 0.0:
        assert mantissa == 0


@pytest.mark.parametrize("n", [1, 2, 9, 40])
def test_complex_systems(n, rng):
    a = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    b = rng.standard_normal(n) + 1j * rng.standard_normal(n)
    x = b.copy()
    assert solve_complex(linalg.lapack_table(), a.copy(), np.zeros(n, np.int32), np.zeros(8, np.int32), x)
    assert_allclose(x, np.linalg.solve(a, b), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [8, 60, 250])
def test_matrices_with_many_zeros_are_solved_alike(n, rng):
    a = np.triu(np.tril(rng.standard_normal((n, n)), 1), -1)
    a[-1], a[:, -1], b = rng.standard_normal(n), rng.standard_normal(n), rng.standard_normal(n)
    x, mantissa, exponent = solved(a, b)
    sign, logarithm = np.linalg.slogdet(a)
    assert_allclose(x, np.linalg.solve(a, b), rtol=1e-9, atol=1e-10)
    assert np.sign(mantissa) == sign
    assert np.log(abs(mantissa)) + exponent * np.log(2) == pytest.approx(logarithm, rel=1e-11)


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 4), (4, 3), (40, 41), (12, 6)])
def test_singular_values(shape, rng):
    a = rng.standard_normal(shape)
    given = a.copy()
    u, s, vt = singular(linalg.lapack_table(), a)
    m, n = shape
    assert_array_equal(a, given)
    assert_allclose(s, np.linalg.svd(a, compute_uv=False), rtol=1e-12)
    assert_allclose(u[:, : len(s)] * s @ vt[: len(s)], a, atol=1e-13 * m * n)
    assert_allclose(u @ u.T, np.eye(m), atol=1e-13)
    assert_allclose(vt @ vt.T, np.eye(n), atol=1e-13)
