"""Whether a point is a solution as far as rounding lets one tell: the one definition that all rooms use.

A residual is small or large only beside its own terms, ``sum_j |dF_i/dx_j| |x_j|`` for equation i: this knows no units
of equations, and is not led astray where derivatives grow without bound and a tiny correction leaves a large residual.
Where all terms vanish (x = 1e-17 for x = 0) what F is a little way off takes their place; and nothing can be asked of a
residual that is what the last digits of x leave of it.  How large 1 is for an unknown is told by the inner product.
"""

import numpy as np

from continuation.equations.bordered import DOUBTFUL, solve_least_norm
from continuation.equations.derivatives import evaluate, extended_jacobian, probed, state_jacobian
from continuation.equations.measures.measure import magnitudes_of

# Largest Newton correction of a solution, relative to 1 + |x| in the inner product's units.  Ten times less refuses
# solutions of badly conditioned equations, ten times more accepts points that are off visibly.
STEP = 1e-9
# Largest residual, relative to its own terms.  Ten times less comes near what differences leave, ten times more accepts
# points with seven digits.
TERMS = 1e-8
# The same where the residual is rounding: a threefold solution is known to the third root of it.
MULTIPLE = 1e-4
AROUND = 1e-2  # how far off F is looked at, relative to 1 + |x|: nearer, it says what F_u does
# Distance of the points, relative to each unknown, whose differences show noise, and how often it a residual may be: at
# ten times that distance functions bend, at a tenth neighbours round alike.
APART, SPREAD = 1e-7, 8.0


def is_solution(problem, x, p, active=None, *, step=STEP, terms=TERMS) -> bool:
    """Whether F vanishes at a point, to rounding.

    Parameters
    ----------
    problem : Equations
    x : (n,) or, with `active`, (n + 1,) array
        Unknowns, the varied parameter last.
    p : (k,) array
        Parameters and constants.
    active : int, optional
        Index in p of the varied parameter.
    step, terms : float
        Largest correction relative to ``1 + |x|``, largest residual relative to its own terms.

    Notes
    -----
    Costs three residuals; a Jacobian and a singular value decomposition, and nine more residuals, where they leave a
    doubt.

    Examples
    --------
    >>> from continuation import Problem
    >>> root = Problem.from_expressions({"x": "x**2 - p"}, {"p": 4.0})
    >>> [is_solution(root, np.array([x]), np.array([4.0])) for x in (2.0, 2.0 + 1e-12, 2.0 + 1e-6)]
    [True, True, False]
    """
    p = np.array(p, float)

    def residual(x):
        if active is None:
            return evaluate(problem, x, p)
        p[active] = x[-1]
        return evaluate(problem, x[:-1], p)

    def jacobian(x):
        return state_jacobian(problem, x, p) if active is None else extended_jacobian(problem, x, p, active)

    return vanishes(residual, jacobian, x, lengths_of(problem, len(x)), step=step, terms=terms)


def lengths_of(problem, size) -> np.ndarray:
    """(size,) lengths that the inner product calls 1, of the unknowns and the varied parameter if it is among them."""
    return magnitudes_of(problem.inner_weights())[:size]


def vanishes(residual, jacobian, x, units, *, step=STEP, terms=TERMS) -> bool:
    """`is_solution` for functions of x (N,): ``residual(x)`` (n,) and ``jacobian(x)`` (n, N); units (N,) of x."""
    with np.errstate(all="ignore"):
        signed = residual(x)
        f = np.abs(signed)
        if not np.all(np.isfinite(f)):
            return False
        around = size_around(residual, x, units)
        if np.all(f <= np.finfo(float).eps * around):
            return True
        a = jacobian(x)
        if not np.all(np.isfinite(a)):
            return False
        d, size = solve_least_norm(a * units, signed, DOUBTFUL), 1 + np.linalg.norm(x / units)
        if not np.linalg.norm(d) <= MULTIPLE * size:
            return False
        if np.linalg.norm(d) <= step * size:
            f[f <= terms * np.maximum(np.abs(a) @ np.abs(x), around)] = 0.0
        return bool(np.all(f == 0.0) or np.all(f <= noise_at(residual, x)))


def size_around(residual, x, units) -> np.ndarray:
    """(n,) size of the residual a little way off, in two generic directions; zero where it has no value there."""
    places = np.outer([1.0, 2.0], 1.0 + np.arange(len(x)))
    found = [np.abs(probed(residual, x + AROUND * (units + np.abs(x)) * np.cos(place))) for place in places]
    return np.maximum(*[np.where(np.isfinite(size), size, 0.0) for size in found])


def noise_at(residual, x) -> np.ndarray:
    """(n,) what rounding leaves of the residual around x, from third differences; NaN where it has no value.

    J. J. Moré, S. M. Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011), doi:10.1137/100786125.
    """
    values = np.array(np.broadcast_arrays(*[probed(residual, x * (1.0 + k * APART)) for k in range(-4, 5)]))
    return SPREAD * np.sqrt(np.mean(np.diff(values, 3, axis=0) ** 2, axis=0) / 20.0)  # 20: sum of squares of 1 3 3 1
