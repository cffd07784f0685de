"""Hopf points: a complex pair of eigenvalues crosses the imaginary axis, and periodic orbits leave the branch.

(Kuznetsov, *Elements of Applied Bifurcation Theory*, sections 3.4 and 10.2.)
"""

import numpy as np

from continuation.ground.later import later
from continuation.ground.status import Kind
from continuation.kinds.normal_forms import hopf_forms
from continuation.kinds.null_vectors import pair_of
from continuation.kinds.special_kind import AtStart, CurveShape, Locator, Marker, SpecialKind, Traits

stability = later("continuation.equations.stability")


def is_at_start(start: AtStart) -> bool:
    """Tell whether F_u has an imaginary pair at the start and no special point beside it has been found instead."""
    if not (start.is_flow and start.is_alone):
        return False
    a = start.jacobian()
    if a is None:
        return False
    values, zero = np.linalg.eigvals(a), start.zero * stability.balanced_scale(a)
    return bool(np.any((np.abs(values.real) <= zero) & (values.imag > zero)))


HOPF = SpecialKind(
    kind=Kind.HOPF,
    words="Hopf point",
    marker=Marker("^", "#0072B2", 1.3),
    locator=Locator.EXTENDED_SYSTEM,
    explains="two eigenvalues cross the imaginary axis",
    null_vectors=pair_of,
    normal_form=hopf_forms.hopf,
    verdict=True,
    is_at_start=is_at_start,
    curves=(Kind.HOPF,),
    shape=CurveShape(
        module="hopf_curve",
        prefix="hopf",
        auxiliary=("kappa",),
        tests=(Kind.BOGDANOV_TAKENS, Kind.ZERO_HOPF, Kind.BAUTIN, Kind.BAUTIN, None),
        counts=Kind.HOPF_HOPF,
        second_conditions=(Kind.BAUTIN, Kind.ZERO_HOPF, Kind.HOPF_HOPF),
        follows_pair=True,
    ),
    # Where orbits shrink to the point their parameter turns.
    traits=Traits(count_change=2, instead=Kind.BRANCH_POINT, explains=frozenset({Kind.FOLD})),
)
