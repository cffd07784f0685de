"""One-parameter families of the matrix R in the characteristic equation, each a `Problem` with few parameters."""

import math

import numpy as np

from continuation import Problem
from continuation.compiled.calls.kernel import kernel
from systems.characteristic.equation import Kernels, problem_of
from systems.characteristic.kernels.general_kernels import (
    general_cost,
    general_jacobian,
    general_parameter_derivative,
    general_residual,
    matrix_exponential,
)
from systems.characteristic.kernels.index_kernels import index_and_nullity, product
from systems.characteristic.kernels.two_by_two_kernels import (
    plane_cost,
    plane_jacobian,
    plane_parameter_derivative,
    plane_residual,
)
from systems.characteristic.matrix_checks import check_covariance, check_square, entries_by_name, entry_names
from systems.number_checks import check_count, check_number, check_positive


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
    theta = check_number("rotation_family(theta=...)", theta)
    rho, T = check_positive("rotation_family(rho=...)", rho), check_positive("rotation_family(T=...)", T)
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
        The line, any d.  ``R = 0`` and a name like ``"rho"`` vary the scale of one matrix (`scaled_matrix`).
    name, value : str, float
        Name and default of the parameter.
    S, T
        As in `characteristic_equation`.

    Returns
    -------
    Problem
        As `characteristic_equation`, with the further parameter `name` behind ``lam`` and ``T``; ``R[i,j]`` are the
        entries at alpha = 0.

    Raises
    ------
    ValueError
        As `characteristic_equation`; a name that is taken.

    Examples
    --------
    Example 2 of the paper: alpha from 0, where R is a quarter turn, to pi/2, where the solution is nilpotent:

    >>> problem = line_of_matrices([[0.0, -1.0], [1.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]])
    >>> point = problem.solve([0.1, 0.1, 1.5, 0.1], {"alpha": math.pi / 2})
    >>> (abs(point.state - [0, 0, math.pi / 2, 0]) < 1e-9).all()
    np.True_
    """
    return _family(R, check_square("direction", direction), LINE, name, value, S, T)


def turned_matrix(R, generator, name="theta", value=0.0, S=None, T=1.0) -> Problem:
    """Set up the characteristic equation for ``e^{theta K} R``, any d: one angle of a rotation as a parameter.

    Parameters
    ----------
    R : (d, d) array
        At theta = 0.
    generator : (d, d) array
        K; skew for rotations (`plane_generator`), the identity for a scale ``e^theta``, else any.
    name, value, S, T
        As in `line_of_matrices`.

    Returns
    -------
    Problem
        As `line_of_matrices`.

    Raises
    ------
    ValueError
        As `line_of_matrices`.

    Examples
    --------
    Rotations by theta in the plane of the first and the last of three axes; log R is the solution at lam = 0:

    >>> K = plane_generator(3, 0, 2)
    >>> problem = turned_matrix(np.eye(3), K, value=0.7)
    >>> bool(abs(problem.residual((0.7 * K).ravel())).max() < 1e-15)
    True
    """
    return _family(R, check_square("generator", generator), TURN, name, value, S, T)


def scaled_matrix(R, name="rho", value=1.0, S=None, T=1.0) -> Problem:
    """Set up the characteristic equation for ``rho R``; as `line_of_matrices`, where ``R[i,j]`` are 0.

    Examples
    --------
    >>> scaled_matrix([[2.0]], value=1.5).residual([0.0])
    array([-2.])
    """
    R = check_square("R", R)
    return _family(np.zeros_like(R), R, LINE, name, value, S, T)


def plane_generator(d, i, j) -> np.ndarray:
    """Return the skew K (d, d) whose ``e^{theta K}`` turns axis i towards axis j by theta and leaves all others.

    Examples
    --------
    >>> plane_generator(2, 0, 1)
    array([[ 0., -1.],
           [ 1.,  0.]])
    """
    d, i, j = (
        check_count("plane_generator(d=...)", d),
        check_count("plane_generator(i=...)", i, 0),
        check_count("plane_generator(j=...)", j, 0),
    )
    if i == j or max(i, j) >= d:
        raise ValueError(f"plane_generator: wanted two different axes of {d}, got {i} and {j}")
    K = np.zeros((d, d))
    K[j, i], K[i, j] = 1.0, -1.0
    return K


LINE, TURN = 0.0, 1.0  # last entry of p: how the parameter moves R


def _family(R, M, kind, name, value, S, T) -> Problem:
    """The problem for a parameter that moves R by the matrix M in one of the two ways."""
    R = check_square("R", R)
    d = len(R)
    M, S = check_square("direction" if kind == LINE else "generator", M, d), check_covariance(S, d)
    parameters = {"lam": 0.0, "T": check_positive("T", T)}
    if name in (*parameters, *entry_names("R", d), *entry_names("S", d)):
        raise ValueError(f"name: wanted one that isn't taken, got {name!r}")
    kernels = Kernels(_family_residual, _family_jacobian, _family_derivative, _family_cost)
    parameters |= {name: check_number(name, value), **entries_by_name("R", R), **entries_by_name("S", S)}
    constants = np.append(M.ravel(), kind)
    return problem_of(kernels, d, parameters, "characteristic equation of a family", _family_index, constants=constants)


@kernel
def _square(p, first, d):
    """(d, d) matrix that begins at an entry of p."""
    return p[first : first + d * d].copy().reshape(d, d)


@kernel
def _moved(u, p):
    """``(lam, T, R(s), S)`` of ``(lam, T, s, R, S, M, kind)``."""
    n = u.size
    d = int(math.sqrt(n) + 0.5)
    R, M = _square(p, 3, d), _square(p, 3 + 2 * n, d)
    R = R + p[2] * M if p[p.size - 1] == LINE else product(matrix_exponential(p[2] * M), R)
    q = np.empty(2 + 2 * n)
    q[0], q[1] = p[0], p[1]
    for i in range(n):
        q[2 + i] = R[i // d, i % d]
        q[2 + n + i] = p[3 + n + i]
    return q


@kernel
def _velocity(u, q, p, k):
    """Derivative of ``R(s)`` (n,) with respect to ``p[k]``, k = 2 or an entry of R."""
    n = u.size
    d = int(math.sqrt(n) + 0.5)
    M, line = _square(p, 3 + 2 * n, d), p[p.size - 1] == LINE
    if k == 2:
        out = M if line else product(M, _square(q, 2, d))
    else:
        unit = np.zeros((d, d))
        unit[(k - 3) // d, (k - 3) % d] = 1.0
        out = unit if line else product(matrix_exponential(p[2] * M), unit)
    return out.copy().reshape(n)


def _family_residual(u, p, out):
    """Write ``G`` (n,)."""
    if u.size == 4:
        plane_residual(u, _moved(u, p), out)
    else:
        general_residual(u, _moved(u, p), out)


def _family_jacobian(u, p, out):
    """Write ``DG`` (n, n)."""
    if u.size == 4:
        plane_jacobian(u, _moved(u, p), out)
    else:
        general_jacobian(u, _moved(u, p), out)


def _family_cost(u, p):
    """Return ``J``."""
    return plane_cost(u, _moved(u, p)) if u.size == 4 else general_cost(u, _moved(u, p))


def _family_derivative(u, p, k, out):
    """Write the derivative of ``G`` (n,) with respect to ``p[k]``."""
    q, n = _moved(u, p), u.size
    column, speed = np.zeros(n), np.zeros(n)
    for i in range(n):
        out[i] = 0.0
    moves_R = 2 <= k < 3 + n
    if moves_R:
        speed = _velocity(u, q, p, k)
    for m in range(n if moves_R else 1):
        place, weight = (2 + m, speed[m]) if moves_R else (k if k < 2 else k - 1, 1.0)
        if weight == 0.0:
            continue
        if n == 4:
            plane_parameter_derivative(u, q, place, column)
        else:
            general_parameter_derivative(u, q, place, column)
        for i in range(n):
            out[i] += weight * column[i]


def _family_index(u, p):
    """Morse index."""
    n = u.size
    d = int(math.sqrt(n) + 0.5)
    return index_and_nullity(u.copy().reshape(d, d), p[0], _square(p, 3 + n, d), p[1])[0]


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
