"""Spatio-temporal symmetry of one periodic orbit: elements of a group that map it to itself, and their time shifts.

An element g maps an orbit of period T to itself where ``g x(t) = x(t + s T)``; of an element of order N the shift s is
a multiple of 1/N (Golubitsky, Stewart & Schaeffer, *Singularities and Groups in Bifurcation Theory* II, section XVI.3).
"""

from fractions import Fraction

import numpy as np

from continuation.orbits.profiles.profile import allowance
from continuation.symmetries.waves import Wave

PHASES = 120  # at which orbits are compared
# Of the range of each state: ten times less and polynomials of coarse meshes are not symmetric to themselves, ten times
# more and orbits within 1e-6 of the parameter at which they lose a symmetry still have it.
SAME = 1e-4
ROUND = 1e-3  # of the largest state, as the unit of those below it: they count from 1e-12 of it on, beyond rounding


def symmetry_of_orbit(symmetry, orbit, metric=None) -> Wave:
    """The elements of a finite symmetry that map an orbit to itself, and their shifts of time.

    Parameters
    ----------
    symmetry : Symmetry
        Of the problem; only its finite elements are tried.
    orbit : Orbit
    metric : (n,) array, optional
        Weights of the states in the inner product of its branch, which tell their units; default: units are what the
        orbit and its images reach.

    Returns
    -------
    Wave
        ``elements`` and for each of them in ``shifts`` the part of the period with ``g x(t) = x(t + shift T)``;
        ``spatial`` are those that fix every point, ``describe(symmetry)`` says it in a line.  Its ``vector`` is empty.

    Notes
    -----
    Cost: 120 samples of the orbit for each multiple of 1/N for each element of order N.  Of an orbit run through
    several times the least shift is told.

    Examples
    --------
    >>> from continuation.orbits.profiles.orbit import Orbit
    >>> from continuation.symmetries.symmetry import Symmetry
    >>> t = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    >>> circle = Orbit(t, {"x": np.cos(t), "y": np.sin(t)}, 2 * np.pi, {})
    >>> found = symmetry_of_orbit(Symmetry(("x", "y"), [-np.eye(2)]), circle)
    >>> [str(shift) for shift in found.shifts], found.name
    (['0', '1/2'], 'standing wave')
    """
    times = np.arange(PHASES) / PHASES * orbit.period
    states = orbit(times)
    images = np.asarray(symmetry.elements.act(states), float)
    if metric is None:
        reach = np.max(np.abs(images), axis=(0, 1))
        metric = 1 / (len(reach) * np.maximum(reach, ROUND * np.max(reach)) ** 2)
    limit = allowance(states, metric, SAME)
    kept, shifts = [], []
    for k, element in enumerate(symmetry.elements):
        for part in range(element.order):
            shift = Fraction(part, element.order)
            if np.all(np.abs(images[:, k] - orbit(times + float(shift) * orbit.period)) <= limit):
                kept.append(k)
                shifts.append(shift)
                break
    return Wave(np.empty(0), symmetry.elements[kept], tuple(shifts), len(symmetry.elements))
