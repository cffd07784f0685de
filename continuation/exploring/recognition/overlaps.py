"""Where a new branch runs along a known one, or along its own beginning."""

from typing import NamedTuple

import numpy as np

from continuation.exploring.recognition.on_curve import Place, find_place, find_place_on
from continuation.ground.status import Kind


class Overlap(NamedTuple):
    """Where a new branch joins a known one: its first row on it, that branch and the row there."""

    row: int
    branch: int
    place: Place


def find_overlap(equations, branches, branch):
    """The first `Overlap` of a new branch with known ones, or None; looks at some rows, then at those between."""

    def known_at(row):
        for k, other in enumerate(branches):
            place = find_place_on(equations, other, branch.unknowns[row], branch.tangents[row])
            if place is not None:
                return Overlap(row, k, place)
        return None

    rows = choose_rows(branch)
    for before, row in zip([None, *rows], rows):
        found = known_at(row)
        if found is None:
            continue
        low, high = -1 if before is None else before, row
        while high - low > 1:
            middle = (low + high) // 2
            earlier = known_at(middle)
            low, high, found = (low, middle, earlier) if earlier is not None else (middle, high, found)
        return found
    return None


def choose_rows(branch, count=24) -> list:
    """Rows that are no special points: the first three that are none, the last, and some between."""
    taken = {point.index for point in branch.special if point.kind is not Kind.END}
    free = [row for row in range(len(branch)) if row not in taken] or [0]
    spread = np.unique(np.linspace(0, len(free) - 1, count).round().astype(int))
    return sorted({*free[:3], *(free[k] for k in spread)})


def find_return(equations, unknowns, tangents):
    """Row after which a curve that began at its first row runs along its own beginning again, or None.

    The first row may be a branch point; it is the second that is looked for.
    """
    if len(unknowns) < 8:
        return None
    place = find_place(equations, unknowns[4:], tangents[4:], unknowns[1], tangents[1])
    return None if place is None or place.cosine < 0 else place.row + 4
