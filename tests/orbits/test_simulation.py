"""Cycles found by simulation: periods computed by others, and every way not to find one."""

import numpy as np
import pytest

from continuation import Problem, StartError
from continuation.orbits.profiles.orbit import Orbit

VAN_DER_POL = {"x": "y", "y": "mu*(1 - x**2)*y - x"}
ROSSLER = {"x": "-y - z", "y": "x + a*y", "z": "b + z*(x - c)"}
LORENZ = {"x": "s*(y - x)", "y": "r*x - y - x*z", "z": "x*y - b*z"}
FITZHUGH = {"v": "v - v**3/3 - w + I", "w": "e*(v + 0.7 - 0.8*w)"}
BRUSSELATOR = {"x": "s*(a - (b + 1)*x + x**2*y)", "y": "s*(b*x - x**2*y)"}
CIRCLE = {"x": "m*x - y - x*(x**2 + y**2)", "y": "x + m*y - y*(x**2 + y**2)"}
HODGKIN_HUXLEY = {
    "V": "I - 120*m**3*h*(V - 50) - 36*n**4*(V + 77) - 0.3*(V + 54.387)",
    "m": "0.1*(V + 40)/(1 - exp(-(V + 40)/10))*(1 - m) - 4*exp(-(V + 65)/18)*m",
    "h": "0.07*exp(-(V + 65)/20)*(1 - h) - h/(1 + exp(-(V + 35)/10))",
    "n": "0.01*(V + 55)/(1 - exp(-(V + 55)/10))*(1 - n) - 0.125*exp(-(V + 65)/80)*n",
}


def flow(equations, **parameters):
    return Problem.from_expressions(equations, parameters)


# Periods by multiple shooting and by collocation, both of other programs, which agree to the digits shown.
KNOWN = {
    "van der Pol": (flow(VAN_DER_POL, mu=1.0), [0.5, 0.0], 6.663286859323134),
    "Rossler": (flow(ROSSLER, a=0.2, b=0.2, c=2.5), [4.1, -2.9, 0.3], 5.748991183278),
    "Rossler, doubled": (flow(ROSSLER, a=0.2, b=0.2, c=3.5), [3.7, -3.4, 0.1], 11.545218287762905),
    "Lorenz": (flow(LORENZ, s=10.0, r=350.0, b=8 / 3), [38.0, -38.0, 398.0], 0.3884875818315807),
    "FitzHugh-Nagumo": (flow(FITZHUGH, I=0.5, e=0.08), [-1.5, 0.1], 39.47441498024171),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_period_is_that_of_others(name):
    problem, state, period = KNOWN[name]
    orbit = Orbit.from_simulation(problem, state)
    assert orbit.period == pytest.approx(period, rel=1e-11)
    assert orbit.closing < 1e-10
    assert orbit.parameters == problem.parameters
    at = np.array([0.0, 0.2345, 0.777]) * orbit.period
    step = 1e-4 * orbit.period
    stencil = (orbit(at - 2 * step) - 8 * orbit(at - step) + 8 * orbit(at + step) - orbit(at + 2 * step)) / (12 * step)
    rates = np.array([problem.residual(u) for u in orbit(at)])
    np.testing.assert_allclose(stencil, rates, atol=2e-5 * np.max(np.abs(rates)))


def test_a_stiff_relaxation_oscillation():
    orbit = Orbit.from_simulation(flow(VAN_DER_POL, mu=1000.0), [0.5, 0.0])
    # mu (3 - 2 ln 2) + 7.01432 mu**(-1/3) - (2/3) ln(mu)/mu - 1.3233/mu (Grasman 1987)
    expected = 1000 * (3 - 2 * np.log(2)) + 7.01432 / 10 - (2 / 3) * np.log(1000) / 1000 - 1.3233 / 1000
    assert orbit.period == pytest.approx(expected, abs=2e-2)
    assert orbit.closing < 1e-8
    assert orbit.maximum[0] == pytest.approx(2.0, abs=2e-2)
    assert np.min(np.diff(orbit.mesh)) < 1e-6  # the jump is resolved


def test_spikes_of_a_nerve():
    orbit = Orbit.from_simulation(flow(HODGKIN_HUXLEY, I=10.0), [-60.0, 0.05, 0.6, 0.32])
    assert orbit.maximum[0] > 30
    assert orbit.closing < 1e-9
    assert orbit.period == pytest.approx(14.64, abs=0.1)


@pytest.mark.parametrize("speed", [1e-9, 1e9])
def test_any_unit_of_time(speed):
    orbit = Orbit.from_simulation(flow(BRUSSELATOR, a=1.0, b=3.0, s=speed), [1.0, 1.0])
    assert orbit.period * speed == pytest.approx(7.156919921179874, rel=1e-11)


def test_any_unit_of_a_state():
    tiny = {"x": "a*c - (b + 1)*x + x**2*y/c**2", "y": "b*x - x**2*y/c**2"}
    orbit = Orbit.from_simulation(flow(tiny, a=1.0, b=3.0, c=1e-9), [1e-9, 1e-9])
    assert orbit.period == pytest.approx(7.156919921179874, rel=1e-11)
    far = {"x": "x - 1e6 - y - (x - 1e6)*((x - 1e6)**2 + y**2)", "y": "x - 1e6 + y - y*((x - 1e6)**2 + y**2)"}
    assert Orbit.from_simulation(flow(far), [1e6 + 0.1, 0.0]).period == pytest.approx(2 * np.pi, rel=1e-9)


def test_a_weak_attractor_is_reached_by_newton():
    orbit = Orbit.from_simulation(flow(CIRCLE, m=0.01), [0.001, 0.0])  # each period takes off 12 %
    np.testing.assert_allclose(orbit.maximum, 0.1, rtol=1e-9)
    assert orbit.period == pytest.approx(2 * np.pi, rel=1e-11)


def test_a_start_far_away_is_forgotten():
    orbit = Orbit.from_simulation(flow(VAN_DER_POL, mu=5.0), [100.0, 1000.0])  # 25,000 units of time to the cycle
    assert orbit.period == pytest.approx(11.612230667, rel=1e-9)


def test_a_burst_counts_all_its_spikes():
    rose = {"x": "y - x**3 + 3*x**2 - z + I", "y": "1 - 5*x**2 - y", "z": "r*(4*(x + 1.6) - z)"}
    orbit = Orbit.from_simulation(flow(rose, I=2.0, r=0.006), [-1.0, 0.0, 2.0])
    above = orbit(np.linspace(0, orbit.period, 5000))[:, 0] > 0.5
    assert np.sum(above[1:] & ~above[:-1]) == 2
    assert orbit.closing < 1e-9


def test_states_that_die_away_do_not_matter():
    orbit = Orbit.from_simulation(flow(CIRCLE | {"z": "-z"}, m=1.0), [0.1, 0.0, 1.0])
    assert orbit.period == pytest.approx(2 * np.pi, rel=1e-11)


def test_cycles_that_come_in_families():
    orbit = Orbit.from_simulation(flow({"x": "y", "y": "-x"}), [1.0, 0.0])
    assert orbit.period == pytest.approx(2 * np.pi, rel=1e-11)
    np.testing.assert_allclose(orbit.maximum, 1.0, rtol=1e-6)


@pytest.mark.parametrize("settle", [0.0, 50.0])
def test_transients_are_as_long_as_told(settle):
    orbit = Orbit.from_simulation(flow(VAN_DER_POL, mu=1.0), {"x": 0.5, "y": 0.0}, settle=settle, method="DOP853")
    assert orbit.period == pytest.approx(6.663286859323134, rel=1e-11)


def test_parameters_are_kept():
    orbit = Orbit.from_simulation(flow(CIRCLE, m=4.0), [1.0, 0.0], parameters={"m": 1.0})
    assert orbit.parameters == {"m": 1.0}
    assert orbit.maximum[0] == pytest.approx(1.0, rel=1e-6)  # of the parameters of the problem it would be 2


FAILURES = {
    "rest": (flow(CIRCLE, m=-1.0), [1.0, 0.0], {}, "no cycle: the motion rests at an equilibrium: x = 0, y = 0"),
    "start at rest": (flow(CIRCLE, m=1.0), [0.0, 0.0], {}, r"rests at an unstable equilibrium \(2 eigenvalues\)"),
    "blow-up": (flow({"x": "x**2"}), [1.0], {}, "leaves to infinity, x ="),
    "growth": (flow({"x": "x", "y": "-y"}), [1.0, 1.0], {}, "leaves to infinity, x ="),
    "angle": (flow({"x": "y", "y": "1 - sin(x) - 0.1*y"}), [1.0, 5.0], {}, "'x' grows or falls .* is it an angle"),
    "chaos": (flow(LORENZ, s=10.0, r=28.0, b=8 / 3), [1.0, 1.0, 20.0], {"evaluations": 45_000},
              r"within the time \d.*is chaotic; the best candidate, of period \d.* closes to .* of the range"),
    "too little work": (flow(CIRCLE, m=1e-4), [1e-4, 0.0], {"evaluations": 4000}, "within the time .*`evaluations`"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_every_failure_says_what_happened(what):
    problem, state, options, words = FAILURES[what]
    with pytest.raises(StartError, match=words) as caught:
        Orbit.from_simulation(problem, state, **options)
    assert "\n" not in str(caught.value)


def test_a_torus_is_no_cycle():
    second = {"z": "z*(1 - z**2 - w**2) - q*w", "w": "w*(1 - z**2 - w**2) + q*z"}
    problem = flow(CIRCLE | second, m=1.0, q=(1 + np.sqrt(5)) / 2)
    with pytest.raises(StartError, match="has not settled yet .* or is not periodic"):
        Orbit.from_simulation(problem, [1.0, 0.1, 0.1, 0.2], evaluations=30_000)


def test_a_problem_beyond_its_domain():
    def f(u, p, out):
        out[0] = -np.sqrt(u[0]) - 1.0 if u[0] > 0 else np.nan

    with pytest.raises(StartError, match="can't go on beyond the time .* x ="):
        Orbit.from_simulation(Problem(f, ("x",), {}), [1.0])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"settle": -1.0}, "settle: wanted a time"),
        ({"settle": "long"}, "settle: wanted a number"),
        ({"method": "Euler"}, "method: wanted one of LSODA"),
        ({"method": 3}, "method: wanted one of LSODA"),
        ({"evaluations": 0}, "evaluations: wanted a whole number"),
        ({"state": [1.0]}, "state: wanted 2 values"),
        ({"parameters": {"nu": 1.0}}, "no parameter named 'nu'"),
        ({"problem": 3}, "problem: wanted a Problem"),
        ({"problem": Problem.from_expressions({"x": "y", "y": "-x"}, {}, stability=None)}, "wanted a flow"),
    ],
)
def test_bad_arguments_are_named(change, words):
    with pytest.raises(ValueError, match=words):
        Orbit.from_simulation(**{"problem": flow(CIRCLE, m=1.0), "state": [1.0, 0.0]} | change)


def test_ctrl_c_and_errors_of_the_function_come_through():
    calls = []

    def f(u, p, out):
        calls.append(0)
        if len(calls) == 500:
            raise KeyboardInterrupt
        if len(calls) == 1000:
            raise TypeError("mine")
        out[0], out[1] = 1e-3 * u[0] - u[1], u[0]

    problem = Problem(f, ("x", "y"), {}, compiled=False)
    with pytest.raises(KeyboardInterrupt):
        Orbit.from_simulation(problem, [1.0, 0.0])
    with pytest.raises(TypeError, match="mine"):
        Orbit.from_simulation(problem, [1.0, 0.0])
    assert Orbit.from_simulation(flow(CIRCLE, m=1.0), [1.0, 0.0]).period == pytest.approx(2 * np.pi)
