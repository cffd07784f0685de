"""Solutions of rotations that aren't normal: circles of them, with better minima (open problem i).

Each class n of logarithms of ``R = rot(theta)`` has the total angle ``phi = theta + 2 pi n``.  Besides its normal
branch it has, for each k with ``k pi < |phi|``, a circle of solutions that aren't normal.  It starts at lam = 0, folds,
and ends at a pitchfork of revolution on the saddle part of the normal branch, or goes to infinity as lam -> 0.

Beyond Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, section 4.
Run: ``python -m studies.linear_regularization.circles``.
"""

import math
from typing import NamedTuple

import numpy as np

from continuation import Branch, Settings, trace
from studies.claims import Claim
from studies.command import align, announce, command, folder
from studies.figures import COLOURS, draw_branch, figure_of, legend, mark, save
from studies.linear_regularization import OUT
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.circles_of_solutions import circle_start, isolated_circles, with_circles
from systems.characteristic.closed_forms.normal_solutions import pitchforks_of_revolution
from systems.characteristic.morse.index import morse_index

CLASSES = (-1, 1)  # winding numbers with circles
ANGLES = (math.pi / 2, 1.0)  # of R: the paper's, and one without its symmetry
SPAN = (0.0, 0.5)  # of lam
AT, SHOWN = 0.1, 0.05  # lam of the costs that are compared, and of those in the table
BESIDE, LEAST = 1e-2, 1e-6  # lam at which circles are begun, and where their start is
SMALL = 0.1  # size of a circle, relative, at which its trace ends: its phase is lost where it is a point


class ClassDiagram(NamedTuple):
    """Normal branch of one class, its circles by number k, where on it each of them ends (None: at infinity)."""

    n: int
    theta: float
    normal: Branch
    circles: dict
    ends: dict


def main(fast=False, out=OUT) -> dict:
    """Trace the diagrams of the classes n = -1 and n = 1 for two angles; draw J, w, the index; return the numbers.

    Returns
    -------
    dict
        With keys that end in ``[theta, n]`` or ``[theta, n, k]``: ``fold`` and ``index`` (set along the branch) of the
        normal branch; for each circle ``leaves`` (lam of the pitchfork of revolution, NaN if it goes to infinity),
        ``circle_folds``,
        ``circle_index``, ``slope`` (J / lam at lam = 1e-6) with ``slope_expected``; ``located``, what the nearest
        branch point of the trace misses of ``leaves``; ``J`` and ``J_circle`` at lam = 0.1 (the lowest of each, where
        there is one); ``tau``, the largest auxiliary unknown.
    """
    settings = Settings(max_step=0.15 if fast else 0.05, max_points=600 if fast else 2000)
    wanted = [(n, theta) for theta in ANGLES for n in CLASSES]
    diagrams = [class_diagram(n, theta, settings) for n, theta in announce(wanted, "diagram of class, angle")]
    rows = [row for diagram in diagrams for row in describe(diagram)]
    (folder(out) / "circles.txt").write_text(align([HEADER, *rows]) + "\n", "utf-8")
    draw(diagrams, folder(out) / "circles.png", fast)
    numbers = {}
    for diagram in diagrams:
        numbers |= numbers_of(diagram)
    return numbers


def class_diagram(n, theta, settings) -> ClassDiagram:
    """Trace the normal branch of class n and its circles, from lam = 0 to where they shrink to a normal solution."""
    R = np.array([[math.cos(theta), -math.sin(theta)], [math.sin(theta), math.cos(theta)]])
    problem = characteristic_equation(R)
    start = normal_logarithm(R, n).ravel()
    normal = trace(problem, start, "lam", SPAN, settings=settings, direction=+1, stop=escaped)
    circles, ends = {}, {}
    problem = with_circles(characteristic_equation(R))
    for k in range(1, math.ceil(abs(theta + 2 * math.pi * n) / math.pi)):
        circles[k] = circle_branch(problem, circle_start(theta, n, k), settings)
        ends[k] = pitchfork_behind(circles[k].point(-1), pitchforks_of_revolution(n, theta))
    return ClassDiagram(n, theta, normal, circles, ends)


def circle_branch(problem, start, settings) -> Branch:
    """Trace the circles through a solution of lam = 0, from there to where they are nearly points.

    At lam = 0 itself F = R commutes with rotations and the left null vector vanishes: the trace starts beside it.
    """
    point = problem.solve(start.ravel(), {"lam": BESIDE})
    made = isolated_circles(problem, point)
    span = (LEAST, SPAN[1])
    return trace(made, point, "lam", span, settings=settings, stop=lambda q: nearly_normal(q) or escaped(q))


def pitchfork_behind(last, pitchforks):
    """Find the pitchfork of revolution that circles end at, next to their last point; None if they don't shrink."""
    if not nearly_normal(last):
        return None
    w = angles(last)
    return min(pitchforks, key=lambda point: abs(point.w - w) + abs(point.lam / last["lam"] - 1))


def angles(branch):
    """Return ``w = (C[1,0] - C[0,1]) / 2`` of a branch or a point, the same all around a circle."""
    return (branch["C[1,0]"] - branch["C[0,1]"]) / 2


def escaped(point) -> bool:
    """Say whether a saddle has gone far enough towards infinity."""
    return point["C[0,0]"] + point["C[1,1]"] < -16


def nearly_normal(point) -> bool:
    """Say whether a circle has shrunk to nearly a point."""
    size = math.hypot(point["C[0,0]"] - point["C[1,1]"], point["C[0,1]"] + point["C[1,0]"])
    return size < SMALL * math.hypot(point["C[0,0]"] + point["C[1,1]"], point["C[0,1]"] - point["C[1,0]"])


def numbers_of(diagram) -> dict:
    """Compute the numbers of one diagram; see `main`."""
    theta, n, normal = round(diagram.theta, 4), diagram.n, diagram.normal
    phi = diagram.theta + 2 * math.pi * n
    key, out = f"[{theta}, {n}]", {}
    out[f"fold{key}"] = float(normal.folds[0]["lam"])
    out[f"index{key}"] = list_indices(normal)
    out[f"J{key}"] = lowest_cost(normal)
    out[f"circles{key}"] = len(diagram.circles)
    for k, branch in diagram.circles.items():
        key, point = f"[{theta}, {n}, {k}]", diagram.ends[k]
        out[f"leaves{key}"] = math.nan if point is None else point.lam
        gaps = [] if point is None else [abs(p["lam"] / point.lam - 1) for p in normal.branch_points]
        out[f"located{key}"] = min(gaps, default=math.nan)
        out[f"circle_folds{key}"] = [float(fold["lam"]) for fold in branch.folds]
        out[f"circle_index{key}"] = list_indices(branch)
        out[f"J_circle{key}"] = lowest_cost(branch)
        out[f"slope{key}"] = float(branch["J"][0] / branch["lam"][0])
        out[f"slope_expected{key}"] = phi**2 - (abs(phi) - k * math.pi) ** 2 / 2
        out[f"tau{key}"] = float(np.abs(branch["tau"]).max())
    return out


HEADER = ("R", "n", "branch", f"J at {SHOWN} (index)", "fold at lam", "from", "to")


def describe(diagram) -> list[tuple]:
    """Write the rows of the table for one class: its normal branch and its circles."""
    first = f"rot({diagram.theta:.4f})", str(diagram.n)
    gone = f"lam -> 0, C -> infinity, J -> {diagram.normal['J'][-1]:.3f}"
    rows = [(*first, "normal", *_middle(diagram.normal), gone)]
    for k, branch in diagram.circles.items():
        end, last = diagram.ends[k], f"lam -> 0, C -> infinity, J -> {branch['J'][-1]:.3f}"
        place = last if end is None else f"a normal solution at lam = {end.lam:.12g}"
        rows.append((*first, f"circle {k}", *_middle(branch), place))
    return rows


def _middle(branch) -> tuple:
    """Costs with indices, folds and start of a branch, as texts."""
    there = sorted(branch.at(lam=SHOWN), key=lambda point: point["J"])
    indices = [morse_index(point.state.reshape(2, 2), SHOWN) for point in there]
    costs = ", ".join(f"{point['J']:.12f} ({found.index})" for point, found in zip(there, indices))
    folds = ", ".join(f"{fold['lam']:.12f}" for fold in branch.folds)
    return costs, folds, f"lam -> 0, F -> R, J/lam -> {slope_at_zero(branch.point(0)):.6f}"


def slope_at_zero(point) -> float:
    """Return the limit of J / lam as lam -> 0, from a point near it, to lam^2: ``dJ/dlam = |C|^2 / 2``."""
    here = 0.5 * float(np.sum(point.state**2))
    return 2 * point["J"] / point["lam"] - here if point["lam"] > 0 else here


def list_indices(branch) -> list[int]:
    """List the Morse indices met along a branch, in order, repeats and special points left out."""
    special = {point.index for point in branch.special}
    found = []
    for row, index in enumerate(branch.unstable):
        if row not in special and (not found or found[-1] != index):
            found.append(int(index))
    return found


def lowest_cost(branch) -> float:
    """Find the lowest cost at lam = 0.1, NaN where the branch doesn't reach it."""
    return float(min((point["J"] for point in branch.at(lam=AT)), default=math.nan))


def claims(numbers) -> list[Claim]:
    """List what the paper says of local minima, and what is found of open problem (i)."""
    key = f"[{round(ANGLES[0], 4)}, -1]"
    circle = f"{key[:-1]}, 1]"
    first = [value for name, value in numbers.items() if name.startswith(("index[", "circle_index["))]
    slopes = _pairs(numbers, "slope[", "slope_expected[")
    folds = [
        (max(numbers[f"circle_folds{name[4:-1]}, 1]"]), lam) for name, lam in numbers.items() if name[:5] == "fold["
    ]
    found = [gap for name, gap in numbers.items() if name.startswith("located[") and not math.isnan(gap)]
    costs = f"{numbers[f'J_circle{circle}']:.12f} against {numbers[f'J{key}']:.12f} at lam = 0.1"
    index, where = numbers[f"index{key}"][0], "open problem (i)"
    beyond = numbers[f"circle_folds{circle}"][-1] - numbers[f"fold{key}"]
    return [
        Claim("Example 1 (i)", "n = -1: the solution from lam = 0 is a local minimum", index, 0, 0, note="its index"),
        Claim("Example 1 (ii)", "beyond the lam_bar of n = -1 only n = 0 is left", beyond, high=0, note="of all kinds"),
        Claim(
            where,
            "the circle of n = -1 costs less",
            numbers[f"J_circle{circle}"] - numbers[f"J{key}"],
            high=0,
            note=costs,
        ),
        Claim(where, "... and is a minimum", numbers[f"circle_index{circle}"][0], 0, 0, note="index"),
        Claim(
            where,
            "each class has a minimum",
            max(min(_indices(numbers, n, t)) for n in CLASSES for t in ANGLES),
            0,
            0,
            note=f"largest least index of {len(CLASSES) * len(ANGLES)} classes, {len(first)} branches",
        ),
        Claim(
            where,
            "J/lam of a circle -> phi^2 - (abs(phi) - k pi)^2/2",
            max(abs(a - b) for a, b in slopes),
            high=1e-3,
            note=f"largest error of {len(slopes)}",
        ),
        Claim(
            where,
            "the circle k = 1 lives on past the normal fold",
            min(a / b for a, b in folds),
            1,
            note="ratio of lam",
        ),
        Claim(
            where,
            "circles leave where w cot w = a - e^2a / lam",
            max(found),
            high=1e-8,
            note=f"largest relative error of lam, {len(found)} pitchforks",
        ),
    ]


def _pairs(numbers, one, two) -> list[tuple]:
    """Values of the keys that start in one of two ways."""
    return [(value, numbers[key.replace(one, two)]) for key, value in numbers.items() if key.startswith(one)]


def _indices(numbers, n, theta) -> list[int]:
    """All Morse indices met in the diagram of a class."""
    key = f"{round(theta, 4)}, {n}"
    names = (f"index[{key}]", f"circle_index[{key},")
    return [index for name, found in numbers.items() if name.startswith(names) for index in found]


def draw(diagrams, path, fast=False):
    """Draw J, the angle w and the Morse index against lam."""
    figure, axes = figure_of(3, len(diagrams), (4.6 * len(diagrams), 11.0))
    for column, diagram in zip(axes.T, diagrams):
        branches = {"normal": diagram.normal} | {f"circle k = {k}": branch for k, branch in diagram.circles.items()}
        for shift, ((name, branch), colour) in enumerate(zip(branches.items(), (COLOURS[-1], *COLOURS))):
            draw_branch(column[0], branch, "lam", "J", colour, name)
            draw_branch(column[1], branch, "lam", angles(branch), colour)
            rows = np.setdiff1d(np.arange(len(branch)), [point.index for point in branch.special])
            column[2].plot(branch["lam"][rows], branch.unstable[rows] + 0.05 * shift, ".", ms=3, color=colour)
        for point in filter(None, diagram.ends.values()):
            mark(column[0], "BP", point.lam, point.cost, COLOURS[-1])
            mark(column[1], "BP", point.lam, point.w, COLOURS[-1])
        for ax, name in zip(column, ("cost J", "angle w = (C[1,0] - C[0,1])/2", "Morse index (0: minimum)")):
            ax.set(xlabel="weight decay λ", ylabel=name)
            ax.grid(alpha=0.25)
        column[2].yaxis.get_major_locator().set_params(integer=True)
        column[0].set_title(f"R = rot({diagram.theta:.4f}), n = {diagram.n:+d}", fontsize=10)
        legend(column[0], "minimum (index 0)", kinds=("LP", "BP"))
    figure.suptitle("Classes n = -1 and n = +1: normal solutions and circles of solutions that aren't normal")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
