"""All real solutions of the reduced equations on their sphere, and an account of where every path to one ended.

Paths end at simple solutions, proven to be there and real or not, or at singular ones: at infinity, off the reals, or
next to real ones.  The last may be continua, which searches find.  What has no such end is counted: only without it
are the real solutions known to be complete.
"""

import time
from typing import NamedTuple

import numpy as np

from continuation.branching import homotopy, roots
from continuation.branching.certificates import are_real, certify
from continuation.symmetries.groups import find_generators

FEW = 16  # starts of the searches where only singular solutions are missing, for each dimension
OFF = 0.05  # imaginary part of a singular end that is not real: a triple one is known to 5e-3 (the root of 1e-7)
FAR = 10.0  # length of a singular end that is on its way to infinity: real ones have length 1
WALK = 40  # strides of 0.2 from a singular end towards the reals: once around a continuum of length 1
STRIDE = 0.2
AT_LEAST = 64  # solutions of the reduced equations that are made use of however short time is
STILL = 0.05  # of what is imaginary, along the continuum: nearer to the reals it does not come
# Of a stride, from which Newton's method returns to where it began: an end alone, a threefold one is known to 5e-3.
# Ten times less takes these for lost, at 1 a continuum that bends too much is taken for an end alone.
BACK = 0.3


class Deadlines(NamedTuple):
    """Times of `time.monotonic` by which paths, images, germs and half-branches are left as far as they came."""

    paths: float = np.inf
    images: float = np.inf
    germs: float = np.inf
    branches: float = np.inf

    @classmethod
    def within(cls, seconds):
        """Shares of so many seconds from now; the last tenths are for the starts on the half-branches."""
        now = time.monotonic()
        return cls(*(now + share * seconds for share in (0.4, 0.45, 0.55, 0.75)))


class RealRoots(NamedTuple):
    """Real solutions as `roots.Root`, whether none can be missing, and what to say of it."""

    roots: list
    complete: bool
    notes: list


class Ends(NamedTuple):
    """Ends of paths: real simple ones and singular ones (.., m) that may be real; the number without an account."""

    simple: np.ndarray
    singular: np.ndarray
    lost: int


class Walk(NamedTuple):
    """The real solution (m,) that a walk from a singular end came to, or None; whether there may be one yet."""

    real: np.ndarray | None
    is_lost: bool = False


def find_real_roots(reduced, deadlines: Deadlines, along=None) -> RealRoots:
    """All real solutions of the reduced equations, one for each continuum.

    Where paths were lost or time was short, also those next to the direction `along` (m,) and opposite, and the images
    of what is found under the problem's symmetries.
    """
    polynomials, system = reduced.polynomials(reduced.radius), reduced.system(reduced.radius)
    x, regular = homotopy.solve_polynomials(polynomials, deadline=deadlines.paths)
    ends = sort_ends(polynomials, x, regular)
    polished = [(roots.newton(system, z), z) for z in ends.simple]  # proven to be different: near each other or not
    found = [root for root, z in polished if root is not None and np.linalg.norm(root - z) <= roots.SAME]
    unsure = ends.lost + len(ends.simple) - len(found)
    if len(ends.singular):
        walks = list(in_time((walk_to_reals(system, y) for y in ends.singular), deadlines.paths))
        reals = [walk.real for walk in walks if walk.real is not None]
        m = x.shape[1] - 1
        found = roots.search(system, [*found, *reals, *roots.sphere_points(m, FEW * m)], rounds=0)
        unsure += sum(is_missing(z, found) for z in reals)
        unsure += len(ends.singular) - len(walks) + sum(walk.is_lost for walk in walks)
    if unsure:
        for z in () if along is None else (along, -along):
            roots.add_new(found, roots.newton(system, z))
        add_images(system, found, list_moves(reduced.kernel), deadlines.images)
    return RealRoots(roots.classify(system, found), unsure == 0, describe(x, unsure, found))


def sort_ends(polynomials, x, regular) -> Ends:
    """Where the paths ended: the real simple solutions, singular ends off infinity, and how many have no account."""
    last, proven = x[:, -1], x[regular]
    with np.errstate(all="ignore"):
        y = x[:, :-1] / last[:, None]
        far = np.linalg.norm(y, axis=1)
    real = regular.copy()
    real[regular] = are_real(proven, certify(polynomials, proven)) & (np.abs(last[regular]) > homotopy.FINITE)
    return Ends(y[real].real, y[~regular & (far <= FAR)], int(np.sum(~np.isfinite(last))))


def walk_to_reals(system, y) -> Walk:
    """Walk from a singular end y (m,) to the real solution next to it, or on the continuum through it.

    There is none where the continuum comes no nearer to the reals, or the end is alone off them; where Newton's method
    fails on the way, or leads away from them, or the walk takes too long, nothing is known.
    """
    z = roots.newton(system, y)
    y = y if z is None or np.linalg.norm(z - y) > OFF else z
    for _ in range(WALK):
        if np.max(np.abs(y.imag)) <= OFF:
            real = roots.newton(system, y.real)
            return Walk(y.real if real is None or np.linalg.norm(real - y) > 4 * OFF else real)
        _, sigma, vt = np.linalg.svd(system(y)[1])
        null = vt[sigma <= roots.SINGULAR * max(sigma[0], 1.0)].conj()
        step = null.T @ (null.conj() @ (-1j * y.imag))
        size = np.linalg.norm(step)
        if size <= STILL * np.linalg.norm(y.imag):
            return Walk(None)
        step = step * min(1.0, STRIDE / size)
        moved = roots.newton(system, y + step)
        if moved is None:
            return Walk(None, is_lost=True)
        if np.linalg.norm(moved - y) <= BACK * np.linalg.norm(step):
            return Walk(None)
        if np.linalg.norm(moved.imag) >= np.linalg.norm(y.imag):
            return Walk(None, is_lost=True)
        y = moved
    return Walk(None, is_lost=True)


def is_missing(z, found) -> bool:
    """Whether no solution was found where a path ended, or next to it."""
    return bool(np.min(np.linalg.norm(np.array(found).reshape(-1, len(z)) - z, axis=1), initial=np.inf) > 4 * OFF)


def list_moves(kernel) -> list:
    """Matrices (m, m) by which generators of the group that fixes the point act on the kernel's coordinates."""
    symmetry, n = getattr(kernel.problem, "symmetry", None), len(kernel.x) - 1
    if not symmetry or n != len(kernel.problem.states):
        return []
    fixing = symmetry.isotropy(kernel.x[:-1], scale=kernel.length)
    units, basis = kernel.unit[:-1, None], kernel.basis[:-1]
    last = np.outer(kernel.basis[-1], kernel.basis[-1])  # the parameter stays
    return [basis.T @ (g.matrix @ (units * basis) / units) + last for g in find_generators(fixing) or []]


def add_images(system, found, moves, deadline):
    """Append the images of the solutions under the moves, as long as there is time."""
    for z in in_time(found, deadline):  # grows on the way
        for image in (move @ z for move in moves):
            root = roots.newton(system, image)
            if root is not None and np.linalg.norm(root - image) <= roots.SAME:
                roots.add_new(found, root)


def describe(x, unsure, found) -> list:
    """What to say of paths without an account."""
    if not unsure:
        return []
    followed = int(np.sum(np.isfinite(x[:, -1])))
    return [
        f"{followed} of {len(x)} paths to solutions of the reduced equations were followed to an end: {len(found)} "
        "real solutions are known, some may be missing"
    ]


def in_time(items, deadline):
    """The items until the deadline; the first few in any case."""
    for count, item in enumerate(items, 1):
        yield item
        if count >= AT_LEAST and time.monotonic() > deadline:
            return
