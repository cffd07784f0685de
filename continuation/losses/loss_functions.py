"""The functions of a problem made from a loss: F = -gradient and what goes with it, as the engine calls them."""

import inspect
import types

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.np.unsafe.ndarray import to_fixed_tuple

from continuation.equations.functions import Function


def functions_of_loss(made) -> dict:
    """Residual, Jacobian and parameter derivative as plain functions of the engine's signatures."""

    def residual(u, p, out):
        np.negative(made.gradient(u, p), out=out)

    def jacobian(u, p, out):
        np.negative(made.hessian(u, p), out=out)

    def parameter_derivative(u, p, k, out):
        np.negative(parameter_slope(made, u, p, k), out=out)

    found = {"residual": residual, "jacobian": jacobian, "parameter_derivative": parameter_derivative}
    shapes = {"residual": "vector", "jacobian": "matrix", "parameter_derivative": "indexed"}
    return {key: LossFunction(g, shapes[key], key) for key, g in found.items()}


def parameter_slope(made, u, p, k) -> np.ndarray:
    """Derivative (n,) of the gradient by parameter k."""
    if made.along is None:
        return made.parameter_slope(u, p, k)
    dp = np.zeros(len(p))
    dp[k] = 1.0
    return made.along(u, p, np.zeros(len(u)), dp, 1)


def derivative_of_residual(made):
    """``f(u, p, du, dp, order)``: derivative (n,) of F along a line, as `Equations.directional`; None without one."""
    if made.along is None:
        return None

    def directional(u, p, du, dp, order):
        return -made.along(u, p, du, dp, order)

    return directional


class LossFunction(Function):
    """A plain function under the user's name, compiled by numba where it has another form for that.

    Parameters
    ----------
    plain : callable
        With the engine's signature.
    shape : str
    name : str
    form : callable, optional
        The same as numba takes it: parameters in order, not by name.  Where it is refused the plain one runs, and
        numba's reason is kept.
    """

    def __init__(self, plain, shape, name, form=None, *, require_compiled=False):
        self._name = name
        super().__init__(form or plain, shape, require_compiled=require_compiled, compile_it=form is not None)
        self.python = plain

    @property
    def name(self) -> str:
        """Name of the user's function."""
        return self._name


# What the two forms below are bound to, by names: numba would find no closure over a compiled function in its cache.
inner, order, count, shape = None, (), 0, ()


def _gradient_form(u, p, out):
    q = np.empty(count)
    for i in range(count):
        q[i] = p[order[i]]
    for k, entry in enumerate(inner(u.copy().reshape(shape), *to_fixed_tuple(q, count)).flat):
        out[k] = -entry


def _scalar_form(u, p):
    q = np.empty(count)
    for i in range(count):
        q[i] = p[order[i]]
    return inner(u.copy().reshape(shape), *to_fixed_tuple(q, count))


def compiled_gradient(plain, gradient, tree, names, require) -> Function:
    """F from a numba gradient ``g(w, *parameters)`` of a single array of weights."""
    form = _bound(_gradient_form, gradient, tree, names)
    return LossFunction(plain, "vector", name_of(gradient), form, require_compiled=require)


def compiled_scalar(plain, function, tree, names, require) -> Function:
    """An output from a numba function ``g(w, *parameters)`` of a single array of weights."""
    form = _bound(_scalar_form, function, tree, names)
    return LossFunction(plain, "scalar", name_of(function), form, require_compiled=require)


def _bound(form, function, tree, names):
    """A form for a function of the user: its parameters stand in p in an order of their own."""
    own = list(inspect.signature(getattr(function, "py_func", function)).parameters)[1:]
    meant = {
        "inner": function if isinstance(function, Dispatcher) else numba.njit(function),
        "order": tuple(names.index(name) for name in own),
        "count": len(names),
        "shape": tree.shapes[0],
    }
    return types.FunctionType(form.__code__, {**form.__globals__, **meant}, form.__name__)


def name_of(function) -> str:
    """What a function is called."""
    return getattr(function, "__name__", type(function).__name__)
