"""Where curves of special points of periodic orbits begin, and what they are measured in."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, StartError, Status, periodic_orbits, trace
from continuation.orbits.cycle_curves import cycle_curve_operations
from tests.orbits.test_cycle_curves import (
    BAUTIN,
    LONG,
    S,
    bautin,
    circling,
    equations,
    half_turned,
    langford,
    on_circle,
    rotating,
    told,
)

# Points of codimension two of the equilibria


def test_folds_begin_at_a_degenerate_hopf_point():
    problem = Problem.from_expressions(circling(BAUTIN), {"mu": -0.1, "nu": 1.0})
    equilibria = trace(problem, [0, 0], "mu", (-1, 1))
    hopf = trace(problem, equilibria["HB1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (-1, 2)})
    curve = trace(periodic_orbits(problem, 20), hopf["GH1"], ("mu", "nu"), {"mu": (-2, 1), "nu": (-1, 3)})
    assert told(curve) == ["GH1"]
    assert_allclose(curve["mu"], -(curve["nu"] ** 2) / 4, atol=1e-11)
    assert_allclose(curve["nu"][[0, -1]], [0, np.sqrt(8)], atol=1e-9)
    assert curve.ends == (Status.HOPF, Status.LIMIT)


def test_tori_begin_at_a_zero_hopf_point():
    parameters = {"b": 0.8, "a": 0.6, "d": 3.5, "e": 0.25, "f": 0.05}
    problem = Problem.from_expressions(equations("Langford"), parameters)
    equilibria = trace(problem, [0, 0, 2.1], "a", (-0.6, 1), parameters={"b": 1.5})
    hopf = trace(problem, equilibria["HB1"], ("b", "a"), {"b": (0.5, 2), "a": (-1, 2)})
    cycles = periodic_orbits(problem)
    curve = trace(cycles, hopf["ZH1"], ("b", "a"), {"a": (-1, 0.1), "b": (0, 2)}, settings=LONG)
    assert told(curve) == ["ZH1", "R41", "R31"]
    through = trace(cycles, langford(0.05)[1]["NS1"], ("b", "a"), {"a": (-0.1, 0.62)})
    for name in ("b", "a"):
        assert_allclose(curve["R31"][name], through["R31"][name], atol=1e-9)


def test_tori_begin_at_a_hopf_hopf_point():
    size = "(v**2 + w**2)"
    fast = {"v": f"(nu - {size})*v - 1.7*w", "w": f"1.7*v + (nu - {size})*w"}
    slow = rotating("p", "q", f"mu - {size}/2", "1")
    problem = Problem.from_expressions({**fast, **slow}, {"mu": -0.1, "nu": -0.2})
    equilibria = trace(problem, [0, 0, 0, 0], "mu", (-0.5, 0.5))
    hopf = trace(problem, equilibria["HB1"], ("mu", "nu"), {"mu": (-0.5, 0.5), "nu": (-0.5, 0.5)})
    curve = trace(periodic_orbits(problem, 20), hopf["HH1"], ("mu", "nu"), {"mu": (-0.5, 0.5), "nu": (-0.5, 0.5)})
    assert told(curve) == ["HH1"]
    assert_allclose(curve["mu"], curve["nu"] / 2, atol=1e-10)
    assert_allclose(np.abs(curve.multipliers[-1][:2]), 1.0, atol=1e-8)
    assert_allclose(curve["period"][0], 2 * np.pi / 1.7, rtol=1e-9)
    (words,) = [remark.text for remark in curve.remarks if "begin at HH1" in remark.text]
    assert "omega = 1.7;" in words
    assert "omega = 1 " in words


@pytest.mark.parametrize("unit", [1e-3, 1e4])
def test_folds_begin_at_a_degenerate_hopf_point_in_any_unit(unit):
    texts = {
        name: text.replace("x", f"(x/{unit})").replace("y", f"(y/{unit})") for name, text in circling(BAUTIN).items()
    }
    problem = Problem.from_expressions({k: f"{unit}*({text})" for k, text in texts.items()}, {"mu": -0.1, "nu": 1.0})
    equilibria = trace(problem, [0, 0], "mu", (-1, 1))
    hopf = trace(problem, equilibria["HB1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (-1, 2)})
    curve = trace(periodic_orbits(problem, 20), hopf["GH1"], ("mu", "nu"), {"mu": (-2, 1), "nu": (-1, 3)})
    assert told(curve) == ["GH1"]
    assert curve.ends == (Status.HOPF, Status.LIMIT)
    assert_allclose(curve["mu"], -(curve["nu"] ** 2) / 4, atol=1e-11)
    assert_allclose(curve["x_max"], unit * np.sqrt(np.maximum(curve["nu"], 0.0) / 2), rtol=1e-6, atol=1e-7 * unit)


def test_a_point_of_other_equations_begins_no_curve():
    problem = Problem.from_expressions(circling(BAUTIN), {"mu": -0.1, "nu": 1.0})
    equilibria = trace(problem, [0, 0], "mu", (-1, 1))
    hopf = trace(problem, equilibria["HB1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (-1, 2)})
    growth = {"x": "1 + mu*x - y", "y": "x + mu*y"}
    others = periodic_orbits(Problem.from_expressions(growth, {"mu": 0.0, "nu": 0.0}))
    with pytest.raises(StartError, match="GH1 is no equilibrium"):
        trace(others, hopf["GH1"], ("mu", "nu"))


# What parameters are measured in


@pytest.mark.parametrize("k", [0.0, 1.5e-8, 9e-8])
def test_a_second_parameter_is_measured_by_its_span(k):
    problem = Problem.from_expressions(circling(f"mu + 1e6*k - ({S} - 1)**2", "1"), {"mu": 0.1, "k": k})
    cycles = periodic_orbits(problem, 20)
    start = on_circle(problem, np.sqrt(1 + np.sqrt(0.1 + 1e6 * k)), 1.0, {})
    branch = trace(cycles, start, "mu", (-0.5, 0.5))
    curve = trace(cycles, branch["LP1"], ("mu", "k"), {"mu": (-2, 2), "k": (-1e-6, 1e-6)})
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(curve["mu"], -1e6 * curve["k"], atol=1e-10)
    assert len(curve) < 60


# What can't be looked for


@functools.cache
def moebius(smoothness):
    """Doublings at mu = 0 of cycles of radius 1."""
    pairs = half_turned("v", "w", "mu", "-1", "1")
    equations = {**circling(f"1 - {S}", "1"), **pairs}
    problem = Problem.from_expressions(equations, {"mu": -0.1, "nu": 0.0}, smoothness=smoothness)
    cycles = periodic_orbits(problem, 20)
    return cycles, trace(cycles, on_circle(problem, 1.0, 1.0, {"mu": -0.1}), "mu", (-0.3, 0.3))


def test_points_that_need_third_derivatives_are_not_looked_for_without():
    cycles, branch = moebius(2)
    curve = trace(cycles, branch["PD1"], ("mu", "nu"), {"nu": (-1, 1)}, settings=LONG)
    assert any("GPD points were not looked for: F has no third" in remark.text for remark in curve.remarks)
    cycles, branch = moebius(3)
    curve = trace(cycles, branch["PD1"], ("mu", "nu"), {"nu": (-1, 1)}, settings=LONG)
    assert not any("GPD" in remark.text for remark in curve.remarks)


@pytest.mark.parametrize("fails", [True, False])
def test_normal_forms_that_can_not_be_had_are_told(fails, monkeypatch):
    def none(orbit):
        if fails:
            raise ZeroDivisionError("by y - y")
        return {"c": np.nan}

    own = cycle_curve_operations.COEFFICIENTS
    monkeypatch.setitem(own, Kind.PERIOD_DOUBLING, own[Kind.PERIOD_DOUBLING]._replace(form=none))
    cycles, branch = moebius(3)
    curve = trace(cycles, branch["PD1"], ("mu", "nu"), {"nu": (-1, 1)}, settings=LONG)
    (words,) = [remark.text for remark in curve.remarks if "GPD points may be missing" in remark.text]
    assert ("ZeroDivisionError: by y - y" if fails else "it is no number") in words
    assert curve.ends == (Status.LIMIT, Status.LIMIT)


# What is refused


def test_starts_that_have_no_curve_are_refused():
    cycles, branch = bautin()
    with pytest.raises(ValueError, match=r"wanted a fold \(LP\), a period doubling .* got EP1 \(END\)"):
        trace(cycles, branch["EP1"], ("mu", "nu"))
    with pytest.raises(ValueError, match=r"wanted a fold \(LP\), .* got <Orbit of x, y"):
        trace(cycles, branch.orbit(0), ("mu", "nu"))
    with pytest.raises(ValueError, match="curve: the one through LP1 is of kind FOLD, got .*PERIOD_DOUBLING"):
        trace(cycles, branch["LP1"], ("mu", "nu"), curve=Kind.PERIOD_DOUBLING)
    with pytest.raises(ValueError, match="LP1 has orbits of degree 4; this problem has degree 3"):
        trace(periodic_orbits(cycles.base, 20, 3), branch["LP1"], ("mu", "nu"))
