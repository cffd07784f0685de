"""What users give as `symmetries`: permutations, matrices and infinitesimal generators, checked."""

from dataclasses import dataclass

import numpy as np

from continuation.symmetries.groups import LIMIT, SAME, order_of


@dataclass(frozen=True, eq=False)
class Generator:
    """Infinitesimal generator ``K(u) = A u + b`` of a one-parameter group: ``matrix`` A (n, n), ``shift`` b (n,)."""

    matrix: np.ndarray
    shift: np.ndarray
    name: str

    def __call__(self, u):
        """K at states (..., n)."""
        return np.asarray(u, float) @ self.matrix.T + self.shift

    def size(self, u) -> float:
        """Size that K could have at states as large as u."""
        return float(np.max(np.abs(self.matrix)) * np.max(np.abs(u)) + np.max(np.abs(self.shift)))


def orthogonal_matrix(label, entry, names):
    """Matrix (n, n) of an entry that is a permutation or a matrix, checked."""
    n = len(names)
    try:
        given = np.array(entry)
    except ValueError:
        given = np.empty(0, object)
    if given.shape == (n,) and given.dtype.kind in "US":
        return _permutation(label, *_named_places(label, [str(name) for name in entry], names))
    if given.shape == (n,) and given.dtype.kind in "iu":
        return _permutation(label, given.tolist(), np.ones(n))
    if given.shape != (n, n) or given.dtype.kind not in "iuf":
        raise ValueError(
            f"{label}: wanted a matrix ({n}, {n}), a permutation of {n} integers or state names, or a function K(u); "
            f"got {_what(entry, given)}"
        )
    matrix = given.astype(float)
    if not np.all(np.isfinite(matrix)):
        raise ValueError(f"{label}: wanted finite entries, got {matrix.tolist()}")
    defect = np.max(np.abs(matrix.T @ matrix - np.eye(n)))
    if defect > SAME:
        raise ValueError(
            f"{label}: wanted an orthogonal matrix, got one with |g'g - 1| = {defect:.3g} (determinant "
            f"{np.linalg.det(matrix):.3g}): choose coordinates in which the group acts by orthogonal matrices"
        )
    matrix = _nearest_orthogonal(matrix)
    if order_of(matrix) == 0:
        raise ValueError(
            f"{label}: this matrix has no finite order (up to {LIMIT}); give a continuous group by its infinitesimal "
            "generator, a function K(u) -> (n,)"
        )
    return matrix


def _nearest_orthogonal(matrix):
    """The orthogonal matrix nearest to one given with few digits."""
    left, _, right = np.linalg.svd(matrix)
    return left @ right


def _what(entry, given) -> str:
    """What came instead of a symmetry, in a few words."""
    return f"an array of shape {given.shape}, {given.dtype}" if given.ndim and given.size else repr(entry)


def _named_places(label, entry, names):
    """Places and signs of state names, some with a minus."""
    places, signs = [], []
    for name in entry:
        negative = name not in names and name.startswith("-")
        plain = name[1:] if negative else name
        if plain not in names:
            raise ValueError(f"{label}: {name!r} is none of the states {list(names)}")
        places.append(names.index(plain))
        signs.append(-1.0 if negative else 1.0)
    return places, np.array(signs)


def _permutation(label, places, signs):
    """Matrix of ``(g u)_i = signs[i] u[places[i]]``."""
    n = len(places)
    if sorted(places) != list(range(n)):
        raise ValueError(f"{label}: wanted each of 0 .. {n - 1} once (a permutation), got {places}")
    return np.eye(n)[places] * np.asarray(signs)[:, None]


def affine_generator(label, function, n) -> Generator:
    """The affine function K(u) = A u + b, read off at the axes and checked at other points."""
    name = f"{label} ({getattr(function, '__name__', type(function).__name__)})"

    def value(u):
        out = np.asarray(function(u.copy()), float)
        if out.shape != (n,) or not np.all(np.isfinite(out)):
            raise ValueError(f"{name}: wanted K(u) -> {n} finite values, got {out!r:.200}")
        return out

    shift = value(np.zeros(n))
    matrix = np.column_stack([value(e) - shift for e in np.eye(n)])
    rng = np.random.default_rng(7)
    for u in rng.normal(size=(3, n)):
        got, wanted = value(u), matrix @ u + shift
        if np.max(np.abs(got - wanted)) > 1e-9 * max(np.max(np.abs(got)), np.max(np.abs(matrix))):
            raise ValueError(f"{name}: wanted a generator affine in u, K(u) = A u + b; this one is not")
    if not np.any(matrix) and not np.any(shift):
        raise ValueError(f"{name}: this generator vanishes everywhere")
    return Generator(matrix, shift, name)
