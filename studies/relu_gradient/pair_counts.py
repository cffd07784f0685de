"""All critical points of two students at several norm ratios: those on branches and those that deflation finds.

A little weight decay makes the collinear points, lines without it, isolated.
"""

import numpy as np

from continuation import Settings, deflated_branches, find_solutions, trace
from studies.figures import COLOURS, draw_branch
from systems.relu import two_teachers

DECAY = 1e-3  # isolates the collinear points, and moves all others by as little
SPAN, RATIOS = (0.02, 1.0), (1.0, 0.5, 0.05)  # norm ratios at which is counted: above the fold and below
BOX, GUESSES = (-0.3, 0.9), 800  # of guesses, and how many
BOUNDS = (-1.5, 1.5)  # of solutions
BUDGET, SEEDS = 4000, 4  # Newton iterations of a search; searches
SWAP = ("w[1,0]", "w[1,1]", "w[0,0]", "w[0,1]")  # both students exchanged


def find_all(ratios=RATIOS) -> tuple[list, dict]:
    """Trace branches in b2 by deflation at the ratios, and find the points there by deflation itself.

    Equal students are looked for first, in the plane of the students that agree: some of them are small.
    """
    problem, settings = two_teachers(lam=DECAY), Settings(max_step=0.05)
    equal = problem.restricted([SWAP])
    starts = find_solutions(equal, {"b2": ratios[0]}, limit=20, guesses=guesses_for(equal), budget=BUDGET)
    given = {"parameters": {"b2": ratios[0]}, "settings": settings}
    branches = [trace(problem, start.state, "b2", SPAN, **given) for start in starts]
    more = {"bounds": BOUNDS, "budget": BUDGET}
    branches += deflated_branches(problem, branches, "b2", SPAN, values=ratios, settings=settings, seed=1, **more)
    return branches, {ratio: _points(problem, equal, {"b2": ratio}) for ratio in ratios}


def _points(problem, equal, parameters) -> list:
    """Critical points by deflation alone: with equal students, then the others, from several sets of guesses."""
    options = {"limit": 40, "budget": BUDGET}
    found = find_solutions(equal, parameters, guesses=guesses_for(equal), **options)
    known = [problem.solve(p.state, parameters) for p in found]
    for seed in range(SEEDS):
        options["guesses"] = guesses_for(problem, seed)
        known += find_solutions(problem, parameters, known=[p.state for p in known], seed=seed, **options)
    return known


def guesses_for(problem, seed=0):
    """(GUESSES, n) guesses in the box."""
    return np.random.default_rng(seed).uniform(*BOX, (GUESSES, len(problem.unknown_names)))


def counts(branches, points) -> dict:
    """Compare the branches with the points that deflation found, both from `find_all`.

    Returns
    -------
    dict
        ``found[b2]``: critical points by deflation; ``on_branches[b2]``: by branches, students swapped counted once;
        ``minima[b2]``: minima among them; ``count_gap``: largest distance of one of either to the other, infinite
        where the numbers differ.
    """
    result, worst = {}, 0.0
    for ratio, listed in points.items():
        known = [point for branch in branches for point in branch.at(b2=ratio)]
        result[f"found[{ratio}]"], result[f"on_branches[{ratio}]"] = len(listed), len(known)
        result[f"minima[{ratio}]"] = sum(_is_minimum(point) for point in listed)
        worst = max(worst, distance([p.state for p in listed], [p.state for p in known]))
    return {**result, "count_gap": worst}


def _is_minimum(point) -> bool:
    """Whether all eigenvalues of the Hessian are positive."""
    values = np.linalg.eigvalsh(two_teachers().jacobian(point.state, point.parameters))
    return bool(values.max() < 0)


def distance(some, others) -> float:
    """Measure the largest distance of a state of one list to the nearest of the other, students in either order."""
    if len(some) != len(others) or not some:
        return np.inf
    some, others = np.array(some), np.array(others)
    swapped = others[:, [2, 3, 0, 1]]
    gaps = np.minimum(*(np.abs(some[:, None] - group[None]).max(axis=2) for group in (others, swapped)))
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def draw(ax, branches, points):
    """Draw all branches in b2 by the root mean square of their weights, and what deflation found as rings."""
    for colour, branch in zip(COLOURS, branches):
        draw_branch(ax, branch, "b2", "norm", colour, names=True)
    for k, (ratio, listed) in enumerate(points.items()):
        sizes = [np.sqrt(np.mean(point.state**2)) for point in listed]
        ax.plot([ratio] * len(sizes), sizes, "o", mfc="none", ms=9, color="black", label=None if k else "by deflation")
    ax.set(xlabel="b2", ylabel="root mean square of the weights", title=f"all critical points, decay {DECAY:g}")
