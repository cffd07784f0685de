"""Typical magnitudes of states, parameter and equations, found from a start, and what is measured in them.

The inner product of a branch is ``sum u_i v_i / (n d_i**2) + p q / s**2`` with typical magnitudes d of the states and s
of the varied parameter.  They are 1 where everything is of ordinary size; where something is not, they are those of the
start, of the span and of the response of the equations, so that nothing depends on the units of a model.
"""

import copy
import math
from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import extended_jacobian

# Magnitudes within this factor of 1, and of each other, are ordinary: all count as 1.  Ten times more and small states
# against a large parameter let steps pass what the state does, ten times less and the norm of ordinary problems would
# change with their start.
ORDINARY = 100.0
SHARE = 0.5  # of a finite span: the typical magnitude of its parameter; ten times less takes ten times as many steps
REACH = 4.0  # most by which the response to the parameter raises a state's magnitude above what it is at the start
NOTHING = 1e-9  # states below this part of what the parameter makes of them within its magnitude are zero at the start
DECADES = 12  # of magnitudes below and above 1 that are tried for a state that is zero and coupled to none
CHANGED = 0.5  # relative change of a derivative that tells that a state has come to the size where it acts on itself
FEW = 16  # states tried so, at most: each costs up to thirty Jacobians
SMALL = 1e-3  # states below this are out of the ordinary: a tenth of it is hidden from steps by others of size 1
FAINT = 1e-6  # states below this part of where they begin to act are next to zero; rounding of zeros is far below it
CANCELLED = 1e-8  # responses below this part of the terms that they are the sum of are rounding
REGULAR = 1e12  # conditions beyond this, of F_u with its rows alike, say that there is no response to speak of
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
    with np.errstate(over="ignore"):
        magnitudes = np.append(1 / np.sqrt((len(weights) - 1) * weights[:-1]), 1 / np.sqrt(weights[-1]))
    return np.where(is_ordinary(magnitudes), 1.0, 2.0 ** np.round(np.log2(magnitudes)))


def is_ordinary(magnitudes) -> np.ndarray:
    """Which magnitudes are within `ORDINARY` of 1."""
    return (magnitudes <= ORDINARY) & (magnitudes * ORDINARY >= 1.0)


def is_usual(magnitudes) -> bool:
    """Whether magnitudes at a start are such that the usual inner product fits: none large, the parameter not alone.

    A state that is small beside others does no harm.
    """
    largest, q = np.max(magnitudes[:-1]), magnitudes[-1]
    alike = q <= ORDINARY * largest and largest <= ORDINARY * q
    return bool(alike and np.all(is_ordinary(np.array([largest, q]))) and np.min(magnitudes) >= SMALL)


def sizes_of_equations(problem, x, p, active, units) -> np.ndarray:
    """(n,) powers of two near the sizes of the rows of [F_u F_p], at x or around it, in units of the unknowns.

    Ones where they are alike: a row that is small may be one that vanishes nearby.
    """
    if "residual" not in problem.functions or len(x) > 1500:
        return np.ones(len(x) - 1)
    beside = x + NEAR * (units + np.abs(x)) * np.cos(np.arange(1, len(x) + 1))
    with np.errstate(all="ignore"):
        rows = [np.max(np.abs(extended_jacobian(problem, y, p, active)) * units, axis=1) for y in (x, beside)]
    rows = [row for row in rows if np.all(np.isfinite(row))]
    sizes = np.max(rows, axis=0) if rows else np.ones(len(x) - 1)
    if not np.all(sizes > 0.0) or np.max(sizes) <= ALIKE * np.min(sizes):
        return np.ones(len(x) - 1)
    return 2.0 ** np.round(np.log2(sizes))


def weights_at(problem, u, p, active, span) -> np.ndarray:
    """(N,) weights of the inner product of a trace from (u, p): those given, else of the magnitudes found there."""
    given = problem.inner_weights()
    if not problem.adapts or problem.measure is not None:
        return given
    magnitudes = magnitudes_at(problem, u, p, active, span)
    if is_usual(magnitudes) and not problem.scales:
        return given
    n, weights = len(magnitudes) - 1, given.copy()
    weights[:n], weights[-1] = given[:n] / magnitudes[:n] ** 2, 1 / magnitudes[-1] ** 2
    return weights


def magnitudes_at(problem, u, p, active, span) -> np.ndarray:
    """(n + 1,) typical magnitudes of the states and the varied parameter at a start and around it.

    Unknowns behind the states, which equations made from others may have, are left out.
    """
    names, scales = problem.unknown_names, problem.scales or {}
    shown = len(problem.states)
    n = shown if names[:shown] == problem.states else len(names)
    vary = list(problem.parameters)[active]
    own = np.array([scales.get(name, np.nan) for name in (*names[:n], vary)])
    if np.all(np.isfinite(own)):
        return own
    q = own[-1] if np.isfinite(own[-1]) else magnitude_of_parameter(p[active], span)
    found = np.append(np.where(np.isfinite(own[:-1]), own[:-1], np.abs(u[:n])), q)
    x, size = np.append(u, p[active]), np.ones(len(u) + 1)
    size[:n] = np.where(found[:-1] > 0.0, found[:-1], 1.0)
    size[-1] = q
    probing = with_measure(problem, Measure(1 / size**2, size, np.ones(len(u))))
    with np.errstate(all="ignore"):
        a = extended_jacobian(probing, x, p, active) if "residual" in problem.functions else np.full((1, 1), np.nan)
    if len(a) == n and np.all(np.isfinite(a)):
        found[:-1] = responding(a, found)
        found[:-1] = coupled(a, found)
        found[:-1] = acting(probing, x, p, active, a, found)
        found[:-1] = driven(a, found)
    found = np.where((found > 0.0) & np.isfinite(found), found, 1.0)
    if problem.symmetry:  # which mixes states: one magnitude for all
        found[:-1] = np.max(found[:-1])
    return np.where(np.isfinite(own), own, found)


def magnitude_of_parameter(value, span) -> float:
    """Typical magnitude of the varied parameter: a share of a finite span, else its value, 1 where that is zero."""
    length = span[1] - span[0]
    if math.isfinite(length):
        return SHARE * length
    return abs(value) or 1.0


def responding(a, found) -> np.ndarray:
    """Magnitudes of the states as they are, or as the parameter makes them within its magnitude, to some factor.

    What cancels in the response, in a symmetric problem say, counts as if it did not: it would be rounding.
    """
    own = found[:-1]
    columns = np.where(own > 0.0, own, 1.0)
    scaled = a[:, :-1] * columns
    rows = np.max(np.abs(scaled), axis=1)
    if not np.all(rows > 0.0) or not np.linalg.cond(scaled / rows[:, None]) < REGULAR:
        return own
    inverse, column = np.linalg.inv(scaled / rows[:, None]), a[:, -1] / rows * found[-1]
    moved, most = np.abs(inverse @ column) * columns, np.abs(inverse) @ np.abs(column) * columns
    moved = np.where(moved > CANCELLED * most, moved, most)
    return np.where(own <= NOTHING * moved, moved, np.maximum(own, np.minimum(moved, REACH * own)))


def coupled(a, found) -> np.ndarray:
    """Magnitudes with those of states that are next to zero: where they act on others like what acts there already."""
    own, q = found[:-1].copy(), found[-1]
    for _ in range(len(own)):
        acts = np.abs(a[:, :-1]) * own
        new = own.copy()
        for k in range(len(own)):
            rest = np.maximum(np.max(np.delete(acts, k, axis=1), axis=1, initial=0.0), np.abs(a[:, -1]) * q)
            rows = (a[:, k] != 0.0) & (rest > 0.0)
            rows[k] = False
            least = np.min(rest[rows] / np.abs(a[rows, k]), initial=np.inf)
            if own[k] <= FAINT * least < np.inf:
                new[k] = least
        if np.array_equal(new, own):
            break
        own = new
    return own


def acting(problem, x, p, active, a, found) -> np.ndarray:
    """Magnitudes with those of zero states, and of small ones that act on no other: where they change their own rate.

    Zero stays of those that never do.
    """
    own = found[:-1].copy()
    alone = [k for k in np.flatnonzero(own < SMALL) if own[k] == 0.0 or not np.any(np.delete(a[:, k], k))]
    if len(alone) > FEW:
        return own
    ahead = x.copy()
    ahead[-1] += found[-1]
    with np.errstate(all="ignore"):
        beyond = np.diag(extended_jacobian(problem, ahead, p, active)) if alone else ()
    for k in alone:
        rate = max(abs(a[k, k]), abs(beyond[k] - a[k, k]) if np.isfinite(beyond[k]) else 0.0)

        def has_changed(power, k=k, rate=rate):
            y = x.copy()
            y[k] += 10.0**power
            with np.errstate(all="ignore"):
                b = extended_jacobian(problem, y, p, active)
            return not np.isfinite(b[k, k]) or abs(b[k, k] - a[k, k]) > CHANGED * rate

        power = first_true(has_changed)
        size = 0.0 if power is None else 10.0**power
        own[k] = size if own[k] <= FAINT * size else own[k]
    return own


def driven(a, found) -> np.ndarray:
    """Magnitudes with those of states that are still zero: what the others make of them."""
    own = found[:-1].copy()
    for _ in range(len(own)):
        rest, rate = np.max(np.abs(a[:, :-1] - np.diag(np.diag(a[:, :-1]))) * own, axis=1), np.abs(np.diag(a))
        new = (own == 0.0) & (rest > 0.0) & (rate > 0.0)
        if not np.any(new):
            break
        own[new] = rest[new] / rate[new]
    return own


def first_true(holds) -> float | None:
    """Power of ten at which a statement begins to hold; 0 where within what is ordinary, None where never."""
    low, high = -math.log10(ORDINARY), math.log10(ORDINARY)
    if holds(low):
        low, high = -DECADES, low
    elif holds(high):
        return 0.0
    else:
        low, high = high, DECADES
    if holds(low) or not holds(high):
        return None
    while high - low > 0.05:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
