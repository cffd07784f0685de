"""One-parameter families of the matrix R in the characteristic equation, each a `Problem` with few parameters."""

import math

import numpy as np

from continuation import Problem
from continuation.compiled import kernel
from systems.characteristic.checks import covariance, entries, positive, square_matrix
from systems.characteristic.general_kernels import (
    general_cost,
    general_jacobian,
    general_parameter_derivative,
    general_residual,
)
from systems.characteristic.index_kernels import index_and_nullity
from systems.characteristic.plane_kernels import plane_cost, plane_jacobian, plane_parameter_derivative, plane_residual


def rotation_family(theta=math.pi / 2, rho=1.0, T=1.0) -> Problem:
    """Set up the characteristic equation for ``R = rho rot(theta)``, S = I, d = 2.

    Parameters
    ----------
    theta, rho, T : float
        Angle, scale and depth; rho and T positive.

    Returns
    -------
    Problem
        States ``C[0,0]`` ... ``C[1,1]``; parameters ``lam`` (0), ``theta``, ``rho``, ``T``; output ``J``;
        ``unstable`` is the Morse index, as in `characteristic_equation`.

    Raises
    ------
    ValueError
        rho or T is not positive, or a number is none.

    Notes
    -----
    The normal solutions ``C = [[a, -w], [w, a]]`` solve (T = 1) ``lam a = e^a rho cos(theta - w) - e^{2a}`` and
    ``lam w = e^a rho sin(theta - w)``.  Their folds lie where ``|mu| = 1 + e^{2a} / lam``, mu = a + i w; cusps
    where ``|mu| = 3/2``, ``lam = 2 e^{2a}``, ``rho = e^a sqrt(10 + 4 a)``, ``theta = w + arg(2 a + 1 + 2 i w)``.

    References
    ----------
    A. Taghvaei, J. W. Kim, P. G. Mehta, "How regularization affects the critical points in linear networks",
    NeurIPS 2017, arXiv:1709.09625: equation (18) and Example 1.

    Examples
    --------
    >>> problem = rotation_family(theta=1.0)
    >>> round(problem.solve([0, -1, 1, 0], {"lam": 0.0})["C[1,0]"], 12)
    1.0
    """
    for name, value in (("rho", rho), ("T", T)):
        positive(f"rotation_family({name}=...)", value)
    return Problem(
        _residual,
        states=("C[0,0]", "C[0,1]", "C[1,0]", "C[1,1]"),
        parameters={"lam": 0.0, "theta": theta, "rho": rho, "T": T},
        jacobian=_jacobian,
        parameter_derivative=_parameter_derivative,
        outputs={"J": _cost},
        stability=_index,
        name="characteristic equation of a rotation",
    )


def line_of_matrices(R, direction, name="alpha", value=0.0, S=None, T=1.0) -> Problem:
    """Set up the characteristic equation for ``R + alpha D``, where alpha is one parameter of any name.

    Parameters
    ----------
    R, direction : (d, d) arrays
        The line.  ``R = 0`` and a name like ``"rho"`` vary the scale of one matrix.
    name, value : str, float
        Name and default of the parameter.
    S, T
        As in `characteristic_equation`.

    Returns
    -------
    Problem
        States ``C[0,0]`` ...; parameters ``lam`` (0), ``T`` and `name`; output ``J``; ``unstable`` the Morse index.

    Raises
    ------
    ValueError
        As `characteristic_equation`.

    Examples
    --------
    Example 2 of the paper: alpha from 0, where R is a quarter turn, to pi/2, where the solution is nilpotent:

    >>> problem = line_of_matrices([[0.0, -1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]])
    >>> point = problem.solve([0.1, 0.1, 1.5, 0.1], {"alpha": math.pi / 2})
    >>> (abs(point.state - [0, 0, math.pi / 2, 0]) < 1e-9).all()
    np.True_
    """
    R = square_matrix("R", R)
    d = len(R)
    D, S = square_matrix("direction", direction, d), covariance(S, d)
    return Problem(
        _line_residual,
        states=tuple(entries("C", d)),
        parameters={"lam": 0.0, "T": positive("line_of_matrices(T=...)", T), name: value},
        constants=np.concatenate([R.ravel(), D.ravel(), S.ravel()]),
        jacobian=_line_jacobian,
        parameter_derivative=_line_derivative,
        outputs={"J": _line_cost},
        stability=_line_index,
        name="characteristic equation of a line of matrices",
    )


@kernel
def _on_line(u, p):
    """``(lam, T, R + alpha D, S)`` of ``(lam, T, alpha, R, D, S)``."""
    n = u.size
    q = np.empty(2 + 2 * n)
    q[0], q[1] = p[0], p[1]
    for i in range(n):
        q[2 + i] = p[3 + i] + p[2] * p[3 + n + i]
        q[2 + n + i] = p[3 + 2 * n + i]
    return q


def _line_residual(u, p, out):
    """Write ``G`` (n,)."""
    if u.size == 4:
        plane_residual(u, _on_line(u, p), out)
    else:
        general_residual(u, _on_line(u, p), out)


def _line_jacobian(u, p, out):
    """Write ``DG`` (n, n)."""
    if u.size == 4:
        plane_jacobian(u, _on_line(u, p), out)
    else:
        general_jacobian(u, _on_line(u, p), out)


def _line_cost(u, p):
    """Return ``J``."""
    return plane_cost(u, _on_line(u, p)) if u.size == 4 else general_cost(u, _on_line(u, p))


def _line_derivative(u, p, k, out):
    """Write the derivative of ``G`` (n,) with respect to ``p[k]``; alpha moves every entry of R."""
    q, n = _on_line(u, p), u.size
    column = np.zeros(n)
    for i in range(n):
        out[i] = 0.0
    for m in range(n if k == 2 else 1):
        place, weight = (2 + m, p[3 + n + m]) if k == 2 else (k, 1.0)
        if n == 4:
            plane_parameter_derivative(u, q, place, column)
        else:
            general_parameter_derivative(u, q, place, column)
        for i in range(n):
            out[i] += weight * column[i]


def _line_index(u, p):
    """Morse index."""
    n = u.size
    d = int(math.sqrt(n) + 0.5)
    return index_and_nullity(u.copy().reshape(d, d), p[0], p[3 + 2 * n : 3 + 3 * n].copy().reshape(d, d), p[1])[0]


def _index(u, p):
    """Morse index, S = I."""
    return index_and_nullity(u.copy().reshape(2, 2), p[0], np.eye(2), p[3])[0]


@kernel
def _entries(p):
    """``(lam, T, R, S)`` (10,) of ``(lam, theta, rho, T)``."""
    q = np.zeros(10)
    q[0], q[1] = p[0], p[3]
    q[2] = q[5] = p[2] * math.cos(p[1])
    q[4] = p[2] * math.sin(p[1])
    q[3] = -q[4]
    q[6] = q[9] = 1.0
    return q


@kernel
def _residual(u, p, out):
    """Write ``G`` (4,)."""
    plane_residual(u, _entries(p), out)


@kernel
def _jacobian(u, p, out):
    """Write ``DG`` (4, 4)."""
    plane_jacobian(u, _entries(p), out)


@kernel
def _parameter_derivative(u, p, k, out):
    """Write the derivative of ``G`` (4,) with respect to ``p[k]``."""
    q = _entries(p)
    if k == 0 or k == 3:
        plane_parameter_derivative(u, q, 0 if k == 0 else 1, out)
        return
    cosine, sine = math.cos(p[1]), math.sin(p[1])
    change = (-p[2] * sine, -p[2] * cosine, p[2] * cosine, -p[2] * sine)
    if k == 2:
        change = (cosine, -sine, sine, cosine)
    column = np.zeros(4)
    for i in range(4):
        out[i] = 0.0
    for j in range(4):
        plane_parameter_derivative(u, q, 2 + j, column)
        for i in range(4):
            out[i] += change[j] * column[i]


@kernel
def _cost(u, p):
    """Return ``J``."""
    return plane_cost(u, _entries(p))
