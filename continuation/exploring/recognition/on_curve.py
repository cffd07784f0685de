"""Whether a solution lies on a traced curve.

A solution x lies on a traced curve if Newton's method, started from the curve's cubic Hermite interpolant in the
hyperplane through x across the curve, ends at x: the interpolant leaves the curve by fourth order in the step, far
less than two branches leave each other, and where they do not, the trace itself could not tell them apart.
"""

import weakref
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from continuation.equations.bordered import solve_bordered
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.results.interpolation import interpolate_cubic

# Relative to 1 + |x|: both were corrected to about 1e-11; ten times larger, branches that touch are taken for one.
SAME = 1e-8
# Relative to the chord of a step.  Accepted steps turn by at most `max_angle` (0.3), which bulges a tenth of this;
# smaller, steps along a known branch are missed; larger, Newton's method is only asked more often.
BULGE = 0.3
LEAVES = 0.05  # the interpolant's distance from its curve: of fourth order, 1e-3 at the largest angle
ALONG = 0.9  # cosine of tangents that may be of one curve; branches at smaller angles are told apart by Newton
CANDIDATES = 6  # steps of a curve looked at closely for one point: a spiral passes near it in as many turns
MANY = 256  # rows of a branch from which on a spatial index pays
AROUND = 1.01  # radius of a look into the index, in the largest distance that counts: rounding must miss none
ITERATIONS = 8  # of Newton's method: from the interpolant three are enough


class CurveEquations(NamedTuple):
    """The equations of a branch: the problem, its parameters with the varied one at `active`, the inner product."""

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


def find_place(equations, unknowns, tangents, x, tangent=None, steps=None):
    """`Place` of a solution on the curve with these rows, or None.

    Parameters
    ----------
    equations : Equations
    unknowns, tangents : (m, N) arrays
    x : (N,) array
        A solution.
    tangent : (N,) array, optional
        Of the solution's own branch; a curve that crosses it is not the same.
    steps : array of int, optional
        First rows of the steps to look at, ascending; default: all.

    Notes
    -----
    Costs one look at all rows, and a few Newton iterations for each of the steps near x.
    """
    if len(unknowns) < 2:
        return None
    polished = None
    for row in list_near_steps(equations, unknowns, x, steps):
        y, along = interpolate_across(equations, unknowns[row : row + 2], tangents[row : row + 2], x)
        chord = equations.length(unknowns[row + 1] - unknowns[row])
        size = 1 + equations.length(x)
        if equations.length(y - x) > LEAVES * chord + SAME * size:
            continue
        cosine = 1.0 if tangent is None else float(np.sum(equations.weights * along * tangent))
        if abs(cosine) < ALONG:
            continue
        covector = equations.weights * along
        polished = correct_across(equations, x, covector, covector @ x)
        y = correct_across(equations, y, covector, covector @ x)
        if polished is not None and y is not None and equations.length(y - polished) <= SAME * size:
            return Place(int(row), cosine)
    return None


class Index:
    """Where a branch is: the box that holds it, and its rows by their places in the inner product's units."""

    def __init__(self, equations, unknowns):
        chord = equations.length(np.diff(unknowns, axis=0)).max(initial=0.0)
        size, self.units = 1 + equations.length(unknowns).max(), np.sqrt(equations.weights)
        margin = (BULGE * chord + SAME * size) / self.units
        self.box = unknowns.min(axis=0) - margin, unknowns.max(axis=0) + margin
        # From a point near a chord to the chord's first row.
        self.radius = AROUND * ((1 + BULGE) * chord + SAME * (1 + size))
        self.tree = cKDTree(unknowns * self.units) if len(unknowns) >= MANY else None

    def steps(self, x):
        """First rows, ascending, of the steps that x may be near; None where all are to be looked at."""
        if self.tree is None:
            return None
        rows = np.sort(np.array(self.tree.query_ball_point(x * self.units, self.radius), int))
        return rows[rows < self.tree.n - 1]


INDICES = weakref.WeakKeyDictionary()  # of branches, computed once


def find_place_on(equations, branch, x, tangent=None):
    """`Place` of a solution on a branch, or None; at once where it is outside the box that holds the branch."""
    if branch not in INDICES:
        INDICES[branch] = Index(equations, branch.unknowns)
    low, high = INDICES[branch].box
    if (x < low).any() or (x > high).any():
        return None
    return find_place(equations, branch.unknowns, branch.tangents, x, tangent, INDICES[branch].steps(x))


def list_near_steps(equations, unknowns, x, steps=None) -> np.ndarray:
    """First rows of the steps (of all, or of those given) whose chords x is near, the nearest first."""
    steps = np.arange(len(unknowns) - 1) if steps is None else steps
    a = unknowns[steps]
    d = unknowns[steps + 1] - a
    squared = np.maximum(np.sum(equations.weights * d * d, axis=1), 1e-300)
    sigma = np.clip(np.sum(equations.weights * d * (x - a), axis=1) / squared, 0.0, 1.0)
    gap = equations.length(x - a - sigma[:, None] * d)
    near = gap <= BULGE * np.sqrt(squared) + SAME * (1 + equations.length(x))
    rows = np.flatnonzero(near)
    return steps[rows[np.argsort(gap[rows], kind="stable")][:CANDIDATES]]


def interpolate_across(equations, ends, tangents, x):
    """Point of a step's cubic Hermite interpolant with x straight across from it, and the unit tangent there.

    `ends` and `tangents` (2, N) are those of the step.
    """
    (a, b), (ta, tb) = ends, tangents
    length = equations.length(b - a)
    low, high = 0.0, 1.0
    for _ in range(30):
        s = 0.5 * (low + high)
        y, slope = interpolate_cubic(a, b, length * ta, length * tb, s)
        if np.sum(equations.weights * (x - y) * slope) > 0.0:
            low = s
        else:
            high = s
    return y, slope / max(equations.length(slope), 1e-300)


def correct_across(equations, x, covector, value):
    """Newton from x on ``covector @ x = value``; None where it does not converge."""
    for _ in range(ITERATIONS):
        step = find_correction(equations, x, covector, value)
        if step is None:
            return None
        x = x + step
        if equations.length(step) <= 1e-3 * SAME * (1 + equations.length(x)):
            return x
    return None


def find_correction(equations, x, covector, value):
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
    return solve_bordered(matrix, rhs)
