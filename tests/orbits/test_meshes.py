"""Meshes and first orbits that must not hide anything: states that rest, meshes that stay, folds beside Hopf points."""

import math

import numba
import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Orbit, Problem, Settings, periodic_orbits, trace
from continuation.orbits.kernels import monitoring

BRUSSELATOR = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}


def from_hopf(equations, state, span, intervals=20, degree=4, **settings):
    """The branch of orbits of a system in b at a = 1."""
    problem = Problem.from_expressions(equations, {"b": 1.0, "a": 1.0})
    equilibria = trace(problem, state, "b", (0, 4))
    cycles = periodic_orbits(problem, intervals, degree)
    return trace(cycles, equilibria["HB1"], "b", span, settings=Settings(**settings))


@pytest.mark.parametrize("rest", [0.0, 1e-12, 3.0, 1e6])
def test_a_state_that_rests_has_no_part_in_the_mesh(rest):
    """Of its values only the rounding varies, by far less than a state that moves a little."""
    alone = from_hopf(BRUSSELATOR, [1, 1], (0, 3))
    beside = from_hopf(BRUSSELATOR | {"z": f"{rest} - z"}, [1, 1, rest], (0, 3))
    assert_allclose(beside["period"][-1], alone["period"][-1], rtol=1e-8)
    mesh = np.diff(beside.orbit(-1).mesh)
    assert np.max(mesh) > 2 * np.min(mesh)  # it follows the others
    assert_allclose(beside.orbit(-1).mesh, alone.orbit(-1).mesh, atol=0.02)


@pytest.mark.parametrize("degree", [2, 3])
def test_a_mesh_that_stays_has_the_order_of_its_points(degree):
    """The period at b = 2.3 against that of 100 intervals of degree 6; 2.5 and the meshes are too coarse to tell."""
    errors = []
    for intervals in (16, 32, 64):
        branch = from_hopf(BRUSSELATOR, [1, 1], (0, 2.3), intervals, degree, adapt=0)
        assert_allclose(np.diff(branch.orbit(-1).mesh), 1 / intervals, rtol=1e-12)
        errors.append(abs(branch["period"][-1] / 6.427620114096073 - 1))
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert fine < coarse * 0.5 ** (2 * degree - 0.3)


@pytest.mark.parametrize("adapt", [0, 3])
@pytest.mark.parametrize(("k", "sign"), [(2e-4, 1), (2e-5, 1), (2e-4, -1), (1.0, 1)])
def test_a_fold_beside_a_hopf_point(k, sign, adapt):
    """With r' = r (b + k r^2 - r^4) at b = -k^2/4, r^2 = k/2, however small the amplitude is."""
    radial = f"({sign}*b + {k}*(x**2 + y**2) - (x**2 + y**2)**2)*{sign}"
    problem = Problem.from_expressions({"x": f"x*{radial} - y", "y": f"y*{radial} + x"}, {"b": 0.0})
    equilibria = trace(problem, [0, 0], "b", (-1, 1))
    cycles = periodic_orbits(problem, 20)
    branch = trace(cycles, equilibria["HB1"], "b", (-1, 1), settings=Settings(adapt=adapt))
    assert [point.label for point in branch.special] == ["EP1", "HB1", "LP1", "EP2"]
    fold = branch["LP1"]
    assert_allclose(fold.parameters["b"], -sign * k**2 / 4, rtol=2e-4, atol=1e-14)
    assert_allclose(fold["x_max"], math.sqrt(k / 2), rtol=1e-3)


def test_the_product_of_the_multipliers_is_positive():
    """Also where the smallest of them is too small for the mesh and is the one that their product leaves."""
    equations = {"x": "-y - z", "y": "x + a*y", "z": "0.2 + z*(x - c)"}
    problem = Problem.from_expressions(equations, {"c": 2.0, "a": 0.2})
    orbit = Orbit.from_simulation(problem, [1, 1, 1], parameters={"c": 2.5})
    branch = trace(periodic_orbits(problem), orbit, "c", (2.3, 3.2))
    negative = np.abs(np.abs(branch.exponents.imag) - np.pi) < 1e-12
    assert np.any(negative)
    assert not np.any(np.sum(negative, axis=1) % 2)


@numba.njit
def sorted_multipliers(logs, angles):
    monitoring.trivial_last(logs, angles)


@pytest.mark.parametrize(
    ("logs", "angles", "expected"),
    [
        ([0.0, -3.0], [0.0, 0.0], ([-3.0, 0.0], [0.0, 0.0])),
        ([1e-7, 1e-7, -3.0], [1e-4, -1e-4, 0.0], ([2e-7, -3.0, 0.0], [0.0, 0.0, 0.0])),  # beside a fold: one, parted
        ([0.2, 1e-3, 1e-3], [0.0, 0.3, -0.3], ([1e-3, 1e-3, 0.2], [0.3, -0.3, 0.0])),
    ],
)
def test_the_trivial_multiplier_is_told_apart(logs, angles, expected):
    logs, angles = np.array(logs), np.array(angles)
    sorted_multipliers(logs, angles)
    assert_allclose(logs, expected[0], atol=1e-15)
    assert_allclose(angles, expected[1], atol=1e-15)
