"""What is said of a point that an optimiser returned."""

import enum
import math
from dataclasses import dataclass

from continuation.ground.points import Point


class Verdict(enum.Enum):
    """What a point is; the value is how it is called."""

    MINIMUM = "minimum"
    SADDLE = "saddle"
    MAXIMUM = "maximum"
    DEGENERATE = "degenerate critical point"
    FLAT = "gradient-flat but not critical"
    NONE = "no critical point near"


@dataclass(frozen=True)
class CriticalPoint:
    """The verdict on some weights; printed, it is five lines.

    Attributes
    ----------
    verdict : Verdict
    point : Point
        The critical point polished by Newton's method; where there is none, the best point that was reached.
    distance : float
        From the weights given to `point`, Euclidean.
    residual_before, residual_after : float
        Euclidean norm of the gradient, at the weights given and at `point`.
    index : int
        Morse index: number of negative eigenvalues of the Hessian.
    nullity : int
        Number of those that vanish, to 1e-9 of the largest.
    explained : int
        How many of these belong to declared continuous symmetries.
    continuum : int
        How many more to a continuum of critical points that was followed a little way.
    flatness : float
        ``|H g| / (|H| |g|)``, the part of the gradient g that the Hessian sees, at the weights given, or at `point`
        where that is less and not critical; ``|H|`` is the largest found nearby; 1e-3 and less is gradient-flat.
    radius : float
        Within this distance of `point` there is no other critical point (beside its orbit or continuum), as estimated
        by Newton and Kantorovich's theorem; 0.0 where nothing can be said, at most the size of the weights plus 1.
    name : str
        Of the problem.
    size : int
        Number of weights.
    """

    verdict: Verdict
    point: Point
    distance: float
    residual_before: float
    residual_after: float
    index: int
    nullity: int
    explained: int
    continuum: int
    flatness: float
    radius: float
    name: str
    size: int

    @property
    def is_critical(self) -> bool:
        """Whether there is a critical point."""
        return self.verdict not in (Verdict.FLAT, Verdict.NONE)

    def __str__(self):
        return "\n".join([self._head(), self._residuals(), self._spectrum(), self._nullity(), self._alone()])

    def _head(self) -> str:
        words = self.verdict.value + (f" of index {self.index}" if self.verdict is Verdict.SADDLE else "")
        if self.verdict is Verdict.DEGENERATE and self.index >= 0:
            words += f", index {self.index} beside its kernel"
        loss = self.point.outputs.get("loss")
        return f"{self.name}: {words}" + ("" if loss is None else f", loss {loss:.10g}")

    def _residuals(self) -> str:
        return (
            f"gradient: {self.residual_before:.2e} as given, {self.residual_after:.2e} after Newton's method, which "
            f"moved the weights by {self.distance:.3g}"
        )

    def _spectrum(self) -> str:
        where = "Hessian" if self.is_critical else "Hessian where it ended"
        if self.index < 0:
            return f"{where}: not finite"
        up = self.size - self.index - self.nullity
        return f"{where}: {self.index} negative, {self.nullity} vanishing, {up} positive eigenvalues"

    def _nullity(self) -> str:
        if not self.is_critical:
            if math.isnan(self.flatness):
                return "what part of the gradient the Hessian sees can't be told: it is not finite, or zero all around"
            return f"of the gradient the Hessian sees a part of {self.flatness:.1e} (gradient-flat: 1e-3 and less)"
        if self.index < 0:
            return "what the loss does beside it can't be told"
        if not self.nullity:
            return "nondegenerate"
        left = self.nullity - self.explained - self.continuum
        return (
            f"vanishing: {self.explained} by declared symmetries, {self.continuum} along a continuum of critical "
            f"points, {left} unexplained"
        )

    def _alone(self) -> str:
        if not self.is_critical:
            return "no critical point was found near these weights"
        if not self.radius:
            return "nothing can be said on other critical points near"
        but = " but for its orbit and continuum" if self.explained + self.continuum else ""
        return f"the only critical point within {self.radius:.2g}{but} (Newton-Kantorovich estimate)"
