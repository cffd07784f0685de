"""Losses written in numpy or plain Python, with a gradient or without: differences where nothing is given.

Without a gradient F is a difference of fourth order of the loss: known to about 1e-10 of the loss's size where its
weights are about 1, its Jacobian to about 1e-8, and located points to 1e-8.
"""

import numpy as np

from continuation.equations.derivatives import CENTRAL4, FIFTH_ROOT
from continuation.losses.weight_trees import tree_of

# Step of second differences of a loss, relative to 1 + |u|: rounding leaves eps / h**2, the formula h**4; ten times
# less costs two digits, ten times more four.
SIXTH_ROOT = np.finfo(float).eps ** (1 / 6)

make_tree = tree_of


class NumpyLoss:
    """A loss with its derivatives at vectors u (n,) and p (k,).

    Parameters
    ----------
    loss : callable
        ``loss(weights, **parameters, **data) -> float``.
    tree : WeightTree
    names : tuple of str
        Of the parameters.
    data : mapping
        Handed to every call.
    given : callable, optional
        ``given(weights, **parameters, **data) -> weights``, the gradient.
    """

    along = None  # forms are differences, see `continuation.equations.multilinear`

    def __init__(self, loss, tree, names, data, given=None):
        self.loss, self.tree, self.names, self.data, self.given = loss, tree, tuple(names), dict(data), given
        self.differences = given is None

    def _called(self, function, u, p):
        return function(self.tree.build(np.array(u)), **dict(zip(self.names, p.tolist())), **self.data)

    def as_written(self, u, p):
        """What the loss itself gives."""
        return self._called(self.loss, u, np.asarray(p))

    def value(self, u, p) -> float:
        """The loss."""
        return float(self._called(self.loss, u, p))

    def gradient(self, u, p) -> np.ndarray:
        """Its gradient (n,), as given or by differences: 4 n values of the loss."""
        if self.given is not None:
            return np.concatenate(self.tree.parts(self._called(self.given, u, p), "gradient")).astype(float)
        return _differences(lambda v: self.value(v, p), u, FIFTH_ROOT)

    def hessian(self, u, p) -> np.ndarray:
        """Its Hessian (n, n) by differences: 4 n gradients, or 16 n**2 values of the loss."""
        step = FIFTH_ROOT if self.given is not None else SIXTH_ROOT
        a = _differences(lambda v: self.gradient(v, p), u, step)
        return 0.5 * (a + a.T)

    def parameter_slope(self, u, p, k) -> np.ndarray:
        """Derivative (n,) of the gradient by parameter k, by differences."""

        def at(value):
            q = np.array(p, float)
            q[k] = value[0]
            return self.gradient(u, q)

        return _differences(at, np.array([p[k]], float), SIXTH_ROOT)[0]

    def scalar(self, function):
        """``g(u, p) -> float`` of another ``function(weights, **parameters, **data)``."""
        return NumpyLoss(function, self.tree, self.names, self.data).value

    def remark(self, u, p):
        """Nothing."""


def _differences(function, u, relative) -> np.ndarray:
    """Derivatives of ``function(u)`` by each entry of u, along the first axis; central, of fourth order."""
    u, rows = np.array(u, float), []
    for k, value in enumerate(u):
        step = relative * max(1.0, abs(value))
        step = (value + step) - value
        total = 0.0
        for shift, weight in CENTRAL4:
            u[k] = value + shift * step
            total = total + weight * np.asarray(function(u))
        u[k] = value
        rows.append(total / step)
    return np.array(rows)
