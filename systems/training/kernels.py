"""Compiled loops of training: update rules, descent, flow, sweeps.  They call each other, so they share one file.

`F` is reached by address, as in the engine; ``F = -grad L``, so descent adds ``rate * F``.
"""

import math

import numpy as np

from continuation.compiled.calls.interface import call
from continuation.compiled.calls.kernel import kernel

GRADIENT, MOMENTUM, NESTEROV, ADAGRAD, ADADELTA, ADAM, RUNGE_KUTTA = range(7)
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
            if t == 1:  # the memory of all rules begins at 0
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
        first, second = 1 - knobs[1] ** t, 1 - knobs[2] ** t  # what averages that begin at 0 have taken in
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
def _flow_step(function, p, h, u, k, work):
    """Move u (n,) in place by one classical Runge-Kutta step h of ``u' = F``, k = F(u) given; work (2, n)."""
    n = u.shape[0]
    v, total = work[0], work[1]
    for i in range(n):
        total[i] = h / 6 * k[i]
        v[i] = u[i] + h / 2 * k[i]
    for stage in range(3):
        if call(function[0], function[1], v, p, k) != 0:
            return FAILED
        weight = h / 6 if stage == 2 else h / 3
        ahead = h / 2 if stage == 0 else h
        for i in range(n):
            total[i] += weight * k[i]
            v[i] = u[i] + ahead * k[i]
    for i in range(n):
        u[i] += total[i]
    return BUDGET


@kernel
def descend(function, p, rule, knobs, trail, every, tolerance, bound, steps):
    """Steps of a rule, or of the flow (RUNGE_KUTTA, its step the only knob), from ``trail[0]``.

    function = (address, data).  At most `steps`; converged where no entry of F exceeds `tolerance`, diverged where one
    of u exceeds `bound`.  A row of `trail` (m, n) is filled `every` few steps.  Returns (status, steps done, rows
    filled); the last state reached is in the last row filled.
    """
    n = trail.shape[1]
    u, g, memory = trail[0].copy(), np.empty(n), np.zeros((2, n))
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
        if t == steps:  # the last round only looks where the last step led
            break
        if rule == RUNGE_KUTTA:
            status = _flow_step(function, p, knobs[0], u, g, memory)
            if status != BUDGET:
                break
        else:
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
def coordinates(function, p, rate, start, equilibrium, left, least, most, furthest, pure, steps):
    """Gradient descent from `start` (n,), seen in one mode, as long as it is seen clearly.

    The coordinate of the mode is ``left . (u - equilibrium)``, left (n,) complex.  Its size has to be between `least`
    and `most`, the largest entry of the displacement at most `furthest`, and at most `pure` times the coordinate.
    Returns (logarithms of the coordinate's size, one a step; status).
    """
    n = start.shape[0]
    u, g = start.copy(), np.empty(n)
    logs = np.empty(steps + 1)
    for t in range(len(logs)):
        real, imaginary, size = 0.0, 0.0, 0.0
        for i in range(n):
            d = u[i] - equilibrium[i]
            real += left[i].real * d
            imaginary += left[i].imag * d
            size = max(size, abs(d))
        c = math.hypot(real, imaginary)
        if not (least <= c <= most and size <= min(furthest, pure * c)):  # rounding or other modes have taken over
            return logs[:t], LEFT
        logs[t] = math.log(c)
        if call(function[0], function[1], u, p, g) != 0:
            return logs[:t], FAILED
        for i in range(n):
            u[i] += rate * g[i]
    return logs, BUDGET


@kernel
def swept(function, p, active, change, rate, start, row, level, steps):
    """Gradient descent while ``p[active]`` changes by `change` a step, until ``row . u`` falls below `level`.

    p and start are changed.  Returns (value of the parameter at the crossing, interpolated between two steps; NaN where
    there was none in so many steps; steps done).
    """
    n, first = start.shape[0], p[active]
    u, g = start, np.empty(n)
    before = 0.0
    for i in range(n):
        before += row[i] * u[i]
    for t in range(steps):
        p[active] = first + change * t
        if call(function[0], function[1], u, p, g) != 0:
            return math.nan, t
        after = 0.0
        for i in range(n):
            u[i] += rate * g[i]
            after += row[i] * u[i]
        if not math.isfinite(after):
            return math.nan, t
        if after < level:  # linear between two steps
            return first + change * (t + (before - level) / (before - after)), t + 1
        before = after
    return math.nan, steps
