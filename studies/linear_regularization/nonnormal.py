"""How many critical points there are: solutions found by deflation at one weight decay, and the branches through them.

For ``R = rot(pi/2), rot(1), diag(2, 1/2)`` and a matrix that isn't normal.  What is found is a lower bound of what
there is.  Beyond Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, section 4 (open problem i).
Run: ``python -m studies.linear_regularization.nonnormal``.
"""

import math

import numpy as np

from continuation import Settings, Status, find_solutions, trace
from studies.command import folder
from studies.linear_regularization.claims import COLOURS, OUT, Claim, command, draw_by_index, figure_of, save
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.circles import with_circles

LAM = 0.1
BOUNDS = (-8.0, 8.0)
SPAN = (1e-4, 1.0)
REFLECTION = ["C[0,0]", "-C[0,1]", "-C[1,0]", "C[1,1]"]


def rotation(angle) -> np.ndarray:
    """``rot(angle)``."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


MATRICES = {
    "rot(pi/2)": rotation(math.pi / 2),
    "rot(1)": rotation(1.0),
    "diag(2, 1/2)": np.diag([2.0, 0.5]),
    "generic": np.array([[0.5, -1.2], [0.8, 1.4]]),
}


def main(fast=False, out=OUT) -> dict:
    """Search at lam = 0.1, trace through what was found, draw, return the numbers.

    Returns
    -------
    dict
        For each matrix ``found[name]``, solutions up to symmetry (circles and mirror images count once),
        ``normal[name]`` of them, ``minima[name]``, ``J[name]`` and ``index[name]`` in ascending order of J,
        ``guesses[name]``; for the last two matrices ``branches[name]`` through them, ``folds[name]`` (lam, ascending),
        ``lowest_is_principal[name]`` and ``largest_residual[name]``.
    """
    budget, settings = 6_000 if fast else 60_000, Settings(max_step=0.3 if fast else 0.1, max_points=1500)
    numbers, branches = {}, {}
    for name, R in MATRICES.items():
        problem = symmetric_problem(name, R)
        found = find_solutions(problem, {"lam": LAM}, bounds=BOUNDS, budget=budget)
        numbers |= numbers_of(name, problem, found)
        if not problem.symmetry.continuous:
            branches[name] = through(problem, found, settings, 8 if fast else 100)
            numbers[f"branches[{name}]"] = len(branches[name])
            numbers[f"folds[{name}]"] = sorted(round(f["lam"], 10) for b in branches[name] for f in b.folds)
            numbers[f"reach_zero[{name}]"] = sum(_starts_at_zero(branch) for branch in branches[name])
    draw(branches, folder(out) / "nonnormal.png", fast)
    return numbers


def symmetric_problem(name, R):
    """The characteristic equation with the symmetry of its R declared."""
    problem = characteristic_equation(R)
    if name.startswith("rot"):
        return with_circles(problem)
    return problem.with_symmetries([REFLECTION]) if name.startswith("diag") else problem


def through(problem, found, settings, most) -> list:
    """Branches through the solutions with the lowest costs, each once."""
    branches = []
    for point in sorted(found, key=lambda point: point["J"])[:most]:
        images = problem.symmetry.orbit(point)
        seen = (np.abs(images - other.state).max(axis=1).min() for b in branches for other in b.at(lam=LAM))
        if not any(gap < 1e-5 for gap in seen):
            branches.append(trace(problem, point, "lam", SPAN, settings=settings, stop=_escaped))
    return branches


def _escaped(point) -> bool:
    """Whether C has gone far towards infinity."""
    return bool(np.abs(point.state).max() > 60)


def _starts_at_zero(branch) -> bool:
    """Whether an end of a branch is at the smallest lam, with a cost that vanishes there: F tends to R."""
    ends = [(row, status) for row, status in zip((0, -1), branch.ends) if status is Status.LIMIT]
    return any(branch["lam"][row] < 2 * SPAN[0] and branch["J"][row] < 0.1 for row, _ in ends)


def numbers_of(name, problem, found) -> dict:
    """Numbers of one search; see `main`."""
    ordered = sorted(found, key=lambda point: point["J"])
    C = np.array([point.state.reshape(2, 2) for point in ordered])
    normal = [np.abs(c @ c.T - c.T @ c).max() < 1e-7 * (c * c).sum() for c in C]
    residuals = [np.abs(problem.residual(point, {"lam": LAM})).max() for point in ordered]
    return {
        f"found[{name}]": len(ordered),
        f"normal[{name}]": int(sum(normal)),
        f"minima[{name}]": sum(point.unstable == 0 for point in ordered),
        f"guesses[{name}]": found.report.guesses,
        f"J[{name}]": [round(float(point["J"]), 10) for point in ordered],
        f"index[{name}]": [int(point.unstable) for point in ordered],
        f"lowest_is_principal[{name}]": _is_principal(problem, ordered[0]),
        f"largest_residual[{name}]": float(max(residuals)),
    }


def _is_principal(problem, point) -> bool:
    """Whether a solution lies on the branch from the principal logarithm, or, R not normal, from large lam."""
    R = np.array([point.parameters[f"R[{i},{j}]"] for i in (0, 1) for j in (0, 1)]).reshape(2, 2)
    if np.abs(R @ R.T - R.T @ R).max() < 1e-12:
        branch = trace(problem, normal_logarithm(R).ravel(), "lam", (0.0, LAM), direction=+1)
    else:
        branch = trace(problem, R.ravel() / 10, "lam", (LAM, 10.0), parameters={"lam": 10.0}, direction=-1)
    return any(np.abs(other.state - point.state).max() < 1e-6 for other in branch.at(lam=LAM))


def claims(numbers) -> list[Claim]:
    """Counts, and observation (iv) beyond normal solutions."""
    names, found = list(MATRICES), [numbers[f"found[{name}]"] for name in MATRICES]
    lowest = [numbers[f"lowest_is_principal[{name}]"] for name in names]
    others = [numbers[f"found[{name}]"] - numbers[f"normal[{name}]"] for name in names]
    return [
        Claim(
            "open problem (i)",
            "there are solutions that aren't normal, also for normal R",
            f"at lam = 0.1: {others} of {found} found for {', '.join(names)}",
            bool(min(others) > 0),
        ),
        Claim(
            "Example 1 (iv)",
            "the principal branch has the lowest cost, here among all solutions found",
            f"true for {sum(lowest)} of {len(lowest)} matrices",
            all(lowest),
        ),
    ]


def draw(branches, path, fast=False):
    """Draw J against lam for the branches of the last two matrices."""
    figure, axes = figure_of(1, len(branches))
    for ax, (name, group) in zip(axes, branches.items()):
        for k, branch in enumerate(group):
            draw_by_index(ax, branch, "lam", "J", COLOURS[k % len(COLOURS)])
        ax.set(xlabel="weight decay λ", ylabel="cost J", title=f"R = {name}: {len(group)} branches", xlim=(0, 0.5))
        ax.grid(alpha=0.25)
    figure.suptitle("Thick: minima (Morse index 0); dashed: saddles")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals())
