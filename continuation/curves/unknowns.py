"""Unknowns of a curve of special points at a point of a branch."""

import numpy as np

from continuation.equations.derivatives import state_jacobian
from continuation.ground.status import Kind
from continuation.kinds import registry
from continuation.kinds.normal_forms.equivariant_hopf import has_symmetry, waves_at
from continuation.kinds.normal_forms.linear_part import Local
from continuation.symmetries.groups import find_generators
from continuation.symmetries.waves import representation


def unknowns_of(problem, kind, point, names, p) -> np.ndarray:
    """(N,) unknowns (u, auxiliary, q, p) of the curve at a point."""
    u, shape = problem.point_unknowns(point, names[0])[:-1], registry.of(kind).shape
    if shape.follows_pair:
        refuse_several_pairs(problem, point, u, p)
        at_end = registry.of(point.kind).ends_curve
        auxiliary = [0.0 if at_end else hopf_frequency(point, state_jacobian(problem, u, p)) ** 2]
    else:
        auxiliary = [0.0 for _ in shape.auxiliary]
        refuse_kernel(point)
    return np.array([*u, *auxiliary, p[problem.index_of(names[1])], p[problem.index_of(names[0])]])


def refuse_several_pairs(problem, point, u, p):
    """Raise where several equal pairs cross at once: one curve of one pair can't follow them."""
    local = Local(problem, u, p, ())
    pairs = local.pairs(1)
    if point.kind is not Kind.HOPF or not pairs or (found := local.equal_pairs(pairs[0])) is None:
        return
    if (m := found.right.shape[1]) > 1:
        raise ValueError(
            f"start: {m} equal pairs cross at {point.label}, and curves are followed where one does; "
            f"{where_simple(local, found)}"
        )


def where_simple(local, pairs) -> str:
    """Words for a fixed space in which one of several equal pairs is left."""
    if not has_symmetry(local):
        return "if a symmetry makes them equal, declare it, and a fixed space has one: see problem.restricted"
    for wave in waves_at(local, pairs)[0]:
        spatial = wave.spatial
        inside = np.trace(np.mean(representation(spatial, pairs.right), axis=0)).real
        if len(spatial) > 1 and round(inside) == 1:
            moves = "; ".join(str(g) for g in find_generators(spatial))
            return f"problem.restricted(emanating_orbits(problem, point)[k].spatial) has one, that of {moves} say"
    return "no spatial symmetry of the waves that emanate leaves one alone"


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
