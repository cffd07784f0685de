"""Folds: the branch turns in its parameter.

F_u has a simple kernel that F_p does not reach, so that the tangent's parameter component changes sign
(Kuznetsov, *Elements of Applied Bifurcation Theory*, sections 3.2 and 10.2).
"""

from continuation.ground.later import later
from continuation.ground.status import Kind
from continuation.kinds.normal_forms import fold_forms
from continuation.kinds.null_vectors import kernel_of
from continuation.kinds.on_curves.scalars import turning_part
from continuation.kinds.special_kind import AtStart, CurveShape, Locator, Marker, SpecialKind, Traits

forms = later("continuation.orbits.forms")

# Parameter component of the unit tangent at a start that reads zero.  The fold is then nearer than the square root of
# what the parameter tells; ten times larger takes starts beside a fold for it, ten times smaller misses starts on one
# that were given to nine digits.
AT_START = 1e-9


def is_at_start(start: AtStart) -> bool:
    """Tell whether the branch turns at its start."""
    return abs(start.tangent[-1]) <= AT_START and not start.is_level and not start.goes_on


FOLD = SpecialKind(
    kind=Kind.FOLD,
    words="fold",
    marker=Marker("o", "#D55E00"),
    locator=Locator.EXTENDED_SYSTEM,
    explains="one eigenvalue crosses zero",
    null_vectors=kernel_of,
    normal_form=fold_forms.fold,
    orbit_form=lambda orbit: forms.fold(orbit),
    is_at_start=is_at_start,
    curves=(Kind.FOLD,),
    shape=CurveShape(
        module="fold_curve",
        prefix="fold",
        auxiliary=(),
        tests=(Kind.CUSP, Kind.BOGDANOV_TAKENS, Kind.BRANCH_POINT, None),
        counts=Kind.ZERO_HOPF,
        second_conditions=(Kind.BRANCH_POINT, Kind.CUSP, Kind.BOGDANOV_TAKENS, Kind.ZERO_HOPF),
    ),
    scalar=turning_part,
    crossing=lambda curve: 0,
    nullity=1,
    traits=Traits(turns=True),
)
