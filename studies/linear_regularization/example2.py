"""A matrix that isn't normal: the solution deformed from a quarter turn, then weight decay (Example 2, Fig. 2).

``R = [[0, -1], [1, alpha]]``: alpha goes from 0 to pi/2 at lam = 0, where the solution is nilpotent, then lam grows.
The cost is compared with that of the constant weights log R, which are no critical point.

Taghvaei, Kim, Mehta, "How regularization affects the critical points in linear networks", NeurIPS 2017,
arXiv:1709.09625, Example 2 and Fig. 2.  Run: ``python -m studies.linear_regularization.example2``.
"""

import numpy as np
import scipy.linalg

from continuation import Settings, trace
from studies.claims import Claim
from studies.command import command, folder
from studies.figures import COLOURS, draw_branch, figure_of, legend, save
from studies.linear_regularization import OUT, QUARTER_TURN
from systems.characteristic import normal_logarithm
from systems.characteristic.critical_point import CriticalPoint
from systems.characteristic.variants.matrix_families import line_of_matrices

DIRECTION = np.array([[0.0, 0.0], [0.0, 1.0]])  # R + alpha DIRECTION is the paper's matrix
END = np.pi / 2  # of alpha
LAM = (0.0, 1.0)  # weight decays along the second branch


def main(fast=False, out=OUT) -> dict:
    """Trace alpha at lam = 0, then lam at alpha = pi/2; draw Fig. 2; return the numbers.

    Returns
    -------
    dict
        ``C[i,j]`` at the end of the first branch, ``weights`` |C|^2 there, ``constant`` tr(log R' log R), ``A_error``
        and ``log_error`` of the printed A_t and log R, ``J(0.1)``, ``J_constant(0.1)``, ``smallest_saving`` of the cost
        over all rows with lam > 0, ``largest_index``, ``folds``.
    """
    out, settings = folder(out), Settings(max_step=0.1 if fast else 0.02)
    problem = line_of_matrices(QUARTER_TURN, DIRECTION)
    first = trace(problem, normal_logarithm(QUARTER_TURN).ravel(), "alpha", (0.0, END), settings=settings, direction=+1)
    end = first.point(-1)
    second = trace(problem, end, "lam", LAM, settings=settings, direction=+1)
    draw(first, second, out / "example2.png", fast)
    return numbers_of(first, second)


def constant_logarithm() -> np.ndarray:
    """Return the principal logarithm of R at alpha = pi/2."""
    return scipy.linalg.logm(QUARTER_TURN + END * DIRECTION).real


def numbers_of(first, second) -> dict:
    """Compute the numbers of both branches; see `main`."""
    C, log = first.states[-1].reshape(2, 2), constant_logarithm()
    constant, point = float(np.sum(log**2)), CriticalPoint(C, QUARTER_TURN + END * DIRECTION, 0.0)
    (at,) = second.at(lam=0.1)
    rows = second["lam"] > 0
    saving = (second["lam"][rows] * constant / 2 - second["J"][rows]) / second["lam"][rows]
    return {
        **{f"C[{k // 2},{k % 2}]": float(C.flat[k]) for k in range(4)},
        "weights": float(np.sum(C**2)),
        "constant": constant,
        "A_error": max(float(np.abs(point.weights(t) - printed_weights(t)).max()) for t in np.linspace(0, 1, 11)),
        "log_error": float(np.abs(log - printed_logarithm()).max()),
        "J(0.1)": float(at["J"]),
        "J_constant(0.1)": 0.05 * constant,
        "smallest_saving": float(saving.min()),
        "largest_index": int(max((*first.unstable, *second.unstable), key=abs)),  # -1, not known, is none of a minimum
        "folds": len(second.folds),
    }


def printed_weights(t) -> np.ndarray:
    """Return ``A_t`` at alpha = pi/2 and lam = 0 as the paper has it."""
    sine, cosine = np.sin(np.pi * t), np.cos(np.pi * t)
    return np.pi / 4 * np.array([[-sine, cosine - 1], [cosine + 1, sine]])


def printed_logarithm() -> np.ndarray:
    """Return the principal logarithm of R at alpha = pi/2 as the paper has it, with its ``tau = asin(pi/4)``."""
    tau = np.arcsin(np.pi / 4)
    return (np.pi / 2 - tau) * np.array([[-np.tan(tau), -1 / np.cos(tau)], [1 / np.cos(tau), np.tan(tau)]])


def claims(numbers) -> list[Claim]:
    """List the claims of Example 2."""
    nilpotent, where, say = [0.0, 0.0, np.pi / 2, 0.0], "Example 2", numbers.get
    gap = max(abs(numbers[f"C[{k // 2},{k % 2}]"] - nilpotent[k]) for k in range(4))
    return [
        Claim(where, "alpha leads to C = [[0, 0], [pi/2, 0]] at lam = 0", gap, high=1e-9, note="error"),
        Claim(where, "A_t = (pi/4) [[-sin, cos - 1], [cos + 1, sin]](pi t)", say("A_error"), high=1e-9, note="error"),
        Claim(where, "log R = (pi/2 - tau) [[-tan, -sec], [sec, tan]](tau)", say("log_error"), high=1e-9, note="error"),
        Claim(where, "tr log R' log R = 3.76", say("constant"), 3.755, 3.765),
        Claim(
            where,
            "int tr A'A = pi^2/4 is less",
            say("weights") / say("constant"),
            0,
            1,
            note=f"ratio; {say('weights'):.10f} against {say('constant'):.10f}",
        ),
        Claim("Fig. 2(b)", "the branch in lam is one of minima", say("largest_index"), 0, 0, note="largest index"),
        Claim(
            "Fig. 2(b)",
            "it stays below the constant log R",
            say("smallest_saving"),
            0,
            note=f"least saving over lam; J(0.1) = {say('J(0.1)'):.12f} against {say('J_constant(0.1)'):.8f}",
        ),
    ]


def draw(first, second, path, fast=False):
    """Draw (a) the entries of C against alpha, (b) J against lam."""
    figure, axes = figure_of(1, 2, (10.0, 4.6))
    for name, colour in zip(first.state_names, COLOURS):
        draw_branch(axes[0], first, "alpha", name, colour, name)
    axes[0].set(xlabel="alpha", ylabel="entries of C at λ = 0", title="(a) R = [[0, -1], [1, alpha]]")
    draw_branch(axes[1], second, "lam", "J", COLOURS[0], "critical point")
    constant = float(np.sum(constant_logarithm() ** 2))
    axes[1].plot(second["lam"], second["lam"] * constant / 2, color=COLOURS[1], ls=":", label="constant log R")
    axes[1].set(xlabel="weight decay λ", ylabel="cost J", title="(b) alpha = π/2")
    for ax in axes:
        legend(ax, "minimum (index 0)", kinds=())
        ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
