"""Solutions found so far: telling a new one from a conjugate of a known one or a point of the same continuum.

Two solutions with singular F_u are points of one continuum if a walk joins them: steps along the kernel of F_u towards
the target, each corrected by Newton's method across the kernel.
"""

import numpy as np

from continuation.equations.bordered import ROUNDING, solve_least_norm
from continuation.ground import canonical
from continuation.searching.deflation import Deflation, SquareSystem, correct_solution, row_scales, solves

SAME = 1e-7  # relative: above the error of a double solution (1e-8), below what tells two solutions apart
NEXT = 1e-2  # a solution so near to what was given as known, relative, is what was meant (it may be read off a plot)
SINGULAR = 1e-6  # of the row-scaled F_u, relative: a double solution, known to 1e-8, has larger ones than rounding
STRIDE = 0.05  # of the walk along a continuum, in half-widths of the search
NEAREST = 8  # clusters that a new singular solution may belong to
STRIDES = 400
SHORTER = 7  # halvings of a stride
FARTHER = 0.1  # of the distance left, a stride that is tried at least
ARRIVED = 1e-3  # strides left of a walk
SOLVED = 1e-10  # last correction of a point of a continuum, relative; its F by the scale of the terms: a hundredth


class Catalogue:
    """Distinct solutions; each is deflated with all its conjugates.

    ``found`` holds one representative of each; ``singular`` and ``continua`` are the places in it of those with
    singular F_u, and of those that are not isolated.  A cluster is what was met of one of them.
    """

    def __init__(self, problem, equations: SquareSystem, deflation: Deflation):
        self.problem, self.equations, self.deflation = problem, equations, deflation
        self.found, self.clusters = [], []
        self.continua, self.singular = set(), set()

    def holds(self, u) -> bool:
        """Whether u is a known solution or a conjugate of one, to rounding."""
        _, squares = self.deflation.look(u)
        return bool(squares.min(initial=np.inf) <= (SAME * self.deflation.size(u)) ** 2)

    def know(self, u):
        """Deflate a solution that is known from elsewhere and not to be listed."""
        exact = correct_solution(self.equations, self.deflation, u)
        if exact is not None and self.deflation.norm(exact - u) <= NEXT * self.deflation.size(u):
            u = exact
        if not self.holds(u):
            self.deflate(u)
            if null_space(self.equations, self.deflation, u).shape[1]:
                self.clusters.append([u])

    def deflate(self, u):
        """Keep off u (n,) and its conjugates from now on; returns them (m, n)."""
        orbit = list_conjugates(self.problem, u)
        self.deflation.add(orbit)
        return orbit

    def place(self, u, stride) -> str:
        """Add a solution u (n,) if it is new: ``""``, or ``"known"`` or ``"continuum"``."""
        if self.holds(u):
            return "known"
        kernel = null_space(self.equations, self.deflation, u)
        cluster = self._find_cluster(u, stride) if kernel.shape[1] else None
        if cluster is not None:
            self.deflate(u)
            cluster.append(u)
            return "continuum"
        orbit = self.deflate(u)
        u = orbit[canonical.order(orbit / self.deflation.size(u), SAME)[-1]]
        if kernel.shape[1]:
            self.singular.add(len(self.found))
            self.clusters.append([u])
            if find_continuation(self.equations, self.deflation, u, stride) is not None:
                self.continua.add(len(self.found))
        self.found.append(u)
        return ""

    def met(self, k) -> list:
        """What was met of the solution at place k: itself and, where F_u is singular, others of its continuum."""
        first = self.found[k]
        return next((cluster for cluster in self.clusters if cluster[0] is first), [first])

    def _find_cluster(self, u, stride):
        """The cluster that a path of solutions joins u to, or a conjugate of u; None where there is none."""
        ends = []
        for cluster in self.clusters:
            targets = np.vstack([list_conjugates(self.problem, other) for other in cluster])
            gaps = ((targets - u) ** 2) @ self.deflation.weights
            ends.append((gaps.min(), cluster, targets[np.argmin(gaps)]))
        ends.sort(key=lambda end: end[0])
        for _, cluster, target in ends[:NEAREST]:
            if walk(self.equations, self.deflation, u, target, stride):
                return cluster
        return None


def list_conjugates(problem, u) -> np.ndarray:
    """(m, n) images of unknowns u (n,) under the symmetries of the problem, u first.

    u alone where it has none, or its unknowns are others than the states that they act on.
    """
    orbit = getattr(getattr(problem, "symmetry", None), "orbit", None)
    if orbit is None or len(u) != len(problem.states):
        return np.array(u, float)[None]
    images = np.atleast_2d(np.asarray(orbit(u), float))
    near = np.max(np.abs(images - u), axis=1) <= SAME * (1.0 + np.max(np.abs(u)))
    return np.vstack([u, images[~near]])


def null_space(equations, deflation, u) -> np.ndarray:
    """(n, k) orthonormal kernel of F_u, rows scaled, to `SINGULAR`."""
    with np.errstate(all="ignore"):
        a, rows = equations.jacobian(u), scales_around(equations, deflation, u)
    if not np.isfinite(a).all():
        return np.empty((len(u), 0))
    _, sigma, vt = np.linalg.svd(a * rows[:, None])
    return canonical.basis(vt[sigma <= SINGULAR].T)


def scales_around(equations, deflation, u) -> np.ndarray:
    """(n,) factors that bring the rows of F_u to size 1 in the neighbourhood of u, where at u some may vanish."""
    there = equations.jacobian(u + 0.1 * deflation.size(u) * np.cos(np.arange(1, len(u) + 1)))
    here = np.abs(equations.jacobian(u))
    return row_scales(np.maximum(here, np.abs(there)) if np.isfinite(there).all() else here)


def find_continuation(equations, deflation, u, stride):
    """A solution that lies up to a stride away along the kernel of F_u; None where u is isolated."""
    kernel = null_space(equations, deflation, u)
    for v in kernel.T:
        there = stride_along(equations, deflation, u, v, kernel, stride)
        if there is not None:
            return there
    return None


def walk(equations, deflation, u, target, stride) -> bool:
    """Whether steps along solutions that lessen the distance lead from u to the target.

    Each goes along the kernel of F_u, towards the target; only the first may go sideways (from the far side of a
    circle no direction leads nearer).
    """
    for k in range(STRIDES):
        gap = target - u
        distance = deflation.norm(gap)
        if distance <= ARRIVED * stride:
            return True
        kernel = null_space(equations, deflation, u)
        towards = kernel @ (kernel.T @ gap)
        stretch = min(max(stride, FARTHER * distance), distance)
        sideways = k == 0 and deflation.norm(towards) <= 1e-2 * distance
        if kernel.shape[1] == 0 or not (sideways or towards.any()):
            return False
        u = stride_along(equations, deflation, u, kernel[:, 0] if sideways else towards, kernel, stretch)
        if u is None or not (sideways or deflation.norm(target - u) < distance):
            return False
    return False


def stride_along(equations, deflation, u, direction, kernel, stride):
    """A solution about a stride from u along a direction, or half of one, a quarter ...; None where none is found."""
    direction = direction / deflation.norm(direction)
    for _ in range(SHORTER):
        there = settle_across(equations, deflation, u + stride * direction, kernel)
        if there is not None and 0.5 * stride <= deflation.norm(there - u) <= 1.5 * stride:
            return there
        stride *= 0.5
    return None


def settle_across(equations, deflation, u, kernel):
    """Newton to a solution across the `kernel` (n, k); None where there is none."""
    size = deflation.size(u)
    with np.errstate(all="ignore"):
        rows = scales_around(equations, deflation, u)
        for _ in range(10):
            a, f = equations.jacobian(u), equations.residual(u)
            if not (np.isfinite(a).all() and np.isfinite(f).all()):
                return None
            matrix = np.vstack([a * rows[:, None], kernel.T])
            # In sizes taken around u: a row that vanishes at a degenerate solution must not be blown up to one.
            step = solve_least_norm(matrix, np.append(-rows * f, np.zeros(kernel.shape[1])), ROUNDING)
            u = u + step
            if deflation.norm(step) <= SOLVED * size:
                return u if solves(equations, u, 1e-2 * SOLVED) else None
    return None
