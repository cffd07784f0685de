"""Many ReLUs: where gradient descent from small starts ends (Fig. 9), with counts; gradients of deeper networks.

Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML 2017, arXiv:1703.00560,
sections 7.3 and 8.  Run: ``python -m studies.relu_gradient.many``.
"""

import numpy as np

from studies.claims import Claim, missing
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, figure_of, save
from studies.relu_gradient.common import OUT
from systems.relu import normal_equations
from systems.relu.population_loss.loss_descent import descend, losses_along, same_up_to_permutations
from systems.relu.population_loss.population import network
from systems.relu.several_layers import layered_gradient, layered_output
from systems.relu.symmetric.reduction import flipped_guess

SIZES = (2, 5, 10)
NOISES = (0.5, 1.0, 1.5, 5.0, 20.0)  # of a start, over its part along the teachers
ENDS = ("teacher", "type II", "two flipped", "other")
MODERATE = 1.5  # noise that is not huge
STEP = 1e-6  # of central differences: rounding leaves 1e-10 of the loss
UNSETTLED = 1e-6  # largest gradient of a run that ended somewhere; others ran out of steps
SMALL = 1e-3  # size of a start: next to zero, as in the paper
OUTPUT_WEIGHTS = {
    "all 1": (1.0, 1.0, 1.0, 1.0, 1.0),
    "1 to 5": (1.0, 2.0, 3.0, 4.0, 5.0),
    "mixed signs": (1.0, -1.0, 1.0, -1.0, 1.0),
    "mixed, unequal": (5.0, -3.0, 1.0, 2.0, -1.0),
}


def main(fast=False, out=OUT) -> dict:
    """Run gradient descent, count where it ends, draw Fig. 9, and return the counts.

    Parameters
    ----------
    fast : bool
        Fewer runs.
    out : path-like
        Folder of ``many.png``; made if missing.

    Returns
    -------
    dict
        As in `measure`.
    """
    rng = np.random.default_rng(9)
    runs = 3 if fast else 24
    top = {(K, noise): noisy_runs(rng, K, noise, runs) for K in SIZES for noise in NOISES}
    bottom = {name: weighted_runs(rng, a, 3 if fast else 12) for name, a in OUTPUT_WEIGHTS.items()}
    draw(top, bottom, folder(out) / "many.png", fast)
    return {**measure(top, bottom), **layers()}


def start(rng, K, noise) -> np.ndarray:
    """Draw a start ``10^-3 w*_j + eps`` for every student j, eps normal with standard deviation ``10^-3 noise``."""
    return SMALL * (np.eye(K) + noise * rng.standard_normal((K, K)))


def noisy_runs(rng, K, noise, count) -> dict:
    """Count the ends of runs with K orthonormal teachers, see `ENDS`, and list the losses of the other ones."""
    net, counts, losses, minima = network(np.eye(K), K), dict.fromkeys(ENDS, 0), [], spurious(K)
    for _ in range(count):
        run = descend(start(rng, K, noise), net, rate=1 / K, tolerance=1e-9)
        counts[name := end_of(run, minima)] += 1
        if name == "other":
            losses.append(round(run.loss, 9))
    return {**counts, "losses": losses}


def spurious(K) -> dict:
    """Solve for the points with one student (type II) and with two opposite to their teachers, where minima."""
    problem, found = normal_equations(np.eye(K), K), {}
    for name, flipped in (("type II", 1), ("two flipped", 2)) if K > 2 else ():
        W = problem.solve(flipped_guess(K, flipped).ravel()).state
        if np.linalg.eigvalsh(problem.jacobian(W)).max() < 0:
            found[name] = W.reshape(K, K)
    return found


def end_of(run, minima) -> str:
    """Name the point where a run ended."""
    if run.gradient > UNSETTLED:
        return "other"
    if same_up_to_permutations(run.weights, np.eye(len(run.weights)), 1e-5):
        return "teacher"
    return next((name for name, W in minima.items() if same_up_to_permutations(run.weights, W, 1e-4)), "other")


def weighted_runs(rng, a, count) -> dict[str, int]:
    """Count the ends of runs with output weights a, known to the students: global minimum, other point, not settled."""
    K, counts = len(a), {"global": 0, "other": 0, "not settled": 0}
    net = network(np.eye(K), K, a=a, b=a)
    for _ in range(count):
        run = descend(start(rng, K, 1.0), net, rate=0.5 / sum(x * x for x in a), steps=200_000, tolerance=1e-7)
        settled = "other" if run.gradient <= 1e-7 else "not settled"
        counts["global" if run.loss < 1e-9 else settled] += 1
    return counts


def layers(seed=19) -> dict:
    """Compare Proposition 2 with differences of the loss on samples, for networks of one to four layers.

    Returns
    -------
    dict
        ``layer_error``: largest relative difference.
    """
    rng, worst = np.random.default_rng(seed), 0.0
    for depth in range(1, 5):
        shapes = [(3, 4), (4, 5), (5, 2), (2, 3)][:depth]
        X = rng.standard_normal((30, 3))
        student, teacher = ([rng.standard_normal(shape) for shape in shapes] for _ in range(2))
        exact, target = layered_gradient(X, student, teacher), layered_output(X, teacher)
        for c, W in enumerate(student):
            direction, values = rng.standard_normal(W.shape), []
            for step in (STEP, -STEP):
                moved = [*student[:c], W + step * direction, *student[c + 1 :]]
                values.append(np.sum((layered_output(X, moved) - target) ** 2) / 2)
            slope = np.sum(exact[c] * direction)
            size = np.linalg.norm(exact[c]) * np.linalg.norm(direction) + 1e-12
            worst = max(worst, abs((values[0] - values[1]) / (2 * STEP) - slope) / size)
    return {"layer_error": float(worst)}


def measure(top, bottom) -> dict:
    """Count what the paper speaks of in Fig. 9.

    Returns
    -------
    dict
        ``ends[K, noise]``: counts of `ENDS` as words.  ``runs[K]``, ``elsewhere[K]``: runs with noise at most 1.5, and
        those of them that do not end at the teacher; ``spurious[K]``: runs with any noise that end at type II or with
        two students flipped; ``other_losses``: distinct losses of those that end at none of these.
        ``ends[name]``: counts for the output weights; ``global[name]``, ``missed[name]``: runs that end at a global
        minimum and that do not.
    """
    found = {f"ends[{K}, {noise}]": _words(counts) for (K, noise), counts in top.items()}
    for K in SIZES:
        moderate = [counts for (size, noise), counts in top.items() if size == K and noise <= MODERATE]
        found[f"runs[{K}]"] = sum(counts[name] for counts in moderate for name in ENDS)
        found[f"elsewhere[{K}]"] = missing(found[f"runs[{K}]"], sum(counts["teacher"] for counts in moderate))
        every = [counts for (size, _), counts in top.items() if size == K]
        found[f"spurious[{K}]"] = sum(counts["type II"] + counts["two flipped"] for counts in every)
    found["other_losses"] = sorted({loss for counts in top.values() for loss in counts["losses"]})
    for name, counts in bottom.items():
        runs = sum(counts.values())
        found[f"ends[{name}]"], found[f"global[{name}]"] = _words(counts), missing(runs, runs - counts["global"])
        found[f"missed[{name}]"] = missing(runs, counts["global"])
    return found


def claims(found) -> list[Claim]:
    """List the claims: Fig. 9, Conjecture 2 and Proposition 2 beside the numbers of `main`."""
    positive = [found[f"missed[{name}]"] for name in ("all 1", "1 to 5")]
    return [
        *(
            Claim(
                "Fig 9 top, Conjecture 2",
                f"K = {K}: converges unless noise is huge",
                found[f"elsewhere[{K}]"],
                high=0,
                note=f"runs elsewhere, of {found[f'runs[{K}]']} with noise <= {MODERATE}",
            )
            for K in SIZES
        ),
        Claim("Fig 9 bottom", "a > 0: converges", sum(positive), high=0, note="runs elsewhere"),
        *(
            Claim("Fig 9 bottom", f"{name}: never converges", found[f"global[{name}]"], high=0, note=words)
            for name in ("mixed signs", "mixed, unequal")
            for words in ["runs at a global minimum: " + found[f"ends[{name}]"]]
        ),
        Claim("Proposition 2", "gradients of layers", found["layer_error"], high=1e-6, note="against differences"),
    ]


def _words(counts) -> str:
    """Counts as text."""
    return ", ".join(f"{value} {name}" for name, value in counts.items() if name != "losses")


def draw(top, bottom, path, fast):
    """Draw training curves for the sizes and noises, and for the output weights; below, where all runs end."""
    rng = np.random.default_rng(5)
    figure, axes = figure_of(2, len(SIZES) + 1, (17, 8))
    steps = 300 if fast else 2000
    for ax, K in zip(axes[0], SIZES):
        for colour, noise in zip(COLOURS, NOISES):
            losses = losses_along(start(rng, K, noise), network(np.eye(K), K), 1 / K, steps)
            ax.semilogy(np.maximum(losses, 1e-16), color=colour, label=f"noise {noise:g}")
        ax.set(xlabel="step", ylabel="loss", title=f"K = {K}")
    for colour, (name, a) in zip(COLOURS, OUTPUT_WEIGHTS.items()):
        net = network(np.eye(5), 5, a=a, b=a)
        losses = losses_along(start(rng, 5, 1.0), net, 0.5 / sum(x * x for x in a), steps)
        axes[0, -1].semilogy(np.maximum(losses, 1e-16), color=colour, label=name)
    axes[0, -1].set(xlabel="step", ylabel="loss", title="output weights, K = 5")
    for ax, K in zip(axes[1], SIZES):
        _bars(ax, {f"{noise:g}": top[K, noise] for noise in NOISES}, ENDS)
        ax.set(xlabel="noise", title=f"where the runs end, K = {K}")
    _bars(axes[1, -1], bottom, ("global", "other", "not settled"))
    axes[1, -1].tick_params(axis="x", labelsize=8)
    axes[1, -1].set(title="where the runs end, by output weights")
    for ax in axes[0]:
        ax.grid(alpha=0.25)
    for ax in axes.ravel():
        add_legend(ax, fontsize=8)
    save(figure, path, fast)


def _bars(ax, counts, names):
    """Counts on top of each other."""
    below = np.zeros(len(counts))
    for colour, name in zip(COLOURS, names):
        heights = np.array([found[name] for found in counts.values()])
        ax.bar(list(counts), heights, bottom=below, color=colour, label=name)
        below += heights
    ax.set(ylabel="runs", ylim=(0, 1.45 * below.max()))


if __name__ == "__main__":
    command(globals(), OUT)
