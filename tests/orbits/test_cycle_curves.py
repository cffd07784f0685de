"""Curves of folds, doublings and Neimark-Sacker points of periodic orbits: closed forms, points of codimension two.

In the systems made here the state turns round a circle of radius r, whose square is s; multipliers of the directions
normal to its plane are known: those of a pair that turns with a constant speed, and those of a pair of directions that
turn by half an angle, which are negative.
"""

import functools
import json
import pathlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Kind, Orbit, Problem, Settings, Status, periodic_orbits, trace
from continuation.orbits import forms
from continuation.orbits.cycle_curves import curve_table
from continuation.orbits.cycle_curves.curve_starts import CurveEquations, curve_and_start

REFERENCE = json.loads((pathlib.Path(__file__).parent / "reference.json").read_text("utf-8"))
S, R = "(x**2 + y**2)", "sqrt(x**2 + y**2)"
TURN = f"1 + {S}"
BAUTIN = f"mu + nu*{S} - {S}**2"  # cycles: s**2 - nu s - mu = 0; folds: s = nu/2
LONG = Settings(max_step=0.3)  # steps that the span does not shorten
WITHIN = {"mu": (-2, 1), "nu": (0.2, 3)}


def circling(growth, turning=TURN):
    """Equations of x and y."""
    return {"x": f"({growth})*x - ({turning})*y", "y": f"({growth})*y + ({turning})*x"}


def rotating(v, w, growth, turning):
    """A pair with the multipliers ``exp((growth +- i turning) T)``."""
    return {v: f"({growth})*{v} - ({turning})*{w} - {v}**3", w: f"({turning})*{v} + ({growth})*{w}"}


def half_turned(v, w, one, other, turning=TURN):
    """A pair with the multipliers ``-exp(one T)`` and ``-exp(other T)``."""
    mean, half, c, s = f"(({one}) + ({other}))/2", f"(({one}) - ({other}))/2", f"x/{R}", f"y/{R}"
    return {
        v: f"{mean}*{v} + {half}*({c}*{v} + {s}*{w}) - ({turning})/2*{w}",
        w: f"{mean}*{w} + {half}*({s}*{v} - {c}*{w}) + ({turning})/2*{v}",
    }


def on_circle(problem, radius, turning, parameters):
    """The orbit on a circle, all other states zero."""
    period = 2 * np.pi / turning
    t = np.linspace(0, period, 100)
    states = {name: np.zeros(100) for name in problem.states}
    states |= {"x": radius * np.cos(turning * t), "y": radius * np.sin(turning * t)}
    return Orbit(t, states, period, parameters)


@functools.cache
def bautin(*pairs):
    """Cycles of Bautin's system with other directions, along mu at nu = 2."""
    problem = Problem.from_expressions({**circling(BAUTIN), **dict(pairs)}, {"mu": -0.5, "nu": 2.0})
    cycles, s = periodic_orbits(problem, 20), 1 + np.sqrt(0.5)
    start = on_circle(problem, np.sqrt(s), 1 + s, {"mu": -0.5, "nu": 2.0})
    return cycles, trace(cycles, start, "mu", (-2, -0.1))


def curve_of(label, *pairs, limits=WITHIN):
    cycles, branch = bautin(*(pair for one in pairs for pair in one.items()))
    return trace(cycles, branch[label], ("mu", "nu"), limits)


def told(curve):
    return [point.label for point in curve.special if point.kind is not Kind.END]


def normal_form_beside(curve, row):
    """Normal form of the doubling through a row, of a branch in the first parameter."""
    name = curve.vary[0]
    value = curve[name][row]
    single = trace(curve.problem.orbits, curve.orbit(row), name, (value - 0.01, value + 0.01))
    return single["PD1"].normal_form


def equations(system):
    return next(entry["equations"] for entry in REFERENCE if entry["system"] == system)


@functools.cache
def langford(f=0.0):
    problem = Problem.from_expressions(equations("Langford"), {"b": 0.8, "a": 0.6, "d": 3.5, "e": 0.25, "f": f})
    cycles = periodic_orbits(problem)
    s = (0.6 + 0.8 - 0.8**3 / 3) / 1.2
    start = on_circle(problem, np.sqrt(s), 3.5, {"b": 0.8})
    states = {"x": start["x"], "y": start["y"], "z": np.full(len(start.times), 0.8)}
    start = Orbit(start.times, states, start.period, {"b": 0.8})
    return cycles, trace(cycles, start, "b", (0.6, 1.2))


def angle_of(curve):
    """The pair's angle in closed form."""
    a, b = curve["a"], curve["b"]
    s = (a + b - b**3 / 3) / (1 + b / 4)
    return np.sqrt(2 * s * (1 + b / 4)) * 2 * np.pi / 3.5


# Curves


def test_folds_of_bautins_system():
    curve = curve_of("LP1")
    assert told(curve) == []
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(curve["mu"], -(curve["nu"] ** 2) / 4, atol=1e-12)
    assert_allclose(curve["period"], 2 * np.pi / (1 + curve["nu"] / 2), rtol=1e-11)
    assert_allclose(sorted(curve["nu"][[0, -1]]), [0.2, np.sqrt(8)], rtol=1e-12)


def test_the_order_of_the_parameters_is_free():
    cycles, branch = bautin()
    curve = trace(cycles, branch["LP1"], ("nu", "mu"), WITHIN)
    assert curve.vary == ("nu", "mu")
    assert_allclose(curve["mu"], -(curve["nu"] ** 2) / 4, atol=1e-12)


def test_folds_end_where_their_orbits_shrink_to_a_degenerate_hopf_point():
    curve = curve_of("LP1", limits={"mu": (-2, 1), "nu": (-1, 3)})
    assert told(curve) == ["HB1"]
    assert Status.HOPF in curve.ends
    end = curve["HB1"]
    assert end.located
    assert_allclose([end["mu"], end["nu"]], 0.0, atol=1e-6)


def test_doublings_of_a_moebius_band():
    pairs = half_turned("v", "w", "mu", "-1 - nu**2", "1 + nu/4")
    problem = Problem.from_expressions({**circling(f"1 - {S}", "1 + nu/4"), **pairs}, {"mu": -0.1, "nu": 0.0})
    cycles = periodic_orbits(problem, 20)
    branch = trace(cycles, on_circle(problem, 1.0, 1.0, {"mu": -0.1}), "mu", (-0.3, 0.3))
    curve = trace(cycles, branch["PD1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (-1, 1)}, settings=LONG)
    assert told(curve) == []
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(curve["mu"], 0.0, atol=1e-11)
    assert_allclose(curve["period"], 2 * np.pi / (1 + curve["nu"] / 4), rtol=1e-11)
    assert_allclose(np.min(np.abs(curve.multipliers + 1), axis=1), 0.0, atol=1e-9)


def test_neimark_sacker_points_of_langfords_system():
    cycles, branch = langford()
    curve = trace(cycles, branch["NS1"], ("b", "a"), {"a": (-1, 0.8)})
    b, s = curve["b"], (curve["a"] + curve["b"] - curve["b"] ** 3 / 3) / (1 + curve["b"] / 4)
    assert told(curve) == ["R31", "R41", "HB1"]
    assert_allclose(1 - b**2 - s / 4, 0.0, atol=1e-11)
    assert_allclose(curve.unknowns[:, -3], np.cos(angle_of(curve)), atol=1e-10)
    assert_allclose(curve["theta"], np.abs((angle_of(curve) + np.pi) % (2 * np.pi) - np.pi), atol=1e-5)
    for point in (curve["R31"], curve["R41"]):
        assert point.error < 1e-10
        wanted = -0.5 if point.kind is Kind.RESONANCE_THREE else 0.0
        assert_allclose(np.cos(angle_of(point)), wanted, atol=1e-9)
    assert curve.ends[1] is Status.HOPF  # the zero-Hopf point at b = 1
    assert_allclose([curve["HB1"]["b"], curve["HB1"]["a"]], [1, -2 / 3], atol=1e-8)
    assert np.ptp(curve["HB1"].unknowns[:-4].reshape(-1, 3), axis=0).max() == 0.0


def test_a_neimark_sacker_curve_and_one_of_doublings_meet_at_a_resonance():
    cycles, branch = langford(0.05)
    curve = trace(cycles, branch["NS1"], ("b", "a"), {"a": (0.5, 3)}, settings=LONG)
    assert told(curve) == ["R21"]
    assert Status.LIMIT in curve.ends
    point = curve["R21"]
    assert_allclose(sorted(point.eigenvalues.real), [-1, -1, 1], atol=1e-6)
    assert "where the curve ends" in str(curve)
    p = {"a": point["a"] + 0.02}
    crossed = trace(cycles, curve.orbit(point.index), "b", (0.7, 0.9), parameters=p)
    doublings = trace(cycles, crossed["PD1"], ("b", "a"), {"a": (0.5, 1.2), "b": (0.6, 1)}, settings=LONG)
    assert doublings.ends == (Status.CLOSED, Status.CLOSED)
    assert told(doublings) == ["R21", "GPD1", "R22", "GPD2"]  # at 1:2 resonances the coefficient has poles, no zeros
    assert all(one.located for one in doublings.special)
    for one in (doublings["GPD1"], doublings["GPD2"]):
        sides = [normal_form_beside(doublings, one.index + step)["c"] for step in (-1, 1)]
        assert np.sign(sides[0]) != np.sign(sides[1])
    form = forms.period_doubling(doublings.problem.critical_orbit(doublings["R21"]))
    assert form["degenerate"] == "2 multipliers are -1"
    found = [one for one in doublings.special if one.kind is Kind.RESONANCE_TWO]
    gaps = [np.hypot(one["a"] - point["a"], one["b"] - point["b"]) for one in found]
    assert min(gaps) < 1e-8


def test_doublings_of_roesslers_system_are_those_of_single_branches():
    problem = Problem.from_expressions(equations("Rossler"), {"c": 2.5, "a": 0.2, "b": 0.2})
    cycles = periodic_orbits(problem)
    start = Orbit.from_simulation(problem, [4.07, -2.89, 0.30], parameters={"c": 2.5})
    branch = trace(cycles, start, "c", (2.4, 3))
    curve = trace(cycles, branch["PD1"], ("a", "c"), {"a": (0.17, 0.3), "c": (1, 8)}, settings=LONG)
    assert told(curve) == []
    place = np.argmin(np.abs(curve["a"] - 0.2))
    for row in (0, place, len(curve) - 1):
        c = curve["c"][row]
        single = trace(cycles, curve.orbit(row), "c", (c - 0.1, c + 0.1))
        assert_allclose(single["PD1"]["c"], c, rtol=1e-8)


def test_folds_of_fitzhugh_and_nagumo_are_those_of_single_branches():
    problem = Problem.from_expressions(equations("FitzHugh-Nagumo"), {"I": 0.0, "e": 0.3})
    equilibria = trace(problem, [-1.2, -0.6], "I", (0, 0.6))
    cycles = periodic_orbits(problem, 60)
    branch = trace(cycles, equilibria["HB1"], "I", (0.3, 0.6), stop=Kind.FOLD)
    curve = trace(cycles, branch["LP1"], ("e", "I"), {"e": (0.2, 0.4), "I": (0, 1)})
    assert told(curve) == []
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    for row in (0, len(curve) // 2, len(curve) - 1):
        value = curve["I"][row]
        single = trace(cycles, curve.orbit(row), "I", (value - 0.01, value + 0.01), settings=Settings(max_points=20))
        assert_allclose(single["LP1"]["I"], value, rtol=1e-8)


def test_a_curve_is_kept_in_files_and_goes_on_from_its_ends(tmp_path):
    curve = curve_of("NS1", TORUS)
    curve.save(tmp_path / "curve.nc")
    loaded = Branch.load(tmp_path / "curve.nc")
    assert str(loaded) == str(curve)
    assert loaded.layout == curve.layout
    assert_array_equal(loaded.unknowns, curve.unknowns)
    with pytest.raises(ValueError, match="without its problem"):
        loaded.extend()
    with pytest.raises(ValueError, match="wanted special points on a curve of periodic orbits"):
        loaded.extend(bautin(*TORUS.items())[0])
    longer = loaded.extend(curve.problem, span={"mu": (-2, 1), "nu": (0.1, 3.5)})
    assert len(longer) > len(curve)
    assert_allclose(sorted(longer["nu"][[0, -1]]), [0.1, 3.5], rtol=1e-9)
    assert_allclose(longer["mu"], 0.25 - longer["nu"] / 2, atol=1e-10)


def test_the_period_of_a_curve_has_limits():
    curve = curve_of("LP1", limits={**WITHIN, "period": (2.8, 3.5)})
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(sorted(curve["period"][[0, -1]]), [2.8, 3.5], rtol=1e-9)
    curve = curve_of("NS1", TORUS, limits={**WITHIN, "x_min": (-np.inf, -0.5)})
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    others = periodic_orbits(bautin()[0].base, 30)  # the curve has the mesh of its start
    curve = trace(others, bautin()[1]["LP1"], ("mu", "nu"), {**WITHIN, "period": (2.8, 3.5)})
    assert_allclose(sorted(curve["period"][[0, -1]]), [2.8, 3.5], rtol=1e-9)


@pytest.mark.parametrize(("count", "error"), [(1, 1e-2), (2, 2e-2), (3, 1e-7)])
@pytest.mark.parametrize("last", [True, False])
def test_a_short_curve_ends_where_its_orbits_shrink(count, error, last):
    curve = curve_of("LP1", limits={"mu": (-2, 1), "nu": (-1, 3)})
    far = np.flatnonzero((curve["nu"] > 0.05) & (curve["nu"] < 0.6))[-count:]
    beside, end = curve.unknowns[far], curve["HB1"].unknowns
    located = end + 1e-2 * (beside[-1] - end)  # as the engine leaves it: an orbit of small amplitude
    rows, at = (np.vstack([beside, located]), count) if last else (np.vstack([located, beside[::-1]]), 0)
    curve.problem.polish(rows, {at: Kind.HOPF}, None)
    assert np.ptp(rows[at, : curve.problem.period_at].reshape(-1, 2), axis=0).max() == 0.0
    assert_allclose(rows[at, -2:], 0.0, atol=error)


def test_orbits_of_a_curve_at_values_and_its_lengths():
    curve = curve_of("LP1")
    for value in ({"nu": 1.3}, {"mu": -(1.3**2) / 4}, {"period": 2 * np.pi / 1.65}):
        (orbit,) = curve.at(**value)
        assert_allclose([orbit.parameters["nu"], orbit.parameters["mu"]], [1.3, -(1.3**2) / 4], atol=1e-10)
        assert_allclose(orbit.period, 2 * np.pi / 1.65, rtol=1e-10)
    assert_allclose(curve.norm, np.sqrt(curve["nu"] / 4), rtol=1e-9)  # of s = nu/2, half of it in each state
    assert np.all(np.diff(curve.arclength) > 0)
    assert curve.check()


# Points of codimension two


def test_a_cusp_of_cycles():
    growth = f"mu + nu*({S} - 1) - ({S} - 1)**3"
    problem = Problem.from_expressions(circling(growth, "1"), {"mu": 0.0, "nu": 1.0})
    cycles = periodic_orbits(problem, 20)
    branch = trace(cycles, on_circle(problem, 1.0, 1.0, {}), "mu", (-0.5, 0.5))
    curve = trace(cycles, branch["LP1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (-1, 2)})
    assert told(curve) == ["CPC1"]
    assert_allclose([curve["CPC1"]["mu"], curve["CPC1"]["nu"]], 0.0, atol=1e-10)
    assert_allclose((curve["nu"] / 3) ** 3, (curve["mu"] / 2) ** 2, atol=1e-12)


@pytest.mark.parametrize("kind", [Kind.PERIOD_DOUBLING, Kind.NEIMARK_SACKER])
def test_a_cubic_coefficient_that_vanishes(kind):
    linear = half_turned("v", "w", "mu", "-1", "1")
    if kind is Kind.NEIMARK_SACKER:
        linear = {"v": "mu*v - 0.3*w", "w": "0.3*v + mu*w"}
    size = "(v**2 + w**2)"
    pairs = {name: f"{text} + nu*{size}*{name} - {size}**2*{name}" for name, text in linear.items()}
    problem = Problem.from_expressions({**circling(f"1 - {S}", "1"), **pairs}, {"mu": -0.1, "nu": -1.0})
    cycles = periodic_orbits(problem, 20)
    branch = trace(cycles, on_circle(problem, 1.0, 1.0, {"mu": -0.1}), "mu", (-0.3, 0.3))
    curve = trace(cycles, branch[f"{kind.label}1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (-1.5, 1)})
    label = "GPD1" if kind is Kind.PERIOD_DOUBLING else "CH1"
    assert told(curve) == [label]
    assert_allclose([curve[label]["mu"], curve[label]["nu"]], 0.0, atol=1e-9)


FLIP = half_turned("v", "w", f"{S} - 0.5", "-1")
TORUS = rotating("p", "q", f"{S} - 0.5", "0.3")
CASES = {  # start, pairs, points on the curve with their values of (mu, nu); s = 1/2 where FLIP or TORUS is critical
    "folds and a doubling": ("LP1", (FLIP,), {"LPPD1": (-0.25, 1)}),
    "doublings and a fold": ("PD1", (FLIP,), {"LPPD1": (-0.25, 1)}),
    "folds and a torus": ("LP1", (TORUS,), {"LPNS1": (-0.25, 1)}),
    "tori and a fold": ("NS1", (TORUS,), {"LPNS1": (-0.25, 1)}),
    "doublings and a torus": (
        "PD1",
        (FLIP, rotating("p", "q", "nu - 1.5", "0.3")),
        {"PDNS1": (-0.5, 1.5), "LPPD1": (-0.25, 1)},
    ),
    "tori and a doubling": (
        "NS1",
        (TORUS, half_turned("v", "w", "nu - 1.5", "-1")),
        {"PDNS1": (-0.5, 1.5), "LPNS1": (-0.25, 1)},
    ),
    "two tori": (
        "NS1",
        (TORUS, rotating("v", "w", "nu - 1.5", "0.4")),
        {"NSNS1": (-0.5, 1.5), "LPNS1": (-0.25, 1)},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_two_bifurcations_at_once(case):
    label, pairs, wanted = CASES[case]
    curve = curve_of(label, *pairs)
    assert sorted(told(curve)) == sorted(wanted)
    for name, values in wanted.items():
        assert curve[name].located
        assert_allclose([curve[name]["mu"], curve[name]["nu"]], values, atol=1e-9)
    on_fold = label == "LP1"
    s = curve["nu"] / 2 if on_fold else np.full(len(curve), 0.5)
    assert_allclose(curve["mu"], s**2 - curve["nu"] * s, atol=1e-9)


def test_counts_leave_out_what_the_curve_follows():
    curve = curve_of("NS1", TORUS)
    beyond = curve["nu"] > 1 + 1e-6  # the cycle s = 1/2 is the smaller one, unstable
    assert np.all(curve.unstable[beyond] == 1)
    assert np.all(curve.unstable[curve["nu"] < 1 - 1e-6] == 0)


@functools.cache
def takens():
    """The amplitude's own Bogdanov-Takens point: folds (a - 1) = b**2 / 4, tori at a = 1, b < 0."""
    s = f"({R} - 1)"
    radial = {"x": f"z*x/{R} - y", "y": f"z*y/{R} + x", "z": f"a - 1 + b*{s} + {s}**2 + {s}*z"}
    problem = Problem.from_expressions(radial, {"a": 1.005, "b": -0.2})
    cycles = periodic_orbits(problem, 20)
    radius = 1 + (0.2 - np.sqrt(0.04 - 0.02)) / 2
    return cycles, trace(cycles, on_circle(problem, radius, 1.0, {}), "a", (0.9, 1.3))


def test_a_neimark_sacker_curve_ends_at_a_fold_curve():
    cycles, branch = takens()
    tori = trace(cycles, branch["NS1"], ("b", "a"), {"a": (0.9, 1.3), "b": (-0.24, 1)})
    assert told(tori) == ["R31", "R41", "R11"]
    assert_allclose([tori["R11"]["b"], tori["R11"]["a"]], [0, 1], atol=1e-9)
    assert_allclose(tori["R41"]["b"], -1 / 16, rtol=1e-7)
    folds = trace(cycles, branch["LP1"], ("a", "b"), {"a": (0.9, 1.05), "b": (-1, 1)}, settings=LONG)
    assert told(folds) == ["R11"]
    assert_allclose([folds["R11"]["b"], folds["R11"]["a"]], [0, 1], atol=1e-9)
    assert_allclose(folds["a"] - 1, folds["b"] ** 2 / 4, atol=1e-10)
    assert set(folds.unstable) == {0, 1}


# The equations themselves


@pytest.mark.parametrize("kappa", [None, 0.99, 1.01, -1.02])
def test_derivatives_of_the_scalars_are_those_of_differences(kappa):
    cycles, branch = langford(0.05)
    curve, start = curve_and_start(cycles, branch["NS1"], ("b", "a"))
    made, x = CurveEquations(curve, start.p, start.active), start.x.copy()
    rng = np.random.default_rng(1)
    at = curve.period_at
    x[:at] += 1e-3 * rng.normal(size=at)
    x[at + 1] = x[at + 1] if kappa is None else kappa
    made.solve(x, made.weights * start.tangent, np.zeros(len(x)))
    gradients = made.table.arrays[curve_table.GRADIENTS].copy()
    for part in (slice(0, at), slice(at, at + 1), slice(at + 1, at + 2), slice(at + 2, at + 3), slice(at + 3, at + 4)):
        v = np.zeros(len(x))
        v[part] = rng.normal(size=len(v[part]))
        h = 1e-5
        rough = (made.value(x + h * v)[-2:] - made.value(x - h * v)[-2:]) / (2 * h)
        assert_allclose(gradients @ v, rough, rtol=1e-5, atol=1e-6)


def test_a_mesh_that_stays_leads_along_the_same_curve():
    problem = Problem.from_expressions(equations("FitzHugh-Nagumo"), {"I": 0.0, "e": 0.3})
    equilibria = trace(problem, [-1.2, -0.6], "I", (0, 0.6))
    cycles = periodic_orbits(problem, 80)
    branch = trace(cycles, equilibria["HB1"], "I", (0.3, 0.6), stop=Kind.FOLD)
    limits = {"e": (0.25, 0.35), "I": (0, 1)}
    moved = trace(cycles, branch["LP1"], ("e", "I"), limits)
    again = trace(cycles, branch["LP1"], ("e", "I"), limits)
    stays = trace(cycles, branch["LP1"], ("e", "I"), limits, settings=Settings(adapt=0))
    assert_array_equal(moved.unknowns, again.unknowns)
    assert not np.array_equal(moved.context[0], moved.context[moved.start])
    order = np.argsort(stays["e"])
    assert_allclose(np.interp(0.35, stays["e"][order], stays["I"][order]), moved["I"][np.argmax(moved["e"])], atol=1e-7)
