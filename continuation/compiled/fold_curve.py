"""The curve of folds: F = 0 and the scalar of the bordered F_u, in the unknowns (u, q, p)."""

from continuation.compiled import curve as C
from continuation.compiled import workspace as D
from continuation.compiled.arrays import doubles, fixed, new_doubles
from continuation.compiled.interface import OK, SINGULAR, callback


@callback
def fold_residual(c, y, p, out):
    """F and the bordered scalar."""
    n, parameters = C.states(c), doubles(p, fixed(fixed(c, C.BASE), D.N_PARAMETERS))
    unknowns, f = doubles(y, n + 2), doubles(out, n + 1)
    status = C.base_residual(c, unknowns, parameters, f)
    if status == OK:
        status = C.base_derivatives(c, unknowns, parameters)
    if status != OK:
        return status
    done, right, _ = C.null_pair(c)
    f[n] = right[n]
    return OK if done else SINGULAR


@callback
def fold_linearise(c, y, p, unused):
    """The curve's Jacobian into its own matrix and column."""
    n, parameters = C.states(c), doubles(p, fixed(fixed(c, C.BASE), D.N_PARAMETERS))
    unknowns = doubles(y, n + 2)
    status = C.base_derivatives(c, unknowns, parameters)
    if status != OK:
        return status
    C.start_matrix(c)
    done, right, left = C.null_pair(c)
    if not done:
        return SINGULAR
    direction = new_doubles(n + 2)
    for i in range(n):
        direction[i] = right[i]
    C.add_row(c, n, left, C.along(c, unknowns, parameters, direction), -1.0)
    return OK


@callback
def fold_monitor(c, point, p, out):
    """Test functions and counts of an accepted point, see `curve.watch_kernel`."""
    n, parameters = C.states(c), doubles(p, fixed(fixed(c, C.BASE), D.N_PARAMETERS))
    tests = C.KERNEL_TESTS
    phi = doubles(out, 2 * tests + 3)
    for j in range(2 * tests + 3):
        phi[j] = 0.0
    return C.watch_kernel(c, doubles(point, n + 2), parameters, phi, phi[2 * tests :])
