"""Circles of solutions that aren't normal: their symmetry, the phase condition that isolates them, where they start.

Where a skew matrix K commutes with R and S, ``e^{sK} C e^{-sK}`` solves the equation with C for every s.  On such a
circle DG has the right null vector ``[K, C]`` and the left one ``K - F^{-1} K F``.
"""

import functools
import math

import numpy as np

from systems.characteristic.kernels.general_kernels import matrix_exponential
from systems.characteristic.kernels.index_kernels import inverse, product
from systems.characteristic.matrix_checks import check_generator
from systems.number_checks import check_count, check_number, check_positive


def with_circles(problem, K=None):
    """Declare the symmetry ``C -> e^{sK} C e^{-sK}`` of a characteristic equation.

    Parameters
    ----------
    problem : Problem
        Of this package, any d.
    K : (d, d) array, optional
        Skew, commutes with R and S (checked when the symmetry is declared).  Default for d = 2: a quarter turn.

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        K isn't skew, or the equation doesn't respect it.

    Examples
    --------
    >>> from systems.characteristic.variants.matrix_families import rotation_family
    >>> len(with_circles(rotation_family()).symmetry.continuous)
    1
    """
    d = math.isqrt(len(problem.states))
    K = check_generator(K, d)

    def conjugation(u):
        C = u.reshape(d, d)
        return (K @ C - C @ K).ravel()

    made = problem.with_symmetries([conjugation])
    made.circle_generator = K
    return made


def isolated_circles(problem, reference, direction=None):
    """Make the problem in which a circle of solutions is one point; see `Problem.isolated`.

    Parameters
    ----------
    problem : Problem
        Made by `with_circles`.
    reference : state or Point
        On or near the circles wanted, or a normal solution that the symmetry fixes, together with a `direction`.
    direction : (d^2,) array, optional
        In which circles leave a normal solution: ``problem.symmetry.slice(point, point.null_vectors)[0]``.

    Returns
    -------
    Problem

    Raises
    ------
    ValueError
        The problem has no circles declared; as `Problem.isolated`.
    """
    if not hasattr(problem, "circle_generator"):
        raise ValueError("problem: wanted one with its circles declared, by with_circles(problem)")
    left = left_null_vector(problem.circle_generator, list(problem.parameters).index("T"))
    return problem.isolated(reference, left=[left], direction=direction)


def left_null_vector(K, place):
    """Make ``left(u, p) = (K - F^{-1} K F) / lam``, row by row, orthogonal to G at every C; T is ``p[place]``.

    Divided by lam it keeps its size as lam -> 0, where F = R commutes with K on the solutions; at lam = 0 it vanishes.
    """
    return _left_null_vector(np.ascontiguousarray(K, float).tobytes(), len(K), place)


@functools.lru_cache(maxsize=64)
def _left_null_vector(entries, d, place):
    """`left_null_vector` of the entries of K as bytes: one function, compiled once, for all circles of one symmetry."""
    K = np.frombuffer(entries).reshape(d, d).copy()

    def left(u, p):
        C = u.copy().reshape(d, d)
        F = product(matrix_exponential(p[place] * (C - C.T)), matrix_exponential(p[place] * C.T))
        scale = 1.0 / p[0] if p[0] != 0.0 else 1.0
        return (scale * (K - product(inverse(F), product(K, F)))).reshape(d * d)

    return left


def circle_start(theta, n, k, rho=1.0, T=1.0) -> np.ndarray:
    """Return a solution at lam = 0 that isn't normal, for ``R = rho rot(theta)``: a point of a circle.

    ``C = log(rho) I + [[s, -w], [w, -s]]`` (over T) with ``w = (phi + sgn(phi) k pi) / 2``, ``s^2 = w^2 - k^2 pi^2``,
    where ``phi = theta + 2 pi n`` is the total angle of the class.

    Parameters
    ----------
    theta : float
    n, k : int
        The class, and the circle: ``1 <= k < |phi| / pi``.
    rho, T : float

    Returns
    -------
    (2, 2) array
        As lam -> 0, ``J / lam -> phi^2 - (|phi| - k pi)^2 / 2`` for rho = T = 1, less than ``phi^2`` of the normal one.

    Raises
    ------
    ValueError
        ``k pi >= |phi|``, or a number out of range.

    Examples
    --------
    >>> C = circle_start(np.pi / 2, -1, 1)
    >>> print(f"{0.5 * np.sum(C**2) / np.pi**2:.6f}")
    2.125000
    """
    theta, n = check_number("circle_start(theta=...)", theta), check_count("circle_start(n=...)", n, least=None)
    phi = theta + 2 * math.pi * n
    k, T = check_count("circle_start(k=...)", k), check_positive("circle_start(T=...)", T)
    if not k * math.pi < abs(phi):
        raise ValueError(f"circle_start(k=...): wanted k < |theta + 2 pi n| / pi = {abs(phi) / math.pi:.6g}, got {k}")
    w = (phi + math.copysign(k * math.pi, phi)) / 2
    s, a = math.sqrt(w * w - (k * math.pi) ** 2), math.log(check_positive("circle_start(rho=...)", rho))
    return np.array([[a + s, -w], [w, a - s]]) / T


def circle_directions(problem, point) -> np.ndarray:
    """Return directions (m, d^2) in which circles of solutions leave a normal branch, one for each circle."""
    return problem.symmetry.slice(point, point.null_vectors)
