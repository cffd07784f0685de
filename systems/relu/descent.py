"""Gradient descent on the population loss: runs, where they end, and critical points judged by it."""

import itertools
from typing import NamedTuple

import numpy as np

from continuation.compiled import kernel
from systems.relu.population import Network, checked_students, hessian
from systems.relu.population_kernels import gradient_of, loss_of

NEUTRAL = 1e-9  # Hessian eigenvalues below this, relative to the largest, count as zero
PUSH = 1e-4  # a start is moved off its critical point by this, relative to the weights' size


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
        As for `population.gradient`; rate or steps not positive.

    Examples
    --------
    >>> from systems.relu.population import network
    >>> run = descend([[0.5, 0.5]], network([[1.0, 0.0]], 1), rate=1.0)
    >>> print(np.round(run.weights, 8) + 0.0, run.gradient <= 1e-10)
    [[1. 0.]] True
    """
    W = checked_students(W, net)
    if not rate > 0 or not steps > 0:
        raise ValueError(f"descend: wanted a positive rate and number of steps, got rate={rate!r}, steps={steps!r}")
    done, size = _descend(W, net, (float(rate), float(tolerance)), int(steps))
    return Run(W, float(loss_of(W, *net)), size, done)


def losses_along(W, net: Network, rate, steps) -> np.ndarray:
    """Return the loss (steps + 1,) before each step of gradient descent and after the last.

    Examples
    --------
    >>> from systems.relu.population import network
    >>> losses_along([[2.0]], network([[1.0]], 1), 1.0, 2)  # (w - v)^2 / 4, halved distance a step
    array([0.25    , 0.0625  , 0.015625])
    """
    W = checked_students(W, net)
    out = [loss_of(W, *net)]
    for _ in range(steps):
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

    W, targets = np.asarray(W, float), np.asarray(targets, float)
    cost = ((W[:, None] - targets[None]) ** 2).sum(axis=2)
    rows, columns = linear_sum_assignment(cost)
    order = rows[np.argsort(columns)]
    return order, float(np.abs(W[order] - targets).max())


def same_up_to_permutations(W, other, tolerance=1e-6) -> bool:
    """Whether W is `other` (K, K) with students and orthonormal teachers permuted, both within `tolerance`.

    Rows are matched after sorting each row's entries, then the teachers by the candidates that this leaves.

    Examples
    --------
    >>> A = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> same_up_to_permutations(A[::-1, ::-1], A), same_up_to_permutations(A.T, A)
    (True, False)
    """
    W, other = np.asarray(W, float), np.asarray(other, float)
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


class Judgement(NamedTuple):
    """What gradient descent says of a critical point.

    Attributes
    ----------
    attracts, repels : bool
        A run started beside it came back at the predicted rate; one along the most negative direction left at it.
        Neither is True where the rate was missed by more than 5 %.
    predicted, measured : float
        Factor of the distance in a step, ``1 - rate mu``: with mu the smallest positive eigenvalue of the Hessian
        where it is nonnegative, else the most negative one.
    index : int
        Negative eigenvalues of the Hessian.
    """

    attracts: bool
    repels: bool
    predicted: float
    measured: float
    index: int


def judge(W, net: Network, rate=None) -> Judgement:
    """Let gradient descent say whether a critical point is an attractor or a saddle, at the rate of its Hessian.

    Parameters
    ----------
    W : (K, d) array
        A critical point.
    net : Network
    rate : float, optional
        Step; default: half of 1 over the largest eigenvalue.

    Returns
    -------
    Judgement

    Raises
    ------
    ValueError
        W is not critical (the gradient exceeds 1e-6 of the teachers' size), or the rate is not between 0 and 1 over the
        largest eigenvalue.

    Notes
    -----
    Started off the point by a small multiple of the deciding eigenvector, the distance along it changes by
    ``1 - rate mu`` a step; the Hessian is continuous, so that the error is of the order of the push.

    Examples
    --------
    >>> from systems.relu.population import network
    >>> judge([[1.0, 0.0]], network([[1.0, 0.0]], 1)).attracts
    True
    """
    W = checked_students(W, net)
    if (left := np.abs(gradient_of(W, *net)).max()) > 1e-6 * np.abs(net.teachers).max():
        raise ValueError(f"judge(W=...): wanted a critical point, the gradient there is {left:.3g}")
    values, vectors = np.linalg.eigh(hessian(W, net))
    scale = np.abs(values).max()
    index = int(np.sum(values < -NEUTRAL * scale))
    rate = 0.5 / scale if rate is None else rate
    if not 0 < rate < 1 / scale:
        raise ValueError(f"judge(rate=...): wanted a rate between 0 and {1 / scale:.6g}, got {rate!r}")
    which = 0 if index else int(np.argmax(values > NEUTRAL * scale))
    predicted = 1 - rate * values[which]
    measured = _factor(W, net, rate, vectors[:, which].reshape(W.shape))
    agrees = abs(np.log(measured) - np.log(predicted)) <= 0.05 * abs(np.log(predicted))
    return Judgement(bool(agrees and not index), bool(agrees and index), float(predicted), float(measured), index)


def _factor(W, net, rate, direction, steps=40):
    """Mean factor a step of the distance from W along a direction."""
    here = W + PUSH * np.abs(W).max() * direction
    distances = [np.sum((here - W) * direction)]
    for _ in range(steps):
        here = here - rate * gradient_of(here, *net)
        distances.append(np.sum((here - W) * direction))
        if not 0.1 < distances[-1] / distances[0] < 10:
            break
    ratio = distances[-1] / distances[0]
    return ratio ** (1 / (len(distances) - 1)) if ratio > 0 else np.nan


@kernel
def _descend(W, net, numbers, steps):
    """Change W in place; return the steps done and the gradient's largest entry."""
    V, a, b, lam, alpha = net
    rate, tolerance = numbers
    largest = np.inf
    for step in range(steps):
        slope = gradient_of(W, V, a, b, lam, alpha)
        largest = np.max(np.abs(slope))
        if not largest > tolerance:
            return step, largest
        W -= rate * slope
    return steps, np.max(np.abs(gradient_of(W, V, a, b, lam, alpha)))
