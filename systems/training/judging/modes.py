"""An equilibrium seen by descent: its modes, their left eigenvectors, and the gauge directions among them."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import eig, eigh

from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.ground import canonical

NULL = 1e-7  # of the largest eigenvalue: a mode that does not move
POLISH = 20  # Newton corrections at most
STRIDE = 1e-3  # of the state's size: how far along a null vector solutions are looked for
SOLVED = 1e-9  # of what F is a stride away along no null vector: Newton's method has found a solution


@dataclass(frozen=True, eq=False)
class Modes:
    """Linear modes of ``u' = F(u, p)`` at an equilibrium.

    Attributes
    ----------
    u, p : (n,) and (k,) arrays
        The equilibrium, corrected to rounding without moving along the kernel, and its parameters.
    values : (m,) complex array
        Eigenvalues of F_u that are not zero; of a conjugate pair the one with positive imaginary part.
    right, left : (n, m) complex arrays
        Eigenvectors with ``left.conj().T @ right = 1`` on the diagonal, right ones of unit length.
    gauge : (n, g) array
        Orthonormal directions of the orbit of equilibria through u.
    critical : (n, c) array
        Null vectors that are no gauge: a fold or branch point is here.
    """

    u: np.ndarray
    p: np.ndarray
    values: np.ndarray
    right: np.ndarray
    left: np.ndarray
    gauge: np.ndarray
    critical: np.ndarray

    @property
    def speed(self) -> float:
        """Largest size of an eigenvalue."""
        return float(np.max(np.abs(self.values), initial=0.0))

    @property
    def size(self) -> float:
        """Length of the state, 1 where it is zero."""
        return float(np.linalg.norm(self.u)) or 1.0

    @property
    def most_unstable(self) -> int:
        """Place of the mode that grows fastest, the first of several."""
        return canonical.first_smallest(-self.values.real, canonical.EQUAL * self.speed)

    @property
    def unstable(self) -> int:
        """Number of eigenvalues with positive real part (a pair counts twice)."""
        return int(sum(1 + (value.imag > 0) for value in self.values if value.real > 0))


def modes_at(problem, u, p) -> Modes:
    """Compute the modes of a problem at an equilibrium near u (n,), parameters p (k,)."""
    u = polish(problem, u, p)
    if not np.isfinite(u).all():
        raise ValueError(f"modes_at(u=...): wanted a state with finite F near it, got {u.tolist()}")
    a = state_jacobian(problem, u, p)
    values, left, right = _eigen(a, problem.symmetric)
    zero = np.abs(values) <= NULL * max(np.max(np.abs(values)), np.finfo(float).tiny)
    kernel = _kernel(a, int(np.sum(zero)))
    gauge, critical = _sort_kernel(problem, u, p, kernel)
    keep = ~zero & (values.imag >= 0)  # one of each conjugate pair
    return Modes(u, p, values[keep], right[:, keep], left[:, keep], gauge, critical)


def polish(problem, u, p) -> np.ndarray:
    """Correct u (n,) by Newton steps of least length until they are rounding."""
    u, last = np.array(u, float), np.inf
    for _ in range(POLISH):
        a, f = state_jacobian(problem, u, p), evaluate(problem, u, p)
        step = np.linalg.lstsq(a, -f, rcond=NULL)[0]
        length = np.linalg.norm(step)
        if not length < last:
            break
        u, last = u + step, length
    return u


def _eigen(a, symmetric):
    """Eigenvalues with left and right eigenvectors, biorthonormal; signs and phases are canonical."""
    if symmetric:
        values, vectors = eigh(a)
        vectors = canonical.eigenbasis(values, vectors)
        return values.astype(complex), vectors.astype(complex), vectors.astype(complex)
    values, left, right = eig(a, left=True)
    right = np.array([canonical.turned(vector) for vector in right.T]).T
    products = np.sum(left.conj() * right, axis=0)
    safe = np.where(np.abs(products) > 0, products, 1.0)  # zero at Jordan blocks only, of null vectors here
    return values, left / safe.conj(), right


def _kernel(a, count):
    """Orthonormal vectors (n, count) that `a` maps nearest to zero, nearest to the axes."""
    return canonical.basis(np.linalg.svd(a)[2][len(a) - count :].T)


def _sort_kernel(problem, u, p, kernel):
    """Split null vectors into those along which solutions go on and the others."""
    stride = STRIDE * (np.linalg.norm(u) or 1.0)
    scale = np.max(np.abs(state_jacobian(problem, u, p)), initial=0.0) * stride
    on = [_leads_on(problem, u, p, v, stride, scale) for v in kernel.T]
    on = np.array(on, bool)
    return kernel[:, on], kernel[:, ~on]


def _leads_on(problem, u, p, v, stride, scale) -> bool:
    """Whether Newton from u displaced by a stride along a null vector v finds a solution there, not u again."""
    found = polish(problem, u + stride * v, p)
    misfit = np.max(np.abs(evaluate(problem, found, p)))
    return bool(misfit <= SOLVED * scale and v @ (found - u) > 0.5 * stride)
