"""Rows put together: what is left out of them, and what the notes are of then."""

import types

import numpy as np

from continuation.compiled.state import trace_state as S
from continuation.engine.assembly.collect import without_turns

FOLD, BRANCH_POINT = (S.KINDS.index(name) for name in ("FOLD", "BRANCH_POINT"))


def records_of(places, marks):
    """Rows of one state at these places; marks: row -> (kind, whether it is located)."""
    records = np.zeros((len(places), S.width(2, 0)))
    records[:, 0], base = places, S.width(2, 0) - S.SCALARS
    records[:, base + S.KIND], records[:, base + S.LOCATED] = S.REGULAR, 1.0
    for row, (kind, located) in marks.items():
        records[row, base + S.KIND], records[row, base + S.LOCATED] = kind, located
    return records


def run_with_note(row):
    """A run with one note."""
    integers, notes = np.zeros(S.INTEGERS, np.int64), np.zeros((S.MOST_NOTES, 2), np.int64)
    integers[S.SIZE], integers[S.NOTES], notes[0, 0] = 2, 1, row
    crossings = np.zeros((S.MOST_CROSSINGS, 2 + S.CROSSING))
    return types.SimpleNamespace(state=types.SimpleNamespace(integers=integers, notes=notes, crossings=crossings))


def kept(gap, unit):
    """How many of five rows stay, a fold that is not located in row 3 at this distance, in units, of a branch point."""
    marks = {2: (BRANCH_POINT, 1.0), 3: (FOLD, 0.0)}
    records = records_of(np.array([0.0, 0.1, 0.2, 0.2 + gap, 0.5]) * unit, marks)
    weights = np.array([1.0 / unit**2, 1.0])
    rows, brackets, start = without_turns({1: run_with_note(4)}, records, {3: "pair"}, 0, weights)
    assert start == 0
    assert brackets == ({3: "pair"} if len(rows) == 5 else {})
    return len(rows)


def test_a_turn_at_a_branch_point_is_near_in_the_inner_product():
    for unit in (1.0, 1e-8, 1e8):
        assert kept(1e-7, unit) == 4
        assert kept(1e-3, unit) == 5


def test_notes_are_of_the_rows_that_stay():
    marks = {2: (BRANCH_POINT, 1.0), 3: (FOLD, 0.0)}
    records = records_of([0.0, 0.1, 0.2, 0.2 + 1e-8, 0.5, 0.6, 0.7], marks)
    ahead, behind = run_with_note(1), run_with_note(2)
    _, _, start = without_turns({-1: behind, 1: ahead}, records, {}, 5, np.ones(2))
    assert start == 4
    assert ahead.state.notes[0, 0] == 1  # ahead of the start, nothing goes
    assert behind.state.notes[0, 0] == 1  # of row 3, which goes: of the one before on the way, row 4
