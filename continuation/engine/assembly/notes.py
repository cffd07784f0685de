"""Remarks made of the engine's notes: rows of which the compiled loop has something to say."""

from continuation.compiled.state import trace_state as S
from continuation.results.remarks import Remark

TEXTS = {
    S.OUT_OF_LOOKS: "not all of the step at {place} was searched ({looks} looks): special points may be missing there, "
    "or the equations are noisy; try a smaller `max_step`",
}


def remarks_of_notes(problem, rows, runs) -> list:
    """What the engine noted, in the order of both directions; notes beyond those that it keeps are counted."""
    remarks = []
    for sign, run in runs.items():
        made = int(run.state.integers[S.NOTES])
        for row, reason in run.state.notes[:made].tolist():
            place = min(max(rows.start + sign * row, 0), len(rows) - 1)
            remarks.append(Remark(text_of(rows, place, reason), place))
        if made > S.MOST_NOTES:
            remarks.append(Remark(f"the same of {made - S.MOST_NOTES} more steps"))
    return remarks


def text_of(rows, row, reason) -> str:
    """The line about a row."""
    place = ", ".join(f"{name} = {value:.6g}" for name, value in zip(rows.vary, rows.varied[row]))
    return TEXTS[reason].format(place=place, looks=S.MOST_LOOKS)
