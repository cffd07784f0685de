"""Textbook systems: derivatives against complex steps, symmetry as claimed, exact solutions, bad arguments."""

import inspect
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from systems import textbook
from tests import oracle

STEP = 1e-30  # of complex steps: no subtraction, so no smallest sensible step
SIZES = {  # number of states, named parameters, constants
    "fold": (1, 1, 0),
    "transcritical": (1, 1, 0),
    "pitchfork": (1, 1, 1),
    "cusp": (1, 2, 0),
    "hopf": (2, 3, 0),
    "circle": (1, 1, 0),
    "snake": (1, 1, 0),
    "snake_pair": (2, 1, 0),
    "brusselator": (2, 2, 0),
    "lorenz": (3, 3, 0),
    "bratu": (5, 1, 1),
}
NOT_SYMMETRIC = {"hopf", "snake_pair", "brusselator", "lorenz"}


def make(name, **more):
    return getattr(textbook, name)(*[5][: name == "bratu"], **more)


def kernels(name):
    """Residual, Jacobian and parameter derivative, as written."""
    return [getattr(textbook, f"_{name}{suffix}") for suffix in ("", "_u", "_p")]


def along(f, u, p, du, dp):
    """Derivative of f at (u, p) in a direction, by a complex step."""
    out = np.full(u.size, np.nan, dtype=complex)
    f(u + 1j * STEP * du, p + 1j * STEP * dp, out)
    return out.imag / STEP


@pytest.fixture(params=SIZES)
def name(request):
    return request.param


@pytest.fixture
def point(name, rng):
    """A random state and a random value for every entry of p."""
    n, named, constants = SIZES[name]
    return rng.standard_normal(n), rng.standard_normal(named + constants)


def test_every_system_is_tested_here():
    public = {n for n, f in inspect.getmembers(textbook, inspect.isfunction) if f.__module__ == textbook.__name__}
    assert {n for n in public if not n.startswith("_")} == set(SIZES)


def test_jacobian_is_the_derivative_of_the_residual(name, point):
    u, p = point
    f, jacobian, _ = kernels(name)
    out = np.full((u.size, u.size), np.nan)
    jacobian(u, p, out)
    expected = [along(f, u, p, e, 0 * p) for e in np.eye(u.size)]
    assert_allclose(out, np.transpose(expected), rtol=1e-14, atol=1e-14 * np.abs(out).max())


def test_parameter_derivative_is_the_derivative_of_the_residual(name, point):
    u, p = point
    f, _, parameter_derivative = kernels(name)
    for k in range(SIZES[name][1]):
        out = np.full(u.size, np.nan)
        parameter_derivative(u, p, k, out)
        assert_allclose(out, along(f, u, p, 0 * u, np.eye(p.size)[k]), rtol=1e-14, atol=1e-14)


def test_arguments_are_left_alone(name, point):
    u, p = point
    before = u.copy(), p.copy()
    for function, rest in zip(kernels(name), ([], [], [0])):
        function(u, p, *rest, np.empty((u.size, u.size) if function is kernels(name)[1] else u.size))
    assert_allclose(u, before[0], rtol=0, atol=0)
    assert_allclose(p, before[1], rtol=0, atol=0)


def singular_points():
    """Folds and branch points as ``(name, p, u)``, from the oracle."""
    yield "fold", [oracle.fold_parameter(0.0)], [0.0]
    yield "transcritical", [0.0], [0.0]
    yield "pitchfork", [0.0, -1.0], [0.0]
    yield from (("cusp", [mu, 0.7], [x]) for mu, x in oracle.cusp_folds(nu=0.7))
    yield from (("circle", [p], [x]) for p, x in oracle.circle_folds())
    yield from (("snake", [p], [u]) for p, u in oracle.snake_folds(-15, 15))
    yield from (("snake_pair", [p], [u, math.sin(u)]) for p, u in oracle.snake_folds(-15, 15))
    yield from (("bratu", [lam, 0.0], u) for lam, *u in map(oracle.bratu_fold, (2, 8, 32)))
    lam, *u = oracle.bratu_branch_point()
    yield "bratu", [lam, 0.0], u
    yield "lorenz", [10.0, oracle.lorenz_branch_point(), 8 / 3], [0.0, 0.0, 0.0]


def hopf_points():
    """Hopf points as ``(name, p, u, frequency)``, from the oracle."""
    mu, omega = oracle.hopf_point(2.0)
    yield "hopf", [mu, 2.0, -1.0], [0.0, 0.0], omega
    b, omega = oracle.brusselator_hopf(a=2.0)
    yield "brusselator", [2.0, b], [2.0, b / 2.0], omega
    rho, omega = oracle.lorenz_hopf()
    yield "lorenz", [10.0, rho, 8 / 3], oracle.lorenz_equilibrium(rho), omega


def linearised(name, p, u):
    """Residual and Jacobian at a point, relative to the size of the Jacobian."""
    u, p = np.array(u), np.array(p)
    f, jacobian, _ = kernels(name)
    out, matrix = np.empty(u.size), np.empty((u.size, u.size))
    f(u, p, out)
    jacobian(u, p, matrix)
    scale = max(1.0, np.abs(matrix).max())
    return out / scale, matrix / scale, scale


@pytest.mark.parametrize(("name", "p", "u"), list(singular_points()))
def test_exact_folds_and_branch_points_are_singular_solutions(name, p, u):
    residual, matrix, _ = linearised(name, p, u)
    assert np.abs(residual).max() < 1e-14
    assert np.linalg.svd(matrix)[1][-1] < 1e-14


@pytest.mark.parametrize(("name", "p", "u", "omega"), list(hopf_points()))
def test_exact_hopf_points_have_their_frequency(name, p, u, omega):
    residual, matrix, scale = linearised(name, p, u)
    assert np.abs(residual).max() < 1e-14
    pair = [s for s in np.linalg.eigvals(matrix) * scale if s.imag > 0]
    assert pair == pytest.approx([1j * omega], abs=1e-13 * scale)


@pytest.mark.parametrize("n", [0, -3, 2.0, True, "2"])
def test_bratu_wants_a_whole_number_of_points(n):
    with pytest.raises(ValueError, match=r"bratu\(n=\.\.\.\): wanted a whole number"):
        textbook.bratu(n)


def test_problem_compiles_and_its_derivatives_pass_its_own_check(name):
    problem = make(name)
    assert problem.compiled
    assert problem.check().ok


def test_problem_says_what_it_is(name):
    problem, (n, named, constants) = make(name), SIZES[name]
    assert problem.name == name
    assert (len(problem.states), len(problem.parameters), len(problem.constants)) == (n, named, constants)


def test_symmetric_is_said_exactly_where_it_is_so(name, rng):
    problem = make(name)
    matrix = problem.jacobian(rng.standard_normal(len(problem.states)))
    assert problem.symmetric == (name not in NOT_SYMMETRIC) == np.array_equal(matrix, matrix.T)


def test_convection_makes_bratu_unsymmetric():
    problem = make("bratu", convection=3.0)
    matrix = problem.jacobian(np.zeros(5))
    assert not problem.symmetric
    assert not np.array_equal(matrix, matrix.T)


def test_subcritical_pitchfork_opens_to_the_left():
    assert textbook.pitchfork(supercritical=False).residual([0.5], {"p": -0.25}) == 0
    assert textbook.pitchfork().residual([0.5], {"p": 0.25}) == 0


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("fold", [1]),
        ("transcritical", [0]),
        ("pitchfork", [0]),
        ("cusp", [-1]),
        ("hopf", [0, 0]),
        ("circle", [1]),
        ("snake", [0]),
        ("snake_pair", [0, 0]),
        ("brusselator", [1, 1]),
        ("lorenz", [0, 0, 0]),
        ("bratu", [0, 0, 0, 0, 0]),
    ],
)
def test_documented_start_is_a_solution(name, start):
    assert not make(name).residual(start).any()
