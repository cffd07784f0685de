"""The characteristic equation for data: correlated inputs and outputs (Remark 3), and finite samples."""

import math

import numpy as np

from continuation import Problem
from continuation.compiled.calls.kernel import kernel
from systems.characteristic.equation import Kernels, general_kernels, problem_of
from systems.characteristic.kernels.general_kernels import (
    general_cost,
    general_jacobian,
    general_parameter_derivative,
    general_residual,
)
from systems.characteristic.kernels.index_kernels import index_and_nullity
from systems.characteristic.matrix_checks import check_covariance, check_square, entries_by_name
from systems.number_checks import check_positive


def correlated_equation(M, S=None, T=1.0) -> Problem:
    """Set up ``lam C - F' (M - F S) = 0`` for any joint distribution of X_0 and Z.

    Parameters
    ----------
    M : (d, d) array
        ``E[Z X_0']``.
    S : (d, d) array, optional
        ``E[X_0 X_0']``, symmetric and positive semidefinite.  Default: the identity.
    T : float

    Returns
    -------
    Problem
        As `characteristic_equation`, with parameters ``M[i,j]`` in the place of R's.  ``J`` leaves out the constant
        ``E|Z|^2 / 2``: with ``M = R S`` it is J less ``tr(R S R') / 2``.

    Raises
    ------
    ValueError
        Shapes, S not semidefinite, T not positive.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), Remark 3.

    Examples
    --------
    At C = 0, where F = 1, the residual is ``-(M - S)``:

    >>> correlated_equation([[3.0]], [[2.0]]).residual([0.0])
    array([-1.])
    """
    M = check_square("M", M)
    S = check_covariance(S, len(M), singular=True)
    T = check_positive("correlated_equation(T=...)", T)
    parameters = {"lam": 0.0, "T": T, **entries_by_name("M", M), **entries_by_name("S", S)}
    kernels = Kernels(_residual, _jacobian, _derivative, _cost)
    return problem_of(kernels, len(M), parameters, "characteristic equation of correlated data", _sample_index)


def sampled_equation(R, S, Q=None, T=1.0) -> Problem:
    """Set up ``lam C - F' (R - F) S - F' Q = 0`` for N samples: ``S = (1/N) sum X X'``, ``Q = (1/N) sum xi X'``.

    Parameters
    ----------
    R : (d, d) array
    S : (d, d) array
        Symmetric and positive semidefinite: singular where there are fewer than d samples.
    Q : (d, d) array, optional
        Default: zero.
    T : float

    Returns
    -------
    Problem
        As `characteristic_equation`, with further parameters ``Q[i,j]``.  ``J`` is the cost of the sample without
        the constant ``(1/2N) sum |xi|^2``.

    Raises
    ------
    ValueError
        Shapes, S not semidefinite, T not positive.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), section 4, open problem (ii).

    Examples
    --------
    One sample in one dimension: ``e^C = R + Q / S`` at lam = 0:

    >>> point = sampled_equation([[2.0]], [[0.5]], [[0.1]]).solve([0.5])
    >>> print(f"{np.exp(point['C[0,0]']):.12f}")
    2.200000000000
    """
    R = check_square("R", R)
    d = len(R)
    S, Q = check_covariance(S, d, singular=True), np.zeros((d, d)) if Q is None else check_square("Q", Q, d)
    T = check_positive("sampled_equation(T=...)", T)
    parameters = {"lam": 0.0, "T": T, **entries_by_name("R", R), **entries_by_name("S", S), **entries_by_name("Q", Q)}
    return problem_of(general_kernels(), d, parameters, "characteristic equation of samples")


@kernel
def _entries(u, p):
    """``(lam, T, 0, S, M)`` of ``(lam, T, M, S)``: correlated data are samples with R = 0 and Q = M."""
    n = u.size
    q = np.zeros(2 + 3 * n)
    q[0], q[1] = p[0], p[1]
    for i in range(n):
        q[2 + n + i] = p[2 + n + i]
        q[2 + 2 * n + i] = p[2 + i]
    return q


def _residual(u, p, out):
    """Write G (n,)."""
    general_residual(u, _entries(u, p), out)


def _jacobian(u, p, out):
    """Write DG (n, n)."""
    general_jacobian(u, _entries(u, p), out)


def _derivative(u, p, k, out):
    """Write the derivative of G (n,) with respect to ``p[k]``."""
    n = u.size
    general_parameter_derivative(u, _entries(u, p), k + 2 * n if 2 <= k < 2 + n else k, out)


def _cost(u, p):
    """Return J."""
    return general_cost(u, _entries(u, p))


def _sample_index(u, p):
    """Morse index for ``p = (lam, T, M, S)``: M acts through C only."""
    n = u.size
    d = int(math.sqrt(n) + 0.5)
    return index_and_nullity(u.copy().reshape(d, d), p[0], p[2 + n : 2 + 2 * n].copy().reshape(d, d), p[1])[0]
