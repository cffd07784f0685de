"""Orbits laid on each other, wherever their phase 0 is and on whatever meshes: turned to be nearest, then compared."""

import numpy as np

from continuation.orbits.profiles.layout import ends_of
from continuation.orbits.profiles.piecewise import Piecewise, by_interval
from continuation.orbits.profiles.profile import allowance, varies

SHIFTS = 512  # phases tried: the best is refined by a parabola to 1e-5 of a period
# Of the states' ranges: orbits of one period and parameter that are one.  Ten times less and polynomials of two coarse
# meshes are two, ten times more and orbits within 1e-6 of the parameter of their fold are one.
SAME_SHAPE = 1e-4
COMPARED = 100  # phases at which orbits are compared, beside their nodes


def shape_of(profile, mesh, degree) -> Piecewise:
    """An orbit (L m, n) as a function of the phase."""
    return Piecewise(ends_of(mesh), by_interval(np.vstack([profile, profile[:1]]), degree))


def units_of_orbit(profile, metric) -> np.ndarray:
    """(n,) ranges of the states of an orbit (k, n), infinite of those that are constant but for rounding."""
    return np.where(varies(profile, metric), np.ptp(profile, axis=0), np.inf)


def shift_to(shape, target, units) -> float:
    """Phase by which an orbit is turned to be nearest to another, each state in its unit (n,), means left out.

    Examples
    --------
    >>> t = np.arange(40) / 40
    >>> one, other = (np.column_stack([np.cos(2 * np.pi * s), 1e6 + np.sin(2 * np.pi * s)]) for s in (t, t + 0.3))
    >>> shapes = [shape_of(profile, np.full(10, 0.1), 4) for profile in (one, other)]
    >>> round(float(shift_to(*shapes, np.ones(2))), 4)
    0.3
    """
    even = np.arange(SHIFTS) / SHIFTS
    spectra = [np.fft.rfft(one(even) / units, axis=0)[1:] for one in (shape, target)]
    overlap = np.fft.irfft(np.concatenate([[0.0], np.sum(spectra[0] * np.conj(spectra[1]), axis=1)]), SHIFTS)
    best = int(np.argmax(overlap))
    left, middle, right = overlap[[best - 1, best, (best + 1) % SHIFTS]]
    bend = left - 2 * middle + right
    return (best + (0.5 * (left - right) / bend if bend < 0 else 0.0)) / SHIFTS


def is_same_shape(one, other, metric, part) -> bool:
    """Whether two orbits, functions of the phase, are one but for their phase: to a part of each state's range.

    Parameters
    ----------
    one, other : Piecewise
    metric : (n,) array
        Of the states: their units count where a state is constant.
    part : float
    """
    even = np.arange(COMPARED) / COMPARED
    values = one(even)
    turned = other(even + shift_to(other, one, units_of_orbit(values, metric)))
    return bool(np.all(np.abs(turned - values) <= allowance(values, metric, part)))
