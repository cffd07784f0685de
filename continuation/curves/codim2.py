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
    FOUND_KIND,
    FOUND_NULLITY,
    FOUND_PAIRS,
    FOUND_RESIDUAL,
)
from continuation.curves.kernel_points import kernel_size, polished
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
# The same along directions of a larger kernel, where the curve's equations are singular: the root of the rounding unit
# and a little, ten times larger takes neighbours for the point.
ATTAINED_IN_KERNEL = 1e-5
# Of differences along the tangent, relative to 1 + |x|: half the digits of the scalar, ROUGH where the scalar is made
# of differences itself.  Ten times either way costs Newton a digit a step, no accuracy of the point.
STEP, ROUGH = 1e-6, 1e-4
SETTLED = 1e-15  # a step below this, relative to 1 + |x|, is rounding: it ends Newton, as does one that grows
# Of the curve's derivative, relative to its largest singular value: what is below is a rank defect, as where two
# curves cross.  Ten times smaller lets rounding through as a step, ten times larger only slows steps near such points.
RANK = 1e-13
# The same where curves cross (an eigenvalue vanishes on a subspace that stays invariant): the point is known to
# ATTAINED, so its second singular value is not zero.  Ten times smaller takes a tangent of rounding there, ten times
# larger the guess's own where the curve has a good one.
CROSSED = 1e-7
# Part of a step that leads to where the equations can't be evaluated: near enough for nine tenths of the distance to go,
# far enough for the bordered matrix to be regular; ten such steps leave rounding.
SHORTER = 0.9
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
        x, error, nullity = with_kernel(curve, kind, *found, p)
        if nullity < kind.nullity or not error <= ATTAINED:
            return FAILED
        out[:size], out[size:behind] = x, tangent_along(table, x, p, request[size:behind])
        residual = np.max(np.abs(evaluate(curve.base, x[: curve.size], curve.parameters_at(x, p))))
        out[behind + FOUND_KIND], out[behind + FOUND_NULLITY] = request[behind + ASKED_KIND], nullity
        out[behind + FOUND_ERROR], out[behind + FOUND_RESIDUAL] = error, residual
        out[behind + FOUND_PAIRS] = 0
        return OK

    return python_callback(refine, (behind + ASKED, k, behind + FOUND))


def locate(curve, table, kind, x, p):
    """Newton for the zero of the scalar of a kind (`SpecialKind`) along the curve from its unknowns x.

    Returns (x, last step relative to 1 + |x|), None where it does not converge.  Where several eigenvalues vanish at
    once the curve's equations can't be evaluated at the point itself: steps that lead there are cut short.
    """
    if kind.scalar is None:
        return None
    attained = ATTAINED_IN_KERNEL if kind.kind is Kind.BRANCH_POINT else ATTAINED  # corrected afterwards
    step, x, scalar = np.inf, onto_curve(table, x, p), kind.scalar(curve, x, p)
    exact = getattr(curve.base, "expressions", None) is not None or not kind.third_order
    for _ in range(ITERATIONS):
        t, h = tangent_of(table, x, p), (STEP if exact else ROUGH) * (1 + np.linalg.norm(x))
        value, slope = scalar(x), (scalar(x + h * t) - scalar(x - h * t)) / (2 * h)
        before, step = step, -value / slope if slope != 0.0 else np.inf
        if not np.isfinite(step) or (abs(step) >= abs(before) and abs(before) > attained):
            return None
        x, length = beyond(table, x, step * t, p), abs(step) / (1 + np.linalg.norm(x))
        if length <= SETTLED or abs(step) >= abs(before):
            break
    return (x, length) if length <= attained else None


def beyond(table, x, step, p) -> np.ndarray:
    """The point of the curve a step beyond x; a shorter step where its equations can't be evaluated there."""
    for share in (1.0, SHORTER):
        try:
            return onto_curve(table, x + share * step, p)
        except (np.linalg.LinAlgError, FloatingPointError):
            continue
    return x + step


def with_kernel(curve, kind, x, error, p) -> tuple:
    """A located point, its error and the dimension of the kernel of F_u; the point is corrected where that is larger."""
    if kind.kind not in (Kind.BRANCH_POINT, Kind.ZERO_HOPF):
        return x, error, kind.nullity
    k = kernel_size(curve, x, p)
    if k < 2:
        return x, error, k
    y, length = polished(curve, x, p, k)
    near = np.linalg.norm(y - x) <= ATTAINED_IN_KERNEL * (1 + np.linalg.norm(x))
    return (y, length, k) if near and length <= ATTAINED else (x, error, k)


def onto_curve(table, x, p) -> np.ndarray:
    """The point of the curve nearest x: Gauss-Newton, corrections of least norm."""
    for _ in range(ITERATIONS):
        step = solve_bordered(derivative(table, x, p), -table.value_at(x, p))
        x = x + step
        if np.linalg.norm(step) <= ON_CURVE * (1 + np.linalg.norm(x)):
            break
    return x


def tangent_along(table, x, p, direction) -> np.ndarray:
    """Unit tangent that `direction` points along; where curves cross, the one of those in their span nearest to it."""
    try:
        _, sigma, right = np.linalg.svd(derivative(table, x, p))
    except FloatingPointError:  # several eigenvalues vanish
        return direction / np.linalg.norm(direction)
    tangents = right[int(np.sum(sigma > CROSSED * sigma[0])) :]
    if len(tangents) == 1:
        return canonical.signed(tangents[0]) * np.sign(canonical.signed(tangents[0]) @ direction)
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
