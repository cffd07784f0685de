"""Choices that rounding must not make: signs, phases, bases, orders and what counts as zero when it is shown.

Linear algebra leaves the sign of a null vector, the basis of a kernel and the order of equal numbers open; libraries
settle them by the last bit, which differs from one processor to another.  Each function here makes the choice from
the space or the numbers themselves: numbers that differ by less than a tolerance count as equal, and of equal ones
the first is taken.
"""

import numpy as np

TIE = 1e-6  # sizes alike up to this fraction: above the errors of located points, below what tells components apart
EQUAL = 1e-9  # eigenvalues alike up to this fraction of the largest share their space; smaller gaps blur vectors
ROUNDING = 1e-14  # of the scale: what is left of zero after a few hundred roundings; a larger number is a result


def first_largest(values) -> int:
    """Place of the first of the values that are largest up to a tolerance.

    Parameters
    ----------
    values : (m,) array
        Not negative, m > 0.  NaN counts as 0.

    Examples
    --------
    >>> first_largest([0.1, 1.0 - 1e-12, 1.0])
    1
    """
    values = np.asarray(values, float)
    largest = values.max()
    if np.isnan(largest):
        values = np.nan_to_num(values, nan=0.0)
        largest = values.max()
    return int((values >= (1 - TIE) * largest).argmax())


def first_smallest(values, slack) -> int:
    """Place of the first of the values (m,) that are smallest up to `slack`.

    Examples
    --------
    >>> first_smallest([3.0, 2e-16, 1e-16], slack=1e-9)
    1
    """
    return int(np.argmax(np.asarray(values) <= np.min(values) + slack))


def signed(vector) -> np.ndarray:
    """The vector (n,) or its negative: the first of its largest components is positive.

    Examples
    --------
    >>> signed(np.array([-0.5, 0.5])).tolist()
    [0.5, -0.5]
    """
    return -vector if vector[first_largest(np.abs(vector))] < 0 else vector


def turned(vector) -> np.ndarray:
    """A complex vector (n,) times a phase: the first of its largest components is real and positive.

    Examples
    --------
    >>> turned(np.array([0.0, 2.0j])).tolist()
    [0j, (2+0j)]
    """
    lead = vector[first_largest(np.abs(vector))]
    return vector * (np.conj(lead) / abs(lead)) if lead != 0 else vector


def basis(columns) -> np.ndarray:
    """Orthonormal basis nearest to the axes of a space, whichever orthonormal `columns` (n, k) span it.

    The unit vector nearest to an axis, the first of those that are equally near; then the same within what is
    orthogonal to it.  Each vector has a positive component along its axis.  Cost: ``n k**2``.

    Examples
    --------
    >>> c, s = np.cos(0.3), np.sin(0.3)
    >>> basis(np.array([[c, -s], [s, c], [0, 0]])).round(12).tolist()
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    left, found = np.array(columns, float), []
    if not left.shape[1]:
        return left
    if left.shape[1] == 1:  # the usual kernel: a sign is all that is open
        return cleared(signed(left[:, 0]), 1.0)[:, None]
    for _ in range(left.shape[1]):
        row = left[first_largest(np.sum(left**2, axis=1))]
        v = left @ (row / np.linalg.norm(row))
        found.append(v)
        left = left - np.outer(v, v @ left)
    q, r = np.linalg.qr(np.column_stack(found))  # they are orthonormal already, but for rounding
    return cleared(q * np.sign(np.diag(r)), 1.0)


def eigenbasis(values, vectors) -> np.ndarray:
    """Orthonormal eigenvectors (or singular vectors) as columns, those of equal values as `basis` of their space.

    Parameters
    ----------
    values : (k,) array
        Sorted either way.
    vectors : (n, k) array
        Orthonormal.
    """
    out, scale = np.array(vectors, float), np.max(np.abs(values), initial=0.0)
    cuts = np.flatnonzero(np.abs(np.diff(values)) > EQUAL * scale) + 1
    for group in np.split(np.arange(len(values)), cuts):
        out[:, group] = basis(out[:, group])
    return out


def svd(a) -> tuple:
    """Singular value decomposition (u, sigma, vt) of a matrix with `eigenbasis` on the left, the right as it must be.

    Null vectors on both sides are the `basis` of their space.

    Examples
    --------
    >>> u, sigma, vt = svd(np.diag([-2.0, 2.0]))
    >>> u.tolist(), sigma.tolist(), (vt + 0.0).tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [2.0, 2.0], [[-1.0, 0.0], [0.0, 1.0]])
    """
    left, sigma, right = np.linalg.svd(a)
    r = int(np.sum(sigma > ROUNDING * max(a.shape) * np.max(sigma, initial=0.0)))
    u = np.column_stack([eigenbasis(sigma[:r], left[:, :r]), basis(left[:, r:])])
    return u, sigma, np.vstack([u[:, :r].T @ left[:, :r] @ right[:r], basis(right[r:].T).T])


def descending(values) -> np.ndarray:
    """Eigenvalues (..., n) by descending real part, of equal ones by descending imaginary part."""
    found = np.take_along_axis(values, np.lexsort((-values.imag, -values.real), axis=-1), axis=-1)
    scale = EQUAL * np.max(np.abs(values), axis=-1, initial=0.0)
    gaps = found.real[..., :-1] - found.real[..., 1:]
    is_doubtful = ((gaps > 0.0) & (gaps <= scale[..., None])).any(axis=-1)  # equal, but for rounding
    for row in zip(*np.nonzero(np.atleast_1d(is_doubtful))):
        row = row if values.ndim > 1 else ()
        keys = np.column_stack([-values[row].real, -values[row].imag])
        found[row] = values[row][order(keys, scale[row])]
    return found


def order(keys, slack) -> np.ndarray:
    """Places (m,) that sort the rows of `keys` (m, d) lexicographically, columns alike up to `slack`.

    Rows alike in all columns keep their order.  What lies within `slack` of its neighbour is alike, so a slack should
    lie far below the gaps of different keys and far above their errors.

    Examples
    --------
    >>> order([[1.0 + 1e-15, 2.0], [1.0, 3.0], [0.0, 5.0], [1.0, 2.0]], slack=1e-9).tolist()
    [2, 0, 3, 1]
    """
    keys = np.asarray(keys, float)
    groups = [np.arange(len(keys))]
    for column in keys.T:
        groups = [part for group in groups for part in _split(column, group, slack)]
    return np.concatenate(groups) if groups else np.arange(0)


def _split(column, group, slack) -> list:
    """The places of a group by ascending value, in parts that are alike."""
    ascending = group[np.argsort(column[group], kind="stable")]
    cuts = np.flatnonzero(np.diff(column[ascending]) > slack) + 1
    return [np.sort(part) for part in np.split(ascending, cuts)]


def cleared(values, scale):
    """The values with those that are rounding at this scale set to zero, without a sign.

    Examples
    --------
    >>> cleared(np.array([-3e-34, 2.0, 1e-13]), scale=1.0).tolist()
    [0.0, 2.0, 1e-13]
    """
    values = np.asarray(values, float)
    return np.where(np.abs(values) <= ROUNDING * scale, 0.0, values)
