"""Curves of special points of Lorenz' atmosphere of 1984, and what is asked of any curve."""

import functools

import numpy as np

from continuation import Kind, Settings, trace
from systems.atmosphere import lorenz84 as atmosphere_model

FINE = Settings(max_step=0.02)


def on_curve(curve, **labels):
    """Whether the special points of a curve, ends left out, are of these kinds, as often as given."""
    found = {}
    for point in curve.special:
        if point.kind is not Kind.END:
            assert point.located, point
            found[point.kind.label] = found.get(point.kind.label, 0) + 1
    return found == labels


def lorenz84(x, F, T):
    """Right-hand side and Jacobian of the model, written anew."""
    X, Y, Z, U = x
    f = [-Y * Y - Z * Z - X / 4 + F / 4 - 0.987 * U * U, X * Y - X * Z - Y + 0.25, X * Y + X * Z - Z]
    f.append(-1.04 * U + 0.987 * U * X + T)
    a = [[-0.25, -2 * Y, -2 * Z, -1.974 * U], [Y - Z, X - 1, -X, 0], [Y + Z, X, X - 1, 0], [0.987 * U, 0, 0, 0]]
    a[3][3] = -1.04 + 0.987 * X
    return np.array(f), np.array(a)


@functools.cache
def atmosphere_curves():
    """Lorenz-84: its branch in F, its fold curve and its two Hopf curves in (F, T)."""
    problem = atmosphere_model()
    start = [2.9787, -0.0387, 0.0582, -0.021]
    branch = trace(problem, start, "F", (-1.5, 3.2), parameters={"F": 3.0}, settings=Settings(max_step=0.05))
    span = {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}
    curves = [trace(problem, branch[label], ("F", "T"), span, settings=FINE) for label in ("LP1", "HB1", "HB2", "HB3")]
    return problem, branch, curves
