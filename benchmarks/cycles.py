"""Periodic orbits: ``python -m benchmarks.cycles [--rounds N] [--rival PYTHON]``.

What collocation costs by the number of states, on a ring of van der Pol oscillators, and whole branches of AUTO's demos
from their Hopf points; with ``--rival`` (a Python that has xpplab, XPPAUT's AUTO in a wheel) AUTO traces these too, on
as many intervals of the same degree, with the steps, tolerances and numbers of points of its demos.  All times are CPU
times, the least of several rounds: on a busy machine wall time says nothing.
"""

import argparse
import gc
import json
import math
import time
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.rival import ask
from continuation import Kind, Orbit, Problem, Settings, periodic_orbits, trace
from continuation.compiled.calls.interface import OK, call_callback
from continuation.orbits.orbit_operations import OrbitEquations

SIZES = (2, 3, 4, 10, 30)
INTERVALS, DEGREE = 50, 4
COUPLING = 1.0
# Steps of a trace, and of the longer one that shares its start: their difference is that of steps alone.
SHORT, LONG = 10, 60
REPEATS = 50  # Newton iterations timed together: a clock's tick is less than a thousandth of them
LONGEST = 120  # seconds for AUTO and each round of a branch
# How far apart two programs may tell the same special point, relative to 1 + |p|: AUTO locates to 1e-5; ten times
# more, and neighbours on the way to a homoclinic orbit are one.
NEAR = 1e-5
KINDS = {Kind.FOLD: "LP", Kind.BRANCH_POINT: "BP", Kind.PERIOD_DOUBLING: "PD", Kind.NEIMARK_SACKER: "TR"}


class Demo(NamedTuple):
    """A branch of orbits of one of AUTO's demos: equations, start of the equilibria, AUTO's constants."""

    equations: dict
    parameters: dict
    start: list
    vary: str
    span: tuple
    constants: dict


def constants(ds, dsmin, dsmax, epsu, epss, nmax) -> dict:
    """AUTO's constants of a demo by xpplab's names."""
    tolerances = {"epsl": epsu, "epsu": epsu, "epss": epss}
    return {"ds": ds, "dsmin": dsmin, "dsmax": dsmax, "nmax": nmax, "iad": 3, **tolerances}


DEMOS = {
    "lrz": Demo(
        {"x": "s*(y - x)", "y": "r*x - y - x*z", "z": "x*y - b*z"},
        {"r": 20.0, "s": 10.0, "b": 8 / 3},
        [7.12, 7.12, 19.0],
        "r",
        (1.0, 30.0),
        constants(0.5, 0.01, 5.0, 1e-7, 1e-4, 35),
    ),
    "pp2": Demo(
        {"u": "p2*u*(1 - u) - u*v - p1*(1 - exp(-p3*u))", "v": "-v + p4*u*v"},
        {"p1": 0.0, "p2": 3.0, "p3": 5.0, "p4": 3.0},
        [1 / 3, 2.0],
        "p1",
        (0.0, 1.0),
        constants(0.02, 0.01, 0.06, 1e-8, 1e-6, 100),
    ),
    "plp": Demo(
        {"s": "s0 - s - rh*s*a/(1 + s + rk*s**2)", "a": "al*(a0 - a) - rh*s*a/(1 + s + rk*s**2)"},
        {"s0": 110.0, "a0": 500.0, "al": 0.2, "rh": 2.021628, "rk": 0.1},
        [45.55974, 177.7987],
        "rh",
        (0.0, 5.5),
        constants(0.1, 0.01, 3.0, 1e-8, 1e-6, 100),
    ),
    "fhn": Demo(
        {"x": "c*(x - x**3/3 + y)", "y": "-(x - a + b*y)/c"},
        {"a": 0.0, "b": 0.8, "c": 3.0},
        [0.0, 0.0],
        "a",
        (0.0, 2.0),
        constants(0.05, 0.001, 0.2, 1e-6, 1e-4, 500),
    ),
    "tor": Demo(
        {
            "x": "(-(be + rn)*x + be*y - a3*x**3 + b3*(y - x)**3)/r",
            "y": "be*x - (be + ga)*y - z - b3*(y - x)**3",
            "z": "y",
        },
        {"rn": -0.9, "be": 0.5, "ga": -0.6, "r": 0.6, "a3": 0.328578, "b3": 0.933578},
        [0.0, 0.0, 0.0],
        "rn",
        (-0.9, -0.4),
        constants(0.001, 0.0001, 0.01, 1e-7, 1e-5, 125),
    ),
}

RIVAL = """
import json, sys, tempfile, time
import xpplab
text, name, low, high, settings, rounds = json.loads(sys.argv[1])
spent = []
with tempfile.NamedTemporaryFile("w", suffix=".ode") as file:
    file.write(text)
    file.flush()
    for _ in range(rounds):
        model = xpplab.load(file.name)
        step = settings["dsmax"] / 10
        found = model.auto.equilibria(name, parmin=low, parmax=high, nmax=2000, ds=step, dsmax=step, mxbf=0)
        hopf = next(p for p in found if p.type == "HB")
        began = time.process_time()
        orbits = model.auto.continue_from(hopf, "periodic", **{**settings, "normmax": 1e10, "npr": 10000})
        spent.append(time.process_time() - began)
points = [(p.type, p.value) for p in orbits if p.type in ("LP", "BP", "PD", "TR")]
print(json.dumps([len(orbits), points, min(spent), max(p.period for p in orbits)]))
"""


class Told(NamedTuple):
    """What a program told of a branch: points, special ones (kind, parameter), CPU seconds, the longest period."""

    points: int = 0
    special: tuple = ()
    seconds: float = math.nan
    period: float = math.nan
    failure: str = ""

    def __str__(self):
        if self.failure:
            return self.failure
        each = 1000 * self.seconds / self.points
        return f"{self.points} points to period {self.period:.4g}, {1000 * self.seconds:.0f} ms, {each:.2f} ms each"


def field(u, p, out):
    """A ring of van der Pol oscillators; an odd state behind them follows the first."""
    n, mu, k = len(u), p[0], p[1]
    m = n // 2
    for i in range(m):
        x, y = u[2 * i], u[2 * i + 1]
        before, behind = u[2 * ((i + m - 1) % m) + 1], u[2 * ((i + 1) % m) + 1]
        out[2 * i] = y
        out[2 * i + 1] = mu * (1.0 - x * x) * y - x + k * (before - 2.0 * y + behind)
    if n % 2 == 1:
        out[n - 1] = u[0] - u[n - 1]


def field_jacobian(u, p, out):
    """Derivative of `field` by the states."""
    n, mu, k = len(u), p[0], p[1]
    m = n // 2
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
    for i in range(m):
        x, y, row = u[2 * i], u[2 * i + 1], 2 * i + 1
        out[2 * i, row] = 1.0
        out[row, 2 * i] = -2.0 * mu * x * y - 1.0
        out[row, row] += mu * (1.0 - x * x) - 2.0 * k
        out[row, 2 * ((i + m - 1) % m) + 1] += k
        out[row, 2 * ((i + 1) % m) + 1] += k
    if n % 2 == 1:
        out[n - 1, 0], out[n - 1, n - 1] = 1.0, -1.0


def field_derivative(u, p, k, out):
    """Derivative of `field` by parameter k: mu or the coupling."""
    n = len(u)
    m = n // 2
    for i in range(n):
        out[i] = 0.0
    for i in range(m):
        x, y = u[2 * i], u[2 * i + 1]
        before, behind = u[2 * ((i + m - 1) % m) + 1], u[2 * ((i + 1) % m) + 1]
        out[2 * i + 1] = (1.0 - x * x) * y if k == 0 else before - 2.0 * y + behind


def ring(n) -> Problem:
    """The ring with n states, all functions compiled."""
    return Problem(
        field,
        tuple(f"u{i}" for i in range(n)),
        {"mu": 1.0, "k": COUPLING},
        jacobian=field_jacobian,
        parameter_derivative=field_derivative,
        name=f"ring-{n}",
    )


def orbit_of(problem) -> Orbit:
    """The orbit of oscillators in step at mu = 1, from the simulation of one of them."""
    one = Orbit.from_simulation(ring(2), [2.0, 0.0])
    n, times = len(problem.states), one.times
    states = np.tile(np.asarray(one.states), (1, n // 2))
    if n % 2 == 1:
        states = np.column_stack([states, followed(times, states[:, 0], one.period)])
    return Orbit(times, states, one.period, {"mu": 1.0, "k": COUPLING}, state_names=problem.states)


def followed(times, x, period) -> np.ndarray:
    """The periodic solution of ``z' = x(t) - z``, mode by mode."""
    even = np.arange(1024) * period / 1024
    modes = np.fft.rfft(np.interp(even, times, x, period=period))
    modes /= 1 + 2j * np.pi * np.arange(len(modes)) / period
    return np.interp(times, even, np.fft.irfft(modes), period=period)


def cpu(function) -> float:
    """CPU seconds of one call, without garbage collection."""
    gc.collect()
    gc.disable()
    try:
        began = time.process_time()
        function()
        return time.process_time() - began
    finally:
        gc.enable()


class Costs(NamedTuple):
    """CPU microseconds on the ring: the parts of a Newton iteration, a step; Newton iterations in a step."""

    residual: float
    linearise: float
    solve: float
    step: float
    iterations: float

    @property
    def iteration(self):
        """A Newton iteration."""
        return self.residual + self.linearise + self.solve


def costs(n, rounds, short=SHORT, long=LONG, repeats=REPEATS) -> Costs:
    """Time the ring with n states."""
    problem = ring(n)
    cycles, orbit = periodic_orbits(problem, INTERVALS, DEGREE), orbit_of(problem)
    branch = trace(cycles, orbit, "mu", (1, 50), settings=Settings(max_points=2), direction=1)
    parts = iteration_parts(cycles.at_row(branch, 0, "mu"), branch.unknowns[0], repeats)
    with threadpool_limits(1, user_api="blas"):  # as in traces
        residual, linearise, both = (1e6 * min(cpu(part) for _ in range(rounds)) / repeats for part in parts)
    step, iterations = step_costs(cycles, orbit, rounds, short, long)
    return Costs(residual, linearise, both - linearise, 1e6 * step, iterations)


def iteration_parts(cycles, x, repeats) -> list:
    """Functions that do so many times what a Newton iteration does: residual, linearise, linearise and solve.

    F itself is evaluated with the residual, at places that take turns: nothing is known there already.
    """
    operations = OrbitEquations(cycles, cycles.base.parameter_values(), cycles.index_of("mu")).operations
    operations.p[operations.active] = x[-1]
    places = [np.ascontiguousarray(x[:-1]), x[:-1] * (1 + 1e-9)]
    value, nothing, last = np.empty(len(x) - 1), np.zeros(1), places[(repeats - 1) % 2]
    row, sides, out = np.ones(len(x)), np.random.default_rng(0).normal(size=2 * len(x)), np.empty(2 * len(x) + 8)

    def residual():
        for turn in range(repeats):
            check(call_callback(operations.residual, places[turn % 2], operations.p, value))

    def linearise():
        for _ in range(repeats):
            check(call_callback(operations.linearise, last, operations.p, nothing))

    def both():
        for _ in range(repeats):
            check(call_callback(operations.linearise, last, operations.p, nothing))
            check(call_callback(operations.solve, row, sides, out))

    return [residual, linearise, both]


def check(status):
    """Refuse to time what fails."""
    if status != OK:
        raise RuntimeError(f"a kernel fails on a point of the branch, with status {status}")


def step_costs(cycles, orbit, rounds, short, long) -> tuple:
    """CPU seconds of an accepted step with all that belongs to it, and its Newton iterations.

    From two traces that differ by their last steps alone: what it costs to begin is in both.
    """

    def run(points):
        return trace(cycles, orbit, "mu", (1, 50), settings=Settings(max_points=points), direction=1)

    efforts = [run(points).effort for points in (short, long)]
    steps, iterations = (efforts[1][name] - efforts[0][name] for name in ("steps", "newton_iterations"))
    less, more = (min(cpu(lambda points=points: run(points)) for _ in range(rounds)) for points in (short, long))
    return (more - less) / steps, iterations / steps


def ours(demo, rounds) -> Told:
    """What this package tells of a demo."""
    problem = Problem.from_expressions(demo.equations, demo.parameters)
    equilibria = trace(problem, demo.start, demo.vary, demo.span)
    cycles, hopf = periodic_orbits(problem, INTERVALS, DEGREE), equilibria["HB1"]
    branch = trace(cycles, hopf, demo.vary, demo.span)
    spent = min(cpu(lambda: trace(cycles, hopf, demo.vary, demo.span)) for _ in range(rounds))
    special = tuple((KINDS[p.kind], p[demo.vary]) for p in branch.special if p.kind in KINDS)
    return Told(len(branch), special, spent, float(np.max(branch["period"])))


def run_rival(python, demo, rounds) -> Told:
    """What AUTO tells of a demo; why it tells nothing where it crashed or did not come to an end."""
    settings = {**demo.constants, "ntst": INTERVALS, "ncol": DEGREE, "parmin": demo.span[0], "parmax": demo.span[1]}
    words = json.dumps([ode_file(demo), demo.vary, *demo.span, settings, rounds])
    answer = ask(python, RIVAL, words, LONGEST * rounds)
    if answer.failure:
        return Told(failure=answer.failure)
    points, special, seconds, period = answer.said
    return Told(points, tuple((kind, value) for kind, value in special), seconds, period)


def ode_file(demo) -> str:
    """A demo as a model file of XPPAUT."""
    lines = [f"{name}'={text.replace('**', '^')}" for name, text in demo.equations.items()]
    lines += [f"par {name}={value!r}" for name, value in demo.parameters.items()]
    lines += [f"init {name}={value!r}" for name, value in zip(demo.equations, demo.start)]
    return "\n".join([*lines, "done", ""])


def shared(one, other) -> tuple:
    """Special points that both tell, that only the first, and that only the other one tells."""
    both, alone, left = [], [], list(other)
    for kind, value in one:
        same = [p for p in left if p[0] == kind and abs(p[1] - value) <= NEAR * (1 + abs(value))]
        (both if same else alone).append((kind, value))
        if same:
            left.remove(min(same, key=lambda p: abs(p[1] - value)))
    return both, alone, left


def listed(points) -> str:
    """Special points as words."""
    return ", ".join(f"{kind} {value:.6g}" for kind, value in points) or "none"


def main(arguments=None):
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cycles", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="the least of so many times (default 5)")
    parser.add_argument("--rival", metavar="PYTHON", help="a Python that has xpplab")
    asked = parser.parse_args(arguments)
    if asked.rounds < 1:
        parser.error("--rounds: wanted at least 1")
    print("us of CPU: residual + linearise + solve = Newton iteration; accepted step (iterations in it)")
    for n in SIZES:
        c = costs(n, asked.rounds)
        print(
            f"n = {n:<3}{c.residual:8.0f} +{c.linearise:8.0f} +{c.solve:8.0f} ={c.iteration:8.0f};{c.step:8.0f} "
            f"({c.iterations:.1f})",
            flush=True,
        )
    for name, demo in DEMOS.items():
        told = ours(demo, asked.rounds)
        print(f"{name}: {told}; {listed(told.special)}", flush=True)
        if asked.rival:
            print(f"  AUTO: {compared(told, run_rival(asked.rival, demo, asked.rounds))}", flush=True)


def compared(told, rival) -> str:
    """What AUTO told, beside what was told here."""
    if rival.failure:
        return rival.failure
    both, here, there = shared(told.special, rival.special)
    whole, each = rival.seconds / told.seconds, rival.seconds / rival.points / (told.seconds / told.points)
    points = f"{len(both)} special points are the same, only here: {listed(here)}; only there: {listed(there)}"
    return f"{rival}; of our time {whole:.2g}, a point {each:.2g}; {points}"


if __name__ == "__main__":
    main()
