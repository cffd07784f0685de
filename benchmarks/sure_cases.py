"""Families of branches whose special points are known in closed form, each with a knob of difficulty, for `sure`.

A family is a function ``(knob, rng) -> Case``; everything random comes from `rng`.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from benchmarks import jumps
from benchmarks.disguise import Disguise

ON_BRANCH = 1e-6  # straight states further than this from where they should be are on another branch
# Statuses of ends where something grows without bound: it does, rounding hides the equations, or they overflow.
RUNAWAY = ("LIMIT", "INFINITY", "UNRESOLVED", "NONFINITE")


class Case(NamedTuple):
    """A branch to trace and what is known of it.

    Attributes
    ----------
    system : Disguise
    start : tuple of float
        Straight states of the equations at the parameter's value in ``system.parameters``.
    span : tuple of float
    expected : tuple of (str, float)
        Label and value of the parameter of all special points.
    is_off : callable
        Whether straight states (m, n) at values (m,) lie on another branch somewhere.
    ends : tuple of str
        Statuses of ends that are as they should be.
    options : dict
        Of the `Problem`.
    """

    system: Disguise
    start: tuple
    span: tuple = (-1.0, 1.0)
    expected: tuple = ()
    is_off: Callable = lambda y, values: False
    ends: tuple = ("LIMIT",)
    options: dict = {}


def near_crossing(kind, gap, rng) -> Case:
    """One of the geometries of `benchmarks.jumps`."""
    hidden = jumps.Hidden(kind, gap, int(rng.integers(2**31)))
    expected = (("LP", -hidden.a),) if kind == jumps.LEFT_RIGHT else ()
    weights = {"weights": np.append(np.full(hidden.n, 1 / hidden.n), 1.0)}
    span = (hidden.low, jumps.HIGH)
    return Case(hidden.system, (hidden.start(),), span, expected, hidden.is_off, options=weights)


def over_under(gap, rng):
    """Two branches that pass each other, one above the other."""
    return near_crossing(jumps.OVER_UNDER, gap, rng)


def left_right(gap, rng):
    """Two folds back to back."""
    return near_crossing(jumps.LEFT_RIGHT, gap, rng)


def pitchfork(gap, rng):
    """A pitchfork that a small constant takes apart."""
    return near_crossing(jumps.PITCHFORK, gap, rng)


def parallel(gap, rng):
    """Two branches side by side."""
    return near_crossing(jumps.PARALLEL, gap, rng)


def leaves_zero(*states):
    """Whether one of these straight states is not zero somewhere."""
    return lambda y, values: bool(np.any(np.abs(y[:, list(states)]) > ON_BRANCH))


def beside(rng):
    """A random value of the parameter, off the middle of (-1, 1)."""
    return float(rng.uniform(-0.4, 0.4))


def disguised(equations, parameters, rng) -> Disguise:
    """The equations with up to two states that follow, behind a rotation."""
    return Disguise(equations, parameters, rng, more=int(rng.integers(0, 3)))


def twin_branch_points(distance, rng):
    """Two branch points of one mode on a straight trunk, `distance` apart."""
    c, h = beside(rng), distance / 2
    system = disguised(["((p - c)^2 - h^2)*y0 - y0^3"], {"p": -1.0, "c": c, "h": h}, rng)
    return Case(system, (0.0,), expected=(("BP", c - h), ("BP", c + h)), is_off=leaves_zero(0))


def twin_folds(distance, rng):
    """Two folds `distance` apart in the state, ``distance**3 / 2`` in the parameter."""
    c, h = beside(rng), distance / 2
    system = disguised(["p - c - y0^3 + 3*h^2*y0"], {"p": -1.0, "c": c, "h": h}, rng)
    roots = np.roots([-1.0, 0.0, 3 * h * h, -1.0 - c])
    start = float(roots[np.argmin(np.abs(roots.imag))].real)
    return Case(system, (start,), expected=(("LP", c - 2 * h**3), ("LP", c + 2 * h**3)))


def twin_hopfs(distance, rng):
    """Two Hopf points of one pair of eigenvalues, `distance` apart."""
    c, h, w = beside(rng), distance / 2, float(rng.uniform(0.5, 3.0))
    rise, size = "((p - c)^2 - h^2)", "(y0^2 + y1^2)"
    equations = [f"{rise}*y0 - w*y1 - y0*{size}", f"w*y0 + {rise}*y1 - y1*{size}"]
    system = disguised(equations, {"p": -1.0, "c": c, "h": h, "w": w}, rng)
    return Case(system, (0.0, 0.0), expected=(("HB", c - h), ("HB", c + h)), is_off=leaves_zero(0, 1))


def fold_hides_hopf(eta, rng):
    """A Hopf point at ``eta**2`` beside a fold at 0, where the state is `eta` and 0."""
    equations = ["p - y0^2", "(y0 - eta)*y1 - w*y2", "w*y1 + (y0 - eta)*y2"]
    system = disguised(equations, {"p": 1.0, "eta": eta, "w": float(rng.uniform(0.5, 3.0))}, rng)
    return Case(system, (1.0, 0.0, 0.0), expected=(("LP", 0.0), ("HB", eta**2)), is_off=leaves_zero(1, 2))


def branch_point_hides_fold(eta, rng):
    """A branch point at ``eta**2`` beside a fold at 0."""
    system = disguised(["p - y0^2", "(y0 - eta)*y1 - y1^3"], {"p": 1.0, "eta": eta}, rng)
    return Case(system, (1.0, 0.0), expected=(("LP", 0.0), ("BP", eta**2)), is_off=leaves_zero(1))


def cluster(distance, rng):
    """Three branch points of three modes and a Hopf point between them, each `distance` from the next."""
    c, w = beside(rng), float(rng.uniform(0.5, 3.0))
    equations = [f"(p - c - {k}*d)*y{k} - y{k}^3" for k in range(3)]
    equations += ["(p - c - 1.5*d)*y3 - w*y4", "w*y3 + (p - c - 1.5*d)*y4"]
    system = disguised(equations, {"p": -1.0, "c": c, "d": distance, "w": w}, rng)
    expected = [("BP", c + k * distance) for k in range(3)] + [("HB", c + 1.5 * distance)]
    return Case(system, (0.0,) * 5, expected=tuple(expected), is_off=leaves_zero(0, 1, 2, 3, 4))


def exponential_tail(length, rng):
    """A model with exponentials on a span of some length; one in three has a fold."""
    name = int(rng.integers(5))
    text, start, value, fold = (
        ("p - 1/(1 + exp(-y0))", 0.0, 0.5, None),
        ("p - exp(-y0^2)", 1.0, math.exp(-1.0), 1.0),
        ("p - 1 - y0*exp(-y0)", 0.1, 1.0 + 0.1 * math.exp(-0.1), 1.0 + math.exp(-1.0)),
        ("p*exp(y0) - 1", 0.0, 1.0, None),
        ("p - exp(y0)", 0.0, 1.0, None),
    )[name]
    low = float(rng.uniform(-1.5, -0.5))
    expected = () if fold is None else (("LP", fold),)
    return Case(Disguise([text], {"p": value}), (start,), (low, length), expected, ends=RUNAWAY)


def uneven_states(size, rng):
    """The Brusselator with one state in units of `size`, the other in units of its inverse root."""
    s, r = size, float(size**-0.5 * rng.uniform(0.3, 3.0))
    equations = ["s*(1 - (b + 1)*y0/s + (y0/s)^2*y1/r)", "r*(b*y0/s - (y0/s)^2*y1/r)"]
    system = Disguise(equations, {"b": 1.0, "s": s, "r": r})
    return Case(system, (s, r), (0.0, 4.0), (("HB", 2.0),))


def uneven_cusp(size, rng):
    """A cusp whose state is `size` large, its parameter something else."""
    s, k = size, float(10.0 ** rng.uniform(-3, 3))
    fold, (start,) = 2 / 3**1.5 * k, (-1.324717957244746 * s,)
    system = Disguise(["s*(mu/k + y0/s - (y0/s)^3)"], {"mu": -k, "s": s, "k": k})
    return Case(system, (start,), (-k, k), (("LP", -fold), ("LP", fold)))


def hopf_pairs(speed, rng):
    """A Hopf point of some angular speed, where one, two or three equal pairs cross, before or beside a stable one."""
    c, pairs, sign = beside(rng), int(rng.integers(1, 4)), float(rng.choice([-1.0, 1.0]))
    equations = []
    for k in range(0, 2 * pairs, 2):
        size = f"(y{k}^2 + y{k + 1}^2)"
        equations += [
            f"(p - c)*y{k} - w*y{k + 1} + l*y{k}*{size}",
            f"w*y{k} + (p - c)*y{k + 1} + l*y{k + 1}*{size}",
        ]
    system = disguised(equations, {"p": -1.0, "c": c, "w": speed, "l": sign}, rng)
    return Case(system, (0.0,) * (2 * pairs), expected=(("HB", c),), is_off=leaves_zero(*range(2 * pairs)))


def corner(slope, rng):
    """A corner at which the branch turns back (slope below 1) or goes on."""
    c = beside(rng)
    system = Disguise(["p - c - y0 + slope*(y0 - abs(y0))"], {"p": 1.0, "c": c, "slope": slope}, rng, more=1)
    expected = (("CO", c),)
    return Case(system, (1.0 - c,), expected=expected, options={"smoothness": 1})


def kernel(dimension, rng):
    """A branch point where several equal modes of a straight trunk become unstable at once."""
    c = beside(rng)
    system = disguised([f"(p - c)*y{k} - y{k}^3" for k in range(dimension)], {"p": -1.0, "c": c}, rng)
    return Case(system, (0.0,) * dimension, expected=(("BP", c),), is_off=leaves_zero(*range(dimension)))


def lines(number, rng):
    """The first of so many random lines: it crosses the others."""
    a, b = rng.uniform(-0.5, 0.5, number), rng.uniform(-1.0, 1.0, number)
    text = "*".join(f"(y0 - ({x!r}) - ({s!r})*p)" for x, s in zip(a.tolist(), b.tolist()))
    crossings = [float((a[0] - x) / (s - b[0])) for x, s in zip(a[1:], b[1:])]
    expected = tuple(("BP", p) for p in crossings if -1.0 < p < 1.0)

    def is_off(y, values):
        return bool(np.any(np.abs(y[:, 0] - a[0] - b[0] * values) > ON_BRANCH))

    return Case(disguised([text], {"p": -1.0}, rng), (float(a[0] - b[0]),), expected=expected, is_off=is_off)


def polynomial(degree, rng):
    """``p = P(y)`` of an odd degree, whose folds are random numbers."""
    turns = np.sort(rng.uniform(-1.0, 1.0, degree - 1))
    coefficients = np.polyint(np.poly(turns))
    coefficients /= max(1e-3, np.ptp(np.polyval(coefficients, np.append(turns, [-1.2, 1.2]))))
    folds = [float(np.polyval(coefficients, y)) for y in turns]
    low, high = float(np.polyval(coefficients, -1.3)), float(np.polyval(coefficients, 1.3))
    low, high = min(low, *folds) - 0.1, max(high, *folds) + 0.1
    roots = np.roots(np.append(coefficients[:-1], coefficients[-1] - low))
    start = float(roots[np.argmin(np.abs(roots.imag))].real)
    text = " + ".join(f"({float(c)!r})*y0^{k}" for k, c in enumerate(coefficients[:-1][::-1], 1))
    system = disguised([f"p - ({text})"], {"p": low}, rng)
    return Case(system, (start,), (low, high), tuple(("LP", p) for p in folds))


def runaway(power, rng):
    """A branch that leaves to infinity at a value of the parameter, like a power of the distance to it."""
    c = beside(rng)
    if power == 0:
        system = Disguise(["p - c + exp(y0)"], {"p": -1.0, "c": c})
        return Case(system, (math.log(1.0 + c),), ends=RUNAWAY)
    system = Disguise([f"(c - p)*y0^{power} - 1"], {"p": -1.0, "c": c})
    return Case(system, (float((1.0 + c) ** (-1 / power)),), ends=RUNAWAY)


GAPS = jumps.GAPS
APART = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)
BESIDE = (3e-1, 1e-1, 3e-2, 1e-2, 1e-3, 1e-4)
FAMILIES = {  # name -> (function, values of its knob)
    "over and under": (over_under, GAPS),
    "left and right": (left_right, GAPS),
    "imperfect pitchfork": (pitchfork, GAPS),
    "parallel branches": (parallel, GAPS),
    "two branch points": (twin_branch_points, APART),
    "two folds": (twin_folds, APART),
    "two Hopf points": (twin_hopfs, APART),
    "fold beside a Hopf point": (fold_hides_hopf, BESIDE),
    "branch point beside a fold": (branch_point_hides_fold, BESIDE),
    "cluster of four": (cluster, (1e-1, 3e-2, 1e-2, 3e-3)),
    "exponential tails": (exponential_tail, (10.0, 100.0, 1000.0)),
    "uneven states": (uneven_states, (1e-6, 1e-3, 1.0, 1e3, 1e6)),
    "uneven cusp": (uneven_cusp, (1e-8, 1e-4, 1.0, 1e3, 1e6)),
    "Hopf points": (hopf_pairs, (1e-2, 1e-1, 1.0, 1e1, 1e2)),
    "corners": (corner, (0.25, 0.75, 2.0)),
    "kernels": (kernel, (2, 3, 4, 5)),
    "lines that cross": (lines, (3, 5, 8)),
    "polynomials": (polynomial, (3, 5, 7)),
    "runaways": (runaway, (0, 1, 2)),
}
NEAR = ("over and under", "left and right", "imperfect pitchfork", "parallel branches")
TWINS = ("two branch points", "two folds", "two Hopf points")
