"""Pieces of a branch along which the varied parameter does not change: lines of solutions at one of its values."""

import numpy as np

from continuation.results.remarks import Remark

# Parameter's part of a unit tangent that may be the error of a stored tangent, as in the engine (`events.rounding`).
FLAT = 2e-5
# Factor between the changes that tangents and parameters tell of, beyond which both are rounding: on flat folds they
# agree to a factor of two, rounding of one knows nothing of the other.
UNLIKE = 10.0
ROUNDING = 4 * np.finfo(float).eps  # of the parameter between two rows, relative to its unit and |p|: its last bits
SHORTEST = 1e-3  # of a piece, relative to 1 + |x|: ten times less and the rounding next to folds looks like one
LEAST = 3  # intervals between rows that make a piece: fewer may lie next to a fold by chance


def level_pieces(rows) -> list:
    """Pairs (first, last) of rows between which the varied parameter does not change but by rounding."""
    if len(rows.vary) > 1 or len(rows.unknowns) <= LEAST:
        return []
    unit = 1.0 / np.sqrt(rows.weights[-1])  # of the parameter: both are told in it
    slopes, p = rows.tangents[:, -1] / unit, rows.unknowns[:, -1] / unit
    flat = np.maximum(np.abs(slopes[1:]), np.abs(slopes[:-1])) <= FLAT
    if np.count_nonzero(flat) < LEAST:
        return []
    lengths = np.sqrt(np.diff(rows.unknowns, axis=0) ** 2 @ rows.weights)
    told, changes = 0.5 * lengths * (np.abs(slopes[1:]) + np.abs(slopes[:-1])), np.abs(np.diff(p))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [False]]).astype(int)))
    pieces = zip(edges[::2], edges[1::2])
    return [
        (int(first), int(last))
        for first, last in pieces
        if last - first >= LEAST
        and np.sum(lengths[first:last]) >= SHORTEST * (1 + np.sqrt(rows.unknowns[first] ** 2 @ rows.weights))
        and is_rounding(changes[first:last], told[first:last], p[first])
    ]


def is_rounding(changes, told, p) -> bool:
    """Tell whether changes of the parameter are none that the tangents know of; all in units of the parameter."""
    total, known = float(np.sum(changes)), float(np.sum(told))
    return total <= ROUNDING * (1 + abs(p)) * len(changes) or not known / UNLIKE <= total <= known * UNLIKE


def remarks_on_level_pieces(problem, rows, runs) -> list:
    """Say so where the varied parameter does not change."""
    (name,) = rows.vary[:1]
    return [
        Remark(f"{name} does not change from row {first} to row {last}: a line of solutions, no fold", first)
        for first, last in level_pieces(rows)
    ]
