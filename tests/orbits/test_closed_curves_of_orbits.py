"""Closed curves of orbits end once round, whatever their phase and mesh; families nearby are not mixed up."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Orbit, Problem, Settings, Status, periodic_orbits, trace

RADIUS = "sqrt(x**2 + y**2)"


def isola(speed, **more):
    """Circles of radius r with ``(r - 2)**2 + mu**2 = 1``, run through with a speed of its own; stable at r = 3."""
    rate = f"(({RADIUS} - 2)**2 + mu**2 - 1)"
    equations = {"x": f"-x*{rate} - y*{speed}", "y": f"-y*{rate} + x*{speed}", **more}
    return Problem.from_expressions(equations, {"mu": 0.0}, name="isola")


def once_round(problem, intervals=30, **settings):
    orbit = Orbit.from_simulation(problem, [3.0, *[0.1] * (len(problem.states) - 1)])
    cycles = periodic_orbits(problem, intervals)
    return trace(cycles, orbit, "mu", settings=Settings(max_points=300, max_step=0.2, **settings))


def radii(branch):
    """(m,) mean distance from the origin in the plane of the first two states."""
    profiles = branch.layout.profiles(branch.unknowns)[:, :, :2]
    return np.mean(np.sqrt(np.sum(profiles**2, axis=2)), axis=1)


def check_closed(branch):
    assert branch.ends == (Status.CLOSED, Status.CLOSED)
    assert [point.label for point in branch.special] == ["EP1", "LP1", "LP2", "EP2"]
    assert_allclose([branch["LP1"]["mu"], branch["LP2"]["mu"]], [1, -1], atol=1e-9)
    assert_allclose((radii(branch) - 2) ** 2 + branch["mu"] ** 2, 1.0, atol=1e-5)
    for name in ("mu", "period", "x_max", "amplitude"):
        assert_allclose(branch[name][-1], branch[name][0], rtol=1e-7, atol=1e-7)  # the error of its mesh
    turned = np.unwrap(np.arctan2(branch["mu"], radii(branch) - 2))
    assert abs(abs(turned[-1] - turned[0]) - 2 * np.pi) < 1e-5  # once, not twice


def test_circles_of_constant_speed():
    check_closed(once_round(isola("1")))


@pytest.mark.parametrize("adapt", [0, 1, 3])
def test_phases_that_do_not_come_back_and_meshes_that_move(adapt):
    branch = once_round(isola("(1 + 0.3*mu + 0.2*x)"), adapt=adapt)
    check_closed(branch)
    meshes = branch.layout.meshes(branch.context)
    assert np.any(meshes[0] != meshes[len(branch) // 2]) == (adapt > 0)


def test_a_state_that_follows_with_a_delay():
    third = f"(1.75 + 0.5*mu)*(x*cos(mu) + x*y*{RADIUS} - z)"
    branch = once_round(isola("(1 + 0.3*mu + 0.2*x)", z=third))
    check_closed(branch)
    gap = branch.layout.profiles(branch.unknowns)[[0, -1], 0]
    assert np.max(np.abs(gap[0] - gap[1])) > 1e-2  # its phase has slid on the way


def test_a_curve_that_begins_at_its_fold():
    problem = isola("(1 + 0.3*mu + 0.2*x)")
    whole = once_round(problem)
    fold = whole["LP1"].index
    branch = trace(
        periodic_orbits(problem, 30), whole.orbit(fold), "mu", settings=Settings(max_points=300, max_step=0.2)
    )
    assert branch.ends == (Status.CLOSED, Status.CLOSED)
    assert_allclose(np.ptp(branch["mu"]), 2.0, atol=1e-6)


@pytest.mark.parametrize("case", range(8))
def test_two_families_next_to_each_other_are_not_mixed_up(rng, case):
    apart, gain = 10 ** rng.uniform(-4, -2), rng.choice([0.1, 1.0, 10.0])
    size, rate = rng.uniform(-0.4, 0.4), rng.uniform(1, 20)
    drift, shape = rng.uniform(-0.3, 0.3, 2)
    upper = apart * (case % 2)

    def inner(mu):
        return 1.5 + size * np.arctan(rate * mu)

    wanted = f"(1.5 + {size}*atan({rate}*mu))"
    rises = f"{gain}*({RADIUS} - {wanted})*({RADIUS} - {wanted} - {apart})"
    speed = f"(1 + {drift}*mu + {shape}*x)"
    problem = Problem.from_expressions(
        {"x": f"-x*{rises} - y*{speed}", "y": f"-y*{rises} + x*{speed}"}, {"mu": -1.0}, name="two families"
    )
    radius, angle = inner(-1.0) + upper, np.linspace(0, 2 * np.pi, 2001)
    slowness = 1 / (1 - drift + shape * radius * np.cos(angle))
    times = np.append(0.0, np.cumsum(0.5 * (slowness[1:] + slowness[:-1]) * np.diff(angle)))
    circle = radius * np.stack([np.cos(angle[:-1]), np.sin(angle[:-1])], axis=1)
    orbit = Orbit(times[:-1], circle, times[-1], {"mu": -1.0}, state_names=("x", "y"))
    branch = trace(periodic_orbits(problem, 30), orbit, "mu", (-1, 1))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert np.max(np.abs(radii(branch) - inner(branch["mu"]) - upper)) < 0.1 * apart
    assert len(branch.special) == 2


def test_a_saddle_node_on_the_orbit_ends_the_branch():
    speed = f"(mu - x/{RADIUS})"
    equations = {"x": f"x*(1 - x**2 - y**2) - y*{speed}", "y": f"y*(1 - x**2 - y**2) + x*{speed}"}
    problem = Problem.from_expressions(equations, {"mu": 2.0})
    orbit = Orbit.from_simulation(problem, [1.0, 0.1])
    branch = trace(periodic_orbits(problem), orbit, "mu", (0, 3))
    assert branch.ends == (Status.LONG_PERIOD, Status.LIMIT)
    assert abs(branch["mu"][0] - 1.0) < 1e-2
    assert_allclose(branch["period"][-1], 2 * np.pi / np.sqrt(8), rtol=1e-8)
    assert any("towards a saddle-node on the orbit" in remark.text for remark in branch.remarks)
