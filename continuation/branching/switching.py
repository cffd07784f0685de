"""From a branch point to the other branches through it: one start for each half-branch, in an order of its own."""

import logging

import numpy as np

from continuation.branching import roots
from continuation.branching.halves import Half, half_branches
from continuation.branching.reduced_equations import (
    ScaledKernel,
    Spheres,
    is_inside_continuum,
    kernel_at,
    rank_defect_around,
)
from continuation.equations.measures.measure import measured_like
from continuation.equations.solved import is_solution
from continuation.ground import canonical
from continuation.ground.arguments import check_problem
from continuation.ground.later import later
from continuation.ground.names import suggest
from continuation.ground.points import SpecialPoint, Start, Starts
from continuation.ground.status import Kind

leaving_cycles = later("continuation.orbits.switches.leaving_cycles")
periodic = later("continuation.orbits.periodic")

logger = logging.getLogger("continuation")

STRAIGHT = 0.02  # a half-branch whose direction is this near to the incoming tangent (or its opposite) is that branch
CLOSE = 0.1  # unit directions nearer than this do not tell branches apart: their starts bring points ahead
# Radii, each half the one before, at which points ahead are known: the first step is to be no longer than asked for.
# Ten fewer and steps below a hundredth of the radius are refused, ten more are below the branch point's own error.
INWARD = 14
PARTED = 0.02  # touching half-branches nearer than this, relative to the distance from the point: no start between them
ALIKE = 1e-3  # coordinates of directions nearer than this are equal: where extrapolated they err by up to 1e-4
LARGEST = 8  # dimension of the kernel beyond which nothing is tried
SECONDS = 60.0  # for one point: cubic kernels of dimension 6 take a tenth of it, of dimension 8 twice as long


def starts_at(problem, point, seconds=SECONDS) -> Starts:
    """The half-branches that meet at a branch point; see `continuation.switch.switch`."""
    if isinstance(problem, periodic.PeriodicOrbits):
        return leaving_cycles.cycle_starts_at(problem, point)
    vary = check_branch_point(problem, point)
    problem = measured_like(problem, point, vary)
    x = problem.point_unknowns(point, vary)
    p = problem.parameter_values(point.parameters)
    kernel = kernel_at(problem, x, p, problem.index_of(vary), problem.inner_weights())
    check_kernel(kernel)
    spheres, halves, notes, complete = half_branches(kernel, problem.smoothness, point.error, point.tangent, seconds)
    # A point in the first row was reached against the rows' direction.
    incoming = (-1 if point.index == 0 else 1) * spheres.kernel.direction(point.tangent)
    known, others = arrange(halves, incoming, notes)
    kept = [known, *others] if known else others
    if not kept:
        raise ValueError(f"point: no half-branch leaves {point.label}: {'; '.join(notes)}")
    for note in notes:
        logger.info("switch at %s: %s", point.label, note)
    directions = np.array([half.direction for half in halves])
    starts = [make_start(spheres, half, halves, directions, vary, point, known=half is known) for half in kept]
    return Starts(starts, complete, notes)


def check_branch_point(problem, point) -> str:
    """Name of the varied parameter, if the point is one to switch at."""
    check_problem(problem)
    if not isinstance(point, SpecialPoint):
        raise ValueError(f"point: wanted a SpecialPoint of a branch, got {type(point).__name__}")
    if point.kind is Kind.HOPF:
        raise ValueError(
            f"point: wanted a branch point (BP), got {point.label}, a HOPF: the branch there is one of periodic "
            "orbits; see emanating_orbit(problem, point) and trace(periodic_orbits(problem), point, vary)"
        )
    if point.context is not None:
        raise ValueError(f"point: {point.label} is one of periodic orbits: switch(periodic_orbits(problem), point)")
    if point.kind is not Kind.BRANCH_POINT:
        raise ValueError(f"point: wanted a branch point (BP), got {point.label}, a {point.kind.name}")
    if not point.located:
        raise ValueError(f"point: {point.label} was not located; trace again with smaller steps around its bracket")
    if len(point.vary) != 1:
        raise ValueError(f"point: wanted a point of a branch in one parameter, got {point.vary}")
    name = point.vary[0]
    if name not in problem.parameters:
        raise ValueError(f"point: varies {name!r}; this problem has {suggest(name, problem.parameters)}")
    if point.tangent is None:
        raise ValueError(f"point: {point.label} has no tangent, so nothing tells which branch led to it")
    if point.state_names and tuple(point.state_names) != tuple(problem.states):
        raise ValueError(f"point: has the states {list(point.state_names)}; this problem has {list(problem.states)}")
    return name


def check_kernel(kernel: ScaledKernel):
    """Raise where the kernel is none, too large, or there for another reason than crossing branches."""
    if kernel.dimension < 1:
        raise ValueError(
            f"[F_u F_p] has full rank at this point (smallest singular value {kernel.sigma[-1]:.3g}, largest "
            f"{kernel.scale:.3g}): it is no branch point of this problem; was it found with other parameters?"
        )
    residual = float(np.max(np.abs(kernel.residual(np.zeros(len(kernel.x))))))
    if not residual <= 1e-6 * kernel.scale * kernel.length:
        raise ValueError(
            f"point: is no solution of this problem (largest residual {residual:.3g}); was it found with other "
            "parameters or constants?"
        )
    lost = rank_defect_around(kernel)
    if lost:
        row = kernel.problem.unknown_names[canonical.first_largest(np.abs(kernel.left[:, -1]))]
        raise ValueError(
            f"[F_u F_p] is rank-deficient by {lost} at this point and around it: an equation is missing, repeated or "
            f"does not depend on the unknowns (look at the equation of {row!r})"
        )
    if is_inside_continuum(kernel):
        raise ValueError(
            f"point: lies inside a continuum of solutions of dimension {kernel.dimension + 1}: every direction leads "
            "to more of them, so that no single branches leave"
        )
    if kernel.dimension > LARGEST:
        raise ValueError(
            f"the kernel of [F_u F_p] has dimension {kernel.dimension + 1} here; switch handles up to {LARGEST + 1}"
        )


def arrange(halves, incoming, notes) -> tuple:
    """The straight continuation of the incoming branch, None where there is none, and the other half-branches.

    The half-branch that led to the point is left out.  Where several share its tangent, the point
    does not tell which of them it was: all are kept.
    """
    behind = [half for half in halves if np.linalg.norm(half.direction + incoming) < STRAIGHT]
    ahead = [half for half in halves if np.linalg.norm(half.direction - incoming) < STRAIGHT]
    if len(behind) > 1 or len(ahead) > 1:
        notes.append("several branches share the tangent of the one that led here: all of them are returned")
    if not behind:
        notes.append("the half-branch that led to the point was not found again among the solutions")
    known = ahead[0] if len(ahead) == 1 else None
    gone = [known, *(behind if len(behind) == 1 else [])]
    return known, pair_opposites([half for half in halves if not any(half is other for other in gone)])


def pair_opposites(halves) -> list:
    """Half-branches by descending direction, each followed by its opposite."""
    keys = np.array([[*half.direction, *half.z] for half in halves])  # of those that touch, the points ahead differ
    left, out = canonical.order(-keys, ALIKE), []
    directions = np.array([half.direction for half in halves])
    while len(left):
        first, left = left[0], left[1:]
        out.append(halves[first])
        gaps = np.linalg.norm(directions[left] + directions[first], axis=1)
        if np.min(gaps, initial=np.inf) < STRAIGHT:
            place = canonical.first_smallest(gaps, ALIKE)
            out.append(halves[left[place]])
            left = np.delete(left, place)
    return out


def make_start(spheres: Spheres, half: Half, halves, directions, vary, point, *, known):
    """`Start` of a half-branch, with points ahead where its tangent alone does not lead onto it.

    `halves` are all at the point, with their `directions` (h, m).
    """
    kernel = spheres.kernel
    weights = kernel.problem.inner_weights()
    tangent = kernel.unit * kernel.lift(half.direction)
    near = np.flatnonzero(np.linalg.norm(directions - half.direction, axis=1) < CLOSE)
    touching = [halves[k] for k in near if halves[k] is not half]
    rough = kernel.problem.smoothness < 3
    needed = rough or kernel.dimension > 1 or half.continuum > 0 or bool(touching)
    return Start(
        kernel.x.copy(),
        tangent / np.sqrt(tangent @ (weights * tangent)),
        kernel.p,
        vary,
        outward=True,
        known=known,
        problem=kernel.problem,
        origin=point,
        continuum=half.continuum,
        ahead=points_ahead(spheres, half, touching) if needed else None,
    )


def points_ahead(spheres: Spheres, half: Half, touching) -> np.ndarray:
    """(m, 2, N) points of a half-branch and unit tangents there, at radii that halve.

    They end where a half-branch that touches this one comes so near that a trace could take it.
    """
    kernel, weights = spheres.kernel, spheres.kernel.problem.inner_weights()
    own, found = walk_inward(spheres, half), []
    others = [{r: z for z, r in walk_inward(spheres, other)} for other in touching]
    for z, r in own:
        gaps = [np.linalg.norm(z - other[r]) for other in others if r in other]
        if found and min(gaps, default=1.0) < PARTED:
            break
        x = kernel.x + kernel.unit * z * r
        if is_solution(kernel.problem, x, kernel.p, kernel.active):
            found.append(np.array([x, tangent_along(kernel, z * r, half, weights)]))
    return np.array(found)


def walk_inward(spheres: Spheres, half: Half) -> list:
    """Points (z, radius) of a half-branch from the one known towards the branch point, at radii that halve.

    Where the branch bends within one of them, as it does at a fold near the branch point, in shorter steps.
    """
    z, r, found = half.z, half.radius, []
    centre = spheres.kernel.lift(half.direction)
    for _ in range(INWARD):
        found.append((z, r))
        for pieces in (1, 4, 16):
            inner = walk_to(spheres, z, centre, r, pieces)
            if inner is not None:
                break
        else:
            break
        z, r = inner, r / 2
    return found


def walk_to(spheres: Spheres, z, centre, r, pieces):
    """The half-branch's point at radius r/2 from z, the one at r, in so many steps; None where one is too long."""
    ratio = 0.5 ** (1.0 / pieces)
    for k in range(1, pieces + 1):
        guess = ratio * z + (1.0 - ratio) * centre
        z = roots.newton(spheres.system(0.5 * r if k == pieces else r * ratio**k), guess)
        if z is None or np.linalg.norm(z - guess) > 0.3 * np.linalg.norm(guess - centre) + 1e-4:
            return None
    return z


def tangent_along(kernel: ScaledKernel, z, half: Half, weights) -> np.ndarray:
    """Unit tangent at a point of a half-branch, away from the branch point."""
    null = np.linalg.svd(kernel.jacobian(z))[2][-1 - half.continuum :]
    tangent = kernel.unit * (null.T @ (null @ z))
    return tangent / np.sqrt(tangent @ (weights * tangent))
