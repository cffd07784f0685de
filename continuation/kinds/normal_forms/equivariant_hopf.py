"""Hopf points with several equal pairs: what the symmetry of the equilibrium says of the orbits that emanate.

On the eigenspace of ``i omega``, z in C^m with ``x = u0 + 2 Re(V z)``, the normal form to third order is

    z' = (i omega + S mu) z + N(z, z, z) + ...,   2 N(a, b, c) = P^H [C(q_a, q_b, conj q_c) + B(q_a, h11(b, c))
                                                   + B(q_b, h11(a, c)) + B(conj q_c, h20(a, b))]

with ``q = V z``, ``h11(b, c) = -A^-1 B(q_b, conj q_c)``, ``h20(a, b) = (2 i omega - A)^-1 B(q_a, q_b)``: it commutes
with the group and with phases.  A line that a spatio-temporal symmetry fixes (`continuation.symmetries.waves`) is
mapped to itself, so that ``N(z, z, z) = c1 z`` there: the Hopf bifurcation inside the line.  Around its orbit
perturbations w obey
``w' = r**2 [S mu2 - (c1 + s mu2)] w + r**2 [2 N(w, z, z) + N(z, z, w)]`` in a rotating frame, mu = mu2 r**2
(M. Golubitsky, I. Stewart and D. G. Schaeffer, *Singularities and Groups in Bifurcation Theory* II, Springer 1988,
chapters XVI-XVIII).
"""

from typing import NamedTuple

import numpy as np

from continuation.kinds.normal_forms.linear_part import VANISHES, VERDICTS, bordered_solution, sign_of
from continuation.symmetries.waves import Wave, waves

# Point of a solution that elements fix, relative to its largest entry: located points are known to 1e-8 or so.
FIXED = 1e-6
# Growth rates of perturbations below this, relative to the largest, say nothing: that along the orbit is zero to
# rounding, and so are those that terms of higher order decide.  Coefficients from differences have five digits.
NEUTRAL = 1e-5


class Family(NamedTuple):
    """One family of periodic orbits: its symmetry, critical vector and adjoint (n,), ``c1``, speed ``s``, stability.

    `stable` is None where terms of third order do not decide.
    """

    wave: Wave
    vector: np.ndarray
    adjoint: np.ndarray
    c1: complex
    slope: complex
    stable: bool | None
    size: float  # of the terms that c1 is the sum of


class ThirdOrder:
    """The normal form N on the eigenspace of equal pairs."""

    def __init__(self, local, pairs):
        self.local, self.pairs = local, pairs
        self.frequency = 2j * pairs.omega * np.eye(len(local.jacobian)) - local.jacobian

    def __call__(self, a, b, c) -> np.ndarray:
        """N(a, b, c) (m,): symmetric in a and b, conjugate linear in c."""
        form, right = self.local.forms.form, self.pairs.right
        qa, qb, qc = right @ a, right @ b, (right @ c).conj()
        total = form(qa, qb, qc) + form(qc, self.h20(qa, qb))
        total = total + form(qa, self.h11(qb, qc)) + form(qb, self.h11(qa, qc))
        return 0.5 * self.pairs.adjoint.conj().T @ total

    def h20(self, x, y) -> np.ndarray:
        """(2 i omega - A)^-1 B(x, y)."""
        return bordered_solution(self.frequency, [], [], self.local.forms.form(x, y))

    def h11(self, x, y) -> np.ndarray:
        """-A^-1 B(x, y)."""
        return bordered_solution(self.local.jacobian, [], [], -self.local.forms.form(x, y))

    def size(self, a) -> float:
        """Size of the terms of N(a, a, a) before they cancel."""
        form, q = self.local.forms.form, self.pairs.right @ a
        terms = form(q, q, q.conj()), form(q.conj(), self.h20(q, q)), 2 * form(q, self.h11(q, q.conj()))
        return float(0.5 * np.sum(np.abs(self.pairs.adjoint @ a) @ np.abs(np.transpose(terms))))


def speeds(local, pairs) -> np.ndarray:
    """S (m, m): how the eigenvalues move with the first parameter along the branch."""
    along = local.parameter()
    along[: len(local.u)] = bordered_solution(local.jacobian, [], [], -local.forms.form(local.parameter()))
    columns = [local.forms.form(along, q) for q in pairs.right.T]
    return pairs.adjoint.conj().T @ np.column_stack(columns)


def waves_at(local, pairs) -> tuple:
    """Every `Wave` that the symmetry of the point brings about, and whether all are known to be there."""
    fixing = local.problem.symmetry.isotropy(local.u, FIXED, np.max(np.abs(local.u)) + FIXED)
    return waves(fixing, pairs.right)


def families(local, pairs) -> tuple:
    """`Family` of every one of `waves_at`, and whether all are known to be there."""
    found, complete = waves_at(local, pairs)
    third, moving = ThirdOrder(local, pairs), speeds(local, pairs)
    quiet = is_quiet(local, pairs)
    return tuple(family(third, moving, wave, quiet) for wave in found), complete


def is_quiet(local, pairs) -> bool:
    """Whether all eigenvalues of F_u but the critical ones have negative real parts."""
    values = np.linalg.eigvals(local.jacobian)
    zero = NEUTRAL * np.max(np.abs(values))
    return int(np.sum(values.real > -zero)) == 2 * pairs.right.shape[1]


def family(third, moving, wave, quiet) -> Family:
    """The orbits on one line."""
    z, pairs = wave.vector, third.pairs
    c1, slope = complex(z.conj() @ third(z, z, z)), complex(z.conj() @ moving @ z)
    stable = orbit_stability(third, moving, z, c1, slope) if quiet else False
    return Family(wave, pairs.right @ z, pairs.adjoint @ z, c1, slope, stable, third.size(z))


def orbit_stability(third, moving, z, c1, slope):
    """Whether small orbits on a line are stable: True, False, or None where third order does not decide."""
    if slope.real == 0.0 or not np.isfinite(c1):
        return None
    m, mu2 = len(z), -c1.real / slope.real
    columns = []
    for w in (*np.eye(m, dtype=complex), *(1j * np.eye(m))):
        image = mu2 * (moving @ w) - (1j * c1.imag + 1j * slope.imag * mu2) * w + 2 * third(w, z, z) + third(z, z, w)
        columns.append(np.append(image.real, image.imag))
    rates = np.linalg.eigvals(np.column_stack(columns)).real
    zero = NEUTRAL * np.max(np.abs(rates))
    if np.any(rates > zero):
        return False
    return True if np.sum(np.abs(rates) <= zero) == 1 else None  # the one along the orbit


def has_symmetry(local) -> bool:
    """Whether a finite symmetry of the unknowns was declared."""
    symmetry = local.problem.symmetry
    return symmetry.order > 1 and len(symmetry.names) == len(local.u)


def orbits_of(local, pairs) -> dict:
    """Entry ``orbits`` of the normal form of a Hopf point with several equal pairs, and what was left out."""
    found, complete = families(local, pairs)
    orbits = []
    for one in found:
        l1, least = one.c1.real / pairs.omega, VANISHES * one.size / pairs.omega
        orbits.append(
            {
                "name": one.wave.name,
                "symmetry": one.wave.describe(local.problem.symmetry),
                "l1": float(l1),
                "criticality": VERDICTS[sign_of(l1, least)] if np.isfinite(l1) else "unresolved",
                "stable": one.stable,
            }
        )
    return {"orbits": tuple(orbits)} | ({} if complete else {"degenerate": "not all orbits were looked for"})
