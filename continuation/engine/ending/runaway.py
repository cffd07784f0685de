"""Branches that leave to infinity: noticed by the law of their growth, made certain by following them far ahead.

Next to a pole ``u ~ c |p - p*|**(-1/k)`` the parameter changes with each doubling of u by ``2**-k`` of what it did with
the one before; on a line it changes by twice as much, along an exponential by as much.  None of this knows a scale.
Along a vertical line it does not change at all.
Where three doublings within the rows obey the law, the solution is followed ahead, in steps by a factor, over nine
more decades: u is held and all else corrected.  Only if the law holds there too, no limit is met and no eigenvalue
crosses, is it certain that nothing but the way to infinity is left, and the branch ends.  On a span that has no end the
same is done where everything has grown by three decades and the parameter goes on for ever.
"""

import math
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.interface import OK
from continuation.compiled.state import tasks
from continuation.compiled.state import trace_state as S
from continuation.engine.run import ask
from continuation.engine.watching import Watcher
from continuation.equations.stability import count_eigenvalues
from continuation.ground import canonical
from continuation.ground.status import Status

EVERY = 16  # rows between two looks; fewer cost time, more let a runaway go on for longer
# Factor by which the parameter's change must shrink from one doubling to the next: 1 on an exponential, 2 on a line,
# 0.8 at a pole of order 3 (k = 1/3).  At 0.9 slow laws are followed in vain, at 0.5 a simple pole is on the edge.
SHRINKS, LOOSER = 0.8, 0.9  # in the rows; ahead of them
# Part that a factor keeps of the one before, at a pole; along ``p = exp(-u)``, which soon ends in rounding, it falls
# ever faster.  At 0.9 poles are recognised late, at 0.1 exponentials are taken for them.
STEADY = 0.5
RESOLVED = 12  # rows in three doublings at least: fewer are no law
# Squared part of the parameter in the unit tangent that is none: ten times less waits for larger states, ten times
# more looks closer at branches that are merely steep.
SLOW = 1e-2
# Parts of the way (the span, or what was passed of it) that may be left at the end and when one looks ahead: ten times
# less costs ten times as many rows at a simple pole, ten times more leaves out a part of the picture.
LEFT, NEAR = 0.02, 0.05
MANY = 400  # rows of one doubling after which the rest is not asked for any more, however much is left of the way
FAR = 1e3  # growth since the start (or the largest step) after which the rest of an endless span is not asked for
OCTAVES = 30  # of the look ahead: nine decades
# ... of which so many will do, three decades, where no solution is found beyond: next to a pole the parameter has too
# few digits.
ENOUGH = 10
LARGEST, SMALLEST = 2.0, 1.01  # factors of a step ahead; below, what is followed is no law of growth
STEPS = 200  # ahead, at most
STRAY = 0.5  # part of a step ahead by which the correction may change it: more may be another branch
ROUND = 1e-11  # changes of the parameter, relative to it and its way, that are rounding
KNOWN = 1e-6  # part of what is left of its way to which the parameter's limit is known: a smaller one reads zero
COUNTED = (1.0, 2.0, 3.0, 4.0, 5.0)  # octaves ahead at which unstable eigenvalues are counted


class Ahead(NamedTuple):
    """Solutions ahead of a row: octaves of the growing unknown, values of the parameter there, the last unknowns."""

    octaves: np.ndarray
    parameter: np.ndarray
    last: np.ndarray


class Runaway(Watcher):
    """Ends a direction where an unknown, or the parameter, is certain to grow without bound."""

    def __init__(self, request, enclosed):
        self.span, self.enclosed = request.span, enclosed
        self.seen, self.failed, self.goal, self.words, self.counted = 1, {}, {}, {}, ()
        self.weights = None

    def begin(self, problem, start):
        """Note the inner product of the start: units grow with what runs away."""
        self.weights = problem.inner_weights()

    def longest_step(self, trace, k) -> float:
        """The largest step that an unknown could make at first."""
        weights = trace.state.weights if self.weights is None else self.weights
        return trace.state.floats[S.MAX_H] / math.sqrt(weights[k])

    def after(self, trace):
        """Look at the rows since the last time, from one fixed row to the next so that portions change nothing."""
        last = len(trace) if trace.status is not None else len(trace) // EVERY * EVERY
        if last - self.seen < 1:
            return
        rows = self.suspects(trace, self.seen, last)
        self.seen = last
        sizes = np.abs(trace.unknowns[:last])
        for row, k in rows:
            if sizes[row, k] >= self.failed.get(k, 0.0) and self.leaves(trace, row, k):
                self.remarks = (self.words[k],)
                trace.cut(row + 1, status=Status.INFINITY)
                return

    def end(self, status):
        """Say nothing of infinity where the rows that led there are not kept, or something else ended the branch."""
        if status is not Status.INFINITY:
            self.remarks = ()

    def suspects(self, trace, first, last) -> list:
        """Pairs (row, unknown that moves most) of rows from `first` to `last` where growth obeys one of the laws."""
        x, weights = trace.unknowns[:last], trace.state.weights
        tangents = trace.tangents[first:last]
        with np.errstate(over="ignore"):
            share = weights * tangents**2
        kinds = trace.records[first:last, trace.records.shape[1] - S.SCALARS + S.KIND]
        largest = np.max(share, axis=1, keepdims=True)  # the first of those that grow alike, as by a symmetry
        moving, rows = np.argmax(share >= (1.0 - canonical.TIE) * largest, axis=1), np.arange(first, last)
        signs = np.sign(x[first:last]) * np.sign(tangents)
        grows = np.take_along_axis(signs, moving[:, None], axis=1)[:, 0] > 0.0
        eligible = grows & (kinds == S.REGULAR) & ((share[:, -1] <= SLOW) | self.goes_on(x, rows))
        found = []
        for k in np.unique(moving[eligible]):
            chosen, unit = rows[eligible & (moving == k)], self.longest_step(trace, k)
            chosen = chosen[np.abs(x[chosen, k]) >= self.failed.get(k, 0.0)]
            if len(chosen):
                found += [(int(row), int(k)) for row in chosen[self.obeys_law(x, k, chosen, unit)]]
        return sorted(found)

    def obeys_law(self, x, k, rows, unit) -> np.ndarray:
        """Mask of the rows up to which |x_k| has grown by the law of a pole, or far on a span without end."""
        size, p = np.abs(x[:, k]), x[:, -1]
        peak = np.maximum.accumulate(size)
        levels = size[rows, None] * np.array([0.125, 0.25, 0.5, 1.0])
        at = np.searchsorted(peak, levels)  # first rows that reach the levels
        before = np.maximum(at - 1, 0)
        gap = np.maximum(peak[at] - peak[before], 1e-300)
        with np.errstate(over="ignore"):  # levels that were reached in one row
            places = p[before] + (p[at] - p[before]) * np.clip((levels - peak[before]) / gap, 0.0, 1.0)
        way, change = self.way(p, rows), np.diff(places, axis=1)
        change[np.abs(change) <= ROUND * (np.abs(p[rows]) + way)[:, None]] = 0.0
        forward, vertical = change * np.sign(change[:, :1]), np.all(change == 0.0, axis=1)
        last, before = forward[:, 2], forward[:, 1]
        with np.errstate(all="ignore"):
            rest = last * last / np.maximum(before - last, 0.0)  # 0 / 0 where it is vertical
        grown = (at[:, 0] > 0) & (rows - at[:, 0] >= RESOLVED) & (size[rows] >= peak[rows])
        shrinks = np.all((forward[:, 1:] >= 0.0) & (forward[:, 1:] <= SHRINKS * forward[:, :-1]), axis=1)
        shrinks &= last * forward[:, 0] >= STEADY * before * before  # a power of u, not an exponential of it
        near, many = ~vertical & (rest <= NEAR * way), rows - at[:, 2] >= MANY
        far = has_gone_far(size, rows, unit)
        return grown & np.where(shrinks, near | many | vertical & far, self.goes_on(x, rows) & far)

    def way(self, p, rows):
        """(m,) lengths that the rest of the parameter's way is compared with."""
        passed = np.maximum.accumulate(p)[rows] - np.minimum.accumulate(p)[rows]
        return np.maximum(passed, self.span[1] - self.span[0]) if np.all(np.isfinite(self.span)) else passed

    def goes_on(self, x, rows):
        """(m,) whether the parameter moves to a side on which the span has no end."""
        step = x[rows, -1] - x[rows - 1, -1]
        return ((step > 0) & (self.span[1] == math.inf)) | ((step < 0) & (self.span[0] == -math.inf))

    def leaves(self, trace, row, k) -> bool:
        """Whether the branch is certain to leave to infinity from a row, with little of the parameter's way left."""
        x = trace.unknowns[row]
        if k not in self.goal:
            ahead = self.look_ahead(trace, row, k)
            goal = None if ahead is None else limit_of(ahead, x[-1])
            if goal is None or not self.keeps_counts(trace, row):
                self.failed[k] = 2.0 * abs(x[k])
                return False
            self.goal[k], self.words[k] = goal, describe(trace, x, k, goal, ahead)
        rows, size = np.array([row]), np.abs(trace.unknowns[: row + 1, k])
        far = bool(has_gone_far(size, rows, self.longest_step(trace, k))[0])
        if math.isinf(self.goal[k]):
            return far
        if np.sum(size >= 0.5 * abs(x[k])) >= MANY or (far and self.goal[k] == x[-1]):
            return True
        rest, way = abs(self.goal[k] - x[-1]), self.way(trace.unknowns[: row + 1, -1], rows)[0]
        return bool(ROUND * (abs(x[-1]) + way) < rest <= LEFT * way)

    def look_ahead(self, trace, row, k):
        """`Ahead` of a row, None where the solutions can't be followed or leave the limits."""
        state, x, tangent = trace.state, trace.unknowns[row].copy(), trace.tangents[row]
        begin, before, factor, octaves, parameter = x[k], None, 1.1, [0.0], [x[-1]]
        self.counted, wanted = [x], list(COUNTED)
        for _ in range(STEPS):
            guess = predict(x, before, tangent, k, factor)
            made = correct_at(state, guess, k)
            if made is None or strays(state.weights, x, guess, made):
                factor = 1.0 + 0.5 * (factor - 1.0)
                if factor < SMALLEST:
                    return Ahead(np.array(octaves), np.array(parameter), x) if octaves[-1] >= ENOUGH else None
                continue
            if self.is_outside(state, made):
                return None
            before, x = x, made
            octaves.append(math.log2(x[k] / begin))
            parameter.append(x[-1])
            if wanted and octaves[-1] >= wanted[0]:
                wanted.pop(0)
                self.counted.append(x)
            if octaves[-1] >= OCTAVES:
                return Ahead(np.array(octaves), np.array(parameter), x)
            factor = min(1.0 + 1.5 * (factor - 1.0), LARGEST)
        return None

    def is_outside(self, state, x) -> bool:
        """Whether a solution ahead lies outside the limits."""
        if any(not low <= x[int(index)] <= high for index, low, high, _ in state.limits):
            return True
        return any(one.excess(x) > 0.0 for one in self.enclosed)

    def keeps_counts(self, trace, row) -> bool:
        """Whether no eigenvalue crosses the axis a little way ahead, as far as one can tell."""
        problem, p = trace.problem, trace.start.p.copy()
        if problem.stability != "flow":
            return True
        counts = set()
        for x in self.counted:
            p[trace.start.active] = x[-1]
            matrix = problem.stability_matrix(x, p)
            if not np.all(np.isfinite(matrix)):
                return False
            unstable, nullity = count_eigenvalues(matrix)
            counts |= set() if nullity else {unstable}
        return len(counts) <= 1


def has_gone_far(size, rows, unit) -> np.ndarray:
    """(m,) whether an unknown of these sizes is far beyond its start and the largest step, `unit`, on the rows."""
    return size[rows] >= FAR * max(size[0], unit)


def predict(x, before, tangent, k, factor) -> np.ndarray:
    """Guess of the solution where unknown k is `factor` times as large: along the tangent, then by powers of x_k."""
    if before is None:
        guess = x + (factor - 1.0) * x[k] / tangent[k] * tangent
    else:
        power = math.log(factor) / math.log(x[k] / before[k])
        with np.errstate(all="ignore"):
            ratio = x / before
            guess = np.where(ratio > 0.0, x * ratio**power, x + power * (x - before))
    guess[k] = factor * x[k]
    return guess


def correct_at(state, guess, k):
    """The solution next to a guess with unknown k held; None where Newton's method does not converge."""
    row, made = np.zeros(len(guess)), guess.copy()
    row[k] = 1.0
    if not np.all(np.isfinite(guess)) or ask(state, tasks.CORRECT, made, row, argument=guess[k]) != OK:
        return None
    made[k] = guess[k]
    return made


def strays(weights, x, guess, made) -> bool:
    """Whether the correction is no longer small against the step."""
    with np.errstate(over="ignore"):
        moved, changed = (np.sqrt(np.sum(weights * (made - other) ** 2)) for other in (x, guess))
    return not changed <= STRAY * moved


def limit_of(ahead: Ahead, p):
    """Where the parameter, p at the row, tends to as far as the solutions ahead tell: a number, infinity or None."""
    rise, width = np.diff(ahead.parameter), np.diff(ahead.octaves)
    sign = np.sign(ahead.parameter[-1] - p)
    slope, middle = sign * rise / width, ahead.octaves[:-1] + 0.5 * width
    noise = ROUND * (abs(p) + abs(ahead.parameter[-1] - p))
    if np.all(np.abs(ahead.parameter - p) <= noise + np.finfo(float).tiny):
        return float(p)
    if np.any(slope < -noise):
        return None
    shrinks = LOOSER ** np.diff(middle)
    if np.all(slope[1:] <= shrinks * slope[:-1] + noise):
        ratio = LOOSER if slope[-2] <= noise else min(slope[-1] / slope[-2], LOOSER)
        rest = 0.0 if slope[-1] <= noise else slope[-1] * ratio / (1.0 - ratio)
        return float(ahead.parameter[-1] + sign * rest)
    if slope[-1] > noise and np.all(slope[1:] * (1.0 + ROUND) >= shrinks * slope[:-1]):
        return sign * math.inf
    return None


def describe(trace, x, k, goal, ahead) -> str:
    """The remark: which unknown leaves, and where the parameter tends to."""
    vary, names = trace.start.vary, (*trace.problem.unknown_names, trace.start.vary)
    if math.isinf(goal):
        size = np.abs(ahead.last) / np.maximum(np.abs(x), 1e-300)
        grown = [f"{names[j]} to {signed(ahead.last[j])}" for j in np.flatnonzero(size >= FAR) if j != len(x) - 1]
        return ", ".join([f"{vary} goes to {signed(goal)} on this end", *grown[:3]])
    if goal == x[-1]:
        return f"{names[k]} goes to {signed(x[k])} on this end while {vary} stays at {goal:.6g}"
    value = 0.0 if abs(goal) <= KNOWN * abs(goal - x[-1]) else goal
    return f"{names[k]} goes to {signed(x[k])} on this end as {vary} tends to {value:.6g}"


def signed(value) -> str:
    """Infinity with the sign of a number."""
    return "infinity" if value > 0 else "-infinity"
