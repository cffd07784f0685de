"""Whether a half-branch at a branch point was traced already, and which branch is its other half."""

import weakref

import numpy as np

from continuation.exploring.recognition.conjugate_branches import list_images
from continuation.exploring.recognition.on_curve import CurveEquations, find_place_on
from continuation.exploring.recognition.same_points import SAME_POINT
from continuation.ground.status import Kind

DIRECTION = 1e-6  # unit tangents nearer than this are one: null vectors at located points err by about 1e-8
PARALLEL = 0.02  # those further than this are two, one degree apart; between, some points of the trace tell
BENT = 0.1  # relative: second derivatives from rows at a distance of one step differ by its size
OPPOSITE = 1e-3  # of the tangents of two halves of one branch, which are extrapolated to 1e-4 at degenerate points


def measure_gap(problem, branches, start) -> float:
    """How far a half-branch is from the nearest known one or its images: the difference of their unit tangents.

    Where the start has points ahead tangents say too little: 0 if one of those lies on a known branch, else infinite.
    """
    if start.ahead is not None and len(start.ahead):
        return np.inf if find_branch_ahead(problem, branches, start) is None else 0.0
    nearest = np.inf
    reach = 1.0 + float(np.sqrt(np.sum(problem.inner_weights() * start.x**2)))
    images = list_images(problem, start.x + reach * start.tangent)
    for branch in branches:
        ahead = points_outward(branch, reach)
        for image in images:
            gaps = np.sqrt(np.sum(branch.weights * (image - ahead) ** 2, axis=1))
            nearest = min(nearest, float(np.min(gaps, initial=np.inf)) / reach)
    return nearest


EXITS = weakref.WeakKeyDictionary()  # of branches, computed once


def points_outward(branch, reach) -> np.ndarray:
    """(m, N) points at a distance along the tangents from a branch's exits."""
    if branch not in EXITS:
        exits = np.array(list(list_exits(branch)), int).reshape(-1, 2)
        EXITS[branch] = branch.unknowns[exits[:, 0]], exits[:, 1:] * branch.tangents[exits[:, 0]]
    x, outward = EXITS[branch]
    return x + reach * outward


def find_branch_ahead(problem, branches, start):
    """Index of the branch on which a point ahead of the start, or an image of it, lies; None if there is none."""
    for k, branch in enumerate(branches):
        equations = CurveEquations.of(problem, branch)
        low, high = branch.span
        inside = [pair for pair in start.ahead if low < pair[0, -1] < high] or start.ahead[-1:]
        for x, tangent in inside[:1]:
            if find_place_on(equations, branch, x, tangent) is not None:
                return k
            for image in list_images(problem, x)[1:]:
                if find_place_on(equations, branch, image) is not None:
                    return k
    return None


def list_exits(branch):
    """Pairs (row, sign): the half-branches of a branch that leave its branch points."""
    for point in branch.special:
        if point.kind is Kind.BRANCH_POINT and point.located:
            if point.index + 1 < len(branch):
                yield point.index, 1
            if point.index > 0:
                yield point.index, -1


def find_opposite_half(branches, start, half=None, others=()):
    """(index, end) of the branch that began at the start's point in the opposite direction, or None.

    Where several half-branches touch (`others` are those still to be traced), the one that bends as the traced
    `half` does.
    """
    found = list(list_opposite_halves(branches, start))
    if half is None or not found or (len(found) == 1 and not any(is_tangent_to(start, other) for other in others)):
        return found[0] if found else None
    own = measure_bend(half, 0)
    bends = [measure_bend(branches[index], end) for index, end in found]
    gaps = [np.max(np.abs(other - own)) for other in bends]
    best = int(np.argmin(gaps))
    return found[best] if gaps[best] <= BENT * np.max(np.abs([own, bends[best]])) else None


def is_tangent_to(start, other) -> bool:
    """Whether two starts leave one point along one line."""
    gaps = [np.max(np.abs(other.tangent - sign * start.tangent)) for sign in (1, -1)]
    return bool(np.allclose(other.x, start.x) and min(gaps) <= OPPOSITE)


def measure_bend(branch, end):
    """Second derivative (N,) of a branch at an end across its tangent, from a row next to it and the tangent there."""
    x, t = branch.unknowns, branch.tangents
    if end != 0:
        x, t = x[::-1], -t[::-1]
    row = min(2, len(x) - 1)
    along = max(np.sum(branch.weights * t[0] * (x[row] - x[0])), 1e-300)
    slope = t[row] / np.sum(branch.weights * t[0] * t[row]) - t[0]
    return 6 * (x[row] - x[0] - along * t[0]) / along**2 - 2 * slope / along


def list_opposite_halves(branches, start):
    """Pairs (index, end) of the branches that began at the start's point in the opposite direction."""
    for k, branch in enumerate(branches):
        for row, end in ((0, 0), (len(branch) - 1, -1)):
            if branch.start != row:
                continue
            gap = np.sqrt(np.sum(branch.weights * (branch.unknowns[row] - start.x) ** 2))
            outward = branch.tangents[row] if end == 0 else -branch.tangents[row]
            turn = np.sqrt(np.sum(branch.weights * (outward + start.tangent) ** 2))
            size = 1 + np.sqrt(np.sum(branch.weights * start.x**2))
            if gap <= SAME_POINT * size and turn <= OPPOSITE and len(branch) > 1:
                yield k, end
