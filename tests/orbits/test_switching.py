"""From special points of branches of periodic orbits to the branches that leave there, and diagrams with them."""

from types import SimpleNamespace

import numpy as np
import pytest

from continuation import Branch, Kind, Problem, Status, diagram, periodic_orbits, switch, trace
from continuation.exploring.cycle_branches import add_cycles, explore_cycles
from continuation.exploring.plans import make_plan
from continuation.exploring.record import DiagramRecord, Origin
from continuation.exploring.tracing import NO_CLOCK
from continuation.orbits.profiles.orbit import Orbit
from continuation.orbits.switches.orbit_place import NOTHING
from continuation.orbits.switches.spatiotemporal import symmetry_of_orbit
from continuation.symmetries.symmetry import Symmetry

ROSSLER = {"x": "-y - z", "y": "x + a*y", "z": "b + z*(x - c)"}
LORENZ = {"x": "s*(y - x)", "y": "r*x - y - x*z", "z": "x*y - b*z"}
# The unit circle, and beside it z with the multiplier exp(2 pi mu).
CIRCLE = {"x": "x*(1 - x**2 - y**2) - y", "y": "y*(1 - x**2 - y**2) + x"}
# The circle shrinks to a point at a = 0; its z = 0 has the multiplier exp(2 pi (a - 1/2)).
HOPF_AND_PITCHFORK = {
    "x": "a*x - y - x*(x**2 + y**2)",
    "y": "x + a*y - y*(x**2 + y**2)",
    "z": "(a - 1/2 + x - z**2)*z",
}


def points_of(branch, kind):
    """Special points of a kind inside a branch."""
    return [point for point in branch.special if point.kind is kind and point.index > 0]


def on_the_circle(equation, intervals=20, mu=-0.5):
    """Periodic orbits of the circle with an equation for z in mu, and the branch of the circle itself."""
    problem = Problem.from_expressions({**CIRCLE, "z": equation}, {"mu": mu})
    cycles = periodic_orbits(problem, intervals=intervals)
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = Orbit(t, {"x": np.cos(t), "y": np.sin(t), "z": 0 * t}, 2 * np.pi, {"mu": mu})
    return cycles, trace(cycles, circle, "mu", (-0.5, 0.5))


@pytest.fixture(scope="module")
def rossler():
    """Rossler's periodic orbits and the branch of the simplest ones."""
    problem = Problem.from_expressions(ROSSLER, {"a": 0.2, "b": 0.2, "c": 2.5})
    cycles = periodic_orbits(problem)
    return cycles, trace(cycles, Orbit.from_simulation(problem, [1.0, 1.0, 0.0]), "c", (2, 4.5))


@pytest.fixture(scope="module")
def doubled(rossler):
    """The doubled orbits of the first period doubling."""
    cycles, branch = rossler
    return trace(cycles, switch(cycles, branch["PD1"])[1], "c", (2, 4.5))


# Period doublings


def test_doubled_orbits_begin_as_the_critical_direction_says(rossler, doubled):
    cycles, branch = rossler
    point = branch["PD1"]
    known, start = switch(cycles, point)
    assert known.known
    assert not start.known
    assert start.problem.intervals == 2 * cycles.intervals
    n = len(start.x) // 2 - 1
    assert np.array_equal(start.tangent[:n], -start.tangent[n : 2 * n])
    assert not np.any(start.tangent[-2:])
    # p and T change by the square of the amplitude.
    ahead = start.ahead[1:4, 0]
    amplitude = [np.sqrt(np.sum(start.problem.inner_weights() * (x - start.x) ** 2)) for x in ahead]
    ratios = (ahead[:, -1] - start.x[-1]) / np.square(amplitude)
    assert np.allclose(ratios, ratios[-1], rtol=0.01)
    assert doubled["c"][0] == point["c"]
    assert doubled.special[1].kind is Kind.PERIOD_DOUBLING
    assert abs(doubled["period"][0] - 2 * branch["period"][point.index]) < 1e-12
    assert np.all(doubled["c"][1:] > point["c"])


def test_first_doublings_are_where_shooting_finds_them(rossler, doubled):
    assert abs(rossler[1]["PD1"]["c"] - 2.832445027862508) < 1e-9
    assert abs(points_of(doubled, Kind.PERIOD_DOUBLING)[0]["c"] - 3.837358168410075) < 1e-9
    point = points_of(doubled, Kind.PERIOD_DOUBLING)[0]
    assert abs(doubled["period"][point.index] - 11.572688804465814) < 1e-8


def test_stability_goes_over_to_the_doubled_orbits(rossler, doubled):
    branch, at = rossler[1], rossler[1]["PD1"].index
    assert np.all(branch.unstable[at + 1 :] == 1)
    assert np.all(branch.unstable[1:at] == 0)
    assert np.all(doubled.unstable[1 : points_of(doubled, Kind.PERIOD_DOUBLING)[0].index] == 0)


def test_known_start_goes_on_along_the_branch(rossler):
    cycles, branch = rossler
    onward = trace(cycles, switch(cycles, branch["PD1"])[0], "c", (2, 4))
    assert np.all(np.diff(onward["c"]) > 0)
    assert abs(onward["c"][-1] - 4) < 1e-12
    value = branch["period"][-1]
    longer = trace(cycles, switch(cycles, branch["PD1"])[0], "c", (2, 4.5))
    assert abs(longer["period"][-1] - value) < 1e-7 * value


def test_first_rows_have_their_mesh_and_multipliers(rossler, doubled):
    cycles, branch = rossler
    point = branch["PD1"]
    onward = trace(cycles, switch(cycles, point)[0], "c", (2, 3))
    assert np.max(np.abs(onward.multipliers[0] - point.eigenvalues)) < 1e-8
    assert abs(onward.orbit(0).period - branch["period"][point.index]) < 1e-12
    assert np.max(np.abs(doubled.multipliers[0] - point.eigenvalues**2)) < 1e-6
    once, twice = branch.orbit(point.index), doubled.orbit(0)
    t = np.linspace(0, once.period, 30)
    assert np.allclose(once(t), twice(t), atol=1e-12)
    assert np.allclose(once(t), twice(t + once.period), atol=1e-12)


def test_cascade_of_doublings_has_feigenbaums_ratio(rossler, doubled):
    cycles, _ = rossler
    values, branch = [rossler[1]["PD1"]["c"]], doubled
    for _ in range(3):
        point = points_of(branch, Kind.PERIOD_DOUBLING)[0]
        values.append(point["c"])
        branch = trace(cycles, switch(cycles, point)[1], "c", (2, 4.25), stop=2)
    values.append(points_of(branch, Kind.PERIOD_DOUBLING)[0]["c"])
    gaps = np.diff(values)
    ratios = gaps[:-1] / gaps[1:]
    assert abs(ratios[-1] - 4.669) < 0.05
    assert branch.context.shape[1] == 16 * 50 + 6


def moebius_band(mu, name, value, span):
    """Periodic orbits of a band that turns by half a turn each time round, and the branch of its middle, r = 1.

    Across the middle xi' = mu xi - xi**3, with the multiplier -exp(2 pi mu): orbits xi = +-sqrt(mu) close after two
    rounds.
    """
    cosine, sine = "x/sqrt(x**2 + y**2)", "y/sqrt(x**2 + y**2)"
    definitions = {
        "r": "sqrt(x**2 + y**2)", "C": f"(1 + {cosine})/2", "S": f"{sine}/2", "D": f"(1 - {cosine})/2", "q": "r - 1",
        "grow": f"{mu} - (q**2*C + 2*q*z*S + z**2*D)",
    }  # fmt: skip
    equations = {
        "x": "-y + x/r*(grow*(q*C + z*S) + (-q*D + z*S) - z/2)",
        "y": "x + y/r*(grow*(q*C + z*S) + (-q*D + z*S) - z/2)",
        "z": "grow*(q*S + z*D) - (-q*S + z*C) + q/2",
    }
    problem = Problem.from_expressions(equations, {name: value}, definitions=definitions)
    cycles = periodic_orbits(problem, intervals=20)
    t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    circle = Orbit(t, {"x": np.cos(t), "y": np.sin(t), "z": 0 * t}, 2 * np.pi, {name: value})
    return cycles, trace(cycles, circle, name, span)


def test_doubling_of_the_moebius_band_is_at_its_closed_form():
    cycles, branch = moebius_band("mu", "mu", -0.1, (-0.1, 0.1))
    assert abs(branch["PD1"]["mu"]) < 1e-7
    twice = trace(cycles, switch(cycles, branch["PD1"])[1], "mu", (-0.1, 0.1))
    orbit = twice.orbit(-1)
    states = orbit(np.linspace(0, orbit.period, 50))
    across = np.sqrt((np.hypot(states[:, 0], states[:, 1]) - 1) ** 2 + states[:, 2] ** 2)
    assert np.allclose(across, np.sqrt(0.1), atol=1e-6)
    assert abs(orbit.period - 4 * np.pi) < 1e-6


def test_doubled_orbits_between_two_period_doublings_are_one_branch():
    cycles, branch = moebius_band("a*(1 - a)", "a", -0.2, (-0.2, 1.2))
    whole = trace(cycles, switch(cycles, branch["PD1"])[1], "a", (-0.2, 1.2))
    assert whole.ends[0] is Status.CLOSED  # to the other doubling, and back half a period later
    limits = {"depth": 2, "max_branches": 10, "max_points": 1000, "max_seconds": None, "deflate": None}
    plan = make_plan(cycles.base, "a", (-0.2, 1.2), None, "all", **limits, cycles=cycles)
    empty = DiagramRecord("band", plan, problem=cycles.base, effort={})
    found = explore_cycles(add_cycles(empty, branch, Origin("hopf")), SimpleNamespace(heard=False), NO_CLOCK)
    assert [origin.label for origin in found.cycle_origins] == ["", "PD1"]
    assert {"PD1", "PD2"} <= found.explored
    assert not found.failures
    doubled = found.cycles[1]
    assert abs(doubled["a"][0]) < 1e-7
    assert abs(doubled["a"][-1] - 1) < 1e-7
    assert any("run through twice" in str(remark) for remark in doubled.remarks)


def test_doubling_in_a_window_of_lorenz_is_where_shooting_finds_it():
    problem = Problem.from_expressions(LORENZ, {"r": 100.5, "s": 10.0, "b": 8 / 3})
    cycles = periodic_orbits(problem, intervals=100)
    branch = trace(cycles, Orbit.from_simulation(problem, [10.0, 10.0, 80.0]), "r", (99.9, 100.7))
    assert abs(branch["PD1"]["r"] - 99.97965110547167) < 1e-8
    assert abs(branch["period"][branch["PD1"].index] - 1.0995609945775249) < 1e-9
    doubled = trace(cycles, switch(cycles, branch["PD1"])[1], "r", (99.9, 100.7))
    assert np.all(doubled["r"] < branch["PD1"]["r"] + 1e-8)
    assert np.all(doubled.unstable[1:3] == 0)


# Branch points


def test_transcritical_point_leads_to_the_family_on_both_sides():
    cycles, branch = on_the_circle("(mu - z)*z")  # z = 0, and z = mu
    assert abs(branch["BP1"]["mu"]) < 1e-7
    starts = switch(cycles, branch["BP1"])
    assert [start.known for start in starts] == [True, False, False]
    assert starts.complete
    assert starts.notes == ()
    for start, value in zip(starts[1:], (0.5, -0.5)):
        side = trace(cycles, start, "mu", (-0.5, 0.5))
        assert side["mu"][-1] == value
        assert np.max(np.abs(side["z_max"] - side["mu"])) < 1e-7
        assert np.max(np.abs(side["z_min"] - side["mu"])) < 1e-7


def test_pitchfork_of_cycles_leads_to_both_halves():
    cycles, branch = on_the_circle("(mu + x - z**2)*z", intervals=40)
    assert abs(branch["BP1"]["mu"]) < 1e-7
    halves = [trace(cycles, start, "mu", (-0.5, 0.5)) for start in switch(cycles, branch["BP1"])[1:]]
    for half in halves:
        # (log z)' = mu + x - z**2 has the mean 0, and x = cos t.
        orbit = half.orbit(-1)
        z = orbit(np.linspace(0, orbit.period, 400, endpoint=False))[:, 2]
        assert half["mu"][-1] == 0.5
        assert abs(np.mean(z**2) - 0.5) < 1e-7
    assert np.sign(halves[0]["z_mean"][-1]) == -np.sign(halves[1]["z_mean"][-1])
    assert np.allclose(halves[0]["z_max"][-1], -halves[1]["z_min"][-1], atol=1e-7)


def test_symmetric_orbits_of_lorenz_break_their_symmetry_and_double():
    problem = Problem.from_expressions(LORENZ, {"r": 350.0, "s": 10.0, "b": 8 / 3})
    cycles = periodic_orbits(problem)
    branch = trace(cycles, Orbit.from_simulation(problem, [10.0, 10.0, 300.0]), "r", (300, 360))
    assert len(branch.special) == 3  # one branch point, whatever the mesh, and no folds beside it
    (point,) = points_of(branch, Kind.BRANCH_POINT)
    assert abs(point["r"] - 312.97353) < 1e-3
    starts = switch(cycles, point)
    halves = [trace(cycles, start, "r", (225, 360)) for start in starts[1:]]
    doublings = [points_of(half, Kind.PERIOD_DOUBLING)[0]["r"] for half in halves]
    # The halves are images of each other under (x, y) -> (-x, -y), on meshes of their own.
    assert abs(doublings[0] - doublings[1]) < 1e-6
    assert abs(doublings[0] - 229.40670) < 1e-3
    assert abs(halves[0]["x_max"][-1] + halves[1]["x_min"][-1]) < 1e-6 * halves[0]["x_max"][-1]
    assert abs(halves[0]["x_mean"][-1]) > 0.01


def test_points_from_files_are_switched_at_as_those_traced(rossler, doubled, tmp_path):
    cycles, branch = rossler
    for k, (traced, label) in enumerate([(branch, "PD1"), (doubled, "PD2")]):
        traced.save(tmp_path / f"{k}.nc")
        loaded = Branch.load(tmp_path / f"{k}.nc")
        ours, theirs = switch(cycles, traced[label])[1], switch(cycles, loaded[label])[1]
        assert np.array_equal(ours.ahead, theirs.ahead)
        assert np.array_equal(ours.tangent, theirs.tangent)


# What can't be switched at


def test_wrong_points_are_refused_in_words(rossler):
    cycles, branch = rossler
    with pytest.raises(ValueError, match=r"no orbit of this problem \(largest residual"):
        switch(cycles, branch["PD1"].moved(parameters={"a": 0.3, "b": 0.2, "c": branch["PD1"]["c"]}))
    with pytest.raises(ValueError, match="EP1 is a END"):
        switch(cycles, branch["EP1"])
    for kind, words in NOTHING.items():
        with pytest.raises(ValueError, match=f"wanted a period doubling .* {words[:20]}"):
            switch(cycles, branch["PD1"].moved(kind=kind))
    with pytest.raises(ValueError, match="was not located"):
        switch(cycles, branch["PD1"].moved(located=False))
    with pytest.raises(ValueError, match="orbits of degree 4; this problem has degree 3"):
        switch(periodic_orbits(cycles.base, degree=3), branch["PD1"])
    with pytest.raises(ValueError, match="the equations are regular at PD1"):
        switch(cycles, branch["PD1"].moved(kind=Kind.BRANCH_POINT))
    with pytest.raises(ValueError, match="wanted a SpecialPoint"):
        switch(cycles, 3)
    with pytest.raises(ValueError, match="PD1 is one of periodic orbits"):
        switch(cycles.base, branch["PD1"])


def test_no_multiplier_near_minus_one_is_told():
    cycles, branch = on_the_circle("(mu + x - z**2)*z")
    with pytest.raises(ValueError, match="no multiplier of PD1 is -1"):
        switch(cycles, branch["BP1"].moved(kind=Kind.PERIOD_DOUBLING, label="PD1"))


def test_starts_of_other_problems_are_refused(rossler):
    cycles, branch = rossler
    start = switch(cycles, branch["PD1"])[1]
    with pytest.raises(ValueError, match=r"wanted one of expressions in \['x', 'y', 'z'\].*trace\(periodic_orbits"):
        trace(cycles.base, start, "c", (2, 4))
    with pytest.raises(ValueError, match=r"got PD1, PERIOD_DOUBLING; take a start of switch\(cycles, point\)"):
        trace(cycles, branch["PD1"], "c", (2, 4))
    with pytest.raises(ValueError, match=r"branch.orbit\(row\) is the orbit of a row"):
        trace(cycles, branch.point(3), "c", (2, 4))
    other = Problem.from_expressions({"u": "c*u - u**3"}, {"c": -1.0})
    with pytest.raises(ValueError, match=r"wanted one of expressions in \['u'\]"):
        trace(other, start, "c", (2, 4))
    trunk = trace(other, [0.0], "c", (-1, 1))
    with pytest.raises(ValueError, match=r"wanted one of switch\(cycles, point\)"):
        trace(cycles, switch(other, trunk["BP1"])[1], "c", (-1, 1))


def test_equilibria_traced_from_a_hopf_point_say_how_orbits_are():
    problem = Problem.from_expressions(HOPF_AND_PITCHFORK, {"a": -0.2})
    equilibria = trace(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.2))
    again = trace(problem, equilibria["HB1"], "a", (-0.2, 0.2))
    assert [str(remark) for remark in again.remarks] == [
        "this is the branch of equilibria through the Hopf point HB1; that of periodic orbits is "
        "trace(periodic_orbits(problem), point, 'a')"
    ]
    assert not equilibria.remarks
    with pytest.raises(ValueError, match=r"trace\(periodic_orbits\(problem\), point, vary\)"):
        switch(problem, equilibria["HB1"])


# Diagrams


def test_diagram_follows_orbits_from_hopf_points_through_branch_points():
    problem = Problem.from_expressions(HOPF_AND_PITCHFORK, {"a": -0.2})
    found = diagram(problem, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=periodic_orbits(problem, intervals=20))
    assert len(found.branches) == 2
    assert len(found.cycles) == 2
    assert not found.failures
    trunk, side = found.cycles
    assert [origin.found for origin in found.cycle_origins] == ["hopf", "switch"]
    assert np.max(np.abs(trunk["x_max"] - np.sqrt(np.maximum(trunk["a"], 0)))) < 1e-6
    label = found.cycle_origins[1].label  # two halves of one branch, the branch point between them
    assert abs(found[label]["a"] - 0.5) < 1e-6
    assert 0 < side[label].index < len(side) - 1
    assert side["z_mean"][0] * side["z_mean"][-1] < 0
    assert found.passages("HB1") == [(0, found.branches[0]["HB1"].index), (2, 0)]
    text = str(found)
    assert "2 of periodic orbits (largest values)" in text
    assert "periodic orbits from HB1" in text
    assert f"branch 2 at {label}" in text
    assert "degenerate" not in text


def test_diagram_counts_conjugate_orbits_once():
    symmetric = Problem.from_expressions(HOPF_AND_PITCHFORK, {"a": -0.2}, symmetries=[np.diag([1.0, 1.0, -1.0])])
    found = diagram(symmetric, [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=periodic_orbits(symmetric, intervals=20))
    assert [origin.multiplicity for origin in found.cycle_origins] == [1, 2]


def test_diagram_does_not_trace_a_branch_again_from_its_other_end():
    # u' = (i + a (1 - a)) u - |u|**2 u: circles of radius sqrt(a (1 - a)) from a = 0 to a = 1.
    problem = Problem.from_expressions(
        {"x": "a*(1 - a)*x - y - x*(x**2 + y**2)", "y": "x + a*(1 - a)*y - y*(x**2 + y**2)"}, {"a": -0.5}
    )
    found = diagram(problem, [0.0, 0.0], "a", (-0.5, 1.5), cycles=periodic_orbits(problem, intervals=20))
    assert len(found.cycles) == 1
    assert found.explored >= {"HB1", "HB2"}
    branch = found.cycles[0]
    assert np.max(np.abs(branch["x_max"] ** 2 - branch["a"] * (1 - branch["a"]))) < 1e-6
    assert {point.label for point in branch.special} >= {"HB1", "HB2"}


def test_orbits_are_recognised_whatever_their_phase_and_mesh(rossler, doubled):
    from continuation.exploring.recognition.same_orbits import find_known_orbits

    cycles, branch = rossler
    finer = periodic_orbits(cycles.base, intervals=60)
    orbit = Orbit.from_simulation(cycles.base, [-3.0, 0.5, 0.1], {"c": 2.2})
    again = trace(finer, orbit, "c", (2, 2.4))
    assert find_known_orbits(again.problem, (doubled, branch), again)[1] == 1
    assert find_known_orbits(doubled.problem, (branch,), doubled) is None


def test_diagram_of_doublings_goes_to_the_depth(rossler):
    problem = rossler[0].base
    found = diagram(problem, [0.0, 0.0, 0.0], "c", (0.1, 4), 2, parameters={"b": 0.25, "c": 1.0}, cycles=True)
    assert [origin.depth for origin in found.cycle_origins] == [0, 1, 2]
    assert [len(branch.orbit(-1).times) // 200 for branch in found.cycles] == [1, 2, 4]
    axes = found.plot()
    drawn = np.concatenate([line.get_xydata() for line in axes.get_lines() if len(line.get_xdata())])
    assert np.nanmin(drawn[:, 1]) < -5
    assert np.nanmax(drawn[:, 1]) > 7
    longer = found.resume(depth=3)
    assert len(longer.cycles) == 3  # none of the third doubling below c = 4
    options = {"parameters": {"b": 0.25, "c": 1.0}, "cycles": True, "max_branches": 2}
    few = diagram(problem, [0.0, 0.0, 0.0], "c", (0.1, 4), 2, **options)
    assert few.status.name == "BUDGET"
    assert len(few.cycles) == 1
    assert len(few.resume(max_branches=10).cycles) == 3


def test_diagram_refuses_cycles_of_other_problems(rossler):
    other = Problem.from_expressions({"x": "mu*x - x**3"}, {"mu": -1.0})
    with pytest.raises(ValueError, match="cycles: wanted periodic_orbits of expressions"):
        diagram(other, [0.0], "mu", (-1, 1), cycles=rossler[0])
    with pytest.raises(ValueError, match="cycles: wanted True or False"):
        diagram(other, [0.0], "mu", (-1, 1), cycles=3)


# Symmetries of orbits


def ring_of_three(phase):
    """Orbit of three equal oscillators in a ring, each `phase` of a period ahead of the one before."""
    t = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    states = {
        f"{name}{k}": f(t + 2 * np.pi * phase * k) for k in range(3) for name, f in (("x", np.cos), ("y", np.sin))
    }
    return Orbit(t, states, 2 * np.pi, {})


def test_rotating_waves_of_a_ring_have_shifts_of_a_third():
    turn, mirror = np.eye(6)[[2, 3, 4, 5, 0, 1]], np.eye(6)[[4, 5, 2, 3, 0, 1]]
    ring = Symmetry(tuple(f"{name}{k}" for k in range(3) for name in "xy"), [turn, mirror])
    rotating = symmetry_of_orbit(ring, ring_of_three(1 / 3))
    assert rotating.name == "rotating wave"
    assert sorted(map(str, rotating.shifts)) == ["0", "1/3", "2/3"]
    assert len(rotating.spatial) == 1
    in_phase = symmetry_of_orbit(ring, ring_of_three(0))
    assert in_phase.name == "symmetric oscillation"
    assert len(in_phase.spatial) == 6
    mixed = symmetry_of_orbit(ring, ring_of_three(0.1))
    assert [str(element) for element in mixed.elements] == ["identity"]


def test_orbits_of_lorenz_are_symmetric_up_to_their_branch_point():
    problem = Problem.from_expressions(
        LORENZ, {"r": 350.0, "s": 10.0, "b": 8 / 3}, symmetries=[np.diag([-1.0, -1.0, 1.0])]
    )
    cycles = periodic_orbits(problem, intervals=40)
    branch = trace(cycles, Orbit.from_simulation(problem, [10.0, 10.0, 300.0]), "r", (310, 360))
    assert [str(shift) for shift in branch.orbit_symmetry(3).shifts] == ["0", "1/2"]
    broken = trace(cycles, switch(cycles, branch["BP1"])[1], "r", (300, 360))
    assert [str(shift) for shift in broken.orbit_symmetry(0).shifts] == ["0", "1/2"]
    assert [str(shift) for shift in broken.orbit_symmetry(-1).shifts] == ["0"]


def test_one_side_without_orbits_is_no_second_critical_multiplier(monkeypatch):
    """Of the reason why starts may be missing the true one is told."""
    from continuation.orbits.switches import crossing_families

    cycles, branch = on_the_circle("mu*z - z**3")
    point = points_of(branch, Kind.BRANCH_POINT)[0]
    ahead, calls = crossing_families.orbits_ahead, []
    monkeypatch.setattr(
        crossing_families, "orbits_ahead", lambda *given: calls.append(0) or (ahead(*given) if len(calls) > 1 else [])
    )
    starts = switch(cycles, point)
    assert (len(starts), starts.complete) == (2, False)
    assert list(starts.notes) == [crossing_families.ONE_SIDE]


def test_a_damaged_description_of_orbits_is_told():
    from continuation.problem import from_source

    source = {"equations": {"x": "p - x"}, "parameters": {"p": 1.0}, "cycles": {"intervals": 20}}
    with pytest.raises(ValueError, match="cycles: wanted intervals and degree, got no degree"):
        from_source(source)
