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
from studies.command import folder, options, plainly
from studies.figures import add_legend, figure_of, save
from studies.overparameterization import emulation
from studies.overparameterization.data import read_gas_sensor, scale_to_unit, standardise, synthetic
from studies.overparameterization.grid import Batched, least_loss, load_or_make
from studies.progress_bar import progress
from systems.training.rules import AdaDelta, AdaGrad, Adam

OUT = "out/overparameterization"
EXCESS = 1e-3  # relative, over the minimum: learnt
ADAM = 1e-3  # the default rate of the paper's tools
THREADS = 1  # more wait for each other where anything else runs: 50 times slower was seen
SCALINGS = {"z-score": standardise, "min-max": scale_to_unit}


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
        """Return learning rates from 1e-5 to 0.5."""
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
    from threadpoolctl import threadpool_limits

    out, size = folder(out), FAST if fast else FULL
    X, y = samples(data, size, scaling)
    curves = models(X, y, size, out / "cache")
    levels = {p: (1 + EXCESS) * least_loss(X, y, p) for p in (2, 4)}
    with threadpool_limits(THREADS, "blas"):
        followed = emulation.figure2(X, y, size.steps, out / "cache")
    found = {**speeds(curves, levels), **emulation.numbers(followed)}
    draw(curves, levels, followed, label_of(data, scaling), out / "acceleration.png", fast)
    return {**found, **verdicts(claims(found, size))}


def samples(data, size, scaling="z-score"):
    """Make or read the data, scaled; the synthetic ones are z-scored as they come.

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
    """Name the data for the pictures."""
    return ("synthetic data" if data is None else "UCI ethanol") + ("" if scaling == "z-score" else f", {scaling}")


def models(X, y, size, cache) -> dict:
    """Train every model over the grid of rates: name -> Grid."""
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
    return {name: _trained(X, y, size, cache, name, wish) for name, wish in wishes.items()}


def speeds(curves, levels) -> dict:
    """Count iterations to the excess at the best rate, with the rate, for each model."""
    found = {}
    for name, grid in curves.items():
        level = levels[int(name[1])]
        best = grid.best(level)
        found[f"steps[{name}]"] = float(grid.iterations_to(level)[best])
        found[f"rate[{name}]"] = float(grid.rates[best])
        found[f"moves[{name}]"] = _first_move(grid, best)
        if "Adam" in name:
            found[f"default steps[{name}]"] = float(grid.iterations_to(level)[_default(grid)])
    usual = curves["l4, depth 1"].best(levels[4])
    found["moves at depth 1's rate"] = _first_move(curves["l4, depth 4, small"], usual)
    return found


def claims(found, size) -> list:
    """List the claims of section 8; ratios of iterations, verdicts for the data at hand."""

    def times(slower, faster):
        return _ratio(found[f"steps[{slower}]"], found[f"steps[{faster}]"])

    adam = [found[f"steps[l4, Adam, depth {n}]"] for n in (1, 2, 3)]
    usual = [found[f"default steps[l4, Adam, depth {n}]"] for n in (1, 2, 3)]
    identity = min(found[f"steps[l4, depth {n}, identity]"] for n in (4, 8))
    over, fig4 = "times faster", "Fig 4 left"
    zeiler, tools = "l4, AdaDelta", "l4, AdaDelta, epsilon 1e-8"
    rows = [
        *emulation.claims(found),
        Claim(
            "Fig 3 left", "l2: depth slows slightly", times("l2, depth 3", "l2, depth 1"), 1.0, 3.0, "depth 3 over 1"
        ),
        Claim("Fig 3 right", "l4: depth 2 accelerates", times("l4, depth 1", "l4, depth 2"), low=1.5, note=over),
        Claim("Fig 3 right", "l4: depth 3 accelerates", times("l4, depth 1", "l4, depth 3"), low=1.5, note=over),
        Claim(fig4, "depth 3 faster than AdaGrad", times("l4, AdaGrad", "l4, depth 3"), low=1.0, note=over),
        Claim(fig4, "AdaGrad slower than descent", times("l4, AdaGrad", "l4, depth 1"), low=1.0, note="times slower"),
        Claim(fig4, "depth 3 faster than AdaDelta", times(tools, "l4, depth 3"), low=1.0, note="epsilon 1e-8"),
        Claim(fig4, "the same, Zeiler's AdaDelta", times(zeiler, "l4, depth 3"), low=1.0, note="epsilon 1e-6"),
        Claim("section 8", "Adam faster than depth 3", times("l4, depth 3", "l4, Adam, depth 1"), low=1.0, note=over),
        Claim("Fig 4 right", "depth helps Adam, default rate", _ratio(usual[0], min(usual[1:])), low=1.0, note=over),
        Claim("Fig 4 right", "depth helps Adam, best rates", _ratio(adam[0], min(adam[1:])), low=1.0, note=over),
    ]
    moves = {n: found[f"moves[l4, depth {n}, small]"] for n in (4, 8)}
    if size == FULL:
        late, paper = found["moves at depth 1's rate"], "iterations; the paper: 65,000"
        rows.append(Claim("Fig 5 left", "depth 4 moves late, depth 1's rate", late, 2e4, 1e5, paper))
        rows.append(Claim("Fig 5 left", "... at its own best rate", moves[4], 1e4, 1e5, "iterations"))
        rows.append(Claim("Fig 5 left", "depth 8 is stuck", moves[8], low=1e5, note="iterations"))
    late = max(found[f"moves[l4, depth {n}, identity]"] for n in (4, 8))
    faster = _ratio(found["steps[l4, depth 1]"], identity)
    rows.append(Claim("Fig 5 left", "identity start moves at once", late, high=0.01 * size.steps, note="iterations"))
    rows.append(Claim("Fig 5 left", "identity start: depth accelerates", faster, low=1.0, note=over))
    return rows


def draw(curves, levels, followed, label, path, fast=False):
    """Draw Figs. 2, 3, 4 and 5 (left); `followed` are the losses of Fig. 2."""
    groups = {
        "Fig. 3 left: l2": [name for name in curves if name.startswith("l2")],
        "Fig. 3 right: l4": [f"l4, depth {n}" for n in (1, 2, 3)],
        "Fig. 4 left": [
            "l4, depth 1",
            "l4, depth 3",
            *(name for name in curves if ", Ada" in name and "Adam" not in name),
        ],
        "Fig. 4 right": [f"l4, Adam, depth {n}" for n in (1, 2, 3)],
        "Fig. 5 left": ["l4, depth 1", *(name for name in curves if name.endswith(("small", "identity")))],
    }
    figure, axes = figure_of(2, 4, (20, 8))
    axes = axes.ravel()
    emulation.draw(axes[:2], followed, label)
    for ax, (title, names) in zip(axes[2:], groups.items()):
        for name in names:
            grid = curves[name]
            shown = _default(grid) if "Adam" in name else grid.best(levels[int(name[1])])
            ax.loglog(grid.steps[1:], grid.losses[1:, shown], label=f"{name[4:]} ({grid.rates[shown]:.2g})")
        ax.axhline(levels[int(names[0][1])], color="0.6", lw=0.8, ls=":", label="learnt")
        chosen = "default rate" if "Adam" in names[0] else "best rates"
        ax.set(title=f"{title} ({label}), {chosen}", xlabel="iteration", ylabel="loss")
        add_legend(ax, fontsize=8)
    axes[-1].set_axis_off()
    save(figure, path, fast)


def _trained(X, y, size, cache, name, wish):
    """One model over the grid of rates; from the cache where it was trained before."""
    from threadpoolctl import threadpool_limits

    settings = {key: value for key, value in wish.items() if key != "p"}

    def make():
        with threadpool_limits(THREADS, "blas"), progress(size.steps, name) as watch:
            return Batched(X, y, wish["p"], size.grid(), **settings).run(size.steps, size.every, watch)

    return load_or_make(cache, {"X": X, "y": y, "size": repr(size), "wish": repr(sorted(wish.items(), key=str))}, make)


def _default(grid) -> int:
    """Configuration next to Adam's default rate."""
    return int(np.argmin(np.abs(np.log(grid.rates / ADAM))))


def _first_move(grid, best) -> float:
    """First recorded step at which the loss has fallen by 1 % from the start; infinite where it never does."""
    losses = grid.losses[:, best]
    moved = np.flatnonzero(losses <= 0.99 * losses[0])
    return float(grid.steps[moved[0]]) if len(moved) else math.inf


def _ratio(a, b) -> float | None:
    """``a / b`` where either may not have been reached; None where both weren't: nothing was measured."""
    return None if math.isinf(a) and math.isinf(b) else a / b


def _command():
    """Run from the command line; what was trained before Ctrl-C is kept."""
    given = options(__doc__, OUT, "folder of the UCI files batch1.dat ...", scaling=tuple(SCALINGS))
    try:
        with plainly():
            found = main(fast=given.fast, out=given.out, data=given.data, scaling=given.scaling)
    except KeyboardInterrupt:
        kept = len(list((pathlib.Path(given.out) / "cache").glob("grid-*.npz")))
        raise SystemExit(f"stopped; {kept} trained models are kept in {given.out}/cache, run again to go on") from None
    print("\n".join(f"{key} = {value}" for key, value in found.items() if "[" in key))
    print(table(claims(found, FAST if given.fast else FULL)))


if __name__ == "__main__":
    _command()
