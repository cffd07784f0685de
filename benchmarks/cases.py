"""The branches that are timed: what is traced, from where, with which step."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from continuation import Problem, Settings
from systems.textbook import bratu, snake_pair

STEPS = {2: 50_000, 8: 20_000, 32: 5_000, 128: 300}  # of Bratu, by the number of states


@dataclass(frozen=True)
class Case:
    """A branch traced from zero with a prescribed step, in the Euclidean norm.

    Attributes
    ----------
    build : callable
        Makes the problem.
    vary : str
    steps : int
        Accepted points, the start left out.
    step : float
        Length of each.
    tolerance : float
        Of Newton's method.
    """

    build: Callable[[], Problem]
    vary: str
    steps: int
    step: float
    tolerance: float = 1e-7

    def problem(self) -> Problem:
        """Make the problem, all weights of its inner product 1."""
        problem = self.build()
        problem.weights = np.ones(len(problem.states) + 1)
        return problem

    def settings(self) -> Settings:
        """Options of `trace`."""
        return Settings(step=self.step, max_step=self.step, tolerance=self.tolerance, max_points=self.steps + 1)


def bratu_case(n, convection=0.0) -> Case:
    """Bratu's problem with `n` states along an arclength of ``8 sqrt(n)``."""
    return Case(partial(bratu, n, convection=convection), "lam", STEPS[n], 8 * n**0.5 / STEPS[n])


CASES = {
    **{f"bratu-{n}": bratu_case(n) for n in STEPS},
    **{f"convection-{n}": bratu_case(n, 1.0) for n in STEPS},
    "snake": Case(snake_pair, "p", 100_000, 0.1),
}
