"""Where flows go: against closed forms and published periods."""

import numpy as np
import pytest

from continuation import Problem, trace
from continuation.searching import settling
from continuation.searching.settling import Motion, find_period

BRUSSELATOR = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}


def flow(equations, **parameters):
    return Problem.from_expressions(equations, parameters)


def test_a_stable_focus_is_rest_and_a_start_for_trace():
    problem = flow(BRUSSELATOR, a=1.0, b=1.5)
    settled = problem.settle({"x": 2.0, "y": 2.0})
    assert settled.motion is Motion.REST
    np.testing.assert_allclose(settled.point.state, [1.0, 1.5], rtol=1e-12)
    assert (settled.point.unstable, settled.point.nullity) == (0, 0)
    assert len(trace(problem, settled.point, "b", (1.0, 3.0)).hopfs) == 1


def test_a_cycle_has_the_period_that_others_find():
    settled = flow(BRUSSELATOR, a=1.0, b=3.0).settle([1.0, 1.01])
    assert settled.motion is Motion.OSCILLATION
    assert settled.period == pytest.approx(7.1569, abs=2e-3)  # Hairer, Norsett, Wanner I: about 7.16
    assert np.all(settled.amplitude > 3)


def test_a_stiff_cycle():
    settled = flow({"x": "y", "y": "mu*(1 - x**2)*y - x"}, mu=100.0).settle([2.0, 0.0])
    assert settled.period == pytest.approx(162.837, rel=1e-3)  # mu (3 - 2 ln 2) + 7.014 mu**(-1/3) - ... = 162.8


def test_a_doubled_cycle_counts_all_its_returns():
    settled = flow({"x": "-y - z", "y": "x + 0.2*y", "z": "0.2 + z*(x - c)"}, c=3.5).settle([1.0, 1.0, 0.0])
    assert settled.motion is Motion.OSCILLATION
    assert settled.period == pytest.approx(11.545, rel=2e-3)  # twice 5.77


@pytest.mark.parametrize("equations", [{"x": "x**2"}, {"x": "x"}])
def test_growth_is_told(equations):
    assert flow(equations).settle([1.0]).motion is Motion.GROWTH


@pytest.mark.parametrize("rate", [-1e-4, 1e-4])
def test_a_slow_spiral_is_no_cycle(rate):
    settled = flow({"x": "rate*x - y", "y": "x + rate*y"}, rate=rate).settle([1.0, 0.0], time=600.0)
    assert settled.motion is Motion.UNDECIDED
    np.testing.assert_allclose(np.linalg.norm(settled.point.state), np.exp(600 * rate), rtol=1e-5)


def test_a_spiral_that_slows_down_is_no_cycle():
    settled = flow({"x": "-y - x*(x**2 + y**2)", "y": "x - y*(x**2 + y**2)"}).settle([1.0, 0.0], time=2000.0)
    assert settled.motion is Motion.UNDECIDED


def test_a_centre_and_the_way_to_a_weak_cycle_repeat_themselves():
    assert flow({"x": "-y", "y": "x"}).settle([1.0, 0.0]).period == pytest.approx(2 * np.pi, rel=1e-6)
    weak = {"x": "-y + d*x*(1 - x**2 - y**2)", "y": "x + d*y*(1 - x**2 - y**2)"}  # multiplier exp(-4 pi d)
    settled = flow(weak, d=0.02).settle([1.5, 0.0])
    assert settled.motion is Motion.OSCILLATION
    np.testing.assert_allclose(settled.amplitude, 2.0, rtol=4e-3)


@pytest.mark.parametrize(
    ("rate", "start", "end", "at"),
    [("-1/x", 1.0, 0.5, 0.0), ("1/(1 - x)", 0.0, 0.5, 1.0), ("log(x)", 0.5, 0.378671, 0.0)],
)
def test_a_flow_that_comes_to_where_its_rates_end_does_not_grow(rate, start, end, at):
    settled = flow({"x": rate}).settle([start])
    assert settled.motion is Motion.STOPPED
    assert settled.time == pytest.approx(end, rel=1e-5)  # li(1/2) for log
    assert settled.point["x"] == pytest.approx(at, abs=1e-6)
    assert str(settled).startswith("comes to where F has no value, time ")


def test_work_that_is_spent_keeps_the_states_found(monkeypatch):
    monkeypatch.setattr(settling, "EVALUATIONS", 300)
    settled = flow({"x": "-0.001*x - y", "y": "x - 0.001*y"}).settle([1.0, 0.0])
    assert settled.motion is Motion.UNDECIDED
    np.testing.assert_allclose(np.linalg.norm(settled.point.state), np.exp(-1e-3 * settled.time), rtol=1e-5)
    assert settled.time > 1


def test_long_records_are_thinned(monkeypatch):
    cycle = {"x": "x - y - x*(x**2 + y**2)", "y": "x + y - y*(x**2 + y**2)"}
    monkeypatch.setattr(settling, "MOST_KEPT", 2 * 400)
    settled = Problem.from_expressions(cycle, {}).settle([0.5, 0.0], time=60.0)
    assert len(settled.times) <= 405
    assert (settled.times[0], settled.times[-1]) == (0.0, 60.0)
    assert settled.period == pytest.approx(2 * np.pi, rel=1e-3)


def test_weak_attraction_is_waited_for():
    settled = flow({"x": "-0.01*x - y", "y": "x - 0.01*y"}).settle([1.0, 0.0])
    assert settled.motion is Motion.REST
    np.testing.assert_allclose(settled.point.state, 0.0, atol=1e-14)


def test_a_solution_that_only_holds_its_own_line_is_rest_with_its_count():
    settled = flow({"x": "x - x**3", "y": "-y"}).settle([0.0, 0.5])
    assert settled.motion is Motion.REST
    assert settled.point.unstable == 1


def test_a_given_time_is_kept():
    settled = flow({"x": "-x"}).settle([1.0], time=0.5)
    assert settled.motion is Motion.UNDECIDED
    np.testing.assert_allclose(settled.point.state, np.exp(-0.5), rtol=1e-7)
    assert str(settled).startswith("neither rests nor repeats")


def test_a_period_in_a_signal_and_none_in_noise(rng):
    t = np.linspace(0.0, 100.0, 4001)
    signal = np.column_stack([3.0 + np.sin(t) + 0.3 * np.sin(2 * t + 1), np.cos(t)])
    period, amplitude = find_period(t, signal)
    assert period == pytest.approx(2 * np.pi, rel=1e-5)
    assert amplitude[1] == pytest.approx(2.0, abs=2e-3)
    assert find_period(t, rng.standard_normal((4001, 2)))[1] is None
    assert find_period(t, np.ones((4001, 2)))[1] is None


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="wanted a flow"):
        Problem.from_expressions({"x": "-x"}, {}, stability=None).settle([1.0])
    for time, got in ((-1, "a positive number, got -1"), ("3", "a number, got '3'"), (True, "a number, got True")):
        with pytest.raises(ValueError, match=f"time: wanted {got}"):
            flow({"x": "-x"}).settle([1.0], time=time)
    with pytest.raises(ValueError, match="the rate of 'x' is not finite"):
        flow({"x": "log(x)"}).settle([-1.0])
