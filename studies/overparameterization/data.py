"""Data of the experiments: the reader's copy of the UCI gas-sensor files, or synthetic data of the same shape.

The UCI set "Gas Sensor Array Drift at Different Concentrations" is not shipped.  Its files ``batch1.dat`` ... hold one
sample a line, ``class;concentration 1:value ... 128:value``; class 1 is ethanol, 2565 samples in all.
"""

import pathlib

import numpy as np

ETHANOL, FEATURES, SAMPLES = 1, 128, 2565  # the set of the paper in the UCI files


def read_gas_sensor(folder, substance=ETHANOL):
    """Read features and concentrations of one substance from ``batch*.dat`` in a folder.

    Parameters
    ----------
    folder : path-like
    substance : int
        Class of the wanted rows; 1 is ethanol.

    Returns
    -------
    X, y : (m, 128) and (m,) arrays
        As in the files, not scaled.

    Raises
    ------
    ValueError
        No files, no rows of this class, a missing or unreadable value; the message names file, row and column.
    """
    files = sorted(pathlib.Path(folder).glob("batch*.dat"), key=lambda f: (len(f.name), f.name))
    if not files:
        raise ValueError(f"folder: wanted one with the files batch1.dat ..., got {str(folder)!r}")
    rows = [row for file in files for row in read_rows(file.read_text("utf-8").splitlines(), file.name)]
    wanted = [row for row in rows if row[0] == substance]
    if not wanted:
        raise ValueError(f"substance: wanted one of {sorted({row[0] for row in rows})}, got {substance!r}")
    return np.array([row[2] for row in wanted]), np.array([row[1] for row in wanted])


def read_rows(lines, name="lines", features=FEATURES) -> list:
    """Parse lines ``class;concentration 1:value 2:value ...`` to (class, concentration, values), no blank ones.

    Examples
    --------
    >>> read_rows(["1;10.0 1:0.5 2:-3e2"], features=2)
    [(1, 10.0, [0.5, -300.0])]
    """
    return [_row(line, f"{name}, row {k}", features) for k, line in enumerate(lines, 1) if line.strip()]


def standardise(X) -> np.ndarray:
    """Scale columns to mean 0 and standard deviation 1.

    Examples
    --------
    >>> standardise([[1.0], [3.0]])
    array([[-1.],
           [ 1.]])
    """
    X = np.asarray(X, float)
    return (X - X.mean(axis=0)) / _spread(X.std(axis=0))


def scale_to_unit(X) -> np.ndarray:
    """Scale columns to [0, 1].

    Examples
    --------
    >>> scale_to_unit([[1.0], [3.0], [2.0]]).ravel()
    array([0. , 1. , 0.5])
    """
    X = np.asarray(X, float)
    return (X - X.min(axis=0)) / _spread(np.ptp(X, axis=0))


def synthetic(samples=SAMPLES, features=FEATURES, seed=0):
    """Make data of the shape of the ethanol set: ``(X, y)``, both z-scored.

    Covariance eigenvalues ``i^-1.5`` in random directions, a random linear rule, noise of Student's t with 3 degrees
    of freedom at a fifth of the signal.
    """
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(features, features)))[0]
    X = standardise(rng.normal(size=(samples, features)) * np.arange(1, features + 1) ** -0.75 @ rotation.T)
    signal = X @ rng.normal(size=features)
    noise = rng.standard_t(3, size=samples)
    return X, standardise(signal / signal.std() + 0.2 * noise)


def _row(line, place, features):
    """One line, or an error that names its place."""
    head, *cells = line.split()
    kind, semicolon, amount = head.partition(";")
    if not semicolon or not kind.isdigit():
        raise ValueError(f"{place}, column 1: wanted class;concentration, got {head!r}")
    values = [_value(cell, k, place) for k, cell in enumerate(cells, 1)]
    if len(values) != features:
        raise ValueError(f"{place}, column {len(values) + 1}: wanted {features} features, got {len(values)}")
    return int(kind), _number(amount, f"{place}, column 1"), values


def _value(cell, k, place):
    """Feature number k."""
    index, colon, text = cell.partition(":")
    if not colon or index != str(k):
        raise ValueError(f"{place}, column {k}: wanted feature {k} as {k}:value, got {cell!r}")
    return _number(text, f"{place}, column {k}")


def _number(text, place) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise ValueError(f"{place}: wanted a number, got {text!r} (a missing value?)")
    return value


def _spread(width) -> np.ndarray:
    """Widths of the columns, none of them zero."""
    if np.any(width == 0):
        raise ValueError(f"X: wanted columns that vary, column {int(np.argmin(width)) + 1} is constant")
    return width
