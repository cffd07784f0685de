"""Families of periodic orbits whose period grows without bound: where they end, and towards what."""

import numpy as np

from continuation.engine.watching import Watcher
from continuation.ground.status import StartError, Status
from continuation.orbits.long_periods import is_square_root, limit_of, lingers, saddle_of

GROWN = 2.0  # of the first period, before one looks for its limit
# Distance of the last rows' parameter from its limit, relative to 1 + |p|, at which nothing is left to see.
SETTLED, LAST = 1e-6, 6
LOST = 0.1  # logarithm of the trivial multiplier at which the mesh no longer follows an orbit that lingers
MOST = 1e3  # of the first period, where `Settings(max_period=...)` says nothing
SLOW = 5  # rows between two looks for a saddle: each costs a Newton solve


class LongPeriod(Watcher):
    """Ends a direction where the period is as good as infinite, or the mesh can't follow the orbit."""

    every_point = True

    def __init__(self, request, enclosed):
        self.most, self.fit, self.saddle, self.seen = request.settings.max_period, None, None, 0

    def begin(self, problem, start):
        """Note the first period and what stays; StartError where it is beyond its limit."""
        self.problem, self.p, self.active = problem, start.p.copy(), start.active
        self.at = problem.period_at
        self.first = float(start.x[self.at])
        self.limit = MOST * self.first if self.most is None else self.most
        if self.first >= self.limit:
            raise StartError(
                f"Settings(max_period={self.limit:g}): wanted more than the period of the start, {self.first:.6g}",
                Status.LIMIT,
            )

    def after(self, trace):
        """Look at the last row."""
        if trace.status is not None or len(trace) < 2:
            return None
        x, error = trace.unknowns[-1], abs(self.trivial(trace)[-1])
        if x[self.at] >= self.limit:
            reason = f"the period has grown to {x[self.at]:.6g}"
            if x[self.at] <= GROWN * self.first:  # which says nothing of where it goes
                self.remarks = (f"{reason}, beyond Settings(max_period={self.limit:g})",)
            else:
                self.remarks = (self.words(trace, reason),)
            return Status.LONG_PERIOD
        if error >= LOST and x[self.at] > GROWN * self.first and lingers(*self.orbit(trace)):
            self.remarks = (
                self.words(trace, f"the trivial multiplier is off by {error:.2g}, too few intervals to go on"),
            )
            return Status.LONG_PERIOD
        if x[self.at] > GROWN * self.first and len(trace) >= self.seen + SLOW:
            self.seen = len(trace)
            return self.look_ahead(trace)
        return None

    def look_ahead(self, trace):
        """End where the orbit lingers at a saddle and the parameter has come to its limit."""
        if not self.find_limit(trace):
            return None
        p = trace.unknowns[-LAST:, -1]
        if np.all(np.abs(p - self.fit.value) <= SETTLED * (1 + abs(self.fit.value))):
            self.remarks = (self.words(trace, "the period grows without bound"),)
            return Status.LONG_PERIOD
        return None

    def find_limit(self, trace) -> bool:
        """Extrapolate the parameter where the orbit lingers at a saddle; whether it does."""
        orbit, p = self.orbit(trace), self.p.copy()
        p[self.active] = trace.unknowns[-1, -1]
        if not lingers(*orbit):
            return False
        self.saddle = saddle_of(self.problem.base, p, *orbit)
        if self.saddle is None:
            return False
        t, values = trace.unknowns[:, self.at], trace.unknowns[:, -1]
        self.fit = limit_of(t, values, np.abs(self.trivial(trace)), self.saddle.eigenvalues)
        return self.fit is not None

    def context(self, trace) -> np.ndarray:
        """(m, C) meshes, then logarithms and angles of multipliers."""
        first = 2 * len(trace.start.x) + 2 * len(trace.state.kinds)
        return trace.records[:, first : first + self.problem.context]

    def orbit(self, trace) -> tuple:
        """Profile (L m, n), mesh (L,) and degree of the last row, and the states' metric (n,)."""
        profile = trace.unknowns[-1, : self.at].reshape(-1, len(self.problem.base.states))
        return profile, self.context(trace)[-1, : self.problem.intervals], self.problem.degree, self.problem.metric

    def trivial(self, trace) -> np.ndarray:
        """(m,) logarithms of the rows' trivial multipliers."""
        return self.context(trace)[:, -len(self.problem.base.states) - 1]

    def words(self, trace, reason) -> str:
        """What is said of the end: a homoclinic orbit and where, a saddle-node on the orbit, or neither."""
        name = trace.start.vary
        if self.find_limit(trace):
            state = ", ".join(f"{s} = {v:.6g}" for s, v in zip(self.problem.base.states, self.saddle.state))
            values = ", ".join(f"{v:.6g}" for v in np.real_if_close(self.saddle.eigenvalues))
            return (
                f"{reason}: towards a homoclinic orbit of the saddle {state} (eigenvalues {values}) at {name} = "
                f"{self.fit.value:.12g}, to {self.fit.error:.1g}"
            )
        if abs(self.trivial(trace)[-1]) >= LOST:
            return f"{reason}; try more `intervals`"
        if is_square_root(trace.unknowns[:, self.at], trace.unknowns[:, -1]):
            return f"{reason}, as one over the root of the distance in {name}: towards a saddle-node on the orbit"
        if not lingers(*self.orbit(trace)):
            return f"{reason}, and nowhere is the orbit slow: a blue-sky catastrophe, or ever more turns"
        return f"{reason}: the orbit lingers where no saddle is"


class LongPeriodOnCurve(LongPeriod):
    """The same for a curve in two parameters: neither of them alone tends to a limit that could be extrapolated."""

    def look_ahead(self, trace):
        """Nothing: only the period's own limit ends a curve."""

    def words(self, trace, reason) -> str:
        """What is said of the end."""
        return f"{reason}, and the orbit lingers: towards a homoclinic orbit" if lingers(*self.orbit(trace)) else reason
