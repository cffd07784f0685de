"""Balancing: a diagonal similarity by powers of two that takes the units of the states out of a matrix.

Rows and columns, without the diagonal, are made alike in size (Osborne, J. ACM 7, 1960; Parlett and Reinsch, Numer.
Math. 13, 1969; LAPACK's gebal).  Eigenvalues stay as they are, to the last bit of every entry, and the norm falls to
what they themselves can be as large as: what is nothing beside it is zero, whatever the units of the states are.
"""

from continuation.compiled.calls.arrays import new_doubles
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices.linalg import scale_of

# Row and column sums that differ by less are left alone: ordinary matrices stay as they are, and what counts as zero
# is known within the root of it.  Ten times less would scale every other matrix, ten times more moves that threshold.
ALIKE = 64.0
GAIN = 0.95  # of the sum of both, that scaling must save: nearer 1 the last sweeps do nothing but move twos about
SWEEPS = 40  # each brings the ratio of neighbours to its root or better: from 1e300 to 2 in ten
FAREST = 2.0**460  # scalings beyond this, or below its inverse, are not used


@internal
def off_diagonal_sums(a, i):
    """Absolute sums of column i and row i of `a` without the diagonal."""
    column, row = 0.0, 0.0
    for j in range(a.shape[0]):
        if j != i:
            column += abs(a[j, i])
            row += abs(a[i, j])
    return column, row


@internal
def partner(a, i):
    """Largest diagonal entry of i and of its neighbours: the size of one that acts on none, or on which none acts."""
    size = abs(a[i, i])
    for j in range(a.shape[0]):
        if a[i, j] != 0.0 or a[j, i] != 0.0:
            size = max(size, abs(a[j, j]))
    return size


@internal
def factor_of(a, i):
    """Power of two by which column i is multiplied, and row i divided; 1 where that is no gain."""
    column, row = off_diagonal_sums(a, i)
    total = column + row
    if total == 0.0 or not total < 1e300:
        return 1.0
    if column == 0.0 or row == 0.0:  # the other one can be made as small as we like
        target = partner(a, i)
        if not total > ALIKE * target or target == 0.0:
            return 1.0
        column, row = max(column, target if column == 0.0 else 0.0), max(row, target if row == 0.0 else 0.0)
    f, ratio = 1.0, row / column
    while ratio > 2.0 and f < FAREST:
        f, ratio = 2.0 * f, 0.25 * ratio
    while ratio < 0.5 and f * FAREST > 1.0:
        f, ratio = 0.5 * f, 4.0 * ratio
    return f if column * f + row / f < GAIN * total else 1.0


@internal
def needs_balance(a):
    """Whether a row and its column differ by more than `ALIKE`."""
    for i in range(a.shape[0]):
        column, row = off_diagonal_sums(a, i)
        if max(column, row) > ALIKE * min(column, row) and max(column, row) > ALIKE * abs(a[i, i]):
            return True
    return False


@internal
def balance(a, d):
    """Balance `a` in place: ``D^-1 A D``, D = diag(`d`); False, and all ones, where there is nothing to be gained."""
    n = a.shape[0]
    for i in range(n):
        d[i] = 1.0
    if not needs_balance(a):
        return False
    for _ in range(SWEEPS):
        done = True
        for i in range(n):
            f = factor_of(a, i)
            if f != 1.0 and f * d[i] < FAREST and f * d[i] * FAREST > 1.0:
                d[i] *= f
                done = False
                for j in range(n):
                    if j != i:
                        a[j, i] *= f
                        a[i, j] /= f
        if done:
            break
    return True


@internal
def balanced_scale(a):
    """Largest absolute row sum of `a` when it is balanced; allocates, for rare use."""
    copy = a.copy()
    balance(copy, new_doubles(a.shape[0]))
    return scale_of(copy)
