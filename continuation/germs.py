"""Solutions on small spheres around a branch point followed to its centre: half-branches and their directions."""

from typing import NamedTuple

import numpy as np

from continuation import roots

LEVELS = 7  # radii, each half the one before
TURN = 0.6  # how far the direction may still turn between the first radius and the centre


class Germ(NamedTuple):
    """A half-branch: on the sphere of radius radii[j] the point is ``radii[j] * points[j]``.

    ``limit`` is its direction at the centre, ``continuum`` the dimension of the continuum it stands for.
    """

    radii: np.ndarray
    points: np.ndarray
    limit: np.ndarray
    continuum: int = 0


def followed(family, root):
    """Germ of a root on the first sphere of a family, None where it does not lead to the centre."""
    radii = family.radius * 0.5 ** np.arange(LEVELS)
    points = [root.z]
    for r in radii[1:]:
        guess = points[-1] if len(points) == 1 else 1.5 * points[-1] - 0.5 * points[-2]
        z = roots.newton(family.system(r), guess)
        if z is None and len(points) > 1:
            z = roots.newton(family.system(r), points[-1])
        if z is None or np.linalg.norm(z - points[-1]) > TURN:
            return None
        points.append(z)
    points = np.array(points)
    slopes = 2 * points[:-1] - points[1:]  # of the points against the radius: an inexact centre does not enter
    moves = np.linalg.norm(np.diff(slopes, axis=0), axis=1)
    if moves[-1] > max(0.9 * np.max(moves), 1e-3) or np.sum(moves) > 2 * TURN:
        return None
    return Germ(radii, points, limit_of(slopes), root.continuum)


def limit_of(points) -> np.ndarray:
    """Value at radius 0 of points at radii that halve: polynomial extrapolation, else that of a geometric series."""
    last, before = points[-1] - points[-2], points[-2] - points[-3]
    size = float(before @ before)
    if size < 1e-20:
        return points[-1]
    ratio = float(last @ before) / size
    if abs(ratio - 0.5) > 0.05 and 0.0 < ratio < 0.95:
        return points[-1] + last * ratio / (1 - ratio)
    return neville(points)


def neville(points) -> np.ndarray:
    """Extrapolation to 0, stopped where its columns no longer improve."""
    row, best, error = list(points), points[-1], np.linalg.norm(points[-1] - points[-2])
    for order in range(1, len(points)):
        weight = 0.5**order
        row = [(b - weight * a) / (1 - weight) for a, b in zip(row, row[1:])]
        change = np.linalg.norm(row[-1] - best)
        if order > 1 and change > error:
            break
        best, error = row[-1], change
    return best
