"""What a search for solutions returns: the points, and how they were looked for."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from continuation.ground.canonical import cleared
from continuation.output.tables import number

MEANINGS = {
    "known": "ran into a known solution",
    "continuum": "joined by solutions to a singular one that is listed",
    "stuck": "no damped step lowered the residual",
    "slow": "not converged within the iterations of one attempt",
    "singular": "no Newton correction",
    "nonfinite": "NaN or infinite residual or Jacobian",
    "unconverged": "the final correction without deflation failed",
}


@dataclass(eq=False)
class Report:
    """How a search went.

    Attributes
    ----------
    guesses : int
        Different guesses tried.
    attempts : int
        Newton runs; a guess is tried again after each success.
    iterations : int
        Newton iterations of all attempts.
    failures : Counter
        Attempts without a new solution, by reason; ``MEANINGS`` says each in words.
    ended : str
        ``"limit"``, ``"budget"``, ``"guesses"`` (all given ones used up) or ``"interrupted"``.
    continua, singular : list of Point
        Solutions found that are not isolated, one of each continuum; those with singular F_u, isolated or not.
    outside : int
        Solutions found outside the bounds, which are not listed.
    error : Exception or None
        First arithmetic mistake raised by a plain Python function, counted as nonfinite.
    """

    guesses: int = 0
    attempts: int = 0
    iterations: int = 0
    failures: Counter = field(default_factory=Counter)
    ended: str = "guesses"
    continua: list = field(default_factory=list)
    singular: list = field(default_factory=list)
    outside: int = 0
    error: Exception | None = None

    def __str__(self):
        lines = [
            f"{self.attempts} attempts from {self.guesses} guesses, {self.iterations} Newton iterations; "
            f"ended by: {self.ended}"
        ]
        lines += [f"  {count} x {reason}: {MEANINGS[reason]}" for reason, count in self.failures.most_common()]
        if self.continua:
            lines.append(f"  {len(self.continua)} of the solutions are not isolated (one point of each is listed)")
        if self.outside:
            lines.append(f"  {self.outside} more lie outside the bounds")
        return "\n".join(lines)


class Found(list):
    """Distinct solutions, a list of `Point`; ``found.report`` says how they were looked for."""

    def __init__(self, points=(), report=None):
        super().__init__(points)
        self.report = Report() if report is None else report

    def __repr__(self):
        return f"<{len(self)} solution{'' if len(self) == 1 else 's'}; ended by: {self.report.ended}>"

    def __str__(self):
        lines = [f"{len(self)} solution{'' if len(self) == 1 else 's'}"]
        sizes = np.max(np.abs([point.state for point in self]), axis=0, initial=1.0) if self else 1.0
        for point in self:
            shown = zip(point.state_names[:4], cleared(point.state, sizes))
            values = ", ".join(f"{name} = {number(v, 10)}" for name, v in shown)
            more = ", ..." if len(point.state) > 4 else ""
            lines.append(f"  {values}{more}; unstable {point.unstable if point.unstable >= 0 else '-'}")
        return "\n".join([*lines, str(self.report)])
