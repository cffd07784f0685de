"""Gradient descent next to an equilibrium: rates of its modes, attraction, and where saddles send the iterates."""

import math
from dataclasses import dataclass

import numpy as np

from continuation.equations.derivatives import evaluate
from continuation.ground import canonical
from systems.training import kernels
from systems.training.judging.modes import Modes, modes_at
from systems.training.runs import STOPS, Stop, bound_of

DECADES = 3.0  # of decay or growth that a rate is read from
SLOW = 1e-3  # of the largest eigenvalue: modes below are not followed
ETA_MU = 0.26  # rate times the largest eigenvalue, where ln(1 - eta mu) is 15 % off -eta mu
CURVED = 1e-4  # relative change of a mode's rate by nonlinear terms that is allowed
FURTHEST = 1e-3  # of the state's size: largest displacement
PURE = 3.0  # times its coordinate: the largest displacement at which a mode is not hidden by faster ones
PARALLEL = 1e4  # condition of an eigenvalue beyond which its mode does not move on its own
VISIBLE = 1e-12  # of the state's size: displacements below are rounding
LONGEST = 2_000_000  # steps for one mode
JOURNEY = 400_000  # steps from a saddle to somewhere else
PACES = (1.0, 0.1, 0.01)  # times the rate, one after the other until a journey settles: elsewhere things may be faster
LEFT = 10.0  # displacements: somewhere else
BACK = 0.1  # of the residual after a perturbation: attracted


@dataclass(frozen=True)
class ModeRate:
    """Rate of one mode: eigenvalue of F_u, ``ln|1 + eta value|``, the slope measured, decades seen, or why not."""

    value: complex
    expected: float
    measured: float
    decades: float
    skipped: str = ""

    @property
    def error(self) -> float:
        """Relative error of the measured rate; NaN where it was skipped."""
        return math.nan if self.skipped else abs(self.measured - self.expected) / abs(self.expected)


@dataclass(frozen=True, eq=False)
class Destination:
    """Where descent from a saddle went: state, why it stopped, its unstable count, distance, whether it has left."""

    state: np.ndarray
    status: Stop
    unstable: int
    distance: float
    left: bool


def usual_rate(modes) -> float:
    """Choose a rate of descent: 0.26 over the fastest eigenvalue, less where it would turn the stability of a spiral.

    A pair mu grows under steps of size eta where it decays under the flow unless ``eta < 2 |Re mu| / |mu|^2``.
    """
    if modes.speed == 0:
        return 1.0
    spirals = [v for v in modes.values if v.imag > 0 and abs(v.real) >= SLOW * abs(v)]
    return min([ETA_MU / modes.speed, *(abs(v.real) / abs(v) ** 2 for v in spirals)])


class Endpoint:
    """Experiments at one equilibrium; ``function`` is the address and data of F for the kernels."""

    def __init__(self, problem, function, u, p, eta=None):
        self.problem, self.function = problem, function
        self.modes: Modes = modes_at(problem, u, p)
        self.eta = usual_rate(self.modes) if eta is None else float(eta)

    def mode_rates(self) -> list:
        """Measure the `ModeRate` of every mode."""
        return [self.mode_rate(k) for k in range(len(self.modes.values))]

    def mode_rate(self, k) -> ModeRate:
        """Measure the rate of mode k from a start displaced along its eigenvector."""
        value = self.modes.values[k]
        expected = math.log(abs(1 + self.eta * value)) if 1 + self.eta * value != 0 else -math.inf
        vector = self.modes.right[:, k].real * (2.0 if value.imag else 1.0)  # of a pair the sum of both
        far = self.reach(vector, abs(value))
        near = far * 10**-DECADES
        if reason := self._unfit(k, expected) or ("" if near > VISIBLE * self.modes.size else "lost in rounding"):
            return ModeRate(value, expected, math.nan, 0.0, reason)
        begin = near if expected > 0 else far  # so that growth ends, and decay begins, where it is still linear
        logs = self._seen(k, begin * vector, 0.5 * near, 2 * far, 30 * far, PURE, expected)
        return self._fitted(value, expected, logs)

    def random_rate(self, rng) -> ModeRate:
        """Measure the rate of the slowest mode of a stable equilibrium from a random small displacement."""
        values = self.modes.values
        k = canonical.first_smallest(np.abs(np.log(np.abs(1 + self.eta * values))), canonical.EQUAL)
        expected = math.log(abs(1 + self.eta * values[k]))
        if reason := self._unfit(k, expected):
            return ModeRate(values[k], expected, math.nan, 0.0, reason)
        vector = self.random_direction(rng)
        far = self.reach(vector, abs(values[k]))
        part = abs(self.modes.left[:, k].conj() @ vector) * far
        logs = self._seen(k, far * vector, 1e-3 * part, 2 * part, 30 * far, math.inf, expected)
        return self._fitted(values[k], expected, logs)

    def attracts(self, rng) -> bool:
        """Say whether descent from a random small displacement returns: the residual falls, the state stays near."""
        vector, values = self.random_direction(rng), self.modes.values
        far = self.reach(vector, np.min(np.abs(values)))
        start = self.modes.u + far * vector
        slowest = np.min(np.abs(np.log(np.abs(1 + self.eta * values))))
        steps = min(LONGEST, math.ceil(2 * math.log(1 / BACK) / slowest) + 10) if slowest > 0 else LONGEST
        end, _ = self._descended(start, steps, 0.0)
        before, after = (np.linalg.norm(evaluate(self.problem, u, self.modes.p)) for u in (start, end))
        return bool(after <= BACK * before and np.linalg.norm(end - self.modes.u) <= 10 * far)

    def destinations(self) -> list:
        """Follow descent from a saddle, displaced both ways along its most unstable eigenvector."""
        return [self._destination(sign) for sign in (1.0, -1.0)]

    def leaves_in_time(self) -> bool:
        """Say whether the most unstable mode grows to the state's size within the longest run."""
        k = self.modes.most_unstable
        far = max(self.reach(self.modes.right[:, k].real, abs(self.modes.values[k])), VISIBLE * self.modes.size)
        growth = math.log(abs(1 + self.eta * self.modes.values[k]))
        return math.log(max(self.modes.size / far, LEFT)) <= LONGEST * growth

    def random_direction(self, rng) -> np.ndarray:
        """Draw a random unit vector (n,) without gauge part."""
        vector = rng.normal(size=len(self.modes.u))
        vector -= self.modes.gauge @ (self.modes.gauge.T @ vector)
        return vector / np.linalg.norm(vector)

    def reach(self, vector, speed) -> float:
        """Choose a displacement along `vector` at which nonlinear terms change a rate `speed` by at most `CURVED`."""
        u, p = self.modes.u, self.modes.p
        h = FURTHEST * self.modes.size
        plus, minus, middle = (evaluate(self.problem, u + s * h * vector, p) for s in (1.0, -1.0, 0.0))
        second = np.linalg.norm(plus + minus - 2 * middle) / h
        return h * min(1.0, CURVED * speed / second) if second > 0 else h

    def _unfit(self, k, expected) -> str:
        """Why mode k is not followed; empty where it is."""
        value = self.modes.values[k]
        if np.linalg.norm(self.modes.left[:, k]) > PARALLEL:
            return "eigenvectors are nearly parallel"
        if abs(value) < SLOW * self.modes.speed or abs(expected) < SLOW * self.eta * self.modes.speed:
            return "too slow"
        if DECADES * math.log(10) / abs(expected) > LONGEST:
            return "too many steps"
        return "" if math.isfinite(expected) else "vanishes in one step"

    def _seen(self, k, displacement, least, most, furthest, pure, expected):
        """Logarithms of the coordinate of mode k along a run; limits as in `kernels.coordinates`."""
        modes, steps = self.modes, math.ceil(1.5 * DECADES * math.log(10) / abs(expected)) + 5
        start, left, limits = modes.u + displacement, modes.left[:, k].conj(), (least, most, furthest, pure, steps)
        return kernels.coordinates(self.function, modes.p, self.eta, start, modes.u, left, *limits)[0]

    def _fitted(self, value, expected, logs) -> ModeRate:
        """Slope of the logarithms against the step number."""
        decades = abs(logs[-1] - logs[0]) / math.log(10) if len(logs) > 2 else 0.0
        if len(logs) < 3:
            return ModeRate(value, expected, math.nan, decades, "hidden by faster modes")
        slope = np.polyfit(np.arange(len(logs)), logs, 1)[0]
        reason = "" if decades >= 1 or np.sign(slope) != np.sign(expected) else "hidden by faster modes"
        return ModeRate(value, expected, float(slope), decades, reason)

    def _descended(self, start, steps, tolerance, eta=None):
        """Last state and status of a descent."""
        trail = np.vstack([start, start])
        limits, knobs = (steps, tolerance, bound_of(start), steps), np.array([eta or self.eta])
        code, _, rows = kernels.descend(self.function, self.modes.p, kernels.GRADIENT, knobs, trail, *limits)
        return trail[rows - 1], STOPS[code]

    def _destination(self, sign) -> Destination:
        """Follow descent from a displaced start until it settles, or at least has left."""
        k, u = self.modes.most_unstable, self.modes.u
        vector, value = sign * self.modes.right[:, k].real, self.modes.values[k]
        far = max(self.reach(vector, abs(value)), VISIBLE * self.modes.size)
        # at rest, relative to the system; but a start must not count as at rest, however slowly it leaves
        tolerance = min(1e-10 * self.modes.speed * self.modes.size, 1e-3 * value.real * far)
        found = []
        for pace in PACES:
            growth = math.log(abs(1 + pace * self.eta * value))
            steps = min(LONGEST, JOURNEY + math.ceil(2 * math.log(self.modes.size / far) / growth))
            end, status = self._descended(u + far * vector, steps, tolerance, pace * self.eta)
            with np.errstate(over="ignore"):  # what diverged may be beyond the square root of the largest number
                distance = float(np.linalg.norm(end - u))
            found.append(Destination(end, status, self._unstable(end, status), distance, distance > LEFT * far))
            if status is Stop.CONVERGED or (status is Stop.BUDGET and found[-1].left and pace < 1):
                break
        return next((end for end in found[::-1] if end.left and end.status is not Stop.DIVERGED), found[-1])

    def _unstable(self, end, status) -> int:
        """Unstable count where a run converged, else -1."""
        return modes_at(self.problem, end, self.modes.p).unstable if status is Stop.CONVERGED else -1
