"""Does the residual respect a symmetry?  ``F(g u) = g F(u)`` and ``F_u K(u) = A F(u)`` at random states.

The gradient of a function that does not change along K has ``F_u K(u) = -A' F(u)``: the same for rotations, where
``A' = -A``, but not for scalings.  Either maps solutions to solutions.
"""

import copy
import logging
from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import CENTRAL4, FIFTH_ROOT, evaluate, state_jacobian

logger = logging.getLogger("continuation")
EXACT = 1e-8  # relative to the residual: rounding leaves 1e-13, differences 1e-10; a broken symmetry shows at 0.1
SMALLEST = 1e-4  # an equation smaller than this, relative to the largest, is judged by this part of the largest
SIZES = (0.3, 1.0, 1.0, 3.0)  # of the random states


class Violation(NamedTuple):
    """The worst violation found: relative size, what is violated (text), the state that shows it most."""

    size: float
    what: str
    state: str


def check_respected(problem, symmetry):
    """Raise where the residual at the default parameters does not respect a symmetry.

    Raises
    ------
    ValueError
        Names the entry, the element, the equation and the size of the violation.
    """
    p = problem.parameter_values()
    worst = worst_violation(problem, symmetry, p)
    if worst is None:
        logger.warning("symmetries: not verified, the residual is not finite at random states near the origin")
    elif worst.size > EXACT:
        raise ValueError(
            f"symmetries: the residual does not respect {worst.what}: a relative violation of {worst.size:.3g} in the "
            f"equation of {worst.state!r} at random states and parameters {problem.parameters}"
        )


def breaking_parameters(problem, symmetry) -> tuple:
    """Names of the parameters whose change breaks the symmetry that holds at their defaults."""
    found = []
    for k, name in enumerate(problem.parameters):
        p = problem.parameter_values()
        p[k] += 0.37 * (1 + abs(p[k]))
        worst = worst_violation(problem, symmetry, p)
        if worst is not None and worst.size > EXACT:
            found.append(name)
    return tuple(found)


def worst_violation(problem, symmetry, p):
    """The worst `Violation` by the generators at some random states; None where F is finite at none."""
    found = [v for u in random_states(len(symmetry.names)) for v in violations(problem, symmetry, u, p)]
    return max(found, key=lambda v: v.size, default=None)


def continuous_part(symmetry, generators):
    """A symmetry with only some of its continuous generators."""
    part = copy.copy(symmetry)
    part.generators, part.labels, part.continuous = (), (), tuple(generators)
    return part


def random_states(n):
    """A few states (n,), the same each time."""
    rng = np.random.default_rng(12345)
    return [size * rng.normal(size=n) for size in SIZES]


def violations(problem, symmetry, u, p):
    """Violations at one state: one for each generator where F is finite."""
    f = evaluate(problem, u, p)
    pairs = []
    for label, g in zip(symmetry.labels, symmetry.generators):
        pairs.append((f"{label}, the element {g}", evaluate(problem, g(u), p), g(f), 0.0))
    for k in symmetry.continuous:
        slope, error = slope_along(problem, u, p, k(u))
        images = [k.matrix @ f, -k.matrix.T @ f] if problem.symmetric else [k.matrix @ f]
        wanted = min(images, key=lambda image: float(np.max(np.abs(slope - image))))
        pairs.append((f"the generator {k.name}", slope, wanted, error))
    for what, got, wanted, error in pairs:
        scale = max(np.max(np.abs(got)), np.max(np.abs(wanted)), np.max(np.abs(f)))
        if np.isfinite(scale):
            own = np.maximum(np.maximum(np.abs(got), np.abs(wanted)), SMALLEST * scale)
            gap = np.maximum(np.abs(got - wanted) - 10 * error, 0.0) / (own if scale > 0 else 1.0)
            yield Violation(float(np.max(gap)), what, problem.unknown_names[int(np.argmax(gap))])


def slope_along(problem, u, p, direction):
    """F_u times a direction, and the error of it: of the given Jacobian, else by differences that agree best."""
    if "jacobian" in problem.functions:
        return state_jacobian(problem, u, p) @ direction, 0.0
    size = np.linalg.norm(direction)
    if size == 0.0:
        return np.zeros(len(u)), 0.0
    widths = FIFTH_ROOT * (1 + np.linalg.norm(u)) / size * 0.25 ** np.arange(6)
    slopes = [sum(weight * evaluate(problem, u + s * h * direction, p) for s, weight in CENTRAL4) / h for h in widths]
    with np.errstate(all="ignore"):
        errors = [np.max(np.abs(a - b)) for a, b in zip(slopes, slopes[1:])]
    best = int(np.argmin(np.nan_to_num(errors, nan=np.inf)))
    return slopes[best + 1], errors[best]
