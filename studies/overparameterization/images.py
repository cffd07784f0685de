"""Two matrices for each dense layer of a convolutional network: an analogue of Fig. 5 right of Arora, Cohen, Hazan.

The paper trains TensorFlow's convolutional tutorial on MNIST.  From it are kept: ReLU, softmax, a hidden layer of 512,
weights of deviation 0.1, rate 0.01, momentum 0.9, batches of 64, and what is doubled: the dense layers.  Left out: a
second convolution, pooling (a stride here), dropout, biases, decay; and MNIST, in whose place stand synthetic images
or the reader's own idx files (``--data FOLDER``).  Run: ``python -m studies.overparameterization.images``.
"""

import math

import numpy as np

from studies.claims import Claim, table, verdicts
from studies.command import folder, options, plainly
from studies.figures import add_legend, figure_of, save
from studies.overparameterization.image_data import CLASSES, read_images, synthetic_images
from studies.progress_bar import progress
from systems.training.network_descent import train
from systems.training.networks import Network, NetworkLoss, softmax_loss
from systems.training.rules import Momentum

OUT = "out/overparameterization"
FILTERS, WINDOW, STRIDE, HIDDEN = 16, 5, 2, 512
BATCH, DEVIATION, TUTORIAL = 64, 0.1, 0.01
RATES = (0.003, TUTORIAL, 0.03)  # a factor of three around the tutorial's own
STEPS, FAST = 1500, 300  # of descent
SIDE, FAST_SIDE = 28, 14  # pixels; 28 as in MNIST
LEVELS = {"steps": 0.05, "late steps": 0.005}  # of log 10, the loss of knowing nothing
SMOOTH = 10  # records


def main(fast=False, out=OUT, data=None) -> dict:
    """Train both networks at several rates, draw them, return steps and verdicts.

    Parameters
    ----------
    fast : bool
        Smaller images and fewer steps.
    out : path-like
        Folder of ``images.png``; made if missing.
    data : path-like, optional
        Folder with ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``; default: synthetic images.

    Returns
    -------
    dict
        For ``plain`` and ``doubled``: ``steps[...]`` to a twentieth of the first loss, ``late steps[...]`` to a tenth
        of that and ``loss[...]``, the last, at the tutorial's rate; ``best steps[...]`` (to a twentieth) and ``best
        rate[...]`` of all rates; ``parameters`` (how many times more the doubled network has); verdicts by claim.
    """
    X, labels = synthetic_images(*((2000, FAST_SIDE) if fast else (8000, SIDE))) if data is None else read_images(data)
    Y = np.eye(CLASSES, dtype=np.float32)[labels]
    made = networks(math.isqrt(X.shape[1]))
    runs = {name: _trained(name, network, X, Y, FAST if fast else STEPS) for name, network in made.items()}
    found = {**numbers(runs), "parameters": made["doubled"].size / made["plain"].size}
    draw(runs, folder(out) / "images.png", "synthetic images" if data is None else "idx files")
    return {**found, **verdicts(claims(found))}


def networks(side) -> dict:
    """Set up the plain network and the one with two matrices for each dense one; expressiveness is the same."""
    pattern = convolution(side)
    inputs = len(pattern)
    plain = Network([side**2, inputs, HIDDEN, CLASSES], "relu", patterns=(pattern, None, None))
    widths = [side**2, inputs, min(inputs, HIDDEN), HIDDEN, CLASSES, CLASSES]
    kinds = ("relu", "linear", "relu", "linear")
    return {"plain": plain, "doubled": Network(widths, kinds, patterns=(pattern, None, None, None, None))}


def convolution(side) -> np.ndarray:
    """Make the pattern (units, side**2) of shared weights: every filter at every place of the stride.

    Examples
    --------
    >>> pattern = convolution(5)  # one place only: a unit for each filter
    >>> pattern.shape, pattern[1].min(), pattern[1].max()
    ((16, 25), np.int64(26), np.int64(50))
    """
    places = range(0, side - WINDOW + 1, STRIDE)
    window = np.arange(1, WINDOW**2 + 1).reshape(WINDOW, WINDOW)
    pattern = np.zeros((FILTERS, len(places), len(places), side, side), int)
    for f in range(FILTERS):
        for i, top in enumerate(places):
            for j, left in enumerate(places):
                pattern[f, i, j, top : top + WINDOW, left : left + WINDOW] = window + f * WINDOW**2
    return pattern.reshape(-1, side**2)


def numbers(runs) -> dict:
    """Compute the steps and losses at the tutorial's rate, steps and rate of the best runs."""
    found = {}
    for name, tried in runs.items():
        rate = min(tried, key=lambda rate: (steps_to(tried[rate]), tried[rate].losses[-1]))
        usual = tried[TUTORIAL]
        found |= {f"{kind}[{name}]": steps_to(usual, kind) for kind in LEVELS}
        found[f"loss[{name}]"] = float(running_mean(usual)[-1])
        found |= {f"best steps[{name}]": steps_to(tried[rate]), f"best rate[{name}]": rate}
    return found


def running_mean(run) -> np.ndarray:
    """Compute the running mean of the batch losses."""
    return np.convolve(run.losses, np.ones(SMOOTH) / SMOOTH, mode="valid")


def steps_to(run, kind="steps") -> float:
    """Find the first recorded step with a running mean of batch losses below the level; infinite without any."""
    reached = np.flatnonzero(running_mean(run) <= LEVELS[kind] * math.log(CLASSES))
    return float(run.steps[reached[0] + SMOOTH - 1]) if len(reached) else math.inf


def claims(found) -> list:
    """List the claim in question, Fig. 5 right, with what was really trained."""

    def ratio(name):
        plain, doubled = found[f"{name}[plain]"], found[f"{name}[doubled]"]
        return None if math.isinf(plain) and math.isinf(doubled) else plain / doubled

    where = "Fig 5 right, analogue"
    return [
        Claim(where, "doubled: fewer steps to 5 %", ratio("steps"), low=1.05, note="times, tutorial's rate"),
        Claim(where, "doubled: fewer steps to 0.5 %", ratio("late steps"), low=1.05, note="times, the same"),
        Claim(where, "doubled: less loss at the end", ratio("loss"), low=1.05, note="times, the same"),
        Claim(where, "doubled: fewer steps to 5 %, best rates", ratio("best steps"), low=1.05, note="times"),
        Claim("Fig 5 right", "on MNIST, with dropout", note="data not shipped; images --data FOLDER reads a copy"),
    ]


def draw(runs, path, label):
    """Draw the batch losses, faint, and their running means at the tutorial's rate."""
    figure, ax = figure_of(size=(6.5, 4))
    for name, tried in runs.items():
        run = tried[TUTORIAL]
        (line,) = ax.semilogy(run.steps[SMOOTH - 1 :], running_mean(run), label=f"{name} dense layers")
        ax.semilogy(run.steps, run.losses, color=line.get_color(), alpha=0.25, lw=0.6)
    for level in LEVELS.values():
        ax.axhline(level * math.log(CLASSES), color="0.6", lw=0.8, ls=":")
        ax.annotate(f"{level:.1%}", (0.99, level * math.log(CLASSES)), xycoords=("axes fraction", "data"), ha="right")
    ax.set(title=f"Analogue of Fig. 5 right ({label}, rate {TUTORIAL:g})", xlabel="step", ylabel="batch loss")
    add_legend(ax)
    save(figure, path)


def start_of(network, seed=1) -> np.ndarray:
    """Draw the tutorial's weights: normal of deviation 0.1, drawn again beyond two deviations."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=network.size)
    while np.any(far := np.abs(values) > 2):
        values[far] = rng.normal(size=int(far.sum()))
    return (DEVIATION * values).astype(np.float32)


def _trained(name, network, X, Y, steps) -> dict:
    """Runs of a network by rate; one BLAS thread, as the products are small."""
    from threadpoolctl import threadpool_limits

    every, runs = max(1, steps // 400), {}
    objective, start = NetworkLoss(network, X, Y, p=softmax_loss), start_of(network)
    for rate in RATES:
        with threadpool_limits(1, "blas"), progress(steps, f"{name}, rate {rate:g}") as watch:
            runs[rate] = train(objective, start, Momentum(rate), steps=steps, batch=BATCH, every=every, watch=watch)
    return runs


def _command():
    """Run from the command line."""
    given = options(__doc__, OUT, "folder of idx files")
    with plainly():
        found = main(fast=given.fast, out=given.out, data=given.data)
    print("\n".join(f"{key} = {value}" for key, value in found.items()))
    print(table(claims(found)))


if __name__ == "__main__":
    _command()
