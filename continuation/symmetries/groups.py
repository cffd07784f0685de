"""Finite groups of orthogonal matrices on the states: their elements, how they act, what they are called."""

import bisect
import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

LIMIT = 10_000  # more elements are refused: the group is infinite or too large to list
SAME = 1e-7  # entries of two different elements differ by more (with 10 000 turns, by 6e-4); products err by 1e-13
ENOUGH = 3  # generators that make a group too large to be listed before no others are tried
TURN = 1e-11  # how well, as a part of a turn, an eigenvalue's angle must fit a fraction


@dataclass(frozen=True, eq=False)
class Elements:
    """Elements g of a group, a sequence of `Element`.

    Attributes
    ----------
    names : tuple of str
        Names of the n states.
    codes : (m, n) int array or None
        ``(g u)_i = u[codes[i]]``, with a minus sign and ``codes[i] - n`` where ``codes[i] >= n``; None unless all
        elements permute the states and change their signs.
    dense : (m, n, n) array or None
        The matrices otherwise.

    Notes
    -----
    A permutation takes n integers; acting with all of 720 elements on 36 states takes 0.1 ms.
    """

    names: tuple
    codes: np.ndarray | None = None
    dense: np.ndarray | None = None

    def __len__(self):
        return len(self.dense if self.codes is None else self.codes)

    def __iter__(self):
        return (self[k] for k in range(len(self)))

    def __getitem__(self, which):
        """One `Element` for an integer, else (slice, mask, indices) the `Elements` chosen."""
        one = isinstance(which, (int, np.integer))
        which = [which] if one else which
        chosen = [None if part is None else part[which] for part in (self.codes, self.dense)]
        return (Element if one else Elements)(self.names, *chosen)

    def act(self, u) -> np.ndarray:
        """Images g u (..., m, n) of states (..., n)."""
        u, n = np.asarray(u, float), len(self.names)
        if self.codes is None:
            return np.einsum("mij,...j->...mi", self.dense, u)
        both = np.concatenate([u, -u], axis=-1) if np.any(self.codes >= n) else u
        return both[..., self.codes]

    @property
    def matrices(self) -> np.ndarray:
        """(m, n, n) dense matrices."""
        return np.swapaxes(self.act(np.eye(len(self.names))), 0, 1).swapaxes(1, 2)

    def __str__(self):
        return "; ".join(map(str, self)) if len(self) <= 12 else f"{len(self)} elements"


class Element(Elements):
    """One element g: ``g(u)`` acts on states (..., n), ``g.matrix`` is it, ``g.order`` the least k with g^k = 1."""

    def __call__(self, u):
        """Images g u (..., n)."""
        return self.act(u)[..., 0, :]

    @property
    def matrix(self) -> np.ndarray:
        """(n, n) matrix."""
        return self.matrices[0]

    @property
    def order(self) -> int:
        """Least k >= 1 with g^k = 1."""
        return order_of(self.matrix)

    @property
    def moved(self) -> int:
        """How many states it does not leave alone."""
        return int(np.sum(np.any(np.abs(self.matrix - np.eye(len(self.names))) > SAME, axis=1)))

    def __str__(self):
        """Cycles, ``(x y z)``: the value of x goes to y; ``x -> -y`` where signs change; else order and trace."""
        if self.codes is None:
            return f"matrix of order {self.order}, trace {np.trace(self.matrix):.6g}"
        return cycles(self.codes[0], self.names) if np.all(self.codes < len(self.names)) else self._arrows()

    def _arrows(self) -> str:
        places, n = self.codes[0], len(self.names)
        to = sorted((int(c) % n, i, "-" if c >= n else "") for i, c in enumerate(places))
        return ", ".join(f"{self.names[a]} -> {s}{self.names[i]}" for a, i, s in to if a != i or s) or "identity"

    __repr__ = __str__


def cycles(places, names) -> str:
    """Cycle notation of ``(g u)_i = u[places[i]]``: ``(x y z)`` moves the value of x to y, of y to z, of z to x."""
    target, seen, text = np.argsort(places), set(), ""
    for first in range(len(names)):
        ring, k = [], first
        while k not in seen:
            seen.add(k)
            ring.append(names[k])
            k = int(target[k])
        text += f"({' '.join(ring)})" if len(ring) > 1 else ""
    return text or "identity"


def signed_permutation(matrix):
    """Code (n,) of a matrix that permutes and changes signs; None for any other."""
    n = len(matrix)
    entries = np.round(matrix)
    if np.max(np.abs(matrix - entries)) > SAME or np.any(np.sum(np.abs(entries), axis=1) != 1):
        return None
    places = np.argmax(np.abs(entries), axis=1)
    return places + n * (entries[np.arange(n), places] < 0)


def element_of(names, matrix) -> Element:
    """The element a matrix is."""
    code = signed_permutation(matrix)
    return Element(names, None, matrix[None]) if code is None else Element(names, code[None])


def order_of(matrix) -> int:
    """Order of an orthogonal matrix from the angles of its eigenvalues; 0 where it has none up to `LIMIT`."""
    order = 1
    for angle in np.angle(np.linalg.eigvals(matrix)) / (2 * np.pi):
        near = Fraction(float(angle)).limit_denominator(LIMIT)
        if abs(near - angle) > TURN:
            return 0
        order = math.lcm(order, near.denominator)
    return order


def generate_group(names, matrices, limit=LIMIT) -> Elements:
    """Elements of the group that orthogonal matrices (k, n, n) generate, the identity first.

    Raises
    ------
    ValueError
        It has more than `limit` elements.
    """
    n = len(names)
    codes = [signed_permutation(g) for g in matrices]
    if all(code is not None for code in codes):
        found = _generated_codes(n, codes, limit)
        return Elements(names, np.array(found, np.intp).reshape(-1, n))
    return Elements(names, None, np.array(_generated_dense(n, matrices, limit)))


class TooManyElements(ValueError):
    """A group that is infinite, or too large to be listed."""


def list_part(names, matrices, limit=LIMIT) -> Elements:
    """All elements of a group, or those that as many of its generators (k, n, n) make as `limit` allows.

    Only groups of signed permutations, which are finite, are listed in part.
    """
    try:
        return generate_group(names, matrices, limit)
    except TooManyElements:
        if any(signed_permutation(g) is None for g in matrices):
            raise
    chosen, found, failed = [], generate_group(names, []), 0
    for g in matrices:
        try:
            found = generate_group(names, [*chosen, g], limit)
            chosen.append(g)
        except TooManyElements:
            failed += 1
            if failed == ENOUGH:
                break
    return found


def compose_codes(first, second):
    """Codes (k, n) of ``g h`` for codes `first` (k, n) of g and `second` (n,) of h."""
    n = len(second)
    return (second[first % n] + n * (first >= n)) % (2 * n)


def _generated_codes(n, generators, limit):
    """Breadth first: each new element times each generator; elements are told apart by their bytes."""
    layer = np.arange(n)[None]
    known = {layer[0].tobytes(): layer[0]}
    while len(layer):
        new = {}
        for images in (compose_codes(layer, g) for g in generators):
            new |= {image.tobytes(): image for image in images if image.tobytes() not in known}
        known |= new
        _refuse_many(len(known), limit)
        layer = np.array(list(new.values()), np.intp).reshape(-1, n)
    return list(known.values())


def _generated_dense(n, generators, limit):
    """The same with matrices, told apart by a generic projection and then entry by entry."""
    generic = np.cos(1.0 + np.arange(n * n) ** 1.5).reshape(n, n)
    found, keys, places = [], [], []

    def is_new(g):
        key = float(np.sum(generic * g))
        low, high = (bisect.bisect(keys, key + side * n * SAME) for side in (-1, 1))
        if any(np.max(np.abs(found[k] - g)) <= SAME for k in places[low:high]):
            return False
        at = bisect.bisect(keys, key)
        keys.insert(at, key)
        places.insert(at, len(found))
        found.append(g)
        return True

    is_new(np.eye(n))
    layer = [found[0]]
    while layer:
        layer = [image for g in layer for image in (g @ h for h in generators) if is_new(image)]
        _refuse_many(len(found), limit)
    return found


def _refuse_many(count, limit):
    """Raise where a group grows too large."""
    if count > limit:
        raise TooManyElements(
            f"symmetries: the group generated has more than {limit} elements; is it finite? Give a continuous group "
            "by its infinitesimal generators, functions K(u) -> (n,), or fewer generators"
        )


def contains(elements, g) -> bool:
    """Whether an `Element` is among some."""
    if elements.codes is not None and g.codes is not None:
        return bool(np.any(np.all(elements.codes == g.codes, axis=1)))
    return bool(np.any(np.max(np.abs(elements.matrices - g.matrix), axis=(1, 2)) <= SAME))


def find_generators(elements):
    """A few of the elements that generate them, those that move fewest states first; None if they are no group."""
    chosen, reached = [], generate_group(elements.names, [])
    for g in sorted(elements, key=lambda g: g.moved):
        if len(reached) == len(elements):
            break
        if not contains(reached, g):
            chosen.append(g)
            try:
                reached = generate_group(elements.names, [h.matrix for h in chosen], len(elements))
            except ValueError:  # their products leave the set
                return None
    return chosen if len(reached) == len(elements) and all(contains(elements, g) for g in reached) else None
