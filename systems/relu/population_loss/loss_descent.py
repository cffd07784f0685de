"""Gradient descent on the population loss: runs, and whether two of them end at the same point."""

import itertools
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.number_checks import check_positive
from systems.relu.argument_checks import check_matrix, check_whole
from systems.relu.population_loss.population import Network, check_students
from systems.relu.population_loss.population_kernels import gradient_of, loss_of


class Run(NamedTuple):
    """Where a run of gradient descent ended.

    Attributes
    ----------
    weights : (K, d) array
    loss : float
    gradient : float
        Largest entry, absolute.
    steps : int
    """

    weights: np.ndarray
    loss: float
    gradient: float
    steps: int


def descend(W, net: Network, rate=0.1, steps=100_000, tolerance=1e-10) -> Run:
    """Run gradient descent ``W <- W - rate grad L(W)`` until no entry of the gradient exceeds `tolerance`.

    Parameters
    ----------
    W : (K, d) array
    net : Network
    rate : float
        Positive; stable below 2 over the Hessian's largest eigenvalue, about K/2 for K orthonormal teachers.
    steps : int
        Most steps.
    tolerance : float

    Returns
    -------
    Run
        Also where the tolerance was not reached: ``run.gradient`` tells.

    Raises
    ------
    ValueError
        As for `gradient`; rate or steps not positive.

    Examples
    --------
    >>> from systems.relu.population_loss.population import network
    >>> run = descend([[0.5, 0.5]], network([[1.0, 0.0]], 1), rate=1.0)
    >>> print(np.round(run.weights, 8) + 0.0, run.gradient <= 1e-10)
    [[1. 0.]] True
    """
    W = check_students(W, net)
    rate, steps = check_positive("descend(rate=...)", rate), check_whole("descend", "steps", steps, 1)
    done, size = _descend(W, *net, rate, float(tolerance), steps)
    return Run(W, float(loss_of(W, *net)), size, done)


def losses_along(W, net: Network, rate, steps) -> np.ndarray:
    """Return the loss (steps + 1,) before each step of gradient descent and after the last.

    Examples
    --------
    >>> from systems.relu.population_loss.population import network
    >>> losses_along([[2.0]], network([[1.0]], 1), 1.0, 2)  # (w - v)^2 / 4, halved distance a step
    array([0.25    , 0.0625  , 0.015625])
    """
    W, rate = check_students(W, net), check_positive("losses_along(rate=...)", rate)
    out = [loss_of(W, *net)]
    for _ in range(check_whole("losses_along", "steps", steps, 0)):
        W = W - rate * gradient_of(W, *net)
        out.append(loss_of(W, *net))
    return np.array(out)


def nearest_permutation(W, targets) -> tuple[np.ndarray, float]:
    """Return the order of the rows of W (K, d) nearest to `targets` (K, d), and the largest entry of the difference.

    Examples
    --------
    >>> order, gap = nearest_permutation([[0.0, 1.0], [1.0, 0.1]], np.eye(2))
    >>> print(order, gap)
    [1 0] 0.1
    """
    from scipy.optimize import linear_sum_assignment

    W, targets = check_matrix("W", W), check_matrix("targets", targets)
    if W.shape != targets.shape:
        raise ValueError(f"targets: wanted the shape {W.shape}, got {targets.shape}")
    cost = ((W[:, None] - targets[None]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(cost)
    order = rows[np.argsort(columns)]
    return order, float(np.abs(W[order] - targets).max())


def same_up_to_permutations(W, other, tolerance=1e-6) -> bool:
    """Say whether W is `other` (K, K) with students and orthonormal teachers permuted, both within `tolerance`.

    Rows are matched after sorting each row's entries, then the teachers by the candidates that this leaves.

    Examples
    --------
    >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> same_up_to_permutations(A[::-1, ::-1], A), same_up_to_permutations(A.T, A)
    (True, False)
    """
    W, other = check_matrix("W", W), check_matrix("other", other)
    # sorted rows are the same whatever the teachers' order: if they don't match nothing does
    order, gap = nearest_permutation(np.sort(W, axis=1), np.sort(other, axis=1))
    if gap > tolerance:
        return False
    return _columns_match(W[order], other, tolerance) or _columns_match_by_classes(W, other, tolerance)


def _columns_match(W, other, tolerance):
    """Whether columns of W can be reordered to those of `other`."""
    return nearest_permutation(W.T, other.T)[1] <= tolerance


def _columns_match_by_classes(W, other, tolerance):
    """Fix the images of the two most unusual rows, then match columns and rows in turn."""
    size = len(W)
    for first, second in itertools.permutations(range(size), 2):
        columns = nearest_permutation(W[[first, second]].T, other[[size - 1, 0]].T)[0]
        for _ in range(4):
            rows, gap = nearest_permutation(W[:, columns], other)
            if gap <= tolerance:
                return True
            columns = nearest_permutation(W[rows].T, other.T)[0]
    return False


@kernel
def _descend(W, V, a, b, lam, alpha, rate, tolerance, steps):
    """Change W in place; return the steps done and the gradient's largest entry."""
    largest = np.inf
    for step in range(steps):
        slope = gradient_of(W, V, a, b, lam, alpha)
        largest = np.max(np.abs(slope))
        if not largest > tolerance:
            return step, largest
        W -= rate * slope
    return steps, np.max(np.abs(gradient_of(W, V, a, b, lam, alpha)))
