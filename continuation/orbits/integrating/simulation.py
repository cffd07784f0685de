"""A stable cycle found by simulation: transients die, the motion returns, shooting closes it."""

from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import evaluate
from continuation.equations.newton import solve_damped
from continuation.equations.stability import count_eigenvalues
from continuation.ground.arguments import check_problem, renamed, shown
from continuation.ground.names import check_numbers, check_whole
from continuation.ground.status import StartError
from continuation.orbits.integrating.closed_cycle import Cycle, refined
from continuation.orbits.integrating.integration import METHODS, Flow, Spent, run
from continuation.orbits.integrating.returns import CLOSE, Candidate, Window, candidates, climbing, rotating

EVALUATIONS = 500_000  # of F and F_u in all, 15 to 20 seconds
RESERVE = 40_000  # of these, kept to find out what a motion that does not repeat itself is
SHARE = 2  # part of the work left that one candidate may take: a burst of many spikes takes 20,000 for each time round
DOUBLINGS = 80  # of the time between two looks, or of the steps
STEPS = 2000  # between the first looks: some ten cycles, so that a long time between them is not spent on thousands
COARSE, TINY = 1e-8, 1e-9  # tolerances while transients die, relative and absolute to the size each state had
# What is left, from one look to the next, of the size that a state has had.  With all of it a start far away would
# set the tolerances for good (LSODA then takes stiff equations for others); with none a state that dies away would
# be followed into its rounding.
FADES = 0.1
# Growth, relative to 1 + |u|, that is called infinite.  States in other units than those of the start differ by 1e9.
AWAY = 1e12
REST = 1e-6  # motion in the last quarter between two looks, relative to the size of each state, that is none
ROUNDING = 1e-14  # of a state, relative to the sizes it has had
BESIDE = 1e-3  # how far a rest may be from the equilibrium it is at, relative likewise
STAYED = 50.0  # growth, in powers of e, by which rounding would have left an unstable equilibrium
# Growth of a small deviation within `AHEAD` of the best candidate's periods that is chaos: on a torus it is of the
# order of the number of periods, and three orders beyond that there is little doubt.
CHAOS, AHEAD, NUDGE = 1e4, 40, 1e-7


class _Search(NamedTuple):
    """What the looks so far have shown: the best return, the unstable cycle passed, in words."""

    best: Candidate | None = None
    passed: str = ""


def simulate_cycle(problem, state, parameters=None, settle=None, method="LSODA", evaluations=EVALUATIONS) -> Cycle:
    """Integrate ``u' = F(u, p)`` to a stable cycle; see `continuation.orbits.profiles.orbit.Orbit.from_simulation`."""
    check_problem(problem)
    if problem.stability is None:
        raise ValueError(f"{problem.name}: wanted a flow u' = F(u), got a problem with stability=None")
    if settle is not None and not check_numbers("settle", settle, 0) >= 0:
        raise ValueError(f"settle: wanted a time that is not negative, got {shown(settle)}")
    if not isinstance(method, str) or method not in METHODS:
        raise ValueError(f"method: wanted one of {', '.join(METHODS)}, got {shown(method)}")
    left = check_whole("evaluations", evaluations, 1)
    with renamed("start", "state"):
        p, u = problem.parameter_values(parameters), problem.unknown_values(state)
    if not np.all(np.isfinite(rates := evaluate(problem, u, p))):
        bad = problem.unknown_names[int(np.flatnonzero(~np.isfinite(rates))[0])]
        raise ValueError(f"state: the rate of {bad!r} is not finite there")
    return _Simulation(problem, p, left, method).cycle(u, settle)


class _Simulation:
    """One search: the flow, what is left of the work, the sizes that the states have had, and lately."""

    def __init__(self, problem, p, left, method):
        self.problem, self.p, self.method = problem, p, method
        self.evaluations = left
        self.reserve = min(RESERVE, left // 5)
        self.flow = Flow(problem, p, left - self.reserve)

    def cycle(self, u, settle) -> Cycle:
        """Look after longer and longer times."""
        self.size, self.largest, self.bound = np.abs(u), np.abs(u), AWAY * (1.0 + np.max(np.abs(u)))
        time, length, most, found, window = 0.0, settle or self.first_time(u), STEPS, _Search(), None
        try:
            for look in range(DOUBLINGS):
                path = self.integrate(u, length, most if look or not settle else None)
                u, time = path.states[-1], time + path.times[-1]
                if not path.complete:
                    raise StartError(self.away(path, time))
                if (words := self.rest(path, u)) is not None:
                    raise StartError(words)
                if look or not settle:  # else these are the transients
                    window = Window.of(path, self.size)
                    if (k := rotating(window)) is not None:
                        raise StartError(self.rotation(k))
                    found = self.look(window, found)
                    if isinstance(found, Cycle):
                        return found
                    if path.times[-1] < length:
                        most *= 2
                    else:
                        length *= 2.0
        except Spent:
            pass
        raise StartError(self.failure(found, window, u, time))

    def first_time(self, u) -> float:
        """A time in which something happens: ten times that of the fastest eigenvalue, or of the motion."""
        a, rates = self.flow.slope(0.0, u), np.abs(self.flow.rate(0.0, u))
        fastest = np.max(np.abs(np.linalg.eigvals(a))) if np.all(np.isfinite(a)) else 0.0
        moving = np.max(rates / np.where(self.size > 0, self.size, np.inf), initial=0.0)
        fastest = fastest if fastest > 0 else moving
        return 10.0 / fastest if fastest > 0 else 1.0

    def integrate(self, u, length, most):
        """The next piece, of so many steps at most; the sizes of the states follow what they do."""
        floor = np.abs(self.flow.rate(0.0, u)) * length
        size = np.where(self.size > 0, self.size, np.minimum(floor, np.max(self.size, initial=0.0) or 1.0))
        for method in (self.method, "Radau") if self.method == "LSODA" else (self.method,):
            path = run(
                self.flow.rate, (0.0, length), u, method, COARSE, TINY * np.where(size > 0, size, 1.0),
                self.flow.slope, leaves=lambda v: np.max(np.abs(v)) > self.bound, most=most,
            )  # fmt: skip
            if path.complete or np.max(np.abs(path.states[-1])) > self.bound:
                break
        self.largest = np.maximum(self.largest, np.max(np.abs(path.states), axis=0))
        self.size = np.maximum(FADES * self.size, np.max(np.abs(path.states), axis=0))
        return path

    def away(self, path, time) -> str:
        """Words for a motion that ended."""
        names, u = self.problem.unknown_names, path.states[-1]
        k = int(np.argmax(np.abs(u) / np.maximum(1.0, np.abs(path.states[0]))))
        if abs(u[k]) > 1e3 * max(1.0, abs(path.states[0][k])) or np.max(np.abs(u)) > self.bound:
            return f"no cycle: the motion leaves to infinity, {names[k]} = {u[k]:.3g} at the time {time:.6g}"
        return (
            f"no cycle: the integration ({self.method}) can't go on beyond the time {time:.6g}, where "
            f"{names[k]} = {u[k]:.6g}: F is not finite or not smooth there"
        )

    def rest(self, path, u):
        """Words for a motion that has come to rest at an equilibrium, else None."""
        last = path.states[path.times >= path.times[-1] - 0.25 * (path.times[-1] - path.times[0])]
        size = np.where(self.largest > 0, self.largest, 1.0)
        if len(last) > 1 and np.any(np.ptp(last, axis=0) > REST * size):
            return None
        try:
            rest = solve_damped(self.problem, u, self.p)
        except (StartError, np.linalg.LinAlgError):
            return None
        a = self.flow.slope(0.0, rest)
        if np.any(np.abs(rest - u) > BESIDE * size) or not np.all(np.isfinite(a)):
            return None
        unstable = count_eigenvalues(a, self.problem.symmetric).unstable
        growth = np.max(np.linalg.eigvals(a).real) * (path.times[-1] - path.times[0])
        if unstable and growth < STAYED:
            return None
        what = f"an unstable equilibrium ({unstable} eigenvalues), start beside it" if unstable else "an equilibrium"
        return f"no cycle: the motion rests at {what}: {self.words(rest)}"

    def rotation(self, k) -> str:
        """Words for a state that is an angle."""
        name = self.problem.unknown_names[k]
        return (
            f"no cycle: {name!r} grows or falls all the time while the rest repeats itself; is it an angle? Give its "
            "cosine and sine as states"
        )

    def words(self, u) -> str:
        """A state in words."""
        pairs = list(zip(self.problem.unknown_names, np.where(np.abs(u) > ROUNDING * self.largest, u, 0.0)))
        return ", ".join([f"{name} = {value:.6g}" for name, value in pairs[:6]] + ["..."] * (len(pairs) > 6))

    def look(self, window, found) -> Cycle | _Search:
        """The cycle that the motion follows, else what is known now."""
        for candidate in candidates(window):
            if found.best is None or candidate.closing <= found.best.closing:
                found = found._replace(best=candidate)
            if candidate.closing > CLOSE:
                continue
            cycle = self.refine(window, candidate)
            if isinstance(cycle, Cycle):
                return cycle
            if cycle:
                found = found._replace(passed=cycle)
        return found

    def refine(self, window, candidate) -> Cycle | str:
        """Close a candidate with a part of the work that is left: far from a cycle Newton's method may ask for any."""
        left = self.flow.left
        part = left // SHARE
        self.flow.left = part
        try:
            return refined(self.flow, window, candidate)
        except Spent:
            return ""
        finally:
            self.flow.left = left - part + max(self.flow.left, 0)

    def failure(self, found, window, u, time) -> str:
        """Words for a motion that does not repeat itself."""
        spent = f"no cycle within the time {time:.6g} ({self.evaluations} evaluations)"
        if window is not None and (k := climbing(window)) is not None:
            return f"{spent}: {self.problem.unknown_names[k]!r} grows or falls all the time"
        if found.best is None:
            return f"{spent}: the motion does not return; give more `evaluations`"
        best, what = found.best, "has not settled yet (give more `evaluations`) or is not periodic"
        self.flow.left = self.reserve
        if self.is_chaotic(window, u, best.period):
            what = "is chaotic"
        closes = f"the best candidate, of period {best.period:.6g}, closes to {best.closing:.1e} of the range"
        closes += f", wanted {CLOSE:g}" if best.closing > CLOSE else ""
        return f"{spent}: the motion {what}; {closes}" + (f"; it passes {found.passed}" if found.passed else "")

    def is_chaotic(self, window, u, period) -> bool:
        """Whether a small deviation grows by `CHAOS`; false where the work does not last."""
        size = np.where(window.range > 0, window.range, 1.0)
        ends, atol = [u, u + NUDGE * size], TINY * np.where(self.size > 0, self.size, 1.0)
        try:
            for _ in range(AHEAD):
                paths = [
                    run(self.flow.rate, (0.0, period), end, self.method, COARSE, atol, self.flow.slope) for end in ends
                ]
                if not all(path.complete for path in paths):
                    return False
                ends = [path.states[-1] for path in paths]
                if np.max(np.abs(ends[0] - ends[1]) / size) > CHAOS * NUDGE:
                    return True
        except Spent:
            pass
        return False
