"""Theorem 7 and Fig. 8: the plane of symmetric students, its critical points, vector fields, paths and basins.

Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML 2017, arXiv:1703.00560,
Theorem 7 and Fig. 8.  Run: ``python -m studies.relu_gradient.plane``.
"""

import numpy as np

from continuation import find_solutions, trace
from studies.claims import Claim, exceptions, missing
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, save
from studies.relu_gradient.common import OUT, judge
from systems.relu import plane
from systems.relu.symmetric.plane_dynamics import collinear_value, type_a_guess
from systems.relu.symmetric.plane_flow import NOWHERE, TEACHER, TYPE_A, plane_basins, plane_path

SIZES = (2, 5, 10)  # students; 2 and 5 as in Fig. 8
PANELS = {2: "Fig 8 (a), ", 5: "Fig 8 (b), "}
SPAN = (2.0, 100.0)  # of K, a real number along branches


def main(fast=False, out=OUT) -> dict:
    """Trace the critical points in K, follow paths and basins, draw Fig. 8, and return the numbers.

    Parameters
    ----------
    fast : bool
        Coarser grids of starts.
    out : path-like
        Folder of ``plane.png``; made if missing.

    Returns
    -------
    dict
        ``saddle[K]``: x = y of the saddle of Theorem 7; the rest as in `measure` and `completeness`.
    """
    out = folder(out)
    ends = {K: ends_of_starts(K, 21 if fast else 81) for K in SIZES}
    paths = {K: plane_path([1e-3, 0.0], K, steps=3000) for K in SIZES}
    branches = critical_branches()
    draw(branches, paths, 60 if fast else 240, out / "plane.png", fast)
    saddles = {f"saddle[{K}]": plane(K).solve([collinear_value(K)] * 2)["x"] for K in SIZES}
    descent = {f"descent_{key}": value for key, value in judge(branches, 6 if fast else 20).items()}
    return {
        **saddles,
        **measure(branches, ends, paths),
        **descent,
        **completeness((2, 5, 10) if fast else (2, 2.5, 5, 10, 50, 200)),
    }


def critical_branches() -> dict:
    """Trace the four critical points of the plane from K = 2."""
    starts = {
        "teacher": [1.0, 0.0],
        "saddle": [collinear_value(2)] * 2,
        "second saddle": [collinear_value(2, -1)] * 2,
        "type A": type_a_guess(2),
    }
    return {name: trace(plane(2), start, "K", SPAN) for name, start in starts.items()}


def completeness(sizes) -> dict:
    """Look for further critical points of the plane by deflation from random guesses in [-1.5, 1.5]^2.

    Returns
    -------
    dict
        ``critical_points[K]``: how many were found; ``four_gap``: largest distance of those of the branches to the
        nearest of them, infinite where some K has not four.
    """
    found = {K: find_solutions(plane(K), bounds=(-1.5, 1.5), limit=10, budget=1500) for K in sizes}
    known = [
        [[1.0, 0.0], *([value] * 2 for value in saddle_values(K)), plane(K).solve(type_a_guess(K)).state] for K in sizes
    ]
    gaps = [min(np.abs(p.state - u).max() for p in found[K]) for K, points in zip(sizes, known) for u in points]
    gap = float(max(gaps)) if all(len(points) == 4 for points in found.values()) else np.inf
    return {**{f"critical_points[{K}]": len(points) for K, points in found.items()}, "four_gap": gap}


def ends_of_starts(K, count) -> dict:
    """Count where the starts of Theorem 7 (1), and those with y > x > 0, end."""
    x, y = np.meshgrid(np.linspace(0, 1, count)[1:], np.linspace(0, 1, count))
    ends = plane_basins(x, y, K)
    omega, other = ends[x > y], ends[x < y]
    line = np.linspace(0, 1, count)[1:]
    stuck = [abs(diagonal_end(v, K) - collinear_value(K)) for v in line[:: count // 10]]
    return {
        "starts": omega.size,
        "teacher": int(np.sum(omega == TEACHER)),
        "others": other.size,
        "type A": int(np.sum(other == TYPE_A)),
        "diagonal": max(stuck),
    }


def diagonal_end(v, K, steps=400) -> float:
    """Follow descent on the line x = y, which it keeps; in the plane rounding would leave the saddle again."""
    problem = plane(K)
    for _ in range(steps):
        v += 0.5 / K * problem.residual([v, v]).mean()
    return v


def measure(branches, ends, paths) -> dict:
    """Check Theorem 7 and what the text says of Fig. 8.

    Returns
    -------
    dict
        ``starts[K]``: starts with 1 >= x > y >= 0; ``elsewhere[K]``: those that do not end at the teacher.
        ``saddle_error``: largest distance to the saddle that is left of the starts with x = y > 0.
        ``not_type_A[K]``: starts with 1 >= y > x > 0 that do not end at type A (for K = 2 the swapped teachers).
        ``highest_y[K]``: of the path from (0.001, 0): it takes a detour.
        ``time[K]``: until a hundredth of the first loss, on that path.
        ``closed_form_error``: of the saddles along their branches, K in [2, 100].
        ``node_unstable``, ``saddle_wrong``: rows of the nodes' branches that are not stable in the plane, of the
        saddles' that have not one unstable direction.
    """
    times = {K: 0.1 / K * int(np.argmax(losses < losses[0] / 100)) for K, (_, losses) in paths.items()}
    heights = {K: float(path[:, 1].max()) for K, (path, _) in paths.items()}
    errors = [
        np.abs(branches[name]["x"] - [collinear_value(K, sign) for K in branches[name]["K"]]).max()
        for name, sign in (("saddle", 1), ("second saddle", -1))
    ]
    saddle_error = max(end["diagonal"] for end in ends.values())
    return {
        **{f"starts[{K}]": end["starts"] for K, end in ends.items()},
        **{f"elsewhere[{K}]": missing(end["starts"], end["teacher"]) for K, end in ends.items()},
        "saddle_error": float(saddle_error),
        **{f"not_type_A[{K}]": missing(end["others"], end["type A"]) for K, end in ends.items()},
        **{f"highest_y[{K}]": height for K, height in heights.items()},
        **{f"time[{K}]": time for K, time in times.items()},
        "closed_form_error": float(max(errors)),
        "node_unstable": sum(exceptions(branches[name].unstable == 0) for name in ("teacher", "type A")),
        "saddle_wrong": sum(exceptions(branches[name].unstable == 1) for name in ("saddle", "second saddle")),
    }


def claims(found) -> list[Claim]:
    """List the claims: Theorem 7 and what is said of Fig. 8 beside the numbers of `main`."""
    stray, other = (sum(found[f"{key}[{K}]"] for K in SIZES) for key in ("elsewhere", "not_type_A"))
    count = sum(found[f"starts[{K}]"] for K in SIZES)
    gains = [found[f"time[{a}]"] / found[f"time[{b}]"] for a, b in zip(SIZES, SIZES[1:])]
    low = min(found["descent_stable"], found["descent_saddles"])
    return [
        Claim("Theorem 7 (1)", "x > y: to the teacher", stray, high=0, note=f"starts elsewhere, of {count}"),
        Claim("Theorem 7 (2)", "x = y: to the saddle", found["saddle_error"], high=1e-9, note="distance left"),
        Claim("Theorem 7 (2)", "x = y of the saddle", found["closed_form_error"], high=1e-13, note="K from 2 to 100"),
        Claim("Fig 8 (a), (b)", "y > x > 0: to type A", other, high=0, note="starts elsewhere; not in the paper"),
        Claim("Fig 8 (a), (b)", "four critical points", found["four_gap"], high=1e-9, note="deflation and branches"),
        Claim("Fig 8 (c)", "detours", min(found[f"highest_y[{K}]"] for K in SIZES), 0.05, note="highest y"),
        Claim("Fig 8 (d)", "larger K is faster", min(gains), low=1.0, note="ratio of times"),
        Claim("the plane", "nodes for all K in [2, 100]", found["node_unstable"], high=0, note="unstable rows"),
        Claim("the plane", "saddles for all K in [2, 100]", found["saddle_wrong"], high=0, note="other rows"),
        Claim("the plane", "minima attract, saddles repel", found["descent_failed"], high=0, note="failed points"),
        Claim("the plane", "minima and saddles were judged", low, low=1, note="the fewer of both"),
    ]


def draw(branches, paths, count, path, fast):
    """Draw fields (K = 2, 5, 10) over basins, paths, training curves, and the critical points against K."""
    figure, axes = figure_of(2, 3, (13, 8))
    for ax, K in zip(axes[0], (2, 5, 10)):
        _field(ax, K, count)
    for colour, (K, (points, losses)) in zip(COLOURS, paths.items()):
        axes[1, 0].plot(*points.T, color=colour, label=f"K = {K}")
        axes[1, 1].semilogy(0.1 / K * np.arange(len(losses)), losses / losses[0], color=colour, label=f"K = {K}")
    for colour, (name, branch) in zip(COLOURS, branches.items()):
        draw_branch(axes[1, 2], branch, "K", "x", colour, name)
    axes[1, 0].set(xlabel="x", ylabel="y", title="Fig 8 (c): paths from (0.001, 0)")
    axes[1, 1].set(
        xlabel="time", ylabel="loss / first loss", title="Fig 8 (d): training curves", ylim=(1e-8, 2), xlim=(0, 30)
    )
    axes[1, 2].set(xlabel="K", ylabel="x", title="critical points: stable solid, saddles dashed", xscale="log")
    for ax in axes[1]:
        add_legend(ax)
        ax.grid(alpha=0.25)
    axes[1, 2].legend(loc="upper right", bbox_to_anchor=(1.0, 0.92))
    save(figure, path, fast)


def _field(ax, K, count):
    """Basins as colours, the field as lines, critical points as marks."""
    x, y = np.meshgrid(np.linspace(-1.2, 1.2, count), np.linspace(-1.2, 1.2, count))
    ends = plane_basins(x + 1e-7, y, K)  # beside the origin
    shades = np.select([ends == TEACHER, ends == TYPE_A, ends == NOWHERE], [0.15, 0.45, 0.8])
    ax.imshow(shades, extent=(-1.2, 1.2, -1.2, 1.2), origin="lower", cmap="Pastel1", vmin=0, vmax=1, alpha=0.7)
    points = np.linspace(-1.19, 1.19, 20)
    problem = plane(K)
    flow = np.array([[problem.residual([a, b]) for a in points] for b in points])
    ax.streamplot(
        points, points, flow[..., 0], flow[..., 1], color="#444444", linewidth=0.6, density=1.1, arrowsize=0.7
    )
    node = problem.solve(type_a_guess(K))
    marks = (((1, 0), "o", "teacher"), (node.state, "s", "type A"), *(((v, v), "x", None) for v in saddle_values(K)))
    for (a, b), mark, label in marks:
        ax.plot(a, b, mark, color="black", ms=7, ls="none", label=label)
    ax.lines[-1].set_label("saddles")
    ax.legend(loc="lower right", fontsize=8)
    ax.set(xlabel="x", ylabel="y", title=f"{PANELS.get(K, '')}K = {K}: basins")


def saddle_values(K) -> tuple[float, float]:
    """Return both collinear critical points."""
    return collinear_value(K), collinear_value(K, -1)


if __name__ == "__main__":
    command(globals(), OUT)
