"""Limits on states, on outputs and on the second parameter of a curve in two.

A state that is one unknown times a factor plus a constant is bounded by the engine, like the varied parameter; all
else by a watcher, which finds the first row beyond the limit and puts the point on the limit before it.
"""

import math
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.interface import OK
from continuation.compiled.state import tasks
from continuation.compiled.state import trace_state as S
from continuation.engine.run import ask
from continuation.engine.watching import Watcher
from continuation.ground.status import StartError, Status

# How far a value may lie beyond its limit, relative to 1 + |limit|.  Ten times less and a start on a limit that was
# read from a text with 10 digits is refused; ten times more and a branch ends visibly beyond its limit.
EDGE = 1e-10
# The same for a start, which is corrected: a special point that was located on the limit is off it by some 1e-10.
START_EDGE = 1e-9
ROUND = 1e-13  # brackets shorter than this, relative to 1 + |x|, are points: what Newton's method leaves
NUDGE = 1e-6  # step of the difference that tells where a value goes, relative to 1 + |x|; rounding hides shorter ones
# Part of the way from the row before to its extremum by which a value's interpolant may fall short of a limit and be
# looked at all the same: ten times less and bent excursions are missed, ten times more and each extremum costs a point.
NEARLY = 0.1
TOGETHER = 1 << 20  # floats of basis vectors that are looked at together: 8 MB
HALVINGS = 100  # of a bracket; 44 lead from 1 to ROUND


class Limited(NamedTuple):
    """What a `Bound` bounds, as a function of the unknowns: ``value(x)``."""

    name: str
    low: float
    high: float
    value: object
    weights: np.ndarray  # (N,) of the inner product

    def excess(self, x) -> float:
        """How far the value lies beyond the limits, relative to 1 + |limit|; negative inside, inf where it is NaN."""
        return self.relative(self.value(x))

    def slope(self, x, direction) -> float:
        """Derivative of the value along a unit direction, by a difference."""
        h = self.nudge(x)
        return (self.value(x + h * direction) - self.value(x - h * direction)) / (2 * h)

    def nudge(self, x) -> float:
        """Length of a small step from x along a unit direction."""
        return NUDGE * (1 + float(np.sqrt(x**2 @ self.weights)))

    def relative(self, value) -> float:
        """`excess` of a value."""
        low, high = self.low, self.high
        if not math.isfinite(value):
            return math.inf
        above = (value - high) / (1 + abs(high)) if high < math.inf else -math.inf
        below = (low - value) / (1 + abs(low)) if low > -math.inf else -math.inf
        return max(above, below)

    def leads_in(self, x, direction) -> bool:
        """Whether a curve with this unit tangent goes on inside the limits from x: inside, or inward from a limit."""
        excess = self.excess(x)
        if excess < -EDGE:
            return True
        return self.excess(x + self.nudge(x) * direction) < excess


def limited_values(problem, p, vary, bounds, weights) -> tuple:
    """`Limited` of every bound, for a branch along `vary` with the parameters p (k,) otherwise.

    weights : (N,) of the branch's inner product.
    """
    return tuple(Limited(*bound, value_of(problem, p, vary, bound.name), weights) for bound in bounds)


def value_of(problem, p, vary, name):
    """A state, an output or a varied parameter as a function of the unknowns x (N,)."""
    if name not in problem.outputs:
        return lambda x: float(shown_as(problem, vary, name, x[None])[0])
    output, p = problem.outputs[name], p.copy()
    places = np.array([problem.index_of(varied) for varied in problem.varied_names(vary)])

    def value(x):
        p[places] = problem.columns(x[None])[1][0]
        return float(output(x[:-1].copy(), p))

    return value


def shown_as(problem, vary, name, unknowns) -> np.ndarray:
    """(m,) values of the state or the varied parameter of that name at unknowns (m, N)."""
    states, varied = problem.columns(unknowns)
    if name in problem.states:
        return states[:, problem.states.index(name)]
    return varied[:, problem.varied_names(vary).index(name)]


def check_start(start, limited):
    """Raise where a start lies outside the limits of a state, an output or a second parameter."""
    for one in limited:
        if one.excess(start.x) > START_EDGE:
            where = f"{one.name} = {one.value(start.x):g}"
            raise StartError(f"span: ({one.low:g}, {one.high:g}) leaves out the start, where {where}", Status.LIMIT)


def split_bounds(problem, vary, size, bounds) -> tuple:
    """The bounds that are limits of one unknown, as (its index, low, high), and the others."""
    limits, others = [], []
    for bound in bounds:
        factors = {} if bound.name in problem.outputs else factors_of(problem, vary, bound.name, size)
        if len(factors) == 1:
            (index, (factor, constant)) = factors.popitem()
            ends = (np.array([bound.low, bound.high]) - constant) / factor
            limits.append((index, float(ends.min()), float(ends.max())))
        else:
            others.append(bound)
    return tuple(limits), tuple(others)


def factors_of(problem, vary, name, size) -> dict:
    """Index of an unknown -> (what it is taken times, constant) in a state or parameter; of several, the first few.

    Cost: size**2 numbers at most, of which `TOGETHER` are held at once.
    """
    constant = shown_as(problem, vary, name, np.zeros((1, size)))[0]
    found, rows = {}, max(TOGETHER // size, 1)
    for first in range(0, size, rows):
        basis = np.eye(min(rows, size - first), size, first)
        factors = shown_as(problem, vary, name, basis) - constant
        found |= {first + int(k): (factors[k], constant) for k in np.flatnonzero(factors)}
        if len(found) > 1:
            break
    return found


class Enclosure(Watcher):
    """Ends a direction where a value leaves its limits, with the point on the limit as last row.

    Also where it is back inside at the next row: between two rows it is looked at where its interpolant is largest.
    """

    every_point = True  # so that little is evaluated beyond the limit

    def __init__(self, limited):
        self.limited, self.seen = limited, 1

    def after(self, trace):
        """Look at the rows since the last time."""
        unknowns = trace.unknowns
        for row in range(self.seen, len(unknowns)):
            with np.errstate(all="ignore"):
                worst = max(one.excess(unknowns[row]) for one in self.limited)
                beyond = trace.records[row] if worst > EDGE else point_beyond(trace, row, self.limited)
            if worst == math.inf:
                trace.cut(row, status=Status.NONFINITE)
                return
            if beyond is not None:
                trace.cut(row, first_crossing(trace, row, beyond, self.limited))
                return
        self.seen = len(unknowns)


def point_beyond(trace, row, limited):
    """Record between a row and the one before where a value is beyond its limits, None where none is found."""
    before, after, size = trace.records[row - 1], trace.records[row], len(trace.start.x)
    length, made = _distance(trace.state, before[:size], after[:size]), np.empty_like(after)
    for one in limited:
        ends = [(one.value(r[:size]), length * one.slope(r[:size], r[size : 2 * size])) for r in (before, after)]
        for sigma, value in extrema(*ends[0], *ends[1]):
            peak, way = one.relative(value), one.relative(value) - one.relative(ends[0][0])
            near = peak > -NEARLY * max(way, 0.0) and peak < math.inf
            made_it = near and ask(trace.state, tasks.BETWEEN, before, after, made, argument=sigma) == OK
            if made_it and one.excess(made[:size]) > EDGE:
                return made
    return None


def extrema(a, slope_a, b, slope_b) -> list:
    """Places in (0, 1) and values of the extrema of the cubic with these values and slopes at 0 and 1."""
    rise = b - a
    square, linear = 3.0 * (slope_a + slope_b - 2.0 * rise), 2.0 * (3.0 * rise - 2.0 * slope_a - slope_b)
    if not np.all(np.isfinite([square, linear, slope_a])):
        return []
    roots = np.roots([square, linear, slope_a])
    places = sorted(float(t.real) for t in roots if t.imag == 0.0 and 0.0 < t.real < 1.0)
    return [(t, a + t * (slope_a + t * (0.5 * linear + t * square / 3.0))) for t in places]


def first_crossing(trace, row, beyond, limited):
    """Record of the point before one beyond the limits where the first of them is met, from the row before on.

    None where that row is the point.
    """
    before, record = trace.records[row - 1].copy(), beyond.copy()
    size = len(trace.start.x)
    for one in limited:
        if record is not None and one.excess(record[:size]) > EDGE:
            record = crossing(trace.state, lambda made, one=one: one.excess(made[:size]), before, record)
    return record


def crossing(state, excess, inside, outside):
    """Record between two where ``excess(record)`` vanishes, to rounding (Illinois); None where it does in the first.

    Where no point between can be had (next to a branch point, say), the last one inside.
    """
    a, b, made, size = inside, outside, np.empty_like(inside), int(state.integers[S.SIZE])
    fa, fb, side = excess(a), excess(b), 0
    floor = ROUND * (1 + _distance(state, np.zeros(size), b[:size]))
    for _ in range(HALVINGS):
        length = _distance(state, a[:size], b[:size])
        if length <= floor or fa >= 0.0:
            break
        edge = 0.4 * floor / length
        sigma = min(max(fa / (fa - fb), edge), 1.0 - edge)
        if ask(state, tasks.BETWEEN, a, b, made, argument=sigma) != OK:
            break
        f = excess(made)
        if f > 0.0:
            b, fb, fa, side = made.copy(), f, (0.5 * fa if side == 1 else fa), 1
        else:
            a, fa, fb, side = made.copy(), f, (0.5 * fb if side == -1 else fb), -1
    nearest = b if length <= floor and abs(excess(b)) < abs(excess(a)) else a
    return None if nearest is inside else nearest


def _distance(state, x, y) -> float:
    """Distance of two points in the inner product."""
    return float(np.sqrt(np.sum(state.weights * (y - x) ** 2)))
