"""The curve of simple branch points: F + alpha b = 0 and a left null vector of [F_u F_p], unknowns (u, alpha, q, p).

b is the left border.  alpha unfolds what one more parameter would (it takes three in general, Govaerts 2000, 4.4):
it stays zero where the branch points persist, as for pitchforks of symmetric problems and crossings of a branch
that is always there.
"""

from continuation.compiled.calls.arrays import fixed, new_doubles
from continuation.compiled.calls.interface import OK, SINGULAR, callback
from continuation.compiled.curves import augmented as C
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.extended import solve_dense
from continuation.compiled.dense.fold_point import corner_border


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


branch_monitor = C.kernel_monitor  # the cusp's test means nothing here
