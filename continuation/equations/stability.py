"""How many eigenvalues of F_u are unstable at single points, counted as by the engine; points that hold them."""

from typing import NamedTuple

import numpy as np
import scipy.linalg

from continuation.compiled.dense.spectrum import ZERO_EIGENVALUE
from continuation.compiled.matrices.similarity import ALIKE
from continuation.equations.derivatives import state_jacobian
from continuation.ground.points import Point


class EigenvalueCounts(NamedTuple):
    """Numbers of eigenvalues with positive real part and at zero; `unstable` is -1 where they can't be counted."""

    unstable: int
    nullity: int


def count_eigenvalues(a, symmetric=False) -> EigenvalueCounts:
    """Count the unstable and the vanishing eigenvalues of a matrix.

    Parameters
    ----------
    a : (n, n) array
    symmetric : bool
        Take it as symmetric: only its lower triangle is read.

    Returns
    -------
    EigenvalueCounts
        Those within 1e-9 of zero, relative to the largest sum of a row's moduli of the balanced matrix, are not
        unstable; where both parts are so small they count as zero.  ``(-1, 0)`` where an entry is NaN or infinite:
        such a matrix has no spectrum.

    Examples
    --------
    >>> count_eigenvalues(np.diag([2.0, 1e-12, -1.0]))
    EigenvalueCounts(unstable=1, nullity=1)
    >>> count_eigenvalues(np.array([[np.nan]])).unstable
    -1
    """
    if not np.all(np.isfinite(a)):
        return EigenvalueCounts(-1, 0)
    zero = ZERO_EIGENVALUE * balanced_scale(a)
    values = np.linalg.eigvalsh(a) if symmetric else np.linalg.eigvals(a)
    null = (np.abs(values.real) <= zero) & (np.abs(values.imag) <= zero)
    return EigenvalueCounts(int(np.sum(values.real > zero)), int(np.sum(null)))


def balanced_scale(a) -> float:
    """Largest sum of a row's moduli of a finite matrix; of the balanced one where that is far less (LAPACK's gebal).

    Examples
    --------
    >>> balanced_scale(np.array([[1.0, 2.0], [3.0, 4.0]])), balanced_scale(np.array([[1.0, 1e12], [1e-12, 1.0]])) < 10
    (7.0, True)
    """
    own = np.max(np.sum(np.abs(a), axis=1), initial=0.0)
    balanced = scipy.linalg.matrix_balance(a, permute=False)[0] if a.size else a
    scale = np.max(np.sum(np.abs(balanced), axis=1), initial=0.0)
    return float(own if own <= ALIKE * scale else scale)


def counts_at(problem, u, p) -> EigenvalueCounts:
    """Counts at a solution u (n,), as the engine makes them; ``(-1, 0)`` where the problem is no flow."""
    if problem.stability is None:
        return EigenvalueCounts(-1, 0)
    if problem.stability != "flow":
        return EigenvalueCounts(int(problem.functions["stability"](u, p)), 0)
    return count_eigenvalues(state_jacobian(problem, u, p))


def point_at(problem, u, p) -> Point:
    """The `Point` of a state u (n,) at p, with outputs and counts of eigenvalues as the engine counts them."""
    outputs = {name: float(g(u, p)) for name, g in problem.outputs.items()}
    state = problem.columns(np.append(u, 0.0)[None])[0][0].copy()
    return Point(state, dict(zip(problem.parameters, p.tolist())), problem.states, outputs, *counts_at(problem, u, p))
