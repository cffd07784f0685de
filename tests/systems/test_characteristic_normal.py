"""Normal solutions: logarithms of any normal matrix, closed forms of folds and cusps, Theorem 2, the spectrum of DG."""

import cmath
import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm, logm

from continuation import Kind, Settings, trace
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.decay_expansion import expansion, normal_spectrum
from systems.characteristic.closed_forms.logarithms import failed_assumptions, rotation_planes
from systems.characteristic.closed_forms.normal_solutions import (
    cusp,
    cusp_of_angle,
    fold,
    folds,
    normal_solutions,
    pitchfork,
    pitchforks_of_revolution,
    scalar_residual,
)
from systems.characteristic.closed_forms.one_dimension import scalar_folds, scalar_solutions
from systems.characteristic.critical_point import CriticalPoint
from systems.characteristic.equation import residual_and_jacobian
from systems.characteristic.morse.index import morse_index
from systems.characteristic.variants.linearisation import linearisation
from systems.characteristic.variants.matrix_families import line_of_matrices
from systems.characteristic.variants.sampled_data import sampled_equation
from tests.systems.characteristic_reference import pack, solution


def normal_matrix(rng, eigenvalues):
    """A normal matrix: 2 x 2 blocks of the complex numbers, the real ones, in random orthonormal axes."""
    blocks = [np.array([[v.real, -v.imag], [v.imag, v.real]]) if np.iscomplexobj(v) else v for v in eigenvalues]
    sizes = [np.atleast_2d(b).shape[0] for b in blocks]
    out, k = np.zeros((sum(sizes), sum(sizes))), 0
    for b, m in zip(blocks, sizes):
        out[k : k + m, k : k + m] = b
        k += m
    Q, _ = np.linalg.qr(rng.normal(size=out.shape))
    return Q @ out @ Q.T


# Logarithms


@pytest.mark.parametrize(
    ("eigenvalues", "turns"),
    [
        ([1 + 2j, 0.5 - 0.3j, 2.0], (1, -2)),
        ([1 + 2j, 1 + 2j], (3, -1)),
        ([-1.5, -1.5, 0.7], (2,)),
        ([2.0, 2.0, 2.0], (1,)),
        ([-2.0, -2.0, -2.0, -2.0, 3 - 1j], (0, 1, -1)),
        ([0.3, 5.0, 1e-3], ()),
        ([1e8 + 3e8j, 1e8], (4,)),
    ],
)
def test_logarithms_with_any_integers(eigenvalues, turns, rng):
    R = normal_matrix(rng, eigenvalues)
    planes = rotation_planes(R)
    assert len(planes) == len(turns)
    L = normal_logarithm(R, turns)
    assert_allclose(expm(L), R, atol=1e-11 * np.abs(R).max())
    assert_allclose(L @ L.T, L.T @ L, atol=1e-10 * max(np.abs(L).max(), 1) ** 2)
    w = sorted(abs(plane.theta + 2 * math.pi * k) for plane, k in zip(planes, turns))
    found = sorted(v for v in np.linalg.eigvals(L).imag if v > 1e-9)
    assert_allclose(found, [value for value in w if value > 0], atol=1e-9)


def test_no_turns_is_the_principal_logarithm(rng):
    R = normal_matrix(rng, [1 + 2j, 0.5 - 0.3j, 2.0])
    assert_allclose(normal_logarithm(R), logm(R).real, atol=1e-12)


def test_orientation_in_two_dimensions_is_that_of_the_axes():
    for angle in (-3.0, -0.5, 0.5, 3.0):
        R = 2.0 * expm(angle * np.array([[0.0, -1.0], [1.0, 0.0]]))
        (plane,) = rotation_planes(R)
        assert plane.theta == pytest.approx(angle, abs=1e-15)
        assert normal_logarithm(R, 1)[1, 0] == pytest.approx(angle + 2 * math.pi)


def test_assumptions_of_the_theorems_are_named():
    assert failed_assumptions([[0.0, -1.0], [1.0, 0.0]]) == []
    words = " ".join(failed_assumptions(np.diag([-2.0, -2.0, 1.0]), np.diag([1.0, 1.0, 2.0])))
    for word in ("eigenvalue -2 on the negative axis", "derogatory", "S is not the identity"):
        assert word in words
    assert any("normal" in text for text in failed_assumptions([[1.0, 1.0], [0.0, 2.0]]))
    assert any("eigenvalue 0" in text for text in failed_assumptions(np.diag([0.0, 1.0])))
    assert failed_assumptions([[1.0, 1.0], [0.0, 1.0]]) == ["Theorem 2: R is not normal"]  # one Jordan block is none


def test_outside_the_assumptions_it_works_where_there_are_solutions():
    """Minus the identity: on the negative axis and derogatory, yet it has logarithms and a branch from them."""
    problem = characteristic_equation(-np.eye(2))
    C = problem.solve(normal_logarithm(-np.eye(2)).ravel() + 1e-3, {"lam": 0.05}).state.reshape(2, 2)
    assert abs(scalar_residual(complex(C[0, 0], C[1, 0]), 0.05, -1.0)) < 1e-10


# The scalar reduction

FOLDS = {  # n: lam_bar, a, C[1,0], J
    -1: ("0.1453871092987150", "-0.46400460043702", "-3.69016522313694", "2.75066518914611"),
    1: ("0.07515760234009555", "-0.40073830331170", "6.95813824827996", "4.26244775398111"),
    -2: ("0.05093011658287293", "-0.38206002356894", "-10.13756094180471", "5.81470270764182"),
    2: ("0.03854907756939339", "-0.37299670660666", "13.29760440322800", "7.37634772552990"),
}


@pytest.mark.parametrize("n", FOLDS)
def test_folds_to_the_printed_digits(n):
    point = fold(n)
    for text, value in zip(FOLDS[n], (point.lam, point.a, point.w, point.cost)):
        assert abs(float(text) - value) < 10.0 ** -min(len(text.split(".")[1]), 13) * 0.6
    assert abs(scalar_residual(complex(point.a, point.w), point.lam, 1j)) < 1e-14
    assert math.hypot(point.a, point.w) == pytest.approx(1 + math.exp(2 * point.a) / point.lam, rel=1e-12)


@pytest.mark.parametrize(("theta", "rho", "n"), [(2.0, 3.0, -1), (-1.5, 0.2, 1), (0.3, 1.0, 4), (3.0, 20.0, -1)])
def test_folds_of_other_rotations_are_turning_points_of_the_trace(theta, rho, n):
    point = fold(n, theta, rho)
    R = rho * np.array([[math.cos(theta), -math.sin(theta)], [math.sin(theta), math.cos(theta)]])
    span = (0.0, 2 * point.lam)
    branch = trace(characteristic_equation(R), normal_logarithm(R, n).ravel(), "lam", span, direction=1, stop=Kind.FOLD)
    assert branch.folds[0]["lam"] == pytest.approx(point.lam, rel=1e-10)
    assert branch.folds[0]["C[1,0]"] == pytest.approx(point.w, rel=1e-7)
    assert branch.folds[0]["J"] == pytest.approx(point.cost, rel=1e-7)


def test_no_fold_of_the_principal_class():
    with pytest.raises(ValueError, match=r"no fold for the total angle theta \+ 2 pi n = 1.5708 of n = 0"):
        fold(0)


def exact_fold(point):
    """The fold next to `point` to 40 digits, from the real equations."""
    with mpmath.workdps(40):
        r = mpmath.mpf(point.rho) * mpmath.expj(mpmath.mpf(point.theta))

        def equations(a, w, lam):
            mu = mpmath.mpc(a, w)
            f = mpmath.exp(mu)
            gap = lam * mu - mpmath.conj(f) * (r - f)
            return [gap.real / lam, gap.imag / lam, abs(mu) - 1 - mpmath.exp(2 * a) / lam]

        return [float(x) for x in mpmath.findroot(equations, (point.a, point.w, point.lam), verify=False)]


@pytest.mark.parametrize("rho", [1e-3, 1.0, 30.0, 1e4])
@pytest.mark.parametrize("theta", [math.pi / 2, 0.3, 3.0, -2.0])
def test_all_folds_to_fourteen_digits(theta, rho):
    for n in (-3, -1, 0, 1, 3, 10):
        found = folds(n, theta, rho)
        assert len(found) % 2 == (abs(theta + 2 * math.pi * n) > math.pi)
        for point in found:
            assert_allclose((point.a, point.w, point.lam), exact_fold(point), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize(("theta", "rho"), [(0.0 + 1e-3, 30.0), (1.0, 20.0), (2.0, 9.0), (-2.5, 5.0)])
def test_two_folds_of_the_principal_class_meet_in_the_cusp(theta, rho):
    meeting = cusp_of_angle(theta)
    assert abs(scalar_residual(complex(meeting.a, meeting.w), meeting.lam, meeting.rho * cmath.exp(1j * theta))) < 1e-12
    assert rho > meeting.rho
    assert len(folds(0, theta, rho)) == 2
    assert folds(0, theta, meeting.rho * (1 - 1e-9)) == []
    low, high = folds(0, theta, meeting.rho * (1 + 1e-8))
    assert_allclose([low.lam, high.lam], meeting.lam, rtol=1e-3)
    counts = [len(normal_solutions(lam * meeting.lam, 0, theta, 1.01 * meeting.rho)) for lam in (0.5, 1.0, 2.0)]
    assert counts[0] == counts[2] == 1
    with pytest.raises(ValueError, match="at most pi in size, got 4.0"):
        cusp_of_angle(4.0)


@pytest.mark.parametrize(("theta", "rho"), [(math.pi / 2, 1.0), (1.0, 0.2), (-2.5, 7.0), (math.pi, 1.3)])
def test_all_normal_solutions_of_a_class(theta, rho):
    """Two below the fold, none above it; all are zeros of the matrix equation, those of a trace among them."""
    problem = characteristic_equation(rho * expm(theta * np.array([[0.0, -1.0], [1.0, 0.0]])))
    for n in (-3, -2, 1, 2):
        end = fold(n, theta, rho)
        for share, count in ((1e-3, 2), (0.5, 2), (1 - 1e-9, 2), (1 + 1e-9, 0)):
            found = normal_solutions(share * end.lam, n, theta, rho)
            assert len(found) == count
            for point in found:
                scale = point.lam * math.hypot(point.a, point.w) + rho * math.exp(point.a) + math.exp(2 * point.a)
                assert np.abs(problem.residual(point.matrix.ravel(), {"lam": point.lam})).max() < 1e-12 * scale
    assert len(normal_solutions(0.05, 0, math.pi, 1.0)) == 2  # w > 0, and the real one between it and its image
    (start,) = normal_solutions(0.0, -1, theta, rho)
    assert_allclose(expm(start.matrix), rho * expm(theta * np.array([[0.0, -1.0], [1.0, 0.0]])), atol=1e-13 * rho)
    with pytest.raises(ValueError, match="total angle theta \\+ 2 pi n other than 0"):
        normal_solutions(0.1, 0, 0.0)


@pytest.mark.parametrize(("theta", "rho"), [(math.pi / 2, 1.0), (1.0, 0.01), (-2.0, 50.0)])
def test_all_pitchforks_of_revolution(theta, rho):
    """DG has a kernel of dimension 2 there and the index changes by 2 along the branch."""
    for n in (-3, -2, -1, 1, 2, 3):
        for point in pitchforks_of_revolution(n, theta, rho):
            R = rho * expm(theta * np.array([[0.0, -1.0], [1.0, 0.0]]))
            assert abs(scalar_residual(complex(point.a, point.w), point.lam, complex(R[0, 0], R[1, 0]))) < 1e-12 * rho
            values = np.sort(np.abs(normal_spectrum(point.matrix, point.lam, R)))
            assert values[1] < 1e-12 * (point.lam + rho * math.exp(point.a))
            if values[2] > 1e-6 * values[3]:
                beside = [normal_solutions(lam * point.lam, n, theta, rho) for lam in (0.99, 1.01)]
                indices = [morse_index(min(p, key=lambda q: abs(q.a - point.a)).matrix, p[0].lam) for p in beside]
                assert abs(indices[0].index - indices[1].index) == 2


@pytest.mark.parametrize("a", [-1.2, -0.4, 0.0, 0.9, 1.4])
def test_cusps(a):
    """The solution has a double derivative along its branch: lam as a function of mu has none of first and second."""
    for point in cusp(a):
        r = point.rho * cmath.exp(1j * point.theta)
        mu = complex(point.a, point.w)
        assert abs(scalar_residual(mu, point.lam, r)) < 1e-13 * abs(r) ** 2
        C = np.array([[point.a, -point.w], [point.w, point.a]])
        R = np.array([[r.real, -r.imag], [r.imag, r.real]])
        DG = residual_and_jacobian(C, point.lam, R, np.eye(2), 1.0)[1]
        basis = np.array([[1, 0], [0, -1], [0, 1], [1, 0]]) / math.sqrt(2)  # normal directions
        inner = basis.T @ DG @ basis
        left, sigma, right = np.linalg.svd(inner)
        assert sigma[1] < 1e-12 * sigma[0]

        def bent(s, C=C, R=R, lam=point.lam, v=basis @ right[1], u=basis @ left[:, 1]):
            return u @ residual_and_jacobian(C + s * v.reshape(2, 2), lam, R, np.eye(2), 1.0)[0].ravel()

        second = (bent(1e-3) - 2 * bent(0.0) + bent(-1e-3)) / 1e-6
        third = (bent(2e-2) - 2 * bent(1e-2) + 2 * bent(-1e-2) - bent(-2e-2)) / 2e-6
        assert abs(second) < 1e-4 * max(abs(third), 1e-3)
    with pytest.raises(ValueError, match="at most 3/2"):
        cusp(1.6)


@pytest.mark.parametrize("rho", [0.01, 1.0, 30.0])
def test_pitchfork_at_half_a_turn(rho):
    point = pitchfork(rho)
    mu, lam = complex(point.a, 0.0), point.lam
    assert abs(scalar_residual(mu, lam, -rho)) < 1e-13 * rho**2
    f = math.exp(point.a)
    assert lam - rho * f == pytest.approx(0, abs=1e-13 * rho)  # derivative of the imaginary part by w
    problem = line_of_matrices(np.zeros((2, 2)), -np.eye(2), "rho", rho)
    DG = problem.jacobian([point.a, 0, 0, point.a], {"lam": lam})
    assert np.linalg.svd(DG, compute_uv=False)[-1] < 1e-13 * np.abs(DG).max()


# One dimension


def test_number_of_solutions_in_one_dimension():
    """Folds bound the region of three solutions; all are confirmed by mpmath's polynomial-free root finder."""
    R = 100.0
    low, high = scalar_folds(R)
    assert low.lam < high.lam
    for lam, count in ((0.9 * low.lam, 1), (1.01 * low.lam, 3), (0.99 * high.lam, 3), (1.1 * high.lam, 1)):
        found = scalar_solutions(lam, R)
        assert len(found) == count
        for c in found:
            exact = mpmath.findroot(lambda c, lam=lam: lam * c - mpmath.exp(c) * (R - mpmath.exp(c)), c)
            assert c == pytest.approx(float(exact), rel=1e-13)
    threshold = 4 * math.exp(1.5)
    assert scalar_folds(threshold * (1 - 1e-9)) == []
    near = scalar_folds(threshold * (1 + 1e-9))
    assert near[0].lam == pytest.approx(2 * math.exp(3.0), rel=1e-6)
    assert near[0].a == pytest.approx(1.5, abs=1e-3)


def test_folds_in_one_dimension_are_turning_points():
    problem = characteristic_equation([[50.0]])
    branch = trace(problem, [math.log(50.0)], "lam", (0, 400), direction=1, settings=Settings(max_step=0.5))
    assert_allclose(sorted(point["lam"] for point in branch.folds), [p.lam for p in scalar_folds(50.0)], rtol=1e-9)
    costs = [point["J"] for point in sorted(branch.folds, key=lambda point: point["lam"])]
    assert_allclose(costs, [fold.cost for fold in scalar_folds(50.0)], rtol=1e-9)
    for lam in (100.0, 200.0, 250.0):
        found = sorted(point["C[0,0]"] for point in branch.at(lam=lam))
        assert_allclose(found, scalar_solutions(lam, 50.0), atol=1e-9)


@pytest.mark.parametrize("R", [-3.0, 0.0, 0.5, 1.0, 3.0])
def test_few_solutions_elsewhere(R):
    for lam in (1e-6, 0.1, 10.0):
        (c,) = scalar_solutions(lam, R)
        assert abs(lam * c - math.exp(c) * (R - math.exp(c))) < 1e-12 * (lam + abs(R))


# Theorem 2


def test_orders_of_theorem_2(rng):
    """Remainders after the first- and second-order sums fall as lam**2 and lam**3."""
    R = normal_matrix(rng, [0.9 - 0.8j, 1.6])
    L, T, sizes = normal_logarithm(R, [1]), 1.4, []
    lams = np.array([4e-3, 2e-3, 1e-3])
    for lam in lams:
        sums = expansion(L, lam, T)
        exact = solution(sums[2], pack(lam, T, R, np.eye(3)))
        sizes.append([np.linalg.norm(exact - partial) for partial in sums])
    orders = np.log2(np.array(sizes[:-1]) / sizes[1:])
    assert_allclose(orders, np.broadcast_to([1, 2, 3], (2, 3)), atol=0.05)


def test_expansion_needs_a_normal_logarithm():
    with pytest.raises(ValueError, match=r"wanted a normal logarithm \(Theorem 2\)"):
        expansion([[0.0, 1.0], [0.0, 0.0]], 0.1)


# The spectrum of DG


@pytest.mark.parametrize("eigenvalues", [[2.0], [1 + 2j], [1.0, 2.0], [0.5 - 2j, 1.3], [1 + 1j, 2 - 1j, 0.4], [1j, 1j]])
def test_spectrum_at_normal_matrices(eigenvalues, rng):
    R = normal_matrix(rng, eigenvalues)
    for C in (normal_logarithm(R), R @ R.T / 3 - 0.2 * R.T):  # any normal C that commutes with R
        expected = np.linalg.eigvals(residual_and_jacobian(C, 0.3, R, np.eye(len(R)), 1.2)[1])
        found = normal_spectrum(C, 0.3, R, 1.2)
        scale = np.abs(expected).max()
        for value in expected:  # as sets: each has its partner
            k = np.argmin(np.abs(found - value))
            assert abs(found[k] - value) < 1e-6 * scale
            found = np.delete(found, k)
        assert not len(found)


def test_circles_leave_where_the_spectrum_says():
    """At ``w cot w = a - e^{2a} / lam`` two eigenvalues of DG vanish, those of the directions that are not normal."""
    R = np.array([[0.0, -1.0], [1.0, 0.0]])
    branch = trace(characteristic_equation(R), normal_logarithm(R, -1).ravel(), "lam", (0, 0.2), direction=1)
    (point,) = branch.branch_points
    a, w, lam = point["C[0,0]"], point["C[1,0]"], point["lam"]
    assert w / math.tan(w) == pytest.approx(a - math.exp(2 * a) / lam, abs=1e-8)
    values = np.sort(np.abs(normal_spectrum(point.state.reshape(2, 2), lam, R)))
    assert values[1] < 1e-9 < 1e-3 < values[2]


def test_spectrum_wants_normal_matrices_that_commute():
    with pytest.raises(ValueError, match="wanted normal matrices that commute"):
        normal_spectrum([[0.0, 1.0], [0.0, 0.0]], 0.1, np.eye(2))


# Bad input


COMPLEX = np.array([[0.0, 1j], [1.0, 0.0]])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: characteristic_equation(COMPLEX), "R: wanted a square matrix of real numbers"),
        (lambda: characteristic_equation([["a", "b"], ["c", "d"]]), "R: wanted a square matrix of real numbers"),
        (lambda: characteristic_equation(np.eye(2), np.diag([1.0, 0.0])), "S: wanted a positive definite matrix.* 0"),
        (lambda: CriticalPoint(logm(np.diag([-1.0, -2.0])), np.eye(2), 0.1), "C: wanted a square matrix of real"),
        (lambda: CriticalPoint(np.eye(2), np.eye(2), -0.1), r"CriticalPoint\(lam=...\): wanted a number of at least 0"),
        (lambda: CriticalPoint(np.eye(2), np.eye(3), 0.1), r"R: wanted the shape of R, \(2, 2\), got \(3, 3\)"),
        (lambda: linearisation(np.eye(2), 0.1, np.eye(2), T=0), r"linearisation\(T=...\): wanted a positive number"),
        (lambda: fold(1.5), "whole number, got 1.5"),
        (lambda: fold(1, math.inf), "wanted a finite number, got inf"),
        (lambda: fold(1, rho=0.0), "wanted a positive number, got 0.0"),
        (lambda: normal_solutions(-0.1, 1), "of at least 0, got -0.1"),
        (lambda: pitchfork(-1), "wanted a positive number, got -1"),
        (lambda: failed_assumptions(np.eye(2), [[1.0, 2.0], [0.0, 1.0]]), "S: wanted a symmetric matrix"),
        (lambda: normal_logarithm(np.diag([-2.0, -3.0])), "odd multiplicity.*property P1"),
    ],
)
def test_bad_arguments(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_complex_array_without_imaginary_part_is_real():
    point = CriticalPoint(np.zeros((2, 2), complex), np.eye(2), 0.1)
    assert point.C.dtype == float


@pytest.mark.parametrize(
    ("R", "words"),
    [
        (np.diag([-2.0, -3.0]), ["eigenvalue -2 on the negative axis", "eigenvalue -3 on the negative axis"]),
        (np.diag([2.0, 2.0]), ["derogatory"]),
        (np.diag([2.0, 0.0]), ["eigenvalue 0"]),
        (np.array([[-1.0, 1.0], [0.0, -1.0]]), ["eigenvalue -1 on the negative axis", "R is not normal"]),
    ],
)
def test_branches_without_the_assumptions(R, words):
    """From large lam, where there is one solution, to small: found as for any R, and told what theorems don't say."""
    problem = characteristic_equation(R)
    branch = trace(problem, R.ravel() / 100, "lam", (0.05, 100.0), parameters={"lam": 100.0}, direction=-1)
    assert branch["lam"].min() < 0.06
    assert all(np.abs(problem.residual(u, {"lam": lam})).max() < 1e-8 for u, lam in zip(branch.states, branch["lam"]))
    text = " ".join(failed_assumptions(R))
    assert all(word in text for word in words)


def test_a_singular_covariance_is_said_and_works_for_samples():
    S = np.diag([1.0, 0.0])
    assert "Theorem 1: S is singular" in " ".join(failed_assumptions(np.eye(2), S))
    point = sampled_equation([[0.0, -1.0], [1.0, 0.0]], S).solve(np.zeros(4), {"lam": 1.0})
    assert point["J"] > 0
