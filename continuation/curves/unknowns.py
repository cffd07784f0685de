"""Unknowns of a curve of special points at a point of a branch."""

import numpy as np

from continuation.equations.derivatives import state_jacobian
from continuation.kinds import registry


def unknowns_of(problem, kind, point, names, p) -> np.ndarray:
    """(N,) unknowns (u, auxiliary, q, p) of the curve at a point."""
    u, shape = problem.point_unknowns(point, names[0])[:-1], registry.of(kind).shape
    if shape.follows_pair:
        at_end = registry.of(point.kind).ends_curve
        auxiliary = [0.0 if at_end else hopf_frequency(point, state_jacobian(problem, u, p)) ** 2]
    else:
        auxiliary = [0.0 for _ in shape.auxiliary]
        refuse_kernel(point)
    return np.array([*u, *auxiliary, p[problem.index_of(names[1])], p[problem.index_of(names[0])]])


def hopf_frequency(point, a) -> float:
    """Imaginary part of the pair of `a` on the imaginary axis."""
    values = np.linalg.eigvals(a)
    pairs = values[values.imag > 0]
    if not len(pairs):
        raise ValueError(f"start: F_u has no complex eigenvalues at {point.label}: it is no Hopf point of this problem")
    return float(pairs[np.argmin(np.abs(pairs.real))].imag)


def refuse_kernel(point):
    """Raise where the kernel of F_u has more than one dimension."""
    if point.nullity > 1:
        raise ValueError(
            f"start: the kernel of F_u at {point.label} has dimension {point.nullity}; curves are followed where it "
            "has dimension 1"
        )
