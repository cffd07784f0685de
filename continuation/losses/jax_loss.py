"""Losses written in JAX: derivatives by its autodiff, each compiled once, in double precision whatever others use.

Imported where such a loss is met; JAX itself is an optional dependency (extra ``jax``).
"""

import functools
import warnings

import jax
import numpy as np

from continuation.losses.weight_trees import Leaf, tree_of

HALVED = ("float16", "bfloat16", "float32")  # types with half of the digits or less


def doubles():
    """Context in which JAX computes in double precision; other threads and the process keep what they have."""
    new = getattr(jax, "enable_x64", None)  # since JAX 0.8; a module attribute that can't be asked for its truth
    return jax.experimental.enable_x64() if new is None else new(True)


def is_own(value) -> bool:
    """Whether something is an array of JAX."""
    return isinstance(value, jax.Array)


def make_tree(example):
    """The `WeightTree` of an example; nodes that JAX has registered (dataclasses, modules) are followed too."""
    return tree_of(example, _registered)


def _registered(value, path):
    """Leaves and rebuilding of a node registered with JAX; None for a leaf."""
    leaves, structure = jax.tree_util.tree_flatten_with_path(value)
    if len(leaves) == 1 and leaves[0][1] is value:
        return None
    named = [Leaf(".".join(filter(None, [path, _path_text(keys)])), leaf) for keys, leaf in leaves]
    return named, lambda arrays: jax.tree_util.tree_unflatten(structure, arrays)


def _path_text(keys) -> str:
    """Keys of a path of JAX joined by points."""
    told = [next(getattr(key, name) for name in ("name", "key", "idx") if hasattr(key, name)) for key in keys]
    return ".".join(map(str, told))


class JaxLoss:
    """A loss of JAX with its derivatives at vectors u (n,) and p (k,) of numpy, all arrays of float64.

    Parameters
    ----------
    loss : callable
        ``loss(weights, **parameters, **data) -> scalar``.
    tree : WeightTree
    names : tuple of str
        Of the parameters.
    data : mapping
        Arrays that are handed to every call.
    """

    differences = False  # its derivatives are exact but for rounding

    def __init__(self, loss, tree, names, data):
        self.loss, self.tree, self.names = loss, tree, tuple(names)
        with doubles():
            self.data = jax.tree_util.tree_map(jax.numpy.asarray, dict(data))
        gradient = jax.grad(self._value)
        self._gradient = jax.jit(gradient)
        self._hessian = jax.jit(jax.jacfwd(gradient))
        self._along = jax.jit(functools.partial(_derivative_along, gradient), static_argnums=0)
        self._jitted = jax.jit(self._value)

    def _value(self, u, p, data):
        return self.loss(self.tree.build(u), **dict(zip(self.names, p)), **data)

    def as_written(self, u, p):
        """What the loss itself gives, nothing compiled."""
        with doubles():
            return self._value(jax.numpy.asarray(u), jax.numpy.asarray(p), self.data)

    def value(self, u, p) -> float:
        """The loss."""
        with doubles():
            return float(self._jitted(u, p, self.data))

    def gradient(self, u, p) -> np.ndarray:
        """Its gradient (n,)."""
        with doubles():
            return np.asarray(self._gradient(u, p, self.data))

    def hessian(self, u, p) -> np.ndarray:
        """Its Hessian (n, n)."""
        with doubles():
            return np.asarray(self._hessian(u, p, self.data))

    def along(self, u, p, du, dp, order) -> np.ndarray:
        """Derivative (n,) of an order of the gradient along the direction (du, dp)."""
        with doubles():
            return np.asarray(self._along(order, u, p, du, dp, self.data))

    def scalar(self, function):
        """``g(u, p) -> float`` of another ``function(weights, **parameters, **data)``."""
        return JaxLoss(function, self.tree, self.names, self.data).value

    def remark(self, u, p):
        """Warn of data in single precision: whatever is found belongs to data that were rounded to 7 digits."""
        with doubles():
            closed = jax.make_jaxpr(self._value)(u, p, self.data)
        held = [*closed.consts, *jax.tree_util.tree_leaves(self.data)]
        if any(str(getattr(value, "dtype", "")) in HALVED for value in held):
            warnings.warn(
                "loss: it holds arrays of float32, so that results are those of data rounded to 7 digits; make them by "
                'numpy, or behind jax.config.update("jax_enable_x64", True)',
                RuntimeWarning,
                stacklevel=4,
            )


def _derivative_along(gradient, order, u, p, du, dp, data):
    """Derivative of an order of ``t -> gradient(u + t du, p + t dp)`` at zero, by nested forward differentiation."""

    def line(t):
        return gradient(u + t * du, p + t * dp, data)

    for _ in range(order):
        line = functools.partial(_slope, line)
    return line(0.0)


def _slope(function, t):
    return jax.jvp(function, (t,), (1.0,))[1]
