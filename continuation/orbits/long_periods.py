"""Towards what a family of periodic orbits goes whose period grows without bound."""

from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import state_jacobian
from continuation.equations.newton import solve_damped
from continuation.ground.status import StartError
from continuation.orbits.profiles.basis import basis
from continuation.orbits.profiles.profile import pieces, varies

# Least modulus of F along an orbit, against the largest, below which the orbit lingers somewhere: ten times more and
# relaxation oscillations linger, ten times less and homoclinic orbits are followed for another third of their period.
LINGERS = 1e-3
NEAR = (
    0.05  # distance of the equilibrium from the slowest point, against the orbit's size, where the orbit lingers at it
)
SAME = 1e-9  # states that are constant along the orbit are the equilibrium's if they agree to this, relatively
ROUND = 1e-14  # states below this, against the orbit's size, are what rounding leaves of zero
FITTED = 8  # rows that the limit of the parameter is extrapolated from
RESOLVED = 1e-5  # error of the trivial multiplier beyond which a row is not used for that: p then is off by some 1e-9
TERMS = 3  # of the extrapolation


class Saddle(NamedTuple):
    """The equilibrium at which an orbit lingers: its state (n,) and eigenvalues (n,), the leading ones first."""

    state: np.ndarray
    eigenvalues: np.ndarray


class Fit(NamedTuple):
    """Value of the parameter at which the period is infinite, and its error."""

    value: float
    error: float


def speeds(profile, mesh, degree, metric) -> np.ndarray:
    """(L m,) largest component of u' at the Gauss points, relative to each component's largest along the orbit.

    Components that do not vary are left out.
    """
    slopes = basis(degree).slopes @ pieces(profile[None], degree)[0] / mesh[:, None, None]
    f = np.abs(slopes).reshape(len(profile), -1)
    return np.max(f / np.where(varies(profile, metric), np.max(f, axis=0), np.inf), axis=1)


def lingers(profile, mesh, degree, metric) -> bool:
    """Whether an orbit (L m, n) is next to at rest somewhere."""
    return bool(np.min(speeds(profile, mesh, degree, metric)) < LINGERS)


def saddle_of(problem, p, profile, mesh, degree, metric):
    """The saddle at which an orbit lingers; None where there is none near its slowest point."""
    slowest = profile[int(np.argmin(speeds(profile, mesh, degree, metric)))].copy()
    try:
        state = solve_damped(problem, slowest, p)
    except StartError:
        return None
    size = np.ptp(profile, axis=0)
    state[np.abs(state) <= ROUND * size] = 0.0
    if np.any(np.abs(state - slowest) > NEAR * np.maximum(size, SAME * np.abs(slowest))):
        return None
    values = np.linalg.eigvals(state_jacobian(problem, state, p))
    values = values[np.argsort(np.abs(values.real), kind="stable")]
    return Saddle(state, values) if np.any(values.real > 0) and np.any(values.real < 0) else None


def limit_of(periods, values, errors, eigenvalues):
    """Extrapolate the parameter to an infinite period: ``p = p* + C exp(-lambda T) + ...``, lambda the leading rate.

    Parameters
    ----------
    periods, values, errors : (m,) arrays
        Of the last rows: periods, parameter, errors of the trivial multipliers.
    eigenvalues : (n,) array
        Of the saddle, the leading one first.

    Returns
    -------
    Fit or None
        None where fewer than five rows are resolved well enough.  The error is the change by the last term and by
        leaving out the last row.
    """
    good = np.flatnonzero(errors <= RESOLVED)[-FITTED:]
    if len(good) < TERMS + 2:
        return None
    t, p, lead = periods[good], values[good], eigenvalues[0]
    found = [
        extrapolate(t, p, lead, TERMS),
        extrapolate(t, p, lead, TERMS - 1),
        extrapolate(t[:-1], p[:-1], lead, TERMS),
    ]
    return Fit(found[0], float(max(abs(found[0] - found[1]), abs(found[0] - found[2]))))


def extrapolate(t, p, lead, terms) -> float:
    """P at t = infinity by least squares in 1 and powers of the leading exponential."""
    decay = np.exp(-abs(lead.real) * (t - t[-1]))
    columns = [np.ones(len(t))]
    for k in range(1, terms):
        if lead.imag == 0.0:
            columns.append(decay**k)
        else:
            columns += [decay**k * np.cos(k * lead.imag * t), decay**k * np.sin(k * lead.imag * t)]
    matrix = np.array(columns).T
    weights = 1.0 / decay  # the last rows know most
    return float(np.linalg.lstsq(matrix * weights[:, None], p * weights, rcond=None)[0][0])


def is_square_root(periods, values) -> bool:
    """Whether the period grows like ``|p - p*|**(-1/2)``, as towards a saddle-node on the orbit."""
    inverse = periods[-FITTED:] ** -2.0
    if len(inverse) < 4:
        return False
    fit = np.polyfit(values[-FITTED:], inverse, 1)
    rest = np.polyval(fit, values[-FITTED:]) - inverse
    return bool(np.max(np.abs(rest)) < 0.05 * np.ptp(inverse))
