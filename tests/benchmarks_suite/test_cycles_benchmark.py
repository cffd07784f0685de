"""What the benchmark of periodic orbits counts; no test here looks at a clock."""

import json
import math
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from benchmarks import cycles
from benchmarks.cycles import DEMOS, Costs, Told, compared, costs, ode_file, orbit_of, ours, ring, run_rival, shared


@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_ring_has_the_derivatives_that_it_gives(n):
    problem = ring(n)
    u, values = np.random.default_rng(n).normal(size=n), {"mu": 0.7, "k": 0.4}
    apart, columns = 1e-6, []
    for k in range(n):
        step = apart * np.eye(n)[k]
        columns.append((problem.residual(u + step, values) - problem.residual(u - step, values)) / (2 * apart))
    assert_allclose(problem.jacobian(u, values), np.transpose(columns), atol=1e-8)
    for name in values:
        more, less = ({**values, name: values[name] + shift} for shift in (apart, -apart))
        slope = (problem.residual(u, more) - problem.residual(u, less)) / (2 * apart)
        assert_allclose(problem.parameter_derivative(u, name, values), slope, atol=1e-8)
    assert problem.compiled


def test_oscillators_in_step_are_an_orbit_of_the_ring():
    one, five = orbit_of(ring(2)), orbit_of(ring(5))
    assert five.period == one.period == pytest.approx(6.663286859323134, rel=1e-9)
    t = np.linspace(0, one.period, 200)
    assert_allclose(five(t)[:, 2:4], one(t), atol=1e-9)
    apart = 1e-4
    slope = (five(t[1:-1] + apart) - five(t[1:-1] - apart))[:, 4] / (2 * apart)
    assert_allclose(slope, five(t[1:-1])[:, 0] - five(t[1:-1])[:, 4], atol=1e-3)


def test_costs_are_the_least_of_each_round_for_one_iteration_and_one_step(monkeypatch):
    """The clock tells 3 and 2 s for the residual, 9 and 10 for linearising, 15 and 14 for both, then for traces."""
    told = iter([3.0, 2.0, 9.0, 10.0, 15.0, 14.0, 40.0, 30.0, 130.0, 140.0])

    def clock(function):
        function()
        return next(told)

    monkeypatch.setattr(cycles, "cpu", clock)
    found = costs(2, rounds=2, short=3, long=8, repeats=4)
    assert next(told, None) is None
    assert found[:3] == pytest.approx((1e6 * 2 / 4, 1e6 * 9 / 4, 1e6 * (14 - 9) / 4))
    assert found.iteration == sum(found[:3])
    assert found.step == pytest.approx(1e6 * (130 - 30) / 5)
    assert 1 <= found.iterations <= 6


def test_seconds_are_those_of_the_processor(monkeypatch):
    monkeypatch.setattr(cycles.time, "process_time", iter([5.0, 7.5]).__next__)
    assert cycles.cpu(lambda: None) == 2.5


def test_a_kernel_that_fails_is_not_timed():
    with pytest.raises(RuntimeError, match="a kernel fails on a point of the branch, with status 3"):
        cycles.check(3)


def test_the_demo_with_a_fold_is_traced(monkeypatch):
    monkeypatch.setattr(cycles, "cpu", lambda function: 0.5)
    told = ours(DEMOS["fhn"], rounds=1)
    assert [kind for kind, _ in told.special] == ["LP"]
    assert told.special[0][1] == pytest.approx(0.430518, abs=1e-6)
    assert told.seconds == 0.5


def test_demos_are_written_as_model_files():
    lines = ode_file(DEMOS["fhn"]).splitlines()
    assert lines[:2] == ["x'=c*(x - x^3/3 + y)", "y'=-(x - a + b*y)/c"]
    assert lines[2:] == ["par a=0.0", "par b=0.8", "par c=3.0", "init x=0.0", "init y=0.0", "done"]


def test_special_points_are_the_same_only_once():
    here = [("LP", 1.0), ("LP", 1.0), ("BP", 2.0), ("PD", 3.0)]
    there = [("LP", 1.0 + 1e-5), ("BP", 2.0 + 1e-3), ("TR", 3.0)]
    assert shared(here, there) == ([("LP", 1.0)], here[1:], there[1:])
    assert shared([], []) == ([], [], [])


def test_ratios_are_of_whole_branches_and_of_points():
    here, there = Told(100, (("LP", 0.5),), 0.2, 7.0), Told(50, (), 0.4, 8.0)
    words = compared(here, there)
    assert words.startswith("50 points to period 8, 400 ms, 8.00 ms each; of our time 2, a point 4; 0 special")
    assert words.endswith("only here: LP 0.5; only there: none")
    assert compared(here, Told(failure="gone")) == str(Told(failure="gone")) == "gone"


def test_what_a_rival_says_is_read(monkeypatch):
    line = json.dumps([7, [["LP", 0.5]], 0.25, 3.0])
    monkeypatch.setattr(cycles, "RIVAL", f"print('hello'); print('{line}')")
    assert run_rival(sys.executable, DEMOS["lrz"], 1) == Told(7, (("LP", 0.5),), 0.25, 3.0)


def test_a_rival_that_fails_is_said_to(monkeypatch):
    monkeypatch.setattr(cycles, "RIVAL", "raise SystemExit('no AUTO here')")
    found = run_rival(sys.executable, DEMOS["lrz"], 1)
    assert found.failure == "crashed with exit status 1 (no AUTO here)"
    assert math.isnan(found.seconds)
    monkeypatch.setattr(cycles, "LONGEST", 0.3)
    monkeypatch.setattr(cycles, "RIVAL", "import time; time.sleep(60)")
    assert run_rival(sys.executable, DEMOS["lrz"], 1).failure == "did not end within 0.3 s"


def test_tables_have_a_line_for_each(monkeypatch, capsys):
    monkeypatch.setattr(cycles, "costs", lambda n, rounds: Costs(1.0, 2.0, 3.0, 10.0, 1.5))
    monkeypatch.setattr(cycles, "ours", lambda demo, rounds: Told(100, (), 0.2, 7.0))
    monkeypatch.setattr(cycles, "run_rival", lambda python, demo, rounds: Told(failure=f"{python} crashed"))
    cycles.main(["--rounds", "1", "--rival", "python9"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["n", "=", "2", "1", "+", "2", "+", "3", "=", "6;", "10", "(1.5)"]
    assert len(lines) == 1 + len(cycles.SIZES) + 2 * len(DEMOS)
    assert lines[-2] == "tor: 100 points to period 7, 200 ms, 2.00 ms each; none"
    assert lines[-1] == "  AUTO: python9 crashed"


def test_rounds_are_at_least_one(capsys):
    with pytest.raises(SystemExit):
        cycles.main(["--rounds", "0"])
    assert "--rounds: wanted at least 1" in capsys.readouterr().err
