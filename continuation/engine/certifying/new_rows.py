"""Rows between rows, made by the engine's own corrector."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.interface import OK
from continuation.compiled.state import tasks
from continuation.compiled.state import trace_state as S
from continuation.engine.assembly.collect import FROM_SCALARS, evaluate_outputs
from continuation.engine.run import ask, make_state
from continuation.results.request import UNLIMITED


class Made(NamedTuple):
    """Which rows were found, and these as a branch."""

    found: np.ndarray  # (k,) bool
    rows: object


class Inserter:
    """Corrects points half way along steps of a branch."""

    def __init__(self, looking, branch):
        request, settings = branch.request, branch.settings
        steps = request.steps(looking.units[-1], found=looking.problem.adapts)
        self.problem, self.least = looking.problem, steps.least
        self.state = make_state(looking.operations, UNLIMITED, steps, replace(settings, max_points=1))

    def between(self, branch, steps) -> Made:
        """A row half way along each of these steps, where there is one."""
        records = [self.record_between(branch, step) for step in steps]
        found = np.array([record is not None for record in records], bool)
        kept = [record for record in records if record is not None]
        return Made(found, self.as_rows(branch, np.array(kept)) if kept else None)

    def record_between(self, branch, step):
        """The engine's record of the point half way along a step; None where there is none between, or no room."""
        a, b = (self.record_of(branch, row) for row in (step, step + 1))
        chord = branch.unknowns[step + 1] - branch.unknowns[step]
        made = np.zeros_like(a)
        size, weights = len(chord), branch.weights
        length = np.sqrt(weights @ chord**2)
        if 0.5 * length <= self.least or ask(self.state, tasks.BETWEEN, a, b, made, argument=0.5) != OK:
            return None
        ahead, behind = made[:size] - a[:size], b[:size] - made[:size]
        inside = all(weights @ (chord * part) > 0.0 and weights @ part**2 < length**2 for part in (ahead, behind))
        return made if inside else None

    def record_of(self, branch, row):
        """A row as the engine's interpolant wants it: unknowns and tangent."""
        record = np.zeros(self.state.slots.shape[1])
        size = branch.unknowns.shape[1]
        record[:size], record[size : 2 * size] = branch.unknowns[row], branch.tangents[row]
        return record

    def as_rows(self, branch, records):
        """Records as rows of the branch's kind."""
        size, scalars = branch.unknowns.shape[1], records[:, records.shape[1] - S.SCALARS :]
        unknowns = records[:, :size].copy()
        states, varied = self.problem.columns(unknowns)
        own = {name: read(scalars) for name, read in FROM_SCALARS.items()}
        rows = replace(
            branch,
            unknowns=unknowns,
            states=np.ascontiguousarray(states),
            varied=np.ascontiguousarray(varied),
            tangents=records[:, size : 2 * size].copy(),
            context=np.zeros((len(records), 0)),
            outputs={},
            **own,
        )
        together = self.problem.row_outputs(rows)
        return replace(rows, outputs=evaluate_outputs(self.problem, rows, together.keys()) | together)


def with_rows(branch, steps, rows):
    """The branch with a row put into each of these steps (ascending); points and remarks move with their rows."""
    place = np.arange(len(branch)) + np.searchsorted(steps, np.arange(len(branch)))
    return branch.along(
        lambda array, new: np.insert(array, steps + 1, new, axis=0),
        rows,
        special=tuple(point.moved(index=int(place[point.index])) for point in branch.special),
        start=int(place[branch.start]),
        remarks=tuple(remark.moved(lambda row: int(place[row])) for remark in branch.remarks),
    )
