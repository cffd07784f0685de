"""Spatio-temporal symmetries of oscillations: lines of a critical eigenspace that groups with phase shifts fix.

Where m pairs ``i omega`` cross at once, the finite group that fixes the equilibrium acts on the eigenspace V (n, m) by
unitary matrices ``rho(g) = V^H g V``, shifts of time by phases.  A complex line that the elements of a subgroup only
turn, ``rho(g) z = exp(2 pi i k/N) z``, and that is all they fix so, carries a branch of periodic orbits with
``g x(t) = x(t + k/N T)`` (equivariant Hopf theorem: M. Golubitsky, I. Stewart and D. G. Schaeffer, *Singularities and
Groups in Bifurcation Theory* II, Springer 1988, theorem XVI.4.1).  The lines are found as intersections of eigenspaces
of the elements, one of each orbit under the group.
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from continuation.ground import canonical
from continuation.symmetries.groups import Elements

# Entries of matrices and projectors that differ by less are equal, and eigenvalues that do.  Eigenspaces are good to
# about 1e-8 where F_u is differenced; entries of different elements of a group of 10 000 differ by 1e-3: ten times
# either way changes nothing in between.
SAME = 1e-5
TURNS = 1_000_000  # parts of a turn that tell shifts apart: those of a group of 10 000 differ by 1e-4
# Intersections looked at.  The 720 permutations of six cells take 60 000 of them and some seconds; those of seven, more
# of both than anyone waits for, end here.
BUDGET = 200_000
LARGEST = 1000  # different matrices beyond which nothing is tried: the search costs their square


class Wave(NamedTuple):
    """A line that carries a branch of periodic orbits.

    Attributes
    ----------
    vector : (m,) complex array
        Unit, in the coordinates of the eigenspace.
    elements : Elements
        Those that fix the line.
    shifts : tuple of Fraction
        For each of them the part k/N of a period with ``g x(t) = x(t + k/N T)``, in [0, 1).
    group : int
        Number of elements of the group.
    """

    vector: np.ndarray
    elements: Elements
    shifts: tuple
    group: int

    @property
    def order(self) -> int:
        """N: the least shift is 1/N of a period; 1 where all elements fix the orbit point by point."""
        return max(shift.denominator for shift in self.shifts)

    @property
    def spatial(self) -> Elements:
        """Elements that fix every point of the orbit."""
        return self.elements[[shift == 0 for shift in self.shifts]]

    @property
    def name(self) -> str:
        """``"rotating wave"`` where shifts of less than half a period occur, else ``"standing wave"``.

        ``"symmetric oscillation"`` where all of the group fixes it point by point.
        """
        if len(self.spatial) == self.group:
            return "symmetric oscillation"
        return "rotating wave" if self.order > 2 else "standing wave"

    def describe(self, symmetry) -> str:
        """The spatial symmetries, and one element for the least shift of time, as one line."""
        spatial = self.spatial
        words = f"fixed by {symmetry.describe(spatial)}" if len(spatial) > 1 else "fixed by the identity only"
        if self.order == 1:
            return words
        least = [k for k, shift in enumerate(self.shifts) if shift == Fraction(1, self.order)]
        first = min(least, key=lambda k: (self.elements[k].moved, k))
        return f"{words}; x(t + T/{self.order}) by {self.elements[first]}"


def representation(elements, vectors) -> np.ndarray:
    """(G, m, m) unitary matrices of elements on the space of the orthonormal columns of `vectors` (n, m)."""
    moved = elements.act(vectors.T.real) + 1j * elements.act(vectors.T.imag)  # (m, G, n)
    return np.einsum("ni,jgn->gij", vectors.conj(), moved)


def waves(elements, vectors) -> tuple:
    """Lines with periodic orbits, one of each kind, and whether all are known to be there.

    Parameters
    ----------
    elements : Elements
        A group that fixes the equilibrium.
    vectors : (n, m) complex array
        Orthonormal basis of the critical eigenspace, which the group maps to itself.

    Returns
    -------
    tuple of Wave, bool
        First those with most elements; the bool is False where the budget was spent.

    Examples
    --------
    Three equal cells in a ring oscillate as a rotating wave, or as either of two standing waves:

    >>> from continuation.symmetries.symmetry import Symmetry
    >>> ring = Symmetry(("x", "y", "z"), [("y", "z", "x"), ("x", "z", "y")])
    >>> turn = np.exp(2j * np.pi / 3)
    >>> plane = np.array([[1, turn, turn**2], [1, turn**2, turn]]).T / np.sqrt(3)
    >>> found, complete = waves(ring.elements, plane)
    >>> sorted((wave.name, wave.order, len(wave.elements)) for wave in found)
    [('rotating wave', 3, 3), ('standing wave', 1, 2), ('standing wave', 2, 2)]
    """
    matrices = representation(elements, vectors)
    distinct = different(matrices)
    if len(distinct) > LARGEST:
        return (), False
    lines, complete = fixed_lines(distinct)
    found = [wave_of(elements, matrices, line) for line in lines]
    return tuple(sorted(found, key=lambda wave: (-len(wave.elements), wave.order))), complete


def different(matrices) -> np.ndarray:
    """The matrices without repetitions: elements that act alike on the eigenspace."""
    flat = np.round(matrices.reshape(len(matrices), -1) / SAME)
    _, first = np.unique(np.column_stack([flat.real, flat.imag]) + 0.0, axis=0, return_index=True)
    return matrices[np.sort(first)]


def fixed_lines(matrices):
    """Unit vectors of lines that are intersections of eigenspaces, one of each orbit; whether all were looked at."""
    spaces, left = eigenspaces(matrices), BUDGET
    known, lines = Projectors(matrices), []
    waiting = [np.eye(matrices.shape[1], dtype=complex)]
    while waiting:
        basis = waiting.pop()
        if basis.shape[1] == 1:
            lines.append(canonical.turned(basis[:, 0]))
            continue
        left -= len(spaces)
        if left < 0:
            return lines, False
        waiting += [smaller for smaller in intersections(basis, spaces) if known.add(smaller @ smaller.conj().T)]
    return lines, True


def eigenspaces(matrices) -> np.ndarray:
    """Projectors (k, m, m) on the proper eigenspaces of all matrices, each once."""
    m = matrices.shape[1]
    found = Projectors(np.eye(m)[None])
    for matrix in matrices:
        values, vectors = np.linalg.eig(matrix)
        while len(values):
            same = np.abs(values - values[0]) <= SAME
            if np.sum(same) < m:
                basis = np.linalg.qr(vectors[:, same])[0]
                found.add(basis @ basis.conj().T)
            values, vectors = values[~same], vectors[:, ~same]
    return np.array(found.each).reshape(-1, m, m)


def intersections(basis, spaces) -> list:
    """Orthonormal bases (m, k) of what the span of `basis` (m, d) and each range of projectors share, 0 < k < d."""
    values, vectors = np.linalg.eigh(basis.conj().T @ spaces @ basis)
    inside = values >= 1 - SAME
    counts = np.sum(inside, axis=1)
    proper = np.flatnonzero((counts > 0) & (counts < basis.shape[1]))
    return [basis @ vectors[k][:, inside[k]] for k in proper]


class Projectors:
    """Projectors (m, m) of which no two are images of each other under some unitary matrices (G, m, m)."""

    def __init__(self, matrices):
        self.matrices, self.each = matrices, []
        self.images, self.keys = np.empty((0, *matrices.shape[1:])), np.empty(0)
        self.generic = np.cos(1.0 + np.arange(matrices[0].size) ** 1.5).reshape(matrices.shape[1:])

    def add(self, projector) -> bool:
        """Take a projector in; False where it is the image of one that is known."""
        near = np.abs(self.keys - self.key(projector[None])) <= projector.size * SAME
        if np.any(np.max(np.abs(self.images[near] - projector), axis=(1, 2), initial=0.0) <= SAME):
            return False
        images = self.matrices @ projector @ self.matrices.conj().transpose(0, 2, 1)
        self.each.append(projector)
        self.images, self.keys = np.concatenate([self.images, images]), np.append(self.keys, self.key(images))
        return True

    def key(self, projectors) -> np.ndarray:
        """A number of each projector; that of equal ones differs little."""
        return np.sum(self.generic * (projectors.real + 2.0 * projectors.imag), axis=(1, 2))


def wave_of(elements, matrices, line) -> Wave:
    """The wave on a line or one of its images, that whose elements and shifts come first: no rounding chooses."""
    images = matrices @ line
    factors = np.einsum("hi,gij,hj->hg", images.conj(), matrices, images, optimize=True)
    fixing = np.abs(factors) >= 1 - SAME
    turns = np.angle(factors) / (2 * np.pi) % 1.0
    keys = np.where(fixing, np.round(turns * TURNS) % TURNS, np.inf)  # rows: an element of its own comes first
    best = np.lexsort(keys.T[::-1])[0]
    places = np.flatnonzero(fixing[best])
    shifts = tuple(shift_of(turn, len(elements)) for turn in turns[best, places])
    return Wave(canonical.turned(images[best]), elements[places], shifts, len(elements))


def shift_of(turn, order) -> Fraction:
    """Part of a period: the fraction nearest a turn, of a denominator that a group of this order allows."""
    return Fraction(float(turn)).limit_denominator(order) % 1
