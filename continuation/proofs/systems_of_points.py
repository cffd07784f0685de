"""Square systems whose regular zeros are special points, and the enclosure of a zero by Krawczyk's operator.

With x = (u, p), a pivot j and ``v_j = 1``: folds are the zeros of ``F = 0, F_u v = 0`` (Moore and Spence 1980), Hopf
points those of ``F = 0, F_u a + omega b = 0, F_u b - omega a = 0`` with ``a_j = 1, b_j = 0``, branch points off an
invariant subspace ``x_Z = 0`` those of ``F = 0`` in the subspace, ``(dF_Z/dx_Z) w = 0``, ``w_j = 1``.  Other branch
points are no regular zeros of anything made of F alone; those of ``F + beta e_i``, with beta unknown, are zeros of
``F + beta e_i = 0, F_x' psi = 0, psi_i = 1``.
"""

from fractions import Fraction
from typing import NamedTuple

from continuation.proofs.arithmetic import NotProven, around, flint, lies_within
from continuation.proofs.exact import Program

NEWTON_STEPS = 12  # from nine digits to the last bit takes three; what needs more was no zero
DIGITS = 30  # of the midpoints that certificates show
RADIUS = Fraction(1, 10**20)  # of boxes, relative to 1 + |z|: ten times less than 1e-20 holds as well, up to 1e-29


class Square(NamedTuple):
    """As many equations (``value(z)``, ``slope(z)`` row by row) as unknowns, over boxes."""

    value: object
    slope: object
    size: int

    def matrix(self, z):
        """Matrix of the derivatives over a box."""
        return flint.arb_mat(self.size, self.size, self.slope(z))


def fold_system(equations, pivot) -> Square:
    """Unknowns: states of the subspace, parameter, and v without its pivot, a state's number."""
    e, one = equations, equations.graph.number(1)
    direction = {i: one if i == pivot else e.v_nodes[i] for i in e.within}
    rows = [e.roots[i] for i in e.within]
    return _square(
        e, rows + e.differentiate(rows, direction), [*e.within, e.n], [e.v_nodes[i] for i in e.within if i != pivot]
    )


def crossing_system(equations, pivot) -> Square:
    """Unknowns: states of the subspace, parameter, and w, a vector of the states that are 0, without its pivot."""
    e, one = equations, equations.graph.number(1)
    direction = {i: one if i == pivot else e.v_nodes[i] for i in e.zero}
    across = e.differentiate([e.roots[i] for i in e.zero], direction)
    return _square(
        e, [e.roots[i] for i in e.within] + across, [*e.within, e.n], [e.v_nodes[i] for i in e.zero if i != pivot]
    )


def hopf_system(equations, pivot) -> Square:
    """Unknowns: states of the subspace, parameter, a and b without their pivots, omega."""
    e, g = equations, equations.graph
    omega = e.v_nodes[e.n]
    a = {i: g.number(1) if i == pivot else e.v_nodes[i] for i in range(e.n)}
    b = {i: g.number(0) if i == pivot else e.w_nodes[i] for i in range(e.n)}
    real, imaginary = e.differentiate(e.roots, a), e.differentiate(e.roots, b)
    rows = [g.plus(real[i], g.times(omega, b[i])) for i in range(e.n)]
    rows += [g.minus(imaginary[i], g.times(omega, a[i])) for i in range(e.n)]
    extra = [block[i] for block in (e.v_nodes, e.w_nodes) for i in range(e.n) if i != pivot]
    return _square(e, [e.roots[i] for i in e.within] + rows, [*e.within, e.n], [*extra, omega])


def unfolded_system(equations, pivot) -> Square:
    """Unknowns: states, parameter, psi without its pivot, and beta, which is added to equation number `pivot`."""
    e, g = equations, equations.graph
    beta = e.v_nodes[e.n]
    rows = [g.plus(root, beta) if i == pivot else root for i, root in enumerate(e.roots)]
    psi = [g.number(1) if i == pivot else e.v_nodes[i] for i in range(e.n)]
    for column in e.slopes:
        total = g.number(0)
        for i in range(e.n):
            total = g.plus(total, g.times(psi[i], column[i]))
        rows.append(total)
    return _square(e, rows, range(e.n + 1), [*(e.v_nodes[i] for i in range(e.n) if i != pivot), beta])


def _square(equations, roots, own, extra) -> Square:
    """A system from its nodes: `own` are numbers of the equations' unknowns, `extra` nodes of variables."""
    e = equations
    variables = [e.variables[i] for i in own] + [e.graph.nodes[node][1] for node in extra]
    columns = [e.differentiate(roots, {k: e.graph.number(1)}) for k in variables]
    value = Program(e.graph, roots)
    # The roots go with their derivatives, which may have a value where they have none.
    slope = Program(e.graph, [*(column[i] for i in range(len(roots)) for column in columns), *roots])

    def placed(z):
        values = [None] * e.spare
        for i in e.zero:
            values[i] = flint.arb(0)
        for number, ball_ in [*e.fixed.items(), *zip(variables, z)]:
            values[number] = ball_
        return values

    assert len(variables) == len(roots)
    return Square(lambda z: value(placed(z)), lambda z: slope(placed(z))[: len(roots) ** 2], len(roots))


def refine(system: Square, guess) -> list:
    """Newton's method on midpoints from floats; the exact balls that it ends with, which prove nothing yet."""
    z = [flint.arb(value) for value in guess]
    for _ in range(NEWTON_STEPS):
        step = column(inverse(system.matrix(z)), system.value(z))
        z = [(a - b).mid() for a, b in zip(z, step)]
    return z


def krawczyk(system: Square, middle, radii) -> list:
    """Prove that a box has exactly one zero of a system, a regular one.

    With Y an inverse of the slope at the middle z, ``z - Y H(z) + (I - Y H'(X))(X - z)`` in the interior of X is
    Krawczyk's condition (1969).

    Returns
    -------
    list of balls
        An enclosure of the zero, inside the box.

    Raises
    ------
    NotProven
    """
    box = [z + around(r) for z, r in zip(middle, radii)]
    inner = inverse(system.matrix(middle))
    shift = column(inner, system.value(middle))
    rest = identity(system.size) - inner * system.matrix(box)
    moved = column(rest, [around(r) for r in radii])
    image = [b - a for a, b in zip(shift, moved)]
    if not all(lies_within(k, r) for k, r in zip(image, radii)):
        raise NotProven("Krawczyk's operator leaves the box")
    return [z + k for z, k in zip(middle, image)]


def column(matrix, values) -> list:
    """Matrix times vector."""
    return (matrix * flint.arb_mat(len(values), 1, values)).entries()


def identity(size):
    """The unit matrix."""
    return flint.arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])


def inverse(matrix):
    """An approximate inverse of a matrix's midpoint, exact balls: any will do that makes the proof succeed."""
    try:
        return matrix.mid().inv().mid()
    except ZeroDivisionError:
        raise NotProven("a matrix is singular") from None


def as_decimal(value, digits=DIGITS) -> str:
    """A decimal near the midpoint of a ball."""
    middle = flint.arb(value).mid()
    if abs(middle) < flint.arb(2) ** -400:  # what Newton's method leaves of 0: files take no such exponents
        return "0"
    mantissa, _, exponent = middle.mid_rad_10exp(digits)
    return f"{int(mantissa)}e{int(exponent)}"


def box_radii(middle) -> list:
    """Radii of a box around a point, as fractions."""
    return [RADIUS * (1 + abs(Fraction(round(float(z) * 1024), 1024))) for z in middle]
