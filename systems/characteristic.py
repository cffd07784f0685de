"""The matrix characteristic equation of regularised deep linear networks, as a `Problem`.

A network of continuous depth T, ``dX/dt = A_t X``, is to map ``X_0`` to ``Z = R X_0 + xi``.  The critical
points of its cost with weight decay lam are ``A_t = e^{2tW} C e^{-2tW}``, ``W = (C - C')/2``, where the
constant matrix C solves ``G(C, lam) = lam C - F' (R - F) S = 0`` with ``F = e^{T(C - C')} e^{T C'}``.
"""

import math

import numpy as np

from continuation import Problem
from systems import characteristic_kernels as general
from systems import characteristic_plane as plane


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
        ``E|xi|^2 / 2`` of the noise.  ``stability`` is None: the equation is no flow, and the eigenvalues of
        its Jacobian are not the stability of a critical point.

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
    R = _square_matrix("R", R)
    d = len(R)
    S = np.eye(d) if S is None else _covariance(S, d)
    if not (np.isscalar(T) and np.isreal(T) and 0 < T < math.inf):
        raise ValueError(f"characteristic_equation(T=...): wanted a positive number, got {T!r}")
    if d == 2:
        residual, jacobian = plane.plane_residual, plane.plane_jacobian
        derivative, cost = plane.plane_parameter_derivative, plane.plane_cost
    else:
        residual, jacobian = general.general_residual, general.general_jacobian
        derivative, cost = general.general_parameter_derivative, general.general_cost
    return Problem(
        residual,
        states=tuple(_entries("C", d)),
        parameters={"lam": 0.0, "T": float(T), **_named("R", R), **_named("S", S)},
        jacobian=jacobian,
        parameter_derivative=derivative,
        outputs={"J": cost},
        stability=None,
        name="characteristic equation",
    )


def normal_logarithm(R, n=0) -> np.ndarray:
    """Return the real, normal logarithm with winding number n of a normal 2 x 2 matrix.

    ``C = normal_logarithm(R, n) / T`` solves the characteristic equation at lam = 0 for every S: the start of
    the solution class n.

    Parameters
    ----------
    R : (2, 2) array
        A scaled rotation ``rho rot(th)``, or symmetric positive definite (then it has n = 0 only).
    n : int
        Turns added to the angle th in (-pi, pi]; n = 0 is the principal logarithm.

    Returns
    -------
    (2, 2) array
        ``[[a, -w], [w, a]]`` with ``a = log(rho)``, ``w = th + 2 pi n``; symmetric where R is (and n = 0).

    Raises
    ------
    ValueError
        If R has no such logarithm: it isn't normal, is singular, or is symmetric with eigenvalues that differ
        while one of them is negative or n is not 0.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), Example 1.

    Examples
    --------
    A quarter turn backwards is three quarters of a turn forwards, and so on:

    >>> normal_logarithm([[0.0, -1.0], [1.0, 0.0]], n=-1) / (np.pi / 2)
    array([[ 0.,  3.],
           [-3.,  0.]])
    """
    R = _square_matrix("R", R)
    if R.shape != (2, 2):
        raise ValueError(f"normal_logarithm(R=...): wanted a 2 x 2 matrix, got shape {R.shape}")
    if int(n) != n:
        raise ValueError(f"normal_logarithm(n=...): wanted a whole number, got {n!r}")
    tolerance = 1e-12 * np.abs(R).max()
    x, y = (R[0, 0] + R[1, 1]) / 2, (R[1, 0] - R[0, 1]) / 2
    if np.abs(R - [[x, -y], [y, x]]).max() <= tolerance and tolerance > 0:
        a, w = math.log(math.hypot(x, y)), math.atan2(y + 0.0, x) + 2 * math.pi * n
        return np.array([[a, -w], [w, a]])
    if abs(y) <= tolerance and n == 0:
        values, vectors = np.linalg.eigh(R)
        if values[0] > 0:
            return (vectors * np.log(values)) @ vectors.T
    raise ValueError(
        "normal_logarithm(R=..., n=...): wanted a scaled rotation, or n = 0 and R symmetric positive definite; "
        f"got n = {n} and R = {R.tolist()}"
    )


def _square_matrix(name, value) -> np.ndarray:
    """Copy `value` to a (d, d) array of finite numbers, or say what is wrong with the argument `name`."""
    try:
        matrix = np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: wanted a square matrix of real numbers, got {value!r}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"{name}: wanted a square matrix, got shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name}: wanted finite entries, got {matrix.tolist()}")
    return matrix


def _covariance(S, d) -> np.ndarray:
    """Check that S is a covariance of d inputs, and return it as an array."""
    S = _square_matrix("S", S)
    if len(S) != d:
        raise ValueError(f"S: wanted the shape of R, {(d, d)}, got {S.shape}")
    if np.abs(S - S.T).max() > 1e-12 * np.abs(S).max():
        raise ValueError(f"S: wanted a symmetric matrix, got one with |S - S'| up to {np.abs(S - S.T).max():.3g}")
    if (smallest := np.linalg.eigvalsh(S)[0]) <= 0:
        raise ValueError(f"S: wanted a positive definite matrix, got one with the eigenvalue {smallest:.3g}")
    return S


def _entries(name, d) -> list[str]:
    """Names of a matrix's entries, row by row."""
    return [f"{name}[{i},{j}]" for i in range(d) for j in range(d)]


def _named(name, matrix) -> dict[str, float]:
    """Entries of a matrix by name."""
    return dict(zip(_entries(name, len(matrix)), matrix.ravel().tolist()))
