"""F_u on the rows of a branch, and its eigenvalues."""

import numpy as np

from continuation.ground import canonical


def jacobians_at(problem, branch, rows) -> dict:
    """F_u at some rows; nothing for a problem whose derivatives only its own operations know."""
    if "residual" not in getattr(problem, "functions", {}):
        return {}
    out = {}
    for row in rows:
        p = problem.parameter_values(branch.parameters_at(row))
        out[row] = problem.stability_matrix(branch.unknowns[row], p)
    return {row: a for row, a in out.items() if np.all(np.isfinite(a))}


def spectra(branch) -> np.ndarray:
    """(m, n) eigenvalues of F_u on every row, by descending real part; NaN without the problem's functions."""
    found = {} if branch.problem is None else jacobians_at(branch.problem, branch, range(len(branch)))
    width = len(next(iter(found.values()))) if found else branch.states.shape[1]
    out = np.full((len(branch), width), np.nan, complex)
    for row, a in found.items():
        out[row] = canonical.descending(np.linalg.eigvals(a))
    return out
