"""Images to learn from: synthetic patterns of ten classes, or the reader's own idx files (the format of MNIST)."""

import math
import pathlib

import numpy as np

CLASSES = 10  # as in MNIST
SPREAD = 0.3  # standard deviation of a pixel, that of MNIST's between -0.5 and 0.5
NOISE = 1.5  # relative to the patterns
KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}  # third byte of an idx file


def synthetic_images(count, side, seed=0):
    """Make smooth random patterns of ten classes, shifted and noisy: (X (count, side**2) in float32, labels)."""
    rng = np.random.default_rng(seed)
    wave = np.cos(np.pi * np.outer(np.arange(5), (np.arange(side) + 0.5) / side))
    patterns = np.einsum("cij,ix,jy->cxy", rng.normal(size=(CLASSES, 5, 5)), wave, wave)
    labels = rng.integers(CLASSES, size=count)
    shifts = rng.integers(-1, 2, size=(count, 2))
    images = np.array([np.roll(patterns[c], shift, (0, 1)) for c, shift in zip(labels, shifts)])
    images = images / images.std() + NOISE * rng.normal(size=images.shape)
    return (SPREAD / images.std() * images.reshape(count, -1)).astype(np.float32), labels


def read_images(folder):
    """Read images (m, pixels), values in [-0.5, 0.5], and labels (m,) from MNIST's two training files in a folder.

    Raises
    ------
    ValueError
        A file that is missing or no idx file, shapes that do not fit, images that aren't square.
    """
    images, labels = (_file(pathlib.Path(folder) / f"train-{name}-ubyte") for name in ("images-idx3", "labels-idx1"))
    if images.ndim != 3 or images.shape[1] != images.shape[2] or len(images) == 0:
        raise ValueError(f"data: wanted square images (m, side, side), got shape {images.shape}")
    if labels.shape != images.shape[:1] or not (labels.min() >= 0 and labels.max() < CLASSES):
        got = f"shape {labels.shape}, from {labels.min(initial=0)} to {labels.max(initial=0)}"
        raise ValueError(f"data: wanted {len(images)} labels from 0 to {CLASSES - 1}, got {got}")
    flat = images.reshape(len(images), -1).astype(np.float32)
    return flat / np.float32(flat.max() or 1) - np.float32(0.5), labels.astype(int)


def read_idx(content) -> np.ndarray:
    """Parse an idx file's bytes: two zero bytes, type, number of dimensions, sizes, values, all big-endian.

    Examples
    --------
    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([7, 8, 9], dtype=uint8)
    """
    if len(content) < 4 or content[:2] != b"\x00\x00" or content[2] not in KINDS:
        raise ValueError(f"idx: wanted a file that begins with two zero bytes and a type, got {content[:4]!r}")
    kind, dimensions = np.dtype(KINDS[content[2]]), content[3]
    shape = (
        tuple(np.frombuffer(content, ">i4", dimensions, 4).tolist()) if len(content) >= 4 + 4 * dimensions else (-1,)
    )
    begin = 4 + 4 * dimensions
    if min(shape) < 0 or len(content) != begin + kind.itemsize * math.prod(shape):
        raise ValueError(f"idx: wanted {shape} values of {kind.itemsize} bytes, got {len(content) - begin} bytes")
    return np.frombuffer(content, kind, offset=begin).reshape(shape)


def _file(path) -> np.ndarray:
    """Array of an idx file."""
    if not path.is_file():
        packed = " (unpack the .gz file)" if path.with_name(path.name + ".gz").is_file() else ""
        raise ValueError(f"data: wanted a folder with {path.name}, there is none in {str(path.parent)!r}{packed}")
    try:
        return read_idx(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
