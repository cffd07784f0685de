"""l_p regression by linear networks of hidden width 1, many learning rates at once, as two matrix products a step.

Configurations c = 0 .. C-1 share data and depth and differ in their rate.  A network is ``w = W_1 s_2 ... s_N``, W_1
(C, d) and scalars (C, N-1); depth 1 is the classic linear model.
"""

import hashlib
import json
import pathlib
from dataclasses import dataclass

import numpy as np

from continuation.ground.names import check_numbers
from systems.number_checks import check_count
from systems.regression import check_even_power
from systems.training import kernels
from systems.training.rules import check_rule

HUGE = 1e12  # loss relative to the start's: diverged


@dataclass(frozen=True, eq=False)
class Grid:
    """Losses (k, C) of configurations at steps (k,); ``rates`` (C,); diverged ones are NaN from there on."""

    rates: np.ndarray
    steps: np.ndarray
    losses: np.ndarray

    def iterations_to(self, level) -> np.ndarray:
        """Return the first recorded step (C,) with a loss of at most `level`; infinite where there is none.

        Examples
        --------
        >>> Grid(np.array([0.1]), np.array([0, 5, 10]), np.array([[3.0], [2.0], [1.0]])).iterations_to(2.5)
        array([5.])
        """
        reached = self.losses <= level
        first = np.argmax(reached, axis=0)
        return np.where(reached.any(axis=0), self.steps[first].astype(float), np.inf)

    def best(self, level) -> int:
        """Return the configuration that reaches `level` first; without any the one with the least last loss."""
        times = self.iterations_to(level)
        last = np.where(np.isfinite(self.losses[-1]), self.losses[-1], np.inf)
        return int(np.lexsort((last, times))[0])


class Batched:
    """Networks of one depth at many rates, trained together.

    Parameters
    ----------
    X, y : (m, d) and (m,) arrays
    p : int
        Even.
    rates : sequence of float
    depth : int
    rule : Rule
        Its own rate is ignored.
    start : "small" or "identity"
        Every weight N(0, `deviation`); or the scalars 1 (a linear residual network) and W_1 small.
    """

    def __init__(self, X, y, p, rates, *, depth=1, rule=None, start="small", deviation=0.01, seed=0):
        if start not in ("small", "identity"):
            raise ValueError(f'start: wanted "small" or "identity", got {start!r}')
        self.X, self.y, self.p = np.ascontiguousarray(X), np.asarray(y), check_even_power(p)
        self.rates, depth = check_numbers("rates", rates, 1), check_count("depth", depth)
        if not len(self.rates) or not np.all(self.rates > 0):
            raise ValueError(f"rates: wanted positive numbers, got {rates!r}")
        if self.X.ndim != 2 or self.y.shape != self.X.shape[:1]:
            raise ValueError(f"y: wanted one number for each row of X {self.X.shape}, got shape {self.y.shape}")
        rng, (m, d), count = np.random.default_rng(seed), self.X.shape, len(self.rates)
        vector, scalars = deviation * rng.normal(size=d), deviation * rng.normal(size=depth - 1)
        scalars = np.ones(depth - 1) if start == "identity" else scalars
        self.theta = np.tile(np.concatenate([vector, scalars]), (count, 1))
        self.rule, self.d = check_rule(1.0 if rule is None else rule), d
        self.memory = np.zeros((2, self.theta.size))
        if self.p == 2:  # two small products replace two large ones
            self.square, self.linear, self.constant = X.T @ X / m, X.T @ y / m, y @ y / m

    def run(self, steps, every, watch=None) -> Grid:
        """Train and record the losses; ``watch(step)`` is called after every record."""
        alive = np.ones(len(self.rates), bool)
        times, rows = [], []
        first = None
        for t in range(steps + 1):
            with np.errstate(over="ignore", invalid="ignore"):
                w, whole, others = self._weights()
                loss, slope = self.loss_gradient(w)
                first = loss if first is None else first
                alive &= loss <= HUGE * first
                if t % every == 0:
                    times.append(t)
                    rows.append(np.where(alive, loss, np.nan))
                    if watch:
                        watch(t)
                self._step(slope, whole, others, alive, t + 1)
        return Grid(self.rates, np.array(times), np.array(rows))

    def vectors(self) -> np.ndarray:
        """Return the end-to-end vectors (C, d)."""
        return self._weights()[0]

    def _weights(self):
        """End-to-end vectors (C, d), products of all scalars (C, 1) and, for each scalar, of all others (C, N)."""
        scalars = self.theta[:, self.d :]
        ones = np.ones((len(scalars), 1))
        below = np.cumprod(np.hstack([ones, scalars]), axis=1)
        above = np.cumprod(np.hstack([ones, scalars[:, ::-1]]), axis=1)[:, ::-1]
        others = below[:, :-1] * above[:, 1:]
        return self.theta[:, : self.d] * below[:, -1:], below[:, -1:], others

    def loss_gradient(self, w):
        """Compute losses (C,) and gradients in the end-to-end vectors (C, d)."""
        if self.p == 2:
            slope = w @ self.square - self.linear
            return 0.5 * (np.sum(w * (slope - self.linear), axis=1) + self.constant), slope
        residual = w @ self.X.T - self.y
        power = residual * residual
        power = power if self.p == 4 else power ** (self.p // 2 - 1)
        pull = power * residual
        loss = np.einsum("ij,ij->i", pull, residual) / (self.p * len(self.y))
        return loss, pull @ self.X / len(self.y)

    def _step(self, slope, whole, others, alive, t):
        """One step of the rule at each configuration's rate."""
        vectors = self.theta[:, : self.d]
        along = np.sum(slope * vectors, axis=1, keepdims=True)
        gradient = np.hstack([slope * whole, along * others])
        gradient[~alive] = 0.0
        move = np.zeros_like(gradient)
        rule = self.rule.with_rate(1.0)
        kernels.update(rule.code, rule.knobs, t, move.ravel(), gradient.ravel(), self.memory)
        self.theta += np.where(alive, self.rates, 0.0)[:, None] * move
        self.theta[~alive] = 0.0


def load_or_make(folder, description, make) -> Grid:
    """Load a result where it was made before, else make and keep it under a hash of `description` (data, arrays).

    A figure is then redrawn in seconds.  A file is there whole or not at all, whenever the run is stopped.
    """
    digest = hashlib.sha256()
    plain = {}
    for key, value in sorted(description.items()):
        if isinstance(value, np.ndarray):
            digest.update(f"{key} {value.shape}".encode() + np.ascontiguousarray(value).tobytes())
        else:
            plain[key] = value
    digest.update(json.dumps(plain, sort_keys=True).encode())
    path = pathlib.Path(folder) / f"grid-{digest.hexdigest()[:16]}.npz"
    if path.exists():
        with np.load(path) as kept:
            return Grid(kept["rates"], kept["steps"], kept["losses"])
    made = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(file, rates=made.rates, steps=made.steps, losses=made.losses)
    partial.replace(path)
    return made


def least_loss(X, y, p) -> float:
    """Find the minimum of the convex l_p loss ``mean (x.w - y)^p / p``, by Newton with halved steps.

    Examples
    --------
    >>> least_loss(np.array([[1.0], [1.0]]), np.array([0.0, 2.0]), 4)
    0.25
    """
    m = len(y)
    w = np.linalg.lstsq(X, y, rcond=None)[0]

    def loss(v):
        return float(np.mean((X @ v - y) ** check_even_power(p)) / p)

    for _ in range(200):
        r = X @ w - y
        slope = X.T @ r ** (p - 1) / m
        curvature = (X * (r ** (p - 2))[:, None]).T @ X * (p - 1) / m
        step, size = np.linalg.lstsq(curvature, -slope, rcond=None)[0], 1.0
        while loss(w + size * step) > loss(w) and size > 1e-12:
            size /= 2
        w = w + size * step
        if abs(slope @ step) <= 1e-15 * loss(w):
            break
    return loss(w)
