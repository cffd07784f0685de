"""How far a zero of F is alone: the theorem of Newton and Kantorovich in its affine covariant form.

With ``|F_u^-1 (F_u(x) - F_u(y))| <= omega |x - y|`` in a ball around a zero, no other lies within ``2 / omega`` of it
(P. Deuflhard, "Newton Methods for Nonlinear Problems", 2004, theorem 2.1): a second one at distance d has
``1 <= omega d / 2``.  Here omega is looked for along some directions, so that the radius is an estimate, no proof.
"""

import numpy as np

DIRECTIONS = 3  # random ones, beside the axes of the least curvatures
SOFT = 3  # of these axes: along them other zeros are nearest
LEVELS = 16  # distances at which F_u is looked at, each twice the last: 3e-5 of the largest is the least radius told


def uniqueness_radius(jacobian, u, away, most, seed=0) -> float:
    """Estimate the radius of the largest ball around a zero without another.

    Parameters
    ----------
    jacobian : callable
        ``jacobian(u) -> (n, n)``.
    u : (n,) array
        A zero of F.
    away : (n, d) array
        Orthonormal directions along which zeros form a continuum, left out: the ball is in their complement.
    most : float
        Largest radius that is looked at.
    seed : int

    Returns
    -------
    float
        At most `most`; zero where F_u is singular beside the directions left out.

    Notes
    -----
    Costs up to 200 Jacobians: F_u is looked at on both sides along 6 directions, ever further away.

    Examples
    --------
    ``x - x**2`` has its other zero at 1, and omega = 2:

    >>> round(uniqueness_radius(lambda u: np.array([[1.0 - 2.0 * u[0]]]), np.zeros(1), np.zeros((1, 0)), 10.0), 2)
    1.0
    """
    keep = _complement(away, len(u))
    if not keep.shape[1]:
        return float(most)
    own = keep.T @ jacobian(u) @ keep
    left, sigma, right = np.linalg.svd(own)
    if sigma[-1] <= np.finfo(float).eps * len(sigma) * sigma[0]:
        return 0.0
    inverse = (right.T / sigma) @ left.T
    random = np.random.default_rng(seed).normal(size=(keep.shape[1], DIRECTIONS))
    directions = np.column_stack([right[-SOFT:].T, random / np.linalg.norm(random, axis=0)])

    def change_at(distance):
        """Largest change of F_u at a distance, over the distance; infinite where F_u is not finite."""
        changes = [
            inverse @ (keep.T @ jacobian(u + side * distance * keep @ d) @ keep - own)
            for d in directions.T
            for side in (1, -1)
        ]
        sizes = [np.linalg.norm(change, 2) if np.all(np.isfinite(change)) else np.inf for change in changes]
        return max(sizes) / distance

    omega, radius = 0.0, 0.0
    for distance in most * 0.5 ** np.arange(LEVELS)[::-1]:
        omega = max(omega, change_at(distance))
        if distance * omega > 2.0:
            return float(max(radius, 2.0 / omega))
        radius = distance
    return float(most)


def _complement(away, n) -> np.ndarray:
    """Orthonormal basis (n, n - d) of what is orthogonal to d orthonormal columns."""
    if not away.shape[1]:
        return np.eye(n)
    return np.linalg.svd(away, full_matrices=True)[0][:, away.shape[1] :]
