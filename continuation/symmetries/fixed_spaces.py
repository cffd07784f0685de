"""The spaces that subgroups of a finite symmetry leave alone, one of each kind: where symmetric solutions are.

Every solution u lies in the space fixed by its isotropy group, which the equations map to itself (M. Golubitsky,
I. Stewart, D. G. Schaeffer, *Singularities and Groups in Bifurcation Theory* II, 1988, section XIII.1); conjugate
groups have conjugate solutions.
"""

import numpy as np

from continuation.ground.canonical import basis

SAMPLE = 400  # elements whose fixed spaces are looked at: of larger groups so many, evenly through the list
PAIRS = 200  # intersections of two of them that are tried
MOST = 24  # kinds of spaces
ALIKE = 1e-6  # of unit vectors, off a space: elements are exact to 1e-13, different ones of finite groups 1e-4 apart
SINGULAR = 1e-8  # singular values of g - 1 below this vanish: elements are exact to 1e-13


def list_fixed_spaces(symmetry) -> list:
    """Orthonormal bases (n, d) of fixed spaces, 0 < d < n, from the smallest d up; one of each conjugacy class.

    Subgroups that no one or two sampled elements generate may be missed; of a group of more than `SAMPLE` elements
    conjugates may be listed that only others take to each other.

    Examples
    --------
    Three equal things: two of them alike, or all.

    >>> from continuation.symmetries.symmetry import Symmetry
    >>> spaces = list_fixed_spaces(Symmetry(("x", "y", "z"), [("y", "x", "z"), ("y", "z", "x")]))
    >>> [space.shape[1] for space in spaces]
    [1, 2]
    """
    n, elements, found = len(symmetry.names), symmetry.elements, []
    sampled = elements[:: max(1, -(-len(elements) // SAMPLE))].matrices
    for matrix in sampled:
        keep(found, sampled, null_space(matrix - np.eye(n)))
    rng = np.random.default_rng(0)
    for _ in range(PAIRS if found else 0):
        one, two = (found[k] for k in rng.integers(len(found), size=2))
        moved = sampled[rng.integers(len(sampled))] @ two
        keep(found, sampled, null_space(np.vstack([np.eye(n) - one @ one.T, np.eye(n) - moved @ moved.T])))
    return sorted(found, key=lambda space: space.shape[1])[:MOST]


def null_space(rows) -> np.ndarray:
    """(n, d) orthonormal basis of what the rows (m, n) take to zero."""
    _, sigma, right = np.linalg.svd(rows)
    return basis(right[int(np.sum(sigma > SINGULAR)) :].T)


def keep(found, matrices, space):
    """Keep a space that no matrix takes to one found before; the whole space and the point 0 are of no use."""
    n, d = space.shape
    if 0 < d < n and not any(is_conjugate(old, matrices, space) for old in found if old.shape[1] == d):
        found.append(space)


def is_conjugate(one, matrices, two) -> bool:
    """Whether a matrix takes the space `two` (n, d) to `one`."""
    images = matrices @ two
    return bool(np.min(np.max(np.abs(images - one @ (one.T @ images)), axis=(1, 2))) <= ALIKE)
