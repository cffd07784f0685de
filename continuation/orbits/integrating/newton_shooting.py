"""Newton's method of multiple shooting: from nearly a cycle to one."""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from continuation.orbits.integrating.discrete_qr import log_eigenvalues
from continuation.orbits.integrating.integration import Scaled

ITERATIONS = 8
FAR = 0.3  # relative to the range: a correction beyond this is cut, the linear map says nothing there
SMALL = 1e-9  # corrections, relative to the range, after which the next one is rounding
ENOUGH = 1e-6  # correction that the last iteration may leave where errors of the integration keep it from SMALL
# Singular values, relative to the largest, below which a direction is left alone: cycles of a conservative system
# come in families and the correction is the smallest one.  The integration leaves 1e-11.
FLAT = 1e-9


class Corrected(NamedTuple):
    """A cycle in scaled units: ``nodes`` (p, n) at the starts of the pieces, the period, the pieces' maps (p, n, n)."""

    nodes: np.ndarray
    period: float
    maps: np.ndarray


def correct_cycle(scaled: Scaled, nodes, fractions, period) -> Corrected | None:
    """Correct states (p, n) at fractions (p + 1,) of a period, and the period; None where that does not converge.

    The first state moves in the plane across the flow.  Cost: up to 8 integrations with n (n + 1) equations and dense
    least squares of order n p + 1.
    """
    nodes, n = np.array(nodes, float), nodes.shape[1]
    normal, anchor = scaled.rate(0.0, nodes[0]), nodes[0].copy()
    normal /= np.linalg.norm(normal)
    lengths, count = np.diff(fractions), len(nodes)
    for _ in range(ITERATIONS):
        matrix, right, maps = np.zeros((n * count + 1, n * count + 1)), np.zeros(n * count + 1), []
        for k in range(count):
            found = scaled.follow_with_slope(nodes[k], (0.0, lengths[k] * period))
            if found is None or not np.all(np.isfinite(found[1])):
                return None
            end, slope, _ = found
            rows, after = slice(n * k, n * (k + 1)), (k + 1) % count
            matrix[rows, rows] += slope
            matrix[rows, n * after : n * (after + 1)] -= np.eye(n)
            matrix[rows, -1] = lengths[k] * scaled.rate(0.0, end)
            right[rows] = nodes[after] - end
            maps.append(slope)
        matrix[-1, :n], right[-1] = normal, normal @ (anchor - nodes[0])
        if not (np.all(np.isfinite(matrix)) and np.all(np.isfinite(right))):
            return None
        step = scipy.linalg.lstsq(matrix, right, FLAT, overwrite_a=True)[0]
        size = np.max(np.abs(step))
        step *= min(1.0, FAR / size) if size > 0 else 1.0
        nodes, period = nodes + step[:-1].reshape(count, n), period + step[-1]
        if not 0.5 < period < 2.0:
            return None
        if size <= SMALL:
            break
    return Corrected(nodes, float(period), np.array(maps)) if size <= ENOUGH else None


def log_multipliers(scaled: Scaled, nodes, maps) -> np.ndarray:
    """Logarithms (n - 1,), complex, of the multipliers beside the trivial one, by falling modulus.

    Of the maps between planes across the flow: the trivial multiplier is left out exactly, and with it the errors
    along the flow, which a relaxation oscillation multiplies by the ratio of its speeds.
    """
    n = len(nodes[0])
    if n == 1:
        return np.empty(0, complex)
    planes = []
    for w in nodes:
        rate = scaled.rate(0.0, w)
        planes.append(np.linalg.svd(rate[None] / np.linalg.norm(rate))[2][1:].T)
    return log_eigenvalues([after.T @ one @ plane for one, plane, after in zip(maps, planes, planes[1:] + planes[:1])])
