"""Problems made from another one whose unknowns are not the states shown, and their functions.

Data (a basis, reference directions) travels behind the base's parameters and constants in p, so that one compiled
function serves all data of one shape.
"""

from typing import NamedTuple

import numba
import numpy as np

from continuation.functions import Function
from continuation.problem import Problem


class Tools(NamedTuple):
    """What the made functions call: loops to compile, or numpy, which takes numbers of extended precision too."""

    wrap: object  # passes a helper function on, compiled or as it is
    times: object  # (matrix, vector, out)
    product: object  # (matrix, matrix, out)


def _times(a, x, out):
    """Write A x."""
    for i in range(a.shape[0]):
        total = 0.0 * x[0]
        for j in range(a.shape[1]):
            total += a[i, j] * x[j]
        out[i] = total


def _product(a, b, out):
    """Write A B."""
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            total = 0.0
            for k in range(a.shape[1]):
                total += a[i, k] * b[k, j]
            out[i, j] = total


def _plain_times(a, x, out):
    out[:] = a @ x


def _compile(helper):
    return numba.njit(error_model="numpy")(helper)


def composed(make, inner, shape) -> Function:
    """The function ``make(tools, *callables)`` of some `Function`s: compiled if all of them are.

    Its ``python`` is made of the plain functions in either case.
    """
    plain = make(Tools(lambda helper: helper, _plain_times, _plain_times), *(f.python for f in inner))
    if any(f.dispatcher is None for f in inner):
        return Function(plain, shape, compile_it=False)
    tools = Tools(_compile, _compile(_times), _compile(_product))
    function = Function(make(tools, *(f.dispatcher for f in inner)), shape)
    function.python = plain
    return function


class ComposedProblem(Problem):
    """A problem for unknowns of its own whose branches show the states of its base, a `Problem`."""

    def __init__(self, base, unknown_names, functions, **options):
        self.base, self._unknown_names = base, tuple(unknown_names)
        self.count = len(base.parameters) + len(base.constants)  # entries of p that the base takes
        super().__init__(functions.pop("residual"), base.states, base.parameters, **functions, **options)
        self.symmetry = base.symmetry

    @property
    def unknown_names(self) -> tuple:
        """Names of the unknowns beside the varied parameter."""
        return self._unknown_names

    def state_weights(self):
        """(n,) weights of the states shown, those of the base."""
        return self.base.state_weights()

    def __repr__(self):
        return f"<Problem {self.name}: {len(self.unknown_names)} unknowns for {len(self.states)} states>"


def unstable_count(a, symmetric=False) -> int:
    """Number of eigenvalues of F_u with positive real part, those within 1e-9 of its scale counted as zero."""
    if not np.all(np.isfinite(a)):
        return 0
    values = np.linalg.eigvalsh(a) if symmetric else np.linalg.eigvals(a)
    return int(np.sum(values.real > 1e-9 * np.max(np.sum(np.abs(a), axis=1), initial=0.0)))
