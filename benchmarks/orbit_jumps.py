"""Do branches of orbits keep to their family where another passes?  ``python -m benchmarks.orbit_jumps [--cases N]``.

Circles of radius sqrt(s) turn at 1 + s/2.  In the first geometry there are two families, s = S(p) and S(p) + gap, in
the second s = S(p) +- sqrt((c (p - q))**2 + gap**2), which all but cross at p = q; S(p) = 2 + a sin(k p + f) with
random a, k, f.  Both families are known in closed form: a branch has jumped if a row lies on the other one.
"""

import argparse
import sys
from collections import Counter

import numpy as np

from continuation import Orbit, Problem, periodic_orbits, trace

INTERVALS = 20
SPAN = (-2.0, 2.0)
FAMILIES = {  # what vanishes on both families, h = s - S(p)
    "parallel": "h*(h - gap)",
    "crossing": "h**2 - (c*(p - q))**2 - gap**2",
}
PARAMETERS = {"p": 0.0, "gap": 1e-4, "a": 0.5, "k": 1.0, "f": 0.0, "c": 1.0, "q": 0.0}
NEAR = 0.25  # of the distance to the other family: rows nearer than that are on their own


def problem_of(geometry) -> Problem:
    """The vector field of a geometry."""
    return Problem.from_expressions(
        {"x": "r*x - (1 + s/2)*y", "y": "(1 + s/2)*x + r*y"},
        PARAMETERS,
        definitions={"s": "x**2 + y**2", "h": "s - 2 - a*sin(k*p + f)", "r": FAMILIES[geometry]},
        name=geometry,
    )


def draw(random, gap) -> dict:
    """Parameters of a case; the branch begins at p = -1."""
    low = {"a": 0.1, "k": 0.5, "f": 0.0, "c": 0.2, "q": -0.5}
    high = {"a": 0.8, "k": 2.0, "f": 2 * np.pi, "c": 2.0, "q": 0.5}
    return {"p": -1.0, "gap": gap, **{name: random.uniform(low[name], high[name]) for name in low}}


def offsets(geometry, p, case) -> tuple:
    """(own family, the other one) as s - S(p)."""
    if geometry == "parallel":
        return 0.0 * p, case["gap"] + 0.0 * p
    away = np.hypot(case["c"] * (p - case["q"]), case["gap"])
    return away, -away


def level(p, case):
    """S(p)."""
    return 2.0 + case["a"] * np.sin(case["k"] * p + case["f"])


def trace_case(cycles, geometry, case):
    """Trace the own family of a case."""
    s = float(level(case["p"], case) + offsets(geometry, case["p"], case)[0])
    times = np.linspace(0.0, 1.0, 201)
    circle = np.sqrt(s) * np.column_stack([np.cos(2 * np.pi * times), np.sin(2 * np.pi * times)])
    period = 2 * np.pi / (1 + s / 2)
    start = Orbit(times * period, circle, period, case, state_names=("x", "y"))
    return trace(cycles, start, "p", SPAN, parameters=case)


def has_jumped(geometry, branch, case) -> bool:
    """Whether a row lies on the other family."""
    p = branch["p"]
    own, other = offsets(geometry, p, case)
    h = branch["x_max"] ** 2 - level(p, case)
    return bool(np.any(np.abs(h - own) > NEAR * np.abs(other - own)))


def run(geometry, cases, gap, seed=0) -> Counter:
    """Count what became of the cases: jumps, remarks on the other family, false special points, early ends, points."""
    cycles, random, found = periodic_orbits(problem_of(geometry), INTERVALS), np.random.default_rng(seed), Counter()
    for number in range(cases):
        case = draw(random, gap)
        branch = trace_case(cycles, geometry, case)
        found["jumped"] += has_jumped(geometry, branch, case)
        found["invented"] += sum(point.kind.name != "END" for point in branch.special)
        found["told"] += any("passes" in remark.text for remark in branch.remarks)
        found["early"] += sum(end.name != "LIMIT" for end in branch.ends)
        found["points"] += len(branch)
        if sys.stderr.isatty():
            print(f"\r{geometry}: {number + 1} of {cases}", end="", file=sys.stderr)
    return found


def main(arguments=None) -> int:
    """Print a line for each geometry; exit status 1 if any branch jumped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.orbit_jumps", description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=500, help="of each geometry (500)")
    parser.add_argument("--gap", type=float, default=PARAMETERS["gap"], help="between the families in s (1e-4)")
    asked, jumped = parser.parse_args(arguments), 0
    for geometry in FAMILIES:
        found = run(geometry, asked.cases, asked.gap)
        jumped += found["jumped"]
        points = found["points"] / asked.cases
        print(
            f"{geometry}, gap {asked.gap:g}: {found['jumped']} of {asked.cases} jumped, {found['told']} tell of the "
            f"other family, {found['invented']} special points that are none, {found['early']} ends within the span, "
            f"{points:.0f} points a branch",
            flush=True,
        )
    return int(jumped > 0)


if __name__ == "__main__":
    sys.exit(main())
