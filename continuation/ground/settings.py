"""How a branch is traced: one frozen object with every knob."""

import math
from dataclasses import dataclass, fields

import numpy as np

from continuation.ground.arguments import shown
from continuation.ground.names import as_real, check_whole

OPEN = ("step", "min_step", "max_step", "max_period")  # options that may be None: chosen by the trace then
PREDICTORS = ("tangent", "secant")  # one function each in `continuation.compiled.steps.predict`


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Options of `trace`.  All have defaults that need no retuning with the number of states.

    Lengths are measured in the problem's inner product (``|x|**2 = mean(u**2) + p**2`` unless
    ``Problem(weights=...)`` says otherwise).

    Parameters
    ----------
    step : float, optional
        First step.  Default: span / 100 where the span is finite, else 0.01.
    min_step : float, optional
        A step is not halved below this; default ``1e-9 * max_step``.
    max_step : float, optional
        Largest step.  Default: span / 20 where the span is finite, else 0.5.
        ``step == max_step`` is a prescribed step: it shrinks only where a step is rejected.
    max_points : int
        Stored points in each direction, the start included.
    tolerance : float
        Bound on the last Newton correction relative to ``1 + |x|``.
    newton_iterations : int
        Newton iterations a step may take before it is rejected.
    max_angle : float
        Largest angle between successive tangents, in radians; larger ones reject the step.
    predictor : str
        Where a step starts from: ``"tangent"``, along the tangent and its last change, or ``"secant"``, along the
        chord of the last two points.  The branch is the same, its points are not.
    adapt : int
        Points between two moves of the mesh of periodic orbits; 0 keeps it as it is (phases are measured anew still).
    max_period : float, optional
        Period at which a branch of periodic orbits ends; default: a thousand times the first.
    profiles : int, optional
        Files keep the profile of every so many-th periodic orbit of a branch, and those of special points and ends.
        Default: 1, but 10 where one takes more than 50 kB.
    """

    step: float | None = None
    min_step: float | None = None
    max_step: float | None = None
    max_points: int = 10_000
    tolerance: float = 1e-9
    newton_iterations: int = 8
    max_angle: float = 0.3
    predictor: str = PREDICTORS[0]
    adapt: int = 3
    max_period: float | None = None
    profiles: int | None = None

    def __post_init__(self):
        """Refuse values that can't work, naming the option."""
        for name in ("step", "min_step", "max_step", "tolerance", "max_angle", "max_period"):
            value = getattr(self, name)
            if value is None and name in OPEN:
                continue
            number = as_real(value)
            if number is None or not 0 < number < math.inf:
                raise ValueError(f"Settings({name}=...): wanted a positive number, got {shown(value)}")
            object.__setattr__(self, name, number if isinstance(value, np.ndarray) else value)
        for name in ("max_points", "newton_iterations"):
            object.__setattr__(self, name, check_whole(f"Settings({name}=...)", getattr(self, name)))
        if self.adapt != 0:
            object.__setattr__(self, "adapt", check_whole("Settings(adapt=...)", self.adapt))
        if self.profiles is not None:
            object.__setattr__(self, "profiles", check_whole("Settings(profiles=...)", self.profiles))
        if self.max_angle > math.pi / 2:
            raise ValueError(f"Settings(max_angle=...): wanted at most pi/2 (radians), got {self.max_angle!r}")
        if not isinstance(self.predictor, str) or self.predictor not in PREDICTORS:
            raise ValueError(f"Settings(predictor=...): wanted one of {list(PREDICTORS)}, got {shown(self.predictor)}")
        for small, large in (("min_step", "step"), ("step", "max_step"), ("min_step", "max_step")):
            a, b = getattr(self, small), getattr(self, large)
            if a is not None and b is not None and a > b:
                raise ValueError(f"Settings: {small}={a!r} is larger than {large}={b!r}")

    def as_dict(self) -> dict:
        """Options by name, unset ones left out."""
        pairs = ((f.name, getattr(self, f.name)) for f in fields(self))
        return {name: value for name, value in pairs if value is not None}
