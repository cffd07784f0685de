"""Noise of the equations: how much F changes where it should not, as after an iteration that stops early."""

import numpy as np

from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.ground.status import Status
from continuation.results.remarks import Remark

POINTS = 8  # values of F in a row along a line: more tell noise better, each costs an evaluation
STEP = 1e-9  # between them, relative to 1 + |x|: ten times more and F itself bends, ten times less and F rounds x
ORDER = 4  # of the differences: a smooth F leaves nothing of this order there
# Roundings of the largest terms of F that are no noise: sums of a hundred terms have as much.
ROUNDINGS = 100


def residual_noise(problem, x, p, active) -> float:
    """Standard deviation of F's noise near x: from its fourth differences (Hamming 1971; Moré and Wild, SISC 33, 2011).

    Zero where F varies no more than rounding explains.
    """
    direction = np.cos(np.arange(len(x)))
    steps = STEP * (1 + np.max(np.abs(x))) * np.arange(POINTS)
    values = np.array([value_at(problem, x + step * direction, p, active) for step in steps])
    differences = np.diff(values, ORDER, axis=0)
    factor = np.prod(np.arange(1, ORDER + 1)) ** 2 / np.prod(np.arange(1, 2 * ORDER + 1))  # (k!)^2 / (2 k)!
    noise = float(np.max(np.sqrt(factor * np.mean(differences**2, axis=0)), initial=0.0))
    matrix = state_jacobian(problem, x[:-1], np.array(p, float))
    rounding = ROUNDINGS * np.finfo(float).eps * float(np.max(np.abs(matrix) @ np.abs(x[:-1]), initial=0.0))
    return noise if noise > max(rounding, np.finfo(float).eps) else 0.0


def value_at(problem, x, p, active) -> np.ndarray:
    """F at the unknowns x."""
    p = np.array(p, float)
    p[active] = x[-1]
    return evaluate(problem, x[:-1], p)


def remarks_on_noise(problem, rows, runs) -> list:
    """Name the noise where something was not located, or no step was small enough: it may be why."""
    lost = [point.index for point in rows.special if not point.located]
    if Status.STEP_TOO_SMALL in rows.ends:
        lost += [0] if rows.ends[0] is Status.STEP_TOO_SMALL else [len(rows) - 1]
    if not lost or len(rows.vary) > 1:
        return []
    row, active = lost[0], problem.index_of(rows.vary[0])
    x, p = rows.unknowns[row], problem.parameter_values(rows.parameters_at(row))
    with np.errstate(all="ignore"):
        noise = residual_noise(problem.near(x, p), x, p, active)
    if not 0.0 < noise < np.inf:
        return []
    text = f"the equations have a noise of {noise:.1g}: what is smaller can't be told, and not all could be located"
    return [Remark(text, row)]
