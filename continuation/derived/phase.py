"""Phase conditions and left vectors of isolated problems."""

import functools

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

from continuation.equations.functions import Function
from continuation.ground.arguments import check_function, shown
from continuation.ground.names import check_numbers, real_array

SMALL = 1e-8  # K(u) relative to the size of K and u: u counts as fixed; states are solutions to about 1e-9


def transversal(generators, u) -> np.ndarray:
    """(n, n - r) orthonormal basis of what is orthogonal to the group's orbit through u."""
    rows = np.array([g(u) / max(g.size(u), 1e-300) for g in generators])
    left, sigma, _ = np.linalg.svd(rows.T, full_matrices=True)
    return left[:, int(np.sum(sigma > SMALL)) :]


def phase_rows(generators, u, direction, left, p):
    """Rows of the phase conditions (s, n), unit, and the left entries, made constant where u is fixed."""
    rows, entries = [], []
    for g, entry in zip(generators, left):
        row = g(u)
        if np.max(np.abs(row)) <= SMALL * g.size(u):
            if direction is None:
                raise ValueError(
                    f"reference: {g.name} fixes this state, so that no phase can be told from it; give a state on a "
                    "circle of solutions, or the `direction` in which circles leave (problem.symmetry.slice)"
                )
            row = g.matrix @ direction
            entry = _derivative(entry, u, direction, p) if isinstance(entry, Left) else entry
            entry = row if entry is None else entry
        rows.append(row / max(np.linalg.norm(row), 1e-300))
        entries.append(entry)
    rows = np.array(rows)
    if np.linalg.svd(rows, compute_uv=False)[-1] <= SMALL:
        raise ValueError(
            "reference: the generators are dependent there (or fix the direction); choose some with `generators`"
        )
    return rows, entries


class Left(Function):
    """A left vector given as ``left(u, p) -> (n,)``, as a function that writes it."""

    def __init__(self, function):
        self.given = function
        plain = getattr(function, "py_func", function)
        inner = function if isinstance(function, Dispatcher) else numba.njit(plain)
        super().__init__(_writing(inner), "vector")
        self.python = _writing(plain)


def _writing(function):
    """``left(u, p, out)`` of ``left(u, p)``."""

    def write(u, p, out):
        values = function(u, p)
        for j in range(out.size):
            out[j] = values[j]

    return write


def check_left(entry, k, sample):
    """None, a constant vector, or a `Left`."""
    if entry is None:
        return None
    n = len(sample[0])
    if not callable(entry):
        return check_vector(f"left[{k}]", entry, n)
    check_function(f"left[{k}]", entry, "u", "p")
    value = real_array(entry(*(a.copy() for a in sample)))
    if value is None or value.shape != (n,) or not np.all(np.isfinite(value)):
        raise ValueError(f"left[{k}]: wanted left(u, p) -> {n} finite values, got {shown(value)}")
    return left_of(entry)


@functools.lru_cache(maxsize=64)
def left_of(function) -> Left:
    """The `Left` of a function, made and compiled once however many problems use it."""
    return Left(function)


def check_vector(label, value, n):
    """(n,) vector that is not zero."""
    vector = check_numbers(label, value, 1)
    if len(vector) != n or not np.any(vector):
        raise ValueError(f"{label}: wanted {n} values, not all zero, got {shown(value)}")
    return vector


def _derivative(left, u, direction, p):
    """Derivative of a left vector along a direction, of fourth order."""
    h = 1e-3 * (1 + np.max(np.abs(u))) / np.max(np.abs(direction))
    shifts = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
    value = sum(w * np.asarray(left.given(u + s * h * direction, p)) for s, w in shifts) / h
    if not np.linalg.norm(value) > 0:
        raise ValueError("left: does not change along the direction, so that no equation can be told from it")
    return value


def affine_of(generator, entry, n):
    """N(u) as an affine function (A, b); zero where a function gives it."""
    if entry is None:
        return generator.matrix, generator.shift
    return np.zeros((n, n)), np.zeros(n) if isinstance(entry, Left) else entry
