"""From a return that nearly closes to a cycle that closes to the accuracy of the integration."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from continuation.orbits.integrating.integration import Scaled, suitable_method
from continuation.orbits.integrating.newton_shooting import correct_cycle, log_multipliers
from continuation.orbits.integrating.returns import LONGEST
from continuation.orbits.profiles.basis import lobatto_nodes
from continuation.orbits.profiles.piecewise import Piecewise, interpolation_matrix

CLOSED = 3e-11  # closing, relative to the range, that the flow itself is let to reach
NOISE = 1e-8  # closing that is good enough where only the integration is in the way of a better one
LATE = 0.05  # of the period: how much earlier or later a return may be
NUDGE = 1e-5  # relative to the range, of a deviation that is to die away: far above NOISE, small enough to be linear
SAME = 1e-6  # relative to the range, of parts of a path that are the same: far above its errors, far below a doubling
CONTRACTS = 0.2  # ratio of successive closings up to which going round again is cheaper than Newton's method
ROUNDS = 12
PIECES = 4  # of multiple shooting: a stable cycle spreads errors little, and only within one period
MOVED = 0.2  # of the range: Newton's method has gone to another cycle than the one that the motion follows
# Excess over 1 of a multiplier's modulus that integration errors explain, also at the double multiplier of a
# conservative system, where 1e-10 shows as 1e-5.
STABLE = 1e-4
DEGREE, FEWEST, MOST = 7, 32, 1024  # of the polynomials, and their number
RESOLVED = 1e-9  # error of the polynomials between their nodes, relative to the range
SPREAD = 3  # moves of the mesh
SHARE = 0.05  # of the mean density that the density of intervals has everywhere


class Cycle(NamedTuple):
    """A cycle as data: one polynomial per interval, the period, parameters (k,), and how well it closes."""

    shape: Piecewise
    period: float
    p: np.ndarray
    closing: float


def refined(flow, window, candidate) -> Cycle | str:
    """Close a candidate; in words the unstable cycle that it is near, the empty text where it is near none."""
    path, start, end = window.path, candidate.start, candidate.end
    inside = (path.times > start) & (path.times <= end)
    around = np.vstack([path([start]), path.states[inside]])
    high, low = around.max(axis=0), around.min(axis=0)
    scale = np.maximum(high - low, window.floor)  # the range is no measure of a state that dies away
    scale = np.where(scale > 0, scale, np.where(high != 0, np.abs(high), 1.0))
    scaled = Scaled(flow, 0.5 * (high + low), scale, end - start)
    around = scaled.inward(around)
    steepness = _steepness(scaled, np.append(start, path.times[inside]), end, around)
    scaled = scaled._replace(method=suitable_method(steepness))
    at, closing, length, contracted = around[0], np.inf, 1.0, False
    for _ in range(ROUNDS):
        before, (last, length, after) = closing, _around(scaled, at, length)
        if after is None:
            return ""
        closing = float(np.max(np.abs(after - at)))
        if closing <= CLOSED:
            return _cycle(scaled, last, length, closing)
        if closing > CONTRACTS * before:
            break
        at, contracted = after, contracted or before < np.inf
    if closing <= NOISE and (contracted or _contracts(scaled, at, length)):
        return _cycle(scaled, last, length, closing)
    return _by_newton(scaled, last, length)


def _around(scaled, at, length, plane=None) -> tuple:
    """Once round from a state: the path, its length and the state where it is back in the plane; None if it is not."""
    normal, origin = plane or (_direction(scaled, at), at)
    path = scaled.follow(at, (0.0, (1.0 + LATE) * length))
    back = _return_time(path, origin, normal, length) if path.complete else None
    return (path, length, None) if back is None else (path, back, path([back])[0])


def _direction(scaled, at) -> np.ndarray:
    """The flow's, of length 1."""
    rate = scaled.rate(0.0, at)
    return rate / np.linalg.norm(rate)


def _contracts(scaled, at, length) -> bool:
    """Whether a small deviation has nearly vanished after one period."""
    normal = _direction(scaled, at)
    aside = np.cos(np.arange(1, len(at) + 1) ** 2)  # no axis is special
    aside -= (aside @ normal) * normal
    aside *= NUDGE / np.max(np.abs(aside))
    after = _around(scaled, at + aside, length, (normal, at))[2]
    return after is not None and np.max(np.abs(after - at)) <= CONTRACTS * NUDGE


def _by_newton(scaled, path, length) -> Cycle | str:
    """The cycle near a path that nearly closes after a time, by multiple shooting."""
    steps = path.times[path.times < length]
    fractions = np.append(steps[(np.arange(PIECES) * len(steps)) // PIECES] / length, 1.0)
    if np.any(np.diff(fractions) <= 0):
        return ""
    guess = path(fractions[:-1] * length)
    found = correct_cycle(scaled, guess, fractions, length)
    if found is None or np.max(np.abs(found.nodes - guess)) > MOVED or abs(found.period - length) > MOVED * length:
        return ""
    largest = np.exp(log_multipliers(scaled, found.nodes, found.maps).real.max(initial=-np.inf))
    if largest > 1.0 + STABLE:
        period = found.period * scaled.unit
        return f"a cycle of period {period:.6g} that is unstable (multiplier of modulus {largest:.6g})"
    path, length, after = _around(scaled, found.nodes[0], found.period)
    if after is None:
        return ""
    return _cycle(scaled, path, length, float(np.max(np.abs(after - found.nodes[0]))))


def _steepness(scaled, times, end, around) -> float:
    """Integral of |F_u| over the candidate, by the steps of the path (200 of them at most)."""
    some = np.unique(np.linspace(0, len(times) - 1, 200).astype(int))
    values = scaled.steepness(around[some])
    gaps = np.diff(np.append(times[some], end)) / (end - times[0])
    return float(np.sum(gaps * values))


def _return_time(path, origin, normal, length):
    """Time near `length` at which a path crosses a plane upwards, where it is nearest to the origin; else None."""
    begin, end = (1.0 - LATE) * length, path.times[-1]
    some = np.unique(np.concatenate([np.linspace(begin, end, 101), path.times[path.times > begin]]))
    height = (path(some) - origin) @ normal
    up = np.flatnonzero((height[:-1] < 0) & (height[1:] >= 0))
    if not len(up):
        return None
    k = up[np.argmin(np.max(np.abs(path(some[up]) - origin), axis=1))]
    return brentq(lambda t: (path([t])[0] - origin) @ normal, some[k], some[k + 1], xtol=1e-15, rtol=1e-15)


def _cycle(scaled, path, length, closing) -> Cycle:
    """The cycle that a path runs through in a time, on a mesh of its own."""
    length /= _times_round(path, length)

    def states(phases):
        return path(length * np.clip(phases.ravel(), 0.0, 1.0)).reshape(*phases.shape, -1)

    steps, count = np.append(path.times[path.times < length] / length, 1.0), FEWEST
    while True:
        mesh = np.interp(np.linspace(0, len(steps) - 1, count + 1), np.arange(len(steps)), steps)
        for _ in range(SPREAD):
            mesh = _spread(mesh, _errors(mesh, states))
        if count >= MOST or np.max(_errors(mesh, states)) <= RESOLVED:
            break
        count *= 2
    values = scaled.outward(states(mesh[:-1, None] + np.diff(mesh)[:, None] * lobatto_nodes(DEGREE)))
    values[:, -1] = np.roll(values[:, 0], -1, axis=0)
    return Cycle(Piecewise(mesh, values), float(length * scaled.unit), scaled.flow.p, closing)


def _times_round(path, length) -> int:
    """How many times the path runs round the same cycle."""
    phases = np.linspace(0.0, 1.0, 101)[:-1]
    own, times = path(phases * length), 1
    for parts in range(2, LONGEST + 1):
        if np.max(np.abs(path(np.mod(phases + 1.0 / parts, 1.0) * length) - own)) <= SAME:
            times = parts
    return times


def _errors(mesh, states) -> np.ndarray:
    """Errors (N,) of the polynomials half way between the nodes."""
    lengths, own = np.diff(mesh)[:, None], lobatto_nodes(DEGREE)
    middle = 0.5 * (own[:-1] + own[1:])
    guess = np.einsum("gj,ijn->ign", interpolation_matrix(middle, DEGREE), states(mesh[:-1, None] + lengths * own))
    return np.max(np.abs(guess - states(mesh[:-1, None] + lengths * middle)), axis=(1, 2))


def _spread(mesh, errors) -> np.ndarray:
    """The mesh whose errors are alike (de Boor)."""
    lengths = np.diff(mesh)
    density = np.maximum(errors, 1e-14) ** (1.0 / (DEGREE + 1)) / lengths
    density = density / np.sum(density * lengths)
    weights = (density + SHARE) * lengths
    total = np.concatenate([[0.0], np.cumsum(weights)])
    moved = np.interp(np.linspace(0.0, total[-1], len(mesh)), total, mesh)
    moved[[0, -1]] = 0.0, 1.0
    return moved
