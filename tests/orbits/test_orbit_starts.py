"""Where branches of periodic orbits begin: units, conservative systems, several pairs, what is refused."""

import tracemalloc

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ellipk

from continuation import Orbit, Problem, Settings, StartError, Watcher, periodic_orbits, trace
from continuation.engine.bounds import split_bounds
from continuation.results.request import Bound

BRUSSELATOR = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}
FEW = Settings(max_points=6)


@pytest.fixture(scope="module")
def problem():
    return Problem.from_expressions(BRUSSELATOR, {"a": 1.0, "b": 1.0}, name="brusselator")


@pytest.fixture(scope="module")
def hopf(problem):
    return trace(problem, [1.0, 1.0], "b", (0.5, 5))["HB1"]


@pytest.fixture(scope="module")
def cycle(problem):
    return Orbit.from_simulation(problem, [1.2, 2.5], parameters={"b": 2.5})


# Units


def test_the_start_of_the_equilibria_has_no_say_in_the_units_of_orbits():
    genes = {}
    for own, other in (("1", "3"), ("2", "1"), ("3", "2")):
        genes[f"m{own}"] = f"0.03 + a/(1 + (p{other}/40)**2) - 0.35*m{own}"
        genes[f"p{own}"] = f"0.07*(e*m{own} - p{own})"
    ring = Problem.from_expressions(genes, {"e": 1.0, "a": 30.0}, name="repressilator")
    far = trace(ring, [0, 0, 20, 0, 0, 0], "e", (0.02, 60))["HB1"]
    assert np.max(far.weights) > 1e10  # of a state that is zero at the start
    branch = trace(periodic_orbits(ring, 20), far, "e", settings=FEW)
    assert np.all(np.diff(branch["m1_max"]) > 1e-3)
    assert np.all(np.diff(branch["e"]) > 0)


def scaled_branch(scale, cycle):
    """The branch of the Brusselator's orbits with x in units of `scale`."""
    scaled = {"x": f"{scale}*(a - (b + 1)*x/{scale} + (x/{scale})**2*y)", "y": f"b*x/{scale} - (x/{scale})**2*y"}
    other = Problem.from_expressions(scaled, {"a": 1.0, "b": 1.0})
    orbit = Orbit(cycle.times, cycle.states * [scale, 1.0], cycle.period, cycle.parameters, state_names=("x", "y"))
    return trace(periodic_orbits(other), orbit, "b", (2, 3), settings=FEW)


def test_orbits_in_small_and_large_units(problem, cycle):
    wanted = trace(periodic_orbits(problem), cycle, "b", (2, 3), settings=FEW)
    small, large = scaled_branch(1e-8, cycle), scaled_branch(1e7, cycle)
    assert_allclose(small["b"], large["b"], rtol=1e-9)
    for branch, scale in ((small, 1e-8), (large, 1e7)):
        assert [len(branch), *branch.ends] == [len(wanted), *wanted.ends]
        assert_allclose(branch["x_max"][branch.start] / scale, wanted["x_max"][wanted.start], rtol=1e-12)
    # The usual inner product weighs b by 1, the one made for these units by 1/0.5**2: as many steps lead 0.77 as far.
    assert_allclose(np.sqrt(small.weights[-1] / wanted.weights[-1]), 2.0)
    assert 0.5 < np.ptp(small["b"]) / np.ptp(wanted["b"]) < 1


def test_a_velocity_that_rests_at_rounding():
    equations = {"x": "v", "v": "mu*v - x - x**2*v + 0.1 - 1e-32"}
    oscillator = Problem.from_expressions(equations, {"mu": -0.5}, name="oscillator")
    equilibria = trace(oscillator, [0.1, 1e-30], "mu", (-0.5, 0.5))
    branch = trace(periodic_orbits(oscillator), equilibria["HB1"], "mu", settings=FEW)
    assert_allclose(branch["period"][0], 2 * np.pi, rtol=1e-6)
    assert np.all(np.diff(branch["x_max"]) > 1e-4)


def test_next_to_a_bogdanov_takens_point_orbits_are_small():
    takens = Problem.from_expressions({"x": "y", "y": "a + mu*y + x**2 + x*y"}, {"mu": 0.001, "a": -1e-4})
    equilibria = trace(takens, [-0.01, 0.0], "mu", (-0.1, 0.1))
    branch = trace(periodic_orbits(takens), equilibria["HB1"], "mu", settings=FEW)
    assert_allclose(branch["period"][0], 2 * np.pi / np.sqrt(0.02), rtol=1e-8)
    assert np.all(np.diff(branch["amplitude"]) > 0)


# Conservative systems, several pairs


def pendulum():
    """A pendulum on a spring: two pairs at rest, damped by fk in r only."""
    equations = {
        "r": "p",
        "p": "r*w**2 + cos(h) - 1 - a*(r - 1) - fk*p",
        "h": "w",
        "w": "-(2*p*w + sin(h))/r",
    }
    return Problem.from_expressions(equations, {"a": 0.15, "fk": 0.0}, name="pendulum on a spring")


def test_orbits_of_a_conservative_system_in_the_parameter_that_damps():
    problem = pendulum()
    hopf = trace(problem, [1.0, 0.0, 0.0, 0.0], "fk", (-0.5, 0.5))["HB1"]
    branch = trace(periodic_orbits(problem), hopf, "fk", settings=FEW)
    assert_allclose(branch["fk"], 0.0, atol=1e-10)
    assert_allclose(branch["period"], 2 * np.pi / np.sqrt(0.15), rtol=1e-9)  # h = 0: linear
    assert np.all(np.diff(branch["r_max"]) > 1e-3)
    assert "several imaginary pairs at HB1 (omega = 0.387298, 1)" in branch.remarks[0].text


def test_pairs_that_stay_imaginary_are_told():
    problem = pendulum()
    hopf = trace(problem, [1.0, 0.0, 0.0, 0.0], "a", (0.1, 0.2))["HB1"]
    with pytest.raises(StartError, match="eigenvalues stay imaginary as 'a' varies, as those of conservative systems"):
        trace(periodic_orbits(problem), hopf, "a")


def test_two_pairs_of_one_frequency_are_refused():
    equations = {}
    for x, y in (("x", "y"), ("v", "w")):
        equations |= {x: f"mu*{x} - {y} - {x}*({x}**2 + {y}**2)", y: f"{x} + mu*{y} - {y}*({x}**2 + {y}**2)"}
    twins = Problem.from_expressions(equations, {"mu": -0.5})
    hopf = trace(twins, np.zeros(4), "mu", (-0.5, 0.5))["HB1"]
    with pytest.raises(StartError, match=r"several pairs of one frequency at HB1 \(omega = 1, 1\)"):
        trace(periodic_orbits(twins), hopf, "mu")


# What is no start

TIMES = np.linspace(0, 7, 200, endpoint=False)
CIRCLE = np.stack([np.cos(2 * np.pi * TIMES / 7), np.sin(2 * np.pi * TIMES / 7)], axis=1)


def chaotic(problem):
    run = Problem.from_expressions(
        {"x": "s*(y - x)", "y": "x*(r - z) - y", "z": "x*y - b*z"}, {"s": 10, "r": 28, "b": 2.5}
    )
    t = np.linspace(0, 3, 300, endpoint=False)
    states = np.stack([8 * np.cos(7 * t) + t, 9 * np.cos(7 * t + 0.4), 25 + 9 * np.sin(11 * t)], axis=1)
    return run, Orbit(t, states, 3.0, {"r": 28.0}, state_names=("x", "y", "z")), "r"


def drawn(states=CIRCLE, names=("x", "y"), **parameters):
    return Orbit(TIMES, states, 7.0, {"b": 2.5, **parameters}, state_names=names)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (drawn, r"start: no periodic orbit was found near the one given \(period 7\)"),
        (lambda: drawn([1, 2.5] + 1e-3 * CIRCLE), "start: no periodic orbit was found near the one given"),
        (lambda: drawn(names=("u", "v")), r"start: wanted an orbit in \['x', 'y'\], got one in \['u', 'v'\]"),
        (lambda: drawn(names=("y", "x")), r"start: wanted an orbit in \['x', 'y'\], got one in \['y', 'x'\]"),
        (
            lambda: drawn(np.hstack([CIRCLE, CIRCLE]), tuple("xyzw")),
            r"wanted an orbit in \['x', 'y'\], got one in \['x', 'y', 'z'",
        ),
        (lambda: None, "start: wanted a Hopf point of a branch of equilibria or an Orbit, got None"),
        (lambda: "HB1", "start: wanted a Hopf point of a branch of equilibria or an Orbit, got 'HB1'"),
    ],
)
def test_what_is_no_orbit_is_refused(problem, start, words):
    with pytest.raises(ValueError, match=words):
        trace(periodic_orbits(problem), start(), "b", settings=FEW)


def test_a_chaotic_trajectory_is_refused(problem):
    lorenz, orbit, vary = chaotic(problem)
    with pytest.raises(StartError, match="no periodic orbit was found near the one given"):
        trace(periodic_orbits(lorenz), orbit, vary, settings=FEW)


def test_an_orbit_run_through_twice_is_refused(problem, cycle):
    times, states = cycle.times[:-1], cycle.states[:-1]
    twice = Orbit(
        np.concatenate([times, times + cycle.period]),
        np.vstack([states, states]),
        2 * cycle.period,
        {"b": 2.5},
        state_names=("x", "y"),
    )
    with pytest.raises(StartError, match=r"wanted the least period 6\.577.*, got .* 13\.15.* runs through it 2 times"):
        trace(periodic_orbits(problem), twice, "b", settings=FEW)


def test_hopf_points_of_other_problems_are_refused(problem, hopf):
    pol = Problem.from_expressions({"x": "y", "y": "b*(1 - x**2)*y - x"}, {"b": 1.0}, name="van der Pol")
    with pytest.raises(StartError, match="HB1 is no equilibrium of van der Pol, where the rate of 'x' is 2"):
        trace(periodic_orbits(pol), hopf, "b")
    three = Problem.from_expressions({**BRUSSELATOR, "z": "-z"}, {"a": 1.0, "b": 1.0}, name="three")
    with pytest.raises(ValueError, match=r"a Hopf point of three in \['x', 'y', 'z'\], got HB1 in \['x', 'y'\]"):
        trace(periodic_orbits(three), hopf, "b")
    with pytest.raises(ValueError, match=r"parameters: a Hopf point has its own, got \{'a': 2.0\}"):
        trace(periodic_orbits(problem), hopf, "b", parameters={"a": 2.0})
    with pytest.raises(ValueError, match="vary: no parameter named 'mu'; this problem has a, b"):
        trace(periodic_orbits(problem), hopf, "mu")


def test_spans_and_limits_that_leave_the_start_out(problem, hopf, cycle):
    cycles = periodic_orbits(problem)
    with pytest.raises(ValueError, match=r"span: \(3, 4\) leaves out the start, where b = 2$"):
        trace(cycles, hopf, "b", (3, 4))
    with pytest.raises(ValueError, match=r"span: \(3, 4\) leaves out the start, where b = 2\.5"):
        trace(cycles, cycle, "b", (3, 4))
    with pytest.raises(ValueError, match=r"leaves out the start, where period = 6\.57728"):
        trace(cycles, cycle, "b", {"period": (None, 0.5)})
    with pytest.raises(
        ValueError, match=r"Settings\(max_period=1\): wanted more than the period of the start, 6\.57728"
    ):
        trace(cycles, cycle, "b", settings=Settings(max_period=1.0))


@pytest.mark.parametrize("intervals", [0, -1, 2.5, "a", None, True])
def test_intervals_that_are_none(problem, intervals):
    with pytest.raises(ValueError, match="intervals: wanted a whole number of at least 1, got"):
        periodic_orbits(problem, intervals)


@pytest.mark.parametrize("degree", [0, 1, 9, -1, 2.5, "a", None])
def test_degrees_that_are_none(problem, degree):
    with pytest.raises(ValueError, match="degree: wanted .*, got"):
        periodic_orbits(problem, 20, degree)


def test_few_intervals_are_followed_or_refused_in_words(problem, hopf):
    with pytest.raises(StartError, match="`intervals` are too few"):
        trace(periodic_orbits(problem, 1), hopf, "b")
    for intervals in (2, 3):
        branch = trace(periodic_orbits(problem, intervals), hopf, "b", settings=FEW)
        assert len(branch) == 6


def test_a_limit_of_the_period_is_no_catastrophe(problem, hopf):
    branch = trace(periodic_orbits(problem), hopf, "b", settings=Settings(max_period=6.5))
    assert branch.ends[1].name == "LONG_PERIOD"
    (remark,) = [remark.text for remark in branch.remarks]
    assert remark.endswith("beyond Settings(max_period=6.5)")
    longer = branch.extend(settings=Settings(max_period=8.0))
    assert longer.ends[1].name == "LONG_PERIOD"
    assert branch["period"][-1] < 7 < 8 < longer["period"][-1]


# Size, portions


def test_many_intervals_need_no_square_matrix(problem):
    cycles = periodic_orbits(problem, 1500)
    size = 1500 * 4 * 2 + 2
    tracemalloc.start()
    limits, others = split_bounds(cycles, "b", size, [Bound("x_max", -1.0, 2.0)])
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(limits), len(others)) == (0, 1)
    assert used < 8 * size * size / 10


def test_limits_of_one_unknown_are_found_in_portions(monkeypatch):
    problem = Problem.from_expressions({"x": "mu - x", "y": "x - y"}, {"mu": 0.0})
    bounds = [Bound("y", -1.0, 2.0), Bound("x", -3.0, 4.0)]
    wanted = (((1, -1.0, 2.0), (0, -3.0, 4.0)), ())
    assert split_bounds(problem, "mu", 3, bounds) == wanted
    monkeypatch.setattr("continuation.engine.bounds.TOGETHER", 3)
    assert split_bounds(problem, "mu", 3, bounds) == wanted


class Never(Watcher):
    """Looks at every point and never ends a trace."""

    every_point = True

    def after(self, trace):
        """Do nothing."""


def test_portions_change_no_bit(problem, hopf):
    cycles, settings = periodic_orbits(problem, 20), Settings(max_points=200, max_step=0.02)
    whole = trace(cycles, hopf, "b", settings=settings)
    single = trace(cycles, hopf, "b", settings=settings, watch=[Never()])
    assert len(whole) == 200
    for name in ("unknowns", "context", "tangents"):
        assert_array_equal(getattr(whole, name), getattr(single, name))


def test_orbits_without_friction_begin_at_their_hopf_point():
    """Momentum in a double well: friction is zero to rounding there, and all orbits are at zero.

    ``x = A dn(A t/sqrt(2))`` solves ``x'' = x - x**3``, with the period ``2 sqrt(2) K(m)/A``, m = 2 (A**2 - 1)/A**2.
    """
    problem = Problem.from_expressions({"x": "p", "p": "-g*p + x - x**3"}, {"g": -0.5})
    point = trace(problem, [1.0, 0.0], "g", (-0.5, 0.5))["HB1"]
    assert abs(point["g"]) < 1e-14
    branch = trace(periodic_orbits(problem, 40), point, "g", (-0.5, 0.5), detect=(), settings=Settings(max_points=8))
    assert_allclose(branch["g"], 0.0, atol=1e-11)
    largest = branch["x_max"][1:]
    assert_allclose(branch["period"][1:], 2 * np.sqrt(2) * ellipk(2 - 2 / largest**2) / largest, rtol=1e-11)
    assert largest[-1] > 1.02


def test_orbits_in_fewer_unknowns_than_states_are_refused():
    cells = {"x": "a*x - y - x*(x**2 + y**2)", "y": "x + a*y - y*(x**2 + y**2)", "u": "x - u", "v": "x - v"}
    problem = Problem.from_expressions(cells, {"a": 0.5}, symmetries=[["x", "y", "v", "u"]])
    (swap,) = [element for element in problem.symmetry.elements if element.order == 2]
    with pytest.raises(ValueError, match="unknowns are its states.*3 unknowns for 4 states"):
        periodic_orbits(problem.restricted([swap]))
