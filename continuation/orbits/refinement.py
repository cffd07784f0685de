"""From a return that nearly closes to a cycle that closes to the accuracy of the integration."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from continuation.orbits.integration import Scaled, suitable_method
from continuation.orbits.newton_shooting import correct_cycle
from continuation.orbits.piecewise import Piecewise, interpolation_matrix, nodes

FINE = {"DOP853": 1e-12, "LSODA": 1e-11}  # relative tolerance of the last integrations
CLOSED = 3e-11  # closing, relative to the range, that the flow itself is let to reach
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
    path, (start, period) = window.path, (candidate.start, candidate.period)
    inside = (path.times >= start) & (path.times <= candidate.end)
    around = np.vstack([path([start]), path.states[inside]])
    high, low = around.max(axis=0), around.min(axis=0)
    scale = np.maximum(high - low, window.range * (window.range > high - low) * 1e-3)
    scale = np.where(scale > 0, scale, np.maximum(np.abs(high), 1e-300))
    scaled = Scaled(flow, 0.5 * (high + low), scale, period)
    sample = scaled.inward(path(np.linspace(start, candidate.end, 201)))
    method = suitable_method(_steepness(scaled, path, start, candidate.end, scaled.inward(around)))
    rtol = FINE[method]
    at, closing, last = sample[0], np.inf, None
    moved, length = 0.0, 1.0
    for _ in range(ROUNDS):
        last = scaled.follow(at, (0.0, 1.05 * length), method, rtol)
        back = _return_time(last, at, scaled.rate(0.0, at), length) if last.complete else None
        if back is None:
            return ""
        end = last([back])[0]
        before, closing, length = closing, float(np.max(np.abs(end - at))), back
        if closing <= CLOSED:
            return _cycle(scaled, last, at, back, flow.p, closing)
        if closing > CONTRACTS * before:
            break
        at, moved = end, moved + closing
    return _by_newton(scaled, last, length, method, rtol)


def _by_newton(scaled, path, length, method, rtol) -> Cycle | str:
    """The cycle near a path that nearly closes after a time, by multiple shooting."""
    steps = path.times[path.times < length]
    fractions = np.append(steps[(np.arange(PIECES) * len(steps)) // PIECES] / length, 1.0)
    if np.any(np.diff(fractions) <= 0):
        return ""
    guess = path(fractions[:-1] * length)
    found = correct_cycle(scaled, guess, fractions, length, method, rtol)
    if found is None or np.max(np.abs(found.nodes - guess)) > MOVED or abs(found.period - length) > MOVED * length:
        return ""
    if (largest := _largest_multiplier(found.maps)) > 1.0 + STABLE:
        return f"a cycle of period {found.period * scaled.unit:.6g} that is unstable (multiplier of modulus {largest:.6g})"
    at = found.nodes[0]
    path = scaled.follow(at, (0.0, 1.05 * found.period), method, rtol)
    back = _return_time(path, at, scaled.rate(0.0, at), found.period) if path.complete else None
    if back is None:
        return ""
    return _cycle(scaled, path, at, back, scaled.flow.p, float(np.max(np.abs(path([back])[0] - at))))


def _largest_multiplier(maps) -> float:
    """Largest modulus, the one nearest to 1 left out."""
    product = np.eye(maps.shape[1])
    for one in maps:
        product = one @ product
    values = np.linalg.eigvals(product)
    others = np.delete(values, np.argmin(np.abs(values - 1.0)))
    return float(np.max(np.abs(others), initial=0.0))


def _steepness(scaled, path, start, end, around) -> float:
    """Integral of |F_u| over the candidate, by the steps of the path (200 of them at most)."""
    times = np.concatenate([[start], path.times[(path.times >= start) & (path.times <= end)]])
    some = np.unique(np.linspace(0, len(times) - 1, 200).astype(int))
    values = scaled.steepness(around[some])
    gaps = np.diff(np.append(times[some], end)) / (end - start)
    return float(np.sum(gaps * values))


def _return_time(path, at, rate, length):
    """Time near `length` at which a path crosses the plane across the flow at its start, upwards; else None."""
    normal = rate / np.linalg.norm(rate)
    steps = path.times[path.times > 0.95 * length]
    some = np.unique(np.concatenate([np.linspace(0.95 * length, min(1.05 * length, path.times[-1]), 101), steps]))
    height = (path(some) - at) @ normal
    up = np.flatnonzero((height[:-1] < 0) & (height[1:] >= 0))
    if not len(up):
        return None
    gaps = np.max(np.abs(path(some[up]) - at), axis=1)
    k = up[np.argmin(gaps)]
    return brentq(lambda t: (path([t])[0] - at) @ normal, some[k], some[k + 1], xtol=1e-15, rtol=1e-15)


def _cycle(scaled, path, at, length, p, closing) -> Cycle:
    """The cycle that a path runs through in a time, on a mesh of its own."""

    def states(phases):
        values = path(length * np.clip(phases.ravel(), 0.0, 1.0)).reshape(*phases.shape, len(at))
        return values

    steps = path.times[path.times < length] / length
    count = FEWEST
    while True:
        mesh = np.interp(np.linspace(0, len(steps), count + 1), np.arange(len(steps) + 1), np.append(steps, 1.0))
        for _ in range(SPREAD):
            mesh = _spread(mesh, _errors(mesh, states))
        if count >= MOST or np.max(_errors(mesh, states)) <= RESOLVED:
            break
        count *= 2
    values = scaled.outward(states(mesh[:-1, None] + np.diff(mesh)[:, None] * nodes(DEGREE)))
    values[:, -1] = np.roll(values[:, 0], -1, axis=0)
    return Cycle(Piecewise(mesh, values), float(length * scaled.unit), p, closing)


def _errors(mesh, states) -> np.ndarray:
    """Errors (N,) of the polynomials half way between the nodes."""
    lengths, own = np.diff(mesh)[:, None], nodes(DEGREE)
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
