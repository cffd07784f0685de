"""Periodic orbits against values made by other programs and closed forms: each value of `reference.json` is read.

Their `digits` are those that their makers trust; bounds here are some ten times what was found wrong (next to each),
room for other processors, and at least ten times below what one wrong term or a mesh half as fine changes.
"""

import functools
import json
import pathlib

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from continuation import Orbit, Problem, Settings, periodic_orbits, switch, trace

ENTRIES = json.loads((pathlib.Path(__file__).parent / "reference.json").read_text("utf-8"))
KNOWN = {entry["id"]: entry for entry in ENTRIES}
VARIED = {"Brusselator": "b", "van der Pol": "mu", "Rossler": "c", "FitzHugh-Nagumo": "I", "Morris-Lecar": "I"}
VARIED |= {"Lorenz": "r", "tor": "rn", "Hodgkin-Huxley": "I"}
PERIODS = [entry for entry in ENTRIES if entry["quantity"] == "period"]
LOGARITHMS = ("log of the nontrivial multiplier", "log of the product of the nontrivial multipliers")
LARGEST = "largest nontrivial multiplier"
LONE = {"cyc001", "cyc004", "cyc005", "cyc007", "cyc011", "cyc017", "cyc023", "cyc024", "cyc025", "cyc029"}
LONE |= {"cyc036", "cyc037", "cyc042", "cyc059", "cyc060"}  # not of an orbit that `PERIODS` gives


def value(name):
    """A reference value."""
    return KNOWN[name]["value"]


def problem_of(name, **parameters):
    """The problem of an entry."""
    return Problem.from_expressions(KNOWN[name]["equations"], parameters)


def on_circle(problem, parameters):
    """The unit circle with period 2 pi, all other states zero."""
    t = np.linspace(0, 2 * np.pi, 100)
    states = {name: np.zeros(100) for name in problem.states} | {"x": np.cos(t), "y": np.sin(t)}
    return Orbit(t, states, 2 * np.pi, parameters)


def integrated(problem, period, x0, parameters):
    """The orbit integrated over one period from a point."""
    p, residual = problem.parameter_values(parameters), problem.functions["residual"]

    def field(t, u):
        out = np.empty(len(u))
        residual(u, p, out)
        return out

    times = np.linspace(0, period, 2001)[:-1]
    run = solve_ivp(field, (0, period), x0, method="DOP853", rtol=1e-11, atol=1e-13, t_eval=times)
    return Orbit(run.t, run.y.T, period, parameters, state_names=problem.states)


def of_the_same_orbit(entry):
    """Entries of multipliers of an orbit."""
    same = [e for e in ENTRIES if (e["system"], e["parameters"]) == (entry["system"], entry["parameters"])]
    return [e["id"] for e in same if e["quantity"] in (*LOGARITHMS, LARGEST)]


@pytest.mark.parametrize("entry", PERIODS, ids=lambda entry: f"{entry['id']}-{entry['system']}")
def test_orbits_that_were_integrated(entry):
    period, parameters = value(entry["id"]), entry["parameters"]
    problem = Problem.from_expressions(entry["equations"], parameters)
    start = integrated(problem, period, entry["x0"], parameters)
    cycles = periodic_orbits(problem, 120, 5)
    branch = trace(cycles, start, VARIED[entry["system"]], direction=1, settings=Settings(max_points=1))
    assert_allclose(branch["period"][0], period, rtol=1e-10)  # 1.1e-11 next to Lorenz's homoclinic orbit, else 3e-12
    orbit, exponents = branch.orbit(0), branch.exponents[0]
    # The phase condition keeps the place of the start: it passes the reference's point at a time zero.
    assert np.max(np.abs(orbit(0.0) - entry["x0"]) / np.ptp(orbit.states, axis=0)) < 1e-9  # 1.1e-10
    assert abs(exponents[-1]) < 1e-10  # 1.5e-11
    for name in of_the_same_orbit(entry):
        if KNOWN[name]["quantity"] == LARGEST:
            assert_allclose(branch.multipliers[0, 0], complex(*np.atleast_1d(value(name))), rtol=3e-10)  # 3.4e-11
        else:
            assert_allclose(np.sum(exponents[:-1].real), value(name), rtol=1e-10)  # 1.1e-11


def test_a_period_doubling_of_a_moebius_band():
    problem = problem_of("cyc001", mu=-0.1)
    branch = trace(periodic_orbits(problem, 20), on_circle(problem, {}), "mu", (-0.3, 0.3))
    assert_allclose(branch["PD1"]["mu"], value("cyc001"), atol=1e-12)  # 2e-14


def test_a_fold_of_cycles():
    problem = problem_of("cyc004", mu=-0.5)
    equilibria = trace(problem, [0, 0], "mu", (-0.5, 0.5))
    fold = trace(periodic_orbits(problem), equilibria["HB1"], "mu", (-2, 2))["LP1"]
    assert_allclose([fold["mu"], fold["period"]], [value("cyc004"), value("cyc005")], rtol=1e-12)  # 6e-14


def test_a_branch_point_of_cycles():
    problem = problem_of("cyc007", mu=-0.1)
    branch = trace(periodic_orbits(problem, 20), on_circle(problem, {}), "mu", (-0.3, 0.3))
    assert [point.label for point in branch.special] == ["EP1", "BP1", "EP2"]
    assert_allclose(branch["BP1"]["mu"], value("cyc007"), atol=1e-8)  # 8.4e-10: 20 intervals


def test_multipliers_forty_orders_of_magnitude_apart():
    parameters = KNOWN["cyc011"]["parameters"]
    problem = problem_of("cyc011", **parameters)
    settings = Settings(max_points=1)
    branch = trace(
        periodic_orbits(problem, 120, 5), on_circle(problem, parameters), "k", direction=1, settings=settings
    )
    assert_allclose(branch.exponents[0, :-1].real / np.log(10), value("cyc011"), rtol=3e-11)  # 1.6e-12


def test_a_multiplier_of_the_brusselator_far_from_its_hopf_point():
    problem = problem_of("cyc017", a=1.0, b=1.0)
    equilibria = trace(problem, [1, 1], "b", (0.5, 5))
    branch = trace(periodic_orbits(problem, 120, 5), equilibria["HB1"], "b", (0, 4))
    assert branch["b"][-1] == 4.0
    assert_allclose(branch.exponents[-1, 0].real, value("cyc017"), rtol=1e-10)  # 7e-12


def test_a_multiplier_of_which_no_monodromy_matrix_has_a_digit():
    """It is exp(-312): products of matrices along the orbit have lost it beside 1, its logarithm is right."""
    problem = problem_of("cyc023", mu=1.0)
    start = Orbit.from_simulation(problem, [1.0, 0.0])
    branch = trace(periodic_orbits(problem, 200, 6), start, "mu", (0.9, 10), direction=1)
    assert branch["mu"][-1] == 10.0
    assert_allclose(branch.exponents[-1, 0].real, value("cyc023"), rtol=1e-9)  # 1e-10


@functools.cache
def langford(f, low):
    problem = problem_of("cyc024", a=0.6, b=1.5, d=3.5, e=0.25, f=f)
    equilibria = trace(problem, [0, 0, 1.9774], "b", (0.1, 2.5))
    return trace(periodic_orbits(problem), equilibria["HB1"], "b", (low, 2.5))


def test_a_neimark_sacker_point_of_langfords_system():
    branch = langford(0.0, 0.1)
    point = branch["NS1"]
    assert_allclose(point["b"], value("cyc024"), rtol=1e-12)  # 4e-14
    assert_allclose(abs(np.angle(branch.multipliers[point.index, 0])), value("cyc025"), rtol=1e-11)  # 7e-14
    assert_allclose(point["b"], KNOWN["cyc025"]["parameters"]["b"], rtol=1e-12)


def test_a_pair_of_multipliers_of_langfords_system():
    branch = langford(KNOWN["cyc029"]["parameters"]["f"], KNOWN["cyc029"]["parameters"]["b"])
    row = np.argmin(branch["b"])
    assert branch["b"][row] == 0.95
    assert_allclose(branch.multipliers[row, 0], complex(*value("cyc029")), rtol=1e-11)  # 5e-13


def test_two_period_doublings_of_roesslers_system():
    problem = problem_of("cyc036", c=2.5, a=0.2, b=0.2)
    cycles = periodic_orbits(problem)
    single = trace(cycles, Orbit.from_simulation(problem, [1, 1, 1]), "c", (2.3, 3.2))
    first = single["PD1"]
    assert_allclose([first["c"], first["period"]], [value("cyc036"), value("cyc037")], rtol=3e-10)  # 2e-11
    assert_allclose(first["c"], KNOWN["cyc037"]["parameters"]["c"], rtol=3e-10)
    start = next(start for start in switch(cycles, first) if not start.known)
    second = trace(cycles, start, "c", (2, 4))["PD2"]
    wanted = [KNOWN["cyc042"]["parameters"]["c"], value("cyc042")]
    assert_allclose([second["c"], second["period"]], wanted, rtol=3e-10)  # 1.5e-11


def test_a_period_doubling_of_lorenz():
    """At a window of the chaotic range: the orbit is unstable on one side."""
    r, period = value("cyc059"), value("cyc060")
    problem = problem_of("cyc059", **KNOWN["cyc059"]["parameters"], r=r)
    start = integrated(problem, period, KNOWN["cyc059"]["x0"], {"r": r})
    point = trace(periodic_orbits(problem, 120, 5), start, "r", (99.9, 100.05))["PD1"]
    assert_allclose(point["r"], r, rtol=3e-11)  # 1.3e-12
    assert_allclose(point["period"], period, rtol=3e-12)  # 3e-13
    assert_allclose(r, KNOWN["cyc060"]["parameters"]["r"], rtol=1e-12)


def test_every_value_is_read():
    """Those of orbits that are integrated, those of their multipliers, and those that stand alone above."""
    text = pathlib.Path(__file__).read_text("utf-8")
    beside = {name for entry in PERIODS for name in of_the_same_orbit(entry)}
    together = {entry["id"] for entry in PERIODS} | beside
    assert together | LONE == set(KNOWN)
    assert not together & LONE
    assert all(f'value("{name}")' in text for name in LONE)
