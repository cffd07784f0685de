"""Real solutions of a small square system: Newton, deflated search from many starts, continua of solutions.

A system is a function ``z -> (residual (m,), Jacobian (m, m))`` scaled so that solutions have length about 1.
"""

from typing import NamedTuple

import numpy as np

from continuation.equations.bordered import solve_least_norm
from continuation.ground import canonical

# Singular values below this fraction of the largest are left out of a correction.  Rows have one size by construction,
# and whole rows vanish at degenerate solutions, to the root of rounding: they are not scaled up.
RANK = 1e-7
SINGULAR = 1e-5  # and below this one the solution is not simple
REACH = 0.5  # longest correction: solutions have length 1
SAME = 1e-4  # solutions nearer than this are one: a double one is known to 1e-7, a triple one to 1e-5
NUDGE = 0.02  # how far along a null vector a continuum must go on; at a multiple solution Newton returns from there
WALK = 200  # steps of up to 0.2 from one point of a continuum to another: forty times around the unit sphere


class Root(NamedTuple):
    """A real solution: where, the dimension of its continuum (0: isolated), whether it is simple (up to that)."""

    z: np.ndarray
    continuum: int = 0
    simple: bool = True


def newton(system, z, found=(), iterations=40):
    """Solution of `system` near z by Gauss-Newton of least norm, None where it does not settle.

    With `found` the residual is deflated: multiplied by ``prod(1 + 1/|z - z_i|**2)``, which makes the Newton
    correction d of the system itself a multiple of it, ``d / (1 - d . grad log)`` (Farrell, Birkisson & Funke, SIAM
    J. Sci. Comput. 37, 2015, A2026).
    """
    last = np.inf
    for _ in range(iterations):
        f, a = system(z)
        if not (np.all(np.isfinite(f)) and np.all(np.isfinite(a))):
            return None
        d = solve_least_norm(a, -f, RANK)
        d = d * deflation_factor(z, d, found)
        size = float(np.linalg.norm(d))
        z = z + d * min(1.0, REACH / max(size, REACH))
        if size <= 1e-13 or size <= 1e-6 and size > 0.5 * last:
            return z if is_root(system, z) else None
        last = size
    return None


def deflation_factor(z, d, found) -> float:
    """Factor of the Newton correction d at z that leads away from the solutions found."""
    if not len(found):
        return 1.0
    gaps = z - np.asarray(found)
    squares = np.maximum(np.sum(gaps**2, axis=1), 1e-24)
    below = 1.0 + 2 * float(np.sum((gaps @ d) / (squares * (squares + 1.0))))
    return 1.0 / below if abs(below) > 1e-3 else 1e3 * (1.0 if below >= 0 else -1.0)


def is_root(system, z) -> bool:
    """Whether what is left of the residual could be rounding: it lies in no direction that Newton could use."""
    f, a = system(z)
    scale = 1.0 + np.max(np.abs(a), initial=0.0)
    return bool(np.max(np.abs(f), initial=0.0) <= 1e-6 * scale)


def search(system, starts, rounds=1) -> list:
    """Distinct solutions reached from the starts, then again from all of them with the simple ones deflated."""
    found = []
    for z in starts:
        add_new(found, newton(system, z))
    for _ in range(rounds):
        before, known = len(found), np.array([z for z in found if not len(find_null_vectors(system, z))])
        for z in starts:
            add_new(found, polish_root(system, newton(system, z, known)))
        if len(found) == before:
            break
    return found


def polish_root(system, z):
    """A deflated search's result, corrected by the system itself."""
    return None if z is None else newton(system, z)


def add_new(found, z):
    """Append a solution that is not there yet."""
    if z is None or np.max(np.abs(z), initial=0.0) >= 10.0:
        return
    if not found or np.min(np.linalg.norm(np.asarray(found) - z, axis=1)) > SAME:
        found.append(z)


def find_null_vectors(system, z) -> np.ndarray:
    """(d, m) null vectors of the Jacobian at a solution."""
    _, sigma, vt = np.linalg.svd(system(z)[1])
    return canonical.basis(vt[sigma <= SINGULAR * max(sigma[0], 1.0)].T).T


def classify(system, solutions) -> list:
    """The solutions as `Root`, one for each continuum."""
    roots, members = [], []  # members: (point of a continuum, number of its root)
    for z in solutions:
        null = find_null_vectors(system, z)
        dimension = sum(has_continuation(system, z, v) for v in null)
        number = find_continuum(system, z, members) if dimension else None
        if number is None:
            number = len(roots)
            roots.append(Root(z, dimension, dimension == len(null)))
        if dimension:
            members.append((z, number))
    return roots


def find_continuum(system, z, members):
    """Number of the root in whose continuum z lies, None for a new one: walks to the nearest point of each."""
    for number in dict.fromkeys(number for _, number in sorted_by_distance(z, members)):
        nearest = next(other for other, own in sorted_by_distance(z, members) if own == number)
        if is_connected(system, z, nearest):
            return number
    return None


def sorted_by_distance(z, members) -> list:
    """Members from the nearest to the farthest."""
    return sorted(members, key=lambda pair: float(np.linalg.norm(pair[0] - z)))


def has_continuation(system, z, v) -> bool:
    """Whether the solutions go on from z along the null vector v, a step away and not by returning."""
    for sign in (1, -1):
        moved = newton(system, z + sign * NUDGE * v)
        if moved is None or np.linalg.norm(moved - z - sign * NUDGE * v) > 0.3 * NUDGE:
            return False
    return True


def is_connected(system, z, goal) -> bool:
    """Whether a walk within the continuum through z arrives at `goal`."""
    aside = np.cos(1.0 + 2.0 * np.arange(len(z)))
    for _ in range(WALK):
        gap = goal - z
        far = float(np.linalg.norm(gap))
        if far <= 2 * NUDGE:
            return True
        null = find_null_vectors(system, z)
        step = null.T @ (null @ gap)
        if np.linalg.norm(step) < 1e-2 * far:  # opposite: any way round
            step = null.T @ (null @ aside)
        length = float(np.linalg.norm(step))
        if length < 1e-8:
            return False
        moved = newton(system, z + min(0.2, far) * step / length)
        if moved is None:
            return False
        z = moved
    return False


def sphere_points(dimension, count) -> np.ndarray:
    """(count, dimension) points spread over the unit sphere, the axes first; the same every time."""
    axes = np.vstack([np.eye(dimension), -np.eye(dimension)])
    if dimension == 2:
        angle = 2 * np.pi * (np.arange(count) + 0.3) / count
        return np.vstack([axes, np.column_stack([np.cos(angle), np.sin(angle)])])
    points = np.random.default_rng(dimension).standard_normal((count, dimension))
    return np.vstack([axes, points / np.linalg.norm(points, axis=1)[:, None]])
