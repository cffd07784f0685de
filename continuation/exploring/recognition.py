"""Telling what is known: whether a solution lies on a traced branch, a half-branch was traced, two points are one.

A solution x lies on a traced curve if Newton's method, started from the curve's cubic Hermite interpolant in the
hyperplane through x across the curve, ends at x: the interpolant leaves the curve by fourth order in the step, far
less than two branches leave each other, and where they do not, the trace itself could not tell them apart.
"""

import weakref
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.exploring.conjugate_branches import orbit
from continuation.ground.status import Kind
from continuation.results.hermite import hermite, hermite_slope

SAME = 1e-8  # solutions nearer than this, relative to 1 + |x|, are one
SAME_POINT = 1e-6  # located special points nearer than this, relative to 1 + |x|, are one
COARSE = 1e-4  # or than this where the location attained no more
BULGE = 0.3  # a curve leaves the chord of a step by less than this, relative to the chord
LEAVES = 0.05  # an interpolant leaves its curve by less than this, relative to the chord
ALONG = 0.9  # cosine of tangents that may be of one curve
DIRECTION = 1e-6  # unit tangents nearer than this are one
PARALLEL = 0.02  # those further than this are two; between, some points of the trace tell
BENT = 0.1  # how far, relative, the bends of two halves of one branch may differ
OPPOSITE = 1e-3  # error of the tangents of two halves of one branch
CANDIDATES = 6  # steps of a curve looked at closely for one point
ITERATIONS = 8


class Equations(NamedTuple):
    """What Newton's method needs: the problem, its parameters with the varied one at `active`, the weights."""

    problem: object
    p: np.ndarray
    active: int
    weights: np.ndarray

    @classmethod
    def of(cls, problem, branch):
        """For the problem at the parameters of a branch."""
        p = problem.parameter_values(branch.parameters)
        return cls(problem, p, problem.index_of(branch.vary[0]), branch.weights)

    def length(self, d):
        """Norm of differences (..., N) in the inner product."""
        return np.sqrt(np.sum(self.weights * d * d, axis=-1))


class Place(NamedTuple):
    """Where on a curve a solution lies: between `row` and the next; `cosine` of the angle between the tangents."""

    row: int
    cosine: float


def place_of(equations, unknowns, tangents, x, tangent=None):
    """`Place` of a solution on the curve with these rows, or None.

    Parameters
    ----------
    equations : Equations
    unknowns, tangents : (m, N) arrays
    x : (N,) array
        A solution.
    tangent : (N,) array, optional
        Of the solution's own branch; a curve that crosses it is not the same.

    Notes
    -----
    Costs one look at all rows, and a few Newton iterations for each of the steps near x.
    """
    if len(unknowns) < 2:
        return None
    polished = None
    for row in near_steps(equations, unknowns, x):
        ends = unknowns[row : row + 2], tangents[row : row + 2]
        y, along = interpolated(equations, ends, x)
        chord = equations.length(unknowns[row + 1] - unknowns[row])
        size = 1 + equations.length(x)
        if equations.length(y - x) > LEAVES * chord + SAME * size:
            continue
        cosine = 1.0 if tangent is None else float(np.sum(equations.weights * along * tangent))
        if abs(cosine) < ALONG:
            continue
        covector = equations.weights * along
        polished = corrected(equations, x, covector, covector @ x)
        y = corrected(equations, y, covector, covector @ x)
        if polished is not None and y is not None and equations.length(y - polished) <= SAME * size:
            return Place(int(row), cosine)
    return None


BOXES = weakref.WeakKeyDictionary()  # of branches, computed once


def place_on(equations, branch, x, tangent=None):
    """`Place` of a solution on a branch, or None; at once where it is outside the box that holds the branch."""
    if branch not in BOXES:
        unknowns = branch.unknowns
        chord = equations.length(np.diff(unknowns, axis=0)).max(initial=0.0)
        size = 1 + equations.length(unknowns).max()
        margin = (BULGE * chord + SAME * size) / np.sqrt(equations.weights)
        BOXES[branch] = unknowns.min(axis=0) - margin, unknowns.max(axis=0) + margin
    low, high = BOXES[branch]
    if (x < low).any() or (x > high).any():
        return None
    return place_of(equations, branch.unknowns, branch.tangents, x, tangent)


def near_steps(equations, unknowns, x) -> np.ndarray:
    """First rows of the steps whose chords x is near, the nearest first."""
    a, d = unknowns[:-1], np.diff(unknowns, axis=0)
    squared = np.maximum(np.sum(equations.weights * d * d, axis=1), 1e-300)
    sigma = np.clip(np.sum(equations.weights * d * (x - a), axis=1) / squared, 0.0, 1.0)
    gap = equations.length(x - a - sigma[:, None] * d)
    near = gap <= BULGE * np.sqrt(squared) + SAME * (1 + equations.length(x))
    rows = np.flatnonzero(near)
    return rows[np.argsort(gap[rows], kind="stable")][:CANDIDATES]


def interpolated(equations, ends, x):
    """Point of a step's cubic Hermite interpolant with x straight across from it, and the unit tangent there."""
    (a, b), (ta, tb) = ends
    length = equations.length(b - a)
    low, high = 0.0, 1.0
    for _ in range(30):
        s = 0.5 * (low + high)
        y, slope = hermite(a, b, length * ta, length * tb, s), hermite_slope(a, b, length * ta, length * tb, s)
        if np.sum(equations.weights * (x - y) * slope) > 0.0:
            low = s
        else:
            high = s
    return y, slope / max(equations.length(slope), 1e-300)


def corrected(equations, x, covector, value):
    """Newton from x on ``covector @ x = value``; None where it does not converge."""
    for _ in range(ITERATIONS):
        step = correction(equations, x, covector, value)
        if step is None:
            return None
        x = x + step
        if equations.length(step) <= 1e-3 * SAME * (1 + equations.length(x)):
            return x
    return None


def correction(equations, x, covector, value):
    """One Newton correction; None where the functions can't be evaluated."""
    problem, p = equations.problem, equations.p.copy()
    p[equations.active] = x[-1]
    try:
        rhs = np.append(-evaluate(problem, x[:-1], p), value - covector @ x)
        matrix = np.vstack([extended_jacobian(problem, x, p, equations.active), covector])
    except (ArithmeticError, ValueError):  # raised by plain Python functions outside their domain
        return None
    if not (np.all(np.isfinite(rhs)) and np.all(np.isfinite(matrix))):
        return None
    scale = np.maximum(np.max(np.abs(matrix), axis=1), 1e-300)
    return np.linalg.lstsq(matrix / scale[:, None], rhs / scale, rcond=1e-13)[0]


# Half-branches at branch points


def half_gap(problem, branches, start) -> float:
    """How far a half-branch is from the nearest known one or its images: the difference of their unit tangents.

    Where the start has points ahead tangents say too little: 0 if one of those lies on a known branch, else infinite.
    """
    if start.ahead is not None and len(start.ahead):
        return np.inf if branch_through(problem, branches, start) is None else 0.0
    nearest = np.inf
    reach = 1.0 + float(np.sqrt(np.sum(problem.inner_weights() * start.x**2)))
    images = orbit(problem, start.x + reach * start.tangent)
    for branch in branches:
        for row, sign in exits(branch):
            ahead = branch.unknowns[row] + reach * sign * branch.tangents[row]
            gaps = np.sqrt(np.sum(branch.weights * (images - ahead) ** 2, axis=1))
            nearest = min(nearest, float(np.min(gaps)) / reach)
    return nearest


def branch_through(problem, branches, start):
    """Index of the branch on which a point ahead of the start, or an image of it, lies; None if there is none."""
    for k, branch in enumerate(branches):
        equations = Equations.of(problem, branch)
        low, high = branch.span
        inside = [pair for pair in start.ahead if low < pair[0, -1] < high] or start.ahead[-1:]
        for x, tangent in inside[:1]:
            if place_on(equations, branch, x, tangent) is not None:
                return k
            for image in orbit(problem, x)[1:]:
                if place_on(equations, branch, image) is not None:
                    return k
    return None


def exits(branch):
    """Pairs (row, sign): the half-branches of a branch that leave its branch points."""
    for point in branch.special:
        if point.kind is Kind.BRANCH_POINT and point.located:
            if point.index + 1 < len(branch):
                yield point.index, 1
            if point.index > 0:
                yield point.index, -1


def opposite_half(branches, start, half=None, others=()):
    """(index, end) of the branch that began at the start's point in the opposite direction, or None.

    Where several half-branches touch (`others` are those still to be traced), the one that bends as the traced
    `half` does.
    """
    found = list(opposite_halves(branches, start))
    if half is None or not found or (len(found) == 1 and not any(touches(start, other) for other in others)):
        return found[0] if found else None
    own = bend(half, 0)
    bends = [bend(branches[index], end) for index, end in found]
    gaps = [np.max(np.abs(other - own)) for other in bends]
    best = int(np.argmin(gaps))
    return found[best] if gaps[best] <= BENT * np.max(np.abs([own, bends[best]])) else None


def touches(start, other) -> bool:
    """Whether two starts leave one point along one line."""
    gaps = [np.max(np.abs(other.tangent - sign * start.tangent)) for sign in (1, -1)]
    return bool(np.allclose(other.x, start.x) and min(gaps) <= OPPOSITE)


def bend(branch, end):
    """Second derivative (N,) of a branch at an end across its tangent, from a row next to it and the tangent there."""
    x, t = branch.unknowns, branch.tangents
    if end != 0:
        x, t = x[::-1], -t[::-1]
    row = min(2, len(x) - 1)
    along = max(np.sum(branch.weights * t[0] * (x[row] - x[0])), 1e-300)
    slope = t[row] / np.sum(branch.weights * t[0] * t[row]) - t[0]
    return 6 * (x[row] - x[0] - along * t[0]) / along**2 - 2 * slope / along


def opposite_halves(branches, start):
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


# Special points


def same_point(a, b) -> bool:
    """Whether two special points are one: of one kind (and name) and, as far as they were located, at one place."""
    if a.kind is not b.kind or a.name != b.name or a.located is not b.located:
        return False
    x, y = (np.append(point.state, [point.parameters[name] for name in point.vary]) for point in (a, b))
    error = min(10 * max(a.error, b.error), COARSE) if a.located else 0.0
    tolerance = max(SAME_POINT, error) * (1 + np.max(np.abs(x)))
    return bool(np.max(np.abs(x - y)) <= tolerance)


def registered(special, point):
    """The special point of the diagram that `point` is, or None."""
    return next((known for known in special if same_point(known, point)), None)


def image_of_known(problem, points, point):
    """The one of `points` that is an image of `point` under a symmetry, other than itself; None if none is."""
    x = np.append(point.state, point.parameters[point.vary[0]])
    for image in orbit(problem, x)[1:]:
        found = registered(points, replace(point, state=image[:-1]))
        if found is not None:
            return found
    return None


# Whole branches


class Overlap(NamedTuple):
    """Where a new branch joins a known one: its first row on it, that branch and the row there."""

    row: int
    branch: int
    place: Place


def overlap_of(equations, branches, branch):
    """The first `Overlap` of a new branch with known ones, or None; looks at some rows, then at those between."""

    def known_at(row):
        for k, other in enumerate(branches):
            place = place_on(equations, other, branch.unknowns[row], branch.tangents[row])
            if place is not None:
                return Overlap(row, k, place)
        return None

    rows = rows_to_compare(branch)
    for before, row in zip([None, *rows], rows):
        found = known_at(row)
        if found is None:
            continue
        low, high = -1 if before is None else before, row
        while high - low > 1:
            middle = (low + high) // 2
            earlier = known_at(middle)
            low, high, found = (low, middle, earlier) if earlier is not None else (middle, high, found)
        return found
    return None


def rows_to_compare(branch, count=24) -> list:
    """Rows that are no special points: the first three that are none, the last, and some between."""
    taken = {point.index for point in branch.special if point.kind is not Kind.END}
    free = [row for row in range(len(branch)) if row not in taken] or [0]
    spread = np.unique(np.linspace(0, len(free) - 1, count).round().astype(int))
    return sorted({*free[:3], *(free[k] for k in spread)})


def returns_at(equations, unknowns, tangents):
    """Row after which a curve that began at its first row runs along its own beginning again, or None.

    The first row may be a branch point; it is the second that is looked for.
    """
    if len(unknowns) < 8:
        return None
    place = place_of(equations, unknowns[4:], tangents[4:], unknowns[1], tangents[1])
    return None if place is None or place.cosine < 0 else place.row + 4
