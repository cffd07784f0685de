"""Equations 9 to 14: the normal equations in angles and lengths, and the function L that separates the teachers."""

import numpy as np

from systems.relu.argument_checks import check_matrix, check_reals, check_vector
from systems.relu.population_loss.population import angles, h


def normal_matrices(W, V) -> tuple[np.ndarray, np.ndarray]:
    """Return Y (K, K) and B* (K, L): the rows of ``Y E' - B* V`` are ``2 pi grad_j`` (a = b = 1, no decay).

    Parameters
    ----------
    W : (K, d) array
        Students, none zero.
    V : (L, d) array
        Teachers.

    Notes
    -----
    E holds the students' unit vectors as columns.  ``B* = pi 11' - Theta*'``.

    References
    ----------
    Y. Tian, ICML 2017, arXiv:1703.00560, equation (9).

    Examples
    --------
    >>> Y, B = normal_matrices([[2.0, 0.0]], [[1.0, 0.0]])
    >>> print(Y / np.pi, B / np.pi)
    [[2.]] [[1.]]
    """
    W, V, theta, star, _ = _configuration(W, V)
    lengths, star_lengths = np.linalg.norm(W, axis=1), np.linalg.norm(V, axis=1)
    Y = np.diag(np.sin(theta) @ lengths - np.sin(star) @ star_lengths) + (np.pi - theta) * lengths
    return Y, np.pi - star


def projected_matrices(W, V) -> tuple[np.ndarray, np.ndarray]:
    """Return M (K, K, K) and M* (K, K, L): ``(M |w| - M* |v|)[j, j'] = 2 pi grad_j . e_j'``.

    ``m_jj',k = (pi - th_jk) cos th_j'k + sin th_jk cos th_j'j``; with k a teacher for M*.

    References
    ----------
    Tian (2017), equations (10) to (12).

    Examples
    --------
    >>> M, _ = projected_matrices([[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0]])
    >>> print(M[0, 1])  # (pi cos t, pi - t + sin t cos t) at 90 degrees
    [1.92367069e-16 1.57079633e+00]
    """
    _, _, theta, star, cosines = _configuration(W, V)
    units = np.asarray(W, float) / np.linalg.norm(W, axis=1)[:, None]
    across = units @ (np.asarray(V, float) / np.linalg.norm(V, axis=1)[:, None]).T
    M = (np.pi - theta)[:, None] * np.cos(theta)[None] + np.sin(theta)[:, None] * cosines[..., None]
    M_star = (np.pi - star)[:, None] * across[None] + np.sin(star)[:, None] * cosines[..., None]
    return M, M_star


def diagonal_matrices(W, V) -> tuple[np.ndarray, np.ndarray]:
    """Return ``M_r = h(Theta)`` (K, K) and ``M_r* = h(Theta*)`` (K, L), the equations (j, j) of `projected_matrices`.

    References
    ----------
    Tian (2017), equation (13).

    Examples
    --------
    >>> print(diagonal_matrices([[3.0, 0.0]], [[0.0, 1.0]])[1])
    [[1.]]
    """
    _, _, theta, star, _ = _configuration(W, V)
    return h(theta), h(star)


def separating(W, direction) -> np.ndarray:
    """Return ``L_jj'`` (K, K) of a unit teacher in this direction: ``m*_jj' - h(Theta*)' M_r^{-1} m_jj'``.

    Zero on the diagonal, and where the direction is a student's (Proposition 1).  Where for some j, j' it has one
    sign at every teacher, the students' directions are those of no critical point (Theorem 3).

    Parameters
    ----------
    W : (K, d) array
        Students; no two of them collinear, where M_r is singular.
    direction : (d,) array

    Returns
    -------
    (K, K) array
        ``sum_k |v_k| L_jj'(v_k)`` is ``-2 pi grad_j . e_j'`` at the lengths that solve ``M_r |w| = M_r* |v|``.
        Rounding is about ``1e-16 / det(M_r / pi)``.

    References
    ----------
    Tian (2017), equation (14).

    Examples
    --------
    >>> print(np.round(separating([[1.0, 0.0], [0.0, 1.0]], [3.0, 0.0]), 12) + 0.0)
    [[0. 0.]
     [0. 0.]]
    """
    V = np.atleast_2d(check_reals("direction", direction))
    M, M_star = projected_matrices(W, V)
    M_r, M_r_star = diagonal_matrices(W, V)
    if np.linalg.matrix_rank(M_r) < len(M_r):
        raise ValueError("W: wanted students of which no two are collinear, M_r is singular")
    return M_star[..., 0] - np.tensordot(M, np.linalg.solve(M_r, M_r_star[:, 0]), axes=(2, 0))


def implied_lengths(W, V) -> np.ndarray:
    """Return the students' lengths (K,) that solve equation (13) for their directions; they may be negative.

    Examples
    --------
    >>> implied_lengths([[5.0, 0.0]], [[2.0, 0.0]])
    array([2.])
    """
    M_r, M_r_star = diagonal_matrices(W, V)
    return np.linalg.solve(M_r, M_r_star @ np.linalg.norm(V, axis=1))


def inside_cone(x, W) -> bool:
    """Say whether a vector is in the interior of the cone of linearly independent vectors W (K, d), within their span.

    Examples
    --------
    >>> inside_cone([1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]]), inside_cone([1.0, -2.0], [[1.0, 0.0], [0.0, 1.0]])
    (True, False)
    """
    W = check_matrix("W", W)
    shares = np.linalg.lstsq(W.T, check_vector("x", x, W.shape[1]), rcond=None)[0]
    return bool(np.all(shares > 0))


def _configuration(W, V):
    """Checked students and teachers, their angles, and the cosines between students."""
    W, V = check_matrix("W", W), check_matrix("V", V)
    if W.shape[1] != V.shape[1]:
        raise ValueError(f"V: wanted vectors of dimension {W.shape[1]}, got {V.shape[1]}")
    for name, X in (("W", W), ("V", V)):
        if not X.any(axis=1).all():
            raise ValueError(f"{name}: row {int(np.argmin(X.any(axis=1)))} is zero and has no angle")
    theta = angles(W, W)
    np.fill_diagonal(theta, 0.0)
    return W, V, theta, angles(W, V), np.cos(theta)
