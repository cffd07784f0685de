"""l_p regression with the weight overparameterised, ``w = w_1 w_2``, and its scalar version of any depth.

The loss is ``E|x.w_1 w_2 - y|^p / p + (lam/2) (|w_1|^2 + w_2^2)``; the residual is its negative gradient.  p is a
parameter: for p that are no even numbers ``r^(p-1)`` is read as ``|r|^(p-1) sign r``.

S. Arora, N. Cohen, E. Hazan, ICML 2018, arXiv:1802.06509, section 3.
"""

import math

import numpy as np

from continuation import Problem
from continuation.compiled.calls.kernel import kernel
from continuation.ground.names import check_numbers
from systems.linear_networks import CriticalPoint
from systems.number_checks import check_count, check_positive


def overparameterized_regression(X, y, p=2.0) -> Problem:
    """Set up l_p regression with the weight vector written as a vector times a scalar.

    Parameters
    ----------
    X : (m, d) array
        Samples.
    y : (m,) array
        Labels.
    p : float
        Default of the parameter p; above 1.  Below 2 the second derivative is infinite where a sample is met exactly.

    Returns
    -------
    Problem
        States ``w1[0]`` ..., ``w2``; parameters ``lam`` (0) and ``p``; output ``loss``.  w = 0 is a branch; learnt
        solutions leave it at ``lam = critical_decay(X, y, p)``, a pitchfork.

    Raises
    ------
    ValueError
        Shapes that do not fit, no samples, p not above 1.

    Examples
    --------
    One sample x = 1, y = 2: ``-(w_1 w_2 - 2) w_2 - lam w_1``.

    >>> overparameterized_regression([[1.0]], [2.0]).residual([1.0, 1.0], {"lam": 1.0})
    array([0., 0.])
    """
    X, y = _samples(X, y)
    m, d = X.shape
    return Problem(
        _residual,
        states=[*(f"w1[{i}]" for i in range(d)), "w2"],
        parameters={"lam": 0.0, "p": check_power(p)},
        constants=[m, *X.ravel(), *y],
        jacobian=_jacobian,
        parameter_derivative=_parameter_derivative,
        outputs={"loss": _loss},
        symmetric=True,
        name="overparameterised regression",
    )


def critical_decay(X, y, p=2.0) -> float:
    """Return the weight decay ``|grad L(0)|`` below which w = 0 is unstable.

    Examples
    --------
    >>> critical_decay([[1.0]], [2.0], 4.0)
    8.0
    """
    X, y = _samples(X, y)
    return float(np.linalg.norm(X.T @ (np.abs(y) ** (check_power(p) - 1) * np.sign(y)) / len(y)))


def critical_power(y, lam) -> float:
    """Return the power ``p_c = 1 + ln lam / ln y`` of the pitchfork for one sample x = 1.

    Raises
    ------
    ValueError
        y or lam not positive, ``y = 1`` (then only lam = 1 is critical, whatever p).

    Examples
    --------
    >>> critical_power(2.0, 3.0)
    2.584962500721156
    """
    y, lam = check_positive("y", y), check_positive("lam", lam)
    if y == 1:
        raise ValueError("y: wanted a positive number other than 1, where the power has no influence")
    return 1 + math.log(lam) / math.log(y)


def scalar_regression(depth, y, p=2.0) -> Problem:
    """Set up one sample x = 1 and N equal scalar layers: ``a^(N-1) |y - a^N|^(p-1) sign(y - a^N) - lam a``.

    Parameters
    ----------
    depth : int
    y : float
        Positive.
    p : float
        Default of the parameter p.

    Returns
    -------
    Problem
        State ``a``; parameters ``lam`` (0), ``p`` and ``y``.

    Examples
    --------
    >>> scalar_regression(2, 3.0, 4.0).residual([1.0])
    array([8.])
    """
    depth, y = check_count("depth", depth), check_positive("y", y)
    return Problem(
        _scalar_residual,
        states=("a",),
        parameters={"lam": 0.0, "p": check_power(p), "y": y},
        constants=[depth],
        jacobian=_scalar_jacobian,
        parameter_derivative=_scalar_derivative,
        symmetric=True,
        name=f"scalar regression of depth {depth}",
    )


def scalar_fold(depth, y, p) -> CriticalPoint:
    """Return the fold of `scalar_regression` for N >= 3: ``sigma_c = (N-2) y / ((N-2) + N (p-1))``.

    Raises
    ------
    ValueError
        Depth below 3: there is no fold.

    Examples
    --------
    >>> scalar_fold(4, 3.0, 1.5).sigma
    1.5
    """
    depth, y = check_count("depth", depth), check_positive("y", y)
    if depth < 3:
        raise ValueError(f"depth: wanted at least 3 (fewer layers have no fold), got {depth!r}")
    sigma = (depth - 2) * y / ((depth - 2) + depth * (check_power(p) - 1))
    return CriticalPoint(sigma ** ((depth - 2) / depth) * (y - sigma) ** (p - 1), sigma, sigma ** (1 / depth))


def balance(u) -> np.ndarray:
    """Compute ``|w_1|^2 - w_2^2`` (1,) of a state of `overparameterized_regression`: descent keeps it by law I1.

    Examples
    --------
    >>> balance(np.array([1.0, 2.0, 2.0]))
    array([1.])
    """
    return np.array([u[:-1] @ u[:-1] - u[-1] ** 2])


def check_power(p) -> float:
    """Check a power: a number above 1."""
    number = check_numbers("p", p, 0)
    if not number > 1:
        raise ValueError(f"p: wanted a number above 1, got {p!r}")
    return number


def check_even_power(p) -> int:
    """Check a power where a formula needs an even number.

    Examples
    --------
    >>> check_even_power(4)
    4
    """
    number = check_numbers("p", p, 0)
    if number < 2 or number % 2:
        raise ValueError(f"p: wanted an even whole number of at least 2, got {p!r}")
    return int(number)


@kernel
def _signed_power(r, q):
    """``|r|^q sign r``."""
    return math.copysign(abs(r) ** q, r) if r != 0.0 else 0.0


@kernel
def _residual(u, p, out):
    """``-(w_2 g + lam w_1)``, ``-(g.w_1 + lam w_2)`` with g the gradient in w."""
    d, m = u.shape[0] - 1, int(p[2])
    for i in range(d + 1):
        out[i] = -p[0] * u[i]
    for s in range(m):
        x = p[3 + s * d : 3 + (s + 1) * d]
        inner = 0.0
        for i in range(d):
            inner += x[i] * u[i]
        pull = _signed_power(inner * u[d] - p[3 + m * d + s], p[1] - 1) / m
        for i in range(d):
            out[i] -= pull * u[d] * x[i]
        out[d] -= pull * inner


@kernel
def _jacobian(u, p, out):
    """Derivative of `_residual`."""
    d, m = u.shape[0] - 1, int(p[2])
    for i in range(d + 1):
        for j in range(d + 1):
            out[i, j] = -p[0] if i == j else 0.0
    for s in range(m):
        x = p[3 + s * d : 3 + (s + 1) * d]
        inner = 0.0
        for i in range(d):
            inner += x[i] * u[i]
        r = inner * u[d] - p[3 + m * d + s]
        pull, stiff = _signed_power(r, p[1] - 1) / m, (p[1] - 1) * abs(r) ** (p[1] - 2) / m
        for i in range(d):
            for j in range(d):
                out[i, j] -= stiff * u[d] * u[d] * x[i] * x[j]
            cross = (pull + stiff * u[d] * inner) * x[i]
            out[i, d] -= cross
            out[d, i] -= cross
        out[d, d] -= stiff * inner * inner


@kernel
def _parameter_derivative(u, p, k, out):
    """Derivative in lam or p."""
    d, m = u.shape[0] - 1, int(p[2])
    for i in range(d + 1):
        out[i] = -u[i] if k == 0 else 0.0
    for s in range(m if k == 1 else 0):
        x = p[3 + s * d : 3 + (s + 1) * d]
        inner = 0.0
        for i in range(d):
            inner += x[i] * u[i]
        r = inner * u[d] - p[3 + m * d + s]
        pull = _signed_power(r, p[1] - 1) * math.log(abs(r)) / m if r != 0.0 else 0.0
        for i in range(d):
            out[i] -= pull * u[d] * x[i]
        out[d] -= pull * inner


@kernel
def _loss(u, p):
    """The loss."""
    d, m = u.shape[0] - 1, int(p[2])
    total = 0.0
    for s in range(m):
        inner = 0.0
        for i in range(d):
            inner += p[3 + s * d + i] * u[i]
        total += abs(inner * u[d] - p[3 + m * d + s]) ** p[1]
    total /= m * p[1]
    for i in range(d + 1):
        total += 0.5 * p[0] * u[i] * u[i]
    return total


@kernel
def _scalar_residual(u, p, out):
    """``a^(N-1) |y - a^N|^(p-1) sign(y - a^N) - lam a``; p = (lam, p, y, N)."""
    a, n = u[0], int(p[3])
    out[0] = a ** (n - 1) * _signed_power(p[2] - a**n, p[1] - 1) - p[0] * a


@kernel
def _scalar_jacobian(u, p, out):
    """Derivative of `_scalar_residual`."""
    a, n = u[0], int(p[3])
    r = p[2] - a**n
    first = (n - 1) * a ** (n - 2) * _signed_power(r, p[1] - 1) if n > 1 else 0.0
    out[0, 0] = first - n * a ** (2 * n - 2) * (p[1] - 1) * abs(r) ** (p[1] - 2) - p[0]


@kernel
def _scalar_derivative(u, p, k, out):
    """Derivative of `_scalar_residual` in lam, p or y."""
    a, n = u[0], int(p[3])
    r = p[2] - a**n
    if k == 0:
        out[0] = -a
    elif k == 1:
        out[0] = a ** (n - 1) * _signed_power(r, p[1] - 1) * math.log(abs(r)) if r != 0.0 else 0.0
    else:
        out[0] = a ** (n - 1) * (p[1] - 1) * abs(r) ** (p[1] - 2)


def _samples(X, y) -> tuple:
    """Samples (m, d) and labels (m,)."""
    X, y = check_numbers("X", X, 2), check_numbers("y", y, 1)
    if X.size == 0 or len(y) != len(X):
        raise ValueError(f"y: wanted one label for each of {len(X)} samples (X of shape {X.shape}), got {len(y)}")
    return X, y
