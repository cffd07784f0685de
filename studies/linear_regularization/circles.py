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
from studies.command import folder
from studies.linear_regularization.claims import COLOURS, OUT, Claim, command, draw_by_index, figure_of, save
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.circles import circle_start, isolated_circles, with_circles
from systems.characteristic.normal import pitchfork_of_revolution

CLASSES = (-1, 1)
ANGLES = (math.pi / 2, 1.0)
SPAN = (0.0, 0.5)
AT = 0.1
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
    """Trace the diagrams of the classes n = -1 and n = 1 for two angles; draw J and C; return the numbers.

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
    diagrams = [class_diagram(n, theta, settings) for theta in ANGLES for n in CLASSES]
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
    normal = trace(problem, start, "lam", SPAN, settings=settings, direction=+1, stop=_escaped)
    circles, ends = {}, {}
    problem = with_circles(characteristic_equation(R))
    for k in range(1, math.ceil(abs(theta + 2 * math.pi * n) / math.pi)):
        circles[k] = circle_branch(problem, circle_start(theta, n, k), settings)
        last = circles[k].point(-1)
        near = ((last["C[0,0]"] + last["C[1,1]"]) / 2, (last["C[1,0]"] - last["C[0,1]"]) / 2, last["lam"])
        ends[k] = pitchfork_of_revolution(theta, near) if _nearly_normal(last) else None
    return ClassDiagram(n, theta, normal, circles, ends)


def circle_branch(problem, start, settings) -> Branch:
    """Trace the circles through a solution of lam = 0, from there to where they are nearly points.

    At lam = 0 itself F = R commutes with rotations and the left null vector vanishes: the trace starts beside it.
    """
    point = problem.solve(start.ravel(), {"lam": BESIDE})
    made = isolated_circles(problem, point)
    span = (LEAST, SPAN[1])
    return trace(made, point, "lam", span, settings=settings, stop=lambda q: _nearly_normal(q) or _escaped(q))


def _escaped(point) -> bool:
    """Whether a saddle has gone far enough towards infinity."""
    return point["C[0,0]"] + point["C[1,1]"] < -16


def _nearly_normal(point) -> bool:
    """Whether a circle has shrunk to nearly a point."""
    size = math.hypot(point["C[0,0]"] - point["C[1,1]"], point["C[0,1]"] + point["C[1,0]"])
    return size < SMALL * math.hypot(point["C[0,0]"] + point["C[1,1]"], point["C[0,1]"] - point["C[1,0]"])


def numbers_of(diagram) -> dict:
    """Numbers of one diagram; see `main`."""
    theta, n, normal = round(diagram.theta, 4), diagram.n, diagram.normal
    phi = diagram.theta + 2 * math.pi * n
    key, out = f"[{theta}, {n}]", {}
    out[f"fold{key}"] = float(normal.folds[0]["lam"])
    out[f"index{key}"] = distinct(normal)
    out[f"J{key}"] = lowest(normal)
    out[f"circles{key}"] = len(diagram.circles)
    for k, branch in diagram.circles.items():
        key, point = f"[{theta}, {n}, {k}]", diagram.ends[k]
        out[f"leaves{key}"] = math.nan if point is None else point.lam
        gaps = [] if point is None else [abs(p["lam"] / point.lam - 1) for p in normal.branch_points]
        out[f"located{key}"] = min(gaps, default=math.nan)
        out[f"circle_folds{key}"] = [float(fold["lam"]) for fold in branch.folds]
        out[f"circle_index{key}"] = distinct(branch)
        out[f"J_circle{key}"] = lowest(branch)
        out[f"slope{key}"] = float(branch["J"][0] / branch["lam"][0])
        out[f"slope_expected{key}"] = phi**2 - (abs(phi) - k * math.pi) ** 2 / 2
        out[f"tau{key}"] = float(np.abs(branch["tau"]).max())
    return out


def distinct(branch) -> list[int]:
    """The Morse indices met along a branch, in order, repeats left out; special points aside."""
    special = {point.index for point in branch.special}
    found = []
    for row, index in enumerate(branch.unstable):
        if row not in special and (not found or found[-1] != index):
            found.append(int(index))
    return found


def lowest(branch) -> float:
    """Lowest cost at lam = 0.1, NaN where the branch doesn't reach it."""
    return float(min((point["J"] for point in branch.at(lam=AT)), default=math.nan))


def claims(numbers) -> list[Claim]:
    """What the paper says of local minima, and what is found of open problem (i)."""
    key = f"[{round(ANGLES[0], 4)}, -1]"
    index, normal = numbers[f"index{key}"], numbers[f"J{key}"]
    circle, circle_index = numbers[f"J_circle{key[:-1]}, 1]"], numbers[f"circle_index{key[:-1]}, 1]"]
    slopes = [
        (value, numbers[name.replace("slope[", "slope_expected[")])
        for name, value in numbers.items()
        if "slope[" in name
    ]
    gap = max(abs(one - two) for one, two in slopes)
    further = [
        max(numbers[f"circle_folds{name[4:-1]}, 1]"]) > value for name, value in numbers.items() if name[:5] == "fold["
    ]
    return [
        Claim(
            "Example 1 (i)", "n = -1: the solution from lam = 0 is a local minimum", f"index {index[0]}", index[0] == 0
        ),
        Claim(
            "open problem (i)",
            "the local minimum of class n = -1 is a circle of solutions that aren't normal",
            f"J = {circle:.12f} < {normal:.12f} at lam = 0.1; indices along it {circle_index}",
            bool(circle < normal and 0 in circle_index),
        ),
        Claim(
            "open problem (i)",
            "J over lam of a circle tends to phi^2 - (abs(phi) - k pi)^2 / 2",
            f"largest error {gap:.1e} for {len(slopes)} circles",
            bool(gap < 1e-3),
        ),
        Claim(
            "open problem (i)",
            "the circle k = 1 lives on past the fold of the normal branch",
            f"in {sum(further)} of {len(further)} diagrams",
            all(further),
        ),
    ]


def draw(diagrams, path, fast=False):
    """Draw J and the trace of C against lam: thick where minima, dashed where saddles."""
    figure, axes = figure_of(2, len(diagrams), (4.4 * len(diagrams), 8.0))
    for column, diagram in zip(axes.T, diagrams):
        for ax, name in zip(column, ("J", "C[1,0]")):
            draw_by_index(ax, diagram.normal, "lam", name, COLOURS[0], "normal")
            for (k, branch), colour in zip(diagram.circles.items(), COLOURS[1:]):
                draw_by_index(ax, branch, "lam", name, colour, f"circle k = {k}")
            for point in filter(None, diagram.ends.values()):
                ax.plot(point.lam, point.cost if name == "J" else point.w, "o", color=COLOURS[0], ms=4)
            ax.set(xlabel="weight decay λ", ylabel=name)
            ax.grid(alpha=0.25)
        column[0].set_title(f"θ = {diagram.theta:.4f}, n = {diagram.n:+d}", fontsize=10)
        column[0].legend(fontsize=8)
    figure.suptitle("Thick: minima (Morse index 0); dashed: saddles")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals())
