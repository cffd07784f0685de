"""Degenerate branch points: on a curve of branch points the coefficient that shapes the crossing vanishes.

On a curve of transcritical points it is the quadratic one: the folds of the branch that crosses meet the curve there
(a saddle-node and a transcritical bifurcation at once).  On a curve of pitchforks, where a symmetry keeps the quadratic
one zero, it is the cubic one: they turn from supercritical to subcritical, and a curve of folds begins (M. Golubitsky
and D. G. Schaeffer, *Singularities and Groups in Bifurcation Theory* I, Springer 1985, chapters IV and VI).
"""

from continuation.equations.multilinear import Multilinear
from continuation.ground.branch_crossings import NEITHER, TRANSCRITICAL
from continuation.ground.status import Kind
from continuation.kinds.normal_forms import branch_point_forms
from continuation.kinds.normal_forms.linear_part import Local, bordered_solution
from continuation.kinds.on_curves.scalars import jacobian_on, null_pairs
from continuation.kinds.special_kind import Locator, Marker, SpecialKind


def variant(curve, x, p) -> int:
    """Which coefficient shapes the crossings along a curve of branch points: one of `branch_crossings`."""
    local = Local(curve.base, x[: curve.size], curve.parameters_at(x, p), ())
    return branch_point_forms.crossing_kind(local, local.kernel())


def coefficient(curve, x, p):
    """Make the scalar: ``w' B(v, v)``, or ``w' (C(v, v, v) + 3 B(v, h))`` with ``A h = -B(v, v)`` for pitchforks."""
    if curve.shape.variant is None or curve.variant == NEITHER:
        raise ValueError("no curve of branch points, or one whose coefficients are not known")
    vectors, jacobian = null_pairs(curve, x, p), jacobian_on(curve, p)

    def scalar(y):
        v, w = vectors(y)
        local = Multilinear(curve.base, y[: curve.size], curve.parameters_at(y, p))
        square = local.form(v, v)
        if curve.variant == TRANSCRITICAL:
            return w @ square
        h = bordered_solution(jacobian(y), [w], [v], -square)
        return w @ (local.form(v, v, v) + 3 * local.form(v, h))

    return scalar


DEGENERATE_BRANCH_POINT = SpecialKind(
    kind=Kind.DEGENERATE_BRANCH_POINT,
    words="degenerate branch point",
    marker=Marker("X", "#009E73", 1.3),
    locator=Locator.ALONG_CURVE,
    explains="none",
    normal_form=branch_point_forms.degenerate,
    verdict=True,
    curves=(Kind.BRANCH_POINT,),
    scalar=coefficient,
    crossing=lambda curve: 0,
    third_order=True,
    nullity=1,
)
