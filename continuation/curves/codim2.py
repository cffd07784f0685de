"""Location of the special points of curves: cusps, Bogdanov-Takens, Bautin, zero-Hopf and Hopf-Hopf points.

Each is a simple zero, along its curve, of a scalar that is smooth there.  Newton alternates corrections onto the
curve with steps along its tangent, whose length the scalar's derivative along the tangent gives.
"""

import logging

import numpy as np

from continuation.compiled.calls.interface import FAILED, OK, python_callback
from continuation.compiled.state.messages import (
    ASKED,
    ASKED_KIND,
    FOUND,
    FOUND_ERROR,
    FOUND_EXPECTED,
    FOUND_KIND,
    FOUND_NULLITY,
    FOUND_RESIDUAL,
)
from continuation.equations.bordered import solve_bordered
from continuation.equations.derivatives import evaluate
from continuation.ground import canonical
from continuation.kinds import registry

ITERATIONS = 20
# The largest last step, relative to 1 + |x|, that counts as located.  Scalars made of
# differences have eight or nine digits: ten times smaller leaves their zeros unlocated, ten times larger lists places
# that are wrong in the seventh digit.
ATTAINED = 1e-8
# Of differences along the tangent, relative to 1 + |x|: half the digits of the scalar, ROUGH where the scalar is made
# of differences itself.  Ten times either way costs Newton a digit a step, no accuracy of the point.
STEP, ROUGH = 1e-6, 1e-4
SETTLED = 1e-15  # a step below this, relative to 1 + |x|, is rounding: it ends Newton, as does one that grows
# Of the curve's derivative, relative to its largest singular value: what is below is a rank defect, as where two
# curves cross.  Ten times smaller lets rounding through as a step, ten times larger only slows steps near such points.
RANK = 1e-13
ON_CURVE = 1e-14  # a correction below this, relative to 1 + |x|, is rounding

logger = logging.getLogger("continuation")


def refiner(curve, table, k: int):
    """The engine's `refine` for a curve (see `Operations`): points of codimension two; `k` entries of p."""
    size = len(curve.unknown_names) + 1
    behind = 2 * size

    def refine(request, p, out):
        try:
            kind = registry.of(registry.NUMBERED[int(request[behind + ASKED_KIND])])
            with np.errstate(all="ignore"):
                found = locate(curve, table, kind, request[:size].copy(), p.copy())
        except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
            logger.debug("%s not located: %s", curve.name, error)
            return FAILED
        if found is None:
            return FAILED
        x, error, slope = found
        tangent = tangent_of(table, x, p)
        sign = np.sign(tangent @ request[size:behind])
        out[:size], out[size:behind] = x, tangent * sign
        residual = np.max(np.abs(evaluate(curve.base, x[: curve.size], curve.parameters_at(x, p))))
        out[behind + FOUND_KIND], out[behind + FOUND_NULLITY] = request[behind + ASKED_KIND], kind.nullity
        out[behind + FOUND_ERROR], out[behind + FOUND_RESIDUAL] = error, residual
        out[behind + FOUND_EXPECTED] = np.nan if kind.crossing is None else kind.crossing(curve) * sign * np.sign(slope)
        return OK

    return python_callback(refine, (behind + ASKED, k, behind + FOUND))


def locate(curve, table, kind, x, p):
    """Newton for the zero of the scalar of a kind (`SpecialKind`) along the curve from its unknowns x.

    Returns (x, last step relative to 1 + |x|, the scalar's slope along the tangent), None where it does not converge.
    """
    if kind.scalar is None:
        return None
    step, slope, scalar = np.inf, 0.0, kind.scalar(curve, x, p)
    exact = getattr(curve.base, "expressions", None) is not None or not kind.third_order
    for _ in range(ITERATIONS):
        x = onto_curve(table, x, p)
        t, h = tangent_of(table, x, p), (STEP if exact else ROUGH) * (1 + np.linalg.norm(x))
        value, slope = scalar(x), (scalar(x + h * t) - scalar(x - h * t)) / (2 * h)
        before, step = step, -value / slope if slope != 0.0 else np.inf
        if not np.isfinite(step) or (abs(step) >= abs(before) and abs(before) > ATTAINED):
            return None
        x = x + step * t
        if abs(step) <= SETTLED * (1 + np.linalg.norm(x)) or abs(step) >= abs(before):
            break
    error = abs(step) / (1 + np.linalg.norm(x))
    return (onto_curve(table, x, p), error, slope) if error <= ATTAINED else None


def onto_curve(table, x, p) -> np.ndarray:
    """The point of the curve nearest x: Gauss-Newton, corrections of least norm."""
    for _ in range(ITERATIONS):
        step = solve_bordered(table.derivative_at(x, p), -table.value_at(x, p))
        x = x + step
        if np.linalg.norm(step) <= ON_CURVE * (1 + np.linalg.norm(x)):
            break
    return x


def tangent_of(table, x, p) -> np.ndarray:
    """Unit (Euclidean) null vector of the curve's derivative, the first of its largest components positive."""
    return canonical.signed(np.linalg.svd(table.derivative_at(x, p))[2][-1])
