"""The plane of Theorem 7 as a `Problem` with a real number K of students, and its critical points in closed form."""

import math

import numpy as np

from continuation import Problem
from systems.relu.argument_checks import check_students_number, check_whole
from systems.relu.symmetric import plane_kernels as kernels


def plane(K) -> Problem:
    """Set up the dynamics of K students in the plane of Theorem 7, orthonormal teachers, ReLU units.

    Student j has the component x along teacher j and y along every other one; gradient descent keeps that form.

    Parameters
    ----------
    K : float
        Number of students and teachers; any real number of at least 2.

    Returns
    -------
    Problem
        States ``x``, ``y``, the full gradient flow's own coordinates; parameter ``K``; output ``L``, the loss.
        ``unstable`` counts unstable directions in the plane only: see `symmetric_reduction` for those out
        of it.  The Jacobian is self-adjoint in the inner product with weights ``(1, K - 1)``.

    Raises
    ------
    ValueError
        K is not a number of at least 2.

    Notes
    -----
    With ``r^2 = x^2 + (K-1) y^2``, phi the angle between two students, th and ps those to the own and to another
    teacher, ``A = sin th + (K-1) sin ps``::

        -2 pi x' = pi x + (pi - phi)(K-1) y + (K-1) sin(phi) x - (pi - th) - A x/r
        -2 pi y' = pi y + (pi - phi)(x + (K-2) y) + (K-1) sin(phi) y - (pi - ps) - A y/r

    Not defined at the origin (NaN).  F is continuously differentiable where x = y, not twice.

    References
    ----------
    Y. Tian, ICML 2017, arXiv:1703.00560, Theorem 7 and equation (18).

    Examples
    --------
    >>> problem = plane(5)
    >>> [bool(abs(problem.residual(u)).max() < 1e-15) for u in ([1.0, 0.0], [collinear_value(5)] * 2)]
    [True, True]
    """
    return Problem(
        kernels.plane_residual,
        states=("x", "y"),
        parameters={"K": check_students_number("plane", K, 2)},
        jacobian=kernels.plane_jacobian,
        parameter_derivative=kernels.plane_parameter_derivative,
        outputs={"L": kernels.plane_loss},
        smoothness=2,
        name="plane of Theorem 7",
    )


def collinear_value(K, sign=1) -> float:
    """Return ``x = y`` of the saddle where all students agree: with them (sign 1), or opposite to the teachers' sum.

    ``(sqrt(K-1) - arccos(1/sqrt K) + pi) / (pi K)``, or ``-(sqrt(K-1) - arccos(1/sqrt K)) / (pi K)``.

    References
    ----------
    Tian (2017), Theorem 7 (2), for sign 1.

    Examples
    --------
    >>> print(f"{collinear_value(2):.14f} {0.25 + (1 + math.pi / 4) / (2 * math.pi):.14f}")
    0.53415494309190 0.53415494309190
    """
    K = check_students_number("collinear_value", K, 2)
    turned = math.sqrt(K - 1) - math.atan(math.sqrt(K - 1))
    if sign not in (1, -1):
        raise ValueError(f"collinear_value(sign=...): wanted 1 or -1, got {sign!r}")
    return (turned + math.pi) / (math.pi * K) if sign == 1 else -turned / (math.pi * K)


def saddle_spectrum(K) -> dict[float, int]:
    """Return the eigenvalues of the Hessian at the saddle of Theorem 7 in d = K dimensions, with multiplicities.

    ``K/2`` once, ``K/2 - delta`` and 0 each K - 1 times, ``-delta`` (K - 1)^2 times;
    ``delta = K / (2 pi y sqrt(K-1))``.

    Parameters
    ----------
    K : int
        At least 2.

    Examples
    --------
    >>> sum(saddle_spectrum(5).values())
    25
    """
    K = check_whole("saddle_spectrum", "K", K, 2)
    delta = K / (2 * math.pi * collinear_value(K) * math.sqrt(K - 1))
    return {K / 2: 1, K / 2 - delta: K - 1, 0.0: K - 1, -delta: (K - 1) ** 2}


def type_a_guess(K) -> np.ndarray:
    """Return ``(-1 + 2/K, 2/K)``, near the second stable node of the plane (for K = 2 the swapped teachers)."""
    K = check_students_number("type_a_guess", K, 2)
    return np.array([-1 + 2 / K, 2 / K])


def full_weights(x, y, K) -> np.ndarray:
    """Return the weights (K, K) of all students in the basis of the teachers.

    Examples
    --------
    >>> full_weights(1.0, 0.5, 2)
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    return (x - y) * np.eye(check_whole("full_weights", "K", K, 1)) + y
