"""Periodic functions as one polynomial per interval, given by its values at the Chebyshev-Lobatto points.

Evaluation by the barycentric formula of the second kind (Berrut & Trefethen, *SIAM Review* 46 (2004) 501).
"""

from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from scipy.interpolate import make_interp_spline

from continuation.orbits.profiles.basis import lobatto_nodes

# Gaps between points, the largest over the smallest, up to which a spline of degree 5 is used; beyond it a quintic
# swings wide beside short gaps (at 40 it does so for a jump of a relaxation oscillation), a cubic far less.
EVEN = 4.0
QUINTIC = 12  # points from which on the spline is of degree 5; with fewer it follows the noise
FINE = 4  # samples for each degree of the polynomial that extrema are looked for in


class Piecewise(NamedTuple):
    """A function of period 1: ``mesh`` (N + 1,) from 0 to 1, ``values`` (N, m + 1, n) at the nodes of each interval."""

    mesh: np.ndarray
    values: np.ndarray

    @property
    def degree(self) -> int:
        """Of the polynomials, m."""
        return self.values.shape[1] - 1

    def __call__(self, phase) -> np.ndarray:
        """Values (k, n) at phases (k,), any real numbers."""
        phase = np.asarray(phase, float)
        phase = phase - np.floor(phase)
        at = np.clip(np.searchsorted(self.mesh, phase, side="right") - 1, 0, len(self.mesh) - 2)
        local = (phase - self.mesh[at]) / (self.mesh[at + 1] - self.mesh[at])
        matrix = interpolation_matrix(local, self.degree)
        return np.einsum("kj,kjn->kn", matrix, self.values[at])

    def extrema(self) -> tuple:
        """Smallest and largest values (n,), of the polynomials and not only of their nodes."""
        return -self._largest(-self.values), self._largest(self.values)

    def _largest(self, values) -> np.ndarray:
        """Largest value (n,) of polynomials with these nodal values."""
        grid = np.linspace(0.0, 1.0, FINE * self.degree + 1)
        fine = np.einsum("gj,ijn->ign", interpolation_matrix(grid, self.degree), values)
        tops, extent = fine.max(axis=1), np.ptp(fine, axis=1)
        found = np.maximum(tops.max(axis=0), values.max(axis=(0, 1)))
        coefficients = chebyshev.chebfit(2.0 * lobatto_nodes(self.degree) - 1.0, np.eye(self.degree + 1), self.degree)
        for k in range(values.shape[2]):
            # Between samples FINE m apart a polynomial rises by less than a tenth of its extent.
            for i in np.flatnonzero(tops[:, k] + 0.1 * extent[:, k] >= found[k]):
                series = coefficients @ values[i, :, k]
                roots = chebyshev.chebroots(chebyshev.chebder(series)) if extent[i, k] > 0 else np.empty(0)
                inside = roots.real[(np.abs(roots.imag) < 1e-8) & (np.abs(roots.real) <= 1.0)]
                if len(inside):
                    found[k] = max(found[k], chebyshev.chebval(inside, series).max())
        return found

    def integral(self, function=lambda values: values) -> np.ndarray:
        """Mean over the period of a function of the values (..., n), exact for polynomials of degree 2 m + 1."""
        points, weights = np.polynomial.legendre.leggauss(self.degree + 1)
        matrix = interpolation_matrix(0.5 * (points + 1.0), self.degree)
        values = function(np.einsum("gj,ijn->ign", matrix, self.values))
        return np.einsum("i,g,ig...->...", np.diff(self.mesh), 0.5 * weights, values)


def interpolation_matrix(local, degree) -> np.ndarray:
    """Matrix (k, degree + 1) that takes nodal values to those at places (k,) of [0, 1]."""
    weights = (-1.0) ** np.arange(degree + 1)
    weights[[0, -1]] *= 0.5
    gaps = np.asarray(local, float)[:, None] - lobatto_nodes(degree)
    hit = gaps == 0.0
    terms = weights / np.where(hit, 1.0, gaps)
    rows = hit.any(axis=1)
    terms[rows] = hit[rows]
    matrix = terms / terms.sum(axis=1, keepdims=True)
    return matrix


def node_phases(mesh, degree) -> np.ndarray:
    """Phases (N degree + 1,) of the nodes of a mesh (N + 1,), those at interval ends once."""
    inner = mesh[:-1, None] + np.diff(mesh)[:, None] * lobatto_nodes(degree)[:-1]
    return np.append(inner.ravel(), mesh[-1])


def by_interval(values, degree) -> np.ndarray:
    """Nodal values (N, degree + 1, n) of values (N degree + 1, n) along the orbit."""
    count = (len(values) - 1) // degree
    return values[np.arange(count)[:, None] * degree + np.arange(degree + 1)]


def spline(phases, values) -> Piecewise:
    """The periodic spline through values (k + 1, n) at phases (k + 1,) from 0 to 1, the last value equal to the first.

    Of degree 5 where the phases are about evenly spaced, else 3.
    """
    gaps = np.diff(phases)
    degree = 5 if len(gaps) >= QUINTIC and gaps.max() <= EVEN * gaps.min() else 3
    found = make_interp_spline(phases, values, degree, bc_type="periodic")  # odd: its knots are the phases
    inner = found(phases[:-1, None] + gaps[:, None] * lobatto_nodes(degree))
    inner[:, 0], inner[:, -1] = values[:-1], values[1:]
    return Piecewise(phases, inner)
