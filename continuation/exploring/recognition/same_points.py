"""Whether two special points are one, or images of each other under the symmetries of their problem."""

from collections import Counter
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from continuation.exploring.recognition.conjugate_branches import list_images

SAME_POINT = 1e-6  # relative to 1 + |x|: located points err by 1e-9, by the root of rounding where they are degenerate
COARSE = 1e-4  # the most that the error of a location may add: further apart, two points are two
AROUND = 1.1  # radius of a look into the index, in the largest distance of one point: rounding must miss none
FRESH = 64  # points added to an index before its tree is made anew


class KnownPoints(list):
    """Special points of one diagram in their order, found by their places: a list with a spatial index."""

    def __init__(self, points=()):
        super().__init__(points)
        self.kinds, self.places, self.tree = Counter(), [place_of(point) for point in self], None
        self.kinds.update(point.kind for point in self)

    def append(self, point):
        """Add a point."""
        super().append(point)
        self.places.append(place_of(point))
        self.kinds[point.kind] += 1

    def near(self, point):
        """The points, in their order, among which is any that may be this one."""
        indexed = 0 if self.tree is None else self.tree.n
        if len(self) >= indexed + FRESH:
            self.tree, indexed = cKDTree(np.array(self.places)), len(self)
        found, x = [], place_of(point)
        radius = AROUND * COARSE * (1 + np.max(np.abs(x)))
        if indexed:
            found = sorted(self.tree.query_ball_point(x, radius, p=np.inf))
        if len(self) > indexed:
            gaps = np.max(np.abs(np.array(self.places[indexed:]) - x), axis=1)
            found = [*found, *(indexed + np.flatnonzero(gaps <= radius))]
        return [self[k] for k in found]

    def count(self, kind) -> int:
        """Number of points of a kind."""
        return self.kinds[kind]


def place_of(point) -> np.ndarray:
    """(N,) state and varied parameters of a point."""
    return np.append(point.state, [point.parameters[name] for name in point.vary])


def is_same_point(a, b) -> bool:
    """Whether two special points are one: of one kind (and name) and, as far as they were located, at one place."""
    if a.kind is not b.kind or a.name != b.name or a.located is not b.located:
        return False
    x, y = place_of(a), place_of(b)
    error = min(10 * max(a.error, b.error), COARSE) if a.located else 0.0
    tolerance = max(SAME_POINT, error) * (1 + np.max(np.abs(x)))
    return bool(np.max(np.abs(x - y)) <= tolerance)


def find_same_point(special, point):
    """The first of the special points that `point` is, or None."""
    near = special.near(point) if isinstance(special, KnownPoints) else special
    return next((known for known in near if is_same_point(known, point)), None)


def find_known_image(problem, points, point):
    """The one of `points` that is an image of `point` under a symmetry, other than itself; None if none is."""
    x = np.append(point.state, point.parameters[point.vary[0]])
    images = list_images(problem, x)[1:]
    points = KnownPoints(points) if len(images) else points
    for image in images:
        found = find_same_point(points, replace(point, state=image[:-1]))
        if found is not None:
            return found
    return None
