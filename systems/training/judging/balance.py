"""Law I1 along descents near a branch, for problems whose weights are the layers of a homogeneous network.

A quadratic `balance` D(u), squared norms before a hidden layer less those behind it, obeys at every step
``D(u+) = (1 - eta lam)^2 D(u) + eta^2 D(g)`` exactly, ``u+ = u - eta (g + lam u)``.
"""

import numpy as np

from continuation.equations.derivatives import evaluate
from continuation.ground.names import check_numbers
from systems.training.kernels import largest

STEPS = 100  # the law is exact at each: a wrong factor shows at the first, what builds up within a hundred
FAR = 100.0  # times the start: no longer near
PUSH = 0.1  # of the state's size: descents begin this far from the branch
DECAY = "lam"  # name of the weight decay


def broken_law(problem, balance, point, eta, rng) -> float:
    """Measure the largest departure from the law over 100 steps from a random displacement, relative to ``|u|^2``.

    Parameters
    ----------
    problem : Problem
        ``F = -(g + lam u)`` with g the gradient of the loss without decay; the parameter ``lam``, if there is one.
    balance : callable
        ``balance(u)``: an array of quadratic forms.
    point : Point
    eta : float
    rng : Generator

    Examples
    --------
    One number factorised, ``F = -(u v - 1) (v, u)``; another difference of squares is not kept:

    >>> from continuation import Problem
    >>> problem = Problem.from_expressions({"u": "(1 - u*v)*v", "v": "(1 - u*v)*u"}, {"lam": 0})
    >>> point, rng = problem.solve([1.2, 0.9]), np.random.default_rng(0)
    >>> broken_law(problem, lambda w: w[:1] ** 2 - w[1:] ** 2, point, 0.1, rng) < 1e-14
    True
    >>> broken_law(problem, lambda w: w[:1] ** 2 - 2 * w[1:] ** 2, point, 0.1, rng) > 1e-3
    True
    """
    p, decay = problem.parameter_values(point.parameters), point.parameters.get(DECAY, 0.0)
    away = rng.normal(size=len(point.state))
    u = point.state + PUSH * (np.linalg.norm(point.state) or 1.0) * away / np.linalg.norm(away)
    worst, limit = 0.0, FAR * largest(u)
    for _ in range(STEPS):
        f = evaluate(problem, u, p)
        after = u + eta * f
        if not largest(after) <= limit:  # far from the branch the rate may be too large
            break
        expected = (1 - eta * decay) ** 2 * _values(balance, u) + eta**2 * _values(balance, -f - decay * u)
        worst = max(worst, float(np.max(np.abs(_values(balance, after) - expected)) / max(u @ u, after @ after)))
        u = after
    return worst


def _values(balance, u) -> np.ndarray:
    """Quadratic forms at u."""
    return check_numbers("balance(u)", np.ravel(balance(u)), 1)
