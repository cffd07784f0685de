"""Eigenvalues, their counts and the bounds that make most of them unnecessary, against numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from continuation.compiled.calls.kernel import kernel
from continuation.compiled.matrices import eigen, linalg


@kernel
def symmetric_count(a, d, e, v, shift):
    """Eigenvalues of a symmetric matrix above a shift."""
    eigen.tridiagonalise(a, d, e, v)
    return eigen.count_above(d, e, shift)


@kernel
def spectrum(lapack, a, wr, wi, work, ints):
    """Eigenvalues of a general matrix."""
    return eigen.eigenvalues(lapack, a, wr, wi, work, ints)


@kernel
def gap(d, e, least, most):
    """Gap around zero of a symmetric tridiagonal matrix."""
    return eigen.gap_around_zero(d, e, least, most)


@kernel
def condition(lapack, a, wr, wi):
    """Condition of the eigenvectors."""
    return eigen.eigenvector_condition(lapack, a, wr, wi)


@kernel
def scaling(a, d, queue):
    """Diagonal that makes a matrix symmetric."""
    return eigen.scaling_to_symmetric(a, d, queue)


@kernel
def describe(a):
    """Symmetry and scale."""
    return eigen.is_symmetric(a, 1e-12), linalg.scale_of(a)


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


def test_symmetry_and_scale(rng):
    a = rng.standard_normal((6, 6))
    symmetric, scale = describe(a)
    assert (symmetric, scale) == (False, pytest.approx(np.abs(a).sum(axis=1).max()))
    assert describe(a + a.T)[0]
    assert not describe(a + a.T + 1e-9 * np.triu(a, 1))[0]
    assert describe(np.zeros((2, 2))) == (True, 0.0)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 50])
def test_the_gap_around_zero_is_found_to_a_tenth(n, rng):
    for _ in range(10):
        d, e = rng.standard_normal(n), np.append(0.0, rng.standard_normal(n - 1))
        values = np.linalg.eigvalsh(np.diag(d) + np.diag(e[1:], 1) + np.diag(e[1:], -1))
        found, true = gap(d, e, 1e-9, np.abs(values).max()), np.abs(values).min()
        assert true / 1.11 <= found <= true * (1 + 1e-12)


def test_a_zero_eigenvalue_leaves_no_gap():
    assert gap(np.array([1.0, 0.0, -2.0]), np.zeros(3), 1e-9, 2.0) == 0.0


@pytest.mark.parametrize("n", [1, 2, 3, 8, 40])
def test_the_condition_of_eigenvectors(n, rng):
    for _ in range(10):
        a = rng.standard_normal((n, n))
        values, vectors = np.linalg.eig(a.T)  # LAPACK sees a row-major matrix so
        expected = np.linalg.cond(vectors)
        found = condition(linalg.lapack_table(), a.copy(), values.real.copy(), values.imag.copy())
        assert found == pytest.approx(expected, rel=1e-6)


def test_no_eigenvectors_have_no_finite_condition():
    jordan = np.array([[1.0, 1.0], [0.0, 1.0]])
    assert condition(linalg.lapack_table(), jordan, np.ones(2), np.zeros(2)) == np.inf


def test_the_bound_of_bauer_and_fike_holds_for_every_matrix_of_two(rng):
    for _ in range(300):
        a = rng.standard_normal((2, 2)) * 10.0 ** rng.integers(-3, 3, (2, 2))
        values = np.linalg.eigvals(a)
        radius = np.abs(values.real).min() / condition(
            linalg.lapack_table(), a.copy(), values.real.copy(), values.imag.copy()
        )
        change = rng.standard_normal((2, 2))
        change *= 0.999 * radius / np.linalg.norm(change, 2)
        assert np.sum(np.linalg.eigvals(a + change).real > 0) == np.sum(values.real > 0)


@pytest.mark.parametrize("n", [3, 8, 30])
def test_a_scaled_symmetric_matrix_is_recognised(n, rng):
    s = rng.standard_normal((n, n)) * (rng.random((n, n)) < 0.5)
    s, true = s + s.T, 10.0 ** rng.uniform(-3, 3, n)
    a, d = true[:, None] * s / true, np.zeros(n)
    assert scaling(a, d, np.zeros(n, np.int32))
    assert_allclose(a * d / d[:, None], (a * d / d[:, None]).T, rtol=1e-9, atol=1e-12)


def test_other_matrices_have_no_such_scaling(rng):
    rotation = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    cycle = np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    triangular = np.triu(np.ones((3, 3)))
    for a in (rotation, cycle, triangular, rng.standard_normal((5, 5))):
        assert not scaling(a, np.zeros(len(a)), np.zeros(len(a), np.int32))


SCALES = st.integers(-120, 120).map(lambda exponent: 2.0**exponent)
SMALL_MATRICES = st.integers(1, 12).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.integers(-9, 9)))


def eigenvalues(a):
    """Eigenvalues by the compiled code, in no order."""
    n = len(a)
    wr, wi = np.zeros((2, n))
    assert spectrum(linalg.lapack_table(), a.copy(), wr, wi, np.zeros(8 * n + 8), np.zeros(8, np.int32))
    return wr + 1j * wi


@given(SMALL_MATRICES, SCALES)
def test_counts_do_not_depend_on_the_scale(a, scale):
    """Powers of two change no digit: ``scale A`` has as many eigenvalues above ``scale shift`` as A above shift."""
    n, a = len(a), a + a.T
    for shift in (-7.5, -0.3, 0.3, 4.1):
        expected = np.sum(np.linalg.eigvalsh(a) > shift)
        assert symmetric_count(scale * a, *np.zeros((3, n)), scale * shift) == expected


@given(SMALL_MATRICES)
def test_trace_and_determinant_are_those_of_the_eigenvalues(a):
    """Sums and products of rounded eigenvalues are exact to the rounding of the largest, however defective `a` is."""
    values, size = eigenvalues(a), 1 + np.abs(a).sum(axis=1).max()
    assert abs(values.sum() - np.trace(a)) <= 1e-12 * len(a) * size
    assert abs(np.prod(values / size) - np.linalg.det(a / size)) <= 1e-12 * len(a)


@given(arrays(np.float64, (2, 2), elements=st.integers(-9, 9)), SCALES)
def test_eigenvalues_of_two_states_scale_with_the_matrix(a, scale):
    assert_array_equal(np.sort_complex(eigenvalues(scale * a)), np.sort_complex(scale * eigenvalues(a)))


@given(arrays(np.float64, (5, 5), elements=st.integers(-9, 9)), arrays(np.int64, 5, elements=st.integers(-20, 20)))
def test_whether_a_scaling_makes_a_matrix_symmetric_does_not_depend_on_units(a, powers):
    """Units ``D^-1 A D`` of the states change neither whether there is a scaling nor what it makes of A."""
    units, a = 2.0**powers, a + a.T
    a[a < 0] = 0  # both triangles have the same signs
    d = np.zeros(5)
    assert scaling(a * units / units[:, None], d, np.zeros(5, np.int32))
    made = a * units / units[:, None] * d / d[:, None]
    assert_allclose(made, a, rtol=1e-9, atol=0)


@pytest.mark.parametrize("scale", [1e-150, 1e-20, 1e20, 1e150])
def test_the_condition_of_eigenvectors_does_not_depend_on_the_scale(scale, rng):
    a = rng.standard_normal((6, 6))
    values = np.linalg.eigvals(a)
    plain = condition(linalg.lapack_table(), a.copy(), values.real.copy(), values.imag.copy())
    scaled = condition(linalg.lapack_table(), scale * a, scale * values.real, scale * values.imag)
    assert scaled == pytest.approx(plain, rel=1e-6)
