"""What is wrong with a matrix, in words: square matrices, covariances, generators; and the names of their entries."""

import functools
from typing import NamedTuple

import numpy as np

from systems.number_checks import check_not_negative, check_positive

ROUNDING = 1e-12  # asymmetry, relative to the largest entry, that is rounding


def check_square(name, value, d=None) -> np.ndarray:
    """Copy `value` to a (d, d) array of finite numbers, or say what is wrong with the argument `name`."""
    try:
        matrix = np.array(value)
        if np.iscomplexobj(matrix) and not matrix.imag.any():
            matrix = matrix.real
        matrix = matrix.astype(float, casting="same_kind" if np.iscomplexobj(matrix) else "unsafe")
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: wanted a square matrix of real numbers, got {value!r}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"{name}: wanted a square matrix, got shape {matrix.shape}")
    if d is not None and len(matrix) != d:
        raise ValueError(f"{name}: wanted the shape of R, {(d, d)}, got {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name}: wanted finite entries, got {matrix.tolist()}")
    return matrix


def check_covariance(S, d, name="S", singular=False) -> np.ndarray:
    """Check that S is a covariance of d inputs (None: the identity); semidefinite ones only where they may be."""
    if S is None:
        return np.eye(d)
    S = check_square(name, S, d)
    gap, size = np.abs(S - S.T).max(), np.abs(S).max()
    if gap > ROUNDING * size:
        raise ValueError(f"{name}: wanted a symmetric matrix, got one with |S - S'| up to {gap:.3g}")
    smallest = np.linalg.eigvalsh(S)[0]
    if smallest < -ROUNDING * d * size or (smallest <= ROUNDING * size and not singular):
        wanted = "semidefinite" if singular else "definite"
        raise ValueError(f"{name}: wanted a positive {wanted} matrix, got one with the eigenvalue {smallest:.3g}")
    return S


class Given(NamedTuple):
    """Checked arguments of a function on critical points; those not given stay None."""

    C: np.ndarray | None
    R: np.ndarray | None
    S: np.ndarray
    lam: float
    T: float


def check_given(caller="", *, C=None, R=None, S=None, lam=0.0, T=1.0) -> Given:
    """Check the matrices of one shape (C or R are needed) and the numbers; `caller` is named with the numbers.

    Examples
    --------
    >>> check_given(C=[[2.0]], T=3).S
    array([[1.]])
    """
    d = None
    if C is not None:
        C = check_square("C", C)
        d = len(C)
    if R is not None:
        R = check_square("R", R, d)
    S = check_covariance(S, len(R if C is None else C))
    lam_label, T_label = (f"{caller}({name}=...)" if caller else name for name in ("lam", "T"))
    return Given(C, R, S, check_not_negative(lam_label, lam), check_positive(T_label, T))


def is_normal(A, tolerance) -> bool:
    """Say whether ``A A' = A' A`` up to a tolerance relative to the largest entry of A, squared."""
    return bool(np.abs(A @ A.T - A.T @ A).max() <= tolerance * np.abs(A).max() ** 2)


def check_generator(K, d) -> np.ndarray:
    """Check a skew matrix (d, d); None stands for a quarter turn where d = 2."""
    if K is None:
        if d != 2:
            raise ValueError(f"K: wanted a skew matrix ({d}, {d}) that commutes with R and S")
        return np.array([[0.0, -1.0], [1.0, 0.0]])
    K = check_square("K", K, d)
    if np.abs(K + K.T).max() > ROUNDING * np.abs(K).max():
        raise ValueError(f"K: wanted a skew matrix, got {K.tolist()}")
    return K


def on_one_thread(function):
    """Run a function with one BLAS thread: on matrices of a few hundred rows more of them only wait for each other."""

    @functools.wraps(function)
    def alone(*arguments, **options):
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            return function(*arguments, **options)

    return alone


def entry_names(name, d) -> list[str]:
    """List the names of a matrix's entries, row by row."""
    return [f"{name}[{i},{j}]" for i in range(d) for j in range(d)]


def entries_by_name(name, matrix) -> dict[str, float]:
    """Map the names of a matrix's entries to their values."""
    return dict(zip(entry_names(name, len(matrix)), matrix.ravel().tolist()))
