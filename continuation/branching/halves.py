"""The half-branches at a branch point: from the reduced equations, else from searches of the true ones.

Near the point the solutions of F = 0 are those of the Lyapunov-Schmidt equations on the kernel of [F_u F_p], one fewer
than unknowns.  To third order these are polynomials; on a small sphere they have finitely many solutions, one for each
half-branch, where the point is no more degenerate than its third-order terms tell (M. Golubitsky, D. G. Schaeffer,
"Singularities and Groups in Bifurcation Theory" I, Springer 1985, chapters I and VII; H. B. Keller, W. F. Langford,
Arch. Rational Mech. Anal. 48 (1972) 83-108).  Each is followed to the centre for its direction, and to the true
equations, which decide.
"""

import time
from typing import NamedTuple

import numpy as np

from continuation.branching import roots
from continuation.branching.germs import MOST, Germ, follow_germ
from continuation.branching.real_roots import Deadlines, RealRoots, find_real_roots, in_time
from continuation.branching.reduced_equations import Reduced, ScaledKernel, Spheres, balance
from continuation.ground import canonical

SCALES = (1.0, 1e-2, 1e-4)  # distances, relative to the size of the state, at which the equations may be regular
BLUR = 1e-7  # root of a location's error above which its neighbourhood is not looked at more closely
APART = 0.3  # fraction of the distance to the next half-branch within which a prediction must hold
STARTS = 40  # of the searches, for each dimension
ALONG = 0.99  # cosine, on the first sphere, with the branch that led to the point: within 8 degrees, bent or not
# Operations, N**3 for each evaluation with N unknowns, that searches of the true equations may take: about a minute.
# Ten times less cuts searches with 30 unknowns short, ten times more says nothing for minutes with 100.
WORK = 1e10
CUT_SHORT = "the search was cut short: its budget of evaluations was used up, half-branches may be missing"
ROUGH = "without third derivatives the true equations were searched"
DEGENERATE = "the reduced equations are degenerate: the true ones were searched"
BROKEN = "terms beyond the third order break up a continuum of the reduced equations: the true ones were searched"


class Half(NamedTuple):
    """A half-branch of the true equations: direction y (m,), a point z on it with its radius, its continuum."""

    direction: np.ndarray
    z: np.ndarray
    radius: float
    continuum: int = 0


class HalfBranches(NamedTuple):
    """Half-branches, the true equations around their point, what was dropped, and whether none can be missing."""

    spheres: Spheres
    halves: list
    notes: list
    complete: bool


def half_branches(kernel: ScaledKernel, smoothness, error, tangent=None, seconds=np.inf) -> HalfBranches:
    """All half-branches at a branch point whose location has this relative error.

    From the reduced equations where F is smooth, at the scale of the state or a smaller one; where these are
    degenerate at every scale, from searches of the true equations.  Where `seconds` are too few, those found in
    time, those along `tangent` (N,) first.
    """
    if smoothness < 3:
        return search_halves(*balance(kernel), [], [ROUGH])
    best, starts, deadlines = None, [], Deadlines.within(seconds)
    for shrink in SCALES if np.sqrt(error) < BLUR else SCALES[:1]:
        scaled, h = balance(kernel, shrink)
        reduced = Reduced(scaled, h, error)
        along = None if tangent is None else scaled.direction(tangent)
        real = RealRoots([], False, []) if reduced.empty else find_real_roots(reduced, deadlines, along)
        found = real.roots
        if found and all(root.simple for root in found):
            result = realise_halves(reduced, real, deadlines, along)
            if any(is_broken(result.spheres, half) for half in result.halves):
                return search_halves(scaled, h, [half.z for half in result.halves], [BROKEN])
            if len(result.halves) == len(found):  # nothing is left out: more at a larger scale are of other points
                return result
            best = result if best is None or len(result.halves) > len(best.halves) else best
            if time.monotonic() > deadlines.paths:
                return best
        elif shrink == 1.0:
            starts = [reduced.lift(h * root.z) / h for root in found]
    if best is not None:
        return best
    return search_halves(*balance(kernel), starts, [DEGENERATE])


def realise_halves(reduced: Reduced, real: RealRoots, deadlines: Deadlines, along=None) -> HalfBranches:
    """Half-branches of the true equations that the roots of the reduced ones predict; what is none is noted."""
    spheres, halves, notes = Spheres(reduced.kernel, reduced.h), [], list(real.notes)
    found = [real.roots[k] for k in canonical.order([root.z for root in real.roots], roots.SAME)]
    if along is not None:
        found.sort(key=lambda root: abs(root.z @ along) < ALONG)
    followed = list(in_time((follow_germ(reduced, root) for root in found), deadlines.germs))
    germs = [germ for germ in followed if germ is not None]
    notes += [
        f"the solution of the reduced equations in the direction {shown(root.z)} does not lead to the point"
        for root, germ in zip(found, followed)
        if germ is None
    ]
    levels = [np.array([g.points[min(level, len(g.points) - 1)] for g in germs]) for level in range(MOST)]
    realised = list(
        in_time((realise_half(spheres, reduced, germs, levels, k) for k in range(len(germs))), deadlines.branches)
    )
    for germ, half in zip(germs, realised):
        if half is None:
            notes.append(f"no branch of the equations leaves in the direction {shown(germ.limit)}")
        else:
            halves.append(half)
    left = len(found) - len(followed) + len(germs) - len(realised)
    if left:
        notes.append(f"time was too short to follow {left} of the {len(found)} solutions of the reduced equations")
    return HalfBranches(spheres, halves, notes, real.complete and len(germs) == len(found) and not left)


def shown(direction) -> list:
    """A direction as it stands in notes."""
    return (np.round(direction, 6) + 0.0).tolist()


def realise_half(spheres, reduced, germs, levels, number):
    """The half-branch that a germ predicts: found by Newton at two radii in a row, nearer to it than to others.

    `levels` holds the points of all germs at each radius.
    """
    last, germ = None, germs[number]
    for r, y, others in zip(germ.radii, germ.points, levels):
        gaps = np.linalg.norm(others - y, axis=1)
        gaps[number] = 1.0
        z = roots.newton(spheres.system(r), reduced.lift(r * y) / r)
        found = z is not None and np.linalg.norm(spheres.kernel.coordinates(z) - y) <= APART * min(1.0, np.min(gaps))
        if found and last is not None:
            return Half(germ.limit / np.linalg.norm(germ.limit), *last, germ.continuum)
        last = (z, r) if found else None
    return None


def is_broken(spheres: Spheres, half: Half) -> bool:
    """Whether the true equations break up the continuum that the reduced ones give a half-branch."""
    if not half.continuum:
        return False
    return roots.classify(spheres.system(half.radius), [half.z])[0].continuum < half.continuum


def search_halves(kernel: ScaledKernel, h, starts, notes) -> HalfBranches:
    """Half-branches from searches of the true equations on two small spheres."""
    m, germs, astray, budget = kernel.basis.shape[1], [], 0, roots.Budget(WORK / len(kernel.x) ** 3)
    samples = [kernel.lift(y) for y in roots.sphere_points(m, STARTS * (m - 1))]
    for level in (0, 3):
        family = Spheres(kernel, h)
        family.radius = h * 0.5**level
        system = family.system(family.radius)
        for root in roots.classify(system, roots.search(system, [*starts, *samples], budget=budget)):
            germ = follow_germ(family, root)
            astray += germ is None
            if germ is not None and not any(is_same_germ(system, old, germ) for old in germs):
                germs.append(germ)
    if astray:
        notes = [*notes, f"{astray} of the solutions on small spheres around the point do not lead to it"]
    if budget.is_spent:
        notes = [*notes, CUT_SHORT]
    return HalfBranches(Spheres(kernel, h), [make_half(kernel, germ) for germ in germs], notes, False)


def make_half(kernel, germ: Germ) -> Half:
    """Half-branch of a germ of the true equations."""
    y = kernel.coordinates(germ.limit)
    return Half(y / np.linalg.norm(y), germ.points[0], germ.radii[0], germ.continuum)


def is_same_germ(system, old: Germ, new: Germ) -> bool:
    """Whether the first point of a germ lies on an older one (or its continuum); `system` is the sphere's."""
    level = int(np.argmin(np.abs(np.log(old.radii / new.radii[0]))))
    point = old.points[level]
    if new.continuum and new.continuum == old.continuum and old.radii[level] == new.radii[0]:
        return roots.is_connected(system, new.points[0], point)
    return bool(np.linalg.norm(point - new.points[0]) <= 1e-3)
