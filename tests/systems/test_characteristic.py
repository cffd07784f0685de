"""The characteristic equation: kernels against slow references, and the `Problem` made of them."""

import math

import mpmath
import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from systems.characteristic import characteristic_equation, normal_logarithm
from tests.systems.characteristic_reference import (
    COST,
    EPS,
    QUARTER_TURN,
    jacobian,
    kernels_for,
    pack,
    parameter_derivative,
    problem_data,
    reference,
    reference_cost,
    reference_jacobian,
    residual,
    size,
    solution,
)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 0.3, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("d", [1, 2, 3, 4, 5, 8])
def test_residual_jacobian_and_cost_against_scipy(d, scale, rng):
    C, *data = problem_data(rng, d, scale)
    p, bound = pack(*data), 20 * d * EPS * size(C, *data)
    for which in kernels_for(d):
        assert_allclose(residual(C, p, which), reference(C, *data), rtol=0, atol=bound)
        assert_allclose(jacobian(C, p, which), reference_jacobian(C, *data), rtol=0, atol=4 * bound)
        assert_allclose(COST[which](C.ravel(), p), reference_cost(C, *data), rtol=0, atol=bound)


STRESS = {
    "zero": np.zeros((2, 2)),
    "nilpotent": np.array([[0.0, 0.0], [math.pi / 2, 0.0]]),
    "nearly defective": np.array([[0.3, 1e-9], [2.0, 0.3 + 1e-8]]),
    "a tiny negative discriminant": np.array([[-0.2, -1e-14], [1.0, -0.2]]),
    "where series and closed form meet": np.array([[0.1, 0.5 - 1e-13], [1.0, 0.1]]),
    "fast rotation": np.array([[-0.4, -14.0], [14.0, -0.4]]),
    "saddle end": np.array([[-12.0, -3.0], [3.0, -12.0]]),
    "one large eigenvalue": np.array([[4.0, 1.0], [0.5, -9.0]]),
    "tiny": np.array([[1e-200, -3e-150], [2e-160, 0.0]]),
    "scalar": np.array([[-3.7]]),
    "Jordan block": np.diag([1.0, 1.0], 1) - 0.5 * np.eye(3),
    "triangular": np.triu(np.arange(1.0, 17.0).reshape(4, 4)) / 7,
}


def exact(C, lam, T, R, S, direction):
    """G and DG[V] to 50 digits: Taylor series of expm, central differences whose error is 1e-40."""
    with mpmath.workdps(80):
        lam, T, R, S, C, V = (mpmath.matrix(m) if np.ndim(m) else mpmath.mpf(m) for m in (lam, T, R, S, C, direction))

        def G(C):
            F = mpmath.expm(T * (C - C.T), method="taylor") * mpmath.expm(T * C.T, method="taylor")
            return lam * C - F.T * (R - F) * S

        h = mpmath.mpf(10) ** -20
        change = (G(C + h * V) - G(C - h * V)) / (2 * h)
        return np.array(G(C).tolist(), dtype=float), np.array(change.tolist(), dtype=float)


@pytest.mark.parametrize("name", STRESS)
def test_difficult_matrices_against_fifty_digits(name, rng):
    C = STRESS[name]
    d = len(C)
    _, *data = problem_data(rng, d)
    p, V = pack(*data), rng.standard_normal((d, d))
    value, change = exact(C, *data, V)
    bound = 20 * EPS * size(C, *data)
    for which in kernels_for(d):
        assert_allclose(residual(C, p, which), value, rtol=0, atol=bound)
        assert_allclose((jacobian(C, p, which) @ V.ravel()).reshape(d, d), change, rtol=0, atol=8 * bound)


def test_where_F_vanishes_the_residual_keeps_its_relative_accuracy():
    """At the saddle end every term of G is small; none may be lost in the rounding of a larger one."""
    for a in (-5.0, -20.0, -60.0):
        C = np.array([[a, -3.0], [3.0, a]])
        data = math.exp(a), 1.0, QUARTER_TURN, np.eye(2)
        value, _ = exact(C, *data, C)
        for which in kernels_for(2):
            assert_allclose(residual(C, pack(*data), which), value, rtol=1e-13, atol=0)


@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_parameter_derivatives_by_complex_steps_of_the_reference(d, rng):
    C, *data = problem_data(rng, d)
    p, step = pack(*data), 1e-30
    bound = 40 * d * EPS * size(C, *data)
    for k in range(p.size):
        moved = p + 1j * step * (np.arange(p.size) == k)
        R, S = moved[2 : 2 + d * d].reshape(d, d), moved[2 + d * d :].reshape(d, d)
        expected = reference(C, moved[0], moved[1], R, S).imag / step
        for which in kernels_for(d):
            assert_allclose(parameter_derivative(C, p, k, which), expected, rtol=0, atol=bound)


def test_a_jacobian_wrong_by_one_percent_is_noticed(rng):
    C, *data = problem_data(rng, 3)
    wrong = jacobian(C, pack(*data)) * (1 + 0.01 * (np.arange(9) == 4))
    with pytest.raises(AssertionError):
        assert_allclose(wrong, reference_jacobian(C, *data), rtol=0, atol=4 * 20 * 3 * EPS * size(C, *data))


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="plain Python raises where compiled code returns infinity")
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, 1e18])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_values_without_a_finite_answer_end_and_are_not_finite(d, value, rng):
    _, *data = problem_data(rng, d)
    C = np.full((d, d), value) + 1.0 + np.diag(np.full(d, value))
    for which in kernels_for(d):
        assert not np.isfinite(residual(C, pack(*data), which)).all()
        assert not np.isfinite(jacobian(C, pack(*data), which)).all()


@pytest.mark.parametrize("d", [2, 3])
def test_arguments_are_not_changed(d, rng):
    C, *data = problem_data(rng, d)
    p = pack(*data)
    before = C.copy(), p.copy()
    for which in kernels_for(d):
        residual(C, p, which), jacobian(C, p, which), parameter_derivative(C, p, 1, which), COST[which](C.ravel(), p)
    assert np.array_equal(C, before[0])
    assert np.array_equal(p, before[1])


# The problem.


@pytest.mark.parametrize("d", [1, 2, 3])
def test_names_and_defaults(d, rng):
    _, _, _, R, S = problem_data(rng, d)
    problem = characteristic_equation(R, S, T=1.5)
    start = solution(np.zeros((d, d)), pack(50.0, 1.5, R, S), kernels_for(d)[0])
    point = problem.solve(start.ravel(), {"lam": 50.0})
    entries = [(i, j) for i in range(d) for j in range(d)]
    assert point.state_names == tuple(f"C[{i},{j}]" for i, j in entries)
    names = ["lam", "T", *(f"R[{i},{j}]" for i, j in entries), *(f"S[{i},{j}]" for i, j in entries)]
    assert list(point.parameters) == names
    assert_allclose(list(point.parameters.values()), pack(50.0, 1.5, R, S))
    assert_allclose([point[f"C[{i},{j}]"] for i, j in entries], start.ravel(), atol=1e-9)
    assert_allclose(point["J"], reference_cost(start, 50.0, 1.5, R, S), rtol=1e-9)
    assert problem.compiled


def test_covariance_is_the_identity_by_default():
    point = characteristic_equation(QUARTER_TURN).solve(normal_logarithm(QUARTER_TURN).ravel())
    assert point["lam"] == 0
    assert [point[f"S[{i},{j}]"] for i in (0, 1) for j in (0, 1)] == [1, 0, 0, 1]
    assert_allclose(point["J"], 0, atol=1e-25)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 2.0],), r"R: wanted a square matrix, got shape \(2,\)"),
        (([[1.0, 2.0]],), r"R: wanted a square matrix, got shape \(1, 2\)"),
        ((np.zeros((0, 0)),), r"R: wanted a square matrix, got shape \(0, 0\)"),
        (([[np.nan]],), "R: wanted finite entries"),
        (([["a"]],), "R: wanted a square matrix of real numbers"),
        (([[1j]],), "R: wanted a square matrix of real numbers"),
        ((np.eye(2), np.eye(3)), r"S: wanted the shape of R, \(2, 2\), got \(3, 3\)"),
        ((np.eye(2), [[1.0, 0.5], [0.0, 1.0]]), "S: wanted a symmetric matrix.* 0.5"),
        ((np.eye(2), [[1.0, 2.0], [2.0, 1.0]]), "S: wanted a positive definite matrix.* -1"),
        ((np.eye(2), None, 0.0), r"T=\.\.\..*: wanted a positive number, got 0.0"),
        ((np.eye(2), None, np.nan), "wanted a positive number, got nan"),
        ((np.eye(2), None, "1"), "wanted a positive number, got '1'"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        characteristic_equation(*arguments)


def test_logarithms_of_what_is_no_rotation():
    R = np.array([[2.0, 0.5], [0.5, 1.0]])
    assert_allclose(expm(normal_logarithm(R)), R, atol=1e-14)
    half_turn = np.array([[-1.0, -0.0], [0.0, -1.0]])
    assert_allclose(normal_logarithm(half_turn), math.pi * QUARTER_TURN, atol=1e-15)
    assert_allclose(normal_logarithm(-half_turn, 1), 2 * math.pi * QUARTER_TURN, atol=1e-15)


@pytest.mark.parametrize(
    ("R", "n", "message"),
    [
        (np.ones((2, 3)), 0, r"R: wanted a square matrix, got shape \(2, 3\)"),
        ([[1.0, 1.0], [0.0, 1.0]], 0, "wanted a normal, nonsingular matrix, got R R' different from R' R"),
        ([[2.0, 0.5], [0.5, 1.0]], 1, r"one integer for each of the 0 planes .*got n = 1"),
        ([[-2.0, 0.0], [0.0, -1.0]], 0, "negative eigenvalue -2 has odd multiplicity"),
        (np.zeros((2, 2)), 0, "nonsingular matrix, got a singular one"),
        (np.diag([1.0, 0.0, 2.0]), 0, "with a logarithm, got a singular one"),
        (QUARTER_TURN, 0.5, "whole numbers, got 0.5"),
        (
            np.kron(np.eye(2), QUARTER_TURN),
            1,
            r"one integer for each of the 2 planes \(angles \[1.570796, 1.570796\]\)",
        ),
    ],
)
def test_matrices_without_the_logarithm(R, n, message):
    with pytest.raises(ValueError, match=message):
        normal_logarithm(R, n)
