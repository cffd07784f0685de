"""Normal forms and classics: small systems to learn on, to test with and to compare by.

Each function returns a `Problem` with analytic derivatives.  The branches of most of them are known in
closed form.  The residual of ``name()`` is ``_name``, its Jacobian ``_name_u``, its parameter derivative
``_name_p``; all of them compile.
"""

import numpy as np

from continuation import Problem


def fold() -> Problem:
    """Build ``x' = p - x**2``, the normal form of the fold; start at ``x = 1``, ``p = 1``.

    References
    ----------
    Y. A. Kuznetsov, Elements of Applied Bifurcation Theory, section 3.2, with the sign of ``x**2`` turned so
    that the upper half is stable.
    """
    return Problem(
        _fold, ("x",), {"p": 1.0}, jacobian=_fold_u, parameter_derivative=_fold_p, symmetric=True, name="fold"
    )


def _fold(u, p, out):
    out[0] = p[0] - u[0] ** 2


def _fold_u(u, p, out):
    out[0, 0] = -2.0 * u[0]


def _fold_p(u, p, k, out):
    out[0] = 1.0


def transcritical() -> Problem:
    """Build ``x' = p x - x**2``: the branches ``x = 0`` and ``x = p`` cross; start at ``x = 0``, ``p = -1``."""
    return Problem(
        _transcritical,
        ("x",),
        {"p": -1.0},
        jacobian=_transcritical_u,
        parameter_derivative=_transcritical_p,
        symmetric=True,
        name="transcritical",
    )


def _transcritical(u, p, out):
    out[0] = p[0] * u[0] - u[0] ** 2


def _transcritical_u(u, p, out):
    out[0, 0] = p[0] - 2.0 * u[0]


def _transcritical_p(u, p, k, out):
    out[0] = u[0]


def pitchfork(supercritical: bool = True) -> Problem:
    """Build ``x' = p x - x**3``, or ``p x + x**3`` where not `supercritical`; start at ``x = 0``, ``p = -1``.

    References
    ----------
    Y. A. Kuznetsov, Elements of Applied Bifurcation Theory, section 7.4.
    """
    return Problem(
        _pitchfork,
        ("x",),
        {"p": -1.0},
        jacobian=_pitchfork_u,
        parameter_derivative=_pitchfork_p,
        constants=[-1.0 if supercritical else 1.0],
        symmetric=True,
        name="pitchfork",
    )


def _pitchfork(u, p, out):
    out[0] = p[0] * u[0] + p[1] * u[0] ** 3


def _pitchfork_u(u, p, out):
    out[0, 0] = p[0] + 3.0 * p[1] * u[0] ** 2


def _pitchfork_p(u, p, k, out):
    out[0] = u[0]


def cusp(mu: float = 0.0, nu: float = 1.0) -> Problem:
    """Build ``x' = mu + nu x - x**3``: two folds that meet in a cusp at ``mu = nu = 0``.

    References
    ----------
    Y. A. Kuznetsov, Elements of Applied Bifurcation Theory, section 8.2.
    """
    return Problem(
        _cusp, ("x",), {"mu": mu, "nu": nu}, jacobian=_cusp_u, parameter_derivative=_cusp_p, symmetric=True, name="cusp"
    )


def _cusp(u, p, out):
    out[0] = p[0] + p[1] * u[0] - u[0] ** 3


def _cusp_u(u, p, out):
    out[0, 0] = p[1] - 3.0 * u[0] ** 2


def _cusp_p(u, p, k, out):
    out[0] = 1.0 if k == 0 else u[0]


def hopf(mu: float = -1.0, omega: float = 1.0, l1: float = -1.0) -> Problem:
    """Build the normal form of the Hopf bifurcation; start at ``x = y = 0``.

    With ``r2 = x**2 + y**2``: ``x' = mu x - omega y + l1 r2 x``, ``y' = omega x + mu y + l1 r2 y``.
    The cycles have ``r2 = -mu / l1`` and are stable where ``l1 < 0``.

    References
    ----------
    Y. A. Kuznetsov, Elements of Applied Bifurcation Theory, section 3.4.
    """
    return Problem(
        _hopf,
        ("x", "y"),
        {"mu": mu, "omega": omega, "l1": l1},
        jacobian=_hopf_u,
        parameter_derivative=_hopf_p,
        name="hopf",
    )


def _hopf(u, p, out):
    x, y = u
    mu, omega, l1 = p
    growth = mu + l1 * (x * x + y * y)
    out[0] = growth * x - omega * y
    out[1] = omega * x + growth * y


def _hopf_u(u, p, out):
    x, y = u
    mu, omega, l1 = p
    growth = mu + l1 * (x * x + y * y)
    out[0, 0] = growth + 2.0 * l1 * x * x
    out[0, 1] = -omega + 2.0 * l1 * x * y
    out[1, 0] = omega + 2.0 * l1 * x * y
    out[1, 1] = growth + 2.0 * l1 * y * y


def _hopf_p(u, p, k, out):
    x, y = u
    r2 = x * x + y * y
    out[0] = x if k == 0 else -y if k == 1 else r2 * x
    out[1] = y if k == 0 else x if k == 1 else r2 * y


def circle() -> Problem:
    """Build ``x' = 1 - x**2 - p**2``, whose branch is closed; start at ``x = 1``, ``p = 0``."""
    return Problem(
        _circle, ("x",), {"p": 0.0}, jacobian=_circle_u, parameter_derivative=_circle_p, symmetric=True, name="circle"
    )


def _circle(u, p, out):
    out[0] = 1.0 - u[0] ** 2 - p[0] ** 2


def _circle_u(u, p, out):
    out[0, 0] = -2.0 * u[0]


def _circle_p(u, p, k, out):
    out[0] = -2.0 * p[0]


def snake() -> Problem:
    """Build ``u' = p - u / 10 - sin u``, whose branch winds through fold after fold; start at ``u = 0``, ``p = 0``."""
    return Problem(
        _snake, ("u",), {"p": 0.0}, jacobian=_snake_u, parameter_derivative=_snake_p, symmetric=True, name="snake"
    )


def _snake(u, p, out):
    out[0] = p[0] - 0.1 * u[0] - np.sin(u[0])


def _snake_u(u, p, out):
    out[0, 0] = -0.1 - np.cos(u[0])


def _snake_p(u, p, k, out):
    out[0] = 1.0


def snake_pair() -> Problem:
    """Build ``u' = v - sin u``, ``v' = p - u / 10 - v``: the branch of `snake` with a second state ``v = sin u``."""
    return Problem(
        _snake_pair,
        ("u", "v"),
        {"p": 0.0},
        jacobian=_snake_pair_u,
        parameter_derivative=_snake_pair_p,
        name="snake_pair",
    )


def _snake_pair(u, p, out):
    out[0] = u[1] - np.sin(u[0])
    out[1] = p[0] - 0.1 * u[0] - u[1]


def _snake_pair_u(u, p, out):
    out[0, 0] = -np.cos(u[0])
    out[0, 1] = 1.0
    out[1, 0] = -0.1
    out[1, 1] = -1.0


def _snake_pair_p(u, p, k, out):
    out[0] = 0.0
    out[1] = 1.0


def brusselator(a: float = 1.0, b: float = 1.0) -> Problem:
    """Build the Brusselator, ``x' = a - (b + 1) x + x**2 y``, ``y' = b x - x**2 y``; start at ``x = a``, ``y = b / a``.

    References
    ----------
    I. Prigogine, R. Lefever, "Symmetry breaking instabilities in dissipative systems. II", J. Chem. Phys. 48
    (1968) 1695-1700, doi:10.1063/1.1668896.
    """
    return Problem(
        _brusselator,
        ("x", "y"),
        {"a": a, "b": b},
        jacobian=_brusselator_u,
        parameter_derivative=_brusselator_p,
        name="brusselator",
    )


def _brusselator(u, p, out):
    x, y = u
    a, b = p
    out[0] = a - (b + 1.0) * x + x * x * y
    out[1] = b * x - x * x * y


def _brusselator_u(u, p, out):
    x, y = u
    a, b = p
    out[0, 0] = -(b + 1.0) + 2.0 * x * y
    out[0, 1] = x * x
    out[1, 0] = b - 2.0 * x * y
    out[1, 1] = -x * x


def _brusselator_p(u, p, k, out):
    out[0] = 1.0 if k == 0 else -u[0]
    out[1] = 0.0 if k == 0 else u[0]


def lorenz(sigma: float = 10.0, rho: float = 0.5, beta: float = 8.0 / 3.0) -> Problem:
    """Build the Lorenz equations; start at ``x = y = z = 0``.

    ``x' = sigma (y - x)``, ``y' = x (rho - z) - y``, ``z' = x y - beta z``.

    References
    ----------
    E. N. Lorenz, "Deterministic nonperiodic flow", J. Atmos. Sci. 20 (1963) 130-141, equations (25)-(27),
    doi:10.1175/1520-0469(1963)020<0130:DNF>2.0.CO;2.
    """
    return Problem(
        _lorenz,
        ("x", "y", "z"),
        {"sigma": sigma, "rho": rho, "beta": beta},
        jacobian=_lorenz_u,
        parameter_derivative=_lorenz_p,
        name="lorenz",
    )


def _lorenz(u, p, out):
    x, y, z = u
    sigma, rho, beta = p
    out[0] = sigma * (y - x)
    out[1] = x * (rho - z) - y
    out[2] = x * y - beta * z


def _lorenz_u(u, p, out):
    x, y, z = u
    sigma, rho, beta = p
    out[0, 0], out[0, 1], out[0, 2] = -sigma, sigma, 0.0
    out[1, 0], out[1, 1], out[1, 2] = rho - z, -1.0, -x
    out[2, 0], out[2, 1], out[2, 2] = y, x, -beta


def _lorenz_p(u, p, k, out):
    x, y, z = u
    out[0] = y - x if k == 0 else 0.0
    out[1] = x if k == 1 else 0.0
    out[2] = -z if k == 2 else 0.0


def bratu(n: int, lam: float = 0.0, convection: float = 0.0) -> Problem:
    """Build the discretised Bratu problem ``u' = u_xx + convection u_x + lam exp(u)``, zero at both ends.

    Central differences at `n` inner points of [0, 1], ``h = 1 / (n + 1)``; start at ``u = 0``, ``lam = 0``.

    Parameters
    ----------
    n : int
        Inner points, at least 1; the states are ``u1`` ... ``un``.
    lam : float
        The parameter ``lam`` at the start.
    convection : float
        Factor of ``u_x``; the problem is symmetric only without it.

    Returns
    -------
    Problem
        The Jacobian is dense: n**2 numbers are written at each call.

    References
    ----------
    G. Bratu, "Sur les équations intégrales non linéaires", Bull. Soc. Math. France 42 (1914) 113-142,
    doi:10.24033/bsmf.943.
    """
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ValueError(f"bratu(n=...): wanted a whole number of inner points, at least 1, got {n!r}")
    return Problem(
        _bratu,
        tuple(f"u{i}" for i in range(1, n + 1)),
        {"lam": lam},
        jacobian=_bratu_u,
        parameter_derivative=_bratu_p,
        constants=[float(convection)],
        symmetric=convection == 0,
        name="bratu",
    )


def _bratu(u, p, out):
    n = u.size
    second = (n + 1.0) ** 2  # 1 / h**2
    first = 0.5 * p[1] * (n + 1.0)
    for i in range(n):
        left = u[i - 1] if i > 0 else 0.0
        right = u[i + 1] if i < n - 1 else 0.0
        out[i] = second * (left - 2.0 * u[i] + right) + first * (right - left) + p[0] * np.exp(u[i])


def _bratu_u(u, p, out):
    n = u.size
    second = (n + 1.0) ** 2
    first = 0.5 * p[1] * (n + 1.0)
    for i in range(n):
        for j in range(n):
            out[i, j] = 0.0
        out[i, i] = p[0] * np.exp(u[i]) - 2.0 * second
        if i > 0:
            out[i, i - 1] = second - first
        if i < n - 1:
            out[i, i + 1] = second + first


def _bratu_p(u, p, k, out):
    for i in range(u.size):
        out[i] = np.exp(u[i])
