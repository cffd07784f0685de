"""Proofs in floating point that polynomial equations have a simple solution next to a point; which points share one.

Newton and Kantorovich: with ``beta = |A**-1 f|``, A the Jacobian at x, and L a bound of ``|A**-1 f''|`` on the ball of
radius 1/2 around x, ``beta L <= 1/2`` proves a solution within ``2 beta`` of x and no other within ``1 / L`` (L. V.
Kantorovich, G. P. Akilov, *Functional Analysis in Normed Spaces*, 1964, chapter XVIII; for polynomials L. Blum,
F. Cucker, M. Shub, S. Smale, *Complexity and Real Computation*, 1998, chapter 8).  Points are unit vectors of
projective space; the row ``<x, y> = 1`` completes the equations.  Rounding of f enters beta by a bound, that of the
inverse does not: it moves L by the last digits, and the limits leave a factor of two.
"""

from typing import NamedTuple

import numpy as np

BALL = 0.5  # radius, of unit vectors, on which second derivatives are bounded; ten times smaller proves less unique
PROVEN = 0.25  # of beta L, half of what the theorem asks for: room for rounding of the inverse
ROUNDING = 4 * np.finfo(float).eps  # of a product and a sum of complex numbers; the terms of an equation are counted
NEAREST = 1e-5  # points farther apart than this are not compared: proven solutions lie within 1e-6 of their points
PROBES = 8  # of fixed directions, whose overlaps with a point do not depend on its phase


class Certificates(NamedTuple):
    """For each point: whether a simple solution is proven, within `radius` of it, and none else within `alone`."""

    proven: np.ndarray  # (paths,) bool
    radius: np.ndarray
    alone: np.ndarray


def certify(polynomials, x) -> Certificates:
    """Prove simple solutions next to points in projective space.

    Parameters
    ----------
    polynomials : Polynomials
        m - 1 homogeneous equations of degree 2 and 3.
    x : (paths, m) complex array
        Unit vectors; NaN proves nothing.

    Examples
    --------
    ``y**2 = z**2`` next to (1, 1); the double solution of ``y**2 = 0`` can't be proven to be one:

    >>> from continuation.branching.homotopy import Polynomials
    >>> none, near = np.zeros((0, 2, 2, 2)), np.array([[1.0, 1.0 + 1e-9]]) / np.sqrt(2)
    >>> certificate = certify(Polynomials(np.diag([1.0, -1.0])[None], none), near)
    >>> bool(certificate.proven[0]), bool(3e-10 < certificate.radius[0] < 3e-9 < certificate.alone[0])
    (True, True)
    >>> bool(certify(Polynomials(np.diag([1.0, 0.0])[None], none), np.array([[1e-9, 1.0]])).proven[0])
    False
    """
    m = x.shape[1]
    with np.errstate(all="ignore"):
        f, jacobian = polynomials.values(x)
        inverse = inverses(np.concatenate([jacobian, x.conj()[:, None, :]], axis=1))
        norm = np.linalg.norm(inverse, axis=(1, 2))
        two, three = (np.sqrt(np.sum(t**2, axis=tuple(range(1, t.ndim)))) for t in polynomials)
        error = ROUNDING * m * np.linalg.norm(np.append(m * two, m * m * three))
        beta = np.linalg.norm((inverse[:, :, :-1] @ f[..., None])[..., 0], axis=1) + norm * error
        bend = norm * np.linalg.norm(np.append(2 * two, 6 * (1 + BALL) * three))
        proven = (beta * bend <= PROVEN) & (2 * beta <= 0.1 * NEAREST)
        return Certificates(proven, 2 * beta, np.minimum(BALL, 1 / bend))


def inverses(a) -> np.ndarray:
    """Inverses of many small matrices; NaN for those that have none."""
    out = np.full_like(a, np.nan)
    finite = np.flatnonzero(np.all(np.isfinite(a), axis=(1, 2)))
    try:
        out[finite] = np.linalg.inv(a[finite])
    except np.linalg.LinAlgError:
        for k in finite:
            if np.linalg.matrix_rank(a[k]) == a.shape[1]:
                out[k] = np.linalg.inv(a[k])
    return out


def distances(x, y) -> np.ndarray:
    """Distances (paths,) from unit vectors x to the points y, brought to ``<x, y> = 1``."""
    overlap = np.sum(x.conj() * y, axis=1)
    with np.errstate(all="ignore"):
        return np.linalg.norm(y / overlap[:, None] - x, axis=1)


def are_real(x, certificates: Certificates) -> np.ndarray:
    """Which proven solutions of real equations are real: their conjugates are none else."""
    return certificates.proven & (distances(x, x.conj()) <= certificates.alone)


def find_doubles(x, certificates: Certificates) -> np.ndarray:
    """Pairs (k, 2) of points whose proven solutions are, or can't be told not to be, the same."""
    from scipy.spatial import cKDTree  # 0.1 s, for kernels of several dimensions only

    at = np.flatnonzero(certificates.proven)
    if len(at) < 2:
        return np.empty((0, 2), int)
    m = x.shape[1]
    probes = np.exp(1j * np.outer(np.arange(1, PROBES + 1), 1.0 + np.arange(m) ** 1.5)) / np.sqrt(m)
    overlaps = np.abs(x[at] @ probes.T)  # of equal points in any phase the same, to their distance
    pairs = at[cKDTree(overlaps).query_pairs(np.sqrt(PROBES) * NEAREST, output_type="ndarray").reshape(-1, 2)]
    gaps = distances(x[pairs[:, 0]], x[pairs[:, 1]])
    pairs = pairs[gaps <= certificates.radius[pairs].sum(axis=1) + ROUNDING * m]
    return pairs[np.lexsort(pairs.T[::-1])]
