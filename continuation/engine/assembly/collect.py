"""From the engine's records to `Rows`: join both directions, describe the special points, evaluate the outputs."""

from dataclasses import replace

import numpy as np

from continuation.compiled.dense import workspace
from continuation.compiled.state import trace_state as S
from continuation.engine.assembly.describe import Marks, describe
from continuation.engine.assembly.remarking import remarks_on
from continuation.engine.numbering import renumber_notes
from continuation.engine.run import KINDS
from continuation.engine.start import vanishing_zeros
from continuation.ground.status import Status
from continuation.results.rows import ROW_ARRAYS, Rows

FROM_SCALARS = {  # columns of a branch -> how they are read off the scalars (m, state.SCALARS) of its records
    "unstable": lambda scalars: scalars[:, S.UNSTABLE].astype(int),
    "nullity": lambda scalars: np.where(scalars[:, S.LOCATED] > 0, scalars[:, S.NULLITY], 0).astype(int),
    "residuals": lambda scalars: scalars[:, S.RESIDUAL].copy(),
    "radii": lambda scalars: np.full(len(scalars), -1.0),
    "connections": lambda scalars: np.full(len(scalars), -1),
    "log_determinants": lambda scalars: log_determinants(scalars[:, S.DET], scalars[:, S.DET_EXPONENT]),
}
SAME = 1e-6  # relative to 1 + |x|: a fold this near to a branch point and not located is the turn there
REJECTIONS = {
    "newton": S.REJECTED_NEWTON,
    "angle": S.REJECTED_ANGLE,
    "jump": S.REJECTED_JUMP,
    "nonfinite": S.REJECTED_NONFINITE,
    "singular": S.REJECTED_SINGULAR,
    "raised": S.REJECTED_FAILED,
    "other_branch": S.REJECTED_STRAYED,
    "lost_branch": S.REJECTED_LOST,
}


def assemble(problem, begun, runs, request) -> Rows:
    """Join the runs (sign -> Run) into one branch, from the -1 end to the +1 end."""
    operations = next(iter(runs.values())).operations
    records, brackets, start = without_turns(runs, *join(runs, len(begun.x)), operations.weights)
    size, base = len(begun.x), records.shape[1] - S.SCALARS
    unknowns, scalars = records[:, :size].copy(), records[:, base:]
    kinds = {int(row): KINDS[int(scalars[row, S.KIND])] for row in np.flatnonzero(scalars[:, S.KIND] != S.REGULAR)}
    noted = set(kinds)
    problem.polish(unknowns, kinds, begun)
    scalars[sorted(noted - set(kinds)), S.KIND] = S.REGULAR
    states, varied = problem.columns(unknowns)
    own = {name: read(scalars) for name, read in FROM_SCALARS.items()}
    if begun.origin is not None:  # a branch point switched at is known better than the engine knows it
        own["unstable"][start], own["nullity"][start] = begun.origin.unstable, begun.origin.nullity
        own["residuals"][start] = begun.origin.residual
    rows = Rows(
        problem_name=problem.name,
        state_names=tuple(problem.states),
        parameters=dict(zip(problem.parameters, begun.p.tolist())),
        vary=tuple(problem.varied_names(begun.vary)),
        unknowns=unknowns,
        states=np.ascontiguousarray(states),
        varied=np.ascontiguousarray(varied),
        tangents=records[:, size : 2 * size].copy(),
        context=records[:, base - operations.context : base].copy(),
        **own,
        outputs={},
        special=(),
        ends=end_statuses(runs, problem.status_behind(begun)),
        effort=effort_of(runs),
        request=request,
        weights=operations.weights.copy(),
        start=start,
        problem=problem,
        state_weights=shown_weights(problem),
        layout=problem.row_layout,
    )
    rows = replace(rows, context=problem.full_context(rows, [start, *kinds], begun))
    together = problem.row_outputs(rows)
    rows = replace(rows, outputs=evaluate_outputs(problem, rows, together.keys()) | together)
    marks = Marks(scalars, brackets, operations.tests, sorted(vanishing_zeros(problem, begun)))
    rows = replace(rows, special=describe(problem, begun, rows, request.detect & operations.kinds, marks))
    return read_only(replace(rows, remarks=remarks_on(problem, rows, runs)))


def log_determinants(mantissas, exponents) -> np.ndarray:
    """(m,) logarithms of the moduli of ``mantissa * 2**exponent``; -inf where the determinant vanishes."""
    with np.errstate(divide="ignore"):
        return np.log(np.abs(mantissas)) + np.log(2.0) * exponents


def read_only(rows: Rows) -> Rows:
    """The same rows; none of their arrays can be written to any more."""
    for array in [rows.weights, *rows.outputs.values(), *(getattr(rows, name) for name in ROW_ARRAYS)]:
        array.flags.writeable = False
    return rows


def shown_weights(problem):
    """Weights of the states shown; None where the unknowns begin with them, as the branch's own weights say it."""
    n = len(problem.states)
    return None if problem.unknown_names[:n] == problem.states else problem.state_weights()


def join(runs, size):
    """Rows of both directions in one order, brackets by row, and the row of the start."""
    parts, brackets, start = [], {}, 0
    if -1 in runs:
        back = runs[-1].rows[::-1].copy()
        back[:, size : 2 * size] *= -1
        start = len(back) - 1
        parts.append(back[:-1] if 1 in runs else back)
        brackets |= {start - row: pair for row, pair in brackets_of(runs[-1], size).items()}
    if 1 in runs:
        parts.append(runs[1].rows)
        brackets |= {start + row: pair for row, pair in brackets_of(runs[1], size).items()}
    return np.concatenate(parts), brackets, start


def without_turns(runs, records, brackets, start, weights):
    """The same without folds that were not located because they are the turn at a branch point next to them."""
    size = len(weights)
    scalars, kept = records[:, records.shape[1] - S.SCALARS :], np.ones(len(records), bool)
    folds = (scalars[:, S.KIND] == S.KINDS.index("FOLD")) & (scalars[:, S.LOCATED] == 0)
    points = (scalars[:, S.KIND] == S.KINDS.index("BRANCH_POINT")) & (scalars[:, S.LOCATED] > 0)
    for row in np.flatnonzero(folds):
        for other in {max(row - 1, 0), min(row + 1, len(records) - 1)}:
            gap = length_of(records[row, :size] - records[other, :size], weights)
            kept[row] &= not (points[other] and gap <= SAME * (1 + length_of(records[row, :size], weights)))
    for sign, run in runs.items():
        renumber_notes(run.state, np.flatnonzero(kept[start:] if sign > 0 else kept[start::-1]))
    moved = np.cumsum(kept) - 1
    return records[kept], {int(moved[row]): pair for row, pair in brackets.items() if kept[row]}, int(moved[start])


def length_of(x, weights) -> float:
    """Length of a vector (N,) in the inner product."""
    return float(np.sqrt(x**2 @ weights))


def brackets_of(run, size) -> dict:
    """Row -> (2, N) bracket of the points of a run that were not located."""
    base = run.rows.shape[1] - S.SCALARS
    lost = np.flatnonzero(run.rows[:, base + S.LOCATED] == 0)
    pairs = run.state.brackets[run.rows[lost, base + S.NULLITY].astype(int)]
    return {int(row): pair.reshape(2, size) for row, pair in zip(lost, pairs)}


def end_statuses(runs, behind=Status.STOPPED) -> tuple:
    """Statuses of the -1 and the +1 end; that of a direction not traced is `behind`."""
    if any(run.status is Status.CLOSED for run in runs.values()):
        return Status.CLOSED, Status.CLOSED
    interrupted = any(run.status is Status.INTERRUPTED for run in runs.values())
    missing = Status.INTERRUPTED if interrupted else behind
    return tuple(runs[sign].status if sign in runs else missing for sign in (-1, 1))


def effort_of(runs) -> dict:
    """Work of all runs, by name."""
    total = sum(run.state.effort for run in runs.values())
    own = sum(run.operations.effort for run in runs.values())
    return {
        "steps": int(total[S.STEPS]),
        "rejections": {name: int(total[k]) for name, k in REJECTIONS.items() if total[k]},
        "newton_iterations": int(total[S.NEWTON]),
        "residuals": int(total[S.RESIDUALS]),
        "jacobians": int(own[workspace.JACOBIANS]),
        "factorisations": int(own[workspace.FACTORISATIONS]),
        "spectra": int(own[workspace.SPECTRA]),
        "probes": int(total[S.PROBES]),
        "unsearched": int(total[S.UNSEARCHED]),
    }


def evaluate_outputs(problem, branch, known=()) -> dict:
    """Outputs on every row, but for those whose names are known: all rows at once are cheaper than one by one."""
    wanted = {name: g for name, g in problem.outputs.items() if name not in known}
    if not wanted:
        return {}
    p = problem.parameter_rows(branch)
    unknowns = np.ascontiguousarray(branch.unknowns[:, :-1])
    with np.errstate(all="ignore"):
        return {name: np.array([g(u, q) for u, q in zip(unknowns, p)]) for name, g in wanted.items()}
