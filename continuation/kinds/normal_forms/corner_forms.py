"""What a corner of a branch is: its two half-branches, the angle between them, and whether the parameter turns."""

import numpy as np

from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.ground import canonical
from continuation.kinds.normal_forms.linear_part import Local

ASIDE = 1e-5  # distance, relative to 1 + |x|, at which F and its derivatives are taken: see `compiled.events.kink`
ONE_SIDED = 0.1  # part of the residual in the opposite direction that one along a half-branch has at most
SAME = 1e-3  # distance of unit directions that are one
PLACES = 12  # around the point, in pairs that face each other


def corner(local: Local) -> dict:
    """Corner: the branch leaves it along two half-lines, tangents of F on either side of where F_u jumps.

    Returns
    -------
    dict
        ``halves`` (2, n + 1), the outward unit directions (Euclidean, the parameter last, ordered); ``angle``, by which
        the branch turns there, in radians, 0 if it went straight on; and where both halves lie on the same side along
        the parameter ``kind``, the non-smooth fold.  Where there are not two halves ``degenerate`` says so.

    Notes
    -----
    di Bernardo, Budd, Champneys & Kowalczyk, *Piecewise-smooth Dynamical Systems*, 2008, sections 5.1 and 5.2
    (persistence and non-smooth fold of boundary equilibria).

    Examples
    --------
    >>> from continuation import Kind, Problem
    >>> from continuation.kinds.normal_forms.coefficients import normal_form
    >>> problem = Problem.from_expressions({"x": "mu - abs(x)"}, {"mu": 0}, smoothness=1)
    >>> found = normal_form(problem, Kind.CORNER, [0.0], {"mu": 0.0}, ("mu",))
    >>> found["kind"], round(found["angle"] / np.pi, 9)
    ('non-smooth fold', 0.5)
    """
    if len(local.active) != 1:
        return {}
    halves = []
    for half in half_lines(local):
        if all(np.linalg.norm(half - other) > SAME for other in halves):
            halves.append(half)
    if len(halves) != 2:
        return {"degenerate": f"{len(halves)} half-branches were found"}
    one, other = halves = np.array(halves)[canonical.order(halves, SAME)]
    found = {"halves": halves, "angle": float(np.arccos(np.clip(-one @ other, -1.0, 1.0)))}
    return found | ({"kind": "non-smooth fold"} if one[-1] * other[-1] > 0 else {})


def half_lines(local: Local):
    """Directions of half-branches, found from derivatives around the point; some come several times."""
    index = local.active[0]
    x = np.append(local.u, local.p[index])
    d = ASIDE * (1.0 + np.linalg.norm(x))
    for number in range(PLACES):
        place = np.cos(1.0 + (number // 2) + 2.0 * np.arange(1, len(x) + 1) ** 1.5) * (-1) ** number
        matrix = extended_jacobian(local.problem, x + d * place / np.linalg.norm(place), local.p, index)
        if not np.all(np.isfinite(matrix)):
            continue
        null = np.linalg.svd(matrix)[2][-1]
        sizes = [residual(local, x + sign * d * null) for sign in (1.0, -1.0)]
        if min(sizes) <= ONE_SIDED * max(sizes):
            yield null if sizes[0] < sizes[1] else -null


def residual(local: Local, x) -> float:
    """Largest component of F at x = (u, p), infinite where it is none."""
    p = local.p.copy()
    p[local.active[0]] = x[-1]
    f = evaluate(local.problem, x[:-1], p)
    return float(np.max(np.abs(f))) if np.all(np.isfinite(f)) else np.inf
