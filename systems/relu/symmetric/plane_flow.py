"""Gradient descent inside the plane of Theorem 7: paths, losses, and which node a start ends at."""

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.number_checks import check_positive
from systems.relu.argument_checks import check_reals, check_students_number, check_vector, check_whole
from systems.relu.symmetric.plane_dynamics import plane, type_a_guess
from systems.relu.symmetric.plane_kernels import plane_loss, plane_residual

TEACHER, TYPE_A, NOWHERE = 0, 1, -1  # where descent ends
STILL = 1e-12  # sum of the rates' sizes at which a start has arrived
ARRIVED = 1e-6  # distance to a node: far more than is left of it where the rates vanish


def plane_path(start, K, rate=None, steps=2000) -> tuple[np.ndarray, np.ndarray]:
    """Follow gradient descent in the plane from a start (x, y).

    Parameters
    ----------
    start : (2,) array
        Not the origin.
    K : float
        At least 2.
    rate : float, optional
        Step; default 0.1 / K.
    steps : int

    Returns
    -------
    path : (steps + 1, 2) array
    losses : (steps + 1,) array

    Raises
    ------
    ValueError
        The start is the origin or no pair of finite numbers.

    Examples
    --------
    >>> path, losses = plane_path([0.5, 0.0], 2)
    >>> bool(abs(path[-1] - [1.0, 0.0]).max() < 1e-6), bool((np.diff(losses) <= 1e-14).all())
    (True, True)
    """
    K = check_students_number("plane_path", K, 2)
    u, steps = check_vector("plane_path(start=...)", start, 2), check_whole("plane_path", "steps", steps, 0)
    if not u.any():
        raise ValueError(f"plane_path(start=...): wanted two finite numbers, not both zero, got {start!r}")
    return _path(u, np.array([K]), 0.1 / K if rate is None else check_positive("plane_path(rate=...)", rate), steps)


def plane_basins(x, y, K, rate=None, steps=20_000) -> np.ndarray:
    """Say where gradient descent in the plane ends: 0 at the teacher, 1 at the node of type A, -1 at neither.

    Parameters
    ----------
    x, y : arrays
        Starts, broadcast against each other.
    K : float
    rate : float, optional
        Step; default 0.2 / K.
    steps : int
        Most steps.

    Returns
    -------
    int array
        Of the shape of the starts.

    Examples
    --------
    >>> plane_basins([0.5, 0.1], [0.1, 0.5], 5)
    array([0, 1])
    """
    K = check_students_number("plane_basins", K, 2)
    rate = 0.2 / K if rate is None else check_positive("plane_basins(rate=...)", rate)
    node, steps = plane(K).solve(type_a_guess(K)).state, check_whole("plane_basins", "steps", steps, 1)
    x, y = np.broadcast_arrays(check_reals("plane_basins(x=...)", x), check_reals("plane_basins(y=...)", y))
    starts = np.column_stack([x.ravel(), y.ravel()])
    return _ends(starts, np.array([K]), rate, steps, node).reshape(x.shape)


@kernel
def _path(u, p, rate, steps):
    """Path and losses."""
    path, losses, f = np.empty((steps + 1, 2)), np.empty(steps + 1), np.empty(2)
    for i in range(steps + 1):
        path[i], losses[i] = u, plane_loss(u, p)
        plane_residual(u, p, f)
        u = u + rate * f
    return path, losses


@kernel
def _ends(starts, p, rate, steps, node):
    """Number of the node that each start (m, 2) arrives at."""
    out, f = np.full(starts.shape[0], NOWHERE), np.empty(2)
    for i in range(starts.shape[0]):
        u = starts[i].copy()
        for _ in range(steps):
            plane_residual(u, p, f)
            if not abs(f[0]) + abs(f[1]) > STILL:
                break
            u += rate * f
        if abs(u[0] - 1.0) + abs(u[1]) < ARRIVED:
            out[i] = TEACHER
        elif abs(u[0] - node[0]) + abs(u[1] - node[1]) < ARRIVED:
            out[i] = TYPE_A
    return out
