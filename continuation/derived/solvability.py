"""Where constraints cease to be solvable: what a branch of ``M u' = F(u)`` with a singular M meets there.

The matrix K with which u' is multiplied (see `mass_matrix`) is singular: an eigenvalue of the flow passes through
infinity, while the solutions of F = 0 go on, or turn where F_u is singular as well.  In ``u' = K^-1 ...`` that looks
like a branch point that can't be located, which it is not.
"""

import numpy as np

from continuation.ground.status import Kind

# Singular values of matrices with rows of unit length, relative to the largest, below which one is next to zero: places
# that were not located are as near as 1e-8 or so.  A hundred times more takes slow constraints for such that are none.
NEXT_TO_ZERO = 1e-5
LARGEST = 300  # unknowns beyond which rows are not looked at: as dear as their spectra
FALSE = frozenset({Kind.BRANCH_POINT, Kind.HOPF, Kind.FOLD})


def without_false_points(mass, unknowns, kinds, parameters_at):
    """Take out of `kinds` (row -> Kind) what looks like a special point where K is singular and is none.

    A fold stays where F_u is singular too; `parameters_at` gives p at the unknowns of a row.
    """
    for row, kind in list(kinds.items()):
        u, p = unknowns[row, :-1].copy(), parameters_at(unknowns[row])
        if kind not in FALSE or not is_next_to_singular(mass.leading_at(u, p)):
            continue
        if kind is not Kind.FOLD or not is_next_to_singular(mass.weighed_jacobian(u, p)):
            del kinds[row]


def places_of_change(mass, rows, parameters_at) -> list:
    """(row, value of the varied parameter) where the sign of det K changes from a row to the next, or ends."""
    if rows.unknowns.shape[1] > LARGEST or len(rows.vary) > 1:
        return []
    matrices = np.array([mass.leading_at(x[:-1].copy(), parameters_at(x)) for x in rows.unknowns])
    at, found = rows.unknowns[:, -1], []
    for k, status in ((0, rows.ends[0]), (len(rows) - 1, rows.ends[1])):
        if status.is_failure and is_next_to_singular(matrices[k]):
            found.append((k, float(at[k])))
    for k, pair in enumerate(zip(matrices, matrices[1:])):
        if np.all(np.isfinite(pair)):
            lengths = np.max(np.linalg.norm(pair, axis=2), axis=0)[:, None]
            low, high = np.linalg.det(pair / np.where(lengths > 0, lengths, 1.0))
            if low * high < 0:
                found.append((k, float(at[k] + (at[k + 1] - at[k]) * low / (low - high))))
    return sorted(set(found))


def remarks_on_constraints(mass, rows, parameters_at) -> list:
    """Lines that say where constraints cease to be solvable."""
    name = rows.vary[0]
    return [
        f"near {name} = {round(value, 6) + 0.0:.6g} (row {row}) the constraints can't be solved for as many states: an "
        "eigenvalue passes through infinity, and branches may meet or turn there without being found"
        for row, value in places_of_change(mass, rows, parameters_at)
    ]


def alike(matrix) -> np.ndarray:
    """The matrix with rows of unit length; rows of zeros stay."""
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix / np.where(lengths > 0, lengths, 1.0)


def is_next_to_singular(matrix) -> bool:
    """Whether a matrix is singular, or so near that a place known to 1e-8 can't tell."""
    if not np.all(np.isfinite(matrix)):
        return True
    sizes = np.linalg.svd(alike(matrix), compute_uv=False)
    return bool(sizes[-1] <= NEXT_TO_ZERO * sizes[0])
