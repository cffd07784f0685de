"""Solutions on small spheres around a branch point followed to its centre: half-branches and their directions."""

import logging
from typing import NamedTuple

import numpy as np

from continuation import homotopy, roots
from continuation.reduction import Kernel, Reduced, Spheres

logger = logging.getLogger("continuation")

LEVELS = 7  # radii, each half the one before
TURN = 0.6  # how far the direction may still turn between the first radius and the centre
APART = 0.3  # fraction of the distance to the next half-branch within which a prediction must hold
COMPLETE = 5  # kernels up to this dimension are solved by homotopy: all real solutions
STARTS, FEW = 60, 16  # of the searches, for each dimension; and where only singular solutions are missing


class Germ(NamedTuple):
    """A half-branch: on the sphere of radius radii[j] the point is ``radii[j] * points[j]``.

    ``limit`` is its direction at the centre, ``continuum`` the dimension of the continuum it stands for.
    """

    radii: np.ndarray
    points: np.ndarray
    limit: np.ndarray
    continuum: int = 0


class Half(NamedTuple):
    """A half-branch of the true equations: direction y (m,), a point z on it with its radius, its continuum."""

    direction: np.ndarray
    z: np.ndarray
    radius: float
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
    moves = np.linalg.norm(np.diff(points, axis=0), axis=1)
    if moves[-1] > 0.9 * np.max(moves) and moves[-1] > 1e-3 or np.sum(moves) > 2 * TURN:
        return None
    return Germ(radii, points, limit_of(points), root.continuum)


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


def smooth_halves(kernel: Kernel, h) -> tuple:
    """Half-branches from the reduced equations of third order; returns (halves, notes, complete).

    Where these have solutions that are neither simple nor continua, the true equations are searched as well.
    """
    reduced = Reduced(kernel, h)
    if reduced.empty:
        return searched_halves(kernel, h, [], ["an equation's reduced form vanishes up to third order"])
    found, notes = reduced_roots(reduced)
    complete = kernel.dimension <= COMPLETE
    if any(not root.simple for root in found):
        notes.append("the reduced equations have multiple solutions: the equations themselves were searched")
        starts = [reduced.lifted(h * root.z) / h for root in found]
        return searched_halves(kernel, h, starts, notes)
    germs = [germ for germ in (followed(reduced, root) for root in found) if germ is not None]
    if len(germs) < len(found):
        notes.append(f"{len(found) - len(germs)} solutions of the truncated equations do not lead to the point")
    return verified(kernel, h, reduced, germs, notes), notes, complete


def reduced_roots(reduced: Reduced) -> tuple:
    """All real solutions of the reduced equations on their sphere, one for each continuum; and what is to be said."""
    m = reduced.q.shape[1]
    system, found, degenerate = reduced.system(reduced.radius), [], True
    if reduced.kernel.dimension <= COMPLETE:
        x, regular = homotopy.solve(reduced.polynomials(reduced.radius))
        finite = np.abs(x[:, -1]) > homotopy.FINITE
        y = x[finite, :m] / x[finite, m:]
        real = np.max(np.abs(y.imag), axis=1) <= 1e-6 * (1 + np.max(np.abs(y.real), axis=1))
        for guess in y.real[real & regular[finite]]:
            roots.add(found, roots.newton(system, guess))
        degenerate = not np.all(regular[finite])
    if degenerate:
        every = reduced.kernel.dimension <= COMPLETE  # simple solution: only the others are looked for
        starts = [*found, *roots.sphere_points(m, FEW * m if every else STARTS * m)]
        found = roots.search(system, starts, rounds=0 if every else 1)
    notes = [] if reduced.kernel.dimension <= COMPLETE else [incomplete(reduced.kernel.dimension)]
    return roots.classified(system, found), notes


def incomplete(k) -> str:
    """What is said of large kernels."""
    return f"the kernel has dimension {k} (above {COMPLETE}): half-branches were searched for, some may be missing"


def verified(kernel, h, reduced, germs, notes):
    """Germs of the reduced equations as half-branches of the true ones; those that are none are noted."""
    spheres, halves = Spheres(kernel, h), []
    for number, germ in enumerate(germs):
        others = [other for place, other in enumerate(germs) if place != number]
        half = realised(spheres, reduced, germ, others)
        if half is None:
            notes.append(f"no branch of the equations leaves in the direction {np.round(germ.limit, 6).tolist()}")
        else:
            halves.append(half)
    return halves


def realised(spheres, reduced, germ, others):
    """The half-branch that a germ predicts: found by Newton at two radii in a row, nearer to it than to others."""
    last = None
    for level, (r, y) in enumerate(zip(germ.radii, germ.points)):
        gaps = [float(np.linalg.norm(y - other.points[level])) for other in others]
        z = roots.newton(spheres.system(r), reduced.lifted(r * y) / r)
        found = z is not None and np.linalg.norm(spheres.kernel.coordinates(z) - y) <= APART * min([1.0, *gaps])
        if found and last is not None:
            return Half(germ.limit / np.linalg.norm(germ.limit), *last, germ.continuum)
        last = (z, r) if found else None
    return None


def searched_halves(kernel: Kernel, h, starts, notes) -> tuple:
    """Half-branches from searches of the true equations on two small spheres; returns (halves, notes, complete)."""
    m, germs = kernel.basis.shape[1], []
    samples = [kernel.lifted(y) for y in roots.sphere_points(m, STARTS * (m - 1))]
    for level in (0, 3):
        family = Spheres(kernel, h)
        family.radius = h * 0.5**level
        system = family.system(family.radius)
        for root in roots.classified(system, roots.search(system, [*starts, *samples])):
            germ = followed(family, root)
            if germ is not None and not any(same(system, old, germ) for old in germs):
                germs.append(germ)
    return [outward(kernel, germ) for germ in germs], notes, False


def outward(kernel, germ: Germ) -> Half:
    """Half-branch of a germ of the true equations."""
    y = kernel.coordinates(germ.limit)
    return Half(y / np.linalg.norm(y), germ.points[0], germ.radii[0], germ.continuum)


def same(system, old: Germ, new: Germ) -> bool:
    """Whether the first point of a germ lies on an older one (or its continuum); `system` is the sphere's."""
    level = int(np.argmin(np.abs(np.log(old.radii / new.radii[0]))))
    point = old.points[level]
    if new.continuum and new.continuum == old.continuum and old.radii[level] == new.radii[0]:
        return roots.connected(system, new.points[0], point)
    return bool(np.linalg.norm(point - new.points[0]) <= 1e-3)
