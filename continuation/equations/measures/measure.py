"""What a branch is measured in: the weights of its inner product, and the units that go with them.

The inner product of a branch is ``sum u_i v_i / (n d_i**2) + p q / s**2`` with typical magnitudes d of the states and s
of the varied parameter.  Units are powers of two near these, so that nothing is rounded; 1 where they are ordinary.
"""

import copy
from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import extended_jacobian, probed

# Magnitudes within this factor of 1, and of each other, are ordinary: all count as 1.  Ten times more and small states
# against a large parameter let steps pass what the state does, ten times less and the norm of ordinary problems would
# change with their start.
ORDINARY = 100.0
# Sizes of equations within this factor of each other are alike: small rows may be those that vanish near the start.
ALIKE = 1e6
NEAR = 0.1  # how far from the start, in units, the size of an equation that vanishes there shows


class Measure(NamedTuple):
    """What a branch is measured in.

    Attributes
    ----------
    weights : (N,) array
        Of the inner product.
    units : (N,) array
        Powers of two near the typical magnitudes of the unknowns, 1 where these are ordinary.
    equations : (N - 1,) array
        Powers of two near the sizes of the equations, 1 where they are alike.
    """

    weights: np.ndarray
    units: np.ndarray
    equations: np.ndarray


def measure_of(problem) -> Measure:
    """The measure of a problem: as found for it, else that of its weights."""
    if getattr(problem, "measure", None) is not None:
        return problem.measure
    weights = problem.inner_weights()
    return Measure(weights, units_of(weights), np.ones(len(weights) - 1))


def measured(problem, weights, p=None, x=None, active=None):
    """The same problem with an inner product of its own; equations are sized at the point x, p where one is given."""
    weights = np.array(weights, float)
    units, equations = units_of(weights), np.ones(len(weights) - 1)
    if x is not None:
        other = with_measure(problem, Measure(weights, units, equations))
        equations = sizes_of_equations(other, x, p, active, units)
    default = problem.measure is None and np.array_equal(weights, problem.inner_weights())
    if default and np.all(units == 1.0) and np.all(equations == 1.0):
        return problem
    return with_measure(problem, Measure(weights, units, equations))


def measured_like(problem, point, vary):
    """The problem with the inner product that a point of one of its branches was measured in."""
    weights = problem.weights if point.weights is None else point.weights
    fits = weights is not None and len(weights) == len(problem.unknown_names) + 1
    if problem.measure is not None or not fits or not (problem.adapts or problem.weights is not None):
        return problem
    own = {name: value for name, value in point.parameters.items() if name in problem.parameters}
    x, p = problem.point_unknowns(point, vary), problem.parameter_values(own)
    return measured(problem, weights, p, x, problem.index_of(vary))


def with_measure(problem, measure: Measure):
    """Copy of a problem with this measure."""
    other = copy.copy(problem)
    other.measure = measure
    return other


def units_of(weights) -> np.ndarray:
    """(N,) powers of two near the magnitudes that weights of an inner product stand for, 1 for ordinary ones.

    Examples
    --------
    >>> units_of(np.array([0.5e-12, 0.5, 1.0])).tolist()
    [1048576.0, 1.0, 1.0]
    """
    magnitudes = magnitudes_of(weights)
    return np.where(is_ordinary(magnitudes), 1.0, 2.0 ** np.round(np.log2(magnitudes)))


def magnitudes_of(weights) -> np.ndarray:
    """(N,) magnitudes that weights of an inner product stand for: lengths that it calls 1, of the varied one last.

    Examples
    --------
    >>> magnitudes_of(np.array([0.125, 0.5, 4.0])).tolist()
    [2.0, 1.0, 0.5]
    """
    with np.errstate(over="ignore"):
        return np.append(1 / np.sqrt((len(weights) - 1) * weights[:-1]), 1 / np.sqrt(weights[-1]))


def is_ordinary(magnitudes) -> np.ndarray:
    """Which magnitudes are within `ORDINARY` of 1."""
    return (magnitudes <= ORDINARY) & (magnitudes * ORDINARY >= 1.0)


def sizes_of_equations(problem, x, p, active, units) -> np.ndarray:
    """(n,) powers of two near the sizes of the rows of [F_u F_p], at x or around it, in units of the unknowns.

    Ones where they are alike: a row that is small may be one that vanishes nearby.
    """
    if "residual" not in problem.functions or len(x) > 1500:
        return np.ones(len(x) - 1)
    beside = x + NEAR * (units + np.abs(x)) * np.cos(np.arange(1, len(x) + 1))
    found = [probed(extended_jacobian, problem, y, p, active) for y in (x, beside)]
    rows = [np.max(np.abs(a) * units, axis=1) for a in found if np.all(np.isfinite(a))]
    sizes = np.max(rows, axis=0) if rows else np.ones(len(x) - 1)
    if not np.all(sizes > 0.0) or np.max(sizes) <= ALIKE * np.min(sizes):
        return np.ones(len(x) - 1)
    return 2.0 ** np.round(np.log2(sizes))
