"""Does depth accelerate l_p regression?  Figures 2 to 5 of Arora, Cohen, Hazan, and the slides that re-run them.

Data: synthetic, of the shape of the UCI ethanol set, or the reader's copy of the UCI files (``--data FOLDER``),
z-scored or scaled to [0, 1] (``--scaling min-max``); start N(0, 0.01); learning rates from a grid, the best for each
model.  Grids are kept in ``cache``, one file a model: a run that is stopped goes on where it was.
Run: ``python -m studies.overparameterization.acceleration``.
"""

import math
import pathlib
from dataclasses import dataclass

import numpy as np

from studies.claims import Claim, table, verdicts
from studies.command import options
from studies.overparameterization.data import min_max, read_gas_sensor, standardised, synthetic
from studies.overparameterization.grid import Batched, cached, least_loss
from studies.overparameterization.preconditioner import single_output
from studies.progress import progress
from systems.training.rules import AdaDelta, AdaGrad, Adam

OUT = "out/overparameterization"
EXCESS = 1e-3  # relative, over the minimum: learnt
THREADS = 1  # more wait for each other where anything else runs: 50 times slower was seen
SCALINGS = {"z-score": standardised, "min-max": min_max}


@dataclass(frozen=True)
class Size:
    """How much is computed."""

    samples: int
    features: int
    steps: int
    rates: int

    @property
    def every(self) -> int:
        """Steps between recorded losses."""
        return max(1, self.steps // 1000)

    def grid(self) -> list:
        """Learning rates from 1e-5 to 0.5."""
        return np.geomspace(1e-5, 0.5, self.rates).tolist()


FULL, FAST = Size(2565, 128, 100_000, 22), Size(300, 16, 5_000, 10)


def main(fast=False, out=OUT, data=None, scaling="z-score") -> dict:
    """Train every model of Figs. 2 to 5 (left), draw them, return the numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Fewer samples, features, steps and rates.
    out : path-like
        Folder of ``acceleration.png`` and ``cache``; made if missing.
    data : path-like, optional
        Folder of the UCI files; default: synthetic data.
    scaling : "z-score" or "min-max"
        Of every feature and of the target.

    Returns
    -------
    dict
        ``steps[l4, depth 2]`` ...: iterations to a relative excess of 1e-3 at the best rate (infinite where it was
        not reached), ``rate[...]`` that rate; verdicts by claim.
    """
    out, size = pathlib.Path(out), FAST if fast else FULL
    out.mkdir(parents=True, exist_ok=True)
    X, y = samples(data, size, scaling)
    curves = models(X, y, size, out / "cache")
    levels = {p: (1 + EXCESS) * least_loss(X, y, p) for p in (2, 4)}
    found = {**speeds(curves, levels), **figure2(X, y, size)}
    draw(curves, levels, out / "acceleration.png", (label_of(data, scaling), fast))
    return {**found, **verdicts(claims(found, size))}


def samples(data, size, scaling="z-score"):
    """Data, scaled; the synthetic ones are z-scored as they come.

    Raises
    ------
    ValueError
        A scaling that isn't known; as `read_gas_sensor`.
    """
    if scaling not in SCALINGS:
        raise ValueError(f"scaling: wanted one of {tuple(SCALINGS)}, got {scaling!r}")
    if data is None and scaling == "z-score":
        return synthetic(size.samples, size.features)
    X, y = synthetic(size.samples, size.features) if data is None else read_gas_sensor(data)
    return SCALINGS[scaling](X), SCALINGS[scaling](y)


def label_of(data, scaling) -> str:
    """What the pictures say of the data."""
    return ("synthetic data" if data is None else "UCI ethanol") + ("" if scaling == "z-score" else f", {scaling}")


def models(X, y, size, cache) -> dict:
    """Learning curves of every model over the grid of rates: name -> Grid."""
    wishes = {f"l{p}, depth {n}": {"p": p, "depth": n} for p in (2, 4) for n in (1, 2, 3)}
    wishes["l4, AdaGrad"] = {"p": 4, "rule": AdaGrad(1.0)}
    wishes["l4, AdaDelta"] = {"p": 4, "rule": AdaDelta(1.0)}
    wishes["l4, AdaDelta, epsilon 1e-8"] = {"p": 4, "rule": AdaDelta(1.0, epsilon=1e-8)}  # default of the paper's tools
    wishes |= {f"l4, Adam, depth {n}": {"p": 4, "depth": n, "rule": Adam(1.0)} for n in (1, 2, 3)}
    wishes |= {
        f"l4, depth {n}, {start}": {"p": 4, "depth": n, "start": start}
        for n in (4, 8)
        for start in ("small", "identity")
    }
    return {name: _trained(X, y, size, cache, (name, wish)) for name, wish in wishes.items()}


def speeds(curves, levels) -> dict:
    """Iterations to the excess at the best rate, and the rate, for each model."""
    found = {}
    for name, grid in curves.items():
        level = levels[int(name[1])]
        best = grid.best(level)
        found[f"steps[{name}]"] = float(grid.iterations_to(level)[best])
        found[f"rate[{name}]"] = float(grid.rates[best])
        found[f"moves[{name}]"] = _first_move(grid, best)
    return found


def figure2(X, y, size, rate=1e-3) -> dict:
    """Fig. 2: descent on networks of depth 2 and 3 against equation 12, largest difference of the losses."""
    steps, found = min(size.steps, 20_000), {}
    for p in (2, 4):
        for depth in (2, 3):
            model = Batched(X, y, p, [rate], depth=depth, deviation=0.3)
            model.theta[0, model.d :] = np.linalg.norm(model.theta[0, : model.d])  # balanced
            w = model.vectors()[0].copy()
            grid = model.run(steps, 1)
            losses = emulated(model, w, (depth, rate, steps))
            found[f"fig2 l{p}, depth {depth}"] = float(np.max(np.abs(losses / grid.losses[:, 0] - 1)))
    return found


def emulated(model, w, wishes) -> np.ndarray:
    """Losses (steps + 1,) of one end-to-end vector under equation 12; wishes = (depth, rate, steps)."""
    depth, rate, steps = wishes
    losses = np.empty(steps + 1)
    for t in range(steps + 1):
        loss, slope = model.loss_gradient(w[None])
        losses[t] = loss[0]
        w = w - rate * single_output(w, slope[0], depth)
    return losses


def claims(found, size) -> list:
    """The claims of section 8; ratios of iterations, verdicts for the data at hand."""
    l2, l4 = ([found[f"steps[l{p}, depth {n}]"] for n in (1, 2, 3)] for p in (2, 4))
    rows = [
        Claim("Fig 2", "equation 12 follows descent", max(v for k, v in found.items() if k[:4] == "fig2"), high=0.05),
        Claim("Fig 3 left", "l2: depth slows slightly", _ratio(l2[2], l2[0]), 1.0, 3.0, "depth 3 over 1"),
        Claim("Fig 3 right", "l4: depth 2 accelerates", _ratio(l4[0], l4[1]), low=1.5, note="times faster"),
        Claim("Fig 3 right", "l4: depth 3 accelerates", _ratio(l4[0], l4[2]), low=1.5, note="times faster"),
        Claim("Fig 4 left", "faster than AdaGrad", _ratio(found["steps[l4, AdaGrad]"], l4[2]), low=1.0),
        Claim("Fig 4 left", "faster than AdaDelta", _ratio(found["steps[l4, AdaDelta]"], l4[2]), low=1.0),
    ]
    adam = [found[f"steps[l4, Adam, depth {n}]"] for n in (1, 2, 3)]
    rows.append(Claim("Fig 4 right", "depth helps Adam", _ratio(adam[0], min(adam[1:])), low=1.0, note="data decide"))
    moves = {n: found[f"moves[l4, depth {n}, small]"] for n in (4, 8)}
    if size == FULL:
        rows.append(Claim("Fig 5 left", "depth 4 moves late", moves[4], 2e4, 1e5, "iterations"))
        rows.append(Claim("Fig 5 left", "depth 8 is stuck", moves[8], low=1e5, note="iterations"))
    late = max(found[f"moves[l4, depth {n}, identity]"] for n in (4, 8))
    rows.append(Claim("Fig 5 left", "identity start moves at once", late, high=0.01 * size.steps, note="iterations"))
    reason = "a convolutional network with dropout in TensorFlow; no MNIST here"
    rows.append(Claim("Fig 5 right", "depth speeds up a ConvNet", note=reason))
    return rows


def draw(curves, levels, path, labels):
    """Draw Figs. 3, 4 and 5 (left)."""
    from matplotlib.figure import Figure

    groups = {
        "Fig. 3 left: l2": [name for name in curves if name.startswith("l2")],
        "Fig. 3 right: l4": [f"l4, depth {n}" for n in (1, 2, 3)],
        "Fig. 4 left": ["l4, depth 1", "l4, depth 3", "l4, AdaGrad", "l4, AdaDelta"],
        "Fig. 4 right": [f"l4, Adam, depth {n}" for n in (1, 2, 3)],
        "Fig. 5 left": ["l4, depth 1", *(name for name in curves if name.endswith(("small", "identity")))],
    }
    figure = Figure(figsize=(20, 4), layout="constrained")
    for ax, (title, names) in zip(figure.subplots(1, 5), groups.items()):
        for name in names:
            grid = curves[name]
            best = grid.best(levels[int(name[1])])
            ax.semilogy(grid.steps, grid.losses[:, best], label=f"{name[4:]} ({grid.rates[best]:.2g})")
        ax.set(title=f"{title} ({labels[0]})", xlabel="iteration", ylabel="loss")
        ax.legend(fontsize=8)
    figure.savefig(path, dpi=80 if labels[1] else 160, metadata={"Software": None})


def _trained(X, y, size, cache, named):
    """One model, named = (name, wish), over the grid; from the cache where it was trained before."""
    from threadpoolctl import threadpool_limits

    name, wish = named
    settings = {key: value for key, value in wish.items() if key != "p"}

    def make():
        with threadpool_limits(THREADS, "blas"), progress(size.steps, name) as watch:
            return Batched(X, y, wish["p"], size.grid(), **settings).run(size.steps, size.every, watch)

    return cached(cache, {"X": X, "y": y, "size": repr(size), "wish": repr(sorted(wish.items(), key=str))}, make)


def _first_move(grid, best) -> float:
    """First recorded step at which the loss has fallen by 1 % from the start; infinite where it never does."""
    losses = grid.losses[:, best]
    moved = np.flatnonzero(losses <= 0.99 * losses[0])
    return float(grid.steps[moved[0]]) if len(moved) else math.inf


def _ratio(a, b) -> float:
    """``a / b`` where either may not have been reached; NaN where both weren't."""
    return math.nan if math.isinf(a) and math.isinf(b) else a / b


def _command():
    """Run from the command line; what was trained before Ctrl-C is kept."""
    given = options(__doc__, OUT, "folder of the UCI files batch1.dat ...", scaling=tuple(SCALINGS))
    try:
        found = main(fast=given.fast, out=given.out, data=given.data, scaling=given.scaling)
    except KeyboardInterrupt:
        kept = len(list((pathlib.Path(given.out) / "cache").glob("grid-*.npz")))
        raise SystemExit(f"stopped; {kept} trained models are kept in {given.out}/cache, run again to go on") from None
    print("\n".join(f"{key} = {value}" for key, value in found.items() if "[" in key))
    print(table(claims(found, FAST if given.fast else FULL)))


if __name__ == "__main__":
    _command()
