"""From row to row of a branch: segments whose tubes are proven, cut where a proof fails."""

from typing import NamedTuple

import numpy as np

from continuation.proofs.arithmetic import NotProven, ball, decimal, flint
from continuation.proofs.events_along import crossings_along, folds_along, pairs_along
from continuation.proofs.systems_of_points import column, inverse
from continuation.proofs.tubes import MARGIN, Segment, across, go_on, holds, inflated, point_at, prove_tube

SHARE = 0.46  # of a segment where it is cut: halves would meet folds and symmetric points of symmetric branches
SHORTEST = 1e-6  # of a segment, relative to the longest between rows; beside a crossing a tenth takes 15 segments more
SHORTEST_HOPF = 1e-3  # where it is cut for Hopf points alone: beyond, a pair is no regular one
WIDTHS = (1 / 4, 1 / 16, 1 / 64, 0)  # of tubes that are tried, by the length of the segment: the wider the more is said
MOST = 400  # segments tried between two rows; near a branch point 200 are
MOST_A_ROW = 50  # on average over the branch; 20 are many, and where nothing can be proven time is short
MOST_FOR_HOPF = 200  # cuts of a branch for Hopf points alone: where sums of eigenvalues are 0 all along none helps
NEWTON = 4
NEAR = 1e-6  # of a row to the solution beside it, relative to 1 + |x|; farther off it is the row of other equations


class Piece(NamedTuple):
    """A proven segment with its ends (N floats each) and the box of the solution at its last end.

    `hopf`: whether the number of Hopf points on it is known.
    """

    start: np.ndarray
    end: np.ndarray
    segment: Segment
    box: list
    hopf: bool


class Walk:
    """What a branch's segments have in common.

    Parameters
    ----------
    equations : ExactEquations
    rows : (m, N) array
    scale : (N,) array
        Lengths are largest components times these.
    flow : bool
        Whether Hopf points are looked for.
    """

    def __init__(self, equations, rows, scale, flow):
        self.equations, self.scale, self.flow = equations, scale, flow
        self.left = MOST + MOST_A_ROW * len(rows)
        self.longest = max(self._length(a, b) for a, b in zip(rows, rows[1:]))
        self.left_for_hopf, self.known = MOST_FOR_HOPF, {}
        self.widest = 0  # the first of the widths to try: next to the one that succeeded last

    def _length(self, start, end) -> float:
        return float(np.max(self.scale * np.abs(end - start)))

    def between(self, start, end, before) -> list:
        """Pieces from one row to the next, None in the place of each that failed; `before` ends at `start`."""
        waiting, found, left = [(start, end)], [], min(MOST, self.left)
        while waiting:
            a, b = waiting.pop()
            left, self.left = left - 1, self.left - 1
            piece = self._piece(a, b, found[-1] if found else before)
            middle = self._cut(a, b) if left > 0 and self._wants_cut(piece, self._length(a, b)) else None
            if middle is None:
                found.append(piece)
            else:
                waiting += [(middle, b), (a, middle)]
        return found

    def _wants_cut(self, piece, length) -> bool:
        """Whether shorter segments may prove more."""
        if piece is None:
            return length > SHORTEST * self.longest
        if not self.flow or piece.hopf or length < SHORTEST_HOPF * self.longest or self.left_for_hopf <= 0:
            return False
        self.left_for_hopf -= 1
        return True

    def _piece(self, start, end, before):
        """A proven segment, None where the proof fails."""
        e = self.equations
        a, b = _exact(start), _exact(end)
        c = [q - p for p, q in zip(a, b)]
        along = int(np.argmax(self.scale * np.abs(end - start)))
        if end[along] == start[along]:
            return None
        try:
            ends = [self._point(start, along) if before is None else before.box, self._point(end, along)]
            if before is not None and not go_on(e, before.segment, Segment(a, c, along, None), before.box):
                return None
            margin = flint.arb(MARGIN)
            least = inflated(e, Segment(a, c, along, None), (-margin).union(1 + margin), flint.arb(0.5))
        except NotProven:
            return None
        best = None
        for share in WIDTHS[self.widest :]:
            segment = Segment(a, c, along, self._widened(least, share * self._length(start, end)))
            if tube := self._proven(segment, ends):
                self.widest = max(WIDTHS.index(share) - 1, 0)
                hopf = self.flow and self._counts_pairs(tube, ends)
                piece = Piece(start, end, segment, ends[1], hopf)
                if hopf or not self.flow:
                    return piece
                best = best or piece
        return best

    def _point(self, x, along) -> list:
        """The box of the solution in a point's slice; remembered, as segments are cut at one end."""
        key = (x.tobytes(), along)
        if key not in self.known:
            if len(self.known) > MOST:
                self.known.clear()
            self.known[key] = box = point_at(self.equations, _exact(x), along)
            off = np.abs([float(side.mid()) for side in box] - x)
            if np.max(self.scale * off) > NEAR * (1 + np.max(self.scale * np.abs(x))):
                raise NotProven("a row is no solution")
        return self.known[key]

    def _widened(self, radii, width) -> list:
        """Radii of at least `width` in the branch's inner product, where they are not 0."""
        return [r if r == 0 else flint.arb(max(float(r), width / w)) for r, w in zip(radii, self.scale)]

    def _proven(self, segment, ends):
        """The tube, if it, its ends and what lies along it are proven."""
        try:
            tube = prove_tube(self.equations, segment)
            if not all(holds(tube, end) for end in ends):
                return None
            folds_along(self.equations, tube, *ends)
            crossings_along(self.equations, tube, *ends)
        except NotProven:
            return None
        return tube

    def _counts_pairs(self, tube, ends) -> bool:
        """Whether the number of pairs of eigenvalues with the sum 0 is known."""
        try:
            pairs_along(self.equations, tube, *ends)
        except NotProven:
            return False
        return True

    def _cut(self, start, end):
        """A point of the branch between two others; None where Newton's method finds none near the chord."""
        e, chord = self.equations, end - start
        x, along = start + SHARE * chord, int(np.argmax(self.scale * np.abs(chord)))
        free = across(e, along)
        try:
            for _ in range(NEWTON):
                z = _exact(x)
                residual = e.residual(z)
                step = column(inverse(e.jacobian(z, e.within, free)), [residual[i] for i in e.within])
                x[free] -= [float(value.mid()) for value in step]
        except NotProven:
            return None
        return x if np.all(np.isfinite(x)) and self._length(start, x) <= 2 * self._length(start, end) else None


def _exact(x) -> list:
    """The decimals of a point that a certificate shows, as balls."""
    return [ball(decimal(repr(float(value)))) for value in x]
