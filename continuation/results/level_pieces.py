"""Pieces of a branch along which the varied parameter does not change: lines of solutions at one of its values."""

import numpy as np

from continuation.results.remarks import Remark

# Parameter's part of a unit tangent that may be the error of a stored tangent, as in the engine (`events.rounding`).
FLAT = 2e-5
# Part of what tangents and parameters say of its changes by which they must disagree for them to be rounding: what
# tangents say of a change is right to their squared turn, of rounding it is as large as the change itself.
UNEXPLAINED = 0.1
SHORTEST = 1e-3  # of a piece, relative to 1 + |x|: ten times less and the rounding next to folds looks like one
LEAST = 3  # intervals between rows that make a piece: fewer may lie next to a fold by chance


def level_pieces(rows) -> list:
    """Pairs (first, last) of rows between which the varied parameter does not change but by rounding."""
    if len(rows.vary) > 1 or len(rows.unknowns) <= LEAST:
        return []
    slopes, p = rows.tangents[:, -1], rows.unknowns[:, -1]
    flat = np.maximum(np.abs(slopes[1:]), np.abs(slopes[:-1])) <= FLAT
    if np.count_nonzero(flat) < LEAST:
        return []
    lengths = np.sqrt(np.diff(rows.unknowns, axis=0) ** 2 @ rows.weights)
    told, changes = 0.5 * lengths * (slopes[1:] + slopes[:-1]), np.diff(p)
    sizes = np.maximum(np.abs(changes), 0.5 * lengths * (np.abs(slopes[1:]) + np.abs(slopes[:-1])))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flat, [False]]).astype(int)))
    pieces = zip(edges[::2], edges[1::2])
    return [
        (int(first), int(last))
        for first, last in pieces
        if last - first >= LEAST
        and np.sum(lengths[first:last]) >= SHORTEST * (1 + np.sqrt(rows.unknowns[first] ** 2 @ rows.weights))
        and is_rounding(changes[first:last], told[first:last], sizes[first:last])
    ]


def is_rounding(changes, told, sizes) -> bool:
    """Tell whether changes of the parameter are none that the tangents know of."""
    return float(np.sum(np.abs(changes - told))) >= UNEXPLAINED * float(np.sum(sizes))


def remarks_on_level_pieces(problem, rows, runs) -> list:
    """Say so where the varied parameter does not change."""
    (name,) = rows.vary[:1]
    return [
        Remark(f"{name} does not change from row {first} to row {last}: a line of solutions, no fold", first)
        for first, last in level_pieces(rows)
    ]
