"""Asymmetric matrix factorization with weight decay and a balancing regulariser.

The loss is ``1/2 |U V' - M|^2 + (mu/8) |U'U - V'V|^2 + (lam/2) (|U|^2 + |V|^2)``, U (d1, r), V (d2, r); the residual
is its negative gradient, so ``unstable`` is the Morse index.

S. S. Du, W. Hu, J. D. Lee, "Algorithmic regularization in learning deep homogeneous models: layers are automatically
balanced", NeurIPS 2018, arXiv:1806.00900: equations (1) and (3).
"""

from typing import NamedTuple

import numpy as np

from continuation import Problem
from continuation.compiled.calls.kernel import kernel
from continuation.ground import canonical
from continuation.ground.names import check_numbers
from systems.number_checks import check_count

TINY = 1e-12  # relative to the largest singular value: zero


class Balanced(NamedTuple):
    """A balanced critical point: factors, what is kept of each mode and the singular values of M."""

    U: np.ndarray
    V: np.ndarray
    kept: np.ndarray  # p_i = s_i - lam of the modes kept
    singular_values: np.ndarray

    @property
    def state(self) -> np.ndarray:
        """State (n,) of `factorization`."""
        return np.concatenate([self.U.ravel(), self.V.ravel()])


def factorization(M, rank, *, gauge=False) -> Problem:
    """Set up the critical points of the factorization of M in r columns.

    Parameters
    ----------
    M : (d1, d2) array
    rank : int
        Number r of columns of U and V, at least 1.
    gauge : bool
        Declare the rotations ``(U, V) -> (U Q, V Q)`` as `symmetries`, so that ``problem.isolated(reference)`` makes
        an orbit one point.

    Returns
    -------
    Problem
        States ``U[i,k]`` row by row, then ``V[j,k]``; parameters ``lam`` and ``mu`` (0 by default); output ``loss``.

    Raises
    ------
    ValueError
        M is no matrix of finite numbers, rank no whole number of at least 1.

    Notes
    -----
    Exact Jacobian, about ``n d1 d2 r`` multiplications for n = (d1 + d2) r states.

    Examples
    --------
    A number: ``s v - u v^2 - lam u``, zero at ``u = v = sqrt(s - lam)``.

    >>> factorization([[3.0]], 1).residual([1.0, 1.0], {"lam": 1.0})
    array([1., 1.])
    """
    M, r = _matrix(M), check_count("rank", rank)
    d1, d2 = M.shape
    names = [f"{letter}[{i},{k}]" for letter, d in (("U", d1), ("V", d2)) for i in range(d) for k in range(r)]
    return Problem(
        _residual,
        states=names,
        parameters={"lam": 0.0, "mu": 0.0},
        constants=[d1, d2, r, *M.ravel()],
        jacobian=_jacobian,
        parameter_derivative=_parameter_derivative,
        outputs={"loss": _loss},
        symmetric=True,
        symmetries=gauge_generators(d1 + d2, r) if gauge else (),
        name="matrix factorization",
    )


def gauge_generators(rows, rank) -> list:
    """List the infinitesimal rotations of the columns: functions ``K(u)``, one for each pair of columns.

    Examples
    --------
    >>> gauge_generators(2, 2)[0](np.array([1.0, 0.0, 0.0, 1.0]))
    array([ 0., -1.,  1.,  0.])
    """

    def rotation(k, m):
        turn = np.zeros((rank, rank))
        turn[k, m], turn[m, k] = -1.0, 1.0
        matrix = np.kron(np.eye(rows), turn.T)
        return lambda u: matrix @ u

    return [rotation(k, m) for k in range(rank) for m in range(k + 1, rank)]


def balanced_point(M, rank, kept, lam=0.0) -> Balanced:
    """Return the balanced critical point that keeps some singular modes: ``p_i = s_i - lam``, for every mu.

    Parameters
    ----------
    M : (d1, d2) array
    rank : int
    kept : sequence of int
        Indices of the singular values kept, largest first; at most `rank` of them.
    lam : float
        Below each singular value kept.

    Raises
    ------
    ValueError
        More modes than columns, a mode kept twice or with ``s_i <= lam``.

    Examples
    --------
    >>> balanced_point([[3.0]], 1, [0], lam=2.0).state
    array([1., 1.])
    """
    M, r, lam = _matrix(M), check_count("rank", rank), check_numbers("lam", lam, 0)
    left, s, right = canonical.svd(M)
    kept = _kept(kept, r, len(s))
    p = s[kept] - lam
    if np.any(p <= 0):
        raise ValueError(f"lam: wanted less than the singular values kept {s[kept].tolist()}, got {lam!r}")
    U, V = np.zeros((M.shape[0], r)), np.zeros((M.shape[1], r))
    for column, i in enumerate(kept):
        U[:, column], V[:, column] = np.sqrt(p[column]) * left[:, i], np.sqrt(p[column]) * right[i]
    return Balanced(U, V, p, s)


def branch_points_in_mu(M, rank, kept, lam) -> np.ndarray:
    """Return the values ``mu_ij = -2 lam / (p_i + p_j)``, i <= j, where other branches cross a balanced one, sorted.

    Where a column is free (fewer modes kept than columns) it mixes with those kept, too: `free_column_points_in_mu`.

    Examples
    --------
    >>> branch_points_in_mu([[3.0]], 1, [0], 2.0)
    array([-2.])
    """
    p = balanced_point(M, rank, kept, lam).kept
    return np.sort([-2 * lam / (p[i] + p[j]) for i in range(len(p)) for j in range(i, len(p))])


def free_column_points_in_mu(M, rank, kept, lam) -> np.ndarray:
    """Return the values ``-2 lam / p_i`` (``mu_ij`` with ``p_j = 0``) of branch points by a free column, sorted.

    Empty where as many modes are kept as there are columns.

    Examples
    --------
    >>> free_column_points_in_mu(np.diag([3.0, 2.0]), 2, [0], 2.0)
    array([-4.])
    """
    p = balanced_point(M, rank, kept, lam).kept
    return np.sort(-2 * lam / p) if len(p) < rank else np.empty(0)


def most_negative_curvature(M, rank, kept, lam=0.0) -> float:
    """Return the smallest eigenvalue of the Hessian at a balanced point with mu = 0, by formula.

    The least of ``s_i - s_j`` (i kept, j missing), of ``lam - s_j`` where a column is free, and 0 where neither is
    negative (the gauge; with no gauge the true smallest eigenvalue is positive and this returns 0).

    Examples
    --------
    >>> most_negative_curvature(np.diag([3.0, 1.0]), 1, [1])
    -2.0
    """
    point = balanced_point(M, rank, kept, lam)
    kept = [int(i) for i in kept]
    s, missing = point.singular_values, [j for j in range(len(point.singular_values)) if j not in kept]
    values = [s[i] - s[j] for i in kept for j in missing]
    if len(kept) < rank:
        values += [lam - s[j] for j in missing]
    return float(min([0.0, *values]))


def gauge_dimension(rank, kept) -> int:
    """Return the dimension ``k (2r - k - 1) / 2`` of the orbit of a critical point that keeps k modes in r columns.

    For lam > 0 it is the nullity of the Hessian.

    Examples
    --------
    >>> gauge_dimension(3, 2)
    3
    """
    rank = check_count("rank", rank)
    if isinstance(kept, bool) or not isinstance(kept, (int, np.integer)) or not 0 <= kept <= rank:
        raise ValueError(f"kept: wanted a number of modes from 0 to the rank {rank}, got {kept!r}")
    return int(kept) * (2 * rank - int(kept) - 1) // 2


def balance(M, rank):
    """Make the function ``u -> U'U - V'V`` (r^2,), which descent keeps by law I1 where mu = 0.

    Examples
    --------
    >>> balance([[3.0]], 1)(np.array([3.0, 1.0]))
    array([8.])
    """
    M, rank = _matrix(M), check_count("rank", rank)

    def difference(u):
        U, V = split_factors(M, rank, u)
        return np.ravel(U.T @ U - V.T @ V)

    return difference


def unbalanced_scalar(s, lam, mu) -> tuple:
    """Return u > v > 0 on the secondary branch of the scalar problem: ``uv = s/(1 - mu)``, ``u^2 + v^2 = -2 lam/mu``.

    It leaves the balanced branch at ``mu_b = -lam / (s - lam)``.

    Raises
    ------
    ValueError
        ``mu`` not in ``(mu_b, 0)``: the branch isn't there.

    Examples
    --------
    >>> u, v = unbalanced_scalar(3.0, 2.0, -0.5)
    >>> print(f"{u * v:.6f} {u * u + v * v:.6f}")
    2.000000 8.000000
    """
    s, lam, mu = check_numbers("s", s, 0), check_numbers("lam", lam, 0), check_numbers("mu", mu, 0)
    if not (0 < lam < s and -lam / (s - lam) < mu < 0):
        raise ValueError(f"mu: wanted a number in (-lam / (s - lam), 0), got s = {s!r}, lam = {lam!r}, mu = {mu!r}")
    product, squares = s / (1 - mu), -2 * lam / mu
    plus, minus = np.sqrt(squares + 2 * product), np.sqrt(squares - 2 * product)
    return float(plus + minus) / 2, float(plus - minus) / 2


def split_factors(M, rank, u) -> tuple:
    """Split a state into U (d1, r) and V (d2, r).

    Examples
    --------
    >>> split_factors(np.zeros((2, 1)), 1, np.array([1.0, 2.0, 3.0]))[0].tolist()
    [[1.0], [2.0]]
    """
    d1 = len(M)
    rows = np.reshape(u, (-1, rank))
    return rows[:d1], rows[d1:]


@kernel
def _sizes(p):
    """d1, d2, r."""
    return int(p[2]), int(p[3]), int(p[4])


@kernel
def _parts(u, p):
    """Error E = U V' - M (d1, d2) and imbalance D = U'U - V'V (r, r)."""
    d1, d2, r = _sizes(p)
    error, balance = np.empty((d1, d2)), np.zeros((r, r))
    for i in range(d1):
        for j in range(d2):
            total = -p[5 + i * d2 + j]
            for k in range(r):
                total += u[i * r + k] * u[(d1 + j) * r + k]
            error[i, j] = total
    for k in range(r):
        for m in range(r):
            for i in range(d1 + d2):  # rows of U, then of V
                sign = 1.0 if i < d1 else -1.0
                balance[k, m] += sign * u[i * r + k] * u[i * r + m]
    return error, balance


@kernel
def _residual(u, p, out):
    """``-(E V + (mu/2) U D + lam U)``, ``-(E'U - (mu/2) V D + lam V)``."""
    d1, d2, r = _sizes(p)
    error, balance = _parts(u, p)
    for i in range(d1 + d2):
        sign = 1.0 if i < d1 else -1.0
        for k in range(r):
            total = p[0] * u[i * r + k]
            for m in range(r):
                total += 0.5 * p[1] * sign * u[i * r + m] * balance[m, k]
            if i < d1:
                for j in range(d2):
                    total += error[i, j] * u[(d1 + j) * r + k]
            else:
                for j in range(d1):
                    total += error[j, i - d1] * u[j * r + k]
            out[i * r + k] = -total


@kernel
def _jacobian(u, p, out):
    """Derivative of `_residual`; with signs e_i = 1 for rows of U, -1 for rows of V."""
    d1, d2, r = _sizes(p)
    error, balance = _parts(u, p)
    half = 0.5 * p[1]
    for i in range(d1 + d2):
        si = 1.0 if i < d1 else -1.0
        for j in range(d1 + d2):
            sj = 1.0 if j < d1 else -1.0
            inner = 0.0  # of the rows i and j
            for m in range(r):
                inner += u[i * r + m] * u[j * r + m]
            for k in range(r):
                for m in range(r):
                    total = half * si * sj * u[i * r + m] * u[j * r + k]
                    if k == m:
                        total += half * si * sj * inner
                    if i == j:
                        total += half * si * balance[m, k] + (p[0] if k == m else 0.0)
                        for other in range(d1, d1 + d2) if i < d1 else range(d1):
                            total += u[other * r + k] * u[other * r + m]
                    elif si != sj:
                        total += u[j * r + k] * u[i * r + m]
                        if k == m:
                            total += error[i, j - d1] if i < d1 else error[j, i - d1]
                    out[i * r + k, j * r + m] = -total


@kernel
def _parameter_derivative(u, p, k, out):
    """Derivative in lam or mu."""
    d1, d2, r = _sizes(p)
    _, balance = _parts(u, p)
    for i in range(d1 + d2):
        sign = 1.0 if i < d1 else -1.0
        for c in range(r):
            total = u[i * r + c]
            if k == 1:
                total = 0.0
                for m in range(r):
                    total += 0.5 * sign * u[i * r + m] * balance[m, c]
            out[i * r + c] = -total


@kernel
def _loss(u, p):
    """The loss."""
    error, balance = _parts(u, p)
    misfit, unequal, size = 0.0, 0.0, 0.0
    for value in error.ravel():
        misfit += value * value
    for value in balance.ravel():
        unequal += value * value
    for value in u:
        size += value * value
    return 0.5 * misfit + 0.125 * p[1] * unequal + 0.5 * p[0] * size


def _matrix(M) -> np.ndarray:
    """M as an array."""
    M = check_numbers("M", M, 2)
    if M.size == 0:
        raise ValueError(f"M: wanted a matrix with entries, got shape {M.shape}")
    return M


def _kept(kept, rank, count) -> list:
    """Indices of singular values, largest first."""
    kept = list(kept)
    whole = all(isinstance(i, (int, np.integer)) and 0 <= i < count for i in kept)
    if not whole or len(set(kept)) < len(kept) or len(kept) > rank:
        raise ValueError(f"kept: wanted at most {rank} different indices below {count}, got {kept}")
    return [int(i) for i in kept]
