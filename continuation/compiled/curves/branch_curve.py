"""The curve of simple branch points: F + alpha b = 0 and a left null vector of [F_u F_p], unknowns (u, alpha, q, p).

b is the left border.  alpha unfolds what one more parameter would (it takes three in general, Govaerts 2000, 4.4):
it stays zero where the branch points persist, as for pitchforks of symmetric problems and crossings of a branch
that is always there.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, new_doubles, part
from continuation.compiled.calls.interface import OK, SINGULAR, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.curves import augmented as C
from continuation.compiled.curves.bends import bend
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.extended import solve_dense
from continuation.compiled.dense.fold_point import corner_border
from continuation.compiled.state.trace_state import COUNTS
from continuation.ground.branch_crossings import PITCHFORK, TRANSCRITICAL

TURN_TEST, TESTS = range(C.KERNEL_TESTS, C.KERNEL_TESTS + 2)


@callback
def branch_residual(c, y, p, out):
    """F + alpha b, the bordered scalar, and ``w' F_p``."""
    n, (status, unknowns, f) = C.states(c), C.begin_residual(c, y, p, out)
    if status != OK:
        return status
    done, right, left = C.null_pair(c)
    by_p, b = D.derivative(fixed(c, C.BASE)), C.borders(c)
    f[n], f[n + 1] = right[n], 0.0
    for i in range(n):
        f[i] += unknowns[n] * b[C.LEFT, i]
        f[n + 1] += left[i] * by_p[i]
    return OK if done else SINGULAR


@callback
def branch_linearise(c, y, p, unused):
    """The curve's Jacobian into its own matrix and column."""
    n, (status, unknowns, parameters) = C.states(c), C.begin_linearise(c, y, p)
    if status != OK:
        return status
    base, own = fixed(c, C.BASE), fixed(c, C.OWN)
    b, by_p = C.borders(c), D.derivative(base)
    done, right, left = C.null_pair(c)
    m, response = corner_border(D.jacobian(base), b[C.LEFT], b[C.RIGHT], False)
    for i in range(n):
        response[i] = by_p[i]
    response[n] = 0.0
    if not (done and solve_dense(base, m, response)):
        return SINGULAR
    kernel, moved = new_doubles(n + 2), new_doubles(n + 2)
    for i in range(n):
        D.jacobian(own)[i, n] = b[C.LEFT, i]
        kernel[i], moved[i] = right[i], -response[i]
    moved[n + 1] = 1.0
    C.add_row(c, n, left, C.differentiate_along(c, unknowns, parameters, kernel), -1.0)
    C.add_row(c, n + 1, left, C.differentiate_along(c, unknowns, parameters, moved), 1.0)
    return OK


@internal
def cubic(c, y, p):
    """``w' (C(v, v, v) + 3 B(v, h))`` with ``A h = -B(v, v)``, v and w the borders; NaN where it can't be had."""
    n, b, base = C.states(c), C.borders(c), fixed(c, C.BASE)
    v, first, second = b[C.RIGHT].copy(), new_doubles((n, n)), new_doubles((n, n))
    if not bend(c, y, p, v, first, second) or C.base_derivatives(c, y, p) != OK:
        return math.nan
    m, h = corner_border(D.jacobian(base), b[C.LEFT], b[C.RIGHT], False)
    h[n] = 0.0
    for i in range(n):
        h[i] = 0.0
        for j in range(n):
            h[i] -= first[i, j] * v[j]
    if not solve_dense(base, m, h):
        return math.nan
    total = 0.0
    for i in range(n):
        for j in range(n):
            total += b[C.LEFT, i] * (second[i, j] * v[j] + 3.0 * first[i, j] * h[j])
    return total


@callback
def branch_monitor(c, point, p, out):
    """Test functions and counts of an accepted point, see `augmented.watch_kernel`.

    BEND_TEST is the coefficient that VARIANT names, TURN_TEST the first parameter's part of the tangent.
    """
    status, y, given, phi = C.begin_monitor(c, point, p, out, TESTS)
    if status != OK:
        return status
    size, variant = C.equations(c) + 1, fixed(c, C.VARIANT)
    status = C.watch_kernel(c, y, given, phi, TESTS, part(phi, 2 * TESTS, COUNTS))
    if status != OK:
        return status
    phi[TURN_TEST], phi[C.BEND_TEST] = doubles(point, 2 * size)[2 * size - 1], 1.0
    if variant == TRANSCRITICAL:
        phi[C.BEND_TEST] = C.curvature(c, y, given)
    elif variant == PITCHFORK:
        phi[C.BEND_TEST] = cubic(c, y, given)
    return C.end_monitor(phi, TESTS)
