"""Linear differential equations along a periodic orbit, solved at the Gauss points of its mesh.

``g' - A(t) g = r(t)`` over one period with ``g(T) = kappa g(0)``, kappa 1, -1 or another number of modulus 1: periodic
and antiperiodic solutions, and those that turn.  Gauss collocation on each interval, ``g = g_i + s Q k`` with stage
derivatives k, gives ``g_{i+1} = M_i g_i + c_i``; neighbouring equations are joined in pairs by orthogonal
transformations (which are stable however strongly the orbit attracts and repels, as recursion in one direction is not:
Wright, SIAM J. Matrix Anal. Appl. 13, 1992) until one is left, ``E g(0) + D g(T) = c``.  c is linear in r; left null
vectors of ``E + kappa D`` are the solvability conditions ``mean <w, r> = 0``, w the adjoint null function.
"""

from typing import NamedTuple

import numpy as np

from continuation.orbits.profiles.basis import basis


class Level(NamedTuple):
    """Pairs of equations as they were joined: ``R middle = first - left begin - right end``."""

    rotation: np.ndarray  # (K/2, 2 n, 2 n)
    triangle: np.ndarray  # (K/2, n, n)
    left: np.ndarray
    right: np.ndarray


class Side(NamedTuple):
    """A right-hand side on its way: of the stages (L, m, n), of each level's middles, and of the last equation (n,)."""

    stages: np.ndarray
    firsts: list
    total: np.ndarray


class Variational:
    """The equations ``g' - A g = r`` along one orbit, reduced once for all right-hand sides and closings.

    Functions of time are arrays (L, m, n): values at the m Gauss points of L intervals.

    Parameters
    ----------
    steps : (L,) array
        Lengths of the intervals in time; their sum is the period.
    jacobians : (L, m, n, n) array
        A at the Gauss points.

    Notes
    -----
    Cost: ``O(L (n m)**3)`` once, then ``O(L (n m)**2)`` each solution.

    Examples
    --------
    ``g' = -g + 2`` has the periodic solution 2:

    >>> equations = Variational(np.full(4, 0.5), -np.ones((4, 3, 1, 1)))
    >>> side = equations.side(np.full((4, 3, 1), 2.0))
    >>> g = equations.function(np.linalg.solve(equations.closing(1.0), side.total), 1.0, side)
    >>> bool(np.allclose(g, 2.0))
    True
    """

    def __init__(self, steps, jacobians):
        count, m, n = jacobians.shape[:3]
        b = basis(m)
        self.jacobians, self.steps, self.inner, self.quadrature = jacobians, steps, b.inner, b.quadrature
        self.weights = np.outer(steps, b.quadrature) / np.sum(steps)
        stages = -steps[:, None, None, None, None] * np.einsum("ijab,jk->ijakb", jacobians, b.inner)
        stages = stages.reshape(count, m * n, m * n) + np.eye(m * n)
        self.inverse = np.linalg.inv(stages)
        self.slopes = (self.inverse @ jacobians.reshape(count, m * n, n)).reshape(count, m, n, n)
        maps = np.eye(n) + steps[:, None, None] * np.einsum("j,ijab->iab", b.quadrature, self.slopes)
        self.levels = []
        begin, end = -maps, np.broadcast_to(np.eye(n), maps.shape)
        while len(begin) > 1:
            begin, end = self._join(begin, end)
        self.begin, self.end = begin[0], end[0]

    def _join(self, begin, end) -> tuple:
        """Join equations ``begin g_i + end g_{i+1} = c_i`` in pairs; the last is kept where it has no partner."""
        n, pairs = begin.shape[-1], len(begin) // 2
        first, second = slice(0, 2 * pairs, 2), slice(1, 2 * pairs, 2)
        q, r = np.linalg.qr(np.concatenate([end[first], begin[second]], axis=1), mode="complete")
        rotation = np.swapaxes(q, 1, 2)
        left, right = rotation[:, :, :n] @ begin[first], rotation[:, :, n:] @ end[second]
        self.levels.append(Level(rotation, r[:, :n], left[:, :n], right[:, :n]))
        rest = slice(2 * pairs, None)
        return np.concatenate([left[:, n:], begin[rest]]), np.concatenate([right[:, n:], end[rest]])

    def side(self, r) -> Side:
        """Carry a right-hand side (L, m, n), real or complex, through the reduction."""
        count, m, n = r.shape
        stages = (self.inverse @ r.reshape(count, m * n, 1)).reshape(count, m, n)
        totals, firsts = self.steps[:, None] * np.einsum("j,ija->ia", self.quadrature, stages), []
        for level in self.levels:
            pairs = len(level.triangle)
            turned = (level.rotation @ totals[: 2 * pairs].reshape(pairs, 2 * n, 1))[..., 0]
            firsts.append(turned[:, :n])
            totals = np.concatenate([turned[:, n:], totals[2 * pairs :]])
        return Side(stages, firsts, totals[0])

    def closing(self, kappa) -> np.ndarray:
        """(n, n) the matrix that takes g(0) of solutions with ``g(T) = kappa g(0)`` to the last equation's c."""
        return self.begin + kappa * self.end

    def multipliers(self) -> np.ndarray:
        """(n,) Floquet multipliers near the unit circle; others may be wrong in size."""
        from scipy.linalg import eigvals

        return eigvals(self.begin, -self.end)

    def function(self, start, kappa, side=None) -> np.ndarray:
        """(L, m, n) the solution with g(0) = start, g(T) = kappa start, for a right-hand side or 0."""
        ends = np.array([start, kappa * start])
        for k, level in reversed(list(enumerate(self.levels))):
            pairs = len(level.triangle)
            known = -(level.left @ ends[:pairs, :, None]) - level.right @ ends[1 : pairs + 1, :, None]
            known = known if side is None else known + side.firsts[k][..., None]
            middles = np.linalg.solve(level.triangle, known)[..., 0]
            both = np.empty((len(ends) + pairs, len(start)), np.result_type(ends, middles))
            both[0 : 2 * pairs : 2], both[1 : 2 * pairs : 2], both[2 * pairs :] = ends[:pairs], middles, ends[pairs:]
            ends = both
        stages = np.einsum("ijab,ib->ija", self.slopes, ends[:-1])
        stages = stages if side is None else stages + side.stages
        return ends[:-1, None, :] + self.steps[:, None, None] * np.einsum("jk,ika->ija", self.inner, stages)

    def mean(self, a, b):
        """Mean of ``<a, b>`` over the period, the first one conjugated."""
        return np.sum(self.weights * np.einsum("ija,ija->ij", np.conj(a), b))

    def size(self, a) -> float:
        """Root of the mean square over the period."""
        return float(np.sqrt(self.mean(a, a).real))
