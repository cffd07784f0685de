"""Branch points: several branches meet.

``[F_u F_p]`` loses rank, so that the bordered determinant changes sign where two branches cross (Keller, *Lectures on
Numerical Methods in Bifurcation Problems*, 1987, chapter 5).
"""

from continuation.ground.status import Kind
from continuation.kinds.normal_forms import branch_point_forms
from continuation.kinds.null_vectors import kernel_of
from continuation.kinds.on_curves.degenerate_branch_point import variant
from continuation.kinds.on_curves.scalars import kernel_part
from continuation.kinds.special_kind import CurveShape, Locator, Marker, SpecialKind, Traits

BRANCH_POINT = SpecialKind(
    kind=Kind.BRANCH_POINT,
    words="branch point",
    marker=Marker("s", "#009E73"),
    locator=Locator.EXTENDED_SYSTEM,
    explains="as many eigenvalues as the kernel of F_u has dimensions cross zero, or fewer",
    null_vectors=kernel_of,
    normal_form=branch_point_forms.branch_point,
    verdict=True,
    curves=(Kind.BRANCH_POINT, Kind.FOLD),
    shape=CurveShape(
        module="branch_curve",
        prefix="branch",
        auxiliary=("unfolding",),
        tests=(Kind.DEGENERATE_BRANCH_POINT, Kind.BOGDANOV_TAKENS, Kind.BRANCH_POINT, None, Kind.FOLD),
        counts=Kind.ZERO_HOPF,
        second_conditions=(Kind.DEGENERATE_BRANCH_POINT,),
        unfolded=True,
        variant=variant,
    ),
    scalar=kernel_part,
    crossing=lambda curve: 1,
    nullity=2,
    traits=Traits(first=True, may_touch=True, meeting=True, closes=True, explains=frozenset({Kind.FOLD})),
)
