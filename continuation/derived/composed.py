"""Equations made from others whose unknowns are not the states shown, and their functions.

Data (a basis, reference directions) travels behind the base's parameters and constants in p.  In the engine the
functions of the base are called by address from kernels that are compiled once for all problems
(`composed_kernels`); at single points numpy does the same.
"""

import importlib

import numpy as np

from continuation.compiled.calls.interface import Callback, callback
from continuation.equations.equations import Equations
from continuation.equations.functions import Function


class ComposedFunction(Function):
    """A function of new unknowns that calls functions of a base problem.

    Parameters
    ----------
    inner : sequence of Function
        The functions of the base that it calls.
    make : callable
        ``make(*functions)`` gives the function for single points, in numpy.
    kernel : callback
        The same for the engine; its data are the addresses and data of the inner callbacks between `sizes`.
    sizes : tuple of int
        ``(n, further sizes ..., k)``: the base takes n states and k entries of p.
    """

    def __init__(self, inner, make, kernel: callback | None, sizes):
        self.inner, self.kernel, self.sizes = tuple(inner), kernel, sizes
        self.make, self.composed, self.reason = make, make(*inner), ""

    def __getstate__(self):
        """What another process makes the function of: the kernel by its name, all else as it is."""
        kernel = None if self.kernel is None else (self.kernel._function.__module__, self.kernel._function.__name__)
        return {key: value for key, value in vars(self).items() if key != "composed"} | {"kernel": kernel}

    def __setstate__(self, state):
        vars(self).update(state)
        if self.kernel is not None:
            module, name = self.kernel
            self.kernel = getattr(importlib.import_module(module), name)
        self.composed = self.make(*self.inner)

    @property
    def python(self):
        """The function of the base's plain functions."""
        return self.make(*(f.python for f in self.inner))

    @property
    def as_written(self):
        """What shows the user's own traceback, where the base has one."""
        return self.make(*(f.as_written for f in self.inner))

    @property
    def name(self) -> str:
        """Name of the base's function."""
        return self.inner[0].name

    @property
    def dispatcher(self):
        """Something if all it calls is compiled."""
        return None if any(f.dispatcher is None for f in self.inner) else self.composed

    @property
    def error(self):
        """The exception kept by one of the functions it calls."""
        return next((f.error for f in self.inner if f.error is not None), None)

    @error.setter
    def error(self, value):
        for f in self.inner:
            f.error = value

    def __call__(self, *arguments):
        """Evaluate at a single point."""
        return self.composed(*arguments)

    def callback(self, n: int, k: int, index: int = 0) -> Callback:
        """Make the engine's callback."""
        callbacks = [f.callback(self.sizes[0], self.sizes[-1], index) for f in self.inner]
        if self.kernel is None:  # what it takes begins with what the base takes
            return callbacks[0]
        data = np.array([*self.sizes, *(word for c in callbacks for word in (c.address, c.data))], np.int64)
        return Callback(self.kernel.address, data.ctypes.data, (data, *callbacks))


class ComposedEquations(Equations):
    """Equations for unknowns of their own whose branches show the states of their base."""

    def __init__(self, base, unknown_names, functions, *, states=None, parameters=None, **options):
        self.base = base
        self.count = len(base.parameters) + len(base.constants)  # entries of p that the base takes
        options = {"unknown_names": unknown_names, "symmetry": base.symmetry} | options
        states, parameters = states or base.states, parameters or base.parameters
        super().__init__(functions.pop("residual"), states, parameters, **functions, **options)

    @property
    def compiled(self) -> bool:
        """Whether the equations and the base's functions are compiled (a count of eigenvalues in numpy aside)."""
        own = (f for key, f in self.functions.items() if key != "stability")
        return self.base.compiled and all(f.dispatcher is not None for f in own)

    @property
    def has_kinks(self) -> bool:
        """Whether the base has kinks."""
        return self.base.has_kinks

    def check_varied(self, p, names):
        """Raise where the base's equations are not those meant."""
        self.base.check_varied(p[: self.count], names)

    def state_weights(self):
        """(n,) weights of the states shown, those of the base."""
        return self.base.state_weights()

    def __repr__(self):
        return f"<Problem {self.name}: {len(self.unknown_names)} unknowns for {len(self.states)} states>"
