"""Overparameterization: grids of rates, their cache, equation 12, data files, images, progress of long runs."""

import io
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from studies.overparameterization import acceleration, data, emulation, image_data, images
from studies.overparameterization import preconditioner as pre
from studies.overparameterization.grid import Batched, Grid, least_loss, load_or_make
from studies.progress_bar import progress
from systems.training.network_descent import train
from systems.training.networks import Network, NetworkLoss
from systems.training.rules import AdaGrad, Adam

TINY = acceleration.Size(60, 5, 400, 4)


@pytest.mark.parametrize("p", [2, 4, 6])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_batched_descent_is_descent(p, depth):
    """Every configuration against the network of `systems.training`, same start and rate."""
    X, y = data.synthetic(40, 5)
    batch = Batched(X, y, p, [0.01, 0.05], depth=depth, deviation=0.5)
    start = batch.theta[0].copy()
    grid = batch.run(60, 20)
    network = Network([5, *[1] * depth])
    for c, rate in enumerate(grid.rates):
        run = train(NetworkLoss(network, X, y[:, None], p=p), start, rate, steps=60, every=20)
        assert_allclose(grid.losses[:, c], run.losses, rtol=1e-10)


@pytest.mark.parametrize("rule", [Adam(1.0), AdaGrad(1.0)])
def test_batched_rules(rule):
    X, y = data.synthetic(40, 5)
    batch = Batched(X, y, 4, [0.01, 0.05], depth=2, rule=rule, deviation=0.5)
    start = batch.theta[0].copy()
    grid = batch.run(30, 30)
    for c, rate in enumerate(grid.rates):
        objective = NetworkLoss(Network([5, 1, 1]), X, y[:, None], p=4)
        assert_allclose(grid.losses[-1, c], train(objective, start, rule.with_rate(rate), steps=30).losses[-1])


def test_a_rate_that_diverges_does_not_spoil_the_others():
    X, y = data.synthetic(40, 5)
    alone = Batched(X, y, 4, [0.05]).run(200, 50)
    both = Batched(X, y, 4, [0.05, 50.0]).run(200, 50)
    assert np.isnan(both.losses[-1, 1])
    assert_allclose(both.losses[:, 0], alone.losses[:, 0])
    assert both.best(0.0) == 0


def test_cache_redraws_without_training(tmp_path):
    calls = []

    def make():
        calls.append(1)
        return Grid(np.array([0.1]), np.array([0]), np.array([[np.nan]]))

    description = {"X": np.ones(3), "rule": "a"}
    first = load_or_make(tmp_path, description, make)
    again = load_or_make(tmp_path, dict(description), make)
    assert len(calls) == 1
    assert_allclose(first.losses, again.losses)
    load_or_make(tmp_path, {**description, "X": np.zeros(3)}, make)
    assert len(calls) == 2


def test_least_loss():
    X, y = data.synthetic(50, 4)
    best = np.linalg.lstsq(X, y, rcond=None)[0]
    assert_allclose(least_loss(X, y, 2), np.mean((X @ best - y) ** 2) / 2)
    grid = Batched(X, y, 4, [0.05]).run(20_000, 20_000)
    assert_allclose(least_loss(X, y, 4), grid.losses[-1, 0], rtol=1e-6)


def test_what_was_trained_before_ctrl_c_is_kept(tmp_path, monkeypatch):
    """The third model is interrupted: two are in the cache, whole, and the run goes on from there."""
    trained = []

    class Interrupted(Batched):
        def run(self, *wishes):
            trained.append(self)
            if len(trained) == 3:
                raise KeyboardInterrupt
            return super().run(*wishes)

    monkeypatch.setattr(acceleration, "FAST", TINY)
    monkeypatch.setattr(acceleration, "Batched", Interrupted)
    monkeypatch.setattr(sys, "argv", ["acceleration", "--fast", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="stopped; 2 trained models are kept in"):
        acceleration._command()
    assert not list((tmp_path / "cache").glob("*.part"))
    acceleration.main(fast=True, out=tmp_path)
    assert len(trained) == 3 + 14  # of 16 models; the two kept are not trained again


def test_a_file_that_was_not_finished_is_no_result(tmp_path):
    def stopped():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_or_make(tmp_path, {"a": 1}, stopped)
    assert not list(tmp_path.glob("*.npz"))


@pytest.mark.parametrize("scaling", ["z-score", "min-max"])
def test_scalings(scaling):
    X, y = acceleration.samples(None, TINY, scaling)
    if scaling == "z-score":
        assert_allclose([X.std(axis=0).max(), y.std()], 1)
    else:
        assert_allclose([X.min(), X.max(), y.min(), y.max()], [0, 1, 0, 1])
    assert ("min-max" in acceleration.label_of(None, scaling)) == (scaling == "min-max")


def test_an_unknown_scaling_is_named():
    with pytest.raises(ValueError, match=r"scaling: wanted one of \('z-score', 'min-max'\), got 'log'"):
        acceleration.samples(None, TINY, "log")


def test_equation_12_is_no_other_equation(monkeypatch, tmp_path):
    """Without the projection the emulation departs from the network."""
    X, y = acceleration.samples(None, TINY)
    right = emulation.numbers(emulation.figure2(X, y, 200, tmp_path / "right"))
    monkeypatch.setattr(emulation.pre, "single_output", lambda w, g, depth: np.linalg.norm(w) ** (2 - 2 / depth) * g)
    wrong = emulation.numbers(emulation.figure2(X, y, 200, tmp_path / "wrong"))
    assert min(wrong[key] / right[key] for key in right if key.startswith("fig2")) > 20


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        return True


@pytest.mark.parametrize("kind", [Terminal, io.StringIO])
def test_progress_is_seen_on_terminals_only(kind, monkeypatch):
    stream = kind()
    monkeypatch.setattr(sys, "stdout", stream)
    with progress(10, "training of a model") as watch:
        watch(5)
        watch(10)
    assert ("training of a model" in stream.getvalue()) == (kind is Terminal)
    assert ("100%" in stream.getvalue()) == (kind is Terminal)


def lines_of(rng, kinds, features=128):
    return [
        f"{kind};{10 * k + 5}.0 " + " ".join(f"{i}:{v:.6f}" for i, v in enumerate(rng.normal(size=features), 1))
        for k, kind in enumerate(kinds)
    ]


def test_ethanol_rows_are_read(tmp_path, rng):
    first, second = lines_of(rng, [1, 2, 1]), lines_of(rng, [3, 1])
    (tmp_path / "batch1.dat").write_text("\n".join(first) + "\n")
    (tmp_path / "batch10.dat").write_text("\n".join(second) + "\n\n")
    X, y = data.read_gas_sensor(tmp_path)
    assert X.shape == (3, 128)
    assert y.tolist() == [5.0, 25.0, 15.0]
    assert_allclose(X[0, 0], float(first[0].split()[1].partition(":")[2]))
    assert_allclose(data.standardise(X).std(axis=0), 1)
    assert_allclose([data.scale_to_unit(X).min(), data.scale_to_unit(X).max()], [0, 1])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1;5.0 1:0.5 2:", r"batch1.dat, row 2, column 2: wanted a number, got '' \(a missing value"),
        ("1;5.0 1:0.5 2:nan", "batch1.dat, row 2, column 2: wanted a number, got 'nan'"),
        ("1;5.0 1:0.5", "batch1.dat, row 2, column 2: wanted 2 features, got 1"),
        ("1;5.0 1:0.5 3:0.1", "batch1.dat, row 2, column 2: wanted feature 2 as 2:value, got '3:0.1'"),
        ("1 1:0.5 2:1", "batch1.dat, row 2, column 1: wanted class;concentration, got '1'"),
        ("1;? 1:0.5 2:1", r"batch1.dat, row 2, column 1: wanted a number, got '\?'"),
    ],
)
def test_broken_lines_are_named(line, message):
    with pytest.raises(ValueError, match=message):
        data.read_rows(["1;5.0 1:0.5 2:1.5", line], "batch1.dat", features=2)


def test_folders_and_columns_that_can_not_be_used(tmp_path, rng):
    with pytest.raises(ValueError, match=r"folder: wanted one with the files batch1.dat"):
        data.read_gas_sensor(tmp_path)
    (tmp_path / "batch1.dat").write_text("\n".join(lines_of(rng, [2, 3])))
    with pytest.raises(ValueError, match=r"substance: wanted one of \[2, 3\], got 1"):
        data.read_gas_sensor(tmp_path)
    with pytest.raises(ValueError, match="column 2 is constant"):
        data.standardise([[1.0, 2.0], [2.0, 2.0]])


def test_synthetic_data_have_the_shape_of_the_set():
    X, y = data.synthetic()
    assert X.shape == (2565, 128)
    assert_allclose([y.mean(), y.std()], [0, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Batched(np.ones((3, 1)), np.ones(3), 3, [0.1]), "p: wanted an even whole number of at least 2, got 3"),
        (lambda: Batched(np.ones((3, 1)), np.ones(3), 4, [-0.1]), "rates: wanted positive numbers"),
        (lambda: Batched(np.ones((3, 1)), np.ones(3), 4, [0.1], depth=0), "depth: wanted a whole number of at least 1"),
        (lambda: Batched(np.ones((3, 1)), np.ones(3), 4, [0.1], start="zero"), 'start: wanted "small" or "identity"'),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_convolution_is_one(rng):
    """The pattern's matrix against sums over windows."""
    pattern, weights = images.convolution(9), rng.normal(size=images.FILTERS * images.WINDOW**2)
    picture = rng.normal(size=(9, 9))
    filters = weights.reshape(images.FILTERS, images.WINDOW, images.WINDOW)
    windows = np.lib.stride_tricks.sliding_window_view(picture, (5, 5))[::2, ::2]
    expected = np.einsum("fab,ijab->fij", filters, windows)
    assert_allclose(np.append(0.0, weights)[pattern] @ picture.ravel(), expected.ravel())


def test_weights_begin_within_two_deviations():
    start = images.start_of(Network([40, 40]))
    assert start.dtype == np.float32
    assert 0.19 < np.abs(start).max() <= 0.2


def test_both_networks_of_the_images_compute_the_same_functions():
    """Two matrices can be the singular factors of one: nothing is gained or lost in expressiveness."""
    rng = np.random.default_rng(0)
    made = images.networks(9)
    plain, doubled = made["plain"], made["doubled"]
    theta = rng.normal(size=plain.size)
    first, *dense = plain.parameters(theta)
    dense = [part for w in plain.matrices(theta)[1:] for part in pre.balanced_layers(w, 2, min(w.shape))]
    layers = [first, *dense]
    X = rng.normal(size=(5, 81))
    assert_allclose(doubled.output(np.concatenate([w.ravel() for w in layers]), X), plain.output(theta, X), atol=1e-9)


def test_idx_files(tmp_path):
    pictures = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    head = bytes([0, 0, 8, 3]) + np.array(pictures.shape, ">i4").tobytes()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(head + pictures.tobytes())
    labels = bytes([0, 0, 8, 1, 0, 0, 0, 2, 4, 9])
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    X, found = image_data.read_images(tmp_path)
    assert_allclose((X + 0.5) * 17, pictures.reshape(2, 9), rtol=1e-6, atol=1e-6)
    assert found.tolist() == [4, 9]
    assert image_data.read_idx(bytes([0, 0, 13, 1, 0, 0, 0, 1]) + np.array([1.5], ">f4").tobytes()).tolist() == [1.5]
    with pytest.raises(ValueError, match="idx: wanted .* values of 1 bytes, got 1 bytes"):
        image_data.read_idx(labels[:-1])
    with pytest.raises(ValueError, match="idx: wanted a file that begins with two zero bytes"):
        image_data.read_idx(b"PNG!")
    with pytest.raises(ValueError, match="idx: wanted"):
        image_data.read_idx(bytes([0, 0, 8, 3, 0]))


def test_folders_of_images_that_can_not_be_used(tmp_path):
    with pytest.raises(ValueError, match="data: wanted a folder with train-images-idx3-ubyte, there is none in"):
        image_data.read_images(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 4]))
    with pytest.raises(ValueError, match=r"data: wanted square images \(m, side, side\), got shape \(1, 1, 2\)"):
        image_data.read_images(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 7]))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 14]))
    with pytest.raises(ValueError, match="data: wanted 1 labels from 0 to 9"):
        image_data.read_images(tmp_path)
