"""What a run returns: states, losses and invariants where they were recorded, and why it stopped."""

from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from systems.training import kernels

FAR = 1e6  # times the size of the start: divergence


class Stop(Enum):
    """Why a run stopped; the value is the advice given to the reader."""

    CONVERGED = "the gradient fell below the tolerance"
    BUDGET = "all steps were made; give more, or a larger tolerance"
    DIVERGED = "the iterates grew without bound: the rate is too large (see `stable_rate`) or the loss has no minimum"
    FAILED = "the problem's function raised an exception"

    @property
    def advice(self) -> str:
        """The value: what happened and what to try."""
        return self.value


STOPS = {
    kernels.BUDGET: Stop.BUDGET,
    kernels.CONVERGED: Stop.CONVERGED,
    kernels.DIVERGED: Stop.DIVERGED,
    kernels.FAILED: Stop.FAILED,
}


@dataclass(frozen=True, eq=False)
class Run:
    """One run of training; m rows were recorded, the first is the start and the last where it ended.

    Attributes
    ----------
    states : (m, n) array
        Recorded states (flat weights of a network); only the first and last where this was asked for.
    steps : (k,) int array
        Step numbers at which `losses` and `invariants` were recorded (those of `states` for a `Problem`).
    losses : (k,) array
        Loss at those steps; empty for a problem that has no output called ``loss``.
    status : Stop
    made : int
        Steps made.
    invariants : dict of str to array
        Quantities recorded beside the loss, first axis k.
    stable_rate : float or None
        Of a run of gradient descent that diverged: the largest rate that was seen not to diverge from this start.
    """

    states: np.ndarray
    steps: np.ndarray
    losses: np.ndarray
    status: Stop
    made: int
    invariants: dict = field(default_factory=dict)
    stable_rate: float | None = None

    @property
    def final(self) -> np.ndarray:
        """(n,) state where the run ended."""
        return self.states[-1]

    @property
    def diverged(self) -> bool:
        """Whether the iterates grew without bound."""
        return self.status is Stop.DIVERGED

    def __repr__(self):
        loss = f", loss {self.losses[-1]:.6g}" if len(self.losses) else ""
        rate = "" if self.stable_rate is None else f", stable up to rate {self.stable_rate:.6g}"
        return f"<Run: {self.made} steps, {self.status.name}{loss}{rate}>"


def bound_of(start) -> float:
    """Choose the size beyond which a run from `start` counts as diverged."""
    return FAR * (1.0 + float(np.max(np.abs(start), initial=0.0)))
