"""Deep linear networks with weight decay: scalar, mode by mode, as matrices, and residual.

The loss of N layers is ``1/2 |W_N ... W_1 - M|^2 + (lam/2) sum |W_j|^2``; every residual is its negative gradient, so
``unstable`` is the Morse index.  For lam > 0 every critical point is balanced, and the singular modes decouple: with
N layers equal to a the equation is ``a r(a, lam) = 0``, ``r = a^(N-2) (s - a^N) - lam``.

S. Arora, N. Cohen, E. Hazan, "On the optimization of deep networks: implicit acceleration by overparameterization",
ICML 2018, arXiv:1802.06509, equations (3) and (4).
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from continuation import Problem
from continuation.ground.names import check_numbers
from systems import linear_kernels as compiled
from systems.number_checks import check_count, check_positive


class CriticalPoint(NamedTuple):
    """A point of the branch of one mode: weight decay, end-to-end value ``sigma = a^N`` and layer a."""

    lam: float
    sigma: float
    a: float


def scalar_network(depth, target) -> Problem:
    """Set up one singular mode of a balanced network: ``a^(N-1) (s - a^N) - lam a = 0``.

    Parameters
    ----------
    depth : int
        Number of layers N, at least 1.
    target : float
        Singular value s to be learnt, positive.

    Returns
    -------
    Problem
        State ``a``, the value of each layer; parameter ``lam`` (0 by default); output ``loss``.  ``a = 0`` is a
        branch for N >= 2.  Descent on a is descent on the network from layers that are equal.

    Raises
    ------
    ValueError
        A depth that is no whole number of at least 1, a target that isn't positive.

    Notes
    -----
    N = 2: pitchfork at lam = s.  N >= 3: the branch of learnt solutions turns at `fold_point` and never meets zero;
    at lam of `equal_cost_point` its loss equals that of zero.

    Examples
    --------
    >>> problem = scalar_network(2, 4.0)
    >>> problem.residual([1.0], {"lam": 3.0})  # a^2 = s - lam
    array([0.])
    """
    n, s = check_count("depth", depth), check_positive("target", target)
    return Problem(
        compiled.scalar_residual,
        states=("a",),
        parameters={"lam": 0.0},
        constants=[s, n],
        jacobian=compiled.scalar_jacobian,
        parameter_derivative=compiled.scalar_derivative,
        outputs={"loss": compiled.scalar_loss},
        symmetric=True,
        name=f"scalar linear network of depth {n}",
    )


def modes(depth, targets) -> Problem:
    """Set up all singular modes of a balanced network whose target has the singular values `targets`.

    Returns
    -------
    Problem
        States ``a[0]``, ``a[1]`` ...; parameter ``lam``.  The modes do not see each other.

    Examples
    --------
    >>> modes(3, [1.0, 2.0]).residual([1.0, 1.0])
    array([0., 1.])
    """
    n, targets = check_count("depth", depth), _targets(targets)
    return Problem(
        compiled.modes_residual,
        states=[f"a[{i}]" for i in range(len(targets))],
        parameters={"lam": 0.0},
        constants=[n, *targets],
        jacobian=compiled.modes_jacobian,
        parameter_derivative=compiled.minus_states,
        symmetric=True,
        name=f"modes of a linear network of depth {n}",
    )


def deep_linear_network(widths, target, *, gauge=False) -> Problem:
    """Set up ``-grad`` of ``1/2 |W_N ... W_1 - M|^2 + (lam/2) sum |W_j|^2`` for matrices W_j.

    Parameters
    ----------
    widths : sequence of int
        ``n_0`` (inputs), hidden widths, ``n_N`` (outputs); layer j is (n_j, n_{j-1}).
    target : (n_N, n_0) array
        M.
    gauge : bool
        Declare the rotations ``W_j -> Q W_j, W_{j+1} -> W_{j+1} Q'`` of hidden layers as `symmetries`; then
        ``problem.isolated(reference)`` makes each gauge orbit one point.

    Returns
    -------
    Problem
        States ``W1[0,0]``, ... row by row, layer by layer; parameter ``lam``; output ``loss``.

    Raises
    ------
    ValueError
        Fewer than two widths, a width below 1, a target of the wrong shape.

    Notes
    -----
    Exact Jacobian; ``n N D**3`` multiplications for n weights in N layers of width at most D.

    Examples
    --------
    One layer is linear: ``M - W - lam W``.

    >>> deep_linear_network([1, 1], [[2.0]]).residual([0.5], {"lam": 1.0})
    array([1.])
    """
    widths = _check_widths(widths)
    target = check_numbers("target", target, 2)
    if target.shape != (widths[-1], widths[0]):
        raise ValueError(f"target: wanted the shape {(widths[-1], widths[0])} of the widths, got {target.shape}")
    generators = gauge_generators(widths) if gauge else ()
    return _matrix_problem("deep linear network", "W", widths, target, 0.0, 1.0, generators)


def residual_network(R, layers, T=1.0) -> Problem:
    """Set up a residual network, layers ``W_j = I + (T/N) A_j``, that learns R with decay ``(lam/2)(T/N) sum |A_j|^2``.

    As N grows its critical points tend to those of `systems.characteristic.characteristic_equation`, with error 1/N.

    Parameters
    ----------
    R : (d, d) array
    layers : int
        N, at least 1.
    T : float
        Depth of the limit, positive.

    Returns
    -------
    Problem
        States ``A1[0,0]``, ...; parameter ``lam``; output ``loss``.  F is the negative gradient divided by T/N.

    Examples
    --------
    >>> residual_network([[2.0]], 1).residual([0.5], {"lam": 1.0})
    array([0.])
    """
    R, n, T = check_numbers("R", R, 2), check_count("layers", layers), check_positive("T", T)
    if R.shape[0] != R.shape[1]:
        raise ValueError(f"R: wanted a square matrix, got shape {R.shape}")
    return _matrix_problem("residual linear network", "A", [len(R)] * (n + 1), R, 1.0, T / n)


def uniform_residual_branch(R, layers, T=1.0) -> Problem:
    """Set up the critical points of a `residual_network` whose layers are all equal, for R a complex number.

    A complex number stands for the scaled rotation ``[[x, -y], [y, x]]``; a real R keeps ``y = 0``.

    Parameters
    ----------
    R : complex
    layers : int
    T : float

    Returns
    -------
    Problem
        States ``x``, ``y`` of a = x + i y; parameter ``lam``; F is ``conj(w)^(N-1) (R - w^N) - lam a`` with
        ``w = 1 + T a / N``.  ``unstable`` counts within the uniform networks only.

    Examples
    --------
    >>> uniform_residual_branch(2.0, 1).residual([0.5, 0.0], {"lam": 1.0})
    array([0., 0.])
    """
    n, T, R = check_count("layers", layers), check_positive("T", T), _complex(R)
    return Problem(
        compiled.uniform_residual,
        states=("x", "y"),
        parameters={"lam": 0.0},
        constants=[R.real, R.imag, n, T],
        jacobian=compiled.uniform_jacobian,
        parameter_derivative=compiled.minus_states,
        symmetric=True,
        name="uniform residual network",
    )


def permutation_breaking_point(R, layers, T=1.0) -> CriticalPoint:
    """Return the point where equal layers of a `residual_network` with ``R < 2^-N`` give way to unequal ones.

    Returns
    -------
    CriticalPoint
        ``lam = 4 T F (F - R) / N``, ``sigma = F = 2^-N``, ``a = -N / (2 T)``.

    Raises
    ------
    ValueError
        ``R >= 2^-N``: there is none at positive lam.

    Examples
    --------
    >>> permutation_breaking_point(0.0, 2)
    CriticalPoint(lam=0.125, sigma=0.25, a=-1.0)
    """
    n, T, R = check_count("layers", layers), check_positive("T", T), check_numbers("R", R, 0)
    sigma = 2.0**-n
    if not sigma > R:
        raise ValueError(f"R: wanted a number below 2^-N = {sigma!r}, got {R!r}")
    return CriticalPoint(4 * T * sigma * (sigma - R) / n, sigma, -n / (2 * T))


def fold_point(depth, target) -> CriticalPoint:
    """Return the point where the learnt solutions of N >= 3 layers turn: ``sigma_c = s (N-2) / (2 (N-1))``.

    Raises
    ------
    ValueError
        Depth below 3: there is no fold.

    Examples
    --------
    >>> f"{fold_point(3, 1.0).lam:.13f}"
    '0.4724703937106'
    """
    n, s = check_count("depth", depth), check_positive("target", target)
    if n < 3:
        raise ValueError(f"depth: wanted at least 3 (fewer layers have no fold), got {n}")
    return _at_sigma(n, s, s * (n - 2) / (2 * (n - 1)))


def equal_cost_point(depth, target) -> CriticalPoint:
    """Return the Maxwell point, where N >= 3 learnt layers cost as much as zero: ``sigma_M = 2 sigma_c``.

    Examples
    --------
    >>> equal_cost_point(3, 2.0).sigma
    1.0
    """
    n, s = check_count("depth", depth), check_positive("target", target)
    if n < 3:
        raise ValueError(f"depth: wanted at least 3 (fewer layers have no such point), got {n}")
    return _at_sigma(n, s, s * (n - 2) / (n - 1))


def hessian_eigenvalues(depth, target, lam, a) -> np.ndarray:
    """Return the eigenvalues (N,), ascending, of the Hessian of N scalar layers at their critical point, layers a.

    ``2 lam`` (N - 1 times) and ``N a^(2N-2) - (N-2) lam``; at a = 0 ``lam`` (N times), for N = 2 ``lam -+ s``, for
    N = 1 ``1 + lam``.

    Examples
    --------
    >>> hessian_eigenvalues(2, 4.0, 3.0, 1.0)
    array([2., 6.])
    """
    n, s = check_count("depth", depth), check_positive("target", target)
    lam, a = check_numbers("lam", lam, 0), check_numbers("a", a, 0)
    if a == 0 and n == 2:  # two layers see each other at zero, more don't
        return np.array([lam - s, lam + s])
    if a == 0 and n > 2:
        return np.full(n, lam)
    return np.sort([2.0 * lam] * (n - 1) + [n * a ** (2.0 * n - 2) - (n - 2) * lam])


def critical_count(depth, targets, lam) -> int:
    """Count the critical points at lam > 0 for a target with these singular values, modulo gauge and sign.

    N >= 3: ``prod_i (1 + 2 [lam < lam_c(s_i)])``; N = 2: ``prod_i (1 + [lam < s_i])``; N = 1: one.  At a fold or
    pitchfork the points that meet there count as none beside zero.

    Examples
    --------
    >>> critical_count(3, [1.0, 1.0, 0.1], 0.3)
    9
    """
    n, targets, lam = check_count("depth", depth), _targets(targets), check_positive("lam", lam)
    if n == 1:
        return 1
    if n == 2:
        return math.prod(1 + (lam < s) for s in targets)
    return math.prod(1 + 2 * (lam < fold_point(n, s).lam) for s in targets)


def gauge_generators(widths) -> list:
    """List the infinitesimal rotations of hidden layers: functions ``K(u)``, one for each plane of each layer.

    Examples
    --------
    >>> generators = gauge_generators([2, 2, 2])
    >>> len(generators), generators[0](np.array([1.0, 0, 0, 1, 1, 0, 0, 1]))
    (1, array([ 0., -1.,  1.,  0.,  0.,  1., -1.,  0.]))
    """
    widths = _check_widths(widths)
    found = []
    for layer in range(1, len(widths) - 1):
        for i in range(widths[layer]):
            found += [_rotation(widths, layer, i, j) for j in range(i + 1, widths[layer])]
    return found


def layer_balance(widths):
    """Make the function ``u -> (W_h W_h' - W_{h+1}' W_{h+1})`` of all hidden layers, which descent keeps by law I1.

    Examples
    --------
    >>> layer_balance([1, 1, 1])(np.array([3.0, 1.0]))
    array([8.])
    """
    widths = _check_widths(widths)

    def balance(u):
        layers = split_layers(widths, u)
        return np.concatenate([np.ravel(w @ w.T - after.T @ after) for w, after in zip(layers, layers[1:])])

    return balance


def split_layers(widths, u) -> list:
    """Split a state u into the layers W_1 .. W_N.

    Examples
    --------
    >>> [w.shape for w in split_layers([3, 2, 1], np.arange(8.0))]
    [(2, 3), (1, 2)]
    """
    shapes = [(b, a) for a, b in zip(widths, widths[1:])]
    ends = np.cumsum([a * b for a, b in shapes])[:-1]
    return [block.reshape(shape) for block, shape in zip(np.split(np.asarray(u), ends), shapes)]


def _rotation(widths, layer, i, j):
    """Generator of the rotation by which i turns towards j in a hidden layer."""
    size = sum(a * b for a, b in zip(widths, widths[1:]))
    matrix = np.zeros((size, size))
    blocks = split_layers(widths, np.arange(size))
    incoming, outgoing = blocks[layer - 1], blocks[layer]
    matrix[incoming[i], incoming[j]], matrix[incoming[j], incoming[i]] = -1.0, 1.0
    matrix[outgoing[:, i], outgoing[:, j]], matrix[outgoing[:, j], outgoing[:, i]] = -1.0, 1.0

    def generator(u):
        return matrix @ u

    return generator


def _matrix_problem(name, letter, widths, target, b, h, symmetries=()) -> Problem:
    """Problem of layers ``b I + h A_j``, whose states carry the letter."""
    shapes = list(zip(widths[1:], widths))
    names = [f"{letter}{k + 1}[{i},{j}]" for k, (r, c) in enumerate(shapes) for i in range(r) for j in range(c)]
    return Problem(
        compiled.network_residual,
        states=names,
        parameters={"lam": 0.0},
        constants=[len(shapes), b, h, *widths, *np.ravel(target)],
        jacobian=compiled.network_jacobian,
        parameter_derivative=compiled.minus_states,
        outputs={"loss": compiled.network_loss},
        symmetric=True,
        symmetries=symmetries,
        name=name,
    )


def _at_sigma(n, s, sigma) -> CriticalPoint:
    """Point of the branch at sigma: ``lam = sigma^((N-2)/N) (s - sigma)``."""
    return CriticalPoint(sigma ** ((n - 2) / n) * (s - sigma), sigma, sigma ** (1 / n))


def _complex(R) -> complex:
    """A finite complex number."""
    if not np.isscalar(R) or isinstance(R, str) or not np.isfinite(R):
        raise ValueError(f"R: wanted a finite complex number, got {R!r}")
    return complex(R)


def _targets(targets) -> np.ndarray:
    """Positive singular values."""
    targets = check_numbers("targets", targets, 1)
    if len(targets) == 0 or np.any(targets <= 0):
        raise ValueError(f"targets: wanted positive numbers, got {targets.tolist()}")
    return targets


def _check_widths(widths) -> list:
    """Widths of a network of at least one layer."""
    widths = list(widths) if isinstance(widths, Iterable) else [widths]
    if len(widths) < 2:
        raise ValueError(f"widths: wanted inputs and outputs at least, a depth of 1 or more; got {widths!r}")
    return [check_count("widths", width) for width in widths]
