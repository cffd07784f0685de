"""The curve of simple branch points: F + alpha b = 0 and a left null vector of [F_u F_p], unknowns (u, alpha, q, p).

b is the left border.  alpha unfolds what one more parameter would (it takes three in general, Govaerts 2000, 4.4):
it stays zero where the branch points persist, as for pitchforks of symmetric problems and crossings of a branch
that is always there.
"""

from continuation.compiled import curve as C
from continuation.compiled import workspace as D
from continuation.compiled.arrays import doubles, fixed, new_doubles
from continuation.compiled.extended import solve_dense
from continuation.compiled.fold_point import corner_border
from continuation.compiled.interface import OK, SINGULAR, callback


@callback
def branch_residual(c, y, p, out):
    """F + alpha b, the bordered scalar, and ``w' F_p``."""
    n, parameters = C.states(c), doubles(p, fixed(fixed(c, C.BASE), D.N_PARAMETERS))
    unknowns, f = doubles(y, n + 3), doubles(out, n + 2)
    status = C.base_residual(c, unknowns, parameters, f)
    if status == OK:
        status = C.base_derivatives(c, unknowns, parameters)
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
    n, parameters = C.states(c), doubles(p, fixed(fixed(c, C.BASE), D.N_PARAMETERS))
    unknowns, base, own = doubles(y, n + 3), fixed(c, C.BASE), fixed(c, C.OWN)
    status = C.base_derivatives(c, unknowns, parameters)
    if status != OK:
        return status
    C.start_matrix(c)
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
    C.add_row(c, n, left, C.along(c, unknowns, parameters, kernel), -1.0)
    C.add_row(c, n + 1, left, C.along(c, unknowns, parameters, moved), 1.0)
    return OK


@callback
def branch_monitor(c, point, p, out):
    """Test functions and counts of an accepted point, see `curve.watch_kernel`; ``w' B(v, v)`` means nothing here."""
    n, parameters = C.states(c), doubles(p, fixed(fixed(c, C.BASE), D.N_PARAMETERS))
    tests = C.KERNEL_TESTS
    phi = doubles(out, 2 * tests + 3)
    for j in range(2 * tests + 3):
        phi[j] = 0.0
    return C.watch_kernel(c, doubles(point, n + 3), parameters, phi, phi[2 * tests :])
