"""All isolated solutions of polynomial equations of degree 2 and 3, by homotopy from the total-degree start system."""

from typing import NamedTuple

import numpy as np

from continuation.ground.interrupts import raise_if_heard

SMALLEST = 1e-9  # step in t below which a path ends where it is: its limit is singular
TIGHT = 1e-3  # the first correction of a step may be this long, of unit vectors: longer ones may jump to another path
FINITE = 1e-7  # last coordinate, of a unit vector, of a solution that is not at infinity
ROUNDS = 4000  # steps of all paths together
ATTEMPTS = 3  # runs with other constants where two paths met


class Polynomials(NamedTuple):
    """Homogeneous equations ``A[i] x x = 0`` and ``B[i] x x x = 0`` with symmetric tensors, x in projective space."""

    quadratic: np.ndarray  # (a, m, m)
    cubic: np.ndarray  # (b, m, m, m)

    def values(self, x):
        """Values (paths, a + b) and Jacobians (paths, a + b, m) at x (paths, m)."""
        one = np.einsum("ijk,pk->pij", self.quadratic, x)
        two = np.einsum("ijkl,pk,pl->pij", self.cubic, x, x)
        both = np.concatenate([one, two], axis=1)
        degrees = np.repeat([2.0, 3.0], [len(self.quadratic), len(self.cubic)])
        return np.einsum("pij,pj->pi", both, x), degrees[:, None] * both


def solve_polynomials(polynomials: Polynomials, seed=0):
    """Find all isolated solutions in complex projective space.

    Parameters
    ----------
    polynomials : Polynomials
        m - 1 equations in m homogeneous unknowns, coefficients of order 1.
    seed : int
        Of the random constants.

    Returns
    -------
    solutions : (paths, m) complex array
        Unit vectors, one for each path; those at infinity have a last coordinate of 0.
    regular : (paths,) bool array
        Whether the path ended at a simple solution.

    Notes
    -----
    Every isolated solution is the end of a path, of as many as its multiplicity; every connected set of solutions
    holds at least one end (Sommese & Wampler, *The Numerical Solution of Systems of Polynomials*, 2005, chapters 7
    and 8).  Cost: 2**a 3**b paths, all followed at once.

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
    for attempt in range(ATTEMPTS):
        x, regular = follow_paths(polynomials, np.random.default_rng([seed, attempt]), TIGHT * 0.1**attempt)
        if not have_met(x[regular]):
            break
    return x, regular


def have_met(x) -> bool:
    """Whether two of the simple solutions (unit vectors) are the same: a path was lost to another."""
    overlap = np.abs(x.conj() @ x.T)
    return bool(np.any(overlap - np.eye(len(x)) > 1.0 - 1e-12))


def start_solutions(degrees) -> np.ndarray:
    """All (paths, m) solutions of ``x_i ** d_i = x_last ** d_i``."""
    grids = np.meshgrid(*[np.exp(2j * np.pi * np.arange(d) / d) for d in degrees], indexing="ij")
    x = np.column_stack([*(g.ravel() for g in grids), np.ones(grids[0].size, complex)])
    return x / np.linalg.norm(x, axis=1)[:, None]


class Homotopy:
    """``(1 - t) c_i (x_i**d_i - x_last**d_i) + t P_i(x)``, with the paths held by ``<x, dx> = 0``."""

    def __init__(self, polynomials, generator):
        self.goal = polynomials
        self.degrees = np.repeat([2, 3], [len(polynomials.quadratic), len(polynomials.cubic)])
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


def follow_paths(polynomials, generator, tight):
    """Ends of all paths and whether each is simple."""
    h = Homotopy(polynomials, generator)
    x = start_solutions(h.degrees)
    t, dt = np.zeros(len(x)), np.full(len(x), 0.02)
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
