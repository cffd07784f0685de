"""A problem inside the fixed space of some symmetries: unknowns y with u = P y, equations P' F(P y) = 0.

F maps the fixed space of a group that it respects to itself, so that solutions there are solutions of the whole; where
the space of a subgroup meets the kernel in one dimension there is a branch in it (equivariant branching lemma:
M. Golubitsky, I. Stewart, D. G. Schaeffer, "Singularities and Groups in Bifurcation Theory" II, Springer 1988, XIII.3).
"""

import functools
from typing import NamedTuple

import numpy as np

from continuation.derived import composed_kernels as kernels
from continuation.derived.composed import ComposedEquations, ComposedFunction
from continuation.derived.equivariance import EXACT, random_states
from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.equations.functions import Function
from continuation.equations.stability import count_eigenvalues
from continuation.ground.arguments import check_function, check_sequence, renamed, shown
from continuation.symmetries.groups import Elements, find_generators
from continuation.symmetries.symmetry import Symmetry


def restricted(problem, elements=None, *, stability="subspace", make=None):
    """Make the problem of the states that some symmetries fix.

    Parameters
    ----------
    problem : Problem
    elements : Elements or sequence, optional
        Elements (of ``problem.symmetry``, an isotropy), or entries as in ``Problem(symmetries=...)``: matrices,
        permutations, functions K(u).  They need not have been declared.  Default: all of ``problem.symmetry``.
    stability : "subspace", "full" or callable
        What ``unstable`` counts: eigenvalues in the subspace (a branch that is stable there may be unstable outside,
        and bifurcations that break the symmetry are not seen), all eigenvalues of F_u, or ``g(u, p) -> int`` of the
        full state.  Where the base brings a count of its own, that is used.
    make : type, optional
        The class to make, `Restricted` or one with its constructor.

    Returns
    -------
    Problem
        In coordinates ``y = P' u``, P (n, m) orthonormal (in the inner product of the states where the problem has
        weights).  Branches show the full states; parameters, outputs and zeros are those of the problem.  Starts
        are full states or m coordinates.

    Raises
    ------
    ValueError
        Only the origin is fixed, or the residual leads out of the fixed space.  The latter is checked again at the
        parameters of each trace, with the varied one at another value.

    Notes
    -----
    For permutations the coordinates are the normalised sums over the orbits of the states.  Compiled where the
    problem is; the factorisations shrink from n to m.

    Examples
    --------
    >>> from continuation import Problem
    >>> pair = Problem.from_expressions({"x": "mu - x**2 + y - x", "y": "mu - y**2 + x - y"}, {"mu": 4.0})
    >>> half = pair.restricted([("y", "x")])
    >>> half.unknown_names, half.solve([1.5, 1.5])["y"]
    (('x+y',), 2.0)
    """
    symmetry = _symmetry_of(problem, elements)
    words = "its symmetry" if elements is None else repr(elements)
    basis = symmetry.fixed_space
    if basis.shape[1] == 0:
        raise ValueError(f"restricted: only the origin is fixed by {words}")
    if not callable(stability) and not (isinstance(stability, str) and stability in ("subspace", "full")):
        raise ValueError(f'restricted: stability: wanted "subspace", "full" or g(u, p) -> int, got {shown(stability)}')
    if callable(stability):
        check_function("restricted: stability", stability, "u", "p")
    return (make or Restricted)(problem, basis, stability, f"{words:.200}")


class Restricted(ComposedEquations):
    """See `restricted`; ``basis`` is P (n, m), ``back`` its left inverse (m, n)."""

    def __init__(self, base, basis, stability, words):
        n = len(base.states)
        if len(base.unknown_names) != n:
            raise ValueError("restricted: wanted a problem whose unknowns are its states; restrict first")
        self.basis, self.back, weights = _weigh(base, basis)
        self.words, m = words, basis.shape[1]
        k = len(base.parameters) + len(base.constants)
        sizes = Sizes(n, m, k)
        functions = {key: _compose(sizes, g) for key, g in base.functions.items() if key != "stability"}
        for key in ("outputs", "zeros"):
            functions[key] = {name: _compose(sizes, g) for name, g in getattr(base, key).items()}
        super().__init__(
            base,
            _coordinate_names(basis, base.states),
            functions,
            constants=np.concatenate([base.constants, self.basis.ravel(), self.back.ravel()]),
            symmetric=base.symmetric and base.weights is None,
            stability=_stability(base, stability, sizes),
            weights=weights,
            name=f"{base.name} (restricted)",
        )
        self._check_invariant(base.parameter_values())

    def columns(self, unknowns):
        """States P y (m, n) and the varied parameter."""
        return unknowns[:, :-1] @ self.basis.T, unknowns[:, -1:]

    def unknown_values(self, state):
        """Coordinates (m,) of a full state in the fixed space, or coordinates as they are."""
        size = len(self.unknown_names)
        if size < len(self.states) and np.shape(state) == (size,):
            return np.array(state, float)
        u = self.state_values(state)
        y = self.back @ u
        off = np.abs(self.basis @ y - u)
        if np.max(off) > 1e-6 * np.max(np.abs(u)) + 1e-8:
            name = self.states[int(np.argmax(off))]
            raise ValueError(f"start: is not fixed by {self.words}: {name!r} is {np.max(off):.3g} off the fixed space")
        return y

    def operations(self, p, active):
        """As for every problem, once the residual is known to stay in the fixed space at these parameters."""
        moved = p.copy()
        moved[active] += 0.37 * (1 + abs(p[active]))
        for values in (p, moved):
            self._check_invariant(values[: self.count], list(self.parameters)[active])
        return super().operations(p, active)

    def _check_invariant(self, p, varied=None):
        """Raise where F leads out of the fixed space."""
        for y in random_states(len(self.unknown_names)):
            f = evaluate(self.base, self.basis @ y, p)
            off = np.abs(f - self.basis @ (self.back @ f))
            if np.all(np.isfinite(f)) and np.max(off) > EXACT * np.max(np.abs(f)):
                name, about = self.states[int(np.argmax(off))], f" when {varied} varies" if varied else ""
                raise ValueError(
                    f"restricted: the residual leads out of the fixed space of {self.words}{about}: a part "
                    f"{np.max(off) / np.max(np.abs(f)):.3g} of it, in the equation of {name!r}"
                )


def _symmetry_of(problem, elements) -> Symmetry:
    """The symmetry that some elements or entries generate."""
    if elements is None:
        return problem.symmetry
    if isinstance(elements, Elements):
        elements = find_generators(elements) or list(elements)
    else:
        elements = check_sequence("elements", elements, "a list of matrices, permutations and functions")
    entries = [entry.matrix if isinstance(entry, Elements) else entry for entry in elements]
    with renamed("symmetries", "elements"):
        return Symmetry(problem.states, entries)


def _weigh(base, basis):
    """P, its left inverse and the weights of the unknowns, so that steps measure as those of the full problem."""
    n, m = basis.shape
    if base.weights is None:
        return basis, basis.T.copy(), np.append(np.full(m, 1 / n), 1.0)
    root = np.linalg.cholesky(basis.T @ (base.weights[:n, None] * basis))
    basis = np.linalg.solve(root, basis.T).T
    return basis, basis.T * base.weights[:n], np.append(np.ones(m), base.weights[n])


def _coordinate_names(basis, states):
    """Names of the coordinates: sums of states where columns are sums over orbits, else ``y[k]``."""
    names = []
    for k, column in enumerate(basis.T):
        members = np.flatnonzero(np.abs(column) > 0)
        even = np.ptp(column[members]) <= 1e-12 * np.max(np.abs(column))
        text = "+".join(states[i] for i in members[:4]) + ("+..." if len(members) > 4 else "")
        names.append(text if even else f"y[{k}]")
    return names


def _stability(base, wish, sizes):
    """The stability option of the restricted problem."""
    if callable(wish) or callable(base.stability):
        given = Function(wish, "scalar") if callable(wish) else base.functions["stability"]
        return _compose(sizes, given)
    if wish == "subspace" or base.stability is None:
        return base.stability

    def count(y, p):
        _, u, q, _ = _parts(sizes, y, p)
        return count_eigenvalues(state_jacobian(base, u, q), base.symmetric).unstable

    return Function(count, "scalar", compile_it=False)


# Functions of (y, p) where p = (base's p (k), P (n, m), its left inverse (m, n)), at single points


class Sizes(NamedTuple):
    """Numbers of states, of coordinates, of entries of p that the base takes, as the kernels are told."""

    n: int
    m: int
    k: int


def _parts(sizes: Sizes, y, p):
    """Basis P, state P y, the base's part of p, the left inverse."""
    n, m, k = sizes.n, sizes.m, sizes.k
    basis, back = p[k : k + n * m].reshape(n, m), p[k + n * m : k + 2 * n * m].reshape(m, n)
    return basis, basis @ y, p[:k], back


def _vector(sizes, base):
    """Residual ``P^-1 F(P y, p)`` or, with an index before `out`, its derivative by a parameter."""

    def vector(y, p, *more):
        *index, out = more
        _, u, q, back = _parts(sizes, y, p)
        f = np.full(len(u), np.nan, u.dtype)
        base(u, q, *index, f)
        out[:] = back @ f

    return vector


def _matrix(sizes, base):
    def matrix(y, p, out):
        basis, u, q, back = _parts(sizes, y, p)
        a = np.full((len(u), len(u)), np.nan)
        base(u, q, a)
        out[:] = back @ a @ basis

    return matrix


def _scalar(sizes, base):
    def scalar(y, p):
        _, u, q, _ = _parts(sizes, y, p)
        return base(u, q)

    return scalar


SHAPES = {
    "vector": (_vector, kernels.restricted_vector),
    "indexed": (_vector, kernels.restricted_vector),
    "matrix": (_matrix, kernels.restricted_matrix),
    "scalar": (_scalar, kernels.restricted_scalar),
}


def _compose(sizes, given) -> ComposedFunction:
    """A function of the coordinates made from one of the states."""
    make, kernel = SHAPES[given.shape]
    function = ComposedFunction([given], functools.partial(make, sizes), kernel, sizes)
    function.shape = given.shape
    return function
