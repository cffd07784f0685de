"""One-parameter families of the matrix R in the characteristic equation, each a `Problem` with few parameters."""

import math

import numpy as np

from continuation import Problem
from continuation.compiled import kernel
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
    >>> problem.solve([0, -1, 1, 0], {"lam": 0.0})["C[1,0]"]
    1.0
    """
    for name, value in (("rho", rho), ("T", T)):
        if not (np.isscalar(value) and 0 < value < math.inf):
            raise ValueError(f"rotation_family({name}=...): wanted a positive number, got {value!r}")
    return Problem(
        _residual,
        states=("C[0,0]", "C[0,1]", "C[1,0]", "C[1,1]"),
        parameters={"lam": 0.0, "theta": theta, "rho": rho, "T": T},
        jacobian=_jacobian,
        parameter_derivative=_parameter_derivative,
        outputs={"J": _cost},
        stability=None,
        name="characteristic equation of a rotation",
    )


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
