"""Compiled loops of training: update rules, descent, flow, sweeps.  They call each other, so they share one file.

`F` is reached by address, as in the engine; ``F = -grad L``, so descent adds ``rate * F``.
"""

import math

import numpy as np

from continuation.compiled import kernel
from continuation.compiled.interface import call

GRADIENT, MOMENTUM, NESTEROV, ADAGRAD, ADADELTA, ADAM = range(6)
BUDGET, CONVERGED, DIVERGED, FAILED, LEFT = range(5)


@kernel
def update(rule, knobs, t, u, g, memory):
    """Move u (n,) in place against the gradient g (n,) by rule; `memory` (2, n) is the rule's, t counts from 1."""
    rate = knobs[0]
    n = u.shape[0]
    if rule == GRADIENT:
        for i in range(n):
            u[i] -= rate * g[i]
    elif rule in (MOMENTUM, NESTEROV):
        for i in range(n):
            memory[0, i] = knobs[1] * memory[0, i] + g[i]
            ahead = knobs[1] * memory[0, i] + g[i] if rule == NESTEROV else memory[0, i]
            u[i] -= rate * ahead
    elif rule == ADAGRAD:
        for i in range(n):
            if t == 1:
                memory[0, i] = knobs[2]
            memory[0, i] += g[i] * g[i]
            u[i] -= rate * g[i] / (math.sqrt(memory[0, i]) + knobs[1])
    elif rule == ADADELTA:
        for i in range(n):
            memory[0, i] = knobs[1] * memory[0, i] + (1 - knobs[1]) * g[i] * g[i]
            move = math.sqrt((memory[1, i] + knobs[2]) / (memory[0, i] + knobs[2])) * g[i]
            memory[1, i] = knobs[1] * memory[1, i] + (1 - knobs[1]) * move * move
            u[i] -= rate * move
    else:
        first, second = 1 - knobs[1] ** t, 1 - knobs[2] ** t
        for i in range(n):
            memory[0, i] = knobs[1] * memory[0, i] + (1 - knobs[1]) * g[i]
            memory[1, i] = knobs[2] * memory[1, i] + (1 - knobs[2]) * g[i] * g[i]
            u[i] -= rate * (memory[0, i] / first) / (math.sqrt(memory[1, i] / second) + knobs[3])


@kernel
def largest(values):
    """Largest magnitude; infinite where an entry is no finite number."""
    top = 0.0
    for value in values:
        if not math.isfinite(value):
            return math.inf
        top = max(top, abs(value))
    return top


@kernel
def descend(function, p, rule, knobs, limits, trail):
    """Steps of a rule from ``trail[0]``; a row of `trail` (m, n) every ``limits[0]`` steps.

    function = (address, data); limits = (steps between rows, tolerance on |F|, size that is divergence, most steps).
    Returns (status, steps done, rows filled); the last state reached is in the last row filled.
    """
    every, tolerance, bound = int(limits[0]), limits[1], limits[2]
    n = trail.shape[1]
    u, g, memory = trail[0].copy(), np.empty(n), np.zeros((2, n))
    steps = int(limits[3])
    status, done = BUDGET, 0
    for t in range(steps + 1):
        if call(function[0], function[1], u, p, g) != 0:
            status = FAILED
            break
        size = largest(g)
        if size == math.inf:
            status = DIVERGED
            break
        if size <= tolerance:
            status = CONVERGED
            break
        if t == steps:
            break
        for i in range(n):
            g[i] = -g[i]
        update(rule, knobs, t + 1, u, g, memory)
        done = t + 1
        if done % every == 0:
            trail[done // every] = u
        if largest(u) > bound:
            status = DIVERGED
            break
    rows = (done + every - 1) // every
    trail[rows] = u
    return status, done, rows + 1


@kernel
def runge_kutta(function, p, limits, trail):
    """Classical fourth-order steps of ``u' = F`` from ``trail[0]``; arguments and result as for `descend`.

    limits = (steps between rows, tolerance on |F|, size that is divergence, most steps, step).
    """
    every, tolerance, bound, h = int(limits[0]), limits[1], limits[2], limits[4]
    n = trail.shape[1]
    u, v, k, total = trail[0].copy(), np.empty(n), np.empty(n), np.empty(n)
    steps = int(limits[3])
    status, done = BUDGET, 0
    for t in range(steps):
        for i in range(n):
            v[i], total[i] = u[i], 0.0
        for stage in range(4):
            if call(function[0], function[1], v, p, k) != 0:
                status = FAILED
                break
            if stage == 0 and largest(k) <= tolerance:
                status = CONVERGED
                break
            weight = h / 3 if stage == 1 or stage == 2 else h / 6
            ahead = h if stage == 2 else h / 2
            for i in range(n):
                total[i] += weight * k[i]
                v[i] = u[i] + ahead * k[i]
        if status != BUDGET:
            break
        for i in range(n):
            u[i] += total[i]
        done = t + 1
        if done % every == 0:
            trail[done // every] = u
        if largest(u) > bound:
            status = DIVERGED
            break
    rows = (done + every - 1) // every
    trail[rows] = u
    return status, done, rows + 1


@kernel
def coordinates(function, p, rate, start, frame, window):
    """Gradient descent from `start` (n,), seen in one mode; the steps while the mode stays inside `window`.

    frame (3, n): the equilibrium, real and imaginary part of the left eigenvector.  window = (least, largest) size
    of the coordinate, largest size of the displacement, most steps, largest displacement over coordinate.  Returns (logarithms of the coordinate's size,
    one a step; status).
    """
    n = start.shape[0]
    u, g = start.copy(), np.empty(n)
    logs = np.empty(int(window[3]) + 1)
    for t in range(len(logs)):
        real, imaginary, size = 0.0, 0.0, 0.0
        for i in range(n):
            d = u[i] - frame[0, i]
            real += frame[1, i] * d
            imaginary += frame[2, i] * d
            size = max(size, abs(d))
        c = math.hypot(real, imaginary)
        if not (window[0] <= c <= window[1] and size <= min(window[2], window[4] * c)):
            return logs[:t], LEFT
        logs[t] = math.log(c)
        if call(function[0], function[1], u, p, g) != 0:
            return logs[:t], FAILED
        for i in range(n):
            u[i] += rate * g[i]
    return logs, BUDGET


@kernel
def swept(function, p, motion, start, row, level):
    """Gradient descent while a parameter moves, until ``row . u`` falls below `level`.

    motion = (rate, index of the parameter, its change a step, most steps); p and start are changed.  Returns (value of
    the parameter at the crossing, interpolated between two steps; NaN where there was none; steps done).
    """
    rate, index, change, steps = motion[0], int(motion[1]), motion[2], int(motion[3])
    n, first = start.shape[0], p[int(motion[1])]
    u, g = start, np.empty(n)
    before = 0.0
    for i in range(n):
        before += row[i] * u[i]
    for t in range(steps):
        p[index] = first + change * t
        if call(function[0], function[1], u, p, g) != 0:
            return math.nan, t
        after = 0.0
        for i in range(n):
            u[i] += rate * g[i]
            after += row[i] * u[i]
        if not math.isfinite(after):
            return math.nan, t
        if after < level:
            return first + change * (t + (before - level) / (before - after)), t + 1
        before = after
    return math.nan, steps
