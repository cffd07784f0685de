"""Polynomials of one mesh interval: nodes, Gauss points, and the matrices that lead from one to the other."""

import functools
from typing import NamedTuple

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import leggauss


class Basis(NamedTuple):
    """Matrices of collocation of degree m on [0, 1].

    Attributes
    ----------
    nodes : (m + 1,)
        Chebyshev-Lobatto points, both ends among them: unknowns are values there.
    points, quadrature : (m,)
        Gauss points, where the equations hold, and their weights, exact to degree 2 m - 1.
    values, slopes : (m, m + 1)
        Values and derivatives at the Gauss points of the polynomial with given values at the nodes.
    inner, outer : (m, m), (m + 1, m)
        Integrals from 0 to the Gauss points (of the Gauss-Runge-Kutta method) and to the nodes of the polynomial of
        degree m - 1 with given values at the Gauss points.
    weights : (m + 1,)
        Quadrature weights at the nodes, positive.
    top : (m + 1,)
        The m-th derivative, a constant, from values at the nodes.
    powers : (m + 1, m + 1)
        Coefficients of powers, from 1 to ``s**m``, from values at the nodes.
    """

    nodes: np.ndarray
    points: np.ndarray
    quadrature: np.ndarray
    values: np.ndarray
    slopes: np.ndarray
    inner: np.ndarray
    outer: np.ndarray
    weights: np.ndarray
    top: np.ndarray
    powers: np.ndarray


def lobatto_nodes(degree) -> np.ndarray:
    """Chebyshev-Lobatto points (degree + 1,) of [0, 1], rising.

    Examples
    --------
    >>> lobatto_nodes(2).round(12).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.sin(0.5 * np.pi * np.arange(degree + 1) / degree) ** 2


@functools.cache
def basis(degree: int) -> Basis:
    """The matrices of one degree.

    Examples
    --------
    >>> b = basis(4)
    >>> bool(abs(b.outer[-1] - b.quadrature).max() < 1e-14), bool(abs(b.values.sum(axis=1) - 1).max() < 1e-14)
    (True, True)
    """
    m = degree
    nodes = lobatto_nodes(m)
    x, w = leggauss(m)
    points, quadrature = 0.5 * (x + 1), 0.5 * w
    of_nodes, of_points = lagrange(nodes), lagrange(points)
    integrals = [one.integ() for one in of_points]
    return Basis(
        nodes,
        points,
        quadrature,
        values=np.array([one(points) for one in of_nodes]).T,
        slopes=np.array([one.deriv()(points) for one in of_nodes]).T,
        inner=np.array([one(points) for one in integrals]).T,
        outer=np.array([one(nodes) for one in integrals]).T,
        weights=np.array([one.integ()(1.0) for one in of_nodes]),
        top=np.array([one.deriv(m).coef[0] for one in of_nodes]),
        powers=np.array([one.coef for one in of_nodes]).T,
    )


def lagrange(places) -> list:
    """Polynomials that are 1 at one of the places and 0 at the others."""
    found = []
    for k, place in enumerate(places):
        others = np.delete(places, k)
        found.append(Polynomial.fromroots(others) / np.prod(place - others))
    return found
