"""Ways to a solution other than by deflation: where that gives nothing for a while, guesses are tried in these too.

Deflated and damped, Newton's method ends where nothing lowers the residual, the sooner the more solutions are deflated.
Steps of bounded length that need not lower anything go on, and end at known solutions more often than not; they are
cheap, and each reaches what others do not:

- in the whole space;
- in the spaces fixed by subgroups of a symmetry, in fewer unknowns: solutions with equal, or missing, parts;
- for a gradient system towards a saddle of given index: down along all eigenvectors of F_u but the first few, up along
  these (C. J. Cerjan, W. H. Miller, J. Chem. Phys. 75 (1981) 2800-2806, doi:10.1063/1.442352), from a guess or from
  beside a known solution, along an eigenvector that leads to its neighbours.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from continuation.searching.deflation import CLOSE, Attempt, find_step
from continuation.symmetries.fixed_spaces import list_fixed_spaces

STRIDE = 0.25  # longest step, in half-widths of the search: twice as long, half as many attempts settle
ARRIVING = 0.1  # a step that ends so near to a known solution, relative to its length, ends there
FLATTEST = 1e-3  # eigenvalues smaller than this, relative to the largest, count as that: no step is longer for them
ASIDE = 0.2  # half-widths of the search between a known solution and where a search beside it starts
TRIAL = 50  # iterations, a few attempts, that a way is given before what it gave tells; much more spreads them evenly
# More new solutions are expected of deflation than of another way, few for gradients, whose saddles have ways of their
# own.  Where deflation is slow but sure, the others cost a tenth; with 1 instead of 8 they cost a third.
TRUST, OF_GRADIENTS = 8, 1
LARGEST = 64  # unknowns up to which eigenvectors cost no more than a few factorisations


def bounded_newton(equations, deflation, guess, longest, iterations, space=None) -> Attempt:
    """Newton from a guess (n,) by steps no longer than `longest`; within a fixed `space` (n, d) if one is given."""

    def find(a, f):
        if space is None:
            return find_step(a, f)
        step = find_step(space.T @ a @ space, space.T @ f)
        return None if step is None else space @ step

    start = np.array(guess, float) if space is None else space @ (space.T @ guess)
    return follow_steps(equations, deflation, start, longest, iterations, find)


def seek_index(equations, deflation, guess, longest, iterations, index) -> Attempt:
    """To a solution of a gradient system at which F_u, symmetric, has `index` positive eigenvalues, from (n,)."""

    def find(a, f):
        if not (np.isfinite(a).all() and np.isfinite(f).all()):
            return None
        values, vectors = np.linalg.eigh(-0.5 * (a + a.T))  # of the Hessian, ascending
        sizes = np.maximum(np.abs(values), FLATTEST * np.max(np.abs(values)) or 1.0)
        along = (vectors.T @ f) / sizes
        along[:index] *= -1.0
        return vectors @ along

    return follow_steps(equations, deflation, np.array(guess, float), longest, iterations, find)


def follow_steps(equations, deflation, u, longest, iterations, find) -> Attempt:
    """Steps ``find(F_u, F)`` from u, each cut to its longest, until one is small, or leads to a known solution."""
    before = 0.0 * u
    with np.errstate(all="ignore"):
        for k in range(1, iterations + 1):
            f, a = equations.residual(u), equations.jacobian(u)
            step = find(a, f)
            if step is None or not np.isfinite(step).all():
                return Attempt(u, k, "singular" if np.isfinite(a).all() and np.isfinite(f).all() else "nonfinite")
            size = deflation.norm(step)
            if (deflation.weights * before) @ step < 0.0:
                longest *= 0.5
            before = step
            u = u + min(1.0, longest / size if size > 0.0 else 1.0) * step
            nearest = math.sqrt(deflation.look(u)[1].min(initial=math.inf))
            if size <= longest and nearest <= max(ARRIVING * size, CLOSE * deflation.size(u)):
                return Attempt(u, k, "known")
            if size <= CLOSE * deflation.size(u):
                return Attempt(u, k, "")
    return Attempt(u, iterations, "slow")


def step_aside(equations, u, distance, number):
    """A place beside a solution u (n,) of a gradient system, along an eigenvector, and the index to look for there.

    Numbers 0, 1, 2, ... go along the eigenvectors of the eigenvalues next to zero, forwards, then backwards: down those
    that are unstable, towards a solution of lower index; up the others, to one of higher index.
    """
    a = equations.jacobian(u)
    if not np.isfinite(a).all():
        return u, 0
    values, vectors = np.linalg.eigh(0.5 * (a + a.T))
    softest = np.argsort(np.abs(values), kind="stable")
    k = softest[number // 2 % len(values)]
    index = int(np.sum(values > 0.0))
    side = 1.0 if number % 2 == 0 else -1.0
    return u + side * distance * vectors[:, k], max(index - 1, 0) if values[k] > 0.0 else index + 1


class Tally(NamedTuple):
    """Attempts in one way, the iterations they took and the new solutions they gave."""

    attempts: int = 0
    iterations: int = 0
    new: int = 0

    @property
    def worth(self) -> float:
        """New solutions for an iteration, as if one more were found in `TRIAL` more."""
        return (self.new + 1) / (self.iterations + TRIAL)


class OtherWays:
    """The ways there are for a problem, with counters of what has been tried."""

    def __init__(self, problem, equations, deflation):
        self.problem, self.at = problem, (equations, deflation)
        self.is_gradient = bool(problem.symmetric) and equations.size <= LARGEST
        self.indices = []  # of the solutions found

    @functools.cached_property
    def spaces(self) -> list:
        """Bases (n, d) of the spaces that subgroups of the symmetry fix."""
        symmetry = getattr(self.problem, "symmetry", None)
        acts = self.at[0].size == len(self.problem.states) and len(getattr(symmetry, "elements", ())) > 1
        return list_fixed_spaces(symmetry) if acts else []

    @functools.cached_property
    def tally(self) -> dict:
        """For each way there is, the attempts, the iterations they took and the new solutions they gave."""
        names = ["plain", *(["within"] if self.spaces else []), *(["towards", "beside"] if self.is_gradient else [])]
        return {name: Tally() for name in names}

    def choose(self, idle) -> str:
        """The way that has given most for its iterations; none, ``""``, where deflation, `idle` for so many, has."""
        best = max(self.tally, key=lambda way: self.tally[way].worth)
        return (
            best if self.tally[best].worth > Tally(0, idle, OF_GRADIENTS if self.is_gradient else TRUST).worth else ""
        )

    def count(self, way, iterations, new):
        """Keep what an attempt in a way took, and whether it gave something new."""
        old = self.tally[way]
        self.tally[way] = Tally(old.attempts + 1, old.iterations + iterations, old.new + new)

    def attempt(self, way, guess, half, found, iterations) -> Attempt:
        """One attempt in a way from a guess (n,), half-widths (n,) of its search, given the solutions found so far."""
        equations, deflation = self.at
        width, k = deflation.norm(half), self.tally[way].attempts
        rest = STRIDE * width, iterations
        if way == "plain":
            return bounded_newton(equations, deflation, guess, *rest)
        if way == "within":
            return bounded_newton(equations, deflation, guess, *rest, self.spaces[k % len(self.spaces)])
        if way == "towards" or not found:
            return seek_index(equations, deflation, guess, *rest, k % (1 + self.highest(found)))
        start, index = step_aside(equations, found[k % len(found)], ASIDE * width, k // len(found))
        return seek_index(equations, deflation, start, *rest, index)

    def highest(self, found) -> int:
        """One more than the highest index of a known solution."""
        self.indices += [count_index(self.at[0], u) for u in found[len(self.indices) :]]
        return 1 + max(self.indices, default=0)


def count_index(equations, u) -> int:
    """Number of positive eigenvalues of a symmetric F_u."""
    a = equations.jacobian(u)
    return int(np.sum(np.linalg.eigvalsh(0.5 * (a + a.T)) > 0.0)) if np.isfinite(a).all() else 0
