"""Many ReLUs: where gradient descent from small starts ends (Fig. 9), with counts; gradients of deeper networks.

Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML 2017, arXiv:1703.00560,
sections 7.3 and 8.  Run: ``python -m studies.relu_gradient.many``.
"""

import numpy as np

from studies.command import folder
from studies.relu_gradient.common import COLOURS, OUT, canvas, command, save
from systems.relu import symmetric_reduction
from systems.relu.descent import descend, losses_along, same_up_to_permutations
from systems.relu.layers import layered_gradient, layered_output
from systems.relu.population import network
from systems.relu.reduction import reduced_weights, type_ii_guess

SIZES = (2, 5, 10)
NOISES = (0.5, 1.0, 1.5, 5.0, 20.0)
SMALL = 1e-3
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
        As in `verdicts`.
    """
    rng = np.random.default_rng(9)
    runs = 3 if fast else 8
    top = {(K, noise): noisy_runs(rng, K, noise, runs) for K in SIZES for noise in NOISES}
    bottom = {name: weighted_runs(rng, a, 3 if fast else 12) for name, a in OUTPUT_WEIGHTS.items()}
    draw(folder(out) / "many.png", fast)
    return {**verdicts(top, bottom), **layers()}


def start(rng, K, noise) -> np.ndarray:
    """``10^-3 w*_j + eps`` for every student j, eps normal with standard deviation ``10^-3 noise``."""
    return SMALL * (np.eye(K) + noise * rng.standard_normal((K, K)))


def noisy_runs(rng, K, noise, count) -> dict:
    """Count the ends of runs with K orthonormal teachers: a permutation of them, type II, other (and their losses)."""
    net, counts = network(np.eye(K), K), {"teacher": 0, "type II": 0, "other": 0}
    minimum, losses = spurious(K), []
    for _ in range(count):
        run = descend(start(rng, K, noise), net, rate=1 / K, tolerance=1e-9)
        counts[name := end_of(run, minimum)] += 1
        if name == "other":
            losses.append(round(run.loss, 9))
    return {**counts, "losses": losses}


def spurious(K):
    """The minimum of type II; None below K = 6, where it is a saddle."""
    return reduced_weights(symmetric_reduction(K).solve(type_ii_guess(K)), K) if K >= 6 else None


def end_of(run, minimum) -> str:
    """Name the point where a run ended."""
    if run.gradient > 1e-6:
        return "other"
    if same_up_to_permutations(run.weights, np.eye(len(run.weights)), 1e-5):
        return "teacher"
    return "type II" if minimum is not None and same_up_to_permutations(run.weights, minimum, 1e-4) else "other"


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
        ``layer_error``: largest relative difference; ``proposition_2``: below 1e-6.
    """
    rng, worst = np.random.default_rng(seed), 0.0
    for depth in range(1, 5):
        shapes = [(3, 4), (4, 5), (5, 2), (2, 3)][:depth]
        X = rng.standard_normal((30, 3))
        student, teacher = ([rng.standard_normal(shape) for shape in shapes] for _ in range(2))
        exact, target = layered_gradient(X, student, teacher), layered_output(X, teacher)
        for c, W in enumerate(student):
            direction, values = rng.standard_normal(W.shape), []
            for step in (1e-6, -1e-6):
                moved = [*student[:c], W + step * direction, *student[c + 1 :]]
                values.append(np.sum((layered_output(X, moved) - target) ** 2) / 2)
            slope = np.sum(exact[c] * direction)
            size = np.linalg.norm(exact[c]) * np.linalg.norm(direction) + 1e-12
            worst = max(worst, abs((values[0] - values[1]) / 2e-6 - slope) / size)
    return {"layer_error": float(worst), "proposition_2": bool(worst < 1e-6)}


def verdicts(top, bottom) -> dict:
    """Compare the counts with what the paper says of Fig. 9.

    Returns
    -------
    dict
        ``ends[K, noise]``: counts of teacher / type II / other.  ``small_noise_converges``: all runs with noise at most
        1 and K <= 5 end at the teacher.  ``always_converges``: all runs do.
        ``type_II_seen``: the runs that ended at the spurious minimum; ``other_losses``: the losses of those that ended
        at neither, distinct ones.
        ``ends[name]``: counts for the output weights.  ``positive_converges``: the paper's claim for positive ones.
        ``mixed_never_converges``: its claim that no run with mixed signs does; ``mixed_unequal_fails``: some run with
        mixed and unequal ones ends at another critical point.
    """
    small = [counts for (K, noise), counts in top.items() if noise <= 1 and K <= 5]
    mixed = [bottom["mixed signs"], bottom["mixed, unequal"]]
    return {
        **{f"ends[{K}, {noise}]": _words(counts) for (K, noise), counts in top.items()},
        "small_noise_converges": all(_rest(counts) == 0 for counts in small),
        "always_converges": all(_rest(counts) == 0 for counts in top.values()),
        "type_II_seen": sum(counts["type II"] for counts in top.values()),
        "other_losses": sorted({loss for counts in top.values() for loss in counts["losses"]}),
        **{f"ends[{name}]": _words(counts) for name, counts in bottom.items()},
        "positive_converges": all(bottom[name]["global"] == sum(bottom[name].values()) for name in ("all 1", "1 to 5")),
        "mixed_never_converges": all(counts["global"] == 0 for counts in mixed),
        "mixed_unequal_fails": bottom["mixed, unequal"]["other"] > 0,
    }


def _rest(counts) -> int:
    """Runs that ended elsewhere than at the teacher."""
    return counts["type II"] + counts["other"]


def _words(counts) -> str:
    """Counts as text."""
    return ", ".join(f"{value} {name}" for name, value in counts.items() if name != "losses")


def draw(path, fast):
    """Draw training curves for the sizes and noises, and for the output weights."""
    rng = np.random.default_rng(5)
    figure, axes = canvas(1, len(SIZES) + 1, (16, 4.2))
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
    for ax in axes[0]:
        ax.legend(fontsize=8)
        ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(main, __doc__.splitlines()[0])
