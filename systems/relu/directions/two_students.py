"""Two students, two teachers: collinear and out-of-plane critical points in closed form."""

import math

import numpy as np
from scipy.optimize import brentq

from continuation.ground import canonical
from systems.relu.argument_checks import check_matrix, check_open_angle, check_vector, check_whole
from systems.relu.population_loss.population import angles, h

EXACT = 1e-15  # of a root, relative: to the last bits
ALONG = 1e-12  # of the teachers' lengths: a total length as small is that of no students
EDGE = 1e-6  # from beta = 0, where the students agree, and from pi/2, where the radius has no value


def collinear_line(teachers, b=None) -> list[tuple[np.ndarray, float]]:
    """Find the critical points where all students point in one direction: direction and total length.

    ``sum_k b_k (pi - th_k) v_k`` is parallel to the direction u, and ``sum_j |w_j| = sum_k b_k |v_k| h(th_k) / pi``:
    with K students a (K-1)-simplex of critical points.

    Parameters
    ----------
    teachers : (2, 2) array
    b : (2,) array, optional
        Output weights, ones by default.

    Returns
    -------
    list of (unit vector, total length)
        Every solution of positive length, longest first, by the sign changes on a grid of directions a quarter of a
        degree apart.

    Raises
    ------
    ValueError
        Not two finite teachers in the plane, or one of them zero.

    Notes
    -----
    The paper's condition, u on the bisector, holds for teachers of equal norm only.

    References
    ----------
    Y. Tian, ICML 2017, arXiv:1703.00560, section 5.3, corrected.

    Examples
    --------
    >>> (u, length), *_ = collinear_line([[1.0, 0.0], [0.0, 1.0]])
    >>> print(np.round(u, 12), f"{length:.12f}")
    [0.70710678 0.70710678] 1.510818329858
    """
    V = check_matrix("teachers", teachers)
    b = np.ones(len(V)) if b is None else check_vector("b", b, 2)
    if V.shape != (2, 2) or not V.any(axis=1).all():
        raise ValueError(f"collinear_line: wanted two teachers that are not zero in the plane, got {V.tolist()}, b {b}")

    def direction(t):
        return np.array([math.cos(t), math.sin(t)])

    def sideways(t):
        u = direction(t)
        return float((b * (np.pi - angles(u[None], V)[0])) @ V @ [-u[1], u[0]])

    grid = np.linspace(-np.pi, np.pi, 1441) + 1e-3 * math.sqrt(2)  # no teacher of simple coordinates on it
    values = np.array([sideways(t) for t in grid])
    turns = np.flatnonzero(values[:-1] * values[1:] < 0)
    roots = [direction(brentq(sideways, grid[i], grid[i + 1], xtol=EXACT, rtol=EXACT, maxiter=1000)) for i in turns]
    lengths = [float((b * np.linalg.norm(V, axis=1)) @ h(angles(u[None], V)[0]) / np.pi) for u in roots]
    least = ALONG * float(np.abs(b) @ np.linalg.norm(V, axis=1))  # opposite to all teachers there is none
    found = [(u, length) for u, length in zip(roots, lengths) if length > least]
    keys = np.array([[-length, *-u] for u, length in found]).reshape(len(found), 1 + V.shape[1])
    return [found[k] for k in canonical.order(keys, canonical.EQUAL * max(lengths, default=0.0))]


def out_of_plane_point(angle=math.pi / 2, d=3) -> tuple[np.ndarray, float, float]:
    """Return the critical point of two students outside the span of two unit teachers at an angle.

    ``w_{1,2} = r (cos(beta) bisector +- sin(beta) q)``, q orthogonal to the teachers, with
    ``r = (pi - ths) cos(t/2) / ((pi - 2 beta) cos beta)``, ``(2 beta + sin 2 beta) r = 2 sin ths``,
    ``cos ths = cos(beta) cos(t/2)``.

    Parameters
    ----------
    angle : float
        t between the teachers, in (0, pi), in the coordinates of `two_teachers`.
    d : int
        Dimension, at least 3; q is the third axis.

    Returns
    -------
    weights : (2, d) array
    beta, r : float

    Raises
    ------
    ValueError
        An angle outside (0, pi), d below 3, or no such point at this angle.

    References
    ----------
    Y. Tian, ICML 2017, arXiv:1703.00560, Theorem 2: such points lie on orbits of dimension d - 3.

    Examples
    --------
    >>> _, beta, r = out_of_plane_point()
    >>> print(f"{beta:.14f} {r:.14f}")
    0.50398666738813 0.84720487700186
    """
    d = check_whole("out_of_plane_point", "d", d, 3)
    half = math.cos(check_open_angle("out_of_plane_point", angle) / 2)

    def radius(beta):
        return (math.pi - math.acos(math.cos(beta) * half)) * half / ((math.pi - 2 * beta) * math.cos(beta))

    def excess(beta):
        sine = math.sqrt(1 - (math.cos(beta) * half) ** 2)
        return (2 * beta + math.sin(2 * beta)) * radius(beta) - 2 * sine

    low, high = EDGE, math.pi / 2 - EDGE
    if excess(low) * excess(high) > 0:
        raise ValueError(f"out_of_plane_point(angle=...): none found at {angle!r}")
    beta = brentq(excess, low, high, xtol=1e-16, rtol=EXACT)
    r, W = radius(beta), np.zeros((2, d))
    W[:, 0], W[0, 2], W[1, 2] = r * math.cos(beta), r * math.sin(beta), -r * math.sin(beta)
    return W, beta, r


def merging_decay(angle=math.pi / 2) -> float:
    """Return the weight decay above which two students of two unit teachers agree: ``2 s / (h - 2 s)``.

    ``s = sin(t/2)``, ``h = h(t/2)``, t the teachers' angle.  Both students have the length ``h / (pi (1 + lam))``
    in the collinear state; moving them apart in the plane has the eigenvalue ``lam - 2 s / (pi |w|)``.

    Raises
    ------
    ValueError
        No decay is enough (``h <= 2 s``: angles beyond 113.5 degrees), or an angle outside (0, pi).

    Examples
    --------
    >>> print(f"{merging_decay():.12f} {2 / (3 * math.pi / 4 - 1):.12f}")
    1.474714736318 1.474714736318
    """
    angle = check_open_angle("merging_decay", angle)
    pull, length = 2 * math.sin(angle / 2), float(h(angle / 2))
    if length <= pull:
        raise ValueError(f"merging_decay(angle=...): no decay merges the students at {angle!r}")
    return pull / (length - pull)
