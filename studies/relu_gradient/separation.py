"""Conjecture 1, Figs. 3, 4 and 10: the function L_12 that separates the teachers, on 10^4 x 10^4 directions.

Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML 2017, arXiv:1703.00560,
sections 5.2, 5.3 and 7.2.  Figs. 3 and 4 of the paper are sketches: drawn here are the quantities that they illustrate.
Run: ``python -m studies.relu_gradient.separation``.
"""

import numpy as np

from studies.claims import Claim, exceptions
from studies.command import command, folder
from studies.figures import COLOURS, figure_of, save
from studies.relu_gradient.common import OUT
from systems.relu.directions.conjecture import check_conjecture, separating_values
from systems.relu.directions.separating_function import diagonal_matrices, implied_lengths, separating
from systems.relu.population_loss.population import gradient, network

EXAMPLES = (3 * np.pi / 8, 7 * np.pi / 8)  # Fig. 10 (a), (b)
STUDENTS = 3 * np.pi / 8  # angle of the students in the drawings of Figs. 3 and 4 (a)
FIXED = 0.8  # direction of the first teacher in Fig. 3
TEACHERS = np.array([-np.pi / 5, np.pi / 5])  # directions in Fig. 4 (b)


def main(fast=False, out=OUT) -> dict:
    """Check Conjecture 1 on the grid, draw Figs. 3, 4 and 10, and return the numbers.

    Parameters
    ----------
    fast : bool
        A grid of 10^3 x 10^4 instead of 10^4 x 10^4.
    out : path-like
        Folder of ``separation.png``; made if missing.

    Returns
    -------
    dict
        As in `measure`, `separability` and `exclusions`.
    """
    reports = {
        name: check_conjecture(1000 if fast else 10_000, 10_000, second=second)
        for name, second in (("L12", False), ("L21", True))
    }
    excluded = pairs_map(90 if fast else 300)
    draw(excluded, folder(out) / "separation.png", fast)
    return {**measure(reports), **separability(), **exclusions(excluded)}


def measure(reports) -> dict:
    """Say how many counterexamples to Conjecture 1 were seen, and what double precision would have said.

    Returns
    -------
    dict
        For L12 and L21: ``points``; ``doubtful`` points, decided with 60 digits; ``false_alarms``, doubtful points of
        which double precision has the wrong sign; ``counterexamples``.
    """
    numbers = {}
    for name, report in reports.items():
        numbers[f"points[{name}]"] = report.points
        numbers[f"doubtful[{name}]"] = report.doubtful
        numbers[f"false_alarms[{name}]"] = report.false_alarms
        numbers[f"counterexamples[{name}]"] = len(report.counterexamples) if report.points else np.nan
    return numbers


def separability(count=400, seed=3) -> dict:
    """Check Proposition 1, Theorem 3 and Fig. 3 on random networks of three students and three teachers.

    Returns
    -------
    dict
        ``proposition_1_error``: largest L_jj, or L_jj' where the teacher is a student's direction, relative to the
        condition of M_r.
        ``separability_error``: largest ``|2 pi grad_j . e_j' + sum_k |v_k| L_jj'(v_k)|`` at the lengths of equation
        (13), relative to the same: the gradient is a sum over teachers, each by itself.
        ``excluded``: networks for which some L_jj' has one sign at all teachers; ``excluded_gradient``: the least
        gradient of these, relative to the largest of |v_k|: Theorem 3 says that it is not zero.
    """
    rng, alone, apart, least, excluded = np.random.default_rng(seed), 0.0, 0.0, np.inf, 0
    for _ in range(count):
        W, V = rng.standard_normal((2, 3, 3))
        condition = np.linalg.cond(diagonal_matrices(W, V)[0])
        zeros = [np.abs(separating(W, W[1])).max(), np.abs(np.diag(separating(W, V[0]))).max()]
        alone = max(alone, max(zeros) / condition)
        lengths, sizes = implied_lengths(W, V), np.linalg.norm(V, axis=1)
        if lengths.min() <= 0:
            continue
        E = W / np.linalg.norm(W, axis=1)[:, None]
        full = 2 * np.pi * gradient(lengths[:, None] * E, network(V, 3)) @ E.T
        parts = np.array([separating(W, v) for v in V])
        apart = max(apart, float(np.abs(full + np.tensordot(sizes, parts, 1)).max()) / condition)
        off = ~np.eye(3, dtype=bool)
        if (np.all(parts > 0, axis=0) | np.all(parts < 0, axis=0))[off].any():
            excluded, least = excluded + 1, min(least, float(np.abs(full).max() / sizes.max()))
    return {
        "proposition_1_error": float(alone),
        "separability_error": float(apart),
        "excluded": excluded,
        "excluded_gradient": least,
    }


def pairs_map(count) -> dict:
    """Classify pairs of students' directions by Theorem 4, teachers at `TEACHERS`.

    Returns
    -------
    dict
        ``turns`` (count,); ``inside`` (count, count): how many students are between the teachers; ``excluded``: L_12
        has one sign at both teachers, so that no lengths make the pair critical; ``judged``: not collinear.
    """
    turns = 2 * np.pi * (np.arange(count) + 0.5) / count - np.pi
    one, other = np.meshgrid(turns, turns, indexing="ij")
    signs = np.array([_at_directions(one, other, t) for t in TEACHERS])
    between = [(t > TEACHERS[0]) & (t < TEACHERS[1]) for t in (one, other)]
    gap = np.abs(np.angle(np.exp(1j * (other - one))))
    return {
        "turns": turns,
        "inside": between[0].astype(int) + between[1],
        "excluded": (signs > 0).all(axis=0) | (signs < 0).all(axis=0),
        "judged": (gap > 0.02) & (gap < np.pi - 0.02),
    }


def _at_directions(one, other, teacher):
    """L_12 of students in these directions and a teacher in another."""
    turn = np.mod(other - one, 2 * np.pi)
    side = np.where(turn < np.pi, 1.0, -1.0)  # mirrored where the second student is clockwise of the first
    theta = np.clip(np.where(turn < np.pi, turn, 2 * np.pi - turn), 1e-3, np.pi - 1e-3)
    return separating_values(theta, np.mod(side * (teacher - one), 2 * np.pi))


def exclusions(found) -> dict:
    """Count where Theorem 4 fails on the map.

    Returns
    -------
    dict
        ``theorem_4_pairs``: pairs with both students or none between the teachers; ``theorem_4_left``: those of them
        that are not excluded; ``theorem_4_open``: pairs with one student between them that are not excluded either.
    """
    even = found["judged"] & (found["inside"] != 1)
    return {
        "theorem_4_pairs": int(even.sum()),
        "theorem_4_left": exceptions(found["excluded"][even]),
        "theorem_4_open": int((found["judged"] & (found["inside"] == 1) & ~found["excluded"]).sum()),
    }


def claims(found) -> list[Claim]:
    """List the claims: Sections 5.2, 5.3 and 7.2 beside the numbers of `main`."""
    rows = [("L12", "Conjecture 1"), ("L21", "section 5.3, also for L_21")]
    return [
        *(
            Claim(where, "sign by the cone", found[f"counterexamples[{name}]"], high=0, note=f"of {found[key]} points")
            for name, where in rows
            for key in [f"points[{name}]"]
        ),
        Claim("Proposition 1", "L vanishes", found["proposition_1_error"], high=1e-13, note="relative to cond M_r"),
        Claim("Theorem 3", "one sign: not critical", found["excluded_gradient"], low=1e-6, note="least gradient"),
        Claim("Theorem 3", "applies to random networks", found["excluded"], low=1, note="of 400"),
        Claim("Theorem 4", "both in, or both out", found["theorem_4_left"], high=0, note="pairs not excluded"),
        Claim("section 5.3", "one in: not sure", found["theorem_4_open"], low=1, note="pairs not excluded"),
        Claim("Fig 3", "separable", found["separability_error"], high=1e-12, note="relative to cond M_r"),
    ]


def draw(excluded, path, fast):
    """Draw Figs. 3, 4 (a), 4 (b), and 10 (a)-(c)."""
    figure, axes = figure_of(2, 3, (15, 9))
    phi = np.linspace(0, 2 * np.pi, 400 if fast else 2000)
    _separable(axes[0, 0], phi)
    _cone(axes[0, 1], phi)
    _theorem_4(axes[0, 2], excluded)
    for ax, theta, title in zip(axes[1], EXAMPLES, ("(a): students at 3π/8", "(b): students at 7π/8")):
        for colour, second, label in zip(COLOURS, (False, True), ("L12", "L21")):
            ax.plot(phi, separating_values(theta, phi, second=second), color=colour, label=label)
        ax.axvspan(0, theta, color="#dddddd", label="teacher between the students")
        ax.axhline(0, color="black", lw=0.6)
        ax.set(xlabel="direction of the teacher", ylabel="L", title=f"Fig 10 {title}", ylim=(-1.3, 1.4))
        ax.legend(loc="upper right", fontsize=8)
    _signs(figure, axes[1, 2], 150 if fast else 500)
    save(figure, path, fast)


def _separable(ax, phi):
    """Fig. 3: the gradient's projection against the second teacher's direction, and the two parts it falls into."""
    W = np.array([[1.0, 0.0], [np.cos(STUDENTS), np.sin(STUDENTS)]])
    first = np.array([np.cos(FIXED), np.sin(FIXED)])
    seconds = np.column_stack([np.cos(phi), np.sin(phi)])
    whole = np.full(len(phi), np.nan)
    for i, v in enumerate(seconds):
        lengths = implied_lengths(W, [first, v])
        if lengths.min() > 0:
            whole[i] = 2 * np.pi * gradient(lengths[:, None] * W, network([first, v], 2))[0] @ W[1]
    one, two = separating_values(STUDENTS, FIXED), separating_values(STUDENTS, phi)
    ax.plot(phi, np.full(len(phi), one), color=COLOURS[0], label="L12 of teacher 1 alone")
    ax.plot(phi, two, color=COLOURS[1], label="L12 of teacher 2 alone")
    ax.plot(phi, one + two, color=COLOURS[2], lw=3, alpha=0.5, label="their sum")
    ax.plot(phi, -whole, color="black", lw=0.9, ls="--", label="$-2\\pi\\,\\nabla_1 L\\cdot e_2$, lengths by (13)")
    ax.set(xlabel="direction of teacher 2", title="Fig 3: each teacher by itself", ylim=(-1.3, 1.5))
    ax.legend(loc="upper right", fontsize=8)


def _cone(ax, phi):
    """Fig. 4 (a): the sign of L_12 around the circle of teachers, with the students and their cone."""
    inside, outside = COLOURS[0], COLOURS[1]
    radius = 1 + 0.35 * separating_values(STUDENTS, phi)
    x, y = radius * np.cos(phi), radius * np.sin(phi)
    for shown, colour, label in ((radius > 1, inside, "L12 > 0"), (radius <= 1, outside, "L12 < 0")):
        ax.plot(np.where(shown, x, np.nan), np.where(shown, y, np.nan), color=colour, lw=2, label=label)
    ax.plot(np.cos(phi), np.sin(phi), color="0.7", lw=0.8, label="L12 = 0 (radius 1 + 0.35 L12)")
    turn = np.linspace(0, STUDENTS, 50)
    ax.fill([0, *1.4 * np.cos(turn)], [0, *1.4 * np.sin(turn)], color="#eeeeee", label="cone of the students")
    for angle, name in ((0.0, "w1"), (STUDENTS, "w2")):
        tip = (1.4 * np.cos(angle), 1.4 * np.sin(angle))
        ax.annotate("", tip, (0, 0), arrowprops={"arrowstyle": "->"})
        ax.annotate(name, tip, (4, 2), textcoords="offset points")
    ax.set(title="Fig 4 (a): L12 by the teacher's direction", aspect="equal", xlim=(-1.8, 2.0), ylim=(-1.9, 1.6))
    ax.legend(loc="lower center", fontsize=8, ncols=2)


def _theorem_4(ax, found):
    """Fig. 4 (b): directions of both students, and why they are excluded."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    kinds = ["both between the teachers: excluded", "neither: excluded", "one, excluded", "one, open", "not excluded"]
    shade = np.select(
        [
            found["excluded"] & (found["inside"] == 2),
            found["excluded"] & (found["inside"] == 0),
            found["excluded"],
            found["inside"] == 1,
        ],
        [0, 1, 2, 3],
        4,
    )
    colours = (COLOURS[0], COLOURS[5], COLOURS[4], "#ffffff", "#000000")
    ax.imshow(
        shade.T, origin="lower", extent=(-np.pi, np.pi, -np.pi, np.pi), cmap=ListedColormap(colours), vmin=0, vmax=4
    )
    for t in TEACHERS:
        ax.axvline(t, color="black", lw=0.5)
        ax.axhline(t, color="black", lw=0.5)
    present = [Patch(fc=colours[k], ec="0.5", label=kinds[k]) for k in np.unique(shade[found["judged"]])]
    ax.legend(handles=present, loc="upper left", fontsize=7)
    ax.set(xlabel="direction of w1", ylabel="direction of w2", title="Fig 4 (b): pairs that are not critical")


def _signs(figure, ax, size):
    """Fig. 10 (c): L_12 over all directions."""
    theta, phi = np.pi * (np.arange(size) + 0.5) / size, 2 * np.pi * (np.arange(size) + 0.5) / size
    scale = np.cbrt(separating_values(theta[:, None], phi[None]))
    limit = np.abs(scale).max()
    shown = {"origin": "lower", "extent": (0, 2 * np.pi, 0, np.pi), "aspect": "auto", "cmap": "RdBu"}
    image = ax.imshow(scale, vmin=-limit, vmax=limit, **shown)
    ax.plot([0, np.pi], [0, np.pi], color="black", lw=0.8)
    ax.set(xlabel="direction of the teacher", ylabel="angle of the students")
    ax.set_title("Fig 10 (c): cube root of L12, positive in the cone only")
    figure.colorbar(image, ax=ax)


if __name__ == "__main__":
    command(globals(), OUT)
