"""All kinds of special points, one line each.

A new kind takes a file with its record, a line here and its line in `continuation.ground.status.Kind`.  The compiled
loop numbers those it can tell apart in the order of this list (`continuation.compiled.state.trace_state.KINDS`); kinds
on request are zeros of test functions to it, like the user's, and share their number.
"""

from continuation.ground.status import Kind
from continuation.kinds.on_branches import (
    branch_end,
    branch_points,
    corner_point,
    fold,
    hopf,
    neimark_sacker,
    neutral_saddle,
    period_doubling,
    user_zero,
)
from continuation.kinds.on_curves import bautin, bogdanov_takens, cusp, degenerate_branch_point, hopf_hopf, zero_hopf
from continuation.kinds.on_cycle_curves import (
    chenciner,
    cusp_of_cycles,
    degenerate_doubling,
    double_torus,
    flip_torus,
    fold_flip,
    fold_torus,
    resonance_four,
    resonance_one,
    resonance_three,
    resonance_two,
)
from continuation.kinds.special_kind import Locator, SpecialKind

EVERY = (
    fold.FOLD,
    branch_points.BRANCH_POINT,
    hopf.HOPF,
    user_zero.USER_ZERO,
    cusp.CUSP,
    bogdanov_takens.BOGDANOV_TAKENS,
    bautin.BAUTIN,
    zero_hopf.ZERO_HOPF,
    hopf_hopf.HOPF_HOPF,
    degenerate_branch_point.DEGENERATE_BRANCH_POINT,
    corner_point.CORNER,
    period_doubling.PERIOD_DOUBLING,
    neimark_sacker.NEIMARK_SACKER,
    cusp_of_cycles.CUSP_OF_CYCLES,
    degenerate_doubling.DEGENERATE_DOUBLING,
    chenciner.CHENCINER,
    resonance_one.RESONANCE_ONE,
    resonance_two.RESONANCE_TWO,
    resonance_three.RESONANCE_THREE,
    resonance_four.RESONANCE_FOUR,
    fold_flip.FOLD_FLIP,
    fold_torus.FOLD_TORUS,
    flip_torus.FLIP_TORUS,
    double_torus.DOUBLE_TORUS,
    neutral_saddle.NEUTRAL_SADDLE,
    branch_end.BRANCH_END,
)
_BY_KIND = {record.kind: record for record in EVERY}
NUMBERED = tuple(r.kind for r in EVERY if r.locator is not Locator.NOWHERE and not r.kind.on_request)


def of(kind: Kind) -> SpecialKind:
    """Look up the record of a kind."""
    return _BY_KIND[kind]


def number_of(kind: Kind) -> int:
    """Give the compiled loop's number of a kind."""
    return NUMBERED.index(Kind.USER if kind.on_request else kind)
