"""The curve of folds: F = 0 and the scalar of the bordered F_u, in the unknowns (u, q, p)."""

from continuation.compiled.calls.arrays import doubles, new_doubles
from continuation.compiled.calls.interface import OK, SINGULAR, callback
from continuation.compiled.curves import augmented as C


@callback
def fold_residual(c, y, p, out):
    """F and the bordered scalar."""
    n, unknowns, f = C.states(c), C.unknowns(c, y), doubles(out, C.equations(c))
    status = C.at(c, unknowns, C.parameters(c, p), f)
    if status != OK:
        return status
    done, right, _ = C.null_pair(c)
    f[n] = right[n]
    return OK if done else SINGULAR


@callback
def fold_linearise(c, y, p, unused):
    """The curve's Jacobian into its own matrix and column."""
    n, parameters, unknowns = C.states(c), C.parameters(c, p), C.unknowns(c, y)
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


fold_monitor = C.kernel_monitor
