"""Where spurious minima live: critical points of isotropy S_{K-1} x S_1 against the real number K of students.

Families A, I and II are traced in K; their stability changes in blocks of the Hessian that the reduction itself does
not see.  Where they come from: `origins`.  Run: ``python -m studies.relu_gradient.minima``.
"""

import numpy as np

from continuation import Kind, Settings, trace
from studies.claims import Claim, exceptions, worst
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, save
from studies.relu_gradient.common import OUT, judge
from systems.relu import normal_equations, symmetric_reduction
from systems.relu.population_loss.population import hessian, network
from systems.relu.symmetric.plane_dynamics import type_a_guess
from systems.relu.symmetric.reduction import blocks, reduced_weights, spectrum, type_i_guess, type_ii_guess

START, SPAN = 6.0, (3.0, 100.0)  # K at which branches begin, and how far they go
LOSS, ONSET = 0.0250805810025, 5.585505247425880  # of type II: at K = 6, and the K beyond which it is a minimum
OFFSETS = {"A": (-56, 6), "I": (8, -6), "II": (8, 4)}  # of labels, in points
BLOCKS = ("trivial", "standard", "antisymmetric", "symmetric")


def main(fast=False, out=OUT) -> dict:
    """Trace the families in K and the flips in alpha, draw them, and return the numbers.

    Parameters
    ----------
    fast : bool
        Compare with the full Hessian for fewer K.
    out : path-like
        Folder of ``minima.png``, ``minima_A.nc`` ...; made if missing.

    Returns
    -------
    dict
        ``onset[A]`` ...: the K beyond which the family is a minimum of the full network; ``loss[A, K]``; the rest as
        in `measure`.
    """
    out = folder(out)
    branches = families()
    for name, branch in branches.items():
        branch.save(out / f"minima_{name}.nc")
    draw(branches, out / "minima.png", fast)
    losses = {
        f"loss[{name}, {K}]": branch.at(K=float(K))[0]["L"]
        for name, branch in branches.items()
        for K in (6, 10, 20, 100)
    }
    onsets = {f"onset[{name}]": onset(branch) for name, branch in branches.items()}
    sizes = (6, 10) if fast else range(4, 21)
    full = whole(branches, (6,) if fast else (4, 5, 6, 7, 8, 10))
    descent = {f"descent_{key}": value for key, value in judge(full, 1 if fast else 2).items()}
    return {**onsets, **losses, **measure(branches, sizes), **descent}


def families() -> dict:
    """Trace the families in K from 3 to 100."""
    x, y = type_a_guess(START)
    guesses = {"A": np.array([x, y, y, y, x]), "I": type_i_guess(START), "II": type_ii_guess(START)}
    return {name: trace(symmetric_reduction(START), guess, "K", SPAN) for name, guess in guesses.items()}


def onset(branch, name="K") -> float:
    """Find the value of `name` at the last event before all rows at larger values are stable; NaN without one.

    Where a branch point and zeros of other blocks coincide, the branch point's: it is the better conditioned.
    """
    special = [p for p in branch.special if p.kind is not Kind.END]
    rows = np.setdiff1d(np.arange(len(branch)), [p.index for p in special])
    order = rows[np.argsort(branch[name][rows], kind="stable")]
    values, unstable = branch[name][order], np.flatnonzero(branch.unstable[order] != 0)
    if not len(unstable) or unstable[-1] == len(order) - 1:
        return np.nan
    last = unstable[-1]
    events = [p for p in special if values[last] <= p[name] <= values[last + 1]]
    best = [p[name] for p in events if p.kind is Kind.BRANCH_POINT] or [p[name] for p in events]
    return max(best, default=np.nan)


def measure(branches, sizes) -> dict:
    """Compare blocks with the full Hessian, and look at what lies beyond the onsets.

    Returns
    -------
    dict
        ``block_error``: largest difference between the blocks' and the full Hessian's eigenvalues, over all families
        and the whole K of `sizes`.
        ``unstable_beyond_onset``: rows beyond the onset of their family that are no minima.
        ``least_loss``: of all rows beyond the onsets: positive where the minima are spurious.
    """
    errors = []
    for branch in branches.values():
        for K in sizes:
            (point,) = branch.at(K=float(K))[:1]
            W, net = reduced_weights(point, K), network(np.eye(K), K)
            errors.append(np.abs(spectrum(point.state, K) - np.linalg.eigvalsh(hessian(W, net))).max())
    beyond = {name: branch["K"] > onset(branch) for name, branch in branches.items()}
    return {
        "block_error": float(max(errors)),
        "unstable_beyond_onset": sum(exceptions(branches[name].unstable[rows] == 0) for name, rows in beyond.items()),
        "least_loss": -worst(worst(-branches[name]["L"][rows]) for name, rows in beyond.items()),
    }


def whole(branches, sizes) -> dict:
    """Trace the same points in the full network of K^2 weights, in the decay: descent can judge those."""
    made = {}
    for name, branch in branches.items():
        for K in sizes:
            W = reduced_weights(branch.at(K=float(K))[0], K)
            problem = normal_equations(np.eye(K), K)
            settings = Settings(max_step=0.005)
            made[f"{name}, {K}"] = trace(problem, W.ravel(), "lam", (0, 0.005), settings=settings, detect=set())
    return made


def claims(found) -> list[Claim]:
    """List what is known of these families beside the numbers of `main`."""
    return [
        Claim("type II", f"loss {LOSS} at K = 6", abs(found["loss[II, 6]"] - LOSS), high=1e-13, note="distance"),
        Claim("type II", f"minimum beyond K = {ONSET}", abs(found["onset[II]"] - ONSET), high=1e-12, note="distance"),
        *(Claim(f"type {name}", "minimum beyond some K", found[f"onset[{name}]"], 3, 100) for name in ("A", "I")),
        Claim("types A, I, II", "minima beyond the onset", found["unstable_beyond_onset"], high=0, note="other rows"),
        Claim("types A, I, II", "those minima are spurious", found["least_loss"], low=1e-4, note="least loss"),
        Claim("types A, I, II", "blocks are the full Hessian", found["block_error"], high=1e-12, note="eigenvalues"),
        Claim("types A, I, II", "minima attract, saddles repel", found["descent_failed"], high=0, note="failed points"),
        Claim("types A, I, II", "minima and saddles judged", min(found["descent_stable"], found["descent_saddles"]), 1),
    ]


def draw(branches, path, fast):
    """Draw losses of the families against K, and the smallest eigenvalue of each block of type II's Hessian."""
    figure, axes = figure_of(1, 2, (13, 5), squeeze=False)
    for colour, (name, branch) in zip(COLOURS, branches.items()):
        draw_branch(axes[0, 0], branch, "K", "L", colour, f"type {name}")
        at = onset(branch)
        words, place = f"K > {at:.4f}", (at, float(np.interp(at, branch["K"], branch["L"])))
        axes[0, 0].annotate(words, place, OFFSETS[name], textcoords="offset points", fontsize=8, color=colour)
    axes[0, 0].set(ylabel="loss", title="families of critical points, orthonormal teachers")
    branch = branches["II"]
    lowest = np.array([_lowest(u, K) for u, K in zip(branch.states, branch["K"])])
    for colour, name, column in zip(COLOURS, BLOCKS, lowest.T):
        axes[0, 1].plot(branch["K"], column, color=colour, label=f"{name} block")
    axes[0, 1].axhline(0, color="black", lw=0.6)
    axes[0, 1].axvline(onset(branch), color="black", lw=0.6, ls=":")
    axes[0, 1].set(ylabel="smallest eigenvalue", title="type II: the standard block decides")
    for ax in axes[0]:
        ax.set(xlabel="students K (real)", xscale="log", xticks=(3, 6, 10, 20, 50, 100))
        ax.set_xticklabels(["3", "6", "10", "20", "50", "100"])
        ax.grid(alpha=0.25)
    axes[0, 0].legend(title="solid: minimum of the full network", loc="upper left")
    add_legend(axes[0, 1])
    save(figure, path, fast)


def _lowest(u, K) -> list:
    """Smallest eigenvalue of each block."""
    found = blocks(u, K)
    full = (np.linalg.eigvalsh(block)[0] for block in (found.trivial, found.standard))
    return [*full, found.antisymmetric, found.symmetric]


if __name__ == "__main__":
    command(globals(), OUT)
