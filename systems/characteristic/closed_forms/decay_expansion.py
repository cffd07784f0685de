"""Normal solutions of any order: their expansion in the weight decay (Theorem 2), and all eigenvalues of DG."""

import cmath
import math

import numpy as np
import scipy.linalg

from continuation.ground import canonical
from systems.characteristic.matrix_checks import check_square, is_normal
from systems.number_checks import check_not_negative, check_positive

NORMAL = 1e-10  # of the largest entry squared: L counts as normal; logarithms by `normal_logarithm` are so to rounding
COMMUTING = 1e-9  # of the entries squared: C of a solved equation and R commute as well as it was solved
PAIR = 1e-10  # of the largest entry: a smaller one below the diagonal belongs to two real eigenvalues
SERIES = 1e-2  # below, sinh(x)/x by three terms is exact to 1e-16; above, the quotient loses no digit


def expansion(L, lam, T=1.0) -> list[np.ndarray]:
    """Return the partial sums of orders 0, 1 and 2 in lam of the solution that starts at a normal logarithm L of R.

    ``C = L/T - (lam/T^2) (R R')^{-1} L + (lam^2/T^3) (R R')^{-2} (L - L^2/2 - L L') + O(lam^3)``, S = I.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), Theorem 2; the second order is none of theirs.

    Examples
    --------
    For d = 1 and R = 1, C vanishes for every lam:

    >>> [term.item() + 0.0 for term in expansion([[0.0]], 0.3)]
    [0.0, 0.0, 0.0]
    """
    L = check_square("L", L)
    if not is_normal(L, NORMAL):
        raise ValueError(f"L: wanted a normal logarithm (Theorem 2), got {L.tolist()}")
    lam, T = check_not_negative("expansion(lam=...)", lam), check_positive("expansion(T=...)", T)
    shrink = scipy.linalg.expm(-(L + L.T))  # (R R')^{-1}
    first = -lam / T**2 * shrink @ L
    second = lam**2 / T**3 * shrink @ shrink @ (L - L @ L / 2 - L @ L.T)
    return [L / T, L / T + first, L / T + first + second]


def normal_spectrum(C, lam, R, T=1.0) -> np.ndarray:
    """Return all d^2 eigenvalues of DG at a normal C that commutes with the normal matrix R, for S = I.

    In the eigenvectors of C the entries (i, j) and (conj(j), conj(i)) of a direction form a block of their own, of
    order 2 or 1, made of divided differences of the exponential.

    Returns
    -------
    (d^2,) complex array
        In ascending order of their real parts.

    Raises
    ------
    ValueError
        C or R isn't normal or they don't commute.

    Examples
    --------
    At C = 0 and R = I, lam = 1: symmetric directions have the eigenvalue 2, skew ones too:

    >>> normal_spectrum(np.zeros((2, 2)), 1.0, np.eye(2)).real
    array([2., 2., 2., 2.])
    """
    C = check_square("C", C)
    R, d = check_square("R", R, len(C)), len(C)
    for name, gap in (("C, R", C @ R - R @ C), ("C", C @ C.T - C.T @ C), ("R", R @ R.T - R.T @ R)):
        if np.abs(gap).max() > COMMUTING * (1 + np.abs(C).max() + np.abs(R).max()) ** 2:
            raise ValueError(f"{name}: wanted normal matrices that commute, got C = {C.tolist()}, R = {R.tolist()}")
    mu, r, partner = _eigenvalues(C, R)
    lam, T = float(lam), check_positive("T", T)
    blocks = [_block(mu, r, i, j, lam, T) for i in range(d) for j in range(d)]
    values = []
    for i in range(d):
        for j in range(d):
            k, l = partner[j], partner[i]
            if (k, l) == (i, j):
                values.append(blocks[i * d + j][0].sum())
            elif (i, j) < (k, l):
                values.extend(np.linalg.eigvals(blocks[i * d + j]))
    values = np.array(values)
    return values[canonical.order(np.column_stack([values.real, values.imag]), canonical.EQUAL)]


def _eigenvalues(C, R):
    """Eigenvalues of C and R in common eigenvectors, and the place of each one's complex conjugate."""
    rng = np.random.default_rng(len(C))  # seeded: the same matrices give the same bits
    x, y, z = rng.uniform(1, 2, 3)
    mixed = x * C + y * R + z * (C @ R)  # normal; a random combination separates what C or R alone doesn't
    triangle, basis = scipy.linalg.schur(mixed, output="real")
    mu, r, partner, k, d = [], [], [], 0, len(C)
    while k < d:
        pair = k + 1 < d and abs(triangle[k + 1, k]) > PAIR * (1 + np.abs(triangle).max())
        q = basis[:, k : k + 2] @ np.array([1, -1j]) / math.sqrt(2) if pair else basis[:, k]
        for v in (q, q.conj()) if pair else (q,):
            mu.append(complex(np.vdot(v, C @ v)))
            r.append(complex(np.vdot(v, R @ v)))
        partner += [k + 1, k] if pair else [k]
        k += 2 if pair else 1
    return mu, r, partner


def _block(mu, r, i, j, lam, T) -> np.ndarray:
    """DG on ``(v_ij, v_{conj j, conj i})``: both rows, in terms of the entries of dF."""
    f = [cmath.exp(T * m) for m in mu]

    def change(k, l):
        """dF_kl = p x + q y for x = v_kl, y = its partner."""
        spin = T * _divided(2j * T * mu[k].imag, 2j * T * mu[l].imag) * cmath.exp(T * mu[l].conjugate())
        stretch = T * cmath.exp(2j * T * mu[k].imag) * _divided(T * mu[k].conjugate(), T * mu[l].conjugate())
        return spin, stretch - spin

    (p, q), (s, t) = change(i, j), change(j, i)
    s, t = s.conjugate(), t.conjugate()  # of dF' in (i, j): s y + t x
    gi, gj = r[i] - f[i], r[j] - f[j]
    fi, fj = f[i], f[j]
    return np.array(
        [
            [lam - t * gj + fi.conjugate() * p, -s * gj + fi.conjugate() * q],
            [-p * gi.conjugate() + fj * t, lam - q * gi.conjugate() + fj * s],
        ]
    )


def _divided(x, y) -> complex:
    """``(e^x - e^y) / (x - y)``."""
    half = (x - y) / 2
    ratio = 1 + half**2 / 6 + half**4 / 120 if abs(half) < SERIES else cmath.sinh(half) / half
    return cmath.exp((x + y) / 2) * ratio
