"""Vectors that F_u maps to zero, or turns, at a special point."""

import numpy as np

from continuation.ground import canonical
from continuation.kinds.normal_forms.linear_part import nearest_pairs
from continuation.kinds.special_kind import Linear


def kernel_of(linear: Linear, nullity: int) -> np.ndarray:
    """(k, n) orthonormal kernel of F_u, at least one vector, from its right singular vectors, nearest to the axes."""
    k = max(1, nullity)
    return canonical.basis(linear.right[len(linear.right) - k :].T).T


def pair_of(linear: Linear, nullity: int):
    """Real and imaginary part of q (2, n), ``F_u q = i omega q``, unit; None without a complex pair."""
    values, vectors = np.linalg.eig(linear.jacobian)
    pairs = nearest_pairs(values)
    if not len(pairs):
        return None
    q = canonical.turned(vectors[:, pairs[0]])
    return np.array([q.real, q.imag])
