"""Bad input is refused by name; numerical failure is a `Status`, and nothing found before it is lost."""

import logging
import math
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import (
    ContinuationError,
    Kind,
    Problem,
    Settings,
    StartError,
    Status,
    TimeLimit,
    periodic_orbits,
    switch,
    trace,
)
from systems import textbook


def line(f=None, **options):
    """``p = u``, or another function of one state, as plain Python."""

    def straight(u, p, out):
        out[0] = p[0] - u[0]

    return Problem(f or straight, ("u",), {"p": 0.0}, **{"compiled": False, **options})


def ends(f, start=(0.0,), **options):
    """Statuses of a trace from the origin to p = 3."""
    return trace(line(f), list(start), "p", (-1, 3), settings=Settings(max_step=0.1), **options)


# Bad input.

CUSP = {"start": [1.0], "vary": "mu", "span": (-2, 2)}
BAD_CALLS = [
    ({"start": [1.0, 2.0]}, r"start: wanted 1 values \['x'\], got 2"),
    ({"start": [[1.0]]}, r"start: .*got shape \(1, 1\)"),
    ({"start": [math.nan]}, r"start: wanted finite numbers, got nan at index \[0\]"),
    ({"start": ["a"]}, r"start: wanted numbers, got \['a'\]"),
    ({"start": {"y": 1.0}}, r"start: wanted values of the states \['x'\], got \['y'\]: unknown x"),
    ({"start": {}}, r"start: .*missing \['x'\]"),
    ({"vary": "muu"}, r"no parameter named 'muu'.*did you mean 'mu'"),
    ({"vary": 3}, r"vary: wanted the name of one parameter of \['mu', 'nu'\], got 3"),
    ({"span": (2, -2)}, r"span: wanted low < high, got \(2, -2\)"),
    ({"span": 3.0}, r"span: wanted two numbers \(low, high\), got 3.0"),
    ({"span": (math.nan, 1)}, r"span: wanted low < high"),
    ({"span": (1, 2)}, r"span: \(1, 2\) leaves out the start, where mu = 0"),
    ({"parameters": {"NU": 1}}, r"no parameter named 'NU'"),
    ({"parameters": {"nu": math.inf}}, r"parameters\['nu'\]: wanted finite numbers, got inf"),
    ({"settings": {"step": 1}}, r"settings: wanted Settings\(...\), got {'step': 1}"),
    ({"direction": 2}, r'direction: wanted "both", \+1 or -1, got 2'),
    ({"detect": {"LP"}}, r"detect: wanted Kinds of .*got 'LP'"),
    ({"detect": 3}, r'detect: wanted "all" or a set of Kind, got 3'),
    ({"stop": 0}, r"stop: wanted a Kind.* got 0"),
    ({"stop": "LP"}, r"stop: wanted a Kind.* got 'LP'"),
]


@pytest.mark.parametrize(
    ("changed", "words"), BAD_CALLS, ids=[next(iter(c)) + str(i) for i, (c, _) in enumerate(BAD_CALLS)]
)
def test_trace_refuses_what_it_can_not_use(changed, words):
    given = {**CUSP, **changed}
    with pytest.raises(ValueError, match=words):
        trace(textbook.cusp(), given.pop("start"), given.pop("vary"), given.pop("span"), **given)


def _nowhere(u, p, out):
    out[0], out[1] = u[0] ** 2 + 1 + p[0] ** 2, u[1] - 1


def test_a_start_near_no_solution_tells_the_residual_and_what_to_try():
    with pytest.raises(
        StartError, match=r"residual is 5 in the equation of 'x' at the start.*`parameters=`.*check"
    ) as e:
        trace(Problem(_nowhere, ("x", "y"), {"p": 0.0}, compiled=False), [2.0, 1.5], "p")
    assert e.value.status is Status.BAD_START


def test_a_start_at_a_branch_point_names_switch():
    with pytest.raises(StartError, match=r"branch point.*switch\(problem, point\)"):
        trace(textbook.pitchfork(), [0.0], "p", parameters={"p": 0.0})
    trunk = trace(textbook.pitchfork(), [0.0], "p", (-1, 1))
    with pytest.raises(StartError, match=r"BP1 is a branch point.*switch"):
        trace(textbook.pitchfork(), trunk["BP1"], "p")


def _repeated(u, p, out):
    out[0] = out[1] = u[0] + u[1] - p[0]


def test_dependent_equations_are_told_from_a_branch_point():
    with pytest.raises(StartError, match=r"x - y is conserved|rank-deficient at the start and around it.*equation of"):
        trace(Problem(_repeated, ("x", "y"), {"p": 0.0}, compiled=False), [0.0, 0.0], "p")


def test_entries_that_are_never_written_are_named():
    def half(u, p, out):
        out[0] = p[0] - u[0]

    problem = Problem(half, ("x", "y"), {"p": 0.0}, compiled=False)
    with pytest.raises(StartError, match=r"half \(residual\) leaves out\[1\] \(y\) = nan.*never written"):
        trace(problem, [0.0, 0.0], "p")


def test_a_function_that_changes_its_arguments_is_refused():
    def greedy(u, p, out):
        out[0] = p[0] - u[0]
        u[0] = 7.0

    with pytest.raises(ValueError, match="changes its arguments u or p"):
        trace(line(greedy), [0.0], "p")


def test_the_callers_arrays_stay_as_they_were():
    start, constants = np.array([0.9]), np.array([-1.0])
    trace(textbook.cusp(), start, "mu", (-2, 2))
    line(constants=constants)
    assert (start[0], constants[0]) == (0.9, -1.0)


# Numerical failure.


def not_a_number(u, p, out):
    out[0] = p[0] - u[0] if u[0] < 1 else math.nan


def raising(u, p, out):
    out[0] = p[0] - u[0]
    if u[0] > 1:
        raise ArithmeticError("no value above one")


def corner(u, p, out):
    out[0] = p[0] - abs(u[0])


def losing_an_equation(u, p, out):
    out[0], out[1] = p[0] - u[0], u[1] * max(0.0, 1.0 - u[0])


def hyperbola(u, p, out):
    out[0] = p[0] * u[0] - 1.0


def fading(u, p, out):
    out[0] = p[0] - math.exp(-u[0])


def test_a_residual_that_turns_nan_keeps_all_earlier_points():
    branch = ends(not_a_number)
    assert branch.ends == (Status.LIMIT, Status.NONFINITE)
    assert branch["u"][-1] == pytest.approx(1.0, abs=1e-4)
    assert_allclose(branch["u"], branch.parameter, atol=1e-12)
    assert branch.effort["rejections"]["nonfinite"] > 5


def test_an_exception_at_the_start_is_the_users_own():
    def broken(u, p, out):
        out[0] = {"a": 1}["b"]

    with pytest.raises(KeyError, match="b") as caught:
        trace(line(broken), [0.0], "p")
    assert caught.traceback[-1].name == "broken"


def test_an_exception_half_way_ends_the_branch_and_is_logged(caplog):
    with caplog.at_level(logging.WARNING, logger="continuation"):
        branch = ends(raising)
    assert branch.ends == (Status.LIMIT, Status.CALLBACK_FAILED)
    assert branch["u"][-1] == pytest.approx(1.0, abs=1e-4)
    record = next(r for r in caplog.records if r.exc_info)
    assert record.name == "continuation"
    assert record.exc_info[0] is ArithmeticError
    assert "no value above one" in caplog.text
    assert "raising" in caplog.text


def test_strict_raises_with_the_branch():
    with pytest.raises(ContinuationError, match="NONFINITE: .*NaN") as caught:
        ends(not_a_number, strict=True)
    assert caught.value.branch.ends[1] is Status.NONFINITE
    assert len(caught.value.branch) > 10
    assert trace(line(), [0.0], "p", (-1, 1), strict=True).ends == (Status.LIMIT, Status.LIMIT)


def interrupt(point):
    if point["u"] > 0.5:
        signal.raise_signal(signal.SIGINT)
    return False


def bad_start():
    with pytest.raises(StartError) as caught:
        trace(line(lambda u, p, out: out.fill(1 + u[0] ** 2)), [0.5], "p")
    return (caught.value.status,)


def circles(**options):
    """Orbits between the Hopf points mu = 0 and 1: circles of radius ``(mu (1 - mu))**0.5``, period 2 pi/(1 - mu/4)."""
    across, along = "(mu*(1 - mu) - x**2 - y**2)", "(1 - mu/4)"
    equations = {"x": f"{across}*x - {along}*y", "y": f"{across}*y + {along}*x"}
    field = Problem.from_expressions(equations, {"mu": -0.5})
    hopf = trace(field, [0.0, 0.0], "mu", (-0.5, 1.5))["HB1"]
    return trace(periodic_orbits(field, 10), hopf, "mu", (-0.5, 1.5), **options)


PRODUCED = {
    Status.LIMIT: lambda: ends(None).ends,
    Status.INFINITY: lambda: trace(line(hyperbola), [1.0], "p", (-1, 2), parameters={"p": 1.0}).ends,
    Status.HOPF: lambda: circles().ends,
    Status.LONG_PERIOD: lambda: circles(settings=Settings(max_period=6.5)).ends,
    Status.CLOSED: lambda: trace(textbook.circle(), [1.0], "p").ends,
    Status.MAX_POINTS: lambda: trace(line(), [0.0], "p", settings=Settings(max_points=5)).ends,
    Status.STOPPED: lambda: trace(textbook.fold(), [1.0], "p", (-1, 4), stop=Kind.FOLD).ends,
    Status.TIME_LIMIT: lambda: ends(None, watch=TimeLimit(1e-6)).ends,
    Status.INTERRUPTED: lambda: ends(None, stop=interrupt).ends,
    Status.STEP_TOO_SMALL: lambda: trace(line(corner), [1.0], "p", (-1, 2), parameters={"p": 1.0}).ends,
    Status.SINGULAR: lambda: (
        trace(Problem(losing_an_equation, ("u", "v"), {"p": 0.0}, compiled=False), [0.0, 0.0], "p", (-1, 3)).ends
    ),
    Status.NONFINITE: lambda: ends(not_a_number).ends,
    Status.UNRESOLVED: lambda: trace(line(fading), [0.0], "p", (-1, 2), parameters={"p": 1.0}).ends,
    Status.CALLBACK_FAILED: lambda: ends(raising).ends,
    Status.BAD_START: bad_start,
}


@pytest.mark.parametrize("status", Status, ids=lambda status: status.name)
def test_every_status_is_produced_and_gives_advice(status):
    assert status in PRODUCED[status]()
    assert len(status.advice) > 20


def test_where_rounding_hides_the_equations_the_branch_ends_without_false_points():
    branch = trace(line(fading), [0.0], "p", (-1, 2), parameters={"p": 1.0})
    assert {point.kind for point in branch.special} == {Kind.END}
    assert 25 < branch["u"].max() < 40
    assert_allclose(branch.parameter, np.exp(-branch["u"]), rtol=1e-9, atol=1e-15)


def _kink(u, p, out):
    out[0] = p[0] - 0.1 * abs(u[0])


def _kink_u(u, p, out):
    out[0, 0] = -0.1 * np.sign(u[0])


def test_a_point_that_can_not_be_located_is_kept_with_its_bracket(caplog):
    problem = line(_kink, jacobian=_kink_u)
    branch = trace(problem, [1.0], "p", (-1.0, 0.2), settings=Settings(step=0.07), parameters={"p": 0.1})
    lost = [point for point in branch.special if not point.located]
    assert [point.kind for point in lost] == [Kind.FOLD]
    (low, _), (high, _) = sorted(lost[0].bracket.tolist())
    assert low <= 0 <= high
    assert high - low <= 1e-6
    assert branch.folds == ()
    assert "not located" in caplog.text
    assert lost[0].label in caplog.text
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    with pytest.raises(ValueError, match=f"wanted a branch point .BP., got {lost[0].label}, a FOLD"):
        switch(problem, lost[0])


LONG = """
import sys
from continuation import Problem, Settings, trace

def f(u, p, out):
    out[0] = p[0] - u[0]

problem = Problem(f, ("u",), {"p": 0.0}, compiled=sys.argv[1] == "compiled")
trace(problem, [0.0], "p", direction=1, settings=Settings(max_points=10))
print("ready", flush=True)
settings = Settings(max_points=10**9, step=1e-6, max_step=1e-6)
branch = trace(problem, [0.0], "p", (-1e6, 1e6), direction=1, settings=settings)
print(branch.ends[1].name, len(branch), abs(branch["u"] - branch.parameter).max() < 1e-12, flush=True)
"""


@pytest.mark.parametrize("form", ["compiled", "python"])
def test_an_interrupt_returns_the_partial_branch_at_once(form):
    with subprocess.Popen([sys.executable, "-c", LONG, form], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        name, rows, on_curve = process.stdout.readline().split()
        assert time.monotonic() - began < 5
        assert process.wait(10) == 0
    assert (name, on_curve) == ("INTERRUPTED", "True")
    assert int(rows) > 100


def test_an_interrupt_before_a_trace_and_after_it_is_pythons_own():
    trace(line(), [0.0], "p", (-1, 1))
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
