"""All isolated solutions of polynomial equations of degree 2 and 3, by homotopy from the total-degree start system.

By Bezout's theorem there are as many paths as solutions, each counted with its multiplicity: where every path ends at
a simple solution of its own, proven to be one, there is no other, whatever the paths did on their way.
"""

import time
from typing import NamedTuple

import numpy as np

from continuation.branching.certificates import certify, find_doubles
from continuation.ground.interrupts import raise_if_heard

SMALLEST = 1e-9  # step in t below which a path ends where it is: its limit is singular
NEAR = (
    1e-4  # of 1 - t, for such an end: the last 1e-9 of a path of multiplicity 2 are 3e-5 long; farther off it is lost
)
TIGHT = 1e-3  # the first correction of a step may be this long, of unit vectors: longer ones may jump to another path
TIGHTER = 0.1  # factors of that where two paths have met, twice at most
FINITE = 1e-7  # last coordinate, of a unit vector, of a solution that is not at infinity
ROUNDS = 4000  # steps of all paths together
ATTEMPTS = 3  # runs with other constants where paths were lost, or met
BLOCK = 512  # paths followed at once: half as many, 30 % dearer; ten times more, a budget is overdrawn by seconds


class Polynomials(NamedTuple):
    """Homogeneous equations ``A[i] x x = 0`` and ``B[i] x x x = 0`` with symmetric tensors, x in projective space."""

    quadratic: np.ndarray  # (a, m, m)
    cubic: np.ndarray  # (b, m, m, m)

    @property
    def degrees(self) -> np.ndarray:
        """Degrees of the equations."""
        return np.repeat([2, 3], [len(self.quadratic), len(self.cubic)])

    @property
    def paths(self) -> int:
        """Number of complex solutions, each as often as it counts."""
        return int(np.prod(self.degrees))

    def values(self, x):
        """Values (paths, a + b) and Jacobians (paths, a + b, m) at x (paths, m)."""
        p, m = x.shape
        squares = (x[:, :, None] * x[:, None, :]).reshape(p, m * m)
        one = (x @ self.quadratic.reshape(-1, m).T).reshape(p, len(self.quadratic), m)
        two = (squares @ self.cubic.reshape(-1, m * m).T).reshape(p, len(self.cubic), m)
        both = np.concatenate([one, two], axis=1)
        return (both @ x[:, :, None])[..., 0], self.degrees[:, None] * both


def solve_polynomials(polynomials: Polynomials, seed=0, deadline=np.inf):
    """Find all isolated solutions in complex projective space.

    Parameters
    ----------
    polynomials : Polynomials
        m - 1 equations in m homogeneous unknowns, coefficients of order 1.
    seed : int
        Of the random constants.
    deadline : float
        Of `time.monotonic`: no further block of paths is begun that would end later, and nothing tried again.  The
        first block is always followed.

    Returns
    -------
    solutions : (paths, m) complex array
        Unit vectors, one for each path; those at infinity have a last coordinate of 0.  NaN where the path has no
        end of its own: it was not followed, was lost, or came to the simple solution of another path.
    regular : (paths,) bool array
        Whether the path ended at a simple solution, proven to exist; these are all different.

    Notes
    -----
    Every isolated solution is the end of a path, of as many as its multiplicity; every connected set of solutions
    holds at least one end (Sommese & Wampler, *The Numerical Solution of Systems of Polynomials*, 2005, chapters 7
    and 8).  Paths that end at one simple solution have met on their way and are followed again in shorter steps.
    Cost: 2**a 3**b paths, 2 ms each for m = 8.

    Examples
    --------
    Two circles of radius 1, one moved by 1, meet at x = 1/2 (and twice at infinity):

    >>> one = np.diag([1.0, 1.0, -1.0])
    >>> two = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    >>> x, regular = solve_polynomials(Polynomials(np.array([one, two]), np.zeros((0, 3, 3, 3))))
    >>> finite = x[abs(x[:, 2]) > 1e-7]
    >>> np.round((finite[:, 0] / finite[:, 2]).real, 12)
    array([0.5, 0.5])
    """
    best = None
    for attempt in range(ATTEMPTS):
        h = Homotopy(polynomials, np.random.default_rng([seed, attempt]))
        x, regular = separate_paths(h, *follow_in_blocks(h, start_solutions(h.degrees), deadline), deadline)
        if best is None or np.sum(regular) > np.sum(best[1]):
            best = x, regular
        if np.all(np.isfinite(x)) or time.monotonic() > deadline:
            break
    return best


def follow_in_blocks(h, starts, deadline):
    """Ends of the paths from `starts` and whether each is simple, block by block while there is time."""
    x, simple = np.full_like(starts, np.nan), np.zeros(len(starts), bool)
    began = time.monotonic()
    for first in range(0, len(starts), BLOCK):
        block = slice(first, first + BLOCK)
        x[block], simple[block] = follow_paths(h, starts[block], TIGHT)
        now = time.monotonic()
        if now + (now - began) / (first // BLOCK + 1) > deadline:
            break
    return x, simple


def separate_paths(h, x, simple, deadline):
    """The ends with paths that met at one simple solution followed again, NaN where they still do; which are proven."""
    starts, tight = start_solutions(h.degrees), TIGHT
    for _ in range(2):
        _, pairs = proven_ends(h.goal, x, simple)
        if not len(pairs) or time.monotonic() > deadline:
            break
        tight *= TIGHTER
        again = np.unique(pairs)
        x[again], simple[again] = follow_paths(h, starts[again], tight)
    proven, pairs = proven_ends(h.goal, x, simple)
    x[pairs[:, 1]], proven[pairs[:, 1]] = np.nan, False
    return x, proven


def proven_ends(polynomials, x, simple):
    """Which of the simple ends are proven to be that, and the pairs (k, 2) of those that are one solution."""
    at = np.flatnonzero(simple)
    certificates = certify(polynomials, x[at])
    proven = np.zeros(len(x), bool)
    proven[at] = certificates.proven
    return proven, at[find_doubles(x[at], certificates)]


def start_solutions(degrees) -> np.ndarray:
    """All (paths, m) solutions of ``x_i ** d_i = x_last ** d_i``."""
    grids = np.meshgrid(*[np.exp(2j * np.pi * np.arange(d) / d) for d in degrees], indexing="ij")
    x = np.column_stack([*(g.ravel() for g in grids), np.ones(grids[0].size, complex)])
    return x / np.linalg.norm(x, axis=1)[:, None]


class Homotopy:
    """``(1 - t) c_i (x_i**d_i - x_last**d_i) + t P_i(x)``, with the paths held by ``<x, dx> = 0``."""

    def __init__(self, polynomials, generator):
        self.goal = polynomials
        self.degrees = polynomials.degrees
        self.constants = np.exp(2j * np.pi * generator.random(len(self.degrees)))

    def parts(self, x):
        """Start system and goal at x: values and Jacobians of both."""
        d, n = self.degrees, len(self.degrees)
        head, last = x[:, :n], x[:, n:]
        value = self.constants * (head**d - last**d)
        jacobian = np.zeros((len(x), n, n + 1), complex)
        jacobian[:, np.arange(n), np.arange(n)] = self.constants * d * head ** (d - 1)
        jacobian[:, :, n] = -self.constants * d * last ** (d - 1)
        return value, jacobian, *self.goal.values(x)

    def slope(self, x, t):
        """dx/dt along the paths."""
        start, start_x, goal, goal_x = self.parts(x)
        return self.solve_with_border(x, t, start_x, goal_x, start - goal)

    def correction(self, x, t):
        """Newton correction at fixed t."""
        start, start_x, goal, goal_x = self.parts(x)
        return self.solve_with_border(x, t, start_x, goal_x, -((1 - t)[:, None] * start + t[:, None] * goal))

    def solve_with_border(self, x, t, start_x, goal_x, right):
        """Solve with the homotopy's Jacobian and the row conj(x)."""
        w = t[:, None, None]
        a = np.concatenate([(1 - w) * start_x + w * goal_x, x.conj()[:, None, :]], axis=1)
        rhs = np.concatenate([right, np.zeros((len(x), 1))], axis=1)
        return solve_each(a, rhs)


def solve_each(a, rhs):
    """Solutions of many small systems; NaN for those that are singular to the last digit."""
    try:
        return np.linalg.solve(a, rhs[..., None])[..., 0]
    except np.linalg.LinAlgError:
        out = np.full_like(rhs, np.nan)
        for k, (one, b) in enumerate(zip(a, rhs)):
            if np.linalg.matrix_rank(one) == len(b):
                out[k] = np.linalg.solve(one, b)
        return out


def follow_paths(h, starts, tight):
    """Ends of the paths from `starts`, NaN for those that were lost, and whether each is simple."""
    x, t, dt = starts.copy(), np.zeros(len(starts)), np.full(len(starts), 0.02)
    with np.errstate(all="ignore"):
        for _ in range(ROUNDS):
            on = np.flatnonzero((t < 1.0) & (dt > SMALLEST))
            if len(on) == 0:
                break
            raise_if_heard()
            step = np.minimum(dt[on], 1.0 - t[on])
            moved, good = advance_paths(h, x[on], t[on], step, tight)
            x[on[good]] = moved[good]
            t[on[good]] += step[good]
            t[on[good]] = np.where(1.0 - t[on[good]] < 1e-15, 1.0, t[on[good]])
            dt[on] = np.where(good, 1.5 * dt[on], 0.5 * dt[on])
    x[1.0 - t > NEAR] = np.nan
    return x, (t == 1.0) & are_simple(h, x)


def advance_paths(h, x, t, step, tight):
    """One step of the paths: predicted by the classical Runge-Kutta rule, corrected; and which were accepted."""
    s = step[:, None]
    a = h.slope(x, t)
    b = h.slope(x + 0.5 * s * a, t + 0.5 * step)
    c = h.slope(x + 0.5 * s * b, t + 0.5 * step)
    d = h.slope(x + s * c, t + step)
    x = x + s * (a + 2 * b + 2 * c + d) / 6
    good = np.ones(len(x), bool)
    for bound in (tight, 1e-2 * tight, 1e-9):
        x = x / np.linalg.norm(x, axis=1)[:, None]
        d = h.correction(x, t + step)
        good &= np.linalg.norm(d, axis=1) <= bound
        x = x + d
    x = x / np.linalg.norm(x, axis=1)[:, None]
    return x, good


def are_simple(h, x):
    """Whether the goal's Jacobian, bordered, is regular at each x."""
    _, _, _, jacobian = h.parts(x)
    a = np.concatenate([jacobian, x.conj()[:, None, :]], axis=1)
    a = np.where(np.isfinite(a), a, 0.0)
    sigma = np.linalg.svd(a, compute_uv=False)
    return sigma[:, -1] > 1e-6 * sigma[:, 0]
