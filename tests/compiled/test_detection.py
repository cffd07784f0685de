"""Special points: where closed forms and printed digits say they are, each once, under its own name."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, Settings, Status, trace
from systems import textbook
from systems.factorization import balanced_point, branch_points_in_mu, factorization
from tests import oracle

make = functools.cache(lambda name, *arguments: getattr(textbook, name)(*arguments))
PRINTED = {8: 3.491175529348, 32: 3.512151552271, 128: 3.513720862201}


@functools.cache
def text(zeros=(), stability="flow", **equations):
    """Problem from text in the parameter p."""
    return Problem.from_expressions(equations, {"p": -1.0}, zeros=dict(zeros), stability=stability)


def kinds(branch):
    return [point.kind.label for point in branch.special if point.kind is not Kind.END]


def prescribed(h):
    return Settings(step=h, max_step=h, max_angle=1.5)


def _bare_cusp(u, p, out):
    out[0] = p[0] + p[1] * u[0] - u[0] ** 3


def _bare_brusselator(u, p, out):
    out[0] = p[0] - (p[1] + 1.0) * u[0] + u[0] * u[0] * u[1]
    out[1] = p[1] * u[0] - u[0] * u[0] * u[1]


@functools.cache
def bare(name):
    """Problems without derivatives."""
    if name == "cusp":
        return Problem(_bare_cusp, ("x",), {"mu": 0.0, "nu": 1.0})
    return Problem(_bare_brusselator, ("x", "y"), {"a": 1.0, "b": 1.0})


# Numbers.


@pytest.mark.parametrize(("exact", "accuracy"), [(True, 1e-12), (False, 1e-8)])
def test_cusp_folds(exact, accuracy):
    branch = trace(make("cusp") if exact else bare("cusp"), [1.0], "mu", (-2, 2))
    assert kinds(branch) == ["LP", "LP"]
    found = sorted((point["mu"], point["x"]) for point in branch.folds)
    assert [mu for mu, _ in found] == pytest.approx([-0.384900179459751, 0.384900179459751], rel=2e-15, abs=1e-12)
    for (mu, x), (mu_exact, x_exact) in zip(found, oracle.cusp_folds()):
        assert mu == pytest.approx(mu_exact, rel=1e-12)
        assert x == pytest.approx(x_exact, rel=accuracy)
    for point in branch.folds:
        assert_allclose(np.abs(point.null_vectors), [[1.0]])
        assert point.residual < 1e-15
        assert point.tangent[-1] == pytest.approx(0.0, abs=1e-8)
        honest = max(10 * point.error, 4e-16) if exact else accuracy
        assert abs(abs(point["x"]) - 1 / math.sqrt(3)) <= honest
        assert (point.unstable, point.nullity) == (0, 1)


def test_bratu_with_two_points():
    branch = trace(make("bratu", 2), [0.0, 0.0], "lam", (0, 4), direction=1, settings=Settings(max_points=150))
    assert kinds(branch) == ["LP", "BP"]
    assert branch["LP1"]["lam"] == pytest.approx(9 / math.e, rel=1e-12)
    assert_allclose(branch["LP1"].state, [1, 1], rtol=1e-12)
    assert branch["BP1"]["lam"] == pytest.approx(27 / math.e**3, rel=1e-12)
    assert_allclose(branch["BP1"].state, [3, 3], rtol=1e-12)
    assert_allclose(np.abs(branch["BP1"].null_vectors), [[math.sqrt(0.5)] * 2], rtol=1e-12)
    assert branch["BP1"].null_vectors[0] @ [1, 1] == pytest.approx(0.0, abs=1e-12)
    assert branch["BP1"].nullity == 1


@pytest.mark.parametrize("n", PRINTED)
def test_bratu_folds(n):
    branch = trace(make("bratu", n), np.zeros(n), "lam", (0, 4), direction=1, stop=Kind.FOLD)
    fold, (lam, *u) = branch["LP1"], oracle.bratu_fold(n)
    assert fold["lam"] == pytest.approx(PRINTED[n], rel=0, abs=6e-13)
    assert fold["lam"] == pytest.approx(lam, rel=1e-12)
    assert_allclose(fold.state, u, rtol=1e-10)


def test_lorenz():
    trunk = trace(make("lorenz"), [0.0, 0.0, 0.0], "rho", (0, 30))
    assert kinds(trunk) == ["BP"]
    assert trunk["BP1"]["rho"] == pytest.approx(1.0, rel=1e-12)
    start = oracle.lorenz_equilibrium(10.0)
    side = trace(make("lorenz"), start, "rho", (2, 30), parameters={"rho": 10.0})
    rho, omega = oracle.lorenz_hopf()
    assert kinds(side) == ["HB"]
    assert side["HB1"]["rho"] == pytest.approx(470 / 19, rel=1e-12)
    assert side["HB1"].normal_form["omega"] == pytest.approx(omega, rel=1e-12)
    assert_allclose(side["HB1"].state, oracle.lorenz_equilibrium(rho), rtol=1e-12)


@pytest.mark.parametrize("a", [0.7, 1.0, 2.0])
@pytest.mark.parametrize(("exact", "accuracy"), [(True, 1e-12), (False, 1e-8)])
def test_brusselator_hopf(a, exact, accuracy):
    problem = make("brusselator") if exact else bare("brusselator")
    branch = trace(problem, [a, 0.5 / a], "b", (0, 8), parameters={"a": a, "b": 0.5})
    assert kinds(branch) == ["HB"]
    point, (b, omega) = branch["HB1"], oracle.brusselator_hopf(a)
    assert point["b"] == pytest.approx(b, rel=accuracy)
    assert_allclose(point.state, [a, b / a], rtol=accuracy)
    assert point.normal_form["omega"] == pytest.approx(omega, rel=accuracy)
    q = point.null_vectors[0] + 1j * point.null_vectors[1]
    jacobian = problem.jacobian(point.state, {"a": a, "b": point["b"]})
    assert_allclose(jacobian @ q, 1j * omega * q, atol=1e-7)
    assert np.linalg.norm(q) == pytest.approx(1.0)
    assert (point.unstable, point.nullity) == (0, 0)
    assert_allclose(point.eigenvalues.real, 0.0, atol=1e-8)


def test_every_fold_of_a_long_snake_is_found_once():
    branch = trace(make("snake"), [0.0], "p", settings=Settings(max_points=20000), detect={Kind.FOLD},
                   stop=lambda point: abs(point["u"]) > 830)  # fmt: skip
    assert branch.arclength[-1] > 2000
    expected = [u for _, u in oracle.snake_folds(branch["u"].min(), branch["u"].max())]
    found = sorted(point["u"] for point in branch.special if point.kind is Kind.FOLD)
    assert len(found) == len(expected) > 500
    assert_allclose(found, expected, rtol=0, atol=1e-10)
    assert all(point.located for point in branch.special)


# Several in one step.


@pytest.mark.parametrize("shift", [0.0, 0.07, 0.13])
@pytest.mark.parametrize("eps", [0.3, 0.1, 0.03, 0.01])
def test_two_folds_in_one_step(eps, shift):
    problem = text(u=f"p + {eps}*(u - {shift}) - (u - {shift})**3")
    branch = trace(problem, [-1.0], "p", (-3, 3), settings=prescribed(0.4))
    x = math.sqrt(eps / 3)
    assert sorted(point["u"] - shift for point in branch.folds) == pytest.approx([-x, x], rel=1e-10)
    assert kinds(branch) == ["LP", "LP"]


def test_a_fold_and_user_zeros_in_one_step():
    zeros = (("before", "u - 0.01"), ("after", "u + 0.003"), ("twice", "(u - 0.02)*(u + 0.03)"))
    problem = text(u="p - u**2", zeros=zeros)
    branch = trace(problem, [1.0], "p", (-1, 1), settings=prescribed(0.5), parameters={"p": 1.0})
    names = {point.name or point.kind.label: point["u"] for point in branch.special if point.kind is not Kind.END}
    assert {name: names[name] for name in ("before", "after")} == pytest.approx({"before": 0.01, "after": -0.003})
    assert [point["u"] for point in branch.folds] == pytest.approx([0.0], abs=1e-12)
    assert sorted(p["u"] for p in branch.special if p.name == "twice") == pytest.approx([-0.03, 0.02])
    order = [point["u"] for point in branch.special]
    assert order == sorted(order) or order == sorted(order, reverse=True)


@pytest.mark.parametrize("h", [0.5, 0.1, 0.03])
def test_a_user_zero_exactly_at_a_fold(h):
    problem = text(u="p - u**2", zeros=(("at", "u"),))
    branch = trace(problem, [1.0], "p", (-1, 1), settings=prescribed(h), parameters={"p": 1.0})
    assert sorted(kinds(branch)) == ["LP", "UZ"]
    assert [p["u"] for p in branch.special if p.kind is not Kind.END] == pytest.approx([0.0, 0.0], abs=1e-9)


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6])
def test_two_real_eigenvalues_in_one_step_are_two_branch_points(gap):
    branch = trace(text(u="p*u - u**3", v=f"(p - {gap})*v + v**3 + u*v"), [0.0, 0.0], "p", (-1, 1))
    assert kinds(branch) == ["BP", "BP"]
    assert [point["p"] for point in branch.branch_points] == pytest.approx([0.0, gap], abs=1e-11)


# What a point is.


@pytest.mark.parametrize("h", [0.05, 0.5])
@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_pitchfork_is_one_branch_point_along_trunk_and_side(start, h):
    settings = Settings(step=h, max_step=h)
    at = {"p": start or -1.0}
    branch = trace(make("pitchfork"), [start], "p", (-2, 1.5), parameters=at, settings=settings)
    assert kinds(branch) == ["BP"]
    assert branch["BP1"]["p"] == pytest.approx(0.0, abs=1e-11)
    assert branch["BP1"]["x"] == pytest.approx(0.0, abs=1e-8)
    if start == 0.0:
        assert np.all(branch["x"] == 0.0)
    else:  # never onto the trunk: x runs from one side through 0 to the other
        assert np.all(np.diff(branch["x"]) * np.sign(branch["x"][-1] - branch["x"][0]) > 0)
        assert_allclose(branch.parameter, branch["x"] ** 2, atol=1e-9)
        assert {branch.parameter[0], branch.parameter[-1]} == {1.5}


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("h", [0.02, 0.05, 0.19])  # steps of 0.02 and 0.05 land on the points to rounding
def test_kernels_of_every_dimension_are_one_branch_point_each(h, exact):
    factors = [1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3]
    text = {name: f"-{name} + lam*{name}*{factor} - {name}**3" for name, factor in zip("abcdef", factors)}
    problem = Problem.from_expressions(text, {"lam": 0.5})
    problem = problem if exact else Problem(problem.functions["residual"].python, tuple("abcdef"), {"lam": 0.5})
    branch = trace(problem, np.zeros(6), "lam", (0.5, 3.7), settings=Settings(step=h, max_step=h))
    assert kinds(branch) == ["BP"] * 3
    assert [point["lam"] for point in branch.branch_points] == pytest.approx([1, 2, 3], rel=1e-8)
    for point, k in zip(branch.branch_points, (1, 2, 3)):
        assert (len(point.null_vectors), point.nullity) == (k, k)
        outside = np.array([factor != factors[k * (k - 1) // 2] for factor in factors])
        assert_allclose(point.null_vectors[:, outside], 0.0, atol=1e-8)
        assert_allclose(point.null_vectors @ point.null_vectors.T, np.eye(k), atol=1e-12)
    assert list(branch.unstable[[0, -1]]) == [0, 6]


def test_a_complex_pair_through_zero_is_a_branch_point_not_a_hopf_point():
    branch = trace(text(u="p*(u - v) - u**3", v="p*(u + v) - v**3"), [0.0, 0.0], "p", (-1, 1))
    assert kinds(branch) == ["BP"]
    assert branch["BP1"]["p"] == pytest.approx(0.0, abs=1e-10)
    assert branch["BP1"].null_vectors.shape == (2, 2)
    assert branch["BP1"].nullity == 2


def test_a_neutral_saddle_is_nothing():
    assert kinds(trace(text(x="p*x + 2*y", y="x + p*y"), [0.0, 0.0], "p", (-1, 1))) == []
    assert kinds(trace(text(x="p*x + y + x**3", y="y*(2 - p)", z="-z"), [0.1, 0.0, 0.0], "p", (-0.5, -0.005),
                       parameters={"p": -0.01})) == []  # fmt: skip


@pytest.mark.parametrize("h", [0.03, 0.3])
def test_a_branch_that_only_touches_is_seen(h):
    branch = trace(text(u="u*(u - p**2)"), [0.0], "p", (-1.01, 1.02), settings=Settings(step=h, max_step=h))
    assert kinds(branch) == ["BP"]
    assert branch["BP1"]["p"] == pytest.approx(0.0, abs=max(1e-7, 10 * branch["BP1"].error))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)


def test_user_zeros_keep_their_names():
    zeros = (("half", "u - 0.5"), ("product", "u*p - 0.2"))
    branch = trace(text(u="p - u - u**3", zeros=zeros), [0.0], "p", (-2, 2), parameters={"p": 0.0})
    points = {point.name: point for point in branch.special if point.kind is Kind.USER}
    assert sorted(point.name for point in branch.special if point.kind is Kind.USER) == ["half", "product", "product"]
    assert points["half"]["u"] == pytest.approx(0.5, rel=1e-12)
    assert points["half"]["p"] == pytest.approx(0.625, rel=1e-12)
    roots = [u for u in np.roots([1, 0, 1, 0, -0.2]) if abs(u.imag) < 1e-12]
    found = sorted(p["u"] for p in branch.special if p.name == "product")
    assert found == pytest.approx(sorted(u.real for u in roots), rel=1e-11)


# Counts, and what brute force finds.


def _polynomial(u, p, out):  # u' = A u + p b + (quadratic form) - u^3, coefficients in p[1:]
    n = 3
    for i in range(n):
        out[i] = p[0] * p[10 + i] - u[i] ** 3 + p[40 + i]
        for j in range(n):
            out[i] += p[1 + n * i + j] * u[j]
            for k in range(n):
                out[i] += p[13 + 9 * i + 3 * j + k] * u[j] * u[k]


def random_polynomial(rng):
    """Three states, one branch from -infinity to +infinity at least, and a start on it."""
    constants = np.concatenate([1.5 * rng.standard_normal(9), rng.standard_normal(3), 0.5 * rng.standard_normal(27)])
    problem = Problem(_polynomial, ("x", "y", "z"), {"p": 0.0}, constants=[*constants, 0.0, 0.0, 0.0])
    return problem, trace(problem, [0.0, 0.0, 0.0], "p", (-4, 4), settings=Settings(step=0.02, max_step=0.2))


def spectrum(problem, branch, row):
    a = problem.jacobian(branch.states[row], {"p": branch.parameter[row]})
    return np.linalg.eigvals(a), np.abs(a).sum(axis=1).max()


@pytest.mark.parametrize("seed", range(12))
def test_random_systems_agree_with_brute_force(seed, rng):
    problem, branch = random_polynomial(rng)
    fine = Settings(step=0.005, max_step=0.005)
    walk = trace(problem, [0.0, 0.0, 0.0], "p", (-4, 4), settings=fine, detect=set())
    assert walk.ends == branch.ends
    slopes = np.sign(walk.tangents[:, -1])
    folds = np.flatnonzero(slopes[1:] != slopes[:-1])
    right = [int(np.sum(spectrum(problem, walk, row)[0].real > 0)) for row in range(len(walk))]
    hopfs = np.flatnonzero(np.abs(np.diff(right)) == 2)
    assert kinds(branch).count("LP") == len(folds) == len(branch.folds)
    assert kinds(branch).count("HB") == len(hopfs) == len(branch.hopfs)
    assert len(kinds(branch)) == len(folds) + len(hopfs)
    for rows, points in ((folds, branch.folds), (hopfs, branch.hopfs)):
        states = np.array([point.state for point in points]).reshape(-1, 3)
        assert_allclose(states, walk.states[rows], rtol=0, atol=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_counts_on_every_row_are_those_of_numpy(seed, rng):
    problem, branch = random_polynomial(rng)
    critical = {point.index for point in branch.special if point.kind is not Kind.END}
    for row in range(len(branch)):
        values, scale = spectrum(problem, branch, row)
        zero = (1e-6 if row in critical else 1e-9) * scale
        assert branch.unstable[row] == np.sum(values.real > zero)
        assert branch.nullity[row] == np.sum(np.abs(values) <= zero)


def test_folds_next_to_a_point_of_a_coarse_tolerance_are_located():
    """Far out a point is only as exact as ``tolerance * |x|``: where its tangent turns is known no better."""
    problem = textbook.snake_pair()
    problem.weights = np.ones(3)
    settings = Settings(step=0.1, max_step=0.1, tolerance=1e-7, max_points=100_000)
    branch = trace(problem, [0.0, 0.0], "p", direction=+1, settings=settings)
    turns = np.arccos(-0.1) + 2 * np.pi * np.arange(2000), -np.arccos(-0.1) + 2 * np.pi * np.arange(1, 2000)
    expected = np.sort(np.concatenate(turns))
    assert_allclose([point["u"] for point in branch.folds], expected[: len(branch.folds)], rtol=1e-12)
    assert len(branch.folds) > 2000
    assert all(point.bracket is None for point in branch.special)


def test_the_check_tells_a_function_that_turns_far_out():
    """Differences whose step grows with the state can't follow ``sin u`` at u = 3000; tangents are good there too."""
    settings = Settings(step=0.1, max_step=0.1, tolerance=1e-7, max_points=2_000)
    problem = textbook.snake_pair()
    problem.weights = np.array([0.5, 0.5, 1.0])  # of a state of size 3000 a step would be of its size
    start = [3000.0, math.sin(3000.0)]
    branch = trace(problem, start, "p", direction=+1, settings=settings, parameters={"p": 300.0 + start[1]})
    report = branch.check()
    assert report.ok, str(report)
    assert np.nanmax(report.tangent_errors) < 1e-5


@pytest.mark.parametrize("gap", [0.03, 1e-3])
@pytest.mark.parametrize("step", [0.05, 0.5])
def test_two_branch_points_in_one_step_of_a_problem_with_its_own_count(gap, step):
    """The determinant keeps its sign; only the count, which could mean anything, changes by two."""

    def residual(u, p, out):
        out[0] = (p[0] - 0.5) * u[0] - u[0] ** 3
        out[1] = (p[0] - 0.5 - p[1]) * u[1] - u[1] ** 3

    def index(u, p):
        return (p[0] > 0.5) + (p[0] > 0.5 + p[1])

    problem = Problem(residual, states=("x", "y"), parameters={"p": -1.0, "gap": gap}, stability=index)
    trunk = trace(problem, [0.0, 0.0], "p", (-1, 2), settings=Settings(max_step=step))
    assert [point["p"] for point in trunk.branch_points] == pytest.approx([0.5, 0.5 + gap], abs=1e-10)


@pytest.mark.parametrize("step", [None, 0.2, 0.05, 0.02])
def test_branch_points_in_one_step_of_an_isolated_gradient_system(step):
    """mu_ij = -2 lam / (p_i + p_j): three of them, the last two mostly within one step."""
    M, lam = np.diag([3.0, 2.0, 1.0]), 0.2
    start = balanced_point(M, 2, [0, 1], lam).state
    problem = factorization(M, 2, gauge=True).isolated(start)
    settings = Settings(max_step=step) if step else Settings()
    branch = trace(problem, start, "mu", (-2, 1), parameters={"lam": lam, "mu": 0.5}, settings=settings)
    found = [point["mu"] for point in branch.branch_points]
    assert found == pytest.approx(branch_points_in_mu(M, 2, [0, 1], lam), abs=1e-9)
