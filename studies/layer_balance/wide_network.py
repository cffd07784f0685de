"""Balance of a 1000-100-100-10 ReLU network while it learns (Du, Hu, Lee, Fig. 2).

The paper gives neither data, step size nor seed, and its printed end norms contradict its printed bounds (42.90
against 43.76 differ by more than 0.14).  Here: inputs N(0, I/d), targets of a random ReLU teacher scaled to standard
deviation 0.147, step 5, mean loss.  Asserted is the exact law of one step, at steps along the run; norms are reported.
Run: ``python -m studies.layer_balance.wide_network``.
"""

import numpy as np

from studies.claims import Claim, verdicts
from studies.command import folder, options
from studies.figures import add_legend, figure_of, save
from studies.progress_bar import progress
from systems.training.invariants import violation
from systems.training.network_descent import train
from systems.training.networks import Network, NetworkLoss

WIDTHS = (1000, 100, 100, 10)  # those of the paper
SAMPLES, STEPS, RATE, SPREAD = 1000, 10_000, 5.0, 0.147
FAST = ((200, 40, 40, 10), 200, 800)  # widths, samples and steps
DEVIATIONS = {"balanced": (1e-3, 10**-2.5, 1e-2), "unbalanced": (1e-2, 1e-2, 1e-2)}  # of the entries of each layer
THREADS = 1  # two save a third of the time on an idle machine, and cost many times more on a busy one
NEAR = 1.25  # a ratio of norms that is close to 1: the paper's own end at 1.22
PRINTED = {"balanced": (42.90, 43.76, 43.68), "unbalanced": (55.50, 45.65, 45.46)}  # end norms in the paper's figure
OUT = "out/layer_balance"


def main(fast=False, out=OUT) -> dict:
    """Train from both starts of Fig. 2, draw it, return norms, drifts and verdicts.

    Parameters
    ----------
    fast : bool
        A smaller network, fewer samples and steps.
    out : path-like
        Folder of ``wide_network.png``; made if missing.

    Returns
    -------
    dict
        ``norms[balanced]`` ... squared norms of the layers at the end; ``drift[...]`` the largest change of their
        differences; ``largest[...]`` the largest difference; verdicts by claim.
    """
    out = folder(out)
    objective, steps = problem(fast), FAST[2] if fast else STEPS
    runs = {name: learn(objective, name, steps) for name in DEVIATIONS}
    draw(runs, out / "wide_network.png", fast)
    found = {name: numbers(objective, run) for name, run in runs.items()}
    made = {f"{key}[{name}]": value for name, row in found.items() for key, value in row.items()}
    return {**made, **verdicts(claims(found))}


def problem(fast=False, seed=0) -> NetworkLoss:
    """Make samples and targets in float32."""
    widths, samples = FAST[:2] if fast else (WIDTHS, SAMPLES)
    rng, network = np.random.default_rng(seed), Network(widths, "relu")
    X = rng.normal(size=(samples, widths[0])) / np.sqrt(widths[0])
    Y = network.output(rng.normal(size=network.size), X)
    Y *= SPREAD / Y.std()
    return NetworkLoss(network, X.astype(np.float32), Y.astype(np.float32))


def learn(objective, name, steps, seed=1):
    """Run gradient descent from one of the starts, with a progress bar on a terminal."""
    from threadpoolctl import threadpool_limits

    rng = np.random.default_rng(seed)
    sizes = objective.network.sizes
    start = np.concatenate([sd * rng.normal(size=n) for sd, n in zip(DEVIATIONS[name], sizes)]).astype(np.float32)
    with threadpool_limits(THREADS, "blas"), progress(steps, f"{name} start") as watch:
        return train(objective, start, RATE, steps=steps, every=max(1, steps // 500), watch=watch)


def numbers(objective, run) -> dict:
    """Compute the end norms, drift, largest difference, ratio and the law of a step in float64 at both ends."""
    network, layers = objective.network, run.invariants["layers"]
    norms = [float(np.dot(v, v)) for v in network.parameters(run.final.astype(float))]
    return {
        "norms": norms,
        "loss": float(run.losses[-1]),
        "drift": float(np.max(np.abs(layers - layers[0]))),
        "largest": float(np.max(np.abs(layers))),
        "ratio": max(norms) / min(norms),
        "near 1 from": _near_from(run),
        "law": max(_law(objective, theta.astype(float)) for theta in run.states),
        "start": [float(np.dot(v, v)) for v in network.parameters(run.states[0].astype(float))],
    }


def claims(found) -> list:
    """List what Fig. 2 says, against `numbers` of both runs."""
    rows = []
    for name, row in found.items():
        size = sum(row["norms"]) / 3
        begun = max(row["start"]) - min(row["start"])
        rows += [
            Claim(f"I1, {name}", "law of one step", row["law"], high=1e-12, note="relative"),
            Claim(f"Fig 2, {name}", "differences change little", row["drift"] / size, high=0.02, note="of a norm"),
            Claim(f"Fig 2, {name}", "differences bounded", row["largest"] - begun, high=0.02 * size, note="excess"),
            Claim(f"Fig 2, {name}", "ratios tend to 1", row["ratio"], 1.0, 1.3 if name == "balanced" else 2.0),
            Claim(f"Fig 2, {name}", "... and stay below 1.25", row["near 1 from"], high=0.5, note="from, of the run"),
        ]
    return rows


def by_start(made) -> dict:
    """Sort the flat numbers that `main` returns by run.

    Examples
    --------
    >>> by_start({"ratio[balanced]": 1.0, "a claim": "holds"})["balanced"]
    {'ratio': 1.0}
    """
    found = {name: {} for name in DEVIATIONS}
    for key, value in made.items():
        name, bracket, rest = key.partition("[")
        if bracket and rest[:-1] in found:
            found[rest[:-1]][name] = value
    return found


def draw(runs, path, fast=False):
    """Draw differences and ratios of the layers' squared norms (Fig. 2 a to d), and the loss."""
    figure, axes = figure_of(2, 3, (13, 6.5))
    for k, (name, run) in enumerate(runs.items()):
        norms = run.invariants["norms"]
        axes[k, 0].plot(run.steps, run.invariants["layers"], label=["|W1|² - |W2|²", "|W2|² - |W3|²"])
        ratios = norms[:, :-1] / norms[:, 1:]
        axes[k, 1].plot(run.steps, ratios, label=["|W1|² / |W2|²", "|W2|² / |W3|²"])
        axes[k, 0].set(ylabel="difference of squared norms")
        axes[k, 1].set(ylabel="ratio of squared norms", yscale="log" if ratios.max() > 2 * ratios.min() else "linear")
        for ax in axes[k, :2]:
            ax.set(title=f"{name} start (synthetic data)", xlabel="step")
            add_legend(ax)
        axes[0, 2].semilogy(run.steps, run.losses, label=name)
    axes[0, 2].set(title="loss", xlabel="step", ylabel="loss")
    add_legend(axes[0, 2])
    axes[1, 2].set_axis_off()
    save(figure, path, fast)


def _near_from(run) -> float:
    """Fraction of the run after which all ratios of neighbouring layers stay within `NEAR` of each other; 1: never."""
    norms = run.invariants["norms"]
    apart = np.max(np.abs(np.diff(np.log(norms), axis=1)), axis=1) > np.log(NEAR)
    return float(run.steps[np.flatnonzero(apart)[-1]] / run.steps[-1]) if apart.any() else 0.0


def _law(objective, theta) -> float:
    """Violation of law I1 by one step in float64."""
    wide = NetworkLoss(objective.network, objective.X.astype(float), objective.Y.astype(float))
    _, gradient = wide.loss_gradient(theta)
    return violation(objective.network, theta, gradient, theta - RATE * gradient, RATE)


def _command():
    """Run from the command line."""
    given = options(__doc__, OUT)
    found = main(fast=given.fast, out=given.out)
    print("\n".join(f"{key} = {value}" for key, value in found.items()))
    print(f"\nthe paper prints the norms {PRINTED}")


if __name__ == "__main__":
    _command()
