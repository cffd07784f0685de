"""Conjecture 1, Figs. 3, 4 and 10: the function L_12 that separates the teachers, on 10^4 x 10^4 directions.

Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML 2017, arXiv:1703.00560,
sections 5.2, 5.3 and 7.2.  Run: ``python -m studies.relu_gradient.separation``.
"""

import numpy as np

from studies.command import folder
from studies.relu_gradient.common import COLOURS, OUT, canvas, command, save
from systems.relu.conjecture import check_conjecture, separating_values
from systems.relu.population import gradient, network
from systems.relu.separation import diagonal_matrices, implied_lengths, separating

EXAMPLES = (3 * np.pi / 8, 7 * np.pi / 8)  # Fig. 10 (a), (b)


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
        As in `verdicts` and `separability`.
    """
    reports = {
        name: check_conjecture(1000 if fast else 10_000, 10_000, second=second)
        for name, second in (("L12", False), ("L21", True))
    }
    draw(folder(out) / "separation.png", fast)
    return {**verdicts(reports), **separability()}


def verdicts(reports) -> dict:
    """Say whether a counterexample to Conjecture 1 was seen, and what double precision would have said.

    Returns
    -------
    dict
        For L12 and L21: ``points``; ``doubtful`` points, decided with 60 digits; ``false_alarms``, doubtful points of
        which double precision has the wrong sign; ``counterexamples``.  ``conjecture_1``: there are none.
    """
    numbers = {}
    for name, report in reports.items():
        numbers[f"points[{name}]"] = report.points
        numbers[f"doubtful[{name}]"] = report.doubtful
        numbers[f"false_alarms[{name}]"] = report.false_alarms
        numbers[f"counterexamples[{name}]"] = len(report.counterexamples)
    numbers["conjecture_1"] = all(len(report.counterexamples) == 0 for report in reports.values())
    return numbers


def separability(count=200, seed=3) -> dict:
    """Check Fig. 3: the gradient at the lengths of equation (13) is a sum over teachers, each by itself.

    Returns
    -------
    dict
        ``separability_error``: largest ``|2 pi grad_j . e_j' + sum_k |v_k| L_jj'(v_k)|`` over random networks,
        relative to the condition of M_r; ``separable``: below 1e-12.
    """
    rng, worst = np.random.default_rng(seed), 0.0
    for _ in range(count):
        W, V = rng.standard_normal((2, 3, 3))
        lengths = implied_lengths(W, V)
        E = W / np.linalg.norm(W, axis=1)[:, None]
        if lengths.min() <= 0:
            continue
        full = 2 * np.pi * gradient(lengths[:, None] * E, network(V, 3)) @ E.T
        apart = sum(np.linalg.norm(v) * separating(W, v) for v in V)
        worst = max(worst, float(np.abs(full + apart).max()) / np.linalg.cond(diagonal_matrices(W, V)[0]))
    return {"separability_error": float(worst), "separable": bool(worst < 1e-12)}


def draw(path, fast):
    """Draw L_12 and L_21 against the teacher's direction, and the sign of L_12 over all directions."""
    figure, axes = canvas(1, 3, (14, 4.4))
    phi = np.linspace(0, 2 * np.pi, 400 if fast else 2000)
    for ax, theta, title in zip(axes[0], EXAMPLES, ("3π/8", "7π/8")):
        for colour, second, label in zip(COLOURS, (False, True), ("L12", "L21")):
            ax.plot(phi, separating_values(theta, phi, second=second), color=colour, label=label)
        ax.axvspan(0, theta, color="#dddddd", label="teacher between the students")
        ax.axhline(0, color="black", lw=0.6)
        ax.set(xlabel="direction of the teacher", title=f"students at {title}")
        ax.legend()
    size = 150 if fast else 500
    theta, phi = np.pi * (np.arange(size) + 0.5) / size, 2 * np.pi * (np.arange(size) + 0.5) / size
    values = separating_values(theta[:, None], phi[None])
    ax = axes[0, 2]
    scale = np.cbrt(values)
    limit = np.abs(scale).max()
    shown = {"origin": "lower", "extent": (0, 2 * np.pi, 0, np.pi), "aspect": "auto", "cmap": "RdBu"}
    image = ax.imshow(scale, vmin=-limit, vmax=limit, **shown)
    ax.plot([0, np.pi], [0, np.pi], color="black", lw=0.8)
    ax.set(xlabel="direction of the teacher", ylabel="angle of the students")
    ax.set_title("cube root of L12: positive in the cone only")
    figure.colorbar(image, ax=ax)
    save(figure, path, fast)


if __name__ == "__main__":
    command(main, __doc__.splitlines()[0])
