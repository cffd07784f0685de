"""Normal solutions in closed form: one complex equation for each eigenvalue, and all eigenvalues of DG.

For eigenvalues mu = a + i w of C and r = rho e^{i theta} of a normal R (S = I, T = 1; else lam stands for
lam / (sigma T), mu for T mu): ``lam mu = conj(f) (r - f)``, ``f = e^mu``.
"""

import cmath
import math
from typing import NamedTuple

import numpy as np
import scipy.linalg
import scipy.optimize

from systems.characteristic.checks import positive, square_matrix, weight_decay


class Normal(NamedTuple):
    """A normal solution in one plane: eigenvalue ``a + i w`` of C for ``rho e^{i theta}`` of R at lam."""

    lam: float
    a: float
    w: float
    rho: float
    theta: float

    @property
    def cost(self) -> float:
        """J of a rotation in the plane, ``lam |mu|^2 + |f - r|^2`` (twice the cost of one eigenvalue)."""
        mu = complex(self.a, self.w)
        return self.lam * abs(mu) ** 2 + abs(cmath.exp(mu) - self.rho * cmath.exp(1j * self.theta)) ** 2


def scalar_residual(mu, lam, r) -> complex:
    """``lam mu - conj(f) (r - f)``, ``f = e^mu``: zero where ``[[a, -w], [w, a]]`` solves the equation.

    Examples
    --------
    >>> scalar_residual(0.0, 1.0, 1.0)
    0j
    """
    f = cmath.exp(mu)
    return lam * mu - f.conjugate() * (r - f)


def fold(n, theta=math.pi / 2, rho=1.0) -> Normal:
    """Return the fold of the normal solutions of class n: the largest lam at which they exist.

    Parameters
    ----------
    n : int
        Not of the class of the principal logarithm: ``theta + 2 pi n`` must lie outside [-pi, pi] for a fold to be
        certain.
    theta, rho : float
        Angle and scale of R.

    Returns
    -------
    Normal

    Raises
    ------
    ValueError
        The class has no fold, or rho isn't positive.

    Notes
    -----
    The fold is where ``|mu| = 1 + e^{2a} / lam``.  With ``lam`` from there the angle gives w for each a, and one
    equation in a is left: its root to 1e-15.

    Examples
    --------
    >>> point = fold(-1)
    >>> print(f"{point.lam:.13f} {point.a:.11f} {point.w:.11f} {point.cost:.11f}")
    0.1453871092987 -0.46400460044 -3.69016522314 2.75066518915
    """
    rho, total = positive("fold(rho=...)", rho), theta + 2 * math.pi * n
    if not abs(total) > math.pi:
        raise ValueError(f"fold(n=...): wanted a total angle |theta + 2 pi n| above pi, got {total:.6g} for n = {n}")
    sense = math.copysign(1.0, total)
    r = rho * cmath.exp(1j * abs(total))
    low, high = abs(total) - math.pi, abs(total)

    def equations(z):
        a, w, log_lam = z
        lam = math.exp(log_lam)
        gap = scalar_residual(complex(a, w), lam, r)
        return [gap.real / lam, gap.imag / lam, math.hypot(a, w) - 1 - math.exp(2 * a) / lam]

    for w in np.linspace(high, low, 41)[1:-1]:
        a = math.log(rho) - 0.45
        lam = math.exp(2 * a) / max(math.hypot(a, w) - 1, 0.05)
        a, w_found, log_lam = found = _root(equations, [a, w, math.log(lam)])
        if _error(equations, found) < 1e-10 and low < w_found < high:
            return Normal(math.exp(log_lam), float(a), sense * float(w_found), rho, float(theta))
    raise ValueError(f"fold(n=...): no fold was found for n = {n}, theta = {theta:.6g}, rho = {rho:.6g}")


def cusp(a) -> list[Normal]:
    """Return the two cusps of normal solutions with real part a of the eigenvalue, if ``|a| < 3/2``.

    There ``|mu| = 3/2, lam = 2 e^{2a}, rho = e^a sqrt(10 + 4a), theta = w + arg(2a + 1 + 2iw)``.

    Examples
    --------
    >>> [round(point.w, 12) for point in cusp(0.0)]
    [1.5, -1.5]
    """
    if not abs(a) <= 1.5:
        raise ValueError(f"cusp(a=...): wanted |a| of at most 3/2, got {a!r}")
    size, out = math.sqrt(2.25 - a * a), []
    for w in (size, -size) if size > 0 else (0.0,):
        theta = w + cmath.phase(complex(2 * a + 1, 2 * w))
        out.append(Normal(2 * math.exp(2 * a), float(a), w, math.exp(a) * math.sqrt(10 + 4 * a), theta))
    return out


def pitchfork(rho=1.0) -> Normal:
    """Return the pitchfork of normal solutions at theta = pi: ``w = 0, e^a = rho (-a - 1), lam = rho e^a``.

    Examples
    --------
    >>> point = pitchfork()
    >>> abs(scalar_residual(point.a, point.lam, -1.0)) < 1e-15
    True
    """
    rho = positive("pitchfork(rho=...)", rho)
    low = -2.0 - 1.0 / rho  # there e^a < rho (1 + 1/rho) holds
    a = scipy.optimize.brentq(lambda a: math.exp(a) + rho * (a + 1), low, -1.0, xtol=1e-15, rtol=1e-15)
    return Normal(rho * math.exp(a), a, 0.0, rho, math.pi)


def pitchfork_of_revolution(theta, near, rho=1.0) -> Normal:
    """Return the point of a normal branch from which circles of solutions that aren't normal leave.

    There ``w cot w = a - e^{2a} / lam``: the two directions that aren't normal make a kernel of DG.

    Parameters
    ----------
    theta, rho : float
        Angle and scale of R.
    near : (a, w, lam)
        A guess.

    Raises
    ------
    ValueError
        Newton's method found none from the guess.

    Examples
    --------
    >>> print(f"{pitchfork_of_revolution(math.pi / 2, (-2.4, -2.4, 0.03)).lam:.12f}")
    0.027205983410
    """
    r = positive("pitchfork_of_revolution(rho=...)", rho) * cmath.exp(1j * theta)

    def equations(z):
        a, w, lam = z[0], z[1], math.exp(z[2])
        gap = scalar_residual(complex(a, w), lam, r) / lam
        return [gap.real, gap.imag, w * math.cos(w) - (a - math.exp(2 * a) / lam) * math.sin(w)]

    a, w, lam = near
    found = _root(equations, [a, w, math.log(lam)])
    if not _error(equations, found) < 1e-9 * (1 + abs(w) + abs(a)):
        raise ValueError(f"pitchfork_of_revolution(near=...): no such point was found from {tuple(near)!r}")
    return Normal(math.exp(found[2]), float(found[0]), float(found[1]), float(rho), float(theta))


def _root(equations, start) -> np.ndarray:
    """Root of the equations near `start`; NaN where the search ran out of the range of floats."""
    try:
        return scipy.optimize.root(equations, start, tol=1e-15).x
    except OverflowError:
        return np.full(len(start), np.nan)


def _error(equations, x) -> float:
    """Largest residual; NaN where x is."""
    return float(np.max(np.abs(equations(x)))) if np.isfinite(x).all() else math.nan


def scalar_folds(R) -> list[Normal]:
    """Return the folds of d = 1, ``lam a = e^a (R - e^a)``: two for ``R > 4 e^{3/2}``, else none; ascending in lam.

    At a fold ``a = 1 + e^{2a} / lam`` (or its negative), so that ``R = e^a (2a - 1) / (a - 1)`` for a > 1.

    Examples
    --------
    >>> len(scalar_folds(17.0)), len(scalar_folds(18.0))
    (0, 2)
    """
    R = positive("scalar_folds(R=...)", R)
    if 4 * math.exp(1.5) >= R:
        return []

    def gap(a):
        return a + math.log((2 * a - 1) / (a - 1)) - math.log(R)

    near = 1.0 + 1.0 / (2 * R)
    roots = [scipy.optimize.brentq(gap, *ends, xtol=1e-15, rtol=1e-15) for ends in ((near, 1.5), (1.5, math.log(R)))]
    points = [Normal(math.exp(2 * a) / (a - 1), a, 0.0, R, 0.0) for a in roots]
    return sorted(points, key=lambda point: point.lam)


def scalar_solutions(lam, R) -> list[float]:
    """Return all solutions C of d = 1 and S = T = 1, ``lam C = e^C (R - e^C)``, ascending.

    For lam > 0 and R > 0 they lie between 0 and log R: one to three.  For R < 0 there is one, negative; at lam = 0
    there is log R for R > 0 and none else.

    Examples
    --------
    >>> [len(scalar_solutions(10.0, R)) for R in (1.0, 20.0, -3.0)], len(scalar_solutions(0.0, -1.0))
    ([1, 1, 1], 0)
    """
    lam = weight_decay("scalar_solutions(lam=...)", lam)
    if lam == 0:
        return [math.log(R)] if R > 0 else []

    def gap(c):
        return lam * c - math.exp(c) * (R - math.exp(c))

    low, high = (min(0.0, math.log(R)), max(0.0, math.log(R))) if R > 0 else ((R - 1.0) / lam - 1.0, 0.0)
    turning = [low, *(c for c in _stationary(lam, R) if low < c < high), high]
    found = [end for end in (low, high) if gap(end) == 0]
    for one, two in zip(turning[:-1], turning[1:]):
        if gap(one) * gap(two) < 0:
            found.append(scipy.optimize.brentq(gap, one, two, xtol=1e-15, rtol=1e-15))
    found += [c for c in turning[1:-1] if gap(c) == 0]
    return sorted(set(found))


def _stationary(lam, R) -> list[float]:
    """Zeros of the derivative ``lam - f (R - 2 f)``, f = e^c, ascending."""
    square = R * R - 8 * lam
    if square < 0:
        return []
    large = (R + math.copysign(math.sqrt(square), R)) / 4
    return sorted(math.log(f) for f in {large, lam / (2 * large)} if f > 0)


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
    L = square_matrix("L", L)
    if np.abs(L @ L.T - L.T @ L).max() > 1e-10 * max(np.abs(L).max(), 1e-300) ** 2:
        raise ValueError(f"L: wanted a normal logarithm (Theorem 2), got {L.tolist()}")
    lam, T = weight_decay("expansion(lam=...)", lam), positive("expansion(T=...)", T)
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
    C = square_matrix("C", C)
    R, d = square_matrix("R", R, len(C)), len(C)
    for name, gap in (("C, R", C @ R - R @ C), ("C", C @ C.T - C.T @ C), ("R", R @ R.T - R.T @ R)):
        if np.abs(gap).max() > 1e-9 * (1 + np.abs(C).max() + np.abs(R).max()) ** 2:
            raise ValueError(f"{name}: wanted normal matrices that commute, got C = {C.tolist()}, R = {R.tolist()}")
    mu, r, partner = _eigenvalues(C, R)
    blocks = [_block(i, j, (mu, r, float(lam), positive("T", T))) for i in range(d) for j in range(d)]
    values = []
    for i in range(d):
        for j in range(d):
            k, l = partner[j], partner[i]
            if (k, l) == (i, j):
                values.append(blocks[i * d + j][0].sum())
            elif (i, j) < (k, l):
                values.extend(np.linalg.eigvals(blocks[i * d + j]))
    return np.array(sorted(values, key=lambda v: (round(v.real, 9), v.imag)))


def _eigenvalues(C, R):
    """Eigenvalues of C and R in common eigenvectors, and the place of each one's complex conjugate."""
    rng = np.random.default_rng(len(C))
    x, y, z = rng.uniform(1, 2, 3)
    mixed = x * C + y * R + z * (C @ R)  # normal; a random combination separates what C or R alone doesn't
    triangle, basis = scipy.linalg.schur(mixed, output="real")
    mu, r, partner, k, d = [], [], [], 0, len(C)
    while k < d:
        pair = k + 1 < d and abs(triangle[k + 1, k]) > 1e-10 * (1 + np.abs(triangle).max())
        q = basis[:, k : k + 2] @ np.array([1, -1j]) / math.sqrt(2) if pair else basis[:, k]
        for v in (q, q.conj()) if pair else (q,):
            mu.append(complex(np.vdot(v, C @ v)))
            r.append(complex(np.vdot(v, R @ v)))
        partner += [k + 1, k] if pair else [k]
        k += 2 if pair else 1
    return mu, r, partner


def _block(i, j, data) -> np.ndarray:
    """DG on ``(v_ij, v_{conj j, conj i})``: both rows, in terms of the entries of dF."""
    mu, r, lam, T = data
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
    ratio = 1 + half**2 / 6 + half**4 / 120 if abs(half) < 1e-2 else cmath.sinh(half) / half
    return cmath.exp((x + y) / 2) * ratio
