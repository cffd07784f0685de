"""Critical points of isotropy S_{K-1} x S_1 as a `Problem` of five unknowns, K real, with the full Hessian's blocks."""

from typing import NamedTuple

import numpy as np

from continuation import Point, Problem
from systems.relu.argument_checks import check_students_number, check_vector, check_whole
from systems.relu.symmetric import block_kernels, reduction_kernels
from systems.small_symmetric import eigenvalues

STATES = ("a", "b", "c", "d", "e")
WHOLE = 1e-9  # relative: a K as near to a whole number was meant to be it, as at points stored on a branch


def symmetric_reduction(K, *, alpha=None, lam=None) -> Problem:
    """Set up the gradient flow of K students on the weights ``[[(a-b) I + b 11', c 1], [d 1', e]]``, K real.

    Teachers are orthonormal, the last of them and the last student are apart.  The plane of Theorem 7 is
    ``a = e = x``, ``b = c = d = y``.

    Parameters
    ----------
    K : float
        Number of students and teachers; any real number of at least 3.
    alpha, lam : float, optional
        Slope of the units for negative inputs and weight decay: named parameters where given, else fixed at 0.

    Returns
    -------
    Problem
        States ``a`` ... ``e``; parameter ``K``, then ``alpha`` and ``lam`` where given; output ``L``, the loss.
        ``unstable`` is the Morse index in all K^2 dimensions: eigenvalues of the blocks with their multiplicities at
        the nearest whole K.  The user's zeros ``standard``, ``antisymmetric`` and ``symmetric`` mark where a block
        turns singular that the reduction does not see (folds and branch points of the reduction are the trivial one).

    Raises
    ------
    ValueError
        K is not a number of at least 3, alpha or lam not finite.

    Notes
    -----
    NaN below K = 3.  The Jacobian is self-adjoint in the inner product with weights
    ``(K-1, (K-1)(K-2), K-1, K-1, 1)``.  Collinear students are no isolated points here, as the last one may be longer
    than the others: `trace` refuses them as starts; follow them in the plane.

    References
    ----------
    Y. Tian, ICML 2017, arXiv:1703.00560, equations (17) and (18) for the idea.  Y. Arjevani, M. Field, "Symmetry &
    critical points for a model shallow neural network", Physica D 427 (2021), for spurious minima of this isotropy.

    Examples
    --------
    >>> problem = symmetric_reduction(6)
    >>> print(f"{problem.solve(type_ii_guess(6))['L']:.13f}")
    0.0250805810025
    """
    parameters = {"K": check_students_number("symmetric_reduction", K, 3)}
    fixed = []
    if alpha is not None or lam is not None:
        parameters["alpha"] = 0.0 if alpha is None else alpha
        parameters |= {} if lam is None else {"lam": lam}
        fixed = [0.0] if lam is None else []
    else:
        fixed = [0.0, 0.0]
    return Problem(
        reduction_kernels.reduced_residual,
        states=STATES,
        parameters=parameters,
        jacobian=reduction_kernels.reduced_jacobian,
        parameter_derivative=reduction_kernels.reduced_parameter_derivative,
        outputs={"L": reduction_kernels.reduced_loss},
        zeros={
            "standard": block_kernels.standard_zero,
            "antisymmetric": block_kernels.antisymmetric_zero,
            "symmetric": block_kernels.symmetric_zero,
        },
        constants=fixed,
        stability=block_kernels.index,
        smoothness=2,
        name="reduction to S_{K-1} x S_1",
    )


class Blocks(NamedTuple):
    """Blocks of the full Hessian, symmetric, and how often each occurs (real numbers for real K).

    Attributes
    ----------
    trivial, standard : (5, 5) arrays
    antisymmetric, symmetric : float
    multiplicities : (4,) array
        ``1, K - 2, (K-2)(K-3)/2, (K-1)(K-4)/2``.  The last is -1 at K = 3: there one eigenvalue of the standard block
        has no vector, and it is the one of `symmetric`.
    """

    trivial: np.ndarray
    standard: np.ndarray
    antisymmetric: float
    symmetric: float
    multiplicities: np.ndarray


def blocks(state, K=None, *, alpha=0.0, lam=0.0) -> Blocks:
    """Split the full Hessian at a point of the reduction.

    Parameters
    ----------
    state : Point, or (5,) array with K
        A point's own K, alpha and lam are taken.
    K, alpha, lam : float

    Returns
    -------
    Blocks

    Raises
    ------
    ValueError
        No five numbers, or no K.

    Examples
    --------
    The saddle of Theorem 7 has kernel dimension K - 1 in the full space, none of it in the trivial block:

    >>> from systems.relu.symmetric.plane_dynamics import collinear_value
    >>> found = blocks([collinear_value(5)] * 5, 5)
    >>> print(*(int(np.sum(abs(np.linalg.eigvalsh(b)) < 1e-12)) for b in (found.trivial, found.standard)))
    1 1
    """
    if isinstance(state, Point):
        known = state.parameters
        K, alpha, lam = known["K"], known.get("alpha", 0.0), known.get("lam", 0.0)
        state = state.state
    u = check_vector("blocks(state=...): a, b, c, d, e", state, 5)
    p = np.array([check_students_number("blocks", K, 3), alpha, lam])
    n = p[0]
    if not np.isfinite(reduction_kernels.reduced_loss(u, p)) or not np.hypot(u[3], u[4]) or not np.any(u[:3]):
        raise ValueError(f"blocks(state=...): a student is zero at {u.tolist()}, where the gradient is discontinuous")
    return Blocks(
        block_kernels.trivial_block(u, p),
        block_kernels.standard_block(u, p),
        *block_kernels.scalar_blocks(tuple(u), p),
        np.array([1, n - 2, (n - 2) * (n - 3) / 2, (n - 1) * (n - 4) / 2]),
    )


def spectrum(state, K=None, *, alpha=0.0, lam=0.0) -> np.ndarray:
    """Return all K^2 eigenvalues of the full Hessian at a whole K, ascending, from the blocks: no K^2 x K^2 matrix.

    Raises
    ------
    ValueError
        As for `blocks`; K is no whole number.

    Examples
    --------
    >>> len(spectrum([1.0, 0.0, 0.0, 0.0, 1.0], 7))
    49
    """
    K = state.parameters["K"] if isinstance(state, Point) else K
    found = blocks(state, K, alpha=alpha, lam=lam)
    if abs(K - round(K)) > WHOLE * K:
        raise ValueError(f"spectrum(K=...): wanted a whole number of students, got {K!r}")
    n = round(K)
    single, standard = eigenvalues(found.trivial), eigenvalues(found.standard)
    if n == 3:
        standard = np.delete(standard, np.argmin(np.abs(standard - found.symmetric)))
    scalars = (found.antisymmetric,) * ((n - 2) * (n - 3) // 2) + (found.symmetric,) * max((n - 1) * (n - 4) // 2, 0)
    return np.sort(np.concatenate([single, np.tile(standard, n - 2), scalars]))


def reduced_weights(state, K) -> np.ndarray:
    """Return the weights (K, K) of the network at a whole K.

    Examples
    --------
    >>> print(reduced_weights([1, 2, 3, 4, 5], 3))
    [[1. 2. 3.]
     [2. 1. 3.]
     [4. 4. 5.]]
    """
    size = check_whole("reduced_weights", "K", K, 3)
    a, b, c, d, e = check_vector("reduced_weights(state=...): a, b, c, d, e", getattr(state, "state", state), 5)
    W = np.full((size, size), b)
    np.fill_diagonal(W, a)
    W[:-1, -1], W[-1, :-1], W[-1, -1] = c, d, e
    return W


def type_ii_guess(K) -> np.ndarray:
    """Return weights near the spurious minimum of type II: the last student points away from its teacher.

    Students 1 ... K - 1 keep to their teachers; the last one makes up for teacher K, opposite to what it is.
    """
    K = check_students_number("type_ii_guess", K, 3)
    return np.array([1.0, 0.0, 2.0 / K, 2.0 / K, -1.0 + 2.0 / K])


def type_i_guess(K) -> np.ndarray:
    """Return weights near the critical point of type I: a type A of K - 1 students beside one that is right."""
    K = check_students_number("type_i_guess", K, 3)
    return np.array([-1.0 + 2.0 / (K - 1), 2.0 / (K - 1), 0.0, 0.0, 1.0])


def flipped_guess(K, flipped) -> np.ndarray:
    """Return weights (K, K) near the critical point with the last `flipped` students opposite to their teachers.

    One flipped student is type II, which lies in the reduction; two or three are minima of their own from K = 8 and
    K = 10 on.  Solve for them in `normal_equations`.

    Examples
    --------
    >>> print(flipped_guess(4, 1)[-1])
    [ 0.5  0.5  0.5 -0.5]
    """
    count, flipped = check_whole("flipped_guess", "K", K, 3), check_whole("flipped_guess", "flipped", flipped, 0)
    if flipped > count:
        raise ValueError(f"flipped_guess(flipped=...): wanted at most K = {count}, got {flipped}")
    W, last = np.eye(count), np.arange(count - flipped, count)
    W[:, last] += 2.0 / count
    W[last] = 2.0 / count
    W[last, last] = -1.0 + 2.0 / count
    return W
