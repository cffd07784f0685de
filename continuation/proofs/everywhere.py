"""All solutions in a box of states: each proven to be one, and that there is no other.

The box is halved until each part has no zero, by an enclosure of F or by an image of Krawczyk's operator that misses
the part, or lies in a box in which there is exactly one (Moore, Kearfott and Cloud, Introduction to Interval Analysis,
2009, chapter 8; Tucker, Validated Numerics, 2011, chapter 5).
"""

import math
from typing import NamedTuple

from continuation.proofs.arithmetic import NotProven, ProofError, around, flint, lies_within, precision
from continuation.proofs.choosing.construct import source_of
from continuation.proofs.exact import ExactEquations
from continuation.proofs.proven_points import spectrum
from continuation.proofs.systems_of_points import Square, box_radii, column, identity, inverse, krawczyk, refine

WIDER = 1.5  # of a part, so that a zero on its edge lies inside: more has it meet other zeros, less more halving
SMALLEST = 1e-9  # of a part, relative to the box: what is undecided there stays so


class Zeros(NamedTuple):
    """What is known of a box.

    ``points``: an enclosure (n balls) of each zero.  ``unstable``: eigenvalues of F_u with positive real part at each,
    -1 where they are not known.  ``undecided``: parts, (n, 2) limits, that may hold others; ``parts``: how many were
    looked at.
    """

    points: list
    unstable: list
    undecided: list
    parts: int

    @property
    def complete(self) -> bool:
        """Whether the points are proven to be all."""
        return not self.undecided


def all_zeros(problem, box, parameters=None, most=100_000) -> Zeros:
    """Enclose all solutions with states in a box.

    Parameters
    ----------
    problem : Problem
        Given as text or sympy expressions, without kinks.
    box : mapping of str to (low, high)
        Limits of every state.
    parameters : mapping of str to float, optional
        Other values than the problem's own; read as the decimals that they print as.
    most : int
        Parts to look at, at most; what is left is undecided.

    Returns
    -------
    Zeros
        A zero within rounding of the box's edge may lie outside.

    Raises
    ------
    ProofError
        The problem is none of these, or a state has no limits.

    Notes
    -----
    Cost: two evaluations of F and F' in balls and n**3 operations a part; the number of parts grows like the n-th
    power of the ratio of the box to the distances within which F bends.

    Examples
    --------
    >>> from continuation import Problem
    >>> zeros = all_zeros(Problem.from_expressions({"x": "p*x - x**3"}, {"p": 1.0}), {"x": (-2, 3)})
    >>> [round(float(x), 12) + 0.0 for (x,) in zeros.points], zeros.unstable, zeros.complete
    ([-1.0, 0.0, 1.0], [0, 1, 0], True)
    """
    if unknown := set(parameters or {}) - set(problem.parameters):
        raise ProofError(
            f"parameters: no parameter is named {min(unknown)!r}; there are {', '.join(problem.parameters)}"
        )
    source = source_of(problem, {**problem.parameters, **(parameters or {})})
    if set(box) != set(problem.states):
        raise ProofError(f"box: wanted limits of {', '.join(problem.states)}, got {', '.join(map(str, box))}")
    limits = [tuple(map(float, box[name])) for name in problem.states]
    for name, (low, high) in zip(problem.states, limits):
        if not -math.inf < low < high < math.inf:
            raise ProofError(f"box: wanted finite limits of {name}, the lower one first, got {low:g} and {high:g}")
    with precision():
        return _Search(source, limits).run(most)


class _Search:
    """The parts that wait and the zeros found."""

    def __init__(self, source, limits):
        vary = next(iter(source["parameters"]), None)
        if vary is None:
            raise ProofError("wanted a problem with a parameter")
        self.equations = ExactEquations(source, vary)
        self.parameter = self.equations.at_parameter(source["parameters"][vary])
        self.limits, self.states = limits, range(len(limits))
        self.alone, self.points = [], []  # boxes with exactly one zero, and its enclosure

    def run(self, most) -> Zeros:
        """Halve until nothing waits."""
        waiting, undecided, parts = [self.limits], [], 0
        while waiting:
            part = waiting.pop()
            parts += 1
            if parts > most:
                undecided.append(part)
            elif not self._settled(part):
                widths = [(high - low) / (top - bottom) for (low, high), (bottom, top) in zip(part, self.limits)]
                side = widths.index(max(widths))
                if widths[side] < SMALLEST:
                    undecided.append(part)
                    continue
                low, high = part[side]
                middle = 0.5 * (low + high)
                waiting += [[*part[:side], half, *part[side + 1 :]] for half in ((middle, high), (low, middle))]
        order = sorted(range(len(self.points)), key=lambda k: [float(x.mid()) for x in self.points[k]])
        points = [self.points[k] for k in order]
        return Zeros(points, [self._unstable(point) for point in points], undecided, parts)

    def _values(self, x) -> list:
        return self.equations.residual([*x, self.parameter])

    def _slopes(self, x):
        return self.equations.jacobian([*x, self.parameter], self.states, self.states)

    def _settled(self, part) -> bool:
        """Whether a part is known to hold no zero that is not among `points`."""
        box = [flint.arb(low).union(flint.arb(high)) for low, high in part]
        if any(all(lies_within(x - m, r) for x, m, r in zip(box, *one)) for one in self.alone):
            return True
        try:
            if any(not value.contains(0) for value in self._values(box)):
                return True
            middle = [flint.arb(0.5 * (low + high)) for low, high in part]
            radii = [flint.arb(0.5 * WIDER * (high - low)) for low, high in part]
            image = self._image(middle, radii)
        except NotProven:
            return False
        if any(not (m + k).overlaps(x) for m, k, x in zip(middle, image, box)):
            return True
        if not all(lies_within(k, r) for k, r in zip(image, radii)):
            return False
        return self._keep(middle, radii, [m + k for m, k in zip(middle, image)])

    def _image(self, middle, radii) -> list:
        """Krawczyk's image of a box, its middle subtracted."""
        wide = self._slopes([m + around(r) for m, r in zip(middle, radii)])
        inner = inverse(wide)
        shift = column(inner, self._values(middle))
        rest = identity(len(middle)) - inner * wide
        return [b - a for a, b in zip(shift, column(rest, [around(r) for r in radii]))]

    def _keep(self, middle, radii, image) -> bool:
        """Note a box with exactly one zero, if that is a new one; False where it can't be told from another."""
        system = Square(self._values, self._slopes, len(middle))
        point = refine(system, [float(x.mid()) for x in image])
        try:
            sharp = krawczyk(system, point, [flint.arb(float(r)) for r in box_radii(point)])
        except NotProven:
            sharp = image
        if not all(lies_within(x - m, r) for x, m, r in zip(sharp, middle, radii)):
            sharp = image
        if not _overlap(sharp, [flint.arb(low).union(flint.arb(high)) for low, high in self.limits]):
            return True  # the only zero of the wider part lies outside of all
        for known, (centre, reach) in zip(self.points, self.alone):
            if _overlap(known, sharp):
                return all(lies_within(x - c, r) for x, c, r in zip(sharp, centre, reach))
        self.alone.append((middle, radii))
        self.points.append(sharp)
        return True

    def _unstable(self, point) -> int:
        """Number of eigenvalues of F_u with positive real part, -1 where it is not known."""
        try:
            signs = spectrum(self._slopes(point))
        except NotProven:
            return -1
        return signs.count(1) if 0 not in signs else -1


def _overlap(a, b) -> bool:
    """Whether two boxes have points in common."""
    return all(x.overlaps(y) for x, y in zip(a, b))
