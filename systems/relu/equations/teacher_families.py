"""Normal equations with teachers that depend on few parameters: an angle, a pairwise cosine, an amplitude."""

import math

import numpy as np

from continuation import Problem
from systems.number_checks import check_number
from systems.relu.argument_checks import check_whole
from systems.relu.equations import family_kernels as kernels
from systems.relu.equations.cartesian import NormalEquations, student_permutations, weight_names
from systems.relu.population_loss.population import network

MOST = 5000  # elements of a symmetry group that is listed


def two_teachers(d=2, students=2, *, angle=math.pi / 2, b2=1.0, lam=0.0, alpha=0.0) -> Problem:
    """Set up the normal equations of two unit teachers at an angle, ``(cos(t/2), +-sin(t/2), 0 ...)``.

    Parameters
    ----------
    d, students : int
        Dimension, at least 2, and number of students, with output weights 1.
    angle : float
        Between the teachers, in [0, pi]; `e_0` is their bisector.
    b2 : float
        Output weight of the second teacher: for positive ones, the ratio of the teachers' norms.
    lam, alpha : float

    Returns
    -------
    Problem
        States ``w[j,i]``; parameters ``angle``, ``b2``, ``lam``, ``alpha``; output ``L``; see `normal_equations`.
        Symmetries: permutations of the students, and the reflections of the dimensions beyond the first two.

    Raises
    ------
    ValueError
        d below 2, an angle outside [0, pi], numbers that are not finite.

    Examples
    --------
    >>> problem = two_teachers(angle=0.0)
    >>> bool(abs(problem.residual([0.5, 0, 1.5, 0])).max() < 1e-15)
    True
    """
    d = check_whole("two_teachers", "d", d, 2)
    angle = check_number("two_teachers(angle=...)", angle, lambda x: 0 <= x <= math.pi, "an angle in [0, pi]")
    net = network([[1.0] * d] * 2, students, b=[1.0, b2], lam=lam, alpha=alpha)
    size = len(net.a)
    return NormalEquations(
        kernels.two_residual,
        states=weight_names(size, d),
        parameters={"angle": angle, "b2": float(b2), "lam": net.lam, "alpha": net.alpha},
        jacobian=kernels.two_jacobian,
        parameter_derivative=kernels.two_parameter_derivative,
        outputs={"L": kernels.two_loss},
        constants=[*net.a, size],
        symmetric=True,
        symmetries=student_permutations(net.a, d) + [_reflection(size, d, i) for i in range(2, d)],
        smoothness=2,
        name="two teachers",
    )


def even_teachers(count, students=None, *, cosine=0.0, amplitude=1.0, lam=0.0, alpha=0.0) -> Problem:
    """Set up the normal equations of unit teachers in `count` dimensions, every two of them with the same cosine.

    Parameters
    ----------
    count : int
        Number of teachers and of dimensions, at least 2.
    students : int, optional
        Default: as many.
    cosine : float
        Between -1/(count-1) and 1, both excluded; 0 makes the teachers orthonormal.
    amplitude : float
        Output weight of the last teacher.
    lam, alpha : float

    Returns
    -------
    Problem
        States ``w[j,i]``; parameters ``cosine``, ``amplitude``, ``lam``, ``alpha``; output ``L``.  Teacher k is
        ``(x - y) e_k + y 1``, ``x - y = sqrt(1 - cosine)``.  Symmetries: permutations of the students, and of all
        teachers but the last with their dimensions (as long as both make a group of 5000 elements at most).

    Raises
    ------
    ValueError
        A number out of its range.

    Examples
    --------
    Two teachers at 60 degrees are a global minimum of their own problem:

    >>> problem = even_teachers(2, cosine=0.5)
    >>> x, y = math.cos(math.pi / 12), math.sin(math.pi / 12)
    >>> bool(abs(problem.residual([x, y, y, x])).max() < 1e-15)
    True
    """
    count = check_whole("even_teachers", "count", count, 2)
    least = -1 / (count - 1)
    cosine = check_number("even_teachers(cosine=...)", cosine, lambda x: least < x < 1, f"one in ({least:.6g}, 1)")
    net = network([[1.0] * count], count if students is None else students, b=[amplitude], lam=lam, alpha=alpha)
    size = len(net.a)
    return NormalEquations(
        kernels.even_residual,
        states=weight_names(size, count),
        parameters={"cosine": cosine, "amplitude": float(amplitude), "lam": net.lam, "alpha": net.alpha},
        jacobian=kernels.even_jacobian,
        parameter_derivative=kernels.even_parameter_derivative,
        outputs={"L": kernels.even_loss},
        constants=[count, *net.a, size],
        symmetric=True,
        symmetries=student_permutations(net.a, count) + _dimension_swaps(size, count),
        smoothness=2,
        name="teachers of one cosine",
    )


def _dimension_swaps(students, d):
    """Swaps of neighbouring dimensions but the last, as state indices; none where the group would be too large."""
    if math.factorial(students) * math.factorial(d - 1) > MOST:
        return []
    index = np.arange(students * d).reshape(students, d)
    orders = [[*range(i), i + 1, i, *range(i + 2, d)] for i in range(d - 2)]
    return [index[:, order].ravel().tolist() for order in orders]


def _reflection(students, d, axis):
    """Reflection of one dimension, as a signed permutation of the states' names."""
    return [("-" if i == axis else "") + f"w[{j},{i}]" for j in range(students) for i in range(d)]
