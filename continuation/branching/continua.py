"""Tracing one branch of a continuum of branches: every correction and tangent is the one of least norm."""

from dataclasses import replace

import numpy as np

from continuation.compiled.calls.interface import NONFINITE, NOTHING, OK, SINGULAR, call_from_python, python_callback
from continuation.equations.derivatives import extended_jacobian

EMPTY = 1e-8  # of the row's square: a row along the continuum but for 1e-4 of its length says nothing of the branch


def least_norm(operations, problem, dimension):
    """Operations of a trace among solutions that form continua of `dimension` beside the curve.

    ``[F_u F_p; row]`` then has rank N - dimension: its smallest singular values are left out, so that corrections
    and tangents have no part along the continuum.  There is no determinant and F_u always singular: of special
    points only folds and the user's zeros are seen.
    """
    size, active = operations.size, operations.active
    root = np.sqrt(operations.weights)
    at = {}

    def linearise(x, p, out):
        at["x"], at["p"] = x.copy(), p.copy()
        status = call_from_python(operations.linearise, operations.linearise.data, x, p, out)
        with np.errstate(all="ignore"):
            at["jacobian"] = extended_jacobian(problem, at["x"], at["p"], active)
        return status

    def solve(row, rhs, out):
        jacobian = at["jacobian"]
        if not np.all(np.isfinite(jacobian)):
            return NONFINITE
        particular, null = without_continuum(jacobian / root, rhs.reshape(2, size)[:, :-1], dimension)
        covector = row / root
        for k in range(2):  # the part of the curve's direction that the row asks for
            along = null.T @ (null @ covector)
            square = float(along @ covector)
            if square <= EMPTY * float(covector @ covector):
                return SINGULAR
            gap = rhs[(k + 1) * size - 1] - covector @ particular[k]
            out[k * size : (k + 1) * size] = (particular[k] + gap / square * along) / root
        out[2 * size : 2 * size + 2] = 1.0, 0.0
        return OK

    return replace(
        operations,
        linearise=python_callback(linearise, (size, len(operations.p), size - 1)),
        solve=python_callback(solve, (size, 2 * size, 2 * size + 2)),
        refine=NOTHING,
        counts=None,
    )


def without_continuum(jacobian, right, dimension):
    """Least-norm solutions (m, N) for right-hand sides (m, n), and the null vectors (1 + dimension, N) left out."""
    u, sigma, vt = np.linalg.svd(jacobian)
    rank = len(sigma) - dimension
    solutions = ((right @ u[:, :rank]) / sigma[:rank]) @ vt[:rank]
    return solutions, vt[rank:]
