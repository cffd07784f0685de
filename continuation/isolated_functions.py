"""Functions of the unknowns (u, tau) of an isolated problem.

``p`` holds the base's entries (k), then A (s, n, n) and b (s, n) of ``N_i(u) = A_i u + b_i``, the phase rows (s, n)
and their values at the reference (s,).
"""

from typing import NamedTuple

import numpy as np

from continuation.composed import composed

CUBE_ROOT = np.finfo(float).eps ** (1 / 3)


class Layout(NamedTuple):
    """Numbers of states, of generators, of entries of p that the base takes."""

    n: int
    s: int
    k: int


def made_functions(base, layout, left, names) -> dict:
    """Residual, Jacobian, parameter derivative, outputs and zeros of the isolated problem."""
    given, lefts = base.functions, [entry for entry in left if hasattr(entry, "python")]
    places = tuple(i for i, entry in enumerate(left) if hasattr(entry, "python"))
    inner = {key: [given[key], *lefts] for key in ("residual", "jacobian") if key in given}
    functions = {"residual": composed(_residual(layout, places), inner["residual"], "vector")}
    if "jacobian" in inner:
        functions["jacobian"] = composed(_jacobian(layout, places), inner["jacobian"], "matrix")
    if "parameter_derivative" in given and not lefts:
        functions["parameter_derivative"] = composed(_derivative(layout), [given["parameter_derivative"]], "indexed")
    for key in ("outputs", "zeros"):
        functions[key] = {name: composed(_scalar(layout), [g], "scalar") for name, g in getattr(base, key).items()}
    taus = {name: composed(_entry(layout.n + i), [], "scalar") for i, name in enumerate(names)}
    functions["outputs"] |= taus
    return functions


def _directions(layout, places, tools, lefts):
    """Writer of N_i(u, p) into rows (s, n)."""
    n, s, k = layout
    times = tools.times

    def affine(u, p, rows):
        for i in range(s):
            times(p[k + i * n * n : k + (i + 1) * n * n].reshape(n, n), u, rows[i])
            for j in range(n):
                rows[i, j] += p[k + (s * n + i) * n + j]

    directions = tools.wrap(affine)
    for place, left in zip(places, lefts):
        directions = tools.wrap(_overwritten(directions, left, (place, k)))
    return directions


def _overwritten(before, left, where):
    """The writer whose row at one place comes from a function."""
    place, k = where

    def directions(u, p, rows):
        before(u, p, rows)
        values = left(u, p[:k])
        for j in range(u.size):
            rows[place, j] = values[j]

    return directions


def _residual(layout, places):
    n, s, k = layout

    def make(tools, base, *lefts):
        directions, times = _directions(layout, places, tools, lefts), tools.times

        def residual(v, p, out):
            u, rows = v[:n], np.empty((s, n), v.dtype)
            base(u, p[:k], out[:n])
            directions(u, p, rows)
            start = k + s * n * (n + 1)
            times(p[start : start + s * n].reshape(s, n), u, out[n:])
            for i in range(s):
                for j in range(n):
                    out[j] += v[n + i] * rows[i, j]
                out[n + i] -= p[start + s * n + i]

        return residual

    return make


def _jacobian(layout, places):
    n, s, k = layout

    def make(tools, base, *lefts):
        directions = _directions(layout, places, tools, lefts)
        curved = len(places) > 0

        def jacobian(v, p, out):
            u, rows, a = v[:n].copy(), np.empty((s, n)), np.full((n, n), np.nan)
            base(u, p[:k], a)
            directions(u, p, rows)
            start = k + s * n * (n + 1)
            for i in range(s):
                for j in range(n):
                    out[j, n + i] = rows[i, j]
                    out[n + i, j] = p[start + i * n + j]
                    for m in range(n):
                        a[j, m] += v[n + i] * p[k + (i * n + j) * n + m]
                for j in range(s):
                    out[n + i, n + j] = 0.0
            if curved:
                turn(u, v, p, a)
            out[:n, :n] = a

        def turning(u, v, p, a):
            below, above = np.empty((s, n)), np.empty((s, n))
            for m in range(n):
                value, h = u[m], CUBE_ROOT * max(1.0, abs(u[m]))
                u[m] = value - h
                directions(u, p, below)
                u[m] = value + h
                directions(u, p, above)
                u[m] = value
                for i in range(s):
                    for j in range(n):
                        slope = (above[i, j] - below[i, j]) / (2 * h) - p[k + (i * n + j) * n + m]
                        a[j, m] += v[n + i] * slope

        turn = tools.wrap(turning)
        return jacobian

    return make


def _derivative(layout):
    n, s, k = layout

    def make(tools, base):
        def parameter_derivative(v, p, index, out):
            base(v[:n], p[:k], index, out[:n])
            for i in range(s):
                out[n + i] = 0.0

        return parameter_derivative

    return make


def _scalar(layout):
    n, _, k = layout

    def make(tools, base):
        def scalar(v, p):
            return base(v[:n], p[:k])

        return scalar

    return make


def _entry(place):
    def make(tools):
        def entry(v, p):
            return v[place]

        return entry

    return make
