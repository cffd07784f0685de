"""Verdicts on points that optimisers leave: whether they are critical, of which index, and how far alone.

The gradient is small also where it lies in the kernel of the Hessian, far from any critical point: such points are the
minima of ``|gradient|**2`` at which Newton-like searches and optimisers end (C. G. Frye, J. Simon, N. S. Wadia, A.
Ligeralde, M. R. DeWeese, K. E. Bouchard, "Critical point-finding methods reveal gradient-flat regions of deep network
losses", Neural Computation 33 (2021) 1469).
"""

import math

import numpy as np
from scipy.optimize import least_squares

from continuation.compiled.dense.spectrum import ZERO_EIGENVALUE
from continuation.equations.bordered import solve_least_norm
from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.equations.solved import is_solution
from continuation.equations.stability import EigenvalueCounts, point_at
from continuation.ground.arguments import check_mapping, check_problem, renamed
from continuation.ground.names import as_real
from continuation.losses.uniqueness import uniqueness_radius
from continuation.losses.verdicts import CriticalPoint, Verdict

REACH = 0.1  # of 1 + |weights|: what lies further off is no longer the point that was asked for
ITERATIONS = 100  # at a threefold zero each leaves two thirds of the distance
EXACT = 1e-14  # corrections below this, relative to 1 + |u|, are rounding
# Part of the gradient that the Hessian sees, below which the point is gradient-flat: 1 is generic, a minimum of
# |gradient|**2 has zero; ten times less misses slow valleys, ten times more calls steep narrow ones flat.
FLAT = 1e-3
CUT = 1e-9  # singular values below this part of the largest are no directions of Newton's method
# How far a continuum is followed, relative to 1 + |u|, and how near its direction the points found must stay: a curve
# leaves its tangent by the square of the distance.
ALONG, ASIDE = 1e-3, 0.1
# Critical points nearer than this, relative to 1 + |u|, and eigenvalues below this part of the largest, are a multiple
# one seen with rounding: a double one is known to the root of it, 1e-8.
MERGED = 1e-6
TURNING = 1e-8  # of generators at a point, relative: smaller parts leave it fixed


def critical_point(problem, weights, parameters=None, *, reach=None) -> CriticalPoint:
    """Say whether some weights are near a critical point of a loss, and of which kind.

    Parameters
    ----------
    problem : Problem
        Of a gradient, ``F = -grad L`` (`symmetric`): made by `Problem.from_loss`, or any other.
    weights : weights, array (n,), mapping of state names, or `Point`
    parameters : mapping, optional
        Values that are not the defaults.
    reach : float, optional
        How far a critical point may be, Euclidean; default ``0.1 (1 + |weights|)``.

    Returns
    -------
    CriticalPoint
        Its ``verdict``: MINIMUM, SADDLE, MAXIMUM, DEGENERATE (of its kernel some directions belong neither to a
        declared symmetry nor to a continuum of critical points; higher derivatives decide), FLAT (no critical point
        near; the gradient is small because it lies in the Hessian's kernel) or NONE.  A minimum of a continuum is
        one (Morse-Bott): index 0, all of the kernel explained.

    Raises
    ------
    ValueError
        The problem is no gradient system; the weights are arranged otherwise than the example, or not finite.

    Notes
    -----
    Newton's method with corrections of least norm, halved until the gradient falls; where that ends at no zero,
    ``|gradient|**2`` is a minimum or the way leads out of reach.  Some ten Hessians with their singular values, and up
    to 200 Hessians for the radius: seconds at 100 weights, minutes at 1000.

    Examples
    --------
    >>> from continuation import Problem
    >>> saddle = Problem.from_expressions({"x": "-x", "y": "y - y**3"}, {}, symmetric=True)
    >>> found = critical_point(saddle, [0.01, -0.02])
    >>> found.verdict.name, found.index, [round(float(x), 12) + 0.0 for x in found.point.state]
    ('SADDLE', 1, [0.0, 0.0])
    """
    if not getattr(check_problem(problem), "symmetric", False):
        raise ValueError(
            f"problem: wanted a gradient system (Problem.from_loss, or symmetric=True), got {problem.name}, whose F_u "
            "is not declared symmetric"
        )
    with renamed("start", "weights"):
        begin = problem.unknown_values(weights)
    p = problem.parameter_values({**problem.implied_parameters(weights), **check_mapping("parameters", parameters)})
    reach = _checked_reach(reach, begin)
    before = evaluate(problem, begin, p)
    if not np.all(np.isfinite(before)):
        raise ValueError("weights: the gradient is not finite there; wanted weights at which it is")
    u, found = _polished(problem, begin, p, reach)
    hessian = -state_jacobian(problem, u, p)
    nearby = begin + min(reach, _checked_reach(None, begin)) * _generic(len(u))  # what counts as zero knows no `reach`
    scale = max(_size_of_hessian(problem, v, p) for v in (begin, u, nearby))
    flatness = min((_seen_part(problem, v, p, scale) for v in ((begin,) if found else (begin, u))), key=_or_infinite)
    counts, explained, continuum, radius = _counts(hessian, ZERO_EIGENVALUE * scale), 0, 0, 0.0
    if found and counts.unstable >= 0:
        along = _orbit_directions(problem, u)
        explained = along.shape[1]
        if counts.nullity > explained:
            along = _extended(problem, u, p, _kernel(hessian, counts.nullity), along)
        continuum = along.shape[1] - explained
        if counts.nullity <= along.shape[1]:
            radius = uniqueness_radius(lambda v: state_jacobian(problem, v, p), u, along, 1 + np.linalg.norm(u))
        if counts.nullity <= along.shape[1] and radius <= MERGED * (1 + np.linalg.norm(u)):
            radius, counts = 0.0, _counts(hessian, MERGED * scale)
    return CriticalPoint(
        verdict=_verdict(found, counts, explained + continuum, flatness, len(u)),
        point=point_at(problem, u, p),
        distance=float(np.linalg.norm(u - begin)),
        residual_before=float(np.linalg.norm(before)),
        residual_after=float(np.linalg.norm(evaluate(problem, u, p))),
        index=counts.unstable,
        nullity=counts.nullity,
        explained=min(explained, counts.nullity),
        continuum=continuum,
        flatness=flatness,
        radius=radius,
        name=problem.name,
        size=len(u),
    )


def _counts(hessian, zero) -> EigenvalueCounts:
    """Numbers of eigenvalues of the Hessian below -zero and within zero; ``(-1, 0)`` where it is not finite."""
    if not np.all(np.isfinite(hessian)):
        return EigenvalueCounts(-1, 0)
    values = np.linalg.eigvalsh(hessian)
    return EigenvalueCounts(int(np.sum(values < -zero)), int(np.sum(np.abs(values) <= zero)))


def _checked_reach(reach, begin) -> float:
    """The reach asked for, or the default."""
    if reach is None:
        return REACH * (1 + float(np.linalg.norm(begin)))
    value = as_real(reach)
    if value is None or not value > 0:
        raise ValueError(f"reach: wanted a positive distance, got {reach!r}")
    return value


def _verdict(found, counts, explained, flatness, n) -> Verdict:
    """The verdict, by what was counted."""
    if not found:
        return Verdict.FLAT if flatness <= FLAT else Verdict.NONE
    if counts.nullity > explained or counts.unstable < 0:  # a Hessian that is not finite says nothing
        return Verdict.DEGENERATE
    if counts.unstable == 0:
        return Verdict.MINIMUM
    return Verdict.MAXIMUM if counts.unstable == n - counts.nullity else Verdict.SADDLE


def _polished(problem, begin, p, reach) -> tuple:
    """The point at which Newton's method ends within reach, and whether it is a solution."""
    u, f = begin, evaluate(problem, begin, p)
    for _ in range(ITERATIONS):
        a = state_jacobian(problem, u, p)
        if not np.all(np.isfinite(a)):
            break
        step = solve_least_norm(a, -f, CUT)
        small = np.linalg.norm(step) <= EXACT * (1 + np.linalg.norm(u))
        damping, size = 1.0, np.linalg.norm(f)
        while damping > 1e-6:
            trial, at = u + damping * step, None
            if np.linalg.norm(trial - begin) <= reach:
                at = evaluate(problem, trial, p)
                if np.all(np.isfinite(at)) and (np.linalg.norm(at) <= (1 - 1e-4 * damping) * size or small):
                    break
            damping /= 2
        else:
            break
        u, f = trial, at
        if small or not np.any(f):
            break
    if is_solution(problem, u, p):
        return u, True
    u = _flattest(problem, begin, u, p, reach)
    return u, is_solution(problem, u, p)


def _flattest(problem, begin, u, p, reach):
    """Minimum of ``|gradient|**2`` near u and within reach of `begin` in every weight; u where there is none."""
    room = reach / np.sqrt(len(u))
    box = np.clip(u, begin - 0.999 * room, begin + 0.999 * room), begin - room, begin + room
    try:
        found = least_squares(
            lambda v: evaluate(problem, v, p),
            box[0],
            lambda v: state_jacobian(problem, v, p),
            bounds=box[1:],
            xtol=1e-15,
            ftol=1e-15,
            gtol=1e-15,
            max_nfev=ITERATIONS,
        )
    except ValueError:  # NaN on the way
        return u
    better = np.linalg.norm(found.fun) < np.linalg.norm(evaluate(problem, u, p))
    return found.x if better else u


def _size_of_hessian(problem, u, p) -> float:
    """Spectral norm of the Hessian; zero where it is not finite."""
    a = state_jacobian(problem, u, p)
    return float(np.linalg.norm(a, 2)) if np.all(np.isfinite(a)) else 0.0


def _generic(n) -> np.ndarray:
    """A unit vector (n,) of no particular direction."""
    v = np.cos(1.0 + np.arange(n) ** 1.5)
    return v / np.linalg.norm(v)


def _seen_part(problem, u, p, scale) -> float:
    """``|H g| / (scale |g|)`` at a point: how much of the gradient lies outside the Hessian's kernel.

    NaN where that says nothing: the Hessian is not finite, or zero wherever it was looked at.
    """
    f, a = evaluate(problem, u, p), state_jacobian(problem, u, p)
    if not (np.all(np.isfinite(a)) and scale > 0):
        return math.nan
    return float(np.linalg.norm(a @ f) / (scale * np.linalg.norm(f))) if np.any(f) else 0.0


def _or_infinite(value) -> float:
    """A number to compare by: NaN is larger than all."""
    return math.inf if math.isnan(value) else value


def _kernel(hessian, nullity) -> np.ndarray:
    """(n, nullity) eigenvectors of the smallest eigenvalues in modulus."""
    values, vectors = np.linalg.eigh(hessian)
    return vectors[:, np.argsort(np.abs(values))[:nullity]]


def _orbit_directions(problem, u) -> np.ndarray:
    """(n, d) orthonormal directions of the orbit of the declared continuous symmetries through a point."""
    moving = [k(u) / max(k.size(u), 1e-300) for k in problem.symmetry.continuous]
    return _span(np.array(moving).reshape(-1, len(u)).T, TURNING)


def _span(columns, tolerance) -> np.ndarray:
    """Orthonormal basis of the span of columns (n, k), singular values above a tolerance."""
    if not columns.shape[1]:
        return columns
    left, sigma, _ = np.linalg.svd(columns, full_matrices=False)
    return left[:, sigma > tolerance]


def _extended(problem, u, p, kernel, along) -> np.ndarray:
    """`along` with the directions of the kernel along which critical points go on, both ways."""
    rest = _span(kernel - along @ (along.T @ kernel), 0.5)
    moving = [v for v in rest.T if all(_goes_on(problem, u, p, sign * v) for sign in (1.0, -1.0))]
    mixed = rest @ _generic(rest.shape[1])  # of all at once: a cross of curves is no surface
    if len(moving) == rest.shape[1] and all(_goes_on(problem, u, p, sign * mixed) for sign in (1.0, -1.0)):
        return np.column_stack([along, rest])
    return along


def _goes_on(problem, u, p, direction) -> bool:
    """Whether there is a critical point a little way off in a direction."""
    distance = ALONG * (1 + np.linalg.norm(u))
    begin = u + distance * direction
    v, found = _polished(problem, begin, p, ASIDE * distance)
    return found and float(np.linalg.norm(v - begin)) <= ASIDE * distance
