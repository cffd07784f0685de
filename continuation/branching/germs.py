"""Solutions on small spheres around a branch point followed to its centre: half-branches and their directions.

A smooth half-branch has a direction that is a polynomial of the radius: its value at 0 is extrapolated from radii that
halve (Neville's scheme).  At a cusp it goes like a root of the radius, which halving makes a geometric series: there
Aitken's rule gives the limit.
"""

from typing import NamedTuple

import numpy as np

from continuation.branching import roots

LEVELS, MOST = 7, 24  # radii, each half the one before: at least and at most (1e-7 of the first: rounding)
SETTLED = 0.01  # change of the direction from one radius to the next below which it can be extrapolated
TURN = 0.6  # how far the direction may still turn between the first radius and the centre


class Germ(NamedTuple):
    """A half-branch: on the sphere of radius radii[j] the point is ``radii[j] * points[j]``.

    ``limit`` is its direction at the centre, ``continuum`` the dimension of the continuum it stands for.
    """

    radii: np.ndarray
    points: np.ndarray
    limit: np.ndarray
    continuum: int = 0


def follow_germ(family, root):
    """Germ of a root on the first sphere of a family, None where it does not lead to the centre.

    The spheres shrink until the direction has settled.
    """
    points = [root.z]
    while len(points) < MOST and (len(points) < LEVELS or turning(points) > SETTLED):
        z = inner_point(family.system(family.radius * 0.5 ** len(points)), points)
        if z is None and len(points) < LEVELS or z is not None and np.linalg.norm(z - points[-1]) > TURN:
            return None
        if z is None:
            break
        points.append(z)
    points = np.array(points)
    slopes = slopes_of(points)
    moves = np.linalg.norm(np.diff(slopes, axis=0), axis=1)
    if moves[-1] > max(0.9 * np.max(moves), 1e-3) or np.sum(moves) > 3 * TURN:
        return None
    radii = family.radius * 0.5 ** np.arange(len(points))
    return Germ(radii, points, limit_of(slopes[-LEVELS + 1 :]), root.continuum)


def inner_point(system, points):
    """Solution on the next sphere, predicted from the last ones; None where there is none."""
    guesses = [points[-1]] if len(points) == 1 else [1.5 * points[-1] - 0.5 * points[-2], points[-1]]
    for guess in guesses:
        z = roots.newton(system, guess)
        if z is not None:
            return z
    return None


def slopes_of(points) -> np.ndarray:
    """Slopes of the points themselves against the radius: an inexact centre does not enter."""
    return 2 * points[:-1] - points[1:]


def turning(points) -> float:
    """Last change of the slopes."""
    last = slopes_of(np.array(points[-3:]))
    return float(np.linalg.norm(last[1] - last[0]))


def limit_of(points) -> np.ndarray:
    """Value at radius 0 of points at radii that halve: of a polynomial, or a geometric series where that fits better.

    Directions of smooth branches are polynomials of the radius but for a small rest, those at cusps are not.
    """
    polynomial, rest = neville(points)
    series, before = geometric(points), geometric(points[:-1])
    return polynomial if rest <= np.linalg.norm(series - before) else series


def geometric(points) -> np.ndarray:
    """Limit of a series whose last two terms are differences of points (Aitken's rule, along their direction)."""
    last, before = points[-1] - points[-2], points[-2] - points[-3]
    size = float(before @ before)
    ratio = float(last @ before) / size if size > 1e-20 else 0.0
    return points[-1] + last * ratio / (1 - ratio) if 0.0 < ratio < 0.95 else points[-1]


def neville(points) -> tuple:
    """Extrapolation to 0, stopped where its columns no longer improve, and its last change."""
    row, best, error = list(points), points[-1], float(np.linalg.norm(points[-1] - points[-2]))
    for order in range(1, len(points)):
        weight = 0.5**order
        row = [(b - weight * a) / (1 - weight) for a, b in zip(row, row[1:])]
        change = float(np.linalg.norm(row[-1] - best))
        if order > 1 and change > error:
            break
        best, error = row[-1], change
    return best, error
