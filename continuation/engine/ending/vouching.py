"""Rows that are no solutions are not kept: the last look at a direction that has been traced.

Newton's method stops by its corrections.  Where derivatives grow without bound (next to a unit of length zero, say) a
tiny correction leaves a residual as large as its terms: there the branch has ended though steps are still accepted.
"""

import numpy as np

from continuation.compiled.state import trace_state as S
from continuation.engine.numbering import keep_rows
from continuation.equations.derivatives import evaluate
from continuation.equations.solved import STEP, is_solution
from continuation.ground.status import Status

LOOKS = 3  # rows with the largest residuals that are looked at where all is well
# Relative move of a row's unknowns and part of what the residual changes by it: together well below TERMS, so that a
# residual that passes is small beside its terms, without a Jacobian.
MOVED, PART = 1e-6, 1e-3
SMALLER = 1e-2  # part of the largest residual of a row that is none down to which others are looked at too
MOST = 200  # ... and how many of them
LATER = 3  # rows behind the last bad one that make it a bad row of a branch that goes on
ENDED = "rows beyond this end were dropped: their residuals were not small beside their terms"
DROPPED = "{} rows were dropped: their residuals were not small beside their terms"


def drop_false_rows(trace, tolerance) -> tuple:
    """Cut a direction before what are no solutions, or leave single rows out; the remarks that say so."""
    bad = list_false_rows(trace, tolerance)
    if not bad:
        return ()
    if len(trace) - 1 - bad[-1] >= LATER:
        keep_rows(trace.state, np.setdiff1d(np.arange(len(trace)), bad))
        return (DROPPED.format(len(bad)),)
    trace.cut(bad[0], status=Status.UNRESOLVED)
    return (ENDED,)


def list_false_rows(trace, tolerance) -> list:
    """Rows behind the start, ascending, that are no solutions; looked for among those with the largest residuals."""
    base = trace.records.shape[1] - S.SCALARS
    residuals, located = trace.records[:, base + S.RESIDUAL], trace.records[:, base + S.LOCATED] > 0
    order = np.argsort(-residuals, kind="stable")
    corners = trace.records[:, base + S.KIND] == S.KINDS.index("CORNER")  # as exact as differences beside kinks are
    order = order[(order > 0) & located[order] & ~corners[order]]
    bad = [row for row in order[:LOOKS] if not is_solved(trace, row, tolerance)]
    if bad:
        others = order[LOOKS:][residuals[order[LOOKS:]] >= SMALLER * residuals[bad[0]]][:MOST]
        bad += [row for row in others if not is_solved(trace, row, tolerance)]
    return sorted(int(row) for row in bad)


def is_solved(trace, row, tolerance) -> bool:
    """Whether a row is a solution; true where a plain Python function has no value around it."""
    x, p = trace.unknowns[row].copy(), trace.start.p.copy()
    try:
        problem = trace.problem.near(x, p)
        if "residual" not in problem.functions:
            return True
        p[trace.start.active] = x[-1]
        f, moved = evaluate(problem, x[:-1], p), p.copy()
        moved[trace.start.active] *= 1.0 + MOVED
        if np.all(np.abs(f) <= PART * np.abs(evaluate(problem, x[:-1] * (1.0 + MOVED), moved) - f)):
            return True
        return is_solution(problem, x, p, trace.start.active, step=max(STEP, 10.0 * tolerance))
    except (ArithmeticError, ValueError):
        return True
