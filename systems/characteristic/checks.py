"""What is wrong with an argument, in words: square matrices, covariances, positive numbers."""

import functools

import numpy as np

ROUNDING = 1e-12  # asymmetry, relative to the largest entry, that is rounding


def square_matrix(name, value, d=None) -> np.ndarray:
    """Copy `value` to a (d, d) array of finite numbers, or say what is wrong with the argument `name`."""
    try:
        matrix = np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: wanted a square matrix of real numbers, got {value!r}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"{name}: wanted a square matrix, got shape {matrix.shape}")
    if d is not None and len(matrix) != d:
        raise ValueError(f"{name}: wanted the shape of R, {(d, d)}, got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name}: wanted finite entries, got {matrix.tolist()}")
    return matrix


def covariance(S, d, name="S", singular=False) -> np.ndarray:
    """Check that S is a covariance of d inputs (None: the identity); semidefinite ones only where they may be."""
    if S is None:
        return np.eye(d)
    S = square_matrix(name, S, d)
    gap, size = np.abs(S - S.T).max(), np.abs(S).max()
    if gap > ROUNDING * size:
        raise ValueError(f"{name}: wanted a symmetric matrix, got one with |S - S'| up to {gap:.3g}")
    smallest = np.linalg.eigvalsh(S)[0]
    if smallest < -ROUNDING * d * size or (smallest <= ROUNDING * size and not singular):
        wanted = "semidefinite" if singular else "definite"
        raise ValueError(f"{name}: wanted a positive {wanted} matrix, got one with the eigenvalue {smallest:.3g}")
    return S


def _real(value) -> bool:
    """Whether a value is one finite real number."""
    return (
        isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool) and np.isfinite(value)
    )


def number(label, value) -> float:
    """A finite number, or say what came for `label`."""
    if not _real(value):
        raise ValueError(f"{label}: wanted a finite number, got {value!r}")
    return float(value)


def positive(label, value) -> float:
    """A positive number, or say what came for `label`."""
    if not (_real(value) and value > 0):
        raise ValueError(f"{label}: wanted a positive number, got {value!r}")
    return float(value)


def weight_decay(label, value, least=0.0) -> float:
    """A weight decay: a finite number of at least 0 (or above it where `least` is positive)."""
    if not _real(value) or value < 0 or (least > 0 and value == 0):
        raise ValueError(f"{label}: wanted a number {'above' if least > 0 else 'of at least'} 0, got {value!r}")
    return float(value)


def whole(label, value, least=1) -> int:
    """A whole number of at least `least` (None: any)."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or (least is not None and value < least):
        wanted = "a whole number" if least is None else f"a whole number of at least {least}"
        raise ValueError(f"{label}: wanted {wanted}, got {value!r}")
    return int(value)


def one_thread(function):
    """Run a function with one BLAS thread: on matrices of a few hundred rows more of them only wait for each other."""

    @functools.wraps(function)
    def alone(*arguments, **options):
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            return function(*arguments, **options)

    return alone


def entries(name, d) -> list[str]:
    """Names of a matrix's entries, row by row."""
    return [f"{name}[{i},{j}]" for i in range(d) for j in range(d)]


def named(name, matrix) -> dict[str, float]:
    """Entries of a matrix by name."""
    return dict(zip(entries(name, len(matrix)), matrix.ravel().tolist()))
