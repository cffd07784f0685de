"""Solutions found so far: telling a new one from a conjugate of a known one or a point of the same continuum."""

import numpy as np

from continuation.deflation import Deflation, Equations, row_scales

SAME = 1e-7  # solutions nearer than this, relative to the size of things, are one
SINGULAR = 1e-6  # singular values of the row-scaled F_u below this fraction of the largest are zero
STRIDE = 0.05  # of the walk along a continuum, in half-widths of the search
STRIDES = 400
SOLVED = 1e-8  # last correction of a point of a continuum, relative


class Catalogue:
    """Distinct solutions; each is deflated with all its conjugates.

    ``found`` holds one representative of each, ``continua`` the places in it of solutions that are not isolated.
    """

    def __init__(self, problem, equations: Equations, deflation: Deflation):
        self.problem, self.equations, self.deflation = problem, equations, deflation
        self.found, self.continua, self.singular = [], set(), []

    def size(self, u) -> float:
        """What lengths near u (n,) are compared with."""
        return self.deflation.length + self.deflation.norm(u)

    def holds(self, u) -> bool:
        """Whether u is a known solution or a conjugate of one, to rounding."""
        _, squares = self.deflation.look(u)
        return bool(squares.min(initial=np.inf) <= (SAME * self.size(u)) ** 2)

    def know(self, u):
        """Deflate a solution that is known from elsewhere and not to be listed."""
        if not self.holds(u):
            self.deflate(u)
            if null_space(self.equations, u).shape[1]:
                self.singular.append(u)

    def deflate(self, u):
        """Keep off u (n,) and its conjugates from now on; returns them (m, n)."""
        orbit = conjugates(self.problem, u)
        self.deflation.add(orbit)
        return orbit

    def place(self, u, stride) -> str:
        """Add a solution u (n,) if it is new: ``""``, or ``"known"`` or ``"continuum"``."""
        if self.holds(u):
            return "known"
        kernel = null_space(self.equations, u)
        if kernel.shape[1] and self._joins(u, stride):
            self.deflate(u)
            return "continuum"
        orbit = self.deflate(u)
        u = orbit[np.lexsort(np.round(orbit / self.size(u), 7).T[::-1])[-1]]
        if kernel.shape[1]:
            self.singular.append(u)
            if goes_on(self.equations, self.deflation, u, stride):
                self.continua.add(len(self.found))
        self.found.append(u)
        return ""

    def _joins(self, u, stride) -> bool:
        """Whether a path of solutions leads from u to a singular one that is known, or to a conjugate of it."""
        targets = [other for known in self.singular for other in conjugates(self.problem, known)]
        targets.sort(key=lambda other: self.deflation.norm(u - other))
        return any(walk(self.equations, self.deflation, (u, target), stride) for target in targets[:8])


def conjugates(problem, u) -> np.ndarray:
    """(m, n) images of u (n,) under the symmetries of the problem, u first; u alone where it has none."""
    orbit = getattr(getattr(problem, "symmetry", None), "orbit", None)
    if orbit is None:
        return np.array(u, float)[None]
    images = np.atleast_2d(np.asarray(orbit(u), float))
    near = np.max(np.abs(images - u), axis=1) <= SAME * (1.0 + np.max(np.abs(u)))
    return np.vstack([u, images[~near]])


def null_space(equations, u) -> np.ndarray:
    """(n, k) orthonormal kernel of F_u, rows scaled, to `SINGULAR`."""
    with np.errstate(all="ignore"):
        a = equations.jacobian(u)
    if not np.isfinite(a).all():
        return np.empty((len(u), 0))
    _, sigma, vt = np.linalg.svd(a * row_scales(a)[:, None])
    return vt[sigma <= SINGULAR * sigma[0]].T if sigma[0] > 0.0 else vt.T


def goes_on(equations, deflation, u, stride) -> bool:
    """Whether other solutions lie a stride away along the kernel of F_u: u is not isolated."""
    kernel = null_space(equations, u)
    for v in kernel.T:
        there = settled(equations, deflation, u + stride * v / deflation.norm(v), kernel)
        if there is not None and deflation.norm(there - u) >= 0.5 * stride:
            return True
    return False


def walk(equations, deflation, ends, stride) -> bool:
    """Whether steps along solutions that lessen the distance lead from u to the target, ``ends = (u, target)``.

    Each goes along the kernel of F_u, towards the target; only the first may go sideways (from the far side of a
    circle no direction leads nearer).
    """
    u, target = ends
    for k in range(STRIDES):
        gap = target - u
        distance = deflation.norm(gap)
        if distance <= 1e-3 * stride:
            return True
        kernel = null_space(equations, u)
        if kernel.shape[1] == 0:
            return False
        towards = kernel @ (kernel.T @ gap)
        sideways = deflation.norm(towards) <= 1e-2 * distance
        if sideways and k > 0:
            return False
        towards = kernel[:, 0] if sideways else towards
        length = min(stride, distance)
        u = settled(equations, deflation, u + length * towards / deflation.norm(towards), kernel)
        if u is None or not (sideways or deflation.norm(target - u) <= distance - 1e-2 * length):
            return False
    return False


def settled(equations, deflation, u, kernel):
    """Newton to a solution across the `kernel` (n, k); None where there is none."""
    size = deflation.length + deflation.norm(u)
    with np.errstate(all="ignore"):
        for _ in range(8):
            a, f = equations.jacobian(u), equations.residual(u)
            if not (np.isfinite(a).all() and np.isfinite(f).all()):
                return None
            rows = row_scales(a)
            matrix = np.vstack([a * rows[:, None], kernel.T])
            step = np.linalg.lstsq(matrix, np.append(-rows * f, np.zeros(kernel.shape[1])), rcond=1e-12)[0]
            u = u + step
            if deflation.norm(step) <= SOLVED * size:
                return u if solves(equations, u) else None
    return None


def solves(equations, u) -> bool:
    """Whether F vanishes at u to the precision of its terms."""
    a, f = equations.jacobian(u), equations.residual(u)
    scale = np.abs(a) @ np.abs(u) + np.abs(a).sum(axis=1)
    return bool(np.all(np.abs(f) <= 1e-8 * np.maximum(scale, 1e-3 * scale.max())))
