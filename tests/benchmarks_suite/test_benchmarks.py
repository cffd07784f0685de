"""The benchmarks run, count what they should, and write what they say; no test here looks at a clock."""

import dataclasses
import json

import pytest
from numba.core.runtime import _nrt_python, rtsys

from benchmarks import __main__ as command
from benchmarks import auto, latency, profile, report
from benchmarks.cases import CASES
from benchmarks.floor import WORK, Floor
from benchmarks.systems import SYSTEMS
from benchmarks.systems import measure as measure_call
from benchmarks.timing import measure, median_and_spread, prepared
from continuation import trace


@pytest.fixture(autouse=True)
def no_auto(monkeypatch):
    """Whether AUTO-07p is on the PATH must not matter here."""
    monkeypatch.setattr(auto, "find", lambda: None)


def tiny(name, steps=60):
    """The first steps of a case."""
    return dataclasses.replace(CASES[name], steps=steps)


@pytest.mark.parametrize("name", ["bratu-2", "bratu-8", "convection-2", "convection-8"])
def test_a_prescribed_step_costs_one_newton_iteration(name):
    effort = measure(name, tiny(name), repeat=1).effort
    assert effort["steps"] == 60
    assert effort["rejections"] == {}
    again = effort["newton_iterations"] - 60  # next to lam = 0 its digits ask for a second one
    assert 0 <= again <= (0 if name.endswith("-2") else 6)
    looks = effort["factorisations"] - 61 - again  # one is for the tangent at the start
    assert 0 <= looks <= (0 if name.endswith("-2") else 6)  # the guard looks ahead where it has a doubt
    assert 61 + again <= effort["jacobians"] <= effort["factorisations"]
    assert looks <= effort["residuals"] - 121 - again <= 2 * looks
    assert effort["spectra"] <= 20


def test_the_snake_turns_where_its_parameter_does():
    timed = measure("snake", tiny("snake", steps=200), repeat=1)
    assert timed.folds == 5  # cos u = -0.1 five times up to u = 14.3, 20 units of arclength from the start


def test_the_floor_does_the_work_of_the_branch():
    case = tiny("bratu-2")
    problem = case.problem()
    branch = trace(problem, [0.0, 0.0], case.vary, settings=case.settings(), direction=+1)
    floor = Floor(problem, branch)
    assert floor() == 0
    assert floor.done() == {name: branch.effort[name] for name in WORK if name != "residuals"}


def test_times_are_kept_with_their_median():
    timed = measure("bratu-2", tiny("bratu-2"), repeat=3)
    assert [len(samples) for samples in (timed.engine, timed.whole, timed.floor)] == [3, 3, 3]
    assert timed.per_step("engine")[0] == pytest.approx(1e6 * sorted(timed.engine)[1] / 60)
    assert median_and_spread([1.0, 2.0, 3.0]) == (2.0, 0.5)


@pytest.mark.parametrize("name", ["bratu-2", "bratu-8", "bratu-32", "convection-8"])
def test_a_step_allocates_nothing(name):
    """Arrays that numba's runtime made, for n and for 3 n steps of the same branch: only spectra may need some."""

    def arrays(steps):
        _, engine, _ = prepared(tiny(name, steps))
        engine()
        before = rtsys.get_allocation_stats().alloc
        engine()
        return rtsys.get_allocation_stats().alloc - before

    _nrt_python.memsys_enable_stats()
    try:
        few, many = arrays(200), arrays(600)
    finally:
        _nrt_python.memsys_disable_stats()
    assert many - few <= (0 if name.startswith("bratu") else 6)


def test_shares_of_the_time_are_printed(monkeypatch, capsys):
    monkeypatch.setattr(command, "CASES", {"bratu-2": tiny("bratu-2")})
    monkeypatch.setattr(profile, "CASES", {"bratu-2": tiny("bratu-2")})
    assert command.main(["bratu", "--profile", "--repeat", "2"]) == 0
    printed = capsys.readouterr().out
    assert "bratu-2" in printed
    assert "the loop itself" in printed


def test_a_run_is_judged_by_work_and_ratio(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "CASES", {"bratu-2": tiny("bratu-2")})
    file = tmp_path / "before.json"
    command.main(["bratu", "--repeat", "1", "--json", str(file)])
    before = json.loads(file.read_text("utf-8"))
    for factor, verdict, status in ((1e3, "faster", 0), (1e-3, "slower", 1)):
        changed = json.loads(json.dumps(before))
        changed["traces"][0]["best_ratio"] *= factor
        file.write_text(json.dumps(changed), "utf-8")
        assert command.main(["bratu", "--repeat", "1", "--compare", str(file)]) == status
        assert capsys.readouterr().out.split()[-1] == verdict
    file.write_text("{}", "utf-8")
    with pytest.raises(SystemExit):
        command.main(["bratu", "--compare", str(file)])
    assert "before.json: no results" in capsys.readouterr().err


def test_the_command_prints_a_table_and_writes_json(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(command, "CASES", {"bratu-2": tiny("bratu-2"), "bratu-8": tiny("bratu-8")})
    file = tmp_path / "times.json"
    assert command.main(["bratu", "--repeat", "1", "--json", str(file)]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed[1:4]] == ["case", "bratu-2", "bratu-8"]
    found = json.loads(file.read_text("utf-8"))
    assert [one["name"] for one in found["traces"]] == ["bratu-2", "bratu-8"]
    assert found["versions"].keys() >= {"python", "numpy", "numba"}
    assert found["processor"] == report.processor()
    assert all(one["ratio"] > 0 for one in found["traces"])
    assert auto.ABSENT in printed
    assert found["auto"] == []


@pytest.mark.parametrize("arguments", [["brato"], ["--repeat", "0"]])
def test_bad_arguments_are_refused_in_words(arguments, capsys):
    with pytest.raises(SystemExit) as refusal:
        command.main(arguments)
    assert refusal.value.code == 2
    assert "brato" in capsys.readouterr().err or arguments[0] == "--repeat"


def test_slow_cases_wait_to_be_asked():
    everything = command.chosen([])
    assert not latency.SLOW & set(everything)
    assert set(command.chosen([], cold=True)) == {*everything, *latency.SLOW}
    assert command.chosen(["first-cold"]) == ["first-cold"]


def test_a_fresh_process_is_timed_to_its_first_line(capfd):
    assert latency.until_first_line(["-c", latency.PYTHON]) > 0
    with pytest.raises(RuntimeError, match="status 3"):
        latency.until_first_line(["-c", "raise SystemExit(3)"])


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name != "descent"])
def test_functions_of_the_systems_are_timed(name):
    call = measure_call(name, 2, seconds=1e-4)
    assert call.name == name
    assert len(call.samples) == 2
    assert min(call.samples) > 0
    assert call.row()[0] == name
    assert call.as_dict()["samples"] == call.samples
