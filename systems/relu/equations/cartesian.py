"""The normal equations ``grad L = 0`` of a K-ReLU network as a `Problem`: any K, L and d."""

import math

import numpy as np

from continuation import Problem
from continuation.ground import canonical
from systems.relu.equations import normal_kernels as kernels
from systems.relu.population_loss.population import network, zero_student_message

MOST = 6  # students whose permutations are listed: 720 of them
RANK = 1e-12  # of the largest singular value: teachers as nearly dependent span fewer dimensions


class NormalEquations(Problem):
    """A `Problem` in the students' weights that says why a start with a student of length zero can't be used."""

    def unknown_values(self, state) -> np.ndarray:
        """Check the weights of a start: none of its students is zero."""
        u = super().unknown_values(state)
        W = u.reshape(int(self.constants[-1]), -1)
        if not W.any(axis=1).all():
            raise ValueError(zero_student_message("start", W))
        return u


def normal_equations(teachers, students, *, a=None, b=None, lam=0.0, alpha=0.0, rotations=False) -> Problem:
    """Set up ``w' = -grad L(w)``, whose equilibria are the critical points of the population loss.

    Parameters
    ----------
    teachers : (L, d) array
        Weights of the teacher's units.
    students : int
        Number K of students; L and K need not be equal.
    a : (K,) array, optional
        Output weights of the students, fixed; ones by default.
    b : (L,) array, optional
        Output weights of the teachers; ones by default.
    lam, alpha : float
        Weight decay; slope of the units for negative inputs (0 ReLU, 1 linear, -1 absolute value).
    rotations : bool
        Declare, too, the rotations that leave every teacher where it is (d - rank of the teachers at least 2), for
        `Problem.isolated`: critical points outside the teachers' span lie in orbits of them.  They stay symmetries as
        long as no teacher's entry is varied that leads out of the span.

    Returns
    -------
    Problem
        States ``w[0,0]``, ``w[0,1]``, ... student by student; parameters ``lam``, ``alpha``, ``b[k]``, ``v[k,i]``;
        output ``L``, the loss.  The Jacobian is minus the Hessian, so ``unstable`` is the Morse index.  Permutations
        of students with equal output weights are declared as symmetries (up to 6 students, else none).

    Raises
    ------
    ValueError
        A wrong shape, a number that is not finite, rotations where there are none; the message names the argument.

    Notes
    -----
    L is twice continuously differentiable but not three times where weights are collinear, so at every global minimum
    (``smoothness=2``).  Where a student is zero the gradient is discontinuous: such starts are refused, and a branch
    that arrives there ends; `polar_equations` passes.

    References
    ----------
    Y. Tian, "An analytical formula of population gradient for two-layered ReLU network and its applications in
    convergence and critical point analysis", ICML 2017, arXiv:1703.00560, equation (8).

    Examples
    --------
    >>> problem = normal_equations(np.eye(2), students=2)
    >>> point = problem.solve([1.1, 0.1, -0.1, 0.9])
    >>> print(np.round(point.state, 10) + 0.0, abs(round(point["L"], 12)))
    [1. 0. 0. 1.] 0.0
    """
    net = network(teachers, students, a, b, lam=lam, alpha=alpha)
    size, d = len(net.a), net.teachers.shape[1]
    entries = student_permutations(net.a, d) + (teacher_rotations(net.teachers, size) if rotations else [])
    return NormalEquations(
        kernels.normal_residual,
        states=weight_names(size, d),
        parameters=named_parameters(net),
        jacobian=kernels.normal_jacobian,
        parameter_derivative=kernels.normal_parameter_derivative,
        outputs={"L": kernels.normal_loss},
        constants=[*net.a, size],
        symmetric=True,
        symmetries=entries,
        smoothness=2,
        name="normal equations of a ReLU network",
    )


def weight_names(students, d) -> tuple:
    """List the names of the weights, student by student.

    Examples
    --------
    >>> weight_names(1, 2)
    ('w[0,0]', 'w[0,1]')
    """
    return tuple(f"w[{j},{i}]" for j in range(students) for i in range(d))


def named_parameters(net) -> dict[str, float]:
    """Map names to decay, slope, output weights of the teachers and all their entries."""
    numbers = {"lam": net.lam, "alpha": net.alpha}
    numbers |= {f"b[{k}]": value for k, value in enumerate(net.b.tolist())}
    return numbers | {f"v[{k},{i}]": float(value) for (k, i), value in np.ndenumerate(net.teachers)}


def student_permutations(a, d) -> list[list[int]]:
    """Generate the permutations of students with equal output weights: swaps of neighbours, as state indices.

    None where they would be more than those of 6 students.

    Examples
    --------
    >>> student_permutations([1.0, 1.0, 2.0], 1)
    [[1, 0, 2]]
    """
    classes = [[j for j, value in enumerate(a) if value == kind] for kind in dict.fromkeys(a)]
    if math.prod(math.factorial(len(members)) for members in classes) > math.factorial(MOST):
        return []
    swaps = []
    for members in classes:
        for j, k in zip(members, members[1:]):
            order = np.arange(len(a))
            order[[j, k]] = k, j
            swaps.append((order[:, None] * d + np.arange(d)).ravel().tolist())
    return swaps


def teacher_rotations(teachers, students) -> list:
    """Generate the rotations of all students that leave every teacher where it is, one function a plane of rotation.

    Raises
    ------
    ValueError
        The teachers leave fewer than two dimensions free.

    Examples
    --------
    >>> turn = teacher_rotations([[1.0, 0.0, 0.0]], 1)[0]
    >>> bool(abs(turn(np.array([5.0, 3.0, 4.0]))[0]) < 1e-12)
    True
    """
    teachers = np.atleast_2d(np.asarray(teachers, float))
    _, sigma, right = np.linalg.svd(teachers)
    rank = int(np.sum(sigma > RANK * sigma.max(initial=0.0)))
    free = canonical.basis(right[rank:].T).T
    if len(free) < 2:
        raise ValueError(f"rotations: the {len(teachers)} teachers leave {len(free)} of {teachers.shape[1]} dimensions")
    turns = [np.outer(x, y) - np.outer(y, x) for i, x in enumerate(free) for y in free[:i]]
    return [_turning(turn, students) for turn in turns]


def _turning(turn, students):
    """Rotate every student with the same generator (d, d)."""

    def rotate(u):
        return (np.reshape(u, (students, len(turn))) @ turn.T).ravel()

    return rotate
