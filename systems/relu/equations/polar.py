"""The normal equations in polar form, whose branches pass through students of length zero."""

import numpy as np

from continuation import Problem
from systems.relu.argument_checks import check_matrix
from systems.relu.equations import polar_kernels as kernels
from systems.relu.equations.cartesian import named_parameters, student_permutations
from systems.relu.population_loss.population import network


def polar_equations(teachers, students, *, a=None, b=None, lam=0.0, alpha=0.0) -> Problem:
    """Set up the critical points of the population loss with students ``w_j = rho_j e_j``.

    Arguments as for `normal_equations`.

    Returns
    -------
    Problem
        States ``rho[j]``, then ``e[0,0]``, ``e[0,1]`` ...; parameters ``lam``, ``alpha``, ``b[k]``, ``v[k,i]``; output
        ``L``.  A negative rho_j means the output weight ``-a_j`` and length ``|rho_j|``.  ``unstable`` is the Morse
        index in the weights w (that of a small positive length where rho_j = 0, whose cost is a step of its own:
        ``(K d)^3`` by Jacobi rotations).  Permutations of students with equal output weights are declared (up to 6).

    Raises
    ------
    ValueError
        As for `normal_equations`.

    Notes
    -----
    The equations are ``dL/d rho_j = 0``, the part of ``dL/d w_j`` tangential to e_j, and ``|e_j| = 1``.  Both parts of
    the gradient have limits as rho_j -> 0 along e_j, unlike the gradient itself, whose limit depends on the way.
    Solutions with rho_j = 0 are limits of critical points, no critical points themselves.  ``(rho_j, e_j)`` and
    ``(-rho_j, -e_j)`` are different networks.

    Examples
    --------
    One student of a single teacher with output weight b: ``rho = b / (1 + 2 lam)``, also for b = 0 and below.

    >>> problem = polar_equations([[1.0, 0.0]], 1, lam=0.5)
    >>> point = problem.solve([0.2, 0.9, 0.1], {"b[0]": -0.8})
    >>> print(np.round(point.state, 10) + 0.0)
    [-0.4  1.   0. ]
    """
    net = network(teachers, students, a, b, lam=lam, alpha=alpha)
    size, d = len(net.a), net.teachers.shape[1]
    names = [f"rho[{j}]" for j in range(size)] + [f"e[{j},{i}]" for j in range(size) for i in range(d)]
    return Problem(
        kernels.polar_residual,
        states=tuple(names),
        parameters=named_parameters(net),
        jacobian=kernels.polar_jacobian,
        parameter_derivative=kernels.polar_parameter_derivative,
        outputs={"L": kernels.polar_loss},
        constants=[*net.a, size],
        stability=kernels.polar_index,
        symmetries=[[i // d for i in swap[::d]] + [size + i for i in swap] for swap in student_permutations(net.a, d)],
        smoothness=2,
        name="normal equations of a ReLU network, polar",
    )


def polar_state(W) -> np.ndarray:
    """Return ``(rho, e)`` (K + K d,) of weights (K, d), lengths positive.

    Raises
    ------
    ValueError
        A student is zero: it has no direction.

    Examples
    --------
    >>> polar_state([[3.0, 4.0]])
    array([5. , 0.6, 0.8])
    """
    W = check_matrix("W", W)
    lengths = np.linalg.norm(W, axis=1)
    if not lengths.all():
        raise ValueError(f"W: student {int(np.argmin(lengths))} is zero and has no direction")
    return np.concatenate([lengths, (W / lengths[:, None]).ravel()])
