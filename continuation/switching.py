"""From a branch point to the other branches through it."""

import numpy as np

from continuation.branch import SpecialPoint
from continuation.derivatives import extended_jacobian
from continuation.multilinear import Multilinear
from continuation.names import suggest
from continuation.settings import Settings
from continuation.status import Kind

RANK = 1e-6  # singular values below this fraction of the largest are zero at a located point
FLAT = 1e-6  # a quadratic form with an eigenvalue below this fraction of the other has no transversal directions


def switch(problem, point, settings=None) -> list:
    """Find the half-branches that meet at a simple branch point.

    Parameters
    ----------
    problem : Problem
    point : SpecialPoint
        Of `Kind.BRANCH_POINT`, located, of a branch in one parameter.
    settings : Settings, optional
        Not needed by simple points: the directions are exact.

    Returns
    -------
    list of Start
        One for each half-branch but the one that led to the point: first its straight continuation
        (``start.known``), then both directions of the crossing branch.  ``trace(problem, start, vary)`` goes outward;
        its first row is the branch point.

    Raises
    ------
    ValueError
        The point is of another kind, was not located, or has a kernel of more than one dimension beyond the tangent;
        the branches are tangent to each other or the point is isolated.

    Notes
    -----
    Directions are the roots of the algebraic bifurcation equation ``psi' D2F[phi, phi] = 0`` on the kernel of
    [F_u F_p] (Keller, *Numerical Methods in Bifurcation Problems*, 1987, section 5.20); second derivatives exact
    where the problem has them, else differences of the Jacobian.  Cost: one singular value decomposition.

    Examples
    --------
    >>> from continuation import Problem, switch, trace
    >>> problem = Problem.from_expressions({"x": "mu*x - x**3"}, parameters={"mu": -1})
    >>> trunk = trace(problem, start=[0.0], vary="mu", span=(-1, 1))
    >>> starts = switch(problem, trunk["BP1"])
    >>> [start.known for start in starts]
    [True, False, False]
    >>> side = trace(problem, starts[1], vary="mu", span=(-1, 1))
    >>> bool(abs(side["x"][-1] ** 2 - 1.0) < 1e-12)
    True
    """
    if settings is not None and not isinstance(settings, Settings):
        raise ValueError(f"settings: wanted Settings(...), got {type(settings).__name__}")
    from continuation.start import Start

    vary = check_point(problem, point)
    p, active = problem.parameter_values(point.parameters), problem.index_of(vary)
    weights = problem.inner_weights()
    x = np.append(point.state, point.parameters[vary])
    basis, left = kernel(problem, x, p, active, weights)
    forms = Multilinear(problem, point.state, p, (active,))
    form = np.array([[left @ forms.form(a, b) for b in basis.T] for a in basis.T])
    first, other = directions(0.5 * (form + form.T), basis, weights * point.tangent)
    made = [(first, True), (other, False), (-other, False)]
    return [Start(x, t, p, vary, outward=True, known=known, problem=problem, origin=point) for t, known in made]


def check_point(problem, point) -> str:
    """Name of the varied parameter, if the point is one to switch at."""
    if not isinstance(point, SpecialPoint):
        raise ValueError(f"point: wanted a SpecialPoint of a branch, got {type(point).__name__}")
    if point.kind is not Kind.BRANCH_POINT:
        raise ValueError(f"point: wanted a branch point (BP), got {point.label}, a {point.kind.name}")
    if not point.located:
        raise ValueError(f"point: {point.label} was not located; trace again with smaller steps around its bracket")
    if len(point.vary) != 1:
        raise ValueError(f"point: wanted a point of a branch in one parameter, got {point.vary}")
    name = point.vary[0]
    if name not in problem.parameters:
        raise ValueError(f"point: varies {name!r}; this problem has {suggest(name, problem.parameters)}")
    return name


def kernel(problem, x, p, active, weights):
    """Basis (N, 2) of the kernel of [F_u F_p], orthonormal in the inner product, and the left null vector."""
    root = np.sqrt(weights)
    jacobian = extended_jacobian(problem, x, p, active)
    unit = np.ones(len(x))
    largest = np.max(np.abs(jacobian[:, :-1]))
    unit[-1] = largest / max(np.max(np.abs(jacobian[:, -1])), largest, 1e-300) or 1.0
    u, sigma, vt = np.linalg.svd(jacobian / root * unit)
    scale = max(sigma[0], typical_scale(problem, x, p, active))
    dimension = 1 + int(np.sum(sigma <= RANK * scale))
    if dimension < 2:
        raise ValueError(
            f"[F_u F_p] has full rank at this point (smallest singular value {sigma[-1]:.3g}, largest {scale:.3g}): it "
            "is no branch point of this problem; was it found with other parameters?"
        )
    if dimension > 2:
        raise ValueError(
            f"{dimension - 1} branch directions beyond the tangent meet here: only simple branch points can be switched"
        )
    basis = (vt[-2:] * unit / root).T
    q, _ = np.linalg.qr(root[:, None] * basis)
    return q / root[:, None], u[:, -1]


def typical_scale(problem, x, p, active) -> float:
    """Size that [F_u F_p] takes around x, where at x itself it may vanish altogether."""
    near = x + 0.1 * (1 + np.abs(x)) * np.cos(np.arange(1, len(x) + 1))
    around = extended_jacobian(problem, near, p, active)
    return float(np.max(np.abs(around))) if np.all(np.isfinite(around)) else 1e-300


def directions(form, basis, covector):
    """Both unit solutions of ``v' form v = 0`` in the basis: the one along the branch, and the other."""
    values, vectors = np.linalg.eigh(form)
    small, large = sorted(np.abs(values))
    if not values[0] * values[1] < 0 or small < FLAT * large:
        raise ValueError(
            f"no two branches cross transversally here (eigenvalues of the quadratic form {values[0]:.3g}, "
            f"{values[1]:.3g}): they are tangent, or the point is isolated"
        )
    a, b = np.sqrt(-values[0]) * vectors[:, 1], np.sqrt(values[1]) * vectors[:, 0]
    pair = [basis @ (v / np.linalg.norm(v)) for v in (a + b, a - b)]
    pair.sort(key=lambda t: -abs(covector @ t))
    return pair[0] * np.sign(covector @ pair[0]), pair[1]
