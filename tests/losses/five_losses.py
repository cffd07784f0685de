"""Five losses, each for numba with its gradient by hand, and once for all libraries of arrays.

Each comes with a start, the parameter to vary and its span; ``LOSSES`` names them.
"""

from typing import Any, NamedTuple

import numpy as np

X = np.linspace(-2.0, 2.0, 9)
Y = np.sin(1.5 * X)
ROWS = np.array([[1.0, 0.3], [-0.4, 1.1], [0.7, -0.8], [0.2, 0.9], [-1.2, 0.5]])  # of phase retrieval
SEEN = (ROWS @ np.array([1.0, 0.5])) ** 2
PATTERNS = np.array([[1.0, 0.0, 0.5], [0.0, 1.2, -0.3]])  # of a Hopfield network, and their negatives


class Case(NamedTuple):
    """A loss: for any library `xp`, for numba, its gradient; where to begin, what to vary, from where to where."""

    general: Any  # ``general(xp) -> loss(w, **parameters)``
    loss: Any
    gradient: Any
    parameters: dict
    start: Any
    vary: str
    span: tuple


def wells(xp, array=np.asarray):
    def loss(w, mu, c):
        return xp.sum(w**4 / 4 - w**2 / 2 + mu * w) + c * w[0] * w[1]

    return loss


def wells_loss(w, mu, c):
    return np.sum(w**4 / 4 - w**2 / 2 + mu * w) + c * w[0] * w[1]


def wells_gradient(w, mu, c):
    return w**3 - w + mu + c * w[::-1]


def deep(xp, array=np.asarray):
    def loss(w, lam, T):
        return (w[0] * w[1] * w[2] - T) ** 2 / 2 + lam * xp.sum(w**2) / 2

    return loss


def deep_loss(w, lam, T):
    return (w[0] * w[1] * w[2] - T) ** 2 / 2 + lam * np.sum(w**2) / 2


def deep_gradient(w, lam, T):
    r = w[0] * w[1] * w[2] - T
    return np.array([r * w[1] * w[2], r * w[0] * w[2], r * w[0] * w[1]]) + lam * w


def student(xp, array=np.asarray):
    x, y = array(X), array(Y)

    def loss(w, lam):
        f = w[2] * xp.tanh(w[0] * x) + w[3] * xp.tanh(w[1] * x)
        return xp.sum((f - y) ** 2) / 18 + lam * xp.sum(w**2) / 2

    return loss


def student_loss(w, lam):
    f = w[2] * np.tanh(w[0] * X) + w[3] * np.tanh(w[1] * X)
    return np.sum((f - Y) ** 2) / 18 + lam * np.sum(w**2) / 2


def student_gradient(w, lam):
    h, k = np.tanh(w[0] * X), np.tanh(w[1] * X)
    r = (w[2] * h + w[3] * k - Y) / 9
    one, two = np.sum(r * w[2] * (1 - h**2) * X), np.sum(r * w[3] * (1 - k**2) * X)
    return np.array([one, two, np.sum(r * h), np.sum(r * k)]) + lam * w


def phases(xp, array=np.asarray):
    rows, seen = array(ROWS), array(SEEN)

    def loss(w, lam):
        return xp.sum(((rows @ w) ** 2 - seen) ** 2) / 20 + lam * xp.sum(w**2) / 2

    return loss


def phases_loss(w, lam):
    z = ROWS[:, 0] * w[0] + ROWS[:, 1] * w[1]
    return np.sum((z**2 - SEEN) ** 2) / 20 + lam * np.sum(w**2) / 2


def phases_gradient(w, lam):
    z = ROWS[:, 0] * w[0] + ROWS[:, 1] * w[1]
    r = (z**2 - SEEN) * z / 5
    return np.array([np.sum(r * ROWS[:, 0]), np.sum(r * ROWS[:, 1])]) + lam * w


def hopfield(xp, array=np.asarray):
    patterns = array(PATTERNS)

    def loss(w, beta):
        z = beta * (patterns @ w)
        return xp.sum(w**2) / 2 - xp.log(xp.sum(xp.exp(z) + xp.exp(-z))) / beta

    return loss


def hopfield_loss(w, beta):
    z = beta * np.sum(PATTERNS * w, axis=1)
    return np.sum(w**2) / 2 - np.log(np.sum(np.exp(z) + np.exp(-z))) / beta


def hopfield_gradient(w, beta):
    z = beta * np.sum(PATTERNS * w, axis=1)
    odd = (np.exp(z) - np.exp(-z)) / np.sum(np.exp(z) + np.exp(-z))
    return w - odd[0] * PATTERNS[0] - odd[1] * PATTERNS[1]


LOSSES = {
    "wells": Case(wells, wells_loss, wells_gradient, {"mu": 0.0, "c": 0.1}, [1.0, 1.0], "mu", (-1.0, 1.0)),
    "deep": Case(deep, deep_loss, deep_gradient, {"lam": 0.05, "T": 1.0}, [1.0, 1.0, 1.0], "lam", (0.01, 1.0)),
    "student": Case(
        student, student_loss, student_gradient, {"lam": 0.002}, [1.524, -0.367, 1.859, 2.389], "lam", (0.002, 0.5)
    ),
    "phases": Case(phases, phases_loss, phases_gradient, {"lam": 0.0}, [0.0, 0.0], "lam", (-1.0, 2.0)),
    "hopfield": Case(hopfield, hopfield_loss, hopfield_gradient, {"beta": 0.5}, [0.0, 0.0, 0.0], "beta", (0.2, 4.0)),
}
