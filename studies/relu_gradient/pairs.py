"""Two students and two teachers: every critical branch in the teachers' angle, their norm ratio, decay and leaky slope.

Section 5.3 and Theorem 2 of Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML
2017, arXiv:1703.00560, and beyond.  Run: ``python -m studies.relu_gradient.pairs``.
"""

import math

import numpy as np

from continuation import Settings, switch, trace
from studies.command import folder
from studies.relu_gradient.common import COLOURS, OUT, canvas, command, draw_branch, save
from systems.relu import normal_equations, two_teachers
from systems.relu.descent import judge
from systems.relu.population import network
from systems.relu.two_students import collinear_line, merging_decay, out_of_plane_point

SPURIOUS = [0.0, 0.019, 0.7365, 0.6835]  # near the spurious minimum at b2 = 0.05
SWAP = ("w[1,0]", "w[1,1]", "w[0,0]", "w[0,1]")
RIGHT = math.sqrt(0.5)  # components of teachers at 90 degrees


def main(fast=False, out=OUT) -> dict:
    """Trace the branches, draw them, and return the numbers.

    Parameters
    ----------
    fast : bool
        Longer steps; the special points are the same.
    out : path-like
        Folder of ``pairs.png``; made if missing.

    Returns
    -------
    dict
        ``fold_b2``, ``pitchfork_angle``, ``merging_decay``; ``kernel[d]`` and ``orbit[d]`` of the out-of-plane point;
        the rest as in `verdicts`.
    """
    settings = Settings(max_step=0.05 if fast else 0.01, max_points=5000)
    branches = {
        "b2": norm_ratio(settings),
        "angle": collinear(settings),
        "lam": decay(settings),
        "alpha": leaky(settings),
        "out of plane": out_of_plane(settings),
    }
    curve = fold_curve(branches["b2"][0], settings)
    draw(branches, curve, folder(out) / "pairs.png", fast)
    return {**numbers(branches, curve), **orbits(), **verdicts(branches, curve)}


def norm_ratio(settings) -> list:
    """The spurious minimum and its saddle in b2, and the global minimum."""
    spurious = trace(two_teachers(b2=0.05), SPURIOUS, "b2", (0.01, 1), settings=settings)
    best = trace(two_teachers(b2=0.05), [RIGHT, RIGHT, 0.05 * RIGHT, -0.05 * RIGHT], "b2", (0.01, 1), settings=settings)
    return [spurious, best]


def collinear(settings) -> list:
    """The collinear state with equal students in the angle, and the branches that leave its pitchfork."""
    problem = two_teachers().restricted([SWAP], stability="full")
    length = next(length for u, length in collinear_line([[RIGHT, RIGHT], [RIGHT, -RIGHT]]) if u[0] > 0)
    line = trace(problem, [length / 2, 0, length / 2, 0], "angle", (0.1, 3.1), settings=settings)
    starts = [start for point in line.branch_points for start in switch(problem, point) if not start.known]
    return [line, *(trace(problem, start, "angle", (0.1, 3.1), settings=settings) for start in starts)]


def decay(settings) -> list:
    """The collinear state in the weight decay, and the minima that merge with it."""
    problem = two_teachers(lam=2.0)
    line = trace(problem, [0.25, 0, 0.25, 0], "lam", (0.01, 2), settings=settings)
    starts = [start for point in line.branch_points for start in switch(problem, point) if not start.known]
    return [line, *(trace(problem, start, "lam", (0, 2), settings=settings) for start in starts)]


def leaky(settings) -> list:
    """The sign flips of both students, global minima at alpha = -1, in the leaky slope."""
    made = []
    for first, second in ((1, 1), (1, -1), (-1, -1)):
        start = [first * RIGHT, first * RIGHT, second * RIGHT, -second * RIGHT]
        made.append(trace(two_teachers(alpha=-1.0), start, "alpha", (-1, 0), settings=settings))
    return made


def out_of_plane(settings) -> list:
    """The point outside the teachers' plane, d = 3, in their angle."""
    W, _, _ = out_of_plane_point(d=3)
    return [trace(two_teachers(3), W.ravel(), "angle", (0.1, 3.0), settings=settings)]


def fold_curve(spurious, settings):
    """The curve of folds of the spurious minimum in the plane of angle and b2."""
    span = {"angle": (0.05, 3.1), "b2": (1e-3, 1.0)}
    return trace(two_teachers(), spurious.folds[0], ("angle", "b2"), span=span, settings=settings)


def orbits() -> dict:
    """Kernel of the Hessian and dimension of the orbit at the out-of-plane point, d = 3 to 6."""
    found = {}
    for d in (3, 4, 5, 6):
        W, problem = out_of_plane_point(d=d)[0].ravel(), two_teachers(d)
        sizes = np.abs(np.linalg.eigvalsh(problem.jacobian(W)))
        found[f"kernel[{d}]"] = int(np.sum(sizes < 1e-10 * sizes.max()))
        turns = [] if d == 3 else normal_equations(np.eye(d)[:2], 2, rotations=True).symmetry.continuous
        found[f"orbit[{d}]"] = int(np.linalg.matrix_rank([g(W) for g in turns])) if turns else 0
    found["theorem_2"] = all(found[f"kernel[{d}]"] == found[f"orbit[{d}]"] == d - 3 for d in (3, 4, 5, 6))
    return found


def numbers(branches, curve) -> dict:
    """Special points of the branches, and the lowest and highest b2 of the fold curve."""
    first = {name: made[0] for name, made in branches.items()}
    (W, beta, r), problem = out_of_plane_point(), two_teachers(3)
    return {
        "fold_b2": first["b2"].folds[0]["b2"],
        "pitchfork_angle": first["angle"].branch_points[0]["angle"],
        "merging_decay": first["lam"].branch_points[0]["lam"],
        "out_of_plane_beta": beta,
        "out_of_plane_r": r,
        "out_of_plane_loss": float(problem.outputs["L"](W.ravel(), problem.parameter_values())),
        "fold_curve_b2": (float(curve["b2"].min()), float(curve["b2"].max())),
        "cusps": sum(point.label.startswith("CP") for point in curve.special),
    }


def verdicts(branches, curve) -> dict:
    """Check the closed forms, and stability by gradient descent.

    Returns
    -------
    dict
        ``pitchfork_error``: ``tan(t/2) - (pi - t/2)`` at the pitchfork; ``decay_error``: against `merging_decay`.
        ``arms_end_at_teachers``: the branches that merge under decay end at global minima without it.
        ``folds_are_singular``: largest smallest singular value of the Hessian along the fold curve is below 1e-7.
        ``spurious_below_fold``: a local minimum of positive loss exists for every b2 below the fold.
        ``descent_agrees``: gradient descent is attracted by it and repelled by the saddle.
        ``collinear_is_a_saddle``: its index is at least 1 on all rows between 0.1 and 3.1.
    """
    spurious, line, merged = branches["b2"][0], branches["angle"][0], branches["lam"]
    angle, lam = line.branch_points[0]["angle"], merged[0].branch_points[0]["lam"]
    ends = [float(abs(arm["L"][-1])) for arm in merged[1:]]
    stable = (spurious.unstable == 0) & (spurious.nullity == 0)
    agreed = [
        _judged(spurious, row) for row in np.linspace(1, len(spurious) - 2, 8, dtype=int) if not spurious.nullity[row]
    ]
    full = [np.linalg.eigvalsh(-two_teachers().jacobian(u, {"angle": t})) for u, t in zip(line.states, line["angle"])]
    return {
        "pitchfork_error": math.tan(angle / 2) - (math.pi - angle / 2),
        "decay_error": lam - merging_decay(),
        "arms_end_at_teachers": len(ends) == 2 and max(ends) < 1e-12,
        "fold_singular_value": (value := max(_singular(curve, row) for row in range(0, len(curve), 5))),
        "folds_are_singular": value < 1e-7,
        "spurious_below_fold": bool(stable.any() and spurious["L"][stable].min() > 0),
        "descent_agrees": all(agreed),
        "collinear_is_a_saddle": all(values[0] < -1e-9 for values in full),
    }


def _judged(branch, row) -> bool:
    """Whether gradient descent agrees with the index on a row of the branch in b2."""
    V = np.array([[RIGHT, RIGHT], [RIGHT, -RIGHT]])
    found = judge(branch.states[row].reshape(2, 2), network(V, 2, b=[1, branch["b2"][row]]))
    return found.index == branch.unstable[row] and (found.attracts if found.index == 0 else found.repels)


def _singular(curve, row) -> float:
    """Smallest singular value of the Hessian on a row of the fold curve."""
    p = {"angle": curve["angle"][row], "b2": curve["b2"][row]}
    return float(np.linalg.svd(two_teachers().jacobian(curve.states[row], p), compute_uv=False)[-1])


def draw(branches, curve, path, fast):
    """One picture a parameter."""
    figure, axes = canvas(2, 3, (14, 8))
    for ax, (name, made) in zip(axes.ravel(), branches.items()):
        x = "angle" if name == "out of plane" else name
        y = "w[0,1]" if name in ("angle", "lam") else "L"
        for colour, branch in zip(COLOURS, made):
            draw_branch(ax, branch, x, y, color=colour)
        ax.set(xlabel=x, ylabel=y, title=name)
        ax.grid(alpha=0.25)
    ax = axes[1, 2]
    ax.plot(curve["angle"], curve["b2"], color=COLOURS[0])
    ax.set(xlabel="angle", ylabel="b2", title="folds: a spurious minimum below")
    ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(main, __doc__.splitlines()[0])
