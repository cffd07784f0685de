"""`certify_branch`: which rows of a branch are joined to the next by one solution curve, points put in where needed."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.interface import address_of
from continuation.compiled.calls.prepare import prepare
from continuation.engine.certifying import step_tubes as T
from continuation.engine.certifying.new_rows import Inserter, with_rows
from continuation.engine.certifying.unvouched import remarks_on_steps
from continuation.engine.run import few_threads
from continuation.ground.arguments import check_flag
from continuation.ground.interrupts import raise_if_stopped
from continuation.results.solutions import need_problem

PORTION = 64  # steps looked at between two chances for Ctrl-C
# New rows for each row of the branch, and at least: ten times less and coarse branches stay in doubt where a few
# bisections would do, ten times more and a branch along which nothing can be vouched for grows beyond use.
GROWTH, LEAST_ROWS = 2, 200


class Steps(NamedTuple):
    """What is known of each step (m - 1,) of a branch."""

    codes: np.ndarray  # verdicts, see `step_tubes`
    radii: np.ndarray
    left: np.ndarray  # length not vouched for


def certify_branch(branch, problem=None, *, refine=True):
    """See `continuation.branch.Branch.certify`, which tells what is claimed."""
    if branch.layout is not None:
        raise ValueError("certify: wanted a branch of equilibria or their special points, got periodic orbits")
    problem, refine = need_problem(branch, problem), check_flag("refine", refine)
    prepare()
    looking = Looking(problem, branch)
    branch = replace(branch, problem=problem, remarks=tuple(r for r in branch.remarks if r not in branch.unvouched))
    try:
        with few_threads(branch.unknowns.shape[1]):
            steps, spent = looking.at_steps(branch, np.arange(len(branch) - 1)), False
            if refine:
                branch, steps, spent = refined(looking, branch, steps)
            radii, codes = at_all_rows(looking, branch, steps)
            steps = again_at_singular_rows(looking, branch, steps, radii)
    finally:
        for function in problem.all_functions():
            function.error = None  # of plain Python functions, which a later trace would tell of
    connected = np.append(-1, steps.codes == T.VOUCHED).astype(int)
    radii.flags.writeable = connected.flags.writeable = False
    branch = replace(branch, radii=radii, connections=connected)
    return replace(branch, remarks=(*branch.remarks, *remarks_on_steps(branch, steps, codes, spent)))


class Looking:
    """The kernels of `step_tubes` with what they need of one problem."""

    def __init__(self, problem, branch):
        self.problem, self.active = problem, problem.index_of(branch.vary[0])
        self.measuring = problem.at_row(branch, branch.start, branch.vary[0])
        p = problem.parameter_values(branch.parameters_at(branch.start))
        self.operations = o = self.measuring.operations(p, self.active)
        if o.table is None:
            raise ValueError(f"certify: wanted equations with a dense Jacobian, got {problem.name}")
        size = o.size
        self.parameters, self.units = np.array(o.p, float), 1.0 / np.sqrt(branch.weights)
        self.matrices, self.vectors = np.zeros((T.N_MATRICES, size, size)), np.zeros((T.N_VECTORS, size))
        self.pivots = np.zeros(size, np.int32)
        self.table = np.zeros(T.TABLE, np.int64)
        entries = {
            T.DENSE: o.table.address,
            T.RESIDUAL: o.residual.address,
            T.RESIDUAL_DATA: o.residual.data,
            T.LINEARISE: o.linearise.address,
            T.LINEARISE_DATA: o.linearise.data,
            T.SIZE: size,
            T.N_PARAMETERS: len(self.parameters),
            T.ACTIVE: self.active,
            T.PARAMETERS: address_of(self.parameters),
            T.UNITS: address_of(self.units),
            T.MATRICES: address_of(self.matrices),
            T.VECTORS: address_of(self.vectors),
            T.PIVOTS: address_of(self.pivots),
        }
        self.table[list(entries)] = list(entries.values())

    def at(self, branch, first, second, thorough) -> Steps:
        """Verdicts on the steps from the rows `first` (k,) to the rows `second`."""
        chords = np.sqrt(np.sum(branch.weights * np.diff(branch.unknowns, axis=0) ** 2, axis=1))
        reaches = np.maximum(np.append(chords, 0.0), np.append(0.0, chords))[first]
        reaches = np.where(reaches > 0.0, reaches, 1.0)
        results = np.zeros((len(first), T.RESULTS))
        for begin in range(0, len(first), PORTION):
            a, b = (rows[begin : begin + PORTION] for rows in (first, second))
            given = (branch.unknowns[a], branch.unknowns[b], branch.tangents[a], branch.tangents[b])
            where = slice(begin, begin + PORTION)
            with np.errstate(all="ignore"):
                T.certify_steps(address_of(self.table), *given, reaches[where], thorough[where], results[where])
            raise_if_stopped()
        return Steps(results[:, T.CODE].astype(int), results[:, T.RADIUS], results[:, T.LEFT_OVER])

    def at_steps(self, branch, steps, thorough=False) -> Steps:
        """Verdicts on the steps behind the rows `steps` (k,)."""
        return self.at(branch, steps, steps + 1, np.full(len(steps), thorough))

    def at_rows(self, branch, rows) -> Steps:
        """Verdicts on rows (k,) alone."""
        return self.at(branch, rows, rows, np.zeros(len(rows), bool))


def refined(looking, branch, steps):
    """The branch with rows put in until steps are vouched for, or too short, or leave neighbours across; its steps.

    And whether there would be more rows to put in.
    """
    inserter, budget = Inserter(looking, branch), max(GROWTH * len(branch), LEAST_ROWS)
    final = ends_on_singular_row(looking, branch, steps)  # steps that are not cut, or not any more
    while True:
        wanted = np.flatnonzero((steps.codes != T.VOUCHED) & ~final)
        at = wanted[:budget]
        if not len(at):
            return branch, steps, len(wanted) > 0
        made = inserter.between(branch, at)
        final[at] |= ~made.found
        at, rows = at[made.found], made.rows
        if not len(at):
            continue
        budget -= len(at)
        branch = with_rows(branch, at, rows)
        new = at + np.arange(len(at))  # steps to the new rows; those from them are next
        kept = [np.insert(column, at + 1, 0) for column in (steps.codes, steps.radii, steps.left)]
        final = np.insert(final, at + 1, False)
        both = np.sort(np.append(new, new + 1))
        for column, found in zip(kept, looking.at_steps(branch, both)):
            column[both] = found
        steps = Steps(*kept)


def ends_on_singular_row(looking, branch, steps) -> np.ndarray:
    """(m - 1,) steps not vouched for one of whose rows is singular: more rows do not help there."""
    singular = at_all_rows(looking, branch, steps)[0] == 0.0
    return (steps.codes != T.VOUCHED) & (singular[:-1] | singular[1:])


def at_all_rows(looking, branch, steps) -> tuple:
    """(m,) the larger radius of both steps at a row, its own where neither is vouched for; and the rows' verdicts.

    0 where there is none: rows are singular, or the equations have no value beside them.
    """
    radii, codes = np.maximum(np.append(steps.radii, 0.0), np.append(0.0, steps.radii)), np.full(len(branch), T.VOUCHED)
    alone = np.flatnonzero(radii == 0.0)
    found = looking.at_rows(branch, alone)
    radii[alone], codes[alone] = found.radii, found.codes
    return radii, codes


def again_at_singular_rows(looking, branch, steps, radii) -> Steps:
    """The steps with all of those looked at that end on a singular row: what is left is next to it."""
    singular = radii == 0.0
    at = np.flatnonzero((steps.codes != T.VOUCHED) & (singular[:-1] | singular[1:]))
    for column, found in zip(steps, looking.at_steps(branch, at, thorough=True)):
        column[at] = found
    return steps
