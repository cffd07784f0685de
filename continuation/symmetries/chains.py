"""Groups of signed permutations too large to be listed: their order and what takes one state to another.

A group is known by its generators and a chain of stabilisers (C. C. Sims 1970; D. F. Holt, B. Eick, E. A. O'Brien,
"Handbook of Computational Group Theory", 2005, chapter 4; sympy computes it): an element is found image by image of the
chain's base, and left as soon as an image does not fit.  A group acts on the entries and their negatives, 2 n points;
orbits on which it acts alike (the weights of one hidden unit) are one orbit whose points hold several entries, so that
the chain is that of the units, not of the weights.
"""

from functools import cached_property

import numpy as np

TRIED = 20_000  # images that a search tries: products of symmetric groups need (order of the base) ** 2


class Chain:
    """The group that signed permutations generate.

    Parameters
    ----------
    codes : (k, n) int array
        Generators, ``(g u)_i = u[codes[i]]`` with a minus sign for ``codes[i] - n`` where ``codes[i] >= n``.

    Examples
    --------
    Permutations of 12 states:

    >>> group = Chain(np.array([[1, 0, *range(2, 12)], [*range(1, 12), 0]]))
    >>> group.order
    479001600
    >>> group.taking(np.arange(12.0), np.arange(12.0)[::-1], 1e-9)[:4]
    array([11, 10,  9,  8])
    """

    def __init__(self, codes):
        codes = np.asarray(codes, np.intp)
        self.n = codes.shape[1]
        self.points = np.concatenate([codes, (codes + self.n) % (2 * self.n)], axis=1)  # on entries and negatives
        self.blocks = _alike(self.points)

    @property
    def order(self) -> int:
        """Number of elements."""
        return int(self._group.order())

    @cached_property
    def _group(self):
        from sympy.combinatorics import Permutation, PermutationGroup

        place = {int(point): k for k, point in enumerate(self._first)}
        moved = [[place[int(points[x])] for x in self._first] for points in self.points]
        return PermutationGroup([Permutation(images) for images in moved])

    @cached_property
    def _first(self) -> np.ndarray:
        """Points of one orbit of each block, block by block."""
        return np.concatenate([block[0] for block in self.blocks])

    def taking(self, u, v, size):
        """Code (n,) of an element with ``|g u - v| <= size`` in every entry; None where there is none.

        Raises
        ------
        RuntimeError
            The search was given up: many equal entries left it too many ways.
        """
        fits = self._fitting(np.concatenate([u, -u]), np.concatenate([v, -v]), size)
        images = self._search(fits)
        if images is None:
            return None
        code, begin = np.empty(2 * self.n, np.intp), 0
        for block in self.blocks:
            own = images[begin : begin + block.shape[1]] - begin
            code[block] = block[:, own]
            begin += block.shape[1]
        return code[: self.n]

    def _fitting(self, u, v, size):
        """(m, m) whether the entries of u at point y of the chain are those of v at x."""
        m, begin = len(self._first), 0
        fits = np.zeros((m, m), bool)
        for block in self.blocks:
            end = begin + block.shape[1]
            gaps = np.max(np.abs(u[block].T[None, :] - v[block].T[:, None]), axis=2)
            fits[begin:end, begin:end] = gaps <= size
            begin = end
        return fits

    def _search(self, fits):
        """Images (m,) of the points under an element that fits at every point; None where there is none."""
        base, transversals = self._group.base, self._group.basic_transversals
        levels = [{image: np.array(g.array_form) for image, g in level.items()} for level in transversals]
        every, tried = np.arange(len(fits)), 0
        stack = [(0, every)]
        while stack:
            level, found = stack.pop()
            if level == len(base):
                if np.all(fits[every, found]):
                    return found
                continue
            tried += 1
            if tried > TRIED:
                raise RuntimeError("the search for a symmetry was given up: too many equal entries")
            ahead = [g for image, g in levels[level].items() if fits[base[level], found[image]]]
            stack += [(level + 1, found[g]) for g in reversed(ahead)]
        return None


def _alike(points) -> list:
    """Orbits of the points, gathered by how the group acts: arrays (orbits, size), columns moved alike."""
    blocks = []
    for orbit in list_orbits(points):
        for block in blocks:
            found = _matched(points, block[0], orbit) if len(orbit) == len(block[0]) else None
            if found is not None:
                block.append(found)
                break
        else:
            blocks.append([orbit])
    return [np.array(block) for block in blocks]


def list_orbits(points):
    """Orbits of N points under permutations (k, N), each in ascending order, by their first points."""
    left = np.ones(points.shape[1], bool)
    while np.any(left):
        orbit = new = np.array([np.argmax(left)])
        while len(new):
            images = np.unique(points[:, new])
            new = np.setdiff1d(images, orbit)
            orbit = np.concatenate([orbit, new])
        left[orbit] = False
        yield np.sort(orbit)


def _matched(points, orbit, other):
    """The points of another orbit in an order in which every generator moves them as those of the first; else None."""
    fixed = points == np.arange(points.shape[1])
    place = {int(point): k for k, point in enumerate(orbit)}
    moved = np.array([[place[int(x)] for x in images[orbit]] for images in points])
    for begin in other[np.all(fixed[:, other] == fixed[:, orbit[:1]], axis=0)]:
        found = np.full(len(orbit), -1)
        found[0], new = begin, [0]
        while new:
            at = new.pop()
            for images, row in zip(points, moved):
                if found[row[at]] < 0:
                    found[row[at]] = images[found[at]]
                    new.append(row[at])
        if all(np.array_equal(images[found], found[row]) for images, row in zip(points, moved)):
            return found
    return None
