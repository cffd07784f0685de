"""Rows that are dropped from the engine's: what it noted of them goes too, and notes of others follow these.

A note is of the step from a row, a near-crossing is met on the way to the row that is made next.
"""

import numpy as np

from continuation.compiled.state import trace_state as S


def cut_rows(state: S.State, count):
    """Keep the first `count` rows of a direction, and the notes of them."""
    integers, first = state.integers, int(state.integers[S.SIZE]) + S.FIRST_ROW
    integers[S.ROWS] = count
    integers[S.NOTES] = _keep_first(state.notes, int(integers[S.NOTES]), state.notes[:, 0] < count)
    integers[S.CROSSINGS] = _keep_first(state.crossings, int(integers[S.CROSSINGS]), state.crossings[:, first] <= count)


def _keep_first(table, count, stays) -> int:
    """How many of `count` entries, ascending by row, stay; those that had no room in the table are the last of them."""
    kept = int(np.sum(stays[:count]))
    return count if kept == min(count, len(table)) else kept


def keep_rows(state: S.State, kept):
    """Keep only the rows `kept` (m,) of a direction, ascending."""
    state.rows[: len(kept)] = state.rows[kept]
    state.integers[S.ROWS] = len(kept)
    renumber_notes(state, kept)


def renumber_notes(state: S.State, kept):
    """Let notes be of rows as they are numbered when only the rows `kept` (m,) stay, of one that goes of that before.

    The engine's rows stay as they are.
    """
    first = int(state.integers[S.SIZE]) + S.FIRST_ROW
    notes, crossings = state.notes[: state.integers[S.NOTES]], state.crossings[: state.integers[S.CROSSINGS]]
    notes[:, 0] = np.searchsorted(kept, notes[:, 0], side="right") - 1
    for column in (first, first + S.LAST_ROW - S.FIRST_ROW):
        crossings[:, column] = np.searchsorted(kept, crossings[:, column])
