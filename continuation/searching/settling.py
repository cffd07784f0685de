"""Where the flow u' = F(u, p) goes from a state: to rest, round and round, away, or to where F has no value."""

import enum
import warnings
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.integrate import LSODA

from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.equations.newton import solve_damped
from continuation.equations.stability import count_eigenvalues, point_at
from continuation.ground.interrupts import raise_if_heard
from continuation.ground.names import check_numbers
from continuation.ground.points import Point
from continuation.ground.status import StartError

EVALUATIONS = 100_000  # of F in all, where no time is given
DOUBLINGS = 40  # of the time, where none is given
TIGHT, TINY = 1e-8, 1e-12  # tolerances of the integration, relative and absolute to the size reached
# Distance to a stable solution, relative to 1 + |u|, that counts as near, and what the last quarter of a piece must
# have of the first one's distance: with less the flow takes long to be called at rest, with more a spiral around a
# solution inside a cycle is taken for the way to it.
NEAR, NEARER = 1e-2, 0.2
STAYED = 50.0  # growth, in powers of e, that rounding would have shown where a solution is unstable
AWAY = 1e8  # times the start's size 1 + |u| that is growth without bound
# States at two returns, relative to the amplitude, that may be the same if they come no nearer: what is left of the way
# by the ratio of the last two moves is no longer, or the move is rounding.  Ten times more takes a slow spiral for a
# cycle, ten times less waits for the last digits of weakly attracting cycles; what moves by less than STANDS in a turn
# is not told from the integration's error (1e-6 in relaxation oscillations, which may alternate from turn to turn).
SAME, STANDS = 1e-3, 1e-5
WITHIN = 4  # states read off each step: cubics through them are as good as the integration
# Numbers that a record of states holds: where it would be longer, every second state is left out of what was kept.
MOST_KEPT = 10_000_000
STUCK = 1e-14  # of the time: a step so short leads nowhere
FLAT = 1e-6  # amplitude, relative to 1 + |u|, below which nothing oscillates
LONGEST = 16  # returns that one period may have


class Motion(enum.Enum):
    """What a flow does in the end; the value says it in words."""

    REST = "at rest"
    OSCILLATION = "oscillates"
    GROWTH = "grows without bound"
    STOPPED = "comes to where F has no value"
    UNDECIDED = "neither rests nor repeats yet; give a longer time"


@dataclass(frozen=True, eq=False)
class Settled:
    """Where a flow went: ``motion``, the last state as a `Point` (the solution itself where it rests), the time.

    ``period`` and ``amplitude`` (n,) (largest less smallest value of each state over the last period) where it
    oscillates, else NaN and None; ``times`` (m,) and ``states`` (m, n) are what was integrated last.  Where it is
    stopped the point is the last with a value: F has none beyond, or grows there as in ``x' = -1/x``.
    """

    motion: Motion
    point: Point
    time: float
    period: float = float("nan")
    amplitude: np.ndarray | None = None
    times: np.ndarray = field(default=None, repr=False)
    states: np.ndarray = field(default=None, repr=False)

    def __str__(self):
        period = f" with period {self.period:.6g}" if self.motion is Motion.OSCILLATION else ""
        return f"{self.motion.value}{period}, time {self.time:.6g}"


class Piece(NamedTuple):
    """States (m, n) at times (m,), and how they end: by the time asked for (UNDECIDED), or as the motion says.

    ``spent`` tells that the evaluations were used up.
    """

    times: np.ndarray
    states: np.ndarray
    end: Motion
    spent: bool


def settle(problem, start, time=None, parameters=None) -> Settled:
    """Integrate ``u' = F(u, p)`` from a state and say what it comes to.

    Parameters
    ----------
    problem : Problem
        A flow.
    start : array, mapping or Point
    time : float, optional
        How long, whatever that costs; default: until it rests or repeats itself, within 100,000 evaluations of F.
    parameters : mapping, optional
        Other values than the defaults.

    Returns
    -------
    Settled
        Its ``point`` is a start for `trace` where ``motion`` is ``Motion.REST``.  A spiral so slow that it came to no
        end is ``Motion.UNDECIDED``; one that moves by less than 1e-5 of its size in a turn is taken for a cycle.

    Raises
    ------
    ValueError
        A problem that is no flow, a time that is not positive, F not finite at the start.
    """
    if problem.stability is None:
        raise ValueError(f"{problem.name}: wanted a flow u' = F(u), got a problem with stability=None")
    if time is not None:
        time = check_numbers("time", time, 0)
        if time <= 0:
            raise ValueError(f"time: wanted a positive number, got {time:g}")
    p, u = problem.parameter_values(parameters), problem.unknown_values(start)
    rates = evaluate(problem, u, p)
    if not np.all(np.isfinite(rates)):
        bad = problem.unknown_names[int(np.flatnonzero(~np.isfinite(rates))[0])]
        raise ValueError(f"start: the rate of {bad!r} is not finite there")
    return _Flow(problem, p).follow(u, time)


class _Flow:
    """One integration: the problem, its parameters, and the work left."""

    def __init__(self, problem, p):
        self.problem, self.p, self.left = problem, p, EVALUATIONS

    def rate(self, _, u):
        """F, counted."""
        self.left -= 1
        with np.errstate(all="ignore"):
            return evaluate(self.problem, u, self.p)

    def slope(self, _, u):
        """F_u."""
        return state_jacobian(self.problem, u, self.p)

    def follow(self, u, time) -> Settled:
        """Integrate for a time, or for longer and longer ones until it is clear what happens."""
        if time is not None:
            self.left = np.inf
        begin, length, origin = 0.0, time or self.first_time(u), u
        for _ in range(1 if time is not None else DOUBLINGS):
            piece = self.integrate(u, length, origin)
            begin, length, u = begin + piece.times[-1], 2.0 * length, piece.states[-1]
            found = self.judge(piece, begin)
            if found.motion is not Motion.UNDECIDED or piece.spent:
                break
        return found

    def first_time(self, u) -> float:
        """A time in which something happens: ten times that of the fastest eigenvalue."""
        a = self.slope(0.0, u)
        fastest = np.max(np.abs(np.linalg.eigvals(a))) if np.all(np.isfinite(a)) else 0.0
        return 10.0 / fastest if fastest > 0 else 1.0

    def integrate(self, u, length, origin) -> Piece:
        """The flow from u for a time, or to where it goes away to infinity, can't go on, or is spent."""
        bound = AWAY * (1.0 + np.max(np.abs(origin)))
        absolute = TINY * (1.0 + np.max(np.abs(u)))
        solver = LSODA(self.rate, 0.0, u, length, jac=self.slope, rtol=TIGHT, atol=absolute, min_step=0.0)
        times, states, end = [0.0], [u], Motion.UNDECIDED
        while solver.status == "running" and self.left > 0 and end is Motion.UNDECIDED:
            raise_if_heard()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of steps that fail: told by the status
                solver.step()
            if self.is_stopped(solver):
                end = Motion.STOPPED
            elif np.max(np.abs(solver.y)) >= bound:
                end = Motion.GROWTH
            if end is not Motion.STOPPED:
                inner, within = np.linspace(times[-1], solver.t, WITHIN + 1)[1:], solver.dense_output()
                times.extend(inner[:-1])
                states.extend(within(inner[:-1]).T.copy())
                times.append(solver.t)
                states.append(solver.y.copy())
            if len(states) * len(u) > MOST_KEPT:
                times, states = every_second(times), every_second(states)
        return Piece(np.array(times), np.array(states), end, self.left <= 0)

    def is_stopped(self, solver) -> bool:
        """Whether the last step led nowhere: it failed, gave no number, or time no longer moves."""
        failed = solver.status == "failed" or not np.all(np.isfinite(solver.y))
        return bool(failed or solver.status == "running" and solver.step_size <= STUCK * solver.t)

    def judge(self, piece, time) -> Settled:
        """What the last piece shows."""
        times, states, motion = piece.times, piece.states, piece.end
        if motion is Motion.UNDECIDED and len(times) >= 3 and (rest := self.rest(times, states)) is not None:
            point = point_at(self.problem, rest, self.p)
            return Settled(Motion.REST, point, time, times=times, states=states)
        period, amplitude = float("nan"), None
        if motion is Motion.UNDECIDED:
            period, amplitude = find_period(times, states)
            motion = Motion.UNDECIDED if amplitude is None else Motion.OSCILLATION
        return Settled(motion, point_at(self.problem, states[-1], self.p), time, period, amplitude, times, states)

    def rest(self, times, states):
        """The solution that the flow comes to; None if there is none, or it does not attract.

        One that is unstable counts where the flow stayed on it for so long that rounding would have led it away.
        """
        try:
            u = solve_damped(self.problem, states[-1], self.p)
        except (StartError, np.linalg.LinAlgError):
            return None
        gaps, size = np.max(np.abs(states - u), axis=1), 1.0 + np.max(np.abs(u))
        length, a = times[-1] - times[0], self.slope(0.0, u)
        first, last = (
            np.max(gaps[part]) for part in (times <= times[0] + 0.25 * length, times >= times[-1] - 0.25 * length)
        )
        if not np.all(np.isfinite(a)):
            return None
        if count_eigenvalues(a, self.problem.symmetric).unstable == 0:
            return u if last <= NEAR * size and last <= max(NEARER * first, FLAT * size) else None
        stayed = first <= FLAT * size and last <= FLAT * size
        return u if stayed and length * np.max(np.linalg.eigvals(a).real) >= STAYED else None


def every_second(record: list) -> list:
    """The first of a record, and of the rest every second one, the last included.

    Examples
    --------
    >>> every_second([0, 1, 2, 3, 4, 5]), every_second([0, 1, 2, 3, 4])
    ([0, 1, 3, 5], [0, 2, 4])
    """
    return record[:1] + record[-1:0:-2][::-1]


def find_period(times, states) -> tuple:
    """Period and amplitudes (n,) of what repeats itself in the second half of a simulation; (NaN, None) if nothing.

    Returns are upward passages of the state that moves most, relative to its size, through its mean.
    """
    half = times >= times[0] + 0.5 * (times[-1] - times[0])
    t, u = times[half], states[half]
    size = np.max(np.abs(u), axis=0)
    swing = np.ptp(u, axis=0)
    if len(t) < 8 or not np.any(swing > FLAT * (1.0 + size)):
        return float("nan"), None
    k = int(np.argmax(np.where(size > 0, swing / np.maximum(size, 1e-300), 0.0)))
    level = u[:, k] - 0.5 * (np.max(u[:, k]) + np.min(u[:, k]))
    up = np.flatnonzero((level[:-1] < 0) & (level[1:] >= 0))
    share = -level[up] / (level[up + 1] - level[up])
    at = t[up] + share * (t[up + 1] - t[up])
    for returns in range(1, LONGEST + 1):
        if len(at) < 2 * returns + 1:
            break
        whole = t >= at[-1 - returns]
        amplitude = np.ptp(u[whole], axis=0)
        first, before, last = (interpolated(t, u, at[j]) for j in (-1 - 2 * returns, -1 - returns, -1))
        moves = [(b - a) / np.maximum(amplitude, FLAT * (1.0 + size)) for a, b in ((first, before), (before, last))]
        lengths = at[-1] - at[-1 - returns], at[-1 - returns] - at[-1 - 2 * returns]
        if is_closed(*moves) and abs(lengths[0] - lengths[1]) <= SAME * lengths[0]:
            return float(lengths[0]), amplitude
    return float("nan"), None


def is_closed(earlier, move) -> bool:
    """Whether the last two moves (n,) from return to return, relative to the amplitudes, come to an end on a cycle.

    Examples
    --------
    >>> is_closed(np.array([1e-3]), np.array([2e-4])), is_closed(np.array([6.28e-4]), np.array([6.27e-4]))
    (True, False)
    """
    size, before = np.max(np.abs(move)), np.max(np.abs(earlier))
    return bool(size <= STANDS or size < before and size <= SAME and size * before / (before - size) <= SAME)


def interpolated(t, u, at) -> np.ndarray:
    """The state (n,) at a time between two points, by a cubic through four."""
    k = int(np.clip(np.searchsorted(t, at) - 2, 0, len(t) - 4))
    nodes, total = t[k : k + 4], 0.0
    for j in range(4):
        others = np.delete(nodes, j)
        total = total + u[k + j] * np.prod((at - others) / (nodes[j] - others))
    return total
