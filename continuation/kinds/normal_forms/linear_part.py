"""The linear part at a special point: its kernel, its imaginary pairs, and what is small there."""

import functools
from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import state_jacobian
from continuation.equations.measures.measure import measure_of
from continuation.equations.multilinear import Multilinear
from continuation.ground import canonical

# Singular values of F_u below this, its rows scaled to one, are zero.  Points are located to about 1e-8 and F_u by
# differences is good to 1e-9: ten times smaller loses kernels of such problems, ten times larger takes eigenvalues that
# are merely small for kernels.
RANK = 1e-7
# <w, v> below this of |w| |v|: zero is a multiple eigenvalue.  It falls linearly towards a Bogdanov-Takens point; ten
# times smaller divides by rounding beside it, ten times larger refuses folds that are a little farther from it.
MULTIPLE = 1e-7
# Eigenvalues alike up to this fraction are one of several.  They are known to 1e-9 where F_u is differenced, those of
# a Jordan chain to its root only: ten times smaller splits equal pairs, ten times larger joins pairs that cross one
# after the other.
EQUAL = 1e-6
# Real parts below RANK of a pair's own modulus, or below this of the largest eigenvalue, are zero: rounding of F_u with
# fast modes.  Ten times less comes near it, ten times more puts slow pairs of stiff equations on the axis.
LAST_DIGITS = 1e-14
# A coefficient below this of the terms it is the sum of is zero.  Coefficients from differences have at least five
# digits and usually nine: ten times smaller takes their noise for a verdict, ten times larger calls weak nonlinearities
# degenerate.
VANISHES = 1e-6
# The same against the entries of F_u around, for coefficients whose own terms all vanish, and again near rounding of
# differences: ten times smaller gives signs to it, ten times larger hides coefficients of badly scaled equations.
NOISE = 1e-8
# How far off F_u is looked at for that, relative to 1 + |x|: far enough that its entries are not zero by a symmetry of
# the point, near enough to stay in the domain of F.  Only orders of magnitude of it matter.
NEAR, FAR = 1e-2, 1e-1


VERDICTS = {-1: "supercritical", 0: "degenerate", 1: "subcritical"}  # by the sign of the first Lyapunov coefficient


def unit_rows(matrix) -> np.ndarray:
    """The matrix with rows of length 1."""
    return matrix / np.linalg.norm(matrix, axis=1)[:, None]


class Kernel(NamedTuple):
    """Right and left null vectors (k, n) of F_u, ``left @ right.T`` = 1 where zero is semisimple."""

    right: np.ndarray
    left: np.ndarray
    semisimple: bool


class Pair(NamedTuple):
    """An imaginary pair: omega > 0, ``A q = i omega q``, ``<q, q> = <p, q> = 1``, its true eigenvalue."""

    omega: float
    vector: np.ndarray
    adjoint: np.ndarray
    value: complex


class Pairs(NamedTuple):
    """Equal imaginary pairs: omega > 0, orthonormal right (n, m) and adjoint (n, m), ``adjoint^H right`` = 1."""

    omega: float
    right: np.ndarray
    adjoint: np.ndarray


class Local:
    """A problem around one point: forms, F_u, typical sizes.

    Parameters
    ----------
    problem : Problem
    u, p : (n,), (k,) arrays
    active : sequence of int
        Places in `p` of the varied parameters.
    """

    def __init__(self, problem, u, p, active):
        self.problem, self.active = problem, tuple(active)
        self.u, self.p = np.array(u, float), np.array(p, float)
        self.forms = Multilinear(problem, u, p, active)
        given = "jacobian" in problem.functions
        self.jacobian = state_jacobian(problem, self.u, self.p, independent=not given)
        *units, self.parameter_unit = measure_of(problem).units
        self.units = np.array(units) if len(units) == len(self.u) else np.ones(len(self.u))
        self.reach, self.stretch = np.sqrt(len(self.u)) + np.linalg.norm(self.u / self.units), 0.0
        self.smooth = getattr(problem, "smoothness", 3) >= 3
        self.flow = problem.stability is not None
        self.known_nullity = None

    @functools.cached_property
    def rows(self) -> np.ndarray:
        """(n,) size of each row of F_u in units of the states, where it vanishes at the point itself that beside it."""
        return self._sizes(NEAR)

    @functools.cached_property
    def far_rows(self) -> np.ndarray:
        """(n,) the same, farther away."""
        return self._sizes(FAR)

    def _sizes(self, step) -> np.ndarray:
        """(n,) largest entries of F_u in each row, here and a step away; 1 for rows of zeros."""
        wave = np.cos(np.arange(1, len(self.u) + 1))
        p = self.p.copy()
        p[list(self.active)] += step * (self.parameter_unit + np.abs(p[list(self.active)]))
        here = np.max(np.abs(self.jacobian) * self.units, axis=1)
        try:
            away = state_jacobian(self.problem, self.u + step * (self.units + np.abs(self.u)) * wave, p)
        except (ArithmeticError, ValueError):  # plain Python beyond its domain
            away = self.jacobian
        near = np.max(np.abs(away) * self.units, axis=1)
        sizes = np.where(np.isfinite(near), np.maximum(here, near), here)
        return np.where(sizes > 0, sizes, 1.0)

    def parameter(self, k=0) -> np.ndarray:
        """Direction of varied parameter number k."""
        direction = np.zeros(self.forms.size)
        direction[len(self.u) + k] = 1.0
        return direction

    def noise(self, left, order) -> float:
        """Size below which ``left @ form(v, ...)`` of unit vectors is nothing: it belongs to rounding and location."""
        return NOISE * float(np.abs(left) @ self.far_rows) * (self.stretch or 1.0) ** order / self.reach ** (order - 1)

    def nullity(self) -> int:
        """Dimension of the kernel of F_u: as known, else by its singular values."""
        if self.known_nullity is not None:
            return self.known_nullity
        return int(np.sum(self.singular_values() <= RANK))

    def singular_values(self) -> np.ndarray:
        """(n,) singular values of F_u in units of the states, its rows scaled to one; descending."""
        return np.linalg.svd(self.jacobian * self.units / self.rows[:, None], compute_uv=False)

    def kernel(self, k=1) -> Kernel:
        """Kernel of F_u, taken to have dimension k; right vectors orthonormal, nearest to the axes."""
        u, _, vt = np.linalg.svd(self.jacobian * self.units / self.rows[:, None])
        if np.any(self.units != 1.0):
            vt[-k:] = np.linalg.qr((vt[-k:] * self.units).T)[0].T
        right, left = canonical.basis(vt[-k:].T).T, canonical.basis(u[:, -k:]).T / self.rows
        left = left / np.linalg.norm(left, axis=1)[:, None]
        self.stretch = max(self.stretch, float(np.max(np.linalg.norm(right / self.units, axis=1))))
        product = left @ right.T
        smallest = np.linalg.svd(unit_rows(left * self.units) @ unit_rows(right / self.units).T, compute_uv=False)[-1]
        if smallest <= MULTIPLE * np.min(self.rows) / np.max(self.rows):
            return Kernel(right, left, False)
        return Kernel(right, np.linalg.solve(product, left), True)

    def pairs(self, count) -> list:
        """The imaginary pairs nearest to the axis relative to their frequency, the fastest first; may be fewer."""
        from scipy.linalg import eig

        values, left, right = eig(self.jacobian, left=True, right=True)
        pairs = []
        for k in sorted(nearest_pairs(values)[:count], key=lambda k: -values[k].imag):
            q = canonical.turned(right[:, k] / np.linalg.norm(right[:, k]))
            p = left[:, k] / np.conj(np.vdot(left[:, k], q))
            self.stretch = max(self.stretch, float(np.linalg.norm(q / self.units)))
            pairs.append(Pair(float(values[k].imag), q, p, complex(values[k])))
        return pairs

    def equal_pairs(self, pair) -> Pairs | None:
        """All pairs of F_u equal to one, that one alone as a rule; None where they are not semisimple."""
        values = np.linalg.eigvals(self.jacobian)
        m = int(np.sum(np.abs(values - pair.value) <= EQUAL * abs(pair.value)))
        if m <= 1:
            return Pairs(pair.omega, pair.vector[:, None], pair.adjoint[:, None])
        sizes = np.maximum(self.rows, abs(pair.value) * self.units)  # fast modes say nothing of slow pairs
        left, sigma, right = np.linalg.svd(
            (self.jacobian - pair.value * np.eye(len(values))) * self.units / sizes[:, None]
        )
        if sigma[-m] > EQUAL:
            return None
        vectors = np.linalg.qr(self.units[:, None] * right[-m:].conj().T)[0]
        adjoint = np.linalg.qr(left[:, -m:] / sizes[:, None])[0]
        product = vectors.conj().T @ adjoint
        if np.linalg.svd(product, compute_uv=False)[-1] <= MULTIPLE:
            return None
        return Pairs(pair.omega, vectors, adjoint @ np.linalg.inv(product))

    def critical_frequencies(self) -> list:
        """(omega, number of equal pairs) of all pairs on the imaginary axis, fastest first."""
        values = np.linalg.eigvals(self.jacobian)
        zero = np.maximum(RANK * np.abs(values), LAST_DIGITS * np.max(np.abs(values), initial=0.0))
        values = values[(values.imag > 0) & (np.abs(values.real) <= zero)]
        found = []
        for omega in sorted(values.imag.tolist(), reverse=True):
            if found and abs(found[-1][0] - omega) <= EQUAL * omega:
                found[-1] = (found[-1][0], found[-1][1] + 1)
            else:
                found.append((omega, 1))
        return found


def nearest_pairs(values) -> np.ndarray:
    """Places of the complex eigenvalues (of positive imaginary part), nearest in angle to the imaginary axis first."""
    places = np.flatnonzero(values.imag > 0)
    return places[np.argsort(np.abs(values[places].real) / np.abs(values[places]), kind="stable")]


def bordered_solution(matrix, columns, rows, right) -> np.ndarray:
    """First part x of the solution of ``[matrix columns; rows 0] (x, y) = (right, 0)``; NaN where it is singular."""
    n, k = len(matrix), len(columns)
    whole = np.zeros((n + k, n + k), np.result_type(matrix, *columns, *rows))
    whole[:n, :n] = matrix
    for j in range(k):
        whole[:n, n + j], whole[n + j, :n] = columns[j], rows[j]
    size = np.max(np.abs(whole), axis=1, keepdims=True)
    size = np.where(size > 0, size, 1.0)
    side = np.append(right, np.zeros(k))
    try:
        return np.linalg.solve(whole / size, side / size[:, 0])[:n]
    except np.linalg.LinAlgError:
        return np.full(n, np.nan)


def sign_of(value, *sizes) -> int:
    """Sign of a coefficient; 0 where it vanishes against what it is made of, or where any of them is no number."""
    if not (np.isfinite(value) and all(abs(value) > size for size in (0.0, *sizes))):
        return 0
    return 1 if value > 0 else -1
