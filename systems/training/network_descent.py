"""Training of networks: `train` (any rule, full batch or stochastic) and `train_flow` (gradient flow)."""

from dataclasses import replace

import numpy as np

from continuation.ground.names import check_numbers
from systems.number_checks import check_count, check_not_negative, check_positive
from systems.training import kernels
from systems.training.invariants import layer_norms, violation
from systems.training.rate_search import largest_stable
from systems.training.rules import GradientDescent, check_rule
from systems.training.runs import Run, Stop, bound_of

RECORDS = 1000  # of losses, by default
TRIED = 500  # steps of each trial for a stable rate
BISECTIONS = 10  # for that rate: to 1e-3 of itself


def train(
    objective, start, rule, *, steps, batch=None, every=None, tolerance=0.0, seed=0, law=False, watch=None
) -> Run:
    """Train a network: full-batch or stochastic descent by any rule, with decay.

    Parameters
    ----------
    objective : NetworkLoss
        Or anything with ``loss_gradient(theta, rows)``, ``samples``, ``decay`` (and ``network`` where `law` is set).
    start : (size,) array
        Flat weights, not changed; float32 stays float32.
    rule : float or Rule
        Decay is added to the gradient; for plain descent a step is ``(1 - rate decay) theta - rate g``.
    steps : int
    batch : int, optional
        Samples of each step, drawn without replacement, epoch by epoch; default: all.
    every : int, optional
        Steps between records of loss and invariants; default: about 1000 records.
    tolerance : float
        Stop where the largest component of a full gradient is at most this.
    seed : int
        Of the batches.
    law : bool
        Check law I1 on every step of plain descent: ``run.invariants["violation"]`` (1,), the largest departure.
    watch : callable, optional
        ``watch(step)`` after every record: a progress bar.

    Returns
    -------
    Run
        ``states`` holds the first and last weights; ``invariants["norms"]`` (k, N) the layers' squared norms,
        ``invariants["layers"]`` (k, N - 1) their differences, the layers' imbalance.
        Divergence (NaN or weights beyond a million times the start's) is a status; for full-batch plain descent
        ``stable_rate`` then tells the largest rate that does not diverge within 500 steps.

    Raises
    ------
    ValueError
        Wrong shapes, a budget or batch out of range, `law` with another rule.

    Examples
    --------
    >>> from systems.training.networks import Network, NetworkLoss
    >>> objective = NetworkLoss(Network([1, 1]), np.array([[1.0]]), np.array([[2.0]]))
    >>> run = train(objective, np.array([0.0]), 0.5, steps=2)
    >>> run.final, run.losses
    (array([1.5]), array([2.   , 0.5  , 0.125]))
    """
    rule, steps, tolerance = check_rule(rule), check_count("steps", steps), check_not_negative("tolerance", tolerance)
    if law and not isinstance(rule, GradientDescent):
        raise ValueError(f"law: wanted plain GradientDescent, the law does not hold for {type(rule).__name__}")
    every = max(1, steps // RECORDS) if every is None else check_count("every", every)
    batches = _batches(objective.samples, batch, seed)
    theta = _weights(start)
    record, memory, limit = _Record(objective, theta, steps), np.zeros((2, theta.size), theta.dtype), bound_of(theta)
    knobs, decay, worst, status, done = rule.knobs, objective.decay, 0.0, Stop.BUDGET, steps
    for t in range(steps + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            loss, gradient = objective.loss_gradient(theta, next(batches))
        if t % every == 0 or t == steps:
            record.add(t, loss, theta)
            if watch:
                watch(t)
        status = _status(theta, gradient, limit, tolerance if batch is None else -1.0)
        if status is not Stop.BUDGET or t == steps:
            done = t
            break
        before = theta.copy() if law else None
        kernels.update(rule.code, knobs, t + 1, theta, gradient + decay * theta if decay else gradient, memory)
        if law:
            worst = max(worst, violation(objective.network, before, gradient, theta, rule.rate, decay))
    record.add(done, loss, theta)
    run = record.run(theta, status, done, {"violation": np.array([worst])} if law else {})
    if run.diverged and batch is None and isinstance(rule, GradientDescent):
        return replace(run, stable_rate=_stable_rate(objective, _weights(start), rule.rate))
    return run


def train_flow(objective, start, time, *, steps, every=None) -> Run:
    """Follow the gradient flow of a network by fixed Runge-Kutta steps: kinks of ReLU don't stall it.

    Parameters
    ----------
    objective, start, every
        As for `train`.
    time : float
        Length of the flow.
    steps : int
        Number of steps.

    Returns
    -------
    Run
        ``states`` (k, size) holds the weights at every record.

    Examples
    --------
    >>> from systems.training.networks import Network, NetworkLoss
    >>> objective = NetworkLoss(Network([1, 1]), np.array([[1.0]]), np.array([[2.0]]))
    >>> print(f"{train_flow(objective, np.array([0.0]), 1.0, steps=100).final[0]:.9f} {2 - 2 * np.exp(-1.0):.9f}")
    1.264241118 1.264241118
    """
    steps, h = check_count("steps", steps), check_positive("time", time) / steps
    every = max(1, steps // RECORDS) if every is None else check_count("every", every)
    theta = _weights(start).astype(float)
    record, states, status, done = _Record(objective, theta, steps), [], Stop.BUDGET, steps
    limit = bound_of(theta)

    def rate(u):
        return -objective.loss_gradient(u)[1] - objective.decay * u

    for t in range(steps + 1):
        if t % every == 0 or t == steps:
            record.add(t, objective.loss_gradient(theta)[0], theta)
            states.append(theta.copy())
        if not np.max(np.abs(theta)) <= limit:
            status, done = Stop.DIVERGED, t
            break
        if t < steps:
            first = rate(theta)
            second = rate(theta + h / 2 * first)
            third = rate(theta + h / 2 * second)
            theta = theta + h / 6 * (first + 2 * second + 2 * third + rate(theta + h * third))
    run = record.run(theta, status, done, {})
    return Run(np.array(states), run.steps, run.losses, run.status, run.made, run.invariants)


def _weights(start) -> np.ndarray:
    """A copy of the weights: finite numbers, single or double precision."""
    theta = np.array(start)
    theta = theta if theta.dtype == np.float32 else check_numbers("start", theta, 1)
    if theta.ndim != 1 or not np.all(np.isfinite(theta)):
        raise ValueError(f"start: wanted a flat vector of finite numbers, got shape {theta.shape}")
    return theta


def _stable_rate(objective, start, diverging) -> float:
    """Largest rate, to 1e-3, that does not diverge from the start within `TRIED` steps, below one that does."""

    def stable(rate):
        theta = start.copy()
        for _ in range(TRIED):
            with np.errstate(over="ignore", invalid="ignore"):
                gradient = objective.loss_gradient(theta)[1]
                theta -= rate * (gradient + objective.decay * theta)
            if not kernels.largest(theta) <= bound_of(start):
                return False
        return True

    return largest_stable(stable, diverging, BISECTIONS)


class _Record:
    """Losses and norms of the layers while they are made."""

    def __init__(self, objective, start, steps):
        self.network, self.start = getattr(objective, "network", None), start.copy()
        self.rows = []

    def add(self, step, loss, theta):
        """One record, unless this step has one."""
        if not self.rows or self.rows[-1][0] != step:
            self.rows.append((step, loss, None if self.network is None else layer_norms(self.network, theta)))

    def run(self, theta, status, done, more) -> Run:
        """The finished run."""
        steps, losses, norms = zip(*self.rows)
        made = None if self.network is None else np.array(norms)
        invariants = {} if made is None else {"norms": made, "layers": -np.diff(made, axis=1)}
        states = np.vstack([self.start, theta])
        return Run(states, np.array(steps), np.array(losses, float), status, done, {**invariants, **more})


def _batches(samples, batch, seed):
    """Endless rows of batches; all of them where `batch` is None."""
    if batch is None:
        while True:
            yield slice(None)
    if check_count("batch", batch) > samples:
        raise ValueError(f"batch: wanted at most the {samples} samples, got {batch}")
    rng = np.random.default_rng(seed)
    while True:
        order = rng.permutation(samples)
        for first in range(0, samples - batch + 1, batch):
            yield order[first : first + batch]


def _status(theta, gradient, limit, tolerance) -> Stop:
    """Diverged, converged or neither."""
    size, slope = kernels.largest(theta), kernels.largest(gradient)
    if not (size <= limit and slope < np.inf):
        return Stop.DIVERGED
    return Stop.CONVERGED if slope <= tolerance else Stop.BUDGET
