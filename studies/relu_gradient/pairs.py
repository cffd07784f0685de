"""Two students and two teachers: every critical branch in the teachers' angle, their norm ratio, decay and leaky slope.

Section 5.3 and Theorem 2 of Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML
2017, arXiv:1703.00560, and beyond.  Run: ``python -m studies.relu_gradient.pairs``.
"""

import math

import numpy as np

from continuation import Settings, switch, trace
from studies.claims import Claim
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, save
from studies.relu_gradient import pair_counts
from studies.relu_gradient.common import OUT, judge
from systems.relu import normal_equations, two_teachers
from systems.relu.directions.two_students import collinear_line, merging_decay, out_of_plane_point

SPURIOUS = [0.0, 0.019, 0.7365, 0.6835]  # near the spurious minimum at b2 = 0.05
FOLD = 0.113597544137769  # of the spurious minimum at 90 degrees, by 30 digits
RIGHT = math.sqrt(0.5)  # components of teachers at 90 degrees
DIMENSIONS = (3, 4, 5, 6)
TITLES = {
    "b2": ("norm ratio b2: spurious minimum", "b2", "w[0,1]"),
    "angle": ("teachers' angle: collinear line", "angle", "w[0,1]"),
    "lam": ("weight decay", "lam", "w[0,1]"),
    "alpha": ("leaky slope: flips of |x|", "alpha", "L"),
    "out of plane": ("out of the teachers' plane, d = 3", "angle", "L"),
}
LABELS = {
    "b2": ("spurious minimum, its saddle",),
    "angle": ("both students on the bisector", "beside it", "beside it, mirrored"),
    "lam": ("students agree", "students apart", "swapped"),
    "alpha": ("no flip", "second flipped", "both flipped"),
    "out of plane": ("students at beta to the plane",),
}


def main(fast=False, out=OUT) -> dict:
    """Trace the branches, draw them, and return the numbers.

    Parameters
    ----------
    fast : bool
        Longer steps, fewer points judged; the special points are the same.
    out : path-like
        Folder of ``pairs.png``; made if missing.

    Returns
    -------
    dict
        ``fold_b2``, ``pitchfork_angle``, ``merging_decay``, ``fold_alpha[...]``; ``kernel[d]`` and ``orbit[d]`` of the
        out-of-plane point; the rest as in `numbers`, `compare_with_formulas` and `pair_counts.counts`.
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
    more, points = pair_counts.find_all(pair_counts.RATIOS[::2] if fast else pair_counts.RATIOS)
    kernels = orbits()
    draw(branches, curve, more, points, kernels, folder(out) / "pairs.png", fast)
    flows = {f"{name} {k}": branch for name, made in branches.items() for k, branch in enumerate(made)}
    descent = {f"descent_{key}": value for key, value in judge(flows, 4 if fast else 12).items()}
    return {
        **numbers(branches, curve),
        **kernels,
        **compare_with_formulas(branches, curve),
        **pair_counts.counts(more, points),
        **descent,
    }


def norm_ratio(settings) -> list:
    """Trace the spurious minimum and its saddle in b2, and the global minimum."""
    spurious = trace(two_teachers(b2=0.05), SPURIOUS, "b2", (0.01, 1), settings=settings)
    best = trace(two_teachers(b2=0.05), [RIGHT, RIGHT, 0.05 * RIGHT, -0.05 * RIGHT], "b2", (0.01, 1), settings=settings)
    return [spurious, best]


def collinear(settings) -> list:
    """Trace the collinear state with equal students in the angle, and what leaves its pitchfork."""
    problem = two_teachers().restricted([pair_counts.SWAP], stability="full")
    length = next(length for u, length in collinear_line([[RIGHT, RIGHT], [RIGHT, -RIGHT]]) if u[0] > 0)
    line = trace(problem, [length / 2, 0, length / 2, 0], "angle", (0.1, 3.1), settings=settings)
    starts = [start for point in line.branch_points for start in switch(problem, point) if not start.known]
    return [line, *(trace(problem, start, "angle", (0.1, 3.1), settings=settings) for start in starts)]


def decay(settings) -> list:
    """Trace the collinear state in the weight decay, and the minima that merge with it."""
    problem = two_teachers(lam=2.0)
    line = trace(problem, [0.25, 0, 0.25, 0], "lam", (0.01, 2), settings=settings)
    starts = [start for point in line.branch_points for start in switch(problem, point) if not start.known]
    return [line, *(trace(problem, start, "lam", (0, 2), settings=settings) for start in starts)]


def leaky(settings) -> list:
    """Trace the sign flips of the students, global minima at alpha = -1, in the leaky slope.

    Back to -0.98 only: where both are flipped they arrive at -1 opposite to each other, of which |x| units make a
    simplex of critical points.
    """
    made = []
    for first, second in ((1, 1), (1, -1), (-1, -1)):
        flipped = [first * RIGHT, first * RIGHT, second * RIGHT, -second * RIGHT]
        start = two_teachers(alpha=-0.98).solve(flipped)
        made.append(trace(two_teachers(alpha=-0.98), start, "alpha", (-0.98, 0), settings=settings))
    return made


def out_of_plane(settings) -> list:
    """Trace the point outside the teachers' plane, d = 3, in their angle."""
    W, _, _ = out_of_plane_point(d=3)
    return [trace(two_teachers(3), W.ravel(), "angle", (0.1, 3.0), settings=settings)]


def fold_curve(spurious, settings):
    """Trace the curve of folds of the spurious minimum in the plane of angle and b2.

    From an angle of 0.3: towards 0.2 the short student shrinks to nothing.
    """
    span = {"angle": (0.3, 3.1), "b2": (1e-3, 1.0)}
    return trace(two_teachers(), spurious.folds[0], ("angle", "b2"), span=span, settings=settings)


def orbits() -> dict:
    """Compute the kernel of the Hessian and the dimension of the orbit at the out-of-plane point, d = 3 to 6."""
    found = {}
    for d in DIMENSIONS:
        W, problem = out_of_plane_point(d=d)[0].ravel(), two_teachers(d)
        sizes = np.abs(np.linalg.eigvalsh(problem.jacobian(W)))
        found[f"kernel[{d}]"] = int(np.sum(sizes < 1e-10 * sizes.max()))
        turns = [] if d == 3 else normal_equations(np.eye(d)[:2], 2, rotations=True).symmetry.continuous
        found[f"orbit[{d}]"] = int(np.linalg.matrix_rank([g(W) for g in turns])) if turns else 0
    return found


def numbers(branches, curve) -> dict:
    """Collect special points of the branches, and the lowest and highest b2 of the fold curve."""
    first = {name: made[0] for name, made in branches.items()}
    (W, beta, r), problem = out_of_plane_point(), two_teachers(3)
    one, both = branches["alpha"][1:]
    return {
        "fold_b2": first["b2"].folds[0]["b2"],
        "pitchfork_angle": first["angle"].branch_points[0]["angle"],
        "merging_decay": first["lam"].branch_points[0]["lam"],
        "fold_alpha[second flipped]": one.folds[0]["alpha"],
        "fold_alpha[both flipped]": both.folds[0]["alpha"],
        "branch_point_alpha[both flipped]": both.branch_points[0]["alpha"],
        "out_of_plane_beta": beta,
        "out_of_plane_r": r,
        "out_of_plane_loss": float(problem.outputs["L"](W.ravel(), problem.parameter_values())),
        "out_of_plane_branch_point": first["out of plane"].branch_points[0]["angle"],
        "fold_curve_lowest_b2": float(curve["b2"].min()),
        "fold_curve_highest_b2": float(curve["b2"].max()),
        "fold_curve_cusps": sum(point.label.startswith("CP") for point in curve.special),
    }


def compare_with_formulas(branches, curve) -> dict:
    """Compare with closed forms.

    Returns
    -------
    dict
        ``pitchfork_error``: ``tan(t/2) - (pi - t/2)`` at the pitchfork; ``decay_error``: against `merging_decay`.
        ``arm_loss``: largest loss without decay of the branches that merge under it (they are global minima).
        ``fold_singular_value``: the largest smallest singular value of the Hessian along the fold curve.
        ``spurious_loss``: least loss of a local minimum on the branch that folds.
        ``collinear_eigenvalue``: largest of the lowest eigenvalues on the collinear line between 0.1 and 3.1.
        ``bisector_error``: largest gradient on the collinear line at teachers of equal norm, by the paper's condition;
        ``bisector_error_unequal``: least one where the norms are 1 and 0.4.
    """
    spurious, line, merged = branches["b2"][0], branches["angle"][0], branches["lam"]
    angle, lam = line.branch_points[0]["angle"], merged[0].branch_points[0]["lam"]
    stable = (spurious.unstable == 0) & (spurious.nullity == 0)
    full = [np.linalg.eigvalsh(-two_teachers().jacobian(u, {"angle": t})) for u, t in zip(line.states, line["angle"])]
    return {
        "pitchfork_error": abs(math.tan(angle / 2) - (math.pi - angle / 2)),
        "decay_error": abs(lam - merging_decay()),
        "arm_loss": max(float(abs(arm["L"][-1])) for arm in merged[1:]),
        "fold_singular_value": max(_singular(curve, row) for row in range(0, len(curve), 5)),
        "spurious_loss": float(spurious["L"][stable].min()) if stable.any() else np.nan,
        "collinear_eigenvalue": float(max(values[0] for values in full)),
        "bisector_error": _bisector_gradient(1.0),
        "bisector_error_unequal": _bisector_gradient(0.4),
    }


def claims(found) -> list[Claim]:
    """List the claims: Section 5.3 and Theorem 2 beside the numbers of `main`."""
    gaps = [abs(found[f"kernel[{d}]"] - (d - 3)) + abs(found[f"orbit[{d}]"] - (d - 3)) for d in DIMENSIONS]
    low = min(found["descent_stable"], found["descent_saddles"])
    return [
        Claim("Theorem 2", "out-of-plane points lie in manifolds", max(gaps), high=0, note="dimension - (d - 3)"),
        Claim("section 5.3", "bisector, equal norms", found["bisector_error"], high=1e-14, note="gradient"),
        Claim("section 5.3", "bisector, norms 1 : 0.4", found["bisector_error_unequal"], high=1e-14, note="gradient"),
        Claim("section 5.3", "collinear: saddles", found["collinear_eigenvalue"], high=-1e-9, note="lowest eigenvalue"),
        Claim("K = 2, b2", "spurious minimum below the fold", found["spurious_loss"], low=1e-6, note="least loss"),
        Claim("K = 2, b2", f"fold at {FOLD:.15f}", abs(found["fold_b2"] - FOLD), high=1e-13, note="distance"),
        Claim("K = 2, (angle, b2)", "folds are singular", found["fold_singular_value"], high=1e-7),
        Claim("K = 2, angle", "tan(t/2) = pi - t/2 at the pitchfork", found["pitchfork_error"], high=1e-13),
        Claim("K = 2, lam", "merge at 2/(3 pi/4 - 1)", found["decay_error"], high=1e-12),
        Claim("K = 2, lam", "what merges is the teacher", found["arm_loss"], high=1e-12, note="loss at lam = 0"),
        Claim(
            "K = 2", "deflation finds what the branches hold", found["count_gap"], high=1e-8, note="largest distance"
        ),
        Claim("K = 2", "minima attract, saddles repel", found["descent_failed"], high=0, note="failed points"),
        Claim("K = 2", "minima and saddles were judged", low, low=1, note="the fewer of both"),
    ]


def _bisector_gradient(ratio) -> float:
    """Largest entry of the gradient where both students lie on the bisector with the paper's total length."""
    angle = math.pi / 2
    length = (1 + ratio) * (math.sin(angle / 2) + (math.pi - angle / 2) * math.cos(angle / 2)) / math.pi
    F = two_teachers(b2=ratio).residual([0.3 * length, 0, 0.7 * length, 0])
    return float(np.abs(F).max())


def _singular(curve, row) -> float:
    """Smallest singular value of the Hessian on a row of the fold curve."""
    p = {"angle": curve["angle"][row], "b2": curve["b2"][row]}
    return float(np.linalg.svd(two_teachers().jacobian(curve.states[row], p), compute_uv=False)[-1])


def draw(branches, curve, more, points, kernels, path, fast=False):
    """Draw one picture a parameter; the fold curve; all critical points with a little decay; Theorem 2."""
    figure, axes = figure_of(2, 4, (19, 8.5))
    for ax, (name, made) in zip(axes.ravel(), branches.items()):
        title, x, y = TITLES[name]
        for colour, branch, label in zip(COLOURS, made, LABELS[name]):
            names = branch is made[0] or name == "alpha"
            draw_branch(ax, branch, x, y, colour, label, names=names)
        ax.set(xlabel=x, ylabel="loss" if y == "L" else y, title=title)
    axes[0, 0].set(xlim=(0, 0.14))
    ax = axes[1, 1]
    ax.plot(curve["angle"], curve["b2"], color=COLOURS[0], label="folds")
    ax.fill_between(curve["angle"], curve["b2"], color=COLOURS[0], alpha=0.15, label="a spurious minimum")
    ax.set(xlabel="angle", ylabel="b2", title="folds in two parameters", ylim=(0, None))
    pair_counts.draw(axes[1, 2], more, points)
    ax = axes[1, 3]
    for key, style in (("kernel", "o-"), ("orbit", "s--")):
        ax.plot(DIMENSIONS, [kernels[f"{key}[{d}]"] for d in DIMENSIONS], style, label=f"dimension of the {key}")
    ax.set(xlabel="d", ylabel="dimension", xticks=DIMENSIONS, yticks=range(4), title="Theorem 2, out-of-plane point")
    for ax in axes.ravel():
        ax.grid(alpha=0.25)
        add_legend(ax, fontsize=8)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
