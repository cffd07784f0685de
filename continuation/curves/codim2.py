"""Location of the special points of curves: cusps, Bogdanov-Takens, Bautin, zero-Hopf and Hopf-Hopf points.

Each is a simple zero, along its curve, of a scalar that is smooth there.  Newton alternates corrections onto the
curve with steps along its tangent, whose length the scalar's derivative along the tangent gives.
"""

import logging

import numpy as np

from continuation.compiled.calls.interface import FAILED, OK, python_callback
from continuation.compiled.state.trace_state import KINDS
from continuation.equations.bordered import solve_bordered
from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.equations.multilinear import Multilinear
from continuation.ground import canonical
from continuation.ground.status import Kind
from continuation.kinds.normal_forms.centre_manifold import Reduction
from continuation.kinds.normal_forms.hopf import conjugates
from continuation.kinds.normal_forms.linear import Local

ITERATIONS = 20
ATTAINED = 1e-8  # the largest last step, relative to 1 + |x|, that counts as located
STEP = 1e-6  # of differences along the tangent, relative to 1 + |x|; forms that are differences themselves: ROUGH
ROUGH = 1e-4
SETTLED = 1e-15
NULLITY = {Kind.CUSP: 1, Kind.BOGDANOV_TAKENS: 1, Kind.ZERO_HOPF: 1, Kind.BAUTIN: 0, Kind.HOPF_HOPF: 0}

logger = logging.getLogger("continuation")


def refiner(curve, table, k: int):
    """The engine's `refine` for a curve (see `Operations`): points of codimension two; `k` entries of p."""
    size = len(curve.unknown_names) + 1

    def refine(request, p, out):
        try:
            kind = Kind[KINDS[int(request[2 * size])]]
            with np.errstate(all="ignore"):
                found = locate(curve, table, kind, (request[:size].copy(), p.copy()))
        except (np.linalg.LinAlgError, ValueError, FloatingPointError) as error:
            logger.debug("%s not located: %s", curve.name, error)
            return FAILED
        if found is None:
            return FAILED
        x, error = found
        tangent = tangent_of(table, x, p)
        out[:size], out[size : 2 * size] = x, tangent * np.sign(tangent @ request[size : 2 * size])
        residual = np.max(np.abs(evaluate(curve.base, x[: curve.size], curve.parameters_at(x, p))))
        out[2 * size :] = request[2 * size], NULLITY[kind], error, residual
        return OK

    return python_callback(refine, (2 * size + 2, k, 2 * size + 4))


def locate(curve, table, kind, start):
    """Newton for the zero of the kind's scalar along the curve from `start` = (x, p).

    Returns (x, last step relative to 1 + |x|), None where it does not converge.
    """
    (x, p), step = start, np.inf
    scalar = scalar_of(curve, kind, x, p)
    exact = getattr(curve.base, "expressions", None) is not None or kind is not Kind.CUSP
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
    return (onto_curve(table, x, p), error) if error <= ATTAINED else None


def onto_curve(table, x, p) -> np.ndarray:
    """The point of the curve nearest x: Gauss-Newton, corrections of least norm."""
    for _ in range(ITERATIONS):
        step = solve_bordered(table.derivative_at(x, p), -table.value_at(x, p))
        x = x + step
        if np.linalg.norm(step) <= 1e-14 * (1 + np.linalg.norm(x)):
            break
    return x


def tangent_of(table, x, p) -> np.ndarray:
    """Unit (Euclidean) null vector of the curve's derivative, the first of its largest components positive."""
    return canonical.signed(np.linalg.svd(table.derivative_at(x, p))[2][-1])


def scalar_of(curve, kind, x, p):
    """The function of the unknowns that vanishes at points of `kind`; what it follows is chosen at x."""
    n, base = curve.size, curve.base

    def jacobian(y):
        return state_jacobian(base, y[:n], curve.parameters_at(y, p))

    if kind is Kind.BOGDANOV_TAKENS and curve.kind is Kind.HOPF:
        return lambda y: y[n]
    if kind in (Kind.CUSP, Kind.BOGDANOV_TAKENS):
        return _kernel_scalar(curve, kind, jacobian, (x, p))
    if kind is Kind.BAUTIN:
        return lambda y: first_lyapunov(base, y[:n], curve.parameters_at(y, p), np.sqrt(max(y[n], 0.0)))
    return _eigenvalue_scalar(curve, kind, jacobian, x)


def _kernel_scalar(curve, kind, jacobian, start):
    """``w' B(v, v)`` (cusp) or ``w' v`` (Bogdanov-Takens) with null vectors of the bordered F_u."""
    (x, p), n = start, curve.size
    u, _, vt = np.linalg.svd(jacobian(x))
    left, right = u[:, -1], vt[-1]

    def scalar(y):
        bordered = np.block([[jacobian(y), left[:, None]], [right[None], np.zeros((1, 1))]])
        v, w = (np.linalg.solve(m, np.eye(n + 1)[n])[:n] for m in (bordered, bordered.T))
        v, w = v / np.linalg.norm(v), w / np.linalg.norm(w)
        if kind is Kind.BOGDANOV_TAKENS:
            return w @ v
        return w @ Multilinear(curve.base, y[:n], curve.parameters_at(y, p)).form(v, v)

    return scalar


def _eigenvalue_scalar(curve, kind, jacobian, x):
    """Real part of the eigenvalue that crosses the axis: the one nearest it that is not critical on the curve."""
    n = curve.size

    def critical(y):
        return np.sqrt(max(y[n], 0.0)) if curve.kind is Kind.HOPF else 0.0

    values = np.linalg.eigvals(jacobian(x))
    keep = np.argsort(np.abs(values - 1j * critical(x)))[1:]
    values = values[keep]
    wanted = values[np.abs(values.imag) <= 1e-12 * np.max(np.abs(values))] if _real(curve, kind) else values
    wanted = wanted if _real(curve, kind) else wanted[wanted.imag > 0]
    if not len(wanted):
        raise ValueError("no eigenvalue of the kind that crosses")
    mark = [wanted[np.argmin(np.abs(wanted.real))]]

    def scalar(y):
        all_values = np.linalg.eigvals(jacobian(y))
        return float(all_values[np.argmin(np.abs(all_values - mark[0]))].real)

    return scalar


def _real(curve, kind) -> bool:
    """Whether the eigenvalue that crosses is real."""
    return kind is Kind.ZERO_HOPF and curve.kind is Kind.HOPF


def first_lyapunov(problem, u, p, omega) -> float:
    """First Lyapunov coefficient of the pair nearest i omega, see `normal_forms.hopf.hopf`."""
    local = Local(problem, u, p, ())
    pair = min(local.pairs(len(u)), key=lambda pair: abs(pair.value - 1j * omega))
    return Reduction(local, conjugates([pair])).coefficient(0, 0, 0, 1).real / (2 * pair.omega)
