"""Which sums of states a problem conserves: c with ``c . F(u, p) = 0`` identically.

Such a c is a left null vector of F_u and of F_p everywhere, and of the values of F at enough states: the values span
what F can reach.  So F is evaluated at random states, large and small, and at random parameters around the given ones,
where slow and fast processes take turns in being the largest.  The null vectors found are rationalised, and each is
then checked against the size of its own terms: only what cancels to rounding everywhere is conserved.
"""

from typing import NamedTuple

import numpy as np

from continuation.derived.conserved.rational_basis import rational_basis
from continuation.equations.derivatives import evaluate, state_jacobian

EXTRA = 30  # states more than there are unknowns; two for each unknown would do, were none outside the domain of F
SINGULAR = 1e-8  # relative: null vectors to try, those that fail the check below are dropped one after the other
# Of |c . F| beside the sum of |c_i F_i|, at every state: what cancels leaves 1e-16 to 1e-13.  Ten times larger takes a
# leak of 1e-10 of all that happens for none, ten times smaller misses sums in functions that cancel within themselves.
CANCELS = 1e-11
# Singular values of F_u that may be zero, relative: differences leave 1e-10 of the largest entry.  Too large costs
# time, as conserved sums are looked for in vain; ten times smaller overlooks them in functions without derivatives.
DOUBTFUL = 1e-6
SPREAD, WIDE_SPREAD = 0.3, 3.0  # powers of ten by which parameters change: exponents take no large changes, rates do
SIZES = (-3.0, 5.0)  # powers of ten of the states


class ConservedSum(NamedTuple):
    """A sum of states that does not change: coefficients (n,) and what users call it."""

    coefficients: np.ndarray
    text: str

    @classmethod
    def of(cls, coefficients, states):
        """Write down a sum of states."""
        values = np.array([float(c) for c in coefficients])
        return cls(values, sum_text(values, states))


class Conserved(NamedTuple):
    """Independent sums that a problem conserves; `always`: at all parameters, else only at those given.

    ``general`` are those conserved at all parameters, where there are fewer of them.
    """

    sums: tuple
    always: bool
    general: tuple = ()

    @property
    def words(self) -> str:
        """The sums as a subject with its verb."""
        *others, last = [one.text for one in self.sums]
        where = "" if self.always else " at these parameters"
        return f"{', '.join(others)} and {last} are conserved{where}" if others else f"{last} is conserved{where}"

    @property
    def matrix(self) -> np.ndarray:
        """(t, n) coefficients."""
        return np.array([one.coefficients for one in self.sums])


def conserved_sums(problem, p, box=None) -> Conserved | None:
    """Find the sums of states that a problem conserves; None where there are none, or too few values of F are finite.

    Parameters
    ----------
    problem : Problem
        With a residual; its unknowns are its states.
    p : (k,) array
        Parameters and constants.  Sums that are conserved whatever the (named) parameters are come first of all; those
        that need these values only where there are more of them.
    box : (2, n) array, optional
        Corners of where F_u is looked at first; F may have no values elsewhere.

    Notes
    -----
    Cost: one Jacobian where nothing is conserved, else some ``4 (n + 30)`` residuals and singular values.
    """
    if not may_conserve(problem, p, box):
        return None
    always = _basis(problem, p, varied=True)
    here = _basis(problem, p, varied=False)
    if not here and not always:
        return None
    general, special = (tuple(ConservedSum.of(row, problem.states) for row in rows) for rows in (always, here))
    return Conserved(general, True, general) if len(always) >= len(here) else Conserved(special, False, general)


def safe_sums(problem, p, found: Conserved) -> Conserved | None:
    """Of the sums found at p (k,), those that may be eliminated whatever becomes of the parameters; else None.

    All of them where there are as many at other parameters, so that solutions are never isolated: their coefficients
    may hang on parameters, as on the sizes of compartments.  Else those that hold at all parameters: what is conserved
    because a rate happens to be zero is no more where it is not.
    """
    if found.always or _count_elsewhere(problem, p) >= len(found.sums):
        return found
    return Conserved(found.general, True, found.general) if found.general else None


def _count_elsewhere(problem, p) -> int:
    """How many sums are conserved at other parameters of the same signs, with whatever coefficients."""
    named, counts = len(problem.parameters), []
    for seed in range(2):  # where F is finite at one of them; both are generic, so that nothing happens to be conserved
        q = p.copy()
        factors = 10.0 ** np.random.default_rng(seed).uniform(-SPREAD, SPREAD, named)
        q[:named] = np.where(p[:named] != 0, p[:named], 1.0) * factors
        counts.append(len(_basis(problem, q, varied=False)))
    return max(counts)


def is_conserved(problem, coefficients, p, varied=()) -> bool:
    """Whether a sum (n,) is conserved at parameters p, also when those at the places `varied` change."""
    return _cancels(coefficients, sampled_values(problem, p, varied, seed=2))


def is_singular(problem, u, p) -> bool:
    """Whether F_u (n, n) at a state has no full rank, its rows and columns scaled: what a conserved sum causes."""
    a = state_jacobian(problem, u, p)
    if not np.all(np.isfinite(a)):
        return False
    for axis in (1, 0):
        size = np.max(np.abs(a), axis=axis, keepdims=True)
        a = a / np.maximum(size, DOUBTFUL * max(np.max(size), 1e-300))
    sigma = np.linalg.svd(a, compute_uv=False)
    return bool(sigma[-1] <= DOUBTFUL * sigma[0])


def may_conserve(problem, p, box=None) -> bool:
    """Whether F_u is singular at a random state (of a box): cheap to refute for all problems that conserve nothing."""
    for seed in range(4):
        u = np.random.default_rng(seed).uniform(0.0, 1.0, len(problem.states))
        if box is not None:
            u = box[0] + u * (box[1] - box[0])
        else:
            u = (0.2 + 2.0 * u) * (np.cos(np.arange(len(u))) if seed % 2 else 1.0)
        try:
            if np.all(np.isfinite(evaluate(problem, u, p))):
                return is_singular(problem, u, p)
        except (ArithmeticError, ValueError):  # plain Python outside its domain
            continue
    return box is None


def _basis(problem, p, varied) -> list:
    """Rational basis of the sums conserved at p, or at all parameters."""
    places = range(len(problem.parameters)) if varied else ()
    values = sampled_values(problem, p, places)
    if values.shape[1] < len(values):
        return []
    sizes = np.max(np.abs(values), axis=1, keepdims=True)  # of equations that are slow throughout
    sizes = np.where(sizes > 0, sizes, 1.0)
    left, sigma, _ = np.linalg.svd(values / sizes)
    others = sampled_values(problem, p, places, seed=1)
    for count in range(int(np.sum(sigma <= SINGULAR * max(sigma[0], 1e-300))), 0, -1):
        basis = rational_basis(left[:, -count:].T / sizes.T)
        checked = [np.array([float(c) for c in row]) for row in basis]
        if all(_cancels(row, values) and _cancels(row, others) for row in checked):
            return basis
    return []


def sampled_values(problem, p, varied=(), seed=0) -> np.ndarray:
    """(n, m) finite values of F at random states and parameters, each divided by its largest entry."""
    rng, n, columns = np.random.default_rng(seed), len(problem.states), []
    varied = np.array(varied, int)
    for k in range(4 * (n + EXTRA)):
        u = 10.0 ** (rng.uniform(*SIZES) * (k % 2) + rng.uniform(-1.0, 1.0, n))
        u = u * rng.choice([-1.0, 1.0], n) if k % 3 == 2 else u
        q, spread = p.copy(), (SPREAD, WIDE_SPREAD)[(k // 2) % 2]
        q[varied] = np.where(p[varied] != 0, p[varied], 1.0) * 10.0 ** rng.uniform(-spread, spread, len(varied))
        try:
            f = evaluate(problem, u, q)
        except (ArithmeticError, ValueError):  # plain Python outside its domain
            continue
        size = np.max(np.abs(f))
        if np.isfinite(size) and 1e-200 < size < 1e200:
            columns.append(f / size)
        if len(columns) >= n + EXTRA:
            break
    return np.array(columns).reshape(-1, n).T


def _cancels(coefficients, values) -> bool:
    """Whether a sum (n,) of the rows of values (n, m) vanishes to rounding in every column."""
    terms = coefficients[:, None] * values
    return bool(values.shape[1] and np.all(np.abs(terms.sum(axis=0)) <= CANCELS * np.abs(terms).sum(axis=0)))


def sum_text(coefficients, states) -> str:
    """A sum of states as an expression.

    Examples
    --------
    >>> sum_text(np.array([1.0, -2.0, 0.0]), ("x", "y", "z"))
    'x - 2*y'
    """
    text = ""
    for value, name in zip(coefficients, states):
        if value:
            sign = ("-" if value < 0 else "") if not text else (" - " if value < 0 else " + ")
            text += f"{sign}{'' if abs(value) == 1 else f'{abs(value):.9g}*'}{name}"
    return text
