"""Newton's method on the bordered system: F(x) = 0 beside one linear equation that fixes the point on the curve.

Each iteration solves ``[F_u F_p; row]`` for the correction and, with the same factors, for the tangent z,
``[F_u F_p; row] z = (0, 1)`` (Keller 1977; Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*,
SIAM 2000, chapter 3).  The method gives up as soon as its contraction predicts failure (Hairer and Wanner, *Solving
Ordinary Differential Equations II*, IV.8).
"""

import math

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.interface import NONFINITE, OK, call
from continuation.compiled.calls.kernel import inlined, summing
from continuation.compiled.state import trace_state as S

FINE = 4e-16  # tolerance of points that locate something: Newton goes on until rounding stops it
# A contraction above this makes a step worth a look at the branches nearby: ten times less looks at most steps, at
# SLOW only those are looked at that are refused anyway.
LEISURELY = 0.125
SLOW = 0.5  # a contraction above this predicts failure: 0.9 wastes iterations, 0.05 refuses steps that converge
# Residuals may grow by rounding where the correction is below this, relative to 1 + |x|.  Ten times less and points
# of badly scaled equations never settle, ten times more and a residual that still grows in earnest is accepted.
NOISE = 1e-12
DIGITS = 1e-6  # to which the parameter itself must have settled, relative to it: fewer spoil tangents at tiny p
# Corrections that no longer shrink are rounding below this, relative to 1 + |x|: ten times less refuses equations
# with large condition numbers, ten times more accepts stagnation away from the curve.
STALLED = 1e-9


@inlined
def evaluate(s, x):
    """Residual at x into ``work[S.F]``; returns (status, largest component)."""
    ops, parameters = S.ops(s), S.parameters(s)
    n = S.size(s) - 1
    parameters[S.active(s)] = x[n]
    S.effort(s)[S.RESIDUALS] += 1
    f = S.work(s)[S.F]
    status = call(ops[S.OP_RESIDUAL], ops[S.OP_RESIDUAL + 1], x, parameters, f)
    if status != OK:
        return status, math.inf
    largest = 0.0
    for i in range(n):
        if not math.isfinite(f[i]):
            return NONFINITE, math.inf
        largest = max(largest, abs(f[i]))
    return OK, largest


@inlined
def take_newton_step(s, x, row, gap):
    """One bordered solve at x: correction and tangent into ``work[S.SOLUTION]``; ``<row, correction> = gap``."""
    work, ops = S.work(s), S.ops(s)
    n = S.size(s) - 1
    status = call(ops[S.OP_LINEARISE], ops[S.OP_LINEARISE + 1], x, S.parameters(s), work[S.F])
    if status != OK:
        return status
    rhs, f = work[S.RHS], work[S.F]
    unit = part(rhs, n + 1, n + 1)
    for i in range(n):
        rhs[i], unit[i] = -f[i], 0.0
    rhs[n], unit[n] = gap, 1.0
    return call(ops[S.OP_SOLVE], ops[S.OP_SOLVE + 1], row, rhs, work[S.SOLUTION])


@summing
def correct(s, x, row, value, tolerance):
    """Newton's method for F(x) = 0 and ``row . x = value``, in place.

    Returns (code, iterations, largest component of F at the end); CORRECTION is the last one's length, squared.  The
    tangent (not normalised, ``row . z = 1``) is left in ``work[S.SOLUTION]`` behind the correction, followed by the
    bordered determinant.
    """
    ints, weights = S.integers(s), S.weights(s)
    size = S.size(s)
    d, old, before, correction, scale, iterations = S.work(s)[S.SOLUTION], 0.0, math.inf, math.inf, 1.0, 0
    shift, last_shift = math.inf, math.inf
    while True:
        status, size_f = evaluate(s, x)
        if status != OK:
            break
        if ints[S.FLAG] != 0:
            return S.REFUSED, iterations, size_f
        if iterations > 0:
            stalled = correction > SLOW * SLOW * before
            if correction <= tolerance * tolerance * scale and (size_f <= old or correction <= NOISE * NOISE * scale):
                # Where p is tiny and the equations depend on its digits, only these tell that the tangent is good.
                settled = shift <= DIGITS * abs(x[size - 1]) or (stalled and shift > SLOW * last_shift)
                if settled or iterations == ints[S.MAX_NEWTON]:
                    break
            elif stalled and correction <= STALLED * STALLED * scale:
                break
            elif stalled:
                return S.DIVERGED, iterations, size_f
        if iterations == ints[S.MAX_NEWTON]:
            return S.DIVERGED, iterations, size_f
        gap = value
        for j in range(size):
            gap -= row[j] * x[j]
        status = take_newton_step(s, x, row, gap)
        S.effort(s)[S.NEWTON] += 1
        iterations += 1
        if status != OK:
            break
        before, old, correction, norm = correction, size_f, 0.0, 0.0
        last_shift, shift = shift, abs(d[size - 1])
        for j in range(size):
            x[j] += d[j]
            correction += weights[j] * d[j] * d[j]
            norm += weights[j] * x[j] * x[j]
        scale = 1.0
        if correction > tolerance * tolerance:
            scale = (1.0 + math.sqrt(norm)) * (1.0 + math.sqrt(norm))
        if not correction < math.inf:
            return NONFINITE, iterations, size_f
        if iterations == 1:
            S.floats(s)[S.FIRST] = correction
        elif correction > LEISURELY * LEISURELY * before and correction > tolerance * tolerance * scale:
            S.floats(s)[S.SLOWLY] = 1.0
    S.floats(s)[S.CORRECTION] = correction
    return status, iterations, size_f
