"""The characteristic equation: the identities it must satisfy, and the solutions that are known."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp
from scipy.linalg import expm, logm

from systems.characteristic import normal_logarithm
from tests.systems.characteristic_reference import (
    COST,
    EPS,
    QUARTER_TURN,
    final_map,
    final_map_change,
    jacobian,
    kernels_for,
    pack,
    parameter_derivative,
    problem_data,
    residual,
    size,
    solution,
    unit,
)

# What the equation means.


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_F_is_where_the_flow_takes_the_identity(d, rng):
    """With R := X_T of ``dX/dt = A_t X``, ``A_t = e^{2tW} C e^{-2tW}``, the gap R - F is zero."""
    C, _, T, _, S = problem_data(rng, d)

    def rate(t, X):
        turn = expm(t * (C - C.T))
        return (turn @ C @ turn.T @ X.reshape(d, d)).ravel()

    end = solve_ivp(rate, (0, T), np.eye(d).ravel(), method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1].reshape(d, d)
    assert_allclose(residual(C, pack(0.0, T, end, S)), 0, atol=1e-9 * size(C, 0.0, T, end, S))


def map_jacobian(C, T):
    """P as a matrix: ``P[V] = F^{-1} dF[V]``."""
    d, F = len(C), final_map(C, T)
    columns = [np.linalg.solve(F, final_map_change(C, T, unit(d, k))).ravel() for k in range(d * d)]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("d", [2, 3, 4])
def test_the_gradient_of_the_cost_is_the_residual_pulled_back(d, rng):
    """``<C, P[V]> = T <C, V>``, hence the gradient of J over C is ``P' G``."""
    C, *data = problem_data(rng, d, 0.7)
    p, P, h = pack(*data), map_jacobian(C, data[1]), 1e-3
    assert_allclose(P.T @ C.ravel(), data[1] * C.ravel(), atol=1e-12)
    for which in kernels_for(d):
        gradient = np.empty(d * d)
        for k in range(d * d):
            costs = [COST[which](C.ravel() + j * h * (np.arange(d * d) == k), p) for j in (-3, -2, -1, 1, 2, 3)]
            gradient[k] = np.dot([-1, 9, -45, 45, -9, 1], costs) / (60 * h)  # sixth order
        assert_allclose(gradient, P.T @ residual(C, p, which).ravel(), atol=1e-10 * size(C, *data))


@pytest.mark.parametrize("d", [2, 3, 4])
def test_the_hessian_at_a_solution_is_symmetric(d, rng):
    """There ``P' DG`` is the Hessian of J over C; elsewhere it isn't symmetric."""
    C, lam, T, R, S = problem_data(rng, d, 0.7)
    P, F = map_jacobian(C, T), final_map(C, T)
    solved = F + lam * np.linalg.inv(F).T @ C @ np.linalg.inv(S)  # the R for which C is a solution
    for which in kernels_for(d):
        assert_allclose(residual(C, pack(lam, T, solved, S), which), 0, atol=1e-12 * size(C, lam, T, solved, S))
        H = P.T @ jacobian(C, pack(lam, T, solved, S), which)
        assert_allclose(H, H.T, rtol=0, atol=1e-12 * np.abs(H).max())
        away = P.T @ jacobian(C, pack(lam, T, R, S), which)
        assert np.abs(away - away.T).max() > 1e-3 * np.abs(away).max()


@pytest.mark.parametrize("d", [2, 3, 5])
def test_rotated_data_give_rotated_residuals(d, rng):
    C, lam, T, R, S = problem_data(rng, d)
    Q, _ = np.linalg.qr(rng.standard_normal((d, d)))

    def turn(M):
        return Q @ M @ Q.T

    rotated = pack(lam, T, turn(R), turn(S))
    bound = 40 * d * EPS * size(C, lam, T, R, S)
    for which in kernels_for(d):
        expected = turn(residual(C, pack(lam, T, R, S), which))
        assert_allclose(residual(turn(C), rotated, which), expected, rtol=0, atol=bound)
        K = np.kron(Q, Q)
        expected = K @ jacobian(C, pack(lam, T, R, S), which) @ K.T
        assert_allclose(jacobian(turn(C), rotated, which), expected, rtol=0, atol=8 * bound)


def test_depth_and_covariance_scale_out(rng):
    C, lam, T, R, S = problem_data(rng, 3)
    G = residual(C, pack(lam, T, R, S))
    assert_allclose(residual(T * C, pack(lam / T, 1.0, R, S)), G, atol=1e-12 * np.abs(G).max())
    assert_allclose(residual(C, pack(5 * lam, T, R, 5 * S)), 5 * G, atol=1e-12 * np.abs(G).max())


@pytest.mark.parametrize("d", [2, 4])
def test_rotations_that_commute_with_the_data_leave_an_identity(d, rng):
    """``<G, K - F^{-1} K F> = 0`` for skew K that commutes with R and S, at any C and lam."""
    plane_turn = np.kron(np.eye(d // 2), QUARTER_TURN)
    R = np.kron(rng.standard_normal((d // 2, d // 2)), np.eye(2)) + 0.7 * plane_turn
    S = np.kron(np.diag(1.0 + rng.random(d // 2)), np.eye(2))
    assert_allclose(plane_turn @ R, R @ plane_turn)
    C, lam, T, *_ = problem_data(rng, d)
    F = final_map(C, T)
    left = plane_turn - np.linalg.solve(F, plane_turn @ F)
    for which in kernels_for(d):
        G = residual(C, pack(lam, T, R, S), which)
        assert abs(np.vdot(G, left)) < 1e-12 * np.linalg.norm(G) * np.linalg.norm(left)


# Solutions that are known.


@pytest.mark.parametrize("R", [4.0, 0.5, 4 * math.exp(1.5)])
def test_one_dimension(R):
    """``lam C = e^C (R - e^C)``: lam and its derivative along C in closed form."""
    p = pack(0.0, 1.0, [[R]], [[1.0]])
    for c in np.linspace(-3, 3, 13):
        f = math.exp(c)
        assert_allclose(residual(np.array([[c]]), p), [[-f * (R - f)]], rtol=1e-13, atol=1e-14)
        assert_allclose(jacobian(np.array([[c]]), p), [[-f * (R - 2 * f)]], rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("n", [0, 1, -1, 2, -2])
def test_logarithms_solve_the_equation_at_lam_zero(n):
    theta, T = 2.2, 1.7
    R = 1.3 * np.array([[math.cos(theta), -math.sin(theta)], [math.sin(theta), math.cos(theta)]])
    C = normal_logarithm(R, n)
    assert_allclose(C[1, 0], theta + 2 * math.pi * n, rtol=1e-15)
    assert_allclose(expm(C), R, atol=1e-13)
    for which in kernels_for(2):
        assert_allclose(residual(C / T, pack(0.0, T, R, [[2.0, 0.3], [0.3, 1.0]]), which), 0, atol=1e-13)


def test_third_order_expansion_of_a_normal_solution(rng):
    """Theorem 2: the remainder of the series in lam falls as lam**3."""
    Q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    R = Q @ np.array([[0.9, -0.8, 0.0], [0.8, 0.9, 0.0], [0.0, 0.0, 1.6]]) @ Q.T
    T, L, inverse = 1.4, logm(R).real, np.linalg.inv(R @ R.T)
    remainders = []
    for lam in (2e-2, 1e-2):
        series = L / T - lam / T**2 * inverse @ L
        series += lam**2 / T**3 * inverse @ inverse @ (L - L @ L / 2 - L @ L.T)
        remainders.append(np.linalg.norm(solution(series, pack(lam, T, R, np.eye(3))) - series))
    assert 2.8 < math.log2(remainders[0] / remainders[1]) < 3.2


def test_example_2():
    """A nilpotent solution of a problem that isn't normal, and its branch at lam = 0.1."""
    alpha = math.pi / 2
    R, C = np.array([[0.0, -1.0], [1.0, alpha]]), np.array([[0.0, 0.0], [alpha, 0.0]])
    tau = math.asin(math.pi / 4)
    log = (math.pi / 2 - tau) * np.array([[-math.tan(tau), -1 / math.cos(tau)], [1 / math.cos(tau), math.tan(tau)]])
    assert_allclose(expm(log), R, atol=1e-14)
    assert_allclose(np.sum(log**2), 3.7599160456897914, rtol=1e-14)
    for which in kernels_for(2):
        assert_allclose(residual(C, pack(0.0, 1.0, R, np.eye(2)), which), 0, atol=20 * EPS)
        traced = C
        for lam in np.linspace(0.0, 0.1, 21):
            p = pack(lam, 1.0, R, np.eye(2))
            traced = solution(traced, p, which)
        assert_allclose(COST[which](traced.ravel(), p), 0.11414961523262144, rtol=1e-13)
    assert_allclose(0.1 / 2 * np.sum(log**2), 0.18799580, rtol=1e-7)  # of the constant log R, which is dearer


TURNING_POINTS = {  # n: lam_bar, a, C[1,0], J
    -1: (0.1453871092987150, -0.46400460043702, -3.69016522313694, 2.75066518914611),
    1: (0.07515760234009555, -0.40073830331170, 6.95813824827996, 4.26244775398111),
    -2: (0.05093011658287293, -0.38206002356894, -10.13756094180471, 5.81470270764182),
    2: (0.03854907756939339, -0.37299670660666, 13.29760440322800, 7.37634772552990),
}


@pytest.mark.parametrize("n", TURNING_POINTS)
def test_turning_points_of_example_1(n):
    """There DG is singular, its null vector is normal, and no null vector of DG' kills dG/dlam: a fold."""
    lam, a, w, cost = TURNING_POINTS[n]
    C, p = np.array([[a, -w], [w, a]]), pack(lam, 1.0, QUARTER_TURN, np.eye(2))
    for which in kernels_for(2):
        assert_allclose(residual(C, p, which), 0, atol=1e-13)
        assert_allclose(COST[which](C.ravel(), p), cost, rtol=1e-13)
        left, values, right = np.linalg.svd(jacobian(C, p, which))
        assert values[-1] < 1e-13
        assert values[-2] > 1e-3
        v = right[-1]
        assert_allclose([v[0] - v[3], v[1] + v[2]], 0, atol=1e-11)
        assert abs(left[:, -1] @ parameter_derivative(C, p, 0, which).ravel()) > 0.1


def test_a_circle_of_solutions_that_are_not_normal():
    """Class n = -1 at lam = 0.1: lower cost than the normal solution, null vectors from the symmetry."""
    p, phi = pack(0.1, 1.0, QUARTER_TURN, np.eye(2)), -1.5 * math.pi
    w = (phi - math.pi) / 2  # at lam = 0: w = (phi + sgn(phi) pi)/2, symmetric part of size sqrt(w^2 - pi^2)
    s = math.sqrt(w**2 - math.pi**2)
    C = np.array([[s, -w], [w, -s]])
    assert_allclose(residual(C, pack(0.0, 1.0, QUARTER_TURN, np.eye(2))), 0, atol=1e-12)
    for which in kernels_for(2):
        C = solution(C, p, which)
        assert_allclose(COST[which](C.ravel(), p), 1.892605979581985, rtol=1e-13)
        normal = solution(normal_logarithm(QUARTER_TURN, -1), p, which)
        assert_allclose(COST[which](normal.ravel(), p), 2.005734692466, rtol=1e-12)
        D, F, K = jacobian(C, p, which), final_map(C, 1.0), QUARTER_TURN
        assert_allclose(D @ (K @ C - C @ K).ravel(), 0, atol=1e-11)
        assert_allclose((K - np.linalg.solve(F, K @ F)).ravel() @ D, 0, atol=1e-11)
        assert np.linalg.matrix_rank(D, tol=1e-9) == 3
