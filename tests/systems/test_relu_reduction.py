"""The plane of Theorem 7 and the reduction to S_{K-1} x S_1: against the full network and closed forms."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Status, trace
from systems.relu import normal_equations, plane, symmetric_reduction
from systems.relu.population_loss.population import gradient, hessian, loss, network
from systems.relu.symmetric.plane_dynamics import collinear_value, full_weights, saddle_spectrum, type_a_guess
from systems.relu.symmetric.reduction import blocks, reduced_weights, spectrum, type_i_guess, type_ii_guess

# numbers known to all the digits given here
SADDLES = {2: 0.5341549430918953, 5: 0.2568406780036029, 10: 0.1557346040900939}
TYPE_II_LOSS, TYPE_II_ONSET = 0.0250805810025, 5.585505247425880007


@pytest.mark.parametrize("K", [2, 3, 5, 9])
def test_plane_is_the_full_gradient(K, rng):
    problem, net = plane(K), network(np.eye(K), K)
    for x, y in [*rng.standard_normal((20, 2)), (1.0, 0.0), (0.0, 1.0), (-1.0, 1.0), (0.7, 0.7), (0.5, -0.5)]:
        W = full_weights(x, y, K)
        fx, fy = problem.residual([x, y])
        assert_allclose(gradient(W, net), -full_weights(fx, fy, K), rtol=0, atol=5e-15 * K)
        bend, J = hessian(W, net), problem.jacobian([x, y])
        for column, (dx, dy) in zip(J.T, ((1.0, 0.0), (0.0, 1.0))):
            change = (bend @ full_weights(dx, dy, K).ravel()).reshape(K, K)
            assert_allclose(change, -full_weights(*column, K), rtol=0, atol=5e-14 * K)
        assert abs(problem.outputs["L"](np.array([x, y]), np.array([float(K)])) - loss(W, net)) < 1e-14 * max(
            1.0, loss(W, net)
        )


@pytest.mark.parametrize("K", [2.0, 2.5, 5.0, 10.0, 60.3])
def test_plane_against_the_sheet(K, rng):
    problem = plane(K)
    for x, y in rng.standard_normal((10, 2)):
        r = math.sqrt(x * x + (K - 1) * y * y)
        phi = math.acos(min((2 * x * y + (K - 2) * y * y) / r**2, 1.0))
        th, ps = math.acos(x / r), math.acos(y / r)
        A = math.sin(th) + (K - 1) * math.sin(ps)
        first = math.pi * x + (math.pi - phi) * (K - 1) * y + (K - 1) * math.sin(phi) * x - (math.pi - th) - A * x / r
        second = math.pi * y + (math.pi - phi) * (x + (K - 2) * y) + (K - 1) * math.sin(phi) * y
        second -= (math.pi - ps) + A * y / r
        assert_allclose(problem.residual([x, y]), np.array([first, second]) / (-2 * math.pi), rtol=0, atol=1e-12 * K)
    J = problem.jacobian([1.0, 0.0])
    expected = [[1 / 2 + (K - 1) / (2 * math.pi), (K - 1) / 4], [1 / 4, K / 4 + 1 / (2 * math.pi)]]
    assert_allclose(J, -np.array(expected), rtol=1e-14)
    metric = np.diag([1, K - 1]) @ problem.jacobian(rng.standard_normal(2))
    assert_allclose(metric, metric.T, rtol=0, atol=1e-13 * K)


@pytest.mark.parametrize("problem", [plane(3.7), symmetric_reduction(5.3, alpha=-0.3, lam=0.1)], ids=["plane", "five"])
def test_derivatives(problem):
    assert problem.check().ok


@pytest.mark.parametrize("K", SADDLES)
def test_saddles_of_theorem_7_and_their_spectra(K):
    found = plane(K).solve([0.3, 0.3])
    assert abs(found["x"] - SADDLES[K]) < 3e-15
    assert abs(collinear_value(K) - SADDLES[K]) < 2e-16
    assert abs(found["x"] - found["y"]) < 1e-15
    values = np.sort(np.linalg.eigvals(plane(K).jacobian(found)))
    delta = K / (2 * math.pi * found["y"] * math.sqrt(K - 1))
    assert_allclose(values, [-K / 2, delta], rtol=1e-13)
    full = np.linalg.eigvalsh(hessian(full_weights(found["x"], found["y"], K), network(np.eye(K), K)))
    expected = np.sort(np.concatenate([np.full(m, v) for v, m in saddle_spectrum(K).items()]))
    assert_allclose(full, expected, rtol=0, atol=1e-13 * K)


@pytest.mark.parametrize("K", [2, 2.5, 7, 200])
def test_all_collinear_points_and_type_a(K):
    problem = plane(K)
    for sign in (1, -1):
        assert np.abs(problem.residual([collinear_value(K, sign)] * 2)).max() < 1e-15 * K
    node = problem.solve(type_a_guess(K))
    assert node["x"] <= 0 < node["y"]
    assert np.linalg.eigvals(problem.jacobian(node)).real.max() < 0
    if K == 2:
        assert_allclose(node.state, [0, 1], rtol=0, atol=1e-14)


def test_critical_points_of_the_plane_as_branches_in_K():
    for start, unstable in (([1, 0], 0), ([collinear_value(2)] * 2, 1), ([collinear_value(2, -1)] * 2, 1), ([0, 1], 0)):
        branch = trace(plane(2), start, "K", (2, 100))
        assert branch.ends[1] is Status.LIMIT
        assert set(branch.unstable.tolist()) == {unstable}
        assert [p.kind for p in branch.special] == [Kind.END, Kind.END]
        sign = 1 if start[0] > 0 else -1
        if start[0] == start[1]:
            exact = [collinear_value(K, sign) for K in branch["K"]]
            assert_allclose(branch["x"], exact, rtol=0, atol=1e-13)


@pytest.mark.parametrize("K", [3, 4, 7])
@pytest.mark.parametrize(("alpha", "lam"), [(0.0, 0.0), (-0.4, 0.2)])
def test_reduction_is_the_full_network(K, alpha, lam, rng):
    problem, net = symmetric_reduction(K, alpha=alpha, lam=lam), network(np.eye(K), K, alpha=alpha, lam=lam)
    for state in [
        *rng.standard_normal((5, 5)),
        np.array([1.0, 0, 0, 0, 1]),
        np.array([0.4] * 5),
        np.array([0.2, 0.2, 1, 0.2, -1]),
    ]:
        W = reduced_weights(state, K)
        f = problem.residual(state)
        assert_allclose(gradient(W, net), -reduced_weights(f, K), rtol=0, atol=1e-14 * K)
        assert abs(problem.outputs["L"](state, problem.parameter_values()) - loss(W, net)) < 1e-13 * K
        assert_allclose(spectrum(state, K, alpha=alpha, lam=lam), np.linalg.eigvalsh(hessian(W, net)), atol=1e-12 * K)


@pytest.mark.parametrize("K", [3.4, 6.0, 17.2])
def test_reduction_contains_the_plane_and_is_self_adjoint(K, rng):
    x, y = rng.standard_normal(2)
    f, g = plane(K).residual([x, y]), symmetric_reduction(K).residual([x, y, y, y, x])
    assert_allclose(g, f[[0, 1, 1, 1, 0]], rtol=0, atol=1e-13 * K)
    metric = np.diag([K - 1, (K - 1) * (K - 2), K - 1, K - 1, 1]) @ symmetric_reduction(K).jacobian(
        rng.standard_normal(5)
    )
    assert_allclose(metric, metric.T, rtol=0, atol=1e-12 * K**2)


@pytest.mark.parametrize("K", [3, 5, 6, 13, 20])
@pytest.mark.parametrize("guess", [type_i_guess, type_ii_guess])
def test_families_blocks_agree_with_the_full_hessian(K, guess):
    problem, net = symmetric_reduction(K), network(np.eye(K), K)
    point = problem.solve(guess(K))
    W = reduced_weights(point, K)
    assert np.abs(gradient(W, net)).max() < 1e-13
    full = np.linalg.eigvalsh(hessian(W, net))
    assert_allclose(spectrum(point), full, rtol=0, atol=1e-12 * K)
    index = problem.functions["stability"](point.state, problem.parameter_values())
    assert index == np.sum(full < -1e-9 * full[-1])
    assert blocks(point).multiplicities @ [5, 5, 1, 1] == K * K


def test_type_ii_at_six_and_its_onset():
    problem = symmetric_reduction(6)
    point = problem.solve(type_ii_guess(6))
    assert abs(point["L"] - TYPE_II_LOSS) < 5e-14
    branch = trace(problem, point, "K", (3, 100))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    (onset,) = [p for p in branch.special if p.kind is Kind.USER]
    assert onset.name == "standard"
    assert abs(onset["K"] - TYPE_II_ONSET) < 1e-12
    assert not branch.folds
    assert not branch.branch_points  # the event is visible in no block but the standard one
    found = blocks(onset)
    assert np.abs(np.linalg.eigvalsh(found.standard)).min() < 1e-13
    assert np.linalg.eigvalsh(found.trivial)[0] > 0.01
    rows = np.delete(np.arange(len(branch)), onset.index)
    above = branch["K"][rows] > TYPE_II_ONSET
    assert not branch.unstable[rows][above].any()
    assert branch.unstable[rows][~above].all()


def exact_loss(K):
    """Loss of type II from the full network's K^2 weights with 30 digits, five of them independent."""
    with mpmath.workdps(30):
        u = [mpmath.mpf(float(x)) for x in symmetric_reduction(K).solve(type_ii_guess(K)).state]
        W = [[mpmath.mpf(0)] * K for _ in range(K)]
        for j in range(K):
            for i in range(K):
                W[j][i] = u[1]
                if j == i:
                    W[j][i] = u[0]
        for j in range(K):
            W[j][K - 1], W[K - 1][j] = u[2], u[3]
        W[K - 1][K - 1] = u[4]
        V = [[mpmath.mpf(i == j) for i in range(K)] for j in range(K)]

        def f(x, y):
            p, q = mpmath.sqrt(mpmath.fdot(x, x)), mpmath.sqrt(mpmath.fdot(y, y))
            t = mpmath.acos(min(mpmath.fdot(x, y) / p / q, mpmath.mpf(1)))
            return p * q * (mpmath.sin(t) + (mpmath.pi - t) * mpmath.cos(t)) / (2 * mpmath.pi)

        both = [(w, 1) for w in W] + [(v, -1) for v in V]
        return float(sum(s * t * f(x, y) for x, s in both for y, t in both) / 2)


def test_loss_of_type_ii_with_thirty_digits():
    assert abs(exact_loss(6) - TYPE_II_LOSS) < 5e-14
    for K in (7, 10, 20):  # at a critical point the loss is exact where the weights are nearly so
        assert abs(exact_loss(K) - symmetric_reduction(K).solve(type_ii_guess(K))["L"]) < 1e-14


@pytest.mark.parametrize("guess", [type_i_guess, type_ii_guess])
def test_losses_of_many_students_do_not_cancel(guess):
    """5050 pairs of size one leave a loss of thousandths: thirteen digits of it, with 30 digits as the judge."""
    K, u = 100, symmetric_reduction(100).solve(guess(100))
    with mpmath.workdps(30):
        m, (a, b, c, d, e) = K - 1, [mpmath.mpf(float(x)) for x in u.state]
        first, last = a * a + (m - 1) * b * b + c * c, m * d * d + e * e

        def f(dot, x, y):
            size = mpmath.sqrt(x * y)
            t = mpmath.acos(dot / size)
            return size * (mpmath.sin(t) + (mpmath.pi - t) * mpmath.cos(t)) / (2 * mpmath.pi)

        own = m * first / 2 + last / 2 + m * (m - 1) * f(2 * a * b + (m - 2) * b * b + c * c, first, first)
        own += 2 * m * f(d * (a + (m - 1) * b) + c * e, first, last)
        cross = m * (f(a, first, 1) + (m - 1) * f(b, first, 1) + f(c, first, 1) + f(d, last, 1)) + f(e, last, 1)
        exact = own / 2 - cross + mpmath.mpf(K) / 4 + K * (K - 1) / (4 * mpmath.pi)
        assert abs(u["L"] - exact) < 5e-14
        assert abs(loss(reduced_weights(u, K), network(np.eye(K), K)) - exact) < 2e-13


@pytest.mark.parametrize("K", [7, 10, 50])
def test_type_ii_in_the_whole_network(K):
    """Gradient, loss and the extreme eigenvalues of the K^2 x K^2 Hessian, by products with vectors."""
    from scipy.sparse.linalg import LinearOperator, eigsh

    from systems.relu.population_loss.hessian_products import HessianProduct

    point, net = symmetric_reduction(K).solve(type_ii_guess(K)), network(np.eye(K), K)
    W = reduced_weights(point, K)
    assert np.abs(gradient(W, net)).max() < 1e-14
    assert abs(loss(W, net) - point["L"]) < 1e-13
    values, product = spectrum(point), HessianProduct(W, net)
    whole = LinearOperator((K * K, K * K), matvec=product.matvec, dtype=float)
    largest = eigsh(whole, 1, which="LA", return_eigenvectors=False, v0=np.ones(K * K))[0]
    least = eigsh(whole, 1, which="SA", return_eigenvectors=False, v0=np.arange(1.0, K * K + 1))[0]
    assert_allclose([least, largest], values[[0, -1]], rtol=1e-9)
    rng = np.random.default_rng(K)  # traces of the Hessian and of its square: all eigenvalues with their multiplicities
    if K < 20:
        assert_allclose(values, np.linalg.eigvalsh(hessian(W, net)), rtol=0, atol=1e-13 * K)
    else:
        columns = [product.matvec(row)[i] for i, row in zip(range(K * K), np.eye(K * K))]
        assert_allclose(sum(columns), values.sum(), rtol=1e-12)
        u = rng.choice([-1.0, 1.0], (50, K * K))
        squares = [np.sum(product.matvec(row) ** 2) for row in u]
        assert abs(np.mean(squares) - np.sum(values**2)) < 5 * np.std(squares) / 50**0.5 + 1e-9


def test_indices_along_the_families_are_those_of_whole_networks():
    for guess in (type_i_guess, type_ii_guess):
        branch = trace(symmetric_reduction(6), guess(6), "K", (3, 12))
        for K in (4, 5, 8, 12):
            (point,) = branch.at(K=float(K))
            full = np.linalg.eigvalsh(hessian(reduced_weights(point, K), network(np.eye(K), K)))
            nearest = int(np.argmin(np.abs(branch["K"] - K)))
            assert symmetric_reduction(K).functions["stability"](point.state, np.array([K, 0.0, 0.0])) == np.sum(
                full < -1e-9
            )
            assert branch["K"][nearest] == pytest.approx(K, abs=1.0)


def test_full_problem_counts_the_same_index():
    for K, index in ((5, 3), (6, 0)):
        point = symmetric_reduction(K).solve(type_ii_guess(K))
        full = normal_equations(np.eye(K), K)
        found = full.solve(reduced_weights(point, K).ravel())
        assert np.sum(np.linalg.eigvalsh(full.jacobian(found)) > 1e-9) == index


def test_bad_input():
    with pytest.raises(ValueError, match=r"plane\(K=...\): wanted a number of at least 2, got 1.5"):
        plane(1.5)
    with pytest.raises(ValueError, match=r"plane\(K=...\)"):
        plane(math.nan)
    with pytest.raises(ValueError, match=r"symmetric_reduction\(K=...\): wanted a number of at least 3"):
        symmetric_reduction(2)
    with pytest.raises(ValueError, match="alpha"):
        symmetric_reduction(4, alpha=math.nan)
    assert np.isnan(plane(2).residual([0.0, 0.0])).all()
    assert np.isnan(plane(2).residual([1.0, 0.0], {"K": 1.0})).all()
    with pytest.raises(ValueError, match="a, b, c, d, e: wanted 5 finite numbers"):
        blocks([1.0, 2.0], 5)
    with pytest.raises(ValueError, match="blocks"):
        blocks([1.0, 0, 0, 0, 1])
    with pytest.raises(ValueError, match="whole number of students"):
        spectrum([1.0, 0, 0, 0, 1], 4.5)
    with pytest.raises(ValueError, match="at least 3"):
        reduced_weights([1.0, 0, 0, 0, 1], 2)
    with pytest.raises(ValueError, match="wanted 1 or -1"):
        collinear_value(3, 0)
    with pytest.raises(ValueError, match="whole number"):
        saddle_spectrum(2.5)
    with pytest.raises(ValueError, match="whole number"):
        full_weights(1, 0, 2.5)


def test_blocks_refuse_students_of_length_zero():
    for state in ([0, 0, 0, 0, 1.0], [1.0, 0, 0, 0, 0]):
        with pytest.raises(ValueError, match="a student is zero"):
            blocks(state, 5)
