"""Location of the special points of curves: cusps, Bogdanov-Takens, Bautin, zero-Hopf and Hopf-Hopf points.

Each is a simple zero, along its curve, of a scalar that is smooth there.  Newton alternates corrections onto the
curve with steps along its tangent, whose length the scalar's derivative along the tangent gives.
"""

import logging
from typing import NamedTuple

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
    FOUND_TURNS,
)
from continuation.curves.kernel_points import at_kernel
from continuation.equations.bordered import solve_bordered
from continuation.equations.derivatives import evaluate
from continuation.ground import canonical
from continuation.ground.status import Kind
from continuation.kinds import registry

ITERATIONS = 20
# The largest last step, relative to 1 + |x|, that counts as located.  Scalars made of
# differences have eight or nine digits: ten times smaller leaves their zeros unlocated, ten times larger lists places
# that are wrong in the seventh digit.
ATTAINED = 1e-8
# The same where the kernel of F_u is larger, which makes the curve's equations singular: at_kernel corrects the point.
# Ten times smaller refuses points of functions by differences, ten times larger corrects some in vain.
ATTAINED_IN_KERNEL = 1e-5
# Of differences along the tangent, relative to 1 + |x|: half the digits of the scalar, ROUGH where the scalar is made
# of differences itself.  Ten times either way costs Newton a digit a step, no accuracy of the point.
STEP, ROUGH = 1e-6, 1e-4
SETTLED = 1e-15  # a step below this, relative to 1 + |x|, is rounding: it ends Newton, as does one that grows
# Of the curve's derivative, relative to its largest singular value: what is below is a rank defect, REGULAR that of
# rounding alone.  Where curves cross (an eigenvalue vanishes on a subspace that stays invariant, or breaks a symmetry)
# the derivative loses a rank at a point that is known to ATTAINED: CROSSED.  Ten times smaller lets rounding through as
# a step or as a tangent there, ten times larger keeps a curve of badly scaled unknowns from its own points.
REGULAR, CROSSED = 1e-12, 1e-7
# Part of a step that leads to where the equations can't be evaluated: near enough for a tenth of the distance to be
# left, far enough for the bordered matrix to be regular; ten such steps leave rounding.
SHORTER = 0.9
ON_CURVE = 1e-14  # a correction below this, relative to 1 + |x|, is rounding

logger = logging.getLogger("continuation")


def refiner(curve, table, k: int):
    """The engine's `refine` for a curve (see `Operations`): points of codimension two; `k` entries of p."""
    size = len(curve.unknown_names) + 1
    behind = 2 * size

    def refine(request, p, out):
        asked, guess, direction = int(request[behind + ASKED_KIND]), request[:size].copy(), request[size:behind]
        try:
            with np.errstate(all="ignore"):
                found = locate(curve, table, registry.of(registry.NUMBERED[asked]), guess, p.copy(), direction)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
            logger.debug("%s not located: %s", curve.name, error)
            return FAILED
        if found is None:
            return FAILED
        x, residual = found.x, evaluate(curve.base, found.x[: curve.size], curve.parameters_at(found.x, p))
        out[:size], out[size:behind] = x, found.tangent
        out[behind + FOUND_KIND], out[behind + FOUND_NULLITY] = asked, found.nullity
        out[behind + FOUND_ERROR], out[behind + FOUND_RESIDUAL] = found.error, np.max(np.abs(residual))
        out[behind + FOUND_EXPECTED], out[behind + FOUND_TURNS] = found.change, float(found.kind is Kind.FOLD)
        return OK

    return python_callback(refine, (behind + ASKED, k, behind + FOUND))


class Located(NamedTuple):
    """A located point.

    Unknowns (N,), unit tangent (N,), last step relative to 1 + |x|, dimension of the kernel, by how much the unstable
    count changes along the tangent (NaN: not known).
    """

    kind: Kind
    x: np.ndarray
    tangent: np.ndarray
    error: float
    nullity: int
    change: float


def locate(curve, table, kind, x, p, direction) -> Located | None:
    """Newton for the zero of the scalar of a kind (`SpecialKind`) along the curve from its unknowns x.

    None where it does not converge: first as on a regular curve, then as where curves cross, as at points that break
    a symmetry.  `direction`: in which the curve runs there.
    """
    if kind.scalar is None:
        return None
    for rank in (REGULAR, CROSSED):
        try:
            found = newton(curve, table, kind, x, p, direction, rank)
        except (np.linalg.LinAlgError, FloatingPointError):
            continue
        if found is not None:
            y, error, slope, t = found
            y, error, nullity = with_kernel(curve, kind, y, error, p)
            if nullity >= kind.nullity and error <= ATTAINED:
                tangent, change = tangent_along(table, y, p, direction, CROSSED), np.nan
                if kind.crossing is not None and nullity == kind.nullity:
                    change = kind.crossing(curve) * np.sign(slope) * np.sign(t @ tangent)
                return Located(kind.kind, y, tangent, error, nullity, change)
    return None


def newton(curve, table, kind, x, p, direction, rank):
    """Point, last step relative to 1 + |x|, the scalar's slope along a tangent and that; None: the steps do not shrink.

    Singular values are told apart by `rank`.  Where several eigenvalues vanish at once the curve's equations can't be
    evaluated at the point itself: steps that lead there are cut short.
    """
    attained = ATTAINED_IN_KERNEL if kind.kind is Kind.BRANCH_POINT else ATTAINED  # corrected afterwards
    x, step, slope, t = onto_curve(table, x, p, rank), np.inf, 0.0, direction
    scalar = kind.scalar(curve, x, p)
    exact = getattr(curve.base, "expressions", None) is not None or not kind.third_order
    for _ in range(ITERATIONS):
        t, h = tangent_along(table, x, p, t, rank), (STEP if exact else ROUGH) * (1 + np.linalg.norm(x))
        value, slope = scalar(x), (scalar(x + h * t) - scalar(x - h * t)) / (2 * h)
        before, step = step, -value / slope if slope != 0.0 else np.inf
        if not np.isfinite(step) or (abs(step) >= abs(before) and abs(before) > attained):
            return None
        x, length = beyond(table, x, step * t, p, rank), abs(step) / (1 + np.linalg.norm(x))
        if length <= SETTLED or abs(step) >= abs(before):
            break
    return (x, length, slope, t) if length <= attained else None


def beyond(table, x, step, p, rank) -> np.ndarray:
    """The point of the curve a step beyond x; a shorter step where its equations can't be evaluated there."""
    for share in (1.0, SHORTER):
        try:
            return onto_curve(table, x + share * step, p, rank)
        except (np.linalg.LinAlgError, FloatingPointError):
            continue
    return x + step


def with_kernel(curve, kind, x, error, p) -> tuple:
    """A located point, its error and the dimension of the kernel of F_u; corrected where that is larger."""
    if kind.kind not in (Kind.BRANCH_POINT, Kind.ZERO_HOPF):
        return x, error, kind.nullity
    found = at_kernel(curve, x, p)
    return (x, error, 1) if found is None else found


def onto_curve(table, x, p, rank=REGULAR) -> np.ndarray:
    """The point of the curve nearest x: Gauss-Newton, corrections of least norm."""
    for _ in range(ITERATIONS):
        step = solve_bordered(derivative(table, x, p), -table.value_at(x, p), rank)
        x = x + step
        if np.linalg.norm(step) <= ON_CURVE * (1 + np.linalg.norm(x)):
            break
    return x


def tangent_along(table, x, p, direction, rank) -> np.ndarray:
    """Unit tangent that `direction` points along; where curves cross, the one of those in their span nearest to it."""
    try:
        _, sigma, right = np.linalg.svd(derivative(table, x, p))
    except FloatingPointError:  # several eigenvalues vanish
        return direction / np.linalg.norm(direction)
    tangents = right[int(np.sum(sigma > rank * sigma[0])) :]
    if len(tangents) == 1:
        return tangents[0] * (-1.0 if tangents[0] @ direction < 0 else 1.0)
    tangent = direction @ tangents.T @ tangents
    return tangent / np.linalg.norm(tangent)


def tangent_of(table, x, p) -> np.ndarray:
    """Unit (Euclidean) null vector of the curve's derivative, the first of its largest components positive."""
    return canonical.signed(np.linalg.svd(derivative(table, x, p))[2][-1])


def derivative(table, x, p) -> np.ndarray:
    """(N - 1, N) derivative of the curve's equations at x; raises where it can't be had."""
    found = table.derivative_at(x, p)
    if not np.all(np.isfinite(found)):
        raise FloatingPointError("the curve's equations can't be evaluated")
    return found
