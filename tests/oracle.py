"""Exact answers for the textbook systems, where the engine can't read them: closed forms, slow and obvious.

Nothing here uses `continuation` or `systems`.  Points are tuples ``(parameter, state ...)``.
"""

import math

from scipy.optimize import brentq

# The branch of each scalar system, as its parameter at the state x.


def fold_parameter(x):
    """``p = x**2`` on the branch of the fold; the fold is at x = 0."""
    return x**2


def cusp_parameter(x, nu=1.0):
    """``mu = x**3 - nu x``."""
    return x**3 - nu * x


def snake_parameter(u):
    """``p = u / 10 + sin u``."""
    return u / 10 + math.sin(u)


# Special points.


def cusp_folds(nu=1.0):
    """Both folds ``(mu, x)`` for ``nu > 0``, by ascending mu: ``3 x**2 = nu``, ``mu = -+2 (nu/3)**1.5``."""
    x = math.sqrt(nu / 3)
    return [(cusp_parameter(x, nu), x), (cusp_parameter(-x, nu), -x)]


def circle_folds():
    """Both folds ``(p, x)`` of the unit circle, by ascending p."""
    return [(-1.0, 0.0), (1.0, 0.0)]


def snake_folds(low, high):
    """Folds ``(p, u)`` with ``low < u < high``, by ascending u: ``cos u = -1/10``."""
    angle, turns = math.acos(-0.1), range(math.floor(low / math.tau) - 1, math.ceil(high / math.tau) + 2)
    states = sorted(sign * angle + math.tau * k for k in turns for sign in (-1, 1))
    return [(snake_parameter(u), u) for u in states if low < u < high]


def hopf_point(omega=1.0):
    """``(mu, frequency)`` of the Hopf point of the normal form, at x = y = 0."""
    return 0.0, abs(omega)


def brusselator_hopf(a=1.0):
    """``(b, frequency)`` at x = a, y = b / a: trace ``b - 1 - a**2`` zero, determinant ``a**2``."""
    return 1 + a**2, a


def lorenz_equilibrium(rho, beta=8 / 3):
    """The equilibrium ``(x, y, z)`` with x > 0, for ``rho > 1``."""
    x = math.sqrt(beta * (rho - 1))
    return x, x, rho - 1


def lorenz_branch_point():
    """``rho`` where the two other equilibria leave the origin."""
    return 1.0


def lorenz_hopf(sigma=10.0, beta=8 / 3):
    """``(rho, frequency)`` where the equilibria other than the origin lose stability.

    The characteristic polynomial ``s**3 + (sigma+beta+1) s**2 + beta (sigma+rho) s + 2 sigma beta (rho-1)``
    has the roots ``+-i omega`` where the product of its middle coefficients equals the last.
    """
    rho = sigma * (sigma + beta + 3) / (sigma - beta - 1)
    return rho, math.sqrt(beta * (sigma + rho))


# The discretised Bratu problem.  With w = u + log(h**2 lam) it is w[i-1] - 2 w[i] + w[i+1] + exp(w[i]) = 0 without
# a parameter, so every symmetric solution follows from its middle value by a recurrence, and lam from the last w.


def bratu_solution(n, middle):
    """Symmetric solution ``(lam, u1 ... un)`` whose largest w is `middle`, and d log lam / d middle."""
    w, dw = [middle], [1.0]  # from the middle outwards, with the derivative with respect to `middle`
    if n % 2:  # a point in the middle: both its neighbours are equal
        w.append(middle - math.exp(middle) / 2)
        dw.append(1 - math.exp(middle) / 2)
    else:  # two points in the middle, equal
        w.append(middle - math.exp(middle))
        dw.append(1 - math.exp(middle))
    while len(w) < (n + 1) // 2 + 1:
        w.append(2 * w[-1] - w[-2] - math.exp(w[-1]))
        dw.append(2 * dw[-1] - dw[-2] - math.exp(w[-2]) * dw[-1])
    lam = (n + 1) ** 2 * math.exp(w[-1])  # u = 0 at the end, so log(h**2 lam) = w there
    half = [value - w[-1] for value in w[:-1]]  # from the middle outwards
    return (lam, *half[::-1], *half[n % 2 :]), dw[-1]


def bratu_fold(n):
    """First fold ``(lam, u1 ... un)`` from lam = 0 on: the first zero of d lam / d middle."""

    def slope(middle):
        return bratu_solution(n, middle)[1]

    middle = -2 * math.log(n + 1) - 1.0  # below the fold; lam grows there
    while slope(middle + 0.05) > 0:
        middle += 0.05
    return bratu_solution(n, brentq(slope, middle, middle + 0.05, xtol=1e-15, rtol=1e-15))[0]


def bratu_branch_point():
    """Branch point ``(lam, u1, u2)`` for n = 2: on u1 = u2 = c, ``lam = 9 c exp(-c)``, -3 + c = 0."""
    return 27 / math.e**3, 3.0, 3.0


def bratu_continuum_fold():
    """``lam`` at the fold of the differential equation: ``8 (t / cosh t)**2`` with ``t tanh t = 1``."""
    t = brentq(lambda t: t * math.tanh(t) - 1, 1, 2, xtol=1e-15, rtol=1e-15)
    return 8 * (t / math.cosh(t)) ** 2
