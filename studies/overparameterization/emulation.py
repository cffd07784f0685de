"""Fig. 2 of Arora, Cohen, Hazan: descent on linear networks against equation 12 on one layer, and width 1 against 100.

All start balanced, with the same end-to-end vector, at the common rate 1e-3.
"""

import numpy as np

from studies.claims import Claim
from studies.figures import add_legend
from studies.overparameterization import preconditioner as pre
from studies.overparameterization.grid import Batched, Grid, load_or_make
from systems.training.network_descent import train
from systems.training.networks import Network, NetworkLoss

RATE, LENGTH = 1e-3, 0.5  # of every layer at the start, whatever the number of features
STEPS, WIDE_STEPS, WIDTH = 20_000, 1000, 100  # of Fig. 2; of the wide network, as each takes a hundred times the work


def figure2(X, y, steps, cache) -> dict:
    """Return losses by name ``l4, depth 2``: of the network and of equation 12 (steps + 1,), of width 100 (fewer)."""
    steps = min(steps, STEPS)
    return {f"l{p}, depth {n}": _kept(X, y, p, n, steps, cache) for p in (2, 4) for n in (2, 3)}


def numbers(curves) -> dict:
    """Compute the largest relative differences: ``fig2 [...]`` of equation 12 and ``width [...]`` of width 100."""
    found = {}
    for name, (network, emulation, wide) in curves.items():
        found[f"fig2 [{name}]"] = float(np.max(np.abs(emulation / network - 1)))
        found[f"width [{name}]"] = float(np.max(np.abs(wide / network[: len(wide)] - 1)))
    return found


def claims(found) -> list:
    """List what Fig. 2 shows."""
    worst = {kind: max(v for k, v in found.items() if k.startswith(f"{kind} [")) for kind in ("fig2", "width")}
    return [
        Claim("Fig 2", "equation 12 follows descent", worst["fig2"], high=0.05, note="relative, of the losses"),
        Claim("Fig 2", "hidden width 100 as width 1", worst["width"], high=1e-9, note="relative, balanced starts"),
    ]


def draw(axes, curves, label):
    """Draw l2 and l4 into two axes."""
    for ax, p in zip(axes, (2, 4)):
        for n in (2, 3):
            network, emulation, _ = curves[f"l{p}, depth {n}"]
            (line,) = ax.semilogy(network, label=f"depth {n}")
            ax.semilogy(emulation, "--", color=line.get_color(), lw=2.5, alpha=0.5, label=f"equation 12, N = {n}")
        ax.set(title=f"Fig. 2 {'left' if p == 2 else 'right'}: l{p}, rate {RATE:g} ({label})")
        ax.set(xlabel="iteration", ylabel="loss")
        ax.locator_params(axis="x", nbins=5)
        add_legend(ax, fontsize=8)


def emulate(model, w, depth, rate, steps) -> np.ndarray:
    """Follow one end-to-end vector under equation 12: its losses (steps + 1,)."""
    losses = np.empty(steps + 1)
    for t in range(steps + 1):
        loss, slope = model.loss_gradient(w[None])
        losses[t] = loss[0]
        w = w - rate * pre.single_output(w, slope[0], depth)
    return losses


def _kept(X, y, p, depth, steps, cache):
    """The three curves of `_curves`, from the cache where they were made before."""

    def make():
        curves = _curves(X, y, p, depth, steps)
        losses = np.full((len(curves[0]), 3), np.nan)
        for k, curve in enumerate(curves):
            losses[: len(curve), k] = curve
        return Grid(np.array([RATE]), np.arange(len(losses)), losses)

    what = {"figure": 2, "p": p, "depth": depth, "steps": steps, "rate": RATE, "length": LENGTH, "width": WIDTH}
    kept = load_or_make(cache, {"X": X, "y": y, "wide steps": WIDE_STEPS, **what}, make)
    network, emulation, wide = kept.losses.T
    return network, emulation, wide[: min(steps, WIDE_STEPS) + 1]


def _curves(X, y, p, depth, steps):
    """Losses of network, equation 12 and wide network."""
    model = Batched(X, y, p, [RATE], depth=depth)
    model.theta[0, : model.d] *= LENGTH / np.linalg.norm(model.theta[0, : model.d])
    model.theta[0, model.d :] = LENGTH  # balanced
    w = model.vectors()[0].copy()
    network = model.run(steps, 1).losses[:, 0]
    widths = [model.d, *[WIDTH] * (depth - 1), 1]
    start = np.concatenate([part.ravel() for part in pre.balanced_layers(w[None], depth, WIDTH)])
    objective = NetworkLoss(Network(widths), X, y[:, None], p=p)
    wide = train(objective, start, RATE, steps=min(steps, WIDE_STEPS), every=1).losses
    return network, emulate(model, w, depth, RATE, steps), wide
