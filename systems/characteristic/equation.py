"""The matrix characteristic equation as a `Problem`: for given R and S, for correlated data, for finite samples."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from continuation import Problem
from systems.characteristic.kernels import general_kernels as general
from systems.characteristic.kernels import two_by_two_kernels as plane
from systems.characteristic.kernels.index_kernels import index_and_nullity
from systems.characteristic.matrix_checks import check_covariance, check_square, entries_by_name, entry_names
from systems.number_checks import check_positive


class Kernels(NamedTuple):
    """The compiled functions of one form of the equation: G, DG, the derivative in a parameter, and J."""

    residual: Callable
    jacobian: Callable
    parameter_derivative: Callable
    cost: Callable


def characteristic_equation(R, S=None, T=1.0) -> Problem:
    """Set up ``lam C - F' (R - F) S = 0``, whose solutions are the critical points of a linear network.

    Parameters
    ----------
    R : (d, d) array
        The map to be learnt.  Any real matrix, normal or not, any d >= 1.
    S : (d, d) array, optional
        Covariance ``E[X_0 X_0']`` of the inputs, symmetric and positive definite.  Default: the identity.
    T : float
        Depth of the network, positive.  Redundant: ``T C`` solves the equation for T = 1 and lam / T.

    Returns
    -------
    Problem
        States ``C[0,0]``, ``C[0,1]``, ... row by row.  Parameters ``lam`` (0 by default), ``T``, ``R[i,j]``,
        ``S[i,j]``; each entry is a parameter of its own, so varying ``S[0,1]`` alone makes S unsymmetric.
        Output ``J``, the cost ``(lam T / 2) tr(C'C) + tr((F - R) S (F - R)') / 2`` without the constant
        ``E|xi|^2 / 2`` of the noise.  ``unstable`` is the Morse index of the cost, 0 at minima (`morse_index`):
        the equation is no flow, and the eigenvalues of its Jacobian are not the stability of a critical point.

    Raises
    ------
    ValueError
        If R isn't a square matrix of finite numbers, S isn't symmetric positive definite of the same shape,
        or T isn't positive; the message names the argument.

    Notes
    -----
    Jacobian and parameter derivatives are exact.  For d = 2 they are closed forms (a rotation times an
    exponential with entire functions of its discriminant, so nothing happens where eigenvalues meet; well
    below 1 us for G and DG).  Otherwise [13/13] Pade approximants with scaling and squaring; DG then costs
    about ``(5 + 2 s) d**5 + 26 d**4`` multiplications with s squarings, 0.2 ms at d = 8.

    At lam = 0 a normal R is solved by ``C = log(R) / T``, every real logarithm: see `normal_logarithm`.
    As lam -> 0 on a branch whose C escapes to infinity F vanishes, and G and DG vanish with it.

    References
    ----------
    A. Taghvaei, J. W. Kim, P. G. Mehta, "How regularization affects the critical points in linear networks",
    NeurIPS 2017, arXiv:1709.09625: Proposition 2, equation (18).

    Examples
    --------
    For d = 1 the equation is ``lam C = e^C (R - e^C)``; ``R = e + 1/e`` and lam = 1 give C = 1, where the
    cost is ``1/2 + e^{-2}/2``:

    >>> problem = characteristic_equation([[math.e + 1 / math.e]])
    >>> point = problem.solve([0.9], {"lam": 1.0})
    >>> print(f"{point['C[0,0]']:.12f} {point['J']:.12f} {0.5 + 0.5 * math.exp(-2):.12f}")
    1.000000000000 0.567667641618 0.567667641618
    """
    R = check_square("R", R)
    S = check_covariance(S, len(R))
    kernels = plane_kernels() if len(R) == 2 else general_kernels()
    T = check_positive("characteristic_equation(T=...)", T)
    parameters = {"lam": 0.0, "T": T, **entries_by_name("R", R), **entries_by_name("S", S)}
    return problem_of(kernels, len(R), parameters, "characteristic equation")


def plane_kernels() -> Kernels:
    """Choose the closed form, for d = 2."""
    return Kernels(plane.plane_residual, plane.plane_jacobian, plane.plane_parameter_derivative, plane.plane_cost)


def general_kernels() -> Kernels:
    """Choose the form for any d."""
    return Kernels(
        general.general_residual,
        general.general_jacobian,
        general.general_parameter_derivative,
        general.general_cost,
    )


def problem_of(kernels, d, parameters, name, index=None, **options) -> Problem:
    """Make a `Problem` for C (d, d) of these kernels; `index` counts if p isn't ``(lam, T, R, S)``."""
    return Problem(
        kernels.residual,
        states=tuple(entry_names("C", d)),
        parameters=parameters,
        jacobian=kernels.jacobian,
        parameter_derivative=kernels.parameter_derivative,
        outputs={"J": kernels.cost},
        stability=_index if index is None else index,
        name=name,
        **options,
    )


def _index(u, p):
    """Morse index of the cost at the critical point C, for ``p = (lam, T, R, S)``."""
    d = int(math.sqrt(u.size) + 0.5)
    return index_and_nullity(u.copy().reshape(d, d), p[0], p[2 + d * d : 2 + 2 * d * d].copy().reshape(d, d), p[1])[0]


def residual_and_jacobian(C, lam, R, S, T):
    """Compute G (d, d) and DG (d^2, d^2) at a matrix C, without a `Problem`.

    Examples
    --------
    At C = 0: ``G = -(R - I)``, and ``DG[V] = -V (R - I) + V`` for R and S = I of one dimension:

    >>> G, DG = residual_and_jacobian(np.zeros((1, 1)), 0.0, np.array([[3.0]]), np.eye(1), 1.0)
    >>> round(G.item(), 12), round(DG.item(), 12)
    (-2.0, -1.0)
    """
    d = len(C)
    p = np.concatenate([[lam, T], np.ravel(R), np.ravel(S)]).astype(float)
    kernels = plane_kernels() if d == 2 else general_kernels()
    G, DG = np.empty(d * d), np.empty((d * d, d * d))
    u = np.ascontiguousarray(C, float).ravel()
    kernels.residual(u, p, G)
    kernels.jacobian(u, p, DG)
    return G.reshape(d, d), DG
