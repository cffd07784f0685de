"""Minimum or saddle: the Morse index in four independent ways along whole branches (open problem iii).

The index of J counts directions in the space of all weights ``A_t``.  It is computed (1) from the second variation
for directions constant on N layers, (2) from the times at which the rest of the way is degenerate, (3) from conjugate
times and ``P' DG``, and from broken extremals, which is what diagrams show.

Beyond Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, section 4.
Run: ``python -m studies.linear_regularization.second_order``.
"""

import math

import numpy as np
import scipy.linalg

from continuation import Settings, trace
from studies.claims import Claim, missing
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, legend, save
from studies.linear_regularization import OUT, QUARTER_TURN
from studies.linear_regularization.circles import circle_branch
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.circles_of_solutions import circle_start, with_circles
from systems.characteristic.equation import residual_and_jacobian
from systems.characteristic.matrix_checks import on_one_thread
from systems.characteristic.morse.crossings import index_by_conjugate_times, index_by_focal_times
from systems.characteristic.morse.index import morse_index, second_variation

CLASSES = (0, -1, 1, -2)  # winding numbers: none, one each way, two
SPAN = (0.0, 0.3)  # of lam; the outermost fold is at 0.145
LAM = 0.1
LAYERS = 96  # of the matrix whose eigenvalues are counted; its error falls as 1/N^2


def main(fast=False, out=OUT) -> dict:
    """Compare the four ways on the normal branches and the circle of n = -1; draw them by index.

    Returns
    -------
    dict
        ``compared``, points of branches; ``disagree_layers``, ``disagree_focal``, ``disagree_conjugate``, how often a
        way gives another index than broken extremals; ``disagree_sign``, points where ``sign det DG`` isn't
        ``(-1)**index``; ``DG_alone``, points where the negative eigenvalues of DG are as many as the index;
        ``upper``, ``saddle`` and ``circle``: (index, nullity) of n = -1 at lam = 0.1.
    """
    settings = Settings(max_step=0.15 if fast else 0.05, max_points=400)
    problem = characteristic_equation(QUARTER_TURN)
    branches = {}
    for n in CLASSES:
        start = normal_logarithm(QUARTER_TURN, n).ravel()
        branches[f"n = {n}"] = trace(problem, start, "lam", SPAN, settings=settings, direction=+1, stop=_far)
    branches["circle"] = circle_branch(with_circles(problem), circle_start(math.pi / 2, -1, 1), settings)
    draw(branches, folder(out) / "second_order.png", fast)
    counts = dict.fromkeys(("compared", "layers", "focal", "conjugate", "sign", "DG"), 0)
    for branch in branches.values():
        for point in sample(branch, 3 if fast else 20):
            for key, value in differing_ways(point.state.reshape(2, 2), point["lam"]).items():
                counts[key] += value
    names = ("layers", "focal", "conjugate", "sign")
    compared = counts["compared"]
    numbers = {"compared": compared}
    numbers |= {f"disagree_{name}": missing(compared, compared - counts[name]) for name in names}
    return numbers | {"DG_alone": counts["DG"], **at_a_tenth(branches)}


def _far(point) -> bool:
    """Whether the saddle has gone far out; beyond, lam is too small for layers."""
    return point["C[0,0]"] < -4


def sample(branch, count) -> list:
    """Choose points of a branch, special ones and lam near 0 left out."""
    special = {point.index for point in branch.special}
    rows = [row for row in range(len(branch)) if row not in special and branch["lam"][row] > 1e-3]
    return [branch.point(rows[k]) for k in np.unique(np.linspace(0, len(rows) - 1, count).astype(int))]


@on_one_thread
def differing_ways(C, lam) -> dict:
    """Say which ways differ from broken extremals at a point; a circle's zero mode isn't negative."""
    index, nullity = morse_index(C, lam)
    values = scipy.linalg.eigvalsh(second_variation(C, lam, layers=LAYERS))
    values = values[np.argsort(np.abs(values))[nullity:]]  # zero modes read O(1/N^2), of either sign
    DG = residual_and_jacobian(C, lam, QUARTER_TURN, np.eye(2), 1.0)[1]
    wrong_sign = nullity == 0 and np.sign(np.linalg.det(DG)) != (-1) ** index
    return {
        "compared": 1,
        "layers": int(np.sum(values < 0)) != index,
        "focal": index_by_focal_times(C, lam, QUARTER_TURN) != index,
        "conjugate": index_by_conjugate_times(C, lam, QUARTER_TURN) != index,
        "sign": int(wrong_sign),
        "DG": int(np.sum(np.linalg.eigvals(DG).real < -1e-9)) == index,
    }


def at_a_tenth(branches) -> dict:
    """Return the index and nullity of the three solutions of class n = -1 at lam = 0.1."""
    upper, saddle = sorted(branches["n = -1"].at(lam=LAM), key=lambda point: point["J"])
    circle = min(branches["circle"].at(lam=LAM), key=lambda point: point["J"])
    points = {"upper": upper, "saddle": saddle, "circle": circle}
    return {name: tuple(morse_index(point.state.reshape(2, 2), LAM)) for name, point in points.items()}


def claims(numbers) -> list[Claim]:
    """List what the paper says of minima and saddles, and what its conjecture comes to."""
    where, total = "open problem (iii)", f"of {numbers['compared']} points"
    three = {"layers": "J_N of N layers", "focal": "DG_s, s < T", "conjugate": "P_t and P'DG"}
    upper, saddle, circle = (numbers[name] for name in ("upper", "saddle", "circle"))
    apart = missing(numbers["compared"], numbers["DG_alone"])
    return [
        Claim("Example 1 (i)", "on n = -1, lam = 0.1, one is a local minimum", upper[0], 0, 0, note="its index"),
        Claim("Example 1 (i)", "... and the other a saddle", saddle[0], 1, note="its index"),
        *(
            Claim(where, f"the index of J follows from {text}", numbers[f"disagree_{name}"], 0, 0, f"differs, {total}")
            for name, text in three.items()
        ),
        Claim(where, "sign det DG = (-1)^index", numbers["disagree_sign"], 0, 0, note=f"differs, {total}"),
        Claim(where, "the index is read from the eigenvalues of DG", apart, 0, 0, note=f"differs, {total}"),
        Claim("here", "the circle of n = -1 is a minimum", circle[0], 0, 0, note="its index"),
        Claim("here", "... with one zero mode", circle[1], 1, 1, note="nullity"),
    ]


def draw(branches, path, fast=False):
    """Draw J and the index against lam."""
    figure, axes = figure_of(1, 2, (11.0, 4.8))
    for k, ((name, branch), colour) in enumerate(zip(branches.items(), (COLOURS[-1], *COLOURS))):
        draw_branch(axes[0], branch, "lam", "J", colour, name)
        rows = np.setdiff1d(np.arange(len(branch)), [point.index for point in branch.special])
        shift = 0.06 * (k - len(branches) // 2)  # branches of one index side by side
        axes[1].plot(branch["lam"][rows], branch.unstable[rows] + shift, ".", color=colour, ms=4, label=name)
    axes[0].set(xlabel="weight decay λ", ylabel="cost J")
    axes[1].set(xlabel="weight decay λ", ylabel="Morse index (0: minimum)")
    legend(axes[0], "minimum (index 0)", "saddle (index > 0)", kinds=("LP", "BP"))
    for ax in axes:
        ax.grid(alpha=0.25)
    axes[1].yaxis.get_major_locator().set_params(integer=True)
    add_legend(axes[1], fontsize=8)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
