"""Population loss of two-layer ReLU networks with Gaussian inputs: loss, gradient, Hessian, Hessian products."""

import math
from typing import NamedTuple

import numpy as np

from systems.number_checks import is_real
from systems.relu.angles import overlap
from systems.relu.argument_checks import check_angles, check_matrix, check_vector
from systems.relu.population_loss import population_kernels as kernels

NEARLY = 0.9  # beyond this |cosine| the product of unit vectors is too inexact for their angle


class Network(NamedTuple):
    """What the loss depends on beside the students' weights.

    Attributes
    ----------
    teachers : (L, d) array
    a : (K,) array
        Output weights of the students.
    b : (L,) array
        Output weights of the teachers.
    lam : float
        Weight decay.
    alpha : float
        Slope of the units for negative inputs: 0 ReLU, 1 linear, -1 the absolute value.
    """

    teachers: np.ndarray
    a: np.ndarray
    b: np.ndarray
    lam: float = 0.0
    alpha: float = 0.0


def network(teachers, students, a=None, b=None, *, lam=0.0, alpha=0.0) -> Network:
    """Check and complete the data of a network with `students` hidden units.

    Parameters
    ----------
    teachers : (L, d) array
        Weights of the teacher's units.
    students : int
        Number K of students.
    a, b : (K,) and (L,) arrays, optional
        Output weights; ones by default.
    lam, alpha : float

    Returns
    -------
    Network

    Raises
    ------
    ValueError
        A wrong shape or a number that is not finite; the message names the argument.

    Examples
    --------
    >>> network([[1.0, 0.0]], 2).a
    array([1., 1.])
    """
    V = check_matrix("teachers", teachers)
    if not is_real(students) or not isinstance(students, int | np.integer) or students < 1:
        raise ValueError(f"students: wanted a whole number of at least 1, got {students!r}")
    a = np.ones(students) if a is None else check_vector("a", a, students)
    b = np.ones(len(V)) if b is None else check_vector("b", b, len(V))
    for name, value in (("lam", lam), ("alpha", alpha)):
        if not (is_real(value) and math.isfinite(value)):
            raise ValueError(f"{name}: wanted a finite number, got {value!r}")
    return Network(V, a, b, float(lam), float(alpha))


def loss(W, net) -> float:
    """Return ``E (sum_j a_j s(w_j.x) - sum_k b_k s(v_k.x))^2 / 2 + lam |W|^2 / 2``, x standard normal.

    Parameters
    ----------
    W : (K, d) array
        Students' weights; zero rows are allowed here.
    net : Network

    Returns
    -------
    float
        Per sample (the paper's factor N dropped).  Cost: ``(K + L)^2`` angles.

    Raises
    ------
    ValueError
        W has not the shape of the network, or an entry is not finite.

    References
    ----------
    Y. Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML 2017,
    arXiv:1703.00560.  The kernel of two units is the arc-cosine kernel of order 1 (Y. Cho, L. Saul, NIPS 2009).

    Examples
    --------
    A student opposite to the teacher shares no active input with it; each has ``E relu(x)^2 = 1/2``:

    >>> print(f"{loss([[-1.0, 0.0]], network([[1.0, 0.0]], 1)):.12f}")
    0.500000000000
    """
    return float(kernels.loss_of(check_students(W, net, zero=True), *net))


def gradient(W, net) -> np.ndarray:
    """Return the gradient (K, d) of `loss`.

    ``grad_j = (a_j / 2 pi) {sum_k a_k [(pi - th_jk) w_k + |w_k| sin(th_jk) e_j] - sum_k b_k [(pi - th*_jk) v_k +
    |v_k| sin(th*_jk) e_j]} + lam w_j``, ``e_j = w_j / |w_j|``, at alpha = 0.

    Raises
    ------
    ValueError
        As for `loss`; and where a student is zero: the gradient is discontinuous there.

    References
    ----------
    Tian (2017), Theorem 1 and equation (8).

    Examples
    --------
    >>> gradient([[2.0, 0.0]], network([[1.0, 0.0]], 1))  # (w - v) / 2
    array([[0.5, 0. ]])
    """
    return kernels.gradient_of(check_students(W, net), *net)


def hessian(W, net) -> np.ndarray:
    """Return the Hessian (K d, K d) of `loss`, rows and columns in the order w[0,0], w[0,1], ...

    Continuous also where weights are collinear (where third derivatives jump), not where a student is zero.
    Cost: ``K (K + L) d^2``.

    Raises
    ------
    ValueError
        As for `gradient`.

    Examples
    --------
    >>> hessian([[1.0, 0.0]], network([[1.0, 0.0]], 1))
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    return kernels.hessian_of(check_students(W, net), *net)


def isotropic_gradient(W, net, mass, asymmetry) -> np.ndarray:
    """Return the gradient (K, d) for inputs of another isotropic distribution.

    Parameters
    ----------
    W : (K, d) array
    net : Network
        With alpha = 0.
    mass, asymmetry : callable
        A and B of ``E x [e.x > 0] [w.x > 0] w.x = A(theta) w + |w| B(theta) e``; each takes an array of angles.
        Standard normal inputs have ``A = (pi - theta) / (2 pi)``, ``B = sin(theta) / (2 pi)``.

    Raises
    ------
    ValueError
        As for `gradient`; alpha is not 0.

    References
    ----------
    Tian (2017), equation (7).

    Examples
    --------
    >>> net = network([[0.0, 1.0]], 1)
    >>> got = isotropic_gradient([[1.0, 0.0]], net, lambda t: (np.pi - t) / (2 * np.pi), lambda t: np.sin(t) / 6.0)
    >>> print(np.round(got - [[0.5 - 1 / 6, -0.25]], 12) + 0.0)
    [[0. 0.]]
    """
    W = check_students(W, net)
    for name, value in (("mass", mass), ("asymmetry", asymmetry)):
        if not callable(value):
            raise ValueError(f"isotropic_gradient({name}=...): wanted a function of angles, got {value!r}")
    if net.alpha != 0.0:
        raise ValueError(f"isotropic_gradient(net=...): wanted alpha = 0, got {net.alpha!r}")
    # teachers count as students with negative output weights
    both, weights = np.vstack([W, net.teachers]), np.append(net.a, -net.b)
    lengths = np.linalg.norm(both, axis=1)
    theta = angles(W, both)
    radial = (asymmetry(theta) * (weights * lengths)).sum(axis=1)
    units = W / lengths[: len(W), None]
    return net.a[:, None] * ((mass(theta) * weights) @ both + radial[:, None] * units) + net.lam * W


def angles(X, Y) -> np.ndarray:
    """Return the angles (m, n) in [0, pi] between the rows of X (m, d) and Y (n, d), exact to rounding everywhere.

    ``theta = 2 atan2(|x/|x| - y/|y||, |x/|x| + y/|y||)``; NaN for zero rows.

    Examples
    --------
    >>> print(angles([[1.0, 0.0]], [[1.0, 1e-10], [0.0, 3.0]]))
    [[1.00000000e-10 1.57079633e+00]]
    """
    X, Y = check_matrix("X", X), check_matrix("Y", Y)
    if X.shape[1] != Y.shape[1]:
        raise ValueError(f"Y: wanted vectors of dimension {X.shape[1]}, got {Y.shape[1]}")
    with np.errstate(invalid="ignore"):
        X, Y = (np.asarray(Z, float) / np.linalg.norm(Z, axis=1)[:, None] for Z in (X, Y))
    return 2 * np.arctan2(*openings(X, Y))


def h(theta) -> np.ndarray:
    """Return ``h(theta) = sin theta + (pi - theta) cos theta`` for angles in [0, pi], to full relative accuracy.

    Raises
    ------
    ValueError
        An angle outside [0, pi].

    Examples
    --------
    >>> print(h([0.0, np.pi / 2]) / [np.pi, 1.0])
    [1. 1.]
    """
    theta = check_angles("h", "theta", theta, np.pi, "angles in [0, pi]")
    return np.vectorize(overlap, otypes=[float])(np.pi - theta)


def openings(X, Y):
    """Return the lengths (m, n) of differences and sums of unit rows; taken directly where products are too inexact."""
    cosine = X @ Y.T
    less, more = np.sqrt(np.maximum(2 - 2 * cosine, 0)), np.sqrt(np.maximum(2 + 2 * cosine, 0))
    j, k = np.nonzero(np.abs(cosine) > NEARLY)
    less[j, k] = np.linalg.norm(X[j] - Y[k], axis=1)
    more[j, k] = np.linalg.norm(X[j] + Y[k], axis=1)
    return less, more


def check_students(W, net, zero=False):
    """Check the students' weights."""
    W = check_matrix("W", W)
    if W.shape != (len(net.a), net.teachers.shape[1]):
        raise ValueError(f"W: wanted the shape {(len(net.a), net.teachers.shape[1])}, got {W.shape}")
    if not zero and not W.any(axis=1).all():
        raise ValueError(zero_student_message("W", W))
    return W


def zero_student_message(name, W) -> str:
    """Say which student is zero, and what to do: the text of an error."""
    return (
        f"{name}: student {int(np.argmin(W.any(axis=1)))} is zero, where the gradient is discontinuous; "
        "polar_equations follows branches through zero length"
    )
