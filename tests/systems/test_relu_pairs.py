"""Two students: the collinear line, out-of-plane points, folds and pitchforks; equations 9 to 14, Conjecture 1."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Status, switch, trace
from systems.relu import normal_equations, two_teachers
from systems.relu.directions import separating_function as sep
from systems.relu.directions.conjecture import check_conjecture, separating_values
from systems.relu.directions.two_students import collinear_line, merging_decay, out_of_plane_point
from systems.relu.population_loss.population import gradient, hessian, loss, network

# numbers known to all the digits given here
FOLD, ANGLE, BETA, RADIUS, LOSS = (
    0.113597544137769,
    2.225669630958718,
    0.50398666738813,
    0.84720487700186,
    0.07361293252765,
)
SWAP = ("w[1,0]", "w[1,1]", "w[0,0]", "w[0,1]")
SPURIOUS = [0.0, 0.019, 0.7365, 0.6835]  # near the spurious minimum at b2 = 0.05


def exact_fold(point, angle):
    """The fold in b2 with 30 digits: F = 0, F_u n = 0, |n| = 1 for five unknowns and four of n, by secants."""
    with mpmath.workdps(30):
        turn = mpmath.mpf(angle) / 2

        def grad(u, b2):
            W = u[:2], u[2:]
            V = (mpmath.cos(turn), mpmath.sin(turn)), (mpmath.cos(turn), -mpmath.sin(turn))
            out = []
            for w in W:
                r = mpmath.sqrt(w[0] ** 2 + w[1] ** 2)
                total = [mpmath.mpf(0)] * 2
                for v, weight in ((W[0], 1), (W[1], 1), (V[0], -1), (V[1], -b2)):
                    area = abs(w[0] * v[1] - w[1] * v[0])
                    theta = mpmath.atan2(area, w[0] * v[0] + w[1] * v[1])
                    for i in range(2):
                        total[i] += weight * ((mpmath.pi - theta) * v[i] + area / (r * r) * w[i])
                out += total
            return out

        def system(*x):
            u, b2, n = list(x[:4]), x[4], x[5:]
            h = mpmath.mpf(10) ** -10
            there = grad([a + h * c for a, c in zip(u, n)], b2)
            back = grad([a - h * c for a, c in zip(u, n)], b2)
            slope = [(p - q) / (2 * h) for p, q in zip(there, back)]
            return [*grad(u, b2), *slope, sum(c * c for c in n) - 1]

        guess = [*point.state, point["b2"], *(point.null_vectors[0] / np.linalg.norm(point.null_vectors[0]))]
        return mpmath.findroot(system, guess, tol=1e-24, maxsteps=10, verify=False)[4]


def test_fold_in_the_norm_ratio():
    branch = trace(two_teachers(b2=0.05), SPURIOUS, "b2", (0.01, 1))
    (fold,) = branch.folds
    exact = float(exact_fold(fold, math.pi / 2))
    assert abs(exact - FOLD) < 2e-15
    assert abs(fold["b2"] - exact) < 2e-14
    assert set(branch.unstable[[0, -1]]) == {0, 1}  # a spurious local minimum and a saddle
    curve = trace(two_teachers(), fold, ("angle", "b2"), span={"angle": (0.5, 2.5), "b2": (0.001, 1)})
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    rows = range(0, len(curve), 5)
    for row in rows:
        p = {"angle": curve["angle"][row], "b2": curve["b2"][row]}
        sigma = np.linalg.svd(two_teachers().jacobian(curve.states[row], p), compute_uv=False)
        assert sigma[-1] < 1e-8
        assert sigma[-2] > 1e-4


@pytest.mark.parametrize("angle", [0.9, 2.0, 2.8])
def test_folds_at_other_angles_with_thirty_digits(angle):
    start = trace(two_teachers(b2=0.05), SPURIOUS, "angle", (0.8, 2.9)).at(angle=angle)[0]
    (fold,) = trace(two_teachers(), start, "b2", (0.01, 1)).folds
    exact = float(exact_fold(fold, angle))
    assert abs(fold["b2"] - exact) < 2e-13
    middle = trace(two_teachers(b2=0.05), SPURIOUS, "b2", (0.01, 1)).folds[0]
    curve = trace(two_teachers(), middle, ("angle", "b2"), span={"angle": (0.8, 2.9), "b2": (1e-3, 1)})
    (on_curve,) = curve.at(angle=angle)
    assert abs(on_curve["b2"] - exact) < 1e-12


def test_pitchfork_of_the_collinear_line_in_the_angle():
    problem = two_teachers().restricted([SWAP])
    (u, length), *_ = collinear_line([[1.0, 0.0], [0.0, 1.0]])
    branch = trace(problem, [length / 2, 0, length / 2, 0], "angle", (1, 3))
    (point,) = branch.branch_points
    assert abs(point["angle"] - ANGLE) < 1e-14
    assert abs(math.tan(ANGLE / 2) - (math.pi - ANGLE / 2)) < 1e-14
    starts = switch(problem, point)
    assert [start.known for start in starts] == [True, False, False]
    side = trace(problem, starts[1], "angle", (1, 3))
    V = [[math.cos(1.5), math.sin(1.5)], [math.cos(1.5), -math.sin(1.5)]]
    (end,) = side.at(angle=3.0)
    lines = [u for u, _ in collinear_line(V)]
    direction = end.state[:2] / np.linalg.norm(end.state[:2])
    assert min(np.abs(direction - u).max() for u in lines) < 1e-9
    assert abs(direction[1]) > 0.1


def test_all_branches_merge_under_weight_decay():
    assert abs(merging_decay() - 2 / (3 * math.pi / 4 - 1)) < 1e-15
    problem = two_teachers(lam=2.0)
    branch = trace(problem, [0.25, 0, 0.25, 0], "lam", (0.1, 2))
    (point,) = branch.branch_points
    assert abs(point["lam"] - merging_decay()) < 1e-12
    arms = [start for start in switch(problem, point) if not start.known]
    ends = [trace(problem, arm, "lam", (0, 2)).states[-1] for arm in arms]
    assert_allclose(sorted(end[1] for end in ends), [-math.sqrt(0.5), math.sqrt(0.5)], rtol=1e-9)  # the teachers


@pytest.mark.parametrize("ratio", [1.0, 0.4])
def test_collinear_line_is_a_simplex_of_critical_points(ratio):
    teachers = np.array([[1.0, 0.0], [0.0, ratio]])
    found = collinear_line(teachers)
    assert len(found) == 2
    for u, length in found:
        for share in (0.2, 0.5, 0.9):
            W, net = np.outer([share * length, (1 - share) * length], u), network(teachers, 2)
            assert np.abs(gradient(W, net)).max() < 1e-14
            assert np.sum(np.abs(np.linalg.eigvalsh(hessian(W, net))) < 1e-12) == 1  # K - 1
    bisector = np.sqrt([0.5, 0.5])
    distance = min(np.abs(u - bisector).max() for u, _ in found)
    assert (distance < 1e-12) == (ratio == 1.0)  # the paper's condition holds for equal norms only


@pytest.mark.parametrize("d", [3, 4, 5, 6])
def test_out_of_plane_points_and_theorem_2(d):
    W, beta, r = out_of_plane_point(d=d)
    problem = two_teachers(d)
    assert abs(beta - BETA) < 1e-14
    assert abs(r - RADIUS) < 2e-14
    assert np.abs(problem.residual(W.ravel())).max() < 1e-15
    assert abs(problem.outputs["L"](W.ravel(), problem.parameter_values()) - LOSS) < 2e-14
    kernel = np.sum(np.abs(np.linalg.eigvalsh(problem.jacobian(W.ravel()))) < 1e-12)
    turns = (
        [] if d == 3 else [g(W.ravel()) for g in normal_equations(np.eye(d)[:2], 2, rotations=True).symmetry.continuous]
    )
    orbit = np.linalg.matrix_rank(np.array(turns)) if turns else 0
    assert kernel == orbit == d - 3


def test_out_of_plane_points_in_a_circle_are_isolated_on_request():
    t = math.pi / 2
    V = [[math.cos(t / 2), math.sin(t / 2), 0, 0], [math.cos(t / 2), -math.sin(t / 2), 0, 0]]
    problem, (W, _, _) = normal_equations(V, 2, rotations=True), out_of_plane_point(d=4)
    branch = trace(problem.isolated(W.ravel()), W.ravel(), "lam", (0, 0.05))
    assert branch.ends[1] is Status.LIMIT
    assert np.abs(branch["tau"]).max() < 1e-9
    assert not branch.nullity.any()


def test_leaky_slope_from_the_absolute_value(rng):
    for signs in ((1, 1), (1, -1), (-1, -1)):  # at alpha = -1 every flip of a student is a global minimum
        start = (np.array(signs)[:, None] * np.array([[1, 1], [1, -1]]) * math.sqrt(0.5)).ravel()
        branch = trace(two_teachers(alpha=-1.0), start, "alpha", (-1, 0))
        assert abs(branch["L"][0]) < 1e-14
        assert branch.unstable[0] == 0
        if signs == (1, 1):
            assert np.abs(branch["L"]).max() < 1e-12


def configurations(rng, count):
    for _ in range(count):
        size = int(rng.integers(1, 5))
        yield rng.standard_normal((size, size + int(rng.integers(0, 3))))


def test_equations_9_to_13(rng):
    for W in configurations(rng, 200):
        V = rng.standard_normal((3, W.shape[1]))
        g = 2 * np.pi * gradient(W, network(V, len(W)))
        E = W / np.linalg.norm(W, axis=1)[:, None]
        (Y, B), (M, M_star) = sep.normal_matrices(W, V), sep.projected_matrices(W, V)
        lengths, star = np.linalg.norm(W, axis=1), np.linalg.norm(V, axis=1)
        assert_allclose(Y @ E - B @ V, g, rtol=0, atol=2e-13)
        assert_allclose(M @ lengths - M_star @ star, g @ E.T, rtol=0, atol=2e-13)
        M_r, M_r_star = sep.diagonal_matrices(W, V)
        assert_allclose(np.einsum("jjk->jk", M), M_r, rtol=0, atol=1e-13)
        assert_allclose(np.einsum("jjk->jk", M_star), M_r_star, rtol=0, atol=1e-13)


def test_proposition_1_over_thousands_of_configurations(rng):
    for W in configurations(rng, 2000):
        accuracy = 1e-13 * np.linalg.cond(sep.diagonal_matrices(W, W)[0])
        L = sep.separating(W, W[rng.integers(len(W))] * rng.uniform(0.1, 5))
        assert np.abs(L).max() < accuracy
        L = sep.separating(W, rng.standard_normal(W.shape[1]))
        assert np.abs(np.diag(L)).max() < accuracy


def test_theorem_3_over_thousands_of_configurations(rng):
    seen = 0
    for W in configurations(rng, 2000):
        V = rng.standard_normal((len(W), W.shape[1]))
        signs = np.array([sep.separating(W, v) for v in V])
        lengths = sep.implied_lengths(W, V)
        excluded = np.all(signs > 1e-9, axis=0) | np.all(signs < -1e-9, axis=0)
        # the students of these directions with the lengths of (13) have the gradient -sum |v| L / 2 pi
        M, M_star = sep.projected_matrices(W, V)
        rest = M @ lengths - M_star @ np.linalg.norm(V, axis=1)
        separated = -np.einsum("kij,k->ij", signs, np.linalg.norm(V, axis=1))
        assert_allclose(rest, separated, rtol=0, atol=1e-12 * np.linalg.cond(sep.diagonal_matrices(W, W)[0]))
        if excluded.any():
            seen += 1
            assert np.abs(rest[excluded]).max() > 1e-9
    assert seen > 300


def test_theorem_4_over_thousands_of_configurations(rng):
    seen = 0
    for _ in range(2000):
        W, V = rng.standard_normal((2, 2, 2))
        inside = [sep.inside_cone(w, V) for w in W]
        if inside[0] == inside[1]:
            # no lengths of the students make these directions critical: both teachers out of (or in) their cone
            L = np.array([sep.separating(W, v)[0, 1] for v in V])
            star = [sep.inside_cone(v, W) for v in V]
            if star[0] == star[1]:
                seen += 1
                assert (L > 0).all() if star[0] else (L < 0).all()
    assert seen > 300


def test_conjecture_1_on_coarse_and_narrow_grids():
    for second in (False, True):
        report = check_conjecture(400, 600, second=second)
        assert len(report.counterexamples) == 0
        assert report.points == 399 * 599 - lattice(400, 600)
    assert separating_values(0.05, 0.025) / 0.05**3 == pytest.approx(0.25, rel=1e-2)  # on the bisector
    fine = check_conjecture(2000, 20_000)
    assert fine.doubtful > 0
    assert len(fine.counterexamples) == 0


def lattice(rows, columns):
    """Directions of the grid, other than the first student's, that are the second student's."""
    return sum((i * columns) % (2 * rows) == 0 for i in range(1, rows))


@pytest.mark.parametrize(
    ("teachers", "count"),
    [([[1, 0], [2, 0]], 1), ([[1, 0], [-1, 0]], 4), ([[1, 0], [-1, 1e-3]], 4), ([[1e-6, 0], [0, 1e3]], 2)],
)
def test_collinear_points_of_degenerate_teachers(teachers, count):
    found = collinear_line(teachers)
    assert len(found) == count
    for u, length in found:
        W = np.outer([0.3 * length, 0.7 * length], u)
        assert np.abs(gradient(W, network(teachers, 2))).max() < 1e-15 * max(1.0, np.abs(teachers).max())


def test_a_wrong_sign_would_be_a_counterexample(monkeypatch):
    from systems.relu.directions import conjecture

    monkeypatch.setattr(conjecture, "_exact", lambda *arguments: -1.0)
    report = conjecture.check_conjecture(2000, 20_000)
    assert 0 < len(report.counterexamples) <= report.doubtful


def test_doubtful_points_are_decided_with_true_digits(rng):
    from systems.relu.directions.conjecture import _exact

    for second in (False, True):
        for i, k in [
            (1, 1),
            (3, 3),
            (700, 900),
            (1999, 19_999),
            (1500, 16_000),
            *rng.integers(1, 1999, (5, 2)).tolist(),
        ]:
            with mpmath.workdps(60):
                theta, phi = mpmath.pi * i / 2000, 2 * mpmath.pi * k / 20_000
                near = [min(t, 2 * mpmath.pi - t) for t in (phi, abs(phi - theta))]
                first, last = reversed(near) if second else near

                def h(t):
                    return mpmath.sin(t) + (mpmath.pi - t) * mpmath.cos(t)

                shares = mpmath.lu_solve(mpmath.matrix([[h(0), h(theta)], [h(theta), h(0)]]), [h(first), h(last)])
                exact = (mpmath.pi - first) * mpmath.cos(last) + mpmath.sin(first) * mpmath.cos(theta)
                exact -= shares[0] * mpmath.pi * mpmath.cos(theta)
                exact -= shares[1] * (mpmath.pi - theta + mpmath.sin(theta) * mpmath.cos(theta))
                got = mpmath.mpf(str(_exact(i, 2000, k, 20_000, second, 60)))
                assert abs(got - exact) < mpmath.mpf(10) ** -45 * abs(theta)


def test_separating_values_are_the_general_function(rng):
    for theta, phi in zip(rng.uniform(0.3, 3, 50), rng.uniform(0, 2 * math.pi, 50)):
        L = sep.separating([[1, 0], [math.cos(theta), math.sin(theta)]], [math.cos(phi), math.sin(phi)])
        assert abs(separating_values(theta, phi) - L[0, 1]) < 1e-12
        assert abs(separating_values(theta, phi, second=True) - L[1, 0]) < 1e-12


def test_critical_points_obey_the_necessary_conditions():
    # the spurious minimum at b2 = 0.05: exactly one teacher in the students' cone, as Theorem 4 leaves open
    point = two_teachers(b2=0.05).solve(SPURIOUS)
    W, V = point.state.reshape(2, 2), np.array([[1.0, 1.0], [0.05, -0.05]]) * math.sqrt(0.5)
    assert loss(W, network(V, 2)) > 1e-4
    assert sum(sep.inside_cone(v, W) for v in V) == 1
    assert_allclose(sep.implied_lengths(W, V), np.linalg.norm(W, axis=1), rtol=1e-8)


def test_bad_input():
    with pytest.raises(ValueError, match="angle in"):
        out_of_plane_point(0.0)
    with pytest.raises(ValueError, match="d=..."):
        out_of_plane_point(d=2)
    with pytest.raises(ValueError, match="two teachers"):
        collinear_line([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    with pytest.raises(ValueError, match="no decay merges"):
        merging_decay(3.0)
    with pytest.raises(ValueError, match="row 1 is zero and has no angle"):
        sep.separating([[1.0, 0.0], [0.0, 0.0]], [1.0, 0.0])
    with pytest.raises(ValueError, match="dimension 2, got 3"):
        sep.normal_matrices(np.eye(2), np.eye(3))
    with pytest.raises(ValueError, match="rows=..."):
        check_conjecture(1, 10)


def test_kinds_of_the_branches_of_two_students():
    branch = trace(two_teachers(b2=0.05), SPURIOUS, "b2", (0.01, 1))
    assert [p.kind for p in branch.special] == [Kind.END, Kind.FOLD, Kind.END]
