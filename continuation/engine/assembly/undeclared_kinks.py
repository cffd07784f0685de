"""Kinks that equations have and do not declare: places where the branch, or its end, meets a jump of F's derivatives.

Between two rows the tangent turns by more than the bend of the curve around explains; halving the step between them, as
long as one half keeps the turn, leads to the jump or shows that there is none.  F_x on both sides decides: it is
continuous where F is smooth, also at sharp bends and branch points.
"""

import numpy as np

from continuation.equations.bordered import solve_least_norm
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.equations.measures.measure import measure_of
from continuation.ground.status import Kind, Status
from continuation.results.remarks import Remark

# Turn of the tangent, in radians, that is looked into, and times that of the steps beside it, for their length.  Ten
# times less and every bend costs a few corrections, ten times more and most kinks that a step leads over stay unknown.
LEAST_TURN, MORE = 0.01, 3.0
KEPT = 0.6  # of the turn by one half of a step: a smooth curve leaves half of it to each, a kink all to one
MOST = 8  # steps looked into, those that turn most: a branch with more kinks is known to have some
LARGEST = 300  # unknowns beyond which nothing is looked into: derivatives of dense equations cost more than the trace
HALVINGS, NEWTON = 40, 8
# Distances, relative to 1 + |x|, between the two sides: of a step that was narrowed, then of the last row of a branch
# that stopped (it is as far from the kink as the shortest step).  Ten times less and differences blur the jump.
ACROSS, BEYOND = 1e-6, (1e-6, 1e-4)
JUMP = 0.02  # change of an entry of F_x, relative to its row: over 1e-4 a smooth one changes by less
SAME = 1e-3  # relative to 1 + |x|, within which two kinks are told once
DIGITS = 5  # of places, known to ACROSS
STUCK = (Status.STEP_TOO_SMALL, Status.SINGULAR)


def remarks_on_kinks(problem, rows, runs) -> list:
    """Name the state or parameter at whose jump of the derivative the branch has a kink that was not declared."""
    declared = problem.followed_smoothness
    known = len(rows.vary) == 1 and "residual" in getattr(problem, "functions", {})
    if declared < 2 or not known or len(rows) < 2 or rows.unknowns.shape[1] > LARGEST:
        return []
    surroundings, found, told = Surroundings(problem, rows), [], []
    for row, (low, high) in surroundings.pairs():
        name = surroundings.jumping(low, high)
        if name is None or any(surroundings.distance(low, other) <= SAME * surroundings.size(low) for other in told):
            continue
        told.append(low)
        place = f"{rows.vary[0]} = {round(float(low[-1] + high[-1]) / 2, DIGITS) + 0.0:.{DIGITS}g}"
        found.append(
            Remark(
                f"near {place} the derivative of F by {name!r} jumps, as at a kink (abs, max), and "
                f"smoothness={declared} is declared; say Problem(smoothness=1), and the corner is marked and passed",
                row,
            )
        )
    return found


class Surroundings:
    """A branch and its equations at points beside its rows."""

    def __init__(self, problem, rows):
        self.problem, self.rows = problem, rows
        self.weights, self.active = rows.weights, problem.index_of(rows.vary[0])
        self.units = measure_of(problem).units
        self.names = (*problem.unknown_names, rows.vary[0])

    def distance(self, x, y) -> float:
        """In the inner product."""
        return float(np.sqrt(np.sum(self.weights * (x - y) ** 2)))

    def size(self, x) -> float:
        """What distances are relative to."""
        return 1.0 + float(np.sqrt(np.sum(self.weights * x**2)))

    def pairs(self):
        """Places worth a look: (row, (x, y)) with x, y (N,) close to each other on either side."""
        x, t, last = self.rows.unknowns, self.rows.tangents, len(self.rows) - 1
        for point in self.rows.special:
            k = point.index
            if point.kind is Kind.CORNER and 0 < k < last:
                step = ACROSS * self.size(x[k])
                yield k, (x[k] - step * t[k - 1], x[k] + step * t[k + 1])
        for k, sign, status in ((0, -1.0, self.rows.ends[0]), (last, 1.0, self.rows.ends[1])):
            for ahead in BEYOND if status in STUCK else ():
                yield k, (x[k], x[k] + sign * ahead * self.size(x[k]) * t[k])
        for k in self.turning_steps():
            narrow = self.narrowed(x[k], t[k], x[k + 1], t[k + 1])
            if narrow is not None:
                yield int(k), narrow

    def turning_steps(self) -> list:
        """Places of the steps over which the tangent turns more than over those beside them, the largest first."""
        x, t, w = self.rows.unknowns, self.rows.tangents, self.weights
        turns = np.sqrt(np.sum(w * np.diff(t, axis=0) ** 2, axis=1))
        lengths = np.sqrt(np.sum(w * np.diff(x, axis=0) ** 2, axis=1))
        rates = np.where(lengths > 0, turns / np.where(lengths > 0, lengths, 1.0), 0.0)
        beside = np.maximum(np.append(0.0, rates[:-1]), np.append(rates[1:], 0.0))
        places = np.flatnonzero(np.isfinite(turns) & (turns > LEAST_TURN) & (rates > MORE * beside))
        return places[np.argsort(-turns[places], kind="stable")][:MOST].tolist()

    def narrowed(self, x, t, y, s):
        """Two points of the branch next to each other between which it turns as between x and y; None where none do."""
        turn = self.distance(t, s)
        for _ in range(HALVINGS):
            if self.distance(x, y) <= ACROSS * self.size(x):
                return x, y
            middle = self.corrected(0.5 * (x + y), y - x)
            if middle is None:
                return None
            tangent = self.tangent_at(middle, y - x)
            first, second = self.distance(t, tangent), self.distance(tangent, s)
            if not max(first, second) >= KEPT * turn:
                return None
            turn = max(first, second)
            x, t, y, s = (x, t, middle, tangent) if first >= second else (middle, tangent, y, s)
        return None

    def jacobian(self, x) -> np.ndarray:
        """[F_u F_p] (n, N)."""
        with np.errstate(all="ignore"):
            return extended_jacobian(self.problem, x, self.parameters_at(x), self.active)

    def parameters_at(self, x) -> np.ndarray:
        """Parameters and constants, the varied one as in x."""
        p = np.array(self.problem.parameter_values(self.rows.parameters), float)
        p[self.active] = x[-1]
        return p

    def corrected(self, x, chord):
        """The point of the branch in the plane across a chord; None where Newton's method finds none near."""
        across, length = self.weights * chord, self.distance(chord, 0.0 * chord)
        first = x
        for _ in range(NEWTON):
            with np.errstate(all="ignore"):
                f, a = evaluate(self.problem, x[:-1], self.parameters_at(x)), self.jacobian(x)
            if not (np.all(np.isfinite(f)) and np.all(np.isfinite(a))):
                return None
            step = solve_least_norm(np.vstack([a, across]) * self.units, np.append(-f, 0.0), 0.0) * self.units
            x = x + step
            if self.distance(x, first) > length:
                return None
            if self.distance(x, x - step) <= 1e-3 * ACROSS * self.size(x):
                return x
        return None

    def tangent_at(self, x, chord) -> np.ndarray:
        """Unit tangent of the branch, along a chord."""
        t = np.linalg.svd(self.jacobian(x) * self.units)[2][-1] * self.units
        t = t / self.distance(t, 0.0 * t)
        return t if np.sum(self.weights * t * chord) >= 0 else -t

    def jumping(self, x, y) -> str | None:
        """Name of the unknown whose column of [F_u F_p] changes most between two points, if it jumps."""
        a, b = self.jacobian(x) * self.units, self.jacobian(y) * self.units
        if not (np.all(np.isfinite(a)) and np.all(np.isfinite(b))):
            return None
        rows = np.max(np.maximum(np.abs(a), np.abs(b)), axis=1, keepdims=True)
        changes = np.max(np.abs(b - a) / np.where(rows > 0, rows, 1.0), axis=0)
        return self.names[int(np.argmax(changes >= (1 - SAME) * np.max(changes)))] if np.max(changes) > JUMP else None
