"""``M u' = F(u, p)`` with a constant matrix M, singular or not, as an equation ``u' = G(u, p)``.

Of a regular M it is ``G = M^-1 F``.  Of a singular one of rank r some n - r rows of ``L F`` are constraints, with L
such that ``L M = [E; 0]``.  They hold for all time if they hold once and their derivative does, ``(L F_u) u' = 0`` in
these rows; with minus the constraints on its right-hand side those that do not hold are approached, at the rate 1 in
the problem's unit of time.  So

    K(u) u' = [L F; -L F],   K = [E; L F_u],

has all solutions, equilibria and periodic orbits of the original, with the stability of these: the spectrum of G_u is
that of the pencil (F_u, M), n - r times -1 in place of what is infinite there.  K is regular where the constraints can
be solved for as many states (index 1); where that ceases an eigenvalue passes through infinity, see `solvability`.
Source: Baumgarte, Comput. Methods Appl. Mech. Engrg. 1 (1972).
"""

import functools
from collections.abc import Mapping

import numpy as np
import scipy.linalg

from continuation.compiled.calls.interface import Callback
from continuation.derived import mass_kernels as kernels
from continuation.derived.composed import ComposedFunction
from continuation.ground.arguments import shown
from continuation.ground.names import as_real, suggest

SWEEPS = 5  # of rows and columns made alike in turn, so that units of states and equations do not matter
RANK = 1e-10  # of the largest singular value of a matrix whose rows are of unit length, below which one is zero


def rows_and_columns_alike(matrix) -> tuple:
    """The matrix with rows and columns of unit length, next to; and the lengths that rows were divided by (0: none)."""
    alike, lengths = np.array(matrix), np.where(np.any(matrix, axis=1), 1.0, 0.0)
    for _ in range(SWEEPS):
        columns = np.linalg.norm(alike, axis=0)
        alike = alike / np.where(columns > 0, columns, 1.0)
        rows = np.linalg.norm(alike, axis=1)
        rows = np.where(rows > 0, rows, 1.0)
        alike, lengths = alike / rows[:, None], lengths * rows
    return alike, lengths


class MassMatrix:
    """A mass matrix M (n, n), its rank r, L (n, n) and E (r, n), see above; of a regular M ``L = M^-1``, E the unit.

    ``given`` are the functions of F, by name.
    """

    def __init__(self, matrix):
        self.given: dict = {}
        self.matrix, self.text = matrix, None
        n = len(matrix)
        alike, lengths = rows_and_columns_alike(matrix)
        u, sizes, _ = scipy.linalg.svd(alike)
        self.rank = int(np.sum(sizes > RANK * sizes[0]))
        if self.rank == n:
            self.left, self.leading = np.linalg.inv(matrix), np.eye(n)
        else:
            scaled = u.T / np.where(lengths > 0, lengths, 1.0)
            if np.count_nonzero(lengths) == self.rank:  # the constraints are equations as they stand
                scaled = np.eye(n)[np.argsort(lengths == 0, kind="stable")]
            self.left, self.leading = scaled, np.ascontiguousarray((scaled @ matrix)[: self.rank])
        self.left = np.ascontiguousarray(self.left)

    @property
    def is_regular(self) -> bool:
        """Whether M has an inverse."""
        return self.rank == len(self.matrix)

    def derivatives_of(self, made):
        """Exact derivatives of G made from those of F; None of a singular M: there they are left to differences."""
        self.text = made
        return MassExpressions(made, self) if self.is_regular else None

    def weighed_jacobian(self, u, p) -> np.ndarray:
        """``L F_u`` (n, n)."""
        base, *more = (self.given[key] for key in ("residual", "jacobian") if key in self.given)
        return self.left @ _jacobian(base, more, u, p)

    def leading_at(self, u, p) -> np.ndarray:
        """K (n, n), which u' is multiplied with."""
        return _leading(self, self.weighed_jacobian(u, p))

    def blame(self, u, p) -> str:
        """Say what is wrong at (u, p): a part of F, in the words of its text, or too few states that are told."""
        if self.text is not None and (words := self.text.blame(u, p)):
            return words
        if self.is_regular:
            return ""
        la = self.weighed_jacobian(np.array(u, float), p)
        if not np.all(np.isfinite(la)) or not _is_singular(_leading(self, la)):
            return ""
        return "the equations with zeros in `mass` do not determine as many states there (their index is above 1)"


def mass_of(problem, mass) -> MassMatrix:
    """What was given as `mass`: an (n, n) array, or a mapping of states to factors of their derivatives.

    Raises
    ------
    ValueError
        It has another shape, is all zero, or has entries that are no finite numbers; or the problem is no flow, or
        declared symmetric, which the Jacobian of G is not.
    """
    if problem.stability != "flow":
        raise ValueError('mass: wanted a problem with stability="flow": it says how the states move')
    if problem.symmetric:
        raise ValueError("mass: wanted symmetric=False: F_u may be symmetric, what the equations for u' have is not")
    states = problem.states
    n = len(states)
    if isinstance(mass, Mapping):
        diagonal = dict.fromkeys(states, 1.0)
        for name, value in mass.items():
            if name not in diagonal:
                raise ValueError(f"mass: no state named {name!r}; this problem has {suggest(name, diagonal)}")
            diagonal[name] = as_real(value)
            if diagonal[name] is None:
                raise ValueError(f"mass[{name!r}]: wanted a number, got {shown(value)}")
        mass = np.diag(list(diagonal.values()))
    try:
        matrix = np.array(mass, float)
    except (TypeError, ValueError):
        matrix = np.zeros(0)
    if matrix.shape != (n, n):
        raise ValueError(f"mass: wanted a matrix ({n}, {n}) or a mapping of states to numbers, got {shown(mass)}")
    if not np.all(np.isfinite(matrix)):
        raise ValueError("mass: wanted finite numbers, got NaN or infinity")
    if not np.any(matrix):
        raise ValueError("mass: all of it is zero, so that nothing moves; wanted stability=None instead")
    return MassMatrix(matrix)


class MassFunction(ComposedFunction):
    """G or its Jacobian, made from F and, where there is one, its Jacobian."""

    def __init__(self, inner, make, kernel, mass, shape):
        self.mass, self.shape = mass, shape
        super().__init__(inner, functools.partial(make, mass), kernel, ())

    def callback(self, n: int, k: int, index: int = 0) -> Callback:
        """Make the engine's callback."""
        callbacks = [f.callback(n, k, index) for f in self.inner]
        words = [word for c in callbacks for word in (c.address, c.data)]
        if self.shape == "matrix" and self.mass.is_regular:
            words = [0, 0, *words]  # the Jacobian is all that is called
        arrays = self.mass.left, self.mass.leading
        words += [0] * (4 - len(words)) + [array.ctypes.data for array in arrays]
        data = np.array([n, self.mass.rank, k, *words], np.int64)
        return Callback(self.kernel.address, data.ctypes.data, (data, arrays, *callbacks))


def with_mass(functions, mass) -> dict:
    """The functions of a problem, for ``u' = G``.

    Of a regular M each is weighed; of a singular one there is a Jacobian in any case, while derivatives by parameters
    are left to differences.
    """
    others = {key: f for key, f in functions.items() if key not in ("residual", "jacobian", "parameter_derivative")}
    if mass.is_regular:
        kinds = {"vector": kernels.regular_vector, "indexed": kernels.regular_vector, "matrix": kernels.regular_matrix}
        weighed = {key: f for key, f in functions.items() if key not in others}
        return others | {key: MassFunction([f], _weighed, kinds[f.shape], mass, f.shape) for key, f in weighed.items()}
    inner = [functions[key] for key in ("residual", "jacobian") if key in functions]
    return others | {
        "residual": MassFunction(inner, _vector, kernels.singular_vector, mass, "vector"),
        "jacobian": MassFunction(inner, _matrix, kernels.singular_matrix, mass, "matrix"),
    }


class MassExpressions:
    """Exact derivatives of any order of ``M^-1 F``."""

    def __init__(self, made, mass):
        self.made, self.left = made, mass.left

    def blame(self, u, p) -> str:
        """What is not finite in F."""
        return self.made.blame(u, p)

    def derivative(self, u, p, directions):
        """As of the expressions themselves, for each equation of G."""
        return self.made.derivative(u, p, directions) @ self.left.T


# At single points, in numpy


def _solved(a, b):
    """``a^-1 b`` in the precision of b: refined where it is not double."""
    inverse = np.linalg.inv(np.asarray(a, float if not np.iscomplexobj(a) else complex))
    x = inverse @ b
    for _ in range(2):
        x = x + inverse @ (b - a @ x)
    return x


def _unit(u) -> float:
    """As `mass_kernels.unit_of`."""
    return min(1.0, float(np.max(np.abs(u)))) if np.any(u) else 1.0


def _jacobian(base, more, u, p):
    """F_u, by central differences where it is not given."""
    n = len(u)
    a = np.full((n, n), np.nan, u.dtype)
    if more:
        more[0](u, p, a)
        return a
    for j, unit in enumerate(np.eye(n)):
        step = kernels.CUBE_ROOT * max(_unit(u), abs(u[j])) * unit
        above, below = np.full(n, np.nan, u.dtype), np.full(n, np.nan, u.dtype)
        base(u + step, p, above)
        base(u - step, p, below)
        a[:, j] = (above - below) / (2 * step[j])
    return a


def _leading(mass, la):
    """K, which u' is multiplied with."""
    return np.concatenate([mass.leading, la[mass.rank :]])


def _is_singular(k) -> bool:
    """Whether K is singular, but for rounding, whatever its rows' units are."""
    pivots = np.abs(np.diag(scipy.linalg.lu(k / np.max(np.abs(k), axis=1, keepdims=True))[2]))
    return not np.min(pivots) > kernels.SINGULAR_AT * np.max(pivots)


def _safely(function):
    """NaN in place of what numpy raises where K is singular."""

    @functools.wraps(function)
    def safe(u, p, out):
        try:
            function(u, p, out)
        except np.linalg.LinAlgError:
            out[:] = np.nan

    return safe


def _weighed(mass, base):
    def weighed(u, p, *more):
        *index, out = more
        f = np.full(out.shape, np.nan, u.dtype)
        base(u, p, *index, f)
        out[:] = mass.left @ f

    return weighed


def _velocity(mass, base, more, u, p):
    """(u', L F_u, K) at a point; raises LinAlgError where K is singular."""
    f = np.full(len(u), np.nan, u.dtype)
    base(u, p, f)
    lf, la = mass.left @ f, mass.left @ _jacobian(base, more, u, p)
    k = _leading(mass, la)
    if not np.all(np.isfinite(np.asarray(k, complex))) or _is_singular(np.asarray(k, complex)):
        raise np.linalg.LinAlgError
    return _solved(k, np.concatenate([lf[: mass.rank], -kernels.RATE * lf[mass.rank :]])), la, k


def _vector(mass, base, *more):
    def residual(u, p, out):
        out[:] = _velocity(mass, base, more, u, p)[0]

    return _safely(residual)


def _step(more):
    """Relative step of differences of F_u."""
    return kernels.CUBE_ROOT if more else kernels.TWICE


def _matrix(mass, base, *more):
    def jacobian(u, p, out):
        f, la, k = _velocity(mass, base, more, u, p)
        r, moving = mass.rank, f != 0
        right = np.concatenate([la[:r], -kernels.RATE * la[r:]])
        if np.any(moving):
            reach = np.min(_step(more) * np.maximum(_unit(u), np.abs(u[moving])) / np.abs(f[moving]))
            change = _jacobian(base, more, u + reach * f, p) - _jacobian(base, more, u - reach * f, p)
            right[r:] -= (mass.left @ change)[r:] / (2 * reach)
        out[:] = _solved(k, right)

    return _safely(jacobian)
