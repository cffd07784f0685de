"""All critical points of two students at several norm ratios: those on branches and those that deflation finds.

A little weight decay makes the collinear points, lines without it, isolated.
"""

import numpy as np

from continuation import Settings, deflated_branches, find_solutions
from studies.relu_gradient.common import COLOURS, draw_branch
from systems.relu import two_teachers

DECAY = 1e-3
RATIOS = (1.0, 0.5, 0.05)  # norm ratios at which is counted: above the fold and below
BOXES = ((-1.5, 1.5), (-0.1, 0.1))  # one of the critical points is small: looked for apart
BUDGET = 20_000  # Newton iterations


def found() -> tuple[list, dict]:
    """Branches in b2 by deflation at the ratios, and the points that deflation finds there by itself."""
    problem, settings = two_teachers(lam=DECAY), Settings(max_step=0.05)
    branches, points = [], {ratio: [] for ratio in RATIOS}
    for box in BOXES:
        more = {"bounds": box, "budget": BUDGET}
        branches += deflated_branches(
            problem, branches, "b2", (0.02, 1.0), values=RATIOS, settings=settings, seed=1, **more
        )
        for ratio, known in points.items():
            known += find_solutions(problem, {"b2": ratio}, limit=40, known=list(known), **more)
    return branches, points


def counts(made) -> dict:
    """Compare both.

    Returns
    -------
    dict
        ``found[b2]``: critical points by deflation; ``on_branches[b2]``: by branches, students swapped counted once;
        ``minima[b2]``: minima among them; ``count_gap``: largest distance of one of either to the other, infinite
        where the numbers differ.
    """
    branches, points = made
    result, worst = {}, 0.0
    for ratio, listed in points.items():
        known = [point for branch in branches for point in branch.at(b2=ratio)]
        result[f"found[{ratio}]"], result[f"on_branches[{ratio}]"] = len(listed), len(known)
        result[f"minima[{ratio}]"] = sum(point.unstable == 0 for point in listed)
        worst = max(worst, distance([p.state for p in listed], [p.state for p in known]))
    return {**result, "count_gap": worst}


def distance(some, others) -> float:
    """Largest distance of a state of `some` or `others` to the nearest of the other list, students in either order."""
    if len(some) != len(others) or not some:
        return np.inf
    some, others = np.array(some), np.array(others)
    swapped = others[:, [2, 3, 0, 1]]
    gaps = np.minimum(*(np.abs(some[:, None] - group[None]).max(axis=2) for group in (others, swapped)))
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def draw(ax, made):
    """All branches in b2, and what deflation found as rings."""
    branches, points = made
    for colour, branch in zip(COLOURS, branches):
        draw_branch(ax, branch, "b2", "norm", names=True, color=colour)
    for k, (ratio, listed) in enumerate(points.items()):
        sizes = [np.sqrt(np.mean(point.state**2)) for point in listed]
        ax.plot([ratio] * len(sizes), sizes, "o", mfc="none", ms=9, color="black", label=None if k else "by deflation")
    ax.set(xlabel="b2", ylabel="root mean square of the weights", title=f"all critical points, decay {DECAY:g}")
