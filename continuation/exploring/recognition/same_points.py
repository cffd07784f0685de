"""Whether two special points are one, or images of each other under the symmetries of their problem."""

from dataclasses import replace

import numpy as np

from continuation.exploring.recognition.conjugate_branches import list_images

SAME_POINT = 1e-6  # relative to 1 + |x|: located points err by 1e-9, by the root of rounding where they are degenerate
COARSE = 1e-4  # the most that the error of a location may add: further apart, two points are two


def is_same_point(a, b) -> bool:
    """Whether two special points are one: of one kind (and name) and, as far as they were located, at one place."""
    if a.kind is not b.kind or a.name != b.name or a.located is not b.located:
        return False
    x, y = (np.append(point.state, [point.parameters[name] for name in point.vary]) for point in (a, b))
    error = min(10 * max(a.error, b.error), COARSE) if a.located else 0.0
    tolerance = max(SAME_POINT, error) * (1 + np.max(np.abs(x)))
    return bool(np.max(np.abs(x - y)) <= tolerance)


def find_same_point(special, point):
    """The special point of the diagram that `point` is, or None."""
    return next((known for known in special if is_same_point(known, point)), None)


def find_known_image(problem, points, point):
    """The one of `points` that is an image of `point` under a symmetry, other than itself; None if none is."""
    x = np.append(point.state, point.parameters[point.vary[0]])
    for image in list_images(problem, x)[1:]:
        found = find_same_point(points, replace(point, state=image[:-1]))
        if found is not None:
            return found
    return None
