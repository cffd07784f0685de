"""Subspaces that a symmetry leaves alone, and complements, with orthonormal bases near the axes."""

import numpy as np

from continuation.ground.canonical import basis
from continuation.symmetries.chains import list_orbits
from continuation.symmetries.groups import SAME


def fixed_basis(symmetry) -> np.ndarray:
    """(n, m) orthonormal basis of the fixed space; of permutations: one column for each orbit of the states."""
    n, generators = len(symmetry.names), symmetry.generators
    if any(np.any(k.shift) for k in symmetry.continuous):
        raise ValueError("a generator that shifts the states, K(u) = A u + b with b not 0, fixes no linear space")
    if not symmetry.continuous and all(g.codes is not None and np.all(g.codes < n) for g in generators):
        orbits = list_orbits(np.array([g.codes[0] for g in generators], np.intp).reshape(-1, n))
        sums = np.array([np.isin(np.arange(n), orbit) for orbit in orbits], float)
        return (sums / np.linalg.norm(sums, axis=1)[:, None]).T
    rows = [g.matrix - np.eye(n) for g in generators]
    rows += [k.matrix / np.max(np.abs(k.matrix)) for k in symmetry.continuous if np.any(k.matrix)]
    if not rows:
        return np.eye(n)
    _, sigma, right = np.linalg.svd(np.vstack(rows))
    return basis(right[int(np.sum(sigma > SAME)) :].T)


def row_space(rows, tolerance):
    """Orthonormal basis (k, n) of the span of rows; the rows themselves where they are orthonormal."""
    if np.allclose(rows @ rows.T, np.eye(len(rows)), atol=1e-12):
        return rows
    _, sigma, right = np.linalg.svd(rows, full_matrices=False)
    return basis(right[: int(np.sum(sigma > tolerance * sigma[0]))].T).T


def complement(vectors, k, tolerance):
    """Orthonormal basis (k - r, k) of what is orthogonal to r vectors (k,), near the axes."""
    if not len(vectors) or not k:
        return np.eye(k)
    _, sigma, right = np.linalg.svd(np.array(vectors))
    return basis(right[int(np.sum(sigma > tolerance)) :].T).T
