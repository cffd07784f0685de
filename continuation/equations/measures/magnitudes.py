"""Typical magnitudes of states and parameter, found from a start, so that nothing depends on the units of a model.

They are those of the start itself, of the span, and of how the equations respond: what the parameter makes of a state,
where a state that is zero begins to act on others or on itself, what others make of it.
"""

import math

import numpy as np

from continuation.equations.derivatives import evaluate, extended_jacobian, probed
from continuation.equations.measures.measure import ORDINARY, Measure, is_ordinary, with_measure

SHARE = 0.5  # of a finite span: the typical magnitude of its parameter; ten times less takes ten times as many steps
REACH = 4.0  # most by which the response to the parameter raises a state's magnitude above what it is at the start
# States below this part of what the parameter makes of them within its magnitude are next to zero at the start: ten
# times more and those that grow from small values have other magnitudes, far less and a start next to a fold is all.
NOTHING = 1e-4
BELOW, ABOVE = 12, 9  # decades of magnitudes tried for a zero state coupled to none; higher, rounding of squares acts
CHANGED = 0.5  # relative change of a derivative that tells that a state has come to the size where it acts on itself
FEW = 16  # states tried so, at most: each costs up to thirty Jacobians
SMALL = 1e-3  # states below this are out of the ordinary: a tenth of it is hidden from steps by others of size 1
FAINT = 1e-6  # states below this part of where they begin to act are next to zero; rounding of zeros is far below it
CANCELLED = 1e-8  # responses below this part of the terms that they are the sum of are rounding
# States below this part of the largest, and a parameter of its magnitude, are what rounding left of zero: their size
# says nothing.
ROUNDED = 1e-14
LINEAR = 1e-8  # change of F_u's entries, relative to the row, that is none: ten times more and small solutions are zero
# How often what the linear terms say F may change along the response: ten times less and branches that bend as they
# usually do have other magnitudes.  And how often the response is halved where F changes more.
BENT, HALVINGS = 1e3, 200
ROUNDINGS = 8 * 2.2e-16  # what x is changed by, relatively, to see what rounding of it does
REGULAR = 1e12  # conditions beyond this, of F_u with its rows alike, say that there is no response to speak of


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


def is_usual(magnitudes) -> bool:
    """Whether magnitudes at a start are such that the usual inner product fits: none large, the parameter not alone.

    A state that is small beside others does no harm.
    """
    largest, q = np.max(magnitudes[:-1]), magnitudes[-1]
    alike = q <= ORDINARY * largest and largest <= ORDINARY * q
    return bool(alike and np.all(is_ordinary(np.array([largest, q]))) and np.min(magnitudes) >= SMALL)


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
    sizes = np.abs(u[:n])
    sizes[sizes <= ROUNDED * np.max(sizes, initial=0.0)] = 0.0
    if is_rounded_zero(problem, u, p, n, active):
        sizes[:] = 0.0
    found = np.append(np.where(np.isfinite(own[:-1]), own[:-1], sizes), q)
    value = p[active] if abs(p[active]) > ROUNDED * q else 0.0  # likewise: damping of 1e-33 has states of 1e33
    x, size = np.append(u, value), np.ones(len(u) + 1)
    x[:n][sizes == 0.0] = 0.0  # what rounding left of zero would act by its size
    size[:n] = np.where(found[:-1] > 0.0, found[:-1], 1.0)
    size[-1] = q
    probing = with_measure(problem, Measure(1 / size**2, size, np.ones(len(u))))
    a = probed(extended_jacobian, probing, x, p, active) if "residual" in problem.functions else np.nan
    if np.shape(a) == (n, n + 1) and np.all(np.isfinite(a)):
        a = without_rounding(probing, x, p, active, a)
        found[:-1] = responding(probing, x, p, active, a, found)
        found[:-1] = coupled(probing, x, p, active, a, found)
        found[:-1] = acting(probing, x, p, active, a, found)
        found[:-1] = driven(a, found)
    found = np.where((found > 0.0) & np.isfinite(found), found, 1.0)
    if problem.symmetry:  # which mixes states: one magnitude for all
        found[:-1] = np.max(found[:-1])
    return np.where(np.isfinite(own), own, found)


def is_rounded_zero(problem, u, p, n, active) -> bool:
    """Whether the n states are what Newton's method left of zero: a solution as well, with the same derivatives there.

    Of two solutions that are two, F is not linear between them.
    """
    if not np.any(u[:n]) or "residual" not in problem.functions:
        return False
    zero = u.copy()
    zero[:n] = 0.0
    here, there = (probed(evaluate, problem, y, p) for y in (u, zero))
    if not np.all(np.abs(there) <= np.abs(here)):
        return False
    a, b = (probed(extended_jacobian, problem, np.append(y, p[active]), p, active) for y in (u, zero))
    return bool(np.all(np.abs(a - b) <= LINEAR * np.max(np.abs(b), axis=-1, keepdims=True)))


def without_rounding(problem, x, p, active, a) -> np.ndarray:
    """The derivatives at x, zero where rounding of x changes them by as much as they are: ``cos(1.5*pi)`` is 2e-16."""
    beside = probed(extended_jacobian, problem, x * (1 + ROUNDINGS), p, active)
    return np.where(np.abs(a) <= np.abs(beside - a), 0.0, a) if np.shape(beside) == np.shape(a) else a


def magnitude_of_parameter(value, span) -> float:
    """Typical magnitude of the varied parameter: a share of a finite span, else its value, 1 where that is zero."""
    length = span[1] - span[0]
    if math.isfinite(length):
        return SHARE * length
    return abs(value) or 1.0


def responding(problem, x, p, active, a, found) -> np.ndarray:
    """Magnitudes of the states as they are, or as the parameter makes them within its magnitude, to some factor.

    What cancels in the response, in a symmetric problem say, counts as if it did not: it would be rounding.  Where the
    linear response is not what the equations do, as next to a fold, it is shortened until it is.
    """
    own = found[:-1]
    columns = np.where(own > 0.0, own, 1.0)
    scaled = a[:, :-1] * columns
    rows = np.max(np.abs(scaled), axis=1)
    if not np.all(rows > 0.0) or not np.linalg.cond(scaled / rows[:, None]) < REGULAR:
        return own
    inverse, column = np.linalg.inv(scaled / rows[:, None]), a[:, -1] / rows * found[-1]
    moved, most = inverse @ column * columns, np.abs(inverse) @ np.abs(column) * columns
    moved = np.where(np.abs(moved) > CANCELLED * most, moved, most)
    moved = np.abs(moved) * believed(problem, x, p, active, moved, np.abs(a) @ np.append(np.abs(moved), found[-1]))
    return np.where(own <= NOTHING * moved, moved, np.maximum(own, np.minimum(moved, REACH * own)))


def believed(problem, x, p, active, move, terms) -> float:
    """Part of a move of the states, forward or back, along which F changes by no more than linear `terms` allow."""
    p = np.array(p, float)
    p[active] = x[-1]
    at, part = evaluate(problem, x[:-1], p), 1.0
    for _ in range(HALVINGS):
        changes = [probed(evaluate, problem, x[:-1] + sign * part * move, p) - at for sign in (1.0, -1.0)]
        if any(np.all(np.abs(change) <= BENT * terms) for change in changes):
            break
        part *= 0.5
    return part


def coupled(problem, x, p, active, a, found) -> np.ndarray:
    """Magnitudes with those of states that are next to zero: where they act on others like what acts there already.

    Where F is no longer linear long before, as where an exponential has left nothing of the coupling, that is no size
    of the state.
    """
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
                move = np.where(np.arange(len(own)) == k, least, 0.0)
                least *= believed(problem, x, p, active, move, np.abs(a) @ np.append(move, q))
                new[k] = least if own[k] <= FAINT * least else own[k]
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
    beyond = own_rates(problem, ahead, p, active) if alone else ()
    for k in alone:
        rate = max(abs(a[k, k]), abs(beyond[k] - a[k, k]) if np.isfinite(beyond[k]) else 0.0)

        def has_changed(power, k=k, rate=rate):
            y = x.copy()
            y[k] += 10.0**power
            b = own_rates(problem, y, p, active)[k]
            return not np.isfinite(b) or abs(b - a[k, k]) > CHANGED * rate

        power = first_true(has_changed)
        size = 0.0 if power is None else 10.0**power
        own[k] = size if own[k] <= FAINT * size else own[k]
    return own


def own_rates(problem, x, p, active) -> np.ndarray:
    """(n,) what each state makes of its own rate at x; NaN where F has no value."""
    a = probed(extended_jacobian, problem, x, p, active)
    return np.diag(a) if np.ndim(a) else np.full(len(x) - 1, np.nan)


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
        low, high = -BELOW, low
    elif holds(high):
        return 0.0
    else:
        low, high = high, ABOVE
    if holds(low) or not holds(high):
        return None
    while high - low > 0.05:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
