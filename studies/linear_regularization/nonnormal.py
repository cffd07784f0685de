"""How many critical points there are, and the branches through them: a search by deflation at one weight decay.

For ``R = rot(pi/2), rot(1), diag(2, 1/2)`` and a matrix that isn't normal.  What is found is a lower bound of what
there is.  Writes a table of branches: their costs and indices, folds, where they start and end.
Beyond Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, section 4 (open problem i).
Run: ``python -m studies.linear_regularization.nonnormal``.
"""

import math

import numpy as np

from continuation import Settings, Status, find_solutions, trace
from studies.claims import Claim
from studies.command import align, announce, command, folder
from studies.figures import COLOURS, draw_branch, figure_of, legend, save
from studies.linear_regularization import OUT
from studies.linear_regularization.circles import nearly_normal, pitchfork_behind, slope_at_zero
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.circles_of_solutions import isolated_circles, with_circles
from systems.characteristic.closed_forms.normal_solutions import pitchforks_of_revolution
from systems.characteristic.critical_point import CriticalPoint
from systems.characteristic.matrix_checks import is_normal

LAM = 0.1  # of the search
BOUNDS = (-8.0, 8.0)  # of guesses for the entries of C
SPAN = (1e-4, 1.0)  # of lam; at 0 saddles are at infinity
REFLECTION = ["C[0,0]", "-C[0,1]", "-C[1,0]", "C[1,1]"]  # conjugation by diag(1, -1), a symmetry of diagonal R
NORMAL = 1e-7  # of |C|^2: what a solution that counts as normal may miss
FAR = 60.0  # entries of C at which a branch has escaped


def rotation(angle) -> np.ndarray:
    """Return ``rot(angle)``."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


MATRICES = {
    "rot(pi/2)": rotation(math.pi / 2),
    "rot(1)": rotation(1.0),
    "diag(2, 1/2)": np.diag([2.0, 0.5]),
    "generic": np.array([[0.5, -1.2], [0.8, 1.4]]),
}


def main(fast=False, out=OUT) -> dict:
    """Search at lam = 0.1, trace through what was found, draw, write ``nonnormal.txt``, return the numbers.

    Returns
    -------
    dict
        For each matrix ``found[name]``, solutions found up to symmetry (circles and mirror images count once),
        ``guesses[name]``, ``solutions[name]`` with those on the branches through them, ``normal[name]`` of them,
        ``minima[name]``, ``J[name]`` and ``index[name]`` in ascending order of J, ``branches[name]``, ``folds[name]``
        (lam, ascending), ``isolas[name]`` of the branches, ``reach_zero[name]``, how many ends have F -> R at lam -> 0,
        ``lowest_is_principal[name]`` and ``largest_residual[name]``.
    """
    budget, settings = 6_000 if fast else 60_000, Settings(max_step=0.3 if fast else 0.1, max_points=1500)
    numbers, branches, lines = {}, {}, []
    for name in announce(MATRICES, "search"):
        problem = symmetric_problem(name, MATRICES[name])
        found = find_solutions(problem, {"lam": LAM}, bounds=BOUNDS, budget=budget)
        branches[name] = trace_through(problem, found, settings, 8 if fast else 100)
        points = join(found, branches[name])
        numbers |= {f"found[{name}]": len(found), f"guesses[{name}]": found.report.guesses}
        numbers |= numbers_of(name, problem, points) | numbers_of_branches(name, branches[name])
        lines += [line for number, branch in enumerate(branches[name], 1) for line in describe(name, number, branch)]
    out = folder(out)
    (out / "nonnormal.txt").write_text(align([HEADER, *lines]) + "\n", "utf-8")
    draw(branches, out / "nonnormal.png", fast)
    return numbers


def symmetric_problem(name, R):
    """Set up the characteristic equation with the symmetry of its R declared."""
    problem = characteristic_equation(R)
    if name.startswith("rot"):
        return with_circles(problem)
    return problem.with_symmetries([REFLECTION]) if name.startswith("diag") else problem


def trace_through(problem, found, settings, most) -> list:
    """Trace branches through the solutions with the lowest costs, each once; circles as points."""
    branches = []
    for point in sorted(found, key=lambda point: point["J"])[:most]:
        known = (other for branch in branches for other in branch.at(lam=LAM))
        if any(abs(other["J"] - point["J"]) < 1e-9 * (1 + point["J"]) for other in known):
            continue
        circle = bool(problem.symmetry.continuous) and not is_normal(point.state.reshape(2, 2), NORMAL)
        made = isolated_circles(problem, point) if circle else problem
        stop = (lambda q: nearly_normal(q) or _escaped(q)) if circle else _escaped
        branches.append(trace(made, point, "lam", SPAN, settings=settings, stop=stop))
    return branches


def _escaped(point) -> bool:
    """Whether C has gone far towards infinity."""
    return bool(np.abs(point.state).max() > FAR)


HEADER = ("R", "branch", "kind", "J at 0.1 (index)", "folds at lam", "one end", "other end")


def describe(name, number, branch) -> list[tuple]:
    """Write the rows of the table for one branch: its solutions at lam = 0.1 one below the other."""
    normal = is_normal(branch.states[len(branch) // 2].reshape(2, 2), NORMAL)
    there = sorted(branch.at(lam=LAM), key=lambda point: point["J"])
    costs = [f"{point['J']:.12f} ({_index_at(point)})" for point in there]
    folds = [f"{lam:.10f}" for lam in sorted(fold["lam"] for fold in branch.folds)]
    first = (name, str(number), "normal" if normal else "not normal")
    rows = [(*first, costs[0], folds[0] if folds else "-", end_of(branch, 0), end_of(branch, -1))]
    for k in range(1, max(len(costs), len(folds))):
        rows.append(("", "", "", costs[k] if k < len(costs) else "", folds[k] if k < len(folds) else "", "", ""))
    return rows


def _index_at(point) -> int:
    """Morse index at a point of a branch."""
    return CriticalPoint(point.state.reshape(2, 2), _matrix(point), point["lam"]).index.index


def _matrix(point) -> np.ndarray:
    """R of a point."""
    return np.array([point.parameters[f"R[{i},{j}]"] for i in (0, 1) for j in (0, 1)]).reshape(2, 2)


def end_of(branch, row) -> str:
    """Say how a branch ends at its first or last row, in words."""
    status, point = branch.ends[row], branch.point(row)
    lam, cost = point["lam"], point["J"]
    if status is Status.CLOSED:
        return "closed curve"
    if status is Status.STOPPED and nearly_normal(point) and np.abs(point.state).max() < FAR:
        R = _matrix(point)
        theta = math.atan2(R[1, 0], R[0, 0])
        pitchforks = [one for n in range(-3, 4) for one in pitchforks_of_revolution(n, theta, math.hypot(*R[0]))]
        return f"shrinks to a normal solution, lam = {pitchfork_behind(point, pitchforks).lam:.10f}"
    if lam > 0.99 * SPAN[1]:
        return f"goes on beyond lam = {lam:g}"
    gap = np.abs(CriticalPoint(point.state.reshape(2, 2), _matrix(point), lam).final_map - _matrix(point)).max()
    if lam < 2 * SPAN[0] and gap < 0.1:
        return f"lam -> 0, F -> R, J/lam -> {slope_at_zero(point):.4f}"
    return f"lam -> 0, C -> infinity, J -> {cost:.3f}" if lam < 0.01 else f"{status.name} at lam = {lam:.4g}"


def join(found, branches) -> list:
    """Join the solutions found and those on branches at the same lam, in ascending order of cost."""
    points = list(found)
    for point in (point for branch in branches for point in branch.at(lam=LAM)):
        if not any(abs(point["J"] - other["J"]) < 1e-9 * (1 + point["J"]) for other in points):
            points.append(point)
    return sorted(points, key=lambda point: point["J"])


def numbers_of(name, problem, ordered) -> dict:
    """Compute the numbers of the solutions at lam = 0.1; see `main`."""
    residuals = [np.abs(problem.residual(point, {"lam": LAM})).max() for point in ordered]
    return {
        f"solutions[{name}]": len(ordered),
        f"normal[{name}]": sum(is_normal(point.state.reshape(2, 2), NORMAL) for point in ordered),
        f"minima[{name}]": sum(_index_at(point) == 0 for point in ordered),
        f"J[{name}]": [round(float(point["J"]), 12) for point in ordered],
        f"index[{name}]": [_index_at(point) for point in ordered],
        f"lowest_is_principal[{name}]": _is_principal(problem, ordered[0]),
        f"largest_residual[{name}]": float(max(residuals)),
    }


def numbers_of_branches(name, branches) -> dict:
    """Compute the numbers of the branches; see `main`."""
    ends = [end_of(branch, row) for branch in branches for row in (0, -1)]
    return {
        f"branches[{name}]": len(branches),
        f"folds[{name}]": sorted(round(float(fold["lam"]), 12) for branch in branches for fold in branch.folds),
        f"isolas[{name}]": sum(branch.ends[0] is Status.CLOSED for branch in branches),
        f"reach_zero[{name}]": sum("F -> R" in end for end in ends),
    }


def _is_principal(problem, point) -> bool:
    """Whether a solution lies on the branch from the principal logarithm, or, R not normal, from large lam."""
    R = _matrix(point)
    if is_normal(R, NORMAL):
        branch = trace(problem, normal_logarithm(R).ravel(), "lam", (0.0, LAM), direction=+1)
    else:
        branch = trace(problem, R.ravel() / 10, "lam", (LAM, 10.0), parameters={"lam": 10.0}, direction=-1)
    return any(np.abs(other.state - point.state).max() < 1e-6 for other in branch.at(lam=LAM))


def claims(numbers) -> list[Claim]:
    """List the claims: counts, and observation (iv) beyond normal solutions."""
    names, where = list(MATRICES), "open problem (i)"
    found, normal, minima = ([numbers[f"{key}[{name}]"] for name in names] for key in ("solutions", "normal", "minima"))
    others = [a - b for a, b in zip(found, normal)]
    lowest = sum(not numbers[f"lowest_is_principal[{name}]"] for name in names)
    guesses = sum(numbers[f"guesses[{name}]"] for name in names)
    return [
        Claim(
            where,
            "solutions that aren't normal, also for normal R",
            min(others),
            1,
            note=f"fewest at lam = 0.1; {others} of {found} for {', '.join(names)}, {guesses} guesses",
        ),
        Claim(
            where, "rot(pi/2) has 5 solutions at lam = 0.1", found[0], 5, 5, note="found or on a branch, circles once"
        ),
        Claim(where, "minima beside the lowest one: learning can get stuck", min(minima), 2, note=f"fewest; {minima}"),
        Claim(
            "Example 1 (iv)",
            "the principal branch has the lowest cost",
            lowest,
            0,
            0,
            note=f"exceptions among {len(names)} matrices, of all solutions found",
        ),
    ]


def draw(branches, path, fast=False):
    """Draw J against lam for the branches found."""
    figure, axes = figure_of(2, 2, (11.0, 9.0))
    for ax, (name, group) in zip(axes.flat, branches.items()):
        for k, branch in enumerate(group):
            draw_branch(ax, branch, "lam", "J", COLOURS[k % len(COLOURS)])
        ax.set(xlabel="weight decay λ", ylabel="cost J", xlim=(0, 0.35))
        ax.set_title(f"R = {name}: {len(group)} branches through the solutions found at λ = {LAM}", fontsize=10)
        ax.grid(alpha=0.25)
        legend(ax, "minimum (index 0)", kinds=("LP", "BP"), loc="upper right")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
