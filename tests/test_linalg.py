"""The compiled linear algebra against numpy, small matrices (own loops) and large ones (LAPACK)."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation.compiled import linalg
from continuation.compiled.kernel import kernel

EPS = np.finfo(float).eps
SIZES = [1, 2, 3, 8, 31, 32, 60]


@kernel
def factor_and_solve(lapack, a, pivots, ints, b):
    """Factor, solve, and the determinant; the matrix is turned where large, as the engine does."""
    if a.shape[0] >= linalg.LARGE:
        linalg.transpose(a)
    if not linalg.lu_factor(lapack, a, pivots, ints):
        return 0.0, 0.0
    linalg.lu_solve(lapack, a, pivots, ints, b)
    return linalg.determinant(a, pivots)


@kernel
def complex_solve(a, pivots, b):
    """Solve a complex system by the own loops."""
    done = linalg.lu_small(a, pivots)
    if done:
        linalg.lu_small_solve(a, pivots, b)
    return done


@kernel
def symmetric_count(a, d, e, v, shift):
    """Eigenvalues of a symmetric matrix above a shift."""
    linalg.tridiagonalise(a, d, e, v)
    return linalg.count_above(d, e, shift)


@kernel
def spectrum(lapack, a, wr, wi, work, ints):
    """Eigenvalues of a general matrix."""
    return linalg.eigenvalues(lapack, a, wr, wi, work, ints)


@kernel
def singular(lapack, a):
    """Singular value decomposition."""
    return linalg.svd(lapack, a)


@kernel
def describe(a):
    """Symmetry and scale."""
    return linalg.is_symmetric(a, 1e-12), linalg.scale_of(a)


def solved(a, b):
    """(x, mantissa, exponent) of the compiled solver; a and b stay as they are."""
    n, x = len(a), b.copy()
    pair = factor_and_solve(linalg.lapack_table(), a.copy(), np.zeros(n, np.int32), np.zeros(8, np.int32), x)
    return x, *pair


@pytest.mark.parametrize("n", SIZES)
def test_solutions_have_a_small_residual(n, rng):
    for _ in range(5):
        a, b = rng.standard_normal((n, n)), rng.standard_normal(n)
        x, *_ = solved(a, b)
        assert np.all(np.abs(a @ x - b) <= 50 * n * EPS * (np.abs(a) @ np.abs(x) + np.abs(b)))


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
    assert complex_solve(a.copy(), np.zeros(n, np.int32), x)
    assert_allclose(x, np.linalg.solve(a, b), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 40, 100])
def test_symmetric_counts_agree_with_the_spectrum(n, rng):
    a = rng.standard_normal((n, n))
    a = a + a.T
    values = np.linalg.eigvalsh(a)
    shifts = [*(0.5 * (values[1:] + values[:-1])), values[0] - 1, values[-1] + 1, 0.0]
    for shift in shifts:
        assert symmetric_count(a.copy(), np.zeros(n), np.zeros(n), np.zeros(n), shift) == np.sum(values > shift)


def test_symmetric_counts_of_multiple_eigenvalues(rng):
    q, _ = np.linalg.qr(rng.standard_normal((9, 9)))
    a = q @ np.diag([-1.0] * 4 + [0.0] * 3 + [2.0] * 2) @ q.T
    for shift, count in ((-2, 9), (-0.5, 5), (-1e-9, 5), (1e-9, 2), (1.9, 2), (2.1, 0)):
        assert symmetric_count(a.copy(), *np.zeros((3, 9)), shift) == count
    assert symmetric_count(np.diag(np.arange(-2.0, 3.0)), *np.zeros((3, 5)), 0.5) == 2


@pytest.mark.parametrize("n", [1, 2, 3, 9, 40])
def test_eigenvalues_agree_with_numpy(n, rng):
    for _ in range(10):
        a = rng.standard_normal((n, n))
        wr, wi = np.zeros((2, n))
        assert spectrum(linalg.lapack_table(), a.copy(), wr, wi, np.zeros(8 * n + 8), np.zeros(8, np.int32))
        found, expected = (np.sort_complex(np.round(v, 10)) for v in (wr + 1j * wi, np.linalg.eigvals(a)))
        assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("matrix", [[[0, 0], [0, 0]], [[1, 1e9], [0, 1]], [[1e-9, 1], [0, -1]], [[3, 0], [0, 3]]])
def test_two_by_two_eigenvalues_keep_their_digits(matrix):
    wr, wi = np.zeros((2, 2))
    assert spectrum(linalg.lapack_table(), np.array(matrix, float), wr, wi, np.zeros(24), np.zeros(8, np.int32))
    assert_allclose(sorted(wr), sorted(np.diag(matrix)), rtol=1e-15)
    assert_array_equal(wi, 0.0)


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


def test_symmetry_and_scale(rng):
    a = rng.standard_normal((6, 6))
    symmetric, scale = describe(a)
    assert (symmetric, scale) == (False, pytest.approx(np.abs(a).sum(axis=1).max()))
    assert describe(a + a.T)[0]
    assert not describe(a + a.T + 1e-9 * np.triu(a, 1))[0]
    assert describe(np.zeros((2, 2))) == (True, 0.0)
