"""Functions of the unknowns (u, tau) of an isolated problem.

``p`` holds the base's entries (k), then A (s, n, n) and b (s, n) of ``N_i(u) = A_i u + b_i``, the phase rows (s, n)
and their values at the reference (s,).
"""

import functools
from typing import NamedTuple

import numpy as np

from continuation.derived import composed_kernels as kernels
from continuation.derived.composed import ComposedFunction
from continuation.equations.functions import Function

CUBE_ROOT = np.finfo(float).eps ** (1 / 3)


class Layout(NamedTuple):
    """Numbers of states, of generators, of entries of p that the base takes; which left vectors are functions."""

    n: int
    s: int
    k: int
    places: tuple = ()

    @property
    def sizes(self) -> tuple:
        """Sizes in the order in which the kernels read them."""
        return self.n, self.s, sum(1 << place for place in self.places), self.k

    def unpack(self, p):
        """A (s, n, n), b (s, n), phase rows (s, n), their values (s,)."""
        n, s, k = self.n, self.s, self.k
        ends = np.cumsum([k, s * n * n, s * n, s * n, s])
        a, b, rows, values = (p[i:j] for i, j in zip(ends, ends[1:]))
        return a.reshape(s, n, n), b.reshape(s, n), rows.reshape(s, n), values


def make_functions(base, layout, left, names) -> dict:
    """Residual, Jacobian, parameter derivative, outputs and zeros of the isolated problem."""
    lefts = [entry for entry in left if isinstance(entry, Function)]
    layout = layout._replace(places=tuple(i for i, entry in enumerate(left) if isinstance(entry, Function)))
    table = {
        "residual": (_residual, kernels.isolated_vector),
        "jacobian": (_jacobian, kernels.isolated_matrix),
        "parameter_derivative": (_derivative, kernels.isolated_derivative),
    }
    if lefts:  # their derivative by a parameter is not known
        table.pop("parameter_derivative")
    functions = {}
    for key, (make, kernel) in table.items():
        if key in base.functions:
            inner = [base.functions[key], *(lefts if key != "parameter_derivative" else ())]
            functions[key] = ComposedFunction(inner, functools.partial(make, layout), kernel, layout.sizes)
    for key in ("outputs", "zeros"):
        functions[key] = {name: function_of_state(layout, g) for name, g in getattr(base, key).items()}
    taus = {name: Function(Entry(layout.n + i), "scalar", compile_it=False) for i, name in enumerate(names)}
    functions["outputs"] |= taus
    return functions


def function_of_state(layout, given) -> ComposedFunction:
    """A scalar function of (u, tau) made from one of u: it takes the first n."""
    return ComposedFunction([given], functools.partial(_of_state, layout), None, (layout.n, layout.k))


def _of_state(layout, g):
    return lambda v, p: g(v[: layout.n], p[: layout.k])


def _directions(layout, lefts, u, p):
    """N_i(u, p) as rows (s, n)."""
    a, b, _, _ = layout.unpack(p)
    rows = a @ u + b
    for place, left in zip(layout.places, lefts):
        left(u, p[: layout.k], rows[place])
    return rows


def _residual(layout, base, *lefts):
    n = layout.n

    def residual(v, p, out):
        _, _, rows, values = layout.unpack(p)
        base(v[:n], p[: layout.k], out[:n])
        out[:n] += v[n:] @ _directions(layout, lefts, v[:n], p)
        out[n:] = rows @ v[:n] - values

    return residual


def _jacobian(layout, base, *lefts):
    n = layout.n

    def jacobian(v, p, out):
        a, _, rows, _ = layout.unpack(p)
        u, full = v[:n].copy(), np.full((n, n), np.nan)
        base(u, p[: layout.k], full)
        out[:n, n:], out[n:, :n], out[n:, n:] = _directions(layout, lefts, u, p).T, rows, 0.0
        out[:n, :n] = full + np.tensordot(v[n:], a, 1)
        for c in range(n) if lefts else ():
            h = CUBE_ROOT * max(1.0, abs(u[c]))
            sides = [_directions(layout, lefts, u + s * h * np.eye(n)[c], p) for s in (-1, 1)]
            out[:n, c] += v[n:] @ ((sides[1] - sides[0]) / (2 * h) - a[:, :, c])

    return jacobian


def _derivative(layout, base):
    def parameter_derivative(v, p, index, out):
        base(v[: layout.n], p[: layout.k], index, out[: layout.n])
        out[layout.n :] = 0.0

    return parameter_derivative


class Entry(NamedTuple):
    """Output: one of the unknowns."""

    place: int

    def __call__(self, v, p):
        """Its value."""
        return v[self.place]
