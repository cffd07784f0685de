"""Steps that could not be vouched for, in words."""

import numpy as np

from continuation.engine.certifying import step_tubes as T
from continuation.ground.status import Kind
from continuation.results.remarks import UNVOUCHED, Remark

WORDS = {
    T.CHANGES: "the equations change too much along them",
    T.FAR: "the curve leaves its interpolant by more than the distance within which it is alone",
    T.ACROSS: "they go across the branch, as jumps to another do",
    T.UNKNOWN: "the equations could not be evaluated around them",
}


def remarks_on_steps(branch, steps, codes, spent) -> tuple:
    """A remark for each run of steps in a row that were not vouched for, for the same reason; on its first row.

    codes : (m,) array
        Verdicts on the rows themselves.
    spent : bool
        Whether more rows might help than were put in.
    """
    doubtful = np.flatnonzero(steps.codes != T.VOUCHED)
    reasons = {int(step): reason_of(branch, steps, codes, step) for step in doubtful}
    runs = []
    for step, reason in reasons.items():
        if runs and runs[-1][1] == step and runs[-1][2] == reason:
            runs[-1][1] = step + 1
        else:
            runs.append([step, step + 1, reason])
    more = [Remark(f"{UNVOUCHED} steps: more rows than were put in might be", None)] if spent else []
    return (*(Remark(words_on(branch, steps, *run), run[0]) for run in runs), *more)


def reason_of(branch, steps, codes, step) -> str:
    """Why a step could not be vouched for: the singular row at its end by name, or what the kernels found."""
    for row in (step, step + 1):
        if codes[row] == T.CHANGES:
            return name_of(branch, row)
        if codes[row] != T.VOUCHED:
            return WORDS[int(codes[row])]
    return WORDS[int(steps.codes[step])]


def name_of(branch, row) -> str:
    """What a singular row is called."""
    points = [point for point in branch.special if point.index == row]
    named = [point for point in points if point.kind is Kind.BRANCH_POINT] or points
    if not named:
        return "their rows are singular to rounding, as branch points are"
    if named[0].kind is Kind.BRANCH_POINT:
        return f"over {named[0].label}, where branches meet"
    return f"row {row}, {named[0].label}, is singular, as branch points are"


def words_on(branch, steps, first, last, reason) -> str:
    """A run of steps in words, with what is left of their length."""
    left, length = float(np.sum(steps.left[first:last])), float(branch.arclength[last] - branch.arclength[first])
    share = f"; all but {left:.2g} of their length {length:.2g} is" if left < 0.999 * length else ""
    return f"{UNVOUCHED} steps from row {first} to row {last}: {reason}{share}"
