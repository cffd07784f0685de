"""Asking for the engine's rare work by address, so that the loop's own code stays small (and compiles fast)."""

from continuation.compiled.calls.interface import call
from continuation.compiled.calls.kernel import inlined
from continuation.compiled.state import trace_state as S

# Tasks of `rare.rare`, with what it is given in the arrays a, b, c and in ARGUMENT.
(
    BETWEEN,  # records a, b, sigma: their point in between into record c
    EXAMINE,  # bits: act on what changed up to the top of the stack
    CLIP,  # cut the top of the stack at the limits of the span
    PROBE,  # sigma, a[0] a test function: look into an interval without changes
    CLOSES,  # record a: OK where the step to it closes the branch
    EVALUATE,  # x in a: residual, its largest component into RESULT
    NEWTON_STEP,  # x in a, row b, gap: one bordered solve
    CORRECT,  # x in a, row b, value: Newton's method to TOLERANCE_AT_START
    FINISH,  # x in a, size of the residual: record c
    TOUCH,  # a determinant: OK where the piece has a corner (or hid a change), which is put on the stack
    DEAD_END,  # OK where the branch ends in a branch point, which is put on the stack
    MARK_CORNER,  # OK where something jumps up to the top of the stack: the corner is put on it
    PASS_CORNER,  # OK where the branch goes on behind a corner: it is put on the stack above the next point
    GROW,  # give states that have outgrown their units larger ones
    STRAY,  # record a: OK unless another branch is as near as Newton's first correction came
    LOOK_AHEAD,  # a length of step: what is left of it where branches may meet ahead, into RESULT
    MOVE,  # let the problem choose other unknowns for the curve
) = range(17)


@inlined
def ask(s, task, argument, a, b, c):
    """Let `rare` do a task; returns its status."""
    S.integers(s)[S.TASK], S.floats(s)[S.ARGUMENT] = task, argument
    return call(S.ops(s)[S.OP_RARE], s, a, b, c)
