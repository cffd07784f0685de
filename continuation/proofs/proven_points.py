"""Special points proven from boxes: that they are there, once, and what kind they are.

A fold's zero is regular; it is simple where p'' by the pivot's coordinate has a sign.  A Hopf point's zero is regular
exactly where i omega is simple and crosses the axis with speed (Griewank and Reddien 1983), given that F_u is regular;
the speed is enclosed here by itself, from ``(F_u - lambda) q' - lambda' q = -D²F[(u', 1), q]``, and all other
eigenvalues by flint's enclosures of them.
"""

from typing import NamedTuple

from continuation.proofs.arithmetic import NotProven, ProofError, flint, sign, solve
from continuation.proofs.systems_of_points import (
    column,
    crossing_system,
    fold_system,
    hopf_system,
    inverse,
    krawczyk,
    unfolded_system,
)
from continuation.proofs.tubes import second_derivatives, tangent_over

FOLD, CROSSING, UNFOLDED, HOPF = "fold", "branch point", "branch point of an unfolding", "Hopf point"


class Found(NamedTuple):
    """A special point: its label, kind, box of (u, p) (N balls), and what is proven of it, name -> ball or words."""

    label: str
    kind: str
    box: list
    facts: dict


def prove_point(equations, label, kind, pivot, middle, radii) -> Found:
    """Prove that there is one point of a kind in a box; `NotProven` where it fails."""
    if kind not in KINDS:
        raise ProofError(f"{label}: no kind of point is called {kind!r}")
    if kind != HOPF and (pivot in equations.zero) != (kind == CROSSING):
        raise ProofError(f"{label}: the pivot of a {kind} can't be {equations.states[pivot]}")
    if kind == UNFOLDED and equations.zero:
        raise ProofError(f"{label}: a {kind} is proven where no states are said to be 0")
    make, describe = KINDS[kind]
    system = make(equations, pivot)
    if len(middle) != system.size:
        raise NotProven(f"a box of {system.size} sides is wanted, there are {len(middle)}")
    zero = krawczyk(system, middle, radii)
    return Found(label, kind, _full(equations, kind, zero), describe(equations, pivot, zero))


def _full(equations, kind, zero) -> list:
    """The box of (u, p), the states that are 0 among them."""
    e = equations
    own = [*e.within, e.n] if kind != UNFOLDED else list(range(e.n + 1))
    box = [flint.arb(0)] * (e.n + 1)
    for i, value in zip(own, zero):
        box[i] = value
    return box


def _describe_fold(equations, pivot, zero) -> dict:
    """The second derivative of the parameter by the pivot."""
    e, box = equations, _full(equations, FOLD, zero)
    c = [flint.arb(0)] * (e.n + 1)
    c[pivot] = flint.arb(1)
    tangent = tangent_over(e, box, c, pivot)
    bend = second_derivatives(e, box, tangent, pivot)[e.n]
    if not sign(bend):
        raise NotProven("the fold may be degenerate")
    return {f"d2{e.vary}/d{e.states[pivot]}2": bend}


def _describe_crossing(equations, pivot, zero) -> dict:
    """The vector across the subspace, at the pivot 1."""
    others = [i for i in equations.zero if i != pivot]
    values = zero[len(equations.within) + 1 :]
    return {f"w[{equations.states[i]}]": value for i, value in zip(others, values)}


def _describe_unfolded(equations, pivot, zero) -> dict:
    """The unfolding, which is 0 as far as intervals can tell; where it is not there is no branch point."""
    if not zero[-1].contains(0):
        raise NotProven("it is no branch point: its unfolding is not 0")
    return {"beta": zero[-1]}


def _describe_hopf(equations, pivot, zero) -> dict:
    """Frequency, crossing speed, and that no other eigenvalue is on the axis."""
    e, n = equations, equations.n
    box, omega = _full(e, HOPF, zero), zero[-1]
    if not sign(omega):
        raise NotProven("the frequency may be 0")
    a, b = _vectors(zero[len(e.within) + 1 : -1], n, pivot)
    jacobian = e.jacobian(box, range(n), range(n))
    unstable = _count(jacobian)
    by_parameter = column(e.jacobian(box, range(n), [n]), [1])
    path = [-x for x in solve(jacobian, flint.arb_mat(n, 1, by_parameter)).entries()] + [flint.arb(1)]
    speed = _speed(e, box, path, (a, b), omega, pivot, jacobian)
    if not sign(speed):
        raise NotProven("the eigenvalues may not cross the axis")
    return {"omega": omega, "speed": speed, "unstable": unstable}


def _vectors(values, n, pivot) -> tuple:
    """Real and imaginary part (N, the last component 0) of the eigenvector that is 1 at the pivot."""
    real, imaginary = list(values[: n - 1]), list(values[n - 1 :])
    real.insert(pivot, flint.arb(1))
    imaginary.insert(pivot, flint.arb(0))
    return [*real, flint.arb(0)], [*imaginary, flint.arb(0)]


def spectrum(jacobian) -> list:
    """Signs of the real parts of all eigenvalues, 0 where it is not known.

    Raises
    ------
    NotProven
        Eigenvalues are too near to each other for their enclosures.
    """
    try:
        return [sign(value.real) for value in flint.acb_mat(jacobian).eig()]
    except ValueError:
        raise NotProven("eigenvalues are too near to each other to be told apart") from None


def _count(jacobian) -> int:
    """Number of eigenvalues with positive real part; all but two are off the imaginary axis."""
    signs = spectrum(jacobian)
    if signs.count(0) != 2:
        raise NotProven("other eigenvalues may be on the imaginary axis")
    return signs.count(1)


def _speed(e, box, path, vectors, omega, pivot, jacobian):
    """Enclose the derivative of the eigenvalues' real part by the parameter."""
    n, (a, b) = e.n, vectors
    kept = [i for i in range(n) if i != pivot]
    rows = []
    for i in range(n):  # real parts, then imaginary ones; unknowns a', b' without the pivot, then lambda'
        own = [jacobian[i, j] for j in kept]
        turn = [omega if j == i else flint.arb(0) for j in kept]
        rows.append([*own, *turn, -a[i], b[i]])
    for i in range(n):
        own = [jacobian[i, j] for j in kept]
        turn = [-omega if j == i else flint.arb(0) for j in kept]
        rows.append([*turn, *own, -b[i], -a[i]])
    matrix = flint.arb_mat(rows)
    right = [-x for part in vectors for x in e.second(box, path, part)]
    inner = inverse(matrix)
    return solve(inner * matrix, flint.arb_mat(2 * n, 1, column(inner, right))).entries()[-2]


KINDS = {
    FOLD: (fold_system, _describe_fold),
    CROSSING: (crossing_system, _describe_crossing),
    UNFOLDED: (unfolded_system, _describe_unfolded),
    HOPF: (hopf_system, _describe_hopf),
}
