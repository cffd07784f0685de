"""One dimension: how many critical points there are for each weight decay and target, with folds and their cusp.

``lam C = e^C (R - e^C)``: one solution, or three between two folds that meet in a cusp at ``R = 4 e^{3/2}``,
``lam = 2 e^3``, ``C = 3/2``.  So the uniqueness of Remark 4 is one for small lam.

Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, Remark 4.
Run: ``python -m studies.linear_regularization.scalar``.
"""

import numpy as np

from continuation import Kind, Settings, trace
from studies.command import folder
from studies.linear_regularization.claims import OUT, Claim, command, draw_by_index, figure_of, save
from systems.characteristic import characteristic_equation
from systems.characteristic.normal import scalar_folds, scalar_solutions

TARGET = 60.0  # of the branch whose folds start the fold curve
SPAN = {"lam": (1.0, 1000.0), "R[0,0]": (1.0, 120.0)}


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
    draw((lams, targets, counts), curve, branch, folder(out) / "scalar.png", fast)
    return numbers_of(curve, (lams, targets, counts))


def numbers_of(curve, grid) -> dict:
    """Numbers of the fold curve and of the counts; see `main`."""
    cusp = next(point for point in curve.special if point.kind is Kind.CUSP)
    errors = []
    for lam, R in zip(curve["lam"], curve["R[0,0]"]):
        folds = [fold.lam for fold in scalar_folds(R)]
        at_cusp = abs(R / (4 * np.exp(1.5)) - 1) < 1e-6
        errors.append(min((abs(lam / fold - 1) for fold in folds), default=0.0 if at_cusp else 1.0))
    lams, targets, counts = grid
    expected = np.array([[_expected(lam, R) for lam in lams] for R in targets])
    return {
        "cusp_lam": float(cusp["lam"]),
        "cusp_R": float(cusp["R[0,0]"]),
        "cusp_C": float(cusp["C[0,0]"]),
        "largest_fold_error": float(max(errors)),
        "counts": sorted({int(count) for count in counts.ravel()}),
        "grid_errors": int(np.sum(counts != expected)),
        "unique_below": float(curve["lam"].min()),
    }


def _expected(lam, R) -> int:
    """Number of solutions between and beside the folds."""
    folds = scalar_folds(R)
    return 3 if folds and folds[0].lam < lam < folds[1].lam else 1


def claims(numbers) -> list[Claim]:
    """Remark 4, and where it ends."""
    exact = (2 * np.exp(3.0), 4 * np.exp(1.5), 1.5)
    gap = max(abs(numbers[f"cusp_{name}"] / value - 1) for name, value in zip(("lam", "R", "C"), exact))
    return [
        Claim(
            "Remark 4",
            "d = 1: the critical point is unique for small lam",
            f"no fold below lam = {numbers['unique_below']:.4f}, {numbers['grid_errors']} counts off on a grid",
            bool(numbers["unique_below"] > 0 and numbers["grid_errors"] == 0),
        ),
        Claim("Remark 4", "... and for every lam", f"counts {numbers['counts']}", numbers["counts"] == [1]),
        Claim(
            "here",
            "three solutions begin at a cusp with lam = 2 e^3, R = 4 e^(3/2), C = 3/2",
            f"relative error {gap:.1e}; fold curve within {numbers['largest_fold_error']:.1e}",
            bool(gap < 1e-8 and numbers["largest_fold_error"] < 1e-8),
        ),
    ]


def draw(grid, curve, branch, path, fast=False):
    """Draw the map of counts with the fold curve, and the S-shaped branch."""
    figure, axes = figure_of()
    lams, targets, counts = grid
    axes[0].pcolormesh(lams, targets, counts, cmap="Blues", vmin=0, vmax=6, shading="nearest")
    axes[0].plot(curve["lam"], curve["R[0,0]"], color="#D55E00", label="folds")
    for point in (p for p in curve.special if p.kind is Kind.CUSP):
        axes[0].plot(point["lam"], point["R[0,0]"], "o", color="#222222", label="cusp")
    axes[0].set(xscale="log", xlabel="weight decay λ", ylabel="target R", title="1 solution (pale), 3 (dark)")
    axes[0].legend()
    draw_by_index(axes[1], branch, "lam", "C[0,0]", "#0072B2")
    axes[1].set(xlabel="weight decay λ", ylabel=f"C for R = {TARGET:g}", title="thick: minima, dashed: saddles")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals())
