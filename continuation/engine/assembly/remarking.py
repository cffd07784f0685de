"""What a finished branch has to say beside its rows and special points.

A new kind of remark is a function ``(problem, rows, runs) -> list of Remark`` and a line in `SOURCES`; `runs` maps the
directions traced, -1 and 1, to their `Run`.
"""

from continuation.engine.assembly.crossings import remarks_on_crossings
from continuation.results.remarks import Remark, unique_remarks


def remarks_of_problem(problem, rows, runs) -> list:
    """What the problem says of its branch."""
    return [Remark(text) for text in problem.remarks(rows)]


SOURCES = (remarks_of_problem, remarks_on_crossings)


def remarks_on(problem, rows, runs) -> tuple:
    """All remarks on a branch just put together."""
    return unique_remarks([remark for source in SOURCES for remark in source(problem, rows, runs)])
