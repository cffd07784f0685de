"""The normal form on a centre manifold, to any order, from the homological equation.

With critical vectors q_i (``A q_i = l_i q_i``), adjoint p_i and amplitudes w_i the manifold is
``H(w) = sum h_a w**a / a!`` and the flow on it ``w_i' = l_i w_i + sum g_ia w**a / a!``; a is a multi-index, written
here as the sorted tuple of its variables: (0, 0, 1) is w0**2 w1.  Comparing coefficients in ``H_w w' = F(H)``,

    (l_a - A) h_a = R_a - sum over proper parts b of a, i: g_ib h_(a - b + i) - sum over i: g_ia q_i

where R_a is the sum over all partitions of the factors in two and more blocks of F's multilinear form of the blocks'
h (Faa di Bruno).  g_ia is zero unless ``l_a = l_i``; there ``g_ia = <p_i, right-hand side>`` and ``<p_i, h_a> = 0``
(Kuznetsov, SIAM J. Numer. Anal. 36 (1999) 1104, section 2).
"""

import functools
from collections import Counter
from typing import NamedTuple

import numpy as np

from continuation.kinds.normal_forms.linear_part import bordered_solution


class Critical(NamedTuple):
    """A critical direction: eigenvalue, vector, adjoint (``conj(adjoint) @ vector`` = 1), place of its conjugate."""

    value: complex
    vector: np.ndarray
    adjoint: np.ndarray
    conjugate: int


class Reduction:
    """Coefficients g and h above, each computed when asked for.

    Parameters
    ----------
    local : Local
    variables : sequence of Critical
        Semisimple: zero eigenvalues (each its own conjugate) and imaginary pairs (q, then its conjugate).

    Notes
    -----
    Which terms are resonant is decided by their exponents, as for frequencies without integer relations.
    """

    def __init__(self, local, variables):
        self.forms, self.jacobian, self.variables = local.forms, local.jacobian, tuple(variables)
        self._rights, self._manifold = {}, {}

    def coefficient(self, variable, *index) -> complex:
        """Coefficient g of a resonant monomial in the equation of a variable, times the factorials."""
        return np.conj(self.variables[variable].adjoint) @ self.right(tuple(sorted(index)))

    def manifold(self, *index) -> np.ndarray:
        """Coefficient h (n,) of a monomial, times the factorials."""
        index = tuple(sorted(index))
        if len(index) == 1:
            return self.variables[index[0]].vector
        if index not in self._manifold:
            twin = self._twin(index)
            self._manifold[index] = self.manifold(*twin).conj() if twin in self._manifold else self._solved(index)
        return self._manifold[index]

    def right(self, index) -> np.ndarray:
        """Right-hand side (n,) of the homological equation before the resonant part is taken off."""
        if index not in self._rights:
            twin = self._twin(index)
            self._rights[index] = self._rights[twin].conj() if twin in self._rights else self._summed(index)
        return self._rights[index]

    def _summed(self, index) -> np.ndarray:
        """The right-hand side, term by term."""
        total = 0.0
        for blocks, count in partitions(index):
            total = total + count * self.forms.form(*(self.manifold(*block) for block in blocks))
        for inner, rest, count in splits(index):
            for i in self.resonant(inner):
                total = total - count * self.coefficient(i, *inner) * self.manifold(*rest, i)
        return total

    def _solved(self, index) -> np.ndarray:
        """Solve the homological equation of a monomial."""
        right, found = self.right(index), [self.variables[i] for i in self.resonant(index)]
        value = sum(self.variables[i].value for i in index)
        for critical in found:
            right = right - (np.conj(critical.adjoint) @ right) * critical.vector
        matrix = value * np.eye(len(self.jacobian)) - self.jacobian
        return bordered_solution(matrix, [c.vector for c in found], [np.conj(c.adjoint) for c in found], right)

    def resonant(self, index) -> list:
        """Variables whose equation can not be freed of a monomial."""
        left, real = Counter(index), []
        for i, variable in enumerate(self.variables):
            if variable.conjugate == i:
                real.append(i)
                left[i] = 0
            else:
                common = min(left[i], left[variable.conjugate])
                left[i] -= common
                left[variable.conjugate] -= common
        rest = list(left.elements())
        return real if not rest else rest if len(rest) == 1 else []

    def _twin(self, index) -> tuple:
        """The complex conjugate monomial."""
        return tuple(sorted(self.variables[i].conjugate for i in index))


@functools.cache
def partitions(index) -> tuple:
    """Ways to divide the factors of a monomial in two and more blocks: (blocks, number of such ways)."""
    found = Counter()
    for division in _divisions(len(index)):
        if len(division) > 1:
            found[tuple(sorted(tuple(index[k] for k in block) for block in division))] += 1
    return tuple(found.items())


def _divisions(size) -> list:
    """All set partitions of range(size), blocks as sorted tuples."""
    if size == 0:
        return [()]
    out = []
    for smaller in _divisions(size - 1):
        out += [(*smaller[:k], (*block, size - 1), *smaller[k + 1 :]) for k, block in enumerate(smaller)]
        out.append((*smaller, (size - 1,)))
    return out


@functools.cache
def splits(index) -> tuple:
    """Proper parts of two and more factors of a monomial: (part, what remains, number of such ways)."""
    found = Counter()
    for bits in range(1, 2 ** len(index) - 1):
        inner = tuple(v for k, v in enumerate(index) if bits >> k & 1)
        if len(inner) > 1:
            found[inner, tuple(v for k, v in enumerate(index) if not bits >> k & 1)] += 1
    return tuple((*pair, count) for pair, count in found.items())
