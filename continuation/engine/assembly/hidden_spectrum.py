"""Eigenvalues that read zero although they are not: beside those of a far faster part they are not counted."""

import numpy as np

from continuation.equations.derivatives import state_jacobian
from continuation.equations.stability import ZERO_EIGENVALUE, balanced_scale
from continuation.results.remarks import Remark

# Part of the balanced F_u below which an eigenvalue is what rounding leaves of zero, of the solution as well; and what
# differences leave of it.
ROUNDED, DIFFERENCED = 1e-11, 1e-10
STRETCH = 5  # rows one after the other at least: beside special points eigenvalues are small on fewer


def hidden_at(problem, rows, row) -> tuple:
    """(largest modulus of the eigenvalues of a row that read zero and are not, size of F_u)."""
    a = state_jacobian(problem, rows.unknowns[row, :-1].copy(), problem.parameter_values(rows.parameters_at(row)))
    if not np.all(np.isfinite(a)):
        return 0.0, 1.0
    scale, sizes = balanced_scale(a), np.abs(np.linalg.eigvals(a))
    return float(np.max(sizes[sizes <= ZERO_EIGENVALUE * scale], initial=0.0)), scale


def remarks_on_hidden_eigenvalues(problem, rows, runs) -> list:
    """Say so where eigenvalues read zero along rows because others are so much larger."""
    if problem.stability != "flow" or "residual" not in problem.functions or len(rows.vary) > 1:
        return []
    found, least = [], ROUNDED if "jacobian" in problem.functions else DIFFERENCED
    for first, last in stretches(rows.nullity > 0):
        size, scale = hidden_at(problem, rows, (first + last) // 2)
        if size > least * scale:
            text = (
                f"eigenvalues of size {size:.2g} read zero beside F_u of size {scale:.2g} from row {first} to row "
                f"{last}: they are not counted, and special points of theirs may be missing; take the fast states out "
                "(solve their equations, or make them constraints by `mass`)"
            )
            found.append(Remark(text, first))
    return found


def stretches(marked) -> list:
    """(first, last) of the runs of at least `STRETCH` rows that are marked (m,).

    Examples
    --------
    >>> stretches(np.array([0, 1, 1, 1, 1, 1, 0, 1, 1], bool))
    [(1, 5)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], marked.astype(int), [0]])))
    runs = zip(edges[::2].tolist(), (edges[1::2] - 1).tolist())
    return [(first, last) for first, last in runs if last - first + 1 >= STRETCH]
