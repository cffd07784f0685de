"""One dimension: how many critical points there are for each weight decay and target, with folds and their cusp.

``lam C = e^C (R - e^C)``: one solution, or three between two folds that meet in a cusp at ``R = 4 e^{3/2}``,
``lam = 2 e^3``, ``C = 3/2``.  So the uniqueness of Remark 4 is one for small lam.

Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, Remark 4.
Run: ``python -m studies.linear_regularization.scalar``.
"""

from typing import NamedTuple

import numpy as np

from continuation import Kind, Settings, trace
from studies.claims import Claim
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, legend, save
from studies.linear_regularization import OUT
from systems.characteristic import characteristic_equation
from systems.characteristic.closed_forms.one_dimension import scalar_folds, scalar_solutions

TARGET = 60.0  # of the branch whose folds start the fold curve
SPAN = {"lam": (1.0, 1000.0), "R[0,0]": (1.0, 120.0)}  # the cusp at lam = 40.2, R = 17.9 is inside


class Counts(NamedTuple):
    """Numbers of solutions (m, k) at the targets (m,) and weight decays (k,) of a grid."""

    lams: np.ndarray
    targets: np.ndarray
    counts: np.ndarray


def main(fast=False, out=OUT) -> dict:
    """Trace a branch, its fold curve through the cusp, count solutions on a grid, draw the map.

    Returns
    -------
    dict
        ``cusp_lam``, ``cusp_R``, ``cusp_C``; ``largest_fold_error``, relative, of the traced fold curve against its
        closed form; ``counts`` found on the grid; ``grid_errors``, points of the grid where the count isn't what the
        folds say; ``unique_below``, the smallest lam of a fold for R up to 120.
    """
    problem = characteristic_equation([[TARGET]])
    settings = Settings(max_step=5.0 if fast else 1.0, max_points=20_000)
    branch = trace(problem, [np.log(TARGET)], "lam", (0.0, 1000.0), settings=settings, direction=+1)
    curve = trace(problem, branch.folds[0], ("lam", "R[0,0]"), SPAN, settings=settings)
    lams, targets = np.geomspace(10, 1000, 30 if fast else 120), np.linspace(1, 120, 30 if fast else 120)
    counts = np.array([[len(scalar_solutions(lam, R)) for lam in lams] for R in targets])
    grid = Counts(lams, targets, counts)
    draw(grid, curve, branch, folder(out) / "scalar.png", fast)
    return numbers_of(curve, grid)


def numbers_of(curve, grid) -> dict:
    """Compute the numbers of the fold curve and of the counts; see `main`."""
    cusp = next(point for point in curve.special if point.kind is Kind.CUSP)
    errors = []
    for lam, R in zip(curve["lam"], curve["R[0,0]"]):
        folds = [fold.lam for fold in scalar_folds(R)]
        at_cusp = abs(R / (4 * np.exp(1.5)) - 1) < 1e-6
        errors.append(min((abs(lam / fold - 1) for fold in folds), default=0.0 if at_cusp else 1.0))
    expected = np.array([[_expected(lam, R) for lam in grid.lams] for R in grid.targets])
    return {
        "cusp_lam": float(cusp["lam"]),
        "cusp_R": float(cusp["R[0,0]"]),
        "cusp_C": float(cusp["C[0,0]"]),
        "largest_fold_error": float(max(errors)),
        "counts": sorted({int(count) for count in grid.counts.ravel()}),
        "grid_errors": int(np.sum(grid.counts != expected)),
        "unique_below": float(curve["lam"].min()),
    }


def _expected(lam, R) -> int:
    """Number of solutions between and beside the folds."""
    folds = scalar_folds(R)
    return 3 if folds and folds[0].lam < lam < folds[1].lam else 1


def claims(numbers) -> list[Claim]:
    """List the claims: Remark 4, and where it ends."""
    exact = (2 * np.exp(3.0), 4 * np.exp(1.5), 1.5)
    gap = max(abs(numbers[f"cusp_{name}"] / value - 1) for name, value in zip(("lam", "R", "C"), exact))
    cusp = "three begin at the cusp lam = 2 e^3, R = 4 e^(3/2), C = 3/2"
    return [
        Claim("Remark 4", "d = 1: one critical point for small lam", numbers["unique_below"], 1e-6, note="least fold"),
        Claim("Remark 4", "... for every lam", max(numbers["counts"]), 1, 1, note="most solutions"),
        Claim("here", "counts change at the folds alone", numbers["grid_errors"], 0, 0, note="points of a grid off"),
        Claim("here", cusp, gap, high=1e-8, note="relative error"),
        Claim("here", "the fold curve is the closed form", numbers["largest_fold_error"], high=1e-8, note="relative"),
    ]


def draw(grid, curve, branch, path, fast=False):
    """Draw the map of counts with the fold curve, and the S-shaped branch."""
    from matplotlib.patches import Patch

    figure, axes = figure_of(1, 2, (10.0, 4.6))
    mesh = axes[0].pcolormesh(*grid, cmap="Blues", vmin=0, vmax=6, shading="nearest")
    axes[0].plot(curve["lam"], curve["R[0,0]"], color=COLOURS[1], label="folds")
    for point in (p for p in curve.special if p.kind is Kind.CUSP):
        axes[0].plot(point["lam"], point["R[0,0]"], "o", color=COLOURS[-1], label="cusp")
    axes[0].set(xscale="log", xlabel="weight decay λ", ylabel="target R", title="number of critical points")
    handles, _ = axes[0].get_legend_handles_labels()
    handles += [Patch(fc=mesh.cmap(mesh.norm(k)), label=f"{k} solution{'s' * (k > 1)}") for k in (1, 3)]
    add_legend(axes[0], handles=handles)
    draw_branch(axes[1], branch, "lam", "C[0,0]", COLOURS[0])
    axes[1].set(xlabel="weight decay λ", ylabel="C", title=f"R = {TARGET:g}")
    axes[1].grid(alpha=0.25)
    legend(axes[1], "minimum (index 0)")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
