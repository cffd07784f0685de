"""The linear systems of Newton's method, also where they are singular: least squares of least norm.

At folds, branch points and along continua of solutions F_u, or F_u with rows below it, is singular, and the right-hand
side is small in the directions it does not reach.  The correction of least norm takes the directions that count and
leaves the others alone, so that Newton's method goes on to a solution next to where it began (A. Ben-Israel, "A
Newton-Raphson method for the solution of systems of equations", J. Math. Anal. Appl. 15 (1966) 243-252,
doi:10.1016/0022-247X(66)90115-6).
"""

import numpy as np

# Unknowns from which on regular matrices are factorised: singular values take a second at 400.
LARGE = 100
# Of singular values, relative to the largest, rows scaled: rounding of F_u leaves about 1e-14 of what should vanish
# (n = 100), differences 1e-11.  Ten times larger: states whose sizes differ by 1e11 no longer converge; a hundred
# times smaller: corrections at a fold run along its null vector.
ROUNDING = 1e-12

# The same for a verdict on a point that is no longer moved.  At a double solution rounding moves u by the root of
# 1e-16, and F_u with it: what a smaller singular value asks for says nothing of the point.  Ten times smaller: true
# folds are refused; ten times larger: errors along nearly singular directions pass.
DOUBTFUL = 1e-8


def solve_bordered(matrix, rhs, doubtful=ROUNDING) -> np.ndarray:
    """Solve a linear system by least squares, of least norm, with equations in any units.

    Parameters
    ----------
    matrix : (m, N) array
        F_u, ``[F_u F_p]`` or these with rows below.
    rhs : (m,) or (m, k) array
    doubtful : float
        Singular values of the row-scaled matrix below this fraction of the largest are left out.

    Returns
    -------
    (N,) or (N, k) array
        NaN where an entry of the matrix or of the right-hand side is not finite.

    Notes
    -----
    Each row is divided by its largest entry.  A row smaller than `doubtful` times the largest is no equation in small
    units but one that vanishes at this point: it is left so small that it is left out.  Cost: one singular value
    decomposition.

    Examples
    --------
    Equations in units of 1e-10, and a singular system, whose solution of least norm is (1, 1):

    >>> solve_bordered(np.array([[1.0, 0.0], [1e-10, 1e-10]]), np.array([2.0, 5e-10])).round(12).tolist()
    [2.0, 3.0]
    >>> solve_bordered(np.array([[1.0, 1.0], [2.0, 2.0]]), np.array([2.0, 4.0])).round(12).tolist()
    [1.0, 1.0]
    """
    sizes = np.max(np.abs(matrix), axis=1, initial=0.0)
    largest = np.max(sizes, initial=0.0) or 1.0
    sizes = np.where(sizes > doubtful * largest, sizes, largest)
    with np.errstate(invalid="ignore"):
        return solve_least_norm(matrix / sizes[:, None], (rhs.T / sizes).T, doubtful)


def solve_least_norm(matrix, rhs, doubtful) -> np.ndarray:
    """Solve as `solve_bordered` does where equations have one size already, or where small ones are to count less.

    NaN where an entry is not finite: of such matrices LAPACK's iterations may never end.
    """
    if not (np.all(np.isfinite(matrix)) and np.all(np.isfinite(rhs))):
        return np.full(matrix.shape[1:] + rhs.shape[1:], np.nan)
    if len(matrix) >= LARGE and matrix.shape[0] == matrix.shape[1]:
        from scipy.linalg import lapack  # not before it is needed: the command's help takes a third of the time

        lu, pivots, _ = lapack.dgetrf(matrix)
        reciprocal, _ = lapack.dgecon(lu, np.linalg.norm(matrix, 1))
        if reciprocal >= len(matrix) * doubtful:  # then no singular value is left out
            return lapack.dgetrs(lu, pivots, rhs)[0]
    return np.linalg.lstsq(matrix, rhs, rcond=doubtful)[0]
