"""Noise of the equations: how much F changes where it should not, as after an iteration that stops early."""

import numpy as np

from continuation.equations.derivatives import evaluate, extended_jacobian, probed
from continuation.equations.measures.measure import measure_of
from continuation.ground.status import Status
from continuation.results.remarks import Remark

POINTS = 16  # values of F in a row along a line: a kink between two of them spoils less than half of the differences
MEDIAN = 0.6745  # of moduli of normal numbers, in standard deviations
# Between them, relative to 1 + |x| of each unknown, 1 being its unit: ten times more and F itself bends, ten times less
# and F rounds x.
STEP = 1e-9
ORDER = 4  # of the differences: a smooth F leaves nothing of this order there
# Roundings of the largest terms of F that are no noise: sums of a hundred terms have as much.
ROUNDINGS = 100


def residual_noise(problem, x, p, active) -> float:
    """Standard deviation of F's noise near x: from its fourth differences (Hamming 1971; Moré and Wild, SISC 33, 2011).

    Zero where F varies no more than rounding explains.
    """
    direction = np.cos(np.arange(len(x))) * (measure_of(problem).units + np.abs(x))
    values = np.array(
        np.broadcast_arrays(*[probed(value_at, problem, x + STEP * k * direction, p, active) for k in range(POINTS)])
    )
    differences = np.diff(values, ORDER, axis=0)
    factor = np.prod(np.arange(1, ORDER + 1)) ** 2 / np.prod(np.arange(1, 2 * ORDER + 1))  # (k!)^2 / (2 k)!
    noise = np.median(np.abs(differences), axis=0) * np.sqrt(factor) / MEDIAN
    terms = np.abs(probed(extended_jacobian, problem, x, p, active)) @ np.abs(direction)
    return float(np.max(noise[noise > ROUNDINGS * np.finfo(float).eps * terms], initial=0.0))


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
    if not lost or len(rows.vary) > 1 or "residual" not in problem.functions:
        return []
    row, active = lost[0], problem.index_of(rows.vary[0])
    x, p = rows.unknowns[row], problem.parameter_values(rows.parameters_at(row))
    with np.errstate(all="ignore"):
        noise = residual_noise(problem.near(x, p), x, p, active)
    if not 0.0 < noise < np.inf:
        return []
    text = f"the equations have a noise of {noise:.1g}: what is smaller can't be told, and not all could be located"
    return [Remark(text, row)]
