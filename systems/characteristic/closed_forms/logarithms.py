"""Real normal logarithms of normal matrices: one integer for each plane that is turned."""

import math
from typing import NamedTuple

import numpy as np
import scipy.linalg

from continuation.ground import canonical
from systems.characteristic.matrix_checks import check_covariance, check_square, is_normal

NORMAL = 1e-11  # |R R' - R' R| relative to |R|**2 of a matrix that counts as normal
EQUAL = 1e-10  # eigenvalues this near, relative to the largest, are one
SINGULAR = 1e-14  # of the largest entry: an eigenvalue as small has no logarithm that means anything
VISIBLE = 1e-8  # entries of an orthonormal bivector below don't decide an orientation: rounding could turn them


class Plane(NamedTuple):
    """A plane that R turns by `theta` and scales by `rho`: orthonormal ``basis`` (d, 2), oriented."""

    rho: float
    theta: float
    basis: np.ndarray


def normal_logarithm(R, n=0) -> np.ndarray:
    """Return a real, normal logarithm of a normal matrix, with given winding numbers.

    ``C = normal_logarithm(R, n) / T`` solves the characteristic equation at lam = 0 for every S: the start of
    the solution class n.

    Parameters
    ----------
    R : (d, d) array
        Normal and not singular; every negative eigenvalue has even multiplicity.
    n : int or sequence of int
        Turns added to the angle of each plane of `rotation_planes(R)`, in its order.  One number serves a matrix
        with one plane, and 0 every matrix.

    Returns
    -------
    (d, d) array
        In each plane ``[[a, -w], [w, a]]`` with ``a = log(rho)``, ``w = theta + 2 pi n``.  n = 0 is the principal
        logarithm where R has no negative eigenvalue; those are turned by ``pi + 2 pi n``.

    Raises
    ------
    ValueError
        If R has no such logarithm: it isn't normal, is singular or has a negative eigenvalue of odd multiplicity;
        or if n isn't one integer for each plane.

    Notes
    -----
    Planes of equal eigenvalues are not unique (R is derogatory, against the paper's property P1): theirs is one
    member of a continuum of logarithms, the images under all rotations that commute with R.

    References
    ----------
    Taghvaei, Kim, Mehta (2017), Theorem 2 (i) and Example 1.  W. J. Culver, "On the existence and uniqueness of the
    real logarithm of a matrix", Proc. AMS 17 (1966) 1146-1151.

    Examples
    --------
    A quarter turn backwards is three quarters of a turn forwards, and so on:

    >>> normal_logarithm([[0.0, -1.0], [1.0, 0.0]], n=-1) / (np.pi / 2)
    array([[ 0.,  3.],
           [-3.,  0.]])
    """
    planes, singles = invariant_spaces(R)
    turns = _turns(n, planes, R)
    out = np.zeros(np.shape(R))
    for (rho, theta, q), k in zip(planes, turns):
        a, w = math.log(rho), theta + 2 * math.pi * k
        out += q @ np.array([[a, -w], [w, a]]) @ q.T
    for value, q in singles:
        out += math.log(value) * np.outer(q, q)
    return out


def rotation_planes(R) -> list[Plane]:
    """List the planes that the logarithms of a normal matrix may turn.

    Returns
    -------
    list of Plane
        One for each pair of complex eigenvalues ``rho e^{+-i theta}``, of equal negative and of equal positive
        ones; in ascending order of ``|theta|``, then of rho.  Its basis is oriented so that the first entry below
        the diagonal of ``q_2 q_1' - q_1 q_2'`` that isn't zero is positive (in two dimensions: as the axes are),
        theta is in (-pi, pi].

    Raises
    ------
    ValueError
        As `normal_logarithm`.

    Examples
    --------
    >>> [round(plane.theta / np.pi, 12) for plane in rotation_planes(np.diag([-2.0, 3.0, -2.0]))]
    [1.0]
    """
    return invariant_spaces(R)[0]


def invariant_spaces(R):
    """Split a normal matrix that has a real logarithm: its planes, its single directions ``(eigenvalue, q)``."""
    R = check_square("R", R)
    size = np.abs(R).max()
    if size == 0 or not is_normal(R, NORMAL):
        what = "a singular one" if size == 0 else "R R' different from R' R"
        raise ValueError(f"normal_logarithm(R=...): wanted a normal, nonsingular matrix, got {what}: {R.tolist()}")
    triangle, basis = scipy.linalg.schur(R, output="real")
    planes, real, k = [], [], 0
    while k < len(R):
        if k + 1 < len(R) and abs(triangle[k + 1, k]) > EQUAL * size:
            x, y = triangle[k, k] / 2 + triangle[k + 1, k + 1] / 2, (triangle[k + 1, k] - triangle[k, k + 1]) / 2
            planes.append(_oriented(math.hypot(x, y), math.atan2(y, x), basis[:, k : k + 2]))
            k += 2
        else:
            real.append((triangle[k, k], basis[:, k]))
            k += 1
    pairs, singles = _paired(_canonical(real), size)
    planes = [*planes, *pairs]
    keys = np.array([[abs(plane.theta), plane.rho] for plane in planes]).reshape(-1, 2)
    return [planes[k] for k in canonical.order(keys, EQUAL)], singles


def _canonical(real):
    """Real eigenvalues in ascending order with orthonormal eigenvectors, the same whatever the decomposition."""
    values, vectors = np.array([value for value, _ in real]), [vector for _, vector in real]
    places = np.argsort(values, kind="stable")
    if not len(places):
        return []
    return list(zip(values[places], canonical.eigenbasis(values[places], np.array(vectors)[places].T).T))


def _text(value, size) -> str:
    """An eigenvalue to six digits; parts that are zero to rounding are none."""
    real = float(canonical.cleared(value.real, size))
    imaginary = value.imag if abs(value.imag) > EQUAL * size else 0.0
    return f"{complex(real, imaginary) if imaginary else real:.6g}"


def _paired(real, size):
    """Equal real eigenvalues by twos, as planes, and the positive ones that are left over."""
    pairs, singles = [], []
    while real:
        value, q = real.pop(0)
        if abs(value) <= SINGULAR * size:
            raise ValueError(f"R: wanted a matrix with a logarithm, got a singular one (an eigenvalue {value:.3g})")
        if real and abs(real[0][0] - value) <= EQUAL * size:
            other = real.pop(0)[1]
            pairs.append(_oriented(abs(value), 0.0 if value > 0 else math.pi, np.column_stack([q, other])))
        elif value < 0:
            raise ValueError(
                f"R: wanted a real logarithm, but the negative eigenvalue {value:.6g} has odd multiplicity, so there "
                "is none (property P1 of the paper excludes negative eigenvalues)"
            )
        else:
            singles.append((value, q))
    return pairs, singles


def _oriented(rho, theta, basis) -> Plane:
    """The plane with its basis in the house orientation; turning it round changes the sign of theta."""
    below = np.tril(np.outer(basis[:, 1], basis[:, 0]) - np.outer(basis[:, 0], basis[:, 1]), -1).ravel()
    first = below[np.flatnonzero(np.abs(below) > VISIBLE)[0]]
    theta = abs(theta) if abs(theta) == math.pi else theta
    if first < 0:
        return Plane(rho, math.pi if theta == math.pi else -theta + 0.0, basis[:, ::-1])
    return Plane(rho, theta, basis)


def _turns(n, planes, R) -> list[int]:
    """One integer for each plane."""
    turns = [n] * len(planes) if np.ndim(n) == 0 and (n == 0 or len(planes) == 1) else list(np.atleast_1d(n))
    if any(int(k) != k for k in turns):
        raise ValueError(f"normal_logarithm(n=...): wanted whole numbers, got {n!r}")
    if len(turns) != len(planes):
        angles = [float(round(plane.theta, 6)) for plane in planes]
        raise ValueError(
            f"normal_logarithm(n=...): wanted one integer for each of the {len(planes)} planes (angles {angles}), "
            f"got n = {n!r} for R = {np.asarray(R).tolist()}"
        )
    return [int(k) for k in turns]


def failed_assumptions(R, S=None) -> list[str]:
    """Say which assumptions of the paper's theorems a problem doesn't meet; an empty list where it meets them all.

    The equation is set up and solved without them: this tells what the theorems then don't promise.

    Parameters
    ----------
    R, S : (d, d) arrays
        As for `characteristic_equation`.

    Returns
    -------
    list of str
        Sentences that name the assumption and the theorem.

    Examples
    --------
    >>> failed_assumptions(-np.eye(2))[0]
    'property P1 (Theorem 1, Remark 2): R has the eigenvalue -1 on the negative axis'
    """
    R = check_square("R", R)
    size, d = np.abs(R).max(), len(R)
    values, found = canonical.descending(np.linalg.eigvals(R).astype(complex)), []
    for value in values[(np.abs(values.imag) <= EQUAL * size) & (values.real <= EQUAL * size)].real:
        where = "0" if abs(value) <= EQUAL * size else f"{value:.6g} on the negative axis"
        found.append(f"property P1 (Theorem 1, Remark 2): R has the eigenvalue {where}")
    for value in values:
        sigma = np.linalg.svd(R - value * np.eye(d), compute_uv=False)
        if np.sum(sigma <= EQUAL * d * size) > 1:
            found.append(
                f"property P1: R is derogatory, it has several Jordan blocks of the eigenvalue {_text(value, size)}"
            )
    if not is_normal(R, NORMAL):
        found.append("Theorem 2: R is not normal")
    S = check_covariance(S, d, singular=True)
    smallest = np.linalg.eigvalsh(S)[0]
    if smallest <= EQUAL * np.abs(S).max():
        found.append(f"Theorem 1: S is singular, its smallest eigenvalue is {smallest:.3g}")
    if np.abs(S - np.eye(d)).max() > EQUAL:
        found.append("Theorem 2: S is not the identity")
    return list(dict.fromkeys(found))
