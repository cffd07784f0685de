"""F around a branch point in coordinates of its kernel: the reduced equations, and the true ones on spheres.

The singular value decomposition of [F_u F_p], equations and parameter scaled to one size, splits the unknowns into
kernel and rest, the equations into those that the rest solves and those left over: the Lyapunov-Schmidt reduction.
"""

import functools
import itertools
from dataclasses import dataclass

import numpy as np

from continuation.branching.homotopy import Polynomials
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.equations.multilinear import Multilinear
from continuation.ground import canonical

# Singular values below this fraction of the largest may vanish: points are located to 1e-9, degenerate ones to 1e-7.
# Ten times smaller, the kernels of degenerate points are too small; ten times larger, unfoldings are taken for kernels.
RANK = 1e-6
LAST_DIGITS = 1e-14  # singular values below this fraction are rounding
NEAR = 0.1  # how far around the point the equations are looked at, relative to 1 + |u|: where they are still smooth
ROUNDING, DIFFERENCED = 1e-8, 1e-6  # coefficients below this fraction of the others are none: exact forms, differences
# Distances, relative to the size of the state, at which it is asked whether the reduced equations vanish identically
# (the first from which the others can be solved), and what may be left of them, relative to F_u times the distance.
# Terms of the fourth order leave 1e-5 of it at the first, 5e-11 at the last distance, rounding 1e-14: nearer, high
# orders are taken for nothing, much farther equations are no longer those of the point.
INSIDE, VANISHED = (0.02, 4e-3, 8e-4, 4e-4), 1e-12
SETTLING = 30  # chord iterations to get there, each a factor of about the distance over that to other singular points
BALANCE = 0.05  # size of the cubic terms against the quadratic ones where the truncated equations are solved


@dataclass(frozen=True, eq=False)
class ScaledKernel:
    """Singular value decomposition of [F_u F_p] at x, in scaled unknowns z = (x - x0) / unit, equations over `rows`.

    ``basis`` (N, k + 1) holds the kernel, orthonormal in z, only its last column with a part in the parameter;
    ``left`` (n, n) the left singular vectors, the last k of them those of the kernel.
    """

    problem: object
    x: np.ndarray
    p: np.ndarray
    active: int
    unit: np.ndarray  # (N,)
    rows: np.ndarray  # (n,)
    left: np.ndarray
    sigma: np.ndarray  # (n,)
    right: np.ndarray  # (N, N) right singular vectors as rows
    basis: np.ndarray
    scale: float  # of [F_u F_p] around the point

    @property
    def dimension(self) -> int:
        """Number k of reduced equations."""
        return self.basis.shape[1] - 1

    @property
    def length(self) -> float:
        """Size of the state: lengths around the point are fractions of it."""
        return 1.0 + float(np.linalg.norm(self.x[:-1] / self.unit[:-1]))

    def coordinates(self, z) -> np.ndarray:
        """Kernel coordinates y (k + 1,) of z."""
        return self.basis.T @ z

    def lift(self, y) -> np.ndarray:
        """Point z of the kernel with coordinates y."""
        return self.basis @ y

    def residual(self, z) -> np.ndarray:
        """F at z, scaled."""
        x, p = self.x + self.unit * z, self.p.copy()
        p[self.active] = x[-1]
        return evaluate(self.problem, x[:-1], p) / self.rows

    def jacobian(self, z) -> np.ndarray:
        """dF/dz (n, N) at z, scaled."""
        with np.errstate(all="ignore"):
            jacobian = extended_jacobian(self.problem, self.x + self.unit * z, self.p, self.active)
        return jacobian * self.unit / self.rows[:, None]

    def normal(self, f) -> np.ndarray:
        """Shortest z with ``dF/dz z = f``, for the part of f in the range."""
        r = len(self.sigma) - self.dimension
        return self.right[:r].T @ ((self.left[:, :r].T @ f) / self.sigma[:r])


def kernel_at(problem, x, p, active, weights) -> ScaledKernel:
    """Decompose [F_u F_p] at a branch point.

    Equations are scaled to their size at x and around it, the parameter so that F_p is no larger than F_u.
    """
    unit = 1.0 / np.sqrt(weights)
    at, near = (extended_jacobian(problem, y, p, active) * unit for y in (x, generic_point_near(x)))
    both = np.maximum(np.abs(at), np.abs(near)) if np.all(np.isfinite(near)) else np.abs(at)
    rows = np.max(both, axis=1)
    rows[rows == 0] = 1.0
    ratio = np.max(both[:, :-1] / rows[:, None]) / max(np.max(np.abs(at[:, -1]) / rows), 1e-300)
    unit[-1] *= ratio if 0 < ratio < 1 else 1.0
    sigma = np.linalg.svd(at * (unit * np.sqrt(weights)) / rows[:, None], compute_uv=False)
    around = float(np.max(both / rows[:, None]))
    return decompose(problem, x, p, active, unit, rows, defect(sigma, max(sigma[0], around)), around)


def decompose(problem, x, p, active, unit, rows, k, around) -> ScaledKernel:
    """Decompose [F_u F_p] at x in given units, the kernel's dimension k and the size around x being known."""
    jacobian = extended_jacobian(problem, x, p, active) * unit / rows[:, None]
    left, sigma, right = np.linalg.svd(jacobian)
    left[:, len(sigma) - k :] = canonical.basis(left[:, len(sigma) - k :])
    basis = parameter_last(right[len(x) - k - 1 :].T)
    return ScaledKernel(problem, x, p, active, unit, rows, left, sigma, right, basis, max(sigma[0], around))


def defect(sigma, scale) -> int:
    """How many singular values vanish: of those that are small, all below the widest gap."""
    floored = np.append(scale, np.maximum(sigma, LAST_DIGITS * scale))
    small = int(np.sum(sigma <= RANK * scale))
    if small == 0:
        return 0
    gaps = floored[-small - 1 : -1] / floored[-small:]
    return small - int(np.argmax(gaps))


def parameter_last(basis) -> np.ndarray:
    """The orthonormal basis nearest to the axes of which only the last vector has a part in the parameter."""
    row = basis[-1]
    if np.linalg.norm(row) <= 1e-9:
        return canonical.basis(basis)
    turn = np.linalg.svd(row[None, :])[2].T
    last = basis @ row / np.linalg.norm(row)
    return np.column_stack([canonical.basis(basis @ turn[:, 1:]), last])


def generic_point_near(x) -> np.ndarray:
    """A generic point around x, where a matrix that vanishes at x shows its size."""
    return x + NEAR * (1 + np.abs(x)) * np.cos(np.arange(1, len(x) + 1))


def rank_defect_around(kernel: ScaledKernel) -> int:
    """By how much the rank of [F_u F_p] falls short at generic points near the branch point as well.

    These are no solutions: on a continuum of solutions alone the rank may be lost everywhere.
    """
    lost, given = kernel.dimension, "jacobian" in kernel.problem.functions
    for number in (1, 2):
        z = 0.01 * kernel.length * np.cos(number + 1.7 * np.arange(1, len(kernel.x) + 1) ** 1.3)
        jacobian = kernel.jacobian(z)
        if np.all(np.isfinite(jacobian)):
            sigma = np.linalg.svd(jacobian, compute_uv=False)
            lost = min(lost, int(np.sum(sigma <= (10 * LAST_DIGITS if given else 1e-9) * sigma[0])))
    return lost


def reduced_size(kernel: ScaledKernel, directions, h) -> float:
    """Largest of the reduced equations at a distance h in these directions y and their opposites."""
    psi, largest = kernel.left[:, len(kernel.sigma) - kernel.dimension :], 0.0
    for y in directions:
        for sign in (1, -1):
            z = sign * h * kernel.lift(y)
            with np.errstate(all="ignore"):
                for _ in range(3):
                    z = z - kernel.normal(kernel.residual(z))
            largest = np.maximum(largest, np.max(np.abs(psi.T @ kernel.residual(z))))
    return float(largest)


def is_inside_continuum(kernel: ScaledKernel) -> bool:
    """Whether every direction of the kernel leads to more solutions: they fill a surface around the point.

    The reduced equations then vanish identically; where branches cross they do on some directions only.
    """
    m = kernel.dimension + 1
    directions = np.cos(np.outer(np.arange(2.0, 5.0 + m), np.arange(1.0, m + 1.0) ** 1.1))
    for h in INSIDE:
        found = [settle_above(kernel, h * kernel.length * y / np.linalg.norm(y)) for y in directions]
        if all(z is not None for z in found):
            noise = VANISHED * kernel.scale * h * kernel.length
            return all(np.max(np.abs(kernel.residual(z))) <= noise for z in found)
    return False


def settle_above(kernel: ScaledKernel, y):
    """Point z above kernel coordinates y where the equations of the range hold; None where it can't be had."""
    z = start = kernel.lift(y)
    for _ in range(SETTLING):
        with np.errstate(all="ignore"):
            step = kernel.normal(kernel.residual(z))
        z = z - step
        if not np.linalg.norm(z - start) <= np.linalg.norm(y):  # NaN included
            return None
        if np.linalg.norm(step) <= LAST_DIGITS * kernel.length:
            return z
    return None


def strengths(kernel: ScaledKernel, h) -> tuple:
    """Reduced equations at a distance h: the state's nonlinearity, its products with odd and even powers of p."""
    k = kernel.dimension
    generic = np.cos(np.outer(np.arange(1, 4), 1.0 + np.arange(k)))
    generic = generic / np.linalg.norm(generic, axis=1)[:, None]
    states = np.column_stack([np.vstack([np.eye(k), generic]), np.zeros(k + 3)])
    bending, here = reduced_size(kernel, states, h), kernel.jacobian(np.zeros(len(kernel.x)))
    ahead, behind = (kernel.jacobian(side * h * kernel.basis[:, k]) - here for side in (1, -1))
    psi, phi = kernel.left[:, -k:], kernel.basis[:, :k]
    odd, even = (0.5 * h * float(np.max(np.abs(psi.T @ part @ phi))) for part in (ahead - behind, ahead + behind))
    return bending, odd, even


def balance(kernel: ScaledKernel, shrink=1.0) -> tuple:
    """The kernel with the parameter in units in which branches leave at a slope of order 1 a distance h away; and h.

    h is a tenth of the size of the state, times `shrink`, less where the equations can't be evaluated there.
    """
    h = NEAR * kernel.length * shrink
    bending, mixed, even = strengths(kernel, h)
    while not np.isfinite(bending + mixed) and h > 1e-8 * kernel.length:
        h /= 10
        bending, mixed, even = strengths(kernel, h)
    noise = 1e-12 * h * float(np.max(np.abs(kernel.jacobian(h * np.sum(kernel.basis, axis=1)))))
    if not (np.isfinite(bending + mixed) and min(bending, mixed) > noise):
        return kernel, h
    unit = kernel.unit.copy()
    # Where the square of the parameter is felt first: a unit for its first power alone would hide all but the square.
    unit[-1] *= min(bending / mixed, np.sqrt(bending / even)) if even > noise else bending / mixed
    at = kernel.problem, kernel.x, kernel.p, kernel.active
    return decompose(*at, unit, kernel.rows, kernel.dimension, kernel.scale), h


class Reduced:
    """Lyapunov-Schmidt equations up to third order, rows rotated and scaled so that none hides another.

    ``g(y) = q[y, y]/2 + c[y, y, y]/6``, with ``c = psi' (D3F[y, y, y] + 3 D2F[y, w])`` and w the second-order part
    of the surface on which the other equations hold (Golubitsky & Schaeffer, *Singularities and Groups in
    Bifurcation Theory* I, 1985, section VII.1).  On the sphere |y| = r the unknown is
    y / r.  `error` is that of the point's location.
    """

    def __init__(self, kernel: ScaledKernel, h, error=0.0):
        self.kernel, self.h = kernel, h
        q, c = self.tensors()
        around = reduced_size(kernel, np.cos(np.outer(np.arange(1, 9), 1.0 + np.arange(q.shape[1]))), h)
        # Where Newton's method only halves the error, what it leaves is about the root of its last correction.
        nothing = max(ROUNDING if self.forms.exact else DIFFERENCED, np.sqrt(error))
        self.q, self.c = rotate(q, c, h, nothing * (around if np.isfinite(around) else 0.0) / h**2, nothing)
        one, three = sizes(self.q), sizes(self.c)
        limits = [BALANCE * 6 * a / b for a, b in zip(one, three) if a > 0 and b > 0]
        self.radius = min([h, *limits])
        self.empty = bool(np.any((one == 0) & (three == 0)))

    @functools.cached_property
    def second(self):
        """(m, m, n) second derivatives along the kernel's basis, and (m, m, N) the surface's bend."""
        vectors = self.kernel.basis.T
        m, n = len(vectors), len(self.kernel.sigma)
        d2, bend = np.zeros((m, m, n)), np.zeros((m, m, n + 1))
        for i, j in itertools.combinations_with_replacement(range(m), 2):
            d2[i, j] = d2[j, i] = self.form(vectors[i], vectors[j])
            bend[i, j] = bend[j, i] = -self.kernel.normal(d2[i, j])
        return d2, bend

    def form(self, *directions):
        """Derivative along directions in z, scaled."""
        return self.forms.form(*(self.kernel.unit * d for d in directions)) / self.kernel.rows

    @functools.cached_property
    def forms(self) -> Multilinear:
        """Multilinear forms of F at the point."""
        k = self.kernel
        p = k.p.copy()
        p[k.active] = k.x[-1]
        return Multilinear(k.problem, k.x[:-1], p, [k.active])

    def tensors(self):
        """Symmetric tensors q (k, m, m) and c (k, m, m, m) in kernel coordinates."""
        vectors = self.kernel.basis.T
        k, m = self.kernel.dimension, len(vectors)
        psi, (d2, bend) = self.kernel.left[:, -k:], self.second
        q, c = np.einsum("ijn,na->aij", d2, psi), np.zeros((k, m, m, m))
        for triple in itertools.combinations_with_replacement(range(m), 3):
            value = self.form(*(vectors[i] for i in triple))
            for a in range(3):
                i, j = (triple[b] for b in range(3) if b != a)
                value = value + self.form(vectors[triple[a]], bend[i, j])
            for order in set(itertools.permutations(triple)):
                c[(slice(None), *order)] = psi.T @ value
        return q, c

    def lift(self, y) -> np.ndarray:
        """Point z of the surface, up to second order, above y."""
        return self.kernel.lift(y) + 0.5 * np.einsum("i,ijn,j->n", y, self.second[1], y)

    def scale_tensors(self, r):
        """Tensors of the equations at radius r, scaled to order 1."""
        size = 0.5 * sizes(self.q) + r / 6 * sizes(self.c)
        size[size == 0] = 1.0
        return 0.5 * self.q / size[:, None, None], r / 6 * self.c / size[:, None, None, None]

    def system(self, r):
        """The equations on the sphere of radius r: a function of y / r for `continuation.branching.roots`."""
        q, c = self.scale_tensors(r)

        def equations(y):
            qy, cyy = np.einsum("ijk,k->ij", q, y), np.einsum("ijkl,k,l->ij", c, y, y)
            f = np.append((qy + cyy) @ y, 0.5 * (y @ y - 1.0))
            return f, np.vstack([2 * qy + 3 * cyy, y])

        return equations

    def polynomials(self, r) -> Polynomials:
        """The same, homogeneous in (y / r, 1)."""
        q, c = self.scale_tensors(r)
        m = q.shape[1]
        flat = np.all(c == 0, axis=(1, 2, 3))
        quadratic, cubic = np.zeros((1 + flat.sum(), m + 1, m + 1)), np.zeros((np.sum(~flat), m + 1, m + 1, m + 1))
        quadratic[0] = np.diag(np.append(np.ones(m), -1.0))
        quadratic[1:, :m, :m] = q[flat]
        cubic[:, :m, :m, :m] = c[~flat]
        for at in ((slice(0, m), slice(0, m), m), (slice(0, m), m, slice(0, m)), (m, slice(0, m), slice(0, m))):
            cubic[(slice(None), *at)] = q[~flat] / 3
        return Polynomials(quadratic, cubic)


def sizes(tensor) -> np.ndarray:
    """Largest coefficient of each equation."""
    return np.max(np.abs(tensor.reshape(len(tensor), -1)), axis=1)


def rotate(q, c, h, least, nothing):
    """Equations combined so that those without quadratic terms stand alone; rounding is taken away.

    `least` is the size of a quadratic term that the equations would not show, `nothing` a fraction of the largest.
    """
    turn, sigma, _ = np.linalg.svd(q.reshape(len(q), -1))
    turn = canonical.eigenbasis(sigma, turn).T  # of equal singular values any rotation would do
    q, c = np.einsum("ab,bij->aij", turn, q), np.einsum("ab,bijk->aijk", turn, c)
    least = max(least, nothing * np.max(np.abs(q)), nothing * np.max(np.abs(c)) * h / 3)
    q[sizes(q) <= least] = 0.0
    c[sizes(c) * h / 3 <= least] = 0.0
    return q, c


class Spheres:
    """The true equations ``F = 0`` on spheres |y| = r around the point; the unknown is z / r."""

    def __init__(self, kernel: ScaledKernel, h):
        self.kernel, self.radius = kernel, h
        bending, mixed = (value / h**2 for value in strengths(kernel, h)[:2])
        size = max(bending, mixed)
        self.strength = size if np.isfinite(size) and size > 0 else kernel.scale / kernel.length

    def system(self, r):
        """F rotated to the singular vectors and scaled to order 1, and the sphere; for `roots`."""
        kernel, k = self.kernel, self.kernel.dimension
        range_part = np.maximum(kernel.sigma[: len(kernel.sigma) - k] * r, 1e-300)
        rows = kernel.left.T / np.append(range_part, np.full(k, self.strength * r * r))[:, None]
        dual = kernel.basis.T

        def equations(z):
            y = dual @ z
            f = np.append(rows @ kernel.residual(r * z), 0.5 * (y @ y - 1.0))
            return f, np.vstack([rows @ (kernel.jacobian(r * z) * r), y @ dual])

        return equations
