"""A matrix that isn't normal: the solution deformed from a quarter turn, then weight decay (Example 2, Fig. 2).

``R = [[0, -1], [1, alpha]]``: alpha goes from 0 to pi/2 at lam = 0, where the solution is nilpotent, then lam grows.
The cost is compared with that of the constant weights log R, which are no critical point.

Taghvaei, Kim, Mehta, "How regularization affects the critical points in linear networks", NeurIPS 2017,
arXiv:1709.09625, Example 2 and Fig. 2.  Run: ``python -m studies.linear_regularization.example2``.
"""

import numpy as np
import scipy.linalg

from continuation import Settings, trace
from studies.command import folder
from studies.linear_regularization.claims import OUT, Claim, command, draw_by_index, figure_of, save
from systems.characteristic import normal_logarithm
from systems.characteristic.families import line_of_matrices

R = np.array([[0.0, -1.0], [1.0, 0.0]])
DIRECTION = np.array([[0.0, 0.0], [0.0, 1.0]])
END = np.pi / 2  # of alpha
LAM = (0.0, 1.0)


def main(fast=False, out=OUT) -> dict:
    """Trace alpha at lam = 0, then lam at alpha = pi/2; draw Fig. 2; return the numbers.

    Returns
    -------
    dict
        ``C[i,j]`` at the end of the first branch, ``weights`` |C|^2 there, ``constant`` tr(log R' log R), ``J(0.1)``,
        ``J_constant(0.1)``, ``smallest_saving`` of the cost over all rows with lam > 0, ``largest_index``, ``folds``.
    """
    out, settings = folder(out), Settings(max_step=0.1 if fast else 0.02)
    problem = line_of_matrices(R, DIRECTION)
    first = trace(problem, normal_logarithm(R).ravel(), "alpha", (0.0, END), settings=settings, direction=+1)
    end = first.point(-1)
    second = trace(problem, end, "lam", LAM, settings=settings, direction=+1)
    draw(first, second, out / "example2.png", fast)
    return numbers_of(first, second)


def constant_logarithm() -> np.ndarray:
    """Principal logarithm of R at alpha = pi/2."""
    return scipy.linalg.logm(R + END * DIRECTION).real


def numbers_of(first, second) -> dict:
    """Numbers of both branches; see `main`."""
    C, constant = first.states[-1], float(np.sum(constant_logarithm() ** 2))
    (at,) = second.at(lam=0.1)
    rows = second["lam"] > 0
    saving = (second["lam"][rows] * constant / 2 - second["J"][rows]) / second["lam"][rows]
    return {
        **{f"C[{k // 2},{k % 2}]": float(C[k]) for k in range(4)},
        "weights": float(np.sum(C**2)),
        "constant": constant,
        "J(0.1)": float(at["J"]),
        "J_constant(0.1)": 0.05 * constant,
        "smallest_saving": float(saving.min()),
        "largest_index": int(max(first.unstable.max(), second.unstable.max())),
        "folds": len(second.folds),
    }


def claims(numbers) -> list[Claim]:
    """Rows of Example 2."""
    nilpotent = [0.0, 0.0, np.pi / 2, 0.0]
    gap = max(abs(numbers[f"C[{k // 2},{k % 2}]"] - nilpotent[k]) for k in range(4))
    return [
        Claim("Example 2", "C = [[0, 0], [pi/2, 0]] solves alpha = pi/2, lam = 0", f"error {gap:.1e}", gap < 1e-9),
        Claim(
            "Example 2",
            "its cost pi^2/4 is smaller than 3.76 of the constant log R",
            f"{numbers['weights']:.10f} < {numbers['constant']:.10f}",
            bool(numbers["weights"] < numbers["constant"] and abs(numbers["constant"] - 3.76) < 5e-3),
        ),
        Claim(
            "Fig. 2(b)",
            "the branch in lam consists of minima and stays below the constant solution",
            f"index up to {numbers['largest_index']}, saving of at least {numbers['smallest_saving']:.4f} lam",
            bool(numbers["largest_index"] == 0 and numbers["smallest_saving"] > 0),
        ),
    ]


def draw(first, second, path, fast=False):
    """Draw (a) the entries of C against alpha, (b) J against lam."""
    figure, axes = figure_of()
    for name, colour in zip(first.state_names, ("#222222", "#0072B2", "#D55E00", "#009E73")):
        draw_by_index(axes[0], first, "alpha", name, colour, name)
    axes[0].set(xlabel="alpha", ylabel="entries of C at λ = 0")
    draw_by_index(axes[1], second, "lam", "J", "#0072B2", "critical point")
    constant = float(np.sum(constant_logarithm() ** 2))
    axes[1].plot(second["lam"], second["lam"] * constant / 2, color="#D55E00", ls=":", label="constant log R")
    axes[1].set(xlabel="weight decay λ", ylabel="cost J")
    for ax in axes:
        ax.legend()
        ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals())
