"""What happens along a tube: how many folds, branch points and Hopf points, 0 or 1 of each, or that it is not known.

*Folds.*  With ``x = x_a + s c + y(s)`` as in `tubes`, ``x' = c + y'`` where ``g_y y' = -F' c``; there is no fold where
the component p' has a sign.  Else ``g_y y'' = -D²F[x', x']``: where p'' has a sign there is at most one fold, it is
simple, and there is one if p' has different signs at the ends.

*Singular matrices.*  Let M(x) be a matrix that is made of F' linearly.  It is regular all along, or the last component
of the solution of ``[M b; c' 0] [w; psi] = [0; 1]`` vanishes exactly where M is singular (its kernel is then of
dimension 1); ``psi' = -zeta' M' w`` with zeta from the transposed system.  Where psi' has a sign there is at most one
such point, one if psi has different signs at the ends.

*Branch points on an invariant subspace.*  Where states x_Z are 0 all along, the curve is proven inside the subspace,
and F_u is singular across it where ``M = dF_Z/dx_Z`` is.  There M' w lies outside the range of M, as psi' is not 0, so
that exactly one other curve crosses (Crandall and Rabinowitz 1971).

*Hopf points.*  M is the matrix of ``v ^ w -> F_u v ^ w + v ^ F_u w``, whose eigenvalues are the sums of two of F_u
(Guckenheimer, Myers and Sturmfels 1997): regular where no two eigenvalues have the sum 0, so no pair is imaginary.
"""

import itertools

import numpy as np

from continuation.proofs.arithmetic import NotProven, flint, sign, solve
from continuation.proofs.systems_of_points import column, inverse
from continuation.proofs.tubes import second_derivatives, tangent_over

MOST_STATES = 8  # states: 28 sums of eigenvalues; beyond, matrices of their order cost more than all the rest


def folds_along(equations, tube, first, last) -> int:
    """Number of folds between the solutions in two boxes, 0 or 1; `NotProven` where it is not known."""
    e, k, c = equations, tube.segment.k, tube.segment.c
    if k == e.n or sign(tube.tangent[e.n]):
        return 0
    if not sign(second_derivatives(e, tube.box, tube.tangent, k)[e.n]):
        raise NotProven("there may be several folds")
    return _changes([tangent_over(e, box, c, k)[e.n] for box in (first, last)], "a fold may lie at an end")


def crossings_along(equations, tube, first, last) -> int:
    """Number of points between the solutions in two boxes where F_u is singular across the subspace, 0 or 1."""
    if not equations.zero:
        return 0
    return _singular_along(_Across(equations), tube, first, last)


def pairs_along(equations, tube, first, last) -> int:
    """Number of points between the solutions in two boxes where two eigenvalues of F_u have the sum 0, 0 or 1."""
    if equations.n < 2:
        return 0
    if equations.n > MOST_STATES:
        raise NotProven(f"sums of eigenvalues are enclosed of up to {MOST_STATES} states")
    return _singular_along(_Sums(equations), tube, first, last)


def _changes(values, doubt) -> int:
    """1 where two balls have different signs, 0 where they have the same."""
    signs = [sign(value) for value in values]
    if 0 in signs:
        raise NotProven(doubt)
    return int(signs[0] != signs[1])


def _singular_along(family, tube, first, last) -> int:
    """Number of points between the solutions in two boxes where a matrix is singular, 0 or 1."""
    matrix = family.matrix(tube.box)
    try:
        if not (inverse(matrix) * matrix).det().contains(0):
            return 0
    except NotProven:
        pass
    border = _Border(matrix)
    w, zeta = (border.solution(matrix, transposed)[:-1] for transposed in (False, True))
    change = column(family.change(tube.box, tube.tangent), w)
    if not sign(sum((z * value for z, value in zip(zeta, change)), flint.arb(0))):
        raise NotProven("a matrix may be singular several times")
    return _changes(
        [border.solution(family.matrix(box))[-1] for box in (first, last)], "a matrix is singular at an end"
    )


class _Border:
    """Borders of matrices near M: its singular vectors, in floats."""

    def __init__(self, matrix):
        floats = np.array([[float(x.mid()) for x in row] for row in matrix.tolist()])
        if not np.all(np.isfinite(floats)):
            raise NotProven("a matrix has entries beyond all floats")
        left, _, right = np.linalg.svd(floats)
        self.b, self.c = left[:, -1], right[-1]

    def solution(self, matrix, transposed=False) -> list:
        """(w, psi), or (zeta, psi) of the transposed system."""
        rows = [[*row, float(b)] for row, b in zip(matrix.tolist(), self.b)] + [[*map(float, self.c), 0]]
        bordered = flint.arb_mat(rows).transpose() if transposed else flint.arb_mat(rows)
        inner, right = inverse(bordered), [0] * len(self.b) + [1]
        return solve(inner * bordered, flint.arb_mat(len(right), 1, column(inner, right))).entries()


class _Across:
    """M = dF_Z/dx_Z, and its derivative along a direction."""

    def __init__(self, equations):
        self.equations = equations

    def matrix(self, box):
        e = self.equations
        return e.jacobian(box, e.zero, e.zero)

    def change(self, box, tangent):
        e = self.equations
        columns = [e.second(box, tangent, _axis(e, j)) for j in e.zero]
        return flint.arb_mat([[column_[i] for column_ in columns] for i in e.zero])


class _Sums:
    """The matrix whose eigenvalues are the sums of two of F_u, and its derivative along a direction."""

    def __init__(self, equations):
        self.equations = equations

    def matrix(self, box):
        states = range(self.equations.n)
        return sums_of_pairs(self.equations.jacobian(box, states, states).tolist())

    def change(self, box, tangent):
        e = self.equations
        columns = [e.second(box, tangent, _axis(e, j)) for j in range(e.n)]
        return sums_of_pairs([[column_[i] for column_ in columns] for i in range(e.n)])


def _axis(equations, j) -> list:
    """Unit vector (N) of unknown j."""
    return [flint.arb(int(i == j)) for i in range(equations.n + 1)]


def sums_of_pairs(a):
    """Matrix of ``v ^ w -> a v ^ w + v ^ a w`` on the basis ``e_p ^ e_q``, p < q; linear in the matrix a (rows)."""
    pairs = list(itertools.combinations(range(len(a)), 2))
    place = {pair: k for k, pair in enumerate(pairs)}
    rows = [[flint.arb(0)] * len(pairs) for _ in pairs]
    for (p, q), k in place.items():
        for i in range(len(a)):
            for pair, value in (((i, q), a[i][p]), ((p, i), a[i][q])):
                if pair[0] != pair[1]:
                    turned = pair[0] > pair[1]
                    row = rows[place[pair[::-1] if turned else pair]]
                    row[k] = row[k] - value if turned else row[k] + value
    return flint.arb_mat(rows)
