"""Bases of a space of sums of states in small whole numbers, as chemists write them: sparse, without minus signs.

The sums without minus signs are a cone; its edges are the sums none of whose parts is such a sum itself (conserved
moieties; S. Schuster, T. Hoefer, "Determining all extreme semi-positive conservation relations in chemical reaction
systems", J. Chem. Soc. Faraday Trans. 87 (1991) 2561-2566).  They are found by the double description method: one
coordinate after the other is made non-negative.
"""

import math
from fractions import Fraction

import numpy as np

LARGEST = 1000  # denominator of a coefficient; what needs a larger one stays the float that it is
# Of a coefficient beside a fraction, relative: differences of plain functions leave 1e-10, so ten times smaller takes
# quotients of small numbers for floats; ten times larger rounds coefficients that were measured to seven digits.
NEAR = 1e-8
MOST_EDGES = 300  # of the cone; beyond that the echelon form has to do


def rational_basis(space) -> list:
    """Write a basis of a space of vectors in the sparsest non-negative vectors there are.

    Parameters
    ----------
    space : (t, n) array
        Independent rows.

    Returns
    -------
    list of (n,) tuples of Fraction
        In the order of their first entries; whole numbers without a common factor where the space is rational.

    Examples
    --------
    The conserved sums of ``A + B <-> C``:

    >>> [[int(c) for c in row] for row in rational_basis(np.array([[1.0, -1.0, 0.0], [0.0, 1.0, 1.0]]))]
    [[1, 0, 1], [0, 1, 1]]
    """
    rows = _rational_rows(space)
    candidates = sorted(_edges(rows), key=_simplicity) + sorted(rows, key=_simplicity)
    chosen = []
    for row in candidates:
        if len(chosen) < len(rows) and rank_of([*chosen, row]) > len(chosen):
            chosen.append(_whole(row))
    return sorted(chosen, key=lambda row: (_support(row)[0], len(_support(row))))


def rank_of(rows) -> int:
    """Rank of rows of fractions, exactly."""
    rows, rank = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((k for k in range(rank, len(rows)) if rows[k][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for k in range(rank + 1, len(rows)):
            if rows[k][column]:
                factor = rows[k][column] / rows[rank][column]
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[rank])]
        rank += 1
    return rank


def _rational_rows(space) -> list:
    """Reduced echelon form (largest pivots) in fractions."""
    rows = np.array(space, float)
    for k in range(len(rows)):
        i, j = np.unravel_index(np.argmax(np.abs(rows[k:])), rows[k:].shape)
        rows[[k, k + i]] = rows[[k + i, k]]
        rows[k] /= rows[k, j]
        others = np.arange(len(rows)) != k
        rows[others] -= rows[others][:, [j]] * rows[k]
        rows[others, j] = 0.0
    return [tuple(map(_fraction, row)) for row in rows]


def _fraction(value) -> Fraction:
    """The small fraction next to a float, else the float itself."""
    near = Fraction(float(value)).limit_denominator(LARGEST)
    return near if abs(float(near) - value) <= NEAR * max(1.0, abs(value)) else Fraction(float(value))


def _edges(rows) -> list:
    """Edges of the cone of non-negative combinations; none where there are too many to list."""
    edges = list(rows)
    for column in range(len(rows[0])):
        above = [edge for edge in edges if edge[column] >= 0]
        below = [edge for edge in edges if edge[column] < 0]
        for low in below:
            for high in [edge for edge in above if edge[column] > 0]:
                above.append(tuple(a * -low[column] + b * high[column] for a, b in zip(high, low)))
        edges = _minimal(above)
        if len(edges) > MOST_EDGES:
            return []
    return [edge for edge in edges if min(edge) >= 0]


def _minimal(vectors) -> list:
    """Of vectors with the same entries, or more of them that are not zero, only the smaller."""
    kept = []
    for vector in sorted(vectors, key=lambda v: len(_support(v))):
        support = set(_support(vector))
        if support and not any(support >= set(_support(other)) for other in kept):
            kept.append(vector)
    return kept


def _support(row) -> tuple:
    """Places of the entries that are not zero."""
    return tuple(k for k, value in enumerate(row) if value)


def _simplicity(row) -> tuple:
    """Sort key: few entries first, then small numbers, then early states."""
    whole = _whole(row)
    return len(_support(row)), sum(map(abs, whole)), _support(row)


def _whole(row) -> tuple:
    """The row without common factors, its first entry positive; where it holds floats, that entry is 1."""
    first = next(value for value in row if value)
    denominator = math.lcm(*(value.denominator for value in row))
    if denominator > LARGEST**2:
        return tuple(Fraction(float(value / first)) for value in row)
    common = math.gcd(*(int(value * denominator) for value in row)) * (1 if first > 0 else -1)
    return tuple(value * denominator / common for value in row)
