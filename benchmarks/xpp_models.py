"""Special points of model files: ``python -m benchmarks.xpp_models FOLDER [--rival PYTHON]``.

Draws the diagrams of the `.ode` files of a folder that are listed here, and with ``--rival`` (a Python that has
xpplab, XPPAUT's AUTO in a wheel) lets AUTO do so from the same starts, which follows branches that bifurcate too: both
with their own default steps, AUTO also with the largest step that this package takes.  What either finds is checked
apart from both: least squares on the equations and what makes the point special (numpy), in units of the unknowns.  A
point is *found* where a true one was told, *missed* where only the other told it, *invented* where nothing is there or
something else.  A rival that crashes, or does not end within a minute, is said to; such a file is none of its misses.
"""

import argparse
import json
import math
import pathlib
import time
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from benchmarks.rival import ask
from continuation import Problem, diagram

CASES = {  # file -> parameter, low, high, values of others
    "lecar": ("iapp", -0.2, 0.5, {}),
    "fhn": ("I_0", 0.0, 1.0, {}),
    "osc": ("Input", 0.0, 6.0, {}),
    "nnet": ("s1", -6.0, 6.0, {}),
    "ml1": ("i", -0.2, 0.6, {}),
    "pyxpp_ml": ("IAPP", -10.0, 40.0, {}),
    "hhred": ("I0", 0.0, 200.0, {}),
    "ab": ("p0", 0.0, 0.2, {}),
    "torx": ("rn", -0.9, -0.4, {}),
    "pp2": ("par0", 0.0, 1.0, {}),
    "vlsi": ("iext", 0.0, 60.0, {}),
    "wcfun": ("te", 0.0, 12.0, {}),
    "wta": ("te", 0.0, 4.0, {}),
    "wcstim": ("te", 0.0, 6.0, {}),
    "wc": ("ie0", -4.0, 4.0, {}),
    "simplefold": ("b", -1.0, 1.0, {}),
    "pf": ("r", -2.0, 2.0, {}),
    "fieldnoy": ("f", 0.3, 3.0, {}),
    "ev1": ("gks", 0.0, 6.0, {}),
    "t2d_str_pr_model_bif": ("bmi", 25.0, 50.0, {}),
}
KINDS = {"FOLD": "LP", "BRANCH_POINT": "BP", "HOPF": "HB"}
LONGEST = 60  # seconds for AUTO and one file, both directions
ZERO = 1e-6  # of what vanishes at a point and in its equations, rows and columns of size 1
NEAR = 1e-3  # of the span: how far a point may lie from where it was told
# Unit of what is zero at a point, against its size elsewhere: ten times less and rounding of the states is seen there.
LEAST = 1e-3
RIVAL = """
import json, sys, time
import xpplab
path, name, low, high, start, values, settings = json.loads(sys.argv[1])
found, spent = [], 0.0
for sign in (1, -1):
    model = xpplab.load(path)
    for key, value in values.items():
        model.parameters[key] = value
    for key, value in start.items():
        model.initial_conditions[key] = value
    began = time.perf_counter()
    wishes = {**settings, "parmin": low, "parmax": high, "nmax": 5000}
    wishes["ds"] = sign * abs(wishes.get("ds", 0.02))
    diagram = model.auto.equilibria(name, **wishes)
    points = [(p.type, p.value, dict(p.u0)) for p in diagram if p.type in ("LP", "BP", "HB")]
    spent += time.perf_counter() - began
    found += points
print(json.dumps([found, spent]))
"""


class Told(NamedTuple):
    """What a program told of a file: points (kind, parameter, state), the seconds it took, why it told no more."""

    points: list
    seconds: float
    failure: str = ""


class Score(NamedTuple):
    """Numbers of points, and of files that a program failed on."""

    found: int = 0
    missed: int = 0
    invented: int = 0
    seconds: float = 0.0
    failed: int = 0

    def __str__(self):
        failed = f", failed on {self.failed} files" if self.failed else ""
        return (
            f"{self.found} found, {self.missed} missed, {self.invented} invented, {1000 * self.seconds:.1f} ms{failed}"
        )

    def add(self, other):
        """The sum of two."""
        return Score(*(a + b for a, b in zip(self, other)))


def main(arguments=None):
    """Print a line for each file and the sums."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.xpp_models", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--rival", metavar="PYTHON", help="a Python that has xpplab")
    asked = parser.parse_args(arguments)
    sums = {}
    for case, (name, low, high, values) in CASES.items():
        path = asked.folder / f"{case}.ode"
        if not path.exists():
            print(f"{case}: not there")
            continue
        told = tell(path, name, low, high, values, asked.rival)
        true = true_points(told, name, low, high)
        words = []
        for who, one in told["found"].items():
            score = score_of(one, true, told["units"])
            sums[who] = sums.get(who, Score()).add(score)
            words.append(f"{who}: {one.failure or score}")
        print(f"{case} ({name}), {len(true)} points: " + "; ".join(words), flush=True)
    for who, score in sums.items():
        print(f"{who}: {score} in all")


def tell(path, name, low, high, values, rival) -> dict:
    """What each traces and how long it takes: ``found`` (who -> Told), ``problem``, ``parameters``, ``units``."""
    problem = Problem.from_file(path)
    parameters, state = first_solution(problem, {**problem.model.parameters, **values}, name, (low, high))
    values = {**values, name: parameters[name]}
    diagram(problem, state, name, (low, high), parameters=parameters, depth=0)  # loads what is compiled
    began = time.perf_counter()
    whole = diagram(problem, state, name, (low, high), parameters=parameters, depth=3)
    spent = time.perf_counter() - began
    kinds = [p for p in whole.special if p.kind.name in KINDS]
    points = [(KINDS[p.kind.name], p[name], p.state) for p in kinds]
    found = {"pseudoarc": Told(points, spent)}
    if rival:
        steps = np.concatenate([np.diff(branch.arclength) for branch in whole.branches])
        for who, settings in (("AUTO", {}), ("AUTO, our largest step", {"dsmax": float(np.max(steps))})):
            words = json.dumps([str(path), name, low, high, dict(zip(problem.states, state)), values, settings])
            found[who] = run_rival(rival, words, problem.states)
    units = units_of(np.vstack([branch.states for branch in whole.branches]), high - low)
    return {"problem": problem, "parameters": parameters, "units": units, "found": found}


def units_of(states, span) -> np.ndarray:
    """(n + 1,) the largest size that each state has in rows (m, n), and the width of the range of the parameter.

    A state that is zero but for rounding, beside the others, is in units of that.
    """
    sizes = np.max(np.abs(states), axis=0)
    return np.append(np.maximum(sizes, 1e-9 * np.max(sizes) or 1.0), span)


def run_rival(rival, words, states) -> Told:
    """What AUTO tells; why it tells nothing where it crashed or did not come to an end."""
    answer = ask(rival, RIVAL, words, LONGEST)
    if answer.failure:
        return Told([], math.nan, answer.failure)
    listed, seconds = answer.said
    names = [name.lower() for name in states]
    lowered = [(kind, value, {a.lower(): b for a, b in u.items()}) for kind, value, u in listed]
    return Told([(kind, value, np.array([u[name] for name in names])) for kind, value, u in lowered], seconds)


def first_solution(problem, parameters, name, ends) -> tuple:
    """Parameters and state where the model comes to rest: as it is, else at an end of the range."""
    for value in (parameters[name], *ends):
        if ends[0] <= value <= ends[1]:
            settled = problem.settle(problem.model.start, parameters={**parameters, name: value})
            if settled.motion.name == "REST":
                return {**parameters, name: value}, settled.point.state
    return parameters, problem.solve(problem.model.start, parameters).state


def true_points(told, name, low, high) -> list:
    """Points told by anyone that are what they are said to be, each once: (kind, parameter, state)."""
    problem, units, true = told["problem"], told["units"], []
    edge = ZERO * units[-1]  # points on a limit lie on either side of it, by rounding
    for one in told["found"].values():
        for kind, value, state in one.points:
            exact = confirm(problem, {**told["parameters"], name: value}, name, kind, state, units)
            if exact is None or abs(exact[0] - value) > NEAR * units[-1]:
                continue
            if not low - edge <= exact[0] <= high + edge:
                continue
            if not any(kind == k and is_same(exact, (v, u), units) for k, v, u in true):
                true.append((kind, *exact))
    return true


def confirm(problem, parameters, name, kind, state, units):
    """(parameter, state) of the point of a kind near a place, by least squares; None where there is none.

    What vanishes beside F: at a fold the smallest singular value of F_u but not that of ``[F_u F_p]``, at a branch
    point both, at a Hopf point the real part of the complex pair nearest the axis.  Unknowns are in units of their own
    size, but no less than a thousandth of what they are elsewhere (`units` (n + 1,)); rows of ``[F_u F_p]`` in those
    they have at the place or beside it: without, the slow states of a model are all that its singular values tell.
    """
    start = np.append(state, parameters[name])
    unit = LEAST * units + np.abs(start)
    beside = start + 0.1 * unit * np.cos(np.arange(len(start)))

    def parts(x):
        values = {**parameters, name: x[-1]}
        f, a = problem.residual(x[:-1], values), problem.jacobian(x[:-1], values)
        b = problem.parameter_derivative(x[:-1], name, values)
        return np.nan_to_num(f, nan=1e6), np.nan_to_num(np.column_stack([a, b]), nan=1e6)

    rows = np.max([np.max(np.abs(parts(x)[1]) * unit, axis=1) for x in (start, beside)], axis=0)
    rows = np.where(rows > 0, rows, 1.0)

    def sizes(matrix):
        return np.linalg.svd(matrix, compute_uv=False)[-1]

    def conditions(y):
        f, both = parts(unit * y)
        scaled = both * unit / rows[:, None]
        if kind == "HB":
            values = np.linalg.eigvals(both[:, :-1])
            pairs = values[np.abs(values.imag) > 1e-9 * np.max(np.abs(values))]
            return np.append(f / rows, np.min(np.abs(pairs.real) / np.abs(pairs), initial=1.0))
        least = [sizes(scaled[:, :-1]), sizes(scaled)]
        return np.append(f / rows, least if kind == "BP" else least[0])

    found = least_squares(conditions, start / unit, xtol=1e-15, ftol=1e-15, gtol=1e-15)
    x = unit * found.x
    if np.max(np.abs(found.fun)) > ZERO or (kind == "LP" and sizes(parts(x)[1] * unit / rows[:, None]) <= ZERO):
        return None
    return float(x[-1]), x[:-1]


def is_same(one, other, units) -> bool:
    """Whether two (parameter, state) are one point."""
    gap = np.max(np.abs(one[1] - other[1]) / units[:-1])
    return abs(one[0] - other[0]) <= NEAR * units[-1] and gap <= 20 * NEAR


def score_of(told, true, units) -> Score:
    """The score of what was told of a file; a failure is no miss."""
    if told.failure:
        return Score(failed=1)
    return Score(*judge(told.points, true, units), told.seconds)


def judge(points, true, units) -> tuple:
    """Numbers found, missed and invented."""
    hits = [
        any(k == kind and is_same((v, u), (value, state), units) for k, v, u in points) for kind, value, state in true
    ]
    false = [
        not any(k == kind and is_same((v, u), (value, state), units) for kind, value, state in true)
        for k, v, u in points
    ]
    return sum(hits), len(true) - sum(hits), sum(false)


if __name__ == "__main__":
    main()
