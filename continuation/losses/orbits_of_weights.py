"""States that are the same but for a symmetry: finite groups by `Symmetry.conjugate`, continuous ones by orbits."""

import numpy as np
import scipy.linalg
from scipy.optimize import least_squares

from continuation.ground.arguments import check_problem
from continuation.symmetries.symmetry import TOLERANCE

SAME = 1e-6  # of the largest entry: states found by different ways are exact to 1e-9
STEPS = 50  # of Newton's method towards the smallest state of an orbit
BEGINNINGS = 12  # turns from which the nearest state of a circle is looked for


def same_orbit(problem, a, b, *, tolerance=SAME) -> bool:
    """Whether a declared symmetry of a problem takes one state to another.

    Parameters
    ----------
    problem : Problem
        With `symmetries`.
    a, b : weights, arrays (n,), mappings of state names, or `Point`
    tolerance : float
        Of the largest entry.

    Returns
    -------
    bool
        Without symmetries whether the states are equal.

    Raises
    ------
    RuntimeError
        A group too large to be listed, and so many equal entries that the search was given up.

    Notes
    -----
    The finite group is never listed where it is large, see `continuation.symmetries.chains`.  With scalings (symmetric
    generators) the smallest states of the two orbits are compared: on the orbit of a group of such matrices the norm
    has one minimum (G. Kempf, L. Ness 1979).  With rotations the nearest states are looked for from a few turns, for
    each element of a finite group that is listed: slow, and a match may be missed where several circles act.

    Examples
    --------
    >>> from continuation import Problem
    >>> problem = Problem.from_expressions({"x": "x - x**3", "y": "y - y**3"}, {}, symmetries=[("y", "x"), ("-x", "y")])
    >>> same_orbit(problem, [1.0, 0.0], [0.0, -1.0]), same_orbit(problem, [1.0, 0.0], [1.0, 1.0])
    (True, False)
    """
    check_problem(problem)
    u, v = (problem.state_values(weights) for weights in (a, b))
    symmetry, size = problem.symmetry, float(np.max(np.abs([u, v]), initial=0.0))
    scalings = [k for k in symmetry.continuous if not np.any(k.shift) and np.allclose(k.matrix, k.matrix.T)]
    turning = [k for k in symmetry.continuous if not any(k is other for other in scalings)]
    if scalings:
        u, v = (smallest(w, [k.matrix for k in scalings]) for w in (u, v))
        size = float(np.max(np.abs([u, v]), initial=0.0))
    if not turning:
        return symmetry.conjugate(u, v, max(tolerance, TOLERANCE)) is not None
    return any(_nearest(g, v, turning) <= tolerance * size for g in symmetry.elements.act(u))


def smallest(u, matrices) -> np.ndarray:
    """The state of least norm on the orbit of u under ``exp(sum t_i A_i)``, symmetric matrices that commute."""
    for _ in range(STEPS):
        moved = np.array([a @ u for a in matrices])
        slope, curvature = moved @ u, 2.0 * moved @ moved.T
        t = -np.linalg.lstsq(curvature, slope, rcond=1e-12)[0]
        t *= min(1.0, 1.0 / max(np.max(np.abs(t)), 1e-300))  # far away the norm is an exponential, no parabola
        u = scipy.linalg.expm(np.tensordot(t, matrices, 1)) @ u
        if np.max(np.abs(t)) < 1e-14:
            break
    return u


def _nearest(u, v, generators) -> float:
    """Largest entry of ``exp(sum t_i K_i) u - v`` where its norm is least, of some beginnings."""
    n = len(u)
    maps = np.zeros((len(generators), n + 1, n + 1))  # affine maps as matrices of one size more
    for k, generator in enumerate(generators):
        maps[k, :n, :n], maps[k, :n, n] = generator.matrix, generator.shift

    def gap(t):
        return (scipy.linalg.expm(np.tensordot(t, maps, 1)) @ np.append(u, 1.0))[:n] - v

    best = np.inf
    for turn in range(BEGINNINGS):
        begin = 2 * np.pi * turn / BEGINNINGS * np.cos(np.arange(len(maps)))
        found = least_squares(gap, begin, xtol=1e-15, ftol=1e-15, gtol=1e-15)
        best = min(best, float(np.max(np.abs(found.fun))))
    return best
