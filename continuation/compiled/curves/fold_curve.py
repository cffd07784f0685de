"""The curve of folds: F = 0 and the scalar of the bordered F_u, in the unknowns (u, q, p).

The scalar g of ``[[F_u, b], [c', 0]] (v, g) = (0, 1)`` vanishes where F_u is singular, and with the left solution w its
derivative is ``-w' (dF_u) v`` (Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000,
chapter 4; Griewank and Reddien, SIAM J. Numer. Anal. 21, 1984).
"""

from continuation.compiled.calls.arrays import new_doubles, part
from continuation.compiled.calls.interface import OK, SINGULAR, callback
from continuation.compiled.curves import augmented as C
from continuation.compiled.state.trace_state import COUNTS


@callback
def fold_residual(c, y, p, out):
    """F and the bordered scalar."""
    n, (status, _, f) = C.states(c), C.begin_residual(c, y, p, out)
    if status != OK:
        return status
    done, right, _ = C.null_pair(c)
    f[n] = right[n]
    return OK if done else SINGULAR


@callback
def fold_linearise(c, y, p, unused):
    """The curve's Jacobian into its own matrix and column."""
    n, (status, unknowns, parameters) = C.states(c), C.begin_linearise(c, y, p)
    if status != OK:
        return status
    done, right, left = C.null_pair(c)
    if not done:
        return SINGULAR
    direction = new_doubles(n + 2)
    for i in range(n):
        direction[i] = right[i]
    C.add_row(c, n, left, C.differentiate_along(c, unknowns, parameters, direction), -1.0)
    return OK


@callback
def fold_monitor(c, point, p, out):
    """Test functions and counts of an accepted point, see `augmented.watch_kernel`; BEND_TEST is ``w' B(v, v)``."""
    status, y, given, phi = C.begin_monitor(c, point, p, out, C.KERNEL_TESTS)
    if status == OK:
        status = C.watch_kernel(c, y, given, phi, C.KERNEL_TESTS, part(phi, 2 * C.KERNEL_TESTS, COUNTS))
    if status == OK:
        phi[C.BEND_TEST] = C.curvature(c, y, given)
        status = C.end_monitor(phi, C.KERNEL_TESTS)
    return status
