"""Orbits told apart in whatever units their states have, and found again in other ones."""

import numpy as np
import pytest

from continuation import Problem, periodic_orbits, trace
from continuation.orbits.profiles.orbit import Orbit

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
