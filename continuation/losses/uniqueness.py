"""How far a zero of F is alone: the theorem of Newton and Kantorovich in its affine covariant form.

With ``|F_u^-1 (F_u(x) - F_u(y))| <= omega |x - y|`` in a ball around a zero, no other lies within ``2 / omega`` of it (P.
Deuflhard, "Newton Methods for Nonlinear Problems", 2004, theorem 2.1): a second one at distance d has
``1 <= omega d / 2``.  Here omega is looked for along some directions, so that the radius is an estimate, no proof.
"""

import numpy as np

DIRECTIONS = 6  # random ones, beside the axes of the least curvatures
SOFT = 4  # of these axes: along them other zeros are nearest
HALVINGS = 14  # of the interval in which the radius lies, in logarithms: three digits


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
    Costs some 13 times as many Jacobians as there are directions, 20 at most.

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

    def reaches(radius):
        """Whether omega, looked for at a distance, leaves room for another zero there."""
        for d in directions.T:
            for sign in (radius, -radius):
                change = keep.T @ jacobian(u + sign * keep @ d) @ keep - own
                if not np.all(np.isfinite(change)) or np.linalg.norm(inverse @ change, 2) > 2.0:
                    return True
        return False

    if not reaches(most):
        return float(most)
    low, high = 0.0, float(most)
    for _ in range(HALVINGS):
        middle = np.sqrt(max(low, high * 1e-4) * high)
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return float(low)


def _complement(away, n) -> np.ndarray:
    """Orthonormal basis (n, n - d) of what is orthogonal to d orthonormal columns."""
    if not away.shape[1]:
        return np.eye(n)
    return np.linalg.svd(away, full_matrices=True)[0][:, away.shape[1] :]
