"""What a finished branch has to say beside its rows and special points.

A new kind of remark is a function ``(problem, rows, runs) -> list of Remark`` and a line in `SOURCES`; `runs` maps the
directions traced, -1 and 1, to their `Run`.
"""

import numpy as np

from continuation.engine.assembly.hidden_spectrum import remarks_on_hidden_eigenvalues
from continuation.engine.assembly.level_pieces import remarks_on_level_pieces
from continuation.engine.assembly.near_crossings import remarks_on_crossings
from continuation.engine.assembly.noise import remarks_on_noise
from continuation.engine.assembly.notes import remarks_of_notes
from continuation.engine.assembly.tails import remarks_on_tails
from continuation.engine.assembly.undeclared_kinks import remarks_on_kinks
from continuation.ground.status import Kind
from continuation.results.remarks import Remark, unique_remarks

# Distance, relative to 1 + |x|, below which two special points are one: the engine tells no nearer ones apart.
SAME = 2e-7


def remarks_of_problem(problem, rows, runs) -> list:
    """What the problem says of its branch."""
    return [Remark(text) for text in problem.remarks(rows)]


def remarks_of_watchers(problem, rows, runs) -> list:
    """What was noticed while tracing, about the end of a direction."""
    ends = {-1: 0, 1: len(rows) - 1}
    return [Remark(text, ends[sign]) for sign, run in sorted(runs.items()) for text in run.remarks]


def remarks_on_coincidence(problem, rows, runs) -> list:
    """Name special points of different kinds that are one point."""
    points = [point for point in rows.special if point.kind not in (Kind.END, Kind.USER) and not point.kind.on_request]
    found = []
    for one, other in zip(points, points[1:]):
        gap = np.sqrt((one.unknowns - other.unknowns) ** 2 @ rows.weights)
        if one.kind is not other.kind and gap <= SAME * (1 + np.sqrt(one.unknowns**2 @ rows.weights)):
            found.append(Remark(f"{one.label} and {other.label} are one point, where both happen at once", one.index))
    return found


SOURCES = (
    remarks_of_problem,
    remarks_of_watchers,
    remarks_on_crossings,
    remarks_on_hidden_eigenvalues,
    remarks_on_level_pieces,
    remarks_on_tails,
    remarks_on_coincidence,
    remarks_on_noise,
    remarks_on_kinks,
    remarks_of_notes,
)


def remarks_on(problem, rows, runs) -> tuple:
    """All remarks on a branch just put together."""
    return unique_remarks([remark for source in SOURCES for remark in source(problem, rows, runs)])
