"""What a branch says of others that pass it closely: the engine's notes of near-crossings in words."""

import math

import numpy as np

from continuation.compiled.state import trace_state as S
from continuation.results.remarks import Remark

SOME_PLACES = 3  # at which a near-crossing was met, beyond which it is no place but a stretch


def remarks_on_crossings(problem, rows, runs) -> list:
    """A remark for each near-crossing that a trace went round."""
    found = []
    for sign, run in runs.items():
        count, size = int(run.state.integers[S.CROSSINGS]), rows.unknowns.shape[1]
        notes = run.state.crossings[:count]
        found += [remark_on(problem, rows, sign, note[:size], note[size:]) for note in notes]
        if count > len(notes):
            found.append(Remark(f"other branches pass closely at {count - len(notes)} more places"))
    return found


def remark_on(problem, rows, sign, place, note) -> Remark:
    """One near-crossing in words: `place` is a point between both branches."""
    gap, first, last = note[S.GAP], *(row_of(rows, sign, note[k]) for k in (S.FIRST_ROW, S.LAST_ROW))
    names, gaps = rows.vary, gap / np.sqrt(rows.weights[::-1][: len(rows.vary)])
    if note[S.PLACES] > SOME_PLACES:
        ends = (values_at(rows.varied[row], names, gaps) for row in sorted((first, last)))
        return Remark(f"from {' to '.join(ends)} another branch runs alongside at a distance of about {gap:.1e}", first)
    where = values_at(problem.columns(place[None, :])[1][0], names, gaps)
    why = " (an imperfect branch point)" if note[S.IMPERFECT] else ""
    return Remark(f"near {where} another branch passes at a distance of about {gap:.1e}{why}", last)


def row_of(rows, sign, number) -> int:
    """Row of the branch that a run of this direction counted as its `number`-th."""
    return int(np.clip(rows.start + sign * int(number), 0, len(rows) - 1))


def values_at(values, names, gaps) -> str:
    """Values of what is varied, with their names, as exact as the gaps, in the units of each, allow to say."""
    shown = (round(float(value), digits_within(gap)) + 0.0 for value, gap in zip(values, gaps))
    return ", ".join(f"{name} = {value:.10g}" for name, value in zip(names, shown))


def digits_within(gap) -> int:
    """Decimals of a number known to this gap; negative where whole tens are not, as many as there are for none."""
    return 1 - math.floor(math.log10(max(float(gap), np.finfo(float).tiny)))
