"""Every path to a solution of the reduced equations has an account: proven, at infinity, off or next to the reals."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem, switch, trace
from continuation.branching import homotopy, real_roots, roots
from continuation.branching.certificates import are_real, certify, distances, find_doubles
from continuation.branching.homotopy import Polynomials, solve_polynomials
from continuation.branching.reduced_equations import Reduced, kernel_at

NO_CUBICS = np.zeros((0, 3, 3, 3))


def plane(*conics):
    """Conics ``a x**2 + b y**2 + c z**2 + 2 d x y + 2 e x z + 2 f y z`` from (a, b, c, d, e, f)."""
    tensors = [[[a, d, e], [d, b, f], [e, f, c]] for a, b, c, d, e, f in conics]
    return Polynomials(np.array(tensors, float), NO_CUBICS)


def unit(points):
    x = np.asarray(points, complex)
    return x / np.linalg.norm(x, axis=1)[:, None]


CIRCLE = (1, 1, -1, 0, 0, 0)  # x**2 + y**2 = 1
LINES = (1, 0, -0.36, 0, 0, 0)  # x = +-0.6


def test_a_proven_solution_lies_within_its_radius(rng):
    """Next to (0.6, 0.8): at distances up to what can be proven, whatever the phase of the point."""
    exact = unit([[0.6, 0.8, 1.0]])
    for size in (1e-15, 1e-10, 1e-7):
        moves = rng.standard_normal((40, 3)) + 1j * rng.standard_normal((40, 3))
        x = unit((exact + size * moves) * np.exp(2j * np.pi * rng.random((40, 1))))
        found = certify(plane(CIRCLE, LINES), x)
        assert found.proven.all()
        gaps = distances(x, np.tile(exact, (40, 1)))
        assert np.all(gaps <= found.radius)
        assert np.all(found.radius <= 2e-13 + 10 * size * np.linalg.norm(moves, axis=1))
        assert np.all(found.alone < distances(x, np.tile(unit([[0.6, -0.8, 1.0]]), (40, 1))))


def test_radii_are_those_of_the_theorem():
    """``y**3 = z**3`` at (1, 1): second derivatives of norm 6 |c| on the unit ball, at most 9 |c| within 1.5 of 0."""
    cubic = np.zeros((1, 2, 2, 2))
    cubic[0, 0, 0, 0], cubic[0, 1, 1, 1] = 1.0, -1.0
    found = certify(Polynomials(np.zeros((0, 2, 2)), cubic), unit([[1.0, 1.0]]))
    inverse = np.linalg.inv([[1.5, -1.5], [np.sqrt(0.5), np.sqrt(0.5)]])
    assert found.alone[0] == pytest.approx(1 / (np.linalg.norm(inverse) * 9 * np.sqrt(2)))
    assert found.radius[0] < 1e-13


@pytest.mark.parametrize("gap", [1e-2, 1e-4])
def test_two_solutions_next_to_each_other_are_two(gap):
    """The line ``x = cos(gap)`` cuts the circle at ``y = +-sin(gap)``."""
    c, s = np.cos(gap), np.sin(gap)
    polynomials = plane(CIRCLE, (1, 0, -c * c, 0, 0, 0))
    x = unit([[c, s, 1], [c, -s, 1], [-c, s, 1]])
    found = certify(polynomials, x)
    assert found.proven.all()
    assert np.all(found.alone[:2] < distances(x[:1], x[1:2])[0])
    assert len(find_doubles(x, found)) == 0
    twice = np.vstack([x, 1j * x[1:2]])
    assert find_doubles(twice, certify(polynomials, twice)).tolist() == [[1, 3]]


def test_a_double_solution_is_not_proven():
    x = np.vstack([unit([[1.0, 1e-9, 1.0], [1.0, 1e-4, 1.0]]), np.full((1, 3), np.nan)])
    assert not certify(plane(CIRCLE, (1, 0, -1, 0, 0, 0)), x).proven.any()


def test_real_solutions_are_told_from_pairs_with_a_small_imaginary_part():
    """The line ``x = cosh(b)`` passes the circle: ``y = +-i sinh(b)``."""
    for b in (1e-1, 1e-3):
        polynomials = plane(CIRCLE, (1, 0, -(np.cosh(b) ** 2), 0, 0, 0))
        x = unit([[np.cosh(b), 1j * np.sinh(b), 1]]) * np.exp(0.3j)
        found = certify(polynomials, x)
        assert found.proven.all()
        assert not are_real(x, found).any()
    x = unit([[0.6, -0.8, 1.0]]) * np.exp(0.7j)
    assert are_real(x, certify(plane(CIRCLE, LINES), x)).all()


def test_a_path_that_comes_to_the_end_of_another_has_none_of_its_own(monkeypatch, rng):
    """Each time two paths are followed to one end: three of four solutions, and a path without an end."""
    whole = homotopy.follow_paths

    def jumping(h, starts, tight):
        x, simple = whole(h, starts, tight)
        x[-1], simple[-1] = x[0], simple[0]
        return x, simple

    a = rng.standard_normal((2, 3, 3))
    polynomials = Polynomials(a + a.transpose(0, 2, 1), NO_CUBICS)
    assert solve_polynomials(polynomials)[1].tolist() == [True] * 4
    monkeypatch.setattr(homotopy, "follow_paths", jumping)
    x, regular = solve_polynomials(polynomials)
    assert regular.sum() == 3
    assert np.isfinite(x[:, 0]).tolist() == regular.tolist()
    assert len(find_doubles(x, certify(polynomials, x))) == 0


def test_paths_that_met_are_followed_again(monkeypatch, rng):
    whole, calls = homotopy.follow_paths, []

    def jumping_once(h, starts, tight):
        x, simple = whole(h, starts, tight)
        calls.append((len(starts), tight))
        if len(calls) == 1:
            x[2], simple[2] = x[1], simple[1]
        return x, simple

    monkeypatch.setattr(homotopy, "follow_paths", jumping_once)
    a = rng.standard_normal((2, 3, 3))
    _, regular = solve_polynomials(Polynomials(a + a.transpose(0, 2, 1), NO_CUBICS))
    assert regular.tolist() == [True] * 4
    assert calls == [(4, homotopy.TIGHT), (2, homotopy.TIGHT * homotopy.TIGHTER)]


# From the ends to the real solutions


def reduced_at_zero(equations, names):
    problem = Problem.from_expressions(equations, {"mu": 0.0})
    place = np.zeros(len(names) + 1), problem.parameter_values({"mu": 0.0}), 0, problem.inner_weights()
    return Reduced(kernel_at(problem, *place), 0.1)


@pytest.mark.parametrize("k", [3, 6])
def test_pitchforks_at_once_in_any_basis(k):
    """``mu x - x**3`` for each of k rotated states: 3**k solutions with mu > 0 and the trunk's with mu < 0."""
    q = np.linalg.qr(np.random.default_rng(k).standard_normal((k, k)))[0]

    def f(u, p, out):
        out[:] = p[0] * u - q @ (q.T @ u) ** 3

    problem = Problem(f, [f"x{i}" for i in range(k)], {"mu": 0.0}, compiled=False)
    place = np.zeros(k + 1), problem.parameter_values({"mu": 0.0}), 0, problem.inner_weights()
    reduced = Reduced(kernel_at(problem, *place), 0.1)
    found = real_roots.find_real_roots(reduced, real_roots.Deadlines())
    assert found.complete
    assert found.notes == []
    assert len(found.roots) == 3**k + 1
    y = np.array([reduced.lift(root.z) for root in found.roots])[:, :k] @ q
    signs = np.sign(np.where(np.abs(y) < 1e-6, 0.0, y))
    assert len(np.unique(signs, axis=0)) == 3**k
    largest = np.max(np.abs(y), axis=1)
    assert_allclose(y, signs * largest[:, None], atol=1e-7)


def standard_representation(k):
    """``mu y - (y**2 less its mean)`` on vectors y of k + 1 numbers with sum 0, in orthonormal coordinates."""
    v = np.linalg.svd(np.eye(k + 1) - 1.0 / (k + 1))[0][:, :k]

    def f(u, p, out):
        out[:] = p[0] * u - v.T @ (v @ u) ** 2

    return Problem(f, [f"x{i}" for i in range(k)], {"mu": -1.0}, compiled=False), v


@pytest.mark.parametrize("k", [2, 6])
def test_transcritical_branches_for_every_partition(k):
    """``y_i**2 - mu y_i`` is the same for all i: two values, one on each part of a partition of the k + 1 numbers.

    Each of the ``2**(k + 1) - 2`` choices of a part is a half-branch (the opposite half is that of the other part).
    """
    problem, v = standard_representation(k)
    starts = switch(problem, trace(problem, np.zeros(k), "mu", (-1, 1))["BP1"])
    assert starts.complete
    assert starts.notes == ()
    assert len(starts) == 2 ** (k + 1) - 1
    parts = set()
    for start in starts[1:]:
        y = v @ start.tangent[:-1]
        high = y > 0
        parts.add(tuple(high.tolist()))
        r = np.sum(high) / (k + 1)
        assert_allclose(y, np.where(high, 1 - r, -r) * (y[high][0] - y[~high][0]), atol=1e-7)
        mu = start.tangent[-1]
        assert_allclose(mu * y, y**2 - np.mean(y**2), atol=1e-7)
    assert len(parts) == len(starts) - 1


def test_a_proven_solution_that_newton_does_not_confirm_is_missing(monkeypatch):
    reduced = reduced_at_zero({"x": "mu*x - x**3"}, "x")
    whole = roots.newton

    def failing(system, z, *rest):
        return None if z[0] > 0.1 else whole(system, z, *rest)

    assert real_roots.find_real_roots(reduced, real_roots.Deadlines()).complete
    monkeypatch.setattr(roots, "newton", failing)
    assert not real_roots.find_real_roots(reduced, real_roots.Deadlines()).complete


CONTINUA = {
    "circle": ({"x": "mu*x - x*(x**2 + y**2)", "y": "mu*y - y*(x**2 + y**2)"}, 3),
    "sphere": ({n: f"mu*{n} - {n}*(x**2 + y**2 + z**2)" for n in "xyz"}, 3),
    "circles and a pitchfork": (
        {"x": "mu*x - x*(x**2 + y**2)", "y": "mu*y - y*(x**2 + y**2)", "z": "mu*z - z**3"},
        7,
    ),
}


@pytest.mark.parametrize("name", CONTINUA)
def test_singular_ends_lead_to_the_continua(name):
    equations, count = CONTINUA[name]
    found = real_roots.find_real_roots(reduced_at_zero(equations, list(equations)), real_roots.Deadlines())
    assert found.complete
    assert len(found.roots) == count


def test_a_walk_along_a_continuum_to_the_reals():
    """On the circle ``x**2 + y**2 = 0.64`` with complex angles; ``x**2 + y**2 = -0.64`` has no real point."""

    def cut(square):
        def equations(z):
            x, y, h = z
            f = [x * x + y * y - square, (x * x + y * y - square) * (1 + h), h * h + square - 1.0]
            slope = np.array([2 * x, 2 * y, 0 * h])
            return np.array(f), np.array([slope, slope * (1 + h) + [0, 0, f[0]], [0, 0, 2 * h]])

        return equations

    angle = 0.4 + 0.9j
    start = np.array([0.8 * np.cos(angle), 0.8 * np.sin(angle), 0.6])
    z, lost = real_roots.walk_to_reals(cut(0.64), start)
    assert not lost
    assert_allclose(z, [0.8 * np.cos(0.4), 0.8 * np.sin(0.4), 0.6], atol=0.1)
    assert np.hypot(z[0], z[1]) == pytest.approx(0.8)
    far = np.array([0.8j * np.cos(angle), 0.8j * np.sin(angle), np.sqrt(1.64)])
    assert real_roots.walk_to_reals(cut(-0.64), far) == (None, False)


def test_an_end_alone_off_the_reals_is_no_real_solution():
    """``(x**2 + 1)**2 = 0`` and y = x: Newton's method returns to the double solution i."""

    def double(z):
        x, y = z
        return np.array([(x * x + 1) ** 2, y - x]), np.array([[4 * x * (x * x + 1), 0], [-1, 1]])

    assert real_roots.walk_to_reals(double, np.array([1e-5 + 1j, 1e-5 + 1j])) == (None, False)


CIRCLES = {"x": "mu*x - x*(x**2 + y**2)", "y": "mu*y - y*(x**2 + y**2)"}


def test_a_walk_on_which_newton_fails_proves_nothing(monkeypatch):
    reduced, whole = reduced_at_zero(CIRCLES, ["x", "y"]), roots.newton

    def failing(system, z, *rest):
        return None if np.iscomplexobj(z) else whole(system, z, *rest)

    walks = []
    monkeypatch.setattr(roots, "newton", failing)
    monkeypatch.setattr(
        real_roots, "walk_to_reals", lambda *of, walk=real_roots.walk_to_reals: walks.append(walk(*of)) or walks[-1]
    )
    found = real_roots.find_real_roots(reduced, real_roots.Deadlines())
    assert any(walk.is_lost for walk in walks)
    assert not found.complete
    assert "some may be missing" in found.notes[0]


def test_singular_ends_that_there_was_no_time_for_may_be_real(monkeypatch):
    monkeypatch.setattr(real_roots, "AT_LEAST", 1)
    reduced = reduced_at_zero(CIRCLES, ["x", "y"])
    assert real_roots.find_real_roots(reduced, real_roots.Deadlines()).complete
    assert not real_roots.find_real_roots(reduced, real_roots.Deadlines(paths=0.0)).complete


def test_ends_at_infinity_and_off_the_reals_are_accounts(rng):
    """``x y = z**2``, ``x (x + y) = -z**2``: two ends at infinity, and ``x**2 = -2``."""
    polynomials = plane((0, 0, -1, 0.5, 0, 0), (1, 0, 1, 0.5, 0, 0))
    ends = real_roots.sort_ends(polynomials, *solve_polynomials(polynomials))
    assert (len(ends.simple), len(ends.singular), ends.lost) == (0, 0, 0)


@pytest.mark.parametrize("declared", [False, True])
def test_images_under_symmetries_where_time_is_short(monkeypatch, declared):
    """A few paths of two pitchforks: the group of the square gives the rest of each orbit that was met."""
    monkeypatch.setattr(homotopy, "BLOCK", 7)
    symmetries = [("y", "x"), ("-x", "y")] if declared else []
    equations = {"x": "mu*x - x**3", "y": "mu*y - y**3"}
    problem = Problem.from_expressions(equations, {"mu": 0.0}, symmetries=symmetries)
    place = np.zeros(3), problem.parameter_values({"mu": 0.0}), 0, problem.inner_weights()
    reduced = Reduced(kernel_at(problem, *place), 0.1)
    found = real_roots.find_real_roots(reduced, real_roots.Deadlines.within(0.0), np.array([0.0, 0.0, 1.0]))
    assert not found.complete
    assert "7 of 18 paths" in found.notes[0]
    z = {tuple(np.round(root.z, 6) + 0.0) for root in found.roots}
    assert {(0.0, 0.0, 1.0), (0.0, 0.0, -1.0)} <= z
    images = {
        (sx * a, sy * b, mu)
        for x, y, mu in z
        for a, b in itertools.permutations((x, y))
        for sx in (1, -1)
        for sy in (1, -1)
    }
    closed = z == {tuple(np.array(image) + 0.0) for image in images}
    assert closed == declared
