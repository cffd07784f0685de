"""Critical points along the depth: Hamilton's equations, the gradient, its lower bound (Theorem 1, Proposition 2).

At random solutions for d = 1, 2, 3 the equations (7)-(9) are integrated by a general solver; the bound (14) is tried on
random weights of a few layers, with the square root in its exponent and as printed.

Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, equations (7)-(10), (14), (15)-(18), Remark 2.
Run: ``python -m studies.linear_regularization.first_order``.
"""

import math

import numpy as np
import scipy.integrate
import scipy.linalg

from studies.claims import Claim
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, figure_of, save
from studies.linear_regularization import OUT
from systems.characteristic.critical_point import CriticalPoint, gradient_bound
from systems.characteristic.matrix_checks import is_normal

TIMES = 9  # along the depth, ends included


def main(fast=False, out=OUT) -> dict:
    """Check solutions along the depth and the bound on random weights; draw the bound; return the numbers.

    Returns
    -------
    dict
        ``states``, ``costates``, ``weights``: largest errors of (15), (16) against integrated equations and of (9),
        relative; ``gradient``: of (10) at solutions; ``turning``: least change of ``A_t`` at solutions for R that is
        not normal, relative; ``trials``, ``least_ratio`` of both sides of (14), ``violations`` of (14) as printed.
    """
    rng = np.random.default_rng(14)
    errors = np.array([along_depth(random_solution(rng, d)) for d in (1, 2, 3) for _ in range(2 if fast else 8)])
    bounds = np.array([random_bound(rng) for _ in range(400 if fast else 4000)])
    draw(bounds, folder(out) / "first_order.png", fast)
    return {
        **dict(zip(("states", "costates", "weights", "gradient"), errors[:, :4].max(axis=0).tolist())),
        "turning": float(np.nanmin(errors[:, 4])),
        "trials": len(bounds),
        "least_ratio": float(np.min(bounds[:, 0] / bounds[:, 1])),
        "violations": int(np.sum(bounds[:, 0] < bounds[:, 2])),
    }


def random_solution(rng, d) -> CriticalPoint:
    """Draw a random C with the R that it solves the equation for."""
    C, M = rng.normal(size=(d, d)), rng.normal(size=(d, d))
    S, lam, T = M @ M.T + np.eye(d), float(rng.uniform(0.05, 1.0)), float(rng.uniform(0.5, 1.5))
    F = scipy.linalg.expm(T * (C - C.T)) @ scipy.linalg.expm(T * C.T)
    return CriticalPoint(C, F + lam * np.linalg.solve(F.T, C) @ np.linalg.inv(S), lam, S, T)


def along_depth(point) -> tuple:
    """Measure relative errors of X_t, Y_t, of (9) and (10), and the change of A_t (NaN where R is normal)."""
    d, gap = len(point.C), point.R - point.final_map

    def rate(t, z):
        X, Y = z.reshape(2, d, d)
        A = point.weights(t)
        return np.stack([A @ X, -A.T @ Y]).ravel()

    start = np.stack([np.eye(d), point.costate(0.0) @ gap]).ravel()
    flow = scipy.integrate.solve_ivp(rate, (0, point.T), start, "DOP853", rtol=1e-12, atol=1e-12, dense_output=True).sol
    found, size = [], np.abs(point.C).max()
    for t in np.linspace(0, point.T, TIMES):
        X, Y = flow(t).reshape(2, d, d)
        rule = point.lam * point.weights(t) - Y @ point.S @ X.T
        pairs = (point.flow(t) - X, X), (point.costate(t) @ gap - Y, Y)
        errors = [np.abs(error).max() / np.abs(value).max() for error, value in pairs]
        found.append((*errors, *(np.abs(m).max() / (point.lam * size) for m in (rule, point.gradient(t)))))
    turned = np.abs(point.weights(point.T) - point.C).max() / size
    return *np.max(found, axis=0), math.nan if is_normal(point.R, 1e-6) else turned


def random_bound(rng) -> tuple:
    """Compute both sides of (14), and the right one as printed, for random weights, data and depths."""
    d, N = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    A = rng.normal(size=(N, d, d)) * rng.uniform(0.01, 1.0) - 0.4 * np.eye(d)
    M = rng.normal(size=(d, d))
    return gradient_bound(A, rng.normal(size=(d, d)), M @ M.T + 0.1 * np.eye(d), rng.uniform(0.2, 4.0))


def claims(numbers) -> list[Claim]:
    """List the claims: Hamilton's equations, the gradient and Theorem 1."""
    trials, say = f"of {numbers['trials']} random weights", numbers.get
    return [
        Claim("(15)", "X_t = e^(2tW) e^(tC') X_0 solves (7)", say("states"), high=1e-8, note="C', not C; error"),
        Claim("(16)", "Y_t = e^(2tW) e^((T-t)C) e^(-2TW) Y_T solves (8)", say("costates"), high=1e-8, note="error"),
        Claim("(9), (17)", "lam A_t = E[Y_t X_t']", say("weights"), high=1e-7, note="relative error"),
        Claim("(10)", "the gradient vanishes at solutions of (18)", say("gradient"), high=1e-8, note="relative"),
        Claim("Remark 2", "R not normal: A_t is not constant", say("turning"), 1e-6, note="least relative change"),
        Claim("(14)", "as printed, without the square root", say("violations"), 0, 0, note=f"violations {trials}"),
        Claim("(14)", "with exp(-2 int sqrt(tr A'A) dt)", say("least_ratio"), 1, note=f"least ratio {trials}"),
    ]


def draw(bounds, path, fast=False):
    """Draw the squared gradient over both right sides of (14)."""
    figure, axes = figure_of(1, 2, (10.0, 4.6))
    titles = ("with the square root", "as printed")
    for ax, column, title in zip(axes, (1, 2), titles):
        below = bounds[:, 0] < bounds[:, column]
        for rows, colour, label in ((~below, COLOURS[0], "bound holds"), (below, COLOURS[1], "bound violated")):
            ax.loglog(bounds[rows, column], bounds[rows, 0], ".", ms=3, color=colour, label=f"{label}: {rows.sum()}")
        ends = np.array([bounds[:, 0].min(), bounds[:, 0].max()])
        ax.loglog(ends, ends, color=COLOURS[-1], lw=1, label="equality")
        ax.set(xlabel="right side of (14)", ylabel="squared norm of the gradient", title=title, xlim=(1e-12, 1e4))
        ax.grid(alpha=0.25)
        add_legend(ax, fontsize=8)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
