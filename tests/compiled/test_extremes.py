"""Counts, eigenvalues, norms and determinants of matrices with entries from 1e-300 to 1e300, and of none that are."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Problem, trace
from continuation.compiled.calls.kernel import kernel
from continuation.compiled.matrices import eigen, extremes, linalg, similarity

EXPONENTS = st.integers(-300, 300)
SHIFTS = (-0.7, -1e-9, 0.0, 1e-9, 0.3)


@kernel
def reduce(a, d, e, v):
    """Tridiagonal form."""
    eigen.tridiagonalise(a, d, e, v)


@kernel
def count(d, e, shift):
    """Eigenvalues of a tridiagonal matrix above a shift."""
    return eigen.count_above(d, e, shift)


@kernel
def gap(d, e, least, most):
    """Gap around zero of a tridiagonal matrix."""
    return eigen.gap_around_zero(d, e, least, most)


@kernel
def spectrum(lapack, a, wr, wi, work, ints):
    """Eigenvalues of a general matrix."""
    return eigen.eigenvalues(lapack, a, wr, wi, work, ints)


@kernel
def condition(lapack, a, wr, wi):
    """Condition of the eigenvectors."""
    return eigen.eigenvector_condition(lapack, a, wr, wi)


@kernel
def balanced(a, d):
    """Balance a matrix in place."""
    return similarity.balance(a, d)


@kernel
def norm(x):
    """Euclidean norm."""
    return extremes.euclidean_norm(x)


@kernel
def determinant(lapack, a, pivots, ints, b):
    """Two right-hand sides and the determinant."""
    return linalg.solve_two(lapack, a, pivots, ints, b)


def tridiagonal(a):
    """Diagonal and off-diagonal of the tridiagonal form, which must be finite."""
    d, e, v = np.zeros((3, len(a)))
    reduce(a.copy(), d, e, v)
    assert np.all(np.isfinite(d))
    assert np.all(np.isfinite(e))
    return d, e


def symmetric(n, seed):
    """A random symmetric matrix with eigenvalues on both sides of zero, none near the shifts."""
    rng = np.random.default_rng(seed)
    q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    values = np.linspace(-1.0, 1.0, n) + 0.01
    a = q @ np.diag(values) @ q.T
    return 0.5 * (a + a.T), values


@given(exponent=EXPONENTS, n=st.integers(1, 9), seed=st.integers(0, 99))
def test_counts_do_not_depend_on_the_unit_of_the_matrix(exponent, n, seed):
    a, values = symmetric(n, seed)
    unit = 10.0**exponent
    d, e = tridiagonal(a * unit)
    for shift in SHIFTS:
        assert count(d, e, shift * unit) == np.sum(values > shift)


@given(exponent=st.integers(-320, -20), seed=st.integers(0, 99))
def test_a_coupling_that_is_nothing_changes_no_count(exponent, seed):
    rng = np.random.default_rng(seed)
    (a, first), (b, second) = symmetric(3, seed), symmetric(4, seed + 1)
    whole = np.zeros((7, 7))
    whole[:3, :3], whole[3:, 3:] = a, b
    whole[3:, :3] = rng.normal(size=(4, 3)) * 10.0**exponent
    whole[:3, 3:] = whole[3:, :3].T
    d, e = tridiagonal(whole)
    values = np.sort([*first, *second])
    assert_allclose(
        np.sort(np.linalg.eigvalsh(np.diag(d) + np.diag(e[1:], 1) + np.diag(e[1:], -1))), values, atol=1e-14
    )
    for shift in SHIFTS:
        assert count(d, e, shift) == np.sum(values > shift)


@given(exponents=st.lists(EXPONENTS, min_size=4, max_size=4), seed=st.integers(0, 99))
def test_blocks_of_any_size_leave_nothing_undefined(exponents, seed):
    units = 10.0 ** (np.array(exponents) / 2)
    a, values = symmetric(4, seed)
    d, e = tridiagonal(a * units[:, None] * units)
    most = float(max(np.max(np.abs(d)), np.max(np.abs(e))))
    above = [count(d, e, shift * most) for shift in (-3.0, -1e-9, 1e-9, 3.0)]
    assert above == sorted(above, reverse=True)
    assert above[0] == 4
    assert above[-1] == 0
    assert 0.0 <= gap(d, e, 1e-9 * most, most) <= 2.0 * most


def test_what_is_no_number_is_never_counted():
    for bad in (math.nan, math.inf):
        assert math.isnan(count(np.array([1.0, bad, 2.0]), np.zeros(3), 0.0)) or bad == math.inf
        assert gap(np.array([1.0, bad, 2.0]), np.zeros(3), 1e-9, 2.0) in (0.0, pytest.approx(1.0, rel=0.2))
    for n in (2, 3, 5):
        a = np.eye(n)
        a[0, n - 1] = math.nan
        wr, wi = np.zeros((2, n))
        assert not spectrum(linalg.lapack_table(), a, wr, wi, np.zeros(8 * n + 8), np.zeros(8, np.int32))
        assert condition(linalg.lapack_table(), a, wr, wi) == math.inf


@given(exponent=EXPONENTS, seed=st.integers(0, 99), n=st.sampled_from([2, 3, 6]))
def test_eigenvalues_scale_with_their_matrix(exponent, seed, n):
    a, unit = np.random.default_rng(seed).standard_normal((n, n)), 10.0**exponent
    found = []
    for m in (a, a * unit):
        wr, wi = np.zeros((2, n))
        assert spectrum(linalg.lapack_table(), m.copy(), wr, wi, np.zeros(8 * n + 8), np.zeros(8, np.int32))
        found.append(np.sort_complex(wr + 1j * wi))
    assert_allclose(found[1] / unit, found[0], rtol=1e-9, atol=1e-12)
    conditions = (
        [condition(linalg.lapack_table(), m.copy(), *np.zeros((2, n))) for m in (a, a * unit)] if n > 2 else [1, 1]
    )
    assert_allclose(conditions[1], conditions[0], rtol=1e-6)


@given(exponent=EXPONENTS, seed=st.integers(0, 99), n=st.integers(1, 6))
def test_norms_neither_overflow_nor_vanish(exponent, seed, n):
    x = np.random.default_rng(seed).standard_normal(n)
    assert norm(x * 10.0**exponent) == pytest.approx(np.linalg.norm(x) * 10.0**exponent, rel=1e-13)


@given(exponents=st.lists(EXPONENTS, min_size=5, max_size=5))
def test_determinants_neither_overflow_nor_vanish(exponents):
    entries, b = 10.0 ** np.array(exponents, float), np.zeros(10)
    done, mantissa, power = determinant(
        linalg.lapack_table(), np.diag(entries), np.zeros(5, np.int32), np.zeros(8, np.int32), b
    )
    assert done
    assert math.log10(mantissa) + power * math.log10(2.0) == pytest.approx(sum(exponents), abs=1e-9)


@given(exponents=st.lists(st.floats(-12, 12), min_size=5, max_size=5), seed=st.integers(0, 99))
def test_balancing_takes_out_the_units_of_the_states(exponents, seed):
    rng, units = np.random.default_rng(seed), 10.0 ** np.array(exponents)
    a = rng.standard_normal((5, 5))
    m, d = a * units[:, None] / units, np.ones(5)
    original = m.copy()
    balanced(m, d)
    assert_array_equal(np.frexp(d)[0], 0.5)  # powers of two
    assert_array_equal(m, original * d / d[:, None])
    assert np.max(np.abs(m).sum(axis=1)) <= 64 * np.max(np.abs(a).sum(axis=1))


def test_balancing_leaves_ordinary_and_symmetric_matrices_alone(rng):
    a = rng.standard_normal((6, 6))
    for m in (a, a + a.T, np.diag([1.0, 1e9, 1e-9]), np.zeros((3, 3))):
        copy, d = m.copy(), np.zeros(len(m))
        assert not balanced(copy, d)
        assert_array_equal(copy, m)
        assert_array_equal(d, 1.0)


def test_a_state_that_only_drives_others_does_not_hide_their_eigenvalues():
    a, d = np.array([[-1.0, 1e12, 0.0], [0.0, -2.0, 0.0], [1.0, 0.0, -3.0]]), np.ones(3)
    assert balanced(a, d)
    assert np.max(np.abs(a).sum(axis=1)) < 1e3
    assert_array_equal(np.diag(a), [-1.0, -2.0, -3.0])


@pytest.mark.parametrize("size", [1e-150, 1e-155, 1e-160, 1e-170])
@pytest.mark.parametrize("declared", [True, False])
def test_a_part_that_is_all_but_dead_is_counted_like_a_dead_one(size, declared):
    names = "abcdef"
    rates = ["-0.8", "-0.09", "p", "-0.07", "-0.009", "p - 0.5"]
    rng, rows = np.random.default_rng(1), {}
    couplings = size * rng.normal(size=(3, 3))
    for i, name in enumerate(names):
        others = [(couplings[i, j - 3], names[j]) for j in range(3, 6)] if i < 3 else []
        others += [(couplings[j, i - 3], names[j]) for j in range(3)] if i >= 3 else []
        rows[name] = f"({rates[i]})*{name}" + "".join(f" + ({float(c)!r})*{other}" for c, other in others)
    problem = Problem.from_expressions(rows, {"p": -1.0}, symmetric=declared)
    branch = trace(problem, np.zeros(6), "p", (-1.0, 1.0))
    assert_allclose([point["p"] for point in branch.branch_points], [0.0, 0.5], atol=1e-12)
    assert not branch.hopfs
    expected = (branch["p"] > 1e-9).astype(int) + (branch["p"] > 0.5 + 1e-9)
    away = np.min(np.abs(branch["p"][:, None] - [0.0, 0.5]), axis=1) > 1e-8
    assert_array_equal(branch.unstable[away], expected[away])


@kernel
def singular(lapack, a):
    """Singular value decomposition."""
    return linalg.svd(lapack, a)


@given(exponent=EXPONENTS, seed=st.integers(0, 99))
def test_singular_values_scale_with_their_matrix(exponent, seed):
    a, unit = np.random.default_rng(seed).standard_normal((4, 6)), 10.0**exponent
    u, sigma, vt = singular(linalg.lapack_table(), a * unit)
    assert_allclose(sigma / unit, np.linalg.svd(a, compute_uv=False), rtol=1e-12)
    assert_allclose((u * (sigma / unit)) @ vt[:4], a, atol=1e-12)
