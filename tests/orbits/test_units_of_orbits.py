"""Orbits told apart in whatever units their states have, and found again in other ones."""

import numpy as np
import pytest

from continuation import Kind, Problem, diagram, periodic_orbits, switch, trace
from continuation.equations.measures.measure import measured
from continuation.orbits.profiles.layout import times_of
from continuation.orbits.profiles.orbit import Orbit
from continuation.orbits.refusals import refuse_several_turns
from continuation.orbits.switches.spatiotemporal import symmetry_of_orbit
from continuation.symmetries.symmetry import Symmetry

PLANE = {"x": "x*(1 - x**2 - y**2) - y", "y": "y*(1 - x**2 - y**2) + x"}  # the unit circle, of period 2 pi
UNITS = [{"z": 1e-6}, {"x": 1e3, "z": 1e-6}, {"z": 1e5, "x": 1e-3, "y": 1e-3}, {"x": 1e4, "y": 1e4, "z": 1e4}]


def scaled(equations, units, parameters, **options):
    """The problem in states that are so many times those of the equations."""
    inside = {name: f"({name}/{units.get(name, 1.0):.17g})" for name in equations}

    def rewritten(text):
        return "".join(inside.get(c, c) if alone(text, i) else c for i, c in enumerate(text))

    def alone(text, i):
        return not (text[i - 1 : i].isalpha() or text[i + 1 : i + 2].isalpha())

    texts = {name: f"{units.get(name, 1.0):.17g}*({rewritten(text)})" for name, text in equations.items()}
    return Problem.from_expressions(texts, parameters, **options)


def circle(units, z=0.0, **parameters):
    """The unit circle at a value of z in these units."""
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    states = {"x": np.cos(t), "y": np.sin(t), "z": 0 * t + z}
    return Orbit(t, {name: units.get(name, 1.0) * values for name, values in states.items()}, 2 * np.pi, parameters)


@pytest.mark.parametrize("units", [{}, *UNITS])
def test_orbits_of_one_period_and_parameter_are_all_given(units):
    """A fold in z, at which the period does not change: two circles for each mu."""
    problem = scaled({**PLANE, "z": "mu - z**2"}, units, {"mu": 0.5})
    branch = trace(periodic_orbits(problem, 20), circle(units, np.sqrt(0.5), mu=0.5), "mu", (-1, 1))
    found = branch.at(mu=0.25)
    levels = sorted(orbit["z"][0] / units.get("z", 1.0) for orbit in found)
    assert np.allclose(levels, [-0.5, 0.5], atol=1e-7)
    assert len(branch.at(period=branch["period"][3])) >= 1


def test_a_closed_curve_gives_each_orbit_once():
    """Circles of radius 1 + 0.3 cos s at mu = sin s: two at each mu, the first row and the last are one."""
    growth = "(1 - mu**2 - 10*(x**2 + y**2 - 1.5)**2)"
    problem = Problem.from_expressions({"x": f"x*{growth} - y", "y": f"y*{growth} + x"}, {"mu": 0.0})
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    radius = np.sqrt(1.5 + np.sqrt(0.1))
    start = Orbit(t, {"x": radius * np.cos(t), "y": radius * np.sin(t)}, 2 * np.pi, {"mu": 0.0})
    branch = trace(periodic_orbits(problem, 20), start, "mu", (-2, 2))
    assert branch.ends[0].name == "CLOSED"
    radii = sorted(float(np.hypot(*orbit(0.0))) ** 2 for orbit in branch.at(mu=0.0))
    assert np.allclose(radii, [1.5 - np.sqrt(0.1), 1.5 + np.sqrt(0.1)], atol=1e-7)


# Points, switches and diagrams


@pytest.mark.parametrize("units", [{}, *UNITS])
def test_families_that_cross_are_found_in_any_units(units):
    """A pitchfork in z at mu = 0: both halves leave, z**2 = mu."""
    problem = scaled({**PLANE, "z": "mu*z - z**3"}, units, {"mu": -0.5})
    cycles = periodic_orbits(problem, 20)
    branch = trace(cycles, circle(units, mu=-0.5), "mu", (-0.5, 0.5))
    point = next(p for p in branch.special if p.kind is Kind.BRANCH_POINT)
    assert abs(point["mu"]) < 1e-7
    _, *starts = switch(cycles, point)
    assert len(starts) == 2
    for start in starts:
        family = trace(cycles, start, "mu", (-0.5, 0.5))
        levels = family["z_mean"] / units.get("z", 1.0)
        assert abs(family["mu"][-1] - 0.5) < 1e-12
        assert np.allclose(levels**2, family["mu"], atol=1e-6)


@pytest.mark.parametrize("units", [{}, {"z": 1e-6}, {"x": 1e3, "z": 1e-6}, {"x": 1e4, "y": 1e4, "z": 1e4}])
def test_doubled_orbits_are_found_in_any_units(units):
    """Rossler's first period doubling, from the branch of Hopf's point."""
    texts = {"x": "-y - z", "y": "x + a*y", "z": "b + z*(x - c)"}
    problem = scaled(texts, units, {"a": 0.2, "b": 0.2, "c": 2.5})
    cycles = periodic_orbits(problem, 60)
    ordinary = Problem.from_expressions(texts, {"a": 0.2, "b": 0.2, "c": 2.5})
    orbit = Orbit.from_simulation(ordinary, [1.0, 1.0, 0.0])
    factors = np.array([units.get(name, 1.0) for name in "xyz"])
    t = np.linspace(0, orbit.period, 400, endpoint=False)
    start = Orbit(t, orbit(t) * factors, orbit.period, {"c": 2.5}, state_names=("x", "y", "z"))
    branch = trace(cycles, start, "c", (2.2, 3.2))
    point = next(p for p in branch.special if p.kind is Kind.PERIOD_DOUBLING)
    assert abs(point["c"] - 2.832445027862508) < max(1e-6, point.error)  # states 1e9 apart cost as many digits
    assert point.error < (1e-9 if len(set(factors)) == 1 else 2e-5)
    plain = trace(periodic_orbits(ordinary, 60), orbit, "c", (2.2, 3.2))
    own = next(p for p in plain.special if p.kind is Kind.PERIOD_DOUBLING)
    form, same = point.normal_form, own.normal_form  # the coefficients have a unit, their ratio none
    assert form["speed"] == pytest.approx(same["speed"], rel=1e-5)
    assert form["c"] / form["a"] == pytest.approx(same["c"] / same["a"], rel=1e-5)
    doubled = trace(cycles, switch(cycles, point)[1], "c", (2.2, 3.2))
    assert abs(doubled["c"][-1] - 3.2) < 1e-12
    assert doubled["period"][-1] == pytest.approx(doubled["period"][0], rel=0.1)


HOPF_AND_PITCHFORK = {
    "x": "a*x - y - x*(x**2 + y**2)",
    "y": "x + a*y - y*(x**2 + y**2)",
    "z": "(a - 1/2 + x - z**2)*z",
}


@pytest.mark.parametrize("units", [{}, {"z": 1e-6}, {"x": 1e3, "y": 1e3, "z": 1e-6}, {"x": 1e4, "y": 1e4, "z": 1e4}])
def test_diagrams_are_the_same_in_any_units(units):
    problem = scaled(HOPF_AND_PITCHFORK, units, {"a": -0.2})
    found = diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=periodic_orbits(problem, intervals=20))
    assert found.status.name == "COMPLETE"
    assert not found.failures
    assert [origin.found for origin in found.cycle_origins] == ["hopf", "switch"]
    trunk, side = found.cycles
    assert np.max(np.abs(trunk["x_max"] / units.get("x", 1.0) - np.sqrt(np.maximum(trunk["a"], 0)))) < 1e-6
    assert abs(found[found.cycle_origins[1].label]["a"] - 0.5) < 1e-6
    mirror = Symmetry(("x", "y", "z"), [np.diag([1.0, 1.0, -1.0])])
    assert len(symmetry_of_orbit(mirror, trunk.orbit(-1), trunk.state_weights).elements) == 2
    assert len(symmetry_of_orbit(mirror, side.orbit(-1), side.state_weights).elements) == 1


def small_and_slow(size):
    """A large circle gone round twice while a small one is gone round once, and the problem they are an orbit of."""
    texts = {**PLANE, "u": "u*(1 - u**2 - v**2) - mu*v", "v": "v*(1 - u**2 - v**2) + mu*u"}
    t = np.linspace(0, 4 * np.pi, 200, endpoint=False)
    values = {"x": np.cos(t), "y": np.sin(t), "u": size * np.cos(t / 2), "v": size * np.sin(t / 2)}
    return scaled(texts, {"u": size, "v": size}, {"mu": 0.5}), Orbit(t, values, 4 * np.pi, {"mu": 0.5})


def test_a_small_state_that_doubles_the_period_counts():
    """Two turns of the large circle are no least period twice over, as the small circle turns once."""
    problem, orbit = small_and_slow(1e-7)
    cycles = periodic_orbits(problem, 20)
    metric = np.array([1.0, 1.0, 1e14, 1e14]) / 4
    mesh = np.full(20, 0.05)
    profile = orbit(times_of(mesh, 4) * orbit.period)
    other = cycles.at_orbit(mesh, profile, orbit.period, measured(problem, np.append(metric, 1.0)))
    refuse_several_turns(other, np.append(profile.ravel(), [orbit.period, 0.5]))
    minus = Symmetry(("x", "y", "u", "v"), [np.diag([1.0, 1.0, -1.0, -1.0])])
    assert [str(shift) for shift in symmetry_of_orbit(minus, orbit).shifts] == ["0", "1/2"]


def test_a_small_state_that_tells_images_apart():
    """A circle with a small state beside it that is not zero: its mirror image is another orbit."""
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    mirror = Symmetry(("x", "y", "z"), [np.diag([1.0, 1.0, -1.0])])
    for size in (1.0, 1e-3, 1e-10):
        orbit = Orbit(t, {"x": 1e3 * np.cos(t), "y": 1e3 * np.sin(t), "z": size + 0 * t}, 2 * np.pi, {})
        assert len(symmetry_of_orbit(mirror, orbit).elements) == (1 if size > 1e-10 else 2)  # or is it rounding?
        assert len(symmetry_of_orbit(mirror, orbit, np.array([1e-6, 1e-6, size**-2.0]) / 3).elements) == 1


@pytest.mark.parametrize("unit", [1e-8, 1e-6, 1e3, 1e6])
def test_small_orbits_in_small_units_are_no_equilibria(unit):
    units = {"x": unit, "y": unit, "z": unit}
    problem = scaled({**PLANE, "z": "mu*z - z**3"}, units, {"mu": -0.5})
    branch = trace(periodic_orbits(problem, 20), circle(units, mu=-0.5), "mu", (-0.5, -0.2))
    assert np.allclose(branch["x_max"] / unit, 1.0, atol=1e-6)


# Orbits around large means


def shifted_circles(off):
    """Circles of radius sqrt(mu) around (off, off), with the branch of their centre."""
    x, y = f"(x - {off})", f"(y - {off})"
    square = f"({x}**2 + {y}**2)"
    equations = {"x": f"mu*{x} - {y} - {x}*{square}", "y": f"{x} + mu*{y} - {y}*{square}"}
    problem = Problem.from_expressions(equations, {"mu": -0.5})
    return periodic_orbits(problem, 20), trace(problem, [off, off], "mu", (-0.5, 1))


@pytest.mark.parametrize("off", [0.0, 30.0, 300.0, 1e3, 1e4, 1e6])
def test_orbits_around_large_means_begin_and_end_at_their_hopf_point(off):
    cycles, centre = shifted_circles(off)
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    unit_circle = Orbit(t, {"x": off + np.cos(t), "y": off + np.sin(t)}, 2 * np.pi, {"mu": 1.0})
    for start in (centre["HB1"], unit_circle):
        branch = trace(cycles, start, "mu", (-1, 1), direction=1 if start is not unit_circle else -1)
        assert branch.ends[0].name == "HOPF"
        assert [(point.label, point.located) for point in branch.special] == [(k, True) for k in ("EP1", "HB1", "EP2")]
        radius = np.sqrt(np.maximum(branch["mu"], 0.0))
        assert max(branch["mu"]) == pytest.approx(1.0)
        if off <= 1e3:
            assert np.max(np.abs(branch["x_max"] - off - radius)) < 1e-7
        assert np.max(np.abs((branch["x_max"] - off) ** 2 - radius**2)) < 1e-7 + 1e-12 * off  # of mu: rounding of x
        assert np.max(np.abs(branch["period"] - 2 * np.pi)) < 1e-6


@pytest.mark.parametrize("off", [0.0, 1e3, 1e5])
def test_states_beside_large_means_keep_their_units(off):
    """Circles around (off, off), on which z' = mu z + 0.3 z**2 - z**3 bifurcates: its families are followed as ever."""
    x, y = f"(x - {off})", f"(y - {off})"
    round_ = f"(1 - {x}**2 - {y}**2)"
    texts = {"x": f"{x}*{round_} - {y}", "y": f"{y}*{round_} + {x}", "z": "mu*z + 0.3*z**2 - z**3"}
    cycles = periodic_orbits(Problem.from_expressions(texts, {"mu": -0.5}), 20)
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle_ = Orbit(t, {"x": off + np.cos(t), "y": off + np.sin(t), "z": 0 * t}, 2 * np.pi, {"mu": -0.5})
    trunk = trace(cycles, circle_, "mu", (-0.5, 0.5))
    _, *starts = switch(cycles, trunk["BP1"])
    assert len(starts) == 2
    for start in starts:
        family = trace(cycles, start, "mu", (-0.5, 0.5))
        assert len(family) < 100
        assert family["mu"][-1] == pytest.approx(0.5)


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e4])
def test_a_parameter_in_any_unit(unit):
    """Crossing families and orbits at values of a parameter that is so many times mu."""
    texts = {**PLANE, "z": f"(m/{unit:.17g})*z - z**3"}
    problem = Problem.from_expressions(texts, {"m": -0.5 * unit})
    cycles = periodic_orbits(problem, 20)
    branch = trace(cycles, circle({}, m=-0.5 * unit), "m", (-0.5 * unit, 0.5 * unit))
    point = next(p for p in branch.special if p.kind is Kind.BRANCH_POINT)
    assert abs(point["m"]) < 1e-6 * unit
    _, *starts = switch(cycles, point)
    assert len(starts) == 2
    for start in starts:
        family = trace(cycles, start, "m", (-0.5 * unit, 0.5 * unit))
        (orbit,) = family.at(m=0.25 * unit)
        assert abs(orbit["z"][0]) == pytest.approx(0.5, abs=1e-6)
    whole = diagram_of_circles(unit)
    assert not whole.failures
    assert len(whole.cycles) == 2


def diagram_of_circles(unit):
    """The diagram of circles that meet others, in a parameter that is so many times a."""
    texts = {name: text.replace("a", f"(b/{unit:.17g})") for name, text in HOPF_AND_PITCHFORK.items()}
    problem = Problem.from_expressions(texts, {"b": -0.2 * unit})
    span = (-0.2 * unit, 0.9 * unit)
    return diagram(problem, [0.0, 0.0, 0.0], "b", span, cycles=periodic_orbits(problem, intervals=20))
