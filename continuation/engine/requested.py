"""Kinds that are looked for on request: their test functions join the user's zeros for one trace."""

import copy
from dataclasses import replace

import numpy as np

from continuation.compiled.state import trace_state as S
from continuation.engine.watching import Watcher
from continuation.equations.functions import Function
from continuation.equations.operations import Operations, Test
from continuation.ground.points import Start
from continuation.ground.status import Kind, Status
from continuation.kinds import registry


def requested_in(problem, detect) -> list:
    """Records of the kinds on request among those to detect; none where stability is not that of F_u."""
    return [r for r in registry.EVERY if r.kind.on_request and r.kind in detect and problem.stability == "flow"]


def watched(problem, begun: Start, detect):
    """The problem with the test functions of kinds on request behind its own zeros; itself where none is asked for.

    They are plain Python and take the spectrum of F_u at every point: a trace that looks for them takes longer.
    """
    requested = requested_in(problem, detect)
    if not requested:
        return problem
    if taken := [r.kind.name for r in requested if r.kind.name in problem.zeros]:
        raise ValueError(f"zeros: {taken[0]!r} is the name of a kind that `detect` asks for; call yours otherwise")
    other = copy.copy(problem)
    other.zeros = {**problem.zeros, **{r.kind.name: of_spectrum(problem, begun.active, r.test) for r in requested}}
    return other


class StopAtRequested(Watcher):
    """End a direction at its first point of a kind on request: to the compiled loop it is a zero like the user's."""

    every_point = True

    def __init__(self, kind, tests):
        self.record, self.seen = registry.of(kind), 1
        self.own = [number for number, test in enumerate(tests) if test.kind is kind]

    def after(self, trace):
        """Look at the special points since the last time."""
        rows = trace.records
        base = rows.shape[1] - S.SCALARS
        marked = rows[self.seen :, base + S.KIND] == registry.number_of(self.record.kind)
        for row in self.seen + np.flatnonzero(marked):
            located = rows[row, base + S.LOCATED] > 0 and int(rows[row, base + S.TEST]) in self.own
            if located and self.is_met(trace, rows[row]):
                trace.cut(int(row) + 1, status=Status.STOPPED)
                return
        self.seen = len(rows)

    def is_met(self, trace, record) -> bool:
        """Whether the zero is a point of the kind, as its record tells."""
        x, p = record[: len(trace.start.x)], trace.start.p.copy()
        p[trace.start.active] = x[-1]
        return self.record.is_met is None or self.record.is_met(trace.problem.stability_matrix(x, p))


def of_spectrum(problem, active, test) -> Function:
    """A function of F_u as one of (u, p)."""

    def value(u, p):
        return test(problem.stability_matrix(np.append(u, p[active]), p))

    return Function(value, "scalar", compile_it=False)


def operations_of(problem, begun: Start, detect) -> Operations:
    """Operations of one trace of a problem made by `watched`: its added zeros are tests of their kinds.

    The user's own zeros only hint where they are not looked for: to the compiled loop both are of one kind.
    """
    operations = problem.operations(begun.p.copy(), begun.active)
    kinds = {r.kind.name: r.kind for r in requested_in(problem, detect)}
    if not kinds:
        return operations
    own = Kind.USER if Kind.USER in detect else None
    tests = (Test(kinds.get(t.name, own), t.name) if t.kind is Kind.USER else t for t in operations.tests)
    return replace(operations, tests=tuple(tests))
