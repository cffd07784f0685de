"""Where flows go: against closed forms and published periods."""

import numpy as np
import pytest

from continuation import Problem, trace
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
    with pytest.raises(ValueError, match="time: wanted a positive number, got -1"):
        flow({"x": "-x"}).settle([1.0], time=-1)
    with pytest.raises(ValueError, match="the rate of 'x' is not finite"):
        flow({"x": "log(x)"}).settle([-1.0])
