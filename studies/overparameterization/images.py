"""Two matrices for each dense layer and stochastic descent on images: an analogue of Fig. 5 right of Arora et al.

The paper trains TensorFlow's convolutional tutorial on MNIST, with dropout.  Here: a dense ReLU network, squared loss
on class indicators, momentum, on synthetic images or on the reader's own idx files (``--data FOLDER``).  The same
question, not the same experiment.  Run: ``python -m studies.overparameterization.images``.
"""

import math
import pathlib

import numpy as np

from studies.claims import Claim, table, verdicts
from studies.command import options
from systems.training.networks import Network, NetworkLoss
from systems.training.rules import Momentum
from systems.training.train import train

OUT = "out/overparameterization"
CLASSES, HIDDEN, BATCH = 10, 64, 64
RATES = (0.003, 0.01, 0.03, 0.1)
STEPS, FAST = 6000, 500
LEVEL = 0.25  # of the loss of the best constant: learnt
KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def main(fast=False, out=OUT, data=None) -> dict:
    """Train both networks at several rates, draw the better ones, return steps and verdicts.

    Parameters
    ----------
    fast : bool
        Fewer images and steps.
    out : path-like
        Folder of ``images.png``; made if missing.
    data : path-like, optional
        Folder with ``train-images-idx3-ubyte`` and ``train-labels-idx1-ubyte``; default: synthetic images.

    Returns
    -------
    dict
        ``steps[plain]``, ``steps[doubled]`` to a quarter of the first loss at the best rate, ``rate[...]``,
        ``parameters`` (how many times more the doubled network has); verdicts by claim.
    """
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    X, labels = synthetic_images(1000 if fast else 8000, 14) if data is None else read_images(data)
    Y = np.eye(CLASSES, dtype=np.float32)[labels] - np.float32(1 / CLASSES)
    runs = {name: _trained(network, X, Y, fast) for name, network in networks(X.shape[1]).items()}
    found = numbers(runs)
    draw(runs, out / "images.png", "synthetic images" if data is None else "idx files")
    return {**found, **verdicts(claims(found))}


def networks(pixels) -> dict:
    """The plain network and the one with two matrices in place of each; expressiveness is the same."""
    plain = Network([pixels, HIDDEN, CLASSES], "relu")
    between = (min(pixels, HIDDEN), min(HIDDEN, CLASSES))
    doubled = Network([pixels, between[0], HIDDEN, between[1], CLASSES], ("linear", "relu", "linear"))
    return {"plain": plain, "doubled": doubled}


def numbers(runs) -> dict:
    """Steps to the level and rates of the best runs."""
    found = {}
    for name, tried in runs.items():
        rate = min(tried, key=lambda rate: (steps_to(tried[rate]), tried[rate].losses[-1]))
        found |= {f"steps[{name}]": steps_to(tried[rate]), f"rate[{name}]": rate}
    sizes = {name: next(iter(tried.values())).states.shape[1] for name, tried in runs.items()}
    return {**found, "parameters": sizes["doubled"] / sizes["plain"]}


def steps_to(run) -> float:
    """First recorded step with a running mean of batch losses below the level; infinite where there is none."""
    smooth = np.convolve(run.losses, np.ones(10) / 10, mode="valid")
    reached = np.flatnonzero(smooth <= LEVEL * 0.5 * (1 - 1 / CLASSES))
    return float(run.steps[reached[0] + 9]) if len(reached) else math.inf


def claims(found) -> list:
    """The question of Fig. 5 right, with what was really trained."""
    plain, doubled = found["steps[plain]"], found["steps[doubled]"]
    ratio = math.nan if math.isinf(plain) and math.isinf(doubled) else plain / doubled
    note = "times faster; dense network, squared loss, not the paper's ConvNet"
    return [Claim("Fig 5 right, analogue", "two matrices for each speed up", ratio, low=1.05, note=note)]


def synthetic_images(count, side, seed=0):
    """Smooth random patterns of ten classes, shifted and noisy: (X (count, side**2) in float32, labels)."""
    rng = np.random.default_rng(seed)
    wave = np.cos(np.pi * np.outer(np.arange(5), (np.arange(side) + 0.5) / side))
    patterns = np.einsum("cij,ix,jy->cxy", rng.normal(size=(CLASSES, 5, 5)), wave, wave)
    labels = rng.integers(CLASSES, size=count)
    shifts = rng.integers(-1, 2, size=(count, 2))
    images = np.array([np.roll(patterns[c], shift, (0, 1)) for c, shift in zip(labels, shifts)])
    images = images / images.std() + rng.normal(size=images.shape)
    return (images.reshape(count, -1) / side).astype(np.float32), labels


def read_images(folder):
    """Images (m, pixels) with values 0 .. 1 over their side, and labels, from idx files."""
    folder = pathlib.Path(folder)
    images = read_idx((folder / "train-images-idx3-ubyte").read_bytes())
    labels = read_idx((folder / "train-labels-idx1-ubyte").read_bytes())
    if images.ndim != 3 or labels.shape != images.shape[:1] or labels.max() >= CLASSES:
        raise ValueError(f"data: wanted images (m, rows, columns) and m labels, got {images.shape} and {labels.shape}")
    flat = images.reshape(len(images), -1).astype(np.float32)
    return flat / (np.float32(flat.max()) * images.shape[1]), labels.astype(int)


def read_idx(content) -> np.ndarray:
    """Array of an idx file's bytes: two zero bytes, type, number of dimensions, sizes, values, all big-endian.

    Examples
    --------
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([7, 8, 9], dtype=uint8)
    """
    if len(content) < 4 or content[:2] != b"\x00\x00" or content[2] not in KINDS:
        raise ValueError(f"idx: wanted a file that begins with two zero bytes and a type, got {content[:4]!r}")
    kind, dimensions = np.dtype(KINDS[content[2]]), content[3]
    shape = tuple(np.frombuffer(content, ">i4", dimensions, 4)) if len(content) >= 4 + 4 * dimensions else (-1,)
    begin = 4 + 4 * dimensions
    if min(shape) < 0 or len(content) != begin + kind.itemsize * math.prod(map(int, shape)):
        raise ValueError(f"idx: wanted {shape} values of {kind.itemsize} bytes, got {len(content) - begin} bytes")
    return np.frombuffer(content, kind, offset=begin).reshape(shape)


def draw(runs, path, label):
    """Draw the batch losses of the best rate of each network."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    ax = figure.subplots()
    for name, tried in runs.items():
        rate = min(tried, key=lambda rate: (steps_to(tried[rate]), tried[rate].losses[-1]))
        ax.semilogy(tried[rate].steps, tried[rate].losses, label=f"{name} (rate {rate:g})", lw=0.8)
    ax.set(title=f"Analogue of Fig. 5 right ({label})", xlabel="step", ylabel="batch loss")
    ax.legend()
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _trained(network, X, Y, fast) -> dict:
    """Runs by rate; weights begin at He's deviation in front of ReLU, at one over the square root elsewhere."""
    rng, steps = np.random.default_rng(1), FAST if fast else STEPS
    blocks = []
    for h, (n, inputs) in enumerate(zip(network.sizes, network.widths)):
        gain = 2.0 if h < network.depth - 1 and network.activations[h] == "relu" else 1.0
        blocks.append(rng.normal(size=n) * np.sqrt(gain / inputs))
    start = np.concatenate(blocks).astype(np.float32)
    objective = NetworkLoss(network, X, Y)
    every = max(1, steps // 400)
    return {rate: train(objective, start, Momentum(rate), steps=steps, batch=BATCH, every=every) for rate in RATES}


def _command():
    """Run from the command line."""
    given = options(__doc__, OUT, "folder of idx files")
    found = main(fast=given.fast, out=given.out, data=given.data)
    print("\n".join(f"{key} = {value}" for key, value in found.items()))
    print(table(claims(found)))


if __name__ == "__main__":
    _command()
