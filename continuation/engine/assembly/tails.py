"""Tails that leave to infinity faster than numbers can follow: exponential decays, whose ends rounding hides."""

import numpy as np

from continuation.ground.status import Status
from continuation.results.remarks import Remark

HIDDEN = (Status.UNRESOLVED, Status.NONFINITE, Status.STEP_TOO_SMALL)
# The last doubling of the unknown that moves most: how far it goes at least, in units of the inner product, and by how
# much the parameter may change meanwhile, against all its way.  Ten times more of that and steep branches are tails.
FAR, STILL = 8.0, 1e-6
ZERO = 1e-9  # of the parameter's way: where it ends next to zero it tends to zero


def remarks_on_tails(problem, rows, runs) -> list:
    """Say which unknown goes to infinity where a direction ends in rounding, and where the parameter tends to."""
    if len(rows.vary) > 1 or len(rows) < 3:
        return []
    found = []
    for row, status, order in ((0, rows.ends[0], slice(None, None, -1)), (len(rows) - 1, rows.ends[1], slice(None))):
        words = tail_of(rows, rows.unknowns[order], problem.unknown_names) if status in HIDDEN else ""
        found += [Remark(words, row)] if words else []
    return found


def tail_of(rows, x, names) -> str:
    """What the rows x (m, N), towards the end, leave to; empty where they don't."""
    step = x[-1] - x[-2]
    k = int(np.argmax(rows.weights[:-1] * step[:-1] ** 2))
    inside = np.flatnonzero(np.abs(x[:, k]) <= 0.5 * abs(x[-1, k]))
    way = np.ptp(x[:, -1])
    if not len(inside) or not step[k] * x[-1, k] > 0.0 or abs(x[-1, k]) * np.sqrt(rows.weights[k]) < FAR:
        return ""
    if not np.ptp(x[inside[-1] :, -1]) <= STILL * way:
        return ""
    goal, sign = (0.0 if abs(x[-1, -1]) <= ZERO * way else x[-1, -1]), "" if x[-1, k] > 0 else "-"
    return (
        f"{names[k]} goes to {sign}infinity on this end as {rows.vary[0]} tends to {goal:.6g}, until rounding hides it"
    )
